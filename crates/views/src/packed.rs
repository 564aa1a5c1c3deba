//! An order in some sixty bytes: first what never changes, then what its events change.
//!
//! The list needs it to show a row, every fold needs it as *the order before*.

use daybook_domain::clock::Breach;
use daybook_domain::command::Origin;
use daybook_domain::event::{Clock, PayDue, RefundDue, RefundKind, ShipDue, SkuKind, TrackingStatus};
use daybook_domain::order::{Holds, Lifecycle, LineState, Order, PendingChange, Shipment, Ticket, TicketState};
use daybook_domain::stock::Booking;
use daybook_domain::{ReasonCode, Timestamp};

use crate::number::{Number, put_number, read_number, skip_number};
use crate::wire::{Reader, put_bytes, put_i64, put_time, put_u32, put_u64};

/// An order and what a list shows beside it. `order.merchant`, `ancestors`, `buyer`, `currency` and `placed_at` stand
/// in columns; `tags` hold only those that an event has just added; `checkpoints` are dropped, and `goods` and `card_lines`
/// follow from the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unpacked {
    pub(crate) order: Order,
    pub(crate) revision: u32,
    pub(crate) position: u64,
    pub(crate) lines: Vec<LineText>,
    /// Numbers of texts.
    pub(crate) tags: Vec<u32>,
}

/// Numbers of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineText {
    pub(crate) sku: u32,
    pub(crate) title: u32,
    /// Its units were booked on the stock.
    pub(crate) is_counted: bool,
}

// What is there, beside what is always there. What most orders have comes first: it takes fewer bytes.
const PAID: u64 = 1;
const SHIPPED: u64 = 1 << 1;
const DELIVERED: u64 = 1 << 2;
const SHIP_DUE: u64 = 1 << 3;
const VIRTUAL_BY: u64 = 1 << 4;
const COLLECT_BY: u64 = 1 << 5;
const SHIPMENTS: u64 = 1 << 6;
/// Captured at once, and as much as the order comes to.
const AS_TOTAL: u64 = 1 << 7;
const ATTENDED: u64 = 1 << 8;
const CARDS: u64 = 1 << 9;
const BOOKED: u64 = 1 << 10;
const REMIND_AT: u64 = 1 << 11;
const DELIVER_AT: u64 = 1 << 12;
const CANCELLED: u64 = 1 << 13;
const MONEY: u64 = 1 << 14;
const OBSERVED: u64 = 1 << 15;
const TICKETS: u64 = 1 << 16;
const TAGS: u64 = 1 << 17;
const REMARKS: u64 = 1 << 18;
const REFUNDED: u64 = 1 << 19;
const BREACHES: u64 = 1 << 20;
const WAS_EXCEPTION: u64 = 1 << 21;
const PAUSED: u64 = 1 << 22;
const ODD_MONEY: u64 = 1 << 23;
const DISPUTED: u64 = 1 << 24;
const HELD_FOR_FAILURE: u64 = 1 << 25;
const CHANGES: u64 = 1 << 26;
const PENDING_CHANGE: u64 = 1 << 27;
const REST_CANCELLED: u64 = 1 << 28;
const DISPUTES: u64 = 1 << 29;
const HELD_FOR_EXCESS: u64 = 1 << 30;

// Of an order's origin.
const ADJUSTED: u8 = 1 << 2;
const PAY_DUE: u8 = 1 << 3;
// Of a line's kind.
const COUNTED: u8 = 1 << 7;
const ONE: u8 = 1 << 6;

