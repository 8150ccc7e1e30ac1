//! A simulated community whose truth is known.
//!
//! Members have a few interests each, a time zone, an hour at which they like to visit, and a part to play: most read,
//! some reply, few open discussions. What they see in a visit is a list, mixed from new, popular and old discussions of
//! the whole site and of the topics they care for. Place k of the list is looked at with probability 1/k^η (position
//! bias), what is looked at is opened with the probability that it is relevant to the member, and what was read may be
//! replied to, liked, kept, followed, or waved away. A reply calls back those who take part, who may reply again (a
//! branching process that dies out), and now and then somebody digs up an old discussion, which then is new again.
//!
//! A visit in which nothing was opened leaves a view of the site. A view of an item has `props.position` where it came
//! from a list, and its `value` is the time spent, in seconds.
//!
//! Facts come out one by one in the order of time and are not kept, so a hundred million take no more memory than one;
//! what is kept is 250 bytes a member and 50 a discussion. The same [`Params`] give the same bytes.
//!
//! ```
//! use anklang_datasets::community::{Community, Params};
//! use anklang_domain::{Body, Verb};
//!
//! let params = Params { members: 50, discussions: 100, engagements: 2_000, days: 14, seed: 7, ..Params::default() };
//! let community = Community::new(params.check()?);
//! let truth = community.truth();
//!
//! let mut relevance = Vec::new();
//! for fact in community.facts() {
//!     let Body::Engaged(done) = &fact.body else { continue };
//!     if let (Verb::Viewed, anklang_domain::Target::Item(item)) = (&done.verb, &done.target) {
//!         relevance.extend(truth.relevance(&done.member, item));
//!     }
//! }
//! let mean = relevance.iter().sum::<f64>() / relevance.len() as f64;
//! assert!(mean > truth.relevance_mean(10_000) * 2.0, "people read what suits them");
//! # Ok::<(), anklang_datasets::community::ParamsError>(())
//! ```

mod clock;
mod facts;
mod params;
mod people;
mod site;
mod threads;
mod topics;
mod truth;
mod visit;
mod words;

use anklang_domain::{Stream, stable_hash};

pub use facts::Facts;
pub use params::{DAYS_MAX, DISCUSSIONS_MAX, ENGAGEMENTS_MAX, MEMBERS_MAX, Params, ParamsError, ValidParams};
pub use truth::Truth;

/// A community that could be: its facts and its truth.
#[derive(Debug, Clone)]
pub struct Community {
    params: ValidParams,
}

impl Community {
    /// The community of these parameters. Costs nothing: all work is done as facts are asked for.
    #[must_use]
    pub const fn new(params: ValidParams) -> Self {
        Self { params }
    }

    /// Everything that happens, in the order of time. Ids: members `m0` …, discussions `d0` …; the facts' ids begin with
    /// a mark of the parameters, so two different communities do not collide.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts::of(&self.params)
    }

    /// What only a simulator can know.
    #[must_use]
    pub fn truth(&self) -> Truth {
        Truth::of(&self.params)
    }
}

/// The chance of one thing: independent for every seed, purpose and number.
fn chance(seed: u64, purpose: &str, number: u64) -> Stream {
    Stream::named(seed ^ stable_hash(&number.to_le_bytes()), purpose)
}

#[cfg(test)]
mod tests;
