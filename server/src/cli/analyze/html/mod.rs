//! An analysis as a page: one file, without scripts and without anything from elsewhere. Whatever was typed is escaped.

pub(in crate::cli) mod forest;

use anklang_experiments::design::Role;
use anklang_experiments::design::plan::Correction;
use anklang_experiments::health::{Check, Severity};
use anklang_experiments::infer::finding::{Adjustment, Finding, Posterior};
use anklang_experiments::infer::non_inferiority::Verdict;
use anklang_experiments::metrics::Better;
use anklang_experiments::report::{Analysis, Line, MetricTable, SegmentTable, words};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::forest::Forest;

/// The look of reports.
pub(in crate::cli) const STYLE: &str = include_str!("style.css");

/// The page of an analysis; `notes` are what was taken for granted.
pub(super) fn page(analysis: &Analysis, notes: &[String]) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (analysis.title) " · Anklang" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (analysis.title) }
                    p.method {
                        (level(analysis)) " intervals: " (analysis.method) "."
                        @if !analysis.metrics.iter().any(|metric| is_bayesian(&metric.lines)) { " " (correction(analysis.correction)) }
                    }
                }
                main {
                    (health(analysis))
                    (arms(analysis))
                    @for metric in &analysis.metrics { (metric_card(analysis, metric)) }
                    @if !notes.is_empty() {
                        section.card {
                            h2 { "What was read" }
                            ul { @for note in notes { li { (note) } } }
                        }
                    }
                }
                footer { "Made by Anklang. Intervals that leave out 0 are blue where better and orange where worse; grey ones hold 0." }
            }
        }
    }
}

fn level(analysis: &Analysis) -> String {
    format!("{}%", forest::trimmed((1.0 - analysis.alpha) * 100.0))
}

fn correction(correction: Correction) -> &'static str {
    match correction {
        Correction::Holm => "Adjusted p: Holm, over metrics and arms.",
        Correction::BenjaminiHochberg => "Adjusted p: Benjamini–Hochberg, over metrics and arms.",
        Correction::None => "p-values are not adjusted.",
    }
}

fn health(analysis: &Analysis) -> Markup {
    let severity = analysis.health.severity();
    let headline = match severity {
        Severity::Alarm => "This experiment is sick: no effect is shown before the cause is found",
        Severity::Suspicious => "Something to look into",
        Severity::Untested => "Not everything could be tested",
        Severity::Ok => "Healthy",
    };
    html! {
        section class={ "card health " (class(severity)) } {
            h2 { (headline) }
            ul.checks { @for check in &analysis.health.checks { (check_line(check)) } }
        }
    }
}

fn check_line(check: &Check) -> Markup {
    html! {
        li class=(class(check.severity)) {
            span.badge { (mark(check.severity)) " " (check.severity.to_string().to_lowercase()) }
            span { @if let Some(subject) = &check.subject { strong { (subject) } ": " } (check.says) }
        }
    }
}

fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Alarm => "alarm",
        Severity::Suspicious => "suspicious",
        Severity::Untested => "untested",
        Severity::Ok => "ok",
    }
}

/// Not by colour alone.
fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Alarm => "✖",
        Severity::Suspicious => "▲",
        Severity::Untested => "?",
        Severity::Ok => "✓",
    }
}