/// What never changes: length-prefixed, so that later events copy it as it is.
pub(crate) fn put_fixed(out: &mut Vec<u8>, number: &str, unpacked: &Unpacked) {
    let order = &unpacked.order;
    let start = out.len();
    // The length, which mostly fits.
    out.push(0);
    put_number(out, number);
    let flag = |flag, set| if set { flag } else { 0 };
    out.push(
        order.origin as u8 | flag(ADJUSTED, order.adjustments_minor != 0) | flag(PAY_DUE, order.pay_due.is_some()),
    );
    if order.adjustments_minor != 0 {
        put_i64(out, order.adjustments_minor);
    }
    if let Some(due) = order.pay_due {
        put_time(out, due.pay_by, order.placed_at);
        put_time(out, due.remind_at, order.placed_at);
    }
    put_u64(out, order.lines.len() as u64);
    for (line, text) in order.lines.iter().zip(&unpacked.lines) {
        put_u32(out, text.sku);
        // A new SKU's title came right behind it.
        put_i64(out, i64::from(text.title) - i64::from(text.sku));
        out.push(line.kind as u8 | flag(COUNTED, text.is_counted) | flag(ONE, line.quantity == 1));
        if line.quantity != 1 {
            put_u32(out, line.quantity);
        }
    }
    let len = out.len() - start - 1;
    match u8::try_from(len).ok().filter(|len| *len < 0x80) {
        Some(len) => out[start] = len,
        None => {
            let fixed = out.split_off(start + 1);
            out.truncate(start);
            put_bytes(out, &fixed);
        }
    }
}

/// Reads what [`put_fixed`] wrote in front of the lines: whether there is an adjustment, and clocks of the payment.
fn read_head(fixed: &mut Reader<'_>, placed_at: Timestamp) -> (Origin, i64, Option<PayDue>) {
    let head = fixed.u8();
    let adjustments = if head & ADJUSTED != 0 { fixed.i64() } else { 0 };
    let pay_due =
        (head & PAY_DUE != 0).then(|| PayDue { pay_by: fixed.time(placed_at), remind_at: fixed.time(placed_at) });
    (origin_of(head & 3), adjustments, pay_due)
}

/// SKU, title, kind and quantity.
fn read_line(fixed: &mut Reader<'_>) -> (LineText, SkuKind, u32) {
    let sku = fixed.u32();
    let title = u32::try_from(i64::from(sku).saturating_add(fixed.i64())).unwrap_or_else(|_| {
        fixed.fail();
        0
    });
    let code = fixed.u8();
    let quantity = if code & ONE != 0 { 1 } else { fixed.u32() };
    (LineText { sku, title, is_counted: code & COUNTED != 0 }, sku_kind_of(code & !(COUNTED | ONE)), quantity)
}

/// The fixed part of a packed order, prefix included.
pub(crate) fn fixed_part(packed: &[u8]) -> &[u8] {
    let mut reader = Reader::new(packed);
    reader.bytes();
    let rest = reader.rest().len();
    &packed[..packed.len() - rest]
}

/// The order's number.
pub(crate) fn number(packed: &[u8]) -> Number<'_> {
    read_number(&mut Reader::new(Reader::new(packed).bytes()))
}

/// Whether the order may wait for anything: unpacked, it is asked what for. One that is over does not, unless something about it
/// is open.
pub(crate) fn may_wait(packed: &[u8]) -> bool {
    let mut reader = Reader::new(packed);
    reader.bytes();
    reader.u32();
    reader.u64();
    let state = reader.u8();
    let is_over = match lifecycle_of(state & 3) {
        Lifecycle::Cancelled | Lifecycle::Completed | Lifecycle::Closed => true,
        Lifecycle::Placed => false,
    };
    let has_holds = state >> 2 != 0;
    !is_over || has_holds || reader.u64() & (TICKETS | OBSERVED) != 0 || reader.has_failed()
}

/// Whether a line sells one of these (rising numbers of texts).
pub(crate) fn sells_one_of(packed: &[u8], skus: &[u32]) -> bool {
    let mut fixed = Reader::new(Reader::new(packed).bytes());
    skip_number(&mut fixed);
    // Distances are all that is wanted here; from where does not matter.
    read_head(&mut fixed, Timestamp(0));
    (0..fixed.count()).any(|_| skus.binary_search(&read_line(&mut fixed).0.sku).is_ok())
}

