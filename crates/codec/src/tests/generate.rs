//! Random events and actions.

mod job;

use std::hash::{BuildHasher, RandomState};
use std::ops::RangeInclusive;

use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::export::{ExportFormat, ExportKind};
use daybook_domain::policy::Terms;
use daybook_domain::reason::Reason;
use daybook_domain::stock::{Balance, Goods};
use daybook_domain::{
    Currency, MerchantId, Money, OrderNumber, ReasonCode, Role, Sealed, Sku, Slot, StreamId, Tag, Timestamp,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use uuid::Uuid;

use crate::{Action, OrderName};

/// With 0, 2, 3 and 4 decimals.
pub(super) const CURRENCIES: [&str; 5] = ["JPY", "CNY", "BRL", "KWD", "CLF"];

/// Prints the seed; `PROPTEST_RNG_SEED` repeats a run.
pub(super) fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(RandomState::new().hash_one(0));
    }
    if let RngSeed::Fixed(seed) = config.rng_seed {
        println!("PROPTEST_RNG_SEED={seed}");
    }
    config
}

/// How far numbers may go: JSON takes times that RFC 3339 can write and amounts that the domain keeps.
#[derive(Clone)]
pub(super) struct Bounds {
    pub(super) micros: RangeInclusive<i64>,
    pub(super) minor: RangeInclusive<i64>,
}

fn text() -> BoxedStrategy<Box<str>> {
    prop_oneof![".{0,12}", "[a-z0-9-]{1,20}", any::<String>()].prop_map(String::into_boxed_str).boxed()
}

fn merchant() -> BoxedStrategy<MerchantId> {
    "[a-zA-Z0-9._-]{1,64}".prop_map(|id| MerchantId::new(&id).unwrap()).boxed()
}

/// Without what cannot be seen: no name holds that.
fn seen(pattern: &'static str) -> impl Strategy<Value = String> {
    pattern.prop_map(|name| name.chars().map(|c| if Tag::new(&c.to_string()).is_ok() { c } else { '.' }).collect())
}

fn number() -> BoxedStrategy<OrderNumber> {
    seen("[^\\s\\p{Cc}]{1,20}").prop_map(|number| OrderNumber::new(&number).unwrap()).boxed()
}

fn sku() -> BoxedStrategy<Sku> {
    seen("[^\\s\\p{Cc}]{1,20}").prop_map(|sku| Sku::new(&sku).unwrap()).boxed()
}

fn tag() -> BoxedStrategy<Tag> {
    seen("\\P{Cc}{1,32}").prop_map(|tag| Tag::new(&tag).unwrap()).boxed()
}

fn currency() -> BoxedStrategy<Currency> {
    select(CURRENCIES.to_vec()).prop_map(|code| Currency::new(code).unwrap()).boxed()
}

fn sealed() -> BoxedStrategy<Sealed> {
    (any::<u32>(), vec(any::<u8>(), 0..90)).prop_map(|(slot, bytes)| Sealed { slot: Slot(slot), bytes }).boxed()
}

fn id() -> BoxedStrategy<Uuid> {
    any::<u128>().prop_map(Uuid::from_u128).boxed()
}

fn one<T: Copy + std::fmt::Debug + 'static>(all: &[T]) -> BoxedStrategy<T> {
    select(all.to_vec()).boxed()
}

impl Bounds {
    pub(super) const ALL: Bounds = Bounds { micros: i64::MIN..=i64::MAX, minor: i64::MIN..=i64::MAX };
    pub(super) const JSON: Bounds =
        Bounds { micros: super::text::RFC_3339, minor: -1_000_000_000_000_000..=1_000_000_000_000_000 };

    fn time(&self) -> BoxedStrategy<Timestamp> {
        // Whole seconds are common, and written differently.
        let micros = self.micros.clone();
        (micros, any::<bool>())
            .prop_map(|(micros, whole)| Timestamp(if whole { micros / 1_000_000 * 1_000_000 } else { micros }))
            .boxed()
    }

