//! Reading what nobody reads, page by page, so that damage to old volumes is found while there is a backup without it.
//!
//! It reads as readers do: a page that the system still holds in memory is checked there, and not on the disk.

use std::sync::atomic::Ordering::Relaxed;

use crate::shelf::{ShelfError, VolumeSpan};
use crate::{Ledger, Position};

/// What one step of a scrub saw.
#[derive(Debug)]
pub enum Scrubbed {
    /// A sealed page is what its volume's manifest says.
    Sound {
        bytes: u64,
        /// Where the next step goes on.
        next: Position,
    },
    /// A sealed page, or a whole volume that cannot be opened, is not.
    Damaged {
        error: ShelfError,
        /// Where the next step goes on, behind the damage.
        next: Position,
    },
    /// There is no sealed page from here on: the next round begins at [`Position::FIRST`].
    End,
}

impl Ledger {
    /// Checks the sealed page that holds `from`: its bytes against the hash in its volume's manifest. Where the caller
    /// went on last time is all that a scrub has to remember, also from one run to the next.
    ///
    /// Damage is logged and counted in [`Stats`](crate::Stats). The step's volume is open afterwards, and counts as one of
    /// `open_volumes`.
    #[must_use]
    pub fn scrub_step(&self, from: Position) -> Scrubbed {
        let Some(span) = self.shared.shelf.span(from) else { return Scrubbed::End };
        let (result, next) = match self.page_to_scrub(span, from) {
            Ok((number, next)) => (self.scrub_page(span, number), next),
            Err(error) => (Err(error), span.last.plus(1)),
        };
        let counters = &self.shared.counters;
        counters.scrubbed_pages.fetch_add(1, Relaxed);
        match result {
            Ok(bytes) => Scrubbed::Sound { bytes, next },
            Err(error) => {
                counters.scrub_damaged.fetch_add(1, Relaxed);
                tracing::error!(%error, "damage was found in a sealed volume");
                Scrubbed::Damaged { error, next }
            }
        }
    }

    /// The page's number in its volume, and where the one after it begins.
    fn page_to_scrub(&self, span: VolumeSpan, from: Position) -> Result<(usize, Position), ShelfError> {
        let volume = self.shared.shelf.open_volume(span.first)?;
        let pages = volume.pages();
        let after = pages.partition_point(|page| page.first <= from);
        let next = pages.get(after).map_or(span.last.plus(1), |page| page.first);
        Ok((after.checked_sub(1).ok_or(ShelfError::NoVolume { position: from })?, next))
    }

    /// How many bytes the page has.
    fn scrub_page(&self, span: VolumeSpan, number: usize) -> Result<u64, ShelfError> {
        let page = self.shared.shelf.open_volume(span.first)?.page(number)?;
        Ok(page.len() as u64)
    }
}
