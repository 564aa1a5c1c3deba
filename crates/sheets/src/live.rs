//! What a spreadsheet makes of a text in CSV, where nothing says that it is one, and how it is kept a text.
//!
//! The mark is an apostrophe before the cell. Excel and LibreOffice show it and leave the cell alone. A text gets it when
//!
//! - it begins with `= + - @`, or their full-width or small forms, with whatever blanks, invisible characters and quotes
//!   before it, or with a TAB, a line break or another control character: it would be calculated;
//! - it would be read as a number, an amount, a date, a time or a truth value, and so lose zeros, digits or itself: `00123`,
//!   `12345678901234567890`, `1-2`, `1E5`, `5%`, `MAR1`, `2026年1月5日`, `TRUE`.
//!
//! A text that goes on so behind `;`, a TAB or a line break gets the mark there too: to a program that separates cells by
//! something else than a comma, a cell begins there. Numbers, amounts and times get none.

use std::borrow::Cow;

/// What keeps a text a text.
pub const MARK: char = '\'';

/// The text as it is written into CSV.
pub fn disarmed(text: &str) -> Cow<'_, str> {
    let marked = if is_live(text) || is_taken_for_a_value(text) {
        Cow::Owned(format!("{MARK}{text}"))
    } else {
        Cow::Borrowed(text)
    };
    if marked.contains(is_break) { Cow::Owned(within(&marked)) } else { marked }
}

/// What was written as this, where the mark stands before all of it.
pub fn armed(cell: &str) -> &str {
    match cell.strip_prefix(MARK) {
        Some(text) if is_live(text) || is_taken_for_a_value(text) => text,
        Some(_) | None => cell,
    }
}

/// Whether a spreadsheet may calculate what stands in a cell.
pub fn is_live(text: &str) -> bool {
    if text.starts_with(char::is_control) {
        return true;
    }
    begins(text).starts_with(is_operator)
}

/// Behind what spreadsheets pass over at a cell's beginning.
fn begins(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || is_quote(c) || is_invisible(c))
}

fn is_operator(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫' | '−' | '⁺' | '⁻' | '⁼')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '＂' | '＇' | '‘' | '’' | '“' | '”' | '„' | '«' | '»')
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e0fff}')
}

