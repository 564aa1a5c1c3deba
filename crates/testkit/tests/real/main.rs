//! Data folders as they are in use, made by the engine out of orders, on disks that damage what is on them and refuse
//! what is asked of them.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod damage;
mod files;
mod panics;
mod points;
mod shop;
mod truth;
