//! What became of an import: nothing is lost without a line here.

use std::collections::BTreeMap;

use daybook_domain::Rejection;
use daybook_engine::Receipt;
use serde_json::json;

use crate::console::{Console, Ended, out};
use crate::failure::Failure;

/// Bad lines that are named one by one; beyond that they are only counted.
const NAMED: usize = 1_000;
/// Lines that are named for each kind of remark.
const SHOWN: usize = 5;

#[derive(Debug, Default)]
pub(super) struct Report {
    new: BTreeMap<&'static str, u64>,
    repeated: BTreeMap<&'static str, u64>,
    /// Rules of today that a fact broke: recorded all the same.
    remarks: BTreeMap<String, Remark>,
    /// What the source holds that is odd, or maps to nothing.
    anomalies: BTreeMap<&'static str, u64>,
    unmapped: Vec<String>,
    bad: Vec<(u64, String)>,
    bad_count: u64,
    is_partial: bool,
}

/// One kind of them.
#[derive(Debug)]
struct Remark {
    count: u64,
    /// The first of them.
    lines: Vec<u64>,
    /// What the first one was about.
    why: String,
}

impl Report {
    pub(super) fn done(&mut self, line: u64, action: &'static str, receipt: &Receipt) {
        let counts = if receipt.repeated { &mut self.repeated } else { &mut self.new };
        *counts.entry(action).or_default() += 1;
        for remark in &receipt.remarks {
            let fresh = || Remark { count: 0, lines: Vec::new(), why: remark.to_string() };
            let of_kind = self.remarks.entry(format!("{action}: {}", remark.code())).or_insert_with(fresh);
            of_kind.count += 1;
            if of_kind.lines.len() < SHOWN {
                of_kind.lines.push(line);
            }
        }
    }

    pub(super) fn refused(&mut self, line: u64, action: &'static str, rejection: &Rejection) {
        if *rejection == Rejection::CommandIdReused {
            // Nobody who imports has chosen an id.
            let why = "a line that said something else was imported in its place before: what is recorded stays. Record \
                       a correction, or put lines that were moved or taken out back where they were";
            return self.bad_line(line, format!("{action}: {}: {why}", rejection.code()));
        }
        self.bad_line(line, format!("{action}: {}: {rejection}", rejection.code()));
    }

    pub(super) fn bad_line(&mut self, line: u64, why: String) {
        self.bad_count += 1;
        if self.bad.len() < NAMED {
            self.bad.push((line, why));
        }
    }

    /// Somebody ended it before the source's end.
    pub(super) fn stopped(&mut self) {
        self.is_partial = true;
    }

    pub(super) fn anomaly(&mut self, class: &'static str) {
        *self.anomalies.entry(class).or_default() += 1;
    }

    pub(super) fn unmapped(&mut self, columns: &[String]) {
        self.unmapped.extend_from_slice(columns);
    }

    /// [`Ended::Wrong`] when a line was not imported, or not reached.
    pub(super) fn print(&self, as_json: bool, console: &mut Console<'_>) -> Result<Ended, Failure> {
        let mut text = String::new();
        let new: u64 = self.new.values().sum();
        let repeated: u64 = self.repeated.values().sum();
        // Answers come later than what is found while reading.
        let mut bad: Vec<&(u64, String)> = self.bad.iter().collect();
        bad.sort_by_key(|(line, _)| *line);
        if as_json {
            let bad: Vec<_> = bad.into_iter().map(|(line, why)| json!({"line": line, "why": why})).collect();
            out!(
                text,
                "{}",
                json!({
                    "imported": new,
                    "importedByAction": self.new,
                    "alreadyThere": repeated,
                    "remarks": self.remarks.iter().map(|(what, of)| (what, of.count)).collect::<BTreeMap<_, _>>(),
                    "remarksFirst": self.remarks.iter().map(|(what, of)| json!({"what": what, "lines": of.lines, "why": of.why})).collect::<Vec<_>>(),
                    "anomalies": self.anomalies,
                    "unmappedColumns": self.unmapped,
                    "notImported": self.bad_count,
                    "badLines": bad,
                    "stopped": self.is_partial,
                })
            );
        } else {
            out!(text, "{new} actions imported, {repeated} were there already, {} not imported", self.bad_count);
            section(&mut text, "imported", &self.new);
            section(&mut text, "odd in the source", &self.anomalies);
            if !self.remarks.is_empty() {
                out!(text, "recorded, though today's rules would refuse it:");
                for (what, Remark { count, lines, why }) in &self.remarks {
                    let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
                    out!(text, "  {count:>8}  {what}: {why} (first in line {})", lines.join(", "));
                }
            }
            if !self.unmapped.is_empty() {
                out!(text, "columns that map to nothing: {}", self.unmapped.join(", "));
            }
            for (line, why) in bad {
                out!(text, "line {line}: {why}");
            }
        }
        console.print(&text)?;
        if self.is_partial {
            console.say("stopped before the end: run the same import again and it goes on from there");
        }
        Ok(if self.bad_count == 0 && !self.is_partial { Ended::Well } else { Ended::Wrong })
    }
}

fn section<K: std::fmt::Display>(text: &mut String, title: &str, counts: &BTreeMap<K, u64>) {
    if counts.is_empty() {
        return;
    }
    out!(text, "{title}:");
    for (what, count) in counts {
        out!(text, "  {count:>8}  {what}");
    }
}
