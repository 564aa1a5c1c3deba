//! Checking a data folder.

use std::path::Path;

use daybook_ledger::{Finding, SignedRoot, VerifyReport};
use daybook_proof::{Checkpoint, VerifierKey};
use serde_json::json;

use crate::cli::VerifyArgs;
use crate::console::{Console, Ended, out};
use crate::data::Access;
use crate::failure::Failure;

pub(crate) fn run(args: &VerifyArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let key = args.key.as_deref().map(str::parse::<VerifierKey>).transpose()?;
    let (mut signed, wrong) = match daybook_proof::signed_roots(access.dir(), key.as_ref()) {
        Ok(signed) => (signed, None),
        // The records are checked all the same.
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    if let (Some(file), Some(key)) = (&args.checkpoint, &key) {
        signed.push(kept_elsewhere(file, key)?);
    }
    // At rest it is not opened: a folder that refuses to be opened must be examined too.
    let mut report = match access.is_served() {
        true => access.open(console)?.reader.ledger().verify_against(&signed),
        false => daybook_ledger::verify_dir_against(access.dir(), &signed)?,
    };
    if let Some(what) = wrong {
        let file = access.dir().join(daybook_proof::CHECKPOINTS);
        report.findings.push(Finding { file, position: 0, what });
    }
    let text = if args.json { json_line(&report) } else { text(&report) };
    console.print(&text)?;
    Ok(if report.is_sound() { Ended::Well } else { Ended::Wrong })
}

fn kept_elsewhere(file: &Path, key: &VerifierKey) -> Result<SignedRoot, Failure> {
    let failure = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| failure(&error))?;
    let Checkpoint { size, root, .. } = Checkpoint::open(&text, key).map_err(|error| failure(&error))?;
    Ok(SignedRoot { size, root })
}

/// What was checked and what is wrong, for a person.
pub(crate) fn text(report: &VerifyReport) -> String {
    let mut text = String::new();
    out!(
        text,
        "checked {} records of {} streams: {} pages in {} sealed volumes (hashes, Merkle roots, heads), {} batches in \
         {} write-ahead files (checksums, chain), {} pages not sealed yet (against those files, from which \
         {} more are still to be made), positions, revisions and commits without gaps",
        report.records,
        report.streams,
        report.pages,
        report.volumes,
        report.frames,
        report.wal_files,
        report.unsealed_pages,
        report.unsealed_pages_missing
    );
    if report.signed_roots > 0 {
        out!(text, "the root over all records was compared with that of {} signed checkpoints", report.signed_roots);
    }
    for remark in &report.remarks {
        out!(text, "NOTE {} at position {}: {}", remark.file.display(), remark.position, remark.what);
    }
    for found in &report.findings {
        out!(text, "WRONG {} at position {}: {}", found.file.display(), found.position, found.what);
    }
    out!(text, "{}", if report.is_sound() { "sound" } else { "NOT SOUND: restore the folder from a backup" });
    text
}

fn json_line(report: &VerifyReport) -> String {
    let mut text = String::new();
    let listed = |found: &[Finding]| -> Vec<_> {
        found.iter().map(|found| json!({"file": found.file, "position": found.position, "what": found.what})).collect()
    };
    out!(
        text,
        "{}",
        json!({
            "sound": report.is_sound(),
            "volumes": report.volumes,
            "pages": report.pages,
            "walFiles": report.wal_files,
            "frames": report.frames,
            "unsealedPages": report.unsealed_pages,
            "unsealedPagesMissing": report.unsealed_pages_missing,
            "records": report.records,
            "streams": report.streams,
            "signedCheckpoints": report.signed_roots,
            "findings": listed(&report.findings),
            "remarks": listed(&report.remarks),
        })
    );
    text
}
