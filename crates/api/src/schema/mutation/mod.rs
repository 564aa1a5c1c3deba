//! Mutations: an input becomes a command; a receipt or `userErrors` come back.

mod address;
mod bulk;
mod buy;
mod cards;
mod deliver;
mod disclose;
mod dispute;
mod erase;
mod export;
mod form;
mod merchant;
mod payload;
mod policy;
mod profile;
mod refund;
mod remark;
mod ship;
mod stock;
mod token;

use async_graphql::{Context, ID, Object, Result};

use address::{ApproveAddressChangeInput, RejectAddressChangeInput, RequestAddressChangeInput};
use bulk::{
    BulkAddNoteInput, BulkAddTagInput, BulkApproveRefundsInput, BulkCancelInput, BulkConfirmShipmentInput,
    BulkDeliverCardsInput, BulkEditPriceInput, BulkRecordTrackingInput, BulkSettleRefundsInput, JobInput, JobPayload,
};
use buy::{CancelOrderInput, CancelRestInput, EditPriceInput, FailPaymentInput, PlaceOrderInput, RecordPaymentInput};
use cards::{ImportCardsInput, ImportCardsPayload, RevealCardsPayload};
use deliver::{CompleteTopUpInput, DeliverCardsInput, FailTopUpInput, RevealCardsInput};
use disclose::{ReadEvidenceInput, ReadEvidencePayload, RevealContactInput, RevealContactPayload};
use dispute::{AddEvidenceInput, OpenDisputeInput, ResolveDisputeInput};
use erase::{EraseBuyerInput, EraseBuyerPayload};
use export::{ExportEventsInput, ExportOrdersInput, ExportPayload};
use merchant::{MerchantInput, MoveMerchantInput, RegisterMerchantInput};
use payload::{MerchantPayload, OrderPayload, PolicyPayload, StockPayload};
use policy::SetPolicyInput;
use profile::SetProfileInput;
use refund::{ApproveRefundInput, FailRefundInput, RejectRefundInput, RequestRefundInput, SettleRefundInput};
use remark::{AddNoteInput, AddTagInput, HoldInput, RateOrderInput};
use ship::{ConfirmShipmentInput, RecordTrackingInput};
use stock::{CountStockInput, ReceiveStockInput, SetStockMarkInput};
use token::{IssueTokenInput, IssueTokenPayload, RevokeTokenInput, RevokeTokenPayload};

use super::export::ExportObject;

/// What selecting orders counts for, beside what is shown of the job: some twenty fit into a document.
const BULK: usize = 2_000;

pub(crate) struct MutationRoot;

#[Object(name = "Mutation")]
impl MutationRoot {
    async fn register_merchant(&self, ctx: &Context<'_>, input: RegisterMerchantInput) -> Result<MerchantPayload> {
        payload::merchant(ctx, input.id.clone(), input).await
    }

    /// To another place in its tree, with all that stands below it. Orders keep the place that they were placed at: whoever
    /// stood above sees them still, whoever stands above now sees those to come.
    #[graphql(complexity = "super::query::READ + child_complexity")]
    async fn move_merchant(&self, ctx: &Context<'_>, input: MoveMerchantInput) -> Result<MerchantPayload> {
        merchant::move_below(ctx, input).await
    }

    /// It takes no more orders, and no merchant joins below it. What it has goes on to its end.
    async fn close_merchant(&self, ctx: &Context<'_>, input: MerchantInput) -> Result<MerchantPayload> {
        payload::merchant(ctx, input.merchant.clone(), merchant::Close(input)).await
    }

    async fn reopen_merchant(&self, ctx: &Context<'_>, input: MerchantInput) -> Result<MerchantPayload> {
        payload::merchant(ctx, input.merchant.clone(), merchant::Reopen(input)).await
    }

    /// Applies to clocks that start from now on; those that run are not moved.
    async fn set_policy(&self, ctx: &Context<'_>, input: SetPolicyInput) -> Result<PolicyPayload> {
        payload::policy(ctx, input).await
    }

