//! Intervals drawn one below the other, on one axis.
//!
//! Labels are text of the page, so that they keep their size on a phone; only what stretches is SVG.

use anklang_experiments::design::Role;
use anklang_experiments::infer::finding::{Finding, Interval};
use anklang_experiments::metrics::Better;
use anklang_experiments::report::{Line, Measure, MetricTable, words};
use maud::{Markup, html};

use super::verdict;

/// Up to so many segments are shown without being asked for.
pub(super) const ROWS_OPEN_MAX: usize = 40;
/// The axis has about so many marks.
const TICKS: f64 = 5.0;
/// Room beside the outermost end, as a share of the axis.
const ROOM: f64 = 0.06;
/// An interval that is wider than so many times the usual one is cut off, so that the others can be seen.
const WIDTHS_MAX: f64 = 4.0;

/// On which scale the intervals are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    Relative,
    Absolute,
}

pub(super) struct Forest<'a> {
    metric: &'a MetricTable,
    rows: Vec<(String, &'a Line)>,
    scale: Scale,
    low: f64,
    high: f64,
}

impl<'a> Forest<'a> {
    pub(super) fn of(metric: &'a MetricTable, rows: Vec<(String, &'a Line)>) -> Self {
        // Relative, unless only the difference is known somewhere, as where the control is 0.
        let only_absolute =
            |(_, line): &(String, &Line)| on(line, Scale::Absolute).is_some() && on(line, Scale::Relative).is_none();
        let scale = if rows.iter().any(only_absolute) { Scale::Absolute } else { Scale::Relative };
        let margin = margin(metric, scale);
        let intervals: Vec<&Interval> = rows.iter().filter_map(|(_, line)| on(line, scale)).collect();
        let (low, high) = axis(&intervals, margin);
        Self { metric, rows, scale, low, high }
    }

    pub(super) fn draw(&self) -> Markup {
        if self.rows.iter().all(|(_, line)| on(line, self.scale).is_none()) {
            return html! {};
        }
        html! {
            div.forest {
                @for (label, line) in &self.rows { (self.row(label, line)) }
                div.axis {
                    span.label {}
                    div.ticks {
                        @for tick in ticks(self.low, self.high) {
                            span style={ "left:" (self.percent(tick)) "%" } { (self.axis_text(tick)) }
                        }
                    }
                    span.estimate {}
                }
            }
        }
    }

    fn row(&self, label: &str, line: &Line) -> Markup {
        let found = on(line, self.scale);
        html! {
            div.row {
                span.label { (label) }
                @if let Some(found) = found {
                    (self.strip(label, found, line))
                    span.estimate {
                        strong { (self.text(found.estimate)) } " "
                        span.interval { "[" (self.text(found.low)) ", " (self.text(found.high)) "]" }
                        @if let Some(verdict) = verdict(line) { " " span.tag { (verdict) } }
                    }
                } @else {
                    span.strip {}
                    span.estimate.interval { "inconclusive" @if let Some(Finding::Inconclusive(why)) = &line.absolute { ": " (why) } }
                }
            }
        }
    }

    /// 100 wide and 20 high, stretched to whatever there is; strokes keep their width.
    fn strip(&self, label: &str, found: &Interval, line: &Line) -> Markup {
        let (from, to, point) = (self.percent(found.low), self.percent(found.high), self.percent(found.estimate));
        let says =
            format!("{label}: {} [{}, {}]", self.text(found.estimate), self.text(found.low), self.text(found.high));
        html! {
            svg.strip viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label=(says) {
                title { (says) }
                @for tick in ticks(self.low, self.high) {
                    @let at = self.percent(tick);
                    line.grid x1=(at) x2=(at) y1="0" y2="20" {}
                }
                line.zero x1=(self.percent(0.0)) x2=(self.percent(0.0)) y1="0" y2="20" {}
                @if let Some(margin) = margin(self.metric, self.scale) {
                    line.margin x1=(self.percent(margin)) x2=(self.percent(margin)) y1="0" y2="20" {}
                }
                g class=(self.class(found, line)) {
                    line.bar x1=(from) x2=(to) y1="10" y2="10" {}
                    // An end of its own, or an arrow where it goes on beyond the axis.
                    @if found.low >= self.low { line.end x1=(from) x2=(from) y1="5" y2="15" {} }
                    @else { polyline.end points="2,4 0,10 2,16" {} }
                    @if found.high <= self.high { line.end x1=(to) x2=(to) y1="5" y2="15" {} }
                    @else { polyline.end points="98,4 100,10 98,16" {} }
                    // No length and round ends: a dot that is not stretched.
                    line.point x1=(point) x2=(point) y1="10" y2="10" {}
                }
            }
        }
    }

    /// Where on the axis, in percent; what lies beyond its ends is at its ends.
    fn percent(&self, number: f64) -> f64 {
        let share = (number.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        (share * 1e4).round() / 100.0
    }

    fn text(&self, number: f64) -> String {
        match self.scale {
            Scale::Relative => words::change(number),
            Scale::Absolute => words::difference(number, self.metric.measure),
        }
    }

    /// As many digits as the axis needs.
    fn axis_text(&self, tick: f64) -> String {
        let (shown, unit) = match (self.scale, self.metric.measure) {
            (Scale::Relative, _) => (tick * 100.0, "%"),
            (Scale::Absolute, Measure::Share) => (tick * 100.0, " pp"),
            (Scale::Absolute, Measure::Days) => (tick, " d"),
            (Scale::Absolute, Measure::PerUnit | Measure::Ratio | Measure::Quantile) => (tick, ""),
        };
        axis_number(shown) + unit
    }

    fn class(&self, found: &Interval, line: &Line) -> &'static str {
        let up = match self.metric.better {
            Better::Higher => found.estimate > 0.0,
            Better::Lower => found.estimate < 0.0,
        };
        let sure = found.excludes_zero() || line.significant;
        match (sure, up) {
            (false, _) => "open",
            (true, true) => "better",
            (true, false) => "worse",
        }
    }
}

