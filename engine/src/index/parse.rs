//! What a user typed, as clauses. Lenient: no text is an error.

use super::words::{Tongue, exact, is_stop, term, words};

/// The longest query, in characters; what is behind is not read.
pub const QUERY_CHARS_MAX: usize = 512;
/// The most words of a query; what is behind is not read.
pub const QUERY_TERMS_MAX: usize = 32;

/// What a clause asks of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Counts for it.
    Want,
    /// Must be in it, as a phrase.
    Must,
    /// Must not be in it, as a phrase.
    Not,
}

/// Words between two spaces or two quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) wish: Wish,
    /// As a whole tag.
    pub(super) tag: String,
    /// In lower case.
    pub(super) words: Vec<String>,
}

impl Clause {
    /// The terms of the words in each language; once, where both agree.
    pub(super) fn readings(&self) -> Vec<Vec<String>> {
        let mut readings: Vec<Vec<String>> =
            Tongue::ALL.iter().map(|tongue| self.words.iter().map(|word| term(word, *tongue)).collect()).collect();
        readings.dedup();
        readings
    }
}

/// The clauses of a query. Common little words are dropped where others remain.
pub(super) fn clauses(text: &str) -> Vec<Clause> {
    let chars: Vec<char> = text.chars().take(QUERY_CHARS_MAX).collect();
    let mut clauses = Vec::new();
    let mut room = QUERY_TERMS_MAX;
    let mut at = 0;
    while at < chars.len() && room > 0 {
        if chars[at].is_whitespace() {
            at += 1;
            continue;
        }
        let not = chars[at] == '-' && chars.get(at + 1).is_some_and(|next| !next.is_whitespace() && *next != '-');
        at += usize::from(not);
        let quoted = is_quote(chars[at]);
        at += usize::from(quoted);
        let ends = |c: &char| if quoted { is_quote(*c) } else { c.is_whitespace() || *c == '"' };
        let end = chars[at..].iter().position(ends).map_or(chars.len(), |length| at + length);
        let chunk: String = chars[at..end].iter().collect();
        at = end + usize::from(quoted);
        let wish = match (not, quoted) {
            (true, _) => Wish::Not,
            (false, true) => Wish::Must,
            (false, false) => Wish::Want,
        };
        let words: Vec<String> = words(&chunk).take(room).collect();
        let tag = exact(&chunk);
        if !tag.is_empty() {
            room -= words.len().clamp(1, room);
            clauses.push(Clause { wish, tag, words });
        }
    }
    drop_common(&mut clauses);
    clauses
}

fn drop_common(clauses: &mut Vec<Clause>) {
    let common = |clause: &Clause| clause.wish == Wish::Want && clause.words.iter().all(|word| is_stop(word));
    if clauses.iter().any(|clause| clause.wish != Wish::Not && !common(clause)) {
        clauses.retain(|clause| clause.words.is_empty() || !common(clause));
    }
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '„' | '“' | '”' | '«' | '»')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        let one = |clause: &Clause| {
            let sign = match clause.wish {
                Wish::Want => "",
                Wish::Must => "=",
                Wish::Not => "-",
            };
            format!("{sign}{}", clause.words.join("_"))
        };
        clauses(text).iter().filter(|clause| !clause.words.is_empty()).map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn users_write_what_they_like() {
        assert_eq!(shown("How to grow tomatoes"), "grow tomatoes");
        assert_eq!(shown("to be or not to be"), "to be or not to be");
        assert_eq!(shown("„alte Sorten“ -tomate"), "=alte_sorten -tomate");
        assert_eq!(shown("\"unclosed phrase"), "=unclosed_phrase");
        assert_eq!(shown("machine-learning a - b -- title:x AND (("), "machine_learning b title_x");
        assert_eq!(shown("c++"), "c");
        assert_eq!(clauses("c++")[0].tag, "c++");
        assert_eq!(shown("  "), "");
    }

    #[test]
    fn long_queries_are_cut() {
        assert_eq!(clauses(&"word ".repeat(1000)).len(), QUERY_TERMS_MAX);
        assert_eq!(clauses(&"a".repeat(1000)).len(), 1);
        assert_eq!(clauses(&"- ".repeat(1000)).len(), QUERY_TERMS_MAX);
    }

    proptest! {
        #[test]
        fn nothing_is_an_error(text in "\\PC*|[-\" a„“]*") {
            let clauses = clauses(&text);
            prop_assert!(clauses.iter().map(|clause| clause.words.len().max(1)).sum::<usize>() <= QUERY_TERMS_MAX);
        }
    }
}
