//! `anklang power`.

use anklang_experiments::design::power::Goal;
use anklang_experiments::report::{Measure, words};
use clap::Args;

use super::analyze::shares_of_one;
use super::failure::Failure;
use super::terminal::say;
use crate::planning::{Answer, Number, Question};

/// Tells how many units an experiment needs, how long that takes, and what so many units can see.
///
/// For a share of the units: --baseline. For a mean: --mean and --sd. For a ratio of sums: --mean and --sd of the
/// numerator, --per-mean and --per-sd of the denominator, and their --correlation.
#[derive(Debug, Args)]
pub(crate) struct Power {
    /// The share of units with a yes, without the treatment, such as .10 or 10%
    #[arg(long, value_name = "SHARE", value_parser = Number::parse, conflicts_with_all = ["mean", "sd"])]
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
    #[arg(long, value_parser = Number::parse, allow_hyphen_values = true, required_unless_present = "units")]
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
        let weights = self.weights.clone().map(shares_of_one).transpose()?;
        let question = Question {
            baseline: self.baseline,
            mean: self.mean,
            sd: self.sd,
            per_mean: self.per_mean,
            per_sd: self.per_sd,
            correlation: self.correlation,
            effect: self.effect,
            units: self.units,
            per_day: self.per_day,
            weights,
            alpha: self.alpha,
            power: self.power,
            looks: self.looks,
            variance_reduction: self.variance_reduction,
            cluster: self.cluster,
            cluster_correlation: self.cluster_correlation,
        };
        question.answer().map_err(|error| Failure::Use(format!("--{}: {}", error.field.replace('_', "-"), error.what)))
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
    fn shares_of_a_hundred_are_shares() {
        let of = |weights: &str| units(&format!("--baseline .10 --effect 10% --weights {weights}"), 0);
        assert_eq!(of("90,10"), of(".9,.1"));
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
            "--mean 1 --sd 1 --effect .1 --weights .9,.2",
            "--mean 1 --sd 1 --effect .1 --weights 1.5,-.5",
            "--mean 1 --sd 1 --effect .1 --alpha 2",
            "--mean 1 --sd 1 --effect .1 --looks 0",
            "--mean 1 --sd 1 --units 0",
            "--mean 1 --sd 1 --effect .1 --per-day 0",
        ] {
            assert!(answer(line).is_err(), "{line}");
        }
    }
}
