//! Tables as Markdown: printed as they are made, kept for a file.

use std::io;
use std::path::Path;
use std::time::Duration;

/// In the file that holds the tables they stand between these lines.
#[derive(Clone, Copy)]
struct Marks {
    begin: &'static str,
    end: &'static str,
}

const COMPARE: Marks =
    Marks { begin: "<!-- compare: begin; written by `just compare`, not by hand -->", end: "<!-- compare: end -->" };
const GROWTH: Marks =
    Marks { begin: "<!-- growth: begin; written by `just growth`, not by hand -->", end: "<!-- growth: end -->" };

/// Everything that was printed.
pub(crate) struct Report {
    marks: Marks,
    text: String,
}

impl Report {
    pub(crate) fn compare() -> Self {
        Self { marks: COMPARE, text: String::new() }
    }

    pub(crate) fn growth() -> Self {
        Self { marks: GROWTH, text: String::new() }
    }

    pub(crate) fn say(&mut self, text: &str) {
        println!("{text}");
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A paragraph.
    pub(crate) fn note(&mut self, text: &str) {
        self.say(&format!("{text}\n"));
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.say(&format!("### {text}\n"));
    }

    pub(crate) fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        self.say(&line(header.iter().copied()));
        self.say(&line(header.iter().map(|_| "---")));
        for row in rows {
            self.say(&line(row.iter().map(String::as_str)));
        }
        self.say("");
    }

    /// Puts all of it between the two lines of the file, at its end where it has none.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let old = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        std::fs::write(path, spliced(self.marks, &old, &self.text))
    }
}

fn spliced(Marks { begin, end }: Marks, old: &str, text: &str) -> String {
    let block = format!("{begin}\n\n{}\n\n{end}", text.trim());
    match old.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1))) {
        Some((before, after)) => format!("{before}{block}{after}"),
        None if old.is_empty() => format!("{block}\n"),
        None => format!("{}\n\n{block}\n", old.trim_end()),
    }
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let mut line = String::from("|");
    for cell in cells {
        line.push(' ');
        line.push_str(cell);
        line.push_str(" |");
    }
    line
}

/// With a comma at each thousand.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Of thousandths: two digits at least, where there are any.
pub(crate) fn rate(thousandths: u64) -> String {
    match thousandths {
        0..1_000 => format!("0.{thousandths:03}"),
        1_000..10_000 => format!("{}.{}", thousandths / 1_000, thousandths % 1_000 / 100),
        _ => number(thousandths / 1_000),
    }
}

/// In a unit that leaves two or three digits.
pub(crate) fn span(span: Duration) -> String {
    let micros = span.as_micros();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{}.{:02} ms", micros / 1_000, micros % 1_000 / 10),
        10_000..100_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        100_000..10_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

/// How many times as much, with two digits behind the point below ten.
pub(crate) fn times(ours: u64, theirs: u64) -> String {
    match (ours.saturating_mul(100)).checked_div(theirs) {
        None => "–".into(),
        Some(hundredths @ 0..1_000) => format!("{}.{:02}×", hundredths / 100, hundredths % 100),
        Some(hundredths @ 1_000..10_000) => format!("{}.{}×", hundredths / 100, hundredths % 100 / 10),
        Some(hundredths) => format!("{}×", number(hundredths / 100)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_what_stands_around_the_tables() {
        let Marks { begin, end } = COMPARE;
        let first = spliced(COMPARE, "# Speed\n", "one");
        assert_eq!(first, format!("# Speed\n\n{begin}\n\none\n\n{end}\n"));
        let more = format!("{first}\nbelow\n");
        let replaced = spliced(COMPARE, &more, "two\n");
        assert_eq!(replaced, format!("# Speed\n\n{begin}\n\ntwo\n\n{end}\n\nbelow\n"));
        let both = spliced(GROWTH, &replaced, "three");
        assert!(both.starts_with(replaced.trim_end()) && both.ends_with(&format!("three\n\n{}\n", GROWTH.end)));
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [rate(0), rate(851), rate(1_173), rate(9_999), rate(1_234_999)],
            ["0.000", "0.851", "1.1", "9.9", "1,234"]
        );
        assert_eq!([number(0), number(999), number(1_000), number(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([times(1, 0), times(1, 3), times(25, 2), times(5_000, 2)], ["–", "0.33×", "12.5×", "2,500×"]);
        let spans = [150, 2_345, 23_456, 234_567, 23_456_789].map(|micros| span(Duration::from_micros(micros)));
        assert_eq!(spans, ["150 µs", "2.34 ms", "23.4 ms", "234 ms", "23.4 s"]);
    }
}
