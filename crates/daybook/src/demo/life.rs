//! One order's life as a script of commands: most are paid and delivered, some go wrong in every way that shops know.

use daybook_domain::command::{
    AddNote, AddTag, ApproveRefund, Cancel, Command, ConfirmShipment, EditPrice, FailPayment, FailRefund, NewPrice,
    PlaceHold, PlaceOrder, Rate, RecordPayment, RecordTracking, RejectRefund, ReleaseHold, RequestRefund, SettleRefund,
};
use daybook_domain::event::{Adjustment, AdjustmentKind, Hold, Line, RefundKind, ShippedLine, SkuKind, TrackingStatus};
use daybook_domain::policy::Policy;
use daybook_domain::reason::Reason;
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS, SECOND_MICROS};
use daybook_domain::{
    Actor, CommandId, Currency, MerchantId, Money, OrderNumber, Origin, ReasonCode, Role, Sku, StreamId, Tag, Timestamp,
};
use daybook_engine::Request;
use uuid::Uuid;

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

const CLERK: Actor = Actor { id: Uuid::from_u128(0x0C1E_4C00), role: Role::Clerk };
const BUYER: Actor = Actor { id: Uuid::from_u128(0x0B0B_0B00), role: Role::Buyer };
const PROVIDER: Actor = Actor { id: Uuid::from_u128(0x0A11_0A00), role: Role::Webhook };
const SYSTEM: Actor = Actor { id: Uuid::from_u128(0x0500_0500), role: Role::System };

const CARRIERS: [&str; 4] = ["SF", "YTO", "ZTO", "JD"];

pub(super) struct Life<'a> {
    random: &'a mut Random,
    pace: Pace,
    at: Timestamp,
    number: String,
    order: StreamId,
    total_minor: i64,
    lines: Vec<(SkuKind, u32, i64)>,
    steps: Vec<Step>,
}

/// The life of one order placed at `at`; `serial` makes its number.
pub(super) fn of_order(random: &mut Random, at: Timestamp, serial: usize, pace: Pace) -> Result<Vec<Step>, Failure> {
    let (merchant, id) = shop::some_merchant(random);
    let id = id?;
    let number = format!("{}{serial:06}", merchant.prefix);
    let order = StreamId::order(&id, &OrderNumber::new(&number)?);
    let steps = Vec::with_capacity(8);
    let mut life = Life { random, pace, at, number, order, total_minor: 0, lines: Vec::new(), steps };
    life.place(merchant, id)?;
    if life.pay()? {
        life.fulfil()?;
    }
    Ok(life.steps)
}