pub(crate) fn put_changing(out: &mut Vec<u8>, unpacked: &Unpacked) {
    let Unpacked { order: o, revision, position, tags, .. } = unpacked;
    put_u32(out, *revision);
    put_u64(out, *position);
    out.push(lifecycle_code(o.lifecycle) | (o.holds.bits() << 2));
    let due = o.ship_due.unwrap_or_default();
    let odd_money = [o.excess_minor, o.excess_returned_minor, o.refunded_minor, o.late_minor, o.late_returned_minor];
    let is_rest_cancelled = o.lines.iter().any(|line| line.cancelled > 0);
    let is_as_total = o.captures == 1 && o.captured_minor == o.total_minor();
    let has_money = !is_as_total && (o.captures > 0 || o.captured_minor != 0);
    let flags = [
        (PAUSED, o.paused_since.is_some()),
        (PAID, o.paid_at.is_some()),
        (SHIPPED, o.shipped_at.is_some()),
        (DELIVERED, o.delivered_at.is_some()),
        (REFUNDED, o.refunded_at.is_some()),
        (OBSERVED, o.observed_until.is_some()),
        (SHIP_DUE, o.ship_due.is_some()),
        (MONEY, has_money),
        (AS_TOTAL, is_as_total),
        (ODD_MONEY, odd_money != [0; 5]),
        (TICKETS, !o.tickets.is_empty()),
        (SHIPMENTS, !o.shipments.is_empty() || o.lines.iter().any(|line| line.shipped > 0)),
        (TAGS, !tags.is_empty()),
        (REMARKS, o.notes > 0 || o.ratings > 0),
        (CANCELLED, o.cancel_reason.is_some()),
        (VIRTUAL_BY, due.virtual_by.is_some()),
        (COLLECT_BY, due.collect_by.is_some()),
        (REMIND_AT, o.remind_at.is_some()),
        (DELIVER_AT, o.deliver_at.is_some()),
        (DISPUTED, o.disputed_since.is_some()),
        (HELD_FOR_FAILURE, o.held_for_failure),
        (HELD_FOR_EXCESS, o.held_for_excess),
        (ATTENDED, o.is_attended),
        (WAS_EXCEPTION, o.was_exception),
        (BREACHES, !o.breaches.is_empty()),
        (CHANGES, o.changes > 0),
        (PENDING_CHANGE, o.pending_change.is_some()),
        (DISPUTES, o.disputes > 0),
        (CARDS, o.cards > 0),
        (BOOKED, o.booking != Booking::None),
        (REST_CANCELLED, is_rest_cancelled),
    ];
    put_u64(out, flags.iter().filter(|(_, set)| *set).fold(0, |all, (flag, _)| all | flag));
    let times = [o.paused_since, o.paid_at, o.shipped_at, o.delivered_at, o.refunded_at, o.observed_until];
    for at in times.into_iter().flatten() {
        put_time(out, at, o.placed_at);
    }
    // Goods are due so many whole minutes after they were paid for.
    for at in [due.virtual_by, due.collect_by, o.deliver_at].into_iter().flatten() {
        put_time(out, at, o.paid_at.unwrap_or(o.placed_at));
    }
    for at in [o.remind_at, o.disputed_since].into_iter().flatten() {
        put_time(out, at, o.placed_at);
    }
    for hold in o.holds.iter() {
        put_time(out, o.held_since(hold).unwrap_or(o.placed_at), o.placed_at);
    }
    for line in &o.lines {
        put_i64(out, line.unit_minor);
    }
    if has_money {
        put_u32(out, o.captures);
        put_i64(out, o.captured_minor);
    }
    if odd_money != [0; 5] {
        odd_money.into_iter().for_each(|minor| put_i64(out, minor));
    }
    if !o.tickets.is_empty() {
        put_u64(out, o.tickets.len() as u64);
        o.tickets.iter().for_each(|ticket| put_ticket(out, ticket, o.placed_at));
    }
    if !o.shipments.is_empty() || o.lines.iter().any(|line| line.shipped > 0) {
        for line in &o.lines {
            put_u32(out, line.shipped);
            if is_rest_cancelled {
                put_u32(out, line.cancelled);
            }
        }
        put_u64(out, o.shipments.len() as u64);
        o.shipments.iter().for_each(|shipment| put_shipment(out, shipment, o.placed_at));
    }
    if !tags.is_empty() {
        put_u64(out, tags.len() as u64);
        tags.iter().for_each(|&tag| put_u32(out, tag));
    }
    if o.notes > 0 || o.ratings > 0 {
        put_u32(out, o.notes);
        put_u32(out, o.ratings);
    }
    if let Some(reason) = o.cancel_reason {
        put_u64(out, reason.code().into());
    }
    if !o.breaches.is_empty() {
        put_u64(out, o.breaches.len() as u64);
        for breach in &o.breaches {
            out.push(breach.clock as u8);
            put_u32(out, breach.ticket.map_or(0, u32::from));
        }
    }
    if o.changes > 0 {
        put_u32(out, o.changes.into());
    }
    if let Some(change) = o.pending_change {
        put_u32(out, change.number.into());
        out.extend_from_slice(change.by.as_bytes());
    }
    if o.disputes > 0 {
        put_u32(out, o.disputes.into());
    }
    if o.cards > 0 {
        put_u32(out, o.cards);
    }
    if o.booking != Booking::None {
        out.push(booking_code(o.booking));
    }
}

