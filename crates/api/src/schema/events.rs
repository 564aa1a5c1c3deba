//! The log itself, page by page.

use std::collections::BTreeSet;

use daybook_domain::Kind;

use super::error::ApiError;
use super::history::{EventObject, HistoryConnection, Shown};
use super::page::{self, PageInfo};
use super::query::READ;
use crate::http::Services;
use crate::reads::Going;

/// Bytes read at a time.
const READ_BYTES: usize = 256 << 10;
/// Events looked at for one page; a page that ends here says that there is more.
const MAX_SCANNED: u64 = 200_000;

pub(crate) fn kinds(names: Option<Vec<String>>) -> Result<Option<BTreeSet<Kind>>, ApiError> {
    let Some(names) = names else { return Ok(None) };
    let kind = |name: &String| {
        let shown: String = name.chars().take(40).collect();
        Kind::from_name(name).ok_or_else(|| ApiError::Invalid(format!("{shown:?} is not a kind of event")))
    };
    names.iter().map(kind).collect::<Result<_, _>>().map(Some)
}

/// What a page counts for beside its events: one that looks for some kinds reads much more than it answers.
pub(crate) fn cost(looks_for_kinds: bool) -> usize {
    if looks_for_kinds { 10 * READ } else { READ }
}

/// The events behind `after`, oldest first. Cursors are positions; `endCursor` is the last position that was looked at,
/// so that a page that found nothing is gone on from as well.
pub(crate) fn list(
    services: &Services,
    going: &Going,
    after: u64,
    first: Option<i32>,
    kinds: Option<&BTreeSet<Kind>>,
    is_masked: bool,
) -> Result<HistoryConnection, ApiError> {
    let first = page::first(first)?;
    let end = services.reader.watermark();
    let mut seen = after;
    let mut nodes = Vec::new();
    let limit = end.min(after.saturating_add(MAX_SCANNED));
    while seen < limit && nodes.len() < first {
        going.check()?;
        let events = services.reader.events(seen + 1, READ_BYTES)?;
        if events.is_empty() {
            break;
        }
        for recorded in events {
            if nodes.len() == first || recorded.position > end {
                break;
            }
            seen = recorded.position;
            if kinds.is_none_or(|kinds| kinds.contains(&recorded.event.kind())) {
                nodes.push(EventObject::alone(recorded, Shown::masked(is_masked)));
            }
        }
    }
    let info = PageInfo {
        has_next_page: seen < end,
        has_previous_page: after > 0,
        start_cursor: nodes.first().map(|node| node.recorded.position.to_string()),
        end_cursor: (seen > after).then(|| seen.to_string()),
    };
    Ok(HistoryConnection::new(nodes, |recorded| recorded.position.to_string(), info))
}
