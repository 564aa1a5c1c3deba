//! Events in a table, read: of one stream, and all.

use std::pin::pin;

use bytes::Bytes;
use futures_util::{SinkExt, TryStreamExt};
use tokio_postgres::{Client, Statement};

use super::{Postgres, appends, failed};
use crate::Absent;

/// Fills a new table of events, `versions` of each stream, each of so many bytes, as they would have come: a version of all
/// streams after the other.
///
/// # Errors
/// When the server fails.
pub async fn load_events(postgres: &Postgres, streams: u32, versions: u32, event_bytes: usize) -> Result<(), Absent> {
    let client = postgres.connect().await?;
    client.batch_execute("DROP TABLE IF EXISTS events").await.map_err(failed)?;
    client.batch_execute(appends::TABLE).await.map_err(failed)?;
    let sink = client.copy_in("COPY events (stream_id, version, payload) FROM STDIN").await.map_err(failed)?;
    let mut sink = pin!(sink);
    let mut text = String::new();
    for version in 1..=versions {
        for stream in 0..streams {
            text.push_str(&format!(
                "{stream}\t{version}\t\\\\x{:0width$x}\n",
                noise(stream, version),
                width = event_bytes * 2
            ));
            if text.len() > 256 << 10 {
                sink.send(Bytes::from(std::mem::take(&mut text))).await.map_err(failed)?;
            }
        }
    }
    sink.send(Bytes::from(text)).await.map_err(failed)?;
    sink.finish().await.map_err(failed)?;
    for statement in ["VACUUM ANALYZE events", "CHECKPOINT"] {
        client.batch_execute(statement).await.map_err(failed)?;
    }
    Ok(())
}

fn noise(stream: u32, version: u32) -> u128 {
    (u128::from(stream) << 64 | u128::from(version)).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
}

/// Bytes of the table and its index, on disk.
///
/// # Errors
/// When the server fails.
pub async fn event_table_bytes(postgres: &Postgres) -> Result<u64, Absent> {
    let client = postgres.connect().await?;
    let row = client.query_one("SELECT pg_total_relation_size('events')", &[]).await;
    Ok(row.map_err(failed)?.get::<_, i64>(0).unsigned_abs())
}

/// A connection that reads streams.
#[derive(Debug)]
pub struct PgHistory {
    client: Client,
    one: Statement,
    all: Statement,
    grouped: Statement,
}

impl PgHistory {
    /// # Errors
    /// When the server fails.
    pub async fn new(postgres: &Postgres) -> Result<Self, Absent> {
        let client = postgres.connect().await?;
        let one = "SELECT version, payload FROM events WHERE stream_id = $1 ORDER BY version";
        let one = client.prepare(one).await.map_err(failed)?;
        let all = client.prepare("SELECT stream_id, version, payload FROM events").await.map_err(failed)?;
        let grouped = "
            SELECT count(*), sum(newest), sum(events), sum(bytes)
            FROM (
                SELECT max(version) AS newest, count(*) AS events, sum(length(payload)) AS bytes
                FROM events GROUP BY stream_id
            ) AS streams";
        let grouped = client.prepare(grouped).await.map_err(failed)?;
        Ok(Self { client, one, all, grouped })
    }

    /// How many events the stream has, and their bytes.
    ///
    /// # Panics
    /// When the server fails.
    pub async fn of(&self, stream: u32) -> (u64, u64) {
        let rows = self.client.query(&self.one, &[&stream.cast_signed()]).await.expect("PostgreSQL reads a stream");
        let bytes = rows.iter().map(|row| row.get::<_, &[u8]>(1).len() as u64).sum();
        (rows.len() as u64, bytes)
    }

    /// How many streams there are, when of each the newest version, the number of its events and their bytes were found.
    ///
    /// # Panics
    /// When the server fails.
    pub async fn grouped(&self) -> u64 {
        let row = self.client.query_one(&self.grouped, &[]).await.expect("PostgreSQL groups");
        row.get::<_, i64>(0).unsigned_abs()
    }

    /// All events, as they come.
    ///
    /// # Panics
    /// When the server fails.
    pub async fn all(&self) -> (u64, u64) {
        let rows = self.client.query_raw(&self.all, Vec::<i32>::new()).await.expect("PostgreSQL reads");
        let sum = rows.try_fold((0, 0), |(events, bytes), row| async move {
            Ok((events + 1, bytes + row.get::<_, &[u8]>(2).len() as u64))
        });
        sum.await.expect("PostgreSQL reads")
    }
}
