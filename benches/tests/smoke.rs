//! Every benchmark for a moment, on little.

use std::process::Command;

/// The benchmarks that the command line tells about.
fn told() -> Vec<String> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_daybook-benches")).arg("--help").output().expect("it says how it is used");
    let usage = String::from_utf8_lossy(&output.stdout).into_owned();
    let list = usage.split("\n\n").nth(1).unwrap_or_default();
    list.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn run(args: &[&str], folder: &tempfile::TempDir) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_daybook-benches"))
        .args(args)
        .arg("--dir")
        .arg(folder.path())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("the benchmarks start");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn every_benchmark_runs() {
    let folder = tempfile::tempdir().unwrap();
    let said = run(&["--seconds", "1", "--orders", "2000"], &folder);
    let parts: Vec<&str> = said.split("== ").skip(1).collect();
    let names: Vec<&str> = parts.iter().filter_map(|part| part.lines().next()).collect();
    let told = told();
    assert!(told.len() > 10, "{told:?}");
    assert_eq!(names, told, "{said}");
    for part in parts {
        assert!(part.lines().skip(1).any(|line| line.contains(char::is_numeric)), "no figures: {part}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}

#[test]
fn appends_run_without_peers() {
    let folder = tempfile::tempdir().unwrap();
    let said = run(&["compare", "alone", "--seconds", "1", "--orders", "2000"], &folder);
    for callers in ["1 caller", "64 callers", "512 callers"] {
        let table = said.split(&format!("| {callers} |")).nth(1).unwrap_or_else(|| panic!("{callers}: {said}"));
        for row in ["| bare file, tight loop |", "| bare file, the same hand-off |", "| **Daybook** |"] {
            assert!(table.contains(row), "{row}: {said}");
        }
    }
    assert!(!said.contains("PostgreSQL"), "{said}");
}

#[test]
fn growth_draws_its_chart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("performance.md");
    run(&["growth", "--orders", "10000", "--write", file.to_str().unwrap()], &folder);
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("| placing an order, processor time, 64 callers |"), "{written}");
    let chart = std::fs::read_to_string(folder.path().join("growth.svg")).unwrap();
    assert!(chart.starts_with("<svg") && chart.contains("<polyline"), "{chart}");
}
