//! Tables of orders: all rows are of one moment, whatever is written meanwhile.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use daybook_api::export::{ExportError, OrderColumn, Selection, Shown, Which, write_orders};
use daybook_api::{Host, Services};
use daybook_domain::command::{
    AddTag, ApproveAddressChange, Cancel, Command, ConfirmShipment, PlaceOrder, RecordPayment, RegisterMerchant,
    RequestAddressChange,
};
use daybook_domain::event::{Line, SkuKind};
use daybook_domain::reason::Reason;
use daybook_domain::{
    Actor, CommandId, Currency, MerchantId, Money, OrderNumber, ReasonCode, Role, Sku, StreamId, Tag, Timestamp,
};
use daybook_engine::{Folder, FolderOptions, Request, open_folder};
use daybook_sheets::{Format, Table, Zone};
use daybook_views::Views;
use daybook_views::query::Row;
use tempfile::TempDir;
use uuid::Uuid;

struct Shop {
    services: Services,
    commands: std::cell::Cell<u128>,
    _dir: TempDir,
}

/// More than are looked up at once, several times.
const ORDERS: u32 = 400;

fn merchant(id: &str) -> MerchantId {
    MerchantId::new(id).unwrap()
}

fn number(n: u32) -> OrderNumber {
    OrderNumber::new(&format!("{n:06}")).unwrap()
}

fn id(n: u32) -> StreamId {
    StreamId::order(&merchant(if n.is_multiple_of(2) { "m1" } else { "m2" }), &number(n))
}

impl Shop {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let micros = AtomicI64::new(1_700_000_000_000_000);
        let clock = Arc::new(move || Timestamp(micros.fetch_add(1_000, Ordering::Relaxed)));
        let options = FolderOptions { id_if_new: Some(Uuid::from_u128(0xDA)), ..FolderOptions::default() };
        let Folder { engine, reader, .. } = open_folder(dir.path(), &options, clock).unwrap();
        let host = Host::new_shared(Views::new());
        let services = Services::within(engine, reader, host);
        let shop = Self { services, commands: std::cell::Cell::new(1), _dir: dir };
        for id in ["m1", "m2"] {
            let register = RegisterMerchant { id: merchant(id), name: "Shop".into(), parent: None };
            shop.act(1, Command::RegisterMerchant(register));
        }
        shop
    }

    fn act(&self, actor: u128, command: Command<String>) {
        self.commands.set(self.commands.get() + 1);
        let id = CommandId(Uuid::from_u128(self.commands.get()));
        let actor = Actor { id: Uuid::from_u128(actor), role: Role::Platform };
        self.services.engine.submit(Request::live(id, actor, command)).wait().unwrap();
    }

    fn place(&self, n: u32) {
        let line = Line {
            sku: Sku::new("mug").unwrap(),
            title: "杯子".into(),
            kind: SkuKind::Physical,
            quantity: 2,
            unit_minor: 495,
            supplier: None,
            inputs: None,
        };
        self.act(
            1,
            Command::Place(PlaceOrder {
                merchant: merchant(if n.is_multiple_of(2) { "m1" } else { "m2" }),
                number: Some(number(n)),
                account: format!("buyer-{}@example.com", n % 7),
                contact: Some(format!(
                    r#"{{"name":"王小{n}","tel":"1380000{n:04}","address":"West Lake Road {n}","code":"sesame-{n}"}}"#
                )),
                currency: Currency::CNY,
                lines: vec![line],
                adjustments: Vec::new(),
            }),
        );
    }

    fn pay(&self, n: u32) {
        self.act(
            1,
            Command::RecordPayment(RecordPayment {
                order: id(n),
                provider: "alipay".into(),
                trade_number: format!("T-{n}").into(),
                amount: Money::new(990, Currency::CNY),
            }),
        );
    }

    fn ship(&self, n: u32) {
        let (carrier, tracking_number) = (Some("SF".into()), Some(format!("SF{n}").into()));
        self.act(1, Command::ConfirmShipment(ConfirmShipment { order: id(n), lines: None, carrier, tracking_number }));
    }

    /// Something different happens to each of them.
    fn go_on(&self, n: u32) {
        match n % 5 {
            0 => self.pay(n),
            1 => self.act(1, Command::AddTag(AddTag { order: id(n), tag: Tag::new("late").unwrap() })),
            2 => {
                let reason = Reason { code: ReasonCode::BuyerRequest, text: None };
                self.act(1, Command::Cancel(Cancel { order: id(n), reason }));
            }
            3 => {
                let contact = Some(r#"{"name":"Somebody Else"}"#.to_owned());
                let ask = RequestAddressChange { order: id(n), contact, inputs: Vec::new(), reason: None };
                self.act(1, Command::RequestAddressChange(ask));
                self.act(2, Command::ApproveAddressChange(ApproveAddressChange { order: id(n), note: None }));
            }
            _ => {}
        }
    }

    /// The views come up to what is durable.
    fn follow(&self) {
        loop {
            let events = self.services.reader.events(self.services.host.position() + 1, 1 << 20).unwrap();
            if events.is_empty() {
                return;
            }
            self.services.host.apply(&events).unwrap();
        }
    }

    fn select(&self, filter: &str) -> Selection {
        Selection::new(&self.services, &Which::parse(Some(filter), None, false).unwrap()).unwrap()
    }
}

