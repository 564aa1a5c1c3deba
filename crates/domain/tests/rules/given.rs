//! The one place where the tests touch the rules.

use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::reason::Reason;
use daybook_domain::time::MINUTE_MICROS;
use daybook_domain::*;
use uuid::Uuid;

pub(crate) const T0: Timestamp = Timestamp(1_700_000_000_000_000);

pub(crate) fn at(minutes: i64) -> Timestamp {
    T0.plus_micros(minutes * MINUTE_MICROS)
}

pub(crate) fn merchant() -> MerchantId {
    MerchantId::new("m1").unwrap()
}

pub(crate) fn number() -> OrderNumber {
    OrderNumber::new("A-1").unwrap()
}

pub(crate) fn order() -> StreamId {
    StreamId::order(&merchant(), &number())
}

pub(crate) fn sealed(text: &str) -> Sealed {
    Sealed { slot: Slot(7), bytes: text.as_bytes().to_vec() }
}

pub(crate) fn cny(minor: i64) -> Money {
    Money::new(minor, Currency::CNY)
}

pub(crate) fn reason(code: ReasonCode) -> Reason<Sealed> {
    Reason { code, text: None }
}

pub(crate) fn line(kind: SkuKind, quantity: u32, unit_minor: i64) -> Line<Sealed> {
    Line {
        sku: Sku::new("card-50").unwrap(),
        title: "Game card 50".into(),
        kind,
        quantity,
        unit_minor,
        supplier: None,
        inputs: None,
    }
}

/// Ten units at 1.00 and one parcel at 5.00, less 1.00: 14.00 in all.
pub(crate) fn place() -> PlaceOrder<Sealed> {
    PlaceOrder {
        merchant: merchant(),
        number: Some(number()),
        account: sealed("buyer"),
        contact: None,
        currency: Currency::CNY,
        lines: vec![line(SkuKind::Card, 10, 100), line(SkuKind::Physical, 1, 500)],
        adjustments: vec![Adjustment { kind: AdjustmentKind::Discount, label: "coupon".into(), amount_minor: -100 }],
    }
}

pub(crate) fn pay(amount: i64, trade: &str) -> Command<Sealed> {
    Command::RecordPayment(RecordPayment {
        order: order(),
        provider: "alipay".into(),
        trade_number: trade.into(),
        amount: cny(amount),
    })
}

pub(crate) fn ship(lines: Option<&[(u16, u32)]>) -> Command<Sealed> {
    Command::ConfirmShipment(ConfirmShipment {
        order: order(),
        lines: lines.map(|lines| lines.iter().map(|&(line, quantity)| ShippedLine { line, quantity }).collect()),
        carrier: Some("SF".into()),
        tracking_number: Some("SF1".into()),
    })
}

/// Everything in one parcel, the cards too.
pub(crate) fn ship_all() -> Command<Sealed> {
    ship(Some(&[(1, 10), (2, 1)]))
}

pub(crate) fn track(checkpoint: &str, status: TrackingStatus) -> Command<Sealed> {
    Command::RecordTracking(RecordTracking {
        order: order(),
        shipment: None,
        checkpoint: checkpoint.into(),
        status,
        place: None,
    })
}

pub(crate) fn cancel(code: ReasonCode) -> Command<Sealed> {
    Command::Cancel(Cancel { order: order(), reason: reason(code) })
}

pub(crate) fn ask_refund(amount: Option<i64>) -> Command<Sealed> {
    Command::RequestRefund(RequestRefund {
        order: order(),
        kind: None,
        amount: amount.map(cny),
        reason: reason(ReasonCode::BuyerRequest),
    })
}

pub(crate) fn approve() -> Command<Sealed> {
    Command::ApproveRefund(ApproveRefund { order: order(), ticket: None, note: None })
}

pub(crate) fn settle() -> Command<Sealed> {
    Command::SettleRefund(SettleRefund { order: order(), ticket: None, provider: None, trade_number: None })
}

/// Streams grown by the commands themselves, so that no test starts from a state that cannot be.
#[derive(Clone)]
pub(crate) struct World {
    streams: Vec<(StreamId, Option<State>, Revision)>,
    log: Vec<Recorded>,
    position: Position,
    commands: u128,
    pub(crate) origin: Origin,
    pub(crate) now: Timestamp,
    pub(crate) actor: Actor,
}

impl World {
    /// Merchant `m1` below `root`, nothing else.
    pub(crate) fn new() -> Self {
        let mut world = Self {
            streams: Vec::new(),
            log: Vec::new(),
            position: 0,
            commands: 0,
            origin: Origin::Live,
            now: T0,
            actor: Actor { id: Uuid::nil(), role: Role::Clerk },
        };
        let root = MerchantId::new("root").unwrap();
        for (id, parent) in [(root.clone(), None), (merchant(), Some(root))] {
            let register = RegisterMerchant { id, name: "Shop".into(), parent };
            world.must(&Command::RegisterMerchant(register));
        }
        world
    }

