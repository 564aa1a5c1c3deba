//! What can be asked of the views, and what they answer. Plain data: the edge fills the questions in and writes the
//! answers out.

mod dashboard;
mod merchant;
mod order;
mod queue;
mod stock;
mod token;

pub use dashboard::{
    Basis, Breakdown, BreakdownQuery, ByMerchant, ByProduct, ByReason, Contributor, ContributorQuery, Contributors,
    Counts, DashboardAnswer, DashboardQuery, Day, Figures, Forecast, ForecastError, ForecastHour, ForecastQuery,
    HoursOfWeek, Offset, Peak, ProductFigures, StageAnswer, average_minor, ratio_millionths,
};
pub use merchant::{MerchantEntry, MerchantPage};
pub(crate) use order::CursorKey;
pub use order::{
    BuyerAccount, Condition, Cursor, CursorError, Direction, Dues, Filter, OrderQuery, Page, QueryError, Row, RowLine,
    Scope, Sort, SortField, Take,
};
pub use queue::{
    DeadlineCursor, DeadlineEntry, DeadlinePage, DeadlineQuery, Deliveries, Due, ExceptionCount, ExceptionCursor,
    ExceptionEntry, ExceptionKind, ExceptionPage, ExceptionQuery,
};
pub use stock::{StockEntry, StockPage, StockQuery};
pub use token::{Issuance, TokenEntry, TokenPage};
