//! Where a search looks: every axis as a number from 0 to 1.

use anklang_models::Spec;
use anklang_models::spec::{Axis, Range};
use serde_json::{Map, Number, Value};

/// Significant digits of what is tried: more only make specs hard to read.
const DIGITS: i32 = 3;

/// The axes of a model, and the document that they vary.
#[derive(Debug, Clone)]
pub(super) struct Space {
    base: Map<String, Value>,
    axes: &'static [Axis],
}

impl Space {
    pub(super) fn of(spec: &Spec) -> Self {
        let base = match serde_json::to_value(spec) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) | Err(_) => Map::new(),
        };
        Self { base, axes: spec.axes() }
    }

    pub(super) const fn dimensions(&self) -> usize {
        self.axes.len()
    }

    /// The spec at a point, one number from 0 to 1 an axis.
    pub(super) fn at(&self, point: &[f64]) -> Result<Spec, serde_json::Error> {
        let mut fields = self.base.clone();
        for (axis, share) in self.axes.iter().zip(point) {
            let value = rounded(value(axis.range, share.clamp(0.0, 1.0)));
            fields.insert(axis.field.to_owned(), like(self.base.get(axis.field), value));
        }
        serde_json::from_value(Value::Object(fields))
    }

    /// Where a spec lies; what lies outside is put on the edge.
    pub(super) fn point(&self, spec: &Spec) -> Vec<f64> {
        let document = serde_json::to_value(spec).unwrap_or_default();
        let number = |axis: &Axis| match document.get(axis.field) {
            Some(Value::Bool(yes)) => f64::from(u8::from(*yes)),
            Some(value) => value.as_f64().unwrap_or(0.0),
            None => 0.0,
        };
        self.axes.iter().map(|axis| share(axis.range, number(axis)).clamp(0.0, 1.0)).collect()
    }

    /// Whether an axis is a choice of a few values, of which none lies between others.
    pub(super) fn is_choice(&self, axis: usize) -> bool {
        matches!(self.axes[axis].range, Range::Of(_))
    }
}

fn value(range: Range, share: f64) -> f64 {
    match range {
        Range::Even(from, to) => from + share * (to - from),
        Range::Log(from, to) => (from.ln() + share * (to.ln() - from.ln())).exp(),
        Range::Whole(from, to) => {
            let (from, to) = (f64::from(from.max(1)), f64::from(to.max(1)));
            (from.ln() + share * (to.ln() - from.ln())).exp().round()
        }
        Range::Of(values) => {
            let place = ((share * values.len() as f64) as usize).min(values.len().saturating_sub(1));
            values.get(place).copied().unwrap_or(0.0)
        }
    }
}

fn share(range: Range, value: f64) -> f64 {
    let between = |from: f64, to: f64, value: f64| if to > from { (value - from) / (to - from) } else { 0.0 };
    match range {
        Range::Even(from, to) => between(from, to, value),
        Range::Log(from, to) => between(from.ln(), to.ln(), value.max(from).ln()),
        Range::Whole(from, to) => {
            let (from, to) = (f64::from(from.max(1)), f64::from(to.max(1)));
            between(from.ln(), to.ln(), value.max(from).ln())
        }
        Range::Of(values) => {
            let nearest =
                (0..values.len()).min_by(|a, b| (values[*a] - value).abs().total_cmp(&(values[*b] - value).abs()));
            (nearest.unwrap_or(0) as f64 + 0.5) / values.len().max(1) as f64
        }
    }
}

fn rounded(value: f64) -> f64 {
    if value == 0.0 || value.fract() == 0.0 {
        return value;
    }
    format!("{value:.*e}", (DIGITS - 1) as usize).parse().unwrap_or(value)
}

/// The value as the document writes its kind: a whole number, a yes or no, or any number.
fn like(example: Option<&Value>, value: f64) -> Value {
    match example {
        Some(Value::Bool(_)) => Value::Bool(value != 0.0),
        Some(Value::Number(number)) if number.is_u64() => Value::from(value.max(0.0).round() as u64),
        Some(_) | None => Number::from_f64(value).map_or(Value::Null, Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_reach_their_ends_and_come_back() {
        for range in
            [Range::Even(-1.0, 3.0), Range::Log(0.01, 1000.0), Range::Whole(8, 512), Range::Of(&[0.0, 0.5, 1.0])]
        {
            for place in [0.0, 0.3, 0.5, 0.99, 1.0] {
                let there = value(range, place);
                let back = value(range, share(range, there));
                assert!((back - there).abs() <= 1e-12 * there.abs(), "{range:?} {place}: {back} {there}");
            }
        }
        assert_eq!([0.0, 1.0].map(|end| rounded(value(Range::Log(0.5, 8.0), end))), [0.5, 8.0]);
        assert_eq!(value(Range::Whole(8, 512), 0.5), 64.0);
        assert_eq!([0.123_456, 1234.5, 7.0].map(rounded), [0.123, 1230.0, 7.0]);
        assert_eq!(like(Some(&Value::Bool(true)), 0.0), Value::Bool(false));
        assert_eq!(like(Some(&Value::from(3)), 64.0), Value::from(64));
    }

    proptest! {
        #[test]
        fn every_point_of_every_model_is_a_spec(shares in prop::collection::vec(0.0..=1.0_f64, 12)) {
            for spec in Spec::all() {
                let space = Space::of(&spec);
                let there = space.at(&shares[..space.dimensions().min(12)]);
                prop_assert!(there.is_ok(), "{}: {there:?}", spec.name());
            }
        }
    }

    #[test]
    fn defaults_lie_within() {
        for spec in Spec::all() {
            let point = Space::of(&spec).point(&spec);
            assert!(point.iter().all(|share| (0.0..=1.0).contains(share)), "{point:?}");
        }
    }
}
