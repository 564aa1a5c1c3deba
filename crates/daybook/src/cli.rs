//! What can be typed.

mod erase;
mod keys;

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

pub(crate) use erase::EraseArgs;
pub(crate) use keys::{KeyBackupArgs, KeyRestoreArgs, KeysCreateArgs, KeysDo, RotateArgs};

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
    /// Replay stories: what the rules and the views make of them must be what their files say
    Replay(ReplayArgs),
    /// Make a data folder of a backup, and check all of it
    Restore(RestoreArgs),
    /// Print the GraphQL schema
    Schema,
    /// Check what `evidence` or `checkpoint --consistency` wrote, without any data folder
    VerifyEvidence(VerifyEvidenceArgs),
    #[command(flatten)]
    Ask(Ask),
}

/// What acts on a data folder. While the folder is served, its owner is sent this as JSON and does it.
#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(crate) enum Ask {
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
    /// Everything that happened to an order, a SKU, a merchant or a token: who, when, why, and what it changed
    History(HistoryArgs),
    /// Write orders or events out
    Export {
        #[command(subcommand)]
        what: ExportWhat,
    },
    /// Confirm the shipments of a list, row by row; the same list again changes nothing
    Ship(ShipArgs),
    /// Forget buyers: destroy the keys of what is stored about them; their orders stay
    Erase(EraseArgs),
    /// The keys that personal data is sealed under, and the one that checkpoints are signed with
    Keys {
        #[command(subcommand)]
        what: KeysDo,
    },
    /// Check everything that can be checked, and say what was checked
    Verify(VerifyArgs),
    /// Copy the log to another folder while it is used; the same folder again gets what is new
    Backup(BackupArgs),
    /// Sign how many records there are and what they are, and print it; what was signed last if nothing came since
    Checkpoint(CheckpointArgs),
    /// Everything that happened to an order, with proofs that others can check without the ledger
    Evidence(EvidenceArgs),
    /// Fold a view from the log again
    Rebuild(RebuildArgs),
    /// Which rows of a view differ between two moments, and what they were and are
    Diff(DiffArgs),
}

impl Ask {
    /// Whether Ctrl-C ends it where it is, in good order.
    pub(crate) fn can_end_early(&self) -> bool {
        matches!(
            self,
            Ask::Import { .. } | Ask::Rebuild(_) | Ask::Export { .. } | Ask::Ship(_) | Ask::Erase(_) | Ask::Diff(_)
        )
    }

    pub(crate) fn data(&self) -> &DataArgs {
        match self {
            Ask::Token { what: TokenDo::Create(args) } => &args.data,
            Ask::Token { what: TokenDo::Revoke(args) } => &args.data,
            Ask::Token { what: TokenDo::List(args) } | Ask::Merchant { what: MerchantDo::List(args) } => &args.data,
            Ask::Merchant { what: MerchantDo::Create(args) } => &args.data,
            Ask::Merchant { what: MerchantDo::Move(args) } => &args.data,
            Ask::Merchant { what: MerchantDo::Close(args) | MerchantDo::Reopen(args) } => &args.data,
            Ask::Merchant { what: MerchantDo::Set(args) } => &args.data,
            Ask::Import { from: ImportFrom::Jsonl(args) } => &args.data,
            Ask::Import { from: ImportFrom::Cards(args) } => &args.data,
            Ask::Import { from: ImportFrom::Olist(args) } => &args.data,
            Ask::History(args) => &args.data,
            Ask::Export { what: ExportWhat::Orders(args) } => &args.data,
            Ask::Export { what: ExportWhat::Events(args) } => &args.data,
            Ask::Ship(args) => &args.data,
            Ask::Erase(args) => &args.data,
            Ask::Keys { what } => what.data(),
            Ask::Verify(args) => &args.data,
            Ask::Backup(args) => &args.data,
            Ask::Checkpoint(args) => &args.data,
            Ask::Evidence(args) => &args.data,
            Ask::Rebuild(args) => &args.data,
            Ask::Diff(args) => &args.data,
        }
    }
}

