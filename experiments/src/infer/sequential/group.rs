//! Group sequential tests: a few looks, planned beforehand, between which the error is divided by a spending function (Lan
//! and DeMets 1983). Tighter than a confidence sequence, and worth nothing at a look that was not planned.
//!
//! The boundaries come from the recursion of Armitage, McPherson and Rowe (1969): the density of the score among
//! experiments that were not stopped yet, carried from look to look by numerical integration.

use serde::{Deserialize, Serialize};
use statrs::function::erf::erfc;

use crate::infer::finding::Why;
use crate::infer::tail::{ln_p_normal, normal_quantile};

/// More looks than this are a sequence: use a method that is valid at any look.
pub const LOOKS_MAX: usize = 100;
/// Two looks are at least this share of the information apart.
pub const GAP_MIN: f64 = 0.001;
/// A boundary no estimate reaches, for a look at which nothing is spent.
const CRITICAL_MAX: f64 = 37.0;
/// A panel of the integration is at most so many standard deviations wide, with eight points in it.
const PANEL: f64 = 0.75;
/// Gauss–Legendre, eight points: abscissae above 0, and weights.
pub(crate) const POINTS: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];

/// How the error is divided between the looks.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spending {
    /// Lan and DeMets' approximation to O'Brien and Fleming, 4 − 4Φ(z_{α/4}/√t): next to nothing early.
    #[default]
    #[serde(rename = "obrien_fleming", alias = "o_brien_fleming")]
    OBrienFleming,
    /// Lan and DeMets' approximation to Pocock, α ln(1 + (e − 1)t): about as much at each look.
    Pocock,
    /// Kim and DeMets' power family, α tᵖ; with p = 2 between the other two.
    Power(f64),
}

impl Spending {
    /// The two-sided error spent up to a share of the information.
    #[must_use]
    pub fn spent(self, alpha: f64, information: f64) -> f64 {
        let t = information.min(1.0);
        match self {
            Self::OBrienFleming => 2.0 * ln_p_normal(normal_quantile(alpha / 2.0) / t.sqrt()).exp(),
            Self::Pocock => alpha * ((std::f64::consts::E - 1.0) * t).ln_1p(),
            Self::Power(power) => alpha * t.powf(power),
        }
    }
}

/// When one looks, and how the error is divided between the looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Looks {
    /// The share of the planned information (units, mostly) at each look, ascending. The last is 1, or more where more
    /// came in than was planned.
    pub information: Vec<f64>,
    /// How the error is divided.
    #[serde(default)]
    pub spending: Spending,
}

impl Looks {
    /// So many looks at equal distances.
    #[must_use]
    pub fn even(looks: usize, spending: Spending) -> Self {
        Self { information: (1..=looks).map(|look| look as f64 / looks as f64).collect(), spending }
    }

    /// The |z| to reach at each look, for a two-sided error of alpha over all of them.
    pub fn boundaries(&self, alpha: f64) -> Result<Vec<f64>, Why> {
        self.boundaries_to(self.information.len(), alpha)
    }

    /// The same, up to a look, which counts from 1.
    pub(crate) fn boundaries_to(&self, look: usize, alpha: f64) -> Result<Vec<f64>, Why> {
        self.check(look, alpha)?;
        let mut boundaries = Vec::with_capacity(look);
        // Before the first look, all mass is at 0.
        let (mut density, mut spent, mut before) = (Density { points: vec![(0.0, 1.0)] }, 0.0, 0.0);
        for (at, information) in self.information.iter().copied().enumerate().take(look) {
            let all = self.spending.spent(alpha, information);
            // On each side.
            let target = (all - spent).max(0.0) / 2.0;
            let deviation = (information - before).sqrt();
            let boundary =
                if at == 0 { first(target) } else { density.boundary(target, information.sqrt(), deviation) };
            boundaries.push(boundary);
            if at + 1 < look {
                let next = (self.information[at + 1] - information).sqrt();
                density = density.carried(boundary * information.sqrt(), 0.0, deviation, next);
            }
            (spent, before) = (all, information);
        }
        Ok(boundaries)
    }

    fn check(&self, look: usize, alpha: f64) -> Result<(), Why> {
        let looks = &self.information;
        let apart = std::iter::once(0.0).chain(looks.iter().copied()).zip(looks).all(|(a, b)| b - a >= GAP_MIN * 0.999);
        let sound = match self.spending {
            Spending::OBrienFleming | Spending::Pocock => true,
            Spending::Power(power) => power > 0.0 && power.is_finite(),
        };
        let planned = (1..=looks.len().min(LOOKS_MAX)).contains(&look) && looks.len() <= LOOKS_MAX;
        let finite = looks.iter().all(|information| information.is_finite());
        if planned && apart && finite && sound && alpha > 0.0 && alpha < 1.0 { Ok(()) } else { Err(Why::BadQuestion) }
    }
}

