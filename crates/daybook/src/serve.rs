//! Serving: everything is wired here, and ends here.

mod checkpoints;
mod connections;
mod idle;
pub(crate) mod listen;
mod scrub;
mod tls;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::future::Future;
use std::io;
use std::num::NonZeroU32;
use std::panic::PanicHookInfo;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use daybook_api::{
    Credentials, ExportLimits, ExportMaker, Exports, Forgetting, Host, JobRunner, Limits, PhoneFollower, Services,
    router_within,
};
use daybook_engine::{Engine, Reader};
use daybook_proof::Notary;
use tokio::net::TcpListener;

use crate::automation::Automation;
use crate::cli::ServeArgs;
use crate::console;
use crate::data::{self, Opened};
use crate::failure::Failure;
use crate::follower::{self, Followers};
use crate::owner::Owner;
use crate::security_log::Writing;
use crate::uses::Keeping;
use crate::{clock, oidc, token};
use checkpoints::Checkpoints;
use scrub::Scrub;
pub(crate) use tls::Tls;

/// Within the data folder: files that are made for whoever exports over HTTP.
pub(crate) const EXPORTS: &str = "exports";
/// How long open requests and subscriptions may go on after the signal to end.
const GRACE: Duration = Duration::from_secs(3);

pub(crate) fn run(args: &ServeArgs) -> Result<ExitCode, Failure> {
    log_to_stderr();
    let (runtime, workers) = (runtime()?, runtime()?);
    let ended = runtime.block_on(async { ended_by_signal() })?;
    // Before the folder is opened, which may take a while.
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::open(certificate, key)?),
        _ => None,
    };
    let place = runtime.block_on(listen::place(&args.listen, tls.is_some()))?;
    let oidc = oidc::start(&args.oidc)?;
    let folder = data::open_to_serve(&args.data)?;
    // Before anything more is written to it: a ledger that was put back or exchanged is not gone on with.
    let notary = match notary(&folder.reader) {
        Ok(notary) => notary,
        Err(failure) => {
            folder.engine.shutdown()?;
            return Err(failure);
        }
    };
    let mut store = follower::store(&args.data.data, &folder.reader);
    let load = |console: &mut console::Console<'_>| follower::load(&mut store, &folder.reader, console);
    let views = console::with_own(console::Stop::default(), load)?;
    let host = Host::new_shared(views);
    let followers = Followers::start(&folder.reader, &host, store)?;
    let (uses, keeping) = Keeping::start(&args.data.data)?;
    let credentials = Credentials::new(token::new_token).with_uses(uses.clone());
    let credentials = match oidc {
        Some(oidc) => credentials.with_oidc(oidc),
        None => credentials,
    };
    let exports = Exports::in_folder(args.data.data.join(EXPORTS), ExportLimits::default())?;
    let (engine, exporting) = (folder.engine.clone(), exports.clone());
    let forgetting = Forgetting::new(engine, Arc::clone(&host), exporting, Some(&credentials));
    let opened = Opened {
        engine: folder.engine.clone(),
        reader: folder.reader.clone(),
        host: Some(Arc::clone(&host)),
        forgetting: Some(forgetting),
        uses: Some(uses),
        notary: Some(Arc::clone(&notary)),
    };
    let phones = PhoneFollower::start(folder.reader.clone(), Arc::clone(&host))?;
    let owner = Owner::start(opened);
    let automation = Automation::start(folder.engine.clone(), Arc::clone(&host))?;
    let scrub = Scrub::start(folder.reader.ledger().clone())?;
    let checkpoints = Checkpoints::start(&folder.reader, &notary, Duration::from_secs(args.checkpoint_every))?;
    let (security, writing) = Writing::start(&args.data.data, clock::system())?;
    let (engine, reader) = (folder.engine.clone(), folder.reader.clone());
    let services =
        Services { engine, reader, host, credentials, security, exports, notary: Some(notary), graphiql: true };
    let jobs = JobRunner::start(services.clone())?;
    let maker = ExportMaker::start(&services)?;
    let served = runtime.block_on(async {
        let listener = place.listen().await?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        eprintln!("serving {scheme}://{}/graphql; Ctrl-C ends it", listener.local_addr()?);
        let requests_per_second = NonZeroU32::new(args.rate_limit);
        let workers = Some(workers.handle().clone());
        let limits = Limits { requests_per_second, workers, ..Limits::default() };
        serve(Front { listener, tls, limits }, services, ended).await;
        Ok(())
    });
    // With these goes whoever could tell the security log anything; it ends when nobody can.
    drop((runtime, workers));
    maker.stop();
    jobs.stop();
    phones.stop();
    writing.finish();
    keeping.stop();
    scrub.stop();
    checkpoints.stop();
    automation.stop();
    end(&folder.engine, owner, followers, served)
}

/// Who signs for the ledger, once it was seen to go on from what was signed last.
fn notary(reader: &Reader) -> Result<Arc<Notary>, Failure> {
    let notary = data::open_notary(reader)?;
    notary.check()?;
    if notary.verifier().is_none() {
        let dir = reader.ledger().dir().display();
        eprintln!("no checkpoints are signed: there is no key; `daybook keys create --data {dir}` makes one");
    }
    Ok(Arc::new(notary))
}

pub(crate) fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Where requests come in.
pub(crate) struct Front {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<Tls>,
    pub(crate) limits: Limits,
}

/// Serves until `shutdown` or until the engine writes no more, then lets open requests end.
pub(crate) async fn serve(front: Front, services: Services, shutdown: impl Future<Output = ()> + Send + 'static) {
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
    let now = clock::system();
    let millis = move || now().0 / 1_000;
    let router = daybook_console::around(router_within(services, &front.limits), front.tls.is_some(), Arc::new(millis));
    let served = connections::serve(front.listener, front.tls, router, told);
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

/// What the crates below say, to standard error; of panics their place and, if no value can be in them, their words.
pub(crate) fn log_to_stderr() {
    std::panic::set_hook(Box::new(|panic| eprintln!("{}", told(panic, &Backtrace::capture()))));
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(io::stderr);
    // There is one already when a test calls this twice.
    let _ = tracing::subscriber::set_global_default(subscriber.finish());
}

fn told(panic: &PanicHookInfo<'_>, trace: &Backtrace) -> String {
    let thread = std::thread::current();
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let words = daybook_api::panic_words(panic.payload()).unwrap_or("what it says may hold a secret, and is not shown");
    let trace = if trace.status() == BacktraceStatus::Captured { format!("\n{trace}") } else { String::new() };
    format!("thread {:?} panicked at {place}: {words}{trace}", thread.name().unwrap_or("without a name"))
}

/// A host for views that start empty, as of a new folder.
pub(crate) fn new_host() -> Arc<Host> {
    Host::new_shared(daybook_views::Views::new())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_panic_tells_its_place_and_no_value() {
        static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(|panic| TOLD.lock().unwrap().push(told(panic, &Backtrace::disabled()))));
        let secret = String::from("密密密");
        assert!(std::panic::catch_unwind(|| secret[..1].len()).is_err());
        assert!(std::panic::catch_unwind(|| panic!("words of the program alone")).is_err());
        std::panic::set_hook(before);
        let told = TOLD.lock().unwrap();
        let [cut, alone] = told.as_slice() else { panic!("{told:?}") };
        assert!(cut.contains("serve.rs:") && cut.contains("not shown") && !cut.contains('密'), "{cut}");
        assert!(alone.contains("serve.rs:") && alone.contains("words of the program alone"), "{alone}");
    }
}
