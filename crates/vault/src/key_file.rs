//! The key file on its disk: opening, the three kinds of write, and syncs that are shared and never retried.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::disk::{Disk, overwrite};
use crate::error::{WriteError, advice};
use crate::hashes::Keys;
use crate::layout::{
    HEADER_BYTES, HEADER_PAGE_BYTES, Header, HeaderFault, KeyPart, SLOT_BYTES, SUBJECT_AT, SlotId, SubjectHash,
    SubjectPart, array_at, decode_header, decode_key, decode_subject, encode_erased, encode_header, encode_subject,
    file_bytes, slot_offset,
};
use crate::table::{SlotState, Table};

/// Why a key file does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("there is no key file at {path}: put it back from a backup; without it sealed data cannot be read")]
    Missing { path: PathBuf },
    #[error("{path} is not a key file")]
    NotAKeyFile { path: PathBuf },
    #[error("{path} has key file format {version}, which this version does not know: use a newer daybook")]
    UnknownFormat { path: PathBuf, version: u32 },
    #[error("both headers of the key file {path} are damaged: restore it from a backup")]
    HeaderDamaged { path: PathBuf },
    #[error(
        "the master key does not fit the key file {path}: put back the one with which the file was created, or the newest one if it was rotated"
    )]
    WrongMasterKey { path: PathBuf },
    #[error("the key file {path} was cut off: {actual_bytes} of {expected_bytes} bytes; restore it from a backup")]
    Truncated { path: PathBuf, expected_bytes: u64, actual_bytes: u64 },
    #[error(
        "a header of the key file {path} is damaged and so is slot {slot}, which only it may count: restore it from a backup"
    )]
    TailDamaged { path: PathBuf, slot: SlotId },
    #[error("could not read or repair the key file {path}: {}: {source}", advice(source))]
    Io { path: PathBuf, source: io::Error },
}

/// What opening the key file found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// Must be the ledger's id.
    pub id: Uuid,
    /// Slots in the file.
    pub prepared: u32,
    /// Slots from 0 that are never handed out again, as far as the file knows.
    pub handed_out: u32,
    pub erased: u32,
    /// Slots whose key is damaged. What was sealed under them cannot be read.
    pub damaged: Vec<SlotId>,
    /// Slots whose subject is damaged: relearned from the log.
    pub subject_damaged: Vec<SlotId>,
    /// A subject with two live slots (the one in use, the other). Erasing that subject must erase both.
    pub duplicates: Vec<(SlotId, SlotId)>,
    /// One of the two headers was damaged and has been written again.
    pub header_repaired: bool,
    /// Bytes of slots that a crash kept from being counted. They were never handed out, and are cut off.
    pub leftover_bytes: u64,
}

pub(crate) struct KeyFile {
    disk: Box<dyn Disk>,
    header: Header,
    /// Slots that the newest durable header counts.
    prepared: AtomicU32,
    /// The header page to write next: the older one.
    next_page: AtomicU32,
    /// Number of the last write, and of the last write that is durable.
    written: AtomicU64,
    synced: AtomicU64,
    poisoned: AtomicBool,
    sync_turn: Mutex<()>,
}

