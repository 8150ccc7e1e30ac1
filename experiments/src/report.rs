//! An experiment's analysis in one table: health first, then what moved.

use std::f64::consts::LN_10;
use std::fmt;

use serde::Serialize;

use crate::health::srm::{Srm, srm};
use crate::infer::effect::{Effect, Sample, Scale};
use crate::infer::finding::{Finding, Why};
use crate::infer::moments::Moments;
use crate::infer::sequential::asymptotic::{TUNED_FOR_UNITS, asymptotic};

/// An arm with fewer units is not analysed: the confidence sequence is asymptotic.
pub const UNITS_MIN: u64 = 100;

/// An arm, and a number per unit in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmMoments {
    /// Its name.
    pub name: String,
    /// The outcome per unit.
    pub moments: Moments,
}

impl ArmMoments {
    /// An arm without units.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), moments: Moments::default() }
    }
}

/// What may be said about the means of several arms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Whether the arms are filled as planned.
    pub sample_ratio: Result<Srm, Why>,
    /// All intervals hold together with probability 1 − alpha, at every look.
    pub alpha: f64,
    /// Each arm; the first is the control.
    pub rows: Vec<Row>,
}

/// One arm of a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its units.
    pub n: u64,
    /// Their mean; none where there are none.
    pub mean: Option<f64>,
    /// Against the control, in the metric's units; none for the control.
    pub absolute: Option<Finding>,
    /// Against the control, as a share of its mean; none for the control.
    pub relative: Option<Finding>,
}

/// Analyses a metric that is a mean per unit; the first arm is the control, `alpha` in (0, 1).
///
/// Always-valid intervals ([`asymptotic`]), so that it may be called every day. Alpha is shared equally between the
/// comparisons (Bonferroni). When the arms are not filled as planned, no effect is shown.
#[must_use]
pub fn analyse_means(arms: &[ArmMoments], planned_weights: &[f64], alpha: f64) -> Report {
    let units: Vec<u64> = arms.iter().map(|arm| arm.moments.n).collect();
    let sample_ratio = srm(&units, planned_weights);
    let each = alpha / arms.len().saturating_sub(1).max(1) as f64;
    let row = |(at, arm): (usize, &ArmMoments)| {
        let finding = |scale| (at > 0).then(|| compare(&sample_ratio, &arms[0].moments, &arm.moments, scale, each));
        Row {
            name: arm.name.clone(),
            n: arm.moments.n,
            mean: (arm.moments.n > 0 && arm.moments.mean.is_finite()).then_some(arm.moments.mean),
            absolute: finding(Scale::Absolute),
            relative: finding(Scale::Relative),
        }
    };
    Report { sample_ratio, alpha, rows: arms.iter().enumerate().map(row).collect() }
}

