//! Folding views from the log again.

use std::process::ExitCode;

use daybook_views::query::Scope;

use crate::cli::RebuildArgs;
use crate::failure::Failure;
use crate::import::Progress;
use crate::out::{self, out};
use crate::{data, follower};

pub(crate) fn run(args: &RebuildArgs) -> Result<ExitCode, Failure> {
    // The views share one pass over the log, so each name rebuilds all of them.
    let folder = data::open(&args.data)?;
    let mut progress = Progress::new(folder.reader.watermark(), "events");
    let (views, kept_in) = follower::rebuild(&args.data.data, &folder.reader, |events| progress.advance(events))?;
    progress.finish();
    folder.engine.shutdown()?;
    let orders = views.order_list()?.count(&Scope::All, &daybook_views::query::Filter::default());
    let mut text = String::new();
    out!(text, "{} events, {orders} orders, written to {}", views.position(), kept_in.display());
    out::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
