//! Lists and dashboards over the tables of orders, each by one prepared statement.

use std::pin::pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::{Postgres, failed, shop};
use crate::{Absent, absent};

/// Columns of orders and of lines, in the order in which `COPY` reads them.
const ORDERS_COLUMNS: &str = "id, command_id, merchant, number, buyer, label, currency, total_minor, placed_at, \
                                  paid_at, paid_minor, refunded_at, revision";
const LINES_COLUMNS: &str = "order_id, line, sku, title, kind, quantity, unit_minor";

/// What a page is asked for, newest first unless said otherwise.
#[derive(Clone, Debug)]
pub enum PgList {
    MerchantLabel {
        merchant: String,
        label: i16,
    },
    Merchant {
        merchant: String,
    },
    Label {
        label: i16,
    },
    Buyer {
        buyer: String,
    },
    Number {
        number: String,
    },
    /// The smallest first.
    Amount,
}

/// The last row of the page before: when it was placed in microseconds, what it comes to, and its id.
#[derive(Clone, Copy, Debug)]
pub struct PgAfter {
    pub placed_at: i64,
    pub total_minor: i64,
    pub id: i64,
}

/// What figures are asked for: microseconds, `to` not included.
#[derive(Clone, Debug)]
pub enum PgFigures {
    /// By weekday and hour.
    Week { merchant: Option<String>, from: i64, to: i64 },
    /// By day, of all orders.
    Days { from: i64, to: i64 },
}

/// Counts of placed, paid and refunded orders, and what the paid ones brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PgSums {
    pub placed: i64,
    pub paid: i64,
    pub refunded: i64,
    pub paid_minor: i64,
}

/// The page's orders in its order, and their lines beside them: one row a line.
fn page(condition: &str, order: &str) -> String {
    format!(
        "SELECT o.id, o.number, o.placed_at, o.label, o.merchant, m.name, o.buyer, o.currency, o.total_minor, o.paid_at, \
         o.refunded_at, o.revision, l.line, l.sku, l.title, l.quantity, l.unit_minor \
         FROM (SELECT * FROM orders WHERE {condition} ORDER BY {order} LIMIT 50) o \
         JOIN merchants m ON m.id = o.merchant JOIN order_lines l ON l.order_id = o.id ORDER BY {order}, l.line"
    )
}

const SUMS: &str = "count(*), count(paid_at), count(refunded_at), coalesce(sum(paid_minor), 0)::bigint";

/// A connection with everything prepared.
#[derive(Debug)]
pub struct PgReader {
    client: Client,
    /// Another connection: what counts many rows is planned for its range each time, which takes less than a plan for any range
    /// would cost, as a page's does not.
    counting: Client,
    /// First pages, and pages behind a row.
    lists: [[Statement; 2]; 6],
    figures: [Statement; 3],
}

impl PgReader {
    /// # Errors
    /// When the server fails.
    pub async fn new(postgres: &Postgres) -> Result<Self, Absent> {
        let (client, counting) = (postgres.connect().await?, postgres.connect().await?);
        counting.batch_execute("SET plan_cache_mode = force_custom_plan").await.map_err(failed)?;
        let newest = "placed_at DESC, id DESC";
        let mut lists = Vec::with_capacity(6);
        for (condition, order, after) in [
            ("merchant = $1 AND label = $2", newest, "AND (placed_at, id) < ($3, $4)"),
            ("merchant = $1", newest, "AND (placed_at, id) < ($2, $3)"),
            ("label = $1", newest, "AND (placed_at, id) < ($2, $3)"),
            ("buyer = $1", newest, "AND (placed_at, id) < ($2, $3)"),
            ("number = $1", newest, "AND (placed_at, id) < ($2, $3)"),
            ("true", "total_minor, id", "AND (total_minor, id) > ($1, $2)"),
        ] {
            let first = prepared(&client, &page(condition, order)).await?;
            lists.push([first, prepared(&client, &page(&format!("{condition} {after}"), order)).await?]);
        }
        let local = "placed_at AT TIME ZONE 'Asia/Shanghai'";
        let within = "placed_at >= $1 AND placed_at < $2";
        let week =
            format!("SELECT extract(isodow FROM {local})::int, extract(hour FROM {local})::int, {SUMS} FROM orders");
        let figures = [
            prepared(&counting, &format!("{week} WHERE {within} AND merchant = $3 GROUP BY 1, 2")).await?,
            prepared(&counting, &format!("{week} WHERE {within} GROUP BY 1, 2")).await?,
            prepared(&counting, &format!("SELECT ({local})::date, 0, {SUMS} FROM orders WHERE {within} GROUP BY 1"))
                .await?,
        ];
        let lists = lists.try_into().map_err(|_| absent("PostgreSQL", "lists are missing"))?;
        Ok(Self { client, counting, lists, figures })
    }

