//! The harness as a whole.

use std::sync::Arc;

use anklang_models::popularity::Params;
use anklang_models::{Context, Event, FitError, ItemFacts, ItemIx, Log, MemberIx, Model, Quiet, Request, Spec};
use serde_json::Value;

use super::report::{About, By, Report};
use super::run::{Run, Surroundings, members_bytes, save};
use super::*;
use crate::dataset::{DataSet, Timed};
use crate::split::{Case, Split};

const MEMBERS: u32 = 30;
const ITEMS: u32 = 40;

fn event(at: i64, member: u32, item: u32) -> Event {
    Event { at, member: MemberIx(member), item: ItemIx(item), weight: 1.0 }
}

/// Members deal with what is next to them; items 30 and on come late.
fn data(planted: &[Event]) -> DataSet {
    let steps = (0..600_i64).map(|at| {
        let (member, round) = ((at * 7 % 30) as u32, (at / 30) as u32);
        let reach = if at > 400 { ITEMS } else { 30 };
        event(at, member, (member + round * round) % reach)
    });
    let events: Vec<Event> = steps.chain(planted.iter().copied()).collect();
    let content = anklang_models::Csr::from_rows(4, (0..ITEMS).map(|item| [(item % 4, 1.0_f32)]));
    let facts = ItemFacts { content, ..ItemFacts::default() };
    DataSet {
        name: "steps".into(),
        licence: None,
        checksum: "abc".into(),
        timed: Timed::Moments,
        log: Log::new(MEMBERS as usize, ITEMS as usize, events, facts).unwrap(),
        given: None,
        members: (0..MEMBERS).map(|member| format!("m{member}")).collect(),
        items: (0..ITEMS).map(|item| format!("i{item}")).collect(),
        features: Vec::new(),
        nobodies: Vec::new(),
        facts: Vec::new(),
    }
}

/// Asked at 450 and at 500 for what comes in the next 50.
fn folds(data: &DataSet) -> Vec<Fold> {
    let log = Arc::new(data.log.clone());
    let fold = |at: i64| {
        let targets = |member: u32| {
            let next = log.events().iter().filter(|event| (at..at + 50).contains(&event.at));
            let mut targets: Vec<ItemIx> = next.filter(|e| e.member.0 == member).map(|e| e.item).collect();
            targets.sort_unstable();
            targets.dedup();
            targets
        };
        let cases = (0..MEMBERS).map(|member| Case { member: MemberIx(member), at, targets: targets(member) });
        Fold {
            name: at.to_string(),
            train: Arc::clone(&log),
            train_before: at,
            asked: Arc::clone(&log),
            cases: cases.filter(|case| !case.targets.is_empty()).collect(),
            candidates: Candidates::All,
        }
    };
    vec![fold(450), fold(500)]
}

fn models() -> Vec<Named> {
    let popularity = |half_life_days| Spec::Popularity(Params { half_life_days });
    vec![Named { name: "ever".into(), spec: popularity(0.0) }, Named { name: "of late".into(), spec: popularity(1e-7) }]
}

fn evaluated(data: &DataSet) -> (Evaluation, Report) {
    let (folds, models) = (folds(data), models());
    let contenders: Vec<&dyn Contender> = models.iter().map(|model| model as &dyn Contender).collect();
    let options = Options { at: vec![10, 5], ..Options::default() };
    let evaluation = evaluate(&folds, &contenders, &options, &Quiet).unwrap();
    let split: Split = "random".parse().unwrap();
    let about = About {
        data,
        read_as: &crate::load::Options::default(),
        split: &split,
        folds: &folds,
        seed: 1,
        memory_bytes_max: options.memory_bytes_max,
        alpha: 0.05,
        compare_with: "ever",
    };
    let report = Report::of(&evaluation, &about);
    (evaluation, report)
}

