//! Reading an input, field by field: each fault is noted with its path, so that all of them are answered at once.

use std::fmt::Display;
use std::sync::RwLockReadGuard;

use async_graphql::{ID, InputObject};
use daybook_domain::reason::Reason;
use daybook_domain::{Command, CommandId, Expected, MerchantId, Money, Position, Rejection, StreamId, Timestamp};
use daybook_views::Views;
use uuid::Uuid;

use crate::access::{Relation, Tenant};
use crate::http::Services;
use crate::schema::enums::ReasonCode;
use crate::schema::error::{ApiError, ErrorCode, UserError};
use crate::schema::lookup::{self, Named, OrderInput};
use crate::schema::money::MoneyInput;

/// Why something is done.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct ReasonInput {
    code: ReasonCode,
    /// About people: kept sealed.
    text: Option<String>,
}

impl From<ReasonInput> for Reason<String> {
    fn from(reason: ReasonInput) -> Self {
        Self { code: reason.code.into(), text: reason.text }
    }
}

/// What every input has.
pub(crate) trait Input: Send + Clone {
    fn command_id(&self) -> &ID;

    fn expected_revision(&self) -> Option<i32>;

    /// Only payments and tracking bring a time of their own.
    fn occurred_at(&self) -> Option<Timestamp> {
        None
    }

    /// None when `form` has noted why not.
    fn command(self, form: &mut Form<'_>) -> Result<Option<Command<String>>, ApiError>;
}

/// Implements [`Input`] for an input with the usual fields; the body gets `self` and the form.
macro_rules! input {
    ($name:ty, $(occurred_at $occurred:ident,)? |$this:ident, $form:ident| $body:block) => {
        impl $crate::schema::mutation::form::Input for $name {
            fn command_id(&self) -> &async_graphql::ID {
                &self.command_id
            }

            fn expected_revision(&self) -> Option<i32> {
                self.expected_revision
            }

            $(fn occurred_at(&self) -> Option<daybook_domain::Timestamp> {
                self.$occurred.map(|at| at.0)
            })?

            fn command(
                self,
                $form: &mut $crate::schema::mutation::form::Form<'_>,
            ) -> Result<Option<daybook_domain::Command<String>>, $crate::schema::error::ApiError> {
                let $this = self;
                $body
            }
        }
    };
}
pub(crate) use input;

pub(crate) struct Form<'a> {
    pub(crate) services: &'a Services,
    tenant: &'a Tenant,
    pub(crate) errors: Vec<UserError>,
    /// An order could not be looked up, because somebody changes the views just now.
    pub(crate) views_are_held: bool,
    waits_for_views: bool,
    /// What the views said may be otherwise once they have got to this position.
    views_are_behind: Option<Position>,
    /// How many of the errors may be gone then.
    missing: usize,
}

impl<'a> Form<'a> {
    pub(crate) fn new(services: &'a Services, tenant: &'a Tenant) -> Self {
        Self {
            services,
            tenant,
            errors: Vec::new(),
            views_are_held: false,
            waits_for_views: false,
            views_are_behind: None,
            missing: 0,
        }
    }

    /// The input is read once more, when so many errors were noted before it, and whoever changes the views is waited for.
    pub(crate) fn again(&mut self, noted: usize) {
        self.errors.truncate(noted);
        self.waits_for_views = true;
        (self.views_are_held, self.views_are_behind, self.missing) = (false, None, 0);
    }

    /// Where the views must have got before the input is read again; none if it would come to the same.
    pub(crate) fn awaits(&self) -> Option<Position> {
        self.views_are_behind.filter(|_| self.errors.len() == self.missing)
    }

    /// `path` below the input, with dots: `lines.0.sku`.
    pub(crate) fn wrong(&mut self, path: &str, code: ErrorCode, message: impl Display) {
        let path = std::iter::once("input").chain(path.split('.')).map(str::to_owned).collect();
        self.errors.push(UserError::new(path, code, message.to_string()));
    }

