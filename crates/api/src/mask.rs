//! Who a buyer is, for those who need to tell buyers apart and not to know them.

use serde_json::{Map, Value};

/// Stars that stand for what is left out; always as many, so that they do not tell how much it is.
const STARS: &str = "***";

/// The first and the last character: `张***三`; of an address of mail the first and the host: `a***@example.com`. Of what has
/// fewer than three characters nothing is shown.
pub(crate) fn text(text: &str) -> String {
    let (name, host) = match text.rsplit_once('@') {
        Some((name, host)) if !name.is_empty() => (name, Some(host)),
        Some(_) | None => (text, None),
    };
    let mut characters = name.chars();
    let (first, last) = (characters.next(), characters.next_back());
    match (first, last, host) {
        (Some(first), _, Some(host)) => format!("{first}{STARS}@{host}"),
        (Some(first), Some(last), None) if characters.next().is_some() => format!("{first}{STARS}{last}"),
        _ => STARS.to_owned(),
    }
}

/// Each text within, and each number; names of fields stay.
pub(crate) fn object(object: &Map<String, Value>) -> Map<String, Value> {
    object.iter().map(|(name, inner)| (name.clone(), value(inner))).collect()
}

fn value(of: &Value) -> Value {
    match of {
        Value::String(inner) => Value::String(text(inner)),
        Value::Number(inner) => Value::String(text(&inner.to_string())),
        Value::Array(all) => Value::Array(all.iter().map(value).collect()),
        Value::Object(inner) => Value::Object(object(inner)),
        Value::Null | Value::Bool(_) => of.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_masked_is_told_apart_and_not_known() {
        for (clear, masked) in [
            ("张三丰", "张***丰"),
            ("13812345678", "1***8"),
            ("ann@example.com", "a***@example.com"),
            ("@ann", "@***n"),
            ("张三", "***"),
            ("x", "***"),
            ("", "***"),
        ] {
            assert_eq!(text(clear), masked, "{clear}");
        }
        let contact = json!({"name": "李小龙", "tel": [138_001, {"home": "0755-1"}], "gift": true, "note": null});
        let masked = json!({"name": "李***龙", "tel": ["1***1", {"home": "0***1"}], "gift": true, "note": null});
        assert_eq!(Value::Object(object(contact.as_object().unwrap())), masked);
    }
}
