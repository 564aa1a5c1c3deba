//! Ctrl-C, where a command can end better than by being killed.

use std::io;
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

/// What a shell says of a process that Ctrl-C ended.
const KILLED_BY_INTERRUPT: i32 = 130;

/// From now on the first Ctrl-C calls `end`, a second one ends the process at once.
pub(crate) fn once(end: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut interrupts = runtime.block_on(async { signal(SignalKind::interrupt()) })?;
    thread::Builder::new().name("daybook-interrupt".into()).spawn(move || {
        runtime.block_on(async {
            interrupts.recv().await;
            end();
            interrupts.recv().await;
            std::process::exit(KILLED_BY_INTERRUPT);
        });
    })?;
    Ok(())
}
