use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::order::Payment;
use daybook_domain::*;

use crate::given::*;

fn edit(line: u16, unit: Money) -> Command<Sealed> {
    Command::EditPrice(EditPrice {
        order: order(),
        prices: vec![NewPrice { line, unit }],
        reason: reason(ReasonCode::Negotiated),
    })
}

#[test]
fn each_fault_has_its_refusal() {
    let world = World::placed();
    let usd = Currency::new("USD").unwrap();
    let mismatch = Rejection::CurrencyMismatch { expected: Currency::CNY, given: usd };
    world.refuses(&edit(9, Money::new(1, usd)), mismatch);
    world.refuses(&edit(9, cny(1)), Rejection::LineUnknown { line: 9 });
    world.refuses(&edit(0, cny(1)), Rejection::LineUnknown { line: 0 });
    World::paid().refuses(&edit(1, cny(1)), Rejection::NotUnpaid { payment: Payment::Paid });
    World::placed().with(&pay(1, "T1")).refuses(&edit(1, cny(1)), Rejection::NotUnpaid { payment: Payment::Partial });
    World::placed().with(&cancel(ReasonCode::Other)).refuses(&edit(1, cny(1)), Rejection::OrderCancelled);
    World::delivered().refuses(&edit(1, cny(1)), Rejection::OrderCompleted);
    let both = |first, second| {
        Command::EditPrice(EditPrice {
            order: order(),
            prices: vec![NewPrice { line: 1, unit: cny(first) }, NewPrice { line: 2, unit: cny(second) }],
            reason: reason(ReasonCode::Negotiated),
        })
    };
    world.refuses(&both(0, 0), Rejection::TotalNegative);
    world.refuses(&both(0, 100), Rejection::TotalZero);
    World::placed().makes(&both(0, 101), &[Kind::PriceEdited, Kind::PriceEdited]);
}

#[test]
fn the_first_event_tells_the_reason_for_all() {
    let note = sealed(&"x".repeat(16_000));
    let command = Command::EditPrice(EditPrice {
        order: order(),
        prices: (1..=100).map(|price| NewPrice { line: 1, unit: cny(price) }).collect(),
        reason: reason::Reason { code: ReasonCode::Negotiated, text: Some(note.clone()) },
    });
    let note_of = |event| match event {
        Event::PriceEdited(edited) => edited.note,
        other => panic!("{other:?}"),
    };
    let notes: Vec<_> = World::placed().must(&command).into_iter().map(note_of).collect();
    assert_eq!(notes[0], Some(note));
    assert!(notes.len() == 100 && notes[1..].iter().all(Option::is_none));
}

#[test]
fn the_event_says_what_it_was_and_what_it_is() {
    let mut world = World::placed();
    let events = world.must(&edit(1, cny(90)));
    let edited = PriceEdited { line: 1, old_unit_minor: 100, new_unit_minor: 90, note: None };
    assert_eq!(events, [Event::PriceEdited(edited)]);
    assert_eq!(world.order().total_minor(), 1300);
}
