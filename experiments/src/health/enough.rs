//! Too little data: is the sum of what was seen near enough to normal, and was it seen for long enough?

use serde::Serialize;

use super::severity::Severity;
use super::shape::Shape;
use super::{Check, Code, Details, words};

/// An arm with fewer units is not analysed.
pub const UNITS_MIN: u64 = 100;
/// A proportion with fewer conversions (or with fewer units that did not convert) in control and treatment together is
/// not near enough to normal. Of both together: what is asked of each arm alone would pick the lucky ones.
pub const CONVERSIONS_MIN: u64 = 20;
/// A mean needs n > 355·skewness² units in each arm for a 95% interval to hold what it says (Boos and Hughes-Oliver 2000;
/// Kohavi, Deng, Longbotham and Xu 2014, rule 7). Skewness of both arms partly cancels in the difference, so this errs on
/// the safe side.
pub const SKEWNESS_FACTOR: f64 = 355.0;
/// One unit with a larger share of an arm's variance makes a normal approximation doubtful.
pub const LARGEST_SHARE_MAX: f64 = 0.1;
/// A cap is proposed at which a unit has this share of an arm's variance.
const CAP_SHARE: f64 = 0.01;
/// No cap is proposed that lies fewer standard deviations above the mean of the others: it would cut into the bulk of the
/// units, and what helps then is more of them.
const CAP_DEVIATIONS_MIN: f64 = 5.0;
/// Members behave differently on different days of the week.
pub const DAYS_WEEK: f64 = 7.0;

/// What is known of a metric in each arm.
#[derive(Debug, Clone, PartialEq)]
pub enum Supply {
    /// A yes or no per unit: conversions and units.
    Conversions(Vec<(u64, u64)>),
    /// A number per unit.
    Numbers(Vec<Shape>),
    /// Only the units are known.
    Units(Vec<u64>),
}

/// What there is too little of, or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortage {
    /// Nothing.
    None,
    /// Units of the smallest arm, and how many it takes.
    Units(u64, u64),
    /// Conversions (or the lack of them) in control and treatment together, and how many it takes.
    Conversions(u64, u64),
    /// A heavy tail.
    Tail(Tail),
    /// Every unit has this same value.
    Alike(f64),
    /// Days run, of a full week.
    Days(f64),
}

/// Of the arm with the heaviest tail.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tail {
    /// The arm.
    pub arm: usize,
    /// Its skewness.
    pub skewness: f64,
    /// The units that a mean of such skewness takes.
    pub units_needed: f64,
    /// The largest unit's share of the variance.
    pub largest_share: f64,
    /// A cap well above the bulk, under which one unit has about 1% of the variance at most; none where capping would not
    /// help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<f64>,
}

/// Conversions and units of both arms: the conversions, or the units that did not convert, whichever are fewer.
pub(crate) fn rarer([control, of_control]: [u64; 2], [treatment, of_treatment]: [u64; 2]) -> u64 {
    let (successes, n) = (control.saturating_add(treatment), of_control.saturating_add(of_treatment));
    successes.min(n.saturating_sub(successes))
}

/// Are there enough data for an answer? For one metric.
#[must_use]
pub fn check(arms: &[String], metric: &str, supply: &Supply) -> Check {
    let (says, severity, shortage) = match supply {
        Supply::Units(units) => few_units(units.iter().copied()),
        Supply::Conversions(counts) => few_units(counts.iter().map(|(_, n)| *n))
            .or_else(|| {
                all_alike(&counts.iter().map(|(successes, n)| Shape::of_proportion(*successes, *n)).collect::<Vec<_>>())
            })
            .or_else(|| few_conversions(arms, counts)),
        Supply::Numbers(shapes) => few_units(shapes.iter().map(|shape| shape.n))
            .or_else(|| all_alike(shapes))
            .or_else(|| heavy_tail(arms, shapes)),
    }
    .unwrap_or_else(|| ("There are enough units for an answer.".to_owned(), Severity::Ok, Shortage::None));
    Check::new(Code::Enough, severity, says, Details::Enough(shortage)).about(metric)
}

type Short = Option<(String, Severity, Shortage)>;

fn few_units(units: impl Iterator<Item = u64>) -> Short {
    let least = units.min().unwrap_or(0);
    (least < UNITS_MIN).then(|| {
        let says = format!("Too early: the smallest arm has {} units; it takes {UNITS_MIN}.", words::count(least));
        (says, Severity::Untested, Shortage::Units(least, UNITS_MIN))
    })
}

