//! GrowthBook's hash of a unit to a number in [0, 1).

/// Which of GrowthBook's two hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HashVersion {
    /// The first, which has a slight bias between experiments. For experiments that began with it.
    V1,
    /// The one for everything new.
    #[default]
    V2,
}

impl HashVersion {
    /// The version of this number.
    #[must_use]
    pub const fn of(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::V1),
            2 => Some(Self::V2),
            _ => None,
        }
    }
}

/// FNV-1a, 32 bits, over UTF-16 code units as JavaScript does it: over UTF-8 bytes, a unit called `é` would land in
/// another arm.
fn fnv1a32(units: impl Iterator<Item = u16>) -> u32 {
    units.fold(0x811c_9dc5, |hash, unit| (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193))
}

/// A number's digits, without memory of their own: every assignment asks for them.
fn decimal(mut number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[start..];
        }
    }
}

/// The unit's place in [0, 1), to 3 digits (version 1) or 4 (version 2).
#[must_use]
pub fn hash(seed: &str, unit: &str, version: HashVersion) -> f64 {
    match version {
        HashVersion::V1 => {
            let hash = fnv1a32(unit.encode_utf16().chain(seed.encode_utf16()));
            f64::from(hash % 1000) / 1000.0
        }
        HashVersion::V2 => {
            let first = fnv1a32(seed.encode_utf16().chain(unit.encode_utf16()));
            let second = fnv1a32(decimal(first, &mut [0; 10]).iter().copied().map(u16::from));
            f64::from(second % 10_000) / 10_000.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::conformance;

    #[test]
    fn growthbook_agrees() {
        let Some(cases) = conformance("growthbook-cases.json") else { return };
        for case in cases["hash"].as_array().unwrap() {
            let version = HashVersion::of(case[2].as_u64().unwrap());
            let got = version.map(|version| hash(case[0].as_str().unwrap(), case[1].as_str().unwrap(), version));
            assert_eq!(got, case[3].as_f64(), "{case}");
        }
    }

    #[test]
    fn digits_are_as_printed() {
        for number in [0, 1, 9, 10, 305_419_896, u32::MAX] {
            assert_eq!(decimal(number, &mut [0; 10]), number.to_string().as_bytes());
        }
    }

    /// From the notes on GrowthBook's specification in EXPERIMENTS.md, computed with its JavaScript SDK.
    #[test]
    fn the_hash_runs_over_utf_16() {
        assert_eq!(hash("exp", "é", HashVersion::V2), 0.976);
        assert_eq!(hash("exp", "😀", HashVersion::V2), 0.7506);
    }
}
