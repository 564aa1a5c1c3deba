//! History is recorded, not judged: for an import a broken rule becomes a remark.

use crate::command::Origin;
use crate::rejection::Rejection;

pub(super) struct Judge {
    origin: Origin,
    remarks: Vec<Rejection>,
}

impl Judge {
    pub(super) fn new(origin: Origin) -> Self {
        Self { origin, remarks: Vec::new() }
    }

    /// A rule that what happens now must keep and history may have broken.
    pub(super) fn rule(&mut self, kept: bool, rejection: impl FnOnce() -> Rejection) -> Result<(), Rejection> {
        if kept {
            return Ok(());
        }
        match self.origin {
            Origin::Live | Origin::System => Err(rejection()),
            Origin::Import => {
                self.remarks.push(rejection());
                Ok(())
            }
        }
    }

    /// What only history can break, since now is always now.
    pub(super) fn remark_unless(&mut self, kept: bool, rejection: Rejection) {
        if !kept && self.origin == Origin::Import {
            self.remarks.push(rejection);
        }
    }

    pub(super) fn into_remarks(self) -> Vec<Rejection> {
        self.remarks
    }
}
