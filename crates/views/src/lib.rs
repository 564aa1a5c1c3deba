//! Read models: pure folds of the log. No clock, no opened personal data, and no disk but in
//! [`store`].

mod blobs;
pub mod checkpoint;
mod chunks;
mod dashboard;
mod error;
mod list;
mod merchants;
mod orders;
mod packed;
pub mod query;
mod sorted;
pub mod store;
mod strings;
mod views;
mod wire;

pub use dashboard::{Dashboard, MAX_DAYS};
pub use error::{FoldError, Stopped};
pub use list::OrderList;
pub use merchants::Merchants;
pub use views::{DASHBOARD, ORDERS, ViewName, ViewStatus, Views};

/// An order's number in the views: as the orders came to the ledger, from 0.
type Row = u32;

#[cfg(test)]
mod tests;
