//! An engine with one merchant, and orders to place.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use daybook_domain::command::{Command, PlaceOrder, RegisterMerchant};
use daybook_domain::event::{Line, SkuKind};
use daybook_domain::{Actor, CommandId, Currency, MerchantId, Role, Sku, Timestamp};
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
    // Spread over the whole range, as ids of real clients are.
    let id = Uuid::from_u64_pair(n.wrapping_mul(0x9E37_79B9_7F4A_7C15), n);
    Request::live(CommandId(id), ACTOR, Command::Place(place))
}
