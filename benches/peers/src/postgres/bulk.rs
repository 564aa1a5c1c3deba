//! Many orders taken a step further by one statement, and so one transaction.

use tokio_postgres::Client;

use super::{Postgres, failed, shop};
use crate::Absent;

/// Beside the orders: what was sold, and who did what when, a row for each order that a step is taken with.
const TABLES: &str = "
    DROP TABLE IF EXISTS cards, order_log;
    CREATE TABLE cards (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        sku text NOT NULL,
        secret text NOT NULL,
        order_id bigint
    );
    CREATE INDEX ON cards (sku, id) WHERE order_id IS NULL;
    CREATE TABLE order_log (
        order_id bigint NOT NULL,
        revision integer NOT NULL,
        kind text NOT NULL,
        actor text NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (order_id, revision)
    )";

/// Orders that are paid, each with one line.
const ORDERS: &str = "
    INSERT INTO orders (command_id, merchant, number, buyer, label, currency, total_minor, placed_at, paid_at, paid_minor, revision)
    SELECT gen_random_uuid(), 'bench', $1 || n, 'buyer-' || n % 100000, 1, 'CNY', 990, now(), now(), 990, 2
    FROM generate_series(0, $2::bigint - 1) AS n";
const LINES: &str = "
    INSERT INTO order_lines (order_id, line, sku, title, kind, quantity, unit_minor)
    SELECT id, 1, $1, 'Goods', 1, 1, 990 FROM orders WHERE number LIKE $2 || '%'";

/// Who pressed the button, and what of the stock is given out, each once.
const DELIVER: &str = "
    WITH wanted AS (
        SELECT id, row_number() OVER (ORDER BY id) AS n
        FROM (SELECT id FROM orders WHERE number = ANY ($1) AND label = 1 FOR UPDATE) AS locked
    ), free AS (
        SELECT id, row_number() OVER (ORDER BY id) AS n
        FROM (SELECT id FROM cards WHERE sku = 'card' AND order_id IS NULL
              ORDER BY id LIMIT cardinality($1) FOR UPDATE SKIP LOCKED) AS locked
    ), given AS (
        UPDATE cards SET order_id = wanted.id FROM wanted JOIN free USING (n) WHERE cards.id = free.id
        RETURNING cards.order_id
    ), done AS (
        UPDATE orders SET label = 3, revision = revision + 1 FROM given WHERE orders.id = given.order_id
        RETURNING orders.id, orders.revision
    )
    INSERT INTO order_log (order_id, revision, kind, actor) SELECT id, revision, 'cards-delivered', 'clerk' FROM done";
const SHIP: &str = "
    WITH done AS (
        UPDATE orders SET label = 2, revision = revision + 1
        WHERE merchant = 'bench' AND label = 1
          AND EXISTS (SELECT 1 FROM order_lines WHERE order_id = orders.id AND sku = 'parcel')
        RETURNING id, revision
    )
    INSERT INTO order_log (order_id, revision, kind, actor) SELECT id, revision, 'shipped', 'clerk' FROM done";

/// Orders that wait for cards, and others that wait to be shipped.
#[derive(Debug)]
pub struct PgBulk {
    client: Client,
}

impl PgBulk {
    /// Over new tables, with the lists' indexes: `cards` orders of cards, as many cards, and `parcels` orders of parcels.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn new(postgres: &Postgres, cards: u64, parcels: u64) -> Result<Self, Absent> {
        let client = postgres.connect().await?;
        shop::create(&client).await?;
        client.batch_execute(TABLES).await.map_err(failed)?;
        for (prefix, sku, count) in [("C-", "card", cards), ("P-", "parcel", parcels)] {
            client.execute(ORDERS, &[&prefix, &count.cast_signed()]).await.map_err(failed)?;
            client.execute(LINES, &[&sku, &prefix]).await.map_err(failed)?;
        }
        let stock =
            "INSERT INTO cards (sku, secret) SELECT 'card', 'SECRET-' || n FROM generate_series(1, $1::bigint) AS n";
        client.execute(stock, &[&cards.cast_signed()]).await.map_err(failed)?;
        shop::index(&client).await?;
        for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
            client.batch_execute(statement).await.map_err(failed)?;
        }
        Ok(Self { client })
    }

    /// Gives each of these orders of cards one card; how many got theirs. Durable when it returns.
    ///
    /// # Panics
    /// When the server fails.
    pub async fn deliver(&self, numbers: &[String]) -> u64 {
        self.client.execute(DELIVER, &[&numbers]).await.expect("PostgreSQL delivers")
    }

    /// Ships every order of parcels; how many. Durable when it returns.
    ///
    /// # Panics
    /// When the server fails.
    pub async fn ship(&self) -> u64 {
        self.client.execute(SHIP, &[]).await.expect("PostgreSQL ships")
    }
}