/// Values by hand: one fold, three members, the list for all of them 1, 0, 2 by counts.
#[test]
fn values_are_those_worked_out_by_hand() {
    let events = vec![event(0, 0, 1), event(1, 1, 1), event(2, 2, 1), event(3, 1, 0), event(4, 2, 0), event(5, 2, 2)];
    let log = Arc::new(Log::new(4, 4, events, ItemFacts::default()).unwrap());
    let case = |member, targets: &[u32]| Case {
        member: MemberIx(member),
        at: 10,
        targets: targets.iter().map(|item| ItemIx(*item)).collect(),
    };
    // Member 0 may get 0, 2 and 3, which nobody knows; member 3 is new and may get everything.
    let cases = vec![case(0, &[2, 3]), case(1, &[3]), case(3, &[0])];
    let (train, asked) = (Arc::clone(&log), log);
    let fold = Fold { name: "f".into(), train, train_before: 10, asked, cases, candidates: Candidates::Unseen };
    let model = Named::from(Spec::Popularity(Params { half_life_days: 0.0 }));
    let options = Options { at: vec![2], ..Options::default() };
    let evaluation = evaluate(&[fold], &[&model], &options, &Quiet).unwrap();
    let outcome = &evaluation.outcomes[0];
    let lists: Vec<Vec<u32>> = outcome.lists.iter().map(|list| list.iter().map(|item| item.0).collect()).collect();
    assert_eq!(lists, [vec![0, 2], vec![2, 3], vec![1, 0]]);
    let values = |measure| outcome.values[evaluation.column(Column::of_all(measure, 2)).unwrap()].clone();
    assert_eq!(values(Measure::Recall), [Some(0.5), Some(1.0), Some(1.0)]);
    assert_eq!(values(Measure::Mrr), [Some(0.5), Some(0.5), Some(0.5)]);
    let second = 1.0 / 3.0_f64.log2();
    assert_eq!(values(Measure::Ndcg), [Some(second / (1.0 + second)), Some(second), Some(second)]);
    // 3 of the 4 items, two of them twice.
    assert_eq!(evaluation.exposures(outcome, 2), [2, 1, 2, 1]);
    assert_eq!(
        evaluation.asked.iter().map(|asked| (asked.history, asked.cold)).collect::<Vec<_>>(),
        [(1, false), (2, false), (0, true)]
    );
    // Of item 3, which nobody knew.
    let cold = Column { measure: Measure::Recall, k: 2, of: Targets::Cold };
    assert_eq!(outcome.values[evaluation.column(cold).unwrap()], [Some(0.0), Some(1.0), None]);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let data = data(&[]);
    let bytes = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (evaluation, report) = evaluated(&data);
            (report.bytes().unwrap(), members_bytes(&evaluation, &report, &data.members).unwrap())
        })
    };
    let one = bytes(1);
    assert_eq!(one, bytes(1));
    assert_eq!(one, bytes(4));
}

#[test]
fn what_comes_later_changes_nothing() {
    let (without, _) = evaluated(&data(&[]));
    let planted: Vec<Event> = (0..MEMBERS).map(|member| event(5000, member, ITEMS - 1)).collect();
    let (with, _) = evaluated(&data(&planted));
    assert_eq!(without.asked, with.asked);
    for (a, b) in without.outcomes.iter().zip(&with.outcomes) {
        assert_eq!((&a.lists, &a.values), (&b.lists, &b.values));
    }
}

#[test]
fn reports_tell_slices_and_differences() {
    let (evaluation, report) = evaluated(&data(&[]));
    assert_eq!(evaluation.at, [5, 10]);
    let late = report.model("of late").unwrap();
    assert_eq!(late.differences.len(), 2);
    assert!(report.model("ever").unwrap().differences.is_empty());
    assert!(late.slices.iter().any(|slice| slice.by == By::History));
    let calibration = late.mean(Column::of_all(Measure::Calibration, 10)).unwrap();
    assert!((0.0..5.0).contains(&calibration), "{calibration}");
    // A member of two folds counts once.
    let mean = &late.means[0];
    let members: std::collections::BTreeSet<MemberIx> = evaluation.asked.iter().map(|asked| asked.member).collect();
    assert_eq!(mean.members, members.len());
    assert!(evaluation.asked.len() > members.len());
}

