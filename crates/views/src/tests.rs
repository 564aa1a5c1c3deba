//! The views against naive ones, over histories that the rules themselves made.

mod list;
mod world;
