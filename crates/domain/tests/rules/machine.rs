//! Ten thousand random days of a small shop: whatever is asked in whatever order, the rules do what somebody expects
//! who knows only what the commands mean. `DAYBOOK_SEED=n` plays one day again and tells each step.

mod action;
mod check;
mod ledger;
mod luck;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use daybook_domain::{Action, Command, Kind, Label, Rejection, Sealed};
use ledger::{Ledger, Names};
use luck::Luck;

use crate::oracle::{Answer, Ask, MERCHANTS, ORDERS, STOCK, Shop};

const DAYS: u64 = 10_000;
const STEPS: usize = 30;

/// What the days reached.
#[derive(Default)]
struct Tally {
    /// How often each command was done, was a repeat, was refused.
    answers: BTreeMap<String, [usize; 3]>,
    events: BTreeSet<Kind>,
    labels: BTreeSet<&'static str>,
    /// Which actions an order was said to take, and to refuse.
    actions: BTreeSet<(Action, bool)>,
}

fn name_of(ask: &Ask) -> String {
    let told = format!("{ask:?}");
    told.split([' ', '(']).next().unwrap().to_owned()
}

/// One day, from an empty shop.
fn play(names: &Names, seed: u64, tells: bool, tally: &mut Tally) {
    let mut luck = Luck(seed);
    let is_one_tree = luck.one_in(2);
    // With few orders each comes far, with many they are in each other's way.
    let orders = luck.pick(&[1, 2, 3, ORDERS]);
    let mut ledger = Ledger::new(names, is_one_tree);
    let mut shop = Shop::new(is_one_tree);
    let mut free = check::Free::default();
    for number in 0..STEPS {
        // Most shops begin with some stock.
        let is_opening = number < 2 * MERCHANTS && !luck.one_in(4);
        let minutes = if is_opening { 0 } else { luck::minutes(&mut luck) };
        let (slot, actor, ask) =
            if is_opening { (number, 1, luck::of_stock(&mut luck)) } else { luck::step(&mut luck, &shop, orders) };
        shop.wait(minutes);
        let expected = shop.ask(slot, actor, &ask);
        let command = step::command(names, slot, &ask);
        let lag = luck::lag(&mut luck, &ask, shop.age(slot));
        let logged = ledger.log.len();
        let offered = action::offered(names, &ledger, slot, &command, actor, shop.now);
        let real = ledger.send(&command, actor, shop.now, lag);
        if tells {
            println!("{number}: minute {}, order {slot}, actor {actor}: {ask:?}\n    {real:?}", shop.now);
        }
        let answer = real.as_ref().map_or(Answer::Refused, |answer| *answer);
        assert!(answer != Answer::Done || offered != Some(false), "{ask:?} was done, and was said to be refused");
        assert_eq!(answer, expected, "step {number}, order {slot}, actor {actor}: {ask:?} gave {real:?}");
        assert!(answer == Answer::Done || ledger.log.len() == logged, "only what is done is recorded");
        if let Err(rejection) = real {
            check_refused_again(&mut ledger, &command, actor, (shop.now, lag), &rejection);
        }
        check::order(names, &ledger, &shop, slot);
        if (seed + number as u64).is_multiple_of(5) {
            tally.actions.extend(action::check(names, &ledger, slot, actor, shop.now));
        }
        free = check::stock(names, &ledger, &shop, &free, matches!(ask, Ask::Count { .. } | Ask::Hold(STOCK)));
        tally.answers.entry(name_of(&ask)).or_default()[answer as usize] += 1;
        tally.labels.extend(shop.orders.get(&slot).map(|order| order.label()));
    }
    (0..names.orders.len()).for_each(|slot| check::order(names, &ledger, &shop, slot));
    check::cards(names, &ledger, &shop);
    assert!(ledger.is_its_log(), "the log alone makes other states");
    tally.events.extend(ledger.log.iter().map(|recorded| recorded.event.kind()));
}

