//! A document's text, before anybody parses it: strings and comments are skipped as the grammar skips them, brackets and
//! `@` counted.

use super::{MAX_BRACKETS, MAX_DIRECTIVES, MAX_DOCUMENT_BYTES, MAX_NESTING};

/// What a text adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scanned {
    /// Brackets within brackets: the parser descends once for each.
    pub(super) nesting: usize,
    /// Opening brackets, those in strings and comments too: no reading of the text can nest deeper.
    pub(super) brackets: usize,
    directives: usize,
}

/// Why the text is refused, or what it adds up to.
pub(super) fn scan(text: &str) -> Result<Scanned, String> {
    if text.len() > MAX_DOCUMENT_BYTES {
        return Err(format!("the document has more than {MAX_DOCUMENT_BYTES} bytes; put values into variables"));
    }
    let scanned = count(text)?;
    if scanned.nesting > MAX_NESTING {
        return Err(format!("the document is nested deeper than {MAX_NESTING} brackets"));
    }
    if scanned.brackets > MAX_BRACKETS {
        return Err(format!("the document has more than {MAX_BRACKETS} opening brackets; put values into variables"));
    }
    if scanned.directives > MAX_DIRECTIVES {
        return Err(format!("the document has more than {MAX_DIRECTIVES} directives"));
    }
    Ok(scanned)
}

fn is_opening(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'(')
}

/// Linear. Refuses a string without an end: the parser would go back and read its beginning as something else.
pub(super) fn count(text: &str) -> Result<Scanned, String> {
    let brackets = text.bytes().filter(|&byte| is_opening(byte)).count();
    let mut scanned = Scanned { brackets, ..Scanned::default() };
    let mut open = 0_usize;
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = match byte {
            b'"' => after_string(rest).ok_or("a string of the document has no end")?,
            b'#' => after_comment(after),
            _ => after,
        };
        match byte {
            b'{' | b'[' | b'(' => open += 1,
            b'}' | b']' | b')' => open = open.saturating_sub(1),
            b'@' => scanned.directives += 1,
            _ => {}
        }
        scanned.nesting = scanned.nesting.max(open);
    }
    Ok(scanned)
}

fn after_comment(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(text.len());
    &text[end..]
}

/// What follows the string that the text begins with; none if it does not end.
fn after_string(text: &[u8]) -> Option<&[u8]> {
    match text.strip_prefix(b"\"\"\"") {
        Some(inner) => after_block(inner),
        None => after_plain(text.strip_prefix(b"\"")?),
    }
}

/// In a block a backslash is nothing special, but for `\"""`.
fn after_block(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        text = match text {
            [b'"', b'"', b'"', after @ ..] => return Some(after),
            [b'\\', b'"', b'"', b'"', after @ ..] => after,
            [_, after @ ..] => after,
            [] => return None,
        };
    }
}

fn after_plain(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        text = match text {
            [b'"', after @ ..] => return Some(after),
            [b'\n' | b'\r', ..] | [] => return None,
            [b'\\', b'\n' | b'\r', ..] | [b'\\'] => return None,
            [b'\\', _, after @ ..] | [_, after @ ..] => after,
        };
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::parser::types::{DocumentOperations, Selection};
    use async_graphql_value::Value;
    use daybook_testkit::random::{self, Random};

    use super::*;

    fn depth(value: &Value) -> usize {
        match value {
            Value::List(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
            Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// How deep the parser nests the values of `{a(…)}`, its own two brackets included; none if it refuses the text.
    fn parsed_depth(text: &str) -> Option<usize> {
        let document = parse_query(text).ok()?;
        let DocumentOperations::Single(operation) = &document.operations else { return None };
        let Selection::Field(field) = &operation.node.selection_set.node.items.first()?.node else { return None };
        let values = field.node.arguments.iter();
        Some(2 + values.map(|(_, value)| depth(&value.node)).max().unwrap_or(0))
    }

    const PARTS: [&str; 16] = [
        "\"\"\"", "\"\"\"", "\"", "\"\"", "\\", "\\\"", "\\\"\"\"", "\\\\", "[", "[", "]", "#", "\n", "\r", " x ", "{",
    ];

    #[test]
    fn the_parser_never_descends_deeper_than_the_text_looks() {
        let mut random = Random::new(random::seed("DAYBOOK_SCAN_SEED"));
        let (mut tried, mut deep) = (0, 0);
        for _ in 0..20_000 {
            let parts = 1 + random.below(9);
            let noise: String = (0..parts).map(|_| random.pick(&PARTS)).collect();
            let inner = if random.per_mille(500) { format!("[{noise}") } else { noise };
            // What the parser is in the middle of is found by ending it in every way.
            for open in 0..4 {
                for quotes in ["", "\"", "\"\"\"", "\n"] {
                    let text = format!("{{a(b:[{inner}{quotes}{}])}}", "]".repeat(open));
                    let Some(parsed) = parsed_depth(&text) else { continue };
                    tried += 1;
                    deep += usize::from(parsed > 3);
                    if let Ok(scanned) = count(&text) {
                        assert!(scanned.nesting >= parsed, "{text:?}: {} for {parsed}", scanned.nesting);
                    }
                }
            }
        }
        assert!(tried > 2_000 && deep > 400, "{tried} documents, {deep} deep");
    }

    #[test]
    fn what_the_grammar_takes_for_strings_is_skipped() {
        let nesting = |text: &str| count(text).map(|scanned| scanned.nesting);
        assert_eq!(nesting(r#"{a(b:"[[[\"[[[")}"#), Ok(2));
        assert_eq!(nesting(r#"{a(b:"""[[[\"""[[[""")}"#), Ok(2));
        assert_eq!(nesting(r#"{a(b:"""\""" """ c:[[[1]]])}"#), Ok(5), "one escape, then the end");
        for endless in [
            r#"{a(b:["""x"[[[["#,
            "{a(b:\"x\n[[[\")}",
            "{a(b:\"x",
            "{a(b:\"x\\",
            r#"{a(b:"""\\""" c:[[[)}"#,
            "\"\"\"\\\"\"\"",
        ] {
            assert!(count(endless).is_err(), "{endless}");
        }
    }
}
