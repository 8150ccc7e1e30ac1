//! MIND, Microsoft's news (Wu et al. 2020): `behaviors.tsv` and `news.tsv`, without headers.
//!
//! A click in an impression is an event of weight 1, at the impression's time (taken as UTC). A member's history, which
//! has no times, lies before all impressions, in its order; that of the member's first line counts. An article is born at
//! its first impression, one of a history before all; articles that nobody was shown are left out. Features are
//! `category:…`, `subcategory:…` and, for each word of the title, `word:…`.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anklang_models::{Csr, Event, ItemFacts, ItemIx, Log, MemberIx};
use jiff::civil::DateTime;

use super::Parts;
use super::names::Names;
use super::words::words;
use crate::dataset::Timed;
use crate::load::lines::{Input, Lines};
use crate::load::{LoadError, Place};

/// The longest line, in bytes: histories may be long.
pub const BEHAVIOR_BYTES_MAX: usize = 4 << 20;

const TIME: &str = "%m/%d/%Y %I:%M:%S %p";
const BEHAVIOR: &str = "impression, user, time, history, impressions between tabs";
const NEWS: &str = "news, category, subcategory, title, … between tabs";

type Bad = (&'static str, String);

/// Reads both files; without `news` there is no content.
pub(super) fn read(behaviors: &Path, news: Option<&Path>) -> Result<Parts, LoadError> {
    let mut log = Behaviors::default();
    each_line(behaviors, &mut |line| log.line(line))?;
    if log.members.len() == 0 {
        return Err(LoadError::Whole { file: behaviors.display().to_string(), what: "has no lines".to_owned() });
    }
    let mut about = News::default();
    if let Some(news) = news {
        each_line(news, &mut |line| about.line(line))?;
    }
    let file = behaviors.display().to_string();
    log.finish(about).map_err(|what| LoadError::Whole { file, what })
}

fn each_line(path: &Path, take: &mut dyn FnMut(&str) -> Result<(), Bad>) -> Result<(), LoadError> {
    let mut lines = Lines::with_max(Input::open(path)?, BEHAVIOR_BYTES_MAX);
    loop {
        // Tabs at the ends are fields that are empty, and were cut with the white space there: none of them is needed.
        let taken = match lines.next_line()? {
            Some([]) => continue,
            Some(line) => match std::str::from_utf8(line) {
                Ok(text) => take(text),
                Err(error) => Err(("(the line)", format!("not UTF-8: {error}"))),
            },
            None => return Ok(()),
        };
        let place = || -> Place { lines.place(None) };
        taken.map_err(|(field, what)| LoadError::Field { place: place(), field: field.to_owned(), what })?;
    }
}

#[derive(Default)]
struct Behaviors {
    members: Names,
    items: Names,
    /// Of each member that has one, the history of the first line.
    histories: HashMap<u32, Vec<u32>>,
    clicks: Vec<Event>,
    /// When each item was first shown.
    shown: HashMap<u32, i64>,
}

impl Behaviors {
    fn line(&mut self, line: &str) -> Result<(), Bad> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [_, member, at, history, shown] = fields[..] else {
            return Err(("(the line)", format!("has {} fields; {BEHAVIOR} are needed", fields.len())));
        };
        if member.is_empty() {
            return Err(("user", "missing".to_owned()));
        }
        let at = moment(at)?;
        let member = self.members.ix(member);
        let items = &mut self.items;
        self.histories.entry(member).or_insert_with(|| history.split_whitespace().map(|item| items.ix(item)).collect());
        for impression in shown.split_whitespace() {
            let (item, clicked) = match impression.rsplit_once('-') {
                Some((item, "1")) => (item, true),
                Some((item, "0")) => (item, false),
                // Test parts do not say.
                Some(_) | None => {
                    return Err(("impressions", format!("{:?} does not end with -0 or -1", short(impression))));
                }
            };
            let item = self.items.ix(item);
            let first = self.shown.entry(item).or_insert(at);
            *first = at.min(*first);
            if clicked {
                self.clicks.push(Event { at, member: MemberIx(member), item: ItemIx(item), weight: 1.0 });
            }
        }
        Ok(())
    }

    fn finish(self, about: News) -> Result<Parts, String> {
        let first = self.shown.values().min().copied().unwrap_or(0);
        let mut events = Vec::new();
        let mut old = HashSet::new();
        let mut longest = 0;
        for member in 0..self.members.len() as u32 {
            let history = self.histories.get(&member).map_or(&[][..], Vec::as_slice);
            longest = longest.max(history.len() as i64);
            for (place, item) in history.iter().enumerate() {
                old.insert(*item);
                let at = first - (history.len() - place) as i64;
                events.push(Event { at, member: MemberIx(member), item: ItemIx(*item), weight: 1.0 });
            }
        }
        events.extend(self.clicks);
        // What is shown at a moment exists then.
        let born = |item: u32| match self.shown.get(&item).filter(|_| !old.contains(&item)) {
            Some(shown) => shown - 1,
            None => first - longest - 1,
        };
        let born = (0..self.items.len() as u32).map(born).collect();
        let (content, features) = about.content(&self.items);
        let facts = ItemFacts { born, content, ..ItemFacts::default() };
        let log = Log::new(self.members.len(), self.items.len(), events, facts).map_err(|error| error.to_string())?;
        let parts = Parts::new(Timed::Moments, log, self.members.into_vec(), self.items.into_vec());
        Ok(Parts { features, ..parts })
    }
}

