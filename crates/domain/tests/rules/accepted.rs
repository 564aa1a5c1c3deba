//! Every command is carried out in at least one situation: which events it makes there, by name.

use std::collections::BTreeSet;

use daybook_domain::event::*;
use daybook_domain::job::{CancelCause, ErrorPolicy};
use daybook_domain::policy::Terms;
use daybook_domain::*;

use crate::ask::*;
use crate::given::*;

/// The match is exhaustive: a new command does not compile before it stands in this list.
macro_rules! commands {
    ($($variant:ident)*) => {
        const COMMANDS: &[&str] = &[$(stringify!($variant),)*];

        fn name_of(command: &Command<Sealed>) -> &'static str {
            match command {
                $(Command::$variant { .. } => stringify!($variant),)*
            }
        }
    };
}

commands! {
    RegisterMerchant MoveMerchant CloseMerchant ReopenMerchant SetPolicy SetProfile RaiseAlert ClearAlert Place EditPrice RecordPayment FailPayment Expire Remind Cancel CancelRest
    PlaceHold ReleaseHold ConfirmShipment RecordTracking DeliverCards RevealCards CompleteTopUp FailTopUp
    RequestAddressChange ApproveAddressChange RejectAddressChange OpenDispute AddEvidence ReadEvidence
    RevealContact ResolveDispute Close Breach
    RequestRefund ApproveRefund RejectRefund SettleRefund FailRefund AddNote AddTag Rate ReceiveStock CountStock
    SetStockMark ImportCards IssueToken RevokeToken
    OpenJob SelectForJob PreviewJob StartJob CheckJob AdvanceJob CancelJob
    OpenExport FetchExport EraseBuyer
}

