//! What is left of a personal text for whoever may not see it.

/// The first and the last character, and three stars between them however many there were; of an address of mail the
/// domain too: `张***三`, `a***@example.com`. Of two characters the first, of one none.
pub fn mask(text: &str) -> String {
    let text = text.trim();
    if let Some((name, domain)) = text.rsplit_once('@')
        && !name.is_empty()
        && !domain.is_empty()
    {
        return format!(
            "{}***@{domain}",
            name.chars().next().filter(|_| name.chars().nth(1).is_some()).map_or(String::new(), String::from)
        );
    }
    let mut letters = text.chars();
    match (letters.next(), letters.next_back(), letters.next()) {
        (None, ..) => String::new(),
        (Some(_), None, _) => "***".into(),
        (Some(first), Some(_), None) => format!("{first}***"),
        (Some(first), Some(last), Some(_)) => format!("{first}***{last}"),
    }
}

/// Every text within, those of numbers too; names of members stay.
pub(super) fn mask_json(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Null => {}
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) => *value = mask(&value.to_string()).into(),
        serde_json::Value::String(text) => *text = mask(text),
        serde_json::Value::Array(all) => all.iter_mut().for_each(mask_json),
        serde_json::Value::Object(all) => all.values_mut().for_each(mask_json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_middle_nor_the_length_is_left() {
        for (text, masked) in [
            ("", ""),
            ("张", "***"),
            ("张三", "张***"),
            ("张小三", "张***三"),
            ("13800138000", "1***0"),
            ("alice@example.com", "a***@example.com"),
            ("a@example.com", "***@example.com"),
            ("@home", "@***e"),
        ] {
            assert_eq!(mask(text), masked);
        }
        let mut contact = serde_json::json!({"name": "张小三", "tel": 13_800_138_000_u64, "lines": ["x", null]});
        mask_json(&mut contact);
        assert_eq!(contact, serde_json::json!({"name": "张***三", "tel": "1***0", "lines": ["***", null]}));
    }
}
