//! Short ways to ask for something of the usual order, SKU and merchant.

use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::export::{ExportFormat, ExportKind};
use daybook_domain::job::*;
use daybook_domain::policy::Terms;
use daybook_domain::*;
use uuid::Uuid;

use crate::given::*;

type Asked = Command<Sealed>;

pub(crate) fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::new("USD").unwrap())
}

pub(crate) fn sku(name: &str) -> Sku {
    Sku::new(name).unwrap()
}

/// Places the usual order with these lines, and nothing added or taken off.
pub(crate) fn place_lines(lines: Vec<Line<Sealed>>) -> Asked {
    Command::Place(PlaceOrder { lines, adjustments: Vec::new(), ..place() })
}

pub(crate) fn pay_money(amount: Money, trade: &str) -> Asked {
    let (provider, trade_number) = ("alipay".into(), trade.into());
    Command::RecordPayment(RecordPayment { order: order(), provider, trade_number, amount })
}

pub(crate) fn edit(line: u16, unit: Money) -> Asked {
    let prices = vec![NewPrice { line, unit }];
    Command::EditPrice(EditPrice { order: order(), prices, reason: reason(ReasonCode::Negotiated) })
}

pub(crate) fn fail_payment() -> Asked {
    let failure = "NOTENOUGH".into();
    Command::FailPayment(FailPayment { order: order(), provider: "alipay".into(), failure, note: None })
}

pub(crate) fn expire() -> Asked {
    Command::Expire { order: order() }
}

pub(crate) fn remind() -> Asked {
    Command::Remind { order: order() }
}

pub(crate) fn close() -> Asked {
    Command::Close { order: order() }
}

pub(crate) fn breach(clock: Clock, ticket: Option<u16>) -> Asked {
    Command::Breach { order: order(), clock, ticket }
}

pub(crate) fn cancel_rest() -> Asked {
    Command::CancelRest(Cancel { order: order(), reason: reason(ReasonCode::OutOfStock) })
}

pub(crate) fn hold(hold: Hold) -> Asked {
    Command::PlaceHold(PlaceHold { order: order(), hold, reason: None })
}

pub(crate) fn release(hold: Hold) -> Asked {
    Command::ReleaseHold(ReleaseHold { order: order(), hold, reason: None })
}

pub(crate) fn deliver() -> Asked {
    Command::DeliverCards { order: order() }
}

pub(crate) fn reveal() -> Asked {
    Command::RevealCards { order: order() }
}

pub(crate) fn top_up(line: Option<u16>, quantity: Option<u32>) -> Asked {
    Command::CompleteTopUp(CompleteTopUp { order: order(), line, quantity })
}

pub(crate) fn fail_top_up(line: Option<u16>, wrong_account: bool) -> Asked {
    let failure = "NO_ACCOUNT".into();
    Command::FailTopUp(FailTopUp { order: order(), line, failure, wrong_account, note: None })
}

/// Another contact, and other inputs of these lines.
pub(crate) fn ask_change(lines: &[u16]) -> Asked {
    let inputs = lines.iter().map(|&line| LineInputs { line, inputs: sealed("{}") }).collect();
    let contact = Some(sealed("{}"));
    Command::RequestAddressChange(RequestAddressChange { order: order(), contact, inputs, reason: None })
}

pub(crate) fn approve_change() -> Asked {
    Command::ApproveAddressChange(ApproveAddressChange { order: order(), note: None })
}

pub(crate) fn reject_change() -> Asked {
    Command::RejectAddressChange(RejectAddressChange { order: order(), reason: reason(ReasonCode::Other) })
}

pub(crate) fn dispute() -> Asked {
    Command::OpenDispute(OpenDispute { order: order(), reason: reason(ReasonCode::NotReceived) })
}

pub(crate) fn evidence() -> Asked {
    Command::AddEvidence(AddEvidence { order: order(), text: sealed("a photograph") })
}

pub(crate) fn read_evidence() -> Asked {
    Command::ReadEvidence { order: order() }
}

pub(crate) fn reveal_contact() -> Asked {
    Command::RevealContact(RevealContact { order: order(), reason: reason(ReasonCode::BuyerRequest) })
}

