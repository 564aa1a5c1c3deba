//! What Daybook itself reads of a contact, which is otherwise whatever the shop writes down.

use serde_json::{Map, Value};

/// Under which name the buyer's code stands, if one was chosen.
pub(crate) const CODE: &str = "code";

/// Under which of these names the telephone stands: the first that is there.
pub(crate) const TELEPHONE: [&str; 4] = ["tel", "phone", "mobile", "telephone"];

/// The telephone's digits, if there are any.
pub(crate) fn telephone(contact: &Map<String, Value>) -> Option<String> {
    let found = TELEPHONE.iter().find_map(|name| contact.get(*name).filter(|value| !value.is_null()))?;
    let digits = match found {
        Value::String(text) => digits(text),
        Value::Number(number) => digits(&number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (!digits.is_empty()).then_some(digits)
}

/// The digits of a text, those included that keyboards for Chinese make (０ to ９).
pub(crate) fn digits(text: &str) -> String {
    let narrow = |wide: char| u32::from(wide).checked_sub(u32::from('０')).filter(|digit| *digit < 10);
    text.chars()
        .filter_map(|c| c.to_digit(10).or_else(|| narrow(c)).and_then(|digit| char::from_digit(digit, 10)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<String> {
        telephone(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_telephone_is_what_its_digits_are() {
        assert_eq!(of(r#"{"tel": "+86 138-1234 5678"}"#).as_deref(), Some("8613812345678"));
        assert_eq!(of(r#"{"name": "李", "phone": 13812345678}"#).as_deref(), Some("13812345678"));
        assert_eq!(of(r#"{"tel": null, "mobile": "１３８"}"#).as_deref(), Some("138"));
        assert_eq!(of(r#"{"tel": "138", "phone": "139"}"#).as_deref(), Some("138"), "the first that is there");
        for none in [r#"{}"#, r#"{"tel": "by mail"}"#, r#"{"tel": ["138"]}"#, r#"{"address": "138"}"#] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
