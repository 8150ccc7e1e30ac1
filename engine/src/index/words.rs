//! From text to index terms: words in a normal form that English and German queries meet in.
//!
//! Lower case, the stem in the text's language, then accents off and `ae oe ue` as `a o u`, so that *Größe*, *Groesse*
//! and *Grosse* are one term. A query does not know its language: it asks for the stems in both.

use frostem::{Algorithm, Stemmer};

/// The longest word kept, in characters; what is behind is cut off, in texts and queries alike.
const WORD_CHARS_MAX: usize = 48;
/// How many words a language is guessed from.
const GUESS_WORDS: usize = 200;

/// The languages with a stemmer here. Any other language is treated as English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    English,
    German,
}

impl Tongue {
    pub(super) const ALL: [Self; 2] = [Self::English, Self::German];

    /// From a BCP 47 tag; where there is none, from the commonest little words of the text.
    pub(super) fn of<'a>(tag: Option<&str>, texts: impl IntoIterator<Item = &'a str>) -> Self {
        if let Some(tag) = tag {
            let primary = tag.split(['-', '_']).next().unwrap_or("");
            return if primary.eq_ignore_ascii_case("de") { Self::German } else { Self::English };
        }
        let mut lead = 0_i32;
        for word in texts.into_iter().flat_map(words).take(GUESS_WORDS) {
            lead += i32::from(is_in(GERMAN_STOP, &word)) - i32::from(is_in(ENGLISH_STOP, &word));
        }
        if lead > 0 { Self::German } else { Self::English }
    }

    const fn stemmer(self) -> Algorithm {
        match self {
            Self::English => Algorithm::English,
            Self::German => Algorithm::German,
        }
    }
}

/// Words that say nothing of a subject, in order. They are indexed, so that phrases hold, but a query drops them.
const ENGLISH_STOP: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "does", "for", "from", "had", "has", "have",
    "how", "i", "if", "in", "is", "it", "its", "my", "no", "not", "of", "on", "or", "that", "the", "their", "there",
    "these", "this", "to", "was", "we", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you",
];
const GERMAN_STOP: &[&str] = &[
    "aber", "als", "am", "an", "auch", "auf", "aus", "bei", "bin", "da", "das", "dass", "dem", "den", "der", "des",
    "die", "ein", "eine", "einem", "einen", "einer", "eines", "er", "es", "für", "habe", "haben", "hat", "ich", "ihr",
    "im", "in", "ist", "kann", "man", "mein", "meine", "mit", "nach", "nicht", "noch", "oder", "sich", "sie", "sind",
    "so", "um", "und", "uns", "vom", "von", "war", "was", "wenn", "wer", "wie", "wir", "wo", "zu", "zum", "zur",
    "über",
];

/// Whether a word, in lower case, is too common to search for.
pub(super) fn is_stop(word: &str) -> bool {
    is_in(ENGLISH_STOP, word) || is_in(GERMAN_STOP, word)
}

fn is_in(sorted: &[&str], word: &str) -> bool {
    sorted.binary_search(&word).is_ok()
}

/// The words of a text in lower case, in order. Combining marks are dropped; an emoji is a word of its own.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        while chars.next_if(|&c| !c.is_alphanumeric() && !is_emoji(c)).is_some() {}
        if let Some(emoji) = chars.next_if(|&c| is_emoji(c)) {
            return Some(emoji.to_string());
        }
        chars.peek()?;
        let mut word = String::new();
        let mut length = 0;
        while let Some(c) = chars.next_if(|&c| c.is_alphanumeric() || is_mark(c)) {
            if !is_mark(c) && length < WORD_CHARS_MAX {
                word.extend(c.to_lowercase().filter(|&c| !is_mark(c)));
                length += 1;
            }
        }
        Some(word)
    })
}

const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

const fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}')
}

/// The index term of a word in lower case.
pub(super) fn term(word: &str, tongue: Tongue) -> String {
    fold(&Stemmer::new(tongue.stemmer()).stem(word))
}

/// Accents off, and the German ways around an umlaut undone: `ae oe ue` become `a o u`, but for `ue` after a vowel or a
/// q (*Bauer*, *Quelle*).
fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for c in word.chars() {
        match c {
            'e' if matches!(folded.as_bytes(), [.., b'a' | b'o']) => {}
            'e' if matches!(folded.as_bytes(), [.., before, b'u'] if !b"aeiouq".contains(before)) => {}
            'e' if folded == "u" => {}
            'à'..='å' | 'ā' | 'ă' | 'ą' => folded.push('a'),
            'ç' | 'ć' | 'č' => folded.push('c'),
            'è'..='ë' | 'ē' | 'ę' | 'ě' => folded.push('e'),
            'ì'..='ï' | 'ī' | 'ı' => folded.push('i'),
            'ñ' | 'ń' | 'ň' => folded.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => folded.push('o'),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'ś' | 'š' | 'ş' => folded.push('s'),
            'ź' | 'ż' | 'ž' => folded.push('z'),
            'ł' => folded.push('l'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push('a'),
            'œ' => folded.push('o'),
            other => folded.push(other),
        }
    }
    folded
}

/// A tag as it is matched exactly: no white space around, lower case.
pub(super) fn exact(tag: &str) -> String {
    tag.trim().chars().take(WORD_CHARS_MAX).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str, tongue: Tongue) -> Vec<String> {
        words(text).map(|word| term(&word, tongue)).collect()
    }

    #[test]
    fn german_spellings_meet() {
        for spelling in ["Größe", "Groesse", "Grosse", "GRÖSSE", "Gro\u{308}ße"] {
            assert_eq!(terms(spelling, Tongue::German), ["gross"], "{spelling}");
        }
        assert_eq!(terms("Häuser Haeuser Haus", Tongue::German), ["haus"; 3]);
        assert_eq!(terms("Übung Uebung", Tongue::German)[0], terms("Uebung", Tongue::German)[0]);
        assert_eq!(terms("Quelle", Tongue::German), ["quell"]);
    }

    #[test]
    fn english_inflections_meet() {
        assert_eq!(terms("running runs", Tongue::English), ["run"; 2]);
        assert_eq!(terms("blue blues", Tongue::English)[0], terms("blues", Tongue::English)[0]);
    }

    #[test]
    fn words_are_cut_where_they_end() {
        let cut = |text: &str| words(text).collect::<Vec<_>>();
        assert_eq!(cut("  Rust, C++/node.js – 42!"), ["rust", "c", "node", "js", "42"]);
        assert_eq!(cut("🍅tomato🍅"), ["🍅", "tomato", "🍅"]);
        assert_eq!(cut(&"x".repeat(500))[0].len(), WORD_CHARS_MAX);
        assert!(cut(" – ").is_empty());
    }

    #[test]
    fn languages_are_guessed() {
        assert!(ENGLISH_STOP.is_sorted() && GERMAN_STOP.is_sorted());
        assert_eq!(Tongue::of(None, ["Wie ist das mit der Größe?"]), Tongue::German);
        assert_eq!(Tongue::of(None, ["how is that with the size?"]), Tongue::English);
        assert_eq!(Tongue::of(Some("de-AT"), ["the"]), Tongue::German);
    }
}
