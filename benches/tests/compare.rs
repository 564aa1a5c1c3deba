//! The whole comparison for a moment, with whatever peers can be had.

use std::process::Command;

#[test]
fn every_part_runs_and_writes_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("performance.md");
    std::fs::write(&file, "# Performance\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_daybook-benches"))
        .args(["compare", "--seconds", "1", "--orders", "2000", "--write"])
        .arg(&file)
        .arg("--dir")
        .arg(folder.path())
        // Where peers are kept that were fetched.
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // Not silently.
    said.lines().filter(|line| line.starts_with("**Not there**")).for_each(|line| println!("{line}"));
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.starts_with("# Performance\n"), "{written}");
    for part in ["append", "order", "lists", "history", "folds", "bulk"] {
        assert!(written.contains(&format!("`compare {part}`\n")), "{part} is missing: {written}");
    }
    for row in [
        "| bare file, tight loop |",
        "| **Daybook** |",
        "| **Daybook**, the receipt |",
        "| **Daybook**, GraphQL over HTTP |",
        "| **Daybook**, in process |",
        "| **Daybook**, folded into all views |",
        "orders of one card SKU delivered |",
    ] {
        assert!(written.contains(row), "{row} is missing: {written}");
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "nothing but the file is left");
}
