//! An engine with one merchant, and orders to place.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use daybook_domain::command::{
    Command, ConfirmShipment, PlaceOrder, ReceiveStock, RecordPayment, RecordTracking, RegisterMerchant,
};
use daybook_domain::event::{Line, SkuKind, TrackingStatus};
use daybook_domain::{Actor, CommandId, Currency, MerchantId, Money, OrderNumber, Role, Sku, StreamId, Timestamp};
use daybook_engine::{Clock, Engine, FolderOptions, Request, open_folder};
use uuid::Uuid;

pub(crate) const ACTOR: Actor = Actor { id: Uuid::from_u128(1), role: Role::Platform };

#[expect(clippy::disallowed_methods, reason = "a benchmark is an edge: its orders are placed now")]
pub(crate) fn clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}

pub(crate) fn engine(dir: &Path) -> Engine {
    let options = FolderOptions { id_if_new: Some(Uuid::from_u128(0xBE)), ..FolderOptions::default() };
    open_folder(dir, &options, clock()).expect("a folder that can be opened").engine
}

pub(crate) fn register(engine: &Engine) {
    let register = RegisterMerchant { id: merchant(), name: "Bench".into(), parent: None };
    let request = Request::live(CommandId(Uuid::from_u128(1)), ACTOR, Command::RegisterMerchant(register));
    engine.submit(request).wait().expect("the merchant is new");
}

fn merchant() -> MerchantId {
    MerchantId::new("bench").expect("a name")
}

/// Order `n`: two lines, one of a hundred thousand buyers.
pub(crate) fn place(n: u64) -> Request {
    let line = |sku: &str, title: &str, unit_minor| Line {
        sku: Sku::new(sku).expect("a name"),
        title: title.into(),
        kind: SkuKind::Card,
        quantity: 1,
        unit_minor,
        supplier: None,
        inputs: None,
    };
    let place = PlaceOrder {
        merchant: merchant(),
        number: None,
        account: format!("buyer-{}", n % 100_000),
        contact: None,
        currency: Currency::CNY,
        lines: vec![line("steam-50", "Steam 50 元", 4_850), line("qq-10", "QQ 币 10", 980)],
        adjustments: Vec::new(),
    };
    Request::live(command_id(n, 0), ACTOR, Command::Place(place))
}

fn sku(number: u64) -> Sku {
    Sku::new(&format!("card-{number}")).expect("a name")
}

/// Stock of a SKU comes in for the `time`-th time.
pub(crate) fn receive(engine: &Engine, number: u64, quantity: u32, time: u64) {
    let receive = ReceiveStock { merchant: merchant(), sku: sku(number), quantity, reference: None };
    let id = command_id(number, (1 << 32) + time);
    engine.submit(Request::live(id, ACTOR, Command::ReceiveStock(receive))).wait().expect("stock is received");
}

/// Order `n`: one card of this SKU.
pub(crate) fn place_one(n: u64, number: u64) -> Request {
    let mut request = place(n);
    if let Command::Place(place) = &mut request.command {
        place.lines.truncate(1);
        place.lines[0].sku = sku(number);
    }
    request
}

/// What [`place`]'s lines come to.
const TOTAL_MINOR: i64 = 4_850 + 980;

/// Spread over the whole range, as ids of real clients are.
fn command_id(n: u64, step: u64) -> CommandId {
    CommandId(Uuid::from_u64_pair(n.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ step, n))
}

/// How many other orders are placed before an order's next step.
pub(crate) const LAG: u64 = 1_000;

/// What happens after `at` orders were placed, of `orders` in all: the next is placed, those before are paid, shipped and
/// delivered, each [`LAG`] orders later. Eight events an order.
pub(crate) fn steps_at(at: u64, orders: u64) -> Vec<Request> {
    let earlier = |by: u64| at.checked_sub(by * LAG).filter(|&n| n < orders);
    let request = |n, step, command| Request::live(command_id(n, step), ACTOR, command);
    let order = |n| StreamId::order(&merchant(), &OrderNumber::from_command(command_id(n, 0)));
    let mut steps: Vec<Request> = earlier(0).map(place).into_iter().collect();
    steps.extend(earlier(1).map(|n| {
        let trade_number = format!("20261124220014000{n:08}").into();
        let amount = Money::new(TOTAL_MINOR, Currency::CNY);
        let pay = RecordPayment { order: order(n), provider: "alipay".into(), trade_number, amount };
        request(n, 1, Command::RecordPayment(pay))
    }));
    steps.extend(earlier(2).map(|n| {
        let carrier = Some("SF Express".into());
        let tracking_number = Some(format!("SF{n:012}").into());
        let ship = ConfirmShipment { order: order(n), lines: None, carrier, tracking_number };
        request(n, 2, Command::ConfirmShipment(ship))
    }));
    steps.extend(earlier(3).map(|n| {
        let (checkpoint, status) = ("signed for".into(), TrackingStatus::Delivered);
        let track = RecordTracking { order: order(n), shipment: None, checkpoint, status, place: None };
        request(n, 3, Command::RecordTracking(track))
    }));
    steps
}

/// Waits until all that is to be bound is bound, and every full volume sealed; how many volumes are.
pub(crate) fn settled(reader: &daybook_engine::Reader) -> u64 {
    let state = || {
        let stats = reader.ledger().stats();
        (stats.volumes, stats.bound)
    };
    let (mut before, mut same) = (state(), 0);
    // Writing a volume down takes a while in which nothing is counted.
    while same < 4 {
        std::thread::sleep(std::time::Duration::from_millis(500));
        let now = state();
        same = if now == before { same + 1 } else { 0 };
        before = now;
    }
    before.0
}
