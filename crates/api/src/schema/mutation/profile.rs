//! What a merchant tells of itself.

use async_graphql::{ID, InputObject};
use daybook_domain::Command;
use daybook_domain::command::SetProfile;
use daybook_domain::event::ProfileSet;

use super::form::{boxed, input};
use crate::schema::error::ErrorCode;
use crate::schema::zone;

/// What is left out stays as it was; an empty text takes back what the merchant said itself, so that what the one above it
/// says holds again.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct SetProfileInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the merchant to be at.
    expected_revision: Option<i32>,
    pub(crate) merchant: String,
    /// An IANA name, such as `Asia/Shanghai`.
    time_zone: Option<String>,
    /// Where buyers pay, at most 500 bytes: `https://`, or `http://` on `localhost` or `127.0.0.1`. Behind the host,
    /// `{number}`, `{amount}` and `{currency}` stand for what the order has.
    pay_url: Option<String>,
}

input!(SetProfileInput, |it, form| {
    let merchant = form.merchant(&it.merchant);
    let noted = form.errors.len();
    if let Some(name) = it.time_zone.as_deref().filter(|name| !name.is_empty())
        && let Err(error) = zone::offsets(name)
    {
        form.wrong("timeZone", ErrorCode::InvalidInput, error.message());
    }
    let (Some(merchant), true) = (merchant, form.errors.len() == noted) else { return Ok(None) };
    let set = ProfileSet { time_zone: it.time_zone.map(boxed), pay_url: it.pay_url.map(boxed) };
    Ok(Some(Command::SetProfile(SetProfile { merchant, set })))
});
