//! Evaluates `digest` with `open-feature-ofrep` as the registry has it: a line `VALUE VARIANT` for each unit named on a line of
//! the standard input, then one for a flag that does not exist.
//!
//! `anklang-sdk-check ADDRESS`

use std::error::Error;
use std::io::BufRead;

use open_feature::{EvaluationContext, OpenFeature};
use open_feature_ofrep::{OfrepOptions, OfrepProvider};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let base_url = std::env::args().nth(1).ok_or("the address of the server is missing")?;
    let provider = OfrepProvider::new(OfrepOptions { base_url, ..OfrepOptions::default() }).await?;
    OpenFeature::singleton_mut().await.set_provider(provider).await;
    let client = OpenFeature::singleton().await.create_client();
    for unit in std::io::stdin().lock().lines() {
        let context = EvaluationContext::default().with_targeting_key(unit?);
        let details = client.get_string_details("digest", Some(&context), None).await;
        let details = details.map_err(|error| format!("{error:?}"))?;
        println!("{} {}", details.value, details.variant.unwrap_or_default());
    }
    let missing = client.get_string_details("no/such", None, None).await;
    println!("{:?}", missing.map(|details| details.value).map_err(|error| error.code));
    Ok(())
}
