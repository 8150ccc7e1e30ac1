//! The analysis as a table in a terminal.

use std::fmt;

use super::{Analysis, Line, MetricTable, words};
use crate::design::Role;
use crate::infer::finding::{Adjustment, Finding, Interval};
use crate::infer::non_inferiority::Verdict;

/// Columns of a metric's table.
const COLUMNS: usize = 8;

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
        let interval = format!("{level}% interval");
        let mut rows =
            vec![["arm", "units", "value", "difference", &interval, "p", "change", &interval].map(str::to_owned)];
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
    for row in rows {
        let mut line = indent.to_owned();
        for (column, cell) in row.iter().enumerate() {
            // Names and intervals begin together, numbers end together.
            let padding = " ".repeat(widths[column] - cell.chars().count());
            let (before, after) =
                if matches!(column, 0 | 4 | 7) { ("", padding.as_str()) } else { (padding.as_str(), "") };
            line.push_str(&format!("{before}{cell}{after}  "));
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

fn cells(line: &Line, metric: &MetricTable) -> [String; COLUMNS] {
    let value = line.value.map_or_else(|| "–".to_owned(), |value| words::value(value, metric.measure));
    let difference = |number| words::difference(number, metric.measure);
    let [by, within, p] = match &line.absolute {
        None => ["control".to_owned(), String::new(), String::new()],
        Some(Finding::Measured(found)) => {
            [difference(found.estimate), between(found, difference), words::p(found.ln_p)]
        }
        Some(Finding::Inconclusive(why)) => ["–".to_owned(), format!("inconclusive: {why}"), String::new()],
    };
    let [change, around] = match (&line.absolute, &line.relative) {
        (Some(_), Some(Finding::Measured(found))) => {
            let asides = asides(line, found.adjustment);
            [words::change(found.estimate), between(found, words::change) + &asides]
        }
        (Some(Finding::Measured(_)), Some(Finding::Inconclusive(why))) => {
            ["–".to_owned(), format!("inconclusive: {why}")]
        }
        (None, _) | (_, None) | (Some(Finding::Inconclusive(_)), Some(Finding::Inconclusive(_))) => {
            [String::new(), String::new()]
        }
    };
    [line.arm.clone(), words::count(line.units), value, by, within, p, change, around]
}

fn between(found: &Interval, say: impl Fn(f64) -> String) -> String {
    format!("[{}, {}]", say(found.low), say(found.high))
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
