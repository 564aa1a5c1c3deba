//! Checking a data folder.

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
    let mut text = String::new();
    if args.json {
        let findings: Vec<_> = report
            .findings
            .iter()
            .map(|found| json!({"file": found.file, "position": found.position, "what": found.what}))
            .collect();
        out!(
            text,
            "{}",
            json!({
                "sound": report.is_sound(),
                "volumes": report.volumes,
                "pages": report.pages,
                "walFiles": report.wal_files,
                "frames": report.frames,
                "records": report.records,
                "streams": report.streams,
                "findings": findings,
            })
        );
    } else {
        out!(
            text,
            "checked {} records of {} streams: {} pages in {} sealed volumes (hashes, Merkle roots, heads), {} batches in \
             {} write-ahead files (checksums, chain), positions, revisions and commits without gaps",
            report.records,
            report.streams,
            report.pages,
            report.volumes,
            report.frames,
            report.wal_files
        );
        for found in &report.findings {
            out!(text, "WRONG {} at position {}: {}", found.file.display(), found.position, found.what);
        }
        out!(text, "{}", if report.is_sound() { "sound" } else { "NOT SOUND: restore the folder from a backup" });
    }
    console.print(&text)?;
    Ok(if report.is_sound() { Ended::Well } else { Ended::Wrong })
}
