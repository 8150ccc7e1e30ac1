//! Tables of anybody: a row says that a member dealt with an item, perhaps when, and how much it says.
//!
//! CSV with a header (comma, semicolon or tab; plain or gzip), NDJSON of objects, and Parquet.

mod csv;
mod ndjson;
mod parquet;

use std::path::Path;

pub(super) use self::csv::read as read_csv;
pub(super) use self::ndjson::read as read_ndjson;
pub(super) use self::parquet::read as read_parquet;

use serde::{Deserialize, Serialize};

use super::Options;
use super::cell::{Unit, moment, weight};
use super::rows::Rows;
use crate::load::LoadError;

/// Names of columns, where they are not the usual ones. Upper and lower case do not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SetColumns {
    /// Who; usually one of [`MEMBER_NAMES`].
    pub member: Option<String>,
    /// With what; usually one of [`ITEM_NAMES`].
    pub item: Option<String>,
    /// When; usually one of [`AT_NAMES`], and may be absent.
    pub at: Option<String>,
    /// How much it says; usually one of [`WEIGHT_NAMES`], and may be absent.
    pub weight: Option<String>,
}

/// What a column of members is usually called.
pub const MEMBER_NAMES: &[&str] =
    &["member", "member_id", "user", "user_id", "userid", "customer_id", "visitorid", "reviewerid"];
/// What a column of items is usually called.
pub const ITEM_NAMES: &[&str] =
    &["item", "item_id", "itemid", "movieid", "movie_id", "product_id", "parent_asin", "asin", "article_id", "news_id"];
/// What a column of moments is usually called.
pub const AT_NAMES: &[&str] = &["at", "timestamp", "time", "ts", "unixreviewtime", "date"];
/// What a column of weights is usually called.
pub const WEIGHT_NAMES: &[&str] = &["weight", "rating", "value", "overall", "score"];

/// How many columns an error lists.
const LISTED_MAX: usize = 50;

/// One cell for each of the four columns.
type Cells<T> = [T; 4];
const WHAT: Cells<&str> = ["a member", "an item", "a moment", "a weight"];
const MEMBER: usize = 0;
const ITEM: usize = 1;
const AT: usize = 2;
const WEIGHT: usize = 3;

impl SetColumns {
    fn asked(&self) -> Cells<Option<&str>> {
        [&self.member, &self.item, &self.at, &self.weight].map(Option::as_deref)
    }

    /// Which of these columns is what; or which is missing, and what there is.
    fn places(&self, names: &[String]) -> Result<Cells<Option<usize>>, String> {
        let usual = [MEMBER_NAMES, ITEM_NAMES, AT_NAMES, WEIGHT_NAMES];
        let mut places = [None; 4];
        for (what, asked) in self.asked().into_iter().enumerate() {
            let find = |name: &str| names.iter().position(|known| known.trim().eq_ignore_ascii_case(name));
            places[what] = match asked {
                Some(name) => Some(find(name).ok_or_else(|| missing(name, names))?),
                None => usual[what].iter().find_map(|name| find(name)),
            };
            if places[what].is_none() && (what == MEMBER || what == ITEM) {
                return Err(missing(&format!("for {} ({})", WHAT[what], usual[what].join(", ")), names));
            }
        }
        Ok(places)
    }
}

fn missing(name: &str, names: &[String]) -> String {
    let listed = names.iter().take(LISTED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(LISTED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("has no column {name}; it has {listed}{more}. Columns are separated by comma, semicolon or tab")
}

/// Takes rows in, whatever they were read from.
struct Taker {
    rows: Rows,
    unit: Option<Unit>,
    timed: bool,
    weighed: bool,
}

/// What is wrong with one of the four columns.
struct Bad {
    column: usize,
    what: String,
}

impl Taker {
    fn new(options: &Options) -> Self {
        Self { rows: Rows::new(options.weights.unwrap_or_default()), unit: options.unit, timed: false, weighed: false }
    }

    /// Which columns there are decides what every row must have.
    fn expect(&mut self, places: &Cells<Option<usize>>) {
        (self.timed, self.weighed) = (places[AT].is_some(), places[WEIGHT].is_some());
    }

    fn row(&mut self, cells: &Cells<Option<&str>>) -> Result<(), Bad> {
        let cell = |column: usize| {
            let text = cells[column].map(str::trim).filter(|text| !text.is_empty());
            text.ok_or_else(|| Bad { column, what: format!("missing; {} is needed in every row", WHAT[column]) })
        };
        let at = match self.timed {
            true => Some(moment(cell(AT)?, self.unit).map_err(|what| Bad { column: AT, what })?),
            false => None,
        };
        let weight = match self.weighed {
            true => weight(cell(WEIGHT)?).map_err(|what| Bad { column: WEIGHT, what })?,
            false => 1.0,
        };
        self.rows.push(cell(MEMBER)?, cell(ITEM)?, at, weight);
        Ok(())
    }

    fn finish(self, path: &Path) -> Result<Rows, LoadError> {
        if self.rows.is_empty() {
            let what = "has no rows".to_owned();
            return Err(LoadError::Whole { file: path.display().to_string(), what });
        }
        Ok(self.rows)
    }
}

#[cfg(test)]
mod tests;