pub(crate) fn resolve(outcome: Outcome, refund: Option<Money>) -> Asked {
    Command::ResolveDispute(ResolveDispute { order: order(), outcome, refund, reason: reason(ReasonCode::Goodwill) })
}

pub(crate) fn ask_money(amount: Money) -> Asked {
    let reason = reason(ReasonCode::BuyerRequest);
    Command::RequestRefund(RequestRefund { order: order(), kind: None, amount: Some(amount), reason })
}

pub(crate) fn approve_ticket(ticket: Option<u16>) -> Asked {
    Command::ApproveRefund(ApproveRefund { order: order(), ticket, note: None })
}

pub(crate) fn reject_ticket(ticket: Option<u16>) -> Asked {
    Command::RejectRefund(RejectRefund { order: order(), ticket, reason: reason(ReasonCode::NotRefundable) })
}

pub(crate) fn settle_ticket(ticket: Option<u16>, trade: &str) -> Asked {
    let (provider, trade_number) = (Some("alipay".into()), Some(trade.into()));
    Command::SettleRefund(SettleRefund { order: order(), ticket, provider, trade_number })
}

pub(crate) fn fail_refund(ticket: Option<u16>) -> Asked {
    Command::FailRefund(FailRefund { order: order(), ticket, failure: "ACCOUNT_CLOSED".into(), note: None })
}

pub(crate) fn note() -> Asked {
    Command::AddNote(AddNote { order: order(), text: sealed("calls back") })
}

pub(crate) fn tag(tag: &str) -> Asked {
    Command::AddTag(AddTag { order: order(), tag: Tag::new(tag).unwrap() })
}

pub(crate) fn rate(score: u8) -> Asked {
    Command::Rate(Rate { order: order(), score, comment: None })
}

pub(crate) fn receive(of: &MerchantId, quantity: u32) -> Asked {
    let merchant = of.clone();
    Command::ReceiveStock(ReceiveStock { merchant, sku: sku("card-50"), quantity, reference: None })
}

pub(crate) fn count(of: &MerchantId, counted: u32) -> Asked {
    Command::CountStock(CountStock { merchant: of.clone(), sku: sku("card-50"), counted })
}

pub(crate) fn mark(of: &MerchantId, low_at: u32) -> Asked {
    Command::SetStockMark(SetStockMark { merchant: of.clone(), sku: sku("card-50"), low_at })
}

/// One card for each fingerprint.
pub(crate) fn import(of: &MerchantId, fingerprints: &[u8]) -> Asked {
    let card = |&one: &u8| NewCard { secret: sealed("secret"), fingerprint: [one; 16] };
    let cards = fingerprints.iter().map(card).collect();
    Command::ImportCards(ImportCards { merchant: of.clone(), sku: sku("card-50"), cards })
}

pub(crate) fn register(id: &str, name: &str, parent: Option<&str>) -> Asked {
    let of = |id: &str| MerchantId::new(id).unwrap();
    Command::RegisterMerchant(RegisterMerchant { id: of(id), name: name.into(), parent: parent.map(of) })
}

pub(crate) fn move_below(of: &str, parent: &str) -> Asked {
    let id = |id: &str| MerchantId::new(id).unwrap();
    Command::MoveMerchant(MoveMerchant { merchant: id(of), parent: id(parent) })
}

pub(crate) fn close_merchant(of: &str) -> Asked {
    Command::CloseMerchant { merchant: MerchantId::new(of).unwrap() }
}

pub(crate) fn reopen_merchant(of: &str) -> Asked {
    Command::ReopenMerchant { merchant: MerchantId::new(of).unwrap() }
}

/// From and to in minutes.
pub(crate) fn policy(of: &MerchantId, terms: Terms, from: Option<i64>, to: Option<i64>) -> Asked {
    let set = PolicySet { terms, valid_from: from.map(at), valid_to: to.map(at) };
    Command::SetPolicy(SetPolicy { merchant: of.clone(), set })
}

pub(crate) fn profile(of: &MerchantId, time_zone: Option<&str>, pay_url: Option<&str>) -> Asked {
    let set = ProfileSet { time_zone: time_zone.map(Into::into), pay_url: pay_url.map(Into::into) };
    Command::SetProfile(SetProfile { merchant: of.clone(), set })
}

