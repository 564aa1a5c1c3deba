//! The client's side: says what is wanted, prints what comes back.

use std::io::{self, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use super::frame::{self, FrameError, Kind};
use super::{Hello, VERSION, socket};
use crate::cli::Ask;
use crate::failure::Failure;
use crate::interrupt;

/// To the process that holds the folder.
pub(crate) struct Connection(UnixStream);

/// `None`: nobody serves the folder, or there is none.
pub(crate) fn connect(data: &Path) -> Result<Option<Connection>, Failure> {
    let connected = socket::connect(data).map_err(|error| {
        Failure::new(format!(
            "the server on {} cannot be asked: {}: {error}",
            data.display(),
            socket::path(data).display()
        ))
    })?;
    Ok(connected.map(Connection))
}

impl Connection {
    /// Has the owner carry the command out, its results written to `out`; its exit code.
    pub(crate) fn ask(self, ask: &Ask, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let hello = Hello { daybook: VERSION.into(), ask: serde_json::to_value(ask)? };
        let sent = frame::write(&self.0, Kind::Hello, &serde_json::to_vec(&hello)?);
        match sent {
            Err(error) if error.kind() == ErrorKind::InvalidInput => return Err(error.into()),
            // An owner that turns us away may have hung up already: it said why.
            Ok(()) | Err(_) => {}
        }
        if ask.can_end_early() {
            let stream = self.0.try_clone()?;
            interrupt::once(move || {
                // If it is gone, reading ends too.
                let _ = frame::write(&stream, Kind::Stop, &[]);
            })?;
        }
        self.print(out)
    }

    fn print(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let mut err = io::stderr();
        loop {
            match frame::read(&self.0) {
                Ok((Kind::Out, bytes)) => match out.write_all(&bytes).and_then(|()| out.flush()) {
                    // Whoever reads us, such as `head`, has seen enough; hanging up ends the command.
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                    written => written?,
                },
                // That nobody can hear it ends nothing.
                Ok((Kind::Err, bytes)) => drop(err.write_all(&bytes)),
                Ok((Kind::End, code)) => return Ok(code.first().map_or(ExitCode::FAILURE, |&code| code.into())),
                Ok((Kind::Refused, why)) => return Err(Failure::new(String::from_utf8_lossy(&why))),
                Ok((kind @ (Kind::Hello | Kind::Stop), _)) => {
                    return Err(Failure::new(format!(
                        "the server on this folder sent a frame {kind:?}: use its version"
                    )));
                }
                Err(FrameError::HungUp | FrameError::Io(_)) => {
                    return Err(Failure::new(
                        "the server on this folder ended before the command did: look at what is there, then run it again",
                    ));
                }
                Err(error @ (FrameError::TooLong { .. } | FrameError::Unknown { .. })) => {
                    return Err(Failure::new(format!("the server on this folder sent {error}: use its version")));
                }
            }
        }
    }
}
