//! Plots as SVG. Colours are classes, so that they follow the page's light or dark.

use maud::{Markup, html};

use super::axis_share;
use crate::cli::analyze::html::forest::{ticks, trimmed};

/// The drawing's size, and the room for what is written beside it.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 40.0;
/// Labels of dots come no nearer than this above each other.
const LABEL_HEIGHT: f64 = 13.0;
/// Room at the ends of an axis, as a share of it.
const ROOM: f64 = 0.08;

/// An axis has at least so many marks.
const MARKS_MIN: usize = 2;

/// A model, by its price and its worth.
pub(super) struct Dot {
    pub(super) label: String,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) colour: usize,
}

/// A model over places along the axis.
pub(super) struct Curve {
    pub(super) label: String,
    pub(super) values: Vec<f64>,
    pub(super) colour: usize,
    pub(super) round: usize,
}

/// An interval, and what it says; without one, why.
pub(super) struct Strip {
    pub(super) label: String,
    pub(super) interval: Option<(f64, f64, f64)>,
    pub(super) sure: bool,
    pub(super) says: String,
}

/// From numbers to places on the drawing.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let room = if high > low { (high - low) * ROOM } else { high.abs().max(1e-3) * ROOM };
        if low.is_finite() && high.is_finite() {
            Self { low: low - room, high: high + room, from, to }
        } else {
            Self { low: 0.0, high: 1.0, from, to }
        }
    }

    fn at(self, value: f64) -> f64 {
        round(self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from))
    }

    fn ticks(self) -> Vec<f64> {
        ticks(self.low, self.high)
    }
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// Price, by powers of ten, against worth.
pub(super) fn scatter(dots: &[Dot], unit: &str, of: &str) -> Markup {
    if dots.is_empty() {
        return html! { p.note { "Not measured on this system." } };
    }
    // What takes no time at all is drawn as a millisecond.
    let price = |dot: &Dot| dot.x.max(1e-3).log10();
    let x = Scale::of(dots.iter().map(price), LEFT, WIDTH - RIGHT);
    let y = Scale::of(dots.iter().map(|dot| dot.y), HEIGHT - BOTTOM, TOP);
    let mut order: Vec<&Dot> = dots.iter().collect();
    order.sort_by(|a, b| b.y.total_cmp(&a.y));
    // From the best down, each label below the one before where they would meet.
    let mut last = f64::NEG_INFINITY;
    let placed: Vec<(&Dot, f64)> = order
        .into_iter()
        .map(|dot| {
            last = y.at(dot.y).max(last + LABEL_HEIGHT);
            (dot, last)
        })
        .collect();
    html! {
        svg.plot viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label={ (of) " against " (unit) } {
            (frame(y))
            @for mark in marks(x) {
                @let at = x.at(mark.log10());
                line.grid x1=(at) x2=(at) y1=(TOP) y2=(HEIGHT - BOTTOM) {}
                text.tick x=(at) y=(HEIGHT - BOTTOM + 16.0) text-anchor="middle" { (trimmed(mark)) }
            }
            text.tick x=(WIDTH - RIGHT) y=(HEIGHT - 6.0) text-anchor="end" { (unit) ", by powers of ten" }
            @for (dot, label) in placed {
                @let (cx, cy) = (x.at(price(dot)), y.at(dot.y));
                // To the side where there is room.
                @let right = cx < WIDTH * 0.6;
                g.{ "c" (dot.colour) } {
                    circle cx=(cx) cy=(cy) r="5" { title { (dot.label) ": " (axis_share(dot.y)) ", " (trimmed(round(dot.x))) " " (unit) } }
                    text x=(if right { cx + 9.0 } else { cx - 9.0 }) y=(round(label + 4.0)) text-anchor=(if right { "start" } else { "end" }) { (dot.label) }
                }
            }
        }
    }
}

/// Powers of ten on an axis of logarithms; with their multiples where there are few, and whatever is there where none is.
fn marks(x: Scale) -> Vec<f64> {
    let powers = (x.low.floor() as i32)..=(x.high.ceil() as i32);
    let within = |mark: &f64| (x.low..=x.high).contains(&mark.log10());
    let multiples = |of: &[f64]| -> Vec<f64> {
        powers.clone().flat_map(|power| of.iter().map(move |times| times * 10_f64.powi(power))).filter(within).collect()
    };
    [&[1.0][..], &[1.0, 2.0, 5.0]]
        .into_iter()
        .map(multiples)
        .find(|marks| marks.len() >= MARKS_MIN)
        .unwrap_or_else(|| ticks(10_f64.powf(x.low), 10_f64.powf(x.high)))
}