/// Refused once, refused again for the same reason: the first time changed nothing.
fn check_refused_again(
    ledger: &mut Ledger,
    command: &Command<Sealed>,
    actor: u8,
    (now, lag): (i64, i64),
    rejection: &Rejection,
) {
    assert_eq!(ledger.send(command, actor, now, lag).as_ref(), Err(rejection));
}

fn play_telling_the_seed(names: &Names, seed: u64, tells: bool, tally: &mut Tally) {
    let played = catch_unwind(AssertUnwindSafe(|| play(names, seed, tells, tally)));
    if let Err(panic) = played {
        eprintln!("failed with DAYBOOK_SEED={seed}");
        resume_unwind(panic);
    }
}

/// Each part is a test of its own, so that they run beside each other.
fn play_part(part: u64, of: u64) {
    let names = Names::new();
    let mut tally = Tally::default();
    match std::env::var("DAYBOOK_SEED") {
        Ok(seed) if part == 0 => play_telling_the_seed(&names, seed.parse().unwrap(), true, &mut tally),
        Ok(_) => {}
        Err(_) => {
            let days = (0..DAYS).filter(|day| day % of == part);
            days.for_each(|day| play_telling_the_seed(&names, day, false, &mut tally));
            check_reach(&tally);
        }
    }
}

/// Events that nothing makes here: of tokens, policies, profiles, warnings, moved merchants, jobs, exports, erasures, and remarks of no consequence.
const OUT_OF_REACH: [Kind; 26] = [
    Kind::PolicySet,
    Kind::AlertRaised,
    Kind::AlertCleared,
    Kind::MerchantMoved,
    Kind::MerchantClosed,
    Kind::MerchantReopened,
    Kind::ProfileSet,
    Kind::TokenIssued,
    Kind::TokenRevoked,
    Kind::SubjectErased,
    Kind::DeliveryDue,
    Kind::NoteAdded,
    Kind::TagAdded,
    Kind::EvidenceRead,
    Kind::ContactRevealed,
    Kind::StockMarkSet,
    Kind::JobOpened,
    Kind::JobSelected,
    Kind::JobPreviewed,
    Kind::JobStarted,
    Kind::JobChecked,
    Kind::JobAdvanced,
    Kind::JobCancelled,
    Kind::JobFinished,
    Kind::ExportOpened,
    Kind::ExportFetched,
];

/// Days on which nothing much happens would prove nothing: every command is often done and often refused, and every
/// event and label is reached.
fn check_reach(tally: &Tally) {
    assert_eq!(tally.answers.len(), 33, "every kind of command is asked for");
    for (name, [done, repeated, refused]) in &tally.answers {
        let is_never_refused = ["Receive", "Count"].contains(&name.as_str());
        let has_repeats = ["Pay", "SettleRefund"].contains(&name.as_str());
        let is_often = *done >= 20 && (is_never_refused || *refused >= 20) && (!has_repeats || *repeated >= 20);
        assert!(is_often, "{name} was done {done} times, repeated {repeated} times, refused {refused} times");
    }
    let missing = Kind::ALL.iter().filter(|kind| !tally.events.contains(kind));
    assert_eq!(missing.copied().collect::<Vec<_>>(), OUT_OF_REACH);
    assert_eq!(tally.labels.len(), Label::ALL.len(), "{:?}", tally.labels);
    for action in Action::ALL {
        let is_never_refused =
            matches!(action, Action::AddNote | Action::AddTag | Action::RevealContact | Action::RecordPayment);
        assert!(tally.actions.contains(&(action, true)), "{action:?} is never offered");
        assert_eq!(tally.actions.contains(&(action, false)), !is_never_refused, "{action:?}");
    }
}

#[test]
fn first_part_of_ten_thousand_days() {
    play_part(0, 4);
}

#[test]
fn second_part_of_ten_thousand_days() {
    play_part(1, 4);
}

#[test]
fn third_part_of_ten_thousand_days() {
    play_part(2, 4);
}

#[test]
fn fourth_part_of_ten_thousand_days() {
    play_part(3, 4);
}
