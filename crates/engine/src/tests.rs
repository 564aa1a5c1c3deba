//! Disks and threads that fail, over a real ledger in a temporary folder.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, atomic::AtomicUsize};
use std::time::Duration;

use daybook_domain::command::{Command, RegisterMerchant};
use daybook_domain::{Actor, CommandId, MerchantId, Role, StreamId, Timestamp};
use daybook_ledger::{BatchBuilder, Ledger, Options, Tail};
use daybook_vault::{MasterKey, Vault};
use tokio::sync::watch;
use uuid::Uuid;

use crate::alarm::Thread;
use crate::decide_thread::{Decider, Message};
use crate::inbox::{Outbox, inbox};
use crate::job::Job;
use crate::load_thread::{self, Load};
use crate::request::{Answer, Receipt, Reply, Request};
use crate::seal::Merchants;
use crate::sync_thread::{Decided, Synced, Work, Writer, answer};
use crate::{Clock, Engine, ExecuteError, FolderOptions, Pending, Reader, ShutdownError, open_folder};

fn register(n: usize, parent: Option<usize>) -> Request {
    let id = |n| MerchantId::new(&format!("m{n}")).unwrap();
    let register = RegisterMerchant { id: id(n), name: "x".repeat(100).into(), parent: parent.map(id) };
    let actor = Actor { id: Uuid::nil(), role: Role::Platform };
    Request::live(CommandId(Uuid::from_u128(n as u128)), actor, Command::RegisterMerchant(register))
}

/// Nobody waits for ever.
fn soon<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = sync_channel(1);
    std::thread::spawn(move || done.send(work()));
    result.recv_timeout(Duration::from_secs(30)).expect("an answer in time")
}

fn is_stopped(answer: &Answer) -> bool {
    matches!(answer, Err(ExecuteError::Stopped { .. }))
}

/// A deciding thread; what it sends to the two others arrives here, or at a loader.
struct Bench {
    jobs: Outbox,
    sent_off: Receiver<Work>,
    reader: Reader,
    vault: Arc<Vault>,
    merchants: Merchants,
    waiting: Arc<AtomicUsize>,
    decide: std::thread::JoinHandle<()>,
}

impl Bench {
    fn new(dir: &Path, loader: impl FnOnce(&Reader, &Outbox) -> Sender<Load>) -> Self {
        if !Ledger::exists(dir) {
            Ledger::create(dir, Uuid::from_u128(1)).unwrap();
        }
        let (ledger, appender) = Ledger::open(dir, &Options::default()).unwrap();
        let master = MasterKey::from_hex(&"07".repeat(32)).unwrap();
        let vault = Arc::new(Vault::create(&dir.join("other-keys"), &master, Uuid::from_u128(1)).unwrap());
        let reader = Reader::open(ledger, Arc::clone(&vault));
        let (jobs, inbox) = inbox();
        let (batches, sent_off) = channel();
        let loader = loader(&reader, &jobs);
        let tail: Tail = appender.tail();
        let clock: Clock = Arc::new(|| Timestamp(1));
        let writer = Writer { batches, appender: None, tail };
        let alarm = watch::channel(None).0;
        let decider = Decider::new(reader.clone(), Arc::clone(&vault), clock, Timestamp(0), writer, loader, alarm);
        let decide = std::thread::spawn(move || decider.run(inbox));
        Self { jobs, sent_off, reader, vault, merchants: Merchants::default(), waiting: Arc::default(), decide }
    }

    fn send(&self, request: Request) -> Pending {
        let (job, pending) = Job::new(request, &self.reader, &self.vault, &self.merchants, &self.waiting).unwrap();
        self.jobs.send(Message::Job(Box::new(job))).unwrap();
        pending
    }
}

#[test]
fn everybody_is_answered_when_the_disk_fails_behind_a_full_batch() {
    const JOBS: usize = 6_000;
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(&folder.path().join("data"), |reader, jobs| {
        load_thread::spawn(reader.clone(), Arc::default(), jobs.clone(), watch::channel(None).0).0
    });
    // The first goes alone; the others fill a batch and queue behind it. Then the first one's sync fails.
    let mut pending = vec![bench.send(register(0, None))];
    let Work::Batch(Decided { answers, .. }) = bench.sent_off.recv().unwrap() else { panic!() };
    pending.extend((1..JOBS).map(|n| bench.send(register(n, None))));
    let failed = Synced::Stopped { why: "a disk that fails".into() };
    answer(answers, &failed);
    bench.jobs.send(Message::Synced(failed)).unwrap();
    let answers = soon(|| pending.into_iter().map(Pending::wait).collect::<Vec<_>>());
    assert_eq!(answers.len(), JOBS);
    assert!(answers.iter().all(is_stopped));
}

#[test]
fn a_batch_for_another_tail_is_not_said_to_have_met_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    Ledger::create(&dir, Uuid::from_u128(1)).unwrap();
    let (ledger, appender) = Ledger::open(&dir, &Options::default()).unwrap();
    let (jobs, mut inbox) = inbox();
    let (stopped, watched) = watch::channel(None);
    let (writer, handle) = crate::sync_thread::spawn(appender, jobs, stopped);
    let other = Tail { next: writer.tail.next.plus(1), ..writer.tail };
    let (reply, pending) = Reply::new(&Arc::default());
    let receipt = Receipt {
        position: 2,
        command_id: CommandId(Uuid::nil()),
        stream: StreamId(Uuid::nil()),
        repeated: false,
        remarks: Vec::new(),
    };
    let decided = Decided { batch: BatchBuilder::new(other).finish(), answers: vec![(reply, Ok(receipt))] };
    writer.batches.send(Work::Batch(decided)).unwrap();
    let answer = soon(|| pending.wait());
    assert!(matches!(answer, Err(ExecuteError::Fenced)), "{answer:?}");
    assert!(matches!(inbox.next(), Some(Message::Synced(Synced::Refused { tail, .. })) if tail == writer.tail));
    assert_eq!(*watched.borrow(), None);
    drop(writer);
    handle.join().unwrap().unwrap();
    assert_eq!(ledger.watermark(), 0);
}

