//! What was ever written can be read for ever: one file of stored bytes per kind and version, and beside it the same
//! event as JSON. `BLESS=1` writes files that are not there yet and touches no other.

use std::fs;
use std::path::PathBuf;

use daybook_domain::event::{Event, Kind, OrderPlaced, Recorded, TokenIssued};
use daybook_domain::{Actor, CommandId, Origin, ReasonCode, Role, Sealed, Slot, StreamId, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::samples::{order_placed, samples};
use super::{blessing, top};
use crate::wire::ToWire;
use crate::wire::order::{AdjustmentV1, LineV1, OrderPlacedV1, OrderPlacedV2};
use crate::wire::token::TokenIssuedV1;
use crate::{current_version, decode, encode, to_json, versions};

pub(super) struct Golden {
    pub(super) kind: Kind,
    pub(super) version: u16,
    bytes: Vec<u8>,
    event: Event,
}

/// One of each kind and version, made from the samples.
pub(super) fn goldens() -> Vec<Golden> {
    let mut all = vec![first_order_placed(), second_order_placed(), first_token_issued()];
    all.extend(samples().into_iter().map(|event| {
        let encoded = encode(&event);
        Golden { kind: event.kind(), version: encoded.version, bytes: encoded.payload, event }
    }));
    all
}

/// Nothing but this writes the first version any more.
fn first_order_placed() -> Golden {
    let mut event = order_placed();
    let wire = OrderPlacedV1 {
        merchant: event.merchant.as_str(),
        ancestors: event.ancestors.iter().map(|id| id.as_str()).collect(),
        number: event.number.as_str(),
        account: (&event.account).into(),
        contact: event.contact.as_ref().map(Into::into),
        currency: event.currency.to_bytes(),
        lines: event
            .lines
            .iter()
            .map(|line| LineV1 {
                sku: line.sku.as_str(),
                title: &line.title,
                kind: line.kind as u8,
                quantity: line.quantity,
                unit_minor: line.unit_minor,
            })
            .collect(),
        adjustments: event
            .adjustments
            .iter()
            .map(|adjustment| AdjustmentV1 { kind: adjustment.kind as u8, amount_minor: adjustment.amount_minor })
            .collect(),
        pay_due: event.pay_due.map(Into::into),
        ship_due: event.ship_due.map(Into::into),
    };
    let bytes = bincode::serde::encode_to_vec(&wire, bincode::config::standard()).unwrap();
    event.reserved.clear();
    for line in &mut event.lines {
        line.supplier = None;
        line.inputs = None;
    }
    for adjustment in &mut event.adjustments {
        adjustment.label = adjustment.kind.name().into();
    }
    Golden { kind: Kind::OrderPlaced, version: 1, bytes, event: event.into() }
}

/// Before stock was counted.
fn second_order_placed() -> Golden {
    let event = OrderPlaced { reserved: Vec::new(), ..order_placed() };
    let bytes = bincode::serde::encode_to_vec(OrderPlacedV2::from_event(&event), bincode::config::standard()).unwrap();
    Golden { kind: Kind::OrderPlaced, version: 2, bytes, event: event.into() }
}

/// Before tokens had buyers.
fn first_token_issued() -> Golden {
    let is_issued = |event: &Event| matches!(event, Event::TokenIssued(_));
    let Some(Event::TokenIssued(issued)) = samples().into_iter().find(is_issued) else { panic!("there is no sample") };
    let event = TokenIssued { buyer: None, ..issued };
    let bytes = bincode::serde::encode_to_vec(TokenIssuedV1::from_event(&event), bincode::config::standard()).unwrap();
    Golden { kind: Kind::TokenIssued, version: 1, bytes, event: event.into() }
}

impl Golden {
    fn path(&self, extension: &str) -> PathBuf {
        top("replay-fixtures/golden").join(format!("{}.v{}.{extension}", self.kind.name(), self.version))
    }

    /// With an envelope that fills every field. Texts of slot 3 are opened, others are not.
    pub(super) fn json(&self) -> Value {
        let recorded = Recorded {
            position: 1_000_007,
            stream: StreamId(Uuid::from_u128(0x51)),
            revision: 4,
            version: self.version,
            commit_end: 1_000_008,
            command_id: CommandId(Uuid::from_u128(0xC0)),
            actor: Actor { id: Uuid::from_u128(0xAC), role: Role::Clerk },
            origin: Origin::Live,
            reason: Some(ReasonCode::BuyerRequest),
            causation: Some(1_000_001),
            correlation: Some(Uuid::from_u128(0xB0)),
            recorded_at: Timestamp(1_764_000_000_250_000),
            occurred_at: Timestamp(1_764_000_000_000_000),
            event: self.event.clone(),
        };
        to_json(&recorded, &mut |sealed: &Sealed, _| (sealed.slot == Slot(3)).then(|| "call back".into()))
    }
}

#[test]
fn every_kind_and_version_has_a_golden_file() {
    let known: Vec<(Kind, u16)> =
        Kind::ALL.iter().flat_map(|&kind| versions(kind).iter().map(move |&version| (kind, version))).collect();
    let mut kept: Vec<(Kind, u16)> = goldens().iter().map(|golden| (golden.kind, golden.version)).collect();
    kept.sort_unstable();
    assert_eq!(kept, known, "add a sample for the new kind or version");
    for golden in goldens() {
        let path = golden.path("bin");
        if blessing() && !path.exists() {
            fs::write(&path, &golden.bytes).unwrap();
        }
        assert!(path.exists(), "{} is missing: run the tests with BLESS=1", path.display());
    }
}

#[test]
fn golden_bytes_are_read_and_written() {
    for golden in goldens() {
        let path = golden.path("bin");
        let Ok(bytes) = fs::read(&path) else { continue };
        let name = path.display();
        assert_eq!(decode(golden.kind.tag(), golden.version, &bytes).as_ref(), Ok(&golden.event), "{name}");
        if golden.version == current_version(golden.kind) {
            assert_eq!(encode(&golden.event).payload, bytes, "{name}");
        }
    }
}

/// A version that nobody lists any more would else be forgotten together with its file.
#[test]
fn no_golden_file_is_left_behind() {
    let mut files = 0;
    for entry in fs::read_dir(top("replay-fixtures/golden")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "bin") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let (kind, version) = name.rsplit_once(".v").unwrap();
            let kind = Kind::from_name(kind).unwrap_or_else(|| panic!("{name} is of no known kind"));
            decode(kind.tag(), version.parse().unwrap(), &fs::read(&path).unwrap())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            files += 1;
        }
    }
    assert!(files > 0 || blessing(), "there are no golden files");
}

#[test]
fn golden_json_is_written() {
    for golden in goldens() {
        let path = golden.path("json");
        let written = golden.json();
        if blessing() && !path.exists() {
            fs::write(&path, format!("{written:#}\n")).unwrap();
        }
        let kept = fs::read_to_string(&path)
            .unwrap_or_else(|_| panic!("{} is missing: run the tests with BLESS=1", path.display()));
        // Not as text: the order of members depends on how serde_json was built.
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(written, kept, "{}", path.display());
    }
}
