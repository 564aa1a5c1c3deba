//! What holds for all events, lines and bytes.

use daybook_domain::event::{Event, Kind};
use daybook_domain::{
    Actor, CommandId, MerchantId, OrderNumber, Origin, ReasonCode, Recorded, Role, Sealed, Sku, Slot, StreamId, Tag,
    Timestamp,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use uuid::Uuid;

use super::generate::{Bounds, action, config};
use super::text::RFC_3339;
use crate::{
    canonical, data_to_json, decode, encode, event_from_json, parse_action, recorded_from_json, to_json, versions,
    write_action,
};

/// A text that says everything about what was sealed.
fn opened(sealed: &Sealed) -> String {
    format!("{} {}", sealed.slot.0, sealed.bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn closed(text: &str) -> Sealed {
    let (slot, hex) = text.split_once(' ').unwrap();
    let bytes = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    Sealed { slot: Slot(slot.parse().unwrap()), bytes: bytes.map(byte).collect() }
}

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn recorded() -> impl Strategy<Value = Recorded> {
    let place = (any::<u64>(), id(), any::<u32>(), any::<u64>(), id());
    let who = (id(), select(Role::ALL.to_vec()), select(Origin::VARIANTS.to_vec()));
    let why = (
        proptest::option::of(select(ReasonCode::ALL.to_vec())),
        proptest::option::of(any::<u64>()),
        proptest::option::of(id()),
    );
    (place, who, why, RFC_3339, RFC_3339, Bounds::JSON.event()).prop_map(
        |(place, (actor, role, origin), (reason, causation, correlation), recorded_at, occurred_at, event)| {
            let (position, stream, revision, commit_end, command_id) = place;
            Recorded {
                position,
                stream: StreamId(stream),
                revision,
                version: versions(event.kind())[0],
                commit_end,
                command_id: CommandId(command_id),
                actor: Actor { id: actor, role },
                origin,
                reason,
                causation,
                correlation,
                recorded_at: Timestamp(recorded_at),
                occurred_at: Timestamp(occurred_at),
                event,
            }
        },
    )
}

/// The event with other names.
#[allow(clippy::wildcard_enum_match_arm, reason = "few events bear names")]
fn renamed<'a>(mut event: Event, name: &mut impl FnMut() -> &'a String) -> Event {
    match &mut event {
        Event::MerchantRegistered(e) => {
            e.id = MerchantId::from_stored(name());
            e.ancestors.iter_mut().for_each(|id| *id = MerchantId::from_stored(name()));
        }
        Event::TokenIssued(e) => e.merchant = Some(MerchantId::from_stored(name())),
        Event::OrderPlaced(e) => {
            e.merchant = MerchantId::from_stored(name());
            e.ancestors.iter_mut().for_each(|id| *id = MerchantId::from_stored(name()));
            e.number = OrderNumber::from_stored(name());
            for line in &mut e.lines {
                line.sku = Sku::from_stored(name());
                line.supplier = Some(MerchantId::from_stored(name()));
            }
        }
        Event::TagAdded(e) => e.tag = Tag::from_stored(name()),
        _ => {}
    }
    event
}

/// A kind and version that are known.
fn form() -> impl Strategy<Value = (Kind, u16)> {
    let all = Kind::ALL.iter().flat_map(|&kind| versions(kind).iter().map(move |&version| (kind, version)));
    select(all.collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(config(3_000))]

    #[test]
    fn what_is_encoded_is_decoded(event in Bounds::ALL.event()) {
        let stored = encode(&event);
        prop_assert_eq!(decode(stored.kind, stored.version, &stored.payload), Ok(event));
    }

    #[test]
    fn any_event_has_a_json_form(event in Bounds::ALL.event()) {
        let closed = data_to_json(&event, &mut |_, _| None);
        let opened = data_to_json(&event, &mut |sealed, _| Some(opened(sealed)));
        prop_assert!(closed.is_object() && opened.is_object());
    }

    #[test]
    fn what_is_written_as_json_is_read(recorded in recorded()) {
        let json = to_json(&recorded, &mut |sealed, kind| {
            assert_eq!(kind, recorded.event.kind());
            Some(opened(sealed))
        });
        let data = event_from_json(recorded.event.kind(), &json["data"], &mut closed);
        prop_assert_eq!(data.as_ref(), Ok(&recorded.event));
        prop_assert_eq!(recorded_from_json(&json, &mut closed), Ok(recorded));
    }

    /// Names that no rule of today lets in, as if rules had been looser once.
    #[test]
    fn stored_names_are_read_whatever_they_are_and_written_as_they_were(
        event in Bounds::ALL.event(),
        names in vec(any::<String>(), 1..6),
    ) {
        let mut names = names.iter().cycle();
        let event = renamed(event, &mut || names.next().unwrap());
        let stored = encode(&event);
        let read = decode(stored.kind, stored.version, &stored.payload);
        prop_assert_eq!(read.as_ref(), Ok(&event));
        prop_assert_eq!(encode(&read.unwrap()).payload, stored.payload);
    }

    #[test]
    fn no_bytes_make_decoding_panic((kind, version) in form(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(kind.tag(), version, &bytes);
        let _ = decode(kind.tag().wrapping_add(1), version, &bytes);
    }

    /// Close to what is right: one byte changed. What is still an event is one that can be stored.
    #[test]
    fn damaged_bytes_are_refused_or_are_another_event(event in Bounds::ALL.event(), at in any::<Index>(), byte in any::<u8>()) {
        let mut stored = encode(&event);
        if !stored.payload.is_empty() {
            let at = at.index(stored.payload.len());
            stored.payload[at] = byte;
        }
        if let Ok(other) = decode(stored.kind, stored.version, &stored.payload) {
            let again = encode(&other);
            prop_assert_eq!(decode(again.kind, again.version, &again.payload), Ok(other));
        }
    }

    #[test]
    fn what_is_written_as_a_line_is_read(action in action()) {
        let line = write_action(&action);
        prop_assert!(!line.contains(['\n', '\r']), "{}", line);
        prop_assert_eq!(parse_action(&line), Ok(action));
    }

    #[test]
    fn canonical_bytes_tell_commands_apart(one in action(), other in action()) {
        let bytes = |action: &crate::Action| canonical(&action.command, action.at);
        prop_assert_eq!(bytes(&one) == bytes(&other), (one.at, &one.command) == (other.at, &other.command));
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes(&one)).is_ok());
    }

    #[test]
    fn no_line_makes_parsing_panic(text in any::<String>(), near in "[{}\\[\\]\":,a-z0-9 ]{0,60}") {
        let _ = (parse_action(&text), parse_action(&near));
    }

    /// Close to what is right: one character changed.
    #[test]
    fn no_damaged_line_makes_parsing_panic(action in action(), at in any::<Index>(), character in any::<char>()) {
        let mut line: Vec<char> = write_action(&action).chars().collect();
        let at = at.index(line.len());
        line[at] = character;
        let _ = parse_action(&line.into_iter().collect::<String>());
    }
}

#[test]
fn random_events_are_of_every_kind() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::new(config(1));
    let events = Bounds::ALL.event();
    let mut missing: Vec<Kind> = Kind::ALL.to_vec();
    for _ in 0..20_000 {
        let event: Event = events.new_tree(&mut runner).unwrap().current();
        missing.retain(|&kind| kind != event.kind());
        if missing.is_empty() {
            return;
        }
    }
    panic!("never made: {missing:?}");
}
