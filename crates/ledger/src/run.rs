//! A run of records: what a frame and a page have in common.

use crate::Position;
use crate::record::{Record, first_record};

/// Reads the records that fill `payload`, handing each to `each`. They must be `count` whole commits' records at gapless
/// positions from `first`; the error says what is not so.
pub(crate) fn check_run<'a>(
    payload: &'a [u8],
    first: Position,
    count: u32,
    mut each: impl FnMut(usize, &Record<'a>) -> Result<(), String>,
) -> Result<(), String> {
    let mut at = 0;
    let mut commit: Option<(u16, u16)> = None;
    for number in 0..count {
        let expected = first.plus(u64::from(number));
        let bytes = first_record(&payload[at..])
            .ok_or_else(|| format!("the record at position {expected} has an impossible length"))?;
        let record =
            Record::parse(bytes).map_err(|error| format!("the record at position {expected} is damaged: {error}"))?;
        if record.position != expected {
            return Err(format!("position {} stands where {expected} should be", record.position));
        }
        let wanted = commit.map_or((0, record.commit_count), |(index, count)| (index + 1, count));
        if (record.commit_index, record.commit_count) != wanted {
            return Err(format!("the commit around position {expected} is not whole"));
        }
        commit = (!record.ends_commit()).then_some(wanted);
        each(at, &record)?;
        at += bytes.len();
    }
    if commit.is_some() || at != payload.len() {
        return Err(format!("the records from position {first} on do not fill their place"));
    }
    Ok(())
}
