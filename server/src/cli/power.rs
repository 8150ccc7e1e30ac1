//! `anklang power`.

use anklang_experiments::design::power::{Baseline, Goal, Plan, Size, days, design_effect};
use anklang_experiments::infer::method::Method;
use anklang_experiments::infer::sequential::group::{LOOKS_MAX, Looks, Spending};
use anklang_experiments::report::{Measure, words};
use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::terminal::say;

/// Tells how many units an experiment needs, how long that takes, and what so many units can see.
///
/// For a share of the units: --baseline. For a mean: --mean and --sd. For a ratio of sums: --mean and --sd of the
/// numerator, --per-mean and --per-sd of the denominator, and their --correlation.
#[derive(Debug, Args)]
pub(crate) struct Power {
    /// The share of units with a yes, without the treatment, such as .10 or 10%
    #[arg(long, value_name = "SHARE", value_parser = number, conflicts_with_all = ["mean", "sd"])]
    baseline: Option<Number>,
    /// The mean per unit, without the treatment
    #[arg(long, requires = "sd")]
    mean: Option<f64>,
    /// The standard deviation between units
    #[arg(long, requires = "mean")]
    sd: Option<f64>,
    /// Of a ratio, the denominator's mean per unit
    #[arg(long, value_name = "MEAN", requires_all = ["per_sd", "mean"])]
    per_mean: Option<f64>,
    /// Of a ratio, the denominator's standard deviation between units
    #[arg(long, value_name = "SD", requires = "per_mean")]
    per_sd: Option<f64>,
    /// Of a ratio, the correlation of numerator and denominator between units
    #[arg(long, value_name = "R", default_value_t = 0.0, requires = "per_mean")]
    correlation: f64,
    /// The effect to be seen: 10% of the baseline, or .01 in the metric's own units
    #[arg(long, value_parser = number, allow_hyphen_values = true, required_unless_present = "units")]
    effect: Option<Number>,
    /// Units in all arms: the smallest effect that they can see
    #[arg(long, value_name = "N")]
    units: Option<f64>,
    /// Units that come in a day, in all arms
    #[arg(long, value_name = "N")]
    per_day: Option<f64>,
    /// The shares of the arms, the control's first [default: two equal arms]
    #[arg(long, value_name = "SHARE,…", value_delimiter = ',')]
    weights: Option<Vec<f64>>,
    /// The chance of a false alarm that is taken, over all arms together
    #[arg(long, default_value_t = Goal::default().alpha)]
    alpha: f64,
    /// The chance to see an effect that is there
    #[arg(long, default_value_t = Goal::default().power)]
    power: f64,
    /// Looks at equal distances, for the methods that allow several
    #[arg(long, value_name = "N", default_value_t = 1)]
    looks: usize,
    /// The share of the variance that CUPED takes out
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    variance_reduction: f64,
    /// Units that are assigned together, such as the members of a subgroup
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    cluster: f64,
    /// How alike units of one cluster are: the intra-cluster correlation
    #[arg(long, value_name = "R", default_value_t = 0.0)]
    cluster_correlation: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A number, or a share of something.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Number {
    value: f64,
    /// It was said in percent; the value is of 1.
    percent: bool,
}

fn number(text: &str) -> Result<Number, String> {
    let (digits, percent) = text.strip_suffix('%').map_or((text, false), |digits| (digits, true));
    let value: f64 =
        digits.trim().parse().map_err(|_| "a number, such as .01, or a percentage, such as 10%".to_owned())?;
    Ok(Number { value: if percent { value / 100.0 } else { value }, percent })
}

/// What one method needs.
#[derive(Debug, Serialize)]
struct Needed {
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u64>,
    /// The smallest effect that the units given can see, absolute.
    #[serde(skip_serializing_if = "Option::is_none")]
    detectable: Option<f64>,
    /// The chance that the units given see the effect given.
    #[serde(skip_serializing_if = "Option::is_none")]
    power: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Answer {
    baseline: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<f64>,
    alpha: f64,
    power: f64,
    methods: Vec<Needed>,
}

impl Power {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (answer, measure) = self.answer()?;
        if self.json {
            say(serde_json::to_string_pretty(&answer).map_err(|error| Failure::Other(error.to_string()))?);
            return Ok(());
        }
        self.table(&answer, measure).iter().for_each(|line| {
            say(line);
        });
        Ok(())
    }

