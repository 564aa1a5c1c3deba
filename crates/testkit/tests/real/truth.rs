//! What a folder holds, and whether a damaged copy of it holds the same or says that it does not.

use std::collections::BTreeMap;
use std::path::Path;

use daybook_domain::StreamId;
use daybook_engine::{FolderOptions, Opened};
use daybook_ledger::{Ledger, Position, verify_dir_against};
use daybook_proof::{VerifierKey, signed_roots};

use crate::shop::{Shop, Step};

/// All of a folder that was not damaged.
#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) records: Vec<Vec<u8>>,
    accounts: BTreeMap<StreamId, (u32, Opened)>,
    views: Vec<Vec<u8>>,
    /// How many records each signed checkpoint covers.
    signed: Vec<u64>,
    key: Option<VerifierKey>,
}

/// What became of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Everything is as it was, and nobody needs to know.
    Harmless,
    /// Everything is as it was; whoever opens or verifies is told of what was made anew or is not used.
    Remarked,
    /// Opening said what is wrong, and which texts or checkpoints are concerned; all else is as it was.
    Told,
    /// Opened, but what is damaged cannot be read, and says so.
    Unread,
    /// Not opened.
    Refused,
}

impl Truth {
    pub(crate) fn of(shop: &mut Shop) -> Truth {
        shop.fold().unwrap();
        let notary = shop.notary.as_ref().unwrap();
        Truth {
            records: records(shop.folder.reader.ledger()).unwrap(),
            accounts: shop.accounts().unwrap(),
            views: shop.view_bytes(),
            signed: notary.sizes().unwrap(),
            key: notary.verifier(),
        }
    }

    /// Opens the folder `dir`, which may be damaged.
    ///
    /// # Errors
    /// What is silently different, or a refusal that helps nobody.
    pub(crate) fn examine(&self, dir: &Path, options: &FolderOptions, orders: u64) -> Result<Outcome, String> {
        let verified = self.verify(dir)?;
        let mut shop = match Shop::open(dir, options, orders) {
            Ok(shop) => shop,
            Err(refusal) => {
                is_of_use(&refusal, dir)?;
                let ours = ["keys", "master.key", "views"].iter().any(|part| refusal.contains(&path_of(dir, part)));
                if verified.is_sound && !ours {
                    return Err(format!("refused, but verify finds nothing: {refusal}"));
                }
                return Ok(Outcome::Refused);
            }
        };
        let examined = self.compare(&mut shop, dir, &verified);
        shop.leave();
        examined
    }

