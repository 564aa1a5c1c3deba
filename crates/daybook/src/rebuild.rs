//! Folding views from the log again, beside those that are there, and what differs between the two.

use daybook_api::Host;
use daybook_engine::Reader;
use daybook_views::query::{Filter, Scope};
use daybook_views::{BulkFold, VIEWS, ViewName, Views, differences};

use crate::cli::RebuildArgs;
use crate::console::{Console, Ended, out};
use crate::data::Access;
use crate::diff;
use crate::failure::Failure;
use crate::follower;
use crate::import::Progress;

/// Events that may be folded while every query waits, for the exchange: a millisecond or so.
const WHILE_LOCKED: u64 = 1_000;

/// What the rebuilt views hold.
struct Folded {
    position: u64,
    /// None: the list has stopped, and another view was asked for.
    orders: Option<u64>,
}

impl Folded {
    fn of(views: &Views) -> Self {
        let orders = views.order_list().ok().map(|list| list.count(&Scope::All, &Filter::default()));
        Self { position: views.position(), orders }
    }
}

pub(crate) fn run(args: &RebuildArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let which: Vec<ViewName> = VIEWS.into_iter().filter(|view| args.view == "all" || args.view == view.name).collect();
    let opened = access.open(console)?;
    let folded = match &opened.host {
        Some(host) => beside(&which, args.compare, &opened.reader, host, console)?,
        None => at_rest(&which, args.compare, access, &opened.reader, console)?,
    };
    let Some(Folded { position, orders }) = folded else {
        console.say("interrupted: the views are as they were");
        return Ok(Ended::Wrong);
    };
    let names: Vec<&str> = which.iter().map(|view| view.name).collect();
    let mut text = String::new();
    let orders = orders.map_or(String::new(), |orders| format!(", {orders} orders"));
    out!(text, "{} folded again: {position} events{orders}", names.join(", "));
    console.print(&text)?;
    Ok(Ended::Well)
}

/// A view that other rules made would stand there beside what is new, and nothing of either could be saved.
fn none_is_left(of_other_folds: &[ViewName], which: &[ViewName]) -> Result<(), Failure> {
    let left: Vec<&str> = of_other_folds.iter().filter(|view| !which.contains(view)).map(|view| view.name).collect();
    if left.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("{} is of another version too: rebuild all", left.join(", "))))
}

/// Nobody serves the folder: what is there is read, in part replaced, and written back.
fn at_rest(
    which: &[ViewName],
    compares: bool,
    access: &Access,
    reader: &Reader,
    console: &mut Console<'_>,
) -> Result<Option<Folded>, Failure> {
    let head = reader.watermark();
    let mut store = follower::store(access.dir(), reader);
    let mut views = follower::load(&mut store, reader, console)?;
    none_is_left(&views.of_other_folds(), which)?;
    let Some(rebuilt) = fold_all(reader, head, console)? else { return Ok(None) };
    follow(&mut views, reader, head)?;
    if compares {
        let compared = compare(which, console, |view, part| Ok(differences(&views, &rebuilt, view, part)))?;
        if !compared {
            return Ok(None);
        }
    }
    views.replace(which, Box::new(rebuilt)).map_err(|rebuilt| stopped(&rebuilt, which))?;
    if let Some(checkpoint) = store.checkpoint(&views) {
        store.save(&checkpoint)?;
    }
    Ok(Some(Folded::of(&views)))
}

