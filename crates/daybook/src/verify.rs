//! Checking a data folder.

use std::path::Path;

use daybook_ledger::{Finding, SignedRoot, VerifyReport};
use daybook_proof::{Checkpoint, SignedRoots, VerifierKey};
use serde_json::json;

use crate::cli::VerifyArgs;
use crate::console::{Console, Ended, out};
use crate::data::{self, Access};
use crate::failure::Failure;

pub(crate) fn run(args: &VerifyArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let keys = args.key.iter().map(|key| key.parse()).collect::<Result<Vec<VerifierKey>, _>>()?;
    let own = data::signing_key();
    let signed = daybook_proof::signed_roots(access.dir(), &keys, own.as_ref().map(|key| key.as_str()));
    let (SignedRoots { roots: mut signed, is_signer_known, strangers }, wrong) = match signed {
        Ok(signed) => (signed, None),
        // The records are checked all the same.
        Err(error) => (SignedRoots { is_signer_known: true, ..SignedRoots::default() }, Some(error.to_string())),
    };
    if let Some(file) = &args.checkpoint {
        signed.push(kept_elsewhere(file, &keys)?);
    }
    // At rest it is not opened: a folder that refuses to be opened must be examined too.
    let mut report = match access.is_served() {
        true => access.open(console)?.reader.ledger().verify_against(&signed),
        false => daybook_ledger::verify_dir_against(access.dir(), &signed)?,
    };
    let file = access.dir().join(daybook_proof::CHECKPOINTS);
    if let Some(&first) = strangers.first() {
        let (count, known) = (strangers.len(), daybook_proof::PUBLIC_FILE);
        let what = format!(
            "{count} checkpoints, this one and others, are signed by keys that never signed here, and count for nothing: if a \
             key was yours, write its public half into {known}, a line of its own; else restore this file from a backup"
        );
        report.findings.push(Finding { file: file.clone(), position: first, what });
    }
    if let Some(what) = wrong {
        report.findings.push(Finding { file, position: 0, what });
    }
    let text = if args.json { json_line(&report, is_signer_known) } else { text(&report, is_signer_known) };
    console.print(&text)?;
    Ok(if report.is_sound() { Ended::Well } else { Ended::Wrong })
}

/// Which one of the keys must have signed.
fn kept_elsewhere(file: &Path, keys: &[VerifierKey]) -> Result<SignedRoot, Failure> {
    let failure = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| failure(&error))?;
    let mut found = Err(failure(&"--checkpoint needs the --key that signed it"));
    for key in keys {
        match Checkpoint::open(&text, key) {
            Ok(Checkpoint { size, root, .. }) => return Ok(SignedRoot { size, root }),
            Err(error) => found = Err(failure(&error)),
        }
    }
    found
}

/// What was checked and what is wrong, for a person.
pub(crate) fn text(report: &VerifyReport, is_signer_known: bool) -> String {
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
        let unknown = "; who signed them was not checked, as no key is known here: name one with --key";
        let (signed, unknown) = if is_signer_known { ("signed ", "") } else { ("", unknown) };
        let count = report.signed_roots;
        out!(text, "the root over all records was compared with that of {count} {signed}checkpoints{unknown}");
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

fn json_line(report: &VerifyReport, is_signer_known: bool) -> String {
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
            "isSignerKnown": is_signer_known,
            "findings": listed(&report.findings),
            "remarks": listed(&report.remarks),
        })
    );
    text
}
