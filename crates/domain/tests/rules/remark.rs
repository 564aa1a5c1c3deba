use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::time::DAY_MICROS;
use daybook_domain::*;

use crate::given::*;

fn rate(score: u8) -> Command<Sealed> {
    Command::Rate(Rate { order: order(), score, comment: None })
}

#[test]
fn cancelling_gives_back_what_was_paid() {
    World::placed().makes(&cancel(ReasonCode::BuyerRequest), &[Kind::OrderCancelled]);
    let mut world = World::placed().with(&pay(1500, "T1"));
    world.makes(&cancel(ReasonCode::OutOfStock), &[Kind::OrderCancelled, Kind::RefundRequested, Kind::RefundRequested]);
    let asked: Vec<_> = world.order().tickets.iter().map(|ticket| (ticket.kind, ticket.amount_minor)).collect();
    assert_eq!(asked, [(RefundKind::Goods, 1400), (RefundKind::Excess, 100)]);
    world.refuses(&cancel(ReasonCode::Other), Rejection::OrderCancelled);
}

#[test]
fn tags_and_notes() {
    let tag = Command::AddTag(AddTag { order: order(), tag: Tag::new("vip").unwrap() });
    let mut world = World::placed();
    world.makes(&tag, &[Kind::TagAdded]);
    world.refuses(&tag, Rejection::TagKnown);
    world.makes(&Command::AddNote(AddNote { order: order(), text: sealed("calls back") }), &[Kind::NoteAdded]);
}

#[test]
fn an_order_is_rated_once_while_it_is_observed() {
    World::paid().refuses(&rate(5), Rejection::NotObserved);
    let mut world = World::delivered();
    let invalid = Rejection::Invalid { field: "score", problem: "must be 1 to 5".into() };
    world.refuses(&rate(6), invalid);
    let mut late = world.clone();
    late.now = T0.plus_micros(7 * DAY_MICROS);
    late.refuses(&rate(5), Rejection::NotObserved);
    world.makes(&rate(5), &[Kind::OrderRated]);
    world.refuses(&rate(4), Rejection::AlreadyRated);
}
