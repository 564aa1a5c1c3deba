//! Forgetting buyers.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use serde::{Deserialize, Serialize};

use super::DataArgs;

#[derive(Debug, Args, Serialize, Deserialize)]
#[command(group(ArgGroup::new("whom").required(true).args(["buyer", "buyers"])))]
#[serde(deny_unknown_fields)]
pub(crate) struct EraseArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// Where they ordered: any merchant of its tree, in all of which they are erased
    #[arg(long, value_name = "ID")]
    pub(crate) merchant: String,
    /// The account that they ordered with
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) buyer: Option<String>,
    /// A file with one account a line
    #[arg(long, value_name = "FILE")]
    pub(crate) buyers: Option<PathBuf>,
    /// Why, as a code: BUYER_REQUEST, MERCHANT_REQUEST, FRAUD, OTHER …
    #[arg(long, value_name = "CODE", default_value = "BUYER_REQUEST")]
    pub(crate) reason: String,
    /// Also while orders of theirs are not finished: nobody will know any more where those go
    #[arg(long)]
    pub(crate) even_open: bool,
    /// A UUID that you choose: the same again, with the same file, changes nothing more
    #[arg(long, value_name = "UUID")]
    pub(crate) command_id: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
