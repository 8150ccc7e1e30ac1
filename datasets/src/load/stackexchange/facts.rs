//! The second reading: a row as the fact it says.

use anklang_domain::{
    Body, Engagement, Fact, FactId, IdError, Item, ItemId, MemberId, MemberPut, Props, Target, Traits, Verb,
    stable_hash,
};

use super::rows::Row;
use super::scan::{Entry, Kind, Scan};
use crate::load::{LoadError, text_of_html};

/// The fact of a row. `scan` knows the posts, `site` makes addresses.
pub(super) fn fact(scan: &Scan, site: Option<&str>, entry: &Entry, row: &Row<'_>) -> Result<Fact, LoadError> {
    let body = match entry.kind {
        Kind::User => user(entry, row)?,
        Kind::Question => question(site, entry, row)?,
        Kind::Answer => answer(scan, entry, row)?,
        Kind::Comment => comment(scan, entry, row)?,
        Kind::Badge => badge(row)?,
        Kind::Favourite => vote(scan, row, Verb::Bookmarked)?,
        Kind::Accepted => vote(scan, row, Verb::Custom("accepted_answer".to_owned()))?,
        Kind::Bounty => vote(scan, row, Verb::Custom("offered_bounty".to_owned()))?,
    };
    let id = FactId::parse(&fact_id(entry, row)?).map_err(|error| row.bad("Id", error.to_string()))?;
    Ok(Fact { id, at: entry.at, received_at: None, source: "import:stackexchange".to_owned(), body })
}

/// The row's kind, id and creation time: the same in every dump of a site, and never those of another site.
fn fact_id(entry: &Entry, row: &Row<'_>) -> Result<String, LoadError> {
    let (letter, id, at) = (letter(entry.kind), entry.id, base36(entry.at.ms()));
    match entry.kind {
        // A vote's time is only a day, so the post has to help.
        Kind::Favourite | Kind::Accepted | Kind::Bounty => {
            Ok(format!("se:{letter}{id}:{at}:{}", row.needed_number("PostId")?))
        }
        // An edited question is put anew by a later dump.
        Kind::Question if row.text("LastEditDate")?.is_some() => {
            Ok(format!("se:{letter}{id}:{at}:{}", base36(row.needed_time("LastEditDate")?.ms())))
        }
        Kind::User | Kind::Question | Kind::Answer | Kind::Comment | Kind::Badge => Ok(format!("se:{letter}{id}:{at}")),
    }
}

const fn letter(kind: Kind) -> char {
    match kind {
        Kind::User => 'u',
        Kind::Question => 'q',
        Kind::Answer => 'a',
        Kind::Comment => 'c',
        Kind::Badge => 'b',
        Kind::Favourite | Kind::Accepted | Kind::Bounty => 'v',
    }
}

fn base36(number: i64) -> String {
    let mut rest = number.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit((rest % 36) as u32, 36).unwrap_or('0'));
        rest /= 36;
        if rest == 0 {
            return digits.iter().rev().collect();
        }
    }
}

fn user(entry: &Entry, row: &Row<'_>) -> Result<Body, LoadError> {
    let mut traits = Traits::new();
    put_text(&mut traits, "name", row.text("DisplayName")?);
    traits.insert("joined_at".to_owned(), entry.at.to_string().into());
    put_text(&mut traits, "about", row.text("AboutMe")?.map(|html| text_of_html(&html)));
    Ok(Body::MemberPut(MemberPut { member: member(row, "Id", entry.id)?, traits }))
}

fn question(site: Option<&str>, entry: &Entry, row: &Row<'_>) -> Result<Body, LoadError> {
    let mut item = Item::bare(item(row, entry.id)?);
    item.title = row.text("Title")?.map(|title| text_of_html(&title)).unwrap_or_default();
    item.body = row.text("Body")?.map(|html| text_of_html(&html)).unwrap_or_default();
    item.tags = row.text("Tags")?.map(|tags| tags_of(&tags)).unwrap_or_default();
    item.author = match row.number("OwnerUserId")? {
        Some(owner) if owner > 0 => Some(member(row, "OwnerUserId", owner)?),
        Some(_) | None => None,
    };
    item.created_at = Some(entry.at);
    item.url = site.map(|host| format!("https://{host}/questions/{}", entry.id));
    Ok(Body::ItemPut { item: Box::new(item) })
}