impl ExportWhat {
    pub(crate) fn format(&self) -> FormatArg {
        match self {
            ExportWhat::Orders(args) => args.format,
            ExportWhat::Events(args) => args.format,
        }
    }

    pub(crate) fn table(&self) -> &TableArgs {
        match self {
            ExportWhat::Orders(args) => &args.table,
            ExportWhat::Events(args) => &args.table,
        }
    }
}

#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(crate) enum TokenDo {
    /// Make a credential; prints it alone, once: it is not kept
    Create(TokenArgs),
    /// End a credential; what it did stays in the log
    Revoke(RevokeArgs),
    /// All credentials that were made, without their secrets
    List(ListArgs),
}

#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(crate) enum MerchantDo {
    /// Register a merchant
    Create(MerchantArgs),
    /// Let a merchant, and all that stand below it, stand below another one of its tree; orders keep their place
    Move(MoveArgs),
    /// Close a merchant: it takes no more orders, and what it has goes on to its end
    Close(MerchantNameArgs),
    /// Open a merchant that was closed
    Reopen(MerchantNameArgs),
    /// Say in which time zone a merchant is, and where its buyers pay; what it does not say, the one above it says
    Set(ProfileArgs),
    /// All merchants
    List(ListArgs),
}

#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(crate) enum ImportFrom {
    /// One action per line, as docs/import-format.md says
    Jsonl(JsonlArgs),
    /// The public Olist data set: its CSV files, gzipped or not
    Olist(OlistArgs),
    /// Card secrets for a SKU, one a line, or a column of a table
    Cards(CardsArgs),
}

#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(crate) enum ExportWhat {
    /// Orders as a table, at one position, with personal texts
    Orders(OrdersArgs),
    /// The log itself, one event per line; personal texts stay sealed
    Events(ExportArgs),
}

