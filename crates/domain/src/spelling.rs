//! One spelling for what ids are made of: else the same money would count once for each way to write its trade number.

use std::borrow::Cow;

use crate::command::{RecordPayment, SettleRefund};
use crate::ids::{MerchantId, StreamId};

/// How a provider's name is stored. What comes live is refused unless it is spelt so.
pub(crate) fn provider(given: &str) -> Cow<'_, str> {
    let trimmed = given.trim();
    if trimmed.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.to_lowercase())
}

/// How a trade number is stored.
pub(crate) fn trade_number(given: &str) -> &str {
    given.trim()
}

pub(crate) fn is_provider(given: &str) -> bool {
    given.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte))
}

pub(crate) fn is_trade_number(given: &str) -> bool {
    !given.contains(|c: char| c.is_whitespace() || is_invisible(c))
}

/// Nothing at the ends that cannot be seen. Inside it may be wanted: a blank, or what joins two signs into one.
pub(crate) fn has_clean_ends(given: &str) -> bool {
    let is_clean = |end: Option<char>| end.is_none_or(|c| !c.is_whitespace() && !is_invisible(c));
    is_clean(given.chars().next()) && is_clean(given.chars().next_back())
}

/// What is compared by its letters, and shown by them: nothing in it is hidden, inside or at the ends.
pub fn is_seen_whole(given: &str) -> bool {
    has_clean_ends(given) && !given.contains(is_invisible)
}

/// Control characters, and those that only say how others are to be set.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// The claim that a payment makes.
pub(crate) fn claim(root: &MerchantId, c: &RecordPayment) -> StreamId {
    StreamId::claim(root, &provider(&c.provider), trade_number(&c.trade_number))
}

/// The claim that a refund makes whose provider gave it a trade number.
pub(crate) fn refund_claim(root: &MerchantId, c: &SettleRefund) -> Option<StreamId> {
    let (given, number) = (c.provider.as_deref()?, c.trade_number.as_deref()?);
    Some(StreamId::refund_claim(root, &provider(given), trade_number(number)))
}

/// The claim that it would have made when each spelling had its own, if that is another one.
pub(crate) fn claim_as_given(root: &MerchantId, c: &RecordPayment) -> Option<StreamId> {
    let as_given = StreamId::claim(root, &c.provider, &c.trade_number);
    (as_given != claim(root, c)).then_some(as_given)
}