pub(crate) fn warn(of: &MerchantId, sku: Option<Sku>) -> Asked {
    let alert = Alert::LowStock;
    Command::RaiseAlert(RaiseAlert { merchant: of.clone(), alert, sku, measured: 1, threshold: 2 })
}

pub(crate) fn calm(of: &MerchantId, sku: Option<Sku>) -> Asked {
    Command::ClearAlert(ClearAlert { merchant: of.clone(), alert: Alert::LowStock, sku, measured: 3 })
}

pub(crate) fn issue(role: Role, of: Option<&MerchantId>) -> Asked {
    let (id, merchant) = (Uuid::from_u128(9), of.cloned());
    let secret_sha256 = [1; 32];
    Command::IssueToken(IssueToken {
        secret_sha256,
        id,
        role,
        merchant,
        expires_at: None,
        label: "".into(),
        buyer: (role == Role::Buyer).then_some(Slot(1)),
    })
}

pub(crate) fn expiring(minutes: i64) -> Asked {
    let Command::IssueToken(issue) = issue(Role::Platform, None) else { unreachable!("an issue") };
    Command::IssueToken(IssueToken { expires_at: Some(at(minutes)), ..issue })
}

pub(crate) fn revoke() -> Asked {
    Command::RevokeToken { token: StreamId::token(&[1; 32]) }
}

/// The job that is opened first in a new world.
pub(crate) fn job() -> StreamId {
    StreamId::job(Some(&merchant()), CommandId(Uuid::from_u128(3)))
}

pub(crate) fn open_job(total: u32, policy: ErrorPolicy, waits: bool) -> Asked {
    Command::OpenJob(OpenJob {
        asked: [1; 32],
        action: JobAction::AddTag { tag: Tag::new("vip").unwrap() },
        policy,
        merchant: Some(merchant()),
        selected_at: 9,
        total,
        waits,
        token: None,
    })
}

pub(crate) fn select(first: u32, rows: u32) -> Asked {
    let row = JobRow { order: RowOrder::Known(order()), ticket: None, carrier: None, tracking_number: None };
    Command::SelectForJob(SelectForJob { job: job(), first, rows: vec![row; rows as usize] })
}

pub(crate) fn preview() -> Asked {
    Command::PreviewJob(PreviewJob { job: job(), totals: vec![cny(1)], refusals: Vec::new() })
}

pub(crate) fn start() -> Asked {
    Command::StartJob { job: job() }
}

pub(crate) fn refused(rows: &[u32]) -> Vec<Refusals> {
    let all = Refusals { code: "ON_HOLD".into(), message: "the order is on hold".into(), rows: rows.to_vec() };
    if rows.is_empty() { Vec::new() } else { vec![all] }
}

pub(crate) fn check_job(rows: &[u32]) -> Asked {
    let count = u32::try_from(rows.len()).unwrap();
    Command::CheckJob(CheckJob { job: job(), refused: count, refusals: refused(rows) })
}

pub(crate) fn advance(next: u32, rows: &[u32]) -> Asked {
    Command::AdvanceJob(AdvanceJob { job: job(), next, refusals: refused(rows) })
}

/// The export that is opened first in a new world.
pub(crate) fn export() -> StreamId {
    StreamId::export(Uuid::from_u128(9), CommandId(Uuid::from_u128(3)))
}

pub(crate) fn open_export(merchant: Option<MerchantId>) -> Asked {
    Command::OpenExport(OpenExport {
        asked: [1; 32],
        opener: Uuid::from_u128(9),
        kind: ExportKind::Orders,
        format: ExportFormat::Csv,
        columns: "number".into(),
        filter: "{}".into(),
        merchant,
        subtree: false,
        position: 9,
        rows: 1,
    })
}

pub(crate) fn fetch() -> Asked {
    Command::FetchExport { export: export() }
}

pub(crate) fn erase_buyer(slots: &[u32], unfinished: u32, even_open: bool) -> Asked {
    Command::EraseBuyer(EraseBuyer {
        merchant: MerchantId::new("root").unwrap(),
        slots: slots.iter().copied().map(Slot).collect(),
        unfinished,
        seen: 9,
        even_open,
        reason: ReasonCode::BuyerRequest,
    })
}

pub(crate) fn drop_job(cause: CancelCause) -> Asked {
    Command::CancelJob(CancelJob { job: job(), cause })
}
