//! A million orders as tables, to a file, beside rows of the same kind written by the csv library alone.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::fs::{self, File};
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use daybook_api::export::{OrderColumn, Selection, Shown, Which, write_orders};
use daybook_api::{Host, Services};
use daybook_sheets::{Format, Table, Zone};

use crate::fold::in_bulk;
use crate::spread::{per_second, percent};
use crate::usage::{forget_peak, peak_bytes, resident_bytes};
use crate::{orders, pages};

/// Rows that the csv library writes again and again: it need not read what it writes.
const SAMPLE: usize = 10_000;

pub(crate) fn run(dir: &Path, count: u64) {
    let folder = tempfile::tempdir_in(dir).unwrap();
    let engine = orders::engine(&folder.path().join("data"));
    pages::fill(&engine, count);
    let reader = engine.reader();
    let host = Host::new_shared(in_bulk(&reader));
    let services = Services::within(engine, reader, host);
    let which = Which::parse(None, None, false).unwrap();
    let began = Instant::now();
    let selection = Selection::new(&services, &which).unwrap();
    println!("{} orders selected in {:.2?}, {} MB resident", selection.len(), began.elapsed(), resident_bytes() >> 20);
    let mut csv = Duration::ZERO;
    for format in [Format::Csv, Format::Jsonl, Format::Xlsx] {
        let path = folder.path().join(format.extension());
        let before = resident_bytes();
        forget_peak();
        let began = Instant::now();
        let columns = OrderColumn::chosen(None).unwrap();
        let out = BufWriter::with_capacity(1 << 16, File::create(&path).unwrap());
        let mut table = Table::new(format, out, "orders", OrderColumn::headers(&columns), Zone::utc()).unwrap();
        let clear = |_: &daybook_views::query::Row| Shown::Clear;
        write_orders(&services, &selection, &columns, &clear, &mut table, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(table.finish().unwrap().1.rows, count);
        let took = began.elapsed();
        if format == Format::Csv {
            csv = took;
        }
        println!(
            "  {:6} {:>9} rows/s, {:>5} MB, resident {} MB more at its peak",
            format.extension(),
            per_second(count, took),
            fs::metadata(&path).unwrap().len() >> 20,
            peak_bytes().saturating_sub(before) >> 20,
        );
    }
    let limit = plain(&folder.path().join("csv"), &folder.path().join("plain"), count);
    let (ours, limit) = (per_second(count, csv), per_second(count, limit));
    println!("  the csv library alone {limit} rows/s; ours {} % of it", percent(ours, limit));
}

/// As many rows as there are orders, of the kind that stands in `from`.
fn plain(from: &Path, to: &Path, count: u64) -> Duration {
    let mut reader = csv::Reader::from_path(from).unwrap();
    let sample: Vec<csv::StringRecord> = reader.records().take(SAMPLE).map(Result::unwrap).collect();
    let began = Instant::now();
    let mut writer = csv::Writer::from_writer(BufWriter::with_capacity(1 << 16, File::create(to).unwrap()));
    let rows = usize::try_from(count).unwrap();
    sample.iter().cycle().take(rows).for_each(|record| writer.write_record(record).unwrap());
    writer.flush().unwrap();
    began.elapsed()
}
