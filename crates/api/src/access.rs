//! Who may ask for what: the one table, and whose orders a token shows.

use async_graphql::Positioned;
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use daybook_domain::{MerchantId, Order, Role, Slot, StreamId};
use daybook_views::query::Scope;

use crate::schema::error::ApiError;
use crate::schema::lookup;

use Role::{Analyst, Auditor, Buyer, Clerk, Owner, Platform, Support, Webhook};

const EVERYBODY: &[Role] = &[Platform, Owner, Clerk, Support, Auditor, Analyst, Buyer, Webhook];
/// Those who see orders.
const ORDERS: &[Role] = &[Platform, Owner, Clerk, Support, Auditor, Buyer];
/// Those who see what a shop has to do.
const WORK: &[Role] = &[Platform, Owner, Clerk, Support, Auditor];
const FIGURES: &[Role] = &[Platform, Owner, Clerk, Auditor, Analyst];
const TREE: &[Role] = &[Platform, Owner, Clerk, Support, Auditor, Analyst];
/// Those who ask who did what.
const AUDIT: &[Role] = &[Platform, Owner, Auditor];
const LOG: &[Role] = &[Platform, Auditor, Analyst];
/// Those who run a shop, and the platform.
const SHOP: &[Role] = &[Platform, Owner, Clerk];
/// Those who talk with buyers.
const DESK: &[Role] = &[Platform, Owner, Clerk, Support];
const DESK_AND_BUYER: &[Role] = &[Platform, Owner, Clerk, Support, Buyer];
const SHOP_AND_BUYER: &[Role] = &[Platform, Owner, Clerk, Buyer];
/// What providers and carriers tell.
const TOLD: &[Role] = &[Platform, Owner, Clerk, Webhook];
const OWNER: &[Role] = &[Platform, Owner];
const PLATFORM: &[Role] = &[Platform];

