//! `cargo xtask fuzz`: bytes from anywhere through whatever reads them, with libFuzzer (crates/fuzz).

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

const CRATE: &str = "crates/fuzz";
const TARGETS: [&str; 4] = ["codec", "reader", "import", "graphql"];

/// `args`: for how many seconds each target runs, and which ones; 600 and all if nothing is said. `FUZZ_SEED` is libFuzzer's
/// seed: 1 unless it is set.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let (seconds, named) = match args.split_first().map(|(first, rest)| (first.parse::<u32>(), rest)) {
        Some((Ok(seconds), rest)) => (seconds, rest),
        Some((Err(_), _)) => (600, args),
        None => (600, args),
    };
    if let Some(unknown) = named.iter().find(|name| !TARGETS.contains(&name.as_str())) {
        return Err(format!("there is no target {unknown}; there are {}", TARGETS.join(", ")));
    }
    require("rustup", &["run", "nightly", "rustc", "--version"], "rustup toolchain install nightly")?;
    require("cargo", &["fuzz", "--version"], "cargo install cargo-fuzz --locked")?;
    let seed = std::env::var("FUZZ_SEED").unwrap_or_else(|_| "1".into());
    let chosen = |target: &&str| named.is_empty() || named.iter().any(|name| name == target);
    for target in TARGETS.into_iter().filter(chosen) {
        let corpus = format!("{CRATE}/corpus/{target}");
        let words = seeds(target, Path::new(&corpus)).map_err(|error| format!("{corpus}: {error}"))?;
        let dictionary = format!("-dict={}", words.display());
        let total = format!("-max_total_time={seconds}");
        let seed = format!("-seed={seed}");
        // No sanitizer: the code has no `unsafe` of its own, and several times as many inputs are tried without.
        let fuzz = ["run", "nightly", "cargo", "fuzz", "run", "--fuzz-dir", CRATE, "--sanitizer", "none"];
        let limits = ["-timeout=20", "-rss_limit_mb=4096", "-max_len=16384", "-print_final_stats=1", "-verbosity=0"];
        let features: &[&str] = if target == "graphql" { &["--features", "graphql"] } else { &[] };
        let run = [&fuzz[..], features, &[target, &corpus, "--", &total, &seed, &dictionary], &limits].concat();
        eprintln!("$ rustup {}", run.join(" "));
        let status = Command::new("rustup").args(&run).status().map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("{target}: an input was not read as it must be; it is in {CRATE}/artifacts/{target}"));
        }
    }
    Ok(())
}

fn require(program: &str, args: &[&str], remedy: &str) -> Result<(), String> {
    let is_there = Command::new(program)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    if is_there { Ok(()) } else { Err(format!("`{program} {}` does not run; do `{remedy}`", args.join(" "))) }
}

/// Puts what is known to be read into the corpus, and words of the input's language into a dictionary beside it.
fn seeds(target: &str, corpus: &Path) -> io::Result<std::path::PathBuf> {
    fs::create_dir_all(corpus)?;
    let put = |name: &str, bytes: &[u8]| fs::write(corpus.join(format!("seed-{name}")), bytes);
    let mut words = BTreeSet::new();
    match target {
        "codec" => {
            for (name, bytes) in files(Path::new("replay-fixtures/golden"))? {
                let (kind, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
                words.insert(kind.to_owned());
                match extension {
                    "bin" => put(kind, &[format!("{kind}\n").as_bytes(), &bytes].concat())?,
                    _ => put(&name, &[b"json\n", &bytes[..]].concat())?,
                }
            }
        }
        "reader" => {
            for (name, bytes) in files(&Path::new(CRATE).join("seeds/reader"))? {
                put(&name, &bytes)?;
            }
            words.extend(["DBfr", "DBpg", "page ", "first ", "last ", "daybook-volume 1"].map(str::to_owned));
        }
        "import" => {
            let stories = fs::read_dir("replay-fixtures")?.filter_map(Result::ok).map(|entry| entry.path());
            for story in stories.filter(|path| path.join("commands.jsonl").exists()) {
                let name = story.file_name().unwrap_or_default().to_string_lossy().into_owned();
                put(&name, &fs::read(story.join("commands.jsonl"))?)?;
            }
            let lines = fs::read_to_string("crates/codec/src/tests/canonical.jsonl")?;
            for (number, line) in lines.lines().enumerate() {
                put(&format!("line-{number}"), line.as_bytes())?;
                words.extend(line.split('"').skip(1).step_by(2).map(str::to_owned));
            }
            put("csv", "order,carrier,tracking\r\nA-1,sf,\"SF 1\"\r\n\"A\"\"2\",,\r\n".as_bytes())?;
            put("csv-zh", "订单号;carrier\nA-1;圆通\n".as_bytes())?;
            put("csv-gb18030", b"\xb6\xa9\xb5\xa5\xba\xc5\tcarrier\nA-1\t\xd4\xb2\xcd\xa8\n")?;
        }
        _ => {
            for (name, bytes) in files(&Path::new(CRATE).join("seeds/graphql"))? {
                put(&name, &bytes)?;
            }
            let sdl = fs::read_to_string("schemas/api.graphql")?;
            words.extend(sdl.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
            for (number, field) in root_fields(&sdl).into_iter().enumerate() {
                put(&format!("field-{number}"), field.as_bytes())?;
            }
        }
    }
    let path = corpus.with_extension("dict");
    let is_word = |word: &&String| {
        (2..64).contains(&word.len()) && word.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'\\' | b'"'))
    };
    let lines = words.iter().filter(is_word).map(|word| format!("\"{word}\"\n"));
    fs::write(&path, lines.collect::<String>())?;
    Ok(path)
}

/// A document for each field of the roots, as the schema spells it: types where values belong.
fn root_fields(sdl: &str) -> Vec<String> {
    let mut documents = Vec::new();
    for (root, word) in [("type Query {", "query"), ("type Mutation {", "mutation")] {
        let Some(body) = sdl.split(root).nth(1).and_then(|rest| rest.split("\n}").next()) else { continue };
        let fields = body.lines().map(str::trim).filter(|line| line.contains(": ") && !line.starts_with(['"', '#']));
        documents.extend(fields.map(|field| format!("{word} {{ {field} {{ __typename }} }}")));
    }
    documents
}

fn files(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.push((name, fs::read(path)?));
    }
    Ok(found)
}
