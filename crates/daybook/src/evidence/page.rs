//! An order's history as one page to read and print: no scripts, nothing fetched.

use std::fmt::Write;

use daybook_codec::{format_time, to_json};
use daybook_domain::change::{Change, Value, changes};
use daybook_domain::{Automatic, Event, Money, Order, Recorded, State, StreamId, evolve};
use daybook_engine::Reader;
use daybook_proof::Stored;

use super::words::{Words, words};
use crate::cli::EvidenceArgs;
use crate::clock;
use crate::failure::Failure;
use crate::history::with_texts;

/// What leads to a buyer elsewhere: at a carrier, or a provider of payments.
const LEFT_OUT: [&str; 4] = ["trackingNumber", "tradeNumber", "failure", "place"];

const STYLE: &str = "
body { font: 14px/1.5 system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif; color: #111; margin: 2em auto; max-width: 68em; padding: 0 1em; }
h1 { font-size: 1.4em; }
dl { display: grid; grid-template-columns: max-content auto; gap: .1em 1.2em; }
dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #999; padding: .35em .5em; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #eee; }
td ul { margin: 0; padding-left: 1.1em; }
small, .note { color: #555; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  body { margin: 0; max-width: none; font-size: 10pt; }
  thead { display: table-header-group; }
  tr, dl { break-inside: avoid; }
  th { background: none; }
}
";

/// The page; `signed`: the newest checkpoint.
pub(super) fn write(
    reader: &Reader,
    stream: StreamId,
    args: &EvidenceArgs,
    signed: Option<&Stored>,
) -> Result<String, Failure> {
    let words = words(args.language);
    let (mut rows, mut state, mut number) = (String::new(), None, String::new());
    for recorded in reader.history(stream)? {
        if let Event::OrderPlaced(placed) = &recorded.event {
            number = placed.number.to_string();
        }
        let before = order(state.as_ref()).cloned();
        evolve(&mut state, &recorded);
        let Some(after) = order(state.as_ref()) else { continue };
        let changed = changes(before.as_ref(), after);
        let json = match args.personal {
            true => with_texts(reader, &recorded, after.tree_root()),
            false => to_json(&recorded, &mut |_, _| None),
        };
        row(&mut rows, words, &recorded, &json["data"], &changed, args.personal);
    }
    let order = order(state.as_ref()).ok_or_else(|| Failure::new(format!("{}: there is no such order", args.order)))?;
    let columns =
        [words.number, words.time, words.what, words.who, words.because, words.changed, words.details, words.position];
    let head: String = columns.iter().map(|column| format!("<th>{}</th>", escape(column))).collect();
    let privacy = if args.personal { words.note_personal } else { words.note_masked };
    Ok(format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<dl>\n{facts}</dl>\n<table>\n<thead><tr>{head}</tr>\
         </thead>\n<tbody>\n{rows}</tbody>\n</table>\n<p class=\"note\">{note}</p>\n<p class=\"note\">{}</p>\n</body>\n\
         </html>\n",
        words.language,
        escape(privacy),
        title = escape(&format!("{} {number}", words.title)),
        facts = facts(words, (stream, number), order, signed),
        note = escape(words.note),
    ))
}

fn order(state: Option<&State>) -> Option<&Order> {
    if let State::Order(order) = state? { Some(order) } else { None }
}

fn facts(words: &Words, (stream, number): (StreamId, String), order: &Order, signed: Option<&Stored>) -> String {
    let money = |minor| Money::new(minor, order.currency).to_string();
    let label = daybook_domain::Label::of(order.axes()).name();
    let checkpoint = match signed {
        Some(Stored { checkpoint, .. }) => format!("{}, {} {}", checkpoint.origin, checkpoint.size, words.records),
        None => words.no_checkpoint.to_owned(),
    };
    let mut facts = String::new();
    for (name, value) in [
        (words.order, number),
        (words.merchant, order.merchant.to_string()),
        (words.id, stream.0.to_string()),
        (words.status, known(words, &["OrderLabel"], label)),
        (words.total, money(order.total_minor())),
        (words.captured, money(order.captured_minor)),
        (words.refunded, money(order.refunded_minor)),
        (words.checkpoint, checkpoint),
        (words.made, format_time(clock::system()())),
    ] {
        let _ = writeln!(facts, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(&value));
    }
    facts
}

