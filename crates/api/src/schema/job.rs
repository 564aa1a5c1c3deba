//! Bulk jobs, how far they are, and what became of their rows.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use daybook_domain::StreamId;
use daybook_domain::job::{Job, JobEnd};
use daybook_views::Views;
use uuid::Uuid;

use super::enums;
use super::error::{ApiError, ErrorCode, UserError};
use super::history::Actor;
use super::moment::Moment;
use super::money::MoneyObject;
use super::order::OrderObject;
use super::page::{self, PageInfo};
use super::query::READ;
use super::scalar::{DateTime, Position};
use super::{look, orders, read};
use crate::access::{Relation, Tenant};
use crate::auth::Session;
use crate::jobs::{self, ResultRow, RowFate};

/// One action on many orders.
#[derive(Clone, Debug)]
pub(crate) struct JobObject {
    pub(crate) id: StreamId,
    pub(crate) job: Arc<Job>,
}

/// What is to be expected of a job that waits.
#[derive(SimpleObject)]
pub(crate) struct JobPreview {
    /// Rows.
    count: u32,
    /// What the orders come to, one a currency.
    totals: Vec<MoneyObject>,
    /// How many rows would be refused, each looked at by itself, the most frequent first.
    refusals: Vec<RefusalCount>,
}

#[derive(SimpleObject)]
pub(crate) struct RefusalCount {
    code: ErrorCode,
    count: u32,
}

/// What became of a row of a job.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum JobRowState {
    Pending,
    Done,
    Refused,
    /// The job ended before it was its turn.
    NotDone,
}

/// A row of a job: one order, or one of its tickets.
pub(crate) struct JobResult {
    job: StreamId,
    row: ResultRow,
    order: Option<Arc<OrderObject>>,
}

#[Object]
impl JobResult {
    /// From 1, in the order of the selection.
    async fn row(&self) -> u32 {
        self.row.number + 1
    }

    /// Null where there is no such order.
    async fn order(&self) -> Option<&OrderObject> {
        self.order.as_deref()
    }

    /// The number, or id, that was asked for, where no order was found.
    async fn number(&self) -> Option<&str> {
        self.row.named.as_ref().map(|number| number.as_str())
    }

    /// Of jobs on refund tickets.
    async fn ticket(&self) -> Option<u16> {
        self.row.ticket
    }

    async fn state(&self) -> JobRowState {
        match self.row.fate {
            RowFate::Pending => JobRowState::Pending,
            RowFate::Done => JobRowState::Done,
            RowFate::Refused { .. } => JobRowState::Refused,
            RowFate::NotDone => JobRowState::NotDone,
        }
    }

    /// The last position of what was written for the row; null when nothing was.
    #[graphql(complexity = "READ")]
    async fn position(&self, ctx: &Context<'_>) -> Result<Option<Position>> {
        let (job, row, order) = (self.job, self.row.number, self.row.order);
        let (Some(order), false) = (order, matches!(self.row.fate, RowFate::Refused { .. })) else { return Ok(None) };
        let position = read(ctx, move |services| jobs::position_of(services, job, row, order)).await?;
        Ok(position.map(Position))
    }

    /// Why the row was refused; empty when it was not.
    async fn user_errors(&self) -> Vec<UserError> {
        match &self.row.fate {
            RowFate::Refused { code, message } => {
                vec![UserError::new(Vec::new(), ErrorCode::from_code(code), message.clone())]
            }
            RowFate::Pending | RowFate::Done | RowFate::NotDone => Vec::new(),
        }
    }
}

#[derive(SimpleObject)]
pub(crate) struct JobResultEdge {
    cursor: String,
    node: Arc<JobResult>,
}

#[derive(SimpleObject)]
pub(crate) struct JobResultConnection {
    nodes: Vec<Arc<JobResult>>,
    edges: Vec<JobResultEdge>,
    page_info: PageInfo,
}

#[Object(name = "Job")]
impl JobObject {
    /// The correlation of all that it did.
    async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    async fn kind(&self) -> enums::JobKind {
        self.job.kind.into()
    }

    async fn state(&self) -> enums::JobState {
        self.job.state().into()
    }

    async fn error_policy(&self) -> enums::ErrorPolicy {
        self.job.policy.into()
    }

    /// Whose job it is; null: the platform's.
    async fn merchant(&self) -> Option<ID> {
        self.job.merchant.as_ref().map(|id| ID(id.as_str().to_owned()))
    }

    /// Who opened it: the actor of all that it does to orders.
    async fn opener(&self) -> Actor {
        self.job.opener.into()
    }

    async fn opened_at(&self) -> DateTime {
        DateTime(self.job.opened_at)
    }

    /// The selection is of this position of the ledger.
    async fn selected_at(&self) -> Position {
        Position(self.job.selected_at)
    }

    /// Rows: one an order; of jobs on refund tickets, one a ticket.
    async fn total(&self) -> u32 {
        self.job.total
    }

    /// Rows that were carried out.
    async fn done(&self) -> u32 {
        self.job.done()
    }

    /// Rows that were refused.
    async fn refused(&self) -> u32 {
        self.job.refused
    }

    /// Why it was cancelled; null when it was not.
    async fn cancel_cause(&self) -> Option<enums::CancelCause> {
        match self.job.end? {
            JobEnd::Cancelled(cause) => Some(cause.into()),
            JobEnd::Done | JobEnd::Refused => None,
        }
    }

