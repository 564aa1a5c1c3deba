//! What can be said of a command before anything else is known.

use super::judge::Judge;
use super::profile;
use crate::command::{Command, Origin, PlaceOrder};
use crate::event::{Line, PolicySet};
use crate::ids::NameError;
use crate::limits::{
    MAX_ADJUSTMENTS, MAX_AMOUNT_MINOR, MAX_CARD_BYTES, MAX_CARDS, MAX_CARDS_BYTES, MAX_CONTACT_BYTES, MAX_INPUTS_BYTES,
    MAX_JOB_ROWS, MAX_LINES, MAX_NAME_CHARS, MAX_ORDER_TEXT_BYTES, MAX_QUANTITY, MAX_SELECTED_ROWS, MAX_SPAN_SECONDS,
    MAX_TEXT_CHARS, MAX_TITLE_CHARS,
};
use crate::policy::Terms;
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
pub(super) fn check_structure<T: Clone>(command: &Command<T>, judge: &mut Judge) -> Result<(), Rejection> {
    match command {
        Command::RegisterMerchant(c) => name("name", &c.name),
        Command::SetPolicy(c) => check_policy(&c.set),
        Command::SetProfile(c) => profile::check(&c.set),
        Command::CompleteTopUp(c) => {
            if c.quantity == Some(0) {
                return Err(invalid("quantity", "must be at least 1"));
            }
            Ok(())
        }
        Command::FailTopUp(c) => name("failure", &c.failure),
        Command::RequestAddressChange(c) => {
            if c.contact.is_none() && c.inputs.is_empty() {
                return Err(invalid("contact", "is missing, and so are inputs: what is to change?"));
            }
            if c.inputs.len() > MAX_LINES {
                return Err(invalid("inputs", format!("must name at most {MAX_LINES} lines")));
            }
            Ok(())
        }
        Command::ResolveDispute(c) => {
            let Some(back) = c.refund else { return Ok(()) };
            amount("refund", back.minor)?;
            if back.minor <= 0 { Err(Rejection::AmountNotPositive) } else { Ok(()) }
        }
        Command::ImportCards(c) => {
            if c.cards.is_empty() || c.cards.len() > MAX_CARDS {
                return Err(invalid("secrets", format!("must be 1 to {MAX_CARDS} a command")));
            }
            Ok(())
        }
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
        Command::OpenJob(c) => {
            if c.total > MAX_JOB_ROWS {
                return Err(invalid("total", format!("must be at most {MAX_JOB_ROWS}")));
            }
            check_structure(&c.action.sample(), judge)
        }
        Command::SelectForJob(c) => {
            if c.rows.is_empty() || c.rows.len() > MAX_SELECTED_ROWS {
                return Err(invalid("rows", format!("must be 1 to {MAX_SELECTED_ROWS} a command")));
            }
            c.rows.iter().try_for_each(|row| {
                optional_name("carrier", row.carrier.as_deref())?;
                optional_name("trackingNumber", row.tracking_number.as_deref())
            })
        }
        Command::PreviewJob(_)
        | Command::StartJob { .. }
        | Command::CheckJob(_)
        | Command::AdvanceJob(_)
        | Command::CancelJob(_)
        | Command::OpenExport(_)
        | Command::FetchExport { .. }
        | Command::EraseBuyer(_) => Ok(()),
        Command::Expire { .. }
        | Command::Remind { .. }
        | Command::Close { .. }
        | Command::Breach { .. }
        | Command::DeliverCards { .. }
        | Command::RevealCards { .. }
        | Command::ReadEvidence { .. }
        | Command::RevealContact(_)
        | Command::MoveMerchant(_)
        | Command::CloseMerchant { .. }
        | Command::ReopenMerchant { .. }
        | Command::ApproveAddressChange(_)
        | Command::RejectAddressChange(_)
        | Command::OpenDispute(_)
        | Command::AddEvidence(_)
        | Command::RaiseAlert(_)
        | Command::ClearAlert(_)
        | Command::Cancel(_)
        | Command::CancelRest(_)
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

fn check_policy(set: &PolicySet) -> Result<(), Rejection> {
    let terms = &set.terms;
    if *terms == Terms::default() {
        return Err(invalid("policy", "says nothing: name at least one of its terms"));
    }
    for (field, span) in [
        ("payWithinSeconds", terms.pay_within),
        ("remindAfterSeconds", terms.remind_after),
        ("shipVirtualWithinSeconds", terms.ship_virtual_within),
        ("collectPhysicalWithinSeconds", terms.collect_physical_within),
        ("answerRefundWithinSeconds", terms.answer_refund_within),
        ("escalateRefundAfterSeconds", terms.escalate_refund_after),
        ("payRefundWithinSeconds", terms.pay_refund_within),
        ("observeForSeconds", terms.observe_for),
        ("warnQueueAgeSeconds", terms.warn_queue_age),
    ] {
        if span.is_some_and(|seconds| seconds == 0 || seconds > MAX_SPAN_SECONDS) {
            return Err(invalid(field, format!("must be 1 to {MAX_SPAN_SECONDS}")));
        }
    }
    for (field, share) in [("warnRefundRate", terms.warn_refund_rate), ("warnConversion", terms.warn_conversion)] {
        if share.is_some_and(|millionths| millionths > 1_000_000) {
            return Err(invalid(field, "must be 0 to 1"));
        }
    }
    if let (Some(from), Some(to)) = (set.valid_from, set.valid_to)
        && to <= from
    {
        return Err(invalid("validTo", "must be after validFrom"));
    }
    Ok(())
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
        Command::FailTopUp(c) => note("note", c.note.as_deref()),
        Command::RequestAddressChange(c) => {
            json("contact", c.contact.as_ref())?;
            c.inputs.iter().try_for_each(|new| json("inputs", Some(&new.inputs)))?;
            if c.inputs.iter().map(|new| new.inputs.len()).sum::<usize>() > MAX_INPUTS_BYTES {
                return Err(invalid("inputs", format!("are longer than {MAX_INPUTS_BYTES} bytes together")));
            }
            c.reason.as_ref().map_or(Ok(()), reason_text)
        }
        Command::ApproveAddressChange(c) => note("note", c.note.as_deref()),
        Command::RejectAddressChange(c) => reason_text(&c.reason),
        Command::OpenDispute(c) => reason_text(&c.reason),
        Command::AddEvidence(c) => text("text", &c.text, MAX_TEXT_CHARS),
        Command::RevealContact(c) => reason_text(&c.reason),
        Command::ResolveDispute(c) => reason_text(&c.reason),
        Command::ImportCards(c) => {
            for card in &c.cards {
                if card.secret.trim().is_empty() {
                    return Err(invalid("secrets", "must not be empty"));
                }
                if card.secret.len() > MAX_CARD_BYTES || card.secret.contains(char::is_control) {
                    let problem = format!("must be one line of at most {MAX_CARD_BYTES} bytes each");
                    return Err(invalid("secrets", problem));
                }
                // Two spellings that nobody can tell apart would be sold as two cards.
                if !spelling::is_seen_whole(&card.secret) {
                    let problem = "must hold nothing that cannot be seen, and no blanks at their ends";
                    return Err(invalid("secrets", problem));
                }
            }
            if c.cards.iter().map(|card| card.secret.len()).sum::<usize>() > MAX_CARDS_BYTES {
                return Err(invalid("secrets", format!("are more than {MAX_CARDS_BYTES} bytes a command")));
            }
            Ok(())
        }
        Command::EditPrice(c) => reason_text(&c.reason),
        Command::FailPayment(c) => note("note", c.note.as_deref()),
        Command::Cancel(c) | Command::CancelRest(c) => reason_text(&c.reason),
        Command::PlaceHold(c) => c.reason.as_ref().map_or(Ok(()), reason_text),
        Command::ReleaseHold(c) => c.reason.as_ref().map_or(Ok(()), reason_text),
        Command::RecordTracking(c) => optional_name("place", c.place.as_deref()),
        Command::RequestRefund(c) => reason_text(&c.reason),
        Command::ApproveRefund(c) => note("note", c.note.as_deref()),
        Command::RejectRefund(c) => reason_text(&c.reason),
        Command::FailRefund(c) => note("note", c.note.as_deref()),
        Command::AddNote(c) => text("text", &c.text, MAX_TEXT_CHARS),
        Command::Rate(c) => note("comment", c.comment.as_deref()),
        Command::OpenJob(c) => check_texts(&c.action.sample(), origin),
        Command::SelectForJob(_)
        | Command::PreviewJob(_)
        | Command::StartJob { .. }
        | Command::CheckJob(_)
        | Command::AdvanceJob(_)
        | Command::CancelJob(_)
        | Command::OpenExport(_)
        | Command::FetchExport { .. }
        | Command::EraseBuyer(_) => Ok(()),
        Command::RegisterMerchant(_)
        | Command::MoveMerchant(_)
        | Command::CloseMerchant { .. }
        | Command::ReopenMerchant { .. }
        | Command::SetPolicy(_)
        | Command::SetProfile(_)
        | Command::RaiseAlert(_)
        | Command::ClearAlert(_)
        | Command::Remind { .. }
        | Command::Close { .. }
        | Command::Breach { .. }
        | Command::DeliverCards { .. }
        | Command::RevealCards { .. }
        | Command::ReadEvidence { .. }
        | Command::CompleteTopUp(_)
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
