//! Folding the views up to a position that is past.

use std::ops::ControlFlow;

use daybook_domain::Position;
use daybook_engine::{ReadError, Reader};
use daybook_views::store::Store;
use daybook_views::{BulkFold, Views};

/// From how many events on folding in bulk is worth making the indexes again, and from what part of what is there.
const FAR: u64 = 1 << 16;
const FAR_PART: u64 = 4;

/// The views as they were at `position`, from the nearest checkpoint before it on; and where that was, 0 for none. `go_on` is
/// told how many events more were folded; None: it said no.
///
/// # Errors
///
/// When the log cannot be read. A checkpoint that cannot be used is passed over.
pub fn views_at(
    reader: &Reader,
    store: Option<&Store>,
    position: Position,
    mut go_on: impl FnMut(u64) -> bool,
) -> Result<Option<(Views, Position)>, ReadError> {
    let mut views = match store.map(|store| store.nearest(position)) {
        None => Views::new(),
        Some(Ok((found, ignored))) => {
            for checkpoint in ignored {
                let (view, reason) = (checkpoint.view.name, checkpoint.reason);
                tracing::debug!(
                    view,
                    position = checkpoint.position,
                    reason,
                    "a checkpoint of the past is passed over"
                );
            }
            found.unwrap_or_default()
        }
        Some(Err(error)) => {
            tracing::warn!(%error, "checkpoints of the past cannot be found; all is folded");
            Views::new()
        }
    };
    let from = views.position();
    let mut goes_on = true;
    let mut told = |events: usize| {
        goes_on = go_on(events as u64);
        if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    if position - from < FAR.max(from / FAR_PART) {
        reader.read_ahead(from + 1, position, |events| {
            for recorded in events {
                // A view that stops here stopped here: whoever asks it is told so.
                let _ = views.apply(recorded);
            }
            told(events.len())
        })?;
    } else {
        let mut fold = BulkFold::new(views);
        reader.read_ahead(from + 1, position, |events| {
            for recorded in events {
                let _ = fold.apply(recorded);
            }
            told(events.len())
        })?;
        views = if goes_on { fold.finish() } else { Views::new() };
    }
    Ok(goes_on.then_some((views, from)))
}
