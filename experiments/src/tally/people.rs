//! Who is who: ids as numbers, and which of them are one person.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::shelf::Shelf;

/// A member's id, or a cluster's.
pub(super) type Who = u32;

/// Ids as numbers, in the order in which they were first met.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Shelf<String>")]
pub(super) struct Names {
    names: Shelf<String>,
    #[serde(skip)]
    numbers: HashMap<String, u32>,
}

impl From<Shelf<String>> for Names {
    fn from(names: Shelf<String>) -> Self {
        let numbers = names.iter().zip(0..).map(|(name, number)| (name.clone(), number)).collect();
        Self { names, numbers }
    }
}

impl Names {
    /// The same, but names are not found by what they say.
    pub(super) fn still(&self) -> Self {
        Self { names: self.names.clone(), numbers: HashMap::new() }
    }

    pub(super) fn intern(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        // Above four billion names this machine's memory is long gone.
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", String::as_str)
    }
}

/// Which ids are one person. The order in which it is learned does not matter.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Aliases {
    /// Each id that is not alone → the smallest of its person.
    head: BTreeMap<Who, Who>,
    /// The smallest id of a person of several → all of them, ascending.
    ids: BTreeMap<Who, Vec<Who>>,
}

impl Aliases {
    pub(super) fn join(&mut self, a: Who, b: Who) {
        let (a, b) = (self.head(a), self.head(b));
        if a == b {
            return;
        }
        let mut all = self.ids.remove(&a).unwrap_or_else(|| vec![a]);
        all.extend(self.ids.remove(&b).unwrap_or_else(|| vec![b]));
        all.sort_unstable();
        let head = a.min(b);
        for id in &all {
            self.head.insert(*id, head);
        }
        self.ids.insert(head, all);
    }

    /// Whether nobody is known under two ids.
    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The id that stands for a person.
    pub(super) fn head(&self, id: Who) -> Who {
        self.head.get(&id).copied().unwrap_or(id)
    }

    /// All ids of the person whom this one stands for.
    pub(super) fn ids<'a>(&'a self, head: &'a Who) -> &'a [Who] {
        self.ids.get(head).map_or(std::slice::from_ref(head), Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_of_aliases_does_not_matter(mut pairs in prop::collection::vec((0..12_u32, 0..12_u32), 0..20)) {
            let of = |pairs: &[(u32, u32)]| {
                let mut aliases = Aliases::default();
                pairs.iter().for_each(|(a, b)| aliases.join(*a, *b));
                (0..12).map(|id| aliases.ids(&aliases.head(id)).to_vec()).collect::<Vec<_>>()
            };
            let one = of(&pairs);
            pairs.reverse();
            pairs.iter_mut().for_each(|pair| *pair = (pair.1, pair.0));
            prop_assert_eq!(one, of(&pairs));
        }
    }
}
