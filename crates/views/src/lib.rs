//! Read models: pure folds of the log. No clock, no opened personal data, and no disk but in [`store`].
//!
//! [`Views`] folds every event once, into packed orders ([`Views::apply`]); the order list ([`OrderList`]), the
//! dashboard ([`Dashboard`]) and the merchants ([`Merchants`]) follow from what the event did to its order, the stock
//! ([`Stock`]), the tokens ([`Tokens`]) and the jobs ([`Jobs`]) from their own events, and what waits ([`Queues`]) from the
//! orders. What can be asked is plain data in [`query`]. Rows, indexes and sums live in memory; [`checkpoint`] makes chunks of what cannot be
//! made again, and [`store`] keeps them.
//!
//! ```
//! use daybook_views::{Views, query::OrderQuery};
//!
//! let views = Views::new();
//! let page = views.order_list()?.page(&OrderQuery::default()).unwrap();
//! assert!(page.rows.is_empty());
//! # Ok::<(), daybook_views::Stopped>(())
//! ```

mod beside;
mod blobs;
mod bulk;
pub mod checkpoint;
mod chunks;
mod column;
mod dashboard;
mod difference;
mod error;
mod hashed;
mod jobs;
mod list;
mod merchants;
mod number;
mod orders;
mod packed;
pub mod query;
mod queues;
mod registry;
mod sorted;
mod stock;
pub mod store;
mod strings;
mod tokens;
mod views;
mod waits;
mod wire;

pub use bulk::BulkFold;
pub use dashboard::{Dashboard, FORECAST_WEEKS, MAX_DAYS, MAX_FORECAST_HOURS};
pub use difference::{FieldDifference, RowDifference, differences, exception_differences};
pub use error::{FoldError, Stopped};
pub use jobs::{Jobs, goes_on};
pub use list::{MAX_NAMESAKES, OrderList};
pub use merchants::{Below, Merchants};
pub use queues::Queues;
pub use registry::{DASHBOARD, JOBS, ORDERS, QUEUES, STOCK, TOKENS, VIEWS, ViewName};
pub use stock::Stock;
pub use tokens::Tokens;
pub use views::{StreamOwner, ViewStatus, Views};

/// An order's number in the views: as the orders came to the ledger, from 0.
type Row = u32;

#[cfg(test)]
mod tests;
