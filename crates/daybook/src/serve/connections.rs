//! Connections: how many there may be, and how long each may take to ask for something.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Sleep, timeout};

use super::idle::{Busy, Idle, Seat};
use super::tls::{Handshake, Tls, speaks_tls};
use crate::files;

/// How long a new connection may take to send the head of its first request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// How long it may take from an answer to the end of the next request's head.
const NEXT_REQUEST: Duration = Duration::from_secs(120);
/// How long a client may take for its side of the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a client may take nothing of what it is sent. A WebSocket is cut off before, by whoever writes to it.
const STALLED: Duration = Duration::from_secs(60);
/// Of a request's head, and of an answer in the making.
const BUFFER_BYTES: usize = 32 << 10;
/// How long no connection is accepted after accepting failed, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts until `ending`, then lets every request that has come be answered.
pub(super) async fn serve(listener: TcpListener, tls: Option<Tls>, router: Router, mut ending: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(files::connections()));
    let handshake = tls.map(|tls| Handshake(tls.follow()));
    let idle = Arc::new(Idle::default());
    // Each connection holds a receiver: the sender learns when all are gone.
    let (all, open) = watch::channel(());
    loop {
        let next = async {
            let place = place(&places, &idle).await?;
            Some((accept(&listener).await, place))
        };
        let ((stream, from), place) = tokio::select! {
            next = next => match next {
                Some(next) => next,
                None => break,
            },
            _ = ending.wait_for(|&ending| ending) => break,
        };
        let connection = Connection { from, router: router.clone(), seat: Seat::new(&idle), ending: ending.clone() };
        let (handshake, open) = (handshake.clone(), open.clone());
        tokio::spawn(async move {
            match handshake {
                None => connection.serve(Counted::new(stream, place)).await,
                Some(handshake) => connection.serve_tls(&handshake, stream, place).await,
            }
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
            Ok((stream, from)) => {
                // Small messages leave at once; the system may refuse, then they leave a little later.
                let _ = stream.set_nodelay(true);
                return (stream, from);
            }
            // The client's business.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// What serves one connection.
struct Connection {
    from: SocketAddr,
    router: Router,
    seat: Arc<Seat>,
    ending: watch::Receiver<bool>,
}

impl Connection {
    async fn serve_tls(mut self, handshake: &Handshake, mut stream: TcpStream, place: OwnedSemaphorePermit) {
        let greeted = async {
            if !speaks_tls(&mut stream).await.unwrap_or(false) {
                return None;
            }
            handshake.acceptor().accept(Counted::new(stream, place)).await.ok()
        };
        let greeted = tokio::select! {
            greeted = timeout(HANDSHAKE, greeted) => greeted,
            () = self.seat.sent_away() => return,
            _ = self.ending.wait_for(|&ending| ending) => return,
        };
        if let Ok(Some(stream)) = greeted {
            self.serve(stream).await;
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let Self { from, router, seat, mut ending } = self;
        let service = TowerToHyperService::new(router);
        let asked = Arc::clone(&seat);
        let service = service_fn(move |mut request: Request<Incoming>| {
            let busy = asked.ask();
            request.extensions_mut().insert(ConnectInfo(from));
            let answer = service.call(request);
            async move {
                let answer: Result<Response<_>, Infallible> = answer.await;
                answer.map(|answer| answer.map(|body| Sending { body, _busy: busy }))
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(NEXT_REQUEST).max_buf_size(BUFFER_BYTES);
        let served = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
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
}

/// An answer on its way, such as a file: its connection waits for its client again once the last of it was handed on to be
/// written, not before.
struct Sending<B> {
    body: B,
    _busy: Busy,
}

impl<B: Body + Unpin> Body for Sending<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection with its place, which it keeps as a WebSocket too. Ends when its client takes nothing for too long.
struct Counted {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
    /// Runs while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Counted {
    fn new(stream: TcpStream, place: OwnedSemaphorePermit) -> Self {
        Self { stream, _place: place, stalled: None }
    }

    /// What became of an attempt to write.
    fn wrote<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled = None;
            return result;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(STALLED)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, to)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(cx, result)
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
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.wrote(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn who_takes_nothing_is_cut_off_and_who_takes_slowly_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let mut counted = Counted::new(listener.accept().await.unwrap().0, place);
        let taken = tokio::spawn(async move {
            for _ in 0..4 {
                let mut bytes = vec![0; 4 << 20];
                tokio::io::AsyncReadExt::read_exact(&mut client, &mut bytes).await.unwrap();
                tokio::time::sleep(STALLED - Duration::from_secs(1)).await;
            }
            client
        });
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        let written = counted.write_all(&vec![0; 64 << 20]).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() > 2 * STALLED, "{:?}", begun.elapsed());
        drop(taken.await.unwrap());
    }
}
