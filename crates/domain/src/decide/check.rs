//! What can be said of a command before anything else is known.

use super::judge::Judge;
use crate::command::{Command, Origin, PlaceOrder};
use crate::event::Line;
use crate::ids::NameError;
use crate::limits::{
    MAX_ADJUSTMENTS, MAX_AMOUNT_MINOR, MAX_CONTACT_BYTES, MAX_LINES, MAX_NAME_CHARS, MAX_ORDER_TEXT_BYTES,
    MAX_QUANTITY, MAX_TEXT_CHARS, MAX_TITLE_CHARS,
};
use crate::reason::Reason;
use crate::rejection::Rejection;
use crate::spelling;

fn invalid(field: &'static str, problem: impl Into<String>) -> Rejection {
    Rejection::Invalid { field, problem: problem.into() }
}

fn text(field: &'static str, text: &str, max: usize) -> Result<(), Rejection> {
    if text.trim().is_empty() {
        return Err(invalid(field, NameError::Empty.to_string()));
    }
    if text.chars().count() > max {
        return Err(invalid(field, NameError::TooLong { max }.to_string()));
    }
    Ok(())
}

/// A one-line text: no line breaks or other control characters.
fn name(field: &'static str, value: &str) -> Result<(), Rejection> {
    text(field, value, MAX_NAME_CHARS)?;
    match value.chars().find(|c| c.is_control()) {
        Some(found) => Err(invalid(field, NameError::BadCharacter { found }.to_string())),
        None => Ok(()),
    }
}

fn optional_name(field: &'static str, value: Option<&str>) -> Result<(), Rejection> {
    value.map_or(Ok(()), |value| name(field, value))
}

const UNCLEAN_ENDS: &str = "begins or ends with what cannot be seen, such as a blank";

fn provider(value: &str, judge: &mut Judge) -> Result<(), Rejection> {
    name("provider", value)?;
    judge.rule(spelling::is_provider(value), || {
        invalid("provider", "must be lower case: letters a to z, digits, '.', '_', '-'")
    })
}

fn trade_number(value: &str, judge: &mut Judge) -> Result<(), Rejection> {
    name("tradeNumber", value)?;
    judge.rule(spelling::is_trade_number(value), || invalid("tradeNumber", "must hold no blanks and nothing invisible"))
}

fn amount(field: &'static str, minor: i64) -> Result<(), Rejection> {
    if minor.unsigned_abs() > MAX_AMOUNT_MINOR.unsigned_abs() {
        return Err(invalid(field, "is larger than Daybook keeps"));
    }
    Ok(())
}

/// Sizes and shapes, whatever the state.
pub(super) fn check_structure<T>(command: &Command<T>, judge: &mut Judge) -> Result<(), Rejection> {
    match command {
        Command::RegisterMerchant(c) => name("name", &c.name),
        Command::Place(c) => check_place(c, judge),
        Command::EditPrice(c) => {
            if c.prices.is_empty() || c.prices.len() > MAX_LINES {
                return Err(invalid("prices", format!("must name 1 to {MAX_LINES} lines")));
            }
            c.prices.iter().try_for_each(|price| amount("unitPrice", price.unit.minor))
        }
        Command::RecordPayment(c) => {
            provider(&c.provider, judge)?;
            trade_number(&c.trade_number, judge)?;
            amount("amount", c.amount.minor)?;
            if c.amount.minor <= 0 { Err(Rejection::AmountNotPositive) } else { Ok(()) }
        }
        Command::FailPayment(c) => {
            provider(&c.provider, judge)?;
            name("failure", &c.failure)
        }
        Command::ConfirmShipment(c) => {
            optional_name("carrier", c.carrier.as_deref())?;
            optional_name("trackingNumber", c.tracking_number.as_deref())?;
            match &c.lines {
                Some(lines) if lines.is_empty() || lines.len() > MAX_LINES => {
                    Err(invalid("lines", format!("must name 1 to {MAX_LINES} lines")))
                }
                Some(lines) if lines.iter().any(|line| line.quantity == 0) => {
                    Err(invalid("quantity", "must be at least 1"))
                }
                Some(_) | None => Ok(()),
            }
        }
        Command::RecordTracking(c) => name("checkpoint", &c.checkpoint),
        Command::RequestRefund(c) => {
            let Some(asked) = c.amount else { return Ok(()) };
            amount("amount", asked.minor)?;
            if asked.minor <= 0 { Err(Rejection::AmountNotPositive) } else { Ok(()) }
        }
        Command::SettleRefund(c) => {
            c.provider.as_deref().map_or(Ok(()), |value| provider(value, judge))?;
            c.trade_number.as_deref().map_or(Ok(()), |value| trade_number(value, judge))
        }
        Command::FailRefund(c) => name("failure", &c.failure),
        Command::Rate(c) => {
            if (1..=5).contains(&c.score) {
                Ok(())
            } else {
                Err(invalid("score", "must be 1 to 5"))
            }
        }
        Command::AddTag(c) => judge.rule(spelling::has_clean_ends(c.tag.as_str()), || invalid("tag", UNCLEAN_ENDS)),
        Command::ReceiveStock(c) => {
            optional_name("reference", c.reference.as_deref())?;
            if c.quantity == 0 || c.quantity > MAX_QUANTITY {
                return Err(invalid("quantity", format!("must be 1 to {MAX_QUANTITY}")));
            }
            Ok(())
        }
        Command::IssueToken(c) => {
            if c.label.is_empty() {
                Ok(())
            } else {
                name("label", &c.label)
            }
        }
        Command::Expire { .. }
        | Command::Cancel(_)
        | Command::PlaceHold(_)
        | Command::ReleaseHold(_)
        | Command::ApproveRefund(_)
        | Command::RejectRefund(_)
        | Command::AddNote(_)
        | Command::CountStock(_)
        | Command::SetStockMark(_)
        | Command::RevokeToken { .. } => Ok(()),
    }
}

