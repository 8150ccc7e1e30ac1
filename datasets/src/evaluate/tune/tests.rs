//! A search on a small log.

use std::sync::Arc;

use anklang_models::{Event, ItemFacts, ItemIx, Log, MemberIx, Quiet};

use super::*;
use crate::evaluate::report::DataName;
use crate::measure::Measure;
use crate::split::{Candidates, Case};

/// Items come into fashion one after the other; what is popular of late is right, what ever was is not.
fn fashions() -> Vec<Fold> {
    const DAY: i64 = 86_400_000;
    let event = |day: i64, member: u32, item: u32| Event {
        at: day * DAY + i64::from(member),
        member: MemberIx(member),
        item: ItemIx(item),
        weight: 1.0,
    };
    let events =
        (0..40_i64).flat_map(|day| (0..20).map(move |member| event(day, member, (day / 4) as u32 * 2))).collect();
    let log = Arc::new(Log::new(40, 21, events, ItemFacts::default()).unwrap());
    let case = |member| Case { member: MemberIx(member), at: 40 * DAY, targets: vec![ItemIx(18)] };
    let (train, asked) = (Arc::clone(&log), log);
    let cases = (20..40).map(case).collect();
    vec![Fold { name: "f".into(), train, train_before: 40 * DAY, asked, cases, candidates: Candidates::Unseen }]
}

fn start() -> Spec {
    Spec::Popularity(anklang_models::popularity::Params { half_life_days: 300.0 })
}

fn header() -> Header {
    Header {
        format: FORMAT,
        data: DataName { name: "fashions".into(), checksum: "1".into(), read_as: Default::default() },
        split: "given".into(),
        of: Column::of_all(Measure::Ndcg, 1),
        seed: 3,
        start: start(),
    }
}

fn search(folds: &[Fold], trials: usize) -> Search<'_> {
    let options = Options { seed: 3, ..Options::default() };
    Search { folds, of: Column::of_all(Measure::Mrr, 1), options, trials, time: None }
}

fn run(folds: &[Fold], trials: usize, journal: &mut Journal) -> Trial {
    tune(&search(folds, trials), &start(), journal, &Quiet, &mut |_, _| {}).unwrap()
}

#[test]
fn it_finds_what_is_better_and_goes_on_where_it_stopped() {
    let folds = fashions();
    let mut whole = Journal::in_memory();
    let best = run(&folds, 12, &mut whole);
    assert_eq!((whole.trials().len(), &whole.trials()[0].spec), (12, &start()));
    assert_eq!(best.value, Some(1.0));
    let specs = |trials: &[Trial]| trials.iter().map(|trial| trial.spec.clone()).collect::<Vec<_>>();

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trials/popularity.jsonl");
    run(&folds, 5, &mut Journal::open(&path, &header()).unwrap());
    // Killed in the middle of a line.
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("{\"trial\":5,\"spe");
    std::fs::write(&path, text).unwrap();
    let mut resumed = Journal::open(&path, &header()).unwrap();
    assert_eq!(resumed.trials().len(), 5);
    assert_eq!(run(&folds, 12, &mut resumed).spec, best.spec);
    assert_eq!(specs(resumed.trials()), specs(whole.trials()));
}

#[test]
fn the_journal_of_another_search_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.jsonl");
    Journal::open(&path, &header()).unwrap();
    let other = Header {
        data: DataName { name: "fashions".into(), checksum: "2".into(), read_as: Default::default() },
        ..header()
    };
    let refused = Journal::open(&path, &other).unwrap_err().to_string();
    assert!(refused.contains("p.jsonl:1: is of another search: its data checksum is 1"), "{refused}");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("not a trial\n");
    std::fs::write(&path, text).unwrap();
    let refused = Journal::open(&path, &header()).unwrap_err().to_string();
    assert!(refused.contains("p.jsonl:2:"), "{refused}");
}

#[test]
fn trials_that_fail_are_kept_and_passed_over() {
    let folds = fashions();
    let wrong = Spec::Popularity(anklang_models::popularity::Params { half_life_days: -1.0 });
    let mut journal = Journal::in_memory();
    let best = tune(&search(&folds, 4), &wrong, &mut journal, &Quiet, &mut |_, _| {}).unwrap();
    assert!(journal.trials()[0].error.as_deref().is_some_and(|error| error.contains("half_life_days")));
    assert!(best.trial > 0);
    let mut none = Journal::in_memory();
    assert!(matches!(
        tune(&search(&folds, 1), &wrong, &mut none, &Quiet, &mut |_, _| {}),
        Err(TuneError::AllFailed { trials: 1, .. })
    ));
}
