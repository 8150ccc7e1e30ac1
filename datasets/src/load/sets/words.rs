//! Titles as words.

/// Words that say nothing of what a title is about: the most common of English.
const COMMON: &[&str] = &[
    "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "did", "do", "does", "for", "from", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it",
    "its", "me", "my", "no", "not", "of", "on", "one", "or", "should", "so", "than", "that", "the", "their", "there",
    "this", "to", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you",
    "your",
];
/// The longest word that is kept, in characters.
const WORD_CHARS_MAX: usize = 40;

/// The words of a title, in small letters, each once: runs of letters and digits, without the most common ones and those of
/// a single letter.
pub(super) fn words(title: &str) -> Vec<String> {
    let mut words: Vec<String> = title
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| (2..=WORD_CHARS_MAX).contains(&word.chars().count()) && !COMMON.contains(&word.as_str()))
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_its_words() {
        assert_eq!(
            words("Can a Turing machine simulate Shor's 'machine', über 3D?"),
            ["3d", "machine", "shor's", "simulate", "turing", "über"]
        );
        assert!(COMMON.is_sorted());
    }
}
