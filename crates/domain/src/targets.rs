//! Which streams a command names. Deriving an id is a hash or two, so it is done once, before anybody waits for it.

use crate::command::Command;
use crate::ids::{CommandId, MerchantId, OrderNumber, Sku, StreamId};
use crate::order::{CardLine, Order};
use crate::stock::{Goods, SkuStreams, summed};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// The stream that the command acts on first: its repeats are recognised there.
    pub own: StreamId,
    /// The merchant that must exist: of a new order, token or SKU, or above a new or moved merchant.
    pub merchant: Option<StreamId>,
    /// What a new order takes, or the SKU that the command is about.
    pub stock: Vec<StockTarget>,
}

/// A SKU that is booked on, or looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockTarget {
    pub goods: Goods,
    pub streams: SkuStreams,
}

impl StockTarget {
    fn of(merchant: &MerchantId, goods: Goods) -> Self {
        Self { streams: SkuStreams::of(merchant, &goods.sku), goods }
    }

    /// The cards of an order that are not delivered yet, those of one SKU summed.
    pub(crate) fn of_cards(order: &Order) -> Vec<Self> {
        let left = order.card_lines.iter().map(|card| (&card.sku, order.left_of(card.line)));
        let goods = summed(left).into_iter().filter(|goods| goods.quantity > 0);
        goods.map(|goods| Self::of(&order.merchant, goods)).collect()
    }

    /// The goods of one line of cards.
    pub(crate) fn of_card(order: &Order, card: &CardLine) -> Self {
        let quantity = order.left_of(card.line);
        Self::of(&order.merchant, Goods { sku: card.sku.clone(), quantity })
    }

    /// What an order has taken and not shipped.
    pub(crate) fn of_rest(order: &Order) -> Vec<Self> {
        let left = order.counted_lines.iter().filter_map(|counted| {
            let goods = order.goods.get(usize::from(counted.goods))?;
            Some((&goods.sku, order.left_of(counted.line)))
        });
        let goods = summed(left).into_iter().filter(|goods| goods.quantity > 0);
        goods.map(|goods| Self::of(&order.merchant, goods)).collect()
    }

    /// What an order that is there has reserved or taken.
    pub(crate) fn of_order(order: &Order) -> Vec<Self> {
        order.goods.iter().map(|goods| Self::of(&order.merchant, goods.clone())).collect()
    }
}

impl Targets {
    pub fn of<T>(command: &Command<T>, command_id: CommandId) -> Self {
        let of_order = |own: StreamId| (own, None, Vec::new());
        let of_merchant = |merchant| (StreamId::merchant(merchant), None, Vec::new());
        let of_sku = |merchant, sku: &Sku| {
            let target = StockTarget::of(merchant, Goods { sku: sku.clone(), quantity: 0 });
            (target.streams.sku, Some(merchant), vec![target])
        };
        let (own, merchant, stock) = match command {
            Command::RegisterMerchant(c) => (StreamId::merchant(&c.id), c.parent.as_ref(), Vec::new()),
            Command::MoveMerchant(c) => (StreamId::merchant(&c.merchant), Some(&c.parent), Vec::new()),
            Command::CloseMerchant { merchant } | Command::ReopenMerchant { merchant } => of_merchant(merchant),
            Command::SetPolicy(c) => of_merchant(&c.merchant),
            Command::SetProfile(c) => of_merchant(&c.merchant),
            Command::RaiseAlert(c) => of_merchant(&c.merchant),
            Command::ClearAlert(c) => of_merchant(&c.merchant),
            Command::Place(c) => {
                let own = match &c.number {
                    Some(number) => StreamId::order(&c.merchant, number),
                    None => StreamId::order(&c.merchant, &OrderNumber::from_command(command_id)),
                };
                let goods = summed(c.lines.iter().map(|line| (&line.sku, line.quantity)));
                let stock = goods.into_iter().map(|goods| StockTarget::of(&c.merchant, goods)).collect();
                (own, Some(&c.merchant), stock)
            }
            Command::IssueToken(c) => (StreamId::token(&c.secret_sha256), c.merchant.as_ref(), Vec::new()),
            Command::ReceiveStock(c) => of_sku(&c.merchant, &c.sku),
            Command::CountStock(c) => of_sku(&c.merchant, &c.sku),
            Command::SetStockMark(c) => of_sku(&c.merchant, &c.sku),
            Command::EditPrice(c) => of_order(c.order),
            Command::RecordPayment(c) => of_order(c.order),
            Command::FailPayment(c) => of_order(c.order),
            Command::ImportCards(c) => of_sku(&c.merchant, &c.sku),
            Command::Expire { order }
            | Command::Remind { order }
            | Command::Close { order }
            | Command::Breach { order, .. }
            | Command::DeliverCards { order }
            | Command::RevealCards { order }
            | Command::ReadEvidence { order } => of_order(*order),
            Command::CompleteTopUp(c) => of_order(c.order),
            Command::FailTopUp(c) => of_order(c.order),
            Command::RequestAddressChange(c) => of_order(c.order),
            Command::ApproveAddressChange(c) => of_order(c.order),
            Command::RejectAddressChange(c) => of_order(c.order),
            Command::OpenDispute(c) => of_order(c.order),
            Command::AddEvidence(c) => of_order(c.order),
            Command::RevealContact(c) => of_order(c.order),
            Command::ResolveDispute(c) => of_order(c.order),
            Command::Cancel(c) | Command::CancelRest(c) => of_order(c.order),
            Command::PlaceHold(c) => of_order(c.order),
            Command::ReleaseHold(c) => of_order(c.order),
            Command::ConfirmShipment(c) => of_order(c.order),
            Command::RecordTracking(c) => of_order(c.order),
            Command::RequestRefund(c) => of_order(c.order),
            Command::ApproveRefund(c) => of_order(c.order),
            Command::RejectRefund(c) => of_order(c.order),
            Command::SettleRefund(c) => of_order(c.order),
            Command::FailRefund(c) => of_order(c.order),
            Command::AddNote(c) => of_order(c.order),
            Command::AddTag(c) => of_order(c.order),
            Command::Rate(c) => of_order(c.order),
            Command::RevokeToken { token } => of_order(*token),
            Command::OpenJob(c) => (StreamId::job(c.merchant.as_ref(), command_id), c.merchant.as_ref(), Vec::new()),
            Command::SelectForJob(c) => of_order(c.job),
            Command::PreviewJob(c) => of_order(c.job),
            Command::StartJob { job } => of_order(*job),
            Command::CheckJob(c) => of_order(c.job),
            Command::AdvanceJob(c) => of_order(c.job),
            Command::CancelJob(c) => of_order(c.job),
            Command::OpenExport(c) => (StreamId::export(c.opener, command_id), c.merchant.as_ref(), Vec::new()),
            Command::FetchExport { export } => of_order(*export),
            Command::EraseBuyer(c) => (StreamId::erasure(&c.merchant, command_id), Some(&c.merchant), Vec::new()),
        };
        Self { own, merchant: merchant.map(StreamId::merchant), stock }
    }
}