    /// Of a job that was opened with `previewOnly`; null until every order was looked at.
    async fn preview(&self) -> Option<JobPreview> {
        let preview = self.job.preview.as_ref()?;
        let counted = |refused: &daybook_domain::job::RefusalCount| RefusalCount {
            code: ErrorCode::from_code(&refused.code),
            count: refused.count,
        };
        Some(JobPreview {
            count: self.job.total,
            totals: preview.totals.iter().map(|total| MoneyObject::of(total.minor, total.currency)).collect(),
            refusals: preview.refusals.iter().map(counted).collect(),
        })
    }

    /// What became of its rows, in the order of the selection.
    #[graphql(complexity = "READ + page::cost(first, None, child_complexity)")]
    async fn results(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        #[graphql(desc = "Those that were refused alone. Of a job that is REFUSED the first of them are known: some \
                          40,000 that are refused alike, a few hundred where each says something else. The others are \
                          NOT_DONE without a reason; the job's `refused` counts all.")]
        refused: Option<bool>,
    ) -> Result<JobResultConnection> {
        let first = page::first(first)?;
        // A cursor is the row's number, from 1: the number from 0 of the next.
        let from = match after {
            None => 0,
            Some(after) => {
                after.parse().map_err(|_| ApiError::Invalid("after is not a cursor of these results".into()))?
            }
        };
        let (id, job, only_refused) = (self.id, Arc::clone(&self.job), refused.unwrap_or_default());
        let (rows, has_next) =
            read(ctx, move |services| jobs::results(services, &job, from, first, only_refused)).await?;
        let tenant = ctx.data::<Session>()?.tenant.clone();
        let nodes = look(ctx, move |services, views| {
            let list = views.order_list()?;
            rows.into_iter()
                .map(|row| {
                    let found = row.order.and_then(|order| list.by_id(order));
                    let found = found.filter(|found| tenant.relation(found.id, &found.order) != Relation::Foreign);
                    let order =
                        orders::objects(services, views, &Moment::Now, &tenant, found.into_iter().collect())?.pop();
                    Ok(Arc::new(JobResult { job: id, row, order }))
                })
                .collect::<std::result::Result<Vec<_>, ApiError>>()
        })
        .await?;
        let edge =
            |node: &Arc<JobResult>| JobResultEdge { cursor: (node.row.number + 1).to_string(), node: Arc::clone(node) };
        let edges: Vec<JobResultEdge> = nodes.iter().map(edge).collect();
        let page_info = PageInfo::of(edges.iter().map(|edge| edge.cursor.as_str()), has_next, from > 0);
        Ok(JobResultConnection { nodes, edges, page_info })
    }
}

#[derive(SimpleObject)]
pub(crate) struct JobEdge {
    cursor: String,
    node: JobObject,
}

#[derive(SimpleObject)]
pub(crate) struct JobConnection {
    nodes: Vec<JobObject>,
    edges: Vec<JobEdge>,
    page_info: PageInfo,
}

/// Whether the token shows the job: a merchant's are shown to that merchant, the platform's to the platform alone.
fn is_shown(tenant: &Tenant, job: &Job) -> bool {
    tenant.own().is_none_or(|own| job.merchant.as_ref() == Some(own))
}

pub(crate) fn id_of(id: &ID) -> Option<StreamId> {
    Uuid::parse_str(id).ok().map(StreamId)
}

/// The job as the views have it; none if it is not there, or not shown.
pub(crate) fn in_views<'a>(
    views: &'a Views,
    tenant: &Tenant,
    id: StreamId,
) -> std::result::Result<Option<&'a Job>, ApiError> {
    Ok(views.jobs()?.get(id).filter(|job| is_shown(tenant, job)))
}

/// From the views, or from the ledger where they have not got to it yet.
pub(crate) async fn look_up(ctx: &Context<'_>, id: StreamId) -> Result<Option<JobObject>> {
    let tenant = ctx.data::<Session>()?.tenant.clone();
    let known = look(ctx, move |_, views| Ok(views.jobs()?.get(id).cloned())).await?;
    let job = match known {
        Some(job) => Some(job),
        None => read(ctx, move |services| jobs::load(services, id)).await?,
    };
    let shown = job.filter(|job| is_shown(&tenant, job));
    Ok(shown.map(|job| JobObject { id, job: Arc::new(job) }))
}

pub(crate) async fn list(ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> Result<JobConnection> {
    let first = page::first(first)?;
    let tenant = ctx.data::<Session>()?.tenant.clone();
    let not_a_cursor = || ApiError::Invalid("after is not a cursor of this list".into());
    let after = after.map(|after| id_of(&ID(after)).ok_or_else(not_a_cursor)).transpose()?;
    look(ctx, move |_, views| {
        let jobs = views.jobs()?;
        // A made-up cursor is answered as one of a job that is not there.
        if after.is_some_and(|after| jobs.get(after).is_none_or(|job| !is_shown(&tenant, job))) {
            return Err(not_a_cursor());
        }
        let mut found = jobs.page(tenant.own(), after, first + 1);
        let has_next = found.len() > first;
        found.truncate(first);
        let nodes: Vec<JobObject> =
            found.into_iter().map(|(id, job)| JobObject { id: *id, job: Arc::new(job.clone()) }).collect();
        let edge = |node: &JobObject| JobEdge { cursor: node.id.to_string(), node: node.clone() };
        let edges: Vec<JobEdge> = nodes.iter().map(edge).collect();
        let page_info = PageInfo::of(edges.iter().map(|edge| edge.cursor.as_str()), has_next, after.is_some());
        Ok(JobConnection { nodes, edges, page_info })
    })
    .await
}
