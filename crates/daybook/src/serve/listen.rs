//! Where a server may listen. What is not encrypted does not leave the machine unless somebody says so.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::cli::ListenArgs;
use crate::failure::Failure;

/// Addresses that may be listened on; the first that is free is.
pub(crate) struct Place {
    name: String,
    addresses: Vec<SocketAddr>,
}

/// Looks the address up and judges it.
pub(crate) async fn place(args: &ListenArgs, is_encrypted: bool) -> Result<Place, Failure> {
    let name = &args.listen;
    let found = tokio::net::lookup_host(name).await.map_err(|error| cannot(name, &error))?;
    let addresses: Vec<SocketAddr> = found.collect();
    let is_seen_by_others = addresses.iter().any(|address| !address.ip().to_canonical().is_loopback());
    if is_seen_by_others && !is_encrypted && !args.insecure_listen {
        return Err(Failure::new(format!(
            "{name} can be reached from other machines, and without TLS tokens and orders would cross the network in the \
             clear: give --tls-cert FILE and --tls-key FILE, or listen on 127.0.0.1 behind a proxy that has TLS; if the \
             network is trusted, --insecure-listen serves it as it is"
        )));
    }
    Ok(Place { name: name.clone(), addresses })
}

impl Place {
    pub(crate) async fn listen(&self) -> Result<TcpListener, Failure> {
        TcpListener::bind(self.addresses.as_slice()).await.map_err(|error| cannot(&self.name, &error))
    }
}

fn cannot(name: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot listen on {name}: {error}; choose another with --listen"))
}
