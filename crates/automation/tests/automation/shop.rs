//! A shop on a ledger of its own, under a clock that the test sets, with views that are folded when the test says so.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use daybook_automation::{Automation, Round};
use daybook_domain::command::*;
use daybook_domain::event::{Line, PolicySet, SkuKind};
use daybook_domain::policy::Terms;
use daybook_domain::reason::Reason;
use daybook_domain::time::{MINUTE_MICROS, SECOND_MICROS};
use daybook_domain::*;
use daybook_engine::{Clock, Engine, ExecuteError, Folder, FolderOptions, Receipt, Request, open_folder};
use daybook_views::Views;
use uuid::Uuid;

pub(crate) const T0: i64 = 1_700_000_000 * SECOND_MICROS;
const CLERK: Actor = Actor { id: Uuid::from_u128(0xC), role: Role::Clerk };

pub(crate) struct Shop {
    pub(crate) engine: Engine,
    pub(crate) views: RefCell<Views>,
    pub(crate) automation: Automation,
    micros: Arc<AtomicI64>,
    commands: u128,
}

pub(crate) fn merchant() -> MerchantId {
    MerchantId::new("m1").unwrap()
}

pub(crate) fn order(number: &str) -> StreamId {
    StreamId::order(&merchant(), &OrderNumber::new(number).unwrap())
}

pub(crate) fn sku(name: &str) -> Sku {
    Sku::new(name).unwrap()
}

pub(crate) fn cny(minor: i64) -> Money {
    Money::new(minor, Currency::CNY)
}

pub(crate) fn reason(code: ReasonCode) -> Reason<String> {
    Reason { code, text: None }
}

impl Shop {
    /// With merchant `m1` in it.
    pub(crate) fn new(dir: &Path) -> Self {
        let mut shop = Self::open(dir, Arc::new(AtomicI64::new(T0)));
        let register = RegisterMerchant { id: merchant(), name: "Shop".into(), parent: None };
        shop.must(Command::RegisterMerchant(register));
        shop
    }

    fn open(dir: &Path, micros: Arc<AtomicI64>) -> Self {
        let clock: Clock = {
            let micros = Arc::clone(&micros);
            Arc::new(move || Timestamp(micros.load(Ordering::Relaxed)))
        };
        let options = FolderOptions { id_if_new: Some(Uuid::from_u128(0xD)), ..FolderOptions::default() };
        let Folder { engine, .. } = open_folder(dir, &options, clock).unwrap();
        let commands = u128::from(engine.reader().watermark()) << 32;
        let automation = Automation::new(engine.clone());
        let shop = Self { engine, views: RefCell::default(), automation, micros, commands };
        shop.follow();
        shop
    }