/// Where a cell begins for a program that does not separate by commas.
fn is_break(c: char) -> bool {
    matches!(c, ';' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn within(text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + 8);
    let mut parts = text.split_inclusive(is_break);
    marked.extend(parts.next());
    for part in parts {
        // Blanks between two breaks are a cell of their own.
        if begins(part).starts_with(is_operator) {
            marked.push(MARK);
        }
        marked.push_str(part);
    }
    marked
}

/// Words that stand in what is read as a date or a number.
const WORDS: [&str; 27] = [
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "am",
    "pm",
    "kč",
];

/// Whether a spreadsheet reads a number, a date or a truth value.
pub fn is_taken_for_a_value(text: &str) -> bool {
    let text = begins(text).trim_end();
    if ["true", "false"].iter().any(|value| text.eq_ignore_ascii_case(value)) {
        return true;
    }
    let is_fit = |c: char| c.is_alphanumeric() || c.is_whitespace() || is_of_numbers(c);
    if !text.contains(char::is_numeric) || !text.chars().all(is_fit) || is_uuid(text) {
        return false;
    }
    let mut exponents = 0;
    let mut at = 0;
    for word in text.split(|c: char| !c.is_alphabetic() || is_of_dates(c)) {
        let (before, behind) = (&text[..at], &text[at + word.len()..]);
        // What it was split at is one character.
        at += word.len() + behind.chars().next().map_or(0, char::len_utf8);
        let is_known = word.is_empty()
            || word.chars().all(char::is_numeric)
            || WORDS.iter().any(|known| same(word, known))
            || is_letter_of_a_value(before, word, behind);
        if !is_known {
            return false;
        }
        exponents += usize::from(same(word, "e") || same(word, "d"));
    }
    exponents < 2
}

/// A letter that means something between or behind digits: `1E5`, `1:30 p`, `2026-01-05T10:00Z`. Elsewhere it is a letter,
/// as in `A-1`.
fn is_letter_of_a_value(before: &str, letter: &str, behind: &str) -> bool {
    let ends_in_a_digit = before.trim_end().ends_with(char::is_numeric);
    let goes_on = behind.trim_start_matches(['+', '-', '−']).starts_with(char::is_numeric);
    match letter.to_ascii_lowercase().as_str() {
        "e" | "d" => before.ends_with(|c: char| c.is_numeric() || c == '.') && goes_on,
        "t" => before.ends_with(char::is_numeric) && goes_on,
        "z" => ends_in_a_digit && behind.is_empty(),
        "a" | "p" => ends_in_a_digit && behind.is_empty() && before.contains([' ', '\u{a0}', ':', '：']),
        _ => false,
    }
}

/// Of five groups of digits nothing makes a value.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// What stands between the digits of a number, an amount, a date or a time.
fn is_of_numbers(c: char) -> bool {
    matches!(
        c,
        '.' | ',' | ':' | '/' | '-' | '+' | '(' | ')' | '%' | '\'' | '’' | '$' | '¥' | '£' | '\u{20a0}'
            ..='\u{20cf}' | '．' | '，' | '：' | '／' | '－' | '＋' | '（' | '）' | '％' | '￥' | '＄' | '−' | '–'
    )
}

fn is_of_dates(c: char) -> bool {
    matches!(c, '年' | '月' | '日' | '时' | '時' | '分' | '秒' | '点' | '上' | '下' | '午' | '元' | '号')
}

fn same(word: &str, known: &str) -> bool {
    word.len() == known.len() && word.eq_ignore_ascii_case(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_calculated_is_marked() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1",
            "\u{feff}=1",
            "\u{200b} \u{a0}=1",
            "\"=1\"",
            "'=1",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "\u{3000}＝1",
            "-",
            "\u{0}=1",
            "\tharmless",
        ] {
            assert_eq!(disarmed(text).chars().next(), Some(MARK), "{text:?}");
            if !text.contains(is_break) {
                assert_eq!(armed(&disarmed(text)), text);
            }
        }
    }

    #[test]
    fn what_would_become_a_number_or_a_date_is_marked() {
        for text in [
            "00123",
            "12345678901234567890",
            "1-2",
            "2026/11/25",
            "1E5",
            "5%",
            "¥5",
            "1,234.50",
            "(5)",
            "1:30 pm",
            "1:30 p",
            "1 a",
            "1.5e-7",
            "1.E5",
            "2d3",
            "2026-01-05T10:00",
            "MAR1",
            "1-Sep",
            "2026年1月5日",
            "2026-01-05T00:00:00Z",
            "１２３",
            "true",
            "½",
            " 7 ",
            "13800138000",
        ] {
            assert_eq!(disarmed(text), format!("'{text}"));
            assert_eq!(armed(&disarmed(text)), text);
        }
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in [
            "",
            "N-1",
            "DB-000123",
            "A-1",
            "A1",
            "P-3",
            "E5",
            "1-A",
            "2024A",
            "D-1-E-2",
            "1e2e3",
            "T1000",
            "9d519d20-4285-4855-8123-123456789012",
            "00000000-0000-0000-0000-000000000001",
            "张三",
            "a@example.com",
            "x=1",
            "SF1234567890",
            "O'Neil",
            "a, -b",
            "{\"a\":-1}",
            "卡 100",
        ] {
            assert_eq!(disarmed(text), text);
            assert_eq!(armed(text), text);
        }
        assert_eq!(armed("'tis"), "'tis");
    }

    #[test]
    fn where_another_program_would_begin_a_cell_it_is_marked_too() {
        assert_eq!(disarmed("a;=1"), "a;'=1");
        assert_eq!(disarmed("a\n \"+1"), "a\n' \"+1");
        assert_eq!(disarmed("=1;=2"), "'=1;'=2");
        assert_eq!(disarmed("a; b\tc-d"), "a; b\tc-d");
    }
}