    /// What a merchant tells of itself: its time zone, and where its buyers pay.
    async fn set_profile(&self, ctx: &Context<'_>, input: SetProfileInput) -> Result<MerchantPayload> {
        payload::merchant(ctx, input.merchant.clone(), input).await
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

    /// Of an order of which nothing was shipped.
    async fn cancel_order(&self, ctx: &Context<'_>, input: CancelOrderInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    /// What was not shipped of an order that was shipped in part: it will not be. Goes back to the stock; what it cost, less
    /// what was refunded, is asked for back; with the last parcel's arrival, or at once, the order is completed.
    async fn cancel_rest(&self, ctx: &Context<'_>, input: CancelRestInput) -> Result<OrderPayload> {
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

    /// All cards of the order that are not delivered yet, the oldest ones of their SKU.
    async fn deliver_cards(&self, ctx: &Context<'_>, input: DeliverCardsInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    /// Shows the secrets of the order's cards, up to 10,000 of them: at most three such fields in one document. That they
    /// were seen, and by whom, is an event.
    #[graphql(complexity = "cards::REVEAL + child_complexity")]
    async fn reveal_cards(&self, ctx: &Context<'_>, input: RevealCardsInput) -> Result<RevealCardsPayload> {
        cards::reveal(ctx, input).await
    }

    async fn complete_top_up(&self, ctx: &Context<'_>, input: CompleteTopUpInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn fail_top_up(&self, ctx: &Context<'_>, input: FailTopUpInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    /// Another address, or another account for a top-up: the order waits until somebody else approves or rejects it.
    async fn request_address_change(
        &self,
        ctx: &Context<'_>,
        input: RequestAddressChangeInput,
    ) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn approve_address_change(
        &self,
        ctx: &Context<'_>,
        input: ApproveAddressChangeInput,
    ) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn reject_address_change(&self, ctx: &Context<'_>, input: RejectAddressChangeInput) -> Result<OrderPayload> {
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

    async fn open_dispute(&self, ctx: &Context<'_>, input: OpenDisputeInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    async fn add_evidence(&self, ctx: &Context<'_>, input: AddEvidenceInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    /// What was said for the sides of the order's disputes. That it was read, and by whom, is an event.
    #[graphql(complexity = "super::query::READ + 20 * child_complexity")]
    async fn read_evidence(&self, ctx: &Context<'_>, input: ReadEvidenceInput) -> Result<ReadEvidencePayload> {
        disclose::evidence(ctx, input).await
    }

    /// Who the buyer is and where the order goes, for those who see that masked. That it was seen, by whom and why, is an event.
    #[graphql(complexity = "super::query::READ + child_complexity")]
    async fn reveal_contact(&self, ctx: &Context<'_>, input: RevealContactInput) -> Result<RevealContactPayload> {
        disclose::contact(ctx, input).await
    }

    async fn resolve_dispute(&self, ctx: &Context<'_>, input: ResolveDisputeInput) -> Result<OrderPayload> {
        payload::order(ctx, input).await
    }

    /// Card secrets for a SKU; each counts as one unit of its stock.
    async fn import_cards(&self, ctx: &Context<'_>, input: ImportCardsInput) -> Result<ImportCardsPayload> {
        cards::import(ctx, input).await
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

    /// A new credential. An owner issues those of its own merchant.
    async fn issue_token(&self, ctx: &Context<'_>, input: IssueTokenInput) -> Result<IssueTokenPayload> {
        token::issue(ctx, input).await
    }

    /// Ends a credential, at once: also what its bearer has open. What it did stays in the log.
    async fn revoke_token(&self, ctx: &Context<'_>, input: RevokeTokenInput) -> Result<RevokeTokenPayload> {
        token::revoke(ctx, input).await
    }

    /// What is left of each order goes out, by `ids`, `numbers`, `where` or `rows`. Opens a job.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn bulk_confirm_shipment(&self, ctx: &Context<'_>, input: BulkConfirmShipmentInput) -> Result<JobPayload> {
        bulk::open(ctx, input).await
    }

    /// All cards of each order that are not delivered yet. Opens a job.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn bulk_deliver_cards(&self, ctx: &Context<'_>, input: BulkDeliverCardsInput) -> Result<JobPayload> {
        bulk::open(ctx, input).await
    }

    /// The same checkpoint of each order's parcel. Opens a job.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn bulk_record_tracking(&self, ctx: &Context<'_>, input: BulkRecordTrackingInput) -> Result<JobPayload> {
        bulk::open(ctx, input).await
    }

    /// Opens a job that cancels each order.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn bulk_cancel(&self, ctx: &Context<'_>, input: BulkCancelInput) -> Result<JobPayload> {
        bulk::open(ctx, input).await
    }

    /// Opens a job that adds a note to each order.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn bulk_add_note(&self, ctx: &Context<'_>, input: BulkAddNoteInput) -> Result<JobPayload> {
        bulk::open(ctx, input).await
    }

    /// Opens a job that adds a tag to each order.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn bulk_add_tag(&self, ctx: &Context<'_>, input: BulkAddTagInput) -> Result<JobPayload> {
        bulk::open(ctx, input).await
    }

    /// Opens a job that edits prices of each order, by line or by SKU.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn bulk_edit_price(&self, ctx: &Context<'_>, input: BulkEditPriceInput) -> Result<JobPayload> {
        bulk::open(ctx, input).await
    }

    /// Opens a job with a row for each ticket of the orders that waits for an answer.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn bulk_approve_refunds(&self, ctx: &Context<'_>, input: BulkApproveRefundsInput) -> Result<JobPayload> {
        bulk::open(ctx, input).await
    }

    /// Opens a job with a row for each ticket of the orders that is approved and not paid out.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn bulk_settle_refunds(&self, ctx: &Context<'_>, input: BulkSettleRefundsInput) -> Result<JobPayload> {
        bulk::open(ctx, input).await
    }

    /// A job that was opened with `previewOnly` begins.
    async fn start_job(&self, ctx: &Context<'_>, input: JobInput) -> Result<JobPayload> {
        bulk::start(ctx, input).await
    }

    /// A job ends between two orders: what was done stays.
    async fn cancel_job(&self, ctx: &Context<'_>, input: JobInput) -> Result<JobPayload> {
        bulk::cancel(ctx, input).await
    }

    /// Orders as a file: those that the list would show, as it would show them, at one position.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn export_orders(&self, ctx: &Context<'_>, input: ExportOrdersInput) -> Result<ExportPayload> {
        export::orders(ctx, input).await
    }

    /// The log as a file, up to now. Personal texts stay sealed.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn export_events(&self, ctx: &Context<'_>, input: ExportEventsInput) -> Result<ExportPayload> {
        export::events(ctx, input).await
    }

    /// Destroys the key of a buyer in a tree of merchants: the orders stay, and nobody can read any more who they are, what was
    /// written about them, or where anything went, here or in a backup of the log. That it was done is an event.
    #[graphql(complexity = "BULK + child_complexity")]
    async fn erase_buyer(&self, ctx: &Context<'_>, input: EraseBuyerInput) -> Result<EraseBuyerPayload> {
        erase::erase(ctx, input).await
    }

    /// Ends an export that is under way, and removes a file that is there; null if there is none of that id. That it was
    /// opened stays in the log.
    async fn cancel_export(&self, ctx: &Context<'_>, id: ID) -> Result<Option<ExportObject>> {
        super::export::cancel(ctx, &id).await
    }
}