    /// As after a restart: nothing is left but the folder.
    pub(crate) fn restarted(self, dir: &Path) -> Self {
        let Shop { engine, views, automation, micros, .. } = self;
        engine.shutdown().unwrap();
        drop((engine, views, automation));
        Self::open(dir, micros)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.micros.load(Ordering::Relaxed))
    }

    pub(crate) fn set_clock(&self, at: Timestamp) {
        self.micros.store(at.0, Ordering::Relaxed);
    }

    pub(crate) fn pass(&self, micros: i64) {
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn pass_minutes(&self, minutes: i64) {
        self.pass(minutes * MINUTE_MICROS);
    }

    /// Folds what the ledger has.
    pub(crate) fn follow(&self) {
        let mut views = self.views.borrow_mut();
        let mut from = views.position() + 1;
        loop {
            let next =
                self.engine.reader().for_each(from, 1 << 20, |recorded| views.apply(&recorded).unwrap()).unwrap();
            if next == from {
                return;
            }
            from = next;
        }
    }

    /// One round against the views as they are, which are not folded afterwards.
    pub(crate) fn blind_round(&mut self) -> Round {
        let views = &self.views;
        self.automation.round(|look| look(&views.borrow())).unwrap()
    }

    pub(crate) fn round(&mut self) -> Round {
        self.follow();
        let round = self.blind_round();
        self.follow();
        round
    }

    /// Rounds until nothing is due.
    pub(crate) fn settle(&mut self) {
        while self.round().done > 0 {}
    }

    fn request(&mut self, command: Command<String>) -> Request {
        self.commands += 1;
        Request::live(CommandId(Uuid::from_u128(self.commands)), CLERK, command)
    }

    pub(crate) fn send(&mut self, command: Command<String>) -> Result<Receipt, ExecuteError> {
        let request = self.request(command);
        self.engine.submit(request).wait()
    }

    #[track_caller]
    pub(crate) fn send_as(&mut self, id: CommandId, command: Command<String>) -> Result<Receipt, ExecuteError> {
        self.engine.submit(Request::live(id, CLERK, command)).wait()
    }

    pub(crate) fn must(&mut self, command: Command<String>) -> Receipt {
        self.send(command).unwrap()
    }

    pub(crate) fn set(&mut self, terms: Terms) {
        let set = PolicySet { terms, valid_from: None, valid_to: None };
        self.must(Command::SetPolicy(SetPolicy { merchant: merchant(), set }));
    }

    pub(crate) fn place(
        &mut self,
        number: &str,
        sku_name: &str,
        kind: SkuKind,
        quantity: u32,
    ) -> Result<Receipt, ExecuteError> {
        let line = Line {
            sku: sku(sku_name),
            title: "Goods".into(),
            kind,
            quantity,
            unit_minor: 500,
            supplier: None,
            inputs: (kind == SkuKind::TopUp).then(|| r#"{"account":"a"}"#.to_owned()),
        };
        self.send(Command::Place(PlaceOrder {
            merchant: merchant(),
            number: Some(OrderNumber::new(number).unwrap()),
            account: format!("buyer of {number}"),
            contact: None,
            currency: Currency::CNY,
            lines: vec![line],
            adjustments: Vec::new(),
        }))
    }

    pub(crate) fn pay(&mut self, number: &str, minor: i64) -> Result<Receipt, ExecuteError> {
        self.pay_as_of(number, minor, None)
    }

    /// As a provider tells it that was slow to.
    pub(crate) fn pay_as_of(
        &mut self,
        number: &str,
        minor: i64,
        occurred_at: Option<Timestamp>,
    ) -> Result<Receipt, ExecuteError> {
        let record = RecordPayment {
            order: order(number),
            provider: "alipay".into(),
            trade_number: format!("T-{number}").into(),
            amount: cny(minor),
        };
        let request = self.request(Command::RecordPayment(record));
        self.engine.submit(Request { occurred_at, ..request }).wait()
    }

    pub(crate) fn import(&mut self, sku_name: &str, secrets: std::ops::Range<u32>) {
        self.try_import(sku_name, secrets).unwrap();
    }

    pub(crate) fn try_import(
        &mut self,
        sku_name: &str,
        secrets: std::ops::Range<u32>,
    ) -> Result<Receipt, ExecuteError> {
        let cards = secrets.map(|n| NewCard { secret: format!("{sku_name}-{n}"), fingerprint: [0; 16] }).collect();
        self.send(Command::ImportCards(ImportCards { merchant: merchant(), sku: sku(sku_name), cards }))
    }

    pub(crate) fn receive(&mut self, sku_name: &str, quantity: u32) {
        self.try_receive(sku_name, quantity).unwrap();
    }

    pub(crate) fn try_receive(&mut self, sku_name: &str, quantity: u32) -> Result<Receipt, ExecuteError> {
        let receive = ReceiveStock { merchant: merchant(), sku: sku(sku_name), quantity, reference: None };
        self.send(Command::ReceiveStock(receive))
    }

    pub(crate) fn order(&self, number: &str) -> Box<Order> {
        match self.engine.reader().state(order(number)).unwrap() {
            Some(State::Order(order)) => order,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn history(&self, stream: StreamId) -> Vec<Recorded> {
        self.engine.reader().history(stream).unwrap()
    }

    pub(crate) fn kinds(&self, number: &str) -> Vec<&'static str> {
        self.history(order(number)).iter().map(|recorded| recorded.event.kind().name()).collect()
    }

    pub(crate) fn count(&self, number: &str, kind: Kind) -> usize {
        self.history(order(number)).iter().filter(|recorded| recorded.event.kind() == kind).count()
    }
}
