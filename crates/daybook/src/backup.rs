//! Copies of the log, and data folders out of them.

use std::path::Path;
use std::process::ExitCode;

use daybook_engine::Journal;
use daybook_ledger::{BackupReport, Position, RestoreReport, restore_with};
use daybook_proof::{SignedRoots, VerifierKey, copy_checkpoints, signed_roots};
use serde_json::json;

use crate::cli::{BackupArgs, RestoreArgs};
use crate::console::{self, Console, Ended};
use crate::data::Access;
use crate::failure::Failure;

pub(crate) fn run(args: &BackupArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    if is_within(&args.to, access.dir()) {
        return Err(Failure::new(format!(
            "{} lies in the data folder, and would be lost with it: name a folder elsewhere",
            args.to.display()
        )));
    }
    let opened = access.open(console)?;
    let report = opened.reader.ledger().back_up(&args.to)?;
    // What was signed meanwhile is of records that may not be in it.
    copy_checkpoints(access.dir(), &args.to, report.last)?;
    // Who was erased meanwhile too: what is restored may end before.
    Journal::add_all_of(opened.reader.vault(), &args.to, opened.reader.ledger().id())?;
    console.print(&if args.json { json_of(&report) } else { text_of(&report, &args.to) })?;
    Ok(Ended::Well)
}

/// Also of what is not there yet.
fn is_within(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    path.ancestors().filter_map(|above| above.canonicalize().ok()).any(|above| above.starts_with(&folder))
}

fn text_of(report: &BackupReport, to: &Path) -> String {
    let BackupReport { last, before, volumes, copied_volumes, bytes } = report;
    format!(
        "{}: everything up to position {last}, {} events more than before; {volumes} sealed volumes, {copied_volumes} of them copied \
         now; {bytes} bytes written\nThe keys are not in it: `daybook restore` needs a copy of the key file too\n",
        to.display(),
        last - before
    )
}

fn json_of(report: &BackupReport) -> String {
    let BackupReport { last, before, volumes, copied_volumes, bytes } = report;
    let text =
        json!({"last": last, "before": before, "volumes": volumes, "copiedVolumes": copied_volumes, "bytes": bytes});
    format!("{text}\n")
}

pub(crate) fn restore(args: &RestoreArgs) -> Result<ExitCode, Failure> {
    let until = args.to_position.map(|position| {
        Position::new(position).ok_or_else(|| Failure::new("positions begin at 1: name one, or none for all of it"))
    });
    let dir = &args.data.data;
    let keys = args.key.iter().map(|key| key.parse()).collect::<Result<Vec<VerifierKey>, _>>()?;
    let SignedRoots { roots: signed, strangers, .. } = signed_roots(&args.backup, &keys, None)?;
    if let Some(size) = strangers.first() {
        return Err(Failure::new(format!(
            "{}: the checkpoint of {size} records is signed by a key that never signed here: name with --key those that did",
            args.backup.display()
        )));
    }
    if signed.is_empty() && !keys.is_empty() {
        return Err(Failure::new(format!(
            "{} has no checkpoint, so that nothing shows whose it is; without --key it is restored as it is",
            args.backup.display()
        )));
    }
    let (mut checkpoints, mut erasures) = (0, 0);
    let report = restore_with(&args.backup, dir, until.transpose()?, &signed, |ledger, last| {
        checkpoints = copy_checkpoints(&args.backup, dir, last)?;
        erasures = Journal::load(&args.backup, ledger)?.add_to(dir, ledger)?;
        Ok(())
    })?;
    let RestoreReport { ledger, last, backup, volumes, records, signed } = report;
    if args.json {
        let text = json!({"ledger": ledger.to_string(), "last": last, "backup": backup, "volumes": volumes, "records": records,
            "checkpoints": checkpoints, "signedUpTo": signed, "isKeyGiven": !keys.is_empty(), "erasures": erasures});
        console::print(&format!("{text}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let left_out = if last < backup { format!("; the backup goes on to {backup}") } else { String::new() };
    console::print(&format!(
        "{}: ledger {ledger} up to position {last}{left_out}; {volumes} sealed volumes; all {records} events were checked, and {checkpoints} checkpoints\n",
        dir.display()
    ))?;
    console::print(&match signed {
        0 => "Nobody signed any of it\n".to_owned(),
        _ if signed == last => "All of it is as it was signed\n".to_owned(),
        _ => format!("It is as it was signed up to position {signed}; for what comes after nobody vouches\n"),
    })?;
    if keys.is_empty() && signed > 0 {
        console::print("Who signed was not checked: name the public key with --key\n")?;
    }
    if erasures > 0 {
        console::print(&format!(
            "{erasures} keys were erased up to the last backup: they stay so, whatever copy of the key file comes here and wherever \
             this log ends\n"
        ))?;
    }
    if !dir.join("keys").exists() {
        console::print(&format!(
            "Before it is opened: daybook keys restore --data {} --from COPY, the newest copy of the key file, with its master key\n",
            dir.display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
