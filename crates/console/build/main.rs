//! Makes the files that browsers get of those in `web`, and the tables of them that `src/assets.rs` includes.

mod chunks;
mod module;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use chunks::{Chunk, join};
use module::Module;

const ENTRY: &str = "app.js";
const FIRST_PAGE: &str = "pages/desk.js";
/// What is fetched by its path; of everything else that lies there somebody has to say what it is for.
const FILES: [&str; 4] = [".js", ".css", ".svg", ".webmanifest"];
const NO_FILES: [&str; 3] = ["index.html", "vendor/htm.LICENSE", "vendor/preact.LICENSE"];

fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, PathBuf>) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        // What editors and file managers leave behind.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if path.is_dir() {
            walk(&path, root, found)?;
            continue;
        }
        let name = path.strip_prefix(root).ok().and_then(Path::to_str).unwrap_or_default().replace('\\', "/");
        if FILES.iter().any(|end| name.ends_with(end)) {
            found.insert(name, path);
        } else if !NO_FILES.contains(&&*name) {
            return Err(format!("{}: what is it for?", path.display()));
        }
    }
    Ok(())
}

fn build(web: &Path, out: &Path) -> Result<(), String> {
    let mut found = BTreeMap::new();
    walk(web, web, &mut found)?;
    let (scripts, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(name, _)| name.ends_with(".js"));
    let mut modules = BTreeMap::new();
    for (name, path) in scripts {
        let source = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        modules.insert(name.clone(), Module::parse(&name, &source)?);
    }
    let chunks = join(&modules, ENTRY, FIRST_PAGE)?;
    let mut files: Vec<(&str, PathBuf)> = others.iter().map(|(name, path)| (name.as_str(), path.clone())).collect();
    for Chunk { path, text, .. } in &chunks {
        let to = out.join("web").join(path);
        let parent = to.parent().unwrap_or(out);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&to, text));
        written.map_err(|error| format!("{}: {error}", to.display()))?;
        files.push((path, to));
    }
    let mut table = format!("static FILES: [(&str, &[u8]); {}] = [\n", files.len());
    for (name, path) in &files {
        let _ = writeln!(table, "    ({name:?}, include_bytes!({path:?})),");
    }
    let pages = chunks.iter().filter(|chunk| chunk.path.contains('/'));
    let _ = writeln!(table, "];\nstatic NEEDS: &[(&str, &[&str])] = &[");
    for Chunk { path, needs, .. } in pages {
        let _ = writeln!(table, "    ({path:?}, &{needs:?}),", needs = needs.iter().collect::<Vec<_>>());
    }
    table.push_str("];\n");
    let to = out.join("files.rs");
    fs::write(&to, table).map_err(|error| format!("{}: {error}", to.display()))
}

fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=web");
    let variable = |name| env::var_os(name).map(PathBuf::from).unwrap_or_default();
    if let Err(why) = build(&variable("CARGO_MANIFEST_DIR").join("web"), &variable("OUT_DIR")) {
        println!("cargo::error={why}");
    }
}
