//! The API over real TCP, with a real ledger in a temporary folder.

mod auth;
mod dashboard;
mod hostile;
mod kit;
mod mutations;
mod pages;
mod queries;
mod schema;
mod service;
mod socket;
