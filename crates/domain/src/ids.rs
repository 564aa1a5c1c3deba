//! Names of things. Where something must be unique, its stream id is *derived* from what must be unique, so that
//! "the stream exists already" is the whole uniqueness check.

use std::fmt;

use sha1::{Digest, Sha1};
use smol_str::SmolStr;
use thiserror::Error;
use uuid::{Builder, Uuid};

use crate::spelling;

/// An event's place in the whole ledger, from 1, without gaps, in commit order.
pub type Position = u64;
/// An event's place in its stream, from 1, without gaps.
pub type Revision = u32;

/// The root of all derived ids. Changing it would make every stored order unreachable.
const NAMESPACE: Uuid = Uuid::from_u128(0x6461_7962_6f6f_6b00_8000_6f72_6465_7231);

/// All events of one thing: an order, a merchant, a payment claim, a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub Uuid);

/// A client-chosen id; the same command sent again returns its first receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub Uuid);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A UUIDv5 of the parts. Each is length-prefixed, so that no two lists of parts share a name. Hashed by `sha1` rather than by
/// `uuid`, which does not use the processor's instructions for it.
fn derive(kind: &str, parts: &[&str]) -> StreamId {
    let mut hash = Sha1::new_with_prefix(NAMESPACE.as_bytes());
    for part in std::iter::once(&kind).chain(parts) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    StreamId(Builder::from_sha1_bytes(id).into_uuid())
}

/// The id of an actor that is no person.
pub(crate) fn system_actor(name: &str) -> Uuid {
    derive("actor", &[name]).0
}

/// The id of whoever an OpenID Connect provider knows under this subject.
pub fn oidc_actor(issuer: &str, subject: &str) -> Uuid {
    derive("oidc", &[issuer, subject]).0
}

/// The id of whoever looked an order up: a person who knows its code.
pub fn look_up_actor(order: StreamId) -> Uuid {
    derive("look-up", &[&order.0.to_string()]).0
}

impl CommandId {
    /// The command that follows from these parts: whoever finds the same to do asks for it under the same id.
    pub fn derived(parts: &[&str]) -> Self {
        Self(derive("command", parts).0)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl StreamId {
    pub fn merchant(id: &MerchantId) -> Self {
        derive("merchant", &[id.as_str()])
    }

    /// An order is (merchant, order number): a number taken twice meets the first order's stream.
    pub fn order(merchant: &MerchantId, number: &OrderNumber) -> Self {
        derive("order", &[merchant.as_str(), number.as_str()])
    }

    /// A payment's claim on (tree, provider, trade number): money is counted once within one merchants' tree.
    pub fn claim(tree_root: &MerchantId, provider: &str, trade_number: &str) -> Self {
        derive("claim", &[tree_root.as_str(), provider, trade_number])
    }

    /// What people do to the stock of a merchant's SKU.
    pub fn sku(merchant: &MerchantId, sku: &Sku) -> Self {
        derive("sku", &[merchant.as_str(), sku.as_str()])
    }

    /// What orders do to the stock of a merchant's SKU.
    pub fn stock(merchant: &MerchantId, sku: &Sku) -> Self {
        derive("stock", &[merchant.as_str(), sku.as_str()])
    }

    /// A card is (tree, keyed hash of its secret): imported once within one merchants' tree.
    pub fn card(tree_root: &MerchantId, fingerprint: &[u8; 16]) -> Self {
        derive("card", &[tree_root.as_str(), &hex(fingerprint)])
    }

    /// A refund's claim on (tree, provider, trade number): what a provider paid out is counted once too.
    pub fn refund_claim(tree_root: &MerchantId, provider: &str, trade_number: &str) -> Self {
        derive("refund-claim", &[tree_root.as_str(), provider, trade_number])
    }

    /// A job is (merchant, or none for the platform, and the id of the command that opens it): opened again, it meets the
    /// first one, and never another merchant's.
    pub fn job(merchant: Option<&MerchantId>, opened_by: CommandId) -> Self {
        derive("job", &[merchant.map_or("", MerchantId::as_str), &opened_by.to_string()])
    }

    /// An export is (whoever opens it, and the id of the command that opens it): opened again, it meets the first one, and
    /// never another one's.
    pub fn export(opener: Uuid, opened_by: CommandId) -> Self {
        derive("export", &[&opener.to_string(), &opened_by.to_string()])
    }

    /// An erasure is (root of the tree, and the id of the command that asks for it): asked for again, it is met, though nothing
    /// leads from the account to it any more.
    pub fn erasure(tree_root: &MerchantId, asked_by: CommandId) -> Self {
        derive("erasure", &[tree_root.as_str(), &asked_by.to_string()])
    }

    /// A token's stream follows from the hash of its secret, so that checking a credential is one look-up.
    pub fn token(secret_sha256: &[u8; 32]) -> Self {
        derive("token", &[&hex(secret_sha256)])
    }
}

/// Why a text cannot be a name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    #[error("is empty")]
    Empty,
    #[error("is longer than {max} characters")]
    TooLong { max: usize },
    #[error("holds {found:?}, which is not allowed here")]
    BadCharacter { found: char },
}

fn checked(text: &str, max: usize, allowed: impl Fn(char) -> bool) -> Result<SmolStr, NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.chars().count() > max {
        return Err(NameError::TooLong { max });
    }
    match text.chars().find(|&c| !allowed(c)) {
        Some(found) => Err(NameError::BadCharacter { found }),
        None => Ok(text.into()),
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:expr, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(SmolStr);

        impl $name {
            /// The longest allowed, in characters.
            pub const MAX_CHARS: usize = $max;

            pub fn new(text: &str) -> Result<Self, NameError> {
                checked(text, Self::MAX_CHARS, $allowed).map(Self)
            }

            /// For decoding what is stored, and nothing else: the log is believed, since the name was checked by the rules of
            /// its day. Rules that grow tighter never make an old event unreadable. Whatever comes from outside goes
            /// through `new`.
            pub fn from_stored(text: &str) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn printable(c: char) -> bool {
    !spelling::is_invisible(c)
}

name!(
    /// A merchant's id, chosen at registration and never changed: ASCII letters, digits, `-`, `_`, `.`.
    MerchantId, 64, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
);
name!(
    /// An order's number, unique within its merchant: printable, without blanks.
    OrderNumber, 64, |c| printable(c) && !c.is_whitespace()
);
name!(
    /// What is sold, in the merchant's own naming: printable, without blanks.
    Sku, 64, |c| printable(c) && !c.is_whitespace()
);
name!(
    /// A short mark on an order, such as `vip`; plain text, so nothing personal belongs in it.
    Tag, 32, printable
);

impl OrderNumber {
    /// The number of an order placed without one. It follows from the command's id, so that a retry meets its order.
    pub fn from_command(id: CommandId) -> Self {
        const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut bits = id.0.as_u128();
        let mut text = [b'0'; 27];
        text[0] = b'D';
        for place in text[1..].iter_mut().rev() {
            *place = DIGITS[(bits & 31) as usize];
            bits >>= 5;
        }
        Self(std::str::from_utf8(&text).expect("digits alone").into())
    }
}

/// On whose behalf something is done. Kept in every event's envelope: a pseudonymous id, never a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    pub id: Uuid,
    pub role: Role,
}

/// What an actor is. The numbers are stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    System = 0,
    Platform = 1,
    Owner = 2,
    Clerk = 3,
    Support = 4,
    Auditor = 5,
    Analyst = 6,
    Buyer = 7,
    Webhook = 8,
    Importer = 9,
}

impl Role {
    pub const ALL: [Role; 10] = [
        Role::System,
        Role::Platform,
        Role::Owner,
        Role::Clerk,
        Role::Support,
        Role::Auditor,
        Role::Analyst,
        Role::Buyer,
        Role::Webhook,
        Role::Importer,
    ];

