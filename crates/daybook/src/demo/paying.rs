//! How an order is paid, or not: too late, too little, too much, twice, in another currency.

use daybook_domain::command::{Cancel, Command, EditPrice, FailPayment, NewPrice, RecordPayment, ReleaseHold};
use daybook_domain::event::{Clock, Hold, RefundKind, SkuKind};
use daybook_domain::time::{HOUR_MICROS, MINUTE_MICROS, SECOND_MICROS};
use daybook_domain::{Currency, Money, ReasonCode};

use super::life::Life;
use super::people::{BUYER, PROVIDER, SYSTEM};
use crate::failure::Failure;

impl Life<'_> {
    fn capture(&mut self, minor: i64, part: u32, currency: Currency) {
        let pay = RecordPayment {
            order: self.order,
            provider: (*self.random.pick(&["alipay", "wechat"])).into(),
            trade_number: format!("{}-{part}", self.number).into(),
            amount: Money::new(minor, currency),
        };
        self.step(PROVIDER, Command::RecordPayment(pay));
    }

    /// The capture that pays the order: what must be delivered is due from now on.
    fn capture_all(&mut self, minor: i64, part: u32) {
        self.capture(minor, part, Currency::CNY);
        self.clocks.stop(Clock::Remind, None);
        let has_virtual = self.has(SkuKind::Card) || self.has(SkuKind::TopUp);
        self.clocks.start_shipping(self.policy().ship_due(self.at, has_virtual, self.has(SkuKind::Physical)));
    }

    fn fail(&mut self) {
        let failure = *self.random.pick(&["NOT_ENOUGH_BALANCE", "TIMEOUT", "USER_CLOSED", "RISK_REFUSED"]);
        let fail = FailPayment { order: self.order, provider: "wechat".into(), failure: failure.into(), note: None };
        self.step(PROVIDER, Command::FailPayment(fail));
        let remind_at = self.at.plus_micros(self.policy().remind_after_micros).min(self.pay_by);
        self.clocks.start(Clock::Remind, None, remind_at);
    }

    fn expire(&mut self) {
        self.at = self.pay_by.plus_micros(self.random.between(13, 20) * SECOND_MICROS);
        self.step(SYSTEM, Command::Expire { order: self.order });
        self.clocks.stop(Clock::Remind, None);
    }

    /// Whether the order goes on to be delivered.
    pub(super) fn pay(&mut self) -> Result<bool, Failure> {
        let total = self.total_minor;
        // Every way to pay or not, in thousandths of all orders.
        let fate = self.random.below(1000);
        if fate < 62 {
            if self.random.chance(400) {
                self.later(MINUTE_MICROS, 8 * MINUTE_MICROS);
                self.fail();
            }
            self.expire();
            if !self.random.chance(120) {
                return Ok(false);
            }
            // The money was on its way: the order lives again.
            self.later(30 * SECOND_MICROS, 20 * MINUTE_MICROS);
            self.capture_all(total, 1);
        } else if fate < 88 {
            self.later(MINUTE_MICROS, 20 * MINUTE_MICROS);
            let reason = Self::reason(ReasonCode::BuyerRequest, "拍错了");
            self.step(BUYER, Command::Cancel(Cancel { order: self.order, reason }));
            self.clocks.stop(Clock::Remind, None);
            if self.random.chance(60) {
                self.later(30 * SECOND_MICROS, 5 * MINUTE_MICROS);
                self.capture(total, 1, Currency::CNY);
                self.open_ticket();
                self.pay_back(&["退回迟到的付款"]);
            }
            return Ok(false);
        } else if fate < 122 {
            self.later(30 * SECOND_MICROS, 6 * MINUTE_MICROS);
            let first = self.items[0];
            let cut = (first.unit_minor / 20).max(1);
            let prices = vec![NewPrice { line: 1, unit: Self::money(first.unit_minor - cut) }];
            let reason = Self::reason(ReasonCode::Negotiated, "老客户优惠");
            self.step(self.staff.clerk, Command::EditPrice(EditPrice { order: self.order, prices, reason }));
            self.total_minor -= cut * i64::from(first.quantity);
            self.later(20 * SECOND_MICROS, 6 * MINUTE_MICROS);
            self.capture_all(self.total_minor, 1);
        } else if fate < 150 {
            self.later(20 * SECOND_MICROS, 4 * MINUTE_MICROS);
            self.fail();
            self.later(20 * SECOND_MICROS, 10 * MINUTE_MICROS);
            self.capture_all(total, 1);
        } else if fate < 158 {
            self.later(20 * SECOND_MICROS, 5 * MINUTE_MICROS);
            self.capture(total / 2, 1, Currency::CNY);
            if self.random.chance(350) {
                self.expire();
                self.open_ticket();
                self.pay_back(&["已付部分退回"]);
                return Ok(false);
            }
            self.later(MINUTE_MICROS, 10 * MINUTE_MICROS);
            self.capture_all(total - total / 2, 2);
        } else if fate < 164 {
            self.later(20 * SECOND_MICROS, 5 * MINUTE_MICROS);
            self.capture_all(total + 1_000, 1);
            self.clocks.pause(self.at);
            self.later(5 * MINUTE_MICROS, 3 * HOUR_MICROS);
            self.ask_back(Some(RefundKind::Excess), None, ReasonCode::Overpaid, "多付的十元");
            self.pay_back(&["多付退回"]);
            self.clocks.resume(self.at);
        } else if fate < 166 {
            self.later(20 * SECOND_MICROS, 5 * MINUTE_MICROS);
            self.capture(total / 7, 1, Currency::new("USD")?);
            self.later(5 * MINUTE_MICROS, 20 * MINUTE_MICROS);
            self.note("付成了美元,已联系买家");
            let release = ReleaseHold { order: self.order, hold: Hold::Payment, reason: None };
            self.step(self.staff.clerk, Command::ReleaseHold(release));
            self.later(20 * SECOND_MICROS, 3 * MINUTE_MICROS);
            self.capture_all(total, 2);
        } else {
            let most = if self.random.chance(800) { 4 * MINUTE_MICROS } else { 25 * MINUTE_MICROS };
            self.later(8 * SECOND_MICROS, most);
            self.capture_all(total, 1);
        }
        if !self.delivers_alone() && self.random.chance(24) {
            self.later(MINUTE_MICROS, 2 * HOUR_MICROS);
            self.cancel_paid(&[(ReasonCode::OutOfStock, ""), (ReasonCode::BuyerRequest, "不想要了")]);
            return Ok(false);
        }
        Ok(true)
    }

    /// Nothing was shipped: the order ends, and all money goes back.
    pub(super) fn cancel_paid(&mut self, reasons: &[(ReasonCode, &str)]) {
        let (code, text) = *self.random.pick(reasons);
        let reason = Self::reason(code, text);
        self.step(self.staff.clerk, Command::Cancel(Cancel { order: self.order, reason }));
        self.clocks.stop_shipping();
        self.open_ticket();
        self.pay_back(&["已核实"]);
    }
}
