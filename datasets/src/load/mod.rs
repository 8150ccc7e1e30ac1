//! Other people's files, as facts; and, by [`load()`], as data sets for models.
//!
//! Every loader of facts is an iterator over `Result<Fact, LoadError>` that keeps a [`Report`] and a [`Progress`]: see [`Load`].
//! The facts before a mistake are delivered before the mistake is.
//!
//! ```
//! use anklang_datasets::load::{Load, LoadError, Ndjson};
//! use anklang_domain::Fact;
//!
//! /// Appends what a file says, whatever kind of file it is.
//! fn import(mut source: impl Load, mut append: impl FnMut(Fact)) -> (u64, Option<LoadError>) {
//!     let mut first_error = None;
//!     while let Some(read) = source.next() {
//!         match read {
//!             Ok(fact) => append(fact),
//!             Err(error) => first_error = first_error.or(Some(error)),
//!         }
//!         let _percent = source.progress().share().map(|share| share * 100.0);
//!     }
//!     (source.report().facts_total(), first_error)
//! }
//!
//! let file = std::io::Cursor::new("{}\n");
//! let (facts, error) = import(Ndjson::of("facts.ndjson", file)?, |_| {});
//! assert_eq!((facts, error.map(|error| error.to_string()).as_deref()), (0, Some("facts.ndjson:1: field \"id\": missing")));
//! # Ok::<(), LoadError>(())
//! ```

mod csv;
mod error;
mod lines;
mod ndjson;
mod sets;
pub mod stackexchange;
mod text;

use std::collections::BTreeMap;

use anklang_domain::{Body, Fact};

pub use self::csv::{COLUMNS_MAX, Columns, Csv};
pub use error::{LoadError, Place};
pub use lines::LINE_BYTES_MAX;
pub use ndjson::Ndjson;
pub use sets::{
    AT_NAMES, ATTRIBUTES_BYTES_MAX, BEHAVIOR_BYTES_MAX, CATALOGUE, Format, INTERESTED_WEIGHT, ITEM_NAMES, Known,
    MEMBER_NAMES, Match, NUMBERS_LINE_BYTES_MAX, Options, RATING_MIN, REPLIED_WEIGHT, SetColumns, Shape, Unit,
    WEIGHT_NAMES, Weights, checksum, load,
};
pub use text::{HTML_BYTES_MAX, text_of_html};

/// How many errors a report keeps word for word; the others are only counted.
pub const ERRORS_KEPT_MAX: usize = 100;

/// Something that facts come out of.
pub trait Load: Iterator<Item = Result<Fact, LoadError>> {
    /// What was read so far, what was left out and why.
    fn report(&self) -> &Report;

    /// How far the reading is.
    fn progress(&self) -> Progress;
}

/// What to do about a bad line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnBad {
    /// Say so and read no further.
    #[default]
    Stop,
    /// Say so and go on with the next line.
    GoOn,
}

/// How much of the input was read, in bytes as they lie on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Read so far.
    pub bytes_read: u64,
    /// All there is; 0 where that is not known.
    pub bytes_total: u64,
}

impl Progress {
    /// The part that was read, from 0 to 1; none where the whole is not known.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.bytes_total > 0).then(|| (self.bytes_read as f64 / self.bytes_total as f64).min(1.0))
    }
}

/// What became of an input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Facts delivered, by what they say: `questions`, `item_put`, `engaged:viewed` …
    pub facts: BTreeMap<String, u64>,
    /// Rows that were left out although nothing is wrong with them, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Files that could have been there and were not.
    pub missing: Vec<String>,
    /// The first [`ERRORS_KEPT_MAX`] errors.
    pub errors: Vec<LoadError>,
    /// All errors.
    pub errors_total: u64,
}

impl Report {
    /// Facts delivered in all.
    #[must_use]
    pub fn facts_total(&self) -> u64 {
        self.facts.values().sum()
    }

    /// Rows left out in all.
    #[must_use]
    pub fn skipped_total(&self) -> u64 {
        self.skipped.values().sum()
    }

    pub(crate) fn count(&mut self, what: &str) {
        add_one(&mut self.facts, what);
    }

    pub(crate) fn count_fact(&mut self, fact: &Fact) {
        match &fact.body {
            Body::Engaged(engagement) => self.count(&format!("engaged:{}", engagement.verb.as_str())),
            Body::ItemPut { .. } => self.count("item_put"),
            Body::ItemRemoved(_) => self.count("item_removed"),
            Body::MemberPut(_) => self.count("member_put"),
            Body::MemberAliased(_) => self.count("member_aliased"),
            Body::MemberErased(_) => self.count("member_erased"),
            Body::Served(_) => self.count("served"),
            Body::Exposed(_) => self.count("exposed"),
            Body::PreferenceSet(_) => self.count("preference_set"),
            Body::Configured(_) => self.count("configured"),
            Body::Message(_) => self.count("message"),
        }
    }

    pub(crate) fn skip(&mut self, reason: &str) {
        add_one(&mut self.skipped, reason);
    }

    /// Counts what was read of a file of lines; whether reading ends with it.
    pub(crate) fn read(&mut self, read: Option<&Result<Fact, LoadError>>, on_bad: OnBad) -> bool {
        match read {
            Some(Ok(fact)) => {
                self.count_fact(fact);
                false
            }
            Some(Err(error)) => {
                self.fail(error);
                on_bad == OnBad::Stop || error.ends_file()
            }
            None => true,
        }
    }

    pub(crate) fn fail(&mut self, error: &LoadError) {
        self.errors_total += 1;
        if self.errors.len() < ERRORS_KEPT_MAX {
            self.errors.push(error.clone());
        }
    }
}

fn add_one(counts: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count += 1;
    } else {
        counts.insert(name.to_owned(), 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loaders_can_move_to_a_thread_of_their_own() {
        fn check<T: Load + Send>() {}
        check::<Ndjson>();
        check::<Csv>();
        check::<stackexchange::StackExchange>();
    }
}
