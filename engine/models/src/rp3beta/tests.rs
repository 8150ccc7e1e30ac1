use super::*;
use crate::conformance::suite;
use crate::model::Context;
use crate::neighbors::testing::weighed;
use crate::spec::Spec;

#[test]
fn it_holds_to_what_every_model_must() {
    suite(&Spec::Rp3beta(Params::default()), true);
}

/// NumPy 2.4.6: (Pᵢᵤ^.8)(Pᵤᵢ^.8) ÷ popularity^.4, by dense products.
#[test]
fn walks_as_numpy_counts_them() {
    let params = Params { alpha: 0.8, beta: 0.4, weight_power: 1.0, ..Params::default() };
    let model = params.check().unwrap().fit(&weighed().whole(), &Context::quiet(0)).unwrap();
    let from_2 = [0.050_697, 0.198_580_8, 0.0, 0.120_112_4, 0.141_916_5, 0.080_068_3, 0.0];
    let from_5 = [0.102_129_6, 0.101_290_7, 0.086_125_8, 0.0, 0.133_653_9, 0.0, 0.0];
    for (item, want) in [(2, from_2), (5, from_5)] {
        let mut got = [0.0; 7];
        for (end, value) in model.near().entries(item) {
            got[end] = value;
        }
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-6, "from {item}: {got}, NumPy {want}");
        }
    }
}

#[test]
fn parameters_beyond_their_range_are_refused() {
    assert!(Params { neighbors: 0, ..Params::default() }.check().is_err());
    assert!(Params { alpha: -1.0, ..Params::default() }.check().is_err());
}