fn put_ticket(out: &mut Vec<u8>, ticket: &Ticket, from: Timestamp) {
    out.push(
        ticket.kind as u8
            | (ticket_state_code(ticket.state) << 2)
            | (u8::from(ticket.approved_at.is_some()) << 5)
            | (u8::from(ticket.due.is_some()) << 6)
            | (u8::from(ticket.pay_by.is_some()) << 7),
    );
    put_u64(out, ticket.reason.map_or(0, |reason| reason.code().into()));
    put_i64(out, ticket.amount_minor);
    put_time(out, ticket.requested_at, from);
    if let Some(at) = ticket.approved_at {
        put_time(out, at, from);
    }
    if let Some(due) = ticket.due {
        put_time(out, due.answer_by, from);
        put_time(out, due.escalate_at, from);
    }
    if let Some(at) = ticket.pay_by {
        put_time(out, at, from);
    }
}

fn put_shipment(out: &mut Vec<u8>, shipment: &Shipment, from: Timestamp) {
    let status = shipment.status.map_or(0, |status| status as u8);
    out.push(
        status
            | (u8::from(shipment.delivered) << 3)
            | (u8::from(shipment.seen_at.is_some()) << 4)
            | (u8::from(shipment.is_tracked) << 5),
    );
    if let Some(at) = shipment.seen_at {
        put_time(out, at, from);
    }
}

