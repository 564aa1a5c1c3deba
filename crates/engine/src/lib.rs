//! The one writer: load, decide, group commit.
