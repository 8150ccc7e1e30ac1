//! What every model must hold to, whatever it is; called by each with its own parameters.

use crate::csr::Csr;
use crate::log::{Event, ItemFacts, ItemIx, Log, MemberIx};
use crate::model::{Context, FitError, Model, Request};
use crate::spec::Spec;

/// A log of (moment, member, item), the weights all 1, without content.
///
/// # Panics
/// Where an index is negative; this is for tests.
#[must_use]
pub fn log(items: usize, events: &[(i64, u32, u32)]) -> Log {
    let members = events.iter().map(|(_, member, _)| *member as usize + 1).max().unwrap_or(0);
    made(members, items, events, ItemFacts::default())
}

fn made(members: usize, items: usize, events: &[(i64, u32, u32)], facts: ItemFacts) -> Log {
    let event = |(at, member, item): &(i64, u32, u32)| Event {
        at: *at,
        member: MemberIx(*member),
        item: ItemIx(*item),
        weight: 1.0,
    };
    match Log::new(members, items, events.iter().map(event).collect(), facts) {
        Ok(log) => log,
        Err(error) => panic!("the suite's own log is wrong: {error}"),
    }
}

/// Two circles of twelve members and eight items each: members of one deal with its items only, but for one they have
/// not met yet. The items' features name their circle. A last member did nothing, a last item was met by nobody.
#[must_use]
pub fn circles() -> Log {
    let mut events = Vec::new();
    for member in 0..24_u32 {
        let circle = member / 12;
        let unmet = member % 8;
        // Each in an order of their own.
        for step in (0..8).map(|step| (step + member) % 8).filter(|item| *item != unmet) {
            events.push((i64::try_from(events.len()).unwrap_or(0), member, circle * 8 + step));
        }
    }
    let content = Csr::from_rows(3, (0..17_u32).map(|item| [(item / 8, 1.0_f32), (2, 0.1)]));
    made(25, 17, &events, ItemFacts { content, ..ItemFacts::default() })
}

/// The scores of these members, asked with all that the log holds.
#[must_use]
pub fn scores(model: &dyn Model, log: &Log, members: &[u32]) -> Vec<Vec<f32>> {
    let ask = |member: &u32| Request { member: MemberIx(*member), view: log.whole() };
    let requests: Vec<Request<'_>> = members.iter().map(ask).collect();
    let mut out = vec![f32::NAN; requests.len() * log.items()];
    model.score(&requests, &mut out);
    out.chunks(log.items().max(1)).map(<[f32]>::to_vec).collect()
}

/// Runs the whole suite. `personal`: the model tells members apart, so it must tell the circles apart.
///
/// # Panics
/// Where the model does not hold to it.
pub fn suite(spec: &Spec, personal: bool) {
    speaks_numbers(spec);
    is_the_same_twice(spec);
    does_not_see_the_future(spec);
    bears_little(spec);
    survives_its_document(spec);
    if personal {
        tells_circles_apart(spec);
    }
}

fn fitted(spec: &Spec, log: &Log) -> Box<dyn Model> {
    match spec.fit(&log.whole(), &Context::quiet(7)) {
        Ok(model) => model,
        Err(error) => panic!("{}: {error}", spec.name()),
    }
}

/// No NaN, and alone or in a batch the same; a stranger gets an answer too.
fn speaks_numbers(spec: &Spec) {
    let log = circles();
    let model = fitted(spec, &log);
    let together = scores(&*model, &log, &[0, 13, 24]);
    for (place, member) in [0, 13, 24].iter().enumerate() {
        assert!(together[place].iter().all(|score| !score.is_nan()), "{}: NaN", spec.name());
        let alone = &scores(&*model, &log, &[*member])[0];
        let near = |(a, b): (&f32, &f32)| a == b || (a - b).abs() <= 1e-5 * a.abs().max(b.abs()).max(1.0);
        assert!(alone.iter().zip(&together[place]).all(near), "{}: a batch changes scores", spec.name());
    }
}

fn is_the_same_twice(spec: &Spec) {
    let log = circles();
    let bits = || -> Vec<u32> {
        scores(&*fitted(spec, &log), &log, &[0, 13, 24]).concat().into_iter().map(f32::to_bits).collect()
    };
    assert_eq!(bits(), bits(), "{}: not the same twice", spec.name());
}

/// What comes later changes nothing of what is fitted and asked before it.
fn does_not_see_the_future(spec: &Spec) {
    let log = circles();
    assert!(
        !sees_the_future(&log, &|log, at| spec.fit(&log.before(at), &Context::quiet(7))),
        "{}: a leak",
        spec.name()
    );
}

