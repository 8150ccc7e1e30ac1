use anklang_models::{Event, ItemFacts};
use proptest::prelude::*;

use super::*;
use crate::dataset::Timed;

/// A data set of (moment, member, item).
pub(crate) fn set(timed: Timed, members: usize, items: usize, events: &[(i64, u32, u32)]) -> DataSet {
    let event = |(at, member, item): &(i64, u32, u32)| Event {
        at: *at,
        member: MemberIx(*member),
        item: ItemIx(*item),
        weight: 1.0,
    };
    let log = Log::new(members, items, events.iter().map(event).collect(), ItemFacts::default()).unwrap();
    DataSet {
        name: "made".to_owned(),
        licence: None,
        checksum: String::new(),
        timed,
        log,
        given: None,
        members: (0..members).map(|place| place.to_string()).collect(),
        items: (0..items).map(|place| place.to_string()).collect(),
        features: Vec::new(),
        nobodies: Vec::new(),
        facts: Vec::new(),
    }
}

fn trained(fold: &Fold) -> Vec<(i64, u32, u32)> {
    fold.train.before(fold.train_before).events().iter().map(|event| (event.at, event.member.0, event.item.0)).collect()
}

#[test]
fn the_last_event_is_asked_for_and_the_one_before_is_for_validation() {
    let data = set(Timed::Order, 3, 5, &[(0, 0, 1), (1, 0, 2), (2, 0, 3), (3, 0, 4), (0, 1, 0), (1, 1, 1)]);
    let split = Split::LeaveLastOut(LeaveLastOut::default());
    let fold = &split.folds(&data, 1).unwrap()[0];
    assert_eq!(trained(fold), [(0, 0, 1), (0, 1, 0), (1, 0, 2), (1, 1, 1)]);
    assert_eq!(fold.asked.whole().history(MemberIx(0)).count(), 3);
    assert_eq!(fold.cases, [Case { member: MemberIx(0), at: i64::MAX, targets: vec![ItemIx(4)] }]);
    let validation = &split.validation(&data, fold, 1).unwrap()[0];
    assert_eq!(trained(validation), trained(fold));
    assert_eq!(validation.cases[0].targets, [ItemIx(3)]);
    let lacks = split.folds(&set(Timed::No, 1, 1, &[(0, 0, 0)]), 1).unwrap_err();
    assert_eq!(lacks.to_string(), "leave_last_out needs the order of events, which made does not have");
}

#[test]
fn a_given_part_is_asked_for_what_is_new_in_it() {
    let mut data = set(Timed::No, 2, 3, &[(0, 0, 0), (0, 1, 1)]);
    data.given = Some(set(Timed::No, 2, 3, &[(0, 0, 0), (0, 0, 2), (0, 1, 1)]).log);
    let folds = Split::Given(Given::default()).folds(&data, 1).unwrap();
    assert_eq!(folds[0].cases, [Case { member: MemberIx(0), at: i64::MAX, targets: vec![ItemIx(2)] }]);
}

#[test]
fn a_split_is_read_as_it_is_written() {
    for text in [
        "given",
        "timeline",
        "timeline:days=7.5,candidates=all",
        "random:share=0.25",
        "leave_last_out:train_on_validation=true",
    ] {
        let split: Split = text.parse().unwrap();
        assert_eq!(split.to_string().parse::<Split>().unwrap(), split);
    }
    for text in ["", "x", "random:shape=1", "random:share", "random:share=2", "random:share=0.1,share=0.2", "given:x=1"]
    {
        assert!(text.parse::<Split>().is_err(), "{text}");
    }
}

/// Any log, with few members and items so that they meet.
fn any_set(timed: Timed) -> impl Strategy<Value = DataSet> {
    prop::collection::vec((0..200_i64, 0..6_u32, 0..9_u32), 0..80).prop_map(move |events| set(timed, 6, 9, &events))
}

fn splits() -> Vec<Split> {
    let texts = [
        "timeline:share=0.5,gap_hours=0.00001,horizon_days=0.0000005",
        "timeline:origins=2,days=0.0000005,gap_hours=0.00001,candidates=missed",
        "timeline:origins=1,share=0.5,gap_hours=0.00001,horizon_days=0,candidates=all",
        "random_by_member:share=0.4,known=0.5",
        "cold_items:share=0.4",
        "cold_members:share=0.5,known=2",
        "cold_members:share=0.5,known=0",
    ];
    let mut splits = vec![
        Split::LeaveLastOut(LeaveLastOut::default()),
        Split::LeaveLastOut(LeaveLastOut { train_on_validation: true }),
        Split::Random(Random { share: 0.4 }),
    ];
    splits.extend(texts.iter().map(|text| text.parse::<Split>().unwrap()));
    splits
}

