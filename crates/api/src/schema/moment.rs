//! Which moment a question is about: now, or one that is past.

use std::fmt;
use std::sync::Arc;

use async_graphql::{Context, Result};
use daybook_domain::{Position, Timestamp};
use daybook_views::Views;

use super::error::ApiError;
use super::lookup::AsOf;
use super::scalar::Position as ScalarPosition;
use super::{MAX_STEPS, look, look_in_steps, look_long, read, services};
use crate::auth::Session;
use crate::http::Services;
use crate::reads::Reads;
use crate::shares::Sharer;

#[derive(Clone, Default)]
pub(crate) enum Moment {
    #[default]
    Now,
    Then(Arc<Then>),
}

/// What the ledger knew.
pub(crate) struct Then {
    views: Arc<Views>,
    /// The time that was asked for; of a position when it was recorded.
    at: Timestamp,
}

/// Views are too much to be written out.
impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Now => f.write_str("Now"),
            Moment::Then(then) => write!(f, "Then({})", then.views.position()),
        }
    }
}

/// The last position that was known then, and when that is.
fn locate(services: &Services, as_of: &AsOf) -> Result<(Position, Timestamp), ApiError> {
    match as_of {
        AsOf::Revision(_) => {
            Err(ApiError::Invalid("asOf.revision is one order's: give asOf a position or a time of the ledger".into()))
        }
        AsOf::Position(position) => {
            let position = at_position(services, position.0)?;
            Ok((position, services.reader.recorded_at(position)?.unwrap_or_default()))
        }
        AsOf::Time(time) => Ok((at_time(services, time.0)?, time.0)),
    }
}

fn at_position(services: &Services, position: Position) -> Result<Position, ApiError> {
    let head = services.reader.watermark();
    if position > head {
        let why = format!("asOf.position {position} is not there yet: the ledger ends at {head}");
        return Err(ApiError::Invalid(why));
    }
    Ok(position)
}

/// The last position that was recorded at that time or before; none comes to it any more.
fn at_time(services: &Services, time: Timestamp) -> Result<Position, ApiError> {
    let position = services.engine.position_at(time)?;
    position.ok_or_else(|| ApiError::Invalid("asOf.time has not come yet; leave asOf out to ask about now".into()))
}

/// A moment of one order: nothing comes to it any more.
pub(super) fn settled(services: &Services, as_of: AsOf) -> Result<AsOf, ApiError> {
    let position = match as_of {
        AsOf::Revision(_) => return Ok(as_of),
        AsOf::Position(position) => at_position(services, position.0)?,
        AsOf::Time(time) => at_time(services, time.0)?,
    };
    Ok(AsOf::Position(ScalarPosition(position)))
}

impl Moment {
    /// Waits until the views of then are folded.
    pub(super) async fn of(ctx: &Context<'_>, as_of: Option<AsOf>) -> Result<Self> {
        let Some(as_of) = as_of else { return Ok(Moment::Now) };
        let (position, at) = read(ctx, move |services| locate(services, &as_of)).await?;
        let who = Sharer::of(ctx.data::<Session>()?);
        let views = ctx.data::<Arc<Reads>>()?.past(services(ctx)?, position, who).await?;
        Ok(Moment::Then(Arc::new(Then { views, at })))
    }

    pub(crate) fn is_past(&self) -> bool {
        matches!(self, Moment::Then(_))
    }

    /// What time it is, or was.
    pub(crate) fn now(&self, services: &Services) -> Timestamp {
        match self {
            Moment::Now => services.engine.now(),
            Moment::Then(then) => then.at,
        }
    }

    /// Looks at the views for a short time, where that holds nobody up already.
    pub(crate) fn with<T>(&self, services: &Services, look: impl FnOnce(&Views) -> T) -> T {
        match self {
            Moment::Now => look(&services.host.views()),
            Moment::Then(then) => look(&then.views),
        }
    }

    /// See [`Reads::look`].
    pub(super) async fn look<T: Send + 'static>(
        &self,
        ctx: &Context<'_>,
        ask: impl FnOnce(&Services, &Views) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T> {
        match self {
            Moment::Now => look(ctx, ask).await,
            Moment::Then(then) => then.look(ctx, ask).await,
        }
    }

    /// See [`Reads::look_long`].
    pub(super) async fn look_long<T: Send + 'static>(
        &self,
        ctx: &Context<'_>,
        ask: impl FnOnce(&Services, &Views) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T> {
        match self {
            Moment::Now => look_long(ctx, ask).await,
            Moment::Then(then) => then.look(ctx, ask).await,
        }
    }

    /// Asks the list, given the steps that it may take.
    pub(super) async fn look_in_steps<T: Send + 'static>(
        &self,
        ctx: &Context<'_>,
        ask: impl Fn(&Services, &Views, u64) -> Result<T, ApiError> + Send + Sync + 'static,
    ) -> Result<T> {
        match self {
            Moment::Now => look_in_steps(ctx, ask).await,
            Moment::Then(then) => then.look(ctx, move |services, views| ask(services, views, MAX_STEPS)).await,
        }
    }
}

impl Then {
    async fn look<T: Send + 'static>(
        &self,
        ctx: &Context<'_>,
        ask: impl FnOnce(&Services, &Views) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T> {
        let views = Arc::clone(&self.views);
        let look = move |services: &Services| ask(services, &views);
        Ok(ctx.data::<Arc<Reads>>()?.look_back(services(ctx)?, look).await?)
    }
}
