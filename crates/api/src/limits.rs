//! Documents that would cost more to understand than they are worth are refused before anybody tries. Everything here is
//! linear in the length of the text.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet};

/// Bytes of one request's body.
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;
/// Bytes of the document; variables may be longer.
const MAX_DOCUMENT_BYTES: usize = 64 << 10;
/// Brackets within brackets: the parser descends once for each.
const MAX_NESTING: usize = 40;
/// `@` anywhere in the document.
const MAX_DIRECTIVES: usize = 50;
const MAX_FRAGMENTS: usize = 50;
const MAX_OPERATIONS: usize = 20;
const MAX_ALIASES: u64 = 50;
/// Fields once all fragments are spread out.
const MAX_FIELDS: u64 = 1_000;
/// Fields within fields.
pub(crate) const MAX_DEPTH: u64 = 15;
/// Fields by the number of times that each may be answered.
pub(crate) const MAX_COMPLEXITY: usize = 50_000;

/// Parses a document, unless it is refused; the text says why.
pub(crate) fn parse(text: &str) -> Result<ExecutableDocument, String> {
    scan(text)?;
    let document = parse_query(text).map_err(|error| error.to_string())?;
    measure(&document)?;
    Ok(document)
}

/// Looks at the text alone: strings and comments are skipped, brackets and `@` counted.
fn scan(text: &str) -> Result<(), String> {
    if text.len() > MAX_DOCUMENT_BYTES {
        return Err(format!("the document has more than {MAX_DOCUMENT_BYTES} bytes; put values into variables"));
    }
    let mut nesting = 0_usize;
    let mut directives = 0;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => skip_string(text, at, &mut bytes),
            b'#' => {
                bytes.find(|(_, byte)| matches!(byte, b'\n' | b'\r'));
            }
            b'{' | b'[' | b'(' => {
                nesting += 1;
                if nesting > MAX_NESTING {
                    return Err(format!("the document is nested deeper than {MAX_NESTING} brackets"));
                }
            }
            b'}' | b']' | b')' => nesting = nesting.saturating_sub(1),
            b'@' => directives += 1,
            _ => {}
        }
    }
    if directives > MAX_DIRECTIVES {
        return Err(format!("the document has more than {MAX_DIRECTIVES} directives"));
    }
    Ok(())
}

fn skip_string(text: &str, at: usize, bytes: &mut impl Iterator<Item = (usize, u8)>) {
    let is_block = text.as_bytes()[at..].starts_with(b"\"\"\"");
    let mut quotes = 0;
    let mut escaped = false;
    if is_block {
        bytes.nth(1);
    }
    for (_, byte) in bytes {
        if escaped {
            escaped = false;
            quotes = 0;
        } else if byte == b'\\' {
            escaped = true;
            quotes = 0;
        } else if byte == b'"' {
            quotes += 1;
            if !is_block || quotes == 3 {
                return;
            }
        } else if byte == b'\n' && !is_block {
            return;
        } else {
            quotes = 0;
        }
    }
}

/// What a selection adds up to once its fragments are spread out.
#[derive(Clone, Copy, Default)]
struct Size {
    fields: u64,
    aliases: u64,
    depth: u64,
}

impl Size {
    fn add(&mut self, other: Size) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.depth = self.depth.max(other.depth);
    }
}

/// Fragments are measured once each, so that fragments of fragments cannot make this slow.
struct Measuring<'a> {
    document: &'a ExecutableDocument,
    /// None while a fragment is being measured: meeting it again is a cycle.
    fragments: HashMap<&'a Name, Option<Size>>,
}

fn measure(document: &ExecutableDocument) -> Result<(), String> {
    if document.fragments.len() > MAX_FRAGMENTS {
        return Err(format!("the document has more than {MAX_FRAGMENTS} fragments"));
    }
    if let DocumentOperations::Multiple(operations) = &document.operations
        && operations.len() > MAX_OPERATIONS
    {
        return Err(format!("the document has more than {MAX_OPERATIONS} operations"));
    }
    let mut measuring = Measuring { document, fragments: HashMap::new() };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        total.add(measuring.set(&operation.node.selection_set.node)?);
    }
    for name in document.fragments.keys() {
        measuring.fragment(name)?;
    }
    if total.depth > MAX_DEPTH {
        return Err(format!("the document selects fields {} deep; at most {MAX_DEPTH} are answered", total.depth));
    }
    if total.aliases > MAX_ALIASES {
        return Err(format!("the document has more than {MAX_ALIASES} aliases"));
    }
    if total.fields > MAX_FIELDS {
        return Err(format!("the document selects more than {MAX_FIELDS} fields"));
    }
    Ok(())
}

impl<'a> Measuring<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, String> {
        let mut total = Size::default();
        for selection in &set.items {
            total.add(match &selection.node {
                Selection::Field(field) => {
                    let mut size = self.set(&field.node.selection_set.node)?;
                    size.fields = size.fields.saturating_add(1);
                    size.depth = size.depth.saturating_add(1);
                    size.aliases = size.aliases.saturating_add(u64::from(field.node.alias.is_some()));
                    size
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node)?,
            });
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &Name) -> Result<Size, String> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(format!("the fragment {name} spreads itself")),
            None => {}
        }
        // An unknown fragment is the validation's business.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else { return Ok(Size::default()) };
        self.fragments.insert(name, None);
        let size = self.set(&fragment.node.selection_set.node)?;
        self.fragments.insert(name, Some(size));
        Ok(size)
    }
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
        assert!(refusal(&format!("{{{aliases}}}")).contains("aliases"));
        assert!(refusal(&format!("{{a {}}}", "@skip(if:true) ".repeat(51))).contains("directives"));
        assert!(refusal(&format!("{{{}}}", "a ".repeat(1_001))).contains("fields"));
        assert!(refusal(&format!("{{a(b:\"{}\")}}", "x".repeat(70_000))).contains("bytes"));
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
