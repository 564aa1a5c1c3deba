//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// An event-sourced order ledger.
#[derive(Debug, Parser)]
#[command(name = "daybook", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) what: Do,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Do {
    /// Serve GraphQL over HTTP and WebSocket
    Serve(ServeArgs),
    /// Start on a shop that is made up, and goes on selling
    Demo(DemoArgs),
    /// Credentials
    Token {
        #[command(subcommand)]
        what: TokenDo,
    },
    /// Merchants
    Merchant {
        #[command(subcommand)]
        what: MerchantDo,
    },
    /// Bring history in from elsewhere; running it again changes nothing
    Import {
        #[command(subcommand)]
        from: ImportFrom,
    },
    /// Everything that happened to an order: who, when, why, and what it changed
    History(HistoryArgs),
    /// Write events out
    Export {
        #[command(subcommand)]
        what: ExportWhat,
    },
    /// Check everything that can be checked, and say what was checked
    Verify(VerifyArgs),
    /// Replay stories: what the rules and the views make of them must be what their files say
    Replay(ReplayArgs),
    /// Fold a view from the log again
    Rebuild(RebuildArgs),
    /// Print the GraphQL schema
    Schema,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenDo {
    /// Make a credential; prints it alone, once: it is not kept
    Create(TokenArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum MerchantDo {
    /// Register a merchant
    Create(MerchantArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportFrom {
    /// One action per line, as docs/import-format.md says
    Jsonl(JsonlArgs),
    /// The public Olist data set: its CSV files, gzipped or not
    Olist(OlistArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExportWhat {
    /// The log itself, one event per line; personal texts stay sealed
    Events(ExportArgs),
}

/// Where the ledger is.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataArgs {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The file with the master key (64 hexadecimal digits) [default: `master.key` in the data folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) master_key: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    Platform,
    Owner,
    Clerk,
    Support,
    Auditor,
    Analyst,
    Buyer,
    Webhook,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// What the token may do
    #[arg(long)]
    pub(crate) role: RoleArg,
    /// Whose it is; every role but platform, auditor and analyst needs one
    #[arg(long, value_name = "ID")]
    pub(crate) merchant: Option<String>,
    /// What it is for, to recognise it by
    #[arg(long, default_value = "")]
    pub(crate) label: String,
}

#[derive(Debug, Args)]
pub(crate) struct MerchantArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Letters, digits, `-`, `_`, `.`; never changes
    pub(crate) id: String,
    /// The name that people read [default: the id]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The merchant above it
    #[arg(long, value_name = "ID")]
    pub(crate) parent: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct JsonlArgs {
    /// The file to read
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// What the lines' ids belong to [default: the file's name]; the same source again changes nothing
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OlistArgs {
    /// The folder with the CSV files
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// MERCHANT/NUMBER, or the order's id
    pub(crate) order: String,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Stop early: `revision:N`, `position:N`, or `time:2026-01-31T12:00:00Z`
    #[arg(long, value_name = "POINT")]
    pub(crate) as_of: Option<String>,
    /// One JSON object per event
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    Jsonl,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[arg(long, default_value = "jsonl")]
    pub(crate) format: FormatArg,
    /// Only events after this position
    #[arg(long, default_value_t = 0, value_name = "POSITION")]
    pub(crate) after: u64,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A story, or a folder of stories
    #[arg(value_name = "DIR")]
    pub(crate) story: PathBuf,
    /// Write down what comes out now; review the difference
    #[arg(long)]
    pub(crate) bless: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: String,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// A folder to keep the shop in [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: String,
    /// Another seed makes another shop
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many orders the past has
    #[arg(long, default_value_t = 20_000)]
    pub(crate) orders: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ViewArg {
    Orders,
    Dashboard,
    All,
}

#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// Which; they share one pass over the log, so all are folded
    pub(crate) view: ViewArg,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}
