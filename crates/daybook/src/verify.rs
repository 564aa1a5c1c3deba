//! Checking a data folder.

use daybook_ledger::{Finding, VerifyReport};
use serde_json::json;

use crate::cli::VerifyArgs;
use crate::console::{Console, Ended, out};
use crate::data::Access;
use crate::failure::Failure;

pub(crate) fn run(args: &VerifyArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    // At rest it is not opened: a folder that refuses to be opened must be examined too.
    let report = match access.is_served() {
        true => access.open(console)?.reader.ledger().verify(),
        false => daybook_ledger::verify_dir(access.dir())?,
    };
    let text = if args.json { json_line(&report) } else { text(&report) };
    console.print(&text)?;
    Ok(if report.is_sound() { Ended::Well } else { Ended::Wrong })
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
            "findings": listed(&report.findings),
            "remarks": listed(&report.remarks),
        })
    );
    text
}