#[test]
fn a_run_is_read_back_and_other_files_are_refused() {
    let data = data(&[]);
    let (evaluation, report) = evaluated(&data);
    let dir = tempfile::tempdir().unwrap();
    let members = members_bytes(&evaluation, &report, &data.members).unwrap();
    let costs = evaluation.outcomes.iter().map(|outcome| outcome.costs).collect();
    let surroundings = Surroundings { data: "d".into(), threads: 2, costs };
    save(dir.path(), &report, &members, &surroundings).unwrap();
    let run = Run::open(dir.path()).unwrap();
    assert_eq!(run, Run::open(&dir.path().join("run.json")).unwrap());
    assert_eq!((&run.report, run.surroundings.as_ref()), (&report, Some(&surroundings)));
    assert_eq!(run.report.bytes().unwrap(), run.bytes);

    let column = Column::of_all(Measure::Ndcg, 5);
    let read = members::read(&run.members(), column).unwrap();
    let outcome = &evaluation.outcomes[1];
    let values = evaluation.by_member(outcome, evaluation.column(column).unwrap(), |_| true);
    assert_eq!(read["of late"].len(), values.len());
    assert!(values.iter().all(|(member, value)| read["of late"][&data.members[member.ix()]] == *value));
    assert!(
        members::read(&run.members(), Column::of_all(Measure::Ndcg, 7)).unwrap_err().to_string().contains("ndcg@7")
    );

    let refused = |text: &str| {
        let path = dir.path().join("other.json");
        std::fs::write(&path, text).unwrap();
        Run::open(&path).unwrap_err().to_string()
    };
    assert!(refused("{}").contains("not a saved run"));
    assert!(refused("{\"format\": 99}").contains("format 99"));
    assert!(refused("{\"format\": 1}").contains("missing field"));
    assert!(refused("[").contains("other.json"));
}

/// Scores by a rule.
struct Ruled(fn(usize) -> f32);

impl Model for Ruled {
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        for row in out.chunks_mut(ITEMS as usize).take(requests.len()) {
            row.iter_mut().enumerate().for_each(|(item, score)| *score = (self.0)(item));
        }
    }
}

struct Rule(fn(usize) -> f32);

impl Contender for Rule {
    fn name(&self) -> &'static str {
        "rule"
    }

    fn document(&self) -> Value {
        Value::Null
    }

    fn fit(&self, _fold: &Fold, _context: &Context<'_>) -> Result<Box<dyn Model>, FitError> {
        Ok(Box::new(Ruled(self.0)))
    }
}

#[test]
fn nonsense_is_refused_by_name() {
    let data = data(&[]);
    let folds = folds(&data);
    let refused = |contenders: &[&dyn Contender], folds: &[Fold], at: &[usize]| {
        let options = Options { at: at.to_vec(), ..Options::default() };
        evaluate(folds, contenders, &options, &Quiet).unwrap_err()
    };
    let nan = Rule(|item| if item == 7 { f32::NAN } else { 1.0 });
    let error = refused(&[&nan], &folds, &[5]);
    assert!(matches!(&error, EvaluateError::NotANumber { item: ItemIx(7), .. }), "{error}");
    let fine = Rule(|item| item as f32);
    assert!(matches!(refused(&[&fine, &fine], &folds, &[5]), EvaluateError::TwiceNamed { .. }));
    for at in [&[][..], &[0], &[5000], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]] {
        assert_eq!(refused(&[&fine], &folds, at), EvaluateError::Cutoffs);
    }
    assert_eq!(refused(&[&fine], &[], &[5]), EvaluateError::NoCases);
    let wrong = Named::from(Spec::Popularity(Params { half_life_days: -1.0 }));
    assert!(refused(&[&wrong], &folds, &[5]).to_string().contains("half_life_days must be"));
    // A model with nothing to say has empty lists, and that is 0, not an error.
    let silent = Rule(|_| f32::NEG_INFINITY);
    let evaluation = evaluate(&folds, &[&silent], &Options::default(), &Quiet).unwrap();
    let outcome = &evaluation.outcomes[0];
    assert!(outcome.lists.iter().all(Vec::is_empty));
    assert_eq!(evaluation.mean(outcome, 0, |_| true).map(|(mean, _)| mean), Some(0.0));
}
