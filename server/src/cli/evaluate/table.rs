//! Results as tables for people.

use std::io::IsTerminal;

use anklang_datasets::evaluate::report::{By, ModelReport, Report, headlines};
use anklang_datasets::evaluate::{Column, Costs, paired};
use anklang_datasets::measure::{Better, Measure};
use anklang_experiments::report::words;

/// Whether bold may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Bold,
}

impl Ink {
    pub(super) fn of_terminal() -> Self {
        if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() { Self::Bold } else { Self::Plain }
    }
}

/// A cell, and whether it is the best of its column.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) best: bool,
}

/// All of it, line by line.
pub(super) fn lines(report: &Report, costs: &[Costs], ink: Ink) -> Vec<String> {
    let mut lines = vec![heading(report), String::new()];
    lines.extend(table(&accuracy(report), ink));
    lines.extend(legend(report, ink));
    lines.push(String::new());
    lines.extend(table(&beyond(report, costs), ink));
    for (by, title) in [
        (By::Members, "of members with a past when the training ended (warm) and without (cold)"),
        (By::Items, "of targets that somebody knew when the training ended (warm) and nobody did (cold)"),
        (By::History, "by how many items the member had dealt with"),
    ] {
        if let Some(rows) = slices(report, by) {
            lines.push(String::new());
            lines.push(format!("{}, {title}", headlines(&report.at).last().map_or_else(String::new, head)));
            lines.extend(table(&rows, ink));
        }
    }
    lines.push(String::new());
    lines.extend(differences(report));
    lines
}

pub(super) fn heading(report: &Report) -> String {
    let sum =
        |of: fn(&anklang_datasets::evaluate::report::FoldLine) -> usize| report.folds.iter().map(of).sum::<usize>();
    format!(
        "{} · {} · {} fold{} · {} questions by {} members · {} items to rank",
        report.data.name,
        report.split,
        report.folds.len(),
        if report.folds.len() == 1 { "" } else { "s" },
        words::count(sum(|fold| fold.cases) as u64),
        words::count(report.models.first().and_then(|model| model.means.first()).map_or(0, |mean| mean.members) as u64),
        words::count(report.catalogue as u64),
    )
}

/// As papers write it: .1941.
pub(super) fn share(value: f64) -> String {
    let text = format!("{value:.4}");
    text.strip_prefix('0').map_or(text.clone(), str::to_owned)
}

fn head(column: &Column) -> String {
    format!("{}@{}", column.measure.short(), column.k)
}

fn header(names: impl IntoIterator<Item = String>) -> Vec<Cell> {
    std::iter::once(String::new()).chain(names).map(|text| Cell { text, best: false }).collect()
}

/// A row a model; the columns are what `of` gives for each.
fn rows(report: &Report, header: Vec<Cell>, of: impl Fn(&ModelReport) -> Vec<Cell>) -> Vec<Vec<Cell>> {
    let row = |model: &ModelReport| {
        std::iter::once(Cell { text: model.name.clone(), best: false }).chain(of(model)).collect()
    };
    std::iter::once(header).chain(report.models.iter().map(row)).collect()
}

/// The best of a column over the models, where more or less of it is better.
fn best(report: &Report, better: Better, of: impl Fn(&ModelReport) -> Option<f64>) -> Option<f64> {
    let values = report.models.iter().filter_map(of);
    match better {
        Better::Higher => values.max_by(f64::total_cmp),
        Better::Lower => values.min_by(f64::total_cmp),
        Better::Neither => None,
    }
}

pub(super) fn accuracy(report: &Report) -> Vec<Vec<Cell>> {
    let columns: Vec<Column> = report
        .at
        .iter()
        .flat_map(|k| {
            [
                Measure::Recall,
                Measure::Ndcg,
                Measure::RecallCapped,
                Measure::Mrr,
                Measure::Map,
                Measure::Precision,
                Measure::HitRate,
            ]
            .map(|measure| Column::of_all(measure, *k))
        })
        .collect();
    let bests: Vec<Option<f64>> =
        columns.iter().map(|column| best(report, column.measure.better(), |model| model.mean(*column))).collect();
    rows(report, header(columns.iter().map(head)), |model| {
        let cell = |(column, best): (&Column, &Option<f64>)| {
            let Some(mean) = model.mean(*column) else { return Cell { text: "–".to_owned(), best: false } };
            let mark = model.difference(*column).map_or(' ', |difference| mark(difference, report.alpha));
            Cell { text: format!("{}{mark}", share(mean)), best: *best == Some(mean) && report.models.len() > 1 }
        };
        columns.iter().zip(&bests).map(cell).collect()
    })
}

fn mark(difference: &paired::Difference, alpha: f64) -> char {
    match difference.mean() {
        Some(mean) if difference.significant(alpha) => {
            if mean > 0.0 {
                '▲'
            } else {
                '▼'
            }
        }
        Some(_) | None => ' ',
    }
}

pub(super) fn legend(report: &Report, ink: Ink) -> Vec<String> {
    let mut lines = vec![format!(
        "Means over members. R is divided by |T|, R/min by min(|T|, k); N is NDCG, cut at min(|T|, k).{}",
        if ink == Ink::Bold { " Bold: the best." } else { "" }
    )];
    if report.models.len() > 1 {
        lines.push(format!(
            "▲ ▼ better or worse than {}, member by member: t and flipped signs, both under Holm at {}.",
            report.compare_with, report.alpha
        ));
    }
    lines
}

