//! One order's life as a script of commands: most are paid and delivered, some go wrong in every way that shops know.

use daybook_domain::command::{AddNote, AddTag, Command, PlaceOrder, ReceiveStock};
use daybook_domain::event::{Adjustment, AdjustmentKind, Clock, Line, SkuKind};
use daybook_domain::policy::Policy;
use daybook_domain::reason::Reason;
use daybook_domain::time::{HOUR_MICROS, MINUTE_MICROS, SECOND_MICROS};
use daybook_domain::{
    Actor, CommandId, Currency, MerchantId, Money, OrderNumber, ReasonCode, Sku, StreamId, Tag, Timestamp,
};
use daybook_engine::Request;

use super::clocks::Clocks;
use super::people::{self, BUYER, STOREKEEPER, SYSTEM, Staff};
use super::policies::Policies;
use super::random::Random;
use super::shop::{self, Merchant};
use crate::failure::Failure;

/// A command and its moment.
pub(super) struct Step {
    pub(super) at: Timestamp,
    pub(super) request: Request,
}

/// How fast things follow each other.
#[derive(Clone, Copy)]
pub(super) enum Pace {
    Real,
    /// An hour in a minute, so that something is seen; deadlines stay what they are.
    Quick,
}

/// A line, as far as its script must know it.
#[derive(Clone, Copy)]
pub(super) struct Item {
    pub(super) kind: SkuKind,
    pub(super) quantity: u32,
    pub(super) unit_minor: i64,
}

pub(super) struct Life<'a> {
    pub(super) random: &'a mut Random,
    pace: Pace,
    policies: Policies,
    pub(super) merchant: &'static Merchant,
    merchant_id: MerchantId,
    pub(super) staff: Staff,
    pub(super) at: Timestamp,
    pub(super) number: String,
    pub(super) order: StreamId,
    pub(super) total_minor: i64,
    pub(super) items: Vec<Item>,
    /// What there is one piece of, if that was ordered.
    pub(super) only_one: Option<Sku>,
    pub(super) clocks: Clocks,
    /// When it expires.
    pub(super) pay_by: Timestamp,
    /// Refund tickets that were opened.
    pub(super) tickets: u16,
    /// Once it was delivered.
    pub(super) observed_until: Option<Timestamp>,
    pub(super) steps: Vec<Step>,
}

/// The life of one order placed at `at`; `serial` makes its number.
pub(super) fn of_order(
    random: &mut Random,
    policies: Policies,
    at: Timestamp,
    serial: usize,
    pace: Pace,
) -> Result<Vec<Step>, Failure> {
    let (merchant, id) = shop::some_merchant(random);
    let id = id?;
    let staff = people::some_staff(random, merchant);
    let number = format!("{}{serial:06}", merchant.prefix);
    let order = StreamId::order(&id, &OrderNumber::new(&number)?);
    let mut life = Life {
        random,
        pace,
        policies,
        merchant,
        merchant_id: id.clone(),
        staff,
        at,
        number,
        order,
        total_minor: 0,
        items: Vec::new(),
        only_one: None,
        clocks: Clocks::default(),
        pay_by: at,
        tickets: 0,
        observed_until: None,
        steps: Vec::with_capacity(10),
    };
    life.place(id)?;
    if life.pay()? {
        life.fulfil()?;
    }
    life.finish();
    Ok(life.steps)
}

