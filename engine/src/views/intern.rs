//! Names to dense numbers: rows of a table are found by number, not by text.

use std::sync::Arc;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub(crate) struct $name(pub(crate) u32);

        impl $name {
            /// The row's place in its table.
            pub(crate) const fn row(self) -> usize {
                self.0 as usize
            }
        }

        impl From<u32> for $name {
            fn from(row: u32) -> Self {
                Self(row)
            }
        }
    };
}

index! {
    /// A row of the catalogue.
    ItemIx
}
index! {
    /// A row of the members' table.
    MemberIx
}
index! {
    /// A row of the topics' table: a tag or a category.
    TopicIx
}

/// Texts numbered in the order in which they were first seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Names {
    /// The number of a text, if it was seen.
    pub(crate) fn get(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The number of a text, a new one where it was not seen yet; and whether it is new.
    pub(crate) fn intern(&mut self, text: &str) -> (u32, bool) {
        if let Some(number) = self.numbers.get(text) {
            return (*number, false);
        }
        let shared: Arc<str> = Arc::from(text);
        let number = self.texts.len() as u32;
        self.numbers.insert(Arc::clone(&shared), number);
        self.texts.push(shared);
        (number, true)
    }

    /// The text of a number that this table gave out.
    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }
}

impl Serialize for Names {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.texts.iter().map(AsRef::as_ref).collect::<Vec<&str>>())
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<Arc<str>>::deserialize(deserializer)?;
        let numbers = texts.iter().enumerate().map(|(number, text)| (Arc::clone(text), number as u32)).collect();
        Ok(Self { numbers, texts })
    }
}