fn first(target: f64) -> f64 {
    if target < f64::MIN_POSITIVE { CRITICAL_MAX } else { normal_quantile((2.0 * target).min(1.0)).min(CRITICAL_MAX) }
}

/// P(Z > z).
fn upper_tail(z: f64) -> f64 {
    0.5 * erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

fn normal_density(x: f64, deviation: f64) -> f64 {
    let z = x / deviation;
    (-0.5 * z * z).exp() / (deviation * (2.0 * std::f64::consts::PI).sqrt())
}

/// The density of the score at a look, among experiments not stopped: points, and their mass.
struct Density {
    points: Vec<(f64, f64)>,
}

impl Density {
    /// The boundary that this much mass crosses upwards at the next look.
    fn boundary(&self, target: f64, root_information: f64, deviation: f64) -> f64 {
        let crossing = |z: f64| -> f64 {
            let at = z * root_information;
            self.points.iter().map(|(x, mass)| mass * upper_tail((at - x) / deviation)).sum()
        };
        let (mut low, mut high) = (0.0, CRITICAL_MAX);
        if target < f64::MIN_POSITIVE || crossing(high) >= target {
            return CRITICAL_MAX;
        }
        if crossing(low) <= target {
            return 0.0;
        }
        // Newton on the logarithm, which is nearly a parabola; halving where that leaves the bracket.
        let mut z = f64::midpoint(low, high).min(3.0);
        for _ in 0..100 {
            let got = crossing(z);
            if got > target {
                low = z
            } else {
                high = z
            }
            let at = z * root_information;
            let slope: f64 = self.points.iter().map(|(x, mass)| mass * normal_density(at - x, deviation)).sum::<f64>()
                * root_information;
            let step = got * (got / target).ln() / slope;
            let next = z + step;
            let inside = next > low && next < high;
            z = if inside { next } else { f64::midpoint(low, high) };
            if inside && step.abs() < 1e-13 * z.max(1.0) || high - low < 1e-14 {
                break;
            }
        }
        z
    }

    /// The density at a look: what was there, moved by the drift and spread by the information since, within the boundaries
    /// on the score.
    fn carried(&self, half_width: f64, drift: f64, deviation: f64, deviation_next: f64) -> Self {
        let panel = PANEL * deviation.min(deviation_next);
        let panels = (half_width / panel).ceil().max(1.0);
        let half = half_width / panels / 2.0;
        let mut points = Vec::with_capacity(panels as usize * 16);
        for at in 0..panels as usize {
            let middle = (2.0 * at as f64 + 1.0) * half;
            for (offset, weight) in POINTS {
                for x in [middle - offset * half, middle + offset * half] {
                    let mass = |x: f64| weight * half * self.at(x - drift, deviation);
                    let upper = mass(x);
                    // Without a drift it is symmetric about 0.
                    points.extend([(x, upper), (-x, if drift == 0.0 { upper } else { mass(-x) })]);
                }
            }
        }
        Self { points }
    }

    fn at(&self, x: f64, deviation: f64) -> f64 {
        self.points.iter().map(|(from, mass)| mass * normal_density(x - from, deviation)).sum()
    }
}

/// The chance that a score with `drift` expected standard errors at full information is at some look beyond that look's
/// boundary, on either side: the power of a test with these boundaries. Each look is (share of the information, |z|), as
/// [`Looks::boundaries`] takes and gives them.
#[must_use]
pub fn crossing(looks: &[(f64, f64)], drift: f64) -> f64 {
    let (mut density, mut before, mut crossed) = (Density { points: vec![(0.0, 1.0)] }, 0.0, 0.0);
    for (at, (information, z)) in looks.iter().copied().enumerate() {
        let (moved, deviation) = (drift * (information - before), (information - before).sqrt());
        let boundary = z * information.sqrt();
        let beyond =
            |x: f64| upper_tail((boundary - x - moved) / deviation) + upper_tail((boundary + x + moved) / deviation);
        crossed += density.points.iter().map(|(x, mass)| mass * beyond(*x)).sum::<f64>();
        if let Some((next, _)) = looks.get(at + 1) {
            // Further out than nine deviations there is nothing.
            let reach = drift.abs() * information + 9.0 * information.sqrt();
            density = density.carried(boundary.min(reach), moved, deviation, (next - information).sqrt());
        }
        before = information;
    }
    crossed.clamp(0.0, 1.0)
}

/// The levels, besides that of the question, at which the boundary of a look is computed for p-values.
const LEVELS: [f64; 14] = [0.999, 0.9, 0.7, 0.5, 0.35, 0.2, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-6, 1e-9, 1e-12];

/// One look of a plan, ready to judge estimates.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// The |z| to reach.
    pub critical: f64,
    /// Squares of boundaries, and the logarithms of their levels; ascending in the former.
    levels: Vec<(f64, f64)>,
}

