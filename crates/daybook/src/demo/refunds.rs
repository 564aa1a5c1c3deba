//! Money that is asked back, and what becomes of it.

use daybook_domain::ReasonCode;
use daybook_domain::command::{
    ApproveRefund, Command, FailRefund, RejectRefund, RequestRefund, RevealContact, SettleRefund,
};
use daybook_domain::event::{Clock, RefundKind};
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS};

use super::life::Life;
use super::people::{BUYER, PLATFORM, PROVIDER};

impl Life<'_> {
    /// The rules opened a ticket with what was done last.
    pub(super) fn open_ticket(&mut self) {
        self.tickets += 1;
        self.clocks.start_ticket(self.tickets, self.policy().refund_due(self.at));
    }

    pub(super) fn ask_back(
        &mut self,
        kind: Option<RefundKind>,
        amount_minor: Option<i64>,
        code: ReasonCode,
        text: &str,
    ) {
        let reason = Self::reason(code, text);
        let amount = amount_minor.map(Self::money);
        self.step(BUYER, Command::RequestRefund(RequestRefund { order: self.order, kind, amount, reason }));
        self.open_ticket();
    }

    fn reject(&mut self, code: ReasonCode, text: &str) {
        let reason = Self::reason(code, text);
        self.step(self.staff.clerk, Command::RejectRefund(RejectRefund { order: self.order, ticket: None, reason }));
        self.clocks.stop_ticket(self.tickets);
    }

    /// Approves and settles the ticket that is open; now and then the pay-out fails first.
    pub(super) fn pay_back(&mut self, notes: &[&str]) {
        let is_forgotten = self.random.chance(self.merchant.slow);
        self.later(15 * MINUTE_MICROS, if is_forgotten { 30 * HOUR_MICROS } else { 12 * HOUR_MICROS });
        self.ring(self.at);
        // Nobody of the shop answered: the ticket went to the platform.
        let is_escalated = !self.clocks.runs(Clock::EscalateRefund, Some(self.tickets));
        let (by, note) = if is_escalated {
            (PLATFORM, "商家未处理,平台介入")
        } else {
            (self.staff.clerk, *self.random.pick(notes))
        };
        let note = Some(note.to_owned());
        self.step(by, Command::ApproveRefund(ApproveRefund { order: self.order, ticket: None, note }));
        self.clocks.stop_ticket(self.tickets);
        let pay_by = self.at.plus_micros(self.policy().pay_refund_within_micros);
        self.clocks.start(Clock::PayRefund, Some(self.tickets), pay_by);
        let has_failed = self.random.chance(60);
        if has_failed {
            self.later(5 * MINUTE_MICROS, HOUR_MICROS);
            let fail = FailRefund { order: self.order, ticket: None, failure: "ACCOUNT_CLOSED".into(), note: None };
            self.step(PROVIDER, Command::FailRefund(fail));
        }
        self.later(2 * MINUTE_MICROS, if has_failed { 5 * HOUR_MICROS } else { 62 * MINUTE_MICROS });
        let trade_number = format!("R-{}-{}", self.number, self.tickets);
        let settle = SettleRefund {
            order: self.order,
            ticket: None,
            provider: Some("alipay".into()),
            trade_number: Some(trade_number.into()),
        };
        self.step(PROVIDER, Command::SettleRefund(settle));
        self.clocks.stop_ticket(self.tickets);
    }

    /// Some ask before anything was delivered, and are talked out of it or get their money. Whether the order goes on.
    pub(super) fn withstand_refund(&mut self) -> bool {
        if !self.random.chance(14) {
            return true;
        }
        self.later(3 * MINUTE_MICROS, 40 * MINUTE_MICROS);
        self.ask_back(Some(RefundKind::Goods), None, ReasonCode::BuyerRequest, "等不及了");
        if self.random.chance(600) {
            self.later(5 * MINUTE_MICROS, 2 * HOUR_MICROS);
            self.reject(ReasonCode::Other, "买家同意继续等");
            return true;
        }
        self.pay_back(&["还没发货,直接退"]);
        self.clocks.stop_shipping();
        false
    }

    pub(super) fn complain(&mut self) {
        self.later(20 * MINUTE_MICROS, 3 * DAY_MICROS);
        let (code, text) = *self.random.pick(&[
            (ReasonCode::Damaged, "外壳破损"),
            (ReasonCode::NotAsDescribed, "与描述不符"),
            (ReasonCode::NotReceived, "没有到账"),
            (ReasonCode::WrongItem, "发错了"),
        ]);
        if self.random.chance(200) {
            let reason = Self::reason(ReasonCode::BuyerRequest, "回电核实");
            self.step(self.staff.support, Command::RevealContact(RevealContact { order: self.order, reason }));
        }
        let amount_minor = if self.random.chance(500) { None } else { Some((self.total_minor / 3).max(1)) };
        self.ask_back(Some(RefundKind::Goods), amount_minor, code, text);
        if self.random.chance(180) {
            self.later(30 * MINUTE_MICROS, 10 * HOUR_MICROS);
            self.reject(ReasonCode::NotRefundable, "已使用,不支持退款");
            if !self.random.chance(400) {
                return;
            }
            self.later(HOUR_MICROS, 20 * HOUR_MICROS);
            self.ask_back(Some(RefundKind::Goods), amount_minor, code, "补充了照片");
        }
        self.pay_back(&["同意", "已核实", "电话确认"]);
    }
}
