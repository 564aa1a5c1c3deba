//! A thread that yields.

/// How far behind the others: of two that want a processor the other one gets about nine tenths of it.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// The thread and those that it starts run when nobody else wants to, or nearly so. Other systems know this of processes alone.
pub(super) fn yield_to_others() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
        tracing::debug!(%error, "the thread for the past runs as all others");
    }
}
