//! How long coding takes, for the events of a usual order and the command that places it:
//! `cargo run --release -p daybook-codec --example codec_speed`.

use std::hint::black_box;
use std::time::Instant;

use daybook_codec::{
    StoredEvent, canonical, decode, decode_recorded, encode, encode_into, parse_action, to_json, write_action,
};
use daybook_domain::event::{
    Adjustment, AdjustmentKind, Delivered, Line, OrderCompleted, OrderPlaced, PayDue, PaymentCaptured, PaymentClaimed,
    ShipDue, ShipmentConfirmed, ShippedLine, SkuKind, TrackingStatus, TrackingUpdated,
};
use daybook_domain::{Command, Currency, Event, MerchantId, OrderNumber, Sealed, Sku, Slot, StreamId, Timestamp};
use uuid::Uuid;

const ROUNDS: usize = 200_000;

fn sealed(length: usize) -> Sealed {
    Sealed { slot: Slot(123_456), bytes: vec![0xA5; length] }
}

/// Two lines and eight events, as most orders have.
fn events() -> Result<Vec<Event>, Box<dyn std::error::Error>> {
    let at = Timestamp::from_seconds(1_764_000_000);
    let line = |sku: &str, title: &str| -> Result<Line<Sealed>, Box<dyn std::error::Error>> {
        Ok(Line {
            sku: Sku::new(sku)?,
            title: title.into(),
            kind: SkuKind::Physical,
            quantity: 1,
            unit_minor: 4_950,
            supplier: None,
            inputs: None,
        })
    };
    let track = |checkpoint: &str, status| TrackingUpdated {
        shipment: 1,
        checkpoint: checkpoint.into(),
        status,
        place: Some(sealed(60)),
    };
    let ship_due = Some(ShipDue { virtual_by: None, collect_by: Some(at) });
    Ok(vec![
        OrderPlaced {
            merchant: MerchantId::new("shop-17")?,
            ancestors: vec![MerchantId::new("platform")?],
            number: OrderNumber::new("e481f51cbdc54678b7cc49136f2d6af7")?,
            account: sealed(72),
            contact: Some(sealed(140)),
            currency: Currency::CNY,
            lines: vec![line("87285b34884572647811a353c7ac498a", "A mug")?, line("mug-2", "Another mug")?],
            adjustments: vec![Adjustment { kind: AdjustmentKind::Freight, label: "post".into(), amount_minor: 872 }],
            pay_due: Some(PayDue { pay_by: at, remind_at: at }),
            ship_due: None,
            reserved: Vec::new(),
        }
        .into(),
        PaymentCaptured {
            provider: "alipay".into(),
            trade_number: "2026112422001400001".into(),
            amount_minor: 10_772,
            excess_minor: 0,
            ship_due,
        }
        .into(),
        PaymentClaimed { order: StreamId(Uuid::from_u128(7)), amount_minor: 10_772, currency: Currency::CNY }.into(),
        ShipmentConfirmed {
            shipment: 1,
            lines: vec![ShippedLine { line: 1, quantity: 1 }, ShippedLine { line: 2, quantity: 1 }],
            carrier: Some("SF".into()),
            tracking_number: Some("SF1234567890".into()),
        }
        .into(),
        track("SF-1", TrackingStatus::Collected).into(),
        track("SF-2", TrackingStatus::Delivered).into(),
        Delivered { shipment: 1 }.into(),
        OrderCompleted {}.into(),
    ])
}

const PLACE: &str = r#"{"action":"place","at":"2018-01-01T00:00:00Z","merchant":"shop-17","number":"e481f51cbdc54678b7cc49136f2d6af7","buyer":{"account":"9ef432eb6251297304e76186b10a928d","contact":{"city":"sao paulo","state":"SP","zip":"03149"}},"currency":"BRL","lines":[{"sku":"87285b34884572647811a353c7ac498a","title":"housewares","kind":"PHYSICAL","quantity":1,"unitPrice":"29.99","supplier":"3504c0cb71d7fa48d967e0e4c94d59d9"},{"sku":"mug-2","title":"Another mug","kind":"PHYSICAL","quantity":1,"unitPrice":"5.00"}],"adjustments":[{"kind":"FREIGHT","label":"freight","amount":"8.72"}]}"#;

/// Nanoseconds for one of `each` units of work a round.
fn measure(what: &str, each: usize, mut work: impl FnMut()) {
    let start = Instant::now();
    for _ in 0..ROUNDS {
        work();
    }
    let nanos = start.elapsed().as_nanos() / (ROUNDS * each) as u128;
    println!("{what:<40} {nanos:>6} ns");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let events = events()?;
    let stored: Vec<_> = events.iter().map(encode).collect();
    println!("{} bytes of payload for {} events", stored.iter().map(|s| s.payload.len()).sum::<usize>(), stored.len());

    measure("encode, an event of the mix", events.len(), || {
        for event in &events {
            black_box(encode(black_box(event)));
        }
    });
    let mut buffer = Vec::new();
    measure("encode into one buffer", events.len(), || {
        buffer.clear();
        for event in &events {
            encode_into(black_box(event), &mut buffer);
        }
    });
    measure("decode, an event of the mix", stored.len(), || {
        for s in &stored {
            let _ = black_box(decode(s.kind, s.version, black_box(&s.payload)));
        }
    });
    measure("decode order-placed", 1, || {
        let s = &stored[0];
        let _ = black_box(decode(s.kind, s.version, black_box(&s.payload)));
    });
    let mut recorded = Vec::new();
    let envelope = |s: usize| StoredEvent {
        position: 1,
        stream: Uuid::from_u128(1),
        revision: 1,
        commit_end: 1,
        kind: stored[s].kind,
        version: stored[s].version,
        command_id: Uuid::from_u128(2),
        actor: Uuid::from_u128(3),
        role: 3,
        origin: 1,
        reason: Some(22),
        causation: None,
        correlation: None,
        recorded_at: 0,
        occurred_at: 0,
        payload: &stored[s].payload,
    };
    measure("decode with envelope", stored.len(), || {
        for s in 0..stored.len() {
            let _ = black_box(decode_recorded(&envelope(s)));
        }
    });
    for s in 0..stored.len() {
        recorded.push(decode_recorded(&envelope(s))?);
    }
    measure("to JSON with envelope", recorded.len(), || {
        for event in &recorded {
            black_box(to_json(event, &mut |_, _| None));
        }
    });

    let action = parse_action(PLACE)?;
    let Command::Place(_) = action.command else { return Err("not what was written".into()) };
    measure("canonical, place with two lines", 1, || {
        black_box(canonical(black_box(&action.command), action.at));
    });
    measure("parse_action, the same", 1, || {
        let _ = black_box(parse_action(black_box(PLACE)));
    });
    measure("write_action, the same", 1, || {
        black_box(write_action(black_box(&action)));
    });
    Ok(())
}
