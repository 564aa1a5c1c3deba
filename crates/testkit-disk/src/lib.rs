//! A disk that drops what was not synced, for programs that know nothing of it.
//!
//! Loaded with `LD_PRELOAD`, this library stands in for the C library's file calls. For files below the folder
//! `DAYBOOK_DISK_ROOT` the real folder plays the page cache, which outlives a killed process, and a second folder,
//! the platter (`DAYBOOK_DISK_PLATTER`), holds what outlives a power loss:
//!
//! - a file's bytes and length reach the platter by fsync or fdatasync of that file;
//! - names (creation, rename, removal) reach it by fsync of the folder that they are in;
//! - `sync_file_range` gives no durability at all; `sync` and `syncfs` are not seen, so they give none either.
//!
//! All that must outlive the process is in files, so it may be killed at any instruction. The control file
//! (`src/layout.rs`) injects full disks, failed syncs and kills, and takes effect at once.
//!
//! After EIO the pages in question count as clean without ever having reached the platter, as Linux does it: a
//! repeated fsync succeeds and proves nothing.
//!
//! Not seen: `mmap`, `io_uring`, `O_DIRECT` alignment rules, `truncate` by path, C stdio, statically linked programs.
//! Real syncs are never issued: they would cost time and prove nothing.
#![cfg(target_os = "linux")]

mod calls;
mod control;
mod layout;
mod model;
mod place;
mod raw;
