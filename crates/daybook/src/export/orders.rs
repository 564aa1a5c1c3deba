//! Orders as a table, from the views that are served, or from those that were written down last.

use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use daybook_api::export::{ExportError, Noted, OrderColumn, Selection, Shown, Which, time_zone, write_orders};
use daybook_api::{Host, Services, read_phones};
use daybook_domain::export::ExportKind;
use daybook_sheets::Table;

use super::{Noting, ended, go_on, note, split};
use crate::cli::{OrdersArgs, ScopeArg};
use crate::console::{Console, Ended};
use crate::data::{Access, Opened, known_merchant};
use crate::failure::Failure;
use crate::import::Progress;
use crate::{follower, rebuild};

/// How long the views that are served may take to come up to what is durable now.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whoever can type a command on the machine may see everything.
pub(crate) fn orders(args: &OrdersArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let columns = OrderColumn::chosen(args.table.columns.as_deref())?;
    let zone = time_zone(&args.table.time_zone)?;
    let which = Which::parse(args.filter.as_deref(), args.merchant.as_deref(), args.scope == ScopeArg::Subtree)?;
    let opened = access.open(console)?;
    let Opened { engine, reader, host, .. } = opened.clone();
    if let Some(merchant) = &args.merchant {
        known_merchant(&reader, merchant)?;
    }
    let host = match host {
        Some(host) => {
            wait_for(&host, reader.watermark(), console)?;
            host
        }
        None => {
            let head = reader.watermark();
            let mut store = follower::store(access.dir(), &reader);
            let mut views = follower::load(&mut store, &reader, console)?;
            rebuild::follow(&mut views, &reader, head)?;
            Host::new_shared(views)
        }
    };
    if which.asks_for_phones() {
        read_phones(&reader, &host, || !console.stop.is_set())?;
    }
    let services = Services::within(engine, reader, host);
    let selection = Selection::new(&services, &which)?;
    note(
        &opened,
        Noting {
            kind: ExportKind::Orders,
            format: args.format,
            columns: OrderColumn::names(&columns).join(","),
            filter: Noted::orders(&which),
            subtree: args.scope == ScopeArg::Subtree,
            position: selection.position(),
            rows: selection.len(),
        },
    )?;
    let mut nowhere = io::sink();
    let (mut out, mut said) = split(console, &mut nowhere);
    let mut progress = Progress::new(selection.len(), "orders", &said);
    let written = Table::new(args.format.into(), &mut out, "orders", OrderColumn::headers(&columns), zone)
        .map_err(ExportError::from)
        .and_then(|mut table| {
            write_orders(&services, &selection, &columns, &|_| Shown::Clear, &mut table, &mut |orders| {
                progress.advance(orders, &mut said);
                go_on(&said)
            })?;
            Ok(table.finish()?.1)
        });
    progress.finish();
    ended(written, &format!("orders as of position {}", selection.position()), &mut said)
}

/// So that what was written before the command is there.
fn wait_for(host: &Host, position: u64, console: &Console<'_>) -> Result<(), Failure> {
    let start = Instant::now();
    while host.position() < position && !console.stop.is_set() {
        if start.elapsed() > PATIENCE {
            return Err(Failure::new(format!(
                "the views are at position {}, not yet at {position}: try again in a moment",
                host.position()
            )));
        }
        sleep(Duration::from_millis(5));
    }
    Ok(())
}
