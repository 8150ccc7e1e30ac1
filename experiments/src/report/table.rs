//! The analysis as a table in a terminal.

use std::fmt;

use super::{Analysis, Line, MetricTable, words};
use crate::design::Role;
use crate::infer::finding::{Adjustment, Finding};
use crate::infer::non_inferiority::Verdict;

/// Columns of a metric's table.
const COLUMNS: usize = 6;

impl fmt::Display for Analysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.health)?;
        for metric in &self.metrics {
            writeln!(f)?;
            self.metric(f, metric)?;
        }
        Ok(())
    }
}

impl Analysis {
    fn metric(&self, f: &mut fmt::Formatter<'_>, metric: &MetricTable) -> fmt::Result {
        writeln!(f, "{}{}", metric.name, role(metric.role))?;
        let level = (1.0 - self.alpha) * 100.0;
        let head = ["arm".to_owned(), "units".into(), "value".into(), "change".into(), String::new(), "p".into()];
        let mut rows = vec![head];
        rows[0][4] = format!("{level}% interval");
        rows.extend(metric.lines.iter().map(|line| cells(line, metric)));
        print(f, &rows, "  ")?;
        for step in steps(self, metric) {
            writeln!(f, "  {step}")?;
        }
        for note in &metric.notes {
            writeln!(f, "  {note}")?;
        }
        let mut dimension = "";
        for segment in &metric.segments {
            if segment.dimension != dimension {
                dimension = &segment.dimension;
                writeln!(f, "  by {dimension} (to explore; p corrected over its values)")?;
            }
            let rows: Vec<_> = segment
                .lines
                .iter()
                .map(|line| {
                    let mut row = cells(line, metric);
                    row[0] = format!("{}: {}", segment.value, row[0]);
                    if let Some(ln_p) = line.ln_p_adjusted {
                        row[5] = words::p(ln_p);
                    }
                    row
                })
                .collect();
            print(f, &rows, "    ")?;
        }
        Ok(())
    }
}

fn role(role: Role) -> String {
    match role {
        Role::Goal => String::new(),
        Role::Guardrail { margin } => format!(" (guardrail: at most {:.2}% worse)", margin * 100.0),
        Role::Secondary => " (secondary)".to_owned(),
    }
}

fn print(f: &mut fmt::Formatter<'_>, rows: &[[String; COLUMNS]], indent: &str) -> fmt::Result {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    for [arm, units, value, change, interval, p] in rows {
        let line = format!(
            "{indent}{arm:<0$}  {units:>1$}  {value:>2$}  {change:>3$}  {interval:<4$}  {p:>5$}",
            widths[0], widths[1], widths[2], widths[3], widths[4], widths[5]
        );
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

fn cells(line: &Line, metric: &MetricTable) -> [String; COLUMNS] {
    let value = line.value.map_or_else(|| "–".to_owned(), |value| words::value(value, metric.measure));
    let (relative, absolute) = (line.relative.as_ref(), line.absolute.as_ref());
    let [change, interval, p] = match (relative, absolute) {
        (None, _) | (_, None) => ["control".to_owned(), String::new(), String::new()],
        (Some(Finding::Measured(found)), _) => {
            let interval = format!("[{}, {}]", words::change(found.low), words::change(found.high));
            [words::change(found.estimate), interval + &asides(line, found.adjustment), p(line)]
        }
        // Where the control is 0 there is no relative change, but still a difference.
        (Some(Finding::Inconclusive(_)), Some(Finding::Measured(found))) => {
            let say = |number| words::difference(number, metric.measure);
            let interval = format!("[{}, {}]", say(found.low), say(found.high));
            [say(found.estimate), interval + &asides(line, found.adjustment), p(line)]
        }
        (Some(Finding::Inconclusive(_)), Some(Finding::Inconclusive(why))) => {
            ["–".to_owned(), format!("inconclusive: {why}"), String::new()]
        }
    };
    [line.arm.clone(), words::count(line.units), value, change, interval, p]
}

fn p(line: &Line) -> String {
    let found = super::analyse::shown(line.relative.as_ref(), line.absolute.as_ref());
    found.map_or_else(String::new, |found| words::p(found.ln_p))
}

fn asides(line: &Line, adjustment: Adjustment) -> String {
    let mut asides = Vec::new();
    asides.extend(line.guardrail.map(|test| match test.verdict {
        Verdict::Within => "held".to_owned(),
        Verdict::Beyond => "BROKEN".to_owned(),
        Verdict::Open => "open".to_owned(),
    }));
    if let Adjustment::Reduced(share) = adjustment
        && share >= 0.01
    {
        asides.push(format!("variance −{:.0}%", share * 100.0));
    }
    if asides.is_empty() { String::new() } else { format!(" {}", asides.join(", ")) }
}

/// How many units of each arm got to each step of a funnel.
fn steps(analysis: &Analysis, metric: &MetricTable) -> Vec<String> {
    let arm = |(counts, arm): (&Vec<u64>, &super::ArmLine)| {
        let counts: Vec<String> = counts.iter().map(|count| words::count(*count)).collect();
        format!("steps of {}: {}", arm.key, counts.join(" → "))
    };
    metric.steps.iter().zip(&analysis.arms).map(arm).collect()
}
