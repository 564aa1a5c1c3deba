//! Given what happened, when this is asked, then that happens or is refused. Each table mends one fault after another
//! until the command succeeds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accepted;
mod ask;
mod given;
mod hold;
mod import;
mod job;
mod machine;
mod oracle;
mod pay;
mod place;
mod policy;
mod price;
mod profile;
mod random;
mod refund;
mod refusals;
mod remark;
mod ship;
mod situation;
mod spelling;
mod stock;
mod token;
