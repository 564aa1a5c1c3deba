//! Events in a table, one statement and one round trip each.

use tokio_postgres::{Client, Statement};

use super::{Postgres, failed};
use crate::{Absent, Conflict};

/// Streams and versions alone, without an order of all events: that would be one index more.
pub(super) const TABLE: &str = "
    CREATE TABLE events (
        stream_id integer NOT NULL,
        version bigint NOT NULL,
        payload bytea NOT NULL,
        PRIMARY KEY (stream_id, version)
    )";

/// The stream has the expected version, and none behind it. Versions have no gaps, so nothing else needs to be looked at;
/// that the key is unique decides between two who say so at once. Cheaper than a row for each stream that is updated.
const APPEND: &str = "
    INSERT INTO events (stream_id, version, payload)
    SELECT $1::integer, $2::bigint + 1, $3::bytea
    WHERE $2 = 0 OR EXISTS (SELECT 1 FROM events WHERE stream_id = $1 AND version = $2)
    ON CONFLICT DO NOTHING";

/// Connections, each with the statement prepared.
#[derive(Debug)]
pub struct PgAppends {
    connections: Vec<(Client, Statement)>,
}

impl PgAppends {
    /// Makes the table where there is none.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn new(postgres: &Postgres, connections: usize) -> Result<Self, Absent> {
        let first = postgres.connect().await?;
        let known = first.query_one("SELECT to_regclass('events') IS NOT NULL", &[]).await.map_err(failed)?;
        if !known.get::<_, bool>(0) {
            first.batch_execute(TABLE).await.map_err(failed)?;
        }
        let mut all = Vec::with_capacity(connections);
        for _ in 0..connections {
            let client = postgres.connect().await?;
            let append = client.prepare(APPEND).await.map_err(failed)?;
            all.push((client, append));
        }
        Ok(Self { connections: all })
    }

    /// Answers with the event's version. Callers of one connection wait for each other: its statements are carried out one
    /// after another.
    ///
    /// # Errors
    /// When the stream is not at the expected version.
    ///
    /// # Panics
    /// When the server fails.
    pub async fn append(&self, caller: usize, stream: u32, expected: u64, bytes: &[u8]) -> Result<u64, Conflict> {
        let (client, append) = &self.connections[caller % self.connections.len()];
        let stream = stream.cast_signed();
        let version = expected.cast_signed();
        let rows = client.execute(append, &[&stream, &version, &bytes]).await.expect("PostgreSQL appends");
        if rows == 1 { Ok(expected + 1) } else { Err(Conflict) }
    }
}
