//! What buyers do once they have their goods: complain, rate, quarrel, or nothing.

use daybook_domain::ReasonCode;
use daybook_domain::command::{AddEvidence, Command, OpenDispute, Rate, ResolveDispute};
use daybook_domain::event::{Outcome, SkuKind};
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS};

use super::life::Life;
use super::people::{BUYER, PLATFORM};

impl Life<'_> {
    pub(super) fn afterwards(&mut self) {
        if self.has(SkuKind::Card) && self.random.chance(25) {
            self.look_up_cards();
        }
        if self.random.chance(45) {
            self.complain();
        } else if self.random.chance(14) {
            self.quarrel();
        } else if self.random.chance(340) {
            self.later(10 * MINUTE_MICROS, 4 * DAY_MICROS);
            let score = if self.random.chance(60) { 1 } else { *self.random.pick(&[5, 5, 5, 5, 4, 4, 3]) };
            let comment = *self.random.pick(&["秒发", "good", "包装不错", "", "", ""]);
            let comment = (!comment.is_empty()).then(|| comment.to_owned());
            self.step(BUYER, Command::Rate(Rate { order: self.order, score, comment }));
        }
    }

    /// A dispute that the platform decides. It may last longer than the observation, which then ends with it.
    fn quarrel(&mut self) {
        self.later(2 * HOUR_MICROS, 5 * DAY_MICROS);
        let (code, text) = *self.random.pick(&[
            (ReasonCode::NotAsDescribed, "不是同一款"),
            (ReasonCode::NotReceived, "没有收到"),
            (ReasonCode::Damaged, "商家不承认"),
        ]);
        let reason = Self::reason(code, text);
        self.step(BUYER, Command::OpenDispute(OpenDispute { order: self.order, reason }));
        self.later(10 * MINUTE_MICROS, 6 * HOUR_MICROS);
        self.add_evidence(true, "照片见附件 1");
        if self.random.chance(700) {
            self.later(HOUR_MICROS, 30 * HOUR_MICROS);
            self.add_evidence(false, "发货记录与签收单");
        }
        self.later(6 * HOUR_MICROS, 4 * DAY_MICROS);
        self.step(PLATFORM, Command::ReadEvidence { order: self.order });
        self.later(MINUTE_MICROS, 10 * MINUTE_MICROS);
        let is_buyers = self.random.chance(550);
        let refund = (is_buyers && self.random.chance(500)).then(|| Self::money((self.total_minor / 2).max(1)));
        let (outcome, code) =
            if is_buyers { (Outcome::Buyer, code) } else { (Outcome::Merchant, ReasonCode::NotRefundable) };
        let reason = Self::reason(code, "依据双方证据");
        let resolve = ResolveDispute { order: self.order, outcome, refund, reason };
        self.step(PLATFORM, Command::ResolveDispute(resolve));
        if is_buyers {
            self.open_ticket();
            self.pay_back(&["平台判定"]);
        }
    }

    fn add_evidence(&mut self, by_buyer: bool, text: &str) {
        let by = if by_buyer { BUYER } else { self.staff.clerk };
        self.step(by, Command::AddEvidence(AddEvidence { order: self.order, text: text.into() }));
    }
}
