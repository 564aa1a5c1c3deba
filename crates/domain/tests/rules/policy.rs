//! What a merchant says of its policy: for good, for some time, and from some moment on.

use daybook_domain::command::*;
use daybook_domain::event::PolicySet;
use daybook_domain::merchant::Merchant;
use daybook_domain::policy::Terms;
use daybook_domain::time::SECOND_MICROS;
use daybook_domain::*;

use crate::given::*;

/// A buyer has so many seconds to pay, from and to these minutes.
fn pay_within(seconds: u32, from: Option<i64>, to: Option<i64>) -> Command<Sealed> {
    let terms = Terms { pay_within: Some(seconds), ..Terms::default() };
    let set = PolicySet { terms, valid_from: from.map(at), valid_to: to.map(at) };
    Command::SetPolicy(SetPolicy { merchant: merchant(), set })
}

fn shop(world: &World) -> &Merchant {
    match world.state(StreamId::merchant(&merchant())) {
        Some(State::Merchant(merchant)) => merchant,
        other => panic!("no merchant: {other:?}"),
    }
}

/// How many seconds a buyer has at each of these minutes.
fn seconds_at<const N: usize>(world: &World, minutes: [i64; N]) -> [i64; N] {
    minutes.map(|minute| shop(world).policy_at(at(minute)).pay_within_micros / SECOND_MICROS)
}

/// The seconds of those for some time that are not over at this minute.
fn dated(world: &World, minute: i64) -> Vec<u32> {
    shop(world).policies.dated_from(at(minute)).filter_map(|set| set.terms.pay_within).collect()
}

#[test]
fn what_begins_and_has_no_end_holds_until_something_is_set_for_good() {
    let world = World::new().with(&pay_within(60, None, None)).with(&pay_within(90, Some(5), None));
    assert_eq!(seconds_at(&world, [4, 5, 1_000_000]), [60, 90, 90]);
    // Said before it begins, it is still to come; said after that, it is over.
    let before = world.clone().at(4).with(&pay_within(120, None, None));
    assert_eq!((seconds_at(&before, [4, 5]), dated(&before, 4)), ([120, 90], vec![90]));
    let after = world.at(5).with(&pay_within(120, None, None));
    assert_eq!((seconds_at(&after, [5, 1_000_000]), dated(&after, 5)), ([120, 120], vec![]));
}

#[test]
fn what_an_open_end_set_besides_stays_when_something_else_is_set_for_good() {
    let world = World::new().with(&pay_within(90, Some(5), None)).at(6);
    let terms = Terms { remind_after: Some(30), ..Terms::default() };
    let set = PolicySet { terms, valid_from: None, valid_to: None };
    let world = world.with(&Command::SetPolicy(SetPolicy { merchant: merchant(), set }));
    assert_eq!(seconds_at(&world, [6]), [90]);
    assert_eq!(shop(&world).policy_at(at(6)).remind_after_micros, 30 * SECOND_MICROS);
}

#[test]
fn what_is_over_is_not_among_the_dated_ones() {
    let world = World::new()
        .with(&pay_within(60, Some(5), Some(10)))
        .with(&pay_within(90, None, Some(3)))
        .with(&pay_within(120, Some(8), None));
    assert_eq!(dated(&world, 0), [60, 90, 120], "as they were set");
    assert_eq!((dated(&world, 3), dated(&world, 9), dated(&world, 10)), (vec![60, 120], vec![60, 120], vec![120]));
    assert_eq!(seconds_at(&world, [2, 4, 6, 9, 11]), [90, 1_800, 60, 120, 120], "the last one that holds");
}
