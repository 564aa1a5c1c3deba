//! The file `state`: text, one line for each thing, the last line a BLAKE3 of all lines before.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::frame::Chain;
use crate::hex;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) ledger: Uuid,
    /// The last position, 0 for none.
    pub(super) last: u64,
    /// The chain of batches there.
    pub(super) chain: Chain,
    /// BLAKE3 of the record there; zeros for none.
    pub(super) record: [u8; 32],
    /// How often the ledger had been opened.
    pub(super) epoch: u64,
}

pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("state")
}

impl State {
    pub(super) fn encode(&self) -> String {
        let Self { ledger, last, chain, record, epoch } = self;
        let mut text = format!("daybook-backup 1\nledger {}\nlast {last}\nepoch {epoch}\n", ledger.hyphenated());
        let _ = writeln!(text, "chain {}\nrecord {}", hex::encode(chain), hex::encode(record));
        let hash = blake3::hash(text.as_bytes()).to_hex();
        let _ = writeln!(text, "blake3 {hash}");
        text
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        match lines.next() {
            Some("daybook-backup 1") => {}
            Some(first) if first.starts_with("daybook-backup ") => {
                return Err("its format is unknown; a newer daybook may read it".into());
            }
            _ => return Err("it is not the state of a backup".into()),
        }
        let mut field = |name: &str| {
            let line = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.ok_or_else(|| format!("its line {name} is missing"))
        };
        let ledger = field("ledger")?.parse().map_err(|_| "its ledger is no id")?;
        let last = field("last")?.parse().map_err(|_| "its last position is no number")?;
        let epoch = field("epoch")?.parse().map_err(|_| "its epoch is no number")?;
        let chain = hex::decode(field("chain")?).ok_or("its chain is no hash")?;
        let record = hex::decode(field("record")?).ok_or("its record is no hash")?;
        let state = Self { ledger, last, chain, record, epoch };
        if state.encode() == text { Ok(state) } else { Err("its hash is wrong".into()) }
    }

    /// None: there is none.
    pub(super) fn load(dir: &Path) -> Result<Option<Self>, String> {
        match std::fs::read_to_string(path(dir)) {
            Ok(text) => Self::parse(&text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("it cannot be read: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let state = State { ledger: Uuid::from_u128(7), last: 12, chain: [3; 32], record: [4; 32], epoch: 2 };
        let text = state.encode();
        assert_eq!(State::parse(&text), Ok(state));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(State::parse(&changed).is_err(), "{changed}");
        }
    }
}
