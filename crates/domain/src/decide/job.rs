//! Jobs: opened, selected for, previewed, started, checked, advanced; then done, refused or cancelled.

use super::Events;
use super::known_merchant;
use crate::command::{AdvanceJob, CancelJob, CheckJob, OpenJob, PreviewJob, SelectForJob};
use crate::event::{
    JobAdvanced, JobCancelled, JobChecked, JobFinished, JobOpened, JobPreviewed, JobSelected, JobStarted,
};
use crate::job::{CancelCause, Job, JobEnd, JobState, Refusals};
use crate::merchant::Merchant;
use crate::rejection::Rejection;
use crate::sealed::Sealed;
use crate::state::Facts;

pub(super) fn open(
    facts: &Facts<'_>,
    merchant: Option<&Merchant>,
    c: &OpenJob<Sealed>,
    out: &mut Events,
) -> Result<(), Rejection> {
    if facts.state(out.stream).is_some() {
        // The engine knows its repeat by the command's id, from which the stream follows.
        return Err(Rejection::CommandIdReused);
    }
    if let Some(id) = &c.merchant {
        known_merchant(merchant, id)?;
    }
    out.push(JobOpened {
        action: c.action.clone(),
        policy: c.policy,
        merchant: c.merchant.clone(),
        selected_at: c.selected_at,
        total: c.total,
        waits: c.waits,
        token: c.token,
    });
    Ok(())
}

/// The job, if it goes on.
fn going<'a>(facts: &Facts<'a>, out: &Events) -> Result<&'a Job, Rejection> {
    let job = facts.job(out.stream).ok_or(Rejection::JobUnknown)?;
    if job.end.is_some() { Err(Rejection::JobEnded) } else { Ok(job) }
}

/// The job, if it is at this step.
fn at<'a>(facts: &Facts<'a>, state: JobState, out: &Events) -> Result<&'a Job, Rejection> {
    let job = going(facts, out)?;
    if job.state() == state { Ok(job) } else { Err(Rejection::JobOutOfTurn) }
}

pub(super) fn select(facts: &Facts<'_>, c: &SelectForJob, out: &mut Events) -> Result<(), Rejection> {
    let job = at(facts, JobState::Opening, out)?;
    let left = job.total.saturating_sub(job.selected);
    if c.first != job.selected || c.rows.len() > left as usize {
        return Err(Rejection::JobOutOfTurn);
    }
    out.push(JobSelected { first: c.first, rows: c.rows.clone() });
    Ok(())
}

pub(super) fn preview(facts: &Facts<'_>, c: &PreviewJob, out: &mut Events) -> Result<(), Rejection> {
    at(facts, JobState::Previewing, out)?;
    out.push(JobPreviewed { totals: c.totals.clone(), refusals: c.refusals.clone() });
    Ok(())
}

pub(super) fn start(facts: &Facts<'_>, out: &mut Events) -> Result<(), Rejection> {
    if going(facts, out)?.state() != JobState::Waiting {
        return Err(Rejection::JobNotWaiting);
    }
    out.push(JobStarted {});
    Ok(())
}

pub(super) fn check(facts: &Facts<'_>, c: &CheckJob, out: &mut Events) -> Result<(), Rejection> {
    at(facts, JobState::Checking, out)?;
    out.push(JobChecked { refused: c.refused, refusals: c.refusals.clone() });
    Ok(())
}

/// Whether the refusals name rows of this stretch alone, each once.
fn are_within(refusals: &[Refusals], first: u32, end: u32) -> bool {
    let mut rows: Vec<u32> = refusals.iter().flat_map(|refusals| refusals.rows.iter().copied()).collect();
    rows.sort_unstable();
    rows.windows(2).all(|pair| pair[0] < pair[1]) && rows.iter().all(|row| (first..end).contains(row))
}

/// Past the last row the job is done.
pub(super) fn advance(facts: &Facts<'_>, c: &AdvanceJob, out: &mut Events) -> Result<(), Rejection> {
    let job = facts.job(out.stream).ok_or(Rejection::JobUnknown)?;
    match (job.state(), job.end) {
        (JobState::Running, _) => {}
        // What was under way when it was cancelled is still counted.
        (_, Some(JobEnd::Cancelled(_))) if job.selected == job.total => {}
        (_, Some(_)) => return Err(Rejection::JobEnded),
        (_, None) => return Err(Rejection::JobOutOfTurn),
    }
    let goes_on = c.next > job.next || job.total == 0;
    if !goes_on || c.next > job.total || !are_within(&c.refusals, job.next, c.next) {
        return Err(Rejection::JobOutOfTurn);
    }
    out.push(JobAdvanced { next: c.next, refusals: c.refusals.clone() });
    if c.next == job.total && job.end.is_none() {
        out.push(JobFinished {});
    }
    Ok(())
}

pub(super) fn cancel(facts: &Facts<'_>, c: &CancelJob, out: &mut Events) -> Result<(), Rejection> {
    let job = going(facts, out)?;
    if c.cause == CancelCause::Incomplete && job.state() != JobState::Opening {
        return Err(Rejection::JobOutOfTurn);
    }
    out.push(JobCancelled { cause: c.cause });
    Ok(())
}
