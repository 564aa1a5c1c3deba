//! How modules become the files that browsers fetch. That these then run, the tests in a browser show.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

#[path = "../build/chunks.rs"]
mod chunks;
#[path = "../build/module.rs"]
mod module;

use chunks::{Chunk, Modules, join};
use module::Module;

fn parsed(path: &str, source: &str) -> Module {
    Module::parse(path, source).unwrap_or_else(|why| panic!("{why}"))
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

#[test]
fn each_form_of_import_and_export_is_known() {
    let source = "import a from \"../a.js\";\nimport { b, c as d } from \"./c.js\";\n\nexport const e = 1;\n\
                  export async function f() {}\nexport class G {}\nexport default function H() {}\n";
    let module = parsed("desk/x.js", source);
    assert_eq!(module.imports, ["a.js", "desk/c.js"]);
    assert_eq!(module.names, pairs(&[("a.js", "default"), ("desk/c.js", "b"), ("desk/c.js", "c")]));
    assert_eq!(module.exports, pairs(&[("e", "e"), ("f", "f"), ("G", "G"), ("default", "H")]));
    let body = "const { default: a } = $a;\nconst { b: b, c: d } = $desk_c;\n\nconst e = 1;\nasync function f() {}\nclass G {}\nfunction H() {}\n";
    assert_eq!(module.body, body);
}

#[test]
fn libraries_as_they_are_published_are_known() {
    let module = parsed(
        "v/h.js",
        "import{options as n}from\"./p.js\";var t=n;function u(){}export{t as useState,u as default};",
    );
    assert_eq!(module.imports, ["v/p.js"]);
    assert_eq!(module.exports, pairs(&[("useState", "t"), ("default", "u")]));
    assert_eq!(module.body, "const { options: n } = $v_p;var t=n;function u(){}");
    let module = parsed("htm.js", "var n=1;export default function(s){return n}");
    assert_eq!(module.body, "var n=1;const $default = function(s){return n}");
    assert_eq!(module.exports, pairs(&[("default", "$default")]));
}

#[test]
fn words_in_texts_and_names_are_no_statements() {
    let source = "const importer = 1;\nimporter.export();\nconst texts = {\n  export: 1,\n};\n// import of what is here\n\
                  const text = \"to export what\";\nconst page = () => import(\"./pages/a.js\");\n";
    let module = parsed("app.js", source);
    assert_eq!((module.body.as_str(), module.later), (source, vec!["pages/a.js".to_owned()]));
}

#[test]
fn what_is_not_known_is_refused_with_its_line() {
    for source in [
        "import * as a from \"./a.js\";",
        "import*as a from\"./a.js\";",
        "import \"./a.js\";",
        "import\"./a.js\";",
        "  import a from \"./a.js\"",
        "export let a = 1;",
        "export\tlet a = 1;",
        "export * from \"./a.js\";",
        "export*from\"./a.js\";",
        "export { a } from \"./a.js\";",
        "import { a } from \"a\";",
        "import { a } from \"../../a.js\";",
    ] {
        let why = Module::parse("x.js", &format!("\n{source}\n")).err().unwrap_or_else(|| panic!("{source} is taken"));
        assert!(why.starts_with("x.js: "), "{why}");
    }
}

fn joined(sources: &[(&str, &str)]) -> Result<Vec<Chunk>, String> {
    let modules: Modules = sources.iter().map(|(path, source)| ((*path).to_owned(), parsed(path, source))).collect();
    join(&modules, "app.js", "pages/a.js")
}

const SHOP: [(&str, &str); 6] = [
    (
        "app.js",
        "import { ui } from \"./ui.js\";\nconst pages = [import(\"./pages/a.js\"), import(\"./pages/b.js\"), import(\"./pages/c.js\")];\n",
    ),
    ("ui.js", "export const ui = 1;\n"),
    ("list.js", "export const list = 1;\n"),
    ("pages/a.js", "import { ui } from \"../ui.js\";\nexport default function A() {}\n"),
    ("pages/b.js", "import { list } from \"../list.js\";\nexport default function B() {}\n"),
    (
        "pages/c.js",
        "import { list } from \"../list.js\";\nimport { ui } from \"../ui.js\";\nexport default function C() {}\n",
    ),
];

#[test]
fn a_module_is_in_one_file_after_what_it_needs() {
    let chunks = joined(&SHOP).unwrap();
    let texts: Vec<(&str, Vec<&str>)> = chunks
        .iter()
        .map(|Chunk { path, text, .. }| {
            (path.as_str(), text.lines().filter_map(|line| line.strip_prefix("// ")).collect())
        })
        .collect();
    let wanted = [
        ("app.js", vec!["ui.js", "app.js"]),
        ("shared.js", vec!["list.js"]),
        ("pages/a.js", vec!["pages/a.js"]),
        ("pages/b.js", vec!["pages/b.js"]),
        ("pages/c.js", vec!["pages/c.js"]),
    ];
    assert_eq!(texts, wanted);
    let page = &chunks[4];
    assert_eq!(page.needs.iter().collect::<Vec<_>>(), ["app.js", "shared.js"]);
    assert!(
        page.text.starts_with("import { $ui } from \"../app.js\";\nimport { $list } from \"../shared.js\";\n"),
        "{}",
        page.text
    );
    assert!(page.text.ends_with("export default $pages_c.default;\n"), "{}", page.text);
}

#[test]
fn what_cannot_run_is_not_joined() {
    let with = |more: (&'static str, &'static str)| {
        let mut sources = SHOP.to_vec();
        sources.retain(|(path, _)| *path != more.0);
        sources.push(more);
        joined(&sources).err().unwrap_or_else(|| panic!("{more:?} is taken"))
    };
    assert!(with(("ui.js", "import { ui } from \"./app.js\";\n")).contains("in a circle"));
    assert!(with(("ui.js", "import { no } from \"./no.js\";\n")).contains("there is no no.js"));
    assert!(with(("lost.js", "const lost = 1;\n")).contains("imported by nobody"));
    assert!(with(("app.js", "import { no } from \"./ui.js\";\n")).contains("ui.js exports no no"));
    let b = "import B from \"./b.js\";\nexport default function A() {}\n";
    assert!(with(("pages/a.js", b)).contains("both a page and a part of others"));
    assert!(with(("pages/a.js", "const more = () => import(\"./b.js\");\n")).contains("import()"));
}
