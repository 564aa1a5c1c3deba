//! What a buyer must know of an order to look it up.

use daybook_domain::event::tree_root;
use daybook_domain::{Event, Kind, MerchantId, Role, StreamId};
use daybook_engine::Opened;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::contact::{CODE, digits, telephone};
use crate::http::Services;
use crate::schema::delivery;
use crate::schema::error::ApiError;

/// Characters below which what is called a code is none, and digits below which a telephone is none: they would be guessed.
const MIN_CODE_CHARS: usize = 6;
const MIN_DIGITS: usize = 7;
/// Of a telephone in China, without its country's code.
const CHINESE_DIGITS: usize = 11;

/// What the buyer has to say.
#[derive(Debug)]
pub(super) enum Code {
    /// The contact's `code`, as the order was placed, or as its buyer changed it since.
    Chosen(String),
    /// All digits of the contact's telephone.
    Telephone(String),
}

/// The order's, and whose the order is; none: it has no code, or was erased, or is none. Reads the ledger.
pub(super) fn of(services: &Services, order: StreamId) -> Result<Option<(MerchantId, Code)>, ApiError> {
    let history = services.reader.history(order)?;
    let Some(Event::OrderPlaced(placed)) = history.first().map(|first| &first.event) else { return Ok(None) };
    let root = tree_root(&placed.ancestors, &placed.merchant);
    let open = |(kind, text)| match services.reader.open_text(text, root, order, kind) {
        Opened::Text(text) => serde_json::from_str::<Map<String, Value>>(&text).ok(),
        Opened::Erased | Opened::Damaged => None,
    };
    let placed_with = placed.contact.as_ref().map(|text| (Kind::OrderPlaced, text));
    // Whoever else asks for another address would choose what opens the buyer's order to himself.
    let the_buyers = delivery::approved(&history)
        .filter(|(by, _)| by.role == Role::Buyer)
        .filter_map(|(_, change)| Some((Kind::AddressChangeRequested, change.contact.as_ref()?)));
    // The last one: whoever gives another address without a code does not give the code up.
    let chosen = placed_with.into_iter().chain(the_buyers).filter_map(|found| chosen(&open(found)?)).last();
    let code = chosen.map(Code::Chosen).or_else(|| {
        let digits = telephone(&delivery::texts(placed, &history).contact.and_then(open)?)?;
        let digits = without_country(&digits);
        (digits.len() >= MIN_DIGITS).then(|| Code::Telephone(digits.to_owned()))
    });
    Ok(code.map(|code| (placed.merchant.clone(), code)))
}

/// None of what is too short.
fn chosen(contact: &Map<String, Value>) -> Option<String> {
    let code = match contact.get(CODE)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (code.chars().count() >= MIN_CODE_CHARS).then_some(code)
}

/// 86 and 0086 before a telephone in China.
fn without_country(digits: &str) -> &str {
    let local = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86"));
    local.filter(|local| local.len() == CHINESE_DIGITS).unwrap_or(digits)
}

/// A telephone as people write it; none of anything else.
fn spoken(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_whitespace() || "+-－()（）.".contains(c) || !digits(&c.to_string()).is_empty();
    text.chars().all(is_part).then(|| without_country(&digits(text)).to_owned())
}

impl Code {
    /// Takes as long for whatever is given.
    pub(super) fn is(&self, given: &str) -> bool {
        match self {
            Code::Chosen(code) => is_same(code, given.trim()),
            Code::Telephone(digits) => is_same(digits, &spoken(given).unwrap_or_default()),
        }
    }
}

/// By their hashes, of which each byte is looked at.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (Sha256::digest(one), Sha256::digest(other));
    one.iter().zip(other.iter()).fold(0, |differing, (one, other)| differing | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_is_the_same_however_it_is_written() {
        let code = Code::Telephone(without_country("8613812345678").to_owned());
        for same in
            ["13812345678", "+86 138-1234-5678", "0086 13812345678", "８６ １３８ １２３４ ５６７８", "(138) 1234 5678"]
        {
            assert!(code.is(same), "{same}");
        }
        for other in ["1381234567", "13812345679", "138123456789", "", "13812345678x", "5678", "613812345678"] {
            assert!(!code.is(other), "{other}");
        }
        // Not every number that begins with 86 is one of China.
        assert!(Code::Telephone("8612345".into()).is("861-2345") && !Code::Telephone("8612345".into()).is("12345"));
    }

    #[test]
    fn a_chosen_code_is_taken_to_the_letter() {
        let code = Code::Chosen("Ab-12".into());
        assert!(code.is("Ab-12") && code.is(" Ab-12 "));
        for other in ["ab-12", "Ab12", "Ab-1", ""] {
            assert!(!code.is(other), "{other}");
        }
    }

    #[test]
    fn what_would_be_guessed_is_no_code() {
        let of = |code: Value| chosen(&Map::from_iter([(CODE.to_owned(), code)]));
        assert_eq!(of("12345".into()), None);
        assert_eq!(of(" 12345 ".into()), None);
        assert_eq!(of(12_345.into()), None);
        assert_eq!(of("码码码码码码".into()).as_deref(), Some("码码码码码码"));
        assert_eq!(of(123_456.into()).as_deref(), Some("123456"));
    }
}
