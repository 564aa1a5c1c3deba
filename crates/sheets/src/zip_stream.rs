//! A ZIP archive written from front to back: nothing is sought, nothing is kept but a line for each file.

use std::io::{self, Write};

use crc32fast::Hasher;
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Sizes follow the data; names are UTF-8.
const FLAGS: u16 = 1 << 3 | 1 << 11;
const DEFLATED: u16 = 8;
const VERSION: u16 = 20;
/// 1980-01-01, the first day that the format knows: the same rows give the same bytes.
const DATE: u16 = 1 << 5 | 1;
/// Fast: the text of a table shrinks to about a tenth whatever is tried.
const LEVEL: Compression = Compression::new(1);

struct Entry {
    name: String,
    offset: u32,
    crc: u32,
    packed: u32,
    size: u32,
}

/// Counts what goes through.
struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

pub(crate) struct ZipStream<W: Write> {
    out: Counted<W>,
    entries: Vec<Entry>,
}

/// One file of an archive, as it is written.
pub(crate) struct ZipFile<W: Write> {
    data: DeflateEncoder<Counted<W>>,
    entries: Vec<Entry>,
    name: String,
    start: u64,
    data_start: u64,
    crc: Hasher,
    size: u64,
}

fn too_large() -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        "an XLSX file holds 4 GiB at most: export fewer rows or columns, or as CSV",
    )
}

fn size(bytes: u64) -> io::Result<u32> {
    u32::try_from(bytes).map_err(|_| too_large())
}

impl<W: Write> ZipStream<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out: Counted { out, bytes: 0 }, entries: Vec::new() }
    }

    /// `name` is short.
    pub(crate) fn file(mut self, name: String) -> io::Result<ZipFile<W>> {
        let start = self.out.bytes;
        let mut header = Vec::with_capacity(64);
        header.extend_from_slice(b"PK\x03\x04");
        for field in [VERSION, FLAGS, DEFLATED, 0, DATE] {
            header.extend_from_slice(&field.to_le_bytes());
        }
        header.extend_from_slice(&[0; 12]);
        header.extend_from_slice(&length(&name)?);
        header.extend_from_slice(&[0; 2]);
        header.extend_from_slice(name.as_bytes());
        self.out.write_all(&header)?;
        let data_start = self.out.bytes;
        Ok(ZipFile {
            data: DeflateEncoder::new(self.out, LEVEL),
            entries: self.entries,
            name,
            start,
            data_start,
            crc: Hasher::new(),
            size: 0,
        })
    }

    /// Writes the directory.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let start = self.out.bytes;
        for entry in &self.entries {
            let mut header = Vec::with_capacity(64);
            header.extend_from_slice(b"PK\x01\x02");
            for field in [VERSION, VERSION, FLAGS, DEFLATED, 0, DATE] {
                header.extend_from_slice(&field.to_le_bytes());
            }
            for field in [entry.crc, entry.packed, entry.size] {
                header.extend_from_slice(&field.to_le_bytes());
            }
            header.extend_from_slice(&length(&entry.name)?);
            header.extend_from_slice(&[0; 12]);
            header.extend_from_slice(&entry.offset.to_le_bytes());
            header.extend_from_slice(entry.name.as_bytes());
            self.out.write_all(&header)?;
        }
        let directory = size(self.out.bytes - start)?;
        let files = u16::try_from(self.entries.len()).map_err(|_| too_large())?;
        let mut end = Vec::with_capacity(32);
        end.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        end.extend_from_slice(&files.to_le_bytes());
        end.extend_from_slice(&files.to_le_bytes());
        end.extend_from_slice(&directory.to_le_bytes());
        end.extend_from_slice(&size(start)?.to_le_bytes());
        end.extend_from_slice(&[0; 2]);
        self.out.write_all(&end)?;
        self.out.flush()?;
        Ok(self.out.out)
    }
}

fn length(name: &str) -> io::Result<[u8; 2]> {
    Ok(u16::try_from(name.len()).map_err(|_| too_large())?.to_le_bytes())
}

impl<W: Write> ZipFile<W> {
    /// Bytes so far, before they were packed.
    pub(crate) fn bytes(&self) -> u64 {
        self.size
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.size += bytes.len() as u64;
        self.data.write_all(bytes)
    }

    pub(crate) fn finish(self) -> io::Result<ZipStream<W>> {
        let mut out = self.data.finish()?;
        let entry = Entry {
            name: self.name,
            offset: size(self.start)?,
            crc: self.crc.finalize(),
            packed: size(out.bytes - self.data_start)?,
            size: size(self.size)?,
        };
        let mut descriptor = Vec::with_capacity(16);
        descriptor.extend_from_slice(b"PK\x07\x08");
        for field in [entry.crc, entry.packed, entry.size] {
            descriptor.extend_from_slice(&field.to_le_bytes());
        }
        out.write_all(&descriptor)?;
        let mut entries = self.entries;
        entries.push(entry);
        Ok(ZipStream { out, entries })
    }
}
