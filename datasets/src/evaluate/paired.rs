//! Is one model better than another, or was it these members? Differences are taken member by member.
//!
//! Two tests, because each answers for the other: Student's t on the differences, whose p has no floor, and a
//! randomisation test (Fisher 1935) that flips the signs of the differences at random and assumes no distribution. Both
//! are adjusted by Holm (1979) over the models of a table, and a difference is significant where both say so.

use anklang_domain::Stream;
use anklang_experiments::infer::effect::Effect;
use anklang_experiments::infer::frequentist::multiplicity::ln_holm;
use anklang_experiments::infer::frequentist::welch::welch;
use anklang_experiments::{Finding, Moments, Why};
use anklang_models::MemberIx;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Fewer members than this say nothing.
pub const MEMBERS_MIN: usize = 10;
/// How often signs are flipped: the smallest p that can come out is 1 over one more.
pub const FLIPS: u64 = 20_000;
/// The chance of a false alarm that is taken unless another is named.
pub const ALPHA: f64 = 0.05;
/// Flips are drawn in blocks of so many, each with a stream of its own, so that threads do not matter.
const FLIPS_PER_BLOCK: u64 = 250;

/// What is known of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The members that have a value of both.
    pub members: usize,
    /// The mean difference with its t interval; or why nothing is said.
    pub finding: Finding,
    /// Cohen's d_z: the mean difference over the standard deviation of differences.
    pub effect_size: Option<f64>,
    /// ln of the randomisation test's p.
    pub ln_p_flipped: Option<f64>,
    /// ln of the larger of both p-values, each adjusted over the table; none before [`adjust`], or where nothing is said.
    pub ln_p_adjusted: Option<f64>,
}

impl Difference {
    /// Whether a difference is there, at a chance of a false alarm of alpha over the whole table.
    #[must_use]
    pub fn significant(&self, alpha: f64) -> bool {
        self.ln_p_adjusted.is_some_and(|ln_p| ln_p < alpha.ln())
    }

    /// The mean difference, where something is said of it.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        self.finding.interval().map(|interval| interval.estimate)
    }

    /// A sentence for where nothing is said.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        match self.finding {
            Finding::Measured(_) => None,
            Finding::Inconclusive(Why::TooFewUnits) => {
                Some(format!("too few members: {}, at least {MEMBERS_MIN} are needed", self.members))
            }
            Finding::Inconclusive(Why::NoVariance) => Some("the same difference for every member".to_owned()),
            Finding::Inconclusive(why) => Some(why.to_string()),
        }
    }
}

/// `model` minus `baseline`, member by member; both ascending by member. Members that only one has are left out.
#[must_use]
pub fn difference(baseline: &[(MemberIx, f64)], model: &[(MemberIx, f64)], alpha: f64, seed: u64) -> Difference {
    let mut theirs = baseline.iter().peekable();
    let mut differences = Vec::with_capacity(model.len());
    for (member, value) in model {
        while theirs.next_if(|(other, _)| other < member).is_some() {}
        if let Some((_, base)) = theirs.next_if(|(other, _)| other == member) {
            differences.push(value - base);
        }
    }
    of_differences(&differences, alpha, seed)
}

fn of_differences(differences: &[f64], alpha: f64, seed: u64) -> Difference {
    let members = differences.len();
    let none = |why| Difference {
        members,
        finding: Finding::Inconclusive(why),
        effect_size: None,
        ln_p_flipped: None,
        ln_p_adjusted: None,
    };
    if members < MEMBERS_MIN {
        return none(Why::TooFewUnits);
    }
    let moments = Moments::of(differences.iter().copied());
    let Some(variance) = moments.variance().filter(|variance| variance.is_finite()) else {
        return none(Why::NotFinite);
    };
    if variance <= 0.0 {
        return none(Why::NoVariance);
    }
    let effect = Effect {
        estimate: moments.mean,
        standard_error: (variance / members as f64).sqrt(),
        degrees: (members - 1) as f64,
        n: moments.n,
    };
    Difference {
        members,
        finding: welch(&effect, alpha),
        effect_size: Some(moments.mean / variance.sqrt()),
        ln_p_flipped: Some(flipped(differences, seed).ln()),
        ln_p_adjusted: None,
    }
}

/// The two-sided p of the mean under random signs: (1 + as far out) over (1 + flips), Phipson and Smyth (2010).
fn flipped(differences: &[f64], seed: u64) -> f64 {
    let total: f64 = differences.iter().sum();
    // Sums in another order differ by rounding; what is equal but for that is as far out.
    let slack = 1e-12 * differences.iter().map(|difference| difference.abs()).sum::<f64>();
    let far_out = |block: u64| -> u64 {
        let mut chance = Stream::named(seed, &format!("flips/{block}"));
        let flip = |_| {
            let mut kept = 0.0;
            for some in differences.chunks(64) {
                let signs = chance.next_u64();
                // Without branches: 0.0 has no bits.
                let bits = |at: usize, number: f64| number.to_bits() & (signs >> at & 1).wrapping_neg();
                kept += some.iter().enumerate().map(|(at, number)| f64::from_bits(bits(at, *number))).sum::<f64>();
            }
            u64::from((2.0 * kept - total).abs() >= total.abs() - slack)
        };
        (0..FLIPS_PER_BLOCK).map(flip).sum()
    };
    let far_out: u64 = (0..FLIPS / FLIPS_PER_BLOCK).into_par_iter().map(far_out).sum();
    (1 + far_out) as f64 / (1 + FLIPS) as f64
}

