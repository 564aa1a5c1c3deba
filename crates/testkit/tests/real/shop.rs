//! A small shop that does all that a data folder is for: orders, sealed volumes, views that are written down, signed
//! checkpoints, an erasure. What it does is known beforehand, so that another process can ask for it again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use daybook_domain::command::{AddNote, Command, PlaceOrder, RecordPayment, RegisterMerchant};
use daybook_domain::event::{Line, SkuKind};
use daybook_domain::{
    Actor, CommandId, Currency, Event, Kind, MerchantId, Money, OrderNumber, ReasonCode, Role, Sku, Slot, StreamId,
    Timestamp,
};
use daybook_engine::{
    Erasure, Folder, FolderOptions, MasterKeySource, Opened, Receipt, Request, Unfinished, open_folder,
};
use daybook_ledger::Options;
use daybook_proof::Notary;
use daybook_views::Views;
use daybook_views::checkpoint::Since;
use daybook_views::store::{Ignored, Store};
use uuid::Uuid;

const T0: i64 = 1_700_000_000_000_000;
/// Who buys, by turns. The one who is erased orders before it only.
const BUYERS: u64 = 7;
const FORGOTTEN: u64 = 3;

/// What is done, in this order; a number stands for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Register,
    Place(u64),
    Pay(u64),
    Note(u64),
    Erase,
    /// The views are written down.
    Keep,
    /// What the ledger is now is signed.
    Sign,
}

/// All steps of a shop with so many orders.
pub(crate) fn steps(orders: u64) -> Vec<Step> {
    let mut steps = vec![Step::Register];
    for order in 0..orders {
        steps.push(Step::Place(order));
        steps.extend((order % 2 == 0).then_some(Step::Pay(order)));
        steps.extend((order % 3 == 0).then_some(Step::Note(order)));
        steps.extend((order == orders / 2).then_some(Step::Erase));
        steps.extend((order % 8 == 5).then_some([Step::Keep, Step::Sign]).into_iter().flatten());
    }
    steps
}

/// Small files and volumes, so that a small shop meets their ends.
pub(crate) fn options(master_key: MasterKeySource) -> FolderOptions {
    let ledger = Options { volume_events: 30, wal_file_bytes: 24 << 10, open_volumes: 2, ..Options::default() };
    FolderOptions { ledger, master_key, id_if_new: Some(Uuid::from_u128(0xFA17)) }
}

pub(crate) fn merchant() -> MerchantId {
    MerchantId::new("m1").unwrap()
}

fn number(order: u64) -> OrderNumber {
    OrderNumber::new(&format!("A-{order}")).unwrap()
}

pub(crate) fn stream(order: u64) -> StreamId {
    StreamId::order(&merchant(), &number(order))
}

pub(crate) fn buyer(order: u64, orders: u64) -> String {
    let buyer = match order % BUYERS {
        FORGOTTEN if order > orders / 2 => FORGOTTEN + 1,
        buyer => buyer,
    };
    format!("buyer-{buyer}@example.com")
}

/// Who is erased.
pub(crate) fn forgotten() -> String {
    format!("buyer-{FORGOTTEN}@example.com")
}

/// An open folder with everything that a server has over it.
pub(crate) struct Shop {
    pub(crate) folder: Folder,
    pub(crate) views: Views,
    /// Checkpoints of the views that could not be used.
    pub(crate) ignored: Vec<Ignored>,
    pub(crate) notary: Result<Notary, String>,
    store: Store,
    orders: u64,
    micros: Arc<AtomicI64>,
}

impl Shop {
    /// As a server opens it; the views are folded to the end if the log can be read.
    pub(crate) fn open(dir: &Path, options: &FolderOptions, orders: u64) -> Result<Shop, String> {
        let micros = Arc::new(AtomicI64::new(T0));
        let clock = {
            let micros = Arc::clone(&micros);
            Arc::new(move || Timestamp(micros.fetch_add(1_000, Ordering::Relaxed)))
        };
        let folder = open_folder(dir, options, clock).map_err(|error| error.to_string())?;
        let ledger = folder.reader.ledger().clone();
        let mut store = Store::new(&dir.join("views"), *ledger.id().as_bytes());
        let (views, ignored) = match store.load(folder.reader.watermark()) {
            Ok(found) => found,
            Err(error) => {
                let _ = folder.engine.shutdown();
                return Err(error.to_string());
            }
        };
        let whole = views.filter(|views| views.status().iter().all(|view| view.stopped.is_none()));
        let notary = Notary::open(ledger, None).and_then(|notary| notary.check().map(|_| notary));
        let notary = notary.map_err(|error| error.to_string());
        Ok(Shop { folder, views: whole.unwrap_or_default(), ignored, notary, store, orders, micros })
    }

