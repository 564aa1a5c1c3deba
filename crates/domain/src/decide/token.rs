//! Tokens.

use super::Events;
use crate::command::{Context, IssueToken};
use crate::event::{TokenIssued, TokenRevoked};
use crate::ids::Role;
use crate::merchant::Merchant;
use crate::rejection::{Rejection, RoleName};
use crate::state::Facts;

pub(super) fn issue(
    facts: &Facts<'_>,
    merchant: Option<&Merchant>,
    c: &IssueToken,
    context: &Context,
    out: &mut Events,
) -> Result<(), Rejection> {
    if facts.state(out.stream).is_some() {
        return Err(Rejection::TokenExists);
    }
    if c.expires_at.is_some_and(|end| end <= context.now) {
        return Err(Rejection::Invalid { field: "expiresAt", problem: "must be in the future".to_owned() });
    }
    match (&c.merchant, c.role) {
        (Some(id), _) if merchant.is_none() => {
            return Err(Rejection::MerchantUnknown { id: id.clone() });
        }
        (None, Role::Owner | Role::Clerk | Role::Support | Role::Buyer | Role::Webhook) => {
            return Err(Rejection::TokenNeedsMerchant { role: RoleName(c.role) });
        }
        (Some(_), Role::Platform) => {
            let problem = "must be left out: a token of the platform shows every merchant".to_owned();
            return Err(Rejection::Invalid { field: "merchant", problem });
        }
        (Some(_), _) | (None, Role::Platform | Role::Auditor | Role::Analyst | Role::System | Role::Importer) => {}
    }
    if c.buyer.is_some() != (c.role == Role::Buyer) {
        return Err(Rejection::TokenNeedsBuyer);
    }
    out.push(TokenIssued {
        id: c.id,
        role: c.role,
        merchant: c.merchant.clone(),
        expires_at: c.expires_at,
        label: c.label.clone(),
        buyer: c.buyer,
    });
    Ok(())
}

pub(super) fn revoke(facts: &Facts<'_>, out: &mut Events) -> Result<(), Rejection> {
    let token = facts.token(out.stream).ok_or(Rejection::TokenUnknown)?;
    if token.revoked {
        return Err(Rejection::TokenRevoked);
    }
    out.push(TokenRevoked {});
    Ok(())
}