impl Look {
    /// The look, which counts from 1, of a plan with a two-sided error of alpha.
    pub fn of(looks: &Looks, look: usize, alpha: f64) -> Result<Self, Why> {
        let boundary = |alpha: f64| looks.boundaries_to(look, alpha).map(|all| all.last().copied().unwrap_or(0.0));
        let critical = boundary(alpha)?;
        let mut levels = vec![(critical * critical, alpha.ln())];
        for level in LEVELS {
            let at = boundary(level)?;
            levels.push((at * at, level.ln()));
        }
        levels.sort_by(|a, b| a.0.total_cmp(&b.0));
        levels.dedup_by(|a, b| a.0 == b.0);
        Ok(Self { critical, levels })
    }

    /// The logarithm of the repeated p-value (Jennison and Turnbull 1989): the smallest level whose boundary at this look
    /// is reached. Between the levels computed, ln p is taken as straight over z², which it nearly is.
    #[must_use]
    pub fn ln_p(&self, z: f64) -> f64 {
        let square = z * z;
        let above = self.levels.partition_point(|(at, _)| *at < square);
        let (Some(first), Some(last)) = (self.levels.first(), self.levels.last()) else { return 0.0 };
        if above == 0 || self.levels.len() < 2 {
            return if square < first.0 { 0.0 } else { first.1 };
        }
        let right = above.min(self.levels.len() - 1);
        let (a, b) = (self.levels[right - 1], if above == self.levels.len() { *last } else { self.levels[right] });
        (a.1 + (b.1 - a.1) * (square - a.0) / (b.0 - a.0)).min(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::close;

    fn check(looks: &Looks, alpha: f64, wanted: &[f64], relative: f64) {
        let got = looks.boundaries(alpha).unwrap();
        assert_eq!(got.len(), wanted.len());
        got.iter().zip(wanted).for_each(|(got, wanted)| close(*got, *wanted, relative));
    }

    /// The same recursion with SciPy 1.17 (Gauss–Legendre over 801 points, Brent's root); for O'Brien–Fleming with five
    /// looks also the published tables: 4.8769, 3.3569, 2.6803, 2.2898, 2.0310 (Reboussin, DeMets, Kim and Lan 2000).
    #[test]
    fn boundaries_agree_with_scipy() {
        let even = |looks| Looks::even(looks, Spending::OBrienFleming);
        check(&even(1), 0.05, &[1.959_963_984_540_054_5], 1e-12);
        check(
            &even(5),
            0.05,
            &[
                4.876_884_948_790_762,
                3.357_011_921_574_65,
                2.680_280_064_544_994,
                2.289_816_767_711_958,
                2.031_032_043_310_06,
            ],
            1e-9,
        );
        let ten = [6.991_351_707_077_417, 4.876_885_152_825_141, 3.929_682_296_572_375, 3.367_079_083_433_649];
        even(10).boundaries(0.05).unwrap().iter().zip(ten).for_each(|(got, wanted)| close(*got, wanted, 1e-9));
        close(even(10).boundaries(0.05).unwrap()[9], 2.081_175_752_521_349_7, 1e-9);
        let uneven = Looks { information: vec![0.1, 0.35, 0.4, 0.95, 1.0], spending: Spending::OBrienFleming };
        let wanted =
            [8.799_158_954_365_282, 4.602_464_030_391_359, 4.303_778_353_223, 2.654_276_260_376, 2.657_182_747_65];
        check(&uneven, 0.01, &wanted, 1e-9);
        let pocock = [2.437_976_688_050, 2.426_813_858_150, 2.410_193_840_271, 2.396_645_400_649, 2.385_984_571_623];
        check(&Looks::even(5, Spending::Pocock), 0.05, &pocock, 1e-9);
    }

    /// EXPERIMENTS.md has 3.09023, 2.71408, 2.47274, 2.27981, 2.11397 under the name of O'Brien and Fleming. They are of
    /// the power family α t², integrated by the trapezoidal rule at steps of .05 deviations, as in the program ldbounds
    /// (the same rule in Python gives every digit); with exact integration the last four are 2 to 6 · 10⁻⁵ higher.
    #[test]
    fn the_power_family_agrees_with_the_reference() {
        let looks = Looks::even(5, Spending::Power(2.0));
        check(&looks, 0.05, &[3.090_23, 2.714_08, 2.472_74, 2.279_81, 2.113_97], 3e-5);
        let exact = [3.090_232_306_167_8, 2.714_111_575_531, 2.472_777_201_914, 2.279_863_269_316, 2.114_027_423_048];
        check(&looks, 0.05, &exact, 1e-9);
    }

    /// SciPy, solving for the level whose boundary at the third of five looks is z.
    #[test]
    fn repeated_p_values() {
        let look = Look::of(&Looks::even(5, Spending::OBrienFleming), 3, 0.05).unwrap();
        for (z, wanted) in [(2.0, -1.812_3), (2.5, -2.659_6), (3.0, -3.632_7), (4.0, -5.974_9), (8.0, -21.001_0)] {
            close(look.ln_p(z), wanted, 0.004);
        }
        close(look.ln_p(look.critical), 0.05_f64.ln(), 1e-12);
        let mut last = 0.0;
        for z in [0.0, 0.1, 1.0, 2.0, 2.7, 5.0, 40.0, 1e10, 1e150] {
            let ln_p = look.ln_p(z);
            assert!(ln_p <= last && ln_p.is_finite(), "{z}: {ln_p}");
            last = ln_p;
        }
    }

    /// What it costs to take a look somewhat late too, or at any time up to the next, daily for forty days.
    #[test]
    fn late_looks_cost_little() {
        let error = |spending, late: f64| {
            let critical = Looks::even(4, spending).boundaries(0.05).unwrap();
            let taken = |day: u32| {
                let made = f64::from(day) / 10.0;
                let now = made >= 1.0 && (day == 40 || made.fract() <= late + 1e-9);
                now.then(|| (made / 4.0, critical[made as usize - 1]))
            };
            crossing(&(1..=40).filter_map(taken).collect::<Vec<_>>(), 0.0)
        };
        let late = crate::report::LOOK_LATE_MAX;
        for (spending, wanted) in [
            (Spending::OBrienFleming, [0.05, 0.051_49, 0.055_01]),
            (Spending::Power(2.0), [0.05, 0.053_38, 0.062_43]),
            (Spending::Pocock, [0.05, 0.057_9, 0.083_13]),
        ] {
            let got = [0.0, late, 1.0].map(|late| error(spending, late));
            for (got, wanted) in got.iter().zip(wanted) {
                assert!((got - wanted).abs() < 1e-4, "{spending:?}: {got}, not {wanted}");
            }
        }
    }

    #[test]
    fn a_plan_that_makes_no_sense_is_refused() {
        let plan = |information: &[f64]| Looks { information: information.to_vec(), spending: Spending::default() };
        for bad in [&[][..], &[0.0, 1.0], &[0.5, 0.4], &[0.5, 0.5], &[0.5, f64::NAN], &[0.5, f64::INFINITY], &[-1.0]] {
            assert_eq!(plan(bad).boundaries(0.05), Err(Why::BadQuestion), "{bad:?}");
        }
        assert_eq!(Looks::even(LOOKS_MAX + 1, Spending::Pocock).boundaries(0.05), Err(Why::BadQuestion));
        assert_eq!(Looks::even(3, Spending::Power(f64::NAN)).boundaries(0.05), Err(Why::BadQuestion));
        assert_eq!(Looks::even(3, Spending::Pocock).boundaries(1.0), Err(Why::BadQuestion));
        assert_eq!(Look::of(&Looks::even(3, Spending::Pocock), 4, 0.05), Err(Why::BadQuestion));
        assert_eq!(Look::of(&Looks::even(3, Spending::Pocock), 0, 0.05), Err(Why::BadQuestion));
    }

    #[test]
    fn many_looks_tiny_levels_and_late_units() {
        for spending in [Spending::OBrienFleming, Spending::Pocock, Spending::Power(3.0)] {
            for alpha in [1e-300, 1e-12, 0.05, 0.999] {
                let all = Looks::even(LOOKS_MAX / 10, spending).boundaries(alpha).unwrap();
                assert!(
                    all.iter().all(|z| z.is_finite() && *z >= 0.0 && *z <= CRITICAL_MAX),
                    "{spending:?} {alpha} {all:?}"
                );
            }
        }
        let late = Looks { information: vec![0.5, 1.3], spending: Spending::OBrienFleming }.boundaries(0.05).unwrap();
        let just = Looks::even(2, Spending::OBrienFleming).boundaries(0.05).unwrap();
        assert!(late[0] == just[0] && late[1] > just[1] && late[1] < 1.99, "{late:?}");
    }
}
