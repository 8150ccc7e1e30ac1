//! Lists that begin with something other than the member: an item, words, or what the community does now; and the
//! evergreens of a feed.

use anklang_domain::ItemId;

use crate::index::{IndexError, IndexedItem, SearchQuery, TextReader};
use crate::interests::content::cosine;
use crate::rank::features::{Features, Want, measure};
use crate::rank::hot::heat;
use crate::rank::rising::rising;
use crate::rank::score::{Part, Scored};
use crate::recommend::{Ask, ListError, PLACES_MAX};
use crate::views::intern::{ItemIx, TopicIx};

/// Hits taken from the text index.
const HITS_MAX: usize = PLACES_MAX;
/// Evergreens looked for.
const EVERGREENS_MAX: usize = 100;
/// Recently active items looked at for what rises.
const SCANNED_MAX: usize = 4096;
/// How much a surge counts for each power of ten of its improbability.
const RISING_WEIGHT: f32 = 1.0;
/// How much heat counts beside words or likeness.
const HEAT_BESIDE: f32 = 0.1;

fn of_key(ask: &Ask<'_>, key: u64) -> Option<ItemIx> {
    ask.views.catalogue.of_key(key)
}

/// Adds items about the member's tags whatever their age: a feed is not only news.
pub(crate) fn evergreen(ask: &Ask<'_>, index: &TextReader, found: &mut Vec<ItemIx>) -> Result<(), IndexError> {
    if ask.top.is_empty() {
        return Ok(());
    }
    let tags: Vec<(&str, f32)> =
        ask.top.iter().map(|interest| (ask.views.topics.name(interest.tag), interest.gain() as f32)).collect();
    found.extend(index.tags(&tags, EVERGREENS_MAX)?.into_iter().filter_map(|hit| of_key(ask, hit.key)));
    found.sort_unstable();
    found.dedup();
    Ok(())
}

/// What rises now, by how improbable it was; then what is hot.
pub(crate) fn trending(ask: &Ask<'_>) -> Vec<Scored> {
    let catalogue = &ask.views.catalogue;
    let mut active: Vec<ItemIx> =
        catalogue.activity.newest(ask.since, ask.now.into()).take(SCANNED_MAX).map(|sign| sign.item).collect();
    active.sort_unstable();
    active.dedup();
    let measured = active.into_iter().filter_map(|item| measure(ask, item, Want::Any));
    measured
        .filter_map(|features| {
            let mut scored = Scored::new(features);
            if let Some(rising) = rising(ask.views, scored.item(), ask.now) {
                scored.add(Part::Rising, RISING_WEIGHT * rising.strength as f32);
            }
            let heat = scored.features.heat;
            scored.add(Part::Hot, ask.policy.weights.hot * heat);
            let fresh = scored.features.fresh;
            scored.add(Part::Fresh, ask.policy.weights.fresh * fresh);
            (scored.relevance() > 0.0).then_some(scored)
        })
        .collect()
}

/// What is like an item: by words and tags, and by its content vector.
pub(crate) fn related(ask: &Ask<'_>, index: &TextReader, id: Option<&ItemId>) -> Result<Vec<Scored>, ListError> {
    let unknown = || ListError::UnknownItem(id.map_or_else(String::new, ToString::to_string));
    let catalogue = &ask.views.catalogue;
    let item = id.and_then(|id| catalogue.find(id.as_str())).ok_or_else(unknown)?;
    if !catalogue.is_listable(item, ask.now) {
        return Err(unknown());
    }
    let row = catalogue.row(item);
    let tags: Vec<&str> = row.tags.iter().map(|tag| ask.views.topics.name(*tag)).collect();
    let like = IndexedItem {
        title: &row.card.title,
        tags: &tags,
        language: row.card.language.as_deref(),
        kind: row.kind,
        ..IndexedItem::default()
    };
    let hits = index.more_like(&like, Some(catalogue.key(item)), HITS_MAX)?;
    let most = hits.first().map_or(1.0, |hit| hit.score);
    let found = hits.into_iter().filter_map(|hit| Some((of_key(ask, hit.key)?, hit.score / most)));
    let measured = found.filter_map(|(other, words)| {
        let mut features = measure(ask, other, Want::Any)?;
        features.best_tag = shared_tag(ask, item, other);
        Some((features, words))
    });
    Ok(measured.map(|(features, words)| alike(ask, item, features, words)).collect())
}

fn alike(ask: &Ask<'_>, item: ItemIx, features: Features, words: f32) -> Scored {
    let catalogue = &ask.views.catalogue;
    let near = cosine(catalogue.vector(item), catalogue.vector(features.item)).max(0.0);
    let heat = features.heat;
    let mut scored = Scored::new(features);
    scored.add(Part::Similar, words + near);
    scored.add(Part::Hot, HEAT_BESIDE * heat);
    scored
}

/// The rarest tag that two items share.
fn shared_tag(ask: &Ask<'_>, a: ItemIx, b: ItemIx) -> Option<TopicIx> {
    let others = &ask.views.catalogue.row(b).tags;
    let shared = ask.views.catalogue.row(a).tags.iter().filter(|tag| others.contains(tag));
    shared.min_by_key(|tag| (ask.views.topics.row(**tag).items, **tag)).copied()
}

/// What answers the words asked for. What a member muted or wrote themselves is found too: they asked for it.
pub(crate) fn search(ask: &Ask<'_>, index: &TextReader) -> Result<Vec<Scored>, ListError> {
    let words = ask.query.filter(|query| !query.trim().is_empty());
    let Some(words) = words else {
        return Err(ListError::Field { field: "q", what: "give the words to search for, such as q=sourdough" });
    };
    let hits = index.search(&SearchQuery { text: words, kind: ask.kind, category: None }, HITS_MAX)?;
    let found = hits.into_iter().filter_map(|hit| Some((of_key(ask, hit.key)?, hit.score)));
    let measured = found.filter_map(|(item, score)| Some((measure(ask, item, Want::Asked)?, score)));
    Ok(measured
        .map(|(features, score)| {
            let heat = heat(ask.views, features.item, ask.now);
            let mut scored = Scored::new(features);
            scored.add(Part::Text, score);
            scored.add(Part::Hot, HEAT_BESIDE * heat);
            scored
        })
        .collect())
}
