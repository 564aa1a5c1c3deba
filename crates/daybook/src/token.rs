//! Credentials.

use std::io;

use daybook_api::NewToken;
use daybook_codec::{format_time, parse_time};
use daybook_domain::command::{Command, IssueToken};
use daybook_domain::time::{HOUR_MICROS, MINUTE_MICROS};
use daybook_domain::{Kind, MerchantId, Role, Slot, State, StreamId, Timestamp};
use daybook_engine::{Reader, Request};
use daybook_views::query::TokenEntry;
use serde_json::json;
use uuid::Uuid;

use crate::cli::{ListArgs, RevokeArgs, RoleArg, TokenArgs};
use crate::console::{Console, Ended, out};
use crate::data::{self, Access};
use crate::failure::Failure;
use crate::{clock, table, uses};

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

/// A credential that nobody has yet.
pub(crate) fn new_token() -> io::Result<NewToken> {
    NewToken::make(clock::random_id(), |bits| {
        getrandom::fill(bits).map_err(|error| io::Error::other(format!("the system gave no random bytes: {error}")))
    })
}

fn issue(new: &NewToken, role: Role, merchant: Option<MerchantId>, label: &str) -> IssueToken {
    let (secret_sha256, label) = (new.secret_sha256(), label.into());
    IssueToken { secret_sha256, id: new.id, role, merchant, expires_at: None, label, buyer: None }
}

/// A hundred years.
const LONGEST: i64 = 36_525 * 24 * HOUR_MICROS;

/// When a token ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expiry {
    /// Microseconds from now.
    After(i64),
    At(Timestamp),
}

impl Expiry {
    fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || {
            let like = "90d, 12h, 30m or 2027-01-31T00:00:00Z";
            Failure::new(format!(
                "--expires {text:?} is neither a time from now nor one of the calendar, such as {like}"
            ))
        };
        let unit = match text.chars().last() {
            Some('d') => 24 * HOUR_MICROS,
            Some('h') => HOUR_MICROS,
            Some('m') => MINUTE_MICROS,
            _ => return parse_time(text).map(Self::At).map_err(|_| wrong()),
        };
        let count = text[..text.len() - 1].parse::<u32>().ok().filter(|count| *count > 0).ok_or_else(wrong)?;
        let after = i64::from(count).checked_mul(unit).filter(|after| *after <= LONGEST).ok_or_else(wrong)?;
        Ok(Self::After(after))
    }

    fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::After(micros) => Timestamp(now.0.saturating_add(micros)),
            Self::At(at) => at,
        }
    }
}

fn request(command: Command<String>) -> Request {
    Request::live(clock::new_command_id(), data::OPERATOR, command)
}

/// A new secret, and the command that makes it a credential.
pub(crate) fn new_platform_token(label: &str) -> Result<(String, Request), Failure> {
    let new = new_token()?;
    let issue = issue(&new, Role::Platform, None, label);
    Ok((new.secret, request(Command::IssueToken(issue))))
}

pub(crate) fn create(args: &TokenArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let merchant = args.merchant.as_deref().map(data::merchant_id).transpose()?;
    let expiry = args.expires.as_deref().map(Expiry::parse).transpose()?;
    let new = new_token()?;
    let role = role(args.role);
    let id = new.id;
    let opened = access.open_or_make(console)?;
    let buyer = match (&args.buyer, &merchant) {
        (Some(account), Some(merchant)) => Some(buyer_of(&opened.reader, merchant, account)?),
        (Some(_), None) => return Err(Failure::new("a buyer is one of a merchant: say which with --merchant")),
        (None, _) => None,
    };
    let expires_at = expiry.map(|expiry| expiry.from(opened.engine.now()));
    let issue = IssueToken { expires_at, buyer, ..issue(&new, role, merchant, &args.label) };
    let receipt = opened.engine.submit(request(Command::IssueToken(issue))).wait()?;
    let until = expires_at.map(|at| format!(" until {}", format_time(at))).unwrap_or_default();
    console.say(&format!(
        "token {id} of role {}{until}, recorded at position {}; it is shown only now:",
        role.name(),
        receipt.position
    ));
    console.print(&format!("{}\n", new.secret))?;
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
    let opened = access.open(console)?;
    let token = find(&opened.reader, &args.id)?;
    let revoke = Command::RevokeToken { token: token.stream };
    let receipt = opened.engine.submit(request(revoke)).wait()?;
    console.say(&format!("token {} revoked, recorded at position {}", args.id, receipt.position));
    Ok(Ended::Well)
}

/// The one with this id.
pub(crate) fn find(reader: &Reader, id: &str) -> Result<TokenEntry, Failure> {
    let wanted = Uuid::parse_str(id)
        .map_err(|_| Failure::new(format!("{id:?} is no token's id; `daybook token list` shows all")))?;
    let found = all(reader)?.into_iter().find(|token| token.id == wanted);
    found.ok_or_else(|| Failure::new(format!("there is no token with the id {id}; `daybook token list` shows all")))
}

/// In the order in which they were issued.
fn all(reader: &Reader) -> Result<Vec<TokenEntry>, Failure> {
    let mut tokens: Vec<TokenEntry> = Vec::new();
    reader.each_of(&[Kind::TokenIssued, Kind::TokenRevoked], |recorded| {
        if let Some(token) = TokenEntry::issued(&recorded) {
            tokens.push(token);
        } else if let Some(token) = tokens.iter_mut().find(|token| token.stream == recorded.stream) {
            token.revoked_at = Some(recorded.recorded_at);
        }
    })?;
    Ok(tokens)
}

pub(crate) fn list(args: &ListArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let opened = access.open(console)?;
    let tokens = all(&opened.reader)?;
    let uses = opened.uses.unwrap_or_else(|| {
        let (uses, damage) = uses::load(access.dir());
        if let Some(why) = damage {
            console.say(&format!("warning: {why}"));
        }
        uses
    });
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
                    "createdAt": format_time(token.issued.at),
                    "expiresAt": token.expires_at.map(format_time),
                    "revokedAt": token.revoked_at.map(format_time),
                    "lastUsedAt": uses.last(token.id).map(format_time),
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
                format_time(token.issued.at),
                time(token.expires_at),
                time(token.revoked_at),
                time(uses.last(token.id)),
                token.label.to_string(),
            ]
        });
        text = table::text(["id", "role", "merchant", "created", "expires", "revoked", "last used", "label"], rows);
    }
    console.print(&text)?;
    Ok(Ended::Well)
}
