//! An evaluation as a page: one file, without scripts and without anything from elsewhere. Whatever was typed is escaped.

mod plot;

use anklang_datasets::evaluate::report::{By, ModelReport, Report, headlines};
use anklang_datasets::evaluate::{Column, Costs};
use anklang_datasets::measure::{Better, Measure};
use anklang_experiments::report::words;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::plot::{Curve, Dot, Strip, curves, scatter, strips};
use super::table::{self, Ink, said, share};
use crate::cli::analyze::html::STYLE;

const OWN_STYLE: &str = include_str!("style.css");
/// Colours that are told apart with any kind of sight (Okabe and Ito 2008), then again; dashes tell the rounds apart.
const COLOURS: usize = 7;

/// The page of a report; the costs are in the order of its models.
pub(super) fn page(report: &Report, costs: &[Costs]) -> Markup {
    let title = format!("{} · {}", report.data.name, report.split);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Anklang" }
                style { (PreEscaped(STYLE)) (PreEscaped(OWN_STYLE)) }
            }
            body {
                header {
                    h1 { "How good are the recommendations?" }
                    p.method { (table::heading(report)) }
                }
                main {
                    (accuracy(report))
                    (differences(report))
                    (price(report, costs))
                    (histories(report))
                    (cold_and_warm(report))
                    (beyond(report, costs))
                    (made_of(report))
                }
                footer {
                    "Made by " (report.code) ". All candidates are ranked; values are means over members, each counting alike."
                }
            }
        }
    }
}

fn headline(report: &Report) -> Option<Column> {
    headlines(&report.at).last().copied()
}