/// Unpacks into what an earlier order left behind, whose allocations are used again. False: the bytes are damaged.
pub(crate) fn unpack(packed: &[u8], into: &mut Unpacked) -> bool {
    let mut reader = Reader::new(packed);
    let mut fixed = Reader::new(reader.bytes());
    let placed_at = into.order.placed_at;
    let Unpacked { order: o, revision, position, lines, tags } = into;
    skip_number(&mut fixed);
    (o.origin, o.adjustments_minor, o.pay_due) = read_head(&mut fixed, placed_at);
    o.lines.clear();
    lines.clear();
    for _ in 0..fixed.count() {
        let (text, kind, quantity) = read_line(&mut fixed);
        lines.push(text);
        o.lines.push(LineState { kind, quantity, unit_minor: 0, shipped: 0, cancelled: 0 });
    }

    let r = &mut reader;
    *revision = r.u32();
    *position = r.u64();
    let state = r.u8();
    o.lifecycle = lifecycle_of(state & 3);
    o.holds = Holds::from_bits(state >> 2);
    let flags = r.u64();
    let mut time = |flag: u64, from: Timestamp| (flags & flag != 0).then(|| r.time(from));
    o.paused_since = time(PAUSED, placed_at);
    o.paid_at = time(PAID, placed_at);
    o.shipped_at = time(SHIPPED, placed_at);
    o.delivered_at = time(DELIVERED, placed_at);
    o.refunded_at = time(REFUNDED, placed_at);
    o.observed_until = time(OBSERVED, placed_at);
    let paid_at = o.paid_at.unwrap_or(placed_at);
    let due = ShipDue { virtual_by: time(VIRTUAL_BY, paid_at), collect_by: time(COLLECT_BY, paid_at) };
    o.ship_due = (flags & SHIP_DUE != 0).then_some(due);
    o.deliver_at = time(DELIVER_AT, paid_at);
    o.remind_at = time(REMIND_AT, placed_at);
    o.disputed_since = time(DISPUTED, placed_at);
    o.held_since = [None; 4];
    for hold in o.holds.iter() {
        if let Some(since) = o.held_since.get_mut(hold as usize - 1) {
            *since = Some(r.time(placed_at));
        }
    }
    o.held_for_failure = flags & HELD_FOR_FAILURE != 0;
    o.held_for_excess = flags & HELD_FOR_EXCESS != 0;
    o.is_attended = flags & ATTENDED != 0;
    o.was_exception = flags & WAS_EXCEPTION != 0;
    for line in &mut o.lines {
        line.unit_minor = r.i64();
    }
    (o.captures, o.captured_minor) = match (flags & AS_TOTAL != 0, flags & MONEY != 0) {
        (true, _) => (1, o.total_minor()),
        (false, true) => (r.u32(), r.i64()),
        (false, false) => (0, 0),
    };
    let mut odd = || if flags & ODD_MONEY != 0 { r.i64() } else { 0 };
    o.excess_minor = odd();
    o.excess_returned_minor = odd();
    o.refunded_minor = odd();
    o.late_minor = odd();
    o.late_returned_minor = odd();
    o.tickets.clear();
    if flags & TICKETS != 0 {
        for _ in 0..r.count() {
            o.tickets.push(ticket(r, placed_at));
        }
    }
    o.shipments.clear();
    if flags & SHIPMENTS != 0 {
        for line in &mut o.lines {
            line.shipped = r.u32();
            line.cancelled = if flags & REST_CANCELLED != 0 { r.u32() } else { 0 };
        }
        for _ in 0..r.count() {
            o.shipments.push(shipment(r, placed_at));
        }
    }
    tags.clear();
    if flags & TAGS != 0 {
        for _ in 0..r.count() {
            tags.push(r.u32());
        }
    }
    (o.notes, o.ratings) = if flags & REMARKS != 0 { (r.u32(), r.u32()) } else { (0, 0) };
    o.cancel_reason = (flags & CANCELLED != 0).then(|| reason(r)).flatten();
    o.breaches.clear();
    if flags & BREACHES != 0 {
        for _ in 0..r.count() {
            o.breaches.extend(breach(r));
        }
    }
    o.changes = if flags & CHANGES != 0 { small(r) } else { 0 };
    o.pending_change = (flags & PENDING_CHANGE != 0)
        .then(|| PendingChange { number: small(r), by: uuid::Uuid::from_bytes(r.array()) });
    o.disputes = if flags & DISPUTES != 0 { small(r) } else { 0 };
    o.cards = if flags & CARDS != 0 { r.u32() } else { 0 };
    o.booking = if flags & BOOKED != 0 { booking_of(r.u8()) } else { Booking::None };
    o.checkpoints.clear();
    o.tags.clear();
    o.goods.clear();
    o.card_lines.clear();
    o.counted_lines.clear();
    fixed.is_whole() && reader.is_whole()
}

