use super::*;
use crate::conformance::suite;
use crate::spec::Spec;

#[test]
fn it_holds_to_what_every_model_must() {
    suite(&Spec::Rp3beta(Params::default()), true);
}
