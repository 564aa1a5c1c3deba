//! One spelling for a JSON value, so that it has one hash: keys sorted by code point, no spaces, nothing escaped that need
//! not be. As Python's `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)` writes it.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The hash of an array, value by value.
#[derive(Default)]
pub(crate) struct ArrayHash {
    hash: Sha256,
    has_any: bool,
}

impl ArrayHash {
    pub(crate) fn push(&mut self, value: &Value) {
        let mut text = String::from(if self.has_any { "," } else { "[" });
        write(value, &mut text);
        self.hash.update(text.as_bytes());
        self.has_any = true;
    }

    /// SHA-256 of the array's spelling.
    pub(crate) fn finish(mut self) -> [u8; 32] {
        self.hash.update(if self.has_any { "]" } else { "[]" });
        self.hash.finalize().into()
    }
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

    #[test]
    fn an_array_has_the_hash_of_its_spelling() {
        for text in ["[]", "[1]", "[{\"a\":\"中\"},[2],null]"] {
            let Value::Array(items) = serde_json::from_str(text).unwrap() else { panic!("no array") };
            let mut hash = ArrayHash::default();
            items.iter().for_each(|item| hash.push(item));
            assert_eq!(hash.finish(), <[u8; 32]>::from(Sha256::digest(text)), "{text}");
        }
    }
}
