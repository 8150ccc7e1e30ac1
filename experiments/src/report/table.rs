//! The analysis as a table in a terminal.

use std::fmt;

use super::{Analysis, Line, MetricTable, words};
use crate::design::Role;
use crate::infer::finding::{Adjustment, Finding, Interval};
use crate::infer::non_inferiority::Verdict;

/// Columns that are aligned on the left: names and intervals. Numbers end together.
const LEFT: [usize; 3] = [0, 4, 8];
/// The column of corrected p-values; left out where nothing is corrected.
const CORRECTED: usize = 6;

impl fmt::Display for Analysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.health)?;
        if !self.metrics.is_empty() {
            writeln!(f, "\n{}", self.promise())?;
        }
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
        let corrected = metric.lines.iter().any(is_corrected);
        let interval = format!("{} interval", self.level());
        let head = ["arm", "units", "value", "difference", &interval, "p", "corrected p", "change", &interval];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(metric.lines.iter().map(|line| cells(line, metric)));
        if !corrected {
            rows.iter_mut().for_each(|row| row[CORRECTED].clear());
        }
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
            let mut rows: Vec<_> = segment.lines.iter().map(|line| cells(line, metric)).collect();
            rows.iter_mut().for_each(|row| row[0] = format!("{}: {}", segment.value, row[0]));
            print(f, &rows, "    ")?;
        }
        Ok(())
    }
}

impl Analysis {
    /// How sure its intervals are: 95%.
    fn level(&self) -> String {
        // Rounded: 1 − 0.07 is 0.9299….
        format!("{}%", ((1.0 - self.alpha) * 1e8).round() / 1e6)
    }

    /// How the intervals are made, and what holds of them.
    fn promise(&self) -> String {
        let arms = self.arms.len().saturating_sub(1);
        let together = if arms > 1 { format!("; those of all {arms} arms hold together") } else { String::new() };
        format!("{} intervals: {}{together}.", self.level(), self.method)
    }
}

/// Whether a p-value became another by correction.
fn is_corrected(line: &Line) -> bool {
    let found = line.absolute.as_ref().and_then(Finding::interval);
    found.zip(line.ln_p_adjusted).is_some_and(|(found, ln_p)| found.ln_p != ln_p)
}

fn role(role: Role) -> String {
    match role {
        Role::Goal => String::new(),
        Role::Guardrail { margin } => format!(" (guardrail: at most {:.2}% worse)", margin * 100.0),
        Role::Secondary => " (secondary)".to_owned(),
    }
}

/// Prints rows of the same columns; a column in which nothing stands takes no room.
fn print(f: &mut fmt::Formatter<'_>, rows: &[Vec<String>], indent: &str) -> fmt::Result {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let mut line = indent.to_owned();
        for (column, cell) in row.iter().enumerate().filter(|(column, _)| widths[*column] > 0) {
            let padding = " ".repeat(widths[column] - cell.chars().count());
            let (before, after) = if LEFT.contains(&column) { ("", padding.as_str()) } else { (padding.as_str(), "") };
            line.extend([before, cell, after, "  "]);
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

fn cells(line: &Line, metric: &MetricTable) -> Vec<String> {
    let value = line.value.map_or_else(|| "–".to_owned(), |value| words::value(value, metric.measure));
    let difference = |number| words::difference(number, metric.measure);
    let none = String::new;
    let [by, within, p] = match &line.absolute {
        None => ["control".to_owned(), none(), none()],
        Some(Finding::Measured(found)) => {
            // A posterior has a chance to win, not a p-value.
            let p = if found.posterior.is_some() { none() } else { words::p(found.ln_p) };
            [difference(found.estimate), between(found, difference), p]
        }
        Some(Finding::Inconclusive(why)) => ["–".to_owned(), format!("inconclusive: {why}"), none()],
    };
    let [change, around] = match (&line.absolute, &line.relative) {
        (Some(_), Some(Finding::Measured(found))) => {
            let asides = asides(line, found.adjustment);
            [words::change(found.estimate), between(found, words::change) + &asides]
        }
        (Some(Finding::Measured(_)), Some(Finding::Inconclusive(why))) => {
            ["–".to_owned(), format!("inconclusive: {why}")]
        }
        (None, _) | (_, None) | (Some(Finding::Inconclusive(_)), Some(Finding::Inconclusive(_))) => [none(), none()],
    };
    let corrected = if p.is_empty() { none() } else { line.ln_p_adjusted.map_or_else(none, words::p) };
    vec![line.arm.clone(), words::count(line.units), value, by, within, p, corrected, change, around]
}

fn between(found: &Interval, say: impl Fn(f64) -> String) -> String {
    format!("[{}, {}]", say(found.low), say(found.high))
}

fn asides(line: &Line, adjustment: Adjustment) -> String {
    let mut asides = Vec::new();
    let found = line.absolute.as_ref().and_then(Finding::interval);
    if found.is_some_and(Interval::excludes_zero) && !line.significant {
        asides.push("not after correction".to_owned());
    }
    asides.extend(line.guardrail.map(|test| match test.verdict {
        Verdict::Within => "held".to_owned(),
        Verdict::Beyond => "BROKEN".to_owned(),
        Verdict::Open => "open".to_owned(),
    }));
    if let Adjustment::Reduced(share) = adjustment
        && share >= 0.01
    {
        asides.push(format!("adjusted for the past: variance −{:.0}%", share * 100.0));
    }
    let posterior = line.absolute.as_ref().and_then(Finding::interval).and_then(|found| found.posterior);
    asides.extend(posterior.map(|said| format!("chance to win {:.1}%", said.chance_to_win * 100.0)));
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
