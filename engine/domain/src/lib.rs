//! The shared words of Anklang: ids, moments, facts, items, members, conditions and checked numbers.
//!
//! Everything else in the workspace speaks in these types, so this package depends on nothing but serde, jiff (for
//! RFC 3339), regex (for conditions) and thiserror, and does no I/O. A value that exists has been checked: there is no
//! `ItemId` that is empty and no [`Share`] of 1.2.
//!
//! ```
//! use anklang_domain::{Body, Engagement, Fact, Target, Verb};
//!
//! let line = r#"{"id":"f1","at":"2018-08-15T09:00:00Z","type":"engaged","member":"ana","verb":"replied","item":"42"}"#;
//! let fact: Fact = serde_json::from_str(line).expect("a fact");
//! let Body::Engaged(Engagement { verb, target, .. }) = &fact.body else { panic!("not an engagement") };
//! assert_eq!(*verb, Verb::Replied);
//! assert!(matches!(target, Target::Item(id) if id.as_str() == "42"));
//! ```

mod condition;
mod fact;
mod id;
mod item;
mod member;
mod number;
mod seed;
mod time;

pub use condition::{
    CONDITION_DEPTH_MAX, CONDITION_LIST_MAX, CONDITION_NODES_MAX, CONDITION_PATTERN_CHARS_MAX, Condition,
    ConditionError, SavedGroups,
};
/// What JavaScript makes of values, so that others come to the same answers as the SDKs that run on it.
pub mod javascript {
    pub use crate::condition::pattern::regex;
    pub use crate::condition::script::{to_json, to_number, to_text, truthy};
}
pub use fact::{
    Body, Configuration, Engagement, Exposure, Fact, ItemRemoved, ListKind, MemberAliased, MemberErased, MessageEvent,
    Preference, Props, SiteMark, Slate, SlateEntry, Target, Verb,
};
pub use id::{FactId, ID_BYTES_MAX, IdError, ItemId, MemberId};
pub use item::{Item, Kind, Level};
pub use member::{MemberPut, Traits};
pub use number::{NumberError, Propensity, Score, Share};
pub use seed::{Stream, stable_hash};
pub use time::{DAY_MS, HOUR_MS, TimeError, UnixMillis};
