//! Credentials are issued and revoked.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, Enum, ID, InputObject, Result, SimpleObject};
use daybook_domain::command::IssueToken;
use daybook_domain::{Actor, Command, CommandId, MerchantId, Rejection, Role, Slot, Timestamp};
use daybook_engine::Request;
use daybook_views::query::{Condition, Filter, Issuance, Scope, TokenEntry};
use tokio::time::timeout;
use uuid::Uuid;

use super::form::{Form, input};
use super::payload::{self, Receipt};
use crate::access::Tenant;
use crate::auth::Session;
use crate::http::Services;
use crate::reads::Reads;
use crate::schema::error::{ApiError, ErrorCode, UserError, refused};
use crate::schema::scalar::DateTime;
use crate::schema::token::TokenObject;
use crate::schema::{allowed, look, orders, read, services};

/// How long a command waits for those that issue tokens before it.
pub(super) const TURN_WITHIN: Duration = Duration::from_secs(5);

/// What the bearer of a token may be.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(name = "TokenRole")]
pub(crate) enum TokenRole {
    Platform,
    Owner,
    Clerk,
    Support,
    Auditor,
    Analyst,
    Buyer,
    Webhook,
}

impl From<TokenRole> for Role {
    fn from(role: TokenRole) -> Self {
        match role {
            TokenRole::Platform => Role::Platform,
            TokenRole::Owner => Role::Owner,
            TokenRole::Clerk => Role::Clerk,
            TokenRole::Support => Role::Support,
            TokenRole::Auditor => Role::Auditor,
            TokenRole::Analyst => Role::Analyst,
            TokenRole::Buyer => Role::Buyer,
            TokenRole::Webhook => Role::Webhook,
        }
    }
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct IssueTokenInput {
    /// A UUID that you choose. The same command sent again issues nothing, and does not show the secret again.
    command_id: ID,
    role: TokenRole,
    /// Whose data it shows. The platform leaves it out for its own tokens; for an owner it is its own merchant.
    merchant: Option<String>,
    /// Of a buyer's token: the account whose orders it shows. They must have ordered at the merchant.
    buyer: Option<String>,
    /// When it ends by itself; never, if this is left out.
    expires_at: Option<DateTime>,
    /// What it is for, to recognise it by; not sealed, so nothing about people belongs in it.
    label: Option<String>,
}

/// A new credential.
#[derive(SimpleObject)]
pub(crate) struct IssueTokenPayload {
    /// Null when the command was refused.
    receipt: Option<Receipt>,
    /// What to send as `Authorization: Bearer …`. Shown once: null when the command was refused, or sent before. If it was
    /// lost on the way, revoke the token and issue another one.
    secret: Option<String>,
    /// Null when the command was refused.
    token: Option<TokenObject>,
    /// Why the command was refused; empty when it was carried out.
    user_errors: Vec<UserError>,
}

impl IssueTokenPayload {
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { receipt: None, secret: None, token: None, user_errors }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    role: Role,
    merchant: Option<MerchantId>,
    buyer: Option<Slot>,
    expires_at: Option<Timestamp>,
    label: Box<str>,
}

impl Wanted {
    fn is(&self, token: &TokenEntry) -> bool {
        let Self { role, merchant, buyer, expires_at, label } = self;
        (*role, merchant, *buyer, *expires_at, label)
            == (token.role, &token.merchant, token.buyer, token.expires_at, &token.label)
    }
}

/// None when `form` has noted why not.
fn wanted(form: &mut Form<'_>, tenant: &Tenant, input: IssueTokenInput) -> Result<Option<Wanted>, ApiError> {
    let role = Role::from(input.role);
    let merchant = match (tenant.own(), input.merchant) {
        (Some(_), _) if role == Role::Platform => {
            return Err(ApiError::Forbidden("only the platform issues tokens of the platform"));
        }
        (own, None) => own.cloned(),
        (_, Some(named)) => {
            let Some(merchant) = form.merchant(&named) else { return Ok(None) };
            Some(merchant)
        }
    };
    let (expires_at, label) = (input.expires_at.map(|at| at.0), input.label.unwrap_or_default().into());
    Ok(Some(Wanted { role, merchant, buyer: None, expires_at, label }))
}

pub(crate) async fn issue(ctx: &Context<'_>, input: IssueTokenInput) -> Result<IssueTokenPayload> {
    let services = services(ctx)?;
    let session = ctx.data::<Session>()?;
    let mut form = Form::new(services, &session.tenant);
    let command_id = form.command_id(&input.command_id);
    let account = input.buyer.clone();
    let mut wanted = allowed(ctx, wanted(&mut form, &session.tenant, input))?;
    if let (Some(account), Some(wanted)) = (account, &mut wanted) {
        wanted.buyer = buyer_of(ctx, wanted.merchant.clone(), account).await?;
        if wanted.buyer.is_none() {
            let why = "no buyer with this account has ordered there: a token shows the orders that there are";
            form.wrong("buyer", ErrorCode::TokenNeedsBuyer, why);
        }
    }
    let (Some(command_id), Some(wanted), []) = (command_id, wanted, form.errors.as_slice()) else {
        payload::note_refusal(ctx, command_id, &form.errors);
        return Ok(IssueTokenPayload::refused(form.errors));
    };
    let order = Issuing {
        services: services.clone(),
        reads: Arc::clone(ctx.data::<Arc<Reads>>()?),
        actor: session.actor,
        command_id,
        wanted,
    };
    // Goes on when nobody waits for it any more: who comes next must find what became of it.
    let issued = tokio::spawn(order.once()).await.map_err(|error| ApiError::Internal(Box::new(error)))?;
    let (secret, receipt) = match issued? {
        Ok(issued) => issued,
        Err(refused) => {
            let refused = vec![refused];
            payload::note_refusal(ctx, Some(command_id), &refused);
            return Ok(IssueTokenPayload::refused(refused));
        }
    };
    payload::be_patient(ctx)?;
    let position = receipt.position;
    let event = read(ctx, move |services| Ok(services.reader.event(position)?)).await?;
    let token = event.as_ref().and_then(TokenEntry::issued).map(|entry| TokenObject::of(services, &entry));
    Ok(IssueTokenPayload { receipt: Some((&receipt).into()), secret, token, user_errors: Vec::new() })
}

/// Whoever ordered with this account at the merchant. That somebody ordered at another one of its tree must not be found out.
async fn buyer_of(ctx: &Context<'_>, merchant: Option<MerchantId>, account: String) -> Result<Option<Slot>> {
    let Some(merchant) = merchant else { return Ok(None) };
    look(ctx, move |services, views| {
        let Some(entry) = views.merchants().get(&merchant) else { return Ok(None) };
        let root = entry.ancestors.first().unwrap_or(&merchant);
        let Some(slot) = services.reader.buyer_slot(root, &account) else { return Ok(None) };
        let scope = Scope::Merchants { ids: vec![merchant.clone()], subtree: false };
        let orders = views.order_list()?.count(&scope, &Filter::Is(Condition::Buyer(vec![slot])));
        Ok((orders > 0).then_some(slot))
    })
    .await
}

struct Issuing {
    services: Services,
    reads: Arc<Reads>,
    actor: Actor,
    command_id: CommandId,
    wanted: Wanted,
}

/// The secret, if it may be shown, and the proof; or why not.
type Issued = std::result::Result<(Option<String>, daybook_engine::Receipt), UserError>;

impl Issuing {
    /// A token's stream follows from its secret, and each time that is another one: so the engine does not see that a
    /// command was sent before. One command at a time looks whether its token is there, and issues it if not.
    async fn once(self) -> Result<Issued, ApiError> {
        let services = &self.services;
        let _turn = timeout(TURN_WITHIN, services.credentials.issuing.lock()).await.map_err(|_| ApiError::Busy)?;
        self.reads.follow(services, services.reader.watermark()).await?;
        let command_id = self.command_id;
        let known = self.reads.look(services, move |_, views| Ok(views.tokens()?.of_command(command_id).cloned()));
        if let Some(token) = known.await? {
            return Ok(self.repeated(&token).ok_or_else(|| UserError::of(&Rejection::CommandIdReused)));
        }
        let new = services.credentials.make().map_err(|error| ApiError::Internal(Box::new(error)))?;
        let Wanted { role, merchant, buyer, expires_at, label } = self.wanted;
        let (secret_sha256, id) = (new.secret_sha256(), new.id);
        let issue = IssueToken { secret_sha256, id, role, merchant, expires_at, label, buyer };
        match services.engine.execute(Request::live(command_id, self.actor, Command::IssueToken(issue))).await {
            Ok(receipt) => Ok(Ok((Some(new.secret), receipt))),
            Err(error) => refused(error).map(Err),
        }
    }

