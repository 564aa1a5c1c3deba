//! Exports, and how far their files are.

use async_graphql::{Context, Enum, ID, Result, SimpleObject};
use daybook_domain::export::Export;
use daybook_domain::{MerchantId, StreamId};
use futures_util::Stream;
use uuid::Uuid;

use super::enums::{ExportFormat, ExportKind};
use super::error::ApiError;
use super::scalar::{DateTime, Position};
use super::{read, services};
use crate::auth::Session;
use crate::exports::{self, Progress, TELL_EVERY};
use crate::http::Services;

/// How far an export is.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum ExportState {
    /// For its turn.
    Waiting,
    Running,
    /// The file can be fetched.
    Done,
    Cancelled,
    /// There is no file, as `message` says.
    Failed,
    /// The file was there for a day.
    Expired,
}

impl ExportState {
    pub(crate) fn is_over(self) -> bool {
        !matches!(self, ExportState::Waiting | ExportState::Running)
    }
}

/// A file that somebody takes out.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
#[graphql(name = "Export")]
pub(crate) struct ExportObject {
    id: ID,
    kind: ExportKind,
    format: ExportFormat,
    pub(crate) state: ExportState,
    /// Rows that were written so far; all of them once it is done.
    rows: Position,
    /// Rows that there are going to be.
    total: Position,
    /// All rows are as of this position of the ledger.
    position: Position,
    /// Whose it is; null: the platform's.
    merchant: Option<ID>,
    /// Where to GET the file, on this server and with the same token; null until it is done.
    url: Option<String>,
    created_at: DateTime,
    /// From then on it cannot be fetched.
    expires_at: DateTime,
    /// How often it was fetched.
    fetched: u32,
    /// Why it failed.
    message: Option<String>,
}

pub(crate) fn id_of(id: &ID) -> Option<StreamId> {
    Uuid::parse_str(id).ok().map(StreamId)
}

/// Looks into the folder of exports.
fn object(services: &Services, id: StreamId, export: &Export) -> std::result::Result<ExportObject, ApiError> {
    let board = services.exports.board()?;
    let progress = board.progress(id, export, services.engine.now());
    let (state, rows) = match &progress {
        Progress::Waiting => (ExportState::Waiting, 0),
        Progress::Running { rows } => (ExportState::Running, *rows),
        Progress::Done => (ExportState::Done, export.rows),
        Progress::Cancelled => (ExportState::Cancelled, 0),
        Progress::Failed(_) => (ExportState::Failed, 0),
        Progress::Expired => (ExportState::Expired, export.rows),
    };
    Ok(ExportObject {
        id: ID(id.to_string()),
        kind: export.kind.into(),
        format: export.format.into(),
        state,
        rows: Position(rows),
        total: Position(export.rows),
        position: Position(export.position),
        merchant: export.merchant.as_ref().map(|id: &MerchantId| ID(id.as_str().to_owned())),
        url: (state == ExportState::Done).then(|| format!("/exports/{id}")),
        created_at: DateTime(export.opened_at),
        expires_at: DateTime(board.expires_at(export)),
        fetched: export.fetched,
        message: if let Progress::Failed(why) = progress { Some(why) } else { None },
    })
}

/// None: there is none of that id, or it is somebody else's.
pub(crate) async fn look_up(ctx: &Context<'_>, id: StreamId) -> Result<Option<ExportObject>> {
    let session = ctx.data::<Session>()?.clone();
    read(ctx, move |services| in_ledger(services, &session, id)).await
}

fn in_ledger(
    services: &Services,
    session: &Session,
    id: StreamId,
) -> std::result::Result<Option<ExportObject>, ApiError> {
    exports::shown(services, session, id)?.map(|export| object(services, id, &export)).transpose()
}

/// Ends one that is under way, and removes a file that is there.
pub(crate) async fn cancel(ctx: &Context<'_>, id: &ID) -> Result<Option<ExportObject>> {
    let Some(id) = id_of(id) else { return Ok(None) };
    let session = ctx.data::<Session>()?.clone();
    read(ctx, move |services| {
        let Some(export) = exports::shown(services, &session, id)? else { return Ok(None) };
        services.exports.board()?.cancel(id, &export);
        object(services, id, &export).map(Some)
    })
    .await
}

/// What a subscriber to an export's progress is at.
struct Watching {
    services: Services,
    session: Session,
    changes: tokio::sync::watch::Receiver<u64>,
    id: StreamId,
    told: Option<ExportObject>,
}

impl Watching {
    /// The next time that it got further; none once it has ended.
    async fn next(&mut self) -> std::result::Result<Option<ExportObject>, ApiError> {
        if self.told.as_ref().is_some_and(|told| told.state.is_over()) {
            return Ok(None);
        }
        loop {
            self.changes.mark_unchanged();
            self.session.renew(&self.services.engine)?;
            let (services, session, id) = (self.services.clone(), self.session.clone(), self.id);
            let looking = tokio::task::spawn_blocking(move || in_ledger(&services, &session, id));
            let now = looking.await.map_err(|error| ApiError::Internal(Box::new(error)))??;
            if let Some(now) = now.filter(|now| self.told.as_ref() != Some(now)) {
                self.told = Some(now.clone());
                return Ok(Some(now));
            }
            if self.changes.changed().await.is_err() {
                return Ok(None);
            }
            // What others get done must not make everybody look at once, again and again.
            tokio::time::sleep(TELL_EVERY).await;
        }
    }
}

pub(crate) async fn progress(ctx: &Context<'_>, id: &ID) -> Result<impl Stream<Item = Result<ExportObject>> + use<>> {
    let (services, session) = (services(ctx)?.clone(), ctx.data::<Session>()?.clone());
    let unknown = || ApiError::Invalid("there is no such export, or it is not yours".into());
    let id = id_of(id).ok_or_else(unknown)?;
    look_up(ctx, id).await?.ok_or_else(unknown)?;
    let changes = services.exports.board()?.watch();
    let watching = Watching { services, session, changes, id, told: None };
    Ok(futures_util::stream::unfold(Some(watching), |watching| async {
        let mut watching = watching?;
        match watching.next().await {
            Ok(Some(export)) => Some((Ok(export), Some(watching))),
            Ok(None) => None,
            Err(error) => Some((Err(error.into()), None)),
        }
    }))
}
