//! What is asked, in the words of the rules.

use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::*;

use super::ledger::Names;
use crate::given::{cny, reason, sealed};
use crate::oracle::{self, Ask, PRICES, Shop};

pub(super) const HOLDS: [Hold; 4] = [Hold::Stock, Hold::Address, Hold::Payment, Hold::Risk];
const KINDS: [SkuKind; 3] = [SkuKind::Card, SkuKind::TopUp, SkuKind::Physical];
const STATUSES: [TrackingStatus; 4] =
    [TrackingStatus::Collected, TrackingStatus::InTransit, TrackingStatus::OutForDelivery, TrackingStatus::Delivered];

pub(super) fn kind_of(money: oracle::Money) -> RefundKind {
    match money {
        oracle::Money::Goods => RefundKind::Goods,
        oracle::Money::Excess => RefundKind::Excess,
        oracle::Money::Late => RefundKind::Late,
    }
}

fn money(amount: i64, is_foreign: bool) -> Money {
    Money { currency: if is_foreign { Currency::BRL } else { Currency::CNY }, ..cny(amount) }
}

fn place(names: &Names, slot: usize, lines: &[(usize, u32)], is_free: bool) -> Command<Sealed> {
    let line = |&(sku, quantity): &(usize, u32)| Line {
        sku: names.skus[sku].clone(),
        title: "Goods".into(),
        kind: KINDS[sku],
        quantity,
        unit_minor: PRICES[sku],
        supplier: None,
        inputs: None,
    };
    let total: i64 = lines.iter().map(|(sku, quantity)| PRICES[*sku] * i64::from(*quantity)).sum();
    let gift = Adjustment { kind: AdjustmentKind::Discount, label: "gift".into(), amount_minor: -total };
    Command::Place(PlaceOrder {
        merchant: names.merchants[Shop::merchant_of(slot)].clone(),
        number: Some(names.numbers[slot].clone()),
        account: sealed("buyer"),
        contact: None,
        currency: Currency::CNY,
        lines: lines.iter().map(line).collect(),
        adjustments: if is_free { vec![gift] } else { Vec::new() },
    })
}

