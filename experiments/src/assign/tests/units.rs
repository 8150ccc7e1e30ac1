//! Assignment by weights alone.

use proptest::prelude::*;

use crate::assign::assign;

#[test]
fn arms_are_filled_as_planned_and_independently() {
    let counts = |seed: &str| {
        let mut counts = [0_u32; 3];
        for unit in 0..20_000_u32 {
            counts[assign(seed, &[0.2, 0.3, 0.5], 1.0, &format!("member-{unit}")).unwrap()] += 1;
        }
        counts
    };
    // Four standard deviations of a binomial of 20,000 are at most 283.
    for (count, planned) in counts("a").iter().zip([4_000, 6_000, 10_000]) {
        assert!(count.abs_diff(planned) < 283, "{count} of {planned}");
    }
    let both = (0..20_000_u32).map(|unit| unit.to_string());
    let both = both.filter(|u| assign("a", &[0.5; 2], 1.0, u) == assign("b", &[0.5; 2], 1.0, u)).count();
    assert!(both.abs_diff(10_000) < 283, "{both}");
}

proptest! {
    #[test]
    fn a_ramp_never_moves_who_is_in(unit in "\\PC{1,12}", low in 0.0..1.0_f64, more in 0.0..1.0_f64) {
        let weights = [0.2, 0.3, 0.5];
        if let Some(variant) = assign("ramp", &weights, low, &unit) {
            prop_assert_eq!(assign("ramp", &weights, low.max(more), &unit), Some(variant));
        }
    }

    #[test]
    fn nothing_panics(seed in "\\PC*", unit in "\\PC*", weights in prop::collection::vec(any::<f64>(), 0..5), coverage in any::<f64>()) {
        prop_assert!(assign(&seed, &weights, coverage, &unit).is_none_or(|variant| variant < weights.len()));
    }
}
