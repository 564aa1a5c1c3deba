//! Who a buyer is, for those who need to tell buyers apart and not to know them.

use serde_json::{Map, Value};

use crate::contact::CODE;

/// Stars that stand for what is left out; always as many, so that they do not tell how much it is.
const STARS: &str = "***";

/// The first and the last character: `张***三`; of an address of mail the first and the host: `a***@example.com`. Of two
/// characters the first, of one none.
pub(crate) fn text(text: &str) -> String {
    let text = text.trim();
    if let Some((name, host)) = text.rsplit_once('@')
        && !name.is_empty()
        && !name.contains(char::is_whitespace)
        && is_host(host)
    {
        let mut letters = name.chars();
        let first = letters.next().filter(|_| letters.next().is_some());
        return format!("{}{STARS}@{host}", first.map(String::from).unwrap_or_default());
    }
    let mut letters = text.chars();
    match (letters.next(), letters.next_back(), letters.next()) {
        (None, ..) => String::new(),
        (Some(_), None, _) => STARS.to_owned(),
        (Some(first), Some(_), None) => format!("{first}{STARS}"),
        (Some(first), Some(last), Some(_)) => format!("{first}{STARS}{last}"),
    }
}

/// Anything else may stand behind an `@` as well, such as a telephone number.
fn is_host(text: &str) -> bool {
    let is_made_so = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let top = text.rsplit_once('.').filter(|(rest, _)| !rest.is_empty()).map(|(_, top)| top);
    is_made_so && top.is_some_and(|top| top.len() > 1 && top.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Each text within, and each number; names of fields stay. Of a code, which opens the order, nothing is left.
pub(crate) fn object(object: &Map<String, Value>) -> Map<String, Value> {
    let masked = |(name, inner): (&String, &Value)| {
        let inner = if name == CODE && !inner.is_null() { STARS.into() } else { value(inner) };
        (name.clone(), inner)
    };
    object.iter().map(masked).collect()
}

pub(crate) fn value(of: &Value) -> Value {
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
    fn neither_the_middle_nor_the_length_is_left() {
        for (clear, masked) in [
            ("", ""),
            ("张", "***"),
            ("张三", "张***"),
            ("张三丰", "张***丰"),
            ("13812345678", "1***8"),
            ("ann@example.com", "a***@example.com"),
            ("a@example.com", "***@example.com"),
            ("@home", "@***e"),
            ("Flat 3 @ 12 Nanjing Road, Shanghai", "F***i"),
            ("a@b.com or call 13812345678", "a***8"),
            ("call 13812345678 or a@b.com", "c***m"),
            ("wx@13812345678", "w***8"),
            ("wx@138.12345678", "w***8"),
            ("ann@localhost", "a***t"),
            ("ann@例子.中国", "a***国"),
        ] {
            assert_eq!(text(clear), masked, "{clear}");
        }
        let contact = json!({"name": "李小龙", "tel": [138_001, {"home": "0755-1"}], "gift": true, "note": null});
        let masked = json!({"name": "李***龙", "tel": ["1***1", {"home": "0***1"}], "gift": true, "note": null});
        assert_eq!(Value::Object(object(contact.as_object().unwrap())), masked);
        for code in [json!("open-sesame"), json!(123_456), json!(["open", "sesame"]), json!(true)] {
            assert_eq!(
                value(&json!({"code": code, "to": {"code": code}})),
                json!({"code": "***", "to": {"code": "***"}})
            );
        }
        assert_eq!(value(&json!({"code": null})), json!({"code": null}));
    }
}
