//! Cursors: where the next page of a list begins. Opaque to clients; a page is cut from the same moment, seed and start
//! as the first, so nothing is shown twice or passed over.

use anklang_domain::{UnixMillis, stable_hash};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The furthest place a cursor may point to.
const OFFSET_MAX: usize = 10_000;
/// The form of a cursor; another number is another form.
const FORM: &str = "1";

/// The state of a list between two pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) offset: usize,
    pub(crate) at: UnixMillis,
    pub(crate) seed: Option<u64>,
    pub(crate) since: Option<UnixMillis>,
}

impl Cursor {
    /// Writes it for the list named by `list`: its address and whatever else makes it another list.
    pub(crate) fn write(self, list: &str) -> String {
        let number = |value: Option<String>| value.unwrap_or_default();
        let seed = number(self.seed.map(|seed| seed.to_string()));
        let since = number(self.since.map(|since| since.ms().to_string()));
        let text = format!("{FORM}.{}.{}.{seed}.{since}", self.offset, self.at.ms());
        let check = check(&text, list);
        URL_SAFE_NO_PAD.encode(format!("{text}.{check:x}"))
    }

    /// Reads one that was written for the same list.
    pub(crate) fn read(text: &str, list: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?;
        let (text, sum) = text.rsplit_once('.')?;
        if u64::from_str_radix(sum, 16).ok()? != check(text, list) {
            return None;
        }
        let [form, offset, at, seed, since] = <[&str; 5]>::try_from(text.split('.').collect::<Vec<_>>()).ok()?;
        let moment = |text: &str| UnixMillis::new(text.parse().ok()?).ok();
        Some(Self {
            offset: offset.parse().ok().filter(|offset| form == FORM && *offset <= OFFSET_MAX)?,
            at: moment(at)?,
            seed: if seed.is_empty() { None } else { Some(seed.parse().ok()?) },
            since: if since.is_empty() { None } else { Some(moment(since)?) },
        })
    }
}

/// Keeps a cursor to its list; not a secret, nothing is gained by forging one.
fn check(text: &str, list: &str) -> u64 {
    stable_hash(format!("{text}\n{list}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back_for_its_own_list_only(
            offset in 0..=OFFSET_MAX, at in -1_000_000_000_000_i64..4_000_000_000_000, seed in any::<Option<u64>>(),
            since in proptest::option::of(0_i64..4_000_000_000_000),
        ) {
            let since = since.map(UnixMillis::saturating);
            let cursor = Cursor { offset, at: UnixMillis::saturating(at), seed, since };
            let text = cursor.write("/v1/trending");
            prop_assert_eq!(Cursor::read(&text, "/v1/trending"), Some(cursor));
            prop_assert_eq!(Cursor::read(&text, "/v1/search"), None);
        }

        #[test]
        fn no_text_is_too_strange(text in ".{0,60}") {
            prop_assert_eq!(Cursor::read(&text, "x"), None);
        }
    }
}
