//! The history of an order, a SKU, a merchant or a token, for a person, or as JSON.

use daybook_codec::{format_time, parse_time, to_json};
use daybook_domain::change::{Change, Value, changes, stock_changes};
use daybook_domain::stock::{Balance, SkuState};
use daybook_domain::{Automatic, Kind, MerchantId, Order, Recorded, Sealed, State, Timestamp, evolve};
use daybook_engine::{Opened, Reader};
use serde_json::json;

use crate::cli::HistoryArgs;
use crate::console::{Console, Ended, out};
use crate::data::Access;
use crate::failure::Failure;
use crate::find::{self, Subject};

/// Where to stop.
enum AsOf {
    Revision(u32),
    Position(u64),
    /// What the ledger knew then.
    Time(Timestamp),
}

impl AsOf {
    fn parse(text: &str) -> Result<Self, Failure> {
        let wrong =
            || Failure::new(format!("--as-of {text:?} is none of revision:N, position:N, time:2026-01-31T12:00:00Z"));
        let (what, value) = text.split_once(':').ok_or_else(wrong)?;
        match what {
            "revision" => value.parse().map(Self::Revision).map_err(|_| wrong()),
            "position" => value.parse().map(Self::Position).map_err(|_| wrong()),
            "time" => parse_time(value).map(Self::Time).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }

    fn includes(&self, recorded: &Recorded) -> bool {
        match self {
            Self::Revision(last) => recorded.revision <= *last,
            Self::Position(last) => recorded.position <= *last,
            Self::Time(last) => recorded.recorded_at <= *last,
        }
    }
}

/// Bytes of a history that are kept before they are printed.
const PIECE_BYTES: usize = 1 << 16;

pub(crate) fn print(args: &HistoryArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let as_of = args.as_of.as_deref().map(AsOf::parse).transpose()?;
    let reader = access.open(console)?.reader;
    let subject = find::subject(&reader, &args.subject)?;
    if matches!((subject, &as_of), (Subject::Sku(_), Some(AsOf::Revision(_)))) {
        let why = "a SKU's events stand in two streams, each with revisions of its own: stop at position:N or time:…";
        return Err(Failure::new(why));
    }
    let mut positions = Vec::new();
    for stream in subject.streams() {
        positions.extend(reader.positions(stream)?);
    }
    positions.sort_unstable();
    let mut thing = Thing::new(subject);
    let (mut text, mut is_empty) = (String::new(), true);
    for position in positions {
        let Some(recorded) = reader.event(position)? else { break };
        if as_of.as_ref().is_some_and(|as_of| !as_of.includes(&recorded)) {
            break;
        }
        let changed = thing.fold(&recorded);
        let json = match order(thing.state.as_ref()) {
            Some(order) => with_texts(&reader, &recorded, order.tree_root()),
            // Who sees the secrets of cards is an event: here nobody does.
            None => to_json(&recorded, &mut |_, _| None),
        };
        if args.json {
            print_json(&mut text, json, &changed);
        } else {
            print_text(&mut text, &recorded, &json, &changed);
        }
        is_empty = false;
        if text.len() >= PIECE_BYTES {
            console.print(&text)?;
            text.clear();
        }
    }
    if is_empty {
        return Err(Failure::new(format!("{}: the {} did not exist yet then", args.subject, subject.name())));
    }
    console.print(&text)?;
    Ok(Ended::Well)
}

/// What the events so far make of a thing.
struct Thing {
    subject: Subject,
    /// Of all but a SKU.
    state: Option<State>,
    stock: Option<(SkuState, Balance)>,
}

impl Thing {
    fn new(subject: Subject) -> Self {
        Self { subject, state: None, stock: None }
    }

    /// Folds one more event in; returns the fields that it changed. Of merchants and tokens the event says it all.
    fn fold(&mut self, recorded: &Recorded) -> Vec<Change> {
        match self.subject {
            Subject::Order(_) => {
                let before = order(self.state.as_ref()).cloned();
                evolve(&mut self.state, recorded);
                order(self.state.as_ref()).map(|after| changes(before.as_ref(), after)).unwrap_or_default()
            }
            Subject::Sku(_) => {
                let before = self.stock;
                let (mut sku, mut balance) = before.unwrap_or_default();
                match recorded.event.balance() {
                    Some(after) => balance = after,
                    None => sku.apply(&recorded.event),
                }
                self.stock = Some((sku, balance));
                stock_changes(before, (sku, balance))
            }
            Subject::Merchant(_) | Subject::Token(_) => Vec::new(),
        }
    }
}

fn order(state: Option<&State>) -> Option<&Order> {
    if let State::Order(order) = state? { Some(order) } else { None }
}

/// The event as JSON, personal texts opened where their keys are there.
pub(crate) fn with_texts(reader: &Reader, recorded: &Recorded, root: &MerchantId) -> serde_json::Value {
    to_json(recorded, &mut |sealed: &Sealed, kind: Kind| match reader.open_text(sealed, root, recorded.stream, kind) {
        Opened::Text(text) => Some(text),
        Opened::Erased | Opened::Damaged => None,
    })
}

fn print_json(text: &mut String, mut event: serde_json::Value, changed: &[Change]) {
    let list: Vec<_> = changed
        .iter()
        .map(|change| {
            json!({
                "field": change.field,
                "before": change.before.as_ref().map(written),
                "after": change.after.as_ref().map(written),
            })
        })
        .collect();
    if let Some(object) = event.as_object_mut() {
        object.insert("changes".into(), list.into());
    }
    out!(text, "{event}");
}

fn print_text(text: &mut String, recorded: &Recorded, event: &serde_json::Value, changed: &[Change]) {
    let reason = recorded.reason.map(|reason| format!(", because {}", reason.name())).unwrap_or_default();
    out!(
        text,
        "{:>3}  {}  {}{reason}",
        recorded.revision,
        format_time(recorded.occurred_at),
        recorded.event.kind().name()
    );
    out!(
        text,
        "     position {}, recorded {} by {} {} (command {})",
        recorded.position,
        format_time(recorded.recorded_at),
        Automatic::of_actor(recorded.actor.id).map_or(recorded.actor.role.name(), Automatic::name),
        recorded.actor.id,
        recorded.command_id
    );
    out!(text, "     {}", event["data"]);
    for change in changed {
        let side = |value: Option<&Value>| value.map_or_else(|| "–".to_owned(), written);
        out!(text, "       {}: {} → {}", change.field, side(change.before.as_ref()), side(change.after.as_ref()));
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Money(money) => money.to_string(),
        Value::Time(at) => format_time(*at),
    }
}