/// Every unit of every arm has the same value, so that no number of units would give an answer.
fn all_alike(shapes: &[Shape]) -> Short {
    let first = shapes.first()?;
    let same = first.mean.is_finite() && shapes.iter().all(|shape| shape.m2 == 0.0 && shape.mean == first.mean);
    same.then(|| {
        let says = if first.mean == 0.0 {
            "No unit differs from another: no unit has done this at all. Is the event or the column the right one?"
                .to_owned()
        } else {
            let value = words::number(first.mean);
            format!("No unit differs from another: all have {value}. Is the event or the column the right one?")
        };
        (says, Severity::Untested, Shortage::Alike(first.mean))
    })
}

fn few_conversions(arms: &[String], counts: &[(u64, u64)]) -> Short {
    let ((control, of_control), treatments) = counts.split_first()?;
    let both = |(successes, n): &(u64, u64)| rarer([*control, *of_control], [*successes, *n]);
    let (at, least) = treatments.iter().map(both).enumerate().min_by_key(|(_, least)| *least)?;
    (least < CONVERSIONS_MIN).then(|| {
        let says = format!(
            "Too early: {} conversions (or units that did not convert) in {} and {} together; it takes {CONVERSIONS_MIN}.",
            words::count(least),
            name(arms, 0),
            name(arms, at + 1),
        );
        (says, Severity::Untested, Shortage::Conversions(least, CONVERSIONS_MIN))
    })
}

fn heavy_tail(arms: &[String], shapes: &[Shape]) -> Short {
    let tails = shapes.iter().enumerate().filter_map(|(arm, shape)| tail(arm, shape));
    let worst = tails.max_by(|a, b| a.largest_share.total_cmp(&b.largest_share))?;
    let (share, arm) = (worst.largest_share, name(arms, worst.arm));
    let found = if share > LARGEST_SHARE_MAX {
        format!("A heavy tail in {arm}: one unit makes {} of the variance", words::percent(share))
    } else {
        let (skewness, units) = (words::number(worst.skewness), words::number(worst.units_needed));
        format!("The values are skewed in {arm}: at a skewness of {skewness} it takes {units} units an arm")
    };
    let advice = match worst.cap {
        Some(cap) => format!("Cap the metric at about {}.", words::number(cap)),
        None => "It will be truer with more units.".to_owned(),
    };
    let says = format!("{found}; an interval of the mean may miss more often than it says. {advice}");
    Some((says, Severity::Suspicious, Shortage::Tail(worst)))
}

/// The tail of an arm, where it is too heavy.
fn tail(arm: usize, shape: &Shape) -> Option<Tail> {
    let (skewness, largest_share) = (shape.skewness()?, shape.largest_share()?);
    let units_needed = SKEWNESS_FACTOR * skewness * skewness;
    let heavy = shape.n as f64 <= units_needed || largest_share > LARGEST_SHARE_MAX;
    let rest = shape.without_largest();
    // The largest unit has no say in where it is cut off.
    let deviation = (rest.m2 / rest.n.max(1) as f64).sqrt();
    let (even, bulk) = (rest.mean + (CAP_SHARE * rest.m2).sqrt(), rest.mean + CAP_DEVIATIONS_MIN * deviation);
    // One unit that is most of the variance is cut off in any case; else only what lies above the bulk.
    let helps = skewness > 0.0 && (even >= bulk || largest_share > LARGEST_SHARE_MAX);
    let cap = Some(even.max(bulk)).filter(|cap| helps && cap.is_finite() && *cap < shape.largest);
    let finite = units_needed.is_finite();
    (heavy && finite).then_some(Tail { arm, skewness, units_needed, largest_share, cap })
}

/// Did it run for a full week? Said, not held against it.
#[must_use]
pub fn check_days(days: f64) -> Check {
    let (says, shortage) = if !(days.is_finite() && days >= 0.0) {
        ("How long it has run is not known.".to_owned(), Shortage::None)
    } else if days < DAYS_WEEK {
        let says = format!("It has run for {days:.1} days: weekends may differ, so let it run for full weeks.");
        (says, Shortage::Days(days))
    } else {
        (format!("It has run for {days:.1} days."), Shortage::None)
    };
    Check::new(Code::Enough, Severity::Ok, says, Details::Enough(shortage))
}

