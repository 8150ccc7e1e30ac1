//! Choosing a list from what scored well, so that one topic or author does not fill it.
//!
//! Greedy: each place goes to the candidate whose score is best after what stands above is held against it: nearness in
//! content (maximal marginal relevance, Carbonell and Goldstein 1998), the same author again (the factor
//! .75·½^k + .25 for the k-th), and a tag that has its share of the list already. What is held against it is a part of the
//! ledger like any other.

use anklang_domain::{Propensity, Stream};

use crate::interests::content::cosine;
use crate::list::LIMIT_DEFAULT;
use crate::rank::score::{Part, Scored};
use crate::recommend::Ask;
use crate::views::intern::TopicIx;

/// Held against a candidate for each tag that has had its share.
const TAG_OVERUSE: f32 = 1.0;
/// How much more of a list than of the community a tag may have.
const COMMON_FACTOR: f32 = 1.5;
/// Candidates among which the different one is drawn.
const DISCOVERY_POOL: usize = 12;
/// Candidates that take turns by their circle of interest.
const TURNS_MAX: usize = 5 * DISCOVERY_POOL;
/// How much better a candidate must score to be drawn e times as often.
const DISCOVERY_TEMPERATURE: f64 = 0.25;

/// An entry with its place's chance.
pub(crate) struct Placed {
    pub(crate) scored: Scored,
    pub(crate) propensity: Propensity,
    pub(crate) discovery: bool,
}

/// The first `count` places; `ranked` is best first. A longer list begins as a shorter one does, so that pages fit.
pub(crate) fn diversify(ask: &Ask<'_>, mut ranked: Vec<Scored>, count: usize) -> Vec<Scored> {
    let mut chosen: Vec<Scored> = Vec::with_capacity(count);
    while chosen.len() < count && !ranked.is_empty() {
        let mut best = (0, f32::NEG_INFINITY, 0.0);
        for (place, candidate) in ranked.iter().enumerate() {
            let score = candidate.score();
            if score <= best.1 {
                break; // what follows scores less even before anything is held against it
            }
            let against = redundancy(ask, candidate, &chosen);
            if score - against > best.1 {
                best = (place, score - against, against);
            }
        }
        let mut next = ranked.remove(best.0);
        next.add(Part::Diversity, -best.2);
        chosen.push(next);
    }
    chosen
}

fn redundancy(ask: &Ask<'_>, candidate: &Scored, chosen: &[Scored]) -> f32 {
    let catalogue = &ask.views.catalogue;
    let (row, vector) = (catalogue.row(candidate.item()), catalogue.vector(candidate.item()));
    let score = candidate.score().max(0.0);
    let nearest = chosen.iter().map(|other| cosine(catalogue.vector(other.item()), vector)).fold(0.0, f32::max);
    let again = chosen.iter().filter(|o| row.author.is_some() && catalogue.row(o.item()).author == row.author).count();
    let length = LIMIT_DEFAULT.max(chosen.len() + 1);
    let has = |other: &Scored, tag: TopicIx| catalogue.row(other.item()).tags.contains(&tag);
    // What half of the community is about may fill more of a list than the policy's share.
    let common = |tag: TopicIx| ask.views.topics.row(tag).items as f32 / catalogue.live.max(1) as f32;
    let share = |tag: TopicIx| ask.policy.tag_share_max.max(COMMON_FACTOR * common(tag)).min(1.0);
    let tag_max = |tag: TopicIx| (share(tag) * length as f32).ceil().max(1.0) as usize;
    let uses = |tag: TopicIx| chosen.iter().filter(|other| has(other, tag)).count();
    let overused = row.tags.iter().filter(|tag| uses(**tag) >= tag_max(**tag)).count();
    let author = score * (1.0 - (0.75 * 0.5_f32.powi(again as i32) + 0.25));
    ask.policy.diversity * 0.5 * score * nearest.max(0.0) + author + TAG_OVERUSE * overused as f32
}

/// Gives some of the places to something different: candidates with none of the member's top tags, drawn by how well they
/// do in the community, labelled, and with the chance of each draw. With a share of a tenth, the last place of each ten is
/// theirs; a list that is shorter ends with one.
pub(crate) fn with_discovery(ask: &Ask<'_>, chosen: Vec<Scored>, pool: &[Scored], count: usize) -> Vec<Placed> {
    let every = (1.0 / ask.policy.discovery_share).round().max(1.0) as usize;
    let personal = !ask.top.is_empty() && ask.policy.discovery_share > 0.0;
    let open = |scored: &Scored| scored.score() - scored.features.neighbour - scored.features.taste;
    let outside = pool.iter().filter(|scored| personal && is_different(ask, scored));
    let mut different: Vec<(f32, &Scored)> = outside.map(|scored| (open(scored), scored)).collect();
    different.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.item().cmp(&b.1.item())));
    let different = different.into_iter().map(|(_, scored)| scored).collect();
    let mut different = by_turns(different, |scored| circle(ask, scored));
    let mut stream = Stream::named(ask.seed, "discovery");
    let mut list: Vec<Placed> = Vec::with_capacity(count);
    let mut rest = chosen.into_iter().peekable();
    while list.len() < count {
        while rest.next_if(|scored| is_placed(&list, scored)).is_some() {}
        let ends = rest.peek().is_none();
        let theirs =
            if ends { !list.last().is_some_and(|last| last.discovery) } else { (list.len() + 1).is_multiple_of(every) };
        different.retain(|scored| !is_placed(&list, scored));
        let drawn = if theirs { discover(&different, &mut stream) } else { None };
        match drawn.or_else(|| rest.next().map(certain)) {
            Some(placed) => list.push(placed),
            None => break,
        }
    }
    list
}

