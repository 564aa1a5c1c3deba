//! Mutations: an input becomes a command; a receipt or `userErrors` come back.

mod buy;
mod form;
mod payload;
mod refund;
mod remark;
mod ship;
mod stock;

use async_graphql::{Context, Object, Result};

use buy::{
    CancelOrderInput, EditPriceInput, FailPaymentInput, PlaceOrderInput, RecordPaymentInput, RegisterMerchantInput,
};
use payload::{MerchantPayload, OrderPayload, StockPayload};
use refund::{ApproveRefundInput, FailRefundInput, RejectRefundInput, RequestRefundInput, SettleRefundInput};
use remark::{AddNoteInput, AddTagInput, HoldInput, RateOrderInput};
use ship::{ConfirmShipmentInput, RecordTrackingInput};
use stock::{CountStockInput, ReceiveStockInput, SetStockMarkInput};

pub(crate) struct MutationRoot;

#[Object(name = "Mutation")]
impl MutationRoot {
    async fn register_merchant(&self, ctx: &Context<'_>, input: RegisterMerchantInput) -> Result<MerchantPayload> {
        payload::merchant(ctx, input).await
    }

    async fn place_order(&self, ctx: &Context<'_>, input: PlaceOrderInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn edit_price(&self, ctx: &Context<'_>, input: EditPriceInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn record_payment(&self, ctx: &Context<'_>, input: RecordPaymentInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn fail_payment(&self, ctx: &Context<'_>, input: FailPaymentInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn cancel_order(&self, ctx: &Context<'_>, input: CancelOrderInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn place_hold(&self, ctx: &Context<'_>, input: HoldInput) -> Result<OrderPayload> {
        payload::order(ctx, remark::PlaceHold(input)).await
    }

    async fn release_hold(&self, ctx: &Context<'_>, input: HoldInput) -> Result<OrderPayload> {
        payload::order(ctx, remark::ReleaseHold(input)).await
    }

    async fn confirm_shipment(&self, ctx: &Context<'_>, input: ConfirmShipmentInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn record_tracking(&self, ctx: &Context<'_>, input: RecordTrackingInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn request_refund(&self, ctx: &Context<'_>, input: RequestRefundInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn approve_refund(&self, ctx: &Context<'_>, input: ApproveRefundInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn reject_refund(&self, ctx: &Context<'_>, input: RejectRefundInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn settle_refund(&self, ctx: &Context<'_>, input: SettleRefundInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn fail_refund(&self, ctx: &Context<'_>, input: FailRefundInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn add_note(&self, ctx: &Context<'_>, input: AddNoteInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn add_tag(&self, ctx: &Context<'_>, input: AddTagInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn rate_order(&self, ctx: &Context<'_>, input: RateOrderInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn receive_stock(&self, ctx: &Context<'_>, input: ReceiveStockInput) -> Result<StockPayload> {
        payload::stock(ctx, input.merchant.clone(), input.sku.clone(), input).await
    }

    /// Where the count differs from what the log says, it is right from then on.
    async fn count_stock(&self, ctx: &Context<'_>, input: CountStockInput) -> Result<StockPayload> {
        payload::stock(ctx, input.merchant.clone(), input.sku.clone(), input).await
    }

    async fn set_stock_mark(&self, ctx: &Context<'_>, input: SetStockMarkInput) -> Result<StockPayload> {
        payload::stock(ctx, input.merchant.clone(), input.sku.clone(), input).await
    }
}
