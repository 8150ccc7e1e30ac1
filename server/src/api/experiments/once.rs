//! A key that stands twice in an object: most readers take the last and say nothing. Where a launch hangs on a document,
//! that is an error.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::super::problem::{Code, Problem};

/// Checks that no object has a key twice. What is no JSON at all is somebody else's matter.
pub(super) fn check(bytes: &[u8]) -> Result<(), Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    match Once.deserialize(&mut reader) {
        Err(error) if error.is_data() => {
            let text = error.to_string();
            let what = text.split(" at line ").next().unwrap_or(&text).to_owned();
            Err(Problem::new(Code::BadField, what).at(error.line(), error.column()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[derive(Clone, Copy)]
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(A::Error::custom(format!("{key:?} is there twice")));
            }
            seen.insert(key);
            map.next_value_seed(self)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_twice_is_found_at_any_depth() {
        for good in [r#"{"a":1,"b":[{"a":null},{"a":true}]}"#, "[]", "7.5", r#"{"a":"#, ""] {
            assert_eq!(check(good.as_bytes()), Ok(()), "{good}");
        }
        let problem = check(b"{\"a\":1,\n\"b\":[{\"c\":1,\"c\":-1}]}").expect_err("twice");
        assert_eq!((problem.code, problem.line), (Code::BadField, Some(2)));
        assert!(problem.detail.contains("\"c\" is there twice"), "{}", problem.detail);
    }
}
