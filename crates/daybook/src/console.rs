//! Where a command's words go: this process's own streams, or those of a client that asked from elsewhere.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a command ended that could be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Exit code 0.
    Well,
    /// Something was found wrong or left out, and said: exit code 1.
    Wrong,
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Well => ExitCode::SUCCESS,
            Ended::Wrong => ExitCode::FAILURE,
        }
    }
}

/// Somebody asked that a command end early. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Results go to `out`, everything else to `err`.
pub(crate) struct Console<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
    /// Whether a bar may be drawn on this process's standard error.
    pub(crate) has_bar: bool,
    pub(crate) stop: Stop,
}

impl Console<'_> {
    /// Writes a whole result. Whoever reads it, such as `head`, may have seen enough: that is no failure.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// A line for a person. That nobody can hear it ends nothing.
    pub(crate) fn say(&mut self, line: &str) {
        // In one piece, so that it stays one among what others write.
        let _ = self.err.write_all(format!("{line}\n").as_bytes()).and_then(|()| self.err.flush());
    }
}

/// Adds a line to a result.
macro_rules! out {
    ($text:expr, $($line:tt)*) => {{
        $text.push_str(&format!($($line)*));
        $text.push('\n');
    }};
}

pub(crate) use out;

/// Runs `act` with this process's own streams.
pub(crate) fn with_own<T>(stop: Stop, act: impl FnOnce(&mut Console<'_>) -> T) -> T {
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let has_bar = io::IsTerminal::is_terminal(&err);
    act(&mut Console { out: &mut out, err: &mut err, has_bar, stop })
}

/// Writes a whole result to standard output.
pub(crate) fn print(text: &str) -> io::Result<()> {
    with_own(Stop::default(), |console| console.print(text))
}
