//! What all of it ran on.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::compare::report::span;
use crate::spread::percentile;

/// One line about the command, the processor, memory, kernel, file system, disk and date.
pub(crate) fn described(dir: &Path) -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    let (half, worst) = sync_latency(dir);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let command: Vec<String> = std::env::args().skip(1).collect();
    format!(
        "`daybook-benches {}` at {}: {}, {cores} cores, {} GiB of memory, {} {}, {}, `fdatasync` of one 4 KiB write p50 {} p99 {}; {}, load before {}.",
        command.join(" "),
        commit(),
        model.trim_start_matches([' ', '\t', ':']),
        kilobytes >> 20,
        said("uname", &["-s"]),
        said("uname", &["-r"]),
        file_system(dir),
        span(half),
        span(worst),
        said("date", &["+%Y-%m-%d %H:%M"]),
        load.split(' ').next().unwrap_or("unknown"),
    )
}

/// What a command says in one line.
fn said(program: &str, args: &[&str]) -> String {
    let said = Command::new(program).args(args).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_owned()
}

/// Of the mount that the folder is on.
fn file_system(dir: &Path) -> String {
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    let around = mounts.filter(|(at, _)| dir.starts_with(at)).max_by_key(|(at, _)| at.len());
    around.map_or("unknown", |(_, kind)| kind).to_owned()
}

/// Of one write of 4 KiB in place: the median, and the 99th percentile.
fn sync_latency(dir: &Path) -> (Duration, Duration) {
    let file = tempfile::tempfile_in(dir).expect("a file");
    let write = |file: &File, at: u64| file.write_all_at(&[7; 4 << 10], at * (4 << 10)).expect("a disk");
    (0..500).for_each(|at| write(&file, at));
    file.sync_all().expect("a disk");
    let mut took: Vec<Duration> = (0..500)
        .map(|at| {
            let begin = Instant::now();
            write(&file, at);
            file.sync_data().expect("a disk");
            begin.elapsed()
        })
        .collect();
    took.sort_unstable();
    (percentile(&took, 500), percentile(&took, 990))
}

/// The commit that this was built from, where git is there to say it.
fn commit() -> String {
    let said = said("git", &["describe", "--always", "--dirty"]);
    if said.is_empty() { "unknown".into() } else { said }
}
