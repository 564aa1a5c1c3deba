//! Panics of any thread, as nobody else may see one in a thread of the background.

use std::panic::PanicHookInfo;
use std::sync::{Mutex, Once, PoisonError};

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on; those of sled are expected, since it panics on damage, and the ledger catches them.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            if place.contains("/sled-") {
                return;
            }
            SEEN.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
            usual(panic);
        }));
    });
}

/// What panicked since the last call.
pub(crate) fn take() -> Vec<String> {
    std::mem::take(&mut SEEN.lock().unwrap_or_else(PoisonError::into_inner))
}