    /// None: the command's id was used for another token.
    fn repeated(&self, token: &TokenEntry) -> Option<(Option<String>, daybook_engine::Receipt)> {
        let Issuance { position, command_id, .. } = token.issued;
        let stream = token.stream;
        let receipt = daybook_engine::Receipt { position, command_id, stream, repeated: true, remarks: Vec::new() };
        self.wanted.is(token).then_some((None, receipt))
    }
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct RevokeTokenInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the token to be at.
    expected_revision: Option<i32>,
    /// The token's id.
    pub(crate) token: ID,
}

input!(RevokeTokenInput, |it, form| {
    let id = form.read("token", Uuid::parse_str(&it.token).map_err(|_| "is not a UUID"));
    let Some(id) = id else { return Ok(None) };
    Ok(form.token(id)?.map(|token| Command::RevokeToken { token }))
});

/// A credential that lets nobody in any more.
#[derive(SimpleObject)]
pub(crate) struct RevokeTokenPayload {
    /// Null when the command was refused.
    receipt: Option<Receipt>,
    /// Null when the command was refused.
    token: Option<TokenObject>,
    /// Why the command was refused; empty when it was carried out.
    user_errors: Vec<UserError>,
}

pub(crate) async fn revoke(ctx: &Context<'_>, input: RevokeTokenInput) -> Result<RevokeTokenPayload> {
    let id = input.token.clone();
    let receipt = match payload::execute(ctx, input).await? {
        Ok(receipt) => receipt,
        Err(user_errors) => return Ok(RevokeTokenPayload { receipt: None, token: None, user_errors }),
    };
    orders::follow_done(ctx, receipt.position).await?;
    let id = Uuid::parse_str(&id).unwrap_or_default();
    let token =
        look(ctx, move |services, views| Ok(views.tokens()?.get(id).map(|entry| TokenObject::of(services, entry))))
            .await?;
    Ok(RevokeTokenPayload { receipt: Some((&receipt).into()), token, user_errors: Vec::new() })
}