fn arms(analysis: &Analysis) -> Markup {
    let all: u64 = analysis.arms.iter().map(|arm| arm.units).sum();
    let percent = |share: f64| format!("{:.2}%", share * 100.0);
    html! {
        section.card {
            h2 { "Arms" }
            div.wide {
                table {
                    thead { tr { th { "arm" } th.n { "units" } th.n { "share" } th.n { "planned" } } }
                    tbody {
                        @for (at, arm) in analysis.arms.iter().enumerate() {
                            tr {
                                th scope="row" { (arm.key) @if at == 0 { " " span.tag { "control" } } }
                                td.n { (words::count(arm.units)) }
                                td.n { (percent(arm.units as f64 / all.max(1) as f64)) }
                                td.n { (percent(arm.weight)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn metric_card(analysis: &Analysis, metric: &MetricTable) -> Markup {
    let rows = metric.lines.iter().filter(|line| line.absolute.is_some()).map(|line| (line.arm.clone(), line));
    let forest = Forest::of(metric, rows.collect());
    html! {
        section.card {
            h2 { (metric.name) " " (role(metric.role)) }
            @for note in &metric.notes { p.note { (note) } }
            (forest.draw())
            (table(metric, &metric.lines))
            @for dimension in dimensions(&metric.segments) { (segment_plots(analysis, metric, dimension)) }
        }
    }
}

fn role(role: Role) -> Markup {
    match role {
        Role::Goal => html! {},
        Role::Secondary => html! { span.tag { "secondary" } },
        Role::Guardrail { margin } => {
            html! { span.tag { "guardrail: at most " (forest::trimmed(margin * 100.0)) "% worse" } }
        }
    }
}

fn table(metric: &MetricTable, lines: &[Line]) -> Markup {
    let bayesian = is_bayesian(lines);
    html! {
        // Can be scrolled by keyboard; its edge is shaded where there is more.
        div.wide tabindex="0" role="region" aria-label={ (metric.name) ", in numbers" } {
            table.numbers {
                thead {
                    tr { th { "arm" } th.n { "units" } th.n { "value" } th.n { "difference" } th.n { "change" } @if !bayesian { th.n { "adjusted p" } } }
                }
                tbody {
                    @for line in lines {
                        tr {
                            th scope="row" { (line.arm) }
                            td.n { (words::count(line.units)) }
                            td.n { (line.value.map_or_else(|| "–".to_owned(), |value| words::value(value, metric.measure))) }
                            @match (&line.absolute, &line.relative) {
                                (Some(absolute), Some(relative)) => {
                                    td.n { (finding(absolute, metric.better, |number| words::difference(number, metric.measure))) }
                                    td.n { (finding(relative, metric.better, words::change)) }
                                    @if !bayesian { td.n { (line.ln_p_adjusted.map_or_else(String::new, words::p)) } }
                                }
                                _ => td.n colspan=(if bayesian { "2" } else { "3" }) { "control" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn finding(finding: &Finding, better: Better, say: impl Fn(f64) -> String) -> Markup {
    match finding {
        Finding::Measured(found) => html! {
            (say(found.estimate)) br; span.interval { "[" (say(found.low)) ", " (say(found.high)) "]" }
            // A posterior says what is likely; a p-value beside it would say it worse.
            @if found.posterior.is_none() { br; span.interval { "p " (words::p(found.ln_p)) } }
            @if let Adjustment::Reduced(share) = found.adjustment {
                @if share >= 0.01 { br; span.interval { "adjusted for the past: variance −" (format!("{:.0}", share * 100.0)) "%" } }
            }
            @if let Some(said) = found.posterior {
                br; span.interval { "chance to win " (format!("{:.1}", wins(said, better).0 * 100.0)) "%" br; "expected loss if shipped " (say(wins(said, better).1.abs()).trim_start_matches('+')) }
            }
        },
        Finding::Inconclusive(why) => html! { span.interval { "inconclusive: " (why) } },
    }
}

/// The chance that the treatment is better, and the loss to expect from shipping it; a posterior takes more for better.
fn wins(said: Posterior, better: Better) -> (f64, f64) {
    match better {
        Better::Higher => (said.chance_to_win, said.risk[1]),
        Better::Lower => (1.0 - said.chance_to_win, said.risk[0]),
    }
}

/// Whether a posterior is told, and no p-value.
fn is_bayesian(lines: &[Line]) -> bool {
    let found =
        |line: &Line| line.absolute.as_ref().and_then(Finding::interval).is_some_and(|it| it.posterior.is_some());
    lines.iter().any(found)
}

/// What a guardrail's test says.
fn verdict(line: &Line) -> Option<&'static str> {
    line.guardrail.map(|test| match test.verdict {
        Verdict::Within => "held",
        Verdict::Beyond => "broken",
        Verdict::Open => "open",
    })
}

fn dimensions(segments: &[SegmentTable]) -> Vec<&str> {
    let mut names: Vec<&str> = segments.iter().map(|segment| segment.dimension.as_str()).collect();
    names.dedup();
    names
}

/// One plot for each arm, its rows the values of the dimension.
fn segment_plots(analysis: &Analysis, metric: &MetricTable, dimension: &str) -> Markup {
    let of_arm = |arm: usize| {
        let segments = metric.segments.iter().filter(|segment| segment.dimension == dimension);
        let rows = segments.filter_map(|segment| Some((segment.value.clone(), segment.lines.get(arm)?)));
        Forest::of(metric, rows.collect())
    };
    html! {
        details open[metric.segments.len() <= forest::ROWS_OPEN_MAX] {
            summary { "By " (dimension) " " span.note { "(to explore; p adjusted over its values)" } }
            div.multiples {
                @for (at, arm) in analysis.arms.iter().enumerate().skip(1) {
                    figure { figcaption { (arm.key) " against " (analysis.arms[0].key) } (of_arm(at).draw()) }
                }
            }
        }
    }
}