    /// The numbers of the page's orders. All columns came over.
    ///
    /// # Panics
    /// When the server fails.
    pub async fn page(&self, list: &PgList, after: Option<PgAfter>) -> Vec<String> {
        let (which, mut values): (usize, Vec<&(dyn ToSql + Sync)>) = match list {
            PgList::MerchantLabel { merchant, label } => (0, vec![merchant, label]),
            PgList::Merchant { merchant } => (1, vec![merchant]),
            PgList::Label { label } => (2, vec![label]),
            PgList::Buyer { buyer } => (3, vec![buyer]),
            PgList::Number { number } => (4, vec![number]),
            PgList::Amount => (5, vec![]),
        };
        let placed_at = after.map(|after| time(after.placed_at));
        if let (Some(after), Some(placed_at)) = (&after, &placed_at) {
            if matches!(list, PgList::Amount) {
                values.push(&after.total_minor);
            } else {
                values.push(placed_at);
            }
            values.push(&after.id);
        }
        let statement = &self.lists[which][usize::from(after.is_some())];
        let rows = self.client.query(statement, &values).await.expect("PostgreSQL finds a page");
        let mut numbers: Vec<String> = Vec::with_capacity(50);
        let mut last = None;
        for row in &rows {
            let id: i64 = row.get(0);
            if last.replace(id) != Some(id) {
                numbers.push(row.get(1));
            }
        }
        numbers
    }

    /// All cells added up.
    ///
    /// # Panics
    /// When the server fails.
    pub async fn figures(&self, asked: &PgFigures) -> PgSums {
        let (which, merchant, from, to) = match asked {
            PgFigures::Week { merchant: Some(merchant), from, to } => (0, Some(merchant), from, to),
            PgFigures::Week { merchant: None, from, to } => (1, None, from, to),
            PgFigures::Days { from, to } => (2, None, from, to),
        };
        let (from, to) = (time(*from), time(*to));
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&from, &to];
        if let Some(merchant) = merchant {
            values.push(merchant);
        }
        let rows = self.counting.query(&self.figures[which], &values).await.expect("PostgreSQL counts");
        rows.iter().fold(PgSums::default(), |sums, row| PgSums {
            placed: sums.placed + row.get::<_, i64>(2),
            paid: sums.paid + row.get::<_, i64>(3),
            refunded: sums.refunded + row.get::<_, i64>(4),
            paid_minor: sums.paid_minor + row.get::<_, i64>(5),
        })
    }
}

async fn prepared(client: &Client, statement: &str) -> Result<Statement, Absent> {
    client.prepare(statement).await.map_err(failed)
}

fn time(micros: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(micros.unsigned_abs())
}

/// Fills new tables, indexes them, and has them looked over as an expert would before anybody asks. `merchants` are ids
/// and names; the iterator gives orders and their lines as `COPY` wants them.
///
/// # Errors
/// When the server fails.
pub async fn load_shop(
    postgres: &Postgres,
    merchants: &[(String, String)],
    rows: impl Iterator<Item = (String, String)>,
) -> Result<(), Absent> {
    let (client, other) = (postgres.connect().await?, postgres.connect().await?);
    shop::create(&client).await?;
    let table = "DROP TABLE IF EXISTS merchants; CREATE TABLE merchants (id text PRIMARY KEY, name text NOT NULL)";
    client.batch_execute(table).await.map_err(failed)?;
    for (id, name) in merchants {
        client.execute("INSERT INTO merchants VALUES ($1, $2)", &[id, name]).await.map_err(failed)?;
    }
    let orders = client.copy_in(&format!("COPY orders ({ORDERS_COLUMNS}) FROM STDIN")).await.map_err(failed)?;
    let lines = other.copy_in(&format!("COPY order_lines ({LINES_COLUMNS}) FROM STDIN")).await.map_err(failed)?;
    let (mut orders, mut lines) = (pin!(orders), pin!(lines));
    let mut waiting = [BytesMut::new(), BytesMut::new()];
    for (order, its_lines) in rows {
        waiting[0].extend_from_slice(order.as_bytes());
        waiting[1].extend_from_slice(its_lines.as_bytes());
        if waiting[0].len() > 64 << 10 {
            orders.send(taken(&mut waiting[0])).await.map_err(failed)?;
            lines.send(taken(&mut waiting[1])).await.map_err(failed)?;
        }
    }
    orders.send(taken(&mut waiting[0])).await.map_err(failed)?;
    lines.send(taken(&mut waiting[1])).await.map_err(failed)?;
    orders.finish().await.map_err(failed)?;
    lines.finish().await.map_err(failed)?;
    shop::index(&client).await?;
    for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
        client.batch_execute(statement).await.map_err(failed)?;
    }
    Ok(())
}

fn taken(bytes: &mut BytesMut) -> Bytes {
    bytes.split().freeze()
}