impl Life<'_> {
    fn later(&mut self, least: i64, most: i64) {
        let pace = match self.pace {
            Pace::Real => 1,
            Pace::Quick => 60,
        };
        self.at = self.at.plus_micros((self.random.between(least, most) / pace).max(SECOND_MICROS / 2));
    }

    fn step(&mut self, actor: Actor, command: Command<String>) {
        let mut request = Request::live(CommandId(self.random.id()), actor, command);
        if actor.role == Role::System {
            request.origin = Origin::System;
        }
        self.steps.push(Step { at: self.at, request });
    }

    fn money(minor: i64) -> Money {
        Money::new(minor, Currency::CNY)
    }

    fn reason(code: ReasonCode, text: &str) -> Reason<String> {
        Reason { code, text: (!text.is_empty()).then(|| text.to_owned()) }
    }

    fn has_physical(&self) -> bool {
        self.lines.iter().any(|(kind, ..)| *kind == SkuKind::Physical)
    }

    fn place(&mut self, merchant: &Merchant, id: MerchantId) -> Result<(), Failure> {
        let buyer = shop::some_buyer(self.random);
        let mut products = vec![self.random.pick(merchant.goods)];
        while products.len() < 3 && self.random.chance(150) {
            let another = self.random.pick(merchant.goods);
            if products.iter().all(|product| product.sku != another.sku) {
                products.push(another);
            }
        }
        let mut lines = Vec::with_capacity(products.len());
        for product in products {
            let quantity = if self.random.chance(180) { u32::try_from(self.random.between(2, 5))? } else { 1 };
            self.lines.push((product.kind, quantity, product.price_minor));
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
        let mut adjustments = Vec::new();
        let mut adjust = |kind, label: &str, amount_minor| {
            adjustments.push(Adjustment { kind, label: label.into(), amount_minor });
            amount_minor
        };
        if self.has_physical() && self.total_minor < 9_900 {
            self.total_minor += adjust(AdjustmentKind::Freight, "运费", 800);
        }
        if self.total_minor > 5_000 && self.random.chance(220) {
            self.total_minor += adjust(AdjustmentKind::Discount, "满减", -500);
        }
        let place = PlaceOrder {
            merchant: id,
            number: Some(OrderNumber::new(&self.number)?),
            account: buyer.account,
            contact: self.has_physical().then_some(buyer.contact),
            currency: Currency::CNY,
            lines,
            adjustments,
        };
        self.step(BUYER, Command::Place(place));
        if self.random.chance(30) {
            let tag = *self.random.pick(&["vip", "急", "gift", "回头客"]);
            self.later(5 * SECOND_MICROS, MINUTE_MICROS);
            self.step(CLERK, Command::AddTag(AddTag { order: self.order, tag: Tag::new(tag)? }));
        }
        Ok(())
    }

    fn capture(&mut self, minor: i64, part: u32, currency: Currency) {
        let pay = RecordPayment {
            order: self.order,
            provider: (*self.random.pick(&["alipay", "wechat"])).into(),
            trade_number: format!("{}-{part}", self.number).into(),
            amount: Money::new(minor, currency),
        };
        self.step(PROVIDER, Command::RecordPayment(pay));
    }

    fn fail(&mut self) {
        let failure = *self.random.pick(&["NOT_ENOUGH_BALANCE", "TIMEOUT", "USER_CLOSED", "RISK_REFUSED"]);
        let fail = FailPayment { order: self.order, provider: "wechat".into(), failure: failure.into(), note: None };
        self.step(PROVIDER, Command::FailPayment(fail));
    }

    fn expire(&mut self, placed_at: Timestamp) {
        self.at = placed_at.plus_micros(Policy::DEFAULT.pay_within_micros + self.random.between(1, 20) * SECOND_MICROS);
        self.step(SYSTEM, Command::Expire { order: self.order });
    }

    /// Whether the order goes on to be delivered.
    fn pay(&mut self) -> Result<bool, Failure> {
        let placed_at = self.at;
        let total = self.total_minor;
        // Every way to pay or not, in thousandths of all orders.
        let fate = self.random.below(1000);
        if fate < 62 {
            if self.random.chance(400) {
                self.later(MINUTE_MICROS, 8 * MINUTE_MICROS);
                self.fail();
            }
            self.expire(placed_at);
            if !self.random.chance(120) {
                return Ok(false);
            }
            // The money was on its way: the order lives again.
            self.later(30 * SECOND_MICROS, 20 * MINUTE_MICROS);
            self.capture(total, 1, Currency::CNY);
        } else if fate < 88 {
            self.later(MINUTE_MICROS, 20 * MINUTE_MICROS);
            let reason = Self::reason(ReasonCode::BuyerRequest, "拍错了");
            self.step(BUYER, Command::Cancel(Cancel { order: self.order, reason }));
            if self.random.chance(60) {
                self.later(30 * SECOND_MICROS, 5 * MINUTE_MICROS);
                self.capture(total, 1, Currency::CNY);
                self.pay_back(&["退回迟到的付款"]);
            }
            return Ok(false);
        } else if fate < 122 {
            self.later(30 * SECOND_MICROS, 6 * MINUTE_MICROS);
            let (_, quantity, unit_minor) = self.lines[0];
            let cut = (unit_minor / 20).max(1);
            let prices = vec![NewPrice { line: 1, unit: Self::money(unit_minor - cut) }];
            let reason = Self::reason(ReasonCode::Negotiated, "老客户优惠");
            self.step(CLERK, Command::EditPrice(EditPrice { order: self.order, prices, reason }));
            self.total_minor -= cut * i64::from(quantity);
            self.later(20 * SECOND_MICROS, 6 * MINUTE_MICROS);
            self.capture(self.total_minor, 1, Currency::CNY);
        } else if fate < 150 {
            self.later(20 * SECOND_MICROS, 4 * MINUTE_MICROS);
            self.fail();
            self.later(20 * SECOND_MICROS, 10 * MINUTE_MICROS);
            self.capture(total, 1, Currency::CNY);
        } else if fate < 158 {
            self.later(20 * SECOND_MICROS, 5 * MINUTE_MICROS);
            self.capture(total / 2, 1, Currency::CNY);
            if self.random.chance(350) {
                self.expire(placed_at);
                self.pay_back(&["已付部分退回"]);
                return Ok(false);
            }
            self.later(MINUTE_MICROS, 10 * MINUTE_MICROS);
            self.capture(total - total / 2, 2, Currency::CNY);
        } else if fate < 164 {
            self.later(20 * SECOND_MICROS, 5 * MINUTE_MICROS);
            self.capture(total + 1_000, 1, Currency::CNY);
            self.later(5 * MINUTE_MICROS, 3 * HOUR_MICROS);
            self.ask_back(Some(RefundKind::Excess), None, ReasonCode::Overpaid, "多付的十元");
            self.pay_back(&["多付退回"]);
        } else if fate < 166 {
            self.later(20 * SECOND_MICROS, 5 * MINUTE_MICROS);
            self.capture(total / 7, 1, Currency::new("USD")?);
            self.later(5 * MINUTE_MICROS, 20 * MINUTE_MICROS);
            self.note("付成了美元,已联系买家");
            let release = ReleaseHold { order: self.order, hold: Hold::Payment, reason: None };
            self.step(CLERK, Command::ReleaseHold(release));
            self.later(20 * SECOND_MICROS, 3 * MINUTE_MICROS);
            self.capture(total, 2, Currency::CNY);
        } else {
            let most = if self.random.chance(800) { 4 * MINUTE_MICROS } else { 25 * MINUTE_MICROS };
            self.later(8 * SECOND_MICROS, most);
            self.capture(total, 1, Currency::CNY);
        }
        if self.random.chance(22) {
            self.later(MINUTE_MICROS, 2 * HOUR_MICROS);
            let reason = if self.random.chance(500) {
                Self::reason(ReasonCode::OutOfStock, "")
            } else {
                Self::reason(ReasonCode::BuyerRequest, "不想要了")
            };
            self.step(CLERK, Command::Cancel(Cancel { order: self.order, reason }));
            self.pay_back(&["已核实"]);
            return Ok(false);
        }
        Ok(true)
    }

    fn note(&mut self, text: &str) {
        self.step(CLERK, Command::AddNote(AddNote { order: self.order, text: text.into() }));
    }

    fn fulfil(&mut self) -> Result<(), Failure> {
        let is_physical = self.has_physical();
        if is_physical && self.random.chance(18) {
            self.later(10 * MINUTE_MICROS, 2 * HOUR_MICROS);
            let reason = Some(Self::reason(ReasonCode::Other, "地址不完整"));
            self.step(CLERK, Command::PlaceHold(PlaceHold { order: self.order, hold: Hold::Address, reason }));
            self.later(HOUR_MICROS, 20 * HOUR_MICROS);
            let release = ReleaseHold { order: self.order, hold: Hold::Address, reason: None };
            self.step(CLERK, Command::ReleaseHold(release));
        } else if is_physical && self.random.chance(10) {
            self.later(10 * MINUTE_MICROS, 2 * HOUR_MICROS);
            let reason = Some(Self::reason(ReasonCode::OutOfStock, "最后一件有划痕,等补货"));
            self.step(CLERK, Command::PlaceHold(PlaceHold { order: self.order, hold: Hold::Stock, reason }));
            if self.random.chance(200) {
                return Ok(());
            }
            self.later(6 * HOUR_MICROS, 50 * HOUR_MICROS);
            let release = ReleaseHold { order: self.order, hold: Hold::Stock, reason: None };
            self.step(CLERK, Command::ReleaseHold(release));
        } else if self.random.chance(3) {
            self.later(MINUTE_MICROS, HOUR_MICROS);
            let reason = Some(Self::reason(ReasonCode::Fraud, "同一账号短时间多单"));
            self.step(CLERK, Command::PlaceHold(PlaceHold { order: self.order, hold: Hold::Risk, reason }));
            return Ok(());
        }
        if self.random.chance(25) {
            self.later(MINUTE_MICROS, HOUR_MICROS);
            self.note("买家催单");
        }
        if is_physical {
            self.send_parcels()?
        } else {
            self.deliver_at_once()
        }
        self.afterwards();
        Ok(())
    }

    fn deliver_at_once(&mut self) {
        let slow = self.random.chance(60);
        self.later(5 * SECOND_MICROS, if slow { 5 * HOUR_MICROS } else { 25 * MINUTE_MICROS });
        self.ship(None, None);
        self.later(SECOND_MICROS, 40 * SECOND_MICROS);
        self.track(1, 1, TrackingStatus::Delivered, None);
    }

    fn ship(&mut self, lines: Option<Vec<ShippedLine>>, carrier: Option<&str>) {
        let tracking_number =
            carrier.map(|carrier| format!("{carrier}{}", self.random.between(10_000_000, 99_999_999)));
        let ship = ConfirmShipment {
            order: self.order,
            lines,
            carrier: carrier.map(Into::into),
            tracking_number: tracking_number.map(Into::into),
        };
        self.step(CLERK, Command::ConfirmShipment(ship));
    }

    fn track(&mut self, shipment: u16, checkpoint: u16, status: TrackingStatus, place: Option<&str>) {
        let track = RecordTracking {
            order: self.order,
            shipment: Some(shipment),
            checkpoint: format!("{shipment}-{checkpoint}").into(),
            status,
            place: place.map(Into::into),
        };
        self.step(PROVIDER, Command::RecordTracking(track));
    }

    fn send_parcels(&mut self) -> Result<(), Failure> {
        let carrier = *self.random.pick(&CARRIERS);
        let is_late = self.random.chance(70);
        self.later(2 * HOUR_MICROS, if is_late { 52 * HOUR_MICROS } else { 22 * HOUR_MICROS });
        let units: u32 = self.lines.iter().map(|(_, quantity, _)| quantity).sum();
        let parcels = if units > 1 && self.random.chance(180) { 2 } else { 1 };
        if parcels == 2 {
            self.ship(Some(vec![ShippedLine { line: 1, quantity: 1 }]), Some(carrier));
            self.later(HOUR_MICROS, 20 * HOUR_MICROS);
        }
        self.ship(None, Some(carrier));
        for shipment in 1..=parcels {
            self.later(20 * MINUTE_MICROS, 5 * HOUR_MICROS);
            self.track(shipment, 1, TrackingStatus::Collected, None);
        }
        let place = *self.random.pick(&["上海转运中心", "郑州转运中心", "广州转运中心"]);
        for shipment in 1..=parcels {
            self.later(4 * HOUR_MICROS, 24 * HOUR_MICROS);
            self.track(shipment, 2, TrackingStatus::InTransit, Some(place));
        }
        for shipment in 1..=parcels {
            self.later(6 * HOUR_MICROS, 30 * HOUR_MICROS);
            self.track(shipment, 3, TrackingStatus::OutForDelivery, None);
            self.later(HOUR_MICROS, 9 * HOUR_MICROS);
            self.track(shipment, 4, TrackingStatus::Delivered, None);
        }
        Ok(())
    }

    fn afterwards(&mut self) {
        if self.random.chance(45) {
            self.complain();
        } else if self.random.chance(340) {
            self.later(10 * MINUTE_MICROS, 4 * DAY_MICROS);
            let score = if self.random.chance(60) { 1 } else { *self.random.pick(&[5, 5, 5, 5, 4, 4, 3]) };
            let comment = *self.random.pick(&["秒发", "good", "包装不错", "", "", ""]);
            let comment = (!comment.is_empty()).then(|| comment.to_owned());
            self.step(BUYER, Command::Rate(Rate { order: self.order, score, comment }));
        }
    }

    fn complain(&mut self) {
        self.later(20 * MINUTE_MICROS, 3 * DAY_MICROS);
        let (code, text) = *self.random.pick(&[
            (ReasonCode::Damaged, "外壳破损"),
            (ReasonCode::NotAsDescribed, "与描述不符"),
            (ReasonCode::NotReceived, "没有到账"),
            (ReasonCode::WrongItem, "发错了"),
        ]);
        let amount_minor = if self.random.chance(500) { None } else { Some((self.total_minor / 3).max(1)) };
        self.ask_back(Some(RefundKind::Goods), amount_minor, code, text);
        if self.random.chance(180) {
            self.later(30 * MINUTE_MICROS, 10 * HOUR_MICROS);
            let reason = Self::reason(ReasonCode::NotRefundable, "已使用,不支持退款");
            self.step(CLERK, Command::RejectRefund(RejectRefund { order: self.order, ticket: None, reason }));
            if !self.random.chance(400) {
                return;
            }
            self.later(HOUR_MICROS, 20 * HOUR_MICROS);
            self.ask_back(Some(RefundKind::Goods), amount_minor, code, "补充了照片");
        }
        self.pay_back(&["同意", "已核实", "电话确认"]);
    }

    fn ask_back(&mut self, kind: Option<RefundKind>, amount_minor: Option<i64>, code: ReasonCode, text: &str) {
        let reason = Self::reason(code, text);
        let amount = amount_minor.map(Self::money);
        self.step(BUYER, Command::RequestRefund(RequestRefund { order: self.order, kind, amount, reason }));
    }

    /// Approves and settles the ticket that is open; now and then the pay-out fails first.
    fn pay_back(&mut self, notes: &[&str]) {
        self.later(15 * MINUTE_MICROS, 14 * HOUR_MICROS);
        let note = Some((*self.random.pick(notes)).to_owned());
        self.step(CLERK, Command::ApproveRefund(ApproveRefund { order: self.order, ticket: None, note }));
        if self.random.chance(60) {
            self.later(5 * MINUTE_MICROS, HOUR_MICROS);
            let fail = FailRefund { order: self.order, ticket: None, failure: "ACCOUNT_CLOSED".into(), note: None };
            self.step(PROVIDER, Command::FailRefund(fail));
        }
        self.later(2 * MINUTE_MICROS, 80 * MINUTE_MICROS);
        let trade_number = format!("R-{}-{}", self.number, self.steps.len());
        let settle = SettleRefund {
            order: self.order,
            ticket: None,
            provider: Some("alipay".into()),
            trade_number: Some(trade_number.into()),
        };
        self.step(PROVIDER, Command::SettleRefund(settle));
    }
}
