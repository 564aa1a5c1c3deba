//! The rules themselves, over states in memory and a log.

use std::collections::HashMap;

use daybook_domain::command::RegisterMerchant;
use daybook_domain::stock::{Balance, SkuState, SkuStreams};
use daybook_domain::time::MINUTE_MICROS;
use daybook_domain::*;
use uuid::Uuid;

use crate::given::T0;
use crate::oracle::{Answer, MERCHANTS, ORDERS};

/// Names are made once: deriving a stream is a hash.
pub(super) struct Names {
    pub(super) merchants: Vec<MerchantId>,
    pub(super) skus: Vec<Sku>,
    pub(super) numbers: Vec<OrderNumber>,
    pub(super) orders: Vec<StreamId>,
    /// By merchant, then by SKU.
    pub(super) stock: Vec<Vec<SkuStreams>>,
}

impl Names {
    pub(super) fn new() -> Self {
        let merchants: Vec<_> = ["north", "south"].map(|id| MerchantId::new(id).unwrap()).into();
        let skus: Vec<_> = ["card", "top-up", "parcel"].map(|name| Sku::new(name).unwrap()).into();
        let numbers: Vec<_> = (0..ORDERS).map(|slot| OrderNumber::new(&format!("N-{slot}")).unwrap()).collect();
        let stream = |(slot, number)| StreamId::order(&merchants[slot % MERCHANTS], number);
        let orders = numbers.iter().enumerate().map(stream).collect();
        let of = |merchant| skus.iter().map(|sku| SkuStreams::of(merchant, sku)).collect();
        let stock = merchants.iter().map(of).collect();
        Self { merchants, skus, numbers, orders, stock }
    }
}

/// What an order says of an action, and what becomes of the commands that stand for it.
pub(super) struct Asked {
    pub(super) refusal: Option<Rejection>,
    pub(super) decided: Vec<Result<Decision, Rejection>>,
}

pub(super) struct Ledger {
    states: HashMap<StreamId, State>,
    pub(super) log: Vec<Recorded>,
    commands: u128,
}

impl Ledger {
    pub(super) fn new(names: &Names, is_one_tree: bool) -> Self {
        let mut ledger = Self { states: HashMap::new(), log: Vec::new(), commands: 0 };
        for (place, id) in names.merchants.iter().enumerate() {
            let parent = (is_one_tree && place > 0).then(|| names.merchants[0].clone());
            let register = RegisterMerchant { id: id.clone(), name: "Shop".into(), parent };
            let registered = ledger.send(&Command::RegisterMerchant(register), 1, 0, 0);
            assert_eq!(registered, Ok(Answer::Done));
        }
        ledger
    }

    fn decide(&self, command: &Command<Sealed>, context: &Context) -> Result<Decision, Rejection> {
        let targets = Targets::of(command, context.command_id);
        let facts = Facts::gather(command, &targets, |id| self.states.get(&id));
        decide(&facts, command, &targets, context)
    }

    fn context(&self, actor: u8, minute: i64, lag: i64) -> Context {
        Context {
            command_id: CommandId(Uuid::from_u128(self.commands)),
            actor: Actor { id: Uuid::from_u128(actor.into()), role: Role::Clerk },
            origin: Origin::Live,
            revision: 0,
            now: T0.plus_micros(minute * MINUTE_MICROS),
            occurred_at: (lag > 0).then(|| T0.plus_micros((minute - lag) * MINUTE_MICROS)),
        }
    }

    /// None: there is no such order.
    pub(super) fn ask(&self, order: StreamId, action: Action, actor: u8, minute: i64) -> Option<Asked> {
        let (state, known) = (self.states.get(&order)?, self.order(order)?);
        let context = self.context(actor, minute, 0);
        let commands = action.commands(order, known);
        let decided = commands.iter().map(|command| self.decide(command, &context)).collect();
        Some(Asked { refusal: action.refusal(order, state, &context), decided })
    }

    /// `lag`: for so many minutes nobody told the shop.
    pub(super) fn send(
        &mut self,
        command: &Command<Sealed>,
        actor: u8,
        minute: i64,
        lag: i64,
    ) -> Result<Answer, Rejection> {
        self.commands += 1;
        let context = self.context(actor, minute, lag);
        let Decision::Commit { events, remarks } = self.decide(command, &context)? else { return Ok(Answer::Repeated) };
        assert!(remarks.is_empty(), "remarks are for history: {remarks:?}");
        let commit_end = (self.log.len() + events.len()) as u64;
        for event in events {
            let recorded = Recorded {
                position: self.log.len() as u64 + 1,
                stream: event.stream,
                revision: 0,
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
                event: event.event,
            };
            fold(&mut self.states, &recorded);
            self.log.push(recorded);
        }
        Ok(Answer::Done)
    }

    pub(super) fn order(&self, stream: StreamId) -> Option<&Order> {
        match self.states.get(&stream)? {
            State::Order(order) => Some(order),
            other => panic!("no order: {other:?}"),
        }
    }

    /// What people did to a SKU, and what orders did.
    pub(super) fn stock(&self, streams: SkuStreams) -> (SkuState, Balance) {
        let sku = match self.states.get(&streams.sku) {
            Some(State::Sku(sku)) => *sku,
            _ => SkuState::default(),
        };
        let balance = match self.states.get(&streams.account) {
            Some(State::Stock(balance)) => *balance,
            _ => Balance::default(),
        };
        (sku, balance)
    }

    /// Whether the log alone makes the same states.
    pub(super) fn is_its_log(&self) -> bool {
        let mut states = HashMap::new();
        self.log.iter().for_each(|recorded| fold(&mut states, recorded));
        states == self.states
    }
}

fn fold(states: &mut HashMap<StreamId, State>, recorded: &Recorded) {
    let mut state = states.remove(&recorded.stream);
    evolve(&mut state, recorded);
    states.insert(recorded.stream, state.unwrap());
}
