//! Documents that would cost more to understand than they are worth are refused before anybody tries. Everything here is
//! linear in the length of the text.

mod measure;
mod scan;
mod wall;

use async_graphql::parser::types::ExecutableDocument;

/// Bytes of one request's body.
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;
/// Bytes of the document; variables may be longer.
const MAX_DOCUMENT_BYTES: usize = 64 << 10;
/// Brackets within brackets: the parser descends once for each.
const MAX_NESTING: usize = 40;
/// Opening brackets, those in strings too.
const MAX_BRACKETS: usize = 4_000;
/// `@` anywhere in the document.
const MAX_DIRECTIVES: usize = 50;
const MAX_FRAGMENTS: usize = 50;
const MAX_OPERATIONS: usize = 20;
const MAX_ALIASES: u64 = 50;
/// Arguments of fields and directives, once all fragments are spread out.
const MAX_ARGUMENTS: u64 = 1_000;
/// Fields of one operation's root, once all fragments are spread out: each may be a question of its own.
const MAX_ROOT_FIELDS: u64 = 50;
/// Fields once all fragments are spread out.
const MAX_FIELDS: u64 = 1_000;
/// Fields within fields.
pub(crate) const MAX_DEPTH: u64 = 15;
/// Fields by the number of times that each may be answered.
pub(crate) const MAX_COMPLEXITY: usize = 50_000;

/// Parses a document, unless it is refused; the text says why.
pub(crate) fn parse(text: &str) -> Result<ExecutableDocument, String> {
    let scanned = scan::scan(text)?;
    wall::parse(text, scanned.brackets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        parse(text).expect_err("should be refused")
    }

    #[test]
    fn ordinary_documents_pass() {
        assert!(parse("query ($a: Int) { a(b: \"{{{{\") { c @skip(if: true) { d } } } # {{{{\n").is_ok());
        assert!(parse(r#"{ a(b: """ {{{ "quoted" \""" """) { c } }"#).is_ok());
    }

    #[test]
    fn deep_documents_are_refused() {
        assert!(refusal(&format!("{}{}", "{a".repeat(16), "}".repeat(16))).contains("16 deep"));
        assert!(refusal(&format!("{}{}", "{a".repeat(20_000), "}".repeat(20_000))).contains("nested"));
        assert!(refusal(&format!("{{a(b:{}{})}}", "[".repeat(10_000), "]".repeat(10_000))).contains("nested"));
    }

    #[test]
    fn aliases_directives_and_sizes_are_bounded() {
        let aliases: String = (0..51).map(|n| format!("a{n}:a ")).collect();
        assert!(refusal(&format!("{{b{{{aliases}}}}}")).contains("aliases"));
        assert!(refusal(&format!("{{a {}}}", "@skip(if:true) ".repeat(51))).contains("directives"));
        assert!(refusal(&format!("{{b{{{}}}}}", "a ".repeat(1_001))).contains("fields"));
        assert!(refusal(&format!("{{a(b:\"{}\")}}", "x".repeat(70_000))).contains("bytes"));
        assert!(refusal(&format!("{{a(b:\"{}\")}}", "[".repeat(4_001))).contains("opening brackets"));
        assert!(refusal(&format!("{{a({})}}", "b:1 ".repeat(1_001))).contains("arguments"));
        assert!(refusal(&format!("{{a @skip({})}}", "if:1 ".repeat(1_001))).contains("arguments"));
        assert!(refusal(&format!("{{{}}}", "a ".repeat(51))).contains("of its root"));
    }

    #[test]
    fn fragments_cannot_explode() {
        let bomb: String = (0..40).map(|n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }} ", n + 1)).collect();
        let bomb = format!("{{ ...f0 }} {bomb} fragment f40 on Query {{ viewer {{ id }} }}");
        let start = std::time::Instant::now();
        assert!(refusal(&bomb).contains("fields"));
        assert!(start.elapsed().as_millis() < 100);
        assert!(
            refusal("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }").contains("spreads itself")
        );
    }
}
