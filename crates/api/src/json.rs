//! JSON, written straight into an answer.

use async_graphql::resolver_utils::EnumType;
use async_graphql::{Response, Value};
use daybook_domain::{Currency, Money, Timestamp};
use uuid::Uuid;

/// Values one after another; commas and brackets are the caller's.
pub(crate) struct Json {
    bytes: Vec<u8>,
    /// Decimals of the currency that was written last: the amounts of a list are mostly of one.
    places: Option<(Currency, usize)>,
}

impl Json {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), places: None }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// JSON that is written already.
    pub(crate) fn raw(&mut self, json: &[u8]) {
        self.bytes.extend_from_slice(json);
    }

    pub(crate) fn null(&mut self) {
        self.raw(b"null");
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.raw(if value { b"true" } else { b"false" });
    }

    pub(crate) fn text(&mut self, text: &str) {
        let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        // Not `any`: without a way out, many bytes are looked at at a time.
        if text.bytes().fold(false, |special, byte| special | is_special(byte)) {
            self.serialized(text);
        } else {
            self.word(text);
        }
    }

    /// A text that is known to need no escapes.
    pub(crate) fn word(&mut self, text: &str) {
        self.bytes.reserve(text.len() + 2);
        self.bytes.push(b'"');
        self.raw(text.as_bytes());
        self.bytes.push(b'"');
    }

    /// The name of one of an enumeration's values.
    pub(crate) fn name<E: EnumType>(&mut self, value: E) {
        match E::items().iter().find(|item| item.value == value) {
            Some(item) => self.word(item.name),
            None => self.null(),
        }
    }

    pub(crate) fn number(&mut self, value: u64) {
        let mut digits = [0; 20];
        let from = digits_of(value, &mut digits);
        self.raw(&digits[from..]);
    }

    /// A number as text: those that outgrow JavaScript's.
    pub(crate) fn quoted(&mut self, value: u64) {
        self.bytes.push(b'"');
        self.number(value);
        self.bytes.push(b'"');
    }

    pub(crate) fn id(&mut self, id: Uuid) {
        self.word(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }

    /// The id of a part of something, by its number there.
    pub(crate) fn id_of(&mut self, id: Uuid, number: u64) {
        self.bytes.push(b'"');
        self.raw(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
        self.bytes.push(b':');
        self.number(number);
        self.bytes.push(b'"');
    }

    pub(crate) fn time(&mut self, at: Timestamp) {
        self.word(&daybook_codec::format_time(at));
    }

    /// As [`Money::amount`] says it.
    pub(crate) fn amount(&mut self, money: Money) {
        let places = match self.places {
            Some((currency, places)) if currency == money.currency => places,
            Some(_) | None => money.currency.digits() as usize,
        };
        self.places = Some((money.currency, places));
        let mut digits = [b'0'; 20];
        let from = digits_of(money.minor.unsigned_abs(), &mut digits).min(digits.len() - places - 1);
        let (whole, fraction) = digits[from..].split_at(digits.len() - from - places);
        self.bytes.push(b'"');
        if money.minor < 0 {
            self.bytes.push(b'-');
        }
        self.raw(whole);
        if places > 0 {
            self.bytes.push(b'.');
            self.raw(fraction);
        }
        self.bytes.push(b'"');
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, some: impl FnOnce(T, &mut Self)) {
        match value {
            Some(value) => some(value, self),
            None => self.null(),
        }
    }

    pub(crate) fn list<T>(&mut self, all: impl IntoIterator<Item = T>, mut one: impl FnMut(T, &mut Self)) {
        self.bytes.push(b'[');
        for (nth, item) in all.into_iter().enumerate() {
            if nth > 0 {
                self.bytes.push(b',');
            }
            one(item, self);
        }
        self.bytes.push(b']');
    }

    /// A value of the library's. What is binary is JSON already: nothing in the schema is binary itself.
    pub(crate) fn value(&mut self, value: &Value) {
        match value {
            Value::Binary(json) => self.raw(json),
            Value::Null => self.null(),
            Value::Boolean(value) => self.bool(*value),
            Value::String(text) => self.text(text),
            Value::Enum(name) => self.text(name),
            Value::Number(number) => self.serialized(number),
            Value::List(values) => self.list(values, |value, out| out.value(value)),
            Value::Object(fields) => {
                self.bytes.push(b'{');
                for (nth, (name, value)) in fields.iter().enumerate() {
                    if nth > 0 {
                        self.bytes.push(b',');
                    }
                    self.text(name);
                    self.bytes.push(b':');
                    self.value(value);
                }
                self.bytes.push(b'}');
            }
        }
    }

    /// What has a form of its own; it must be one that cannot fail.
    fn serialized(&mut self, value: &(impl serde::Serialize + ?Sized)) {
        let begin = self.bytes.len();
        if serde_json::to_writer(&mut self.bytes, value).is_err() {
            self.bytes.truncate(begin);
            self.null();
        }
    }
}

/// Writes a number to the end of the buffer; returns where it begins there.
fn digits_of(mut value: u64, buffer: &mut [u8; 20]) -> usize {
    let mut from = buffer.len();
    for place in buffer.iter_mut().rev() {
        // At most 9.
        *place = b'0' + u8::try_from(value % 10).unwrap_or(0);
        from -= 1;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    from
}

/// A whole answer that has `data`, as the library would write it.
pub(crate) fn answer(answer: &Response) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Json::with_capacity(bytes_of(&answer.data) + 512);
    out.raw(b"{\"data\":");
    out.value(&answer.data);
    if !answer.extensions.is_empty() {
        out.raw(b",\"extensions\":");
        serde_json::to_writer(&mut out.bytes, &answer.extensions)?;
    }
    if !answer.errors.is_empty() {
        out.raw(b",\"errors\":");
        serde_json::to_writer(&mut out.bytes, &answer.errors)?;
    }
    out.raw(b"}");
    Ok(out.into_bytes())
}

/// How much of a value is written already.
fn bytes_of(value: &Value) -> usize {
    match value {
        Value::Binary(json) => json.len(),
        Value::Object(fields) => fields.values().map(bytes_of).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Json)) -> String {
        let mut out = Json::with_capacity(0);
        write(&mut out);
        String::from_utf8(out.into_bytes()).unwrap()
    }

    #[test]
    fn amounts_are_those_of_the_domain() {
        for code in ["CNY", "JPY", "KWD", "CLF"] {
            let currency = Currency::new(code).unwrap();
            let other = Money::new(1, Currency::CNY);
            assert_eq!(
                written(|out| {
                    out.amount(other);
                    out.amount(Money::new(1, currency));
                }),
                format!("\"{}\"\"{}\"", other.amount(), Money::new(1, currency).amount())
            );
            for minor in [0, 1, -1, 9, 10, 99, 100, -100, 999, 1_000, 12_345, i64::MAX, i64::MIN] {
                let money = Money::new(minor, currency);
                assert_eq!(written(|out| out.amount(money)), format!("\"{}\"", money.amount()));
            }
        }
    }

    #[test]
    fn texts_and_numbers_are_those_of_serde_json() {
        for text in ["", "plain", "小明", "a\"b", "a\\b", "a\nb", "\u{0}\u{1f}\u{7f}", "\u{2028}", "</script>"] {
            assert_eq!(written(|out| out.text(text)), serde_json::to_string(text).unwrap());
        }
        for number in [0, 1, 9, 10, 12_345, u64::MAX] {
            assert_eq!(written(|out| out.number(number)), number.to_string());
        }
    }

    #[test]
    fn answers_are_written_as_the_library_writes_them() {
        let data = async_graphql::value!({"a": [1, -2.5, true, null, {"b\"": "c\n"}], "d": {}, "e": []});
        let error = async_graphql::ServerError::new("wrong", Some(async_graphql::Pos { line: 1, column: 2 }));
        for errors in [vec![], vec![error]] {
            let mut whole = Response::new(data.clone());
            whole.errors = errors;
            let ours = answer(&whole).unwrap();
            assert_eq!(String::from_utf8(ours).unwrap(), serde_json::to_string(&whole).unwrap());
        }
        let ready = Response::new(Value::Binary(b"[1]".to_vec().into()));
        assert_eq!(answer(&ready).unwrap(), b"{\"data\":[1]}");
    }
}
