//! What happens without a person: clocks that run out, orders that stock has come for, thresholds that are crossed.
//!
//! The views say what is due; what is done about it is an ordinary command to the engine, whose actor is the policy that
//! asked for it. So automation has no state that could be lost: after a crash the views say again what is due, and the
//! command, whose id follows from what it is about, is carried out once.
//!
//! ```text
//! views ──what is due──► Automation ──command──► engine ──event──► ledger ──► views: no longer due
//! ```

mod alerts;
mod patience;
mod round;
mod task;

pub use round::{Automation, Round, RoundError};
