//! What stands in a cell, and what a column is called.

use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    Empty,
    /// Shown as it stands, whatever it holds.
    Text(Cow<'a, str>),
    Integer(i64),
    /// An amount in minor units of a currency with so many decimals: 990 with 2 is `9.90`.
    Money {
        minor: i64,
        places: u32,
    },
    /// A moment: microseconds since 1970-01-01T00:00:00Z. Shown in the table's zone.
    Time(i64),
    Bool(bool),
    /// Texts: a list in JSON, else one text with `, ` between them.
    List(Vec<Cow<'a, str>>),
    /// A JSON value, written already: itself in JSON, else a text.
    Json(Cow<'a, str>),
}

impl<'a> Cell<'a> {
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Cell::Text(text.into())
    }

    pub fn time(micros: Option<i64>) -> Self {
        micros.map_or(Cell::Empty, Cell::Time)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The header, and the key in JSON lines.
    pub name: Cow<'static, str>,
    /// How wide XLSX shows it, in characters.
    pub width: u8,
}

impl Column {
    pub fn new(name: impl Into<Cow<'static, str>>, width: u8) -> Self {
        Self { name: name.into(), width }
    }
}
