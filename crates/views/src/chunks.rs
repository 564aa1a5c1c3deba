//! State is checkpointed in chunks, and only those that changed.

use daybook_domain::Position;

/// Rows, texts or buyers in one chunk.
#[cfg(not(test))]
pub(crate) const CHUNK: usize = 4096;
#[cfg(test)]
pub(crate) const CHUNK: usize = 16;

/// When each chunk changed last.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    at: Vec<Position>,
}

impl Changed {
    /// The thing with this number changed.
    pub(crate) fn mark(&mut self, number: usize, position: Position) {
        let chunk = number / CHUNK;
        if chunk >= self.at.len() {
            self.at.resize(chunk + 1, position);
        }
        self.at[chunk] = position;
    }

    /// There were so many things, and now there are more.
    pub(crate) fn mark_grown(&mut self, from: usize, to: usize, position: Position) {
        for number in (from..to).step_by(CHUNK).chain(to.checked_sub(1).filter(|_| to > from)) {
            self.mark(number, position);
        }
    }

    /// The chunks that changed after a position; all of them without one.
    pub(crate) fn since(&self, position: Option<Position>) -> impl Iterator<Item = usize> {
        let changed = move |&(_, at): &(usize, &Position)| position.is_none_or(|position| *at > position);
        self.at.iter().enumerate().filter(changed).map(|(chunk, _)| chunk)
    }
}
