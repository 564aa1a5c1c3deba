//! Which modules come together, in one file: browsers take longer to ask for thirty files than to read them.
//!
//! ```text
//! app.js          the frame, and what the page that people see first is made of
//! shared.js       what more than one of the other pages needs
//! pages/desk.js   a page, and what only it needs
//! ```
//!
//! Each module stays a scope of its own and runs once, as it would alone; the one of a page is the default export.

use std::collections::{BTreeMap, BTreeSet};

use crate::module::{Module, name_of};

pub(crate) type Modules = BTreeMap<String, Module>;

pub(crate) const SHARED: &str = "shared.js";

pub(crate) struct Chunk {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Other chunks that it needs before it runs.
    pub(crate) needs: BTreeSet<String>,
}

/// What `path` needs before it runs, and then itself; `done` has what is there already.
fn closure<'a>(
    modules: &'a Modules,
    path: &'a str,
    done: &mut Vec<&'a str>,
    under_way: &mut Vec<&'a str>,
) -> Result<(), String> {
    if done.contains(&path) {
        return Ok(());
    }
    if under_way.contains(&path) {
        return Err(format!("{} import one another in a circle", under_way.join(", ")));
    }
    let module = modules.get(path).ok_or_else(|| format!("there is no {path}"))?;
    under_way.push(path);
    for needed in &module.imports {
        closure(modules, needed, done, under_way).map_err(|why| format!("{path}: {why}"))?;
    }
    under_way.pop();
    done.push(path);
    Ok(())
}

fn needed<'a>(modules: &'a Modules, path: &'a str) -> Result<Vec<&'a str>, String> {
    let mut done = Vec::new();
    closure(modules, path, &mut done, &mut Vec::new())?;
    Ok(done)
}

/// `first`: the page that most people begin with.
pub(crate) fn join(modules: &Modules, entry: &str, first: &str) -> Result<Vec<Chunk>, String> {
    let pages: BTreeSet<&str> = modules.values().flat_map(|module| module.later.iter().map(String::as_str)).collect();
    let mut frame = needed(modules, first)?;
    frame.retain(|&path| path != first);
    closure(modules, entry, &mut frame, &mut Vec::new())?;

    for (path, name) in modules.values().flat_map(|module| &module.names) {
        let is_there = |module: &Module| module.exports.iter().any(|(exported, _)| exported == name);
        if !modules.get(path).is_none_or(is_there) {
            return Err(format!("{path} exports no {name}"));
        }
    }

    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    let mut of_pages = Vec::new();
    for &page in &pages {
        let mut own = needed(modules, page)?;
        own.retain(|path| !frame.contains(path));
        own.iter().for_each(|path| *uses.entry(path).or_default() += 1);
        of_pages.push((page, own));
    }
    let mut shared: Vec<&str> = Vec::new();
    for (_, own) in &mut of_pages {
        own.retain(|path| {
            let is_shared = uses[path] > 1;
            if is_shared && !shared.contains(path) {
                shared.push(path);
            }
            !is_shared
        });
    }

    let mut parts = vec![(entry, frame), (SHARED, shared)];
    parts.extend(of_pages);
    let chunk_of: BTreeMap<&str, &str> =
        parts.iter().flat_map(|(chunk, paths)| paths.iter().map(move |path| (*path, *chunk))).collect();
    if let Some(page) = pages.iter().find(|page| chunk_of[**page] != **page) {
        return Err(format!("{page} is both a page and a part of others"));
    }
    // Such a path is written as it leads from the entry.
    let leads =
        |module: &&Module| module.later.is_empty() || (chunk_of[&*module.path] == entry && !module.path.contains('/'));
    if let Some(module) =
        modules.values().filter(|module| chunk_of.contains_key(&*module.path)).find(|module| !leads(module))
    {
        return Err(format!("{}: import() is for modules that stand beside {entry} and come with it", module.path));
    }
    if let Some(lost) = modules.keys().find(|path| !chunk_of.contains_key(path.as_str())) {
        return Err(format!("{lost} is imported by nobody"));
    }
    let names: BTreeSet<String> = modules.keys().map(|path| name_of(path)).collect();
    if names.len() < modules.len() {
        return Err("two modules have names that differ in punctuation alone".to_owned());
    }
    Ok(parts.iter().map(|(chunk, paths)| write(modules, chunk, paths, &chunk_of, pages.contains(chunk))).collect())
}

fn write(modules: &Modules, chunk: &str, paths: &[&str], chunk_of: &BTreeMap<&str, &str>, is_page: bool) -> Chunk {
    let mut from: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for import in paths.iter().flat_map(|&path| &modules[path].imports) {
        let other = chunk_of[import.as_str()];
        if other != chunk {
            from.entry(other).or_default().insert(name_of(import));
        }
    }
    let up = "../".repeat(chunk.matches('/').count());
    let up = if up.is_empty() { "./" } else { &up };
    let mut text = String::new();
    for (other, names) in &from {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        text.push_str(&format!("import {{ {} }} from \"{up}{other}\";\n", names.join(", ")));
    }
    for &path in paths {
        let Module { body, exports, .. } = &modules[path];
        let exports: Vec<String> = exports.iter().map(|(name, local)| format!("{name}: {local}")).collect();
        let (name, body, exports) = (name_of(path), body.trim_end(), exports.join(", "));
        text.push_str(&format!("// {path}\nconst {name} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();\n"));
    }
    if is_page {
        text.push_str(&format!("export default {}.default;\n", name_of(chunk)));
    } else {
        let names: Vec<String> = paths.iter().map(|path| name_of(path)).collect();
        text.push_str(&format!("export {{ {} }};\n", names.join(", ")));
    }
    Chunk { path: chunk.to_owned(), text, needs: from.into_keys().map(str::to_owned).collect() }
}
