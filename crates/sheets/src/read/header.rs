//! What the first line of a table says.

use super::row::{SEPARATORS, cells};

/// What some programs put before the first line of a text in UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A blank line, or what tells Excel the separator.
pub fn is_before_all(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || SEPARATORS.iter().any(|separator| text.strip_prefix("sep=") == Some(separator.to_string().as_str()))
}

/// A column's name without its case, and the blanks and quotes around it.
pub fn plain(name: &str) -> String {
    name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).to_lowercase()
}

/// A line's cells, by each separator that it has. All separators where there is but one column: whatever separates makes
/// another cell, which it does not have.
pub fn readings(line: &str) -> Vec<(&'static [char], Vec<String>)> {
    if let Some(one) = cells(line, &SEPARATORS).filter(|cells| cells.len() == 1) {
        return vec![(&SEPARATORS, one)];
    }
    let each = SEPARATORS.chunks(1).filter_map(|separator| Some((separator, cells(line, separator)?)));
    each.filter(|(_, cells)| cells.len() > 1).collect()
}
