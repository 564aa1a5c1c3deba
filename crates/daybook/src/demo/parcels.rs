//! Parcels: one or two, on their way for some days.

use daybook_domain::command::{Command, ConfirmShipment, RecordTracking};
use daybook_domain::event::{Clock, ShippedLine, SkuKind, TrackingStatus};
use daybook_domain::time::{HOUR_MICROS, MINUTE_MICROS};

use super::life::Life;
use super::people::PROVIDER;
use crate::failure::Failure;

const CARRIERS: [&str; 4] = ["SF", "YTO", "ZTO", "JD"];

impl Life<'_> {
    fn ship(&mut self, lines: Option<Vec<ShippedLine>>, carrier: &str) {
        let tracking_number = format!("{carrier}{}", self.random.between(10_000_000, 99_999_999));
        let ship = ConfirmShipment {
            order: self.order,
            lines,
            carrier: Some(carrier.into()),
            tracking_number: Some(tracking_number.into()),
        };
        self.step(self.staff.clerk, Command::ConfirmShipment(ship));
    }

    fn track(&mut self, shipment: u16, status: TrackingStatus, place: Option<&str>) {
        let track = RecordTracking {
            order: self.order,
            shipment: Some(shipment),
            checkpoint: format!("{shipment}-{}", status as u8).into(),
            status,
            place: place.map(Into::into),
        };
        self.step(PROVIDER, Command::RecordTracking(track));
    }

    pub(super) fn send_parcels(&mut self) -> Result<(), Failure> {
        let carrier = *self.random.pick(&CARRIERS);
        let is_late = self.random.chance(self.merchant.slow);
        self.later(2 * HOUR_MICROS, if is_late { 60 * HOUR_MICROS } else { 20 * HOUR_MICROS });
        let is_physical = |kind| kind == SkuKind::Physical;
        let units: u32 = self.items.iter().filter(|item| is_physical(item.kind)).map(|item| item.quantity).sum();
        let first_line = self.items.iter().position(|item| is_physical(item.kind)).unwrap_or(0);
        // Cards of the same order went out before, as its first shipment.
        let first = if self.has(SkuKind::Card) { 2 } else { 1 };
        let mut last = first;
        if units > 1 && self.random.chance(180) {
            let line = u16::try_from(first_line + 1)?;
            self.ship(Some(vec![ShippedLine { line, quantity: 1 }]), carrier);
            self.later(HOUR_MICROS, 20 * HOUR_MICROS);
            last += 1;
        }
        self.ship(None, carrier);
        for shipment in first..=last {
            self.later(20 * MINUTE_MICROS, 5 * HOUR_MICROS);
            self.track(shipment, TrackingStatus::Collected, None);
        }
        self.clocks.stop(Clock::Collect, None);
        let place = *self.random.pick(&["上海转运中心", "郑州转运中心", "广州转运中心"]);
        for shipment in first..=last {
            self.later(4 * HOUR_MICROS, 24 * HOUR_MICROS);
            self.track(shipment, TrackingStatus::InTransit, Some(place));
        }
        for shipment in first..=last {
            self.later(6 * HOUR_MICROS, 30 * HOUR_MICROS);
            self.track(shipment, TrackingStatus::OutForDelivery, None);
            self.later(HOUR_MICROS, 9 * HOUR_MICROS);
            self.track(shipment, TrackingStatus::Delivered, None);
        }
        self.delivered();
        Ok(())
    }
}
