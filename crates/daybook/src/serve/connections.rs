//! Connections: how many there may be, and how long each may take to ask for something.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use daybook_api::Peer;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::idle::{Idle, Seat};

/// How long a new connection may take to send the head of its first request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// How long it may take from an answer to the end of the next request's head.
const NEXT_REQUEST: Duration = Duration::from_secs(120);
/// How long no connection is accepted after accepting failed, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts until `ending`, then lets every request that has come be answered.
pub(super) async fn serve(listener: TcpListener, router: Router, limit: usize, mut ending: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(limit));
    let idle = Arc::new(Idle::default());
    // Each connection holds a receiver: the sender learns when all are gone.
    let (all, open) = watch::channel(());
    loop {
        let next = async {
            let place = place(&places, &idle).await?;
            Some((accept(&listener).await, place))
        };
        let ((stream, peer), place) = tokio::select! {
            next = next => match next {
                Some(next) => next,
                None => break,
            },
            _ = ending.wait_for(|&ending| ending) => break,
        };
        let counted = Counted { stream, _place: place };
        let (router, seat, ending, open) = (router.clone(), Seat::new(&idle), ending.clone(), open.clone());
        tokio::spawn(async move {
            connection(counted, Peer(peer.ip()), router, seat, ending).await;
            drop(open);
        });
    }
    drop((listener, open));
    all.closed().await;
}

/// Room for one more: taken before it is accepted. If there is none, whoever has waited longest for its client leaves.
/// None is never returned as long as connections are served.
async fn place(places: &Arc<Semaphore>, idle: &Idle) -> Option<OwnedSemaphorePermit> {
    loop {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return Some(place);
        }
        idle.send_one_away();
        if let Ok(place) = tokio::time::timeout(PAUSE, Arc::clone(places).acquire_owned()).await {
            return place.ok();
        }
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The client's business.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(counted: Counted, peer: Peer, router: Router, seat: Arc<Seat>, mut ending: watch::Receiver<bool>) {
    let service = TowerToHyperService::new(router);
    let asked = Arc::clone(&seat);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let busy = asked.ask();
        let answer = service.call(request);
        async move {
            let answer: Result<Response<_>, Infallible> = answer.await;
            drop(busy);
            answer
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(NEXT_REQUEST);
    let served = http.serve_connection(TokioIo::new(counted), service).with_upgrades();
    tokio::pin!(served);
    let first_request = tokio::time::sleep(FIRST_REQUEST);
    tokio::pin!(first_request);
    let (mut is_told, mut is_young) = (false, true);
    loop {
        tokio::select! {
            // Whatever went wrong is between the two sides of this connection.
            _ = served.as_mut() => return,
            () = seat.sent_away() => return,
            () = first_request.as_mut(), if is_young => match seat.has_asked() {
                true => is_young = false,
                false => return,
            },
            _ = ending.wait_for(|&ending| ending), if !is_told => {
                is_told = true;
                served.as_mut().graceful_shutdown();
            }
        }
    }
}

/// A connection with its place, which it keeps as a WebSocket too.
struct Counted {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, to)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