/// Every field of a root, with the roles that may ask for it. A test holds that none is missing.
#[rustfmt::skip]
pub(crate) const FIELDS: &[(OperationType, &str, &[Role])] = &[
    (OperationType::Query, "orders", ORDERS),
    (OperationType::Query, "ordersCount", ORDERS),
    (OperationType::Query, "order", ORDERS),
    (OperationType::Query, "dashboard", FIGURES),
    (OperationType::Query, "dashboardEvents", FIGURES),
    (OperationType::Query, "events", LOG),
    (OperationType::Query, "auditLog", AUDIT),
    (OperationType::Query, "orderEvidence", AUDIT),
    (OperationType::Query, "viewer", EVERYBODY),
    (OperationType::Query, "merchants", TREE),
    (OperationType::Query, "merchant", TREE),
    (OperationType::Query, "stock", WORK),
    (OperationType::Query, "stockCount", WORK),
    (OperationType::Query, "exceptions", WORK),
    (OperationType::Query, "exceptionsCount", WORK),
    (OperationType::Query, "deadlines", WORK),
    (OperationType::Query, "deadlinesCount", WORK),
    (OperationType::Query, "node", ORDERS),
    (OperationType::Query, "tokens", OWNER),
    (OperationType::Query, "job", SHOP),
    (OperationType::Query, "jobs", SHOP),
    (OperationType::Query, "export", DESK),
    (OperationType::Mutation, "registerMerchant", PLATFORM),
    (OperationType::Mutation, "moveMerchant", PLATFORM),
    (OperationType::Mutation, "closeMerchant", PLATFORM),
    (OperationType::Mutation, "reopenMerchant", PLATFORM),
    (OperationType::Mutation, "setPolicy", OWNER),
    (OperationType::Mutation, "setProfile", OWNER),
    (OperationType::Mutation, "placeOrder", SHOP),
    (OperationType::Mutation, "editPrice", SHOP),
    (OperationType::Mutation, "recordPayment", TOLD),
    (OperationType::Mutation, "failPayment", TOLD),
    (OperationType::Mutation, "cancelOrder", SHOP),
    (OperationType::Mutation, "cancelRest", SHOP),
    (OperationType::Mutation, "placeHold", DESK),
    (OperationType::Mutation, "releaseHold", SHOP),
    (OperationType::Mutation, "deliverCards", SHOP),
    (OperationType::Mutation, "revealCards", SHOP_AND_BUYER),
    (OperationType::Mutation, "completeTopUp", TOLD),
    (OperationType::Mutation, "failTopUp", TOLD),
    (OperationType::Mutation, "requestAddressChange", DESK_AND_BUYER),
    (OperationType::Mutation, "approveAddressChange", SHOP),
    (OperationType::Mutation, "rejectAddressChange", SHOP),
    (OperationType::Mutation, "confirmShipment", SHOP),
    (OperationType::Mutation, "recordTracking", TOLD),
    (OperationType::Mutation, "requestRefund", DESK_AND_BUYER),
    (OperationType::Mutation, "approveRefund", SHOP),
    (OperationType::Mutation, "rejectRefund", SHOP),
    (OperationType::Mutation, "settleRefund", TOLD),
    (OperationType::Mutation, "failRefund", TOLD),
    (OperationType::Mutation, "addNote", DESK),
    (OperationType::Mutation, "addTag", DESK),
    (OperationType::Mutation, "rateOrder", SHOP_AND_BUYER),
    (OperationType::Mutation, "openDispute", DESK_AND_BUYER),
    (OperationType::Mutation, "addEvidence", DESK_AND_BUYER),
    (OperationType::Mutation, "readEvidence", DESK),
    (OperationType::Mutation, "revealContact", DESK),
    (OperationType::Mutation, "resolveDispute", PLATFORM),
    (OperationType::Mutation, "importCards", SHOP),
    (OperationType::Mutation, "receiveStock", SHOP),
    (OperationType::Mutation, "countStock", SHOP),
    (OperationType::Mutation, "setStockMark", SHOP),
    (OperationType::Mutation, "issueToken", OWNER),
    (OperationType::Mutation, "revokeToken", OWNER),
    (OperationType::Mutation, "eraseBuyer", OWNER),
    (OperationType::Mutation, "bulkConfirmShipment", SHOP),
    (OperationType::Mutation, "bulkDeliverCards", SHOP),
    (OperationType::Mutation, "bulkRecordTracking", SHOP),
    (OperationType::Mutation, "bulkCancel", SHOP),
    (OperationType::Mutation, "bulkAddNote", SHOP),
    (OperationType::Mutation, "bulkAddTag", SHOP),
    (OperationType::Mutation, "bulkEditPrice", SHOP),
    (OperationType::Mutation, "bulkApproveRefunds", SHOP),
    (OperationType::Mutation, "bulkSettleRefunds", SHOP),
    (OperationType::Mutation, "startJob", SHOP),
    (OperationType::Mutation, "cancelJob", SHOP),
    (OperationType::Mutation, "exportOrders", DESK),
    (OperationType::Mutation, "exportEvents", PLATFORM),
    (OperationType::Mutation, "cancelExport", DESK),
    (OperationType::Subscription, "orderEvents", WORK),
    (OperationType::Subscription, "queueChanges", WORK),
    (OperationType::Subscription, "alerts", WORK),
    (OperationType::Subscription, "jobProgress", SHOP),
    (OperationType::Subscription, "exportProgress", DESK),
];

