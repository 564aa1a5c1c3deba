//! A sealed volume's file `manifest`: text, one line for each thing, the last line a BLAKE3 of all lines before.

use std::fmt::Write;
use std::str::FromStr;

use uuid::Uuid;

use crate::frame::Chain;
use crate::page::PageEntry;
use crate::page_store::Layout;
use crate::{Position, hex};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) ledger: Uuid,
    pub(crate) first: Position,
    pub(crate) last: Position,
    pub(crate) layout: Layout,
    /// The chain of batches at the volume's end.
    pub(crate) chain: Chain,
    /// The Merkle root over the volume's records.
    pub(crate) root: [u8; 32],
    /// BLAKE3 of the file `heads`.
    pub(crate) heads: [u8; 32],
    pub(crate) pages: Vec<PageEntry>,
}

impl Manifest {
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        let count = self.last.get() - self.first.get() + 1;
        let mut line = |name: &str, value: &dyn std::fmt::Display| {
            writeln!(text, "{name} {value}").expect("strings take everything");
        };
        line(
            "daybook-volume",
            &match self.layout {
                Layout::Positions => 1,
                Layout::Numbers => 2,
            },
        );
        line("ledger", &self.ledger.hyphenated());
        line("first", &self.first);
        line("last", &self.last);
        line("count", &count);
        line("chain", &hex::encode(&self.chain));
        line("root", &hex::encode(&self.root));
        line("heads", &hex::encode(&self.heads));
        for page in &self.pages {
            line("page", &format_args!("{} {} {}", page.first, page.count, hex::encode(&page.hash)));
        }
        let hash = hex::encode(blake3::hash(text.as_bytes()).as_bytes());
        writeln!(text, "blake3 {hash}").expect("strings take everything");
        text
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let body = text.rfind("blake3 ").ok_or("its last line is missing")?;
        if text[body..].trim_end_matches('\n') != format!("blake3 {}", blake3::hash(&text.as_bytes()[..body]).to_hex())
        {
            return Err("its hash is wrong".into());
        }
        let mut lines = text[..body].lines();
        let layout = match lines.next() {
            Some("daybook-volume 1") => Layout::Positions,
            Some("daybook-volume 2") => Layout::Numbers,
            _ => return Err("its format is unknown; a newer daybook may read it".into()),
        };
        let mut field = |name: &str| {
            let line = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.ok_or_else(|| format!("its line {name} is missing"))
        };
        let ledger = value(field("ledger")?)?;
        let first = position(field("first")?)?;
        let last = position(field("last")?)?;
        field("count")?;
        let chain = hash(field("chain")?)?;
        let root = hash(field("root")?)?;
        let heads = hash(field("heads")?)?;
        let pages = lines.map(page).collect::<Result<Vec<_>, _>>()?;
        let manifest = Self { ledger, first, last, layout, chain, root, heads, pages };
        let mut next = first;
        for page in &manifest.pages {
            if page.first != next || page.count == 0 {
                return Err(format!("its page at position {} does not follow the one before", page.first));
            }
            next = next.plus(u64::from(page.count));
        }
        if first > last || next.get() - 1 != last.get() || manifest.encode() != text {
            return Err("its lines contradict each other".into());
        }
        Ok(manifest)
    }
}

fn value<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("it has {text} where a value should be"))
}

fn position(text: &str) -> Result<Position, String> {
    Position::new(value(text)?).ok_or_else(|| "it has a position 0".into())
}

fn hash(text: &str) -> Result<[u8; 32], String> {
    hex::decode(text).ok_or_else(|| format!("it has {text} where a hash should be"))
}

fn page(line: &str) -> Result<PageEntry, String> {
    let wrong = || format!("it has a line that is no page: {line}");
    let mut parts = line.strip_prefix("page ").ok_or_else(wrong)?.split(' ');
    let mut part = || parts.next().ok_or_else(wrong);
    Ok(PageEntry { first: position(part()?)?, count: value(part()?)?, hash: hash(part()?)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What has a hash that fits was written by somebody; that it is one of ours is not said by that.
    #[test]
    fn impossible_numbers_are_told() {
        let zeros = "0".repeat(64);
        for (first, last) in [("2", "1"), ("1", "18446744073709551615"), ("18446744073709551615", "1")] {
            let body = format!(
                "daybook-volume 1\nledger {}\nfirst {first}\nlast {last}\ncount 0\nchain {zeros}\nroot {zeros}\nheads {zeros}\n",
                Uuid::nil()
            );
            let text = format!("{body}blake3 {}\n", blake3::hash(body.as_bytes()).to_hex());
            assert_eq!(Manifest::parse(&text).unwrap_err(), "its lines contradict each other", "{first} to {last}");
        }
    }
}
