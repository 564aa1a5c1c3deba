//! Texts that many orders share (SKUs, titles, tags), kept once and named by a number.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::error::FoldError;

#[derive(Debug, Default)]
pub(crate) struct Strings {
    text: String,
    /// Where each text ends.
    ends: Vec<u32>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Strings {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, id: u32) -> &str {
        text_of(&self.text, &self.ends, id)
    }

    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.table.find(self.hasher.hash_one(text), |&id| self.get(id) == text).copied()
    }

    /// As [`Strings::intern`], for a text that probably came right behind this one.
    pub(crate) fn intern_behind(&mut self, before: u32, text: &str) -> Result<u32, FoldError> {
        match before.checked_add(1).filter(|&next| (next as usize) < self.len() && self.get(next) == text) {
            Some(next) => Ok(next),
            None => self.intern(text),
        }
    }

    /// The number of a text, which is kept if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> Result<u32, FoldError> {
        if let Some(id) = self.find(text) {
            return Ok(id);
        }
        let too_many = || FoldError::Full { what: "bytes of SKUs, titles and tags" };
        let id = u32::try_from(self.ends.len()).map_err(|_| too_many())?;
        let end = u32::try_from(self.text.len() + text.len()).map_err(|_| too_many())?;
        self.text.push_str(text);
        self.ends.push(end);
        let Self { text: all, ends, table, hasher } = self;
        table.insert_unique(hasher.hash_one(text), id, |&id| hasher.hash_one(text_of(all, ends, id)));
        Ok(id)
    }

    /// Bytes that are allocated.
    pub(crate) fn footprint(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 4 + self.table.allocation_size()
    }
}

fn text_of<'a>(text: &'a str, ends: &[u32], id: u32) -> &'a str {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends.get(id - 1).map_or(0, |&end| end as usize) };
    let end = ends.get(id).map_or(start, |&end| end as usize);
    text.get(start..end).unwrap_or("")
}
