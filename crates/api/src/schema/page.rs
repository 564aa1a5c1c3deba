//! What all connections share.

use async_graphql::SimpleObject;

use super::error::ApiError;

/// The most that one page may hold.
pub(crate) const MAX_FIRST: usize = 250;
/// What a page holds when nobody says.
pub(crate) const DEFAULT_FIRST: usize = 50;

#[derive(Clone, Debug, Default, SimpleObject)]
pub(crate) struct PageInfo {
    pub(crate) has_next_page: bool,
    pub(crate) has_previous_page: bool,
    pub(crate) start_cursor: Option<String>,
    pub(crate) end_cursor: Option<String>,
}

impl PageInfo {
    pub(crate) fn of<'a>(cursors: impl Iterator<Item = &'a str>, has_next: bool, has_previous: bool) -> Self {
        let mut info = Self { has_next_page: has_next, has_previous_page: has_previous, ..Self::default() };
        for cursor in cursors {
            info.start_cursor.get_or_insert_with(|| cursor.to_owned());
            info.end_cursor = Some(cursor.to_owned());
        }
        info
    }
}

/// How many rows are wanted.
pub(crate) fn first(first: Option<i32>) -> Result<usize, ApiError> {
    let Some(first) = first else { return Ok(DEFAULT_FIRST) };
    usize::try_from(first)
        .ok()
        .filter(|&first| first <= MAX_FIRST)
        .ok_or_else(|| ApiError::Invalid(format!("ask for 0 to {MAX_FIRST} at a time")))
}

/// What a page counts for: all that it may hold.
pub(crate) fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let rows = first.or(last).and_then(|rows| usize::try_from(rows).ok()).unwrap_or(DEFAULT_FIRST);
    1 + rows.min(MAX_FIRST) * child
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if !text.len().is_multiple_of(2) || text.len() > 256 {
        return None;
    }
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