impl KeyFile {
    /// Reads and checks the whole file; unwraps nothing. `path` only names the file in errors.
    pub(crate) fn open(
        disk: Box<dyn Disk>,
        keys: Keys,
        path: &Path,
    ) -> Result<(KeyFile, Keys, Table, OpenReport), OpenError> {
        let io = |source| OpenError::Io { path: path.to_owned(), source };
        let Headers { pages, newest: mut header, length } = Headers::read(disk.as_ref(), &keys, path)?;
        // Its tag says that it is whole; that the master key is right was checked.
        let keys = keys.of_header(&header).ok_or_else(|| OpenError::HeaderDamaged { path: path.to_owned() })?;
        let damaged_page = pages.iter().position(Result::is_err);

        let counted = file_bytes(header.prepared);
        if length < counted {
            return Err(OpenError::Truncated { path: path.to_owned(), expected_bytes: counted, actual_bytes: length });
        }
        let mut leftover_bytes = length - counted;
        let first_adopted = SlotId(header.prepared);
        if damaged_page.is_some() && leftover_bytes > 0 {
            // The damaged header may have been the newer one. Then these slots were synced before it was written, so
            // they are whole, and may be in use.
            header.prepared = adopt(disk.as_ref(), header.prepared, length, path)?;
            leftover_bytes = 0;
        }
        if leftover_bytes > 0 {
            // Both headers are sound: a crash came between writing these slots and counting them.
            disk.set_len(counted).map_err(io)?;
        }
        let page = damaged_page.unwrap_or_else(|| older(&pages));
        settle(disk.as_ref(), first_adopted, &header, page).map_err(io)?;

        let mut report = OpenReport {
            id: header.id,
            prepared: header.prepared,
            handed_out: 0,
            erased: 0,
            damaged: Vec::new(),
            subject_damaged: Vec::new(),
            duplicates: Vec::new(),
            header_repaired: damaged_page.is_some(),
            leftover_bytes,
        };
        let table = read_table(disk.as_ref(), header.prepared, &mut report).map_err(io)?;
        let file = KeyFile {
            disk,
            prepared: AtomicU32::new(header.prepared),
            header,
            next_page: AtomicU32::new(u32::from(page == 0)),
            // What an earlier process wrote may not be durable yet, so the first sync is not skipped.
            written: AtomicU64::new(1),
            synced: AtomicU64::new(0),
            poisoned: AtomicBool::new(false),
            sync_turn: Mutex::new(()),
        };
        Ok((file, keys, table, report))
    }

    /// As the newest durable header has it.
    pub(crate) fn header(&self) -> Header {
        Header { prepared: self.prepared.load(Ordering::Acquire), ..self.header }
    }

    pub(crate) fn read_slots(&self, first: SlotId, bytes: &mut [u8]) -> io::Result<()> {
        self.disk.read_exact_at(bytes, slot_offset(first))
    }

    /// Overwrites all of it with zeros, once another file has taken its place. Nothing is written to it afterwards.
    pub(crate) fn destroy(&self) -> io::Result<()> {
        self.poisoned.store(true, Ordering::Release);
        overwrite(self.disk.as_ref())
    }

    pub(crate) fn id(&self) -> Uuid {
        self.header.id
    }

    pub(crate) fn read_slot(&self, slot: SlotId) -> io::Result<[u8; SLOT_BYTES]> {
        let mut bytes = [0; SLOT_BYTES];
        self.disk.read_exact_at(&mut bytes, slot_offset(slot))?;
        Ok(bytes)
    }

    /// Not synced: relearned from the log after a crash.
    pub(crate) fn write_subject(&self, slot: SlotId, subject: &SubjectHash) -> Result<(), WriteError> {
        self.write(&encode_subject(slot, subject), slot_offset(slot) + SUBJECT_AT as u64)?;
        Ok(())
    }

    /// Overwrites key and subject. Durable only after a sync.
    pub(crate) fn write_erased(&self, slot: SlotId) -> Result<(), WriteError> {
        self.write(&encode_erased(slot), slot_offset(slot))?;
        Ok(())
    }

    /// Appends filled slots, syncs them, then counts them in the older header and syncs that: when this returns, both are
    /// durable. A crash in between leaves slots that no header counts and nobody was given. Callers take turns.
    pub(crate) fn append(&self, slots: &[u8], prepared_after: u32) -> Result<(), WriteError> {
        let number = self.write(slots, file_bytes(self.prepared.load(Ordering::Acquire)))?;
        self.sync_through(number)?;

        let header = Header { prepared: prepared_after, ..self.header };
        let page = self.next_page.load(Ordering::Acquire);
        let number = self.write(&encode_header(&header), page_offset(page as usize))?;
        self.sync_through(number)?;
        self.next_page.store(1 - page, Ordering::Release);
        self.prepared.store(prepared_after, Ordering::Release);
        Ok(())
    }

