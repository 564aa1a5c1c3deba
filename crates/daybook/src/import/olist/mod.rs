//! The public Olist data set (Brazilian marketplace orders of 2016 to 2018) as actions. History is recorded, not judged:
//! times out of order stay out of order, and what is odd is counted.

mod actions;
mod anomalies;
mod csv_file;
mod grouped;
mod tables;

pub(super) use actions::Step;
pub(super) use tables::Source;
