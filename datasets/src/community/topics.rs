//! The subjects of simulated communities, read from `topics.txt`.

use std::sync::LazyLock;

/// A phrase in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Phrase {
    pub(super) en: &'static str,
    pub(super) de: &'static str,
}

impl Phrase {
    pub(super) const fn get(&self, german: bool) -> &'static str {
        if german { self.de } else { self.en }
    }
}

/// A subject that people are interested in.
#[derive(Debug, Clone)]
pub(super) struct Topic {
    pub(super) key: &'static str,
    /// Tags, the most used first, each with the thing it is about.
    pub(super) tags: Vec<(&'static str, Phrase)>,
    /// Circumstances that go with any thing.
    pub(super) circumstances: Vec<Phrase>,
    /// Advice that is always good.
    pub(super) advice: Vec<Phrase>,
}

/// All subjects, the most popular first.
pub(super) static TOPICS: LazyLock<Vec<Topic>> = LazyLock::new(|| parse(include_str!("topics.txt")));

fn parse(text: &'static str) -> Vec<Topic> {
    let mut topics: Vec<Topic> = Vec::new();
    for line in text.lines() {
        let fields: Vec<&'static str> = line.trim_start_matches(['=', '~', '!']).split('|').map(str::trim).collect();
        match (line.as_bytes().first(), fields.as_slice(), topics.last_mut()) {
            (Some(b'='), [key, ..], _) => {
                topics.push(Topic { key, tags: Vec::new(), circumstances: Vec::new(), advice: Vec::new() });
            }
            (Some(b'~'), [en, de], Some(topic)) => topic.circumstances.push(Phrase { en, de }),
            (Some(b'!'), [en, de], Some(topic)) => topic.advice.push(Phrase { en, de }),
            (Some(_), [tag, en, de], Some(topic)) => topic.tags.push((tag, Phrase { en, de })),
            _ => {}
        }
    }
    topics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_file_is_understood() {
        assert_eq!(TOPICS.len(), 24);
        for topic in TOPICS.iter() {
            assert_eq!((topic.tags.len(), topic.circumstances.len(), topic.advice.len()), (12, 6, 3), "{}", topic.key);
        }
        let tags: std::collections::HashSet<&str> =
            TOPICS.iter().flat_map(|topic| topic.tags.iter().map(|(tag, _)| *tag)).collect();
        assert_eq!(tags.len(), 24 * 12, "no tag belongs to two subjects");
    }
}