    fn minor(&self) -> BoxedStrategy<i64> {
        prop_oneof![self.minor.clone(), -1000_i64..1000].boxed()
    }

    fn ship_due(&self) -> BoxedStrategy<Option<ShipDue>> {
        let due = (option::of(self.time()), option::of(self.time()));
        option::of(due.prop_map(|(virtual_by, collect_by)| ShipDue { virtual_by, collect_by })).boxed()
    }

    fn adjustment(&self) -> BoxedStrategy<Adjustment> {
        (one(AdjustmentKind::VARIANTS), text(), self.minor())
            .prop_map(|(kind, label, amount_minor)| Adjustment { kind, label, amount_minor })
            .boxed()
    }

    fn line<T: std::fmt::Debug + Clone + 'static>(&self, inputs: BoxedStrategy<T>) -> BoxedStrategy<Line<T>> {
        let goods = (sku(), text(), one(SkuKind::VARIANTS), any::<u32>(), self.minor());
        (goods, option::of(merchant()), option::of(inputs))
            .prop_map(|((sku, title, kind, quantity, unit_minor), supplier, inputs)| Line {
                sku,
                title,
                kind,
                quantity,
                unit_minor,
                supplier,
                inputs,
            })
            .boxed()
    }

    fn order_placed(&self) -> BoxedStrategy<OrderPlaced> {
        let who = (merchant(), vec(merchant(), 0..4), number(), sealed(), option::of(sealed()), currency());
        let what = (vec(self.line(sealed()), 0..4), vec(self.adjustment(), 0..3));
        let pay = (self.time(), self.time()).prop_map(|(pay_by, remind_at)| PayDue { pay_by, remind_at });
        (who, what, option::of(pay), self.ship_due(), vec(goods(), 0..3))
            .prop_map(|(who, (lines, adjustments), pay_due, ship_due, reserved)| {
                let (merchant, ancestors, number, account, contact, currency) = who;
                OrderPlaced {
                    merchant,
                    ancestors,
                    number,
                    account,
                    contact,
                    currency,
                    lines,
                    adjustments,
                    pay_due,
                    ship_due,
                    reserved,
                }
            })
            .boxed()
    }

    /// An event of any kind.
    pub(super) fn event(&self) -> BoxedStrategy<Event> {
        let note = || option::of(sealed());
        prop_oneof![
            (merchant(), text(), vec(merchant(), 0..4)).prop_map(|(id, name, ancestors)| MerchantRegistered {
                id,
                name,
                ancestors
            }
            .into()),
            merchant().prop_map(|parent| MerchantMoved { parent }.into()),
            Just(MerchantClosed {}.into()),
            Just(MerchantReopened {}.into()),
            (option::of(text()), option::of(text()))
                .prop_map(|(time_zone, pay_url)| ProfileSet { time_zone, pay_url }.into()),
            Just(EvidenceRead {}.into()),
            note().prop_map(|note| ContactRevealed { note }.into()),
            (id(), one(&Role::ALL), option::of(merchant()), option::of(self.time()), text(), option::of(any::<u32>()))
                .prop_map(|(id, role, merchant, expires_at, label, buyer)| {
                    TokenIssued { id, role, merchant, expires_at, label, buyer: buyer.map(Slot) }.into()
                }),
            Just(TokenRevoked {}.into()),
            Just(ExportFetched {}.into()),
            (merchant(), any::<u32>()).prop_map(|(merchant, slot)| SubjectErased { merchant, slot: Slot(slot) }.into()),
            export_opened(),
            self.order_placed().prop_map(Into::into),
            (any::<u16>(), self.minor(), self.minor(), note()).prop_map(
                |(line, old_unit_minor, new_unit_minor, note)| PriceEdited {
                    line,
                    old_unit_minor,
                    new_unit_minor,
                    note
                }
                .into()
            ),
            (text(), text(), self.minor(), self.minor(), self.ship_due()).prop_map(
                |(provider, trade_number, amount_minor, excess_minor, ship_due)| PaymentCaptured {
                    provider,
                    trade_number,
                    amount_minor,
                    excess_minor,
                    ship_due,
                }
                .into()
            ),
            (text(), text(), self.minor(), currency()).prop_map(|(provider, trade_number, amount_minor, currency)| {
                PaymentMismatched { provider, trade_number, amount_minor, currency }.into()
            }),
            (text(), text(), note())
                .prop_map(|(provider, failure, note)| PaymentFailed { provider, failure, note }.into()),
            self.time().prop_map(|remind_at| ReminderDue { remind_at }.into()),
            (text(), text(), self.minor()).prop_map(|(provider, trade_number, amount_minor)| {
                LatePaymentReceived { provider, trade_number, amount_minor }.into()
            }),
            (self.minor(), self.minor(), self.ship_due()).prop_map(|(captured_minor, excess_minor, ship_due)| {
                OrderReinstated { captured_minor, excess_minor, ship_due }.into()
            }),
            note().prop_map(|note| OrderCancelled { note }.into()),
            (vec(shipped_line(), 0..4), note()).prop_map(|(lines, note)| RestCancelled { lines, note }.into()),
            (one(Hold::VARIANTS), note()).prop_map(|(hold, note)| HoldPlaced { hold, note }.into()),
            (one(Hold::VARIANTS), self.ship_due(), note()).prop_map(|(hold, ship_due, note)| HoldReleased {
                hold,
                ship_due,
                note
            }
            .into()),
            (any::<u16>(), vec(shipped_line(), 0..5), option::of(text()), option::of(text())).prop_map(
                |(shipment, lines, carrier, tracking_number)| ShipmentConfirmed {
                    shipment,
                    lines,
                    carrier,
                    tracking_number
                }
                .into()
            ),
            (any::<u16>(), text(), one(TrackingStatus::VARIANTS), note()).prop_map(
                |(shipment, checkpoint, status, place)| TrackingUpdated { shipment, checkpoint, status, place }.into()
            ),
            any::<u16>().prop_map(|shipment| Delivered { shipment }.into()),
            Just(OrderCompleted {}.into()),
            self.time().prop_map(|until| ObservationStarted { until }.into()),
            self.refund_event(),
            self.clock_event(),
            dispute_or_address_event(),
            card_event(),
            self.job_event(),
            stock_event(),
            sealed().prop_map(|text| NoteAdded { text }.into()),
            tag().prop_map(|tag| TagAdded { tag }.into()),
            (any::<u8>(), note()).prop_map(|(score, comment)| OrderRated { score, comment }.into()),
            (id(), self.minor(), currency()).prop_map(|(order, amount_minor, currency)| {
                PaymentClaimed { order: StreamId(order), amount_minor, currency }.into()
            }),
        ]
        .boxed()
    }

    fn refund_event(&self) -> BoxedStrategy<Event> {
        let note = || option::of(sealed());
        let due = (self.time(), self.time()).prop_map(|(answer_by, escalate_at)| RefundDue { answer_by, escalate_at });
        prop_oneof![
            (any::<u16>(), one(RefundKind::VARIANTS), self.minor(), option::of(due), note()).prop_map(
                |(ticket, kind, amount_minor, due, note)| RefundRequested { ticket, kind, amount_minor, due, note }
                    .into()
            ),
            (any::<u16>(), option::of(self.time()), note()).prop_map(|(ticket, pay_by, note)| RefundApproved {
                ticket,
                pay_by,
                note
            }
            .into()),
            (any::<u16>(), note()).prop_map(|(ticket, note)| RefundRejected { ticket, note }.into()),
            (any::<u16>(), self.minor(), option::of(text()), option::of(text())).prop_map(
                |(ticket, amount_minor, provider, trade_number)| RefundSettled {
                    ticket,
                    amount_minor,
                    provider,
                    trade_number
                }
                .into()
            ),
            (any::<u16>(), text(), note())
                .prop_map(|(ticket, failure, note)| RefundFailed { ticket, failure, note }.into()),
        ]
        .boxed()
    }

    fn clock_event(&self) -> BoxedStrategy<Event> {
        let terms = (any::<[Option<u32>; 11]>(), any::<[Option<bool>; 2]>());
        let alert = (one(Alert::VARIANTS), option::of(sku()), any::<i64>());
        prop_oneof![
            (terms, option::of(self.time()), option::of(self.time())).prop_map(
                |((spans, [auto_deliver, manual_review]), valid_from, valid_to)| {
                    let [pay, remind, ship, collect, answer, escalate, pay_out, observe, rate, conversion, age] = spans;
                    let terms = Terms {
                        pay_within: pay,
                        remind_after: remind,
                        ship_virtual_within: ship,
                        collect_physical_within: collect,
                        answer_refund_within: answer,
                        escalate_refund_after: escalate,
                        pay_refund_within: pay_out,
                        observe_for: observe,
                        auto_deliver,
                        manual_review,
                        warn_refund_rate: rate,
                        warn_conversion: conversion,
                        warn_queue_age: age,
                    };
                    PolicySet { terms, valid_from, valid_to }.into()
                }
            ),
            (alert.clone(), any::<i64>()).prop_map(|((alert, sku, measured), threshold)| {
                AlertRaised { alert, sku, measured, threshold }.into()
            }),
            alert.prop_map(|(alert, sku, measured)| AlertCleared { alert, sku, measured }.into()),
            Just(PaymentReminded {}.into()),
            self.time().prop_map(|deliver_at| DeliveryDue { deliver_at }.into()),
            Just(OrderClosed {}.into()),
            (one(Clock::VARIANTS), option::of(any::<u16>()), self.time())
                .prop_map(|(clock, ticket, due_at)| DeadlineBreached { clock, ticket, due_at }.into()),
        ]
        .boxed()
    }

    fn money(&self) -> BoxedStrategy<Money> {
        (self.minor(), currency()).prop_map(|(minor, currency)| Money::new(minor, currency)).boxed()
    }
}

