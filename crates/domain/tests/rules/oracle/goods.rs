//! Goods that leave and arrive.

use super::{ADDRESS, Answer, CARD, DAY, Life, Order, PARCEL, Parcel, TOP_UP, done_if};

impl Order {
    /// Paid, and nothing in the way.
    pub(super) fn may_ship(&self) -> bool {
        let lives = self.life != Life::Cancelled && !self.is_delivered;
        let is_clear = !self.is_held() && !self.has_open_ticket();
        lives && is_clear && self.paid_at.is_some() && !self.is_fully_refunded()
    }

    /// What is meant without a word: the parcels, or all where no parcel is left.
    fn rest(&self) -> Vec<(u16, u32)> {
        let left = (1..).zip(&self.lines).filter(|(_, line)| line.left > 0);
        let has_parcels = left.clone().any(|(_, line)| line.sku == PARCEL);
        left.filter(|(_, line)| !has_parcels || line.sku == PARCEL).map(|(number, line)| (number, line.left)).collect()
    }

    /// `has_cards`: the shop has cards as secrets, which do not go by parcel.
    pub(super) fn ship(&mut self, asked: Option<&[(u16, u32)]>, is_tracked: bool, has_cards: bool, now: i64) -> Answer {
        let asked: Vec<(u16, u32)> = asked.map_or_else(|| self.rest(), <[_]>::to_vec);
        let mut left: Vec<u32> = self.lines.iter().map(|line| line.left).collect();
        for (number, quantity) in &asked {
            let Some(left) = usize::from(*number).checked_sub(1).and_then(|index| left.get_mut(index)) else {
                return Answer::Refused;
            };
            let Some(rest) = left.checked_sub(*quantity) else { return Answer::Refused };
            if has_cards && self.lines[usize::from(*number) - 1].sku == CARD {
                return Answer::Refused;
            }
            *left = rest;
        }
        if !self.may_ship() || asked.iter().all(|(_, quantity)| *quantity == 0) {
            return Answer::Refused;
        }
        self.lines.iter_mut().zip(left).for_each(|(line, left)| line.left = left);
        self.send(Parcel { is_tracked, status: 0 }, now);
        Answer::Done
    }

    /// Something left; perhaps it was the last, and arrived.
    pub(super) fn send(&mut self, parcel: Parcel, now: i64) {
        self.parcels.push(parcel);
        self.arrive(now);
    }

    pub(super) fn arrive(&mut self, now: i64) {
        if self.left() == 0 && self.parcels.iter().all(|parcel| parcel.has_arrived()) {
            self.is_delivered = true;
            self.life = Life::Completed;
            self.observed_until = now + 7 * DAY;
        }
    }

    pub(super) fn track(&mut self, named: Option<u16>, checkpoint: u8, status: u8, now: i64) -> Answer {
        let index = match named {
            Some(number) => usize::from(number).wrapping_sub(1),
            None if self.parcels.len() == 1 => 0,
            None => return Answer::Refused,
        };
        let Some(parcel) = self.parcels.get_mut(index) else { return Answer::Refused };
        if self.checkpoints.contains(&checkpoint) || self.is_delivered || status < parcel.status {
            return Answer::Refused;
        }
        parcel.status = status;
        self.checkpoints.push(checkpoint);
        self.arrive(now);
        Answer::Done
    }

    /// The top-up that is meant: the named line, or the only one of which something is left.
    fn top_up_meant(&self, named: Option<u16>) -> Option<usize> {
        let is_open = |index: &usize| self.lines[*index].sku == TOP_UP && self.lines[*index].left > 0;
        let open: Vec<usize> = (0..self.lines.len()).filter(is_open).collect();
        match (named, &open[..]) {
            (Some(number), _) => open.iter().copied().find(|index| index + 1 == usize::from(number)),
            (None, [only]) => Some(*only),
            (None, _) => None,
        }
    }

    pub(super) fn top_up(&mut self, named: Option<u16>, quantity: Option<u32>, now: i64) -> Answer {
        let Some(index) = self.top_up_meant(named).filter(|_| self.may_ship()) else { return Answer::Refused };
        let left = self.lines[index].left;
        let quantity = quantity.unwrap_or(left);
        if quantity == 0 || quantity > left {
            return Answer::Refused;
        }
        self.lines[index].left -= quantity;
        self.send(Parcel::ARRIVED, now);
        Answer::Done
    }

    pub(super) fn fail_top_up(&mut self, named: Option<u16>, is_wrong: bool) -> Answer {
        let is_meant = self.top_up_meant(named).is_some() && self.may_ship();
        self.holds[ADDRESS] |= is_meant && is_wrong;
        done_if(is_meant)
    }
}
