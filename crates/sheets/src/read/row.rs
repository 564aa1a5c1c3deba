//! The cells of one row of a table, as CSV writes them. A row goes on in the next line where a quote is open.

/// What stands between cells.
pub static SEPARATORS: [char; 3] = [',', ';', '\t'];

pub struct Row {
    separators: &'static [char],
    cells: Vec<String>,
    cell: String,
    at: At,
    is_odd: bool,
}

#[derive(Clone, Copy)]
enum At {
    /// Nothing but blanks so far.
    Start,
    Bare,
    Quoted,
    /// A quote that ends the cell, unless another one follows.
    Quote,
    End,
}

impl Row {
    pub fn new(separators: &'static [char]) -> Self {
        Self { separators, cells: Vec::new(), cell: String::new(), at: At::Start, is_odd: false }
    }

    /// Reads a line; false where the row goes on in the next one.
    pub fn read(&mut self, line: &str) -> bool {
        for c in line.chars() {
            self.at = match self.at {
                At::Quoted if c == '"' => At::Quote,
                At::Quote if c == '"' => self.push(c, At::Quoted),
                At::Quoted => self.push(c, At::Quoted),
                _ if self.separators.contains(&c) => self.end_cell(),
                At::Start if c == '"' => {
                    self.cell.clear();
                    At::Quoted
                }
                At::Start if c.is_whitespace() => self.push(c, At::Start),
                At::Start | At::Bare => self.push(c, At::Bare),
                At::Quote | At::End => {
                    self.is_odd |= !c.is_whitespace();
                    At::End
                }
            };
        }
        if matches!(self.at, At::Quoted) {
            self.cell.push('\n');
            return false;
        }
        self.at = self.end_cell();
        true
    }

    fn push(&mut self, c: char, next: At) -> At {
        self.cell.push(c);
        next
    }

    fn end_cell(&mut self) -> At {
        self.cells.push(std::mem::take(&mut self.cell));
        At::Start
    }

    /// None: something follows on a cell's quotes, so that nobody knows where it ends.
    pub fn cells(self) -> Option<Vec<String>> {
        (!self.is_odd).then_some(self.cells)
    }
}

/// The cells of a row that is one line.
pub fn cells(line: &str, separators: &'static [char]) -> Option<Vec<String>> {
    let mut row = Row::new(separators);
    row.read(line).then(|| row.cells()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_separators_and_quotes() {
        let read = |line| cells(line, &SEPARATORS[..1]).map(|cells| cells.join("|"));
        assert_eq!(read(r#"a,"b,""c""", "d" ,e"f,"#).as_deref(), Some(r#"a|b,"c"|d|e"f|"#));
        assert_eq!(read("a;b\tc").as_deref(), Some("a;b\tc"));
        assert_eq!(read(r#"a,"b"c"#), None);
        assert_eq!(read(r#"a,"b" "c""#), None);
        assert_eq!(read(r#"a,"b"#), None);
    }

    #[test]
    fn a_quoted_cell_goes_on_in_the_next_line() {
        let mut row = Row::new(&SEPARATORS[1..2]);
        assert!(!row.read("a;\"b"));
        assert!(!row.read(""));
        assert!(row.read("c\";d"));
        assert_eq!(row.cells().as_deref(), Some(&["a", "b\n\nc", "d"].map(str::to_owned)[..]));
    }
}
