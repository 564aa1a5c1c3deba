//! What refused, gathered until it is written down.

use daybook_domain::Rejection;
use daybook_domain::job::{RefusalCount, Refusals, RowOrder};
use daybook_engine::ExecuteError;

/// Bytes that the refusals of one event may take: a commit has 48 KiB.
const MAX_BYTES: usize = 40 << 10;
/// Beyond which they are written down before more come.
const FULL_BYTES: usize = 16 << 10;
/// Of a message, whatever it quotes.
const MAX_MESSAGE_CHARS: usize = 200;

/// Why a row was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    code: &'static str,
    message: Box<str>,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: &str) -> Self {
        Self { code, message: message.chars().take(MAX_MESSAGE_CHARS).collect::<String>().into() }
    }

    pub(super) fn of(rejection: &Rejection) -> Self {
        Self::new(rejection.code(), &rejection.to_string())
    }

    /// Of a row that names no order.
    pub(super) fn of_unknown(order: &RowOrder) -> Option<Self> {
        match order {
            RowOrder::Known(_) => None,
            RowOrder::Unknown { is_ambiguous: false, .. } => Some(Self::of(&Rejection::OrderUnknown)),
            RowOrder::Unknown { is_ambiguous: true, .. } => {
                let message = "several orders bear this number: name the merchant, or use the order's id";
                Some(Self::new("NUMBER_AMBIGUOUS", message))
            }
        }
    }

    /// A command that was answered with this error was refused; else the error is handed back: it is nothing about the
    /// order, and the command is to be sent again.
    pub(super) fn of_error(error: ExecuteError) -> Result<Self, ExecuteError> {
        match error {
            ExecuteError::Rejected(rejection) => Ok(Self::of(&rejection)),
            error @ ExecuteError::TooLarge { .. } => Ok(Self::new("COMMAND_TOO_LARGE", &error.to_string())),
            // Sent again, it would fail again: the others are not to wait for it.
            error @ (ExecuteError::Read(_) | ExecuteError::Seal(_)) => {
                tracing::error!(%error, "a row of a job could not be carried out");
                Ok(Self::new("NOT_CARRIED_OUT", "a fault of the server, or the buyer's data was erased; see its log"))
            }
            error @ (ExecuteError::Busy
            | ExecuteError::ErasedMeanwhile
            | ExecuteError::Full
            | ExecuteError::Fenced
            | ExecuteError::Stopped { .. }
            | ExecuteError::ClockBehind(_)) => Err(error),
        }
    }
}

/// Refused rows by what refused them, bounded.
#[derive(Debug, Default)]
pub(super) struct Tally {
    refusals: Vec<Refusals>,
    bytes: usize,
    /// Rows that were refused, those included that had no room.
    pub(super) refused: u32,
    counts: Vec<RefusalCount>,
}

impl Tally {
    /// Rows come in order.
    pub(super) fn add(&mut self, row: u32, refusal: &Refusal) {
        self.refused += 1;
        match self.counts.iter_mut().find(|count| *count.code == *refusal.code) {
            Some(count) => count.count += 1,
            None => self.counts.push(RefusalCount { code: refusal.code.into(), count: 1 }),
        }
        let alike = |known: &&mut Refusals| *known.code == *refusal.code && known.message == refusal.message;
        match self.refusals.iter_mut().find(alike) {
            Some(known) if self.bytes < MAX_BYTES => {
                // As far as it is from the one before.
                let distance = row - known.rows.last().copied().unwrap_or(0);
                self.bytes += if distance < 251 { 1 } else { 5 };
                known.rows.push(row);
            }
            None if self.bytes + refusal.message.len() < MAX_BYTES => {
                self.bytes += refusal.code.len() + refusal.message.len() + 12;
                let (code, message) = (refusal.code.into(), refusal.message.clone());
                self.refusals.push(Refusals { code, message, rows: vec![row] });
            }
            Some(_) | None => {}
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= FULL_BYTES
    }

    /// As many as have room; what comes next begins anew.
    pub(super) fn take(&mut self) -> Vec<Refusals> {
        std::mem::take(self).refusals
    }

    /// How many of each code, the most first.
    pub(super) fn counts(mut self) -> Vec<RefusalCount> {
        self.counts.sort_by_key(|count| std::cmp::Reverse(count.count));
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_gathered_by_what_they_say_and_never_outgrow_a_commit() {
        let mut tally = Tally::default();
        tally.add(3, &Refusal::of(&Rejection::OnHold));
        tally.add(4, &Refusal::of(&Rejection::OrderUnknown));
        tally.add(9, &Refusal::of(&Rejection::OnHold));
        let taken: Vec<(Box<str>, Vec<u32>)> = tally.take().into_iter().map(|one| (one.code, one.rows)).collect();
        assert_eq!(taken, [("ON_HOLD".into(), vec![3, 9]), ("ORDER_UNKNOWN".into(), vec![4])]);
        assert_eq!(tally.refused, 0, "taken");
        for row in 0..5_000 {
            tally.add(row, &Refusal::new("ON_HOLD", &format!("{row} {}", "x".repeat(5_000))));
        }
        assert_eq!(tally.refused, 5_000);
        assert!(tally.is_full());
        let bytes: usize = tally.refusals.iter().map(|one| one.message.len() + one.rows.len()).sum();
        assert!((30 << 10..MAX_BYTES).contains(&bytes), "{bytes}");
        assert_eq!(tally.counts(), [RefusalCount { code: "ON_HOLD".into(), count: 5_000 }]);
    }
}
