//! Random numbers of some shape, from a seeded stream.

use anklang_domain::Stream;

/// A stream of random numbers with a shape.
#[derive(Debug)]
pub(super) struct Draw {
    stream: Stream,
    spare: Option<f64>,
}

impl Draw {
    /// The numbers of one run of one study: the same for the same seed, whoever asks and in whichever order.
    pub(super) fn of(seed: u64, study: &str, run: u64) -> Self {
        Self { stream: Stream::named(seed.wrapping_add(run.wrapping_mul(0x9e37_79b9_7f4a_7c15)), study), spare: None }
    }

    /// Evenly from [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        self.stream.unit()
    }

    /// Evenly from 0, 1, …, n − 1.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.stream.below(n)
    }

    /// True with probability p.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.stream.unit() < p
    }

    /// Standard normal, by Marsaglia's polar method (1964).
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let scale = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(y * scale);
                return x * scale;
            }
        }
    }

    /// Pareto of at least 1: P(X > x) = x^−shape.
    pub(super) fn pareto(&mut self, shape: f64) -> f64 {
        (1.0 - self.unit()).powf(-1.0 / shape)
    }

    /// How many of 64 fair coins fall on one side.
    pub(super) fn heads_of_64(&mut self) -> u64 {
        u64::from(self.stream.next_u64().count_ones())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Moments;

    #[test]
    fn shapes_have_their_moments() {
        let mut draw = Draw::of(1, "shapes", 0);
        let normal = Moments::of((0..100_000).map(|_| draw.normal()));
        assert!(normal.mean.abs() < 0.02 && (normal.variance().unwrap() - 1.0).abs() < 0.03, "{normal:?}");
        let pareto = Moments::of((0..100_000).map(|_| draw.pareto(5.0)));
        assert!((pareto.mean - 1.25).abs() < 0.01, "{pareto:?}");
        let heads = Moments::of((0..10_000).map(|_| draw.heads_of_64() as f64));
        assert!((heads.mean - 32.0).abs() < 0.2 && (heads.variance().unwrap() - 16.0).abs() < 1.0, "{heads:?}");
        assert_ne!(Draw::of(1, "a", 0).unit(), Draw::of(1, "a", 1).unit());
        assert_eq!(Draw::of(1, "a", 7).unit(), Draw::of(1, "a", 7).unit());
    }
}
