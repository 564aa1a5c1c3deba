//! Whether a document selects anything twice under one name. Then the library merges what it got for both; what is written
//! already cannot be merged.

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// Fragments on different types count as if they were of one. The document was measured: spread out, it has few fields.
pub(super) fn is_distinct(document: &ExecutableDocument) -> bool {
    document.operations.iter().all(|(_, operation)| in_set(document, &operation.node.selection_set.node))
}

fn in_set<'a>(document: &'a ExecutableDocument, set: &'a SelectionSet) -> bool {
    collect(document, set, &mut HashSet::with_capacity(set.items.len()))
}

fn collect<'a>(document: &'a ExecutableDocument, set: &'a SelectionSet, names: &mut HashSet<&'a str>) -> bool {
    set.items.iter().all(|selection| match &selection.node {
        Selection::Field(field) => {
            let field = &field.node;
            let below = &field.selection_set.node;
            names.insert(field.response_key().node.as_str()) && (below.items.is_empty() || in_set(document, below))
        }
        Selection::FragmentSpread(spread) => {
            let fragment = document.fragments.get(&spread.node.fragment_name.node);
            fragment.is_some_and(|fragment| collect(document, &fragment.node.selection_set.node, names))
        }
        Selection::InlineFragment(inline) => collect(document, &inline.node.selection_set.node, names),
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    #[test]
    fn names_may_come_again_elsewhere_alone() {
        let is_distinct = |text: &str| super::is_distinct(&parse_query(text).unwrap());
        for text in [
            "{ a b { a } c: a }",
            "{ ...f } fragment f on Query { a { b } }",
            "{ a { ...f } b { ...f } } fragment f on A { c }",
            "query one { a } query two { a }",
        ] {
            assert!(is_distinct(text), "{text}");
        }
        for text in [
            "{ a a }",
            "{ a: b a }",
            "{ a { b b } }",
            "{ a ...f } fragment f on Query { a }",
            "{ a { b } ... { a { c } } }",
            "{ a @skip(if: true) a }",
            "{ b { ...f ...f } } fragment f on A { c }",
            "query one { a } query two { a a }",
        ] {
            assert!(!is_distinct(text), "{text}");
        }
    }
}
