//! Read models: pure folds of the log.
