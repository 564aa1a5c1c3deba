//! The script that others check with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use daybook_domain::event::Subject;
use daybook_domain::{Kind, ReasonCode, Role};
use daybook_proof::VerifierKey;
use serde_json::Value;

use crate::bundles::proves;

/// Asks for many in one process: each line is one file.
const ASK: &str = "
import contextlib, io, sys
sys.path.insert(0, sys.argv[1])
import verify_evidence
for line in sys.stdin:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            verify_evidence.check(line, sys.argv[2])
        print('proven')
    except verify_evidence.WRONG as why:
        print('NOT PROVEN:', str(why).replace(chr(10), ' '))
";

pub(crate) fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// What it says of each file; none where there is no Python.
pub(crate) fn answers(key: &str, given: &[String]) -> Option<Vec<String>> {
    let mut command = Command::new("python3");
    command.args(["-B", "-c", ASK]).arg(docs()).arg(key);
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        println!("python3 is not installed: docs/verify_evidence.py was not run");
        return None;
    };
    let mut input = child.stdin.take().unwrap();
    let lines: String = given.iter().map(|text| format!("{}\n", text.replace('\n', " "))).collect();
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    Some(std::str::from_utf8(&output.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// It says the same of each as we do.
pub(crate) fn agrees(key: &VerifierKey, given: &[String], seed: u64) {
    let Some(answers) = answers(&key.to_string(), given) else { return };
    assert_eq!(answers.len(), given.len(), "seed {seed}: it ended early");
    let mut proven = 0;
    for (answer, text) in answers.iter().zip(given) {
        let ours = proves(text, key);
        assert_eq!(answer == "proven", ours, "seed {seed}: {answer}:\n{text}");
        proven += usize::from(ours);
    }
    println!("docs/verify_evidence.py: {proven} proven, {} not", given.len() - proven);
}

/// Its tables are those that events are stored and spelled with.
#[test]
fn the_script_knows_every_kind_role_and_reason() {
    let mut wanted = serde_json::Map::new();
    for kind in Kind::ALL.iter().copied().filter(|kind| kind.subject() == Subject::Order) {
        wanted.insert(format!("kind {}", kind.tag()), kind.name().into());
    }
    Role::ALL.into_iter().for_each(|role| drop(wanted.insert(format!("role {}", role.code()), role.name().into())));
    for reason in ReasonCode::ALL {
        wanted.insert(format!("reason {}", reason.code()), reason.name().into());
    }
    let ask = "
import json, sys
sys.path.insert(0, sys.argv[1])
import verify_evidence as it
tables = {'kind': it.KINDS, 'role': it.ROLES, 'reason': it.REASONS}
print(json.dumps({f'{name} {code}': text for name, table in tables.items() for code, text in table.items()}))
";
    let Ok(output) = Command::new("python3").args(["-B", "-c", ask]).arg(docs()).output() else {
        println!("python3 is not installed: docs/verify_evidence.py was not run");
        return;
    };
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found, Value::from(wanted));
}
