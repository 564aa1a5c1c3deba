//! The stored form, one event at a time.

use daybook_domain::{Actor, CommandId, Event, Kind, Origin, ReasonCode, Recorded, Role, StreamId, Timestamp};
use uuid::Uuid;

use super::samples::{order_placed, samples};
use crate::{CodecError, FieldProblem, StoredEvent, current_version, decode, decode_recorded, encode, encode_into};

#[test]
fn samples_cover_every_kind() {
    assert_eq!(samples().iter().map(Event::kind).collect::<Vec<_>>(), Kind::ALL);
}

#[test]
fn what_is_encoded_is_decoded() {
    for event in samples() {
        let encoded = encode(&event);
        assert_eq!((encoded.kind, encoded.version), (event.kind().tag(), current_version(event.kind())));
        assert_eq!(decode(encoded.kind, encoded.version, &encoded.payload), Ok(event));
    }
}

#[test]
fn encoding_into_a_buffer_appends() {
    let mut out = vec![9];
    let event = &samples()[0];
    let (kind, version) = encode_into(event, &mut out);
    assert_eq!(out[0], 9);
    assert_eq!(decode(kind, version, &out[1..]).as_ref(), Ok(event));
}

/// Memory for it would have to be there before anybody sees that it is not: none has so much.
#[test]
fn a_length_beyond_all_memory_is_refused() {
    let length = [&[0xFD][..], &(u64::MAX >> 8).to_le_bytes()].concat();
    let mut refused = 0;
    for stored in samples().iter().map(encode) {
        for at in 0..stored.payload.len() {
            let payload = [&stored.payload[..at], &length, &stored.payload[at..]].concat();
            let is_too_long = |problem: &str| problem == "it says to be longer than any event is";
            let decoded = decode(stored.kind, stored.version, &payload);
            refused +=
                u32::from(matches!(decoded, Err(CodecError::Malformed { problem, .. }) if is_too_long(&problem)));
        }
    }
    assert!(refused > 3, "{refused}");
}

#[test]
fn every_byte_of_a_payload_counts() {
    for event in samples() {
        let (kind, stored) = (event.kind(), encode(&event));
        let version = stored.version;
        for length in 0..stored.payload.len() {
            match decode(stored.kind, version, &stored.payload[..length]) {
                Err(CodecError::Malformed { kind: named, problem, .. }) => {
                    assert_eq!((named, problem.as_str()), (kind, "it ends too early"));
                }
                other => panic!("{} cut to {length} bytes: {other:?}", kind.name()),
            }
        }
        let longer = [stored.payload.as_slice(), &[0, 0]].concat();
        assert_eq!(
            decode(stored.kind, version, &longer),
            Err(CodecError::TrailingBytes { kind, version, bytes: 2 }),
            "{}",
            kind.name()
        );
    }
}

#[test]
fn unknown_kinds_and_versions_are_refused() {
    assert_eq!(decode(999, 1, &[]), Err(CodecError::UnknownKind { kind: 999 }));
    for event in samples() {
        let (kind, stored) = (event.kind(), encode(&event));
        for version in [0, stored.version + 1, u16::MAX] {
            assert_eq!(
                decode(stored.kind, version, &stored.payload),
                Err(CodecError::UnknownVersion { kind, version }),
                "{}",
                kind.name()
            );
        }
    }
}

/// Each row damages one field of a payload: (kind, payload, field, what is said of it).
#[test]
fn fields_are_checked() {
    let unknown = FieldProblem::UnknownNumber;
    let mut token = vec![0; 16];
    token.extend([77, 0, 0, 0, 0]);
    let order = |from: &[u8], to: &[u8]| {
        let payload = encode(&order_placed().into()).payload;
        let at = payload.windows(from.len()).position(|window| window == from).unwrap();
        [&payload[..at], to, &payload[at + from.len()..]].concat()
    };
    let mut claim = vec![0; 16];
    claim.extend([0, b'c', b'n', b'y']);
    let rows: Vec<(Kind, Vec<u8>, &str, FieldProblem)> = vec![
        (Kind::HoldPlaced, vec![9, 0], "hold", unknown(9)),
        (Kind::DeadlineBreached, vec![10, 0, 0], "clock", unknown(10)),
        (Kind::AlertRaised, vec![0, 0, 0, 0], "alert", unknown(0)),
        (Kind::DisputeResolved, vec![1, 3, 0], "outcome", unknown(3)),
        (Kind::HoldReleased, vec![0, 0, 0], "hold", unknown(0)),
        (Kind::TrackingUpdated, vec![1, 1, b'x', 5, 0], "status", unknown(5)),
        (Kind::RefundRequested, vec![1, 4, 0, 0, 0], "kind", unknown(4)),
        (Kind::TokenIssued, token, "role", unknown(77)),
        (Kind::OrderPlaced, order(b"A mug\x03", b"A mug\x04"), "lines.kind", unknown(4)),
        (Kind::OrderPlaced, order(b"\x01\x06spring", b"\x63\x06spring"), "adjustments.kind", unknown(0x63)),
        (Kind::OrderPlaced, order(b"CNY", b"C\xffY"), "currency", FieldProblem::NotCurrency),
        (Kind::PaymentClaimed, claim, "currency", FieldProblem::NotCurrency),
    ];
    for (kind, payload, field, problem) in rows {
        let version = current_version(kind);
        assert_eq!(decode(kind.tag(), version, &payload), Err(CodecError::Field { kind, version, field, problem }));
    }
}

fn stored(payload: &[u8]) -> StoredEvent<'_> {
    StoredEvent {
        position: 7,
        stream: Uuid::from_u128(1),
        revision: 3,
        commit_end: 9,
        kind: Kind::OrderCompleted.tag(),
        version: 1,
        command_id: Uuid::from_u128(2),
        actor: Uuid::from_u128(3),
        role: 3,
        origin: 2,
        reason: Some(15),
        causation: Some(4),
        correlation: Some(Uuid::from_u128(5)),
        recorded_at: 10,
        occurred_at: -11,
        payload,
    }
}

#[test]
fn envelopes_are_taken_over() {
    let expected = Recorded {
        position: 7,
        stream: StreamId(Uuid::from_u128(1)),
        revision: 3,
        version: 1,
        commit_end: 9,
        command_id: CommandId(Uuid::from_u128(2)),
        actor: Actor { id: Uuid::from_u128(3), role: Role::Clerk },
        origin: Origin::System,
        reason: Some(ReasonCode::Timeout),
        causation: Some(4),
        correlation: Some(Uuid::from_u128(5)),
        recorded_at: Timestamp(10),
        occurred_at: Timestamp(-11),
        event: daybook_domain::event::OrderCompleted {}.into(),
    };
    assert_eq!(decode_recorded(&stored(&[])), Ok(expected));
}

#[test]
fn unknown_numbers_in_envelopes_are_refused() {
    let unknown = |field, number| Err(CodecError::Envelope { field, number });
    assert_eq!(decode_recorded(&StoredEvent { role: 10, ..stored(&[]) }), unknown("role", 10));
    assert_eq!(decode_recorded(&StoredEvent { origin: 3, ..stored(&[]) }), unknown("origin", 3));
    assert_eq!(decode_recorded(&StoredEvent { reason: Some(0), ..stored(&[]) }), unknown("reason", 0));
    assert!(matches!(decode_recorded(&stored(&[1])), Err(CodecError::TrailingBytes { .. })));
}
