//! Top-ups: most succeed, some only in part, some go to an account that is none.

use daybook_domain::ReasonCode;
use daybook_domain::command::{Cancel, Command, CompleteTopUp, FailTopUp};
use daybook_domain::event::{LineInputs, RefundKind, SkuKind};
use daybook_domain::time::{HOUR_MICROS, MINUTE_MICROS, SECOND_MICROS};

use super::life::Life;
use super::shop;

impl Life<'_> {
    fn complete(&mut self, line: u16, quantity: Option<u32>) {
        let complete = CompleteTopUp { order: self.order, line: Some(line), quantity };
        self.step(self.staff.clerk, Command::CompleteTopUp(complete));
    }

    fn fail_top_up(&mut self, line: u16, failure: &str, wrong_account: bool) {
        let fail =
            FailTopUp { order: self.order, line: Some(line), failure: failure.into(), wrong_account, note: None };
        self.step(self.staff.clerk, Command::FailTopUp(fail));
    }

    /// Whether all of it was delivered.
    pub(super) fn top_up(&mut self) -> bool {
        let most = if self.random.chance(self.merchant.slow) { 5 * HOUR_MICROS } else { 25 * MINUTE_MICROS };
        self.later(5 * SECOND_MICROS, most);
        let quantities: Vec<u32> = self.items.iter().map(|item| item.quantity).collect();
        if self.random.chance(30) && !self.mend_account() {
            return false;
        }
        for (line, quantity) in (1..).zip(quantities) {
            if self.random.chance(if quantity > 1 { 60 } else { 8 }) {
                self.give_up(line, quantity, line > 1 || self.has(SkuKind::Card));
                return false;
            }
            if quantity > 1 && self.random.chance(300) {
                self.complete(line, Some(1));
                self.later(20 * SECOND_MICROS, 4 * MINUTE_MICROS);
            }
            self.complete(line, None);
            self.later(SECOND_MICROS, MINUTE_MICROS);
        }
        if let Some(last) = self.steps.last() {
            self.at = last.at;
        }
        self.delivered();
        true
    }

    /// There is no such account: the buyer names another one, or never answers. Whether the order goes on.
    fn mend_account(&mut self) -> bool {
        self.fail_top_up(1, "NO_SUCH_ACCOUNT", true);
        self.clocks.pause(self.at);
        if self.random.chance(150) {
            self.later(20 * HOUR_MICROS, 48 * HOUR_MICROS);
            self.cancel_paid(&[(ReasonCode::WrongAccount, "买家没有回复")]);
            return false;
        }
        self.later(10 * MINUTE_MICROS, 15 * HOUR_MICROS);
        let inputs = shop::some_buyer(self.random).inputs;
        self.change_address(None, vec![LineInputs { line: 1, inputs }]);
        self.later(MINUTE_MICROS, 30 * MINUTE_MICROS);
        true
    }

    /// The provider cannot do it, or only a part of it: what has not arrived will not, and its money goes back.
    fn give_up(&mut self, line: u16, quantity: u32, has_begun: bool) {
        if quantity > 1 {
            self.complete(line, Some(1));
            self.later(20 * SECOND_MICROS, 4 * MINUTE_MICROS);
        }
        let failure = *self.random.pick(&["SERVER_CLOSED", "LIMIT_REACHED", "PROVIDER_DOWN"]);
        self.fail_top_up(line, failure, false);
        self.later(5 * MINUTE_MICROS, HOUR_MICROS);
        if has_begun || quantity > 1 {
            let reason = Self::reason(ReasonCode::NotReceived, "其余充值失败");
            self.step(self.staff.clerk, Command::CancelRest(Cancel { order: self.order, reason }));
            self.delivered();
            self.open_ticket();
            self.pay_back(&["其余部分退款"]);
        } else {
            self.ask_back(Some(RefundKind::Goods), None, ReasonCode::NotReceived, "充值失败");
            self.pay_back(&["充值失败,全额退款"]);
            self.clocks.stop_shipping();
        }
    }
}
