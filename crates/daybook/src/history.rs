//! An order's history for a person, or as JSON.

use daybook_codec::{format_time, parse_time, to_json};
use daybook_domain::change::{Change, Value, changes};
use daybook_domain::{Automatic, Kind, MerchantId, Order, Recorded, Sealed, State, Timestamp, evolve};
use daybook_engine::{Opened, Reader};
use serde_json::json;

use crate::cli::HistoryArgs;
use crate::console::{Console, Ended, out};
use crate::data::Access;
use crate::failure::Failure;
use crate::find;

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

pub(crate) fn print(args: &HistoryArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let as_of = args.as_of.as_deref().map(AsOf::parse).transpose()?;
    let reader = access.open(console)?.reader;
    let events = find::order(&reader, &args.order)?;
    let mut state: Option<State> = None;
    let mut text = String::new();
    for recorded in &events {
        if as_of.as_ref().is_some_and(|as_of| !as_of.includes(recorded)) {
            break;
        }
        let before = order(state.as_ref()).cloned();
        evolve(&mut state, recorded);
        let Some(after) = order(state.as_ref()) else { break };
        let changed = changes(before.as_ref(), after);
        let json = with_texts(&reader, recorded, after.tree_root());
        if args.json {
            print_json(&mut text, json, &changed);
        } else {
            print_text(&mut text, recorded, &json, &changed);
        }
    }
    if text.is_empty() {
        return Err(Failure::new(format!("{}: the order did not exist yet then", args.order)));
    }
    console.print(&text)?;
    Ok(Ended::Well)
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