/// Lines and marks for worth, from the left edge to the right.
fn frame(y: Scale) -> Markup {
    html! {
        @for tick in y.ticks() {
            line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y.at(tick)) y2=(y.at(tick)) {}
            text.tick x=(LEFT - 6.0) y=(y.at(tick) + 4.0) text-anchor="end" { (axis_share(tick)) }
        }
    }
}

/// One line a model, over named places.
pub(super) fn curves(curves: &[Curve], names: &[String]) -> Markup {
    let y = Scale::of(curves.iter().flat_map(|curve| curve.values.iter().copied()), HEIGHT - BOTTOM, TOP);
    let step = (WIDTH - LEFT - RIGHT) / names.len().max(1) as f64;
    let x = |place: usize| round(LEFT + step * (place as f64 + 0.5));
    let points = |curve: &Curve| -> String {
        let point = |(place, value): (usize, &f64)| format!("{},{}", x(place), y.at(*value));
        curve.values.iter().enumerate().map(point).collect::<Vec<_>>().join(" ")
    };
    html! {
        svg.plot viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label="by length of history" {
            (frame(y))
            @for (place, name) in names.iter().enumerate() {
                text.tick x=(x(place)) y=(HEIGHT - BOTTOM + 16.0) text-anchor="middle" { (name) }
            }
            text.tick x=(WIDTH - RIGHT) y=(HEIGHT - 6.0) text-anchor="end" { "items dealt with" }
            @for curve in curves {
                g.{ "c" (curve.colour) } {
                    polyline.{ "round" (curve.round) } points=(points(curve)) { title { (curve.label) } }
                    @for (place, value) in curve.values.iter().enumerate() {
                        circle cx=(x(place)) cy=(y.at(*value)) r="3.5" { title { (curve.label) ": " (axis_share(*value)) } }
                    }
                }
            }
        }
        ul.legend { @for curve in curves { li.{ "c" (curve.colour) } { span.swatch.{ "round" (curve.round) } {} (curve.label) } } }
    }
}

/// Intervals below each other on one axis, with 0.
pub(super) fn strips(strips: &[Strip]) -> Markup {
    let ends = strips.iter().filter_map(|strip| strip.interval).flat_map(|(low, _, high)| [low, high]);
    let x = Scale::of(ends.chain([0.0]), 0.0, 100.0);
    let class = |strip: &Strip, estimate: f64| match (strip.sure, estimate > 0.0) {
        (false, _) => "open",
        (true, true) => "better",
        (true, false) => "worse",
    };
    html! {
        div.forest {
            @for strip in strips {
                div.row {
                    span.label { (strip.label) }
                    @if let Some((low, estimate, high)) = strip.interval {
                        svg.strip viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label={ (strip.label) ": " (strip.says) } {
                            title { (strip.says) }
                            line.zero x1=(x.at(0.0)) x2=(x.at(0.0)) y1="0" y2="20" {}
                            g.(class(strip, estimate)) {
                                line.bar x1=(x.at(low)) x2=(x.at(high)) y1="10" y2="10" {}
                                line.end x1=(x.at(low)) x2=(x.at(low)) y1="5" y2="15" {}
                                line.end x1=(x.at(high)) x2=(x.at(high)) y1="5" y2="15" {}
                                line.point x1=(x.at(estimate)) x2=(x.at(estimate)) y1="10" y2="10" {}
                            }
                        }
                    } @else { span.strip {} }
                    span.estimate { (strip.says) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_of_one_value_or_none_is_no_division_by_nothing() {
        for values in [vec![], vec![0.3], vec![0.0], vec![0.1, 0.4]] {
            let scale = Scale::of(values.iter().copied(), 0.0, 100.0);
            assert!(values.iter().all(|value| (0.0..=100.0).contains(&scale.at(*value))), "{values:?}");
            assert!(!scale.ticks().is_empty());
        }
    }

    #[test]
    fn every_axis_has_marks() {
        for (low, high) in [(-3.0, 2.0), (0.1, 0.9), (0.5, 0.52), (-1.19, -1.1)] {
            let scale = Scale { low, high, from: 0.0, to: 1.0 };
            let marks = marks(scale);
            assert!(marks.len() >= MARKS_MIN && marks.iter().all(|mark| *mark > 0.0), "{low} {high}: {marks:?}");
        }
    }

    #[test]
    fn what_is_typed_is_escaped() {
        let dot = Dot { label: "<script>".into(), x: 0.0, y: 0.1, colour: 0 };
        let drawn = scatter(&[dot], "seconds", "ndcg@20").into_string();
        assert!(!drawn.contains("<script>") && drawn.contains("&lt;script&gt;") && !drawn.contains("NaN"), "{drawn}");
    }
}
