//! The keys of an OpenID Connect provider: read from a file or fetched from its address, and kept up to date by a thread
//! that no request waits for long.

use std::io::Read;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

use daybook_api::{Algorithm, MAX_JWKS_BYTES, Oidc, OidcOptions};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::cli::{AlgorithmArg, OidcArgs};
use crate::failure::Failure;

/// How often a file is looked at.
const FILE_EVERY: Duration = Duration::from_secs(2);
/// How often an address is asked anyway …
const ADDRESS_EVERY: Duration = Duration::from_secs(3_600);
/// … and after it gave nothing of use.
const RETRY_AFTER: Duration = Duration::from_secs(30);
/// How long it may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The provider that the command line names, if it does, with its keys as of now.
///
/// # Errors
/// The keys are in a file that is of no use, or at an address that is not fetched from. An address that does not answer is
/// tried again later: until then no JWT is taken.
pub(crate) fn start(args: &OidcArgs) -> Result<Option<Arc<Oidc>>, Failure> {
    let (Some(issuer), Some(audience), Some(algorithm), Some(keys)) =
        (&args.oidc_issuer, &args.oidc_audience, args.oidc_algorithm, &args.oidc_keys)
    else {
        return Ok(None);
    };
    let options = OidcOptions {
        issuer: issuer.clone(),
        audience: audience.clone(),
        algorithm: match algorithm {
            AlgorithmArg::RS256 => Algorithm::Rs256,
            AlgorithmArg::ES256 => Algorithm::Es256,
            AlgorithmArg::EdDSA => Algorithm::EdDsa,
        },
        role_claim: args.oidc_role_claim.clone(),
        merchant_claim: args.oidc_merchant_claim.clone(),
    };
    // Room for one: that keys are wanted is told once, however many want them.
    let (ask, asked) = sync_channel(1);
    let oidc = Arc::new(Oidc::new(options, move || {
        let _ = ask.try_send(());
    }));
    let mut source = Source::parse(keys)?;
    let loaded = source.load().and_then(|bytes| taken(&oidc, &bytes));
    match (&source, &loaded) {
        (Source::File { .. }, Err(why)) => return Err(Failure::new(format!("--oidc-keys {keys}: {why}"))),
        (Source::Address { .. }, Err(why)) => tracing::warn!(keys, why, "no JWT is taken until there are keys"),
        (_, Ok(count)) => tracing::info!(keys, count, "JWTs of {issuer} are taken"),
    }
    let (weak, fails) = (Arc::downgrade(&oidc), loaded.is_err());
    std::thread::Builder::new()
        .name("daybook-oidc".into())
        .spawn(move || keep(&weak, source, fails, &asked))
        .map_err(|error| Failure::new(format!("no thread for the provider's keys: {error}")))?;
    Ok(Some(oidc))
}

fn taken(oidc: &Oidc, bytes: &[u8]) -> Result<usize, String> {
    oidc.set_keys(bytes).map_err(|error| error.to_string())
}

/// Ends with the last one who uses the provider.
fn keep(oidc: &Weak<Oidc>, mut source: Source, mut fails: bool, asked: &Receiver<()>) {
    let mut last = Instant::now();
    loop {
        let is_asked = match asked.recv_timeout(source.pause(fails).saturating_sub(last.elapsed())) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        last = Instant::now();
        if !is_asked && !source.may_have_changed() {
            continue;
        }
        let bytes = source.load();
        let Some(oidc) = oidc.upgrade() else { return };
        let result = match bytes {
            Ok(bytes) => taken(&oidc, &bytes),
            Err(why) => {
                oidc.tried();
                Err(why)
            }
        };
        match &result {
            Err(why) if !fails => {
                tracing::warn!(keys = source.name(), why, "the provider's keys stay as they were");
            }
            Ok(count) if fails => tracing::info!(keys = source.name(), count, "the provider's keys are there again"),
            Ok(_) | Err(_) => {}
        }
        fails = result.is_err();
    }
}

enum Source {
    File { path: PathBuf, seen: Option<Seen> },
    Address { url: String, agent: Agent },
}

/// What tells a changed file.
type Seen = (u64, Option<SystemTime>);

impl Source {
    fn parse(text: &str) -> Result<Self, Failure> {
        let is_secure = text.starts_with("https://");
        if !is_secure && !text.starts_with("http://") {
            return Ok(Self::File { path: text.into(), seen: None });
        }
        if !is_secure && !is_loopback(text) {
            return Err(Failure::new(format!(
                "--oidc-keys {text}: keys are fetched by https alone; http is for this machine"
            )));
        }
        // Those of the machine: a company's provider may stand behind its own authority.
        let found = rustls_native_certs::load_native_certs();
        let roots: RootCerts =
            found.certs.iter().map(|cert| Certificate::from_der(cert).to_owned()).collect::<Vec<_>>().into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build();
        let config = Agent::config_builder()
            .https_only(is_secure)
            .max_redirects(0)
            .timeout_global(Some(ANSWER_WITHIN))
            .max_idle_connections(0)
            .user_agent("daybook")
            .tls_config(tls);
        Ok(Self::Address { url: text.to_owned(), agent: config.build().new_agent() })
    }

    fn name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Address { url, .. } => url.clone(),
        }
    }

    fn pause(&self, fails: bool) -> Duration {
        match self {
            Self::File { .. } => FILE_EVERY,
            Self::Address { .. } if fails => RETRY_AFTER,
            Self::Address { .. } => ADDRESS_EVERY,
        }
    }

    fn may_have_changed(&self) -> bool {
        match self {
            Self::File { path, seen } => look(path) != *seen,
            Self::Address { .. } => true,
        }
    }

    fn load(&mut self) -> Result<Vec<u8>, String> {
        // One byte more tells that there is too much.
        let limit = MAX_JWKS_BYTES as u64 + 1;
        match self {
            Self::File { path, seen } => {
                // Before it is read: what changes meanwhile is read again.
                *seen = look(path);
                let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
                let mut bytes = Vec::new();
                file.take(limit).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
                Ok(bytes)
            }
            Self::Address { url, agent } => {
                let mut answer = agent.get(url.as_str()).call().map_err(|error| error.to_string())?;
                if answer.status() != 200 {
                    return Err(format!("it answers {} instead of keys", answer.status()));
                }
                answer.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| error.to_string())
            }
        }
    }
}

fn look(path: &std::path::Path) -> Option<Seen> {
    let metadata = path.metadata().ok()?;
    Some((metadata.len(), metadata.modified().ok()))
}

fn is_loopback(url: &str) -> bool {
    let rest = url.trim_start_matches("http://");
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if authority.contains('@') {
        // What stands before it is no host, whatever it looks like.
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or(""),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fetched_in_the_clear_from_this_machine_alone() {
        for url in ["http://127.0.0.1:8080/jwks", "http://localhost/jwks", "http://[::1]:1/", "http://127.9.9.9"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://id.example/jwks",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "http://127.0.0.1@evil.example/",
            "http://localhost:1@evil.example/",
            "http://10.0.0.1/",
            "http://",
        ] {
            assert!(!is_loopback(url), "{url}");
            assert!(Source::parse(url).is_err(), "{url}");
        }
        assert!(matches!(Source::parse("https://id.example/jwks"), Ok(Source::Address { .. })));
        assert!(matches!(Source::parse("keys.json"), Ok(Source::File { .. })));
    }
}