fn row(
    rows: &mut String,
    words: &Words,
    recorded: &Recorded,
    data: &serde_json::Value,
    changed: &[Change],
    personal: bool,
) {
    let mut time = escape(&format_time(recorded.occurred_at));
    if recorded.recorded_at != recorded.occurred_at {
        let _ = write!(time, "<br><small>{} {}</small>", words.recorded, format_time(recorded.recorded_at));
    }
    let kind = recorded.event.kind().name();
    let what = daybook_console::word(words.language, &format!("event.{kind}")).unwrap_or(kind);
    let role = recorded.actor.role.name().to_uppercase();
    let who = match Automatic::of_actor(recorded.actor.id) {
        Some(policy) => known(words, &["policy"], policy.name()),
        None => known(words, &["Role"], &role),
    };
    let because = recorded.reason.map(|reason| known(words, &["ReasonCode"], reason.name())).unwrap_or_default();
    let changed: String = changed.iter().map(|change| item(&sentence(words, change))).collect();
    let mut details = Vec::new();
    flatten(words, "", data, personal, &mut details);
    let details: String = details.iter().map(|line| item(line)).collect();
    let _ = writeln!(
        rows,
        "<tr><td>{}</td><td>{time}</td><td>{}</td><td>{}<br><small>{}</small></td><td>{}</td><td><ul>{changed}</ul></td>\
         <td><ul>{details}</ul></td><td>{}</td></tr>",
        recorded.revision,
        escape(what),
        escape(&who),
        recorded.actor.id,
        escape(&because),
        recorded.position,
    );
}

fn item(text: &str) -> String {
    format!("<li>{}</li>", escape(text))
}

/// The console's word for a name, under the first of the prefixes that has one; else the name.
fn known(words: &Words, prefixes: &[&str], name: &str) -> String {
    let found = prefixes.iter().find_map(|prefix| daybook_console::word(words.language, &format!("{prefix}.{name}")));
    found.unwrap_or(name).to_owned()
}

fn sentence(words: &Words, change: &Change) -> String {
    let side = |value: Option<&Value>| value.map_or_else(|| "–".to_owned(), |value| written(words, value));
    format!("{}: {} → {}", field(words, &change.field), side(change.before.as_ref()), side(change.after.as_ref()))
}

/// Fields of lines, parcels and tickets have a number in them.
fn field(words: &Words, name: &str) -> String {
    let number = name.split('.').find(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let general = number.map_or_else(|| name.to_owned(), |number| name.replacen(number, "{n}", 1));
    match daybook_console::word(words.language, &format!("field.{general}")) {
        Some(word) => number.map_or_else(|| word.to_owned(), |number| word.replace("{n}", number)),
        None => name.to_owned(),
    }
}

const VALUES: [&str; 12] = [
    "OrderLabel",
    "Lifecycle",
    "PaymentState",
    "FulfilmentState",
    "AfterSalesState",
    "Hold",
    "TicketState",
    "RefundState",
    "TrackingStatus",
    "ReasonCode",
    "StockState",
    "Booking",
];

fn written(words: &Words, value: &Value) -> String {
    match value {
        Value::Text(text) => text.split(',').map(|one| known(words, &VALUES, one)).collect::<Vec<_>>().join(", "),
        Value::Number(number) => number.to_string(),
        Value::Money(money) => money.to_string(),
        Value::Time(at) => format_time(*at),
    }
}

/// One line for each value of the event.
fn flatten(words: &Words, name: &str, value: &serde_json::Value, personal: bool, lines: &mut Vec<String>) {
    let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        serde_json::Value::Object(map) if map.len() == 1 && map.contains_key("sealed") => {
            lines.push(format!("{name}: {}", words.masked));
        }
        serde_json::Value::Object(map) => {
            if let (2, Some(amount), Some(currency)) = (map.len(), text(map, "amount"), text(map, "currency")) {
                return lines.push(format!("{name}: {amount} {currency}"));
            }
            for (part, value) in map {
                match !personal && LEFT_OUT.contains(&part.as_str()) && !value.is_null() {
                    true => lines.push(format!("{}: {}", below(part), words.masked)),
                    false => flatten(words, &below(part), value, personal, lines),
                }
            }
        }
        serde_json::Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten(words, &below(&(at + 1).to_string()), value, personal, lines);
            }
        }
        serde_json::Value::Null => {}
        serde_json::Value::String(text) => lines.push(format!("{name}: {text}")),
        other => lines.push(format!("{name}: {other}")),
    }
}

fn text<'a>(map: &'a serde_json::Map<String, serde_json::Value>, name: &str) -> Option<&'a str> {
    map.get(name)?.as_str()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