/// The table, for those who write about it: `Query`, `Mutation` or `Subscription`, the field, who may ask for it.
pub fn table() -> impl Iterator<Item = (&'static str, &'static str, &'static [Role])> {
    FIELDS.iter().map(|&(operation, field, roles)| {
        let root = match operation {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        (root, field, roles)
    })
}

/// Whether any field is for this role: if not, its tokens are not let in.
pub(crate) fn is_let_in(role: Role) -> bool {
    FIELDS.iter().any(|(.., roles)| roles.contains(&role))
}

/// Whether a role may follow anything: if not, it needs no WebSocket.
pub(crate) fn may_follow(role: Role) -> bool {
    FIELDS.iter().any(|(operation, _, roles)| *operation == OperationType::Subscription && roles.contains(&role))
}

/// Whether it is a field of ours, and no word of whoever asks.
pub(crate) fn is_field(name: &str) -> bool {
    FIELDS.iter().any(|(_, field, _)| *field == name)
}

/// Whether a role may ask about merchants themselves, however it came by one.
pub(crate) fn sees_merchants(role: Role) -> bool {
    may(role, OperationType::Query, "merchant")
}

/// Whether a role may ask for whole orders, however it came by one.
pub(crate) fn sees_orders(role: Role) -> bool {
    may(role, OperationType::Query, "order")
}

/// Whether a role may ask for a mutation.
pub(crate) fn may_do(role: Role, field: &str) -> bool {
    may(role, OperationType::Mutation, field)
}

fn may(role: Role, operation: OperationType, field: &str) -> bool {
    if field.starts_with("__") {
        return true;
    }
    match FIELDS.iter().find(|(of, name, _)| *of == operation && *name == field) {
        Some((.., roles)) => roles.contains(&role),
        // What was forgotten here is closed.
        None => role == Platform,
    }
}

/// The first field of the document that this role may not ask for.
pub(crate) fn refused(document: &ExecutableDocument, role: Role) -> Option<String> {
    let mut operations = document.operations.iter();
    operations.find_map(|(_, operation)| {
        let operation = &operation.node;
        in_set(document, &operation.selection_set, operation.ty, role)
    })
}

/// The document was measured: no fragment spreads itself.
fn in_set(
    document: &ExecutableDocument,
    set: &Positioned<SelectionSet>,
    operation: OperationType,
    role: Role,
) -> Option<String> {
    set.node.items.iter().find_map(|item| match &item.node {
        Selection::Field(field) => {
            let name = field.node.name.node.as_str();
            (!may(role, operation, name)).then(|| name.to_owned())
        }
        Selection::FragmentSpread(spread) => {
            let fragment = document.fragments.get(&spread.node.fragment_name.node)?;
            in_set(document, &fragment.node.selection_set, operation, role)
        }
        Selection::InlineFragment(inline) => in_set(document, &inline.node.selection_set, operation, role),
    })
}

/// Whose orders a token shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    All,
    /// A merchant's own, and masked those that were placed below it.
    Merchant(MerchantId),
    /// Those that a merchant had of one buyer.
    Buyer(MerchantId, Slot),
    /// One alone, of a merchant: its buyer looked it up.
    Order(MerchantId, StreamId),
}

/// What a token shows, and how. It comes from the credential alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tenant {
    pub(crate) whose: Whose,
    /// Whoever sees this never sees who a buyer is.
    pub(crate) is_masked: bool,
}

/// What an order is to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// It is answered as one that is not there.
    Foreign,
    /// Shown, its buyer masked; nothing can be done to it.
    Below,
    Own,
}

impl Tenant {
    /// Of whoever has the data folder itself.
    pub(crate) const ALL: Self = Self { whose: Whose::All, is_masked: false };

    /// None: such a credential must name a merchant, or a buyer, too.
    pub(crate) fn of(role: Role, merchant: Option<MerchantId>, buyer: Option<Slot>) -> Option<Self> {
        let is_masked = matches!(role, Role::Support | Role::Analyst | Role::Webhook);
        let whose = match (role, merchant) {
            (Role::Platform, _) | (Role::Auditor | Role::Analyst, None) => Whose::All,
            (Role::Buyer, Some(merchant)) => Whose::Buyer(merchant, buyer?),
            (_, merchant) => Whose::Merchant(merchant?),
        };
        Some(Self { whose, is_masked })
    }

    pub(crate) fn shows_all(&self) -> bool {
        self.whose == Whose::All
    }

    /// The merchant that a question means which names none; none: all of them.
    pub(crate) fn own(&self) -> Option<&MerchantId> {
        match &self.whose {
            Whose::All => None,
            Whose::Merchant(own) | Whose::Buyer(own, _) | Whose::Order(own, _) => Some(own),
        }
    }

    pub(crate) fn is_a_buyers(&self) -> bool {
        matches!(self.whose, Whose::Buyer(..) | Whose::Order(..))
    }

    /// The only order that is shown, if it is only one.
    pub(crate) fn only(&self) -> Option<StreamId> {
        if let Whose::Order(_, order) = self.whose { Some(order) } else { None }
    }

    pub(crate) fn is_own(&self, merchant: &MerchantId) -> bool {
        self.own().is_none_or(|own| own == merchant)
    }