/// Fits a model to what a log holds before a moment.
pub type Fit<'a> = dyn Fn(&Log, i64) -> Result<Box<dyn Model>, FitError> + 'a;

/// Whether scores asked before a moment change with a fact planted after it: everybody turns to one item. Whoever fits models can be held to this, not only ours.
///
/// # Panics
/// Where the model cannot be fitted.
pub fn sees_the_future(log: &Log, fit: &Fit<'_>) -> bool {
    let at = log.events().last().map_or(0, |event| event.at) + 1;
    let mut events = log.events().to_vec();
    let planted = ItemIx(log.items() as u32 - 1);
    events.extend((0..log.members() as u32).flat_map(|member| {
        (1..=20).map(move |later| Event { at: at + later, member: MemberIx(member), item: planted, weight: 5.0 })
    }));
    let Ok(more) = Log::new(log.members(), log.items(), events, log.facts().clone()) else { panic!("not a log") };
    let asked = |log: &Log| -> Vec<u32> {
        let model = match fit(log, at) {
            Ok(model) => model,
            Err(error) => panic!("{error}"),
        };
        let ask = |member| Request { member: MemberIx(member), view: log.before(at) };
        let requests: Vec<Request<'_>> = (0..log.members() as u32).map(ask).collect();
        let mut out = vec![0.0; requests.len() * log.items()];
        model.score(&requests, &mut out);
        out.into_iter().map(f32::to_bits).collect()
    };
    asked(log) != asked(&more)
}

/// Nothing at all, one event, and one member with everything: an answer or a typed error, never a panic or a NaN.
fn bears_little(spec: &Spec) {
    let everything: Vec<(i64, u32, u32)> = (0..5).map(|item| (i64::from(item), 0, item)).collect();
    let twice = [(0, 0, 1), (0, 0, 1), (1, 1, 1)];
    for log in [log(0, &[]), log(3, &[]), log(3, &[(0, 0, 1)]), log(3, &twice), log(5, &everything)] {
        let Ok(model) = spec.fit(&log.whole(), &Context::quiet(7)) else { continue };
        let members: Vec<u32> = (0..log.members() as u32).collect();
        let all = scores(&*model, &log, &members).concat();
        assert!(all.iter().all(|score| !score.is_nan()), "{}: NaN from little", spec.name());
    }
}

fn survives_its_document(spec: &Spec) {
    #[cfg(test)]
    {
        let text = serde_json::to_string(spec).unwrap();
        assert_eq!(&serde_json::from_str::<Spec>(&text).unwrap(), spec);
        assert!(text.contains(&format!("\"model\":\"{}\"", spec.name())), "{text}");
        let unknown = text.replacen('{', "{\"no_such_parameter\":1,", 1);
        assert!(serde_json::from_str::<Spec>(&unknown).is_err(), "{}: takes unknown parameters", spec.name());
    }
    #[cfg(not(test))]
    let _ = spec;
}

/// The item of their own circle that a member has not met comes before all of the other circle.
fn tells_circles_apart(spec: &Spec) {
    let log = circles();
    let model = fitted(spec, &log);
    for member in 0..24_u32 {
        let scores = &scores(&*model, &log, &[member])[0];
        let circle = member as usize / 12;
        let unmet = circle * 8 + member as usize % 8;
        let other = (0..8).map(|item| scores[(1 - circle) * 8 + item]).fold(f32::NEG_INFINITY, f32::max);
        assert!(scores[unmet] > other, "{}: member {member}: {} is not above {other}", spec.name(), scores[unmet]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model that was fitted on the whole log, whatever it was told.
    struct Peeking(Vec<f32>);

    impl Model for Peeking {
        fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
            for row in out.chunks_mut(self.0.len()).take(requests.len()) {
                row.copy_from_slice(&self.0);
            }
        }
    }

    #[test]
    fn the_trap_catches_a_model_that_peeks() {
        let peek = |log: &Log, _at: i64| Ok(Box::new(Peeking(log.whole().counts().col_sums())) as Box<dyn Model>);
        assert!(sees_the_future(&circles(), &peek));
        let honest = |log: &Log, at: i64| Ok(Box::new(Peeking(log.before(at).counts().col_sums())) as Box<dyn Model>);
        assert!(!sees_the_future(&circles(), &honest));
    }

    #[test]
    fn popularity() {
        suite(&Spec::Popularity(crate::popularity::Params::default()), false);
    }
}
