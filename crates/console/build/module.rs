//! One of the modules in `web`, in the few forms of import and export that they use.

use std::path::Path;

pub(crate) struct Module {
    /// In `web`.
    pub(crate) path: String,
    /// Paths of what it needs before it runs, in the order of its imports.
    pub(crate) imports: Vec<String>,
    /// Paths of what it fetches when it is wanted.
    pub(crate) later: Vec<String>,
    /// What it takes of which of them, by the name that it has there.
    pub(crate) names: Vec<(String, String)>,
    /// What others may take, by that name, and what it is called inside.
    pub(crate) exports: Vec<(String, String)>,
    /// What it does, in a scope where the modules that it imports are there under their `name_of`.
    pub(crate) body: String,
}

/// What a module is called among those that it is joined with: `desk/list.js` is `$desk_list`.
pub(crate) fn name_of(path: &str) -> String {
    let stem = path.strip_suffix(".js").unwrap_or(path);
    format!("${}", stem.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_"))
}

/// Where `to`, as the module `from` writes it, leads.
fn resolve(from: &str, to: &str) -> Result<String, String> {
    if !to.starts_with("./") && !to.starts_with("../") {
        return Err(format!("{from}: \"{to}\" begins with neither ./ nor ../"));
    }
    let folder = Path::new(from).parent().and_then(Path::to_str).unwrap_or_default();
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in to.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop().ok_or_else(|| format!("{from}: \"{to}\" is not in web"))?),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// `{ a, b as c }` of an import or export, as `(a, a)` and `(b, c)`.
fn renamings(list: &str) -> impl Iterator<Item = (&str, &str)> {
    list.split(',').map(str::trim).filter(|one| !one.is_empty()).map(|one| one.split_once(" as ").unwrap_or((one, one)))
}

/// Where statements begin that only a module has: at the beginning of a line or behind another statement, as published libraries
/// have them. Keys of that name, and `import(…)`, are none.
fn statements<'a>(source: &'a str, keyword: &'a str) -> impl Iterator<Item = usize> + 'a {
    source.match_indices(keyword).map(|(at, _)| at).filter(move |&at| {
        let before = source[..at].trim_end_matches([' ', '\t']);
        let after = &source[at + keyword.len()..];
        let is_longer = after.starts_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$'));
        let begins = before.is_empty() || before.ends_with(['\n', ';', '}']);
        begins && !is_longer && !after.trim_start().starts_with(['(', '.', ':', ',', '=', ')', '}'])
    })
}

impl Module {
    /// Fails where a statement has none of the forms that are known here, and says which.
    pub(crate) fn parse(path: &str, source: &str) -> Result<Self, String> {
        let mut module = Self {
            path: path.to_owned(),
            imports: vec![],
            names: vec![],
            later: vec![],
            exports: vec![],
            body: String::new(),
        };
        let marks =
            statements(source, "import").map(|at| (at, true)).chain(statements(source, "export").map(|at| (at, false)));
        let mut marks: Vec<(usize, bool)> = marks.collect();
        marks.sort_unstable();
        let mut done = 0;
        for (at, is_import) in marks {
            module.body.push_str(&source[done..at]);
            let rest = &source[at..];
            let used = if is_import { module.import(rest) } else { module.export(rest) };
            let line = rest.lines().next().unwrap_or_default();
            let unknown = || format!("{path}: neither import nor export as they are known here: {line}");
            done = at + used.ok_or_else(unknown)?;
        }
        module.body.push_str(&source[done..]);
        for (_, rest) in source.match_indices("import(\"").map(|(at, begin)| (at, &source[at + begin.len()..])) {
            let to = rest.split('"').next().unwrap_or_default();
            module.later.push(resolve(path, to)?);
        }
        Ok(module)
    }

    /// `import { a, b as c } from "./d.js";` and `import a from "./d.js";`: how long the statement is, None if it is another.
    fn import(&mut self, rest: &str) -> Option<usize> {
        let (statement, _) = rest.split_once(';')?;
        let (what, from) = statement.strip_prefix("import")?.split_once("from")?;
        let to = from.trim().strip_prefix('"')?.strip_suffix('"')?;
        let what = what.trim();
        let names: Vec<(&str, &str)> = match what.strip_prefix('{') {
            Some(list) => renamings(list.strip_suffix('}')?).collect(),
            None if what.chars().all(char::is_alphanumeric) => vec![("default", what)],
            None => return None,
        };
        let to = resolve(&self.path, to).ok()?;
        let taken: Vec<String> = names.iter().map(|(name, local)| format!("{name}: {local}")).collect();
        self.body.push_str(&format!("const {{ {} }} = {};", taken.join(", "), name_of(&to)));
        self.names.extend(names.iter().map(|(name, _)| (to.clone(), (*name).to_owned())));
        self.imports.push(to);
        Some(statement.len() + 1)
    }

    /// Of functions, classes and constants where they are declared, or `export{a as b};`: how much of it is not kept.
    fn export(&mut self, rest: &str) -> Option<usize> {
        let after = rest.strip_prefix("export")?;
        if let Some(list) = after.trim_start().strip_prefix('{') {
            let (list, end) = list.split_once('}')?;
            if !end.trim_start().starts_with(';') && !end.trim().is_empty() {
                return None;
            }
            self.exports.extend(renamings(list).map(|(local, name)| (name.to_owned(), local.to_owned())));
            let semicolon = usize::from(end.starts_with(';'));
            return Some(rest.len() - end.len() + semicolon);
        }
        let declared = after.trim_start();
        let is_default = declared.strip_prefix("default ");
        let kept = is_default.unwrap_or(declared);
        if is_default.is_some() && kept.starts_with("function(") {
            self.exports.push(("default".to_owned(), "$default".to_owned()));
            self.body.push_str("const $default = ");
            return Some(rest.len() - kept.len());
        }
        let forms = ["function ", "async function ", "class ", "const "];
        let name = forms.iter().find_map(|form| kept.strip_prefix(form))?;
        let name = name
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .next()
            .filter(|name| !name.is_empty())?;
        let as_what = if is_default.is_some() { "default" } else { name };
        self.exports.push((as_what.to_owned(), name.to_owned()));
        Some(rest.len() - kept.len())
    }
}