/// A folder with the merchant m0, which is not in the writer's memory.
fn opened_again(dir: &Path) -> Engine {
    let ledger = Options { wal_file_bytes: 256 << 10, ..Options::default() };
    let options = FolderOptions { ledger, id_if_new: Some(Uuid::from_u128(1)), ..FolderOptions::default() };
    let open = || open_folder(dir, &options, Arc::new(|| Timestamp(1))).unwrap().engine;
    let engine = open();
    engine.submit(register(0, None)).wait().unwrap();
    engine.shutdown().unwrap();
    drop(engine);
    open()
}

#[test]
fn a_job_for_a_loader_that_is_gone_is_answered_and_released() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    opened_again(&dir).shutdown().unwrap();
    let bench = Bench::new(&dir, |_, _| channel().0);
    let jobs = [1, 2].map(|n| bench.send(register(n, Some(0))));
    assert!(soon(|| jobs.map(Pending::wait)).iter().all(is_stopped));
    bench.jobs.send(Message::Close).unwrap();
    soon(|| bench.decide.join().unwrap());
}

fn broken(thread: Thread) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let engine = opened_again(&dir);
    let mut stopped = engine.watch_stopped();
    engine.shared.jobs.send(Message::Break(thread)).unwrap();
    // Both need a stream that has to be read, and the second waits behind the first.
    let under_way = [1, 2].map(|n| engine.submit(register(n, Some(0))));
    // This one needs none.
    let written = engine.submit(register(3, None));
    let answers = soon(|| under_way.map(Pending::wait));
    let written = soon(|| written.wait());
    match thread {
        Thread::Decide | Thread::Sync => assert!(answers.iter().all(is_stopped) && is_stopped(&written)),
        // The last may have been decided before the loader ended.
        Thread::Load => assert!(answers.iter().all(is_stopped) && (written.is_ok() || is_stopped(&written))),
    }
    let why = soon(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async move { stopped.wait_for(Option::is_some).await.unwrap().clone().unwrap() })
    });
    assert!(why.contains("ended with a bug"), "{why}");
    let late = engine.submit(register(4, None));
    match soon(|| late.wait()) {
        Err(ExecuteError::Stopped { why: told }) => assert_eq!(told, why),
        other => panic!("{other:?}"),
    }
    let ended = soon(move || engine.shutdown());
    assert!(matches!(ended, Err(ShutdownError::Panicked)), "{ended:?}");
    // What was answered is there, what was not is not.
    let again = soon(move || open_folder(&dir, &FolderOptions::default(), Arc::new(|| Timestamp(1))).unwrap());
    assert_eq!(again.reader.watermark(), 1 + u64::from(written.is_ok()));
}

#[test]
fn a_deciding_thread_that_ends_with_a_bug_stops_the_engine() {
    broken(Thread::Decide);
}

#[test]
fn a_load_thread_that_ends_with_a_bug_stops_the_engine() {
    broken(Thread::Load);
}

#[test]
fn a_sync_thread_that_ends_with_a_bug_stops_the_engine() {
    broken(Thread::Sync);
}

#[test]
fn an_engine_that_was_shut_down_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let engine = opened_again(&folder.path().join("data"));
    let stopped = engine.watch_stopped();
    assert_eq!(*stopped.borrow(), None);
    engine.shutdown().unwrap();
    assert_eq!(stopped.borrow().as_deref(), Some("Daybook is shutting down"));
    assert!(is_stopped(&engine.submit(register(1, None)).wait()));
}

#[test]
fn a_time_that_was_asked_about_gets_no_event_any_more() {
    const MANY: usize = 300;
    let folder = tempfile::tempdir().unwrap();
    let options = FolderOptions { id_if_new: Some(Uuid::from_u128(1)), ..FolderOptions::default() };
    // It stands still: everything happens in the same microsecond.
    let engine = open_folder(&folder.path().join("data"), &options, Arc::new(|| Timestamp(7))).unwrap().engine;
    let reader = engine.reader();
    assert_eq!(engine.position_at(Timestamp(8)).unwrap(), None, "it has not come");
    assert_eq!(engine.position_at(Timestamp(6)).unwrap(), Some(0));
    // What is decided but not on the disk yet belongs to it,
    let sent: Vec<Pending> = (0..MANY).map(|n| engine.submit(register(n, None))).collect();
    assert_eq!(engine.position_at(Timestamp(7)).unwrap(), Some(MANY as u64));
    sent.into_iter().for_each(|sent| drop(sent.wait().unwrap()));
    // what comes afterwards does not.
    engine.submit(register(MANY, None)).wait().unwrap();
    assert_eq!(reader.recorded_at(MANY as u64 + 1).unwrap(), Some(Timestamp(8)));
    assert_eq!(engine.position_at(Timestamp(7)).unwrap(), Some(MANY as u64));
    engine.shutdown().unwrap();
    assert_eq!(engine.position_at(Timestamp(7)).unwrap(), Some(MANY as u64), "nobody decides any more");
}