/// Tags in either spelling: `<a><b>` or `|a|b|`.
fn tags_of(text: &str) -> Vec<String> {
    let tags = text.split(['<', '>', '|']).map(str::trim);
    tags.filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

fn answer(scan: &Scan, entry: &Entry, row: &Row<'_>) -> Result<Body, LoadError> {
    let question = question_of(scan, row, "ParentId", entry.id)?;
    let mut props = Props::new();
    props.insert("answer".to_owned(), entry.id.to_string().into());
    put_text(&mut props, "text", row.text("Body")?.map(|html| text_of_html(&html)));
    let who = someone(row, "OwnerUserId", "OwnerDisplayName", question, entry)?;
    engaged(row, who, Verb::Replied, question, None, props)
}

fn comment(scan: &Scan, entry: &Entry, row: &Row<'_>) -> Result<Body, LoadError> {
    let post = row.needed_number("PostId")?;
    let question = question_of(scan, row, "PostId", post)?;
    let mut props = Props::new();
    props.insert("comment".to_owned(), entry.id.to_string().into());
    if post != question {
        props.insert("answer".to_owned(), post.to_string().into());
    }
    // A comment is written in a kind of Markdown, not in HTML: it stands as it was typed.
    put_text(&mut props, "text", row.text("Text")?);
    let who = someone(row, "UserId", "UserDisplayName", question, entry)?;
    engaged(row, who, Verb::Replied, question, None, props)
}

fn badge(row: &Row<'_>) -> Result<Body, LoadError> {
    let mut props = Props::new();
    put_text(&mut props, "badge", row.text("Name")?);
    let member = member(row, "UserId", row.needed_number("UserId")?)?;
    let verb = Verb::Custom("earned_badge".to_owned());
    Ok(Body::Engaged(Engagement { member, verb, target: Target::SITE, value: None, props }))
}

fn vote(scan: &Scan, row: &Row<'_>, verb: Verb) -> Result<Body, LoadError> {
    let post = row.needed_number("PostId")?;
    let (question, owner) = scan.question_of(post).ok_or_else(|| row.bad("PostId", "is not in the dump".to_owned()))?;
    let voter = match verb == Verb::Custom("accepted_answer".to_owned()) {
        true => owner.ok_or_else(|| row.bad("PostId", "its question has no owner".to_owned()))?,
        false => row.needed_number("UserId")?,
    };
    let mut props = Props::new();
    props.insert("precision".to_owned(), "day".into());
    if post != question {
        props.insert("answer".to_owned(), post.to_string().into());
    }
    let value = row.number("BountyAmount")?.map(|amount| amount as f64);
    engaged(row, member(row, "UserId", voter)?, verb, question, value, props)
}

fn engaged(
    row: &Row<'_>,
    member: MemberId,
    verb: Verb,
    question: i64,
    value: Option<f64>,
    props: Props,
) -> Result<Body, LoadError> {
    let target = Target::Item(item(row, question)?);
    Ok(Body::Engaged(Engagement { member, verb, target, value, props }))
}

fn question_of(scan: &Scan, row: &Row<'_>, field: &str, post: i64) -> Result<i64, LoadError> {
    let question = scan.question_of(post).map(|(question, _)| question);
    question.ok_or_else(|| row.bad(field, format!("the question of post {post} is not in the dump")))
}

/// Who wrote a reply; for who is gone, an id that is good for this question only.
fn someone(row: &Row<'_>, id: &str, name: &str, question: i64, entry: &Entry) -> Result<MemberId, LoadError> {
    if let Some(user) = row.number(id)?.filter(|user| *user > 0) {
        return member(row, id, user);
    }
    let who = match row.text(name)?.filter(|name| !name.trim().is_empty()) {
        Some(name) => format!("{:08x}", stable_hash(format!("{question}:{name}").as_bytes()) >> 32),
        None => format!("{}{}", letter(entry.kind), entry.id),
    };
    MemberId::parse(&format!("deleted:{question}:{who}")).map_err(|error| bad_id(row, id, &error))
}

fn member(row: &Row<'_>, field: &str, id: i64) -> Result<MemberId, LoadError> {
    MemberId::parse(&id.to_string()).map_err(|error| bad_id(row, field, &error))
}

fn item(row: &Row<'_>, id: i64) -> Result<ItemId, LoadError> {
    ItemId::parse(&id.to_string()).map_err(|error| bad_id(row, "Id", &error))
}

fn bad_id(row: &Row<'_>, field: &str, error: &IdError) -> LoadError {
    row.bad(field, error.to_string())
}

fn put_text(props: &mut Props, name: &str, text: Option<String>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        props.insert(name.to_owned(), text.into());
    }
}
