//! Jobs: how far each got, which go on, and where in the log their rows stand.

use std::collections::BTreeSet;
use std::ops::Range;

use daybook_domain::event::{Event, Subject};
use daybook_domain::job::{
    CancelCause, ErrorPolicy, Job, JobEnd, JobKind, JobPreview, JobState, RefusalCount, Stretch,
};
use daybook_domain::{Actor, Currency, MerchantId, Money, Position, Recorded, Role, StreamId, Timestamp};
use hashbrown::HashMap;
use uuid::Uuid;

use crate::checkpoint::{Chunks, Part, RestoreError};
use crate::chunks::{CHUNK, Changed};
use crate::error::FoldError;
use crate::orders::{Change, Orders};
use crate::registry::{Kept, View};
use crate::wire::{Reader, put_bytes, put_i64, put_u32, put_u64};

#[derive(Debug, Default)]
pub(crate) struct JobsState {
    /// As they were opened.
    rows: Vec<(StreamId, Job)>,
    by_id: HashMap<StreamId, u32>,
    /// Each merchant's, and the platform's.
    of: HashMap<Option<MerchantId>, Vec<u32>>,
    /// Those that have not ended.
    open: BTreeSet<u32>,
    changed: Changed,
}

impl JobsState {
    fn add(&mut self, id: StreamId, job: Job) -> Result<u32, FoldError> {
        let number = u32::try_from(self.rows.len()).map_err(|_| FoldError::Full { what: "jobs" })?;
        self.by_id.insert(id, number);
        self.of.entry(job.merchant.clone()).or_default().push(number);
        if job.end.is_none() {
            self.open.insert(number);
        }
        self.rows.push((id, job));
        Ok(number)
    }

    pub(crate) fn rows(&self) -> &[(StreamId, Job)] {
        &self.rows
    }

    fn fold(&mut self, recorded: &Recorded) -> Result<(), FoldError> {
        if recorded.event.kind().subject() != Subject::Job {
            return Ok(());
        }
        let job = recorded.stream;
        let number = match (&recorded.event, self.by_id.get(&job)) {
            (Event::JobOpened(event), None) => self.add(job, Job::opened(event, recorded))?,
            (_, Some(&number)) => number,
            (_, None) => return Err(FoldError::JobUnknown { job }),
        };
        let (_, job) = &mut self.rows[number as usize];
        job.apply(recorded);
        if job.end.is_some() {
            self.open.remove(&number);
        }
        self.changed.mark(number as usize, recorded.position);
        Ok(())
    }
}

fn put_stretches(out: &mut Vec<u8>, stretches: &[Stretch]) {
    put_u64(out, stretches.len() as u64);
    for Stretch { first, end, position } in stretches {
        put_u32(out, *first);
        put_u32(out, *end);
        put_u64(out, *position);
    }
}

fn read_stretches(reader: &mut Reader<'_>) -> Vec<Stretch> {
    let one = |reader: &mut Reader<'_>| Stretch { first: reader.u32(), end: reader.u32(), position: reader.u64() };
    (0..reader.count()).map(|_| one(reader)).collect()
}

fn put_id(out: &mut Vec<u8>, id: Option<Uuid>) {
    out.push(u8::from(id.is_some()));
    out.extend_from_slice(id.unwrap_or_default().as_bytes());
}

fn read_id(reader: &mut Reader<'_>) -> Option<Uuid> {
    let is_there = reader.u8() == 1;
    let id = Uuid::from_bytes(reader.array());
    is_there.then_some(id)
}

