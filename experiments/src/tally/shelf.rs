//! A list that is copied in no time: copies share what neither has changed since.

use std::sync::Arc;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeSeq, Serializer};

/// Entries that lie together: all of them are copied when one is changed while there is another copy.
const BOARD: usize = 16;

/// A list in boards of [`BOARD`] entries.
#[derive(Debug, Clone)]
pub(super) struct Shelf<T> {
    boards: Vec<Arc<Vec<T>>>,
    len: usize,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { boards: Vec::new(), len: 0 }
    }
}

impl<T: Clone> Shelf<T> {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.boards.get(at / BOARD)?.get(at % BOARD)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        Arc::make_mut(self.boards.get_mut(at / BOARD)?).get_mut(at % BOARD)
    }

    pub(super) fn push(&mut self, entry: T) {
        if self.len.is_multiple_of(BOARD) {
            self.boards.push(Arc::new(Vec::with_capacity(BOARD)));
        }
        if let Some(board) = self.boards.last_mut() {
            Arc::make_mut(board).push(entry);
            self.len += 1;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.boards.iter().flat_map(|board| board.iter())
    }
}

impl<T: Clone> FromIterator<T> for Shelf<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        let mut shelf = Self::default();
        entries.into_iter().for_each(|entry| shelf.push(entry));
        shelf
    }
}

/// Stored as a plain list.
impl<T: Serialize + Clone> Serialize for Shelf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len))?;
        self.iter().try_for_each(|entry| list.serialize_element(entry))?;
        list.end()
    }
}

impl<'de, T: Deserialize<'de> + Clone> Deserialize<'de> for Shelf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<T>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_list_and_copies_stay_as_they_were(
            list in prop::collection::vec(any::<u16>(), 0..80),
            changes in prop::collection::vec((0..100_usize, any::<u16>()), 0..20),
        ) {
            let shelf: Shelf<u16> = list.iter().copied().collect();
            let (mut changed, mut wanted) = (shelf.clone(), list.clone());
            for (at, entry) in changes {
                match changed.get_mut(at) {
                    Some(place) => { *place = entry; wanted[at] = entry; }
                    None => { changed.push(entry); wanted.push(entry); }
                }
            }
            prop_assert_eq!(shelf.iter().copied().collect::<Vec<_>>(), list);
            prop_assert_eq!(changed.iter().copied().collect::<Vec<_>>(), wanted.clone());
            prop_assert_eq!(changed.len(), wanted.len());
            prop_assert_eq!(changed.get(wanted.len()), None);
            let bytes = postcard::to_allocvec(&changed).expect("bytes");
            prop_assert_eq!(&bytes, &postcard::to_allocvec(&wanted).expect("bytes"));
            let read: Shelf<u16> = postcard::from_bytes(&bytes).expect("a list");
            prop_assert_eq!(read.iter().copied().collect::<Vec<_>>(), wanted);
        }
    }
}
