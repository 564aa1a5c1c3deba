//! The views against naive ones, over histories that the rules themselves made.

mod asked;
mod dashboard;
mod difference;
mod jobs;
mod list;
mod merchants;
mod nonsense;
mod queues;
mod rebuild;
mod stock;
mod stop;
mod tokens;
mod world;
