//! A response as a polynomial.

use std::f64::consts::PI;

use super::params::{Params, Response};

/// The response at s in 0 … 1.
pub(super) fn response(params: &Params, s: f64) -> f64 {
    match params.response {
        Response::Linear => s,
        Response::Ridge => s / (s + params.ridge),
        Response::Plateau => {
            let x = 2.0 * s - 1.0;
            0.5 * (1.0 + x.signum() * x.abs().powf(params.flatness))
        }
        Response::Square => s * (2.0 - s),
    }
}

/// The coefficients c_k of Σ c_k·T_k(2s − 1), k = 0 … order, that agree with the response at Chebyshev's nodes
/// (ChebyCF, eq. 10; Gil, Segura and Temme 2007, eq. 3.56).
pub(super) fn coefficients(params: &Params) -> Vec<f32> {
    let count = params.order as usize + 1;
    let angle = |node: usize| (node as f64 + 0.5) * PI / count as f64;
    let coefficient = |k: usize| {
        let sum: f64 = (0..count)
            .map(|node| response(params, 0.5 * (angle(node).cos() + 1.0)) * (k as f64 * angle(node)).cos())
            .sum();
        let share = if k == 0 { 1.0 } else { 2.0 };
        (share * sum / count as f64) as f32
    };
    (0..count).map(coefficient).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(coefficients: &[f32], s: f64) -> f64 {
        let angle = (2.0 * s - 1.0).clamp(-1.0, 1.0).acos();
        coefficients.iter().enumerate().map(|(k, c)| f64::from(*c) * (k as f64 * angle).cos()).sum()
    }

    #[test]
    fn the_polynomial_follows_the_response() {
        let ridge = Params { order: 8, ridge: 0.5, ..Params::default() };
        let square = Params { response: Response::Square, order: 2, ..Params::default() };
        for params in [ridge, square, Params::gf_cf()] {
            let coefficients = coefficients(&params);
            for s in (0..=20).map(|step| f64::from(step) / 20.0) {
                let (want, got) = (response(&params, s), value(&coefficients, s));
                assert!((want - got).abs() < 1e-4, "{:?} at {s}: {got}, not {want}", params.response);
            }
        }
    }

    /// NumPy 2.4.6, `chebyshev.chebinterpolate(lambda x: .5*(1 + np.sign(x)*np.abs(x)**1.5), 4)`.
    #[test]
    fn the_plateau_as_numpy_interpolates_it() {
        let got = coefficients(&Params { order: 4, ..Params::cheby_cf() });
        let want = [0.5, 0.458_789_77, 0.0, 0.046_633_136, 0.0];
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-6, "{got} is not {want}");
        }
    }
}