fn goods() -> BoxedStrategy<Goods> {
    (sku(), any::<u32>()).prop_map(|(sku, quantity)| Goods { sku, quantity }).boxed()
}

fn dispute_or_address_event() -> BoxedStrategy<Event> {
    let numbered = (any::<u16>(), option::of(sealed()));
    let new = (any::<u16>(), sealed()).prop_map(|(line, inputs)| LineInputs { line, inputs });
    prop_oneof![
        (numbered.clone(), option::of(sealed()), vec(new, 0..4)).prop_map(|((change, note), contact, inputs)| {
            AddressChangeRequested { change, contact, inputs, note }.into()
        }),
        (numbered.clone(), 0..3).prop_map(|((number, note), which)| match which {
            0 => AddressChanged { change: number, note }.into(),
            1 => AddressChangeRejected { change: number, note }.into(),
            _ => DisputeOpened { dispute: number, note }.into(),
        }),
        (any::<u16>(), sealed()).prop_map(|(dispute, text)| EvidenceAdded { dispute, text }.into()),
        (numbered, one(Outcome::VARIANTS)).prop_map(|((dispute, note), outcome)| DisputeResolved {
            dispute,
            outcome,
            note
        }
        .into()),
    ]
    .boxed()
}

fn card_event() -> BoxedStrategy<Event> {
    let assigned = (any::<u16>(), any::<u64>(), any::<u32>());
    let assigned = assigned.prop_map(|(line, first, quantity)| AssignedCards { line, first, quantity });
    let imported = (merchant(), sku(), any::<u64>(), vec(sealed(), 0..4), vec(any::<u16>(), 0..4));
    prop_oneof![
        imported.prop_map(|(merchant, sku, first, secrets, known)| {
            CardsImported { merchant, sku, first, secrets, known }.into()
        }),
        (id(), any::<u64>()).prop_map(|(sku, number)| CardClaimed { sku: StreamId(sku), number }.into()),
        (any::<u16>(), vec(assigned, 0..4)).prop_map(|(shipment, cards)| CardsAssigned { shipment, cards }.into()),
        any::<u32>().prop_map(|cards| CardsRevealed { cards }.into()),
        (any::<u16>(), any::<u16>(), any::<u32>()).prop_map(|(shipment, line, quantity)| TopUpSucceeded {
            shipment,
            line,
            quantity
        }
        .into()),
        (any::<u16>(), text(), option::of(sealed())).prop_map(|(line, failure, note)| TopUpFailed {
            line,
            failure,
            note
        }
        .into()),
    ]
    .boxed()
}

