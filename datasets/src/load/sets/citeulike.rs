//! CiteULike as Wang, Chen and Li prepared it (2013): members' libraries, and the tags of articles.
//!
//! A line is `count id id …`: of `users.dat` the articles in a member's library, of `item-tag.dat` the tags of an article.
//! The line is the member's, or the article's, number from 0; `tags.dat` has a tag's name on each line. There are no times.
//! The count catches a line that was cut off. `citations.dat` is not read.

use std::path::Path;

use anklang_models::{Csr, Event, ItemFacts, ItemIx, Log, MemberIx};

use super::Parts;
use super::numbers::Numbers;
use crate::dataset::Timed;
use crate::load::LoadError;
use crate::load::lines::{Input, Lines};

/// The libraries of `users`; with `item_tags` there are as many articles as that file has lines, else as the highest
/// number tells; `tags` gives the tags their names.
pub(super) fn read(users: &Path, item_tags: Option<&Path>, tags: Option<&Path>) -> Result<Parts, LoadError> {
    let (libraries, item_tags) = (Numbers::open(users)?, item_tags.map(Numbers::open).transpose()?);
    let names = tags.map(names).transpose()?;
    let counted = |numbers: &Numbers| {
        let highest = numbers.lines().flat_map(|(_, row)| row.iter().skip(1)).max();
        highest.map_or(0, |highest| highest.saturating_add(1))
    };
    let items = item_tags.as_ref().map_or_else(|| counted(&libraries), |tags| tags.len() as u64);
    let mut events = Vec::new();
    for line in 0..libraries.len() {
        let articles = entries(&libraries, line, items, "article")?;
        events.extend(articles.iter().map(|item| Event {
            at: 0,
            member: MemberIx(line as u32),
            item: ItemIx(*item as u32),
            weight: 1.0,
        }));
    }
    let items = usize::try_from(items).unwrap_or(usize::MAX);
    let (mut content, mut features) = (Csr::default(), Vec::new());
    if let Some(numbers) = item_tags {
        let known = names.as_ref().map_or_else(|| counted(&numbers), |names| names.len() as u64);
        let row =
            |line| entries(&numbers, line, known, "tag").map(|tags| tags.iter().map(|tag| (*tag as u32, 1.0_f32)));
        let rows = (0..numbers.len()).map(row).collect::<Result<Vec<_>, _>>()?;
        content = Csr::from_rows(usize::try_from(known).unwrap_or(usize::MAX), rows);
        content.values_mut().fill(1.0);
        features = names.unwrap_or_else(|| (0..known).map(|tag| tag.to_string()).collect());
    }
    let facts = ItemFacts { content, ..ItemFacts::default() };
    let log = Log::new(libraries.len(), items, events, facts).map_err(|error| libraries.bad(0, error.to_string()))?;
    let numbered = |count: usize| (0..count).map(|place| place.to_string()).collect();
    Ok(Parts { features, ..Parts::new(Timed::No, log, numbered(libraries.len()), numbered(items)) })
}

/// The ids of a line, after its count.
fn entries<'a>(numbers: &'a Numbers, line: usize, below: u64, what: &str) -> Result<&'a [u64], LoadError> {
    let row = numbers.line(line);
    let Some((count, ids)) = row.split_first() else {
        return Err(numbers.bad(line, "is blank; `count id id …` is needed, `0` where there is none".to_owned()));
    };
    if *count != ids.len() as u64 {
        let what =
            format!("announces {count} ids and has {}: the line is cut off, or does not begin with a count", ids.len());
        return Err(numbers.bad(line, what));
    }
    match ids.iter().find(|id| **id >= below.min(u64::from(u32::MAX))) {
        Some(id) => Err(numbers.bad(line, format!("{what} {id} is beyond the {below} there are, counted from 0"))),
        None => Ok(ids),
    }
}

/// The names of tags, one a line.
fn names(path: &Path) -> Result<Vec<String>, LoadError> {
    let mut lines = Lines::of(Input::open(path)?);
    let mut names = Vec::new();
    loop {
        let name = match lines.next_line()? {
            Some(line) => std::str::from_utf8(line).map(str::to_owned).map_err(|error| error.to_string()),
            None => return Ok(names),
        };
        names.push(
            name.map_err(|error| LoadError::Broken { place: lines.place(None), what: format!("not UTF-8: {error}") })?,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{events, write};
    use super::*;

    fn load(users: &str, item_tags: &str, tags: &str) -> Result<Parts, String> {
        let folder = write(&[("users.dat", users), ("item-tag.dat", item_tags), ("tags.dat", tags)]);
        let path = |name: &str| folder.path().join(name);
        let read = read(&path("users.dat"), Some(&path("item-tag.dat")), Some(&path("tags.dat")));
        read.map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    #[test]
    fn a_library_is_a_line_and_an_article_has_tags() {
        let parts = load("2 0 2\n0\n1 1", "1 1\n0\n2 0 1", "red\nblue").unwrap();
        assert_eq!(events(&parts.log), [(0, 0, 0), (0, 0, 2), (0, 2, 1)]);
        assert_eq!((parts.log.members(), parts.log.items()), (3, 3));
        assert_eq!(parts.features, ["red", "blue"]);
        assert_eq!(parts.log.facts().content.row(2), (&[0, 1][..], &[1.0, 1.0][..]));
    }

    #[test]
    fn a_line_that_was_cut_off_is_told_by_its_count() {
        let failed = |users, item_tags| load(users, item_tags, "red").map(|_| ()).unwrap_err();
        assert_eq!(
            failed("1 0\n3 0 0", "1 0"),
            "users.dat:2: announces 3 ids and has 2: the line is cut off, or does not begin with a count"
        );
        assert_eq!(failed("1 4", "0\n0"), "users.dat:1: article 4 is beyond the 2 there are, counted from 0");
        assert_eq!(failed("1 0", "1 1"), "item-tag.dat:1: tag 1 is beyond the 1 there are, counted from 0");
        assert_eq!(
            failed("1 0\n\n1 0", "0"),
            "users.dat:2: is blank; `count id id …` is needed, `0` where there is none"
        );
    }
}
