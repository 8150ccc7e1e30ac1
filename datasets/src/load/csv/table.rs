//! The columns of a table and what they mean.

use std::collections::HashMap;

use anklang_domain::{
    Body, Engagement, Fact, FactId, Item, ItemId, Kind, MemberId, Props, Target, UnixMillis, Verb, stable_hash,
};
use csv::StringRecord;

use super::COLUMNS_MAX;

/// Names of columns, where they are not the usual ones. Upper and lower case do not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    /// Who did it.
    pub member: Option<String>,
    /// To which item; in a table of items, the item's id.
    pub item: Option<String>,
    /// What was done.
    pub verb: Option<String>,
    /// When; in a table of items, when it was opened.
    pub at: Option<String>,
    /// A number that goes with it.
    pub value: Option<String>,
    /// The fact's id.
    pub id: Option<String>,
}

/// A field's name, and what is wrong with it.
pub(super) type Bad = (String, String);

/// Numbers below this are seconds since 1970 (until the year 5138), others milliseconds (from 1973 on).
const SECONDS_BELOW: f64 = 1e11;

pub(super) struct Table {
    names: Vec<String>,
    kind: TableKind,
    /// Columns without a meaning, kept as props.
    others: Vec<usize>,
}

enum TableKind {
    Engagements(EngagementColumns),
    Items(Box<ItemColumns>),
}

struct EngagementColumns {
    member: usize,
    item: usize,
    verb: Option<usize>,
    at: Option<usize>,
    value: Option<usize>,
    id: Option<usize>,
}

struct ItemColumns {
    item: usize,
    title: usize,
    body: Option<usize>,
    tags: Option<usize>,
    category: Option<usize>,
    author: Option<usize>,
    at: Option<usize>,
    language: Option<usize>,
    kind: Option<usize>,
    url: Option<usize>,
}

impl Table {
    pub(super) fn of(header: &StringRecord, columns: &Columns) -> Result<Self, Bad> {
        let names: Vec<String> = header.iter().map(str::to_lowercase).collect();
        if names.len() > COLUMNS_MAX {
            return Err(bad("(the header)", format!("has {} columns; at most {COLUMNS_MAX} are taken", names.len())));
        }
        let mut finder = Finder { names: &names, used: Vec::new() };
        let kind = if names.iter().any(|name| name == "title") {
            TableKind::Items(Box::new(ItemColumns {
                item: finder.needed(columns.item.as_deref(), &["id", "item", "item_id"])?,
                title: finder.needed(None, &["title"])?,
                body: finder.find(None, &["body", "text"])?,
                tags: finder.find(None, &["tags"])?,
                category: finder.find(None, &["category"])?,
                author: finder.find(columns.member.as_deref(), &["author", "author_id"])?,
                at: finder.find(columns.at.as_deref(), &["created_at", "at", "timestamp", "time"])?,
                language: finder.find(None, &["language", "lang"])?,
                kind: finder.find(None, &["kind"])?,
                url: finder.find(None, &["url"])?,
            }))
        } else {
            TableKind::Engagements(EngagementColumns {
                member: finder.needed(columns.member.as_deref(), &["member", "user", "member_id", "user_id"])?,
                item: finder.needed(columns.item.as_deref(), &["item", "item_id"])?,
                verb: finder.find(columns.verb.as_deref(), &["verb", "event"])?,
                at: finder.find(columns.at.as_deref(), &["at", "timestamp", "time"])?,
                value: finder.find(columns.value.as_deref(), &["value"])?,
                id: finder.find(columns.id.as_deref(), &["id"])?,
            })
        };
        let others = (0..names.len()).filter(|column| !finder.used.contains(column)).collect();
        Ok(Self { names, kind, others })
    }

    /// The fact of a row; `seen` counts rows of the same content.
    pub(super) fn fact(
        &self,
        row: &StringRecord,
        at: Option<UnixMillis>,
        seen: &mut HashMap<u64, u32>,
    ) -> Result<Fact, Bad> {
        let row = Row { names: &self.names, row };
        let (id, at, body) = match &self.kind {
            TableKind::Engagements(columns) => {
                (row.text(columns.id), row.time(columns.at, at)?, self.engagement(columns, &row)?)
            }
            TableKind::Items(columns) => (None, row.time(columns.at, at)?, self.item(columns, &row, at)?),
        };
        let id = match id {
            Some(id) => id.to_owned(),
            None => content_id(row.row, seen),
        };
        let id = FactId::parse(&id).map_err(|error| bad("id", error.to_string()))?;
        Ok(Fact { id, at, received_at: None, source: "import:csv".to_owned(), body })
    }

    fn engagement(&self, columns: &EngagementColumns, row: &Row<'_>) -> Result<Body, Bad> {
        Ok(Body::Engaged(Engagement {
            member: row.parse(columns.member, MemberId::parse)?,
            verb: row.text(columns.verb).map_or(Verb::Viewed, Verb::named),
            target: Target::Item(row.parse(columns.item, ItemId::parse)?),
            value: row.number(columns.value)?,
            props: self.props(row),
        }))
    }

