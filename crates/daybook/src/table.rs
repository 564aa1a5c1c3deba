//! Columns for a person.

/// Each column as wide as its widest cell; the last one is not padded.
pub(crate) fn text<const COLUMNS: usize>(
    head: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> String {
    let rows: Vec<[String; COLUMNS]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let widest = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(widest);
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // A label may hold what would break the line or steer a terminal.
            line.extend(cell.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }));
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_line_up_and_a_cell_stays_in_its_line() {
        let rows = [["甲".to_owned(), "x\ny".to_owned()], ["long".to_owned(), String::new()]];
        assert_eq!(super::text(["a", "b"], rows.into_iter()), "a     b\n甲     x\u{fffd}y\nlong\n");
    }
}