fn ticket(r: &mut Reader<'_>, from: Timestamp) -> Ticket {
    let code = r.u8();
    Ticket {
        kind: match code & 3 {
            1 => RefundKind::Goods,
            2 => RefundKind::Excess,
            _ => RefundKind::Late,
        },
        state: match (code >> 2) & 7 {
            0 => TicketState::Requested,
            1 => TicketState::Approved,
            2 => TicketState::Failed,
            3 => TicketState::Rejected,
            _ => TicketState::Settled,
        },
        reason: reason_or_none(r),
        amount_minor: r.i64(),
        requested_at: r.time(from),
        approved_at: (code & (1 << 5) != 0).then(|| r.time(from)),
        due: (code & (1 << 6) != 0).then(|| RefundDue { answer_by: r.time(from), escalate_at: r.time(from) }),
        pay_by: (code & (1 << 7) != 0).then(|| r.time(from)),
    }
}

fn shipment(r: &mut Reader<'_>, from: Timestamp) -> Shipment {
    let code = r.u8();
    Shipment {
        status: match code & 7 {
            1 => Some(TrackingStatus::Collected),
            2 => Some(TrackingStatus::InTransit),
            3 => Some(TrackingStatus::OutForDelivery),
            4 => Some(TrackingStatus::Delivered),
            _ => None,
        },
        delivered: code & (1 << 3) != 0,
        is_tracked: code & (1 << 5) != 0,
        seen_at: (code & (1 << 4) != 0).then(|| r.time(from)),
    }
}

fn origin_of(code: u8) -> Origin {
    match code {
        0 => Origin::Live,
        1 => Origin::Import,
        _ => Origin::System,
    }
}

fn sku_kind_of(code: u8) -> SkuKind {
    match code {
        1 => SkuKind::Card,
        2 => SkuKind::TopUp,
        _ => SkuKind::Physical,
    }
}

fn breach(r: &mut Reader<'_>) -> Option<Breach> {
    let code = r.u8();
    let clock = Clock::VARIANTS.iter().copied().find(|clock| *clock as u8 == code);
    if clock.is_none() {
        r.fail();
    }
    let ticket = small(r);
    clock.map(|clock| Breach { clock, ticket: (ticket > 0).then_some(ticket) })
}

fn small(r: &mut Reader<'_>) -> u16 {
    let value = u16::try_from(r.u32());
    if value.is_err() {
        r.fail();
    }
    value.unwrap_or(0)
}

fn booking_code(booking: Booking) -> u8 {
    match booking {
        Booking::None => 0,
        Booking::Reserved => 1,
        Booking::Taken => 2,
        Booking::Waiting => 3,
        Booking::Released => 4,
    }
}

fn booking_of(code: u8) -> Booking {
    match code {
        0 => Booking::None,
        1 => Booking::Reserved,
        2 => Booking::Taken,
        3 => Booking::Waiting,
        _ => Booking::Released,
    }
}

fn reason(r: &mut Reader<'_>) -> Option<ReasonCode> {
    let code = r.u64();
    reason_of(r, code)
}

/// 0: none.
fn reason_or_none(r: &mut Reader<'_>) -> Option<ReasonCode> {
    match r.u64() {
        0 => None,
        code => reason_of(r, code),
    }
}

fn reason_of(r: &mut Reader<'_>, code: u64) -> Option<ReasonCode> {
    let reason = u16::try_from(code).ok().and_then(ReasonCode::from_code);
    if reason.is_none() {
        r.fail();
    }
    reason
}

fn lifecycle_code(lifecycle: Lifecycle) -> u8 {
    match lifecycle {
        Lifecycle::Placed => 0,
        Lifecycle::Cancelled => 1,
        Lifecycle::Completed => 2,
        Lifecycle::Closed => 3,
    }
}

fn lifecycle_of(code: u8) -> Lifecycle {
    match code {
        0 => Lifecycle::Placed,
        1 => Lifecycle::Cancelled,
        2 => Lifecycle::Completed,
        _ => Lifecycle::Closed,
    }
}

fn ticket_state_code(state: TicketState) -> u8 {
    match state {
        TicketState::Requested => 0,
        TicketState::Approved => 1,
        TicketState::Failed => 2,
        TicketState::Rejected => 3,
        TicketState::Settled => 4,
    }
}