impl Life<'_> {
    pub(super) fn later(&mut self, least: i64, most: i64) {
        let pace = match self.pace {
            Pace::Real => 1,
            Pace::Quick => 60,
        };
        self.at = self.at.plus_micros((self.random.between(least, most) / pace).max(SECOND_MICROS / 2));
    }

    pub(super) fn step(&mut self, actor: Actor, command: Command<String>) {
        self.ring(self.at);
        self.push(self.at, actor, command);
    }

    fn push(&mut self, at: Timestamp, actor: Actor, command: Command<String>) {
        let request = people::request(CommandId(self.random.id()), actor, command);
        self.steps.push(Step { at, request });
    }

    /// What automation does of the clocks that run out before `until`.
    pub(super) fn ring(&mut self, until: Timestamp) {
        let order = self.order;
        while let Some(running) = self.clocks.take_due(until) {
            // It looks every few seconds, and somebody else may come first.
            let at = running.due.plus_micros(self.random.between(1, 12) * SECOND_MICROS);
            let (clock, ticket) = (running.clock, running.ticket);
            if at >= until {
                self.clocks.start(clock, ticket, running.due);
                return;
            }
            let is_reminder = clock == Clock::Remind;
            let command =
                if is_reminder { Command::Remind { order } } else { Command::Breach { order, clock, ticket } };
            self.push(at, SYSTEM, command);
        }
    }

    /// Automation goes on when nobody else does anything any more.
    fn finish(&mut self) {
        self.ring(Timestamp(i64::MAX));
        if let Some(until) = self.observed_until {
            let over = until.max(self.at).plus_micros(self.random.between(1, 30) * SECOND_MICROS);
            self.push(over, SYSTEM, Command::Close { order: self.order });
        }
    }

    /// The shop's policy at this moment.
    pub(super) fn policy(&self) -> Policy {
        self.policies.at(self.merchant, self.at)
    }

    pub(super) fn money(minor: i64) -> Money {
        Money::new(minor, Currency::CNY)
    }

    pub(super) fn reason(code: ReasonCode, text: &str) -> Reason<String> {
        Reason { code, text: (!text.is_empty()).then(|| text.to_owned()) }
    }

    pub(super) fn has(&self, kind: SkuKind) -> bool {
        self.items.iter().any(|item| item.kind == kind)
    }

    /// Its cards go out without a person.
    pub(super) fn delivers_alone(&self) -> bool {
        self.has(SkuKind::Card) && self.policy().delivers_alone()
    }

    pub(super) fn note(&mut self, text: &str) {
        self.step(self.staff.clerk, Command::AddNote(AddNote { order: self.order, text: text.into() }));
    }

    fn place(&mut self, id: MerchantId) -> Result<(), Failure> {
        if self.random.chance(30) && self.merchant.goods.iter().any(|product| product.kind == SkuKind::Physical) {
            return self.place_only_one(id);
        }
        let goods = self.merchant.goods;
        let buyer = shop::some_buyer(self.random);
        let mut products = vec![self.random.pick(goods)];
        while products.len() < 3 && self.random.chance(150) {
            let another = self.random.pick(goods);
            if products.iter().all(|product| product.sku != another.sku) {
                products.push(another);
            }
        }
        let mut lines = Vec::with_capacity(products.len());
        for product in products {
            let quantity = if self.random.chance(180) { u32::try_from(self.random.between(2, 5))? } else { 1 };
            self.items.push(Item { kind: product.kind, quantity, unit_minor: product.price_minor });
            self.total_minor += product.price_minor * i64::from(quantity);
            lines.push(Line {
                sku: Sku::new(product.sku)?,
                title: product.title.into(),
                kind: product.kind,
                quantity,
                unit_minor: product.price_minor,
                supplier: None,
                inputs: (product.kind == SkuKind::TopUp).then(|| buyer.inputs.clone()),
            });
        }
        let is_physical = self.has(SkuKind::Physical);
        let mut adjustments = Vec::new();
        let mut adjust = |kind, label: &str, amount_minor| {
            adjustments.push(Adjustment { kind, label: label.into(), amount_minor });
            amount_minor
        };
        if is_physical && self.total_minor < 9_900 {
            self.total_minor += adjust(AdjustmentKind::Freight, "运费", 800);
        }
        if self.total_minor > 5_000 && self.random.chance(220) {
            self.total_minor += adjust(AdjustmentKind::Discount, "满减", -500);
        }
        let contact = is_physical.then_some(buyer.contact);
        self.order(id, (buyer.account, contact), lines, adjustments)
    }

    /// A piece that there is one of, each with a SKU of its own.
    fn place_only_one(&mut self, id: MerchantId) -> Result<(), Failure> {
        let sku = Sku::new(&format!("only-{}", self.number))?;
        let (kind, unit_minor) = (SkuKind::Physical, self.random.between(80, 400) * 100);
        self.receive_one(sku.clone(), "found");
        self.items.push(Item { kind, quantity: 1, unit_minor });
        self.total_minor = unit_minor;
        self.only_one = Some(sku.clone());
        let (title, supplier, inputs) = ("孤品".into(), None, None);
        let line = Line { sku, title, kind, quantity: 1, unit_minor, supplier, inputs };
        let buyer = shop::some_buyer(self.random);
        self.order(id, (buyer.account, Some(buyer.contact)), vec![line], Vec::new())
    }

    pub(super) fn receive_one(&mut self, sku: Sku, reference: &str) {
        let merchant = self.merchant_id.clone();
        let receive = ReceiveStock { merchant, sku, quantity: 1, reference: Some(reference.into()) };
        self.step(STOREKEEPER, Command::ReceiveStock(receive));
    }

    fn order(
        &mut self,
        merchant: MerchantId,
        (account, contact): (String, Option<String>),
        lines: Vec<Line<String>>,
        adjustments: Vec<Adjustment>,
    ) -> Result<(), Failure> {
        let place = PlaceOrder {
            merchant,
            number: Some(OrderNumber::new(&self.number)?),
            account,
            contact,
            currency: Currency::CNY,
            lines,
            adjustments,
        };
        self.step(BUYER, Command::Place(place));
        let policy = self.policy();
        self.pay_by = self.at.plus_micros(policy.pay_within_micros);
        self.clocks.start(Clock::Remind, None, self.at.plus_micros(policy.remind_after_micros));
        if self.random.chance(30) {
            let tag = *self.random.pick(&["vip", "急", "gift", "回头客"]);
            self.later(5 * SECOND_MICROS, MINUTE_MICROS);
            self.step(self.staff.clerk, Command::AddTag(AddTag { order: self.order, tag: Tag::new(tag)? }));
        }
        Ok(())
    }

    fn fulfil(&mut self) -> Result<(), Failure> {
        if self.delivers_alone() {
            self.later(SECOND_MICROS, 3 * SECOND_MICROS);
            self.deliver_cards(SYSTEM);
            self.afterwards();
            return Ok(());
        }
        if !self.pass_holds() || !self.withstand_refund() {
            return Ok(());
        }
        if self.random.chance(25) {
            self.later(MINUTE_MICROS, HOUR_MICROS);
            self.note("买家催单");
        }
        if self.has(SkuKind::Card) {
            let most = if self.random.chance(self.merchant.slow) { 5 * HOUR_MICROS } else { 25 * MINUTE_MICROS };
            self.later(5 * SECOND_MICROS, most);
            self.deliver_cards(self.staff.clerk);
        }
        if self.has(SkuKind::TopUp) && !self.top_up() {
            return Ok(());
        }
        if self.has(SkuKind::Physical) {
            self.send_parcels()?;
        }
        self.afterwards();
        Ok(())
    }

    /// The last unit arrived.
    pub(super) fn delivered(&mut self) {
        self.clocks.stop_shipping();
        self.observed_until = Some(self.at.plus_micros(self.policy().observe_for_micros));
    }
}
