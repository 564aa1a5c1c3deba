//! NATS `JetStream`: one stream kept in files, one subject for each stream of ours, every message synced before its answer.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use async_nats::jetstream::context::{Context, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, StorageType};
use bytes::Bytes;
use rustix::process::Signal;

use crate::fetch::{self, Programs};
use crate::process::Server;
use crate::{Absent, Conflict, absent};

/// A server and clients of it.
#[derive(Debug)]
pub struct Nats {
    clients: Vec<Context>,
    pub version: String,
    // Behind what uses them: dropped last.
    _server: Server,
    _folder: tempfile::TempDir,
}

/// More connections than two or so gained nothing; one connection's reader and writer are a task each.
const CONNECTIONS: usize = 4;

impl Nats {
    /// A new server, its data below `dir`.
    ///
    /// # Errors
    /// When it is not there or does not start.
    pub async fn start(programs: &Programs, dir: &std::path::Path) -> Result<Self, Absent> {
        let program = programs.nats()?;
        let failed = |error: &dyn std::fmt::Display| absent("nats-server", error);
        let folder = tempfile::Builder::new().prefix("nats-").tempdir_in(dir).map_err(|error| failed(&error))?;
        let store = folder.path().join("store");
        let config = folder.path().join("nats.conf");
        // Without the last line an answer comes before the sync, which is every two minutes.
        let text = format!(
            "listen: \"127.0.0.1:-1\"\nports_file_dir: {folder:?}\njetstream {{\n  store_dir: {store:?}\n  max_file_store: \
             200GB\n  max_memory_store: 64MB\n  sync_interval: always\n}}\n",
            folder = folder.path(),
        );
        std::fs::write(&config, text).map_err(|error| failed(&error))?;
        let mut command = Command::new(&program);
        command.arg("-c").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Server::start(&mut command, Signal::TERM).map_err(|error| failed(&error))?;
        let until = Instant::now() + Duration::from_secs(10);
        let url = loop {
            if let Some(url) = listens_on(folder.path()) {
                break url;
            }
            if !server.is_running() || Instant::now() > until {
                return Err(absent("nats-server", "it does not listen"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            let client = async_nats::connect(&url).await.map_err(|error| failed(&error))?;
            clients.push(async_nats::jetstream::new(client));
        }
        let config = Config {
            name: "events".into(),
            subjects: vec!["e.>".into()],
            storage: StorageType::File,
            num_replicas: 1,
            // Nobody sends the same message twice here; remembering ids would cost.
            duplicate_window: Duration::from_millis(100),
            ..Config::default()
        };
        clients[0].create_stream(config).await.map_err(|error| failed(&error))?;
        let version = fetch::version(&mut Command::new(&program));
        Ok(Self { clients, version, _server: server, _folder: folder })
    }

    /// Answers with the event's place in all of the stream's store, which is what is expected next time.
    ///
    /// # Errors
    /// When the subject's last message is another.
    ///
    /// # Panics
    /// When the server fails.
    pub async fn append(&self, caller: usize, stream: u32, expected: u64, bytes: Bytes) -> Result<u64, Conflict> {
        let client = &self.clients[caller % self.clients.len()];
        let message = PublishMessage::build().payload(bytes).expected_last_subject_sequence(expected);
        let sent = client.send_publish(format!("e.{stream}"), message).await.expect("the server takes it");
        match sent.await {
            Ok(ack) => Ok(ack.sequence),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Err(Conflict),
            Err(error) => panic!("NATS: {error}"),
        }
    }
}

/// What the server wrote about its ports, once it did.
fn listens_on(folder: &std::path::Path) -> Option<String> {
    let entries = std::fs::read_dir(folder).ok()?;
    let ports = entries.filter_map(Result::ok).find(|entry| entry.path().extension().is_some_and(|e| e == "ports"))?;
    let text = std::fs::read_to_string(ports.path()).ok()?;
    let from = text.find("nats://")?;
    let url = text[from..].split('"').next()?;
    Some(url.to_owned())
}