fn put_job(out: &mut Vec<u8>, id: StreamId, job: &Job) {
    put_id(out, Some(id.0));
    out.extend_from_slice(&[job.kind as u8, job.policy as u8, job.opener.role.code()]);
    // No merchant's id is empty.
    put_bytes(out, job.merchant.as_ref().map_or("", MerchantId::as_str).as_bytes());
    put_id(out, Some(job.opener.id));
    put_id(out, job.token.map(|token| token.0));
    put_u64(out, job.opened);
    put_i64(out, job.opened_at.0);
    put_u64(out, job.selected_at);
    for number in [job.total, job.selected, job.next, job.refused] {
        put_u32(out, number);
    }
    for flag in [job.waits, job.is_started, job.is_checked, job.preview.is_some()] {
        out.push(u8::from(flag));
    }
    if let Some(preview) = &job.preview {
        put_u64(out, preview.totals.len() as u64);
        for total in &preview.totals {
            out.extend_from_slice(&total.currency.to_bytes());
            put_i64(out, total.minor);
        }
        put_u64(out, preview.refusals.len() as u64);
        for RefusalCount { code, count } in &preview.refusals {
            put_bytes(out, code.as_bytes());
            put_u32(out, *count);
        }
    }
    out.push(match job.end {
        None => 0,
        Some(JobEnd::Done) => 1,
        Some(JobEnd::Refused) => 2,
        Some(JobEnd::Cancelled(cause)) => 3 + cause as u8,
    });
    put_stretches(out, &job.selections);
    put_stretches(out, &job.refusals);
}

/// None: a number that no value has.
fn read_job(reader: &mut Reader<'_>) -> Option<(StreamId, Job)> {
    let id = StreamId(read_id(reader)?);
    let (kind, policy, role) = (reader.u8(), reader.u8(), reader.u8());
    let kind = JobKind::VARIANTS.iter().copied().find(|known| *known as u8 == kind)?;
    let policy = ErrorPolicy::VARIANTS.iter().copied().find(|known| *known as u8 == policy)?;
    let merchant = Some(reader.text()).filter(|id| !id.is_empty()).map(MerchantId::from_stored);
    let opener = Actor { id: read_id(reader)?, role: Role::from_code(role)? };
    let token = read_id(reader).map(StreamId);
    let (opened, opened_at, selected_at) = (reader.u64(), Timestamp(reader.i64()), reader.u64());
    let (total, selected, next, refused) = (reader.u32(), reader.u32(), reader.u32(), reader.u32());
    let [waits, is_started, is_checked, is_previewed] = [(); 4].map(|()| reader.u8() == 1);
    let preview = is_previewed.then(|| JobPreview {
        totals: (0..reader.count())
            .map(|_| {
                let currency = Currency::from_stored(reader.array());
                Money { minor: reader.i64(), currency }
            })
            .collect(),
        refusals: (0..reader.count())
            .map(|_| RefusalCount { code: reader.text().into(), count: reader.u32() })
            .collect(),
    });
    let end = match reader.u8() {
        0 => None,
        1 => Some(JobEnd::Done),
        2 => Some(JobEnd::Refused),
        code => {
            let cause = CancelCause::VARIANTS.iter().copied().find(|known| 3 + *known as u8 == code)?;
            Some(JobEnd::Cancelled(cause))
        }
    };
    let (selections, refusals) = (read_stretches(reader), read_stretches(reader));
    let job = Job {
        kind,
        policy,
        merchant,
        opener,
        token,
        opened,
        opened_at,
        selected_at,
        total,
        waits,
        selected,
        preview,
        is_started,
        is_checked,
        next,
        refused,
        end,
        selections,
        refusals,
    };
    Some((id, job))
}

impl View for JobsState {
    fn apply(&mut self, _: &Orders, _: Option<&Change<'_>>, recorded: &Recorded) -> Result<(), FoldError> {
        self.fold(recorded)
    }

    fn apply_in_bulk(&mut self, _: &Orders, _: Option<&Change<'_>>, recorded: &Recorded) -> Result<(), FoldError> {
        self.fold(recorded)
    }

    fn settle(&mut self, _: &Orders) -> bool {
        true
    }

    fn parts<'a>(&'a self, _: &'a Orders) -> Vec<Kept<'a>> {
        vec![Kept { part: Part::Jobs, count: self.rows.len(), changed: Some(&self.changed) }]
    }

