//! Folding views from the log again.

use daybook_views::query::Scope;

use crate::cli::RebuildArgs;
use crate::console::{Console, Ended, out};
use crate::data::Access;
use crate::failure::Failure;
use crate::follower;
use crate::import::Progress;

pub(crate) fn run(_args: &RebuildArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    if access.is_served() {
        return Err(Failure::new("a served folder's views cannot be rebuilt yet: stop the server, then rebuild"));
    }
    // The views share one pass over the log, so each name rebuilds all of them.
    let reader = access.open(console)?.reader;
    let mut progress = Progress::new(reader.watermark(), "events", console);
    let (views, kept_in) = follower::rebuild(access.dir(), &reader, |events| progress.advance(events, console))?;
    progress.finish();
    let orders = views.order_list()?.count(&Scope::All, &daybook_views::query::Filter::default());
    let mut text = String::new();
    out!(text, "{} events, {orders} orders, written to {}", views.position(), kept_in.display());
    console.print(&text)?;
    Ok(Ended::Well)
}
