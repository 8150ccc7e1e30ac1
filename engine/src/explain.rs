//! Reasons: the ledger's largest parts as sentences. A reason cannot say what the score does not.

use crate::list::{Lang, Reason};
use crate::rank::rising::Rising;
use crate::rank::score::{Part, Scored};
use crate::recommend::Ask;
use crate::views::intern::{ItemIx, TopicIx};
use crate::views::members::Mark;
use crate::views::moment::Moment;

/// Reasons given for an entry.
const REASONS_MAX: usize = 3;
/// A part below this share of the largest is no reason.
const SHARE_MIN: f32 = 0.15;
/// A part below this is no reason.
const VALUE_MIN: f32 = 0.05;
/// Replies within this time that make a discussion one that is much discussed.
const DISCUSSED_MIN: usize = 3;
const DISCUSSED_MS: i64 = 7 * anklang_domain::DAY_MS;
/// Freshness above which an item is called new.
const NEW_MIN: f32 = 0.5;

/// Why an entry is in the list, largest part first. A place for something different says so first.
pub(crate) fn reasons(ask: &Ask<'_>, scored: &Scored, discovery: bool, rising: Option<Rising>) -> Vec<Reason> {
    let mut parts: Vec<(Part, f32)> = scored.parts().iter().filter(|(_, value)| *value > 0.0).copied().collect();
    // That it is new says less than why it suits, however much it weighs.
    let late = |part: Part| part == Part::Fresh;
    parts.sort_by(|a, b| late(a.0).cmp(&late(b.0)).then(b.1.total_cmp(&a.1)).then(a.0.cmp(&b.0)));
    let most = parts.first().map_or(0.0, |(_, value)| *value);
    let mut reasons: Vec<Reason> = Vec::with_capacity(REASONS_MAX);
    if discovery {
        reasons.push(reason(ask.lang, Because::Discovery));
    }
    // What is different is not explained by what is known.
    let personal = |part: Part| matches!(part, Part::TagInterest | Part::Neighbour | Part::Taste);
    let told = parts
        .iter()
        .filter(|(part, value)| *value >= (SHARE_MIN * most).max(VALUE_MIN) && !(discovery && personal(*part)));
    reasons.extend(told.filter_map(|(part, _)| because(ask, scored, *part, rising)).map(|b| reason(ask.lang, b)));
    if reasons.is_empty() {
        reasons.push(reason(ask.lang, Because::Active));
    }
    reasons.truncate(REASONS_MAX);
    reasons
}

