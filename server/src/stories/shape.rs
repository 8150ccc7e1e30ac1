//! Whether answers have the shapes that `/openapi.json` promises: a small part of JSON Schema, strict where it is not. What
//! it does not know it refuses, so that a schema cannot promise what nobody looks at.

use serde_json::{Map, Value};

/// What is said about values, and not asked of them.
const SAID: [&str; 4] = ["description", "default", "format", "maxLength"];

/// Everything in which a value differs from a schema, by path.
pub(super) fn differences(schemas: &Value, name: &str, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let schema = serde_json::json!({ "$ref": format!("#/components/schemas/{name}") });
    check(schemas, &schema, value, name, &mut found);
    found
}

fn check(schemas: &Value, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    let Value::Object(terms) = schema else { panic!("{path}: a schema is an object") };
    for (term, wanted) in terms {
        let fits = match term.as_str() {
            "$ref" => {
                let name = wanted.as_str().and_then(|name| name.strip_prefix("#/components/schemas/"));
                let schema = name.and_then(|name| schemas.get(name)).unwrap_or_else(|| panic!("{path}: {wanted}"));
                check(schemas, schema, value, path, found);
                true
            }
            "type" => is_of(wanted, value),
            "enum" => wanted.as_array().is_some_and(|all| all.contains(value)),
            "const" => wanted == value,
            "oneOf" => one_of(schemas, wanted, value, path, found),
            "required" => has_all(wanted, value, path, found),
            "properties" => properties(schemas, wanted, value, path, found),
            "additionalProperties" => *wanted == Value::Bool(false) && no_others(terms, value, path, found),
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(schemas, wanted, item, &format!("{path}[{at}]"), found);
                }
                true
            }
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().unwrap()),
            "exclusiveMinimum" => value.as_f64().is_none_or(|number| number > wanted.as_f64().unwrap()),
            "exclusiveMaximum" => value.as_f64().is_none_or(|number| number < wanted.as_f64().unwrap()),
            "minItems" => value.as_array().is_none_or(|list| list.len() as u64 >= wanted.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|list| list.len() as u64 <= wanted.as_u64().unwrap()),
            said if SAID.contains(&said) => true,
            other => panic!("{path}: {other} is not looked at"),
        };
        if !fits {
            found.push(format!("{path}: {value} is not {term} {wanted}"));
        }
    }
}

fn is_of(wanted: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("there is no type {other}"),
    };
    match wanted {
        Value::Array(all) => all.iter().filter_map(Value::as_str).any(is),
        one => one.as_str().is_some_and(is),
    }
}

/// Of several shapes exactly one; the nearest is told of where none is.
fn one_of(schemas: &Value, wanted: &Value, value: &Value, path: &str, found: &mut Vec<String>) -> bool {
    let mut tried: Vec<Vec<String>> = Vec::new();
    for schema in wanted.as_array().into_iter().flatten() {
        let mut differences = Vec::new();
        check(schemas, schema, value, path, &mut differences);
        tried.push(differences);
    }
    let fit = tried.iter().filter(|differences| differences.is_empty()).count();
    if fit == 0 {
        found.extend(tried.into_iter().min_by_key(Vec::len).unwrap_or_default());
    }
    fit < 2
}

fn has_all(wanted: &Value, value: &Value, path: &str, found: &mut Vec<String>) -> bool {
    let Value::Object(fields) = value else { return true };
    let names = wanted.as_array().into_iter().flatten().filter_map(Value::as_str);
    found.extend(names.filter(|name| !fields.contains_key(*name)).map(|name| format!("{path}: {name} is missing")));
    true
}

fn properties(schemas: &Value, wanted: &Value, value: &Value, path: &str, found: &mut Vec<String>) -> bool {
    let (Value::Object(wanted), Value::Object(fields)) = (wanted, value) else { return true };
    for (name, schema) in wanted {
        if let Some(value) = fields.get(name) {
            check(schemas, schema, value, &format!("{path}.{name}"), found);
        }
    }
    true
}

fn no_others(terms: &Map<String, Value>, value: &Value, path: &str, found: &mut Vec<String>) -> bool {
    let (Some(Value::Object(known)), Value::Object(fields)) = (terms.get("properties"), value) else { return true };
    let others = fields.keys().filter(|name| !known.contains_key(*name));
    found.extend(others.map(|name| format!("{path}: {name} is not described")));
    true
}

#[test]
fn differences_are_found() {
    let schemas = serde_json::json!({
        "A": { "type": "object", "required": ["n"], "additionalProperties": false,
               "properties": { "n": { "type": "integer", "minimum": 1 }, "b": { "$ref": "#/components/schemas/B" } } },
        "B": { "oneOf": [{ "type": "string", "enum": ["x"] }, { "type": "array", "items": { "type": "number" } }] },
    });
    let count = |value| differences(&schemas, "A", &value).len();
    assert_eq!(count(serde_json::json!({ "n": 1, "b": "x" })), 0);
    assert_eq!(count(serde_json::json!({ "n": 2, "b": [0.5] })), 0);
    for wrong in [
        serde_json::json!({}),
        serde_json::json!({ "n": 0 }),
        serde_json::json!({ "n": 1.5 }),
        serde_json::json!({ "n": 1, "c": 1 }),
        serde_json::json!({ "n": 1, "b": "y" }),
        serde_json::json!({ "n": 1, "b": [null] }),
        serde_json::json!([]),
    ] {
        assert!(count(wrong.clone()) > 0, "{wrong}");
    }
}
