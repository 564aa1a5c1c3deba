//! What keeps a paid order from being delivered: addresses that are wrong or change, goods that are not there, risks.

use daybook_domain::command::{
    ApproveAddressChange, Command, PlaceHold, RejectAddressChange, ReleaseHold, RequestAddressChange,
};
use daybook_domain::event::{Hold, LineInputs, SkuKind};
use daybook_domain::time::{HOUR_MICROS, MINUTE_MICROS, SECOND_MICROS};
use daybook_domain::{ReasonCode, Sku};

use super::life::Life;
use super::people::{BUYER, SYSTEM};
use super::shop;

impl Life<'_> {
    fn hold(&mut self, hold: Hold, code: ReasonCode, text: &str) {
        let reason = Some(Self::reason(code, text));
        self.step(self.staff.clerk, Command::PlaceHold(PlaceHold { order: self.order, hold, reason }));
        if hold.pauses_shipping() {
            self.clocks.pause(self.at);
        }
    }

    fn release(&mut self, hold: Hold) {
        let release = ReleaseHold { order: self.order, hold, reason: None };
        self.step(self.staff.clerk, Command::ReleaseHold(release));
        self.clocks.resume(self.at);
    }

    /// Whether the order goes on.
    pub(super) fn pass_holds(&mut self) -> bool {
        let is_physical = self.has(SkuKind::Physical);
        if is_physical && self.random.chance(12) {
            self.later(10 * MINUTE_MICROS, 2 * HOUR_MICROS);
            self.hold(Hold::Address, ReasonCode::Other, "地址不完整");
            self.later(HOUR_MICROS, 20 * HOUR_MICROS);
            self.release(Hold::Address);
        } else if is_physical && self.random.chance(28) {
            self.later(2 * MINUTE_MICROS, 90 * MINUTE_MICROS);
            let contact = Some(shop::some_buyer(self.random).contact);
            self.change_address(contact, Vec::new());
        } else if let Some(sku) = self.only_one.clone()
            && self.random.chance(600)
        {
            return self.wait_for_another(sku);
        } else if self.random.chance(3) {
            self.later(MINUTE_MICROS, HOUR_MICROS);
            self.hold(Hold::Risk, ReasonCode::Fraud, "同一账号短时间多单");
            self.later(6 * HOUR_MICROS, 60 * HOUR_MICROS);
            self.release(Hold::Risk);
            if self.random.chance(400) {
                self.later(MINUTE_MICROS, HOUR_MICROS);
                self.cancel_paid(&[(ReasonCode::Fraud, "电话无人接听")]);
                return false;
            }
        }
        true
    }

    /// The only piece is no good; another one comes, or none does.
    fn wait_for_another(&mut self, sku: Sku) -> bool {
        self.later(10 * MINUTE_MICROS, 2 * HOUR_MICROS);
        self.hold(Hold::Stock, ReasonCode::OutOfStock, "最后一件有划痕,等补货");
        self.later(6 * HOUR_MICROS, 90 * HOUR_MICROS);
        if self.random.chance(250) {
            self.cancel_paid(&[(ReasonCode::OutOfStock, "厂家没有货了")]);
            return false;
        }
        self.receive_one(sku, "replacement");
        self.later(SECOND_MICROS, 2 * SECOND_MICROS);
        let reason = Some(Self::reason(ReasonCode::OutOfStock, ""));
        self.step(SYSTEM, Command::ReleaseHold(ReleaseHold { order: self.order, hold: Hold::Stock, reason }));
        true
    }

    /// One asks, the buyer or a clerk for him, and another one decides. Whether it was approved.
    pub(super) fn change_address(&mut self, contact: Option<String>, inputs: Vec<LineInputs<String>>) -> bool {
        // The account of a top-up is wrong for sure; an address may be somebody else's.
        let may_reject = contact.is_some();
        let by_telephone = self.random.chance(300);
        let asks = if by_telephone { self.staff.clerk } else { BUYER };
        let decides = if by_telephone { self.staff.colleague } else { self.staff.clerk };
        let text = if by_telephone { "电话里说的" } else { "" };
        let reason = Some(Self::reason(ReasonCode::BuyerRequest, text));
        let request = RequestAddressChange { order: self.order, contact, inputs, reason };
        self.step(asks, Command::RequestAddressChange(request));
        self.clocks.pause(self.at);
        self.later(10 * MINUTE_MICROS, 9 * HOUR_MICROS);
        let is_rejected = may_reject && self.random.chance(300);
        if is_rejected {
            let reason = Self::reason(ReasonCode::Fraud, "电话与下单人不符");
            let reject = RejectAddressChange { order: self.order, reason };
            self.step(decides, Command::RejectAddressChange(reject));
        } else {
            let approve = ApproveAddressChange { order: self.order, note: None };
            self.step(decides, Command::ApproveAddressChange(approve));
        }
        self.clocks.resume(self.at);
        !is_rejected
    }
}