/// Where the ledger is. Never sent: an owner has one folder.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DataArgs {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The file with the master key (64 hexadecimal digits) [default: the one that DAYBOOK_MASTER_KEY_FILE names, or the key in
    /// DAYBOOK_MASTER_KEY, or `master.key` in the data folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) master_key: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
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

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// What the token may do
    #[arg(long)]
    pub(crate) role: RoleArg,
    /// Whose it is; every role but platform, auditor and analyst needs one
    #[arg(long, value_name = "ID")]
    pub(crate) merchant: Option<String>,
    /// The buyer whose orders a token of the role buyer shows: the account that they ordered with
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) buyer: Option<String>,
    /// When it ends by itself [default: never]: after a time such as `90d`, `12h` or `30m`, or at one such as
    /// `2027-01-31T00:00:00Z`
    #[arg(long, value_name = "WHEN")]
    #[serde(default)]
    pub(crate) expires: Option<String>,
    /// What it is for, to recognise it by
    #[arg(long, default_value = "")]
    pub(crate) label: String,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// The token's id, as `token list` shows it
    pub(crate) id: String,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// One JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MerchantArgs {
    #[command(flatten)]
    #[serde(skip)]
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

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    pub(crate) id: String,
    /// The merchant to stand below
    #[arg(long, value_name = "ID")]
    pub(crate) parent: String,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MerchantNameArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    pub(crate) id: String,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[command(group(ArgGroup::new("said").required(true).multiple(true).args(["time_zone", "pay_url"])))]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    pub(crate) id: String,
    /// An IANA name, such as Asia/Shanghai; '' for that of the merchant above it
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
    /// Where its buyers pay, with https:// and, where they belong, {number}, {amount} and {currency}; '' for that of the
    /// merchant above it
    #[arg(long, value_name = "URL")]
    pub(crate) pay_url: Option<String>,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JsonlArgs {
    /// The file to read
    pub(crate) file: PathBuf,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// What the lines' ids belong to [default: the file's name]; the same source again changes nothing
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardsArgs {
    /// The file to read: one secret a line, or a table with `,`, `;` or TAB whose first line names a column of secrets
    pub(crate) file: PathBuf,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// Whose cards they are
    #[arg(long, value_name = "ID")]
    pub(crate) merchant: String,
    /// What they are sold as
    #[arg(long)]
    pub(crate) sku: String,
    /// The column of a table [default: secret, card, code, key, cdkey, cd-key, 卡密, 兑换码 or 激活码, in any case]
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// Each line is a secret as it stands, with its separators and quotes
    #[arg(long, conflicts_with = "column")]
    pub(crate) lines: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OlistArgs {
    /// The folder with the CSV files
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HistoryArgs {
    /// An order's NUMBER, MERCHANT/NUMBER, or its id; or `sku:MERCHANT/SKU`, `merchant:ID`, `token:ID`
    #[arg(value_name = "WHAT")]
    pub(crate) subject: String,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// Stop early: `revision:N`, `position:N`, or `time:2026-01-31T12:00:00Z`
    #[arg(long, value_name = "POINT")]
    pub(crate) as_of: Option<String>,
    /// One JSON object per event
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum FormatArg {
    Xlsx,
    Csv,
    Jsonl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum ScopeArg {
    Own,
    Subtree,
}

/// How a table is written. The file is never sent: whoever asks writes it.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub(crate) struct TableArgs {
    /// Which columns, with commas between them, or `all`; docs/exports.md lists them
    #[arg(long, value_name = "A,B,C")]
    pub(crate) columns: Option<String>,
    /// The zone that times are shown in
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) time_zone: String,
    /// Where to write, when everything is there [default: standard output]
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrdersArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    #[arg(long)]
    pub(crate) format: FormatArg,
    /// Which orders: what the API takes as `where`, as JSON
    #[arg(long = "where", value_name = "JSON")]
    pub(crate) filter: Option<String>,
    /// Whose orders
    #[arg(long, value_name = "ID")]
    pub(crate) merchant: Option<String>,
    /// The merchants' own orders, or those of the merchants below them too
    #[arg(long, default_value = "own")]
    pub(crate) scope: ScopeArg,
    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    #[arg(long, default_value = "jsonl")]
    pub(crate) format: FormatArg,
    /// Only events after this position
    #[arg(long, default_value_t = 0, value_name = "POSITION")]
    pub(crate) after: u64,
    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShipArgs {
    /// The list: CSV or XLSX with the columns order number (订单号), carrier (快递公司), tracking number (运单号)
    pub(crate) file: PathBuf,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// Whose orders they are
    #[arg(long, value_name = "ID")]
    pub(crate) merchant: String,
    /// Print the report as JSON, one object per row
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The key that must have signed all checkpoints, as `keys show` prints it; of several, one of them must have signed each
    /// [default: the folder's, and those that signed here before it]
    #[arg(long, value_name = "KEY")]
    #[serde(default)]
    pub(crate) key: Vec<String>,
    /// A checkpoint that was kept elsewhere: the ledger must go on from it
    #[arg(long, value_name = "FILE", requires = "key")]
    #[serde(default)]
    pub(crate) checkpoint: Option<PathBuf>,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[command(group(ArgGroup::new("which").args(["size", "consistency", "list"])))]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckpointArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// Print the one of so many records instead
    #[arg(long, value_name = "RECORDS")]
    pub(crate) size: Option<u64>,
    /// Print the proof that one goes on from another: their numbers of records, such as 1000..2500
    #[arg(long, value_name = "FROM..TO")]
    pub(crate) consistency: Option<String>,
    /// Print how many records each covers that was signed so far
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum LanguageArg {
    #[default]
    En,
    #[value(name = "zh-CN")]
    ZhCn,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceArgs {
    /// An order's NUMBER, MERCHANT/NUMBER, or its id
    #[arg(value_name = "ORDER")]
    pub(crate) order: String,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// A page to read and print, for whoever settles a dispute, instead of the bundle
    #[arg(long)]
    pub(crate) html: bool,
    /// The page's language
    #[arg(long, value_name = "LANGUAGE", default_value = "en", requires = "html")]
    #[serde(default)]
    pub(crate) language: LanguageArg,
    /// Show what is personal on the page: accounts, contacts, texts, what leads to the buyer elsewhere
    #[arg(long, requires = "html")]
    #[serde(default)]
    pub(crate) personal: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyEvidenceArgs {
    /// The bundle, or the proof of consistency
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The public key of whoever keeps the ledger, as `keys show` prints it: not taken from the bundle's own source
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// The folder of the backup: a new one, or that of an earlier backup of this ledger
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The folder that `daybook backup` has made
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// The public key that the backup's checkpoints must be signed with, as `daybook keys show` prints it; of several, one of
    /// them must have signed each
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// Nothing after this position, which must be the last of its commit [default: all]
    #[arg(long, value_name = "POSITION")]
    pub(crate) to_position: Option<u64>,
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
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// The certificate to serve HTTPS with: PEM, the server's own first, then those that lead to its root. Read again when
    /// it changes, and on SIGHUP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key: PEM, not encrypted
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Requests that one token may send in a second, and twice as many at once; 0: any number
    #[arg(long, default_value_t = 500, value_name = "NUMBER")]
    pub(crate) rate_limit: u32,
    /// How often a checkpoint is signed, if something was recorded since the last; 0: only on demand
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub(crate) checkpoint_every: u64,
    #[command(flatten)]
    pub(crate) oidc: OidcArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: String,
    /// Listen beyond this machine without TLS, such as for a proxy that has it
    #[arg(long)]
    pub(crate) insecure_listen: bool,
}

/// An OpenID Connect provider whose JWTs are credentials too.
#[derive(Debug, Args)]
pub(crate) struct OidcArgs {
    /// Take JWTs of this OpenID Connect provider too: `iss`, to the letter
    #[arg(long, value_name = "URL", requires_all = ["oidc_audience", "oidc_algorithm", "oidc_keys"])]
    pub(crate) oidc_issuer: Option<String>,
    /// What their `aud` must name
    #[arg(long, value_name = "AUD", requires = "oidc_issuer")]
    pub(crate) oidc_audience: Option<String>,
    /// What they are signed with; nothing else is taken
    #[arg(long, value_name = "ALGORITHM", requires = "oidc_issuer")]
    pub(crate) oidc_algorithm: Option<AlgorithmArg>,
    /// The provider's public keys (JWKS): a file, read again when it changes, or an https address
    #[arg(long, value_name = "FILE|URL", requires = "oidc_issuer")]
    pub(crate) oidc_keys: Option<String>,
    /// The claim with the role
    #[arg(long, value_name = "NAME", default_value = "daybook_role", requires = "oidc_issuer")]
    pub(crate) oidc_role_claim: String,
    /// The claim with the merchant's id
    #[arg(long, value_name = "NAME", default_value = "daybook_merchant", requires = "oidc_issuer")]
    pub(crate) oidc_merchant_claim: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "verbatim")]
pub(crate) enum AlgorithmArg {
    RS256,
    ES256,
    EdDSA,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// A folder to keep the shop in [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// Another seed makes another shop
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many orders the past has
    #[arg(long, default_value_t = 20_000)]
    pub(crate) orders: usize,
    /// Make the past in the folder and end, without serving it: no orders come in beside those of the seed
    #[arg(long, requires = "data")]
    pub(crate) past_only: bool,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RebuildArgs {
    /// Which one, or `all`; while the folder is served, the old one answers until the new one takes its place
    #[arg(value_parser = view_names())]
    pub(crate) view: String,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// First list the rows that differ between the old one and the new one, at the same position
    #[arg(long)]
    pub(crate) compare: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum DiffView {
    Orders,
    /// Figures by merchant, currency, basis and UTC day
    Dashboard,
    Stock,
    Exceptions,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiffArgs {
    pub(crate) view: DiffView,
    /// What was known then: `position:N`, or `time:2026-01-31T12:00:00Z`
    #[arg(long, value_name = "POINT")]
    pub(crate) from: String,
    /// The same; now unless told otherwise
    #[arg(long, value_name = "POINT")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// One JSON object per row
    #[arg(long)]
    pub(crate) json: bool,
}

/// The views that there are, and all of them.
fn view_names() -> PossibleValuesParser {
    PossibleValuesParser::new(daybook_views::VIEWS.iter().map(|view| view.name).chain(["all"]))
}