pub(super) fn command(names: &Names, slot: usize, ask: &Ask) -> Command<Sealed> {
    let order = names.orders[slot];
    let merchant = || names.merchants[Shop::merchant_of(slot)].clone();
    let why = || reason(ReasonCode::BuyerRequest);
    let provider = || "alipay".into();
    let failure = || "FAILED".into();
    match ask {
        Ask::Place { lines, is_free } => place(names, slot, lines, *is_free),
        Ask::EditPrice { line, unit } => {
            let prices = vec![NewPrice { line: *line, unit: cny(*unit) }];
            Command::EditPrice(EditPrice { order, prices, reason: why() })
        }
        Ask::Pay { amount, is_foreign, trade } => {
            let (trade_number, amount) = (format!("T{trade}").into(), money(*amount, *is_foreign));
            Command::RecordPayment(RecordPayment { order, provider: provider(), trade_number, amount })
        }
        Ask::FailPayment => {
            Command::FailPayment(FailPayment { order, provider: provider(), failure: failure(), note: None })
        }
        Ask::Expire => Command::Expire { order },
        Ask::Remind => Command::Remind { order },
        Ask::Cancel => Command::Cancel(Cancel { order, reason: why() }),
        Ask::CancelRest => Command::CancelRest(Cancel { order, reason: why() }),
        Ask::Hold(hold) => Command::PlaceHold(PlaceHold { order, hold: HOLDS[*hold], reason: None }),
        Ask::Release(hold) => Command::ReleaseHold(ReleaseHold { order, hold: HOLDS[*hold], reason: None }),
        Ask::Ship { lines, is_tracked } => {
            let shipped = |&(line, quantity): &(u16, u32)| ShippedLine { line, quantity };
            let lines = lines.as_ref().map(|lines| lines.iter().map(shipped).collect());
            let tracking_number = is_tracked.then(|| "SF1".into());
            Command::ConfirmShipment(ConfirmShipment { order, lines, carrier: None, tracking_number })
        }
        Ask::Track { parcel, checkpoint, status } => {
            let (checkpoint, status) = (format!("c{checkpoint}").into(), STATUSES[usize::from(*status) - 1]);
            Command::RecordTracking(RecordTracking { order, shipment: *parcel, checkpoint, status, place: None })
        }
        Ask::Deliver => Command::DeliverCards { order },
        Ask::Reveal => Command::RevealCards { order },
        Ask::TopUp { line, quantity } => {
            Command::CompleteTopUp(CompleteTopUp { order, line: *line, quantity: *quantity })
        }
        Ask::FailTopUp { line, is_wrong } => {
            let (line, wrong_account) = (*line, *is_wrong);
            Command::FailTopUp(FailTopUp { order, line, failure: failure(), wrong_account, note: None })
        }
        Ask::RequestChange { line } => {
            let inputs = line.iter().map(|&line| LineInputs { line, inputs: sealed("{}") }).collect();
            let contact = Some(sealed("{}"));
            Command::RequestAddressChange(RequestAddressChange { order, contact, inputs, reason: None })
        }
        Ask::ApproveChange => Command::ApproveAddressChange(ApproveAddressChange { order, note: None }),
        Ask::RejectChange => Command::RejectAddressChange(RejectAddressChange { order, reason: why() }),
        Ask::Dispute => Command::OpenDispute(OpenDispute { order, reason: why() }),
        Ask::Evidence => Command::AddEvidence(AddEvidence { order, text: sealed("a photograph") }),
        Ask::Resolve { for_buyer, amount } => {
            let outcome = if *for_buyer { Outcome::Buyer } else { Outcome::Merchant };
            Command::ResolveDispute(ResolveDispute { order, outcome, refund: amount.map(cny), reason: why() })
        }
        Ask::Close => Command::Close { order },
        Ask::Breach { clock, ticket } => Command::Breach { order, clock: clock_of(*clock), ticket: *ticket },
        Ask::RequestRefund { money: of, amount, is_foreign } => {
            let amount = amount.map(|amount| money(amount, *is_foreign));
            Command::RequestRefund(RequestRefund { order, kind: of.map(kind_of), amount, reason: why() })
        }
        Ask::ApproveRefund(ticket) => Command::ApproveRefund(ApproveRefund { order, ticket: *ticket, note: None }),
        Ask::RejectRefund(ticket) => Command::RejectRefund(RejectRefund { order, ticket: *ticket, reason: why() }),
        Ask::SettleRefund { ticket, trade } => {
            let trade_number = trade.map(|trade| format!("R{trade}").into());
            Command::SettleRefund(SettleRefund { order, ticket: *ticket, provider: Some(provider()), trade_number })
        }
        Ask::FailRefund(ticket) => {
            Command::FailRefund(FailRefund { order, ticket: *ticket, failure: failure(), note: None })
        }
        Ask::Rate => Command::Rate(Rate { order, score: 5, comment: None }),
        Ask::Receive { sku, quantity } => {
            let (sku, quantity) = (names.skus[*sku].clone(), *quantity);
            Command::ReceiveStock(ReceiveStock { merchant: merchant(), sku, quantity, reference: None })
        }
        Ask::Count { sku, counted } => {
            let (sku, counted) = (names.skus[*sku].clone(), *counted);
            Command::CountStock(CountStock { merchant: merchant(), sku, counted })
        }
        Ask::Import { cards } => {
            let card = |&one: &u8| NewCard { secret: sealed("secret"), fingerprint: [one; 16] };
            let (sku, cards) = (names.skus[oracle::CARD].clone(), cards.iter().map(card).collect());
            Command::ImportCards(ImportCards { merchant: merchant(), sku, cards })
        }
    }
}

fn clock_of(clock: oracle::Clock) -> Clock {
    match clock {
        oracle::Clock::Pay => Clock::Pay,
        oracle::Clock::ShipVirtual => Clock::ShipVirtual,
        oracle::Clock::Collect => Clock::Collect,
        oracle::Clock::AnswerRefund => Clock::AnswerRefund,
        oracle::Clock::EscalateRefund => Clock::EscalateRefund,
        oracle::Clock::PayRefund => Clock::PayRefund,
    }
}