    /// `id` is the order's.
    pub(crate) fn relation(&self, id: StreamId, order: &Order) -> Relation {
        match &self.whose {
            Whose::All => Relation::Own,
            Whose::Merchant(own) if order.merchant == *own => Relation::Own,
            Whose::Merchant(own) if order.ancestors.contains(own) => Relation::Below,
            Whose::Buyer(own, slot) if order.merchant == *own && order.buyer == *slot => Relation::Own,
            Whose::Order(_, only) if *only == id => Relation::Own,
            Whose::Merchant(_) | Whose::Buyer(..) | Whose::Order(..) => Relation::Foreign,
        }
    }

    /// Whether the buyer of such an order is shown masked.
    pub(crate) fn masks(&self, relation: Relation) -> bool {
        self.is_masked || relation != Relation::Own
    }

    /// The merchants that a question is about which names one, or none. What is foreign is refused in the same words
    /// whether there is such a merchant or not.
    ///
    /// `is_below` tells whether a merchant stands below another one now.
    pub(crate) fn meant(
        &self,
        named: Option<&str>,
        subtree: bool,
        is_below: impl Fn(&MerchantId, &MerchantId) -> bool,
    ) -> Result<Scope, ApiError> {
        let named = named.map(lookup::merchant_id).transpose()?;
        let merchants = |id: &MerchantId| Scope::Merchants { ids: vec![id.clone()], subtree };
        Ok(match (self.own(), named) {
            (None, None) => Scope::All,
            (None, Some(named)) => merchants(&named),
            (Some(own), None) => merchants(own),
            (Some(own), Some(named)) if *own == named => merchants(own),
            (Some(own), Some(id)) => {
                if !is_below(&id, own) {
                    return Err(ApiError::Forbidden("your token shows no such merchant: leave it out, or name yours"));
                }
                Scope::Below { under: own.clone(), id, subtree }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The fields of a root, as the schema defines them.
    fn fields(root: &str) -> BTreeSet<String> {
        let document = async_graphql::parser::parse_schema(crate::sdl()).unwrap();
        let is_root = |definition: &async_graphql::parser::types::TypeDefinition| definition.name.node == root;
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            async_graphql::parser::types::TypeSystemDefinition::Type(found) => Some(found.node),
            _ => None,
        });
        let found = types.into_iter().find(|found| is_root(found)).unwrap();
        match found.kind {
            async_graphql::parser::types::TypeKind::Object(object) => {
                object.fields.iter().map(|field| field.node.name.node.to_string()).collect()
            }
            other => panic!("{root} is no object: {other:?}"),
        }
    }

    #[test]
    fn every_field_of_every_root_has_an_entry() {
        for (root, operation) in [
            ("Query", OperationType::Query),
            ("Mutation", OperationType::Mutation),
            ("Subscription", OperationType::Subscription),
        ] {
            let listed: BTreeSet<String> =
                FIELDS.iter().filter(|(of, ..)| *of == operation).map(|(_, name, _)| (*name).to_owned()).collect();
            assert_eq!(listed, fields(root), "{root}");
        }
        assert_eq!(
            FIELDS.iter().map(|(of, name, _)| format!("{of:?}.{name}")).collect::<BTreeSet<_>>().len(),
            FIELDS.len()
        );
    }

    #[test]
    fn the_documentation_has_the_table() {
        let page = include_str!("../../../docs/access.md");
        let written: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && line.contains('.')).collect();
        let row = |(root, field, roles): (&str, &str, &[Role])| {
            let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
            format!("| {root}.{field} | {} |", roles.join(", "))
        };
        assert_eq!(written, table().map(row).collect::<Vec<_>>());
    }

    #[test]
    fn fragments_hide_no_field() {
        let refusal = |text: &str| refused(&crate::limits::parse(text).unwrap(), Role::Clerk);
        assert_eq!(refusal("{ orders { nodes { id } } __typename }"), None);
        assert_eq!(refusal("{ viewer { id } a: events { nodes { kind } } }").as_deref(), Some("events"));
        assert_eq!(
            refusal("{ ...a } fragment a on Query { ... on Query { events { nodes { kind } } } }").as_deref(),
            Some("events")
        );
        assert_eq!(
            refusal("query a { viewer { id } } mutation b { registerMerchant { receipt { position } } }").as_deref(),
            Some("registerMerchant")
        );
    }
}