/// Adjusts the p-values of a table's differences for there being several; those of which nothing is said do not count.
pub fn adjust(differences: &mut [Difference]) {
    let said: Vec<usize> = (0..differences.len()).filter(|at| differences[*at].mean().is_some()).collect();
    let of_t = |at: &usize| differences[*at].finding.interval().map_or(0.0, |interval| interval.ln_p);
    let of_t = ln_holm(&said.iter().map(of_t).collect::<Vec<_>>());
    let of_flips = |at: &usize| differences[*at].ln_p_flipped.unwrap_or(0.0);
    let of_flips = ln_holm(&said.iter().map(of_flips).collect::<Vec<_>>());
    for (place, at) in said.into_iter().enumerate() {
        differences[at].ln_p_adjusted = Some(of_t[place].max(of_flips[place]));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: [f64; 12] = [0.1, 0.4, 0.35, 0.8, 0.0, 0.22, 0.6, 0.31, 0.05, 0.9, 0.44, 0.13];
    const B: [f64; 12] = [0.05, 0.41, 0.2, 0.7, 0.1, 0.2, 0.5, 0.33, 0.0, 0.8, 0.4, 0.01];

    fn members(values: &[f64]) -> Vec<(MemberIx, f64)> {
        (0..).map(MemberIx).zip(values.iter().copied()).collect()
    }

    #[track_caller]
    fn close(got: f64, wanted: f64, relative: f64) {
        assert!((got - wanted).abs() <= relative * wanted.abs(), "got {got}, wanted {wanted}");
    }

    /// SciPy 1.17.1: ttest_rel and its interval; permutation_test(permutation_type="samples") over all 4096 flips.
    #[test]
    fn scipy_agrees() {
        let found = difference(&members(&B), &members(&A), 0.05, 1);
        let interval = found.finding.interval().unwrap();
        close(interval.estimate, 0.05, 1e-12);
        close(interval.low, 0.005_318_309_227_606_51, 1e-9);
        close(interval.high, 0.094_681_690_772_393_48, 1e-9);
        close(interval.p(), 0.031_512_730_708_377_006, 1e-9);
        close(found.effect_size.unwrap(), 0.710_995_573_743_151_3, 1e-12);
        // Drawn, not counted out: within four standard errors of .0381 at 20,000 flips.
        assert!((found.ln_p_flipped.unwrap().exp() - 0.038_085_937_5).abs() < 4.0 * 0.001_36);
        assert_eq!(found, difference(&members(&B), &members(&A), 0.05, 1));
    }

    #[test]
    fn what_cannot_be_said_is_said_plainly() {
        let few = difference(&members(&B[..9]), &members(&A[..9]), 0.05, 1);
        assert_eq!(few.why().as_deref(), Some("too few members: 9, at least 10 are needed"));
        let same = difference(&members(&A), &members(&A), 0.05, 1);
        assert_eq!(same.why().as_deref(), Some("the same difference for every member"));
        assert!(!same.significant(0.05) && same.mean().is_none());
        // Members that only one has are left out.
        let apart = difference(&members(&A)[..11], &members(&B)[1..], 0.05, 1);
        assert_eq!(apart.members, 10);
    }

    /// statsmodels 0.15.0: multipletests([.01, .04, .03, .5], method="holm") = [.04, .09, .09, .5].
    #[test]
    fn several_models_make_it_harder() {
        let mut table: Vec<Difference> = [0.01, 0.04, 0.03, 0.5]
            .map(|p: f64| {
                let mut found = difference(&members(&B), &members(&A), 0.05, 1);
                found.ln_p_flipped = Some(p.ln());
                if let Finding::Measured(interval) = &mut found.finding {
                    interval.ln_p = p.ln();
                }
                found
            })
            .into();
        table.push(difference(&members(&A), &members(&A), 0.05, 1));
        adjust(&mut table);
        let adjusted: Vec<Option<f64>> = table.iter().map(|found| found.ln_p_adjusted.map(f64::exp)).collect();
        for (got, wanted) in adjusted.iter().zip([0.04, 0.09, 0.09, 0.5]) {
            close(got.unwrap(), wanted, 1e-12);
        }
        assert_eq!(adjusted[4], None);
        assert_eq!(table.iter().filter(|found| found.significant(0.05)).count(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn turned_round_it_says_the_opposite(values in prop::collection::vec((0_u8..9, 0_u8..9), 10..40)) {
            let (a, b): (Vec<f64>, Vec<f64>) = values.iter().map(|(a, b)| (f64::from(*a), f64::from(*b))).unzip();
            let (there, back) =
                (difference(&members(&a), &members(&b), 0.05, 5), difference(&members(&b), &members(&a), 0.05, 5));
            prop_assert_eq!(there.mean().map(|mean| -mean), back.mean());
            prop_assert_eq!(there.ln_p_flipped, back.ln_p_flipped);
        }
    }
}
