//! The append-only log: pages and volumes on sled, guarded by a write-ahead file.
