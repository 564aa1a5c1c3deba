//! Peers' servers, each in a process group of its own, so that all of it can be ended: when its handle is dropped, also
//! while panicking, and by [`end_all`] when the whole run is interrupted.

use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Until when a server that was told to end is let be.
const PATIENCE: Duration = Duration::from_secs(10);

/// Groups that are running, with what ends each in good order.
static RUNNING: Mutex<Vec<(Pid, Signal)>> = Mutex::new(Vec::new());

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    group: Pid,
    end: Signal,
}

impl Server {
    /// # Errors
    /// When the program cannot be started.
    pub(crate) fn start(command: &mut Command, end: Signal) -> io::Result<Self> {
        use std::os::unix::process::CommandExt;

        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command.process_group(0).spawn()?;
        let group = Pid::from_child(&child);
        running.push((group, end));
        Ok(Self { child, group, end })
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error says that it ended before.
        let _ = kill_process_group(self.group, self.end);
        let until = Instant::now() + PATIENCE;
        while self.is_running() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        // Also whatever the server started and left behind.
        let _ = kill_process_group(self.group, Signal::KILL);
        let _ = self.child.wait();
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|(group, _)| *group != self.group);
    }
}

/// Ends all servers that run, and whatever they started, without waiting; for a run that is broken off.
pub fn end_all() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    for (group, end) in running.iter() {
        let _ = kill_process_group(*group, *end);
    }
    std::thread::sleep(Duration::from_secs(u64::from(!running.is_empty())));
    for (group, _) in running.iter() {
        let _ = kill_process_group(*group, Signal::KILL);
    }
}
