//! The sections that need whole evaluations.

use serde_json::{Map, Value, json};

use crate::assign::{
    Context, Evaluator, Payload, StickyDocument, StickyDocuments, decrypt, decrypt_payload, sticky_key,
};
use crate::testdata::conformance;

/// The cases of a section; none where they are not there.
fn cases(section: &str) -> Vec<Value> {
    conformance("growthbook-cases.json").map_or_else(Vec::new, |cases| cases[section].as_array().unwrap().clone())
}

/// A case's context, owned.
struct Given {
    attributes: Value,
    url: String,
    forced: Map<String, Value>,
    enabled: bool,
    qa_mode: bool,
    payload: Payload,
}

impl Given {
    fn new(source: &Value) -> Self {
        Self {
            attributes: source["attributes"].clone(),
            url: source["url"].as_str().unwrap_or("").to_owned(),
            forced: source["forcedVariations"].as_object().cloned().unwrap_or_default(),
            enabled: source["enabled"] != false,
            qa_mode: source["qaMode"] == true,
            payload: Payload::parse(source).unwrap(),
        }
    }

    fn context(&self) -> Context<'_> {
        let context = Context::new(&self.attributes).url(&self.url).forced_variations(&self.forced);
        context.enabled(self.enabled).qa_mode(self.qa_mode)
    }
}

/// Numbers compare by value: the cases write `1.0` and `1` alike.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| alike(a, b)))
        }
        _ => a == b,
    }
}

#[track_caller]
fn assert_alike(got: &Value, wanted: &Value, case: &Value) {
    assert!(alike(got, wanted), "{}\n   got {got}\nwanted {wanted}", case[0]);
}

#[test]
fn growthbook_agrees_on_features() {
    for case in cases("feature").iter().chain(&cases("contextualBandit")) {
        let given = Given::new(&case[1]);
        let (result, _) = given.payload.evaluate(case[2].as_str().unwrap(), &given.context());
        assert_alike(&serde_json::to_value(result).unwrap(), &case[3], case);
    }
}

#[test]
fn growthbook_agrees_on_inline_experiments() {
    for case in cases("run") {
        let given = Given::new(&case[1]);
        let experiment = given.payload.experiment(&case[2]).unwrap();
        let (result, effects) = given.payload.run(&experiment, &given.context());
        let got = json!([result.value, result.in_experiment, result.hash_used]);
        assert_alike(&got, &json!([case[3], case[4], case[5]]), &case);
        assert_eq!(effects.exposures.len(), usize::from(result.hash_used && result.in_experiment), "{case}");
    }
}

#[test]
fn growthbook_agrees_on_sticky_buckets() {
    for case in cases("stickyBucket") {
        let given = Given::new(&case[1]);
        let all = case[2].as_array().unwrap().iter().map(|document| {
            let document: StickyDocument = serde_json::from_value(document.clone()).unwrap();
            (sticky_key(&document.attribute_name, &document.attribute_value), document)
        });
        let keys = given.payload.sticky_keys(&given.context());
        let stored: StickyDocuments = all.filter(|(key, _)| keys.contains(key)).collect();
        let (result, effects) = given.payload.evaluate(case[3].as_str().unwrap(), &given.context().sticky(&stored));
        let result = result.experiment.map(|run| serde_json::to_value(run.result).unwrap());
        assert_alike(&result.unwrap_or_default(), &case[4], &case);
        let documents: StickyDocuments = stored.clone().into_iter().chain(effects.documents).collect();
        assert_alike(&serde_json::to_value(documents).unwrap(), &case[5], &case);
    }
}

#[test]
fn growthbook_agrees_on_redirects() {
    for case in cases("urlRedirect") {
        let given = Given::new(&case[1]);
        let mut evaluator = Evaluator::new(&given.payload, &given.context());
        let changes = evaluator.page();
        let got: Vec<Value> = changes
            .iter()
            .map(|change| {
                json!({
                    "inExperiment": change.run.result.in_experiment,
                    "urlRedirect": change.url_redirect,
                    "urlWithParams": change.url_with_params,
                })
            })
            .collect();
        assert_alike(&got.into(), &case[2], &case);
    }
}

#[test]
fn growthbook_agrees_on_encryption() {
    for case in cases("decrypt") {
        assert_eq!(
            decrypt(case[1].as_str().unwrap(), case[2].as_str().unwrap()).as_deref(),
            case[3].as_str(),
            "{case}"
        );
    }
}

/// The first of the public cases, as a payload.
#[test]
fn encrypted_payloads_open() {
    let text = "m5ylFM6ndyOJA2OPadubkw==.Uu7ViqgKEt/dWvCyhI46q088PkAEJbnXKf3KPZjf9IEQQ+A8fojNoxw4wIbPX3aj";
    let source = json!({"status": 200, "features": {}, "encryptedFeatures": text});
    let plain = decrypt_payload(&source, "Zvwv/+uhpFDznZ6SX28Yjg==").unwrap();
    assert_eq!(plain, json!({"status": 200, "features": {"feature": {"defaultValue": true}}}));
    let error = decrypt_payload(&source, "Zvwv/+uhpFDznZ6SX39Yjg==").unwrap_err();
    assert_eq!(error.to_string(), "encryptedFeatures cannot be decrypted with this key, or is not JSON");
    assert_eq!(decrypt_payload(&json!({"features": {}}), "").unwrap(), json!({"features": {}}));
}
