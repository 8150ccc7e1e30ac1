//! What members care about: tags with decay, content vectors of items, and several interests per member.

pub(crate) mod content;
pub(crate) mod medoids;
pub(crate) mod profile;
