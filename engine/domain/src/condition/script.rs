//! What JavaScript makes of values whose types do not match. Source: ECMA-262, section 7 (type conversion, testing and
//! comparison).

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

fn number(value: &serde_json::Number) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// `Boolean(value)`.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(n) => number(n) != 0.0,
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// `String(value)`.
pub fn to_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "null".into(),
        Value::Bool(flag) => if *flag { "true" } else { "false" }.into(),
        Value::Number(n) => number_text(number(n)).into(),
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => {
            let part = |value: &Value| if value.is_null() { String::new() } else { to_text(value).into_owned() };
            list.iter().map(part).collect::<Vec<_>>().join(",").into()
        }
        Value::Object(_) => "[object Object]".into(),
    }
}

/// `JSON.stringify(value)`, but for a text, which is left as it is: what sticky documents go by. The keys of an object come in the order of the alphabet here, and in that of the document there.
pub fn to_json(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => to_text(value),
        Value::Array(list) => {
            let parts: Vec<String> = list.iter().map(stringified).collect();
            format!("[{}]", parts.join(",")).into()
        }
        Value::Object(map) => {
            let part =
                |(key, value): (&String, &Value)| format!("{}:{}", Value::from(key.as_str()), stringified(value));
            let parts: Vec<String> = map.iter().map(part).collect();
            format!("{{{}}}", parts.join(",")).into()
        }
    }
}

fn stringified(value: &Value) -> String {
    if value.is_string() { value.to_string() } else { to_json(value).into_owned() }
}

/// `Number::toString`: plain digits from 10⁻⁶ up to 10²¹, an exponent beyond.
fn number_text(n: f64) -> String {
    if n == 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e21).contains(&n.abs()) {
        return n.to_string();
    }
    let text = format!("{n:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        Some(_) | None => text,
    }
}

/// `Number(value)`; NaN where there is none.
pub fn to_number(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        Value::Number(n) => number(n),
        Value::String(text) => text_number(text),
        Value::Array(_) => text_number(&to_text(value)),
        Value::Object(_) => f64::NAN,
    }
}

fn text_number(text: &str) -> f64 {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return 0.0;
    }
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let plain = !digits.starts_with(['+', '-']);
            return u64::from_str_radix(digits, radix).ok().filter(|_| plain).map_or(f64::NAN, |n| n as f64);
        }
    }
    match text.trim_start_matches(['+', '-']) {
        "Infinity" => text.parse().unwrap_or(f64::NAN),
        // Rust also reads "inf" and "nan", which JavaScript does not.
        digits if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

/// `a === b`: the same type and value. Two lists or objects are two things, never one.
pub(super) fn identical(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => number(a) == number(b),
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => false,
        _ => a == b,
    }
}

/// Equal through and through. JavaScript compares the texts, so that the order of an object's keys counts; here it does
/// not.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => identical(a, b),
    }
}

/// `a < b`; none where one is not a number. Two texts compare by their UTF-16 code units, anything else as numbers.
pub(super) fn less_than(a: &Value, b: &Value) -> Option<bool> {
    let is_text = |value: &Value| matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_));
    if is_text(a) && is_text(b) {
        return Some(compare_units(&to_text(a), &to_text(b)).is_lt());
    }
    to_number(a).partial_cmp(&to_number(b)).map(Ordering::is_lt)
}

/// The order of JavaScript's strings.
pub(super) fn compare_units(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

/// `typeof`, but for null and lists, which have names of their own.
pub(super) const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A version such that texts compare as versions do: no `v` in front, no build behind, numbers padded to five places,
/// and `~`, which sorts last, behind three parts, so that 1.0.0 comes after 1.0.0-beta.
pub(super) fn padded_version(value: &Value) -> String {
    let text = match value {
        Value::Number(n) => number_text(number(n)),
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => "0".to_owned(),
    };
    let text = text.strip_prefix('v').unwrap_or(&text);
    let text = text.split('+').next().unwrap_or(text);
    let mut parts: Vec<String> = text.split(['-', '.']).map(padded).collect();
    if parts.len() == 3 {
        parts.push("~".to_owned());
    }
    parts.join("-")
}

fn padded(part: &str) -> String {
    let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if digits { format!("{part:>5}") } else { part.to_owned() }
}
