//! The script that others check with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use daybook_proof::VerifierKey;
use serde_json::Value;

/// Asks for many in one process: each line is one file.
const ASK: &str = "
import contextlib, io, json, struct, sys
sys.path.insert(0, sys.argv[1])
import verify_evidence
for line in sys.stdin:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            verify_evidence.check(line, sys.argv[2])
        print('proven')
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error, RecursionError) as why:
        print('NOT PROVEN:', str(why).replace(chr(10), ' '))
";

pub(crate) fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// It takes what is genuine and refuses the rest.
pub(crate) fn agrees(key: &VerifierKey, genuine: &[Value], mutated: &[Value], seed: u64) {
    let mut command = Command::new("python3");
    command.args(["-B", "-c", ASK]).arg(docs()).arg(key.to_string());
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        println!("python3 is not installed: docs/verify_evidence.py was not run");
        return;
    };
    let mut input = child.stdin.take().unwrap();
    let lines: String = genuine.iter().chain(mutated).map(|value| format!("{value}\n")).collect();
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    let answers: Vec<&str> = std::str::from_utf8(&output.stdout).unwrap().lines().collect();
    assert_eq!(answers.len(), genuine.len() + mutated.len(), "seed {seed}: it ended early");
    for (at, (answer, value)) in answers.iter().zip(genuine.iter().chain(mutated)).enumerate() {
        assert_eq!(*answer == "proven", at < genuine.len(), "seed {seed}: {answer}:\n{value:#}");
    }
    println!("docs/verify_evidence.py: {} proven, {} not", genuine.len(), mutated.len());
}
