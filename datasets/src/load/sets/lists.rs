//! Lines of a member and the items of the member: `user item item …`.

use std::path::Path;

use anklang_models::{Event, ItemFacts, ItemIx, Log, MemberIx};

use super::Parts;
use super::names::Numbered;
use super::numbers::Numbers;
use crate::dataset::Timed;
use crate::load::LoadError;

/// `train.txt` and, where it is there, `test.txt`, as LightGCN and those after it write them. There are no times. A member
/// with several lines has the items of all; a member or item of either file is one of both.
pub(super) fn split(train: &Path, test: Option<&Path>) -> Result<Parts, LoadError> {
    let train = Lists::open(train)?;
    let test = test.map(Lists::open).transpose()?;
    let all = || std::iter::once(&train).chain(&test);
    let (members, items) = (Numbered::of(all().flat_map(Lists::members)), Numbered::of(all().flat_map(Lists::items)));
    let log = |lists: &Lists| lists.log(&members, &items, Timed::No, ItemFacts::default());
    let given = test.as_ref().map(log).transpose()?;
    Ok(Parts { given, ..Parts::new(Timed::No, log(&train)?, members.names(), items.names()) })
}

/// `sequences.txt`, each line a member's items in their order, oldest first; `item_attributes.json`, where it is there, is
/// `{item: [attribute]}`, and an attribute is a feature of weight 1. A member with several lines goes on where the line
/// before ended. Attributes of items that nobody met are left out.
pub(super) fn sequences(path: &Path, attributes: Option<&Path>) -> Result<Parts, LoadError> {
    let lists = Lists::open(path)?;
    let (members, items) = (Numbered::of(lists.members()), Numbered::of(lists.items()));
    let (content, features) = match attributes {
        Some(path) => super::attributes::read(path, &items)?,
        None => Default::default(),
    };
    let facts = ItemFacts { content, ..ItemFacts::default() };
    let log = lists.log(&members, &items, Timed::Order, facts)?;
    Ok(Parts { features, ..Parts::new(Timed::Order, log, members.names(), items.names()) })
}

/// Lines that begin with a member.
struct Lists(Numbers);

impl Lists {
    fn open(path: &Path) -> Result<Self, LoadError> {
        Numbers::open(path).map(Self)
    }

    /// Each line that is not blank, from 0: the member and the items.
    fn rows(&self) -> impl Iterator<Item = (usize, u64, &[u64])> {
        self.0.lines().filter_map(|(line, row)| row.split_first().map(|(member, items)| (line, *member, items)))
    }

    fn members(&self) -> impl Iterator<Item = u64> {
        self.rows().map(|(_, member, _)| member)
    }

    fn items(&self) -> impl Iterator<Item = u64> {
        self.rows().flat_map(|(_, _, items)| items.iter().copied())
    }

    fn log(&self, members: &Numbered, items: &Numbered, timed: Timed, facts: ItemFacts) -> Result<Log, LoadError> {
        let names = (members.names().len(), items.names().len());
        let mut places = vec![0_i64; names.0];
        let mut events = Vec::new();
        for (line, member, row) in self.rows() {
            for item in row {
                let (Some(member), Some(item)) = (members.ix(member), items.ix(*item)) else {
                    return Err(self.0.bad(line, "names more than 4 thousand million members or items".to_owned()));
                };
                let place = &mut places[member as usize];
                let at = if timed == Timed::No { 0 } else { *place };
                *place += 1;
                events.push(Event { at, member: MemberIx(member), item: ItemIx(item), weight: 1.0 });
            }
        }
        Log::new(names.0, names.1, events, facts).map_err(|error| self.0.bad(0, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{events, write};
    use super::*;

    #[test]
    fn members_and_items_of_both_files_are_one_set() {
        let folder = write(&[("train.txt", "10 1 2\n20 2\n"), ("test.txt", "20 7\r\n30\n")]);
        let path = |name: &str| folder.path().join(name);
        let parts = split(&path("train.txt"), Some(&path("test.txt"))).unwrap();
        assert_eq!(
            (parts.members, parts.items),
            (vec!["10".into(), "20".into(), "30".into()], vec!["1".to_owned(), "2".into(), "7".into()])
        );
        assert_eq!(events(&parts.log), [(0, 0, 0), (0, 0, 1), (0, 1, 1)]);
        assert_eq!(events(&parts.given.unwrap()), [(0, 1, 2)]);
    }

    #[test]
    fn a_sequence_keeps_its_order_and_an_item_its_attributes() {
        let folder = write(&[("s.txt", "1 5 4\n2 4\n1 6"), ("a.json", r#"{"4": [9, 2], "6": ["red"], "8": [2]}"#)]);
        let path = |name: &str| folder.path().join(name);
        let parts = sequences(&path("s.txt"), Some(&path("a.json"))).unwrap();
        assert_eq!(events(&parts.log), [(0, 0, 1), (0, 1, 0), (1, 0, 0), (2, 0, 2)]);
        assert_eq!(parts.features, ["9", "2", "red"]);
        let content = &parts.log.facts().content;
        assert_eq!((content.row(0).0, content.row(1).0, content.row(2).0), (&[0, 1][..], &[][..], &[2][..]));
    }
}