    /// Number of the last write so far.
    pub(crate) fn last_write(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Makes the writes up to this number durable, unless another caller's sync already has. A sync that fails is never
    /// retried: the kernel may have dropped the pages, and a second sync would report success.
    pub(crate) fn sync_through(&self, number: u64) -> Result<(), WriteError> {
        let _turn = self.sync_turn.lock().unwrap_or_else(PoisonError::into_inner);
        if self.synced.load(Ordering::Acquire) >= number {
            return Ok(());
        }
        self.refuse_if_poisoned()?;
        let covered = self.last_write();
        self.disk.sync().map_err(|error| {
            self.poisoned.store(true, Ordering::Release);
            WriteError::Io(error)
        })?;
        self.synced.store(covered, Ordering::Release);
        Ok(())
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<u64, WriteError> {
        self.refuse_if_poisoned()?;
        self.disk.write_all_at(bytes, offset).map_err(WriteError::Io)?;
        Ok(self.written.fetch_add(1, Ordering::AcqRel) + 1)
    }

    fn refuse_if_poisoned(&self) -> Result<(), WriteError> {
        if self.poisoned.load(Ordering::Acquire) { Err(WriteError::Poisoned) } else { Ok(()) }
    }
}

/// What stands before the slots.
pub(crate) struct Headers {
    pages: [Result<Header, HeaderFault>; 2],
    pub(crate) newest: Header,
    /// Of the whole file, in bytes.
    length: u64,
}

impl Headers {
    pub(crate) fn read(disk: &dyn Disk, keys: &Keys, path: &Path) -> Result<Headers, OpenError> {
        let io = |source| OpenError::Io { path: path.to_owned(), source };
        let length = disk.len().map_err(io)?;
        if length < file_bytes(0) {
            return Err(too_short(disk, length, path));
        }
        let pages = [read_header(disk, 0).map_err(io)?, read_header(disk, 1).map_err(io)?];
        let newest = choose(&pages, path)?;
        if keys.master_check(newest.id) != newest.master_check {
            return Err(OpenError::WrongMasterKey { path: path.to_owned() });
        }
        Ok(Headers { pages, newest, length })
    }
}

fn page_offset(page: usize) -> u64 {
    page as u64 * HEADER_PAGE_BYTES
}

fn read_header(disk: &dyn Disk, page: usize) -> io::Result<Result<Header, HeaderFault>> {
    let mut bytes = [0; HEADER_BYTES];
    disk.read_exact_at(&mut bytes, page_offset(page))?;
    Ok(decode_header(&bytes))
}

/// A file without room for its headers: cut off if it begins as one of ours, else something else.
fn too_short(disk: &dyn Disk, length: u64, path: &Path) -> OpenError {
    let path = path.to_owned();
    if length < HEADER_BYTES as u64 {
        return OpenError::Truncated { path, expected_bytes: file_bytes(0), actual_bytes: length };
    }
    match read_header(disk, 0) {
        Err(source) => OpenError::Io { path, source },
        Ok(Err(HeaderFault::NoMagic)) => OpenError::NotAKeyFile { path },
        Ok(Err(HeaderFault::Version(version))) => OpenError::UnknownFormat { path, version },
        Ok(Ok(_) | Err(HeaderFault::Checksum)) => {
            OpenError::Truncated { path, expected_bytes: file_bytes(0), actual_bytes: length }
        }
    }
}

/// The header that counts more slots. A sound header of another format decides before anything is written.
fn choose(pages: &[Result<Header, HeaderFault>; 2], path: &Path) -> Result<Header, OpenError> {
    let path = path.to_owned();
    for page in pages {
        if let Err(HeaderFault::Version(version)) = page {
            return Err(OpenError::UnknownFormat { path, version: *version });
        }
    }
    match pages {
        [Ok(a), Ok(b)] if a.id != b.id || a.master_check != b.master_check => Err(OpenError::HeaderDamaged { path }),
        [Ok(a), Ok(b)] => Ok(if a.prepared > b.prepared { *a } else { *b }),
        [Ok(sound), Err(_)] | [Err(_), Ok(sound)] => Ok(*sound),
        [Err(HeaderFault::NoMagic), Err(HeaderFault::NoMagic)] => Err(OpenError::NotAKeyFile { path }),
        [Err(_), Err(_)] => Err(OpenError::HeaderDamaged { path }),
    }
}

/// Counts slots past those of the only sound header, if all of them are whole; else refuses, because cutting them off might
/// lose keys in use. Returns the number of slots in the file.
fn adopt(disk: &dyn Disk, counted: u32, length: u64, path: &Path) -> Result<u32, OpenError> {
    let mut slot = SlotId(counted);
    while slot_offset(slot) < length {
        let mut bytes = [0; SLOT_BYTES];
        let fits = file_bytes(slot.0) + SLOT_BYTES as u64 <= length;
        if fits {
            disk.read_exact_at(&mut bytes, slot_offset(slot))
                .map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
        }
        if !fits || decode_key(slot, &bytes) == KeyPart::Damaged || slot.0 == u32::MAX {
            return Err(OpenError::TailDamaged { path: path.to_owned(), slot });
        }
        slot.0 += 1;
    }
    Ok(slot.0)
}

fn older(pages: &[Result<Header, HeaderFault>; 2]) -> usize {
    match pages {
        [Ok(a), Ok(b)] => usize::from(a.prepared > b.prepared),
        [Ok(_), Err(_)] => 1,
        [Err(_), _] => 0,
    }
}

/// Makes the slots that were adopted, then the header that counts them all, durable for certain, whatever an earlier process
/// saw of them: after a sync that failed, the page cache may show as written what is not on disk and will never be
/// written again, so the same bytes are written anew.
fn settle(disk: &dyn Disk, first_adopted: SlotId, header: &Header, page: usize) -> io::Result<()> {
    if first_adopted.0 < header.prepared {
        let mut adopted = vec![0; (header.prepared - first_adopted.0) as usize * SLOT_BYTES];
        disk.read_exact_at(&mut adopted, slot_offset(first_adopted))?;
        disk.write_all_at(&adopted, slot_offset(first_adopted))?;
        disk.sync()?;
    }
    disk.write_all_at(&encode_header(header), page_offset(page))?;
    disk.sync()
}

fn read_table(disk: &dyn Disk, prepared: u32, report: &mut OpenReport) -> io::Result<Table> {
    const SLOTS_PER_READ: u32 = 8192;
    let mut table = Table::for_slots(prepared);
    let mut buffer = vec![0; SLOTS_PER_READ as usize * SLOT_BYTES];
    let mut first = 0;
    while first < prepared {
        let count = SLOTS_PER_READ.min(prepared - first);
        let bytes = &mut buffer[..count as usize * SLOT_BYTES];
        disk.read_exact_at(bytes, slot_offset(SlotId(first)))?;
        for (number, bytes) in (first..).zip(bytes.chunks_exact(SLOT_BYTES)) {
            read_slot_into(&mut table, SlotId(number), &array_at(bytes, 0), report);
        }
        first += count;
    }
    report.handed_out = table.handed_out();
    report.erased = table.erased();
    Ok(table)
}

fn read_slot_into(table: &mut Table, slot: SlotId, bytes: &[u8; SLOT_BYTES], report: &mut OpenReport) {
    let state = match decode_key(slot, bytes) {
        KeyPart::Ready { .. } => SlotState::Wrapped,
        KeyPart::Erased => SlotState::ErasedBefore,
        KeyPart::Damaged => SlotState::Damaged,
    };
    table.push(state);
    if state == SlotState::Damaged {
        report.damaged.push(slot);
    }
    if state.is_erased() {
        return table.mark_used(slot);
    }
    match decode_subject(slot, bytes) {
        SubjectPart::None => {}
        SubjectPart::Hash(subject) => match table.slot_of(&subject) {
            None => table.bind(subject, slot),
            Some(first) => {
                report.duplicates.push((first, slot));
                table.mark_used(slot);
            }
        },
        // Somebody has it; the log says who.
        SubjectPart::Damaged => {
            report.subject_damaged.push(slot);
            table.mark_used(slot);
        }
    }
}