fn stock_event() -> BoxedStrategy<Event> {
    let balance = any::<[u64; 3]>().prop_map(|[reserved, deducted, assigned]| Balance { reserved, deducted, assigned });
    let booking = (id().prop_map(StreamId), any::<u32>(), balance);
    prop_oneof![
        Just(RestockRequested {}.into()),
        Just(OrderRestocked {}.into()),
        (merchant(), sku(), any::<u32>(), option::of(text())).prop_map(|(merchant, sku, quantity, reference)| {
            StockReceived { merchant, sku, quantity, reference }.into()
        }),
        (merchant(), sku(), any::<u32>())
            .prop_map(|(merchant, sku, counted)| StockCounted { merchant, sku, counted }.into()),
        any::<i64>().prop_map(|difference| StockCorrected { difference }.into()),
        (merchant(), sku(), any::<u32>())
            .prop_map(|(merchant, sku, low_at)| StockMarkSet { merchant, sku, low_at }.into()),
        (booking, 0..5).prop_map(|((order, quantity, balance), which)| match which {
            0 => StockReserved { order, quantity, balance }.into(),
            1 => StockReleased { order, quantity, balance }.into(),
            2 => StockTaken { order, quantity, balance }.into(),
            3 => CardsDrawn { order, quantity, balance }.into(),
            _ => StockReturned { order, quantity, balance }.into(),
        }),
    ]
    .boxed()
}