fn grid(title: &str, rows: &[Vec<table::Cell>]) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(title) {
            table.numbers {
                thead { tr { @for cell in rows.first().into_iter().flatten() { th.n { (cell.text) } } } }
                tbody {
                    @for row in rows.iter().skip(1) {
                        tr {
                            @for (at, cell) in row.iter().enumerate() {
                                @if at == 0 { th scope="row" { (cell.text) } }
                                @else { td.n { @if cell.best { strong { (cell.text) } } @else { (cell.text) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn accuracy(report: &Report) -> Markup {
    html! {
        section.card {
            h2 { "What was right" }
            (grid("accuracy", &table::accuracy(report)))
            @for line in table::legend(report, Ink::Bold) { p.note { (line) } }
        }
    }
}

fn differences(report: &Report) -> Markup {
    let of = |column: Column| {
        let strips: Vec<Strip> = report
            .models
            .iter()
            .filter_map(|model| {
                let difference = model.difference(column)?;
                let found = difference.finding.interval();
                Some(Strip {
                    label: model.name.clone(),
                    interval: found.map(|found| (found.low, found.estimate, found.high)),
                    sure: difference.significant(report.alpha),
                    says: said(difference, report.alpha),
                })
            })
            .collect();
        (column, strips)
    };
    let compared: Vec<_> = headlines(&report.at).into_iter().map(of).filter(|(_, strips)| !strips.is_empty()).collect();
    html! {
        @if !compared.is_empty() {
            section.card {
                h2 { "Differences to " (report.compare_with) }
                p.note {
                    "Member by member, with " (format!("{:.0}", (1.0 - report.alpha) * 100.0))
                    "% intervals. Blue is significantly better, orange significantly worse: by t and by flipped signs, Holm over the models."
                }
                @for (column, of_column) in &compared {
                    h3 { (column) }
                    (strips(of_column))
                }
            }
        }
    }
}

/// Quality against training time and memory.
fn price(report: &Report, costs: &[Costs]) -> Markup {
    let Some(column) = headline(report) else { return html! {} };
    let dots = |of: &dyn Fn(&Costs) -> Option<f64>| -> Vec<Dot> {
        let dot = |(number, (model, cost)): (usize, (&ModelReport, &Costs))| {
            Some(Dot { label: model.name.clone(), x: of(cost)?, y: model.mean(column)?, colour: number % COLOURS })
        };
        report.models.iter().zip(costs).enumerate().filter_map(dot).collect()
    };
    let gib = |bytes: u64| bytes as f64 / (1_u64 << 30) as f64;
    let name = column.to_string();
    html! {
        section.card {
            h2 { "What it costs" }
            div.multiples.two {
                figure {
                    figcaption { (name) " against training time" }
                    (scatter(&dots(&|cost| Some(cost.fit_seconds)), "seconds", &name))
                }
                figure {
                    figcaption { (name) " against the most memory during training, the data included" }
                    (scatter(&dots(&|cost| cost.fit_peak_bytes.map(gib)), "GiB", &name))
                }
            }
        }
    }
}

fn histories(report: &Report) -> Markup {
    let Some(column) = headline(report) else { return html! {} };
    let slices = |model: &ModelReport| -> Vec<(String, f64, usize)> {
        let of = model.slices.iter().filter(|slice| slice.by == By::History && slice.mean.of == column);
        of.filter_map(|slice| Some((slice.which.clone(), slice.mean.mean?, slice.mean.members))).collect()
    };
    let Some(first) = report.models.first().map(slices).filter(|first| first.len() > 1) else { return html! {} };
    let ticks: Vec<String> = first.iter().map(|(which, _, _)| which.clone()).collect();
    let members: Vec<String> = first.iter().map(|(_, _, members)| words::count(*members as u64)).collect();
    let lines: Vec<Curve> = report
        .models
        .iter()
        .enumerate()
        .map(|(number, model)| Curve {
            label: model.name.clone(),
            values: slices(model).into_iter().map(|(_, mean, _)| mean).collect(),
            colour: number % COLOURS,
            round: number / COLOURS,
        })
        .collect();
    html! {
        section.card {
            h2 { "By how much is known of a member" }
            p.note { (column) " by how many items the member had dealt with; members: " (members.join(" · ")) "." }
            (curves(&lines, &ticks))
        }
    }
}

fn cold_and_warm(report: &Report) -> Markup {
    let tables: Vec<_> = [
        (By::Members, "Members with a past when the training ended, and without"),
        (By::Items, "Targets that somebody knew when the training ended, and nobody did"),
    ]
    .into_iter()
    .filter_map(|(by, title)| Some((title, table::slices(report, by)?)))
    .collect();
    html! {
        @if !tables.is_empty() {
            section.card {
                h2 { "Cold against warm" }
                @for (title, rows) in &tables {
                    h3 { (title) }
                    (grid(title, rows))
                    (pairs(report, rows))
                }
            }
        }
    }
}

/// The two columns of a table as bars, model by model.
fn pairs(report: &Report, rows: &[Vec<table::Cell>]) -> Markup {
    let number = |cell: &table::Cell| format!("0{}", cell.text).parse::<f64>().unwrap_or(0.0);
    let most = rows.iter().skip(1).flat_map(|row| row.iter().skip(1)).map(number).fold(0.0, f64::max);
    html! {
        @if most > 0.0 {
            div.bars role="img" aria-label="warm above, cold below" {
                @for row in rows.iter().skip(1).take(report.models.len()) {
                    span.label { (row.first().map_or("", |cell| cell.text.as_str())) }
                    span.pair {
                        @for (at, cell) in row.iter().skip(1).enumerate() {
                            span.length.{ "kind" (at) } style={ "width:" (format!("{:.2}", number(cell) / most * 100.0)) "%" } {}
                        }
                    }
                }
            }
            p.note { "Above warm, below cold." }
        }
    }
}

fn beyond(report: &Report, costs: &[Costs]) -> Markup {
    html! {
        section.card {
            h2 { "Beyond accuracy" }
            (grid("beyond accuracy", &table::beyond(report, costs)))
            details {
                summary { "What the measures say" }
                ul {
                    @for measure in Measure::all() {
                        li { strong { (measure.name()) } ": " (measure.says()) (better(measure)) }
                    }
                    li { strong { "coverage" } ": the share of items that are in any list" }
                    li { strong { "Gini" } ": how unequally lists are shared among items; 0 is equal, 1 is one item for all" }
                }
            }
        }
    }
}

const fn better(measure: Measure) -> &'static str {
    match measure.better() {
        Better::Higher | Better::Neither => "",
        Better::Lower => " (less is better)",
    }
}

fn made_of(report: &Report) -> Markup {
    html! {
        section.card {
            h2 { "What it was made of" }
            ul {
                li { "Data: " (report.data.name) ", checksum " code { (report.data.checksum) } }
                li { "Split: " code { (report.split) } ", seed " (report.seed) }
                @for fold in &report.folds {
                    li {
                        "Fold " (fold.name) ": " (words::count(fold.train_events as u64)) " events to train on, "
                        (words::count(fold.cases as u64)) " questions by " (words::count(fold.members as u64)) " members"
                    }
                }
                @for model in &report.models { li { (model.name) ": " code { (model.document) } } }
            }
        }
    }
}

/// A number on an axis of shares.
fn axis_share(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { share(value).trim_end_matches('0').to_owned() }
}
