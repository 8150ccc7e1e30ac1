use std::collections::HashMap;

use anklang_domain::{Body, Fact, Target, Verb};
use proptest::prelude::*;

use super::*;

fn small(seed: u64) -> Community {
    let params = Params { members: 200, discussions: 500, engagements: 20_000, days: 30, seed, ..Params::default() };
    Community::new(params.check().expect("in range"))
}

fn views(facts: &[Fact]) -> impl Iterator<Item = (&anklang_domain::Engagement, &anklang_domain::ItemId)> {
    facts.iter().filter_map(|fact| match &fact.body {
        Body::Engaged(done) if done.verb == Verb::Viewed => match &done.target {
            Target::Item(item) => Some((done, item)),
            Target::Tag(_) | Target::Author(_) | Target::Category(_) | Target::Site(_) => None,
        },
        _ => None,
    })
}

#[test]
fn the_same_parameters_give_the_same_bytes_and_other_seeds_others() {
    let text = |seed| -> Vec<String> {
        small(seed).facts().take(3000).map(|fact| serde_json::to_string(&fact).expect("json")).collect()
    };
    assert_eq!(text(1), text(1));
    assert_ne!(text(1), text(2));
}

#[test]
fn there_is_as_much_as_was_asked_for() {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for fact in small(3).facts() {
        let what = match &fact.body {
            Body::ItemPut { .. } => "items",
            Body::MemberPut(_) => "members",
            Body::Engaged(done) if done.verb == Verb::Replied => "replies",
            Body::Engaged(_) => "engagements",
            _ => "else",
        };
        *counts.entry(what).or_default() += 1;
    }
    let engagements = counts["engagements"] + counts["replies"];
    assert!((19_000..=20_010).contains(&engagements), "{counts:?}");
    assert_eq!((counts["items"], counts["members"]), (500, 200));
    assert!((0.03..0.20).contains(&(counts["replies"] as f64 / engagements as f64)), "{counts:?}");
    assert!(!counts.contains_key("else"));
}

#[test]
fn people_read_what_suits_them() {
    let community = small(4);
    let truth = community.truth();
    let facts: Vec<Fact> = community.facts().collect();
    let read: Vec<f64> = views(&facts).filter_map(|(done, item)| truth.relevance(&done.member, item)).collect();
    let mean = read.iter().sum::<f64>() / read.len() as f64;
    let by_chance = truth.relevance_mean(20_000);
    assert!(mean / by_chance > 2.5, "{mean} against {by_chance}");
    for member in ["m0", "m199"] {
        let interests = truth.interests(&anklang_domain::MemberId::parse(member).expect("an id")).expect("a member");
        assert!((interests.iter().sum::<f64>() - 1.0).abs() < 1e-5);
    }
    assert_eq!(truth.interests(&anklang_domain::MemberId::parse("m200").expect("an id")), None);
}

/// Sources do not depend on the place, so openings by place follow 1/k^η: the slope of the logarithms is -η.
#[test]
fn position_bias_can_be_found_in_the_log() {
    for eta in [0.7, 1.2] {
        let params = Params { engagements: 120_000, position_bias: eta, ..Params::default() };
        let facts: Vec<Fact> = Community::new(params.check().expect("in range")).facts().collect();
        let mut opened = [0.0_f64; 20];
        for (done, _) in views(&facts) {
            if let Some(place) = done.props.get("position").and_then(serde_json::Value::as_u64) {
                opened[place as usize - 1] += 1.0;
            }
        }
        let points: Vec<(f64, f64)> =
            opened.iter().enumerate().map(|(place, count)| ((place as f64 + 1.0).ln(), count.ln())).collect();
        let (mean_x, mean_y) =
            points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / 20.0, sum.1 + point.1 / 20.0));
        let slope = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>()
            / points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum::<f64>();
        assert!((slope + eta).abs() < 0.12, "{slope} for {eta}");
    }
}

#[test]
fn popularity_has_a_heavy_tail_and_old_discussions_are_revived() {
    let facts: Vec<Fact> = small(5).facts().collect();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (_, item) in views(&facts) {
        *seen.entry(item.as_str()).or_default() += 1;
    }
    let mut counts: Vec<usize> = seen.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let (top, all): (usize, usize) = (counts.iter().take(50).sum(), counts.iter().sum());
    assert!(top as f64 / all as f64 > 0.2, "a tenth of the discussions gets {top} of {all} views");
    let mut last: HashMap<String, anklang_domain::UnixMillis> = HashMap::new();
    let mut revived = 0;
    for fact in &facts {
        if let Body::Engaged(done) = &fact.body
            && let (Verb::Replied, Target::Item(item)) = (&done.verb, &done.target)
            && let Some(before) = last.insert(item.to_string(), fact.at)
        {
            revived += usize::from(fact.at.days_since(before) > 5.0);
        }
    }
    assert!(revived > 5, "{revived}");
}

#[test]
fn words_read_like_people_wrote_them() {
    let items =
        small(6).facts().filter_map(|fact| if let Body::ItemPut { item } = fact.body { Some(item) } else { None });
    for item in items {
        for text in [&item.title, &item.body] {
            assert!(text.len() > 5 && !text.contains(['{', '}', '|']) && !text.contains("  "), "{text}");
        }
        assert!((1..=5).contains(&item.tags.len()), "{:?}", item.tags);
        assert!(item.title.chars().next().is_some_and(|first| !first.is_lowercase()), "{}", item.title);
    }
}

#[test]
fn what_is_out_of_range_is_named() {
    let error = Params { german: f64::NAN, ..Params::default() }.check().expect_err("not a share");
    assert_eq!(error.to_string(), "german must lie from 0 to 1; got NaN");
    assert!(Params { members: 1, ..Params::default() }.check().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_small_community_is_sound(
        members in 2_u32..60, discussions in 1_u32..60, engagements in 0_u64..1500, days in 1_u32..40,
        seed: u64, german in 0.0..=1.0, position_bias in 0.0..3.0,
    ) {
        let params = Params { members, discussions, engagements, days, seed, german, position_bias, ..Params::default() };
        let facts: Vec<Fact> = Community::new(params.check().expect("in range")).facts().collect();
        prop_assert!(facts.is_sorted_by_key(|fact| fact.at));
        let mut known = std::collections::HashSet::new();
        let mut done = 0;
        for fact in &facts {
            match &fact.body {
                Body::MemberPut(put) => prop_assert!(known.insert(put.member.as_str())),
                Body::ItemPut { item } => {
                    let author = item.author.as_ref().map(anklang_domain::MemberId::as_str);
                    prop_assert!(known.insert(item.id.as_str()) && author.is_some_and(|id| known.contains(id)));
                }
                Body::Engaged(engagement) => {
                    done += 1;
                    prop_assert!(known.contains(engagement.member.as_str()));
                    if let Target::Item(item) = &engagement.target {
                        prop_assert!(known.contains(item.as_str()), "nobody reads what is not there yet");
                    }
                }
                _ => prop_assert!(false, "{fact:?}"),
            }
        }
        prop_assert!(done <= engagements + 64, "{done} of {engagements}");
    }
}