    fn item(&self, columns: &ItemColumns, row: &Row<'_>, at: Option<UnixMillis>) -> Result<Body, Bad> {
        let text = |column| row.text(column).map(str::to_owned);
        let mut item = Item::bare(row.parse(columns.item, ItemId::parse)?);
        item.title = text(Some(columns.title)).unwrap_or_default();
        item.body = text(columns.body).unwrap_or_default();
        item.tags = row.text(columns.tags).map(tags_of).unwrap_or_default();
        item.category = text(columns.category);
        item.language = text(columns.language);
        item.url = text(columns.url);
        item.created_at = Some(row.time(columns.at, at)?);
        if let Some(author) = columns.author.filter(|author| row.text(Some(*author)).is_some()) {
            item.author = Some(row.parse(author, MemberId::parse)?);
        }
        if let Some(kind) = row.text(columns.kind) {
            let known = Kind::ALL.map(Kind::as_str).join(", ");
            item.kind = Kind::parse(kind).ok_or_else(|| bad("kind", format!("{kind:?} is none of {known}")))?;
        }
        item.props = self.props(row);
        Ok(Body::ItemPut { item: Box::new(item) })
    }

    fn props(&self, row: &Row<'_>) -> Props {
        let kept = self.others.iter().filter_map(|column| {
            let text = row.text(Some(*column))?;
            Some((self.names[*column].clone(), text.into()))
        });
        kept.collect()
    }
}

struct Finder<'a> {
    names: &'a [String],
    used: Vec<usize>,
}

impl Finder<'_> {
    /// The column of the name that was asked for, else of the first usual name that is there.
    fn find(&mut self, asked: Option<&str>, usual: &[&str]) -> Result<Option<usize>, Bad> {
        let place = |name: &str| self.names.iter().position(|known| known == name);
        let found = match asked {
            Some(name) => Some(place(&name.to_lowercase()).ok_or_else(|| self.missing(name))?),
            None => usual.iter().find_map(|name| place(name)).filter(|column| !self.used.contains(column)),
        };
        self.used.extend(found);
        Ok(found)
    }

    fn needed(&mut self, asked: Option<&str>, usual: &[&str]) -> Result<usize, Bad> {
        self.find(asked, usual)?.ok_or_else(|| self.missing(&usual.join(" or ")))
    }

    fn missing(&self, name: &str) -> Bad {
        bad("(the header)", format!("has no column {name}; it has {}", self.names.join(", ")))
    }
}

struct Row<'a> {
    names: &'a [String],
    row: &'a StringRecord,
}

impl<'a> Row<'a> {
    /// The text of a column; none where there is no such column, or nothing in it.
    fn text(&self, column: Option<usize>) -> Option<&'a str> {
        self.row.get(column?).map(str::trim).filter(|text| !text.is_empty())
    }

    fn parse<T, E: std::fmt::Display>(&self, column: usize, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, Bad> {
        parse(self.row.get(column).unwrap_or_default()).map_err(|error| (self.names[column].clone(), error.to_string()))
    }

    fn number(&self, column: Option<usize>) -> Result<Option<f64>, Bad> {
        let Some((column, text)) = column.zip(self.text(column)) else { return Ok(None) };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            Ok(_) | Err(_) => Err((self.names[column].clone(), format!("{:?} is not a number", shortened(text)))),
        }
    }

    fn time(&self, column: Option<usize>, otherwise: Option<UnixMillis>) -> Result<UnixMillis, Bad> {
        let Some((column, text)) = column.zip(self.text(column)) else {
            let name = column.map_or("at", |column| &self.names[column]);
            return otherwise.ok_or_else(|| bad(name, "missing; name the column of times, or give one".to_owned()));
        };
        let moment = match text.parse::<f64>() {
            Ok(number) if number.abs() < SECONDS_BELOW => UnixMillis::new((number * 1000.0).round() as i64),
            Ok(number) if number.is_finite() => UnixMillis::new(number as i64),
            Ok(_) | Err(_) => UnixMillis::parse(text),
        };
        moment
            .map_err(|error| (self.names[column].clone(), format!("{error}, nor a number of seconds or milliseconds")))
    }
}

/// Tags between `|`, else `;`, else `,`; `<a><b>` is taken too.
fn tags_of(text: &str) -> Vec<String> {
    let separators: &[char] = if text.contains(['|', '<']) {
        &['|', '<', '>']
    } else if text.contains(';') {
        &[';']
    } else {
        &[',']
    };
    text.split(separators).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// An id from the row's content, and how often that content came before.
fn content_id(row: &StringRecord, seen: &mut HashMap<u64, u32>) -> String {
    // Lengths keep "a","bc" and "ab","c" apart.
    let content: String = row.iter().map(|field| format!("{}:{field}", field.len())).collect();
    let hash = stable_hash(content.as_bytes());
    let before = seen.entry(hash).or_default();
    let id = format!("csv:{hash:016x}{:016x}:{before}", stable_hash(format!("second {content}").as_bytes()));
    *before += 1;
    id
}

fn bad(field: &str, what: String) -> Bad {
    (field.to_owned(), what)
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(64)]
}
