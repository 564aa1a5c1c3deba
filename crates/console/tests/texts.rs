//! The texts of the pages: no language lacks one, each that a page asks for is there, and each name of the API has its word.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Texts = BTreeMap<String, String>;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every `.js` below a folder of `web`, with its path there.
fn scripts(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(web.join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if web.join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "js") {
                found.push((path.to_str().unwrap().replace('\\', "/"), fs::read_to_string(web.join(&path)).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The keys and texts of one language: one entry a line, `key: "text",`, where a key that is no name stands in quotes.
fn language(file: &str, source: &str, name: &str) -> Texts {
    let block = source.split_once(&format!("\n  {name}: {{\n")).and_then(|(_, rest)| rest.split_once("\n  },\n"));
    let (entries, _) = block.unwrap_or_else(|| panic!("{file} has no {name}"));
    let mut texts = Texts::new();
    for line in entries.lines() {
        let entry = line.strip_prefix("    ").and_then(|rest| rest.strip_suffix(','));
        let quoted = entry.and_then(|entry| entry.split_once(": \""));
        let (key, text) = quoted.unwrap_or_else(|| panic!("{file}: {line}"));
        let key: String = if key.starts_with('"') { serde_json::from_str(key).unwrap() } else { key.to_owned() };
        let text: String =
            serde_json::from_str(&format!("\"{text}")).unwrap_or_else(|error| panic!("{file}: {line}: {error}"));
        assert!(!text.trim().is_empty(), "{file}: {key} has no text in {name}");
        assert_eq!(texts.insert(key, text), None, "{file}: twice in {name}: {line}");
    }
    texts
}

/// Per file, in each language.
fn all_texts() -> BTreeMap<String, [Texts; 2]> {
    let texts = |source: &str, file: &str| ["en", "\"zh-CN\""].map(|name| language(file, source, name));
    scripts("texts").into_iter().map(|(file, source)| (file.clone(), texts(&source, &file))).collect()
}

fn words() -> Texts {
    let [english, _] = all_texts().remove("texts/words.js").unwrap();
    english
}

/// What stands in `{}`; `{s:count}`, which makes a plural, is no more than `{count}`.
fn placeholders(text: &str) -> BTreeSet<&str> {
    let named = text.split('{').skip(1).map(|rest| rest.split_once('}').unwrap_or_else(|| panic!("{text}")).0);
    named.map(|name| name.strip_prefix("s:").unwrap_or(name)).collect()
}

/// Lines that are comments as a whole say nothing.
fn without_comments(source: &str) -> String {
    let is_code = |line: &&str| !["//", "/*", "*"].iter().any(|mark| line.trim_start().starts_with(mark));
    source.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect()
}

/// What stands between quotes, in code whose quotes are not escaped.
fn quoted(source: &str) -> impl Iterator<Item = &str> {
    source.lines().flat_map(|line| line.split('"').skip(1).step_by(2))
}

#[test]
fn no_language_lacks_what_another_has() {
    let mut files_of = BTreeMap::new();
    for (file, [english, chinese]) in all_texts() {
        let keys = |texts: &Texts| texts.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(&english), keys(&chinese), "{file}");
        for (key, text) in english {
            assert_eq!(placeholders(&text), placeholders(&chinese[&key]), "{file}: {key}");
            if let Some(other) = files_of.insert(key.clone(), file.clone()) {
                panic!("{key} stands in {other} and in {file}");
            }
        }
    }
    assert!(files_of.len() > 400, "{}", files_of.len());
}

/// The pages' own code.
fn pages() -> Vec<(String, String)> {
    let mut scripts = scripts("");
    scripts.retain(|(file, _)| !file.starts_with("vendor/") && !file.starts_with("texts/"));
    scripts.into_iter().map(|(file, source)| (file, without_comments(&source))).collect()
}

/// The keys in `t("key"`.
fn asked(source: &str) -> impl Iterator<Item = &str> {
    let calls = source.match_indices("t(\"").filter(|(at, _)| !source[..*at].ends_with(char::is_alphanumeric));
    calls.map(|(at, call)| source[at + call.len()..].split('"').next().unwrap())
}

/// What keys begin with that are put together, as in `page.${name}` between backticks.
fn prefixes(source: &str) -> impl Iterator<Item = &str> {
    let starts = source.split('`').filter_map(|part| Some(part.split_once("${")?.0));
    starts.filter(|start| {
        start.len() > 1 && start.ends_with('.') && start.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
    })
}

#[test]
fn every_text_that_a_page_asks_for_is_there() {
    let keys: BTreeSet<String> = all_texts().into_values().flat_map(|[english, _]| english.into_keys()).collect();
    for (file, source) in pages() {
        for key in asked(&source) {
            assert!(keys.contains(key), "{file} asks for {key}");
        }
        for prefix in prefixes(&source) {
            assert!(keys.iter().any(|key| key.starts_with(prefix)), "{file} asks for {prefix}…");
        }
    }
}

#[test]
fn every_text_is_asked_for() {
    let pages = pages();
    let literals: BTreeSet<&str> = pages.iter().flat_map(|(_, source)| quoted(source)).collect();
    let prefixes: BTreeSet<&str> = pages.iter().flat_map(|(_, source)| prefixes(source)).collect();
    let mut texts = all_texts();
    // They have values to stand for: the tests below.
    texts.remove("texts/words.js");
    for (file, [english, _]) in texts {
        for key in english.keys() {
            let is_asked = literals.contains(&**key) || prefixes.iter().any(|prefix| key.starts_with(prefix));
            assert!(is_asked, "no page asks for {key} of {file}");
        }
    }
}

/// `Enum.VALUE` of every enumeration of the API.
fn enumerations() -> BTreeSet<String> {
    let schema = read("schemas/api.graphql");
    let mut values = BTreeSet::new();
    for part in schema.split("\nenum ").skip(1) {
        let (name, rest) = part.split_once(" {\n").unwrap();
        let mut is_comment = false;
        for line in rest.split("\n}").next().unwrap().lines().map(str::trim) {
            if line == "\"\"\"" {
                is_comment = !is_comment;
            } else if !is_comment {
                values.insert(format!("{name}.{line}"));
            }
        }
    }
    values
}

/// `event.KIND` of every kind, whatever its versions.
fn events() -> BTreeSet<String> {
    let files = fs::read_dir(repository().join("schemas/events")).unwrap();
    let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| format!("event.{}", name.split_once(".v").unwrap().0)).collect()
}

/// `field.PATH` of every field of an order or a SKU that a history may tell a change of.
fn fields() -> BTreeSet<String> {
    let source = without_comments(&read("crates/domain/src/change.rs"));
    let paths = quoted(&source).filter(|text| text.starts_with(|c: char| c.is_ascii_lowercase()));
    paths.map(|path| format!("field.{}", path.replace("{number}", "{n}"))).collect()
}

/// Of those fields, the values that no enumeration of the API has.
fn values() -> BTreeSet<String> {
    let names = read("crates/domain/src/names.rs");
    let bookings = names.split_once("Booking {").unwrap().1.split('}').next().unwrap();
    let told = quoted(bookings).filter(|name| *name != "NONE").map(|name| format!("value.stock.{name}"));
    assert!(read("crates/domain/src/change.rs").contains("\"CONFIRMED\""));
    told.chain(["value.shipment.CONFIRMED".to_owned()]).collect()
}

/// What stands in backticks in the first column of the table below a heading of docs/api.md.
fn first_column(heading: &str) -> BTreeSet<String> {
    let page = read("docs/api.md");
    let below = page.split_once(&format!("\n## {heading}\n")).unwrap().1.split("\n## ").next().unwrap();
    let cells = below.lines().filter(|line| line.starts_with("| `")).map(|line| line.split('|').nth(1).unwrap());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[test]
fn every_name_of_the_api_has_its_word_and_no_other_has() {
    let mut named = BTreeSet::new();
    let mut add = |what: &str, names: BTreeSet<String>, at_least: usize| {
        assert!(names.len() >= at_least, "{what}: {names:?}");
        named.extend(names);
    };
    add("enumerations", enumerations(), 250);
    add("events", events(), 70);
    add("fields", fields(), 35);
    add("values", values(), 5);
    let policies = first_column("What waits, and what happens by itself");
    add("policies", policies.iter().map(|name| format!("policy.{name}")).collect(), 16);
    let codes = first_column("GraphQL errors").into_iter();
    // The last ones are the browser's own, and that of a look-up that was tried too often.
    let codes = codes.chain(["NO_CONNECTION", "UNKNOWN", "LOCKED"].map(str::to_owned));
    add("codes", codes.map(|code| format!("code.{code}")).collect(), 20);
    let words: BTreeSet<String> = words().into_keys().collect();
    let lacking: Vec<_> = named.difference(&words).collect();
    assert!(lacking.is_empty(), "no word for {lacking:?}");
    let idle: Vec<_> = words.difference(&named).collect();
    assert!(idle.is_empty(), "nothing is called {idle:?}");
}