fn check_place<T>(c: &PlaceOrder<T>, judge: &mut Judge) -> Result<(), Rejection> {
    if c.lines.len() > MAX_LINES {
        return Err(invalid("lines", format!("must be at most {MAX_LINES}")));
    }
    if c.adjustments.len() > MAX_ADJUSTMENTS {
        return Err(invalid("adjustments", format!("must be at most {MAX_ADJUSTMENTS}")));
    }
    for line in &c.lines {
        text("title", &line.title, MAX_TITLE_CHARS)?;
        amount("unitPrice", line.unit_minor)?;
        if line.unit_minor < 0 {
            return Err(invalid("unitPrice", "must not be below zero"));
        }
        if line.quantity == 0 || line.quantity > MAX_QUANTITY {
            return Err(invalid("quantity", format!("must be 1 to {MAX_QUANTITY}")));
        }
    }
    for adjustment in &c.adjustments {
        text("label", &adjustment.label, MAX_TITLE_CHARS)?;
        amount("amount", adjustment.amount_minor)?;
    }
    let total = c
        .lines
        .iter()
        .map(Line::total_minor)
        .chain(c.adjustments.iter().map(|adjustment| Some(adjustment.amount_minor)))
        .try_fold(0_i64, |sum, part| sum.checked_add(part?))
        .ok_or(Rejection::AmountTooLarge)?;
    if total > MAX_AMOUNT_MINOR {
        return Err(Rejection::AmountTooLarge);
    }
    if total < 0 {
        return Err(Rejection::TotalNegative);
    }
    judge.rule(!c.lines.is_empty(), || Rejection::NoLines)
}

fn reason_text(reason: &Reason<String>) -> Result<(), Rejection> {
    note("reason.text", reason.text.as_deref())
}

fn note(field: &'static str, value: Option<&str>) -> Result<(), Rejection> {
    value.map_or(Ok(()), |value| text(field, value, MAX_TEXT_CHARS))
}

fn json(field: &'static str, value: Option<&String>) -> Result<(), Rejection> {
    match value {
        Some(value) if value.len() > MAX_CONTACT_BYTES => {
            Err(invalid(field, format!("is longer than {MAX_CONTACT_BYTES} bytes")))
        }
        Some(_) | None => Ok(()),
    }
}

fn text_bytes(c: &PlaceOrder<String>) -> usize {
    let of_line = |line: &Line<String>| {
        let supplier = line.supplier.as_ref().map_or(0, |supplier| supplier.as_str().len());
        line.sku.as_str().len() + line.title.len() + supplier + line.inputs.as_ref().map_or(0, String::len)
    };
    let number = c.number.as_ref().map_or(0, |number| number.as_str().len());
    let lines = c.lines.iter().map(of_line).sum::<usize>();
    let labels = c.adjustments.iter().map(|adjustment| adjustment.label.len()).sum::<usize>();
    c.account.len() + c.contact.as_ref().map_or(0, String::len) + number + lines + labels
}

/// The personal texts, which can only be seen before they are sealed.
pub fn check_texts(command: &Command<String>, origin: Origin) -> Result<(), Rejection> {
    match command {
        Command::Place(c) => {
            name("buyer.account", &c.account)?;
            if origin != Origin::Import && !spelling::has_clean_ends(&c.account) {
                return Err(invalid("buyer.account", UNCLEAN_ENDS));
            }
            json("contact", c.contact.as_ref())?;
            c.lines.iter().try_for_each(|line| json("inputs", line.inputs.as_ref()))?;
            let bytes = text_bytes(c);
            if bytes > MAX_ORDER_TEXT_BYTES {
                let problem = format!(
                    "have too much text: an order's texts together {bytes} bytes, at most {MAX_ORDER_TEXT_BYTES}"
                );
                return Err(invalid("lines", problem));
            }
            Ok(())
        }
        Command::EditPrice(c) => reason_text(&c.reason),
        Command::FailPayment(c) => note("note", c.note.as_deref()),
        Command::Cancel(c) => reason_text(&c.reason),
        Command::PlaceHold(c) => c.reason.as_ref().map_or(Ok(()), reason_text),
        Command::ReleaseHold(c) => c.reason.as_ref().map_or(Ok(()), reason_text),
        Command::RecordTracking(c) => optional_name("place", c.place.as_deref()),
        Command::RequestRefund(c) => reason_text(&c.reason),
        Command::ApproveRefund(c) => note("note", c.note.as_deref()),
        Command::RejectRefund(c) => reason_text(&c.reason),
        Command::FailRefund(c) => note("note", c.note.as_deref()),
        Command::AddNote(c) => text("text", &c.text, MAX_TEXT_CHARS),
        Command::Rate(c) => note("comment", c.comment.as_deref()),
        Command::RegisterMerchant(_)
        | Command::RecordPayment(_)
        | Command::Expire { .. }
        | Command::ConfirmShipment(_)
        | Command::SettleRefund(_)
        | Command::AddTag(_)
        | Command::ReceiveStock(_)
        | Command::CountStock(_)
        | Command::SetStockMark(_)
        | Command::IssueToken(_)
        | Command::RevokeToken { .. } => Ok(()),
    }
}
