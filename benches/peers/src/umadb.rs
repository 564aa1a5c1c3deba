//! UmaDB: an event store with dynamic consistency boundaries, over its gRPC interface.
//!
//! Its own Rust client is not used: that brings a TLS library that wants CMake and, to be built, `protoc`. This speaks the
//! same interface (`umadb.v1.DCB`) through the same library, tonic.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bytes::Bytes;
use prost::Message;
use rustix::process::Signal;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};
use tonic_prost::ProstCodec;

use crate::fetch::{self, Programs};
use crate::process::Server;
use crate::{Absent, Conflict, absent};

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(string, tag = "1")]
    event_type: String,
    #[prost(string, repeated, tag = "2")]
    tags: Vec<String>,
    #[prost(bytes = "bytes", tag = "3")]
    data: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct QueryItem {
    #[prost(string, repeated, tag = "2")]
    tags: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Query {
    #[prost(message, repeated, tag = "1")]
    items: Vec<QueryItem>,
}

#[derive(Clone, PartialEq, Message)]
struct AppendCondition {
    #[prost(message, optional, tag = "1")]
    fail_if_events_match: Option<Query>,
    #[prost(uint64, optional, tag = "2")]
    after: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct AppendRequest {
    #[prost(message, repeated, tag = "1")]
    events: Vec<Event>,
    #[prost(message, optional, tag = "2")]
    condition: Option<AppendCondition>,
}

#[derive(Clone, PartialEq, Message)]
struct AppendResponse {
    #[prost(uint64, tag = "1")]
    position: u64,
}

/// A server and clients of it.
#[derive(Debug)]
pub struct UmaDb {
    channels: Vec<Channel>,
    pub version: String,
    // Behind what uses them: dropped last.
    _server: Server,
    _folder: tempfile::TempDir,
}

/// It ships without a cache and with the plain writer.
const SETTINGS: [&str; 2] = ["--page-cache-max-mb=2048", "--pipelined-writer=true"];

/// HTTP/2 carries many requests at once; with one connection its one task would be the limit.
const CONNECTIONS: usize = 4;

impl UmaDb {
    /// A new server as it ships, its data below `dir`.
    ///
    /// # Errors
    /// When it is not there or does not start.
    pub async fn start(programs: &Programs, dir: &std::path::Path) -> Result<Self, Absent> {
        let mut command = programs.umadb()?;
        let version = fetch::version(&mut programs.umadb()?);
        let failed = |error: &dyn std::fmt::Display| absent("umadb", error);
        let folder = tempfile::Builder::new().prefix("umadb-").tempdir_in(dir).map_err(|error| failed(&error))?;
        // It says nowhere which port the system gave it.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.map_err(|error| failed(&error))?.to_string();
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"UMADB_")) {
            command.env_remove(name);
        }
        command.args(["--listen", &address, "--db-path"]).arg(folder.path().join("uma.db")).args(SETTINGS);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Server::start(&mut command, Signal::INT).map_err(|error| failed(&error))?;
        let endpoint = Endpoint::from_shared(format!("http://{address}")).map_err(|error| failed(&error))?;
        let until = Instant::now() + Duration::from_secs(10);
        let mut channels = Vec::new();
        while channels.len() < CONNECTIONS {
            match endpoint.clone().tcp_nodelay(true).connect().await {
                Ok(channel) => channels.push(channel),
                Err(error) if !server.is_running() || Instant::now() > until => return Err(failed(&error)),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        Ok(Self { channels, version, _server: server, _folder: folder })
    }

    /// Answers with the event's place in the whole store, which is what is expected next time.
    ///
    /// # Errors
    /// When the stream has an event behind the expected place.
    ///
    /// # Panics
    /// When the server fails.
    pub async fn append(&self, caller: usize, stream: u32, expected: u64, bytes: Bytes) -> Result<u64, Conflict> {
        let tags = vec![format!("s{stream}")];
        let condition = AppendCondition {
            fail_if_events_match: Some(Query { items: vec![QueryItem { tags: tags.clone() }] }),
            after: Some(expected),
        };
        let event = Event { event_type: "happened".into(), tags, data: bytes };
        let request = AppendRequest { events: vec![event], condition: Some(condition) };
        let mut client = Grpc::new(self.channels[caller % self.channels.len()].clone());
        client.ready().await.expect("the server is there");
        let codec: ProstCodec<AppendRequest, AppendResponse> = ProstCodec::default();
        let path = PathAndQuery::from_static("/umadb.v1.DCB/Append");
        match client.unary(Request::new(request), path, codec).await {
            Ok(answer) => Ok(answer.into_inner().position),
            Err(status) if status.code() == Code::FailedPrecondition => Err(Conflict),
            Err(status) => panic!("UmaDB: {status}"),
        }
    }
}
