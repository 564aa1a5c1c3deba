//! What happens besides: failed payments, clocks, policies, cards, changes of address, disputes.

use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::policy::Terms;
use daybook_domain::*;
use uuid::Uuid;

use crate::given::*;

fn fail_payment() -> Command<Sealed> {
    let failure = "NOTENOUGH".into();
    Command::FailPayment(FailPayment { order: order(), provider: "alipay".into(), failure, note: None })
}

fn set_policy(terms: Terms, from: Option<i64>, to: Option<i64>) -> Command<Sealed> {
    let set = PolicySet { terms, valid_from: from.map(at), valid_to: to.map(at) };
    Command::SetPolicy(SetPolicy { merchant: merchant(), set })
}

fn import_cards(fingerprints: &[u8]) -> Command<Sealed> {
    let card = |&one: &u8| NewCard { secret: sealed("secret"), fingerprint: [one; 16] };
    let cards = fingerprints.iter().map(card).collect();
    Command::ImportCards(ImportCards { merchant: merchant(), sku: Sku::new("card-50").unwrap(), cards })
}

fn breach(clock: Clock) -> Command<Sealed> {
    Command::Breach { order: order(), clock, ticket: None }
}

fn request_change() -> Command<Sealed> {
    let contact = Some(sealed("{}"));
    Command::RequestAddressChange(RequestAddressChange { order: order(), contact, inputs: Vec::new(), reason: None })
}

fn approve_change() -> Command<Sealed> {
    Command::ApproveAddressChange(ApproveAddressChange { order: order(), note: None })
}

/// A hundred cards, and an order of ten of them alone, not paid yet.
fn with_cards() -> World {
    let mut world = World::new().with(&import_cards(&(0..100).collect::<Vec<_>>()));
    let only_cards = PlaceOrder { lines: vec![line(SkuKind::Card, 4, 100), line(SkuKind::Card, 6, 100)], ..place() };
    world.must(&Command::Place(PlaceOrder { adjustments: Vec::new(), ..only_cards }));
    world
}

#[test]
fn a_failed_payment_is_an_exception_until_one_succeeds() {
    let mut world = World::placed();
    world.makes(&fail_payment(), &[Kind::PaymentFailed, Kind::ReminderDue, Kind::HoldPlaced]);
    assert_eq!(world.label(), Label::Exception);
    let paying = [Kind::PaymentCaptured, Kind::HoldReleased, Kind::PaymentClaimed];
    world.clone().makes(&pay(1400, "T1"), &paying);
    let expired = world.clone().at(30).with(&Command::Expire { order: order() });
    assert_eq!(expired.label(), Label::Cancelled);
    // More than was due, or another currency, is for a person to look at, whatever becomes of the order.
    let overpaid = world.clone().with(&pay(1500, "T1")).with(&cancel(ReasonCode::BuyerRequest));
    assert!(overpaid.order().holds.contains(Hold::Payment));
    let foreign = Command::RecordPayment(RecordPayment {
        order: order(),
        provider: "paypal".into(),
        trade_number: "U1".into(),
        amount: Money::new(100, Currency::BRL),
    });
    let mismatched = world.with(&foreign).with(&cancel(ReasonCode::BuyerRequest));
    assert!(mismatched.order().holds.contains(Hold::Payment));
}

#[test]
fn a_buyer_is_reminded_once() {
    let remind = Command::Remind { order: order() };
    World::placed().at(9).refuses(&remind, Rejection::DeadlineNotReached { due_at: at(10) });
    let mut world = World::placed().at(10);
    world.makes(&remind, &[Kind::PaymentReminded]);
    world.refuses(&remind, Rejection::ClockNotOpen { clock: Clock::Remind });
    World::paid().at(10).refuses(&remind, Rejection::ClockNotOpen { clock: Clock::Remind });
}

#[test]
fn a_missed_clock_is_recorded_once() {
    let missed = breach(Clock::ShipVirtual);
    World::paid().at(119).refuses(&missed, Rejection::DeadlineNotReached { due_at: at(120) });
    let mut world = World::paid().at(500);
    world.makes(&missed, &[Kind::DeadlineBreached]);
    world.refuses(&missed, Rejection::ClockNotOpen { clock: Clock::ShipVirtual });
    world.refuses(&breach(Clock::Pay), Rejection::ClockNotOpen { clock: Clock::Pay });
}

