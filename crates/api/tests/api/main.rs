//! The API over real TCP, with a real ledger in a temporary folder.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod actions;
mod audit;
mod auth;
mod bulk;
mod checkpoints;
mod crowd;
mod dashboard;
mod edge;
mod exports;
mod files;
mod forget;
mod hostile;
mod kit;
mod limits;
mod log;
mod lookups;
mod mutations;
mod oidc;
mod pages;
mod panics;
mod past;
mod phones;
mod profile;
mod queries;
mod reads;
mod ready;
mod schema;
mod secrets;
mod security;
mod service;
mod situations;
mod socket;
mod strangers;
mod tokens;
