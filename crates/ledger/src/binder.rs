//! Binds pages in the background.

use std::sync::Arc;

use crate::shared::Shared;

#[derive(Debug)]
pub(crate) struct Binder {
    shared: Arc<Shared>,
}

impl Binder {
    pub(crate) fn start(
        shared: Arc<Shared>,
        _: crate::open::Sealed,
        _: crate::spares::Recycler,
    ) -> std::io::Result<Self> {
        Ok(Self { shared })
    }

    pub(crate) fn stop(&mut self) {
        self.shared.work().stop = true;
    }
}