/// What can be said of an entry.
enum Because<'v> {
    Discovery,
    FollowsTag(&'v str),
    FollowsCategory(&'v str),
    FollowsAuthor(&'v str),
    FollowsItem,
    InterestTag(&'v str),
    DeclaredTag(&'v str),
    Neighbour(&'v str),
    Taste,
    Joined(u32),
    Hot,
    Rising(u32),
    New,
    Active,
    Matches(&'v str),
    Similar(Option<&'v str>),
    People,
}

fn because<'v>(ask: &Ask<'v>, scored: &Scored, part: Part, rising: Option<Rising>) -> Option<Because<'v>> {
    let features = &scored.features;
    let views = ask.views;
    match part {
        Part::TagInterest => features.best_tag.map(|tag| interest(ask, tag)),
        Part::Neighbour => {
            features.medoid.map(|item| title(ask, item)).filter(|title| !title.is_empty()).map(Because::Neighbour)
        }
        Part::Taste => Some(Because::Taste),
        Part::Follows => Some(match features.follows? {
            Mark::Item(_) => Because::FollowsItem,
            Mark::Author(author) => Because::FollowsAuthor(views.members.id(author)),
            Mark::Topic(topic) => match views.topics.row(topic).kind {
                crate::views::topics::TopicKind::Tag => Because::FollowsTag(views.topics.name(topic)),
                crate::views::topics::TopicKind::Category => Because::FollowsCategory(views.topics.name(topic)),
            },
        }),
        Part::Joined => (features.news.replies > 0).then_some(Because::Joined(features.news.replies)),
        Part::Hot => is_discussed(ask, features.item).then_some(Because::Hot),
        Part::Rising => rising.map(|rising| Because::Rising(rising.replies)),
        Part::Fresh => {
            (features.fresh >= NEW_MIN).then_some(if features.news.opened { Because::New } else { Because::Active })
        }
        Part::Text => ask.query.map(Because::Matches),
        Part::Similar => Some(Because::Similar(features.best_tag.map(|tag| views.topics.name(tag)))),
        Part::People => Some(Because::People),
        Part::Language | Part::Impression | Part::Base | Part::Diversity => None,
    }
}

/// Several replies within the last days: liked alone is not discussed.
fn is_discussed(ask: &Ask<'_>, item: ItemIx) -> bool {
    let since = Moment::from(ask.now.plus_ms(-DISCUSSED_MS));
    ask.views.catalogue.row(item).replies_within(since, ask.now.into()).len() >= DISCUSSED_MIN
}

fn interest<'v>(ask: &Ask<'v>, tag: TopicIx) -> Because<'v> {
    let name = ask.views.topics.name(tag);
    if ask.follows.binary_search(&Mark::Topic(tag)).is_ok() {
        return Because::FollowsTag(name);
    }
    let declared = ask.interests.of(tag).is_some_and(|interest| interest.declared);
    if declared { Because::DeclaredTag(name) } else { Because::InterestTag(name) }
}

fn title<'v>(ask: &Ask<'v>, item: ItemIx) -> &'v str {
    &ask.views.catalogue.row(item).card.title
}

/// The sentence of a reason in a language.
fn reason(lang: Lang, because: Because<'_>) -> Reason {
    let de = lang == Lang::De;
    let say = |english: String, german: String| if de { german } else { english };
    let (code, subject, text) = match because {
        Because::Discovery => ("discovery", None, say("Something different".into(), "Mal etwas anderes".into())),
        Because::FollowsTag(tag) => {
            ("follows_tag", Some(tag), say(format!("Because you follow {tag}"), format!("Weil du {tag} folgst")))
        }
        Because::FollowsCategory(name) => (
            "follows_category",
            Some(name),
            say(format!("Because you follow {name}"), format!("Weil du {name} folgst")),
        ),
        Because::FollowsAuthor(name) => {
            ("follows_author", Some(name), say(format!("Because you follow {name}"), format!("Weil du {name} folgst")))
        }
        Because::FollowsItem => {
            ("follows_item", None, say("You follow this discussion".into(), "Du folgst dieser Diskussion".into()))
        }
        Because::InterestTag(tag) => (
            "interest_tag",
            Some(tag),
            say(format!("Because you are often in {tag}"), format!("Weil du oft in „{tag}“ unterwegs bist")),
        ),
        Because::DeclaredTag(tag) => {
            ("declared_tag", Some(tag), say(format!("Because you chose {tag}"), format!("Weil du {tag} gewählt hast")))
        }
        Because::Neighbour(title) => (
            "neighbour",
            Some(title),
            say(format!("Because you were in “{title}”"), format!("Weil du bei „{title}“ warst")),
        ),
        Because::Taste => (
            "taste",
            None,
            say(
                "Members with interests like yours are in it".into(),
                "Mitglieder mit ähnlichen Interessen sind dabei".into(),
            ),
        ),
        Because::Joined(replies) => ("joined", None, joined(replies, de)),
        Because::Hot => ("hot", None, say("Much discussed right now".into(), "Gerade viel diskutiert".into())),
        Because::Rising(replies) => (
            "rising",
            None,
            say(
                format!("Rising now: {replies} replies within a day"),
                format!("Gerade im Kommen: {replies} Antworten an einem Tag"),
            ),
        ),
        Because::New => ("new", None, say("New".into(), "Neu".into())),
        Because::Active => ("active", None, say("Active in the community".into(), "Aktiv in der Community".into())),
        Because::Matches(query) => {
            ("matches", Some(query), say(format!("Matches “{query}”"), format!("Passt zu „{query}“")))
        }
        Because::Similar(Some(tag)) => {
            ("similar", Some(tag), say(format!("Also about {tag}"), format!("Auch über {tag}")))
        }
        Because::People => (
            "people",
            None,
            say(
                "With people you have met in discussions".into(),
                "Mit Leuten, denen du in Diskussionen begegnet bist".into(),
            ),
        ),
        Because::Similar(None) => {
            ("similar", None, say("On a similar subject".into(), "Zu einem ähnlichen Thema".into()))
        }
    };
    Reason { code, subject: subject.map(str::to_owned), text }
}

fn joined(replies: u32, german: bool) -> String {
    match (replies, german) {
        (1, false) => "1 new reply in a discussion you joined".into(),
        (1, true) => "1 neue Antwort in einer Diskussion, an der du teilnimmst".into(),
        (n, false) => format!("{n} new replies in a discussion you joined"),
        (n, true) => format!("{n} neue Antworten in einer Diskussion, an der du teilnimmst"),
    }
}
