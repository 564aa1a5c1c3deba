//! What every spreadsheet can hold of a text.

use std::borrow::Cow;

/// UTF-16 units that a cell of a spreadsheet holds. What is longer is cut, and ends with `…`: a program that reads CSV may
/// else begin a new cell, or row, in the middle of it.
pub const MAX_CELL_UNITS: usize = 32_767;

/// Cut to what a cell holds, and control characters other than TAB and line breaks as `�`: XML cannot hold them, and text
/// ends at some of them. Whether it was cut.
pub(crate) fn fitted(text: &str) -> (Cow<'_, str>, bool) {
    // Bytes are never fewer than units.
    let is_long = text.len() > MAX_CELL_UNITS && text.encode_utf16().count() > MAX_CELL_UNITS;
    let mut fitted = Cow::Borrowed(text);
    if is_long {
        fitted = Cow::Owned(cut(text));
    }
    if fitted.contains(is_unfit) {
        fitted = Cow::Owned(fitted.replace(is_unfit, "\u{fffd}"));
    }
    (fitted, is_long)
}

fn cut(text: &str) -> String {
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units >= MAX_CELL_UNITS
    });
    let end = end.map_or(text.len(), |(at, _)| at);
    format!("{}…", &text[..end])
}

fn is_unfit(c: char) -> bool {
    (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters_and_marked() {
        let fits = "字".repeat(MAX_CELL_UNITS);
        assert_eq!(fitted(&fits), (Cow::Borrowed(fits.as_str()), false));
        let long = format!("{fits}字");
        let (short, was_cut) = fitted(&long);
        assert!(was_cut);
        assert_eq!(short.encode_utf16().count(), MAX_CELL_UNITS);
        assert!(short.ends_with("字…"));
        let wide = "😀".repeat(MAX_CELL_UNITS);
        let (short, _) = fitted(&wide);
        assert_eq!(short.encode_utf16().count(), MAX_CELL_UNITS);
    }

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(fitted("a\u{0}b\tc\r\n\u{1b}\u{85}d").0, "a\u{fffd}b\tc\r\n\u{fffd}\u{fffd}d");
    }
}