    fn answer(&self) -> Result<(Answer, Measure), Failure> {
        let (baseline, value, measure) = self.baseline()?;
        let effect = self.effect.map(|effect| if effect.percent { effect.value * value } else { effect.value });
        if self.per_day.is_some_and(|units| !(units > 0.0 && units.is_finite())) {
            return Err(Failure::Use("--per-day is a number of units above 0".to_owned()));
        }
        let plan = Plan {
            goal: Goal { alpha: self.alpha, power: self.power },
            weights: self.weights.clone().unwrap_or_else(|| vec![0.5, 0.5]),
            variance_reduction: self.variance_reduction,
            design_effect: design_effect(self.cluster, self.cluster_correlation),
            ..Plan::new(baseline)
        };
        let methods = self
            .methods()?
            .into_iter()
            .map(|(method, looks)| self.needed(&Plan { method, looks, ..plan.clone() }, effect));
        let methods = methods.collect::<Result<_, _>>()?;
        let answer =
            Answer { baseline: value, effect, units: self.units, alpha: self.alpha, power: self.power, methods };
        Ok((answer, measure))
    }

    /// The metric without the treatment, its value, and what its numbers are.
    fn baseline(&self) -> Result<(Baseline, f64, Measure), Failure> {
        if let Some(share) = self.baseline {
            return Ok((Baseline::Proportion { share: share.value }, share.value, Measure::Share));
        }
        let (Some(mean), Some(sd)) = (self.mean, self.sd) else {
            return Err(Failure::Use("say what there is: --baseline SHARE, or --mean and --sd".to_owned()));
        };
        let (Some(per), Some(per_sd)) = (self.per_mean, self.per_sd) else {
            return Ok((Baseline::Mean { mean, variance: sd * sd }, mean, Measure::PerUnit));
        };
        if per == 0.0 || !(-1.0..=1.0).contains(&self.correlation) {
            let what = "--per-mean is not 0, and --correlation lies between -1 and 1";
            return Err(Failure::Use(what.to_owned()));
        }
        // The delta method: σ²_M/μ_D² + σ²_D μ_M²/μ_D⁴ − 2σ_MD μ_M/μ_D³ (Deng 2018).
        let ratio = mean / per;
        let variance =
            (sd * sd + ratio * ratio * per_sd * per_sd - 2.0 * ratio * self.correlation * sd * per_sd) / (per * per);
        Ok((Baseline::Mean { mean: ratio, variance }, ratio, Measure::Ratio))
    }

    /// The methods there are, with their looks.
    fn methods(&self) -> Result<Vec<(Method, usize)>, Failure> {
        if !(1..=LOOKS_MAX).contains(&self.looks) {
            return Err(Failure::Use(format!("--looks lies between 1 and {LOOKS_MAX}")));
        }
        let mut methods = vec![(Method::FixedHorizon, 1)];
        if self.looks > 1 {
            let looks = Looks::even(self.looks, Spending::OBrienFleming);
            methods.push((Method::GroupSequential { looks, look: self.looks }, 1));
        }
        methods.push((Method::default(), self.looks));
        Ok(methods)
    }

    fn needed(&self, plan: &Plan, effect: Option<f64>) -> Result<Needed, Failure> {
        let wrong = |error: anklang_experiments::design::power::PowerError| Failure::Use(error.to_string());
        let size = effect.map(|effect| plan.units(effect)).transpose().map_err(wrong)?;
        let days = size.as_ref().and_then(|size| days(size.total, self.per_day?));
        let detectable = self.units.map(|units| plan.detectable(units)).transpose().map_err(wrong)?;
        let power =
            self.units.zip(effect).map(|(units, effect)| plan.power(units, effect)).transpose().map_err(wrong)?;
        Ok(Needed { method: plan.method.label(), size, days, detectable, power })
    }