    fn put_chunk(&self, _: &Orders, _: Part, range: Range<usize>, out: &mut Vec<u8>) {
        put_u64(out, range.len() as u64);
        self.rows[range].iter().for_each(|(id, job)| put_job(out, *id, job));
    }

    fn read(&mut self, chunks: Chunks<'_>) -> Result<(), RestoreError> {
        let mut ids = chunks.ids.to_vec();
        ids.sort_unstable();
        for id in ids {
            let bytes = (chunks.bytes)(id).ok_or(RestoreError::Missing(id))?;
            let mut reader = Reader::new(&bytes);
            for _ in 0..reader.count_up_to(CHUNK) {
                let (job, state) = read_job(&mut reader).ok_or(RestoreError::Damaged(id))?;
                self.add(job, state).map_err(|_| RestoreError::Inconsistent)?;
            }
            if id.part != Part::Jobs || !reader.is_whole() {
                return Err(RestoreError::Damaged(id));
            }
        }
        if self.by_id.len() == self.rows.len() { Ok(()) } else { Err(RestoreError::Inconsistent) }
    }

    fn mark_all(&mut self, _: &Orders, position: Position) {
        self.changed.mark_grown(0, self.rows.len(), position);
    }

    fn footprint(&self) -> usize {
        let stretches = |(_, job): &(StreamId, Job)| job.selections.capacity() + job.refusals.capacity();
        let stretches: usize = self.rows.iter().map(stretches).sum();
        let row = size_of::<(StreamId, Job)>() + size_of::<(StreamId, u32)>() + size_of::<u32>();
        stretches * size_of::<Stretch>() + self.rows.len() * row
    }
}

/// The jobs, as of the views' position.
#[derive(Clone, Copy, Debug)]
pub struct Jobs<'a> {
    state: &'a JobsState,
}

impl<'a> Jobs<'a> {
    pub(crate) fn new(state: &'a JobsState) -> Self {
        Self { state }
    }

    pub fn get(&self, id: StreamId) -> Option<&'a Job> {
        self.state.by_id.get(&id).map(|&number| &self.state.rows[number as usize].1)
    }

    /// Those that have not ended, as they were opened.
    pub fn open(&self) -> impl Iterator<Item = &'a (StreamId, Job)> {
        let state = self.state;
        state.open.iter().map(|&number| &state.rows[number as usize])
    }

    /// How many of a merchant's (none: of the platform's) have not ended.
    pub fn open_of(&self, merchant: Option<&MerchantId>) -> usize {
        self.open().filter(|(_, job)| job.merchant.as_ref() == merchant).count()
    }

    /// The newest first, behind `after`: of all, or with a merchant its own. Nothing behind a job that is none of them.
    pub fn page(&self, whose: Option<&MerchantId>, after: Option<StreamId>, first: usize) -> Vec<&'a (StreamId, Job)> {
        let state = self.state;
        let end = match after.map(|after| state.by_id.get(&after)) {
            Some(Some(&number)) => number,
            Some(None) => 0,
            None => u32::MAX,
        };
        let row = |number: u32| &state.rows[number as usize];
        match whose {
            None => state.rows.iter().take(end as usize).rev().take(first).collect(),
            Some(id) => {
                let own = state.of.get(&Some(id.clone())).map(Vec::as_slice).unwrap_or_default();
                let own = own[..own.partition_point(|&number| number < end)].iter().rev();
                own.take(first).map(|&number| row(number)).collect()
            }
        }
    }
}

/// Whether a job goes on by itself: it neither waits for a person nor has ended.
pub fn goes_on(job: &Job) -> bool {
    match job.state() {
        JobState::Opening | JobState::Previewing | JobState::Checking | JobState::Running => true,
        JobState::Waiting | JobState::Done | JobState::Refused | JobState::Cancelled => false,
    }
}
