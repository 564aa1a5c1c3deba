//! A list of parcels: one confirmed shipment a row, and what became of each.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;

use daybook_codec::import_command_id;
use daybook_domain::command::{Command, ConfirmShipment};
use daybook_domain::{CommandId, MerchantId, OrderNumber, Rejection, StreamId};
use daybook_engine::{Engine, ExecuteError, Pending, Request};
use daybook_sheets::{ListRow, MAX_FILE_BYTES, Wanted, read_list};
use serde_json::json;

use crate::cli::ShipArgs;
use crate::console::{Console, Ended, out};
use crate::data::{self, Access, Opened};
use crate::failure::Failure;

const NUMBER: Wanted = Wanted {
    names: &["number", "order number", "order no", "order", "订单号", "订单编号", "商家订单号"],
    required: true,
};
const CARRIER: Wanted =
    Wanted { names: &["carrier", "courier", "快递公司", "物流公司", "承运商"], required: false };
const TRACKING: Wanted = Wanted {
    names: &["tracking number", "tracking no", "tracking", "运单号", "快递单号", "物流单号", "运单编号"],
    required: true,
};
/// Commands that wait for an answer at once: others' must not wait behind a long list.
const UNDER_WAY: usize = 512;
/// What the commands' ids follow from, beside the row itself. Frozen: else a list that is sent again would be refused.
const SOURCE: &str = "daybook ship";

struct Sent {
    row: u64,
    number: String,
    answer: Result<Pending, Refusal>,
}

struct Refusal {
    code: &'static str,
    message: String,
}

impl Refusal {
    fn invalid(message: impl Into<String>) -> Self {
        Self { code: "INVALID_INPUT", message: message.into() }
    }
}

#[derive(Default)]
struct Counts {
    done: u64,
    repeated: u64,
    refused: u64,
}

pub(crate) fn run(args: &ShipArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let named = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", args.file.display()));
    let mut bytes = Vec::new();
    let file = File::open(&args.file).map_err(|error| named(&error))?;
    // One byte more tells that there are more.
    file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| named(&error))?;
    let list = read_list(&bytes, &[NUMBER, CARRIER, TRACKING]).map_err(|error| named(&error))?;
    let Opened { engine, reader, .. } = access.open(console)?;
    let merchant = data::known_merchant(&reader, &args.merchant)?;
    let mut counts = Counts::default();
    let mut under_way: VecDeque<Sent> = VecDeque::with_capacity(UNDER_WAY);
    let all = list.rows.len();
    let mut reached = 0;
    for row in list.rows {
        if console.stop.is_set() {
            break;
        }
        reached += 1;
        if under_way.len() == UNDER_WAY {
            take_one(&mut under_way, &mut counts, args.json, console)?;
        }
        under_way.push_back(send(&engine, &merchant, row));
    }
    while !under_way.is_empty() {
        take_one(&mut under_way, &mut counts, args.json, console)?;
    }
    let Counts { done, repeated, refused } = counts;
    console.say(&format!("{done} shipped, {repeated} of them before; {refused} refused"));
    if reached < all {
        console.say(&format!("interrupted: {} rows were not looked at; send the list again", all - reached));
    }
    Ok(if refused == 0 && reached == all { Ended::Well } else { Ended::Wrong })
}

fn send(engine: &Engine, merchant: &MerchantId, row: ListRow<3>) -> Sent {
    let has_lost_digits = row.has_lost_digits;
    let [number, carrier, tracking] = row.cells;
    let command = if has_lost_digits {
        Err(Refusal::invalid(
            "a spreadsheet took a long number for a figure and lost its last digits: format the column as text and enter it again",
        ))
    } else {
        confirm(merchant, &number, carrier, tracking)
    };
    let answer = command.map(|(command_id, command)| engine.submit(Request::live(command_id, data::OPERATOR, command)));
    Sent { row: row.number, number, answer }
}

fn confirm(
    merchant: &MerchantId,
    number: &str,
    carrier: String,
    tracking: String,
) -> Result<(CommandId, Command<String>), Refusal> {
    if number.is_empty() {
        return Err(Refusal::invalid("the row has no order number"));
    }
    if tracking.is_empty() {
        return Err(Refusal::invalid("the row has no tracking number"));
    }
    let number = OrderNumber::new(number).map_err(|error| Refusal::invalid(format!("the order number {error}")))?;
    let order = StreamId::order(merchant, &number);
    // The same parcel of the same order is the same command, in whatever list it stands.
    let command_id = import_command_id(SOURCE, order, "confirm-shipment", &format!("{carrier}\n{tracking}"));
    let carrier = (!carrier.is_empty()).then(|| carrier.into_boxed_str());
    let tracking_number = Some(tracking.into_boxed_str());
    Ok((command_id, Command::ConfirmShipment(ConfirmShipment { order, lines: None, carrier, tracking_number })))
}

/// A refusal is a row of the report; anything else ends the list, which can be sent again.
fn take_one(
    under_way: &mut VecDeque<Sent>,
    counts: &mut Counts,
    as_json: bool,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let Some(Sent { row, number, answer }) = under_way.pop_front() else { return Ok(()) };
    let refused = |rejection: &Rejection| Refusal { code: rejection.code(), message: rejection.to_string() };
    let outcome = match answer.map(Pending::wait) {
        Ok(Ok(receipt)) => Ok(receipt.repeated),
        Ok(Err(ExecuteError::Rejected(rejection))) => Err(refused(&rejection)),
        Ok(Err(error @ ExecuteError::TooLarge { .. })) => {
            Err(Refusal { code: "COMMAND_TOO_LARGE", message: error.to_string() })
        }
        Ok(Err(error)) => {
            console.say(&format!("row {row} and those behind it: not known; what is done stays, send the list again"));
            return Err(error.into());
        }
        Err(refusal) => Err(refusal),
    };
    let mut text = String::new();
    match &outcome {
        Ok(repeated) => {
            counts.done += 1;
            counts.repeated += u64::from(*repeated);
        }
        Err(_) => counts.refused += 1,
    }
    match (outcome, as_json) {
        (Ok(repeated), true) => {
            out!(text, "{}", json!({"row": row, "number": number, "done": true, "repeated": repeated}));
        }
        (Err(Refusal { code, message }), true) => {
            out!(text, "{}", json!({"row": row, "number": number, "done": false, "code": code, "message": message}));
        }
        (Ok(true), false) => out!(text, "row {row}  {}  shipped before", plain(&number)),
        (Ok(false), false) => out!(text, "row {row}  {}  shipped", plain(&number)),
        (Err(Refusal { code, message }), false) => out!(text, "row {row}  {}  {code}: {message}", plain(&number)),
    }
    console.print(&text)?;
    Ok(())
}

/// A cell may hold what would steer a terminal.
fn plain(number: &str) -> String {
    number.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}