    fn verify(&self, dir: &Path) -> Result<Verified, String> {
        let (signed, wrong) = match signed_roots(dir, self.key.as_slice(), None) {
            Ok(signed) => (signed.roots, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        if let Some(wrong) = &wrong {
            is_of_use(wrong, dir)?;
        }
        match verify_dir_against(dir, &signed) {
            Ok(report) => {
                if let Some(finding) = report.findings.iter().find(|finding| !finding.file.starts_with(dir)) {
                    return Err(format!("a finding names no file: {finding}"));
                }
                Ok(Verified {
                    is_sound: report.is_sound() && wrong.is_none(),
                    log_is_sound: report.is_sound(),
                    remarks: !report.remarks.is_empty(),
                })
            }
            Err(error) => {
                is_of_use(&error.to_string(), dir)?;
                Ok(Verified { is_sound: false, log_is_sound: false, remarks: false })
            }
        }
    }

    fn compare(&self, shop: &mut Shop, dir: &Path, verified: &Verified) -> Result<Outcome, String> {
        let ledger = shop.folder.reader.ledger().clone();
        if ledger.watermark() != self.records.len() as u64 {
            return Err(format!("{} records instead of {}", ledger.watermark(), self.records.len()));
        }
        let mut unread = 0;
        if !matches!(records(&ledger), Ok(records) if records == self.records) {
            for (at, expected) in (1..).zip(&self.records) {
                match ledger.read(Position::new(at).unwrap()) {
                    Ok(record) if record.record().bytes() == expected => {}
                    Ok(_) => return Err(format!("another record at position {at}")),
                    Err(error) => {
                        unread += 1;
                        is_of_use(&error.to_string(), dir)?;
                    }
                }
            }
            if unread == 0 {
                return Err("records differ when they are read in a row".into());
            }
            if verified.log_is_sound || ledger.verify().is_sound() {
                return Err("a record cannot be read, but verify finds nothing".into());
            }
            return Ok(Outcome::Unread);
        }
        let told = self.compare_accounts(shop)?;
        shop.fold()?;
        if shop.view_bytes() != self.views {
            return Err("the views differ".into());
        }
        let signed = self.compare_signed(shop, dir, verified)?;
        // And it goes on.
        let before = ledger.watermark();
        let (at, repeated) = shop.take(1_000_000, Step::Place(1_000_000))?;
        if at <= before || repeated {
            return Err("an order that is new counts as an old one".into());
        }
        if !verified.log_is_sound {
            // Nothing that a reader meets, such as a key of sled's that leads to no page.
            return Ok(Outcome::Told);
        }
        Ok(match (told || signed, verified.remarks || !shop.ignored.is_empty()) {
            (true, _) => Outcome::Told,
            (false, true) => Outcome::Remarked,
            (false, false) => Outcome::Harmless,
        })
    }

    /// Whether whoever opened the folder was told that some cannot be opened any more.
    fn compare_accounts(&self, shop: &Shop) -> Result<bool, String> {
        let damaged = &shop.folder.damaged_keys;
        let found = shop.accounts()?;
        for (stream, expected) in &self.accounts {
            let (slot, text) = found.get(stream).ok_or("an order is missing")?;
            let is_named = damaged.iter().any(|damaged| damaged.0 == *slot);
            match text {
                _ if (*slot, text) == (expected.0, &expected.1) => {}
                // The text is still gone, and who opens the folder is told of the key.
                Opened::Damaged if is_named => {}
                other => return Err(format!("an account under key {slot} is {other:?} instead of {expected:?}")),
            }
        }
        Ok(!damaged.is_empty() || !shop.folder.contested_keys.is_empty())
    }

    /// Whether checkpoints that were signed, or their key, are damaged, and that was said.
    fn compare_signed(&self, shop: &Shop, dir: &Path, verified: &Verified) -> Result<bool, String> {
        let notary = match &shop.notary {
            Ok(notary) => notary,
            Err(wrong) => {
                is_of_use(wrong, dir)?;
                return Ok(true);
            }
        };
        if notary.verifier() != self.key {
            return Err("it would sign with another key".into());
        }
        let found = match notary.sizes() {
            Ok(sizes) => sizes,
            Err(wrong) => {
                is_of_use(&wrong.to_string(), dir)?;
                return Ok(true);
            }
        };
        let is_said = !verified.is_sound && verified.log_is_sound;
        if found == self.signed {
            return Ok(is_said);
        }
        // Another digit in a size: whoever verifies is told, as is whoever checks what is signed.
        if is_said && found.len() == self.signed.len() {
            return Ok(true);
        }
        // The last one alone may have been torn by a crash, which is logged.
        let Some((_, before)) = self.signed.split_last() else { return Err("checkpoints that nobody signed".into()) };
        if found == before { Ok(true) } else { Err(format!("signed checkpoints of {found:?}")) }
    }
}

struct Verified {
    is_sound: bool,
    /// Whatever is the matter with what was signed.
    log_is_sound: bool,
    remarks: bool,
}

fn path_of(dir: &Path, part: &str) -> String {
    dir.join(part).display().to_string()
}

/// A message that names what is concerned and says what to do.
pub(crate) fn is_of_use(message: &str, dir: &Path) -> Result<(), String> {
    if !message.contains(&dir.display().to_string()) {
        return Err(format!("no file is named: {message}"));
    }
    if advises(message) { Ok(()) } else { Err(format!("no advice: {message}")) }
}

/// A message that says what to do.
pub(crate) fn advises(message: &str) -> bool {
    const ADVICE: [&str; 9] = [
        "restore",
        "put ",
        "use that",
        "start again",
        "start Daybook again",
        "check the disk",
        "make room",
        "remove ",
        "try again",
    ];
    ADVICE.iter().any(|advice| message.contains(advice))
}

/// Every record's bytes, read in a row.
pub(crate) fn records(ledger: &Ledger) -> Result<Vec<Vec<u8>>, String> {
    let (mut found, mut next) = (Vec::new(), Position::FIRST);
    loop {
        let chunk = ledger.read_from(next, 1 << 20).map_err(|error| error.to_string())?;
        let Some(after) = chunk.next() else { return Ok(found) };
        found.extend(chunk.records().map(|record| record.bytes().to_vec()));
        next = after;
    }
}