fn on(line: &Line, scale: Scale) -> Option<&Interval> {
    let finding = match scale {
        Scale::Relative => &line.relative,
        Scale::Absolute => &line.absolute,
    };
    finding.as_ref().and_then(Finding::interval)
}

/// Where a guardrail's margin is, which is a share.
fn margin(metric: &MetricTable, scale: Scale) -> Option<f64> {
    match (metric.role, metric.better, scale) {
        (Role::Guardrail { margin }, Better::Higher, Scale::Relative) => Some(-margin),
        (Role::Guardrail { margin }, Better::Lower, Scale::Relative) => Some(margin),
        (Role::Guardrail { .. } | Role::Goal | Role::Secondary, _, _) => None,
    }
}

/// The ends of an axis that shows 0, a margin, every estimate, and every interval that is not much wider than most.
fn axis(intervals: &[&Interval], margin: Option<f64>) -> (f64, f64) {
    let mut widths: Vec<f64> = intervals.iter().map(|found| found.high - found.low).collect();
    widths.sort_by(f64::total_cmp);
    let reach = widths.get(widths.len() / 2).map_or(f64::INFINITY, |usual| usual * WIDTHS_MAX / 2.0);
    let ends = intervals.iter().flat_map(|found| {
        [found.low.max(found.estimate - reach), found.high.min(found.estimate + reach), found.estimate]
    });
    let (low, high) = ends.chain(margin).fold((0.0_f64, 0.0_f64), |(low, high), end| (low.min(end), high.max(end)));
    let room = (high - low) * ROOM;
    if room > 0.0 && room.is_finite() { (low - room, high + room) } else { (-1.0, 1.0) }
}

/// Round numbers on an axis: 1, 2 or 5 times a power of ten apart.
pub(in crate::cli) fn ticks(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / TICKS;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|tick| tick as f64 * step).collect()
}

/// With its sign, and without decimals that say nothing: +20, −0.5, 0.
fn axis_number(shown: f64) -> String {
    let size = shown.abs();
    if size != 0.0 && !(1e-5..1e9).contains(&size) {
        let sign = if shown > 0.0 { "+" } else { "−" };
        return format!("{sign}{size:e}", size = (format!("{size:.1e}").parse::<f64>().unwrap_or(size)));
    }
    let text = trimmed(size);
    match text.as_str() {
        "0" => text,
        _ if shown > 0.0 => format!("+{text}"),
        _ => format!("−{text}"),
    }
}

/// Without zeros at the end, and without the last bits of a product.
pub(in crate::cli) fn trimmed(number: f64) -> String {
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(-1.0, 1.0), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(ticks(-0.013, 0.094).iter().map(|tick| trimmed(tick * 100.0)).collect::<Vec<_>>(), ["0", "5"]);
        let shown = [20.0, -0.5, 0.0, 1e10, -2e-7, -1e-20 + 1e-20].map(axis_number);
        assert_eq!(shown, ["+20", "−0.5", "0", "+1e10", "−2e-7", "0"]);
        assert_eq!(trimmed(30.000_000_000_000_004), "30");
    }

    proptest! {
        #[test]
        fn an_axis_has_a_few_ticks_within(low in -1e9..0.0_f64, width in 1e-9..1e9_f64) {
            let ticks = ticks(low, low + width);
            prop_assert!((1..=6).contains(&ticks.len()), "{ticks:?}");
            prop_assert!(ticks.iter().all(|tick| *tick >= low - width * 1e-6 && *tick <= low + width * (1.0 + 1e-6)));
        }
    }
}
