//! Where the real server listens, and how: HTTPS with a certificate of one's own, and nothing in the clear beyond this
//! machine unless it is said.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use support::{daybook, run, token};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A folder with a ledger, a token, and a certificate of localhost.
struct Shop {
    folder: TempDir,
    token: String,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token = token(&folder.path().join("data"));
        let shop = Self { folder, token };
        shop.certify();
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new certificate in the same files.
    fn certify(&self) {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(self.path("cert.pem"), cert.pem()).unwrap();
        fs::write(self.path("key.pem"), signing_key.serialize_pem()).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = daybook();
        command.arg("serve").args(args).arg("--data").arg(self.path("data"));
        command
    }

    fn tls(&self, listen: &str, certificate: &Path, key: &Path) -> Command {
        let mut command = self.command(&["--listen", listen]);
        command.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
        command
    }

    fn served(&self) -> Served {
        Served::start(self.tls("127.0.0.1:0", &self.path("cert.pem"), &self.path("key.pem")), "https")
    }

    /// What a server that does not come up says.
    fn refusal(&self, mut command: Command) -> String {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    }

    /// A client that trusts the certificate that is in the files now.
    fn connector(&self, versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.path("cert.pem")).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut config = config;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsConnector::from(Arc::new(config))
    }
}

struct Served {
    child: Child,
    address: SocketAddr,
}