fn name(arms: &[String], arm: usize) -> &str {
    arms.get(arm).map_or("an arm", String::as_str)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names() -> Vec<String> {
        ["a", "b"].map(str::to_owned).into()
    }

    #[test]
    fn too_little_is_said() {
        let told = |supply: Supply| check(&names(), "m", &supply);
        assert_eq!(told(Supply::Units(vec![100, 99])).says, "Too early: the smallest arm has 99 units; it takes 100.");
        assert_eq!(told(Supply::Units(vec![])).severity, Severity::Untested);
        assert_eq!(told(Supply::Units(vec![100, 100])).severity, Severity::Ok);
        let few = told(Supply::Conversions(vec![(4_000, 4_000), (3_995, 4_000)]));
        assert_eq!(
            few.says,
            "Too early: 5 conversions (or units that did not convert) in a and b together; it takes 20."
        );
        assert_eq!(told(Supply::Conversions(vec![(4_000, 8_000), (4_000, 8_000)])).severity, Severity::Ok);
    }

    #[test]
    fn units_that_are_all_alike_are_never_enough() {
        let told = |supply: Supply| check(&names(), "m", &supply);
        let alike = |value: f64| Supply::Numbers(vec![Shape::of([value; 500]); 2]);
        for none in [alike(0.0), Supply::Conversions(vec![(0, 5_000), (0, 5_100)])] {
            let none = told(none);
            assert!(none.says.contains("no unit has done this at all"), "{}", none.says);
            assert_eq!(none.severity, Severity::Untested);
        }
        assert!(told(alike(7.0)).says.contains("all have 7.0"), "{}", told(alike(7.0)).says);
        assert!(told(Supply::Conversions(vec![(500, 500); 2])).says.contains("all have 1.0"));
        let apart = Supply::Numbers(vec![Shape::of([0.0; 500]), Shape::of((0..500).map(|at| f64::from(at % 2)))]);
        assert_eq!(told(apart).severity, Severity::Ok);
    }

    #[test]
    fn a_heavy_tail_comes_with_a_cap() {
        let mut shape = Shape::of((0..40_000).map(|at| f64::from(at % 100)));
        assert_eq!(check(&names(), "m", &Supply::Numbers(vec![shape; 2])).severity, Severity::Ok);
        shape.push(49_854.0);
        let heavy = check(&names(), "m", &Supply::Numbers(vec![Shape::of((0..400).map(f64::from)), shape]));
        assert_eq!(heavy.severity, Severity::Suspicious);
        assert_eq!(
            heavy.says,
            "A heavy tail in b: one unit makes 99% of the variance; an interval of the mean may miss more often than it \
             says. Cap the metric at about 627."
        );
        let skewed = Shape::of((0..1_000).map(|at| if at % 100 == 0 { 1.0 } else { 0.0 }));
        let told = check(&names(), "m", &Supply::Numbers(vec![skewed; 2]));
        assert!(
            told.says.starts_with("The values are skewed in b: at a skewness of 9.8 it takes 34,"),
            "{}",
            told.says
        );
        assert!(told.says.ends_with("It will be truer with more units."), "{}", told.says);
    }

    /// A count between 0 and 4 of 179 units, skewness about 1: nothing there is to be capped.
    #[test]
    fn a_count_of_few_units_is_told_to_wait() {
        let counts = Shape::of((0..179_u32).map(|at| f64::from([0, 0, 0, 0, 1, 1, 1, 2, 2, 4][(at % 10) as usize])));
        assert!(counts.skewness().unwrap() > 0.9, "{counts:?}");
        let told = check(&names(), "m", &Supply::Numbers(vec![counts; 2]));
        assert_eq!(told.severity, Severity::Suspicious);
        assert!(!told.says.contains("heavy") && !told.says.contains("Cap"), "{}", told.says);
    }

    #[test]
    fn less_than_a_week_is_said_but_no_alarm() {
        let check = check_days(2.5);
        assert_eq!(check.says, "It has run for 2.5 days: weekends may differ, so let it run for full weeks.");
        assert_eq!([check.severity, check_days(f64::NAN).severity], [Severity::Ok, Severity::Ok]);
    }

    proptest! {
        #[test]
        fn any_numbers(numbers in prop::collection::vec(
            prop::sample::select(vec![0.0, 1.0, -1e9, 1e15, 1e200, f64::NAN, f64::INFINITY]), 0..6,
        )) {
            let shape = Shape { n: 500, ..Shape::of(numbers) };
            let check = check(&names(), "m", &Supply::Numbers(vec![shape; 2]));
            prop_assert!(!check.says.contains("NaN") && !check.says.contains("inf"), "{}", check.says);
        }
    }
}
