//! The catalogue: what is known of every item, as dense rows.

use anklang_domain::{ItemId, Kind, Level, UnixMillis};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use super::activity::Activity;
use super::intern::{ItemIx, MemberIx, Names, TopicIx};
use super::moment::Moment;
use crate::interests::content::{DIM, Vector};

/// Tags that an item may carry; the rest are left out.
pub(crate) const TAGS_MAX: usize = 16;

/// Whether an item can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Only ever mentioned by an engagement.
    Mentioned,
    Live,
    Removed,
}

/// One reply to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub(crate) at: Moment,
    pub(crate) by: MemberIx,
}

/// What an item's community wrote about it, little of which is needed to rank.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) title: Box<str>,
    pub(crate) url: Option<Box<str>>,
    pub(crate) language: Option<Box<str>>,
    /// The audience condition, as JSON.
    pub(crate) audience: Option<Box<str>>,
    pub(crate) level: Option<Level>,
    pub(crate) starts_at: Option<Moment>,
    pub(crate) ends_at: Option<Moment>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ItemRow {
    pub(crate) state: State,
    pub(crate) kind: Kind,
    pub(crate) author: Option<MemberIx>,
    pub(crate) category: Option<TopicIx>,
    pub(crate) tags: SmallVec<[TopicIx; 4]>,
    pub(crate) created: Moment,
    /// In the order of their moments.
    pub(crate) replies: Vec<Reply>,
    pub(crate) views: u32,
    /// Likes, bookmarks, shares: each with its verb's weight.
    pub(crate) approval: f32,
    pub(crate) card: Card,
}

impl ItemRow {
    fn mentioned() -> Self {
        Self {
            state: State::Mentioned,
            kind: Kind::default(),
            author: None,
            category: None,
            tags: SmallVec::new(),
            created: Moment::of(0),
            replies: Vec::new(),
            views: 0,
            approval: 0.0,
            card: Card::default(),
        }
    }

    /// The replies after a moment and not after another, oldest first.
    pub(crate) fn replies_within(&self, since: Moment, now: Moment) -> &[Reply] {
        let start = self.replies.partition_point(|reply| reply.at <= since);
        let end = self.replies.partition_point(|reply| reply.at <= now);
        self.replies.get(start..end).unwrap_or(&[])
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Catalogue {
    names: Names,
    /// Items by the key under which the text index holds them; made anew from the names when the views are read back.
    #[serde(skip)]
    keys: HashMap<u64, ItemIx>,
    rows: Vec<ItemRow>,
    /// When each item was last opened or replied to: apart from the rows, because logs are checked against it by the
    /// thousand, and so it stays near the processor.
    last: Vec<Moment>,
    /// `rows.len() × DIM` content vectors, row by row.
    #[serde(with = "bytes")]
    vectors: Vec<i8>,
    /// Signs of life in every live item.
    pub(crate) activity: Activity,
    /// Live items.
    pub(crate) live: u32,
}

/// Vectors are written as one run of bytes, which is read without a copy for each number.
mod bytes {
    use std::fmt;

    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(vectors: &[i8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&vectors.iter().map(|v| *v as u8).collect::<Vec<u8>>())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i8>, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Vec<i8>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("content vectors as bytes")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Vec<i8>, E> {
                Ok(bytes.iter().map(|b| *b as i8).collect())
            }
            fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Vec<i8>, E> {
                self.visit_bytes(&bytes)
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

/// The key of an item in the text index: 64 bits of its id.
pub(crate) fn key_of(id: &str) -> u64 {
    xxh3_64(id.as_bytes())
}

impl Catalogue {
    pub(crate) fn find(&self, id: &str) -> Option<ItemIx> {
        self.names.get(id).map(ItemIx)
    }

    /// The row of an item, made where the id is new: an engagement may name what was not put yet.
    pub(crate) fn intern(&mut self, id: &ItemId) -> ItemIx {
        let (number, new) = self.names.intern(id.as_str());
        if new {
            self.rows.push(ItemRow::mentioned());
            self.last.push(Moment::of(i64::MIN));
            self.keys.insert(key_of(id.as_str()), ItemIx(number));
            self.vectors.resize(self.vectors.len() + DIM, 0);
        }
        ItemIx(number)
    }

    pub(crate) fn id(&self, item: ItemIx) -> &str {
        self.names.text(item.0)
    }

    /// The id of an item that was interned, which is one.
    pub(crate) fn public_id(&self, item: ItemIx) -> Option<ItemId> {
        ItemId::parse(self.id(item)).ok()
    }

    /// The key under which the text index holds an item.
    pub(crate) fn key(&self, item: ItemIx) -> u64 {
        key_of(self.id(item))
    }

    /// The item that the text index holds under a key.
    pub(crate) fn of_key(&self, key: u64) -> Option<ItemIx> {
        self.keys.get(&key).copied()
    }

    /// Makes the table of keys, which snapshots leave out.
    pub(crate) fn index_keys(&mut self) {
        self.keys = self.all().map(|item| (self.key(item), item)).collect();
    }

    /// When the item was last opened or replied to.
    pub(crate) fn last_activity(&self, item: ItemIx) -> Moment {
        self.last[item.row()]
    }

    /// Notes that the item was opened at a moment, and finds out anew when something last happened in it.
    pub(crate) fn open(&mut self, item: ItemIx, created: Moment) -> Moment {
        let row = &mut self.rows[item.row()];
        row.created = created;
        let last = row.replies.last().map_or(created, |reply| reply.at.max(created));
        self.last[item.row()] = last;
        last
    }

    /// Items, those only mentioned or removed included.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn row(&self, item: ItemIx) -> &ItemRow {
        &self.rows[item.row()]
    }

    pub(crate) fn row_mut(&mut self, item: ItemIx) -> &mut ItemRow {
        &mut self.rows[item.row()]
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = ItemIx> + use<> {
        (0..self.rows.len() as u32).map(ItemIx)
    }

    pub(crate) fn vector(&self, item: ItemIx) -> &[i8] {
        &self.vectors[item.row() * DIM..(item.row() + 1) * DIM]
    }

    pub(crate) fn set_vector(&mut self, item: ItemIx, vector: &Vector) {
        self.vectors[item.row() * DIM..(item.row() + 1) * DIM].copy_from_slice(vector);
    }

    /// Whether the item can be listed at a moment, to anybody.
    pub(crate) fn is_listable(&self, item: ItemIx, now: UnixMillis) -> bool {
        let row = self.row(item);
        let now = Moment::from(now);
        row.state == State::Live && row.created <= now && row.card.ends_at.is_none_or(|end| end > now)
    }

    /// Notes a reply, wherever in time it belongs.
    pub(crate) fn reply(&mut self, item: ItemIx, reply: Reply) {
        let row = &mut self.rows[item.row()];
        let place = row.replies.partition_point(|other| other.at <= reply.at);
        row.replies.insert(place, reply);
        self.last[item.row()] = self.last[item.row()].max(reply.at);
    }
}
