//! One spelling for a JSON value, so that it has one hash: keys sorted by code point, no spaces, nothing escaped that need
//! not be. As Python's `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)` writes it.

use serde_json::Value;
use sha2::{Digest, Sha256};

pub(crate) fn hash(value: &Value) -> [u8; 32] {
    let mut text = String::new();
    write(value, &mut text);
    Sha256::digest(text.as_bytes()).into()
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&value.to_string()),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            // UTF-8 sorts as its code points do.
            fields.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (at, (name, value)) in fields.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_spelling() {
        let value: Value =
            serde_json::from_str("{\"é\": [1, null], \"b\": \"\\u0001\\n\u{2028}中\\\"\", \"B\": {}}").unwrap();
        let mut text = String::new();
        write(&value, &mut text);
        assert_eq!(text, "{\"B\":{},\"b\":\"\\u0001\\n\u{2028}中\\\"\",\"é\":[1,null]}");
    }
}