/// What is known of the articles.
#[derive(Default)]
struct News {
    features: Names,
    of: HashMap<String, Vec<u32>>,
}

impl News {
    fn line(&mut self, line: &str) -> Result<(), Bad> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [item, category, subcategory, title, ..] = fields[..] else {
            return Err(("(the line)", format!("has {} fields; {NEWS} are needed", fields.len())));
        };
        let named = [("category", category), ("subcategory", subcategory)];
        let named = named.into_iter().filter(|(_, name)| !name.is_empty()).map(|(what, name)| format!("{what}:{name}"));
        let named = named.chain(words(title).into_iter().map(|word| format!("word:{word}")));
        let features = named.map(|name| self.features.ix(&name)).collect();
        self.of.insert(item.to_owned(), features);
        Ok(())
    }

    fn content(self, items: &Names) -> (Csr, Vec<String>) {
        if self.of.is_empty() {
            return (Csr::default(), Vec::new());
        }
        let row =
            |item: &str| self.of.get(item).into_iter().flatten().map(|feature| (*feature, 1.0)).collect::<Vec<_>>();
        let content = Csr::from_rows(self.features.len(), items.iter().map(row));
        (content, self.features.into_vec())
    }
}

fn moment(text: &str) -> Result<i64, Bad> {
    let bad = || ("time", format!("{:?} is not a time such as 11/13/2019 8:36:57 AM", short(text)));
    let civil = DateTime::strptime(TIME, text.trim()).map_err(|_| bad())?;
    let moment = civil.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| bad())?;
    Ok(moment.timestamp().as_millisecond())
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{events, write};
    use super::super::{Options, load};
    use super::*;
    use proptest::prelude::*;

    const AT: i64 = 1_573_634_217_000;

    #[test]
    fn histories_lie_before_and_clicks_at_their_time() {
        let behaviors = "1\tU1\t11/13/2019 8:36:57 AM\tN5 N6\tN7-1 N8-0\n2\tU1\t11/13/2019 8:36:58 AM\tN9 N5 N6\tN5-0 N8-1\n3\tU2\t11/13/2019 8:36:59 AM\t\tN8-0";
        let news = "N7\tsports\tsoccer\tCup final\ta\tb\t[]\t[]\nN8\tnews\t\tThe vote\t\t\t[]\t[]\nN99\tx\ty\tz\n";
        let folder = write(&[("behaviors.tsv", behaviors), ("news.tsv", news)]);
        let set = load(folder.path(), &Options::default()).unwrap();
        assert_eq!(set.items, ["N5", "N6", "N7", "N8"]);
        assert_eq!(events(&set.log), [(AT - 2, 0, 0), (AT - 1, 0, 1), (AT, 0, 2), (AT + 1000, 0, 3)]);
        assert_eq!(set.log.facts().born, [AT - 3, AT - 3, AT - 1, AT - 1]);
        assert_eq!(set.log.facts().content.row(3).0.len(), 2);
        assert!(set.features.contains(&"category:sports".to_owned()));
        assert_eq!(set.log.members(), 2);
    }

    #[test]
    fn a_bad_line_is_told() {
        for (text, error) in [
            (
                "1\tU1\t11/13/2019 8:36:57 AM\tN5",
                "(the line)\": has 4 fields; impression, user, time, history, impressions between tabs are needed",
            ),
            ("1\tU1\tyesterday\tN5\tN6-0", "time\": \"yesterday\" is not a time such as 11/13/2019 8:36:57 AM"),
            ("1\tU1\t11/13/2019 8:36:57 AM\tN5\tN6", "impressions\": \"N6\" does not end with -0 or -1"),
        ] {
            let folder = write(&[("behaviors.tsv", text)]);
            let failed = load(folder.path(), &Options::default()).unwrap_err().to_string();
            assert!(failed.ends_with(error) && failed.contains("behaviors.tsv:1: "), "{failed}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_taken_or_refused(line in any::<String>(), tail in "[\tN0-9 -]{0,20}") {
            let _ = (Behaviors::default().line(&line), News::default().line(&line));
            let _ = Behaviors::default().line(&format!("1\tU\t11/13/2019 8:36:57 AM\t{tail}"));
        }
    }
}
