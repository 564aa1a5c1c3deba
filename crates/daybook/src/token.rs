//! Credentials.

use daybook_codec::format_time;
use daybook_domain::command::{Command, IssueToken};
use daybook_domain::{Event, Kind, MerchantId, Role, Slot, State, StreamId, Timestamp};
use daybook_engine::{Reader, Request};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::cli::{ListArgs, RevokeArgs, RoleArg, TokenArgs};
use crate::console::{Console, Ended, out};
use crate::data::{self, Access};
use crate::failure::Failure;
use crate::{clock, table};

fn role(role: RoleArg) -> Role {
    match role {
        RoleArg::Platform => Role::Platform,
        RoleArg::Owner => Role::Owner,
        RoleArg::Clerk => Role::Clerk,
        RoleArg::Support => Role::Support,
        RoleArg::Auditor => Role::Auditor,
        RoleArg::Analyst => Role::Analyst,
        RoleArg::Buyer => Role::Buyer,
        RoleArg::Webhook => Role::Webhook,
    }
}

/// 256 random bits as `dbk_` and 64 hexadecimal digits: the prefix lets scanners for leaked secrets find it.
fn new_secret() -> Result<String, Failure> {
    let mut bits = [0_u8; 32];
    getrandom::fill(&mut bits).map_err(|error| Failure::new(format!("the system gave no random bytes: {error}")))?;
    let hex: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("dbk_{hex}"))
}

fn issue(secret: &str, role: Role, merchant: Option<MerchantId>, label: &str) -> IssueToken {
    IssueToken {
        secret_sha256: Sha256::digest(secret.as_bytes()).into(),
        id: clock::random_id(),
        role,
        merchant,
        expires_at: None,
        label: label.into(),
        buyer: None,
    }
}

fn request(command: Command<String>) -> Request {
    Request::live(clock::new_command_id(), data::OPERATOR, command)
}

/// A new secret, and the command that makes it a credential.
pub(crate) fn new_platform_token(label: &str) -> Result<(String, Request), Failure> {
    let secret = new_secret()?;
    let issue = issue(&secret, Role::Platform, None, label);
    Ok((secret, request(Command::IssueToken(issue))))
}

pub(crate) fn create(args: &TokenArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let merchant = args.merchant.as_deref().map(data::merchant_id).transpose()?;
    let secret = new_secret()?;
    let role = role(args.role);
    let opened = access.open_or_make(console)?;
    let buyer = match (&args.buyer, &merchant) {
        (Some(account), Some(merchant)) => Some(buyer_of(&opened.reader, merchant, account)?),
        (Some(_), None) => return Err(Failure::new("a buyer is one of a merchant: say which with --merchant")),
        (None, _) => None,
    };
    let issue = IssueToken { buyer, ..issue(&secret, role, merchant, &args.label) };
    let id = issue.id;
    let receipt = opened.engine.submit(request(Command::IssueToken(issue))).wait()?;
    console.say(&format!(
        "token {id} of role {}, recorded at position {}; it is shown only now:",
        role.name(),
        receipt.position
    ));
    console.print(&format!("{secret}\n"))?;
    Ok(Ended::Well)
}

/// The key of a buyer's account within the merchant's tree.
fn buyer_of(reader: &Reader, merchant: &MerchantId, account: &str) -> Result<Slot, Failure> {
    let known = match reader.state(StreamId::merchant(merchant))? {
        Some(State::Merchant(known)) => known,
        Some(_) | None => return Err(Failure::new(format!("there is no merchant {merchant}"))),
    };
    reader.buyer_slot(known.tree_root(), account).ok_or_else(|| {
        Failure::new("no buyer with this account has ordered there: a token shows the orders that there are")
    })
}

pub(crate) fn revoke(args: &RevokeArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let id = Uuid::parse_str(&args.id)
        .map_err(|_| Failure::new(format!("{:?} is no token's id; `daybook token list` shows all", args.id)))?;
    let opened = access.open(console)?;
    let issued = all(&opened.reader)?;
    let token = issued.iter().find(|token| token.id == id).ok_or_else(|| {
        Failure::new(format!("there is no token with the id {}; `daybook token list` shows all", args.id))
    })?;
    let revoke = Command::RevokeToken { token: token.stream };
    let receipt = opened.engine.submit(request(revoke)).wait()?;
    console.say(&format!("token {} revoked, recorded at position {}", args.id, receipt.position));
    Ok(Ended::Well)
}

/// All that may be known of a credential; neither its secret nor the secret's hash is in the log.
struct Issued {
    stream: StreamId,
    id: Uuid,
    role: Role,
    merchant: Option<MerchantId>,
    label: Box<str>,
    created: Timestamp,
    expires: Option<Timestamp>,
    revoked: Option<Timestamp>,
}

fn all(reader: &Reader) -> Result<Vec<Issued>, Failure> {
    let mut tokens: Vec<Issued> = Vec::new();
    reader.each_of(&[Kind::TokenIssued, Kind::TokenRevoked], |recorded| {
        if let Event::TokenIssued(token) = recorded.event {
            tokens.push(Issued {
                stream: recorded.stream,
                id: token.id,
                role: token.role,
                merchant: token.merchant,
                label: token.label,
                created: recorded.recorded_at,
                expires: token.expires_at,
                revoked: None,
            });
        } else if let Some(token) = tokens.iter_mut().find(|token| token.stream == recorded.stream) {
            token.revoked = Some(recorded.recorded_at);
        }
    })?;
    Ok(tokens)
}

pub(crate) fn list(args: &ListArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let tokens = all(&access.open(console)?.reader)?;
    let mut text = String::new();
    if args.json {
        for token in &tokens {
            out!(
                text,
                "{}",
                json!({
                    "id": token.id.to_string(),
                    "role": token.role.name(),
                    "merchant": token.merchant.as_ref().map(MerchantId::as_str),
                    "label": token.label,
                    "createdAt": format_time(token.created),
                    "expiresAt": token.expires.map(format_time),
                    "revokedAt": token.revoked.map(format_time),
                })
            );
        }
    } else {
        let time = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), format_time);
        let rows = tokens.iter().map(|token| {
            [
                token.id.to_string(),
                token.role.name().to_owned(),
                token.merchant.as_ref().map_or("–", MerchantId::as_str).to_owned(),
                format_time(token.created),
                time(token.expires),
                time(token.revoked),
                token.label.to_string(),
            ]
        });
        text = table::text(["id", "role", "merchant", "created", "expires", "revoked", "label"], rows);
    }
    console.print(&text)?;
    Ok(Ended::Well)
}
