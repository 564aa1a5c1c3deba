//! A data folder with a merchant, and short ways to ask for things.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use daybook_domain::command::*;
use daybook_domain::event::{Line, SkuKind};
use daybook_domain::reason::Reason;
use daybook_domain::*;
use daybook_engine::{Clock, ClockBehind, Engine, ExecuteError, Folder, FolderOptions, Receipt, Request, open_folder};
use daybook_ledger::Options;
use uuid::Uuid;

pub(crate) const T0: i64 = 1_700_000_000_000_000;

pub(crate) struct Shop {
    pub(crate) engine: Engine,
    pub(crate) relearned: u64,
    pub(crate) contested_keys: Vec<u32>,
    pub(crate) clock_behind: Option<ClockBehind>,
    pub(crate) micros: Arc<AtomicI64>,
}

pub(crate) fn options() -> FolderOptions {
    FolderOptions {
        ledger: Options { volume_events: 500, wal_file_bytes: 256 << 10, ..Options::default() },
        id_if_new: Some(Uuid::from_u128(0xD)),
        ..FolderOptions::default()
    }
}

pub(crate) fn open(dir: &Path) -> Shop {
    open_with(dir, &options())
}

/// With volumes as large as they are in use, for many events.
pub(crate) fn open_large(dir: &Path) -> Shop {
    open_with(dir, &FolderOptions { ledger: Options::default(), ..options() })
}

fn open_with(dir: &Path, options: &FolderOptions) -> Shop {
    let micros = Arc::new(AtomicI64::new(T0));
    let clock: Clock = {
        let micros = Arc::clone(&micros);
        Arc::new(move || Timestamp(micros.load(Ordering::Relaxed)))
    };
    let Folder { engine, relearned, contested_keys, clock_behind, .. } = open_folder(dir, options, clock).unwrap();
    let contested_keys = contested_keys.into_iter().map(|slot| slot.0).collect();
    Shop { engine, relearned, contested_keys, clock_behind, micros }
}

pub(crate) fn id(n: u128) -> CommandId {
    CommandId(Uuid::from_u128(n))
}

pub(crate) fn merchant() -> MerchantId {
    MerchantId::new("m1").unwrap()
}

pub(crate) fn order(number: &str) -> StreamId {
    StreamId::order(&merchant(), &OrderNumber::new(number).unwrap())
}

pub(crate) fn clerk() -> Actor {
    Actor { id: Uuid::from_u128(0xC), role: Role::Clerk }
}

pub(crate) fn place(number: &str, buyer: &str) -> Command<String> {
    Command::Place(PlaceOrder {
        merchant: merchant(),
        number: Some(OrderNumber::new(number).unwrap()),
        account: buyer.into(),
        contact: None,
        currency: Currency::CNY,
        lines: vec![Line {
            sku: Sku::new("card").unwrap(),
            title: "Card".into(),
            kind: SkuKind::Card,
            quantity: 1,
            unit_minor: 990,
            supplier: None,
            inputs: None,
        }],
        adjustments: Vec::new(),
    })
}

pub(crate) fn pay(number: &str, trade: &str) -> Command<String> {
    Command::RecordPayment(RecordPayment {
        order: order(number),
        provider: "alipay".into(),
        trade_number: trade.into(),
        amount: Money::new(990, Currency::CNY),
    })
}

pub(crate) fn note(number: &str, text: &str) -> Command<String> {
    Command::AddNote(AddNote { order: order(number), text: text.into() })
}

pub(crate) fn cancel(number: &str, text: &str) -> Command<String> {
    let reason = Reason { code: ReasonCode::BuyerRequest, text: Some(text.into()) };
    Command::Cancel(Cancel { order: order(number), reason })
}

impl Shop {
    pub(crate) fn with_merchant(self) -> Self {
        let register = RegisterMerchant { id: merchant(), name: "Shop".into(), parent: None };
        self.send(1, Command::RegisterMerchant(register)).unwrap();
        self
    }

    /// The folder can be opened again.
    pub(crate) fn close(self) {
        self.engine.shutdown().unwrap();
    }

    pub(crate) fn send(&self, command_id: u128, command: Command<String>) -> Result<Receipt, ExecuteError> {
        self.engine.submit(Request::live(id(command_id), clerk(), command)).wait()
    }

    pub(crate) fn order(&self, number: &str) -> Box<Order> {
        match self.engine.reader().state(order(number)).unwrap() {
            Some(State::Order(order)) => order,
            other => panic!("{other:?}"),
        }
    }
}

#[track_caller]
pub(crate) fn rejection(answer: Result<Receipt, ExecuteError>) -> Rejection {
    match answer {
        Err(ExecuteError::Rejected(rejection)) => rejection,
        other => panic!("not refused: {other:?}"),
    }
}
