//! What a file of cards holds: a table, where its first line names a column of secrets, else one secret a line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use daybook_domain::limits::MAX_CARD_BYTES;
use daybook_sheets::{BYTE_ORDER_MARK, Row, SEPARATORS, is_before_all, plain, readings};

use crate::cli::CardsArgs;
use crate::failure::Failure;

/// What a column of secrets is called, in any case.
const COLUMNS: [&str; 9] = ["secret", "card", "code", "key", "cdkey", "cd-key", "卡密", "兑换码", "激活码"];
/// Lines by which a list is judged.
const SAMPLE: usize = 1_000;
/// The longest line, and row, that is read whole: a secret is much shorter.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// A line that is not blank, or a row of a table.
pub(super) struct Found {
    /// From 1; that in which a row begins.
    pub(super) line: u64,
    pub(super) bytes: u64,
    pub(super) secret: Result<String, Bad>,
}

/// Why there is no card in a line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bad {
    Empty,
    TooLong,
    Unseen,
    Name,
    MoreCells,
}

pub(super) type Secrets = Box<dyn Iterator<Item = Result<Found, Failure>>>;

struct Line {
    number: u64,
    bytes: u64,
    text: String,
}

/// Which column of a table holds the secrets.
struct Header {
    /// All of them where there is but one column: whatever separates makes another cell, which it does not have.
    separators: &'static [char],
    columns: usize,
    at: usize,
    name: String,
}

pub(super) fn named(args: &CardsArgs, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("{}: {why}", args.file.display()))
}

pub(super) fn read(args: &CardsArgs) -> Result<Secrets, Failure> {
    let mut lines = lines(args)?.skip_while(|line| line.as_ref().is_ok_and(|line| is_before_all(&line.text)));
    let head: Vec<Line> = lines.by_ref().take(SAMPLE).collect::<Result<_, _>>()?;
    let Some(first) = head.first() else { return Ok(Box::new(std::iter::empty())) };
    let header = if args.lines { None } else { header(args, first)? };
    // A list's own title is no card.
    let titles = usize::from(header.is_some() || is_known(&first.text));
    if header.is_none() && !args.lines {
        refuse_separated(args, &head)?;
    }
    let lines = head.into_iter().map(Ok).chain(lines).skip(titles);
    Ok(match header {
        Some(header) => rows(args, header, lines),
        None => list(args, lines),
    })
}

fn is_known(name: &str) -> bool {
    COLUMNS.contains(&plain(name).as_str())
}

fn header(args: &CardsArgs, first: &Line) -> Result<Option<Header>, Failure> {
    let is_wanted = |name: &str| match &args.column {
        Some(column) => plain(name) == plain(column),
        None => is_known(name),
    };
    let readings = readings(&first.text);
    let mut found = readings.iter().flat_map(|(separators, names)| {
        let wanted = names.iter().enumerate().filter(|(_, name)| is_wanted(name));
        wanted.map(|(at, name)| Header { separators, columns: names.len(), at, name: plain(name) })
    });
    match (found.next(), found.next(), &args.column) {
        (None, _, None) => Ok(None),
        (None, _, Some(column)) => {
            let names = readings.iter().map(|(_, names)| names).max_by_key(|names| names.len());
            let names = names.map_or_else(|| "nothing that can be read".into(), |names| shown(names));
            Err(named(args, &format!("has no column {column:?}; line {} holds {names}", first.number)))
        }
        (found, None, _) => Ok(found),
        (Some(_), Some(_), Some(column)) => Err(named(args, &format!("has several columns {column:?}"))),
        (Some(_), Some(_), None) => {
            let names = readings.iter().flat_map(|(_, names)| names).filter(|name| is_known(name));
            let names: Vec<String> = names.map(|name| name.trim().to_owned()).collect();
            let why = format!("several columns may hold the secrets: name one of {} with --column", names.join(", "));
            Err(named(args, &why))
        }
    }
}

/// The columns' names. What might be a secret, because the line is no header, is not shown.
fn shown(names: &[String]) -> String {
    let is_name = |name: &str| name.len() <= 32 && !name.contains(|c: char| c.is_ascii_digit() || c.is_control());
    let names: Vec<&str> = names.iter().map(|name| if is_name(name) { name.trim() } else { "…" }).collect();
    names.join(", ")
}