/// The folder is served: the old views answer until the new ones are level with them.
fn beside(
    which: &[ViewName],
    compares: bool,
    reader: &Reader,
    host: &Host,
    console: &mut Console<'_>,
) -> Result<Option<Folded>, Failure> {
    none_is_left(&host.views().of_other_folds(), which)?;
    let Some(rebuilt) = fold_all(reader, host.position(), console)? else { return Ok(None) };
    let mut rebuilt = Box::new(rebuilt);
    if compares {
        let compared = compare(which, console, |view, part| level(&mut rebuilt, reader, host, view, part))?;
        if !compared {
            return Ok(None);
        }
    }
    loop {
        if console.stop.is_set() {
            return Ok(None);
        }
        follow(&mut rebuilt, reader, host.position())?;
        let exchanged = host.with_views_mut(|serving| {
            if serving.position().saturating_sub(rebuilt.position()) <= WHILE_LOCKED {
                follow(&mut rebuilt, reader, serving.position())?;
            }
            Ok::<_, Failure>(serving.replace(which, rebuilt))
        })?;
        rebuilt = match exchanged {
            Ok(old) => {
                // When nobody waits any more.
                drop(old);
                host.past().forget(reader);
                return Ok(Some(Folded::of(&host.views())));
            }
            Err(rebuilt) => rebuilt,
        };
        if which.iter().any(|view| is_stopped(&rebuilt, *view)) {
            return Err(stopped(&rebuilt, which));
        }
    }
}

/// What differs in a part of a view.
type Part = Result<Option<Vec<daybook_views::RowDifference>>, daybook_views::Stopped>;

/// What differs between the views that serve and the rebuilt ones once these are level with them. They are held for this part
/// alone, so that queries go on; each row is compared at one position, and parts at rising ones.
fn level(rebuilt: &mut Views, reader: &Reader, host: &Host, view: ViewName, part: usize) -> Result<Part, Failure> {
    loop {
        follow(rebuilt, reader, host.position())?;
        let serving = host.views();
        if serving.position() - rebuilt.position() <= WHILE_LOCKED {
            follow(rebuilt, reader, serving.position())?;
            return Ok(differences(&serving, rebuilt, view, part));
        }
    }
}

/// Lists what differs, part by part. False: interrupted.
fn compare(
    which: &[ViewName],
    console: &mut Console<'_>,
    mut of_part: impl FnMut(ViewName, usize) -> Result<Part, Failure>,
) -> Result<bool, Failure> {
    for &view in which {
        let mut differing = 0;
        for part in 0.. {
            if console.stop.is_set() {
                return Ok(false);
            }
            match of_part(view, part)? {
                Ok(Some(rows)) => {
                    differing += rows.len();
                    let rows = rows
                        .into_iter()
                        .map(|row| daybook_views::RowDifference { row: format!("{} {}", view.name, row.row), ..row });
                    console.print(&diff::text(rows))?;
                }
                Ok(None) => break,
                Err(stopped) => {
                    console.say(&format!("{}: nothing to compare with, {stopped}", view.name));
                    break;
                }
            }
        }
        let mut text = String::new();
        out!(text, "{}: {} from what the log says", view.name, diff::rows(differing));
        console.print(&text)?;
    }
    Ok(true)
}

/// All views from the first event on. None: interrupted.
fn fold_all(reader: &Reader, head: u64, console: &mut Console<'_>) -> Result<Option<Views>, Failure> {
    let mut progress = Progress::new(head, "events", console);
    let fold = follower::fold(reader, BulkFold::default(), head, |events| {
        progress.advance(events, console);
        !console.stop.is_set()
    })?;
    progress.finish();
    Ok((!console.stop.is_set()).then(|| fold.finish()))
}

/// Folds what is missing up to `head`, one by one.
pub(crate) fn follow(views: &mut Views, reader: &Reader, head: u64) -> Result<(), Failure> {
    while views.position() < head {
        let events = reader.events(views.position() + 1, 1 << 16)?;
        for recorded in events.iter().take_while(|recorded| recorded.position <= head) {
            if let Err(stopped) = views.apply(recorded) {
                tracing::error!(%stopped, "the other views go on");
            }
        }
    }
    Ok(())
}

fn is_stopped(views: &Views, view: ViewName) -> bool {
    views.status().iter().any(|status| status.view == view && status.stopped.is_some())
}

/// Why the rebuilt views are of no use.
fn stopped(rebuilt: &Views, which: &[ViewName]) -> Failure {
    let status = rebuilt.status();
    let stopped = status.iter().filter(|status| which.contains(&status.view)).find_map(|status| status.stopped.clone());
    match stopped {
        Some(stopped) => Failure::new(format!("{stopped}; the views are as they were")),
        None => Failure::new("the views went on meanwhile: try again"),
    }
}