pub(super) fn beyond(report: &Report, costs: &[Costs]) -> Vec<Vec<Cell>> {
    let Some(k) = report.at.last().copied() else { return Vec::new() };
    let named = Measure::BEYOND.map(|measure| Column::of_all(measure, k));
    let shown: Vec<Column> =
        named.into_iter().filter(|column| report.models.iter().any(|model| model.mean(*column).is_some())).collect();
    let names = [format!("coverage@{k}"), "Gini".to_owned()]
        .into_iter()
        .chain(shown.iter().map(|column| column.measure.short().to_owned()))
        .chain(["fit s".to_owned(), "rank s".to_owned(), "fit GiB".to_owned()]);
    let cost = |model: &ModelReport| {
        let place = report.models.iter().position(|other| other.name == model.name)?;
        costs.get(place).copied()
    };
    rows(report, header(names), |model| {
        let together = model.together.iter().find(|together| together.k == k);
        let plain = |text: String| Cell { text, best: false };
        let number = |value: Option<f64>, column: &Column| match (value, column.measure) {
            (None, _) => "–".to_owned(),
            (Some(value), Measure::Novelty) => format!("{value:.2}"),
            (Some(value), Measure::AveragePopularity) => format!("{value:.1}"),
            (Some(value), _) => share(value),
        };
        let mut cells = vec![
            plain(together.map_or_else(String::new, |it| share(it.coverage))),
            plain(together.map_or_else(String::new, |it| share(it.gini))),
        ];
        cells.extend(shown.iter().map(|column| plain(number(model.mean(*column), column))));
        if let Some(cost) = cost(model) {
            let gib = |bytes: u64| format!("{:.2}", bytes as f64 / (1_u64 << 30) as f64);
            cells.push(plain(format!("{:.1}", cost.fit_seconds)));
            cells.push(plain(format!("{:.1}", cost.rank_seconds)));
            cells.push(plain(cost.fit_peak_bytes.map_or_else(|| "–".to_owned(), gib)));
        }
        cells
    })
}

/// A row a model, a column a slice; none where there is but one slice.
pub(super) fn slices(report: &Report, by: By) -> Option<Vec<Vec<Cell>>> {
    let column = *headlines(&report.at).last()?;
    let of_model = |model: &ModelReport| -> Vec<(String, Option<f64>, usize)> {
        let slices = model.slices.iter().filter(|slice| slice.by == by);
        let slices = slices.filter(|slice| slice.mean.of.measure == column.measure);
        slices.map(|slice| (slice.which.clone(), slice.mean.mean, slice.mean.members)).collect()
    };
    let first = of_model(report.models.first()?);
    if first.len() < 2 {
        return None;
    }
    let names = first.iter().map(|(which, _, members)| format!("{which} ({})", words::count(*members as u64)));
    let bests: Vec<Option<f64>> = (0..first.len())
        .map(|place| best(report, Better::Higher, |model| of_model(model).get(place).and_then(|slice| slice.1)))
        .collect();
    Some(rows(report, header(names), |model| {
        let cell = |((_, mean, _), best): ((String, Option<f64>, usize), &Option<f64>)| Cell {
            best: mean.is_some() && mean == *best && report.models.len() > 1,
            text: mean.map_or_else(|| "–".to_owned(), share),
        };
        of_model(model).into_iter().zip(&bests).map(cell).collect()
    }))
}

fn differences(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for column in headlines(&report.at) {
        let compared = || report.models.iter().filter_map(|model| Some((model, model.difference(column)?)));
        if compared().next().is_none() {
            continue;
        }
        lines.push(format!(
            "{}, difference to {} with its {:.0}% interval",
            head(&column),
            report.compare_with,
            (1.0 - report.alpha) * 100.0
        ));
        let width = compared().map(|(model, _)| model.name.chars().count()).max().unwrap_or(0);
        lines.extend(
            compared()
                .map(|(model, difference)| format!("  {:width$}  {}", model.name, said(difference, report.alpha))),
        );
    }
    lines
}

/// A difference in words.
pub(in crate::cli) fn said(difference: &paired::Difference, alpha: f64) -> String {
    let Some(found) = difference.finding.interval() else {
        return format!("nothing can be said: {}", difference.why().unwrap_or_default());
    };
    let signed = |value: f64| format!("{}{}", if value < 0.0 { '−' } else { '+' }, share(value.abs()));
    let p = difference.ln_p_adjusted.map_or_else(String::new, |ln_p| format!(", adjusted p {}", words::p(ln_p)));
    let size = difference.effect_size.map_or_else(String::new, |size| format!(", d {size:+.2}").replace('-', "−"));
    format!(
        "{} [{}, {}]{p}{size}, {} members{}",
        signed(found.estimate),
        signed(found.low),
        signed(found.high),
        words::count(difference.members as u64),
        if difference.significant(alpha) { "" } else { ": not significant" },
    )
}

/// Columns under each other: the first to the left, the others to the right.
fn table(rows: &[Vec<Cell>], ink: Ink) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |cell: &Cell| cell.text.chars().count();
    let widths: Vec<usize> =
        (0..columns).map(|at| rows.iter().filter_map(|row| row.get(at)).map(wide).max().unwrap_or(0)).collect();
    let line = |row: &Vec<Cell>| {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            let room = " ".repeat(widths[at] - wide(cell));
            let text = match (cell.best, ink) {
                (true, Ink::Bold) => format!("\u{1b}[1m{}\u{1b}[0m", cell.text),
                (true | false, Ink::Plain) | (false, Ink::Bold) => cell.text.clone(),
            };
            line += &if at == 0 { format!("{text}{room}") } else { format!("  {room}{text}") };
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