type Row = (World, Command<Sealed>, &'static str);

const DAY: i64 = 24 * 60;

/// Eleven units in stock, as many as the usual order takes.
fn stocked() -> World {
    World::new().with(&receive(&merchant(), 11)).with(&Command::Place(place()))
}

/// Two cards, placed and paid.
fn paid_cards() -> World {
    let world = World::new().with(&import(&merchant(), &[1, 2, 3]));
    world.with(&place_lines(vec![line(SkuKind::Card, 2, 100)])).with(&pay(200, "T1"))
}

fn paid_top_up() -> World {
    World::new().with(&place_lines(vec![line(SkuKind::TopUp, 2, 100)])).with(&pay(200, "T1"))
}

/// Somebody asked for another address, and somebody else acts now.
fn change_asked() -> World {
    World::paid().with(&ask_change(&[])).by(9)
}

fn merchants() -> Vec<Row> {
    let m1 = &merchant();
    let terms = Terms { auto_deliver: Some(true), ..Terms::default() };
    let issued = World::new().with(&issue(Role::Clerk, Some(m1)));
    vec![
        (World::new(), register("m2", "Shop", Some("m1")), "merchant-registered"),
        (family(), move_below("m1", "m2"), "merchant-moved"),
        (World::new(), close_merchant("m1"), "merchant-closed"),
        (World::new().with(&close_merchant("m1")), reopen_merchant("m1"), "merchant-reopened"),
        (World::new(), issue(Role::Buyer, Some(m1)), "token-issued"),
        (World::new(), policy(m1, terms, None, None), "policy-set"),
        (World::new(), profile(m1, Some("Asia/Shanghai"), Some("https://pay.example/{number}")), "profile-set"),
        (World::new().with(&close_merchant("m1")), profile(m1, None, Some("")), "profile-set"),
        (World::new(), warn(m1, None), "alert-raised"),
        (World::new().with(&warn(m1, None)), calm(m1, None), "alert-cleared"),
        (World::new(), issue(Role::Clerk, Some(m1)), "token-issued"),
        (issued, revoke(), "token-revoked"),
        (World::new(), receive(m1, 1), "stock-received"),
        (World::new(), count(m1, 0), "stock-counted"),
        (World::new(), count(m1, 3), "stock-counted stock-corrected"),
        (World::new(), mark(m1, 3), "stock-mark-set"),
        (World::new(), import(m1, &[1, 2, 1]), "cards-imported card-claimed card-claimed"),
    ]
}

/// Two shops below one agent.
fn family() -> World {
    World::new().with(&register("m2", "Shop", Some("root")))
}

fn jobs() -> Vec<Row> {
    let (all, skip) = (ErrorPolicy::RejectAll, ErrorPolicy::SkipRefused);
    let opened = |policy, waits| World::new().with(&open_job(2, policy, waits));
    let selected = |policy, waits| opened(policy, waits).with(&select(0, 2));
    vec![
        (World::new(), open_job(2, skip, false), "job-opened"),
        (opened(skip, false), select(0, 2), "job-selected"),
        (selected(skip, true), preview(), "job-previewed"),
        (selected(skip, true).with(&preview()), start(), "job-started"),
        (selected(all, false), check_job(&[]), "job-checked"),
        (selected(skip, false), advance(1, &[0]), "job-advanced"),
        (selected(skip, false), advance(2, &[]), "job-advanced job-finished"),
        (opened(skip, false), drop_job(CancelCause::Incomplete), "job-cancelled"),
        (World::new(), open_export(None), "export-opened"),
        (World::new(), open_export(Some(merchant())), "export-opened"),
        (World::new().with(&open_export(None)), fetch(), "export-fetched"),
        (World::new().with(&open_export(None)).with(&fetch()), fetch(), "export-fetched"),
        (World::new(), erase_buyer(&[7], 0, false), "subject-erased"),
        (World::new(), erase_buyer(&[7, 9], 2, true), "subject-erased subject-erased"),
    ]
}

fn money() -> Vec<Row> {
    let expired = || stocked().at(30).with(&expire());
    let asked = || stocked().with(&pay(1400, "T1")).with(&ask_refund(None));
    let approved = || asked().with(&approve());
    let partial = World::placed().with(&pay(1, "T1")).at(30);
    let short = stocked().with(&count(&merchant(), 10));
    let excess = World::placed().with(&pay(1401, "T1")).with(&ask_refund(None)).with(&approve());
    vec![
        (World::placed(), edit(1, cny(90)), "price-edited"),
        (stocked(), pay(1, "T1"), "payment-captured payment-claimed"),
        (stocked(), pay(1400, "T1"), "payment-captured stock-taken payment-claimed"),
        (World::placed(), pay(1401, "T1"), "payment-captured hold-placed payment-claimed"),
        (World::placed(), pay_money(usd(1400), "T1"), "payment-mismatched hold-placed payment-claimed"),
        (short, pay(1400, "T1"), "payment-captured hold-placed restock-requested payment-claimed"),
        (
            expired(),
            pay(1400, "T1"),
            "late-payment-received order-reinstated stock-reserved stock-taken payment-claimed",
        ),
        (expired(), pay(1399, "T1"), "late-payment-received refund-requested payment-claimed"),
        (World::placed(), fail_payment(), "payment-failed reminder-due hold-placed"),
        (World::placed().with(&fail_payment()), fail_payment(), "payment-failed reminder-due"),
        (stocked().at(30), expire(), "order-cancelled stock-released"),
        (partial, expire(), "order-cancelled refund-requested"),
        (World::placed().at(10), remind(), "payment-reminded"),
        (stocked(), cancel(ReasonCode::Other), "order-cancelled stock-released"),
        (
            stocked().with(&pay(1400, "T1")),
            cancel(ReasonCode::Other),
            "order-cancelled stock-returned refund-requested",
        ),
        (World::paid(), ask_refund(None), "refund-requested"),
        (asked(), approve(), "refund-approved"),
        (asked(), reject_ticket(None), "refund-rejected"),
        (approved(), fail_refund(None), "refund-failed"),
        (approved().with(&fail_refund(None)), settle(), "refund-settled order-cancelled stock-returned"),
        (excess, settle_ticket(None, "R1"), "refund-settled payment-claimed hold-released"),
    ]
}

/// Two were ordered, one has arrived.
fn top_up_of_two() -> World {
    let world = World::new().with(&place_lines(vec![line(SkuKind::TopUp, 2, 100)])).with(&pay(200, "T1"));
    world.with(&top_up(None, Some(1)))
}

fn goods() -> Vec<Row> {
    let frozen = || stocked().with(&pay(1400, "T1")).with(&hold(Hold::Stock)).with(&receive(&merchant(), 11));
    let shipped = || World::paid().with(&ship_all());
    let delivered = "tracking-updated delivered order-completed observation-started";
    vec![
        (stocked().by(1), place_other(), "order-placed"),
        (World::new().with(&receive(&merchant(), 11)), Command::Place(place()), "order-placed stock-reserved"),
        (World::paid(), hold(Hold::Risk), "hold-placed"),
        (
            stocked().with(&pay(1400, "T1")),
            hold(Hold::Stock),
            "hold-placed restock-requested stock-returned stock-reserved stock-corrected",
        ),
        (
            stocked().with(&pay(1400, "T1")).with(&ship(Some(&[(1, 4)]))),
            cancel_rest(),
            "rest-cancelled stock-returned refund-requested",
        ),
        (
            top_up_of_two(),
            cancel_rest(),
            "rest-cancelled refund-requested delivered order-completed observation-started",
        ),
        (frozen(), release(Hold::Stock), "order-restocked stock-taken hold-released"),
        (World::paid().with(&hold(Hold::Risk)), release(Hold::Risk), "hold-released"),
        (World::paid(), ship(Some(&[(1, 4)])), "shipment-confirmed"),
        (shipped(), track("c1", TrackingStatus::InTransit), "tracking-updated"),
        (shipped(), track("c1", TrackingStatus::Delivered), delivered),
        (paid_cards(), deliver(), "cards-assigned cards-drawn delivered order-completed observation-started"),
        (paid_cards().with(&deliver()), reveal(), "cards-revealed"),
        (paid_top_up(), top_up(None, Some(1)), "top-up-succeeded"),
        (paid_top_up(), top_up(None, None), "top-up-succeeded delivered order-completed observation-started"),
        (paid_top_up(), fail_top_up(None, false), "top-up-failed"),
        (paid_top_up(), fail_top_up(None, true), "top-up-failed hold-placed"),
    ]
}

/// An order of goods that nobody counts.
fn place_other() -> Command<Sealed> {
    let mut other = place();
    other.number = None;
    other.lines.iter_mut().for_each(|line| line.sku = sku("mug"));
    Command::Place(other)
}

fn afterwards() -> Vec<Row> {
    let disputed = || World::delivered().with(&dispute());
    let asked = World::paid().with(&ask_refund(Some(1))).at(12 * 60);
    vec![
        (World::paid(), ask_change(&[]), "address-change-requested hold-placed"),
        (change_asked(), approve_change(), "address-changed hold-released"),
        (change_asked(), reject_change(), "address-change-rejected hold-released"),
        (World::delivered(), dispute(), "dispute-opened"),
        (disputed(), evidence(), "evidence-added"),
        (disputed(), read_evidence(), "evidence-read"),
        (World::placed(), reveal_contact(), "contact-revealed"),
        (disputed(), resolve(Outcome::Merchant, None), "dispute-resolved"),
        (disputed(), resolve(Outcome::Buyer, None), "dispute-resolved refund-requested"),
        (World::delivered().at(7 * DAY), close(), "order-closed"),
        (World::paid().at(120), breach(Clock::ShipVirtual, None), "deadline-breached"),
        (World::paid().at(DAY), breach(Clock::Collect, None), "deadline-breached"),
        (asked, breach(Clock::AnswerRefund, Some(1)), "deadline-breached"),
        (World::placed(), note(), "note-added"),
        (World::placed(), tag("vip"), "tag-added"),
        (World::delivered(), rate(5), "order-rated"),
    ]
}

#[test]
fn every_command_is_carried_out_somewhere() {
    let mut carried_out = BTreeSet::new();
    for (mut world, command, expected) in [merchants(), jobs(), money(), goods(), afterwards()].into_iter().flatten() {
        let made: Vec<&str> = world.must(&command).iter().map(|event| event.kind().name()).collect();
        assert_eq!(made.join(" "), expected, "{command:?}");
        carried_out.insert(name_of(&command));
    }
    let left: Vec<&&str> = COMMANDS.iter().filter(|name| !carried_out.contains(**name)).collect();
    assert!(left.is_empty(), "no row carries out {left:?}");
}

/// Every kind of event is made by some row, too: none is left over from rules that are gone.
#[test]
fn every_event_is_made_somewhere() {
    let mut made: BTreeSet<Kind> = BTreeSet::new();
    for (mut world, command, _) in [merchants(), jobs(), money(), goods(), afterwards()].into_iter().flatten() {
        let earlier = World::new();
        world.must(&command);
        made.extend(world.recorded_since(&earlier).iter().map(|recorded| recorded.event.kind()));
    }
    let paid_alone = World::new().with(&import(&merchant(), &[1, 2]));
    let terms = Terms { auto_deliver: Some(true), ..Terms::default() };
    let mut paid_alone = paid_alone.with(&policy(&merchant(), terms, None, None));
    paid_alone.must(&place_lines(vec![line(SkuKind::Card, 2, 100)]));
    paid_alone
        .makes(&pay(200, "T1"), &[Kind::PaymentCaptured, Kind::StockTaken, Kind::DeliveryDue, Kind::PaymentClaimed]);
    made.insert(Kind::DeliveryDue);
    let left: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !made.contains(kind)).collect();
    assert!(left.is_empty(), "nothing makes {left:?}");
}
