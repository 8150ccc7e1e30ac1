//! Choosing a variant by hand, for quality assurance: `?my-experiment=1`.

/// The variant that a URL's query asks for; none where it names none, or one that does not exist.
///
/// As in GrowthBook's JavaScript SDK: the first value of the key, its leading digits; keys and values are not decoded.
#[must_use]
pub fn query_string_override(experiment: &str, url: &str, variants: usize) -> Option<usize> {
    let query = url.split('?').nth(1)?.split('#').next()?;
    let value = query.split('&').find_map(|pair| {
        let mut parts = pair.split('=');
        (parts.next() == Some(experiment)).then(|| parts.next().unwrap_or(""))
    })?;
    let digits = value.trim_start().trim_start_matches('+');
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok().filter(|variant| *variant < variants)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::conformance;

    #[test]
    fn growthbook_agrees() {
        let Some(cases) = conformance("growthbook-cases.json") else { return };
        for case in cases["getQueryStringOverride"].as_array().unwrap() {
            let variants = case[3].as_u64().unwrap() as usize;
            let got = query_string_override(case[1].as_str().unwrap(), case[2].as_str().unwrap(), variants);
            assert_eq!(got.map(|variant| variant as u64), case[4].as_u64(), "{case}");
        }
    }
}
