use super::*;
use crate::conformance::suite;
use crate::model::Context;
use crate::neighbors::testing::weighed;
use crate::spec::Spec;

#[test]
fn it_holds_to_what_every_model_must() {
    for weighting in [Weighting::Plain, Weighting::TfIdf, Weighting::Bm25] {
        suite(&Spec::ItemKnn(Params { weighting, ..Params::default() }), true);
    }
}

/// implicit 0.7.3: similarities of `CosineRecommender`, `TFIDFRecommender` and `BM25Recommender(K1=1.2, B=.75)`, all
/// neighbours kept; its diagonal left out.
#[test]
fn similarities_as_implicit_has_them() {
    let plain = [0.166_666_67, 0.707_106_77, 0.0, 0.612_372_46, 0.408_248_3, 0.280_056_03, 0.0];
    let tf_idf = [0.164_042_6, 0.741_695_46, 0.0, 0.370_053_86, 0.631_546_1, 0.144_965_4, 0.0];
    let bm25 = [0.232_599_59, 0.736_301_5, 0.0, 0.483_866_57, 0.711_693_35, 0.126_696_91, 0.0];
    for (weighting, want) in [(Weighting::Plain, plain), (Weighting::TfIdf, tf_idf), (Weighting::Bm25, bm25)] {
        let length_power = if weighting == Weighting::Bm25 { 0.0 } else { 1.0 };
        // The product's divisor is one where nothing is done about lengths.
        let params = Params { weighting, length_power, shrink: 0.0, weight_power: 1.0, ..Params::default() };
        let model = params.check().unwrap().fit(&weighed().whole(), &Context::quiet(0)).unwrap();
        let mut got = [0.0; 7];
        for (item, value) in model.near().entries(2) {
            got[item] = value;
        }
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-5, "{weighting:?}: {got}, implicit {want}");
        }
    }
}

#[test]
fn so_many_neighbours_are_kept_the_nearest() {
    let params =
        Params { neighbors: 2, weighting: Weighting::Plain, shrink: 0.0, weight_power: 1.0, ..Params::default() };
    let model = params.check().unwrap().fit(&weighed().whole(), &Context::quiet(0)).unwrap();
    assert_eq!(model.near().row(2).0, [1, 3]);
}

#[test]
fn parameters_beyond_their_range_are_refused() {
    assert!(Params { neighbors: 0, ..Params::default() }.check().is_err());
    assert!(Params { shrink: f64::NAN, ..Params::default() }.check().is_err());
}