    fn table(&self, answer: &Answer, measure: Measure) -> Vec<String> {
        let change = |effect: f64| {
            let share = if answer.baseline == 0.0 {
                String::new()
            } else {
                format!(" ({})", words::change(effect / answer.baseline))
            };
            format!("{}{share}", words::difference(effect, measure))
        };
        let mut lines = vec![format!(
            "Baseline {}, {} arms, a false alarm in {}% of cases, an effect that is there seen in {}%.",
            words::value(answer.baseline, measure),
            self.weights.as_ref().map_or(2, Vec::len),
            answer.alpha * 100.0,
            answer.power * 100.0,
        )];
        if let Some(effect) = answer.effect {
            lines.push(format!("To see {}:", change(effect)));
            lines.extend(answer.methods.iter().filter_map(|needed| {
                let size = needed.size.as_ref()?;
                let per_arm: Vec<String> = size.per_arm.iter().map(|units| words::count(*units)).collect();
                let days = needed.days.map_or_else(String::new, |days| format!(", {} days", words::count(days)));
                Some(format!(
                    "  {:>12} units ({} an arm){days}: {}",
                    words::count(size.total),
                    per_arm.join(" / "),
                    needed.method
                ))
            }));
        }
        if let Some(units) = answer.units {
            lines.push(format!("With {} units in all arms:", words::count(units.round() as u64)));
            lines.extend(answer.methods.iter().filter_map(|needed| {
                let power = needed
                    .power
                    .map_or_else(String::new, |power| format!(", the effect seen in {:.1}%", power * 100.0));
                Some(format!("  {} at least{power}: {}", change(needed.detectable?), needed.method))
            }));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        power: Power,
    }

    fn answer(line: &str) -> Result<Answer, String> {
        let parsed = Line::try_parse_from(std::iter::once("power").chain(line.split(' ')));
        parsed
            .map_err(|error| error.to_string())?
            .power
            .answer()
            .map(|(answer, _)| answer)
            .map_err(|error| error.to_string())
    }

    fn units(line: &str, method: usize) -> u64 {
        answer(line).expect("an answer").methods[method].size.as_ref().expect("a size").per_arm[0]
    }

    /// .10 → .11 at 80%: 14,748.3 an arm, unpooled.
    #[test]
    fn the_reference_agrees() {
        assert_eq!(units("--baseline .10 --effect 10%", 0), 14_749);
        assert_eq!(units("--baseline 10% --effect .01", 0), 14_749);
        assert!(units("--baseline .10 --effect 10%", 1) > 14_749, "a sequence costs units");
        // 2·(1.959964 + 0.841621)²·4²/.5² = 1004.65.
        assert_eq!(units("--mean 10 --sd 4 --effect .5", 0), 1_005);
        assert_eq!(units("--mean 10 --sd 4 --effect 5%", 0), 1_005);
        // A denominator that does not vary is none.
        assert_eq!(units("--mean 20 --sd 8 --per-mean 2 --per-sd 0 --effect .5", 0), 1_005);
        assert!(units("--mean 10 --sd 4 --effect -.5 --looks 5", 1) > 1_005);
    }

    #[test]
    fn so_many_units_see_what_needs_so_many() {
        let answer = answer("--baseline .10 --units 29496 --effect .01 --per-day 1000").expect("an answer");
        let fixed = &answer.methods[0];
        assert!((fixed.detectable.expect("an effect") - 0.01).abs() < 1e-6);
        assert!((fixed.power.expect("a chance") - 0.8).abs() < 1e-4);
        assert_eq!(fixed.days, Some(30));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "--baseline .10",
            "--effect 10%",
            "--baseline 1.2 --effect .01",
            "--baseline .5 --effect 200%",
            "--baseline .5 --effect 0",
            "--baseline .5 --effect NaN",
            "--baseline x --effect .1",
            "--mean 1 --effect .1",
            "--mean 1 --sd 0 --effect .1",
            "--mean 0 --sd 1 --effect 10%",
            "--mean 1 --sd 1 --per-mean 0 --per-sd 1 --effect .1",
            "--mean 1 --sd 1 --effect .1 --weights .5",
            "--mean 1 --sd 1 --effect .1 --alpha 2",
            "--mean 1 --sd 1 --effect .1 --looks 0",
            "--mean 1 --sd 1 --units 0",
            "--mean 1 --sd 1 --effect .1 --per-day 0",
        ] {
            assert!(answer(line).is_err(), "{line}");
        }
    }
}