/// What holds for every fold of every split.
fn holds(fold: &Fold) {
    assert!(!fold.cases.is_empty(), "nothing is asked");
    assert!(fold.cases.is_sorted_by_key(|case| case.at));
    let train = fold.train.before(fold.train_before);
    assert!(train.events().iter().all(|event| event.at < fold.train_before), "trained on what comes after the origin");
    let mut mask = vec![false; fold.asked.items()];
    for case in &fold.cases {
        assert!(!case.targets.is_empty() && case.targets.is_sorted_by(|a, b| a < b));
        assert!(case.at >= fold.train_before, "asked before the training ends");
        let view = if case.at == i64::MAX { fold.asked.whole() } else { fold.asked.before(case.at) };
        candidates(fold, case, &view, &mut mask);
        for target in &case.targets {
            assert!(mask[target.ix()], "a target is no candidate");
            let known = view.history(case.member).any(|event| event.item == *target);
            assert!(
                !known || matches!(fold.candidates, Candidates::Missed | Candidates::All),
                "a target is known when it is asked for"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_fold_leaks(data in any_set(Timed::Moments), seed in any::<u64>()) {
        for split in splits() {
            let Ok(folds) = split.folds(&data, seed) else { continue };
            for fold in &folds {
                holds(fold);
                for inner in split.validation(&data, fold, seed).unwrap_or_default() {
                    holds(&inner);
                    prop_assert!(inner.train_before <= fold.train_before);
                }
            }
            let again = split.folds(&data, seed).unwrap();
            for (fold, again) in folds.iter().zip(&again) {
                prop_assert_eq!(&fold.cases, &again.cases);
                prop_assert_eq!(trained(fold), trained(again));
            }
        }
    }

    /// To choose parameters, a fold's own training is all there is.
    #[test]
    fn validation_sees_nothing_of_what_the_fold_asks(data in any_set(Timed::Moments)) {
        for text in ["timeline:share=0.4,gap_hours=0.00001", "timeline:origins=2,days=0.0000007,gap_hours=0.00001"] {
            let split: Split = text.parse().unwrap();
            for fold in split.folds(&data, 1).unwrap_or_default() {
                let known = fold.train.before(fold.train_before).events().to_vec();
                let mut short = data.clone();
                short.log = Log::new(6, 9, known, ItemFacts::default()).unwrap();
                let cut = Fold { train: Arc::new(short.log.clone()), ..fold.clone() };
                let cases = |folds: Result<Vec<Fold>, SplitError>| {
                    folds.map(|folds| folds.into_iter().map(|fold| (fold.train_before, fold.cases)).collect::<Vec<_>>())
                };
                prop_assert_eq!(cases(split.validation(&data, &fold, 1)), cases(split.validation(&short, &cut, 1)));
            }
        }
    }

    /// A fact from the future changes no view, no case and no candidate before it.
    #[test]
    fn what_is_planted_in_the_future_is_seen_by_nobody(data in any_set(Timed::Moments), member in 0..6_u32, item in 0..9_u32) {
        let at = data.log.events().last().map_or(0, |event| event.at) + 1;
        let mut events = data.log.events().to_vec();
        events.push(Event { at: at + 40 * 86_400_000, member: MemberIx(member), item: ItemIx(item), weight: 1.0 });
        let mut planted = data.clone();
        planted.log = Log::new(6, 9, events, ItemFacts::default()).unwrap();
        let split = Split::Timeline(Timeline { origins: 1, share: 0.5, gap_hours: 1e-5, ..Timeline::default() });
        let Ok(folds) = split.folds(&data, 1) else { return Ok(()) };
        let fold = &folds[0];
        let late = Fold { asked: Arc::new(planted.log), ..fold.clone() };
        let (mut before, mut after) = (vec![false; 9], vec![false; 9]);
        for case in &fold.cases {
            let (view, with) = (fold.asked.before(case.at), late.asked.before(case.at));
            prop_assert_eq!(view.events(), with.events());
            candidates(fold, case, &view, &mut before);
            candidates(&late, case, &with, &mut after);
            prop_assert_eq!(&before, &after);
        }
    }
}