fn is_placed(list: &[Placed], scored: &Scored) -> bool {
    list.iter().any(|placed| placed.scored.item() == scored.item())
}

/// A place that chance had no part in.
pub(crate) fn certain(scored: Scored) -> Placed {
    Placed { scored, propensity: Propensity::CERTAIN, discovery: false }
}

/// The circle of interest that an item belongs to, where circles are known.
fn circle(ask: &Ask<'_>, scored: &Scored) -> Option<usize> {
    ask.learned.groups.as_ref()?.of_item(ask.views.catalogue.vector(scored.item()))
}

/// The best of each circle first, then the second of each, so that what is drawn from is not all of one circle: who
/// explores is to see what there is. Without circles the order stays.
fn by_turns<T>(ranked: Vec<T>, circle: impl Fn(&T) -> Option<usize>) -> Vec<T> {
    let mut taken: Vec<usize> = Vec::new();
    let mut turns: Vec<(usize, T)> = Vec::with_capacity(ranked.len());
    for (place, one) in ranked.into_iter().enumerate() {
        // Only the front is drawn from.
        let turn = match circle(&one).filter(|_| place < TURNS_MAX) {
            None => turns.iter().map(|(turn, _)| *turn).max().unwrap_or(0),
            Some(circle) => {
                taken.resize(taken.len().max(circle + 1), 0);
                taken[circle] += 1;
                taken[circle] - 1
            }
        };
        turns.push((turn, one));
    }
    turns.sort_by_key(|(turn, _)| *turn);
    turns.into_iter().map(|(_, one)| one).collect()
}

fn discover(different: &[&Scored], stream: &mut Stream) -> Option<Placed> {
    let pool = &different[..different.len().min(DISCOVERY_POOL)];
    let scores: Vec<f32> = pool.iter().map(|scored| scored.score()).collect();
    let (place, propensity) = draw(&scores, stream);
    pool.get(place).map(|scored| Placed { scored: (*scored).clone(), propensity, discovery: true })
}

/// Outside what the member is known to care for, and not followed or joined either.
fn is_different(ask: &Ask<'_>, scored: &Scored) -> bool {
    let row = ask.views.catalogue.row(scored.item());
    let known = |tag: &TopicIx| ask.top.iter().any(|interest| interest.tag == *tag);
    scored.features.follows.is_none() && !scored.features.joined && !row.tags.iter().any(known)
}

/// Draws a place by the softmax of the scores, and says how likely it was.
fn draw(scores: &[f32], stream: &mut Stream) -> (usize, Propensity) {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> =
        scores.iter().map(|score| (f64::from(score - most) / DISCOVERY_TEMPERATURE).exp()).collect();
    let all: f64 = weights.iter().sum();
    let mut left = stream.unit() * all;
    let mut place = 0;
    for (n, weight) in weights.iter().enumerate() {
        place = n;
        left -= weight;
        if left < 0.0 {
            break;
        }
    }
    let chance = weights.get(place).map_or(1.0, |weight| weight / all);
    (place, Propensity::parse(chance.clamp(1e-6, 1.0)).unwrap_or(Propensity::CERTAIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_take_turns() {
        // (circle, rank): the first has the best three.
        let ranked = vec![(0, 'a'), (0, 'b'), (0, 'c'), (1, 'd'), (2, 'e'), (1, 'f')];
        let order = |known: bool| -> String {
            by_turns(ranked.clone(), |(c, _)| known.then_some(*c)).into_iter().map(|(_, name)| name).collect()
        };
        assert_eq!((order(true).as_str(), order(false).as_str()), ("adebfc", "abcdef"));
    }

    #[test]
    fn draws_are_as_likely_as_they_say() {
        let scores = [1.0, 0.8, 0.2];
        let mut counts = [0_u32; 3];
        let mut said = [0.0_f32; 3];
        for seed in 0..20_000 {
            let (place, propensity) = draw(&scores, &mut Stream::named(seed, "t"));
            counts[place] += 1;
            said[place] = propensity.get();
        }
        for (count, said) in counts.iter().zip(said) {
            assert!((*count as f32 / 20_000.0 - said).abs() < 0.015, "{counts:?} {said}");
        }
    }
}
