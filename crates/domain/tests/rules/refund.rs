use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::order::{AfterSales, Lifecycle, Payment, TicketState};
use daybook_domain::*;

use crate::given::*;

fn reject() -> Command<Sealed> {
    Command::RejectRefund(RejectRefund { order: order(), ticket: None, reason: reason(ReasonCode::NotRefundable) })
}

fn fail() -> Command<Sealed> {
    Command::FailRefund(FailRefund { order: order(), ticket: None, failure: "ACCOUNT_CLOSED".into(), note: None })
}

#[test]
fn a_ticket_carries_its_clocks_and_goes_its_way() {
    let mut world = World::delivered();
    let events = world.must(&ask_refund(Some(500)));
    let [Event::RefundRequested(asked)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(asked.due, Some(RefundDue { answer_by: at(12 * 60), escalate_at: at(24 * 60) }));
    assert_eq!((world.label(), world.order().after_sales()), (Label::AfterSales, AfterSales::RefundOpen));
    world.refuses(&settle(), Rejection::TicketNotApproved);
    world.refuses(&fail(), Rejection::TicketNotApproved);
    world.must(&approve());
    world.refuses(&approve(), Rejection::TicketApproved);
    world.makes(&fail(), &[Kind::RefundFailed]);
    assert_eq!((world.order().tickets[0].state, world.label()), (TicketState::Failed, Label::AfterSales));
    world.makes(&settle(), &[Kind::RefundSettled]);
    assert_eq!((world.order().payment(), world.label()), (Payment::PartlyRefunded, Label::Completed));
    world.refuses(&settle(), Rejection::NoOpenTicket);
    world.refuses(
        &Command::ApproveRefund(ApproveRefund { order: order(), ticket: Some(1), note: None }),
        Rejection::TicketClosed,
    );
    world.refuses(
        &Command::ApproveRefund(ApproveRefund { order: order(), ticket: Some(2), note: None }),
        Rejection::TicketUnknown { ticket: 2 },
    );
}

#[test]
fn never_more_than_was_captured_less_what_is_refunded_or_pending() {
    World::placed().refuses(&ask_refund(Some(1)), Rejection::MoreThanRefundable { left: cny(0) });
    let mut world = World::delivered();
    world.refuses(&ask_refund(Some(1401)), Rejection::MoreThanRefundable { left: cny(1400) });
    world.must(&ask_refund(Some(500)));
    world.refuses(&ask_refund(Some(901)), Rejection::MoreThanRefundable { left: cny(900) });
    world.must(&ask_refund(Some(900)));
    world.refuses(&approve(), Rejection::TicketAmbiguous);
    world.refuses(&ask_refund(None), Rejection::MoreThanRefundable { left: cny(0) });
}

#[test]
fn a_rejected_ticket_frees_what_it_asked_for() {
    let mut world = World::delivered().with(&ask_refund(None));
    world.makes(&reject(), &[Kind::RefundRejected]);
    assert_eq!(world.label(), Label::Completed);
    assert_eq!(world.order().refundable_minor(RefundKind::Goods), 1400);
    world.refuses(&reject(), Rejection::NoOpenTicket);
}

#[test]
fn a_full_refund_before_shipment_cancels() {
    let mut world = World::paid().with(&ask_refund(None)).with(&approve());
    world.makes(&settle(), &[Kind::RefundSettled, Kind::OrderCancelled]);
    assert_eq!((world.order().lifecycle, world.label()), (Lifecycle::Cancelled, Label::Cancelled));
    assert_eq!(world.order().payment(), Payment::Refunded);
}

#[test]
fn a_full_refund_after_delivery_is_refunded() {
    let world = World::delivered().with(&ask_refund(None)).with(&approve()).with(&settle());
    assert_eq!(world.label(), Label::Refunded);
}

#[test]
fn a_refund_is_asked_in_the_orders_currency() {
    let usd = Money::new(1, Currency::new("USD").unwrap());
    let ask = RequestRefund { order: order(), kind: None, amount: Some(usd), reason: reason(ReasonCode::Other) };
    World::paid().refuses(
        &Command::RequestRefund(ask),
        Rejection::CurrencyMismatch { expected: Currency::CNY, given: usd.currency },
    );
}

fn settle_by(ticket: Option<u16>, trade: &str) -> Command<Sealed> {
    Command::SettleRefund(SettleRefund {
        order: order(),
        ticket,
        provider: Some("alipay".into()),
        trade_number: Some(trade.into()),
    })
}

#[test]
fn what_a_provider_paid_out_counts_once() {
    let mut world = World::paid().with(&ask_refund(Some(500))).with(&approve());
    world.makes(&settle_by(None, "R1"), &[Kind::RefundSettled, Kind::PaymentClaimed]);
    let claim = StreamId::refund_claim(&MerchantId::new("root").unwrap(), "alipay", "R1");
    for ticket in [None, Some(1)] {
        assert_eq!(world.send(&settle_by(ticket, "R1")), Ok(Decision::Repeat { of: claim }));
    }
    assert_eq!(world.order().refunded_minor, 500);
    let other = world.with(&ask_refund(Some(300))).with(&approve());
    other.refuses(&settle_by(None, "R1"), Rejection::TradeNumberUsed);
    other.refuses(&settle_by(Some(2), "R1"), Rejection::TradeNumberUsed);
    let mut other = other;
    other.makes(&settle_by(None, "R2"), &[Kind::RefundSettled, Kind::PaymentClaimed]);
    assert_eq!(other.order().refunded_minor, 800);
    // It is another number than one that came in.
    let mut both = World::paid().with(&ask_refund(None)).with(&approve());
    both.makes(&settle_by(None, "T1"), &[Kind::RefundSettled, Kind::PaymentClaimed, Kind::OrderCancelled]);
}

/// What was paid out under a number is no other ticket's, however much that asks for.
#[test]
fn a_pay_outs_number_settles_no_second_ticket() {
    let mut world = World::placed();
    world.must(&pay(1_400, "T"));
    world.must(&ask_refund(Some(100)));
    world.must(&ask_refund(Some(100)));
    let settle = |ticket| {
        let (provider, trade_number) = (Some("alipay".into()), Some("R-1".into()));
        Command::SettleRefund(SettleRefund { order: order(), ticket: Some(ticket), provider, trade_number })
    };
    for ticket in [1, 2] {
        world.must(&Command::ApproveRefund(ApproveRefund { order: order(), ticket: Some(ticket), note: None }));
    }
    world.must(&settle(1));
    world.refuses(&settle(2), Rejection::TradeNumberUsed);
}

#[test]
fn nobody_cancels_as_if_time_had_run_out() {
    let problem = "must not be TIMEOUT: such orders expire".into();
    World::placed().refuses(&cancel(ReasonCode::Timeout), Rejection::Invalid { field: "reason", problem });
}