impl Served {
    fn start(mut command: Command, scheme: &str) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let before = format!("serving {scheme}://");
        let line = lines.by_ref().map(Result::unwrap).find(|line| line.contains(&before)).expect("it serves");
        let address = line.split(&before).nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// On this machine, wherever it listens.
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.address.port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    fn in_the_clear(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        // The end may be a reset.
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    async fn greet(&self, connector: &TlsConnector) -> std::io::Result<TlsStream<tokio::net::TcpStream>> {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", self.address.port())).await?;
        connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    async fn ask(&self, connector: &TlsConnector, request: &str) -> std::io::Result<String> {
        let mut stream = self.greet(connector).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(String::from_utf8(answer).unwrap())
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn query(token: &str) -> String {
    let body = json!({"query": "{ viewer { role } }"}).to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn queries_and_subscriptions_over_tls() {
    let shop = Shop::new();
    let served = shop.served();
    for version in [&TLS12, &TLS13] {
        let connector = shop.connector(&[version]);
        let answer = served.ask(&connector, &query(&shop.token)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"PLATFORM\""), "{answer}");
        let stream = served.greet(&connector).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    }

    let connector = shop.connector(&[&TLS13]);
    let mut request = format!("wss://localhost:{}/graphql/ws", served.address.port()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    request.headers_mut().insert("authorization", format!("Bearer {}", shop.token).parse().unwrap());
    let stream = served.greet(&connector).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    let subscription = json!({"query": "subscription { orderEvents(after: \"0\") { position kind } }"});
    for message in
        [json!({"type": "connection_init"}), json!({"id": "1", "type": "subscribe", "payload": subscription})]
    {
        socket.send(Message::text(message.to_string())).await.unwrap();
    }
    let next = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&next).unwrap(), json!({"type": "connection_ack"}));
    assert!(run(&["merchant", "create", "m1"], &shop.path("data")).status.success());
    let order = shop.path("order.jsonl");
    let line = json!({"action": "place", "at": "2024-01-02T10:00:00Z", "merchant": "m1", "number": "A-1", "currency": "CNY",
        "buyer": {"account": "a"}, "lines": [{"sku": "s", "title": "S", "kind": "CARD", "quantity": 1, "unitPrice": "1.00"}]});
    fs::write(&order, format!("{line}\n")).unwrap();
    assert!(run(&["import", "jsonl", order.to_str().unwrap()], &shop.path("data")).status.success());
    let next = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(next.contains("order-placed"), "{next}");
}

#[test]
fn who_does_not_speak_tls_is_told_so_or_sent_away() {
    let shop = Shop::new();
    let served = shop.served();
    let answer = String::from_utf8(served.in_the_clear(query("dbk_1").as_bytes())).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("https://\n"), "{answer}");
    let length = answer.split("Content-Length: ").nth(1).unwrap().lines().next().unwrap().parse::<usize>().unwrap();
    assert_eq!(answer.split("\r\n\r\n").nth(1).unwrap().len(), length);
    for garbage in [&b"\x16\x03\x01\x00\x05hello"[..], &[0; 64], b"\x16garbage that is no handshake", "生".as_bytes()]
    {
        served.in_the_clear(garbage);
    }
    // Who says nothing is sent away, within ten seconds or so.
    let begun = Instant::now();
    let _ = served.connect().read_to_end(&mut Vec::new());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(served.ask(&shop.connector(&[&TLS13]), HEALTH)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart_and_a_broken_one_is_not() {
    let shop = Shop::new();
    let served = shop.served();
    let old = shop.connector(&[&TLS13]);
    assert!(served.ask(&old, HEALTH).await.is_ok());
    fs::write(shop.path("cert.pem"), "half writ").unwrap();
    served.signal("-HUP");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(served.ask(&old, HEALTH).await.is_ok(), "the one before is served on");
    shop.certify();
    let new = shop.connector(&[&TLS13]);
    served.signal("-HUP");
    let deadline = Instant::now() + Duration::from_secs(20);
    while served.ask(&new, HEALTH).await.is_err() {
        assert!(Instant::now() < deadline, "never renewed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(served.ask(&old, HEALTH).await.is_err(), "the old one is not trusted for it");
}

#[test]
fn each_bad_file_is_named_with_what_is_wrong() {
    let shop = Shop::new();
    let (certificate, key) = (shop.path("cert.pem"), shop.path("key.pem"));
    let write = |name: &str, text: &str| {
        fs::write(shop.path(name), text).unwrap();
        shop.path(name)
    };
    let empty = write("empty.pem", "");
    let broken = write("broken.pem", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n");
    let hollow = write("hollow.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap().signing_key.serialize_pem();
    let other = write("other.pem", &other);
    let missing = shop.path("missing.pem");
    for (certificate, key, says) in [
        (&missing, &key, "cannot read"),
        (&certificate, &missing, "cannot read"),
        (&empty, &key, "holds no certificate in PEM form"),
        (&key, &key, "holds no certificate in PEM form"),
        (&certificate, &empty, "holds no private key"),
        (&certificate, &certificate, "holds no private key"),
        (&broken, &key, "is not PEM"),
        (&hollow, &key, "do not go together"),
        (&certificate, &other, "do not go together"),
    ] {
        let said = shop.refusal(shop.tls("127.0.0.1:0", certificate, key));
        let named = if certificate == &shop.path("cert.pem") { key } else { certificate };
        assert!(said.contains(says) && said.contains(named.to_str().unwrap()), "{says}: {said}");
        assert!(!said.contains("PRIVATE KEY"), "{said}");
    }
    let output = shop.command(&["--tls-cert", "x.pem"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "one without the other");
}

#[test]
fn nothing_in_the_clear_beyond_this_machine_unless_it_is_said() {
    let shop = Shop::new();
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let said = shop.refusal(shop.command(&["--listen", listen]));
        for word in [listen, "--tls-cert", "--insecure-listen", "127.0.0.1"] {
            assert!(said.contains(word), "{word}: {said}");
        }
        let output = daybook().args(["demo", "--orders", "10", "--listen", listen]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "the demo neither");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--insecure-listen"));
    }
    let answer = Served::start(shop.command(&["--listen", "0.0.0.0:0", "--insecure-listen"]), "http")
        .in_the_clear(HEALTH.as_bytes());
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    let answer = Served::start(shop.command(&["--listen", "localhost:0"]), "http").in_the_clear(HEALTH.as_bytes());
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    // With TLS it needs no more words.
    let served = Served::start(shop.tls("0.0.0.0:0", &shop.path("cert.pem"), &shop.path("key.pem")), "https");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(runtime.block_on(served.ask(&shop.connector(&[&TLS13]), HEALTH)).unwrap().starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn the_rate_of_a_token_is_set_on_the_command_line() {
    let shop = Shop::new();
    let served = Served::start(shop.command(&["--listen", "127.0.0.1:0", "--rate-limit", "1"]), "http");
    let asked = |served: &Served| String::from_utf8(served.in_the_clear(query(&shop.token).as_bytes())).unwrap();
    let limited = (0..50).map(|_| asked(&served)).find(|answer| !answer.starts_with("HTTP/1.1 200 OK")).unwrap();
    assert!(limited.starts_with("HTTP/1.1 429 ") && limited.contains("\r\nretry-after: 1\r\n"), "{limited}");
    drop(served);
    let served = Served::start(shop.command(&["--listen", "127.0.0.1:0", "--rate-limit", "0"]), "http");
    for _ in 0..50 {
        assert!(asked(&served).starts_with("HTTP/1.1 200 OK"));
    }
}

/// Also behind another address of this machine: who guesses there is told to stop.
#[test]
fn wrong_tokens_are_limited_by_address() {
    let shop = Shop::new();
    let served = Served::start(shop.command(&["--listen", "127.0.0.1:0"]), "http");
    let status =
        |token: &str| String::from_utf8(served.in_the_clear(query(token).as_bytes())).unwrap()[9..12].to_owned();
    let all: Vec<String> = (0..60).map(|n| status(&format!("dbk_{n:064x}"))).collect();
    assert!(all[..20].iter().all(|status| status == "401"), "{all:?}");
    assert!(all.contains(&"429".to_owned()), "{all:?}");
    assert_eq!(status(&shop.token), "200");
}
