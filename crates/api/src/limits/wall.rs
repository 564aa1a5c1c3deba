//! The parser, on a stack that holds the deepest that the text could make it descend: should the look at the text ever
//! be wrong about a document, that document is refused, and the process lives on.

use std::thread;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::parser::{Error, parse_query};

use super::measure::measure;

/// Up to so many opening brackets any thread's stack holds.
const SMALL_BRACKETS: usize = 100;
/// Of stack for one bracket: some five times what parsing, measuring and dropping take in a debug build.
const BYTES_A_BRACKET: usize = 32 << 10;
const BYTES_BESIDE: usize = 1 << 20;

/// Parses and measures a document with so many opening brackets. Only one that is as shallow as it looked comes back.
pub(super) fn parse(text: &str, brackets: usize) -> Result<ExecutableDocument, String> {
    if brackets <= SMALL_BRACKETS {
        return parse_here(text);
    }
    let stack_bytes = BYTES_BESIDE + brackets * BYTES_A_BRACKET;
    let parsing = thread::Builder::new().name("daybook-parse".into()).stack_size(stack_bytes);
    thread::scope(|scope| {
        let parsed = parsing.spawn_scoped(scope, || parse_here(text)).map_err(|error| {
            tracing::warn!(%error, stack_bytes, "no thread to parse a document on");
            "the server is too busy for a document with so many brackets; send it again, or split it".to_owned()
        })?;
        parsed.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    })
}

fn parse_here(text: &str) -> Result<ExecutableDocument, String> {
    let document = parse_query(text).map_err(|error| said(&error))?;
    measure(&document)?;
    Ok(document)
}

/// Where it is wrong and what should stand there. The parser's own words show the line, and what stands in it may be a
/// secret.
fn said(error: &Error) -> String {
    let Error::Syntax { message, start, .. } = error else { return error.to_string() };
    let wanted = message.lines().next_back().and_then(|line| line.trim_start().strip_prefix("= "));
    let wanted = wanted.unwrap_or("not understood");
    format!("line {}, column {}: {wanted}", start.line, start.column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_that_fits_is_refused_and_nothing_else_ends() {
        for depth in [3_000, super::super::MAX_BRACKETS - 2] {
            let lists = format!("{{a(b:{}1{})}}", "[".repeat(depth), "]".repeat(depth));
            let objects = format!("{{a(b:{}1{})}}", "{c:".repeat(depth), "}".repeat(depth));
            let default = format!("query ($a:A={}1{}){{a}}", "[".repeat(depth), "]".repeat(depth));
            let typed = format!("query ($a:{}A{}){{a}}", "[".repeat(depth), "]".repeat(depth));
            let directive = format!("{{a @b(c:{}1{})}}", "[".repeat(depth), "]".repeat(depth));
            for text in [lists, objects, default, typed, directive] {
                let why = parse(&text, depth + 2).expect_err("should be refused");
                assert!(why.contains("nested deeper"), "{why}");
            }
            let unclosed = format!("{{a(b:{}", "[".repeat(depth));
            assert!(parse(&unclosed, depth + 2).is_err());
            let fields = format!("{}{}", "{a".repeat(depth), "}".repeat(depth));
            assert!(parse(&fields, depth).is_err());
        }
    }
}