fn compare(
    sample_ratio: &Result<Srm, Why>,
    control: &Moments,
    treatment: &Moments,
    scale: Scale,
    alpha: f64,
) -> Finding {
    let effect = || {
        match sample_ratio {
            Ok(healthy) if !healthy.alarm() => {}
            Ok(_) => return Err(Why::SampleRatioMismatch),
            Err(why) => return Err(*why),
        }
        if control.n < UNITS_MIN || treatment.n < UNITS_MIN {
            return Err(Why::TooFewUnits);
        }
        Effect::between(&Sample::of(control)?, &Sample::of(treatment)?, scale)
    };
    effect().map_or_else(Finding::Inconclusive, |effect| asymptotic(&effect, alpha, TUNED_FOR_UNITS))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sample_ratio {
            Ok(srm) if srm.alarm() => {
                writeln!(f, "SAMPLE RATIO MISMATCH (p {}): find the cause before reading on", p_text(srm.ln_p))?;
            }
            Ok(srm) => writeln!(f, "Arms filled as planned (p {}).", p_text(srm.ln_p))?,
            Err(why) => writeln!(f, "Whether the arms are filled as planned cannot be told: {why}.")?,
        }
        let level = (1.0 - self.alpha) * 100.0;
        let head = ["arm", "units", "mean", "lift", &format!("{level:.4}"), "p"].map(str::to_owned);
        let mut cells = vec![head];
        cells[0][4] = format!("{level}% interval, at any look");
        cells.extend(self.rows.iter().map(cells_of));
        let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        for row in &cells {
            let [arm, units, mean, lift, interval, p] = row;
            let line = format!(
                "{arm:<0$}  {units:>1$}  {mean:>2$}  {lift:>3$}  {interval:<4$}  {p:>5$}",
                widths[0], widths[1], widths[2], widths[3], widths[4], widths[5]
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn cells_of(row: &Row) -> [String; 6] {
    let mean = row.mean.map_or_else(|| "–".to_owned(), |mean| format!("{mean:.4}"));
    let [lift, interval, p] = match row.relative {
        None => ["control".to_owned(), String::new(), String::new()],
        Some(Finding::Measured(found)) => {
            [percent(found.estimate), format!("[{}, {}]", percent(found.low), percent(found.high)), p_text(found.ln_p)]
        }
        Some(Finding::Inconclusive(why)) => ["–".to_owned(), format!("inconclusive: {why}"), String::new()],
    };
    [row.name.clone(), row.n.to_string(), mean, lift, interval, p]
}

fn percent(share: f64) -> String {
    format!("{:+.2}%", share * 100.0)
}

/// Four digits, and a power of ten below: never 0.
fn p_text(ln_p: f64) -> String {
    if ln_p >= 0.0001_f64.ln() {
        return format!("{:.4}", ln_p.exp());
    }
    let exponent = (ln_p / LN_10).floor();
    format!("{:.1}e{exponent}", (ln_p - exponent * LN_10).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(name: &str, n: u64, mean: f64, variance: f64) -> ArmMoments {
        ArmMoments { name: name.to_owned(), moments: Moments { n, mean, m2: variance * (n.max(1) - 1) as f64 } }
    }

    #[test]
    fn a_sound_experiment_is_a_table() {
        let arms = [arm("tags", 10_012, 0.421, 0.3), arm("tags and trends", 9_988, 0.482, 0.35)];
        let report = analyse_means(&arms, &[0.5, 0.5], 0.05);
        assert_eq!(
            report.to_string(),
            "Arms filled as planned (p 0.8652).\n\
             arm              units    mean     lift  95% interval, at any look        p\n\
             tags             10012  0.4210  control\n\
             tags and trends   9988  0.4820  +14.49%  [+8.09%, +20.89%]          1.6e-10\n"
        );
    }

    #[test]
    fn a_sick_experiment_shows_its_sickness() {
        let arms = [arm("a", 10_000, 0.4, 0.3), arm("b", 11_000, 0.6, 0.3)];
        let report = analyse_means(&arms, &[0.5, 0.5], 0.05);
        assert_eq!(report.rows[1].relative, Some(Finding::Inconclusive(Why::SampleRatioMismatch)));
        assert!(report.to_string().starts_with("SAMPLE RATIO MISMATCH (p 5.2e-12)"), "{report}");
    }

    #[test]
    fn nothing_is_made_up() {
        let why = |arms: &[ArmMoments], weights: &[f64]| match analyse_means(arms, weights, 0.05).rows[1].relative {
            Some(Finding::Inconclusive(why)) => Some(why),
            Some(Finding::Measured(_)) | None => None,
        };
        let half = [0.5, 0.5];
        assert_eq!(why(&[arm("a", 50, 1.0, 1.0), arm("b", 50, 1.0, 1.0)], &half), Some(Why::TooFewUnits));
        assert_eq!(why(&[arm("a", 0, 0.0, 0.0), arm("b", 0, 0.0, 0.0)], &half), Some(Why::TooFewUnits));
        assert_eq!(why(&[arm("a", 500, 1.0, 0.0), arm("b", 500, 1.0, 0.0)], &half), Some(Why::NoVariance));
        assert_eq!(why(&[arm("a", 500, 0.0, 1.0), arm("b", 500, 1.0, 1.0)], &half), Some(Why::ControlIsZero));
        assert_eq!(why(&[arm("a", 500, f64::NAN, 1.0), arm("b", 500, 1.0, 1.0)], &half), Some(Why::NotFinite));
        assert_eq!(why(&[arm("a", 500, 1.0, 1.0), arm("b", 500, 1.0, 1.0)], &[1.0]), Some(Why::BadWeights));
        let none = analyse_means(&[], &[], 0.05);
        assert!(none.rows.is_empty() && none.to_string().contains("cannot be told"));
        assert!(analyse_means(&[arm("a", 500, 1.0, 1.0)], &[1.0], 0.05).to_string().contains("only one arm"));
    }
}