    pub(crate) fn read<T, E: Display>(&mut self, path: &str, parsed: Result<T, E>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => {
                let name = path.rsplit('.').next().unwrap_or(path);
                self.wrong(path, ErrorCode::InvalidInput, format!("{name} {error}"));
                None
            }
        }
    }

    pub(crate) fn command_id(&mut self, id: &ID) -> Option<CommandId> {
        self.read("commandId", Uuid::parse_str(id).map_err(|_| "is not a UUID")).map(CommandId)
    }

    /// Revisions are from 1; 0 stands for "there is no such stream yet".
    pub(crate) fn expected(&mut self, revision: Option<i32>) -> Option<Expected> {
        match revision.map(u32::try_from) {
            None => Some(Expected::Any),
            Some(Ok(0)) => Some(Expected::NoStream),
            Some(Ok(revision)) => Some(Expected::Exact(revision)),
            Some(Err(_)) => {
                self.wrong("expectedRevision", ErrorCode::InvalidInput, "expectedRevision must not be below zero");
                None
            }
        }
    }

    pub(crate) fn money(&mut self, path: &str, money: &MoneyInput) -> Option<Money> {
        match money.parse() {
            Ok(money) => Some(money),
            Err((field, error)) => {
                self.wrong(&format!("{path}.{field}"), ErrorCode::InvalidInput, error);
                None
            }
        }
    }

    /// A count or number from `min` on.
    pub(crate) fn number<T: TryFrom<i32>>(&mut self, path: &str, number: i32, min: i32) -> Option<T> {
        let parsed = if number < min { None } else { T::try_from(number).ok() };
        self.read(path, parsed.ok_or("is out of range"))
    }

    /// As [`Form::number`], from 1 on, where nothing may be given.
    pub(crate) fn optional_number(&mut self, path: &str, number: Option<i32>) -> Option<Option<u16>> {
        match number {
            None => Some(None),
            Some(number) => self.number(path, number, 1).map(Some),
        }
    }

    /// The merchant that something is done for. One that the token is not of is answered as one that is not there.
    pub(crate) fn merchant(&mut self, id: &str) -> Option<MerchantId> {
        let id = self.read("merchant", MerchantId::new(id))?;
        if self.tenant.is_own(&id) {
            return Some(id);
        }
        self.errors.push(UserError::of(&Rejection::MerchantUnknown { id }));
        None
    }

    /// The views, and where the log ended before; none, and noted, while somebody changes them.
    fn views(&mut self) -> Option<(RwLockReadGuard<'a, Views>, Position)> {
        let (host, end) = (&self.services.host, self.services.reader.watermark());
        let views = if self.waits_for_views { Some(host.views()) } else { host.try_views() };
        self.views_are_held |= views.is_none();
        Some((views?, end))
    }

    /// What the log had before the views were asked counts, though they may not know it yet.
    fn note_behind(&mut self, views: &Views, end: Position) -> bool {
        let is_behind = views.position() < end;
        if is_behind {
            self.views_are_behind = Some(end);
        }
        is_behind
    }

    /// As [`Form::note_behind`] of something that they do not know.
    fn note_missing(&mut self, views: &Views, end: Position) {
        self.missing += usize::from(self.note_behind(views, end));
    }

    /// A credential of those that the token may end; others are answered as such that are not there.
    pub(crate) fn token(&mut self, id: Uuid) -> Result<Option<StreamId>, ApiError> {
        let Some((views, end)) = self.views() else { return Ok(None) };
        let is_shown = |merchant: Option<&MerchantId>| match merchant {
            Some(merchant) => self.tenant.is_own(merchant),
            None => self.tenant.shows_all(),
        };
        let token = views.tokens()?.get(id).filter(|token| is_shown(token.merchant.as_ref()));
        if token.is_none() {
            self.note_missing(&views, end);
            self.errors.push(UserError::of(&Rejection::TokenUnknown));
        }
        Ok(token.map(|token| token.stream))
    }

    /// An order that the token shows; others are answered as such that are not there.
    pub(crate) fn order(&mut self, by: &OrderInput) -> Result<Option<StreamId>, ApiError> {
        let by = match lookup::named(self.services, self.tenant, by) {
            // What is shown and is another merchant's is answered as what is not there: so is what is not shown.
            Named::At(stream) if lookup::relation(self.services, self.tenant, stream)? == Relation::Own => {
                return Ok(Some(stream));
            }
            Named::At(_) | Named::Nowhere => {
                self.errors.push(UserError::of(&Rejection::OrderUnknown));
                return Ok(None);
            }
            Named::InViews(by) => by,
        };
        let Some((views, end)) = self.views() else { return Ok(None) };
        match lookup::order(&views, &by) {
            Ok(Some(stream)) => {
                if by.may_be_ambiguous() {
                    self.note_behind(&views, end);
                }
                Ok(Some(stream))
            }
            Ok(None) => {
                self.note_missing(&views, end);
                self.wrong("order", ErrorCode::OrderUnknown, "there is no such order");
                Ok(None)
            }
            Err(error @ ApiError::NumberAmbiguous) => {
                self.wrong("order", ErrorCode::NumberAmbiguous, error.message());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

pub(crate) fn boxed(text: String) -> Box<str> {
    text.into()
}
