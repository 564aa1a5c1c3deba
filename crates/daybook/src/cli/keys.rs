//! The key file, and the signing key.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

use super::DataArgs;

#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(crate) enum KeysDo {
    /// Make the key that checkpoints are signed with, once, and print its public half; give that to those who are to check
    Create(KeysCreateArgs),
    /// Print the public half of the key that checkpoints are signed with
    Show(KeysShowArgs),
    /// Put all keys under another master key; to be done while nobody serves the folder
    RotateMaster(RotateArgs),
    /// Copy the key file, and delete copies that are too old: an erased key is in every copy that was made before
    Backup(KeyBackupArgs),
    /// Put a copy of the key file back, once everything was erased in it that the log says is; to be done while nobody serves
    /// the folder
    Restore(KeyRestoreArgs),
}

impl KeysDo {
    pub(crate) fn data(&self) -> &DataArgs {
        match self {
            KeysDo::Create(args) => &args.data,
            KeysDo::Show(args) => &args.data,
            KeysDo::RotateMaster(args) => &args.data,
            KeysDo::Backup(args) => &args.data,
            KeysDo::Restore(args) => &args.data,
        }
    }
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// The file with the new master key (64 hexadecimal digits); made if it is not there
    #[arg(long, value_name = "FILE")]
    pub(crate) new: PathBuf,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBackupArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// The folder to copy it to, on another disk than the master key; the copy's name has its time
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: PathBuf,
    /// Copies in that folder that are older than so many days are deleted
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub(crate) keep: u32,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRestoreArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// The copy
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysCreateArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
    /// What checkpoints call this ledger, such as shop.example/ledger; its id is put behind it [default: as before, or
    /// daybook-ledger]
    #[arg(long)]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysShowArgs {
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) data: DataArgs,
}
