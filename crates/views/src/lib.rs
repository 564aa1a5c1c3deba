//! Read models: pure folds of the log. No clock, no disk (but for [`store`]), no opened personal data.
//!
//! ```text
//! Views::new() -> Views                       Views::position(&self) -> Position
//! Views::apply(&mut self, &Recorded) -> Result<(), Stopped>      an error once, when a view stops; the others go on
//! Views::status(&self) -> Vec<ViewStatus>                        name, version, position, why it stopped
//! Views::order_list(&self) -> Result<OrderList<'_>, Stopped>
//!     page(&OrderQuery) -> Result<Page, QueryError>              count(&Scope, &Filter) -> Result<u64, QueryError>
//!     by_id(StreamId) -> Option<Row>                             by_number(Option<&MerchantId>, &OrderNumber) -> Vec<Row>
//!     account(Slot) -> Option<BuyerAccount>
//! Views::dashboard(&self) -> Result<Dashboard<'_>, Stopped>
//!     answer(&DashboardQuery<'_>) -> Result<DashboardAnswer, QueryError>
//! Views::merchants(&self) -> &Merchants
//!     get(&MerchantId) -> Option<MerchantEntry>
//!     page(root: Option<&MerchantId>, after: Option<&MerchantId>, first: usize) -> MerchantPage
//!     children(&MerchantId, after: Option<&MerchantId>, first: usize) -> MerchantPage
//! ```

pub mod query;