fn export_opened() -> BoxedStrategy<Event> {
    let what = (one(ExportKind::VARIANTS), one(ExportFormat::VARIANTS), text(), text());
    (what, option::of(merchant()), any::<bool>(), any::<u64>(), any::<u64>())
        .prop_map(|((kind, format, columns, filter), merchant, subtree, position, rows)| {
            ExportOpened { kind, format, columns, filter, merchant, subtree, position, rows }.into()
        })
        .boxed()
}

fn shipped_line() -> BoxedStrategy<ShippedLine> {
    (any::<u16>(), any::<u32>()).prop_map(|(line, quantity)| ShippedLine { line, quantity }).boxed()
}

fn personal() -> BoxedStrategy<String> {
    text().prop_map(Into::into).boxed()
}

/// A JSON object as compact text.
fn object() -> BoxedStrategy<String> {
    proptest::collection::btree_map(any::<String>(), any::<String>(), 0..4)
        .prop_map(|members| serde_json::to_string(&members).unwrap())
        .boxed()
}

fn reason() -> BoxedStrategy<Reason<String>> {
    (one(&ReasonCode::ALL), option::of(personal())).prop_map(|(code, text)| Reason { code, text }).boxed()
}

/// An action that an import may hold.
pub(super) fn action() -> BoxedStrategy<Action> {
    let name = (merchant(), number()).prop_map(|(merchant, number)| OrderName { merchant, number });
    let at = option::of(Bounds::JSON.time());
    (at, option::of(personal()), option::of(name), id())
        .prop_flat_map(|(at, source, named, id)| {
            let order = named.as_ref().map_or(StreamId(id), |name| StreamId::order(&name.merchant, &name.number));
            command(order).prop_map(move |command| {
                let has_name = !matches!(
                    command,
                    Command::Place(_)
                        | Command::RegisterMerchant(_)
                        | Command::ReceiveStock(_)
                        | Command::CountStock(_)
                        | Command::SetStockMark(_)
                );
                let named = named.clone().filter(|_| has_name);
                Action { at, source: source.clone(), named, command }
            })
        })
        .boxed()
}