fn written(
    services: &Services,
    selection: &Selection,
    format: Format,
    shown: &dyn Fn(&Row) -> Shown,
    advance: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Vec<u8> {
    let columns = OrderColumn::chosen(Some("all")).unwrap();
    let mut table = Table::new(format, Vec::new(), "orders", OrderColumn::headers(&columns), Zone::utc()).unwrap();
    write_orders(services, selection, &columns, shown, &mut table, advance).unwrap();
    table.finish().unwrap().0
}

fn clear(_: &Row) -> Shown {
    Shown::Clear
}

fn at_rest(services: &Services, selection: &Selection, format: Format) -> Vec<u8> {
    written(services, selection, format, &clear, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn rows_are_of_one_position_whatever_is_written_meanwhile() {
    let shop = Shop::new();
    (0..ORDERS).for_each(|n| shop.place(n));
    (0..ORDERS).filter(|n| n % 5 == 4).for_each(|n| shop.pay(n));
    (0..ORDERS).filter(|n| n % 10 == 4).for_each(|n| shop.ship(n));
    shop.follow();
    let filter = r#"{"label": {"oneOf": ["AWAITING_PAYMENT", "TO_SHIP", "SHIPPED"]}}"#;
    let selection = shop.select(filter);
    assert_eq!(selection.len(), u64::from(ORDERS));
    let before = at_rest(&shop.services, &selection, Format::Jsonl);
    assert_eq!(before.iter().filter(|byte| **byte == b'\n').count(), ORDERS as usize);
    for shown in ["SF4", "王小17", "buyer-3@example.com", "杯子 × 2"] {
        assert!(String::from_utf8_lossy(&before).contains(shown), "{shown}");
    }

    // Between any two chunks more happens, and the views see it.
    let mut next = 0;
    let during = written(&shop.services, &selection, Format::Jsonl, &clear, &mut |_| {
        (next..next + 100).filter(|n| *n < ORDERS).for_each(|n| shop.go_on(n));
        shop.place(ORDERS + next);
        shop.follow();
        next += 100;
        ControlFlow::Continue(())
    });
    assert!(next >= 300 && shop.services.host.position() > selection.position());
    assert_eq!(String::from_utf8(during).unwrap(), String::from_utf8(before.clone()).unwrap());

    // Afterwards too, and from a copy that stopped there; but not of now.
    (next..ORDERS).for_each(|n| shop.go_on(n));
    shop.follow();
    let mut views = Views::new();
    for recorded in shop.services.reader.events(1, 64 << 20).unwrap() {
        if recorded.position <= selection.position() {
            views.apply(&recorded).unwrap();
        }
    }
    let copy = Services { host: Host::new_shared(views), ..shop.services.clone() };
    let copied = Selection::new(&copy, &Which::parse(Some(filter), None, false).unwrap()).unwrap();
    assert_eq!(copied.position(), selection.position());
    for format in [Format::Jsonl, Format::Csv, Format::Xlsx] {
        let stopped = at_rest(&copy, &copied, format);
        assert!(at_rest(&shop.services, &selection, format) == stopped, "{format:?}");
        let now = shop.select(filter);
        assert!(at_rest(&shop.services, &now, format) != stopped, "{format:?}");
    }
    assert_eq!(at_rest(&copy, &copied, Format::Jsonl), before);
}

#[test]
fn what_is_personal_is_masked_or_left_out_row_by_row() {
    let shop = Shop::new();
    (0..4).for_each(|n| shop.place(n));
    // One row comes from its events.
    shop.follow();
    let selection = shop.select("{}");
    shop.pay(0);
    shop.pay(1);
    shop.follow();
    let shown = |row: &Row| if row.order.merchant == merchant("m1") { Shown::Masked } else { Shown::LeftOut };
    for format in [Format::Jsonl, Format::Csv] {
        let text = written(&shop.services, &selection, format, &shown, &mut |_| ControlFlow::Continue(()));
        let text = String::from_utf8(text).unwrap();
        for secret in ["王小", "1380000", "West", "buyer-", "Lake", "sesame", "s***"] {
            assert!(!text.contains(secret), "{secret} is shown: {text}");
        }
        assert_eq!(text.matches("b***@example.com").count(), 2);
        assert!(text.contains("王***2") && text.contains("1***2") && text.contains("W***2"), "{text}");
    }
}

#[test]
fn an_export_ends_where_somebody_ends_it() {
    let shop = Shop::new();
    (0..300).for_each(|n| shop.place(n));
    shop.follow();
    let selection = shop.select("{}");
    let columns = OrderColumn::chosen(None).unwrap();
    let mut table = Table::new(Format::Csv, Vec::new(), "orders", OrderColumn::headers(&columns), Zone::utc()).unwrap();
    let mut rows = 0;
    let ended = write_orders(&shop.services, &selection, &columns, &clear, &mut table, &mut |more| {
        rows += more;
        ControlFlow::Break(())
    });
    assert!(matches!(ended, Err(ExportError::Ended)));
    assert!(rows < 300);
}

#[test]
fn columns_are_chosen_by_their_names() {
    let names = |text: Option<&str>| {
        let columns = OrderColumn::chosen(text)?;
        Ok::<_, ExportError>(
            OrderColumn::headers(&columns).into_iter().map(|column| column.name.into_owned()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(names(Some("total, number")).unwrap(), ["total", "number"]);
    let all = names(Some("buyer,all")).unwrap();
    assert_eq!(all.len(), OrderColumn::all().count());
    assert_eq!(all[0], "buyer");
    assert!(names(None).unwrap().len() < all.len());
    assert!(
        names(Some("numbre"))
            .unwrap_err()
            .to_string()
            .starts_with("there is no column \"numbre\"; choose of number, id")
    );
    assert_eq!(names(Some("id,id")).unwrap_err().to_string(), "the column id is named twice");
    assert_eq!(names(Some(" , ")).unwrap_err().to_string(), "name at least one column");
}
