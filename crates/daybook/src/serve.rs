//! Serving: everything is wired here, and ends here.

mod connections;
mod files;
mod idle;
mod scrub;

use std::future::Future;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use daybook_api::{Host, JobRunner, Services, router};
use daybook_engine::Engine;
use tokio::net::TcpListener;

use crate::automation::Automation;
use crate::cli::ServeArgs;
use crate::console;
use crate::data::{self, Opened};
use crate::failure::Failure;
use crate::follower::{self, Followers};
use crate::owner::Owner;
use scrub::Scrub;

/// How long open requests and subscriptions may go on after the signal to end.
const GRACE: Duration = Duration::from_secs(3);

pub(crate) fn run(args: &ServeArgs) -> Result<ExitCode, Failure> {
    log_to_stderr();
    let runtime = runtime()?;
    let ended = runtime.block_on(async { ended_by_signal() })?;
    let folder = data::open_to_serve(&args.data)?;
    let mut store = follower::store(&args.data.data, &folder.reader);
    let load = |console: &mut console::Console<'_>| follower::load(&mut store, &folder.reader, console);
    let views = console::with_own(console::Stop::default(), load)?;
    let host = Host::new_shared(views);
    let followers = Followers::start(&folder.reader, &host, store)?;
    let opened = Opened { engine: folder.engine.clone(), reader: folder.reader.clone(), host: Some(Arc::clone(&host)) };
    let owner = Owner::start(opened);
    let automation = Automation::start(folder.engine.clone(), Arc::clone(&host))?;
    let scrub = Scrub::start(folder.reader.ledger().clone())?;
    let services = Services { engine: folder.engine.clone(), reader: folder.reader.clone(), host, graphiql: true };
    let jobs = JobRunner::start(services.clone())?;
    let served = runtime.block_on(async {
        let listener = listen(&args.listen).await?;
        eprintln!("serving http://{}/graphql; Ctrl-C ends it", listener.local_addr()?);
        serve(listener, services, ended).await;
        Ok(())
    });
    drop(runtime);
    scrub.stop();
    jobs.stop();
    automation.stop();
    end(&folder.engine, owner, followers, served)
}

pub(crate) fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

pub(crate) async fn listen(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::new(format!("cannot listen on {address}: {error}; choose another with --listen")))
}

/// Serves until `shutdown` or until the engine writes no more, then lets open requests end.
pub(crate) async fn serve(
    listener: TcpListener,
    services: Services,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let mut stopped = services.engine.watch_stopped();
    let (tell, told) = tokio::sync::watch::channel(false);
    let mut grace = told.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = shutdown => {}
            _ = stopped.wait_for(Option::is_some) => {}
        }
        let _ = tell.send(true);
    });
    let served = connections::serve(listener, router(services), files::connections(), told);
    let cut_off = async move {
        // Subscriptions never end by themselves.
        let _ = grace.wait_for(|told| *told).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = served => {}
        () = cut_off => {}
    }
}

/// Ctrl-C, or a service manager's SIGTERM. From this call on neither kills the process: what was asked for before the
/// server runs ends it once it does. To be called within a runtime.
pub(crate) fn ended_by_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Closes the ledger cleanly, and says why it ended if nobody asked for it.
pub(crate) fn end(
    engine: &Engine,
    owner: Option<Owner>,
    followers: Followers,
    served: Result<(), Failure>,
) -> Result<ExitCode, Failure> {
    // Before the ledger closes: commands that are ended early still get their answers.
    if let Some(owner) = owner {
        owner.stop();
    }
    let stopped = engine.watch_stopped().borrow().clone();
    let closed = engine.shutdown();
    followers.stop();
    served?;
    if let Some(why) = stopped {
        return Err(Failure::new(format!("the ledger takes no more writes: {why}; start again to check it")));
    }
    closed?;
    eprintln!("closed");
    Ok(ExitCode::SUCCESS)
}

/// What the crates below say, to standard error.
pub(crate) fn log_to_stderr() {
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(io::stderr);
    // There is one already when a test calls this twice.
    let _ = tracing::subscriber::set_global_default(subscriber.finish());
}

/// A host for views that start empty, as of a new folder.
pub(crate) fn new_host() -> Arc<Host> {
    Host::new_shared(daybook_views::Views::new())
}
