//! Identifiers, as the community writes them.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest id that is taken, in bytes of UTF-8: a hundred characters of any script, and room.
pub const ID_BYTES_MAX: usize = 512;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing but white space.
    #[error("an id must not be empty")]
    Empty,
    /// Longer than [`ID_BYTES_MAX`].
    #[error("an id may have at most {ID_BYTES_MAX} bytes; this one has {0}")]
    TooLong(usize),
    /// Contains a control character such as a newline or NUL.
    #[error("an id must not contain control characters")]
    Control,
}

fn checked(text: &str) -> Result<Arc<str>, IdError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > ID_BYTES_MAX {
        return Err(IdError::TooLong(text.len()));
    }
    if text.chars().any(char::is_control) {
        return Err(IdError::Control);
    }
    Ok(Arc::from(text))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "IdText", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a text: not empty, at most [`ID_BYTES_MAX`] bytes, no control characters. Emoji and `/` are fine.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                checked(text).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<IdText> for $name {
            type Error = IdError;
            fn try_from(text: IdText) -> Result<Self, IdError> {
                Self::parse(&text.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

/// A JSON string or whole number: communities number their posts, and JSON clients send the number as it is.
struct IdText(String);

impl<'de> Deserialize<'de> for IdText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = IdText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id (a string or a whole number)")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<IdText, E> {
                Ok(IdText(text.to_owned()))
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<IdText, E> {
                Ok(IdText(number.to_string()))
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<IdText, E> {
                Ok(IdText(number.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

id! {
    /// A fact's id, which is its idempotency key: the same id twice is one fact.
    FactId
}
id! {
    /// A member's id, or the anonymous id a browser made up before log-in.
    MemberId
}
id! {
    /// An item's id.
    ItemId
}

impl FactId {
    /// The id `sort:number` with the number in hexadecimal, for facts made here.
    #[must_use]
    pub fn numbered(sort: &'static str, number: u64) -> Self {
        Self(Arc::from(format!("{sort}:{number:016x}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_what_communities_write() {
        for text in ["42", "ana", "a/b/c", "👩‍🌾", "Größe", "x y"] {
            assert_eq!(ItemId::parse(text).map(String::from).as_deref(), Ok(text));
        }
        assert_eq!(serde_json::from_str::<ItemId>("42").ok(), ItemId::parse("42").ok());
    }

    #[test]
    fn ids_refuse_what_could_not_be_an_id() {
        assert_eq!(ItemId::parse("  "), Err(IdError::Empty));
        assert_eq!(ItemId::parse("a\nb"), Err(IdError::Control));
        assert_eq!(ItemId::parse(&"x".repeat(600)), Err(IdError::TooLong(600)));
        assert!(serde_json::from_str::<ItemId>("1.5").is_err());
    }
}
