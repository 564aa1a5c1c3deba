//! Many orders at once: cards delivered and parcels shipped by jobs that a client asks for, beside one statement each.

use std::path::Path;
use std::time::{Duration, Instant};

use daybook_peers::{Absent, PgBulk, Postgres};
use tokio::task::block_in_place;

use crate::bulk::{CARDS, MOST, measured};
use crate::compare::report::{Report, number, span, times};
use crate::compare::rounds::ROUNDS;
use crate::spread::median;

/// Microseconds of each round.
#[derive(Default)]
struct Took {
    delivered: Vec<u64>,
    shipped: Vec<u64>,
}

impl Took {
    fn add(&mut self, delivered: Duration, shipped: Duration) {
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        self.delivered.push(micros(delivered));
        self.shipped.push(micros(shipped));
    }
}

pub(crate) async fn run(dir: &Path, orders: u64, report: &mut Report) {
    report.heading("Bulk work: `compare bulk`");
    let parcels = orders.min(MOST);
    let (mut jobs, mut pipeline, mut tables) = (Took::default(), Vec::new(), Took::default());
    let mut absent = None;
    for _ in 0..ROUNDS {
        let ours = block_in_place(|| measured(dir, parcels));
        jobs.add(ours.delivered, ours.shipping.took);
        pipeline.push(u64::try_from(ours.shipping.plainly.as_micros()).unwrap_or(u64::MAX));
        match in_tables(dir, parcels).await {
            Ok((delivered, shipped)) => tables.add(delivered, shipped),
            Err(why) => absent = Some(why),
        }
    }
    if let Some(why) = absent {
        report.note(&format!("**Not there**: {why}."));
    }
    let shown = |took: &[u64]| match (took.iter().min(), took.iter().max()) {
        (Some(&least), Some(&most)) => {
            let [middle, least, most] = [median(took.to_vec()), least, most].map(|us| span(Duration::from_micros(us)));
            format!("{middle} ({least}–{most})")
        }
        _ => "–".into(),
    };
    let ratio = |theirs: &[u64], ours: &[u64]| match theirs {
        [] => "–".into(),
        _ => times(median(theirs.to_vec()), median(ours.to_vec())),
    };
    let rows = [
        vec![
            format!("{CARDS} orders of one card SKU delivered"),
            shown(&jobs.delivered),
            "–".into(),
            shown(&tables.delivered),
            ratio(&tables.delivered, &jobs.delivered),
        ],
        vec![
            format!("{} orders shipped", number(parcels)),
            shown(&jobs.shipped),
            shown(&pipeline),
            shown(&tables.shipped),
            ratio(&tables.shipped, &jobs.shipped),
        ],
    ];
    let header =
        ["", "**Daybook**, a job", "**Daybook**, command by command", "PostgreSQL, one statement", "times as fast"];
    report.table(&header, &rows);
    report.note(NOTES);
}

const NOTES: &str = "\
Medians of rounds in turns, each over new ledgers and tables. A job: from the mutation over HTTP until its last event is in the \
views, while another caller places orders; each order is decided on by itself, its event durable, the card opened for nobody but \
the buyer; a refusal of one stops no other, and whoever ends the server in between finds the job going on after the start. *Command \
by command*: the same commands through the engine without a job. PostgreSQL: one statement, and so one transaction, over a Unix \
socket that takes the orders a step further and writes a row of a log for each; nobody else is there meanwhile.";

async fn in_tables(dir: &Path, parcels: u64) -> Result<(Duration, Duration), Absent> {
    let mut server = Postgres::start(dir).await?;
    let bulk = PgBulk::new(&server, CARDS, parcels).await?;
    let numbers: Vec<String> = (0..CARDS).map(|n| format!("C-{n}")).collect();
    let begin = Instant::now();
    assert_eq!(bulk.deliver(&numbers).await, CARDS, "every order has its card");
    let delivered = begin.elapsed();
    let begin = Instant::now();
    assert_eq!(bulk.ship().await, parcels, "every order is shipped");
    let shipped = begin.elapsed();
    server.stop();
    Ok((delivered, shipped))
}