fn command(order: StreamId) -> BoxedStrategy<Command<String>> {
    let bounds = Bounds::JSON;
    let note = || option::of(personal());
    let ticket = || option::of(any::<u16>());
    let price = (any::<u16>(), bounds.money()).prop_map(|(line, unit)| NewPrice { line, unit });
    let place = (
        (merchant(), option::of(number()), personal(), option::of(object()), currency()),
        vec(bounds.line(object()), 0..4),
        vec(bounds.adjustment(), 0..3),
    );
    prop_oneof![
        (merchant(), text(), option::of(merchant()))
            .prop_map(|(id, name, parent)| { Command::RegisterMerchant(RegisterMerchant { id, name, parent }) }),
        place.prop_map(|((merchant, number, account, contact, currency), lines, adjustments)| {
            Command::Place(PlaceOrder { merchant, number, account, contact, currency, lines, adjustments })
        }),
        (vec(price, 0..3), reason()).prop_map(move |(prices, reason)| Command::EditPrice(EditPrice {
            order,
            prices,
            reason
        })),
        (text(), text(), bounds.money()).prop_map(move |(provider, trade_number, amount)| {
            Command::RecordPayment(RecordPayment { order, provider, trade_number, amount })
        }),
        (text(), text(), note()).prop_map(move |(provider, failure, note)| {
            Command::FailPayment(FailPayment { order, provider, failure, note })
        }),
        reason().prop_map(move |reason| Command::Cancel(Cancel { order, reason })),
        (one(Hold::VARIANTS), option::of(reason())).prop_map(move |(hold, reason)| Command::PlaceHold(PlaceHold {
            order,
            hold,
            reason
        })),
        (one(Hold::VARIANTS), option::of(reason())).prop_map(move |(hold, reason)| Command::ReleaseHold(ReleaseHold {
            order,
            hold,
            reason
        })),
        (option::of(vec(shipped_line(), 0..4)), option::of(text()), option::of(text())).prop_map(
            move |(lines, carrier, tracking_number)| {
                Command::ConfirmShipment(ConfirmShipment { order, lines, carrier, tracking_number })
            }
        ),
        (option::of(any::<u16>()), text(), one(TrackingStatus::VARIANTS), note()).prop_map(
            move |(shipment, checkpoint, status, place)| {
                Command::RecordTracking(RecordTracking { order, shipment, checkpoint, status, place })
            }
        ),
        (option::of(one(RefundKind::VARIANTS)), option::of(bounds.money()), reason()).prop_map(
            move |(kind, amount, reason)| Command::RequestRefund(RequestRefund { order, kind, amount, reason })
        ),
        (ticket(), note()).prop_map(move |(ticket, note)| Command::ApproveRefund(ApproveRefund {
            order,
            ticket,
            note
        })),
        (ticket(), reason()).prop_map(move |(ticket, reason)| Command::RejectRefund(RejectRefund {
            order,
            ticket,
            reason
        })),
        (ticket(), option::of(text()), option::of(text())).prop_map(move |(ticket, provider, trade_number)| {
            Command::SettleRefund(SettleRefund { order, ticket, provider, trade_number })
        }),
        (ticket(), text(), note()).prop_map(move |(ticket, failure, note)| {
            Command::FailRefund(FailRefund { order, ticket, failure, note })
        }),
        (merchant(), sku(), any::<u32>(), option::of(text())).prop_map(|(merchant, sku, quantity, reference)| {
            Command::ReceiveStock(ReceiveStock { merchant, sku, quantity, reference })
        }),
        (merchant(), sku(), any::<u32>()).prop_map(|(merchant, sku, counted)| Command::CountStock(CountStock {
            merchant,
            sku,
            counted
        })),
        (merchant(), sku(), any::<u32>()).prop_map(|(merchant, sku, low_at)| Command::SetStockMark(SetStockMark {
            merchant,
            sku,
            low_at
        })),
        personal().prop_map(move |text| Command::AddNote(AddNote { order, text })),
        tag().prop_map(move |tag| Command::AddTag(AddTag { order, tag })),
        (any::<u8>(), note()).prop_map(move |(score, comment)| Command::Rate(Rate { order, score, comment })),
    ]
    .boxed()
}