#[test]
fn a_policy_that_changes_moves_no_clock_that_runs() {
    let quick = Terms { pay_within: Some(60), ..Terms::default() };
    let world = World::placed().with(&set_policy(quick, None, None));
    assert_eq!(world.order().pay_due.unwrap().pay_by, at(30));
    let later = World::new().with(&set_policy(quick, None, None)).with(&Command::Place(place()));
    assert_eq!(later.order().pay_due.unwrap().pay_by, at(1));
    world.refuses(
        &set_policy(quick, Some(2), Some(1)),
        Rejection::Invalid { field: "validTo", problem: "must be after validFrom".into() },
    );
}

#[test]
fn a_dated_policy_begins_and_ends_by_itself() {
    let alone = Terms { auto_deliver: Some(true), ..Terms::default() };
    let world = with_cards().with(&set_policy(alone, Some(5), Some(10)));
    for (minute, is_alone) in [(4, false), (5, true), (9, true), (10, false)] {
        let paid = world.clone().at(minute).with(&pay(1000, "T1"));
        assert_eq!(paid.order().deliver_at, is_alone.then(|| at(minute)), "{minute}");
    }
}

#[test]
fn the_oldest_cards_go_out_and_none_twice() {
    let deliver = Command::DeliverCards { order: order() };
    let mut world = with_cards();
    world.refuses(&deliver, Rejection::NotPaid { payment: order::Payment::Unpaid });
    world.must(&pay(1000, "T1"));
    let events = world.must(&deliver);
    let cards =
        vec![AssignedCards { line: 1, first: 0, quantity: 4 }, AssignedCards { line: 2, first: 4, quantity: 6 }];
    assert_eq!(events[0], CardsAssigned { shipment: 1, cards }.into());
    assert_eq!(world.label(), Label::Completed);
    world.refuses(&deliver, Rejection::AlreadyDelivered);
    world.makes(&Command::RevealCards { order: order() }, &[Kind::CardsRevealed]);
}

#[test]
fn a_card_is_imported_once() {
    let mut world = World::new();
    let events = world.must(&import_cards(&[1, 2, 1]));
    let Event::CardsImported(imported) = &events[0] else { panic!("{events:?}") };
    assert_eq!((imported.first, imported.secrets.len(), imported.known.clone()), (0, 2, vec![2]));
    world.refuses(&import_cards(&[2, 1]), Rejection::CardsKnown);
    let events = world.must(&import_cards(&[2, 3]));
    let Event::CardsImported(imported) = &events[0] else { panic!("{events:?}") };
    assert_eq!((imported.first, imported.known.clone()), (2, vec![0]));
}

#[test]
fn whoever_asks_for_another_address_does_not_decide_on_it() {
    let mut world = World::paid();
    world.makes(&request_change(), &[Kind::AddressChangeRequested, Kind::HoldPlaced]);
    world.refuses(&request_change(), Rejection::ChangePending);
    world.refuses(&approve_change(), Rejection::ReviewerIsRequester);
    let release = ReleaseHold { order: order(), hold: Hold::Address, reason: None };
    world.refuses(&Command::ReleaseHold(release), Rejection::ChangePending);
    world.actor.id = Uuid::from_u128(9);
    world.makes(&approve_change(), &[Kind::AddressChanged, Kind::HoldReleased]);
    world.refuses(&approve_change(), Rejection::NoChangePending);
    World::delivered()
        .refuses(&request_change(), Rejection::AlreadyShipped { fulfilment: order::Fulfilment::Delivered });
}

#[test]
fn a_dispute_keeps_an_order_from_closing() {
    let open = Command::OpenDispute(OpenDispute { order: order(), reason: reason(ReasonCode::NotReceived) });
    let resolve = |outcome| {
        let reason = reason(ReasonCode::Goodwill);
        Command::ResolveDispute(ResolveDispute { order: order(), outcome, refund: None, reason })
    };
    let close = Command::Close { order: order() };
    World::paid().refuses(&open, Rejection::NotObserved);
    let mut world = World::delivered();
    world.refuses(&resolve(Outcome::Buyer), Rejection::NoOpenDispute);
    world.makes(&open, &[Kind::DisputeOpened]);
    world.refuses(&open, Rejection::DisputeOpen);
    world.clone().makes(&resolve(Outcome::Buyer), &[Kind::DisputeResolved, Kind::RefundRequested]);
    world.now = at(60 * 24 * 8);
    world.refuses(&close, Rejection::DisputeOpen);
    world.makes(&resolve(Outcome::Merchant), &[Kind::DisputeResolved]);
    world.makes(&close, &[Kind::OrderClosed]);
    assert_eq!(world.label(), Label::Completed);
}
