//! Names, and the numbers that stand for them.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// Names in the order in which they first came.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: Vec<String>,
    places: HashTable<u32>,
}

impl Names {
    /// The number of a name, new or known.
    pub(super) fn ix(&mut self, name: &str) -> u32 {
        let Self { names, places } = self;
        let found = places.entry(
            xxh3_64(name.as_bytes()),
            |place| names[*place as usize] == name,
            |place| xxh3_64(names[*place as usize].as_bytes()),
        );
        match found {
            hashbrown::hash_table::Entry::Occupied(known) => *known.get(),
            hashbrown::hash_table::Entry::Vacant(free) => {
                let place = u32::try_from(names.len()).unwrap_or(u32::MAX);
                free.insert(place);
                names.push(name.to_owned());
                place
            }
        }
    }

    /// The number of a name, if it is known.
    pub(super) fn known(&self, name: &str) -> Option<u32> {
        self.places.find(xxh3_64(name.as_bytes()), |place| self.names[*place as usize] == name).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(super) fn into_vec(self) -> Vec<String> {
        self.names
    }
}

/// Names that are whole numbers, in their order: where they count up from 0 without a gap, each is its own number.
#[derive(Debug)]
pub(super) struct Numbered(Vec<u64>);

impl Numbered {
    pub(super) fn of(ids: impl Iterator<Item = u64>) -> Self {
        let mut ids: Vec<u64> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        Self(ids)
    }

    /// The number of an id; none where it was not among those given.
    pub(super) fn ix(&self, id: u64) -> Option<u32> {
        let dense = usize::try_from(id).ok().filter(|place| self.0.get(*place) == Some(&id));
        dense.or_else(|| self.0.binary_search(&id).ok()).and_then(|place| u32::try_from(place).ok())
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().map(u64::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_name_keeps_its_number(texts in prop::collection::vec("[a-c]{0,3}", 0..40)) {
            let mut names = Names::default();
            let numbers: Vec<u32> = texts.iter().map(|text| names.ix(text)).collect();
            for (text, number) in texts.iter().zip(&numbers) {
                prop_assert_eq!(names.ix(text), *number);
            }
            let all = names.into_vec();
            for (text, number) in texts.iter().zip(numbers) {
                prop_assert_eq!(&all[number as usize], text);
            }
        }

        #[test]
        fn numbers_keep_their_order(ids in prop::collection::vec(0_u64..60, 0..40)) {
            let numbered = Numbered::of(ids.iter().copied());
            let names = numbered.names();
            for id in ids {
                prop_assert_eq!(&names[numbered.ix(id).unwrap() as usize], &id.to_string());
            }
            prop_assert_eq!(numbered.ix(99), None);
        }
    }
}