/// A list most of whose lines have separators is a table that nobody named the columns of.
fn refuse_separated(args: &CardsArgs, head: &[Line]) -> Result<(), Failure> {
    let texts = head.iter().map(|line| line.text.trim()).filter(|text| !text.is_empty());
    let (all, separated) =
        texts.fold((0, 0), |(all, some), text| (all + 1, some + usize::from(text.contains(SEPARATORS))));
    if 2 * separated < all {
        return Ok(());
    }
    let why = format!(
        "most lines hold a comma, a semicolon or a TAB, and the first line names none of the columns {}. Name the column of \
         secrets with --column (the first line must then name the columns), give one card a line, or say --lines if each \
         line is a secret as it stands",
        COLUMNS.join(", ")
    );
    Err(named(args, &why))
}

/// Blanks at the ends do not count.
fn card(text: &str, column: Option<&str>) -> Result<String, Bad> {
    match text.trim() {
        "" => Err(Bad::Empty),
        text if text.len() > MAX_CARD_BYTES => Err(Bad::TooLong),
        text if text.contains(is_unseen) => Err(Bad::Unseen),
        // Of a file that others were put behind.
        text if is_known(text) || column.is_some_and(|name| plain(text) == name) => Err(Bad::Name),
        text => Ok(text.to_owned()),
    }
}

/// What a person who types or compares a secret does not see; all that the rules refuse in one, and a few more.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn at_line(file: &str, line: u64, why: &str) -> Failure {
    Failure::new(format!("{file}: line {line} {why}"))
}

fn list(args: &CardsArgs, lines: impl Iterator<Item = Result<Line, Failure>> + 'static) -> Secrets {
    let (file, takes_quotes) = (args.file.display().to_string(), args.lines);
    let filled = lines.filter(|line| line.as_ref().map_or(true, |line| !line.text.trim().is_empty()));
    Box::new(filled.map(move |line| {
        let Line { number, bytes, text } = line?;
        if text.trim_start().starts_with('"') && !takes_quotes {
            let why = "begins with a quote: write secret above the list to have it read as CSV, or say --lines if each line \
                       is a secret as it stands";
            return Err(at_line(&file, number, why));
        }
        Ok(Found { line: number, bytes, secret: card(&text, None) })
    }))
}

fn rows(args: &CardsArgs, header: Header, lines: impl Iterator<Item = Result<Line, Failure>> + 'static) -> Secrets {
    let file = args.file.display().to_string();
    let mut lines = lines;
    let mut next = move || -> Result<Option<Found>, Failure> {
        while let Some(first) = lines.next().transpose()? {
            let (line, mut bytes) = (first.number, first.bytes);
            let mut row = Row::new(header.separators);
            let mut is_whole = row.read(&first.text);
            while !is_whole {
                let more = lines.next().transpose()?.filter(|more| bytes + more.bytes <= MAX_LINE_BYTES);
                let Some(more) = more else { return Err(at_line(&file, line, "opens a quote that does not end")) };
                bytes += more.bytes;
                is_whole = row.read(&more.text);
            }
            // Lines after it may have been taken for a part of it.
            let Some(cells) = row.cells() else {
                return Err(at_line(
                    &file,
                    line,
                    "has quotes that are not CSV's: a quote within quotes is written twice",
                ));
            };
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let secret = if cells.iter().skip(header.columns).any(|cell| !cell.trim().is_empty()) {
                Err(Bad::MoreCells)
            } else {
                card(cells.get(header.at).map_or("", String::as_str), Some(&header.name))
            };
            return Ok(Some(Found { line, bytes, secret }));
        }
        Ok(None)
    };
    Box::new(std::iter::from_fn(move || next().transpose()))
}

fn lines(args: &CardsArgs) -> Result<impl Iterator<Item = Result<Line, Failure>> + 'static, Failure> {
    let file = File::open(&args.file).map_err(|error| named(args, &error))?;
    if file.metadata()?.is_dir() {
        return Err(named(args, &"is a folder: name a file"));
    }
    let mut reader = BufReader::new(file);
    if reader.fill_buf().map_err(|error| named(args, &error))?.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    let shown = args.file.display().to_string();
    let mut number = 0_u64;
    Ok(std::iter::from_fn(move || {
        number += 1;
        let mut line = Vec::new();
        match Read::take(&mut reader, MAX_LINE_BYTES).read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(read) if read as u64 == MAX_LINE_BYTES && line.last() != Some(&b'\n') => {
                let why = format!("is longer than {MAX_LINE_BYTES} bytes: is this a list of cards?");
                Some(Err(at_line(&shown, number, &why)))
            }
            Ok(read) => Some(match String::from_utf8(line) {
                Ok(text) => {
                    Ok(Line { number, bytes: read as u64, text: text.trim_end_matches(['\r', '\n']).to_owned() })
                }
                Err(_) => Err(at_line(&shown, number, "is not UTF-8: save the file as UTF-8")),
            }),
            Err(error) => Some(Err(at_line(&shown, number, &error.to_string()))),
        }
    }))
}
