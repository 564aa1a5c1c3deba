//! One process holds a data folder. While it serves, it listens on a Unix socket in the folder, and a command that finds
//! it there is carried out by it, on the folder that it has open.
//!
//! The client sends one [`Hello`] with the parsed command line, the owner answers with what the command writes and, last,
//! its exit code. A client that hangs up, or sends [`frame::Kind::Stop`], ends its command early where that can be done.

mod client;
mod frame;
mod server;
mod socket;

pub(crate) use client::connect;
pub(crate) use server::Owner;

use serde::{Deserialize, Serialize};

/// What both sides must share: the same build understands the same command lines.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The first frame. `ask` is read only once the version is known to be ours.
#[derive(Debug, Serialize, Deserialize)]
struct Hello {
    daybook: String,
    ask: serde_json::Value,
}
