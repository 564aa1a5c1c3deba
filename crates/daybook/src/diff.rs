//! Which rows of a view differ between two moments.

use daybook_api::views_at;
use daybook_codec::{format_time, parse_time};
use daybook_domain::{Position, Timestamp};
use daybook_engine::Reader;
use daybook_views::{
    DASHBOARD, FieldDifference, ORDERS, RowDifference, STOCK, Views, differences, exception_differences,
};
use serde_json::{Map, Value, json};

use crate::cli::{DiffArgs, DiffView};
use crate::console::{Console, Ended, out};
use crate::data::{Access, Opened};
use crate::failure::Failure;
use crate::follower;
use crate::import::Progress;

pub(crate) fn run(args: &DiffArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let opened = access.open(console)?;
    let from = position(&opened, "--from", &args.from)?;
    let to = args.to.as_deref().map_or_else(|| Ok(opened.reader.watermark()), |to| position(&opened, "--to", to))?;
    let reader = opened.reader;
    let (Some(before), Some(after)) = (views(access, &reader, from, console)?, views(access, &reader, to, console)?)
    else {
        console.say("interrupted");
        return Ok(Ended::Wrong);
    };
    let mut differing = 0;
    for part in 0.. {
        let rows = match args.view {
            DiffView::Orders => differences(&before, &after, ORDERS, part),
            DiffView::Dashboard => differences(&before, &after, DASHBOARD, part),
            DiffView::Stock => differences(&before, &after, STOCK, part),
            DiffView::Exceptions if part == 0 => exception_differences(&before, &after).map(Some),
            DiffView::Exceptions => Ok(None),
        };
        let Some(rows) = rows.map_err(|stopped| Failure::new(stopped.to_string()))? else { break };
        if console.stop.is_set() {
            console.say("interrupted");
            return Ok(Ended::Wrong);
        }
        differing += rows.len();
        console.print(&if args.json { json_lines(&rows) } else { text(rows) })?;
    }
    // What a program reads holds rows alone.
    console.say(&format!("{} between position {from} and position {to}", self::rows(differing)));
    Ok(Ended::Well)
}

/// Such as "1 row differs", "2 rows differ".
pub(crate) fn rows(count: usize) -> String {
    if count == 1 { "1 row differs".to_owned() } else { format!("{count} rows differ") }
}

/// The last position that was known then.
fn position(opened: &Opened, name: &str, text: &str) -> Result<Position, Failure> {
    let wrong = || Failure::new(format!("{name} {text:?} is neither position:N nor time:2026-01-31T12:00:00Z"));
    let (what, value) = text.split_once(':').ok_or_else(wrong)?;
    match what {
        "position" => {
            let (position, head) = (value.parse().map_err(|_| wrong())?, opened.reader.watermark());
            if position > head {
                return Err(Failure::new(format!("{name} {text} is not there yet: the ledger ends at {head}")));
            }
            Ok(position)
        }
        "time" => {
            let position = opened.engine.position_at(parse_time(value).map_err(|_| wrong())?)?;
            position.ok_or_else(|| Failure::new(format!("{name} {text} has not come yet")))
        }
        _ => Err(wrong()),
    }
}

/// None: interrupted.
fn views(
    access: &Access,
    reader: &Reader,
    position: Position,
    console: &mut Console<'_>,
) -> Result<Option<Views>, Failure> {
    let store = follower::store(access.dir(), reader);
    let mut progress = Progress::new(position, "events folded", console);
    let found = views_at(reader, Some(&store), position, |events| {
        progress.advance(events, console);
        !console.stop.is_set()
    })?;
    progress.finish();
    Ok(found.map(|(views, _)| views))
}

/// Times as they are written everywhere else.
fn written(text: &str) -> String {
    let micros = text.strip_prefix('@').and_then(|micros| micros.parse().ok());
    micros.map_or_else(|| text.to_owned(), |micros| format_time(Timestamp(micros)))
}

/// Each row with what it was and is.
pub(crate) fn text(rows: impl IntoIterator<Item = RowDifference>) -> String {
    let mut text = String::new();
    for RowDifference { row, fields } in rows {
        let is_new = fields.iter().all(|field| field.before.is_none());
        let is_gone = fields.iter().all(|field| field.after.is_none());
        out!(
            text,
            "{row}{}",
            if is_new {
                " (new)"
            } else if is_gone {
                " (gone)"
            } else {
                ""
            }
        );
        // Beside fields that have names, what has none says nothing that a person could use.
        let named = fields.iter().any(|field| field.field != "rest");
        for FieldDifference { field, before, after } in fields.iter().filter(|field| !named || field.field != "rest") {
            match (before, after) {
                (Some(before), Some(after)) => out!(text, "  {field}: {} -> {}", written(before), written(after)),
                (Some(value), None) | (None, Some(value)) => out!(text, "  {field}: {}", written(value)),
                (None, None) => {}
            }
        }
    }
    text
}

fn json_lines(rows: &[RowDifference]) -> String {
    let mut text = String::new();
    for RowDifference { row, fields } in rows {
        let value = |text: &Option<String>| text.as_deref().map_or(Value::Null, |text| written(text).into());
        let named = fields.iter().any(|field| field.field != "rest");
        let fields: Map<String, Value> = fields
            .iter()
            .filter(|field| !named || field.field != "rest")
            .map(|field| {
                (field.field.to_owned(), json!({"before": value(&field.before), "after": value(&field.after)}))
            })
            .collect();
        out!(text, "{}", json!({"row": row, "fields": fields}));
    }
    text
}