    pub fn code(self) -> u8 {
        self as u8
    }

    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::Platform => "platform",
            Role::Owner => "owner",
            Role::Clerk => "clerk",
            Role::Support => "support",
            Role::Auditor => "auditor",
            Role::Analyst => "analyst",
            Role::Buyer => "buyer",
            Role::Webhook => "webhook",
            Role::Importer => "importer",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_are_frozen() {
        let merchant = MerchantId::new("m1").unwrap();
        let number = OrderNumber::new("A-1").unwrap();
        assert_eq!(StreamId::merchant(&merchant).to_string(), "88c6b19d-e7a7-5eb2-9b26-75a6c464c46d");
        assert_eq!(StreamId::order(&merchant, &number).to_string(), "6d1bf42e-3a91-5910-af05-d2ea6422a55b");
        assert_eq!(StreamId::claim(&merchant, "alipay", "T1").to_string(), "e08540fd-4c1d-57e0-9536-ca534eb2b1f5");
        let sku = Sku::new("card-50").unwrap();
        assert_eq!(StreamId::sku(&merchant, &sku).to_string(), "7af6c4b6-5a70-5906-bb88-1aa6519bad57");
        assert_eq!(StreamId::stock(&merchant, &sku).to_string(), "f3714e7b-e045-5c1f-a31f-ee8f6f3fae46");
        assert_eq!(StreamId::card(&merchant, &[7; 16]).to_string(), "cd613f3b-3859-5136-9e0a-49a3fe9f716a");
        let refund = StreamId::refund_claim(&merchant, "alipay", "R1");
        assert_eq!(refund.to_string(), "8fc0ccab-9ef2-5810-ba4e-482e06c1f70a");
        assert_eq!(oidc_actor("https://id.example", "ann").to_string(), "9112c113-2f93-5906-b3ca-4e49bddf6bcc");
        let job = StreamId::job(Some(&merchant), CommandId(Uuid::from_u128(7)));
        assert_eq!(job.to_string(), "5a61e6ba-5651-562e-8b8f-0a66c21f5ed4");
        let erasure = StreamId::erasure(&merchant, CommandId(Uuid::from_u128(7)));
        assert_eq!(erasure.to_string(), "264052ca-d700-5be9-92cf-49efdbf5d0eb");
        assert_eq!(StreamId::token(&[7; 32]).to_string(), "5fdfce6a-e304-50ba-bc8b-95a53729f69a");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(derive("order", &["ab", "c"]), derive("order", &["a", "bc"]));
    }

    #[test]
    fn an_omitted_number_follows_from_the_command() {
        let id = CommandId(Uuid::from_u128(1));
        assert_eq!(OrderNumber::from_command(id).as_str(), "D00000000000000000000000001");
        let id = CommandId(Uuid::from_u128(u128::MAX));
        assert_eq!(OrderNumber::from_command(id).as_str(), "D7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    }

    #[test]
    fn stored_names_are_believed() {
        let long = "x".repeat(1_000);
        for text in ["", "a b", "\0", &long] {
            assert!(MerchantId::new(text).is_err());
            assert_eq!(MerchantId::from_stored(text).as_str(), text);
        }
        assert_eq!(Ok(Tag::from_stored("vip")), Tag::new("vip"));
    }

    #[test]
    fn names_are_checked() {
        assert_eq!(MerchantId::new(""), Err(NameError::Empty));
        assert_eq!(MerchantId::new("a b"), Err(NameError::BadCharacter { found: ' ' }));
        assert_eq!(OrderNumber::new(&"x".repeat(65)), Err(NameError::TooLong { max: 64 }));
        assert!(OrderNumber::new("订单-1").is_ok());
    }
}