    pub(crate) fn placed() -> Self {
        let mut world = Self::new();
        world.must(&Command::Place(place()));
        world
    }

    pub(crate) fn paid() -> Self {
        let mut world = Self::placed();
        world.must(&pay(1400, "T1"));
        world
    }

    pub(crate) fn delivered() -> Self {
        let mut world = Self::paid();
        world.must(&ship_all());
        world.must(&track("c1", TrackingStatus::Delivered));
        world
    }

    pub(crate) fn at(mut self, minutes: i64) -> Self {
        self.now = at(minutes);
        self
    }

    /// Somebody else acts from now on.
    pub(crate) fn by(mut self, id: u128) -> Self {
        self.actor.id = Uuid::from_u128(id);
        self
    }

    pub(crate) fn with(mut self, command: &Command<Sealed>) -> Self {
        self.must(command);
        self
    }

    /// A stream that no command of now would make.
    pub(crate) fn begin(&mut self, stream: StreamId, state: State) {
        self.streams.retain(|(id, ..)| *id != stream);
        self.streams.push((stream, Some(state), 1));
    }

    /// As if the order had this many events.
    pub(crate) fn long(mut self) -> Self {
        let (.., revision) = self.streams.iter_mut().find(|(id, ..)| *id == order()).unwrap();
        *revision = daybook_domain::limits::MAX_ORDER_EVENTS;
        self
    }

    /// Decides, and on success appends.
    pub(crate) fn send(&mut self, command: &Command<Sealed>) -> Result<Decision, Rejection> {
        self.send_at(command, None)
    }

    pub(crate) fn send_at(
        &mut self,
        command: &Command<Sealed>,
        occurred_at: Option<Timestamp>,
    ) -> Result<Decision, Rejection> {
        self.commands += 1;
        let command_id = CommandId(Uuid::from_u128(self.commands));
        let targets = Targets::of(command, command_id);
        let context = Context {
            command_id,
            actor: self.actor,
            origin: self.origin,
            revision: self.streams.iter().find(|(id, ..)| *id == targets.own).map_or(0, |(.., revision)| *revision),
            now: self.now,
            occurred_at,
        };
        let decision = {
            let facts = Facts::gather(command, &targets, |id| self.state(id));
            decide(&facts, command, &targets, &context)?
        };
        if let Decision::Commit { events, .. } = &decision {
            let commit_end = self.position + events.len() as u64;
            for event in events {
                self.position += 1;
                if !self.streams.iter().any(|(id, ..)| *id == event.stream) {
                    self.streams.push((event.stream, None, 0));
                }
                let (_, state, revision) = self.streams.iter_mut().find(|(id, ..)| *id == event.stream).unwrap();
                *revision += 1;
                let recorded = Recorded {
                    position: self.position,
                    stream: event.stream,
                    revision: *revision,
                    version: 1,
                    commit_end,
                    command_id: context.command_id,
                    actor: context.actor,
                    origin: context.origin,
                    reason: event.reason,
                    causation: None,
                    correlation: None,
                    recorded_at: context.now,
                    occurred_at: context.happened_at(),
                    event: event.event.clone(),
                };
                evolve(state, &recorded);
                self.log.push(recorded);
            }
        }
        Ok(decision)
    }

    pub(crate) fn must(&mut self, command: &Command<Sealed>) -> Vec<Event> {
        match self.send(command) {
            Ok(Decision::Commit { events, .. }) => events.into_iter().map(|event| event.event).collect(),
            other => panic!("{command:?} was not carried out: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn refuses(&self, command: &Command<Sealed>, rejection: Rejection) {
        assert_eq!(self.clone().send(command), Err(rejection));
    }

    /// The kinds of the events that the command makes, in order.
    #[track_caller]
    pub(crate) fn makes(&mut self, command: &Command<Sealed>, kinds: &[Kind]) {
        let made: Vec<Kind> = self.must(command).iter().map(Event::kind).collect();
        assert_eq!(made, kinds);
    }

    pub(crate) fn try_order(&self) -> Option<&Order> {
        match self.streams.iter().find(|(id, ..)| *id == order()).and_then(|(_, state, _)| state.as_ref()) {
            Some(State::Order(order)) => Some(order),
            _ => None,
        }
    }

    /// What was appended since `earlier`, a clone of this world.
    pub(crate) fn recorded_since(&self, earlier: &World) -> Vec<Recorded> {
        self.log[earlier.log.len()..].to_vec()
    }

    pub(crate) fn state(&self, stream: StreamId) -> Option<&State> {
        self.streams.iter().find(|(id, ..)| *id == stream).and_then(|(_, state, _)| state.as_ref())
    }

    pub(crate) fn order(&self) -> &Order {
        match self.streams.iter().find(|(id, ..)| *id == order()).and_then(|(_, state, _)| state.as_ref()) {
            Some(State::Order(order)) => order,
            other => panic!("no order: {other:?}"),
        }
    }

    pub(crate) fn label(&self) -> Label {
        Label::of(self.order().axes())
    }
}
