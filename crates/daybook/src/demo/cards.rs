//! Cards that go out, by themselves or by a clerk, and who looks at them.

use daybook_domain::event::{Clock, SkuKind};
use daybook_domain::time::{DAY_MICROS, MINUTE_MICROS, SECOND_MICROS};
use daybook_domain::{Actor, Command};

use super::life::Life;
use super::people::BUYER;

impl Life<'_> {
    pub(super) fn deliver_cards(&mut self, by: Actor) {
        self.step(by, Command::DeliverCards { order: self.order });
        if self.has(SkuKind::Physical) || self.has(SkuKind::TopUp) {
            self.clocks.stop(Clock::ShipVirtual, None);
        } else {
            self.delivered();
        }
        if self.random.chance(650) {
            self.later(3 * SECOND_MICROS, 20 * MINUTE_MICROS);
            self.step(BUYER, Command::RevealCards { order: self.order });
        }
    }

    /// Somebody of the shop helps a buyer who cannot find them.
    pub(super) fn look_up_cards(&mut self) {
        self.later(20 * MINUTE_MICROS, DAY_MICROS);
        self.step(self.staff.support, Command::RevealCards { order: self.order });
    }
}
