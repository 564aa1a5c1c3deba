//! The rows of a page, made together.

use daybook_domain::event::SkuKind;
use daybook_domain::order::{CardLine, counted_lines};
use daybook_domain::stock::summed;
use daybook_domain::{Label, OrderNumber, Sku};

use crate::Row as RowNumber;
use crate::orders::Orders;
use crate::packed::{LineText, Unpacked};
use crate::query::{Row, RowLine};

pub(super) fn of(orders: &Orders, numbers: &[RowNumber]) -> Vec<Row> {
    let Some(&first) = numbers.first() else { return Vec::new() };
    touch(orders, numbers);
    let mut rows = Rows::new(orders, first);
    numbers.iter().map(|&number| rows.row(number)).collect()
}

/// Looks at everything that the orders will be made of. They lie somewhere in memory, far from the processor: asked for in a loop
/// that does nothing else, many come at a time; asked for order by order, each is waited for.
fn touch(orders: &Orders, numbers: &[RowNumber]) {
    let columns = numbers.iter().fold(0, |sum: u64, &number| {
        let row = number as usize;
        let id = orders.ids[row].0.as_bytes()[0];
        let columns = u64::from(orders.places[row]) ^ orders.placed_at[row].0.cast_unsigned();
        sum ^ columns ^ u64::from(orders.currency[row]) ^ u64::from(id)
    });
    let buyers = numbers.iter().fold(0, |sum, &number| sum ^ orders.buyers.slot(orders.buyer[number as usize]).0);
    let packed: Vec<&[u8]> = numbers.iter().map(|&number| orders.packed.get(number)).collect();
    // They are about as long as a line of a cache.
    let ends = packed.iter().fold(0, |sum, bytes| sum ^ bytes.first().unwrap_or(&0) ^ bytes.last().unwrap_or(&0));
    std::hint::black_box((columns, buyers, ends));
}

/// Makes rows one after another.
pub(super) struct Rows<'a> {
    orders: &'a Orders,
    /// Room that is used again for each order.
    room: Unpacked,
    /// Of the merchants that stand in the room.
    place: Option<u32>,
}

impl<'a> Rows<'a> {
    /// For any rows of these orders; there is at least this one.
    pub(super) fn new(orders: &'a Orders, any: RowNumber) -> Self {
        Self { orders, room: orders.blank(any), place: None }
    }

    pub(super) fn row(&mut self, number: RowNumber) -> Row {
        let Self { orders, room, place } = self;
        orders.unpack_into(number, room);
        let row = number as usize;
        if *place != Some(orders.places[row]) {
            *place = Some(orders.places[row]);
            room.order.merchant = orders.merchant_of(number).clone();
            room.order.ancestors = orders.merchants.above(orders.places[row]);
        }
        let mut order = room.order.clone();
        order.tags.extend(room.tags.iter().map(|&tag| Box::from(orders.strings.get(tag))));
        let named = |text: &LineText| RowLine {
            sku: Sku::from_stored(orders.strings.get(text.sku)),
            title: orders.strings.get(text.title).into(),
        };
        let lines: Vec<RowLine> = room.lines.iter().map(named).collect();
        if room.lines.iter().any(|text| text.is_counted) {
            let both = lines.iter().zip(&room.lines).zip(&order.lines);
            let counted = both.filter(|((_, text), _)| text.is_counted);
            order.goods = summed(counted.map(|((named, _), line)| (&named.sku, line.quantity)));
            order.counted_lines = counted_lines(lines.iter().map(|named| &named.sku), &order.goods);
        }
        let both = (1..).zip(lines.iter().zip(&order.lines));
        let cards = both.filter(|(_, (_, line))| line.kind == SkuKind::Card);
        order.card_lines = cards.map(|(line, (named, _))| CardLine { line, sku: named.sku.clone() }).collect();
        Row {
            id: orders.ids[row],
            number: OrderNumber::from_stored(&orders.number(number)),
            lines,
            label: Label::of(order.axes()),
            total_minor: order.total_minor(),
            order,
            revision: room.revision,
            position: room.position,
        }
    }
}
