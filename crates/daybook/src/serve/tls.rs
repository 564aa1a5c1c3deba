//! HTTPS. The certificate is read again when its files change, so that it can be renewed while it is served.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ALL_VERSIONS, ServerConfig};

use crate::failure::Failure;

/// How often the files are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// The first byte of a TLS record that begins a handshake.
const HANDSHAKE: u8 = 0x16;
/// What is said to a client that does not speak TLS.
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\
    Content-Length: 38\r\n\r\nthis port speaks TLS: ask it https://\n";

/// A certificate with its key.
pub(crate) struct Tls {
    files: Files,
    config: Arc<ServerConfig>,
}

#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// When the files were last changed, and how long they are.
type Seen = [Option<(SystemTime, u64)>; 2];

impl Tls {
    pub(crate) fn open(certificate: &Path, key: &Path) -> Result<Self, Failure> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let config = files.read()?;
        Ok(Self { files, config })
    }

    /// Follows the files for as long as the receiver is held. To be called within a runtime.
    pub(super) fn follow(self) -> watch::Receiver<Arc<ServerConfig>> {
        let (change, config) = watch::channel(self.config);
        tokio::spawn(follow(self.files, change));
        config
    }
}

async fn follow(files: Files, change: watch::Sender<Arc<ServerConfig>>) {
    let mut hung_up = match signal(SignalKind::hangup()) {
        Ok(hung_up) => hung_up,
        Err(error) => {
            tracing::warn!(%error, "a renewed certificate will not be noticed: restart Daybook for it");
            return change.closed().await;
        }
    };
    let mut seen = files.seen();
    loop {
        let is_told = tokio::select! {
            told = hung_up.recv() => told.is_some(),
            () = tokio::time::sleep(LOOK_AGAIN) => false,
            () = change.closed() => return,
        };
        let now = files.seen();
        if now == seen && !is_told {
            continue;
        }
        match files.read() {
            Ok(config) => {
                change.send_replace(config);
                seen = now;
                tracing::info!(certificate = %files.certificate.display(), "the certificate was read again");
            }
            // Half written, or wrong: the one before is served on, and the files are looked at again.
            Err(error) => {
                tracing::warn!(%error, "the certificate could not be read again; the one before is served on")
            }
        }
    }
}

impl Files {
    fn seen(&self) -> Seen {
        [&self.certificate, &self.key].map(|path| {
            let status = fs::metadata(path).ok()?;
            Some((status.modified().ok()?, status.len()))
        })
    }

    fn read(&self) -> Result<Arc<ServerConfig>, Failure> {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        let unread = |path, error: PemError, wanted: &str| match error {
            PemError::Io(error) => Failure::new(format!("cannot read {path}: {error}")),
            PemError::NoItemsFound => Failure::new(format!("{path} holds no {wanted} in PEM form")),
            error => Failure::new(format!("{path} is not PEM: {error}")),
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate).and_then(Iterator::collect);
        let chain: Vec<CertificateDer<'static>> =
            chain.map_err(|error| unread(certificate.to_string(), error, "certificate"))?;
        if chain.is_empty() {
            return Err(unread(certificate.to_string(), PemError::NoItemsFound, "certificate"));
        }
        let private = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| {
            unread(key.to_string(), error, "private key that is not encrypted (PKCS #8, PKCS #1 or SEC 1)")
        })?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(ALL_VERSIONS)?
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(|error| Failure::new(format!("{certificate} and {key} do not go together: {error}")))?;
        let mut config = config;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// What a connection needs to become one over TLS.
#[derive(Clone)]
pub(super) struct Handshake(pub(super) watch::Receiver<Arc<ServerConfig>>);

impl Handshake {
    /// With the certificate as of now.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0.borrow()))
    }
}

/// Whether a client begins to speak TLS. Who speaks HTTP instead is told so.
pub(super) async fn speaks_tls(stream: &mut TcpStream) -> io::Result<bool> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 || first[0] == HANDSHAKE {
        return Ok(true);
    }
    if first[0].is_ascii_uppercase() {
        stream.write_all(NOT_TLS).await?;
        // What came is read, or the system would throw the answer away with it.
        let mut rest = [0; 4096];
        let _ = stream.try_read(&mut rest);
        stream.shutdown().await?;
    }
    Ok(false)
}
