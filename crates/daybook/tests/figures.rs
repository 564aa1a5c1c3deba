//! Figures without Daybook's code: a script of thirty lines makes them from exported events.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn a_script_rebuilds_the_dashboards_figures_from_events() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut compared = 0;
    for entry in fs::read_dir(root.join("replay-fixtures")).unwrap() {
        let story = entry.unwrap().path();
        let Ok(events) = File::open(story.join("events.jsonl")) else { continue };
        let output = Command::new("python3").arg(root.join("docs/rebuild-figure.py")).stdin(events).output();
        let output = output.expect("python3 is needed for this test");
        assert!(output.status.success(), "{}: {}", story.display(), String::from_utf8_lossy(&output.stderr));
        let rebuilt: Value = serde_json::from_slice(&output.stdout).unwrap();
        let views: Value = serde_json::from_str(&fs::read_to_string(story.join("views.json")).unwrap()).unwrap();
        for (currency, dashboard) in views["dashboard"].as_object().unwrap() {
            let figures = &dashboard["COHORT"]["figures"];
            let minor: String = figures["paidAmount"].as_str().unwrap().chars().filter(char::is_ascii_digit).collect();
            let expected = (figures["paid"].as_u64().unwrap(), minor.parse::<u64>().unwrap());
            let of = |field: &str| rebuilt[currency][field].as_u64().unwrap_or(0);
            assert_eq!((of("paidOrders"), of("paidAmountMinor")), expected, "{} {currency}", story.display());
            compared += 1;
        }
    }
    assert!(compared >= 12, "{compared} stories");
}

#[test]
fn the_script_is_short() {
    let script = include_str!("../../../docs/rebuild-figure.py");
    assert!(script.lines().count() <= 30, "{} lines", script.lines().count());
}