    /// Folds what came since; an error if the log cannot be read there.
    pub(crate) fn fold(&mut self) -> Result<(), String> {
        let views = &mut self.views;
        loop {
            let from = views.position() + 1;
            let next = self.folder.reader.for_each(from, 1 << 20, |recorded| views.apply(&recorded).unwrap());
            if next.map_err(|error| error.to_string())? == from {
                return Ok(());
            }
        }
    }

    fn request(&self, at: usize, command: Command<String>) -> Request {
        Request::live(id(at), clerk(), command)
    }

    /// Does step number `at`, or does it again: the position that it ended at, and whether it was done before.
    pub(crate) fn take(&mut self, at: usize, step: Step) -> Result<(u64, bool), String> {
        self.micros.fetch_add(1_000_000, Ordering::Relaxed);
        let command = match step {
            Step::Register => {
                Command::RegisterMerchant(RegisterMerchant { id: merchant(), name: "Shop".into(), parent: None })
            }
            Step::Place(order) => Command::Place(PlaceOrder {
                merchant: merchant(),
                number: Some(number(order)),
                account: buyer(order, self.orders),
                contact: None,
                currency: Currency::CNY,
                lines: vec![Line {
                    sku: Sku::new("card").unwrap(),
                    title: "Card".into(),
                    kind: SkuKind::TopUp,
                    quantity: 1,
                    unit_minor: 990,
                    supplier: None,
                    inputs: None,
                }],
                adjustments: Vec::new(),
            }),
            Step::Pay(order) => Command::RecordPayment(RecordPayment {
                order: stream(order),
                provider: "alipay".into(),
                trade_number: format!("T-{order}").into(),
                amount: Money::new(990, Currency::CNY),
            }),
            Step::Note(order) => {
                Command::AddNote(AddNote { order: stream(order), text: format!("called about {order}") })
            }
            Step::Erase => return self.erase(at),
            Step::Keep => return self.keep(),
            Step::Sign => return self.sign(),
        };
        let Receipt { position, repeated, .. } =
            self.folder.engine.submit(self.request(at, command)).wait().map_err(|error| error.to_string())?;
        Ok((position, repeated))
    }

    fn erase(&mut self, at: usize) -> Result<(u64, bool), String> {
        let asked = Erasure {
            command_id: id(at),
            actor: clerk(),
            merchant: merchant(),
            account: forgotten(),
            even_open: true,
            reason: ReasonCode::BuyerRequest,
        };
        let erased = self.folder.engine.erase(vec![asked], |_: &[Slot]| Ok(Unfinished::default())).remove(0);
        erased.map(|erased| (erased.receipt.position, erased.receipt.repeated)).map_err(|error| error.to_string())
    }

    fn keep(&mut self) -> Result<(u64, bool), String> {
        self.fold()?;
        match self.store.checkpoint(&self.views) {
            Some(checkpoint) => self.store.save(&checkpoint).map_err(|error| error.to_string())?,
            None => return Ok((self.views.position(), true)),
        };
        Ok((self.views.position(), false))
    }

    fn sign(&mut self) -> Result<(u64, bool), String> {
        let notary = self.notary.as_ref().map_err(Clone::clone)?;
        if notary.verifier().is_none() {
            notary.create_key(Some("shop")).map_err(|error| error.to_string())?;
        }
        notary.sign().map(|stored| (stored.checkpoint.size, false)).map_err(|error| error.to_string())
    }

    /// The account of each order that was placed, as far as it can be opened, and under which key.
    pub(crate) fn accounts(&self) -> Result<BTreeMap<StreamId, (u32, Opened)>, String> {
        let reader = &self.folder.reader;
        let mut accounts = BTreeMap::new();
        let each = |recorded: daybook_domain::Recorded| {
            if let Event::OrderPlaced(placed) = &recorded.event {
                let text = reader.open_text(&placed.account, &merchant(), recorded.stream, Kind::OrderPlaced);
                accounts.insert(recorded.stream, (placed.account.slot.0, text));
            }
        };
        reader.each_of(&[Kind::OrderPlaced], each).map_err(|error| error.to_string())?;
        Ok(accounts)
    }

    /// All that the views hold.
    pub(crate) fn view_bytes(&self) -> Vec<Vec<u8>> {
        let views = self.views.checkpoint(&Since::default());
        views.into_iter().flat_map(|view| view.changed).map(|(_, bytes)| bytes).collect()
    }

    /// Everything is written down and closed.
    pub(crate) fn close(mut self) -> Result<(), String> {
        let kept = self.keep();
        self.folder.engine.shutdown().map_err(|error| error.to_string())?;
        kept.map(drop)
    }

    /// Lets go of the folder, however that goes.
    pub(crate) fn leave(self) {
        let _ = self.folder.engine.shutdown();
    }
}

/// Everything that stays from one run to the next has the id of its step.
fn id(step: usize) -> CommandId {
    CommandId(Uuid::from_u128(step as u128 + 1))
}

fn clerk() -> Actor {
    Actor { id: Uuid::from_u128(0xC), role: Role::Clerk }
}
