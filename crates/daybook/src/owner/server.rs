//! The owner's side: one thread for each client, none of them the runtime's or the writer's.

use std::collections::HashMap;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::frame::{self, FrameError, Kind};
use super::{Hello, VERSION, socket};
use crate::ask;
use crate::cli::Ask;
use crate::console::{Console, Ended, Stop};
use crate::data::{Access, Opened};

/// Clients at a time. Each holds a thread, and little else.
const MAX_CLIENTS: usize = 16;
/// How long a client may take to say what it wants.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// How long commands may go on once the owner is to end.
const GRACE: Duration = Duration::from_secs(3);

/// Listens until it is stopped.
pub(crate) struct Owner {
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

struct Shared {
    data: PathBuf,
    clients: Mutex<Clients>,
    one_left: Condvar,
}

#[derive(Default)]
struct Clients {
    is_ending: bool,
    next: u64,
    active: HashMap<u64, Client>,
}

struct Client {
    stop: Stop,
    stream: UnixStream,
}

impl Shared {
    fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Owner {
    /// Takes commands for a folder that this process has open; nobody is asked to do without its server because the
    /// socket could not be made.
    pub(crate) fn start(opened: Opened) -> Option<Self> {
        let data = opened.reader.ledger().dir().to_path_buf();
        let started = socket::listen(&data).and_then(|listener| {
            let shared = Arc::new(Shared { data, clients: Mutex::default(), one_left: Condvar::new() });
            let listening = {
                let shared = Arc::clone(&shared);
                thread::Builder::new()
                    .name("daybook-owner".into())
                    .spawn(move || take_clients(&listener, &shared, &opened))?
            };
            Ok(Self { shared, listening })
        });
        match started {
            Ok(owner) => Some(owner),
            Err(error) => {
                tracing::error!(%error, "commands on this folder are refused while it is served: no socket for them");
                None
            }
        }
    }

    /// Ends running commands where they are, and listens no more. To be called while the folder is still held.
    pub(crate) fn stop(self) {
        let mut clients = self.shared.clients();
        clients.is_ending = true;
        clients.active.values().for_each(|client| client.stop.set());
        let (clients, _) = self
            .shared
            .one_left
            .wait_timeout_while(clients, GRACE, |clients| !clients.active.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        for client in clients.active.values() {
            // Who does not read holds up nobody.
            let _ = client.stream.shutdown(Shutdown::Both);
        }
        drop(clients);
        // Accepting ends with the next client, so this is one; where that fails, the thread ends with the process.
        if let Ok(Some(_)) = socket::connect(&self.shared.data) {
            let _ = self.listening.join();
        }
        let _ = std::fs::remove_file(socket::path(&self.shared.data));
    }
}

fn take_clients(listener: &UnixListener, shared: &Arc<Shared>, opened: &Opened) {
    loop {
        match listener.accept() {
            Ok((stream, _)) => match take(stream, shared, opened) {
                Ok(Taken::Yes) => {}
                Ok(Taken::NoneAnyMore) => return,
                Err(error) => tracing::warn!(%error, "a command's client was turned away"),
            },
            Err(error) => {
                tracing::warn!(%error, "no client could be taken on the folder's socket");
                // Such as too many open files: it passes, and must not be waited for at full speed.
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

enum Taken {
    Yes,
    NoneAnyMore,
}

fn take(stream: UnixStream, shared: &Arc<Shared>, opened: &Opened) -> io::Result<Taken> {
    stream.set_read_timeout(Some(HELLO_WITHIN))?;
    let stop = Stop::default();
    let id = {
        let mut clients = shared.clients();
        if clients.is_ending {
            return Ok(Taken::NoneAnyMore);
        }
        if clients.active.len() >= MAX_CLIENTS {
            drop(clients);
            let why = format!("the server has {MAX_CLIENTS} commands under way on this folder: wait for one to end");
            frame::write(&stream, Kind::Refused, why.as_bytes())?;
            return Ok(Taken::Yes);
        }
        clients.next += 1;
        let id = clients.next;
        clients.active.insert(id, Client { stop: stop.clone(), stream: stream.try_clone()? });
        id
    };
    let place = Place { id, shared: Arc::clone(shared) };
    let opened = opened.clone();
    thread::Builder::new().name("daybook-client".into()).spawn(move || {
        let _place = place;
        serve(&stream, stop, opened);
    })?;
    Ok(Taken::Yes)
}

/// Frees a client's place however its thread ends.
struct Place {
    id: u64,
    shared: Arc<Shared>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.clients().active.remove(&self.id);
        self.shared.one_left.notify_all();
    }
}

/// Ends a direction of a stream, however the command ends: a panic must leave neither a client nor a thread waiting.
struct End<'a>(&'a UnixStream, Shutdown);

impl Drop for End<'_> {
    fn drop(&mut self) {
        // A client that is gone has hung up itself.
        let _ = self.0.shutdown(self.1);
    }
}

/// Carries a command out while its client may end it early.
fn listening(stream: &UnixStream, stop: &Stop, act: impl FnOnce() -> Ended) -> Ended {
    thread::scope(|scope| {
        let _ends_the_listening = End(stream, Shutdown::Read);
        // Ends when the client hangs up, or when there is nothing more to be read.
        scope.spawn(|| listen_for_stop(stream, stop));
        act()
    })
}

fn serve(stream: &UnixStream, stop: Stop, opened: Opened) {
    let _hangs_up = End(stream, Shutdown::Both);
    let (kind, payload) = match hello(stream) {
        Ok(ask) => {
            let ended = listening(stream, &stop, || act(&ask, stream, stop.clone(), opened));
            let code = match ended {
                Ended::Well => 0,
                Ended::Wrong => 1,
            };
            (Kind::End, vec![code])
        }
        Err(why) => (Kind::Refused, why.into_bytes()),
    };
    // A client that is gone has no use for it.
    let _ = frame::write(stream, kind, &payload);
}

fn hello(stream: &UnixStream) -> Result<Ask, String> {
    let payload = match frame::read(stream) {
        Ok((Kind::Hello, payload)) => payload,
        Ok((kind, _)) => return Err(format!("the server expected a command and got a frame {kind:?}")),
        Err(error) => return Err(format!("the server could not read a command: {error}")),
    };
    let hello: Hello = serde_json::from_slice(&payload)
        .map_err(|error| format!("the server could not read a command, its version is {VERSION}: {error}"))?;
    if hello.daybook != VERSION {
        return Err(format!(
            "the server on this folder is Daybook {VERSION}, this command is of {}: use the same version, or stop the \
             server",
            hello.daybook
        ));
    }
    let ask = serde_json::from_value(hello.ask);
    let ask = ask.map_err(|error| format!("the server does not know this command, is it another build? {error}"))?;
    stream.set_read_timeout(None).map_err(|error| error.to_string())?;
    Ok(ask)
}

fn listen_for_stop(stream: &UnixStream, stop: &Stop) {
    loop {
        match frame::read(stream) {
            Ok((Kind::Stop, _)) => stop.set(),
            // Nothing else may come now: what it wants is unknown, so nothing more is done for it.
            Ok((Kind::Hello | Kind::Out | Kind::Err | Kind::End | Kind::Refused, _))
            | Err(FrameError::HungUp | FrameError::TooLong { .. } | FrameError::Unknown { .. } | FrameError::Io(_)) => {
                stop.set();
                let _ = stream.shutdown(Shutdown::Read);
                return;
            }
        }
    }
}

fn act(ask: &Ask, stream: &UnixStream, stop: Stop, opened: Opened) -> Ended {
    let mut out = frame::Writer { to: stream, kind: Kind::Out };
    let mut err = frame::Writer { to: stream, kind: Kind::Err };
    let mut console = Console { out: &mut out, err: &mut err, has_bar: false, stop };
    match ask::carry_out(ask, Access::served(opened), &mut console) {
        Ok(ended) => ended,
        Err(failure) => {
            console.say(&format!("error: {failure}"));
            Ended::Wrong
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_panics_leaves_nobody_waiting() {
        let (owners, client) = UnixStream::pair().unwrap();
        let carried_out = thread::spawn(move || {
            let _hangs_up = End(&owners, Shutdown::Both);
            listening(&owners, &Stop::default(), || panic!("a bug in a command"))
        });
        client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert!(matches!(frame::read(&client), Err(FrameError::HungUp)));
        assert!(carried_out.join().is_err());
    }
}
