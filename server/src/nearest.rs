//! The nearest right name for one that does not exist.

/// How alike two names must be (Jaro-Winkler, 0 to 1) before one is suggested for the other.
const ALIKE_MIN: f64 = 0.75;

/// Whichever of `known` is most like `wrong`; none where nothing is.
pub(crate) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_ascii_lowercase();
    let scored = known.map(|name| (strsim::jaro_winkler(&wrong, &name.to_ascii_lowercase()), name));
    scored.filter(|(alike, _)| *alike >= ALIKE_MIN).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_find_their_way_and_strangers_do_not() {
        let known = || ["limit", "since", "seed", "lang"].into_iter();
        assert_eq!(nearest("Limt", known()), Some("limit"));
        assert_eq!(nearest("sinse", known()), Some("since"));
        assert_eq!(nearest("quux", known()), None);
    }
}
