//! Who may ask for what: the one table, and whose orders a token shows.

use async_graphql::Positioned;
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use daybook_domain::{MerchantId, Role};

use crate::schema::error::ApiError;

use Role::{Clerk, Owner, Platform};

/// Those who run a shop, and the platform.
const SHOP: &[Role] = &[Platform, Owner, Clerk];
const OWNER: &[Role] = &[Platform, Owner];
const PLATFORM: &[Role] = &[Platform];

/// Every field of a root, with the roles that may ask for it. A test holds that none is missing.
#[rustfmt::skip]
pub(crate) const FIELDS: &[(OperationType, &str, &[Role])] = &[
    (OperationType::Query, "orders", SHOP),
    (OperationType::Query, "ordersCount", SHOP),
    (OperationType::Query, "order", SHOP),
    (OperationType::Query, "dashboard", SHOP),
    (OperationType::Query, "dashboardEvents", SHOP),
    (OperationType::Query, "events", PLATFORM),
    (OperationType::Query, "viewer", SHOP),
    (OperationType::Query, "merchants", PLATFORM),
    (OperationType::Query, "merchant", SHOP),
    (OperationType::Query, "stock", SHOP),
    (OperationType::Query, "stockCount", SHOP),
    (OperationType::Query, "exceptions", SHOP),
    (OperationType::Query, "exceptionsCount", SHOP),
    (OperationType::Query, "deadlines", SHOP),
    (OperationType::Query, "deadlinesCount", SHOP),
    (OperationType::Query, "node", SHOP),
    (OperationType::Query, "job", SHOP),
    (OperationType::Query, "jobs", SHOP),
    (OperationType::Mutation, "registerMerchant", PLATFORM),
    (OperationType::Mutation, "setPolicy", OWNER),
    (OperationType::Mutation, "placeOrder", SHOP),
    (OperationType::Mutation, "editPrice", SHOP),
    (OperationType::Mutation, "recordPayment", SHOP),
    (OperationType::Mutation, "failPayment", SHOP),
    (OperationType::Mutation, "cancelOrder", SHOP),
    (OperationType::Mutation, "cancelRest", SHOP),
    (OperationType::Mutation, "placeHold", SHOP),
    (OperationType::Mutation, "releaseHold", SHOP),
    (OperationType::Mutation, "deliverCards", SHOP),
    (OperationType::Mutation, "revealCards", SHOP),
    (OperationType::Mutation, "completeTopUp", SHOP),
    (OperationType::Mutation, "failTopUp", SHOP),
    (OperationType::Mutation, "requestAddressChange", SHOP),
    (OperationType::Mutation, "approveAddressChange", SHOP),
    (OperationType::Mutation, "rejectAddressChange", SHOP),
    (OperationType::Mutation, "confirmShipment", SHOP),
    (OperationType::Mutation, "recordTracking", SHOP),
    (OperationType::Mutation, "requestRefund", SHOP),
    (OperationType::Mutation, "approveRefund", SHOP),
    (OperationType::Mutation, "rejectRefund", SHOP),
    (OperationType::Mutation, "settleRefund", SHOP),
    (OperationType::Mutation, "failRefund", SHOP),
    (OperationType::Mutation, "addNote", SHOP),
    (OperationType::Mutation, "addTag", SHOP),
    (OperationType::Mutation, "rateOrder", SHOP),
    (OperationType::Mutation, "openDispute", SHOP),
    (OperationType::Mutation, "addEvidence", SHOP),
    (OperationType::Mutation, "resolveDispute", PLATFORM),
    (OperationType::Mutation, "importCards", SHOP),
    (OperationType::Mutation, "receiveStock", SHOP),
    (OperationType::Mutation, "countStock", SHOP),
    (OperationType::Mutation, "setStockMark", SHOP),
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
    (OperationType::Subscription, "orderEvents", SHOP),
    (OperationType::Subscription, "queueChanges", SHOP),
    (OperationType::Subscription, "alerts", SHOP),
    (OperationType::Subscription, "jobProgress", SHOP),
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

fn may(role: Role, operation: OperationType, field: &str) -> bool {
    if field.starts_with("__") {
        return true;
    }
    match FIELDS.iter().find(|(of, name, _)| *of == operation && *name == field) {
        Some((.., roles)) => roles.contains(&role),
        // What there is no such field of is refused for that, later, and in clearer words.
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

/// Whose data a token shows: everybody's, or one merchant's own. It comes from the credential alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tenant {
    All,
    Merchant(MerchantId),
}

impl Tenant {
    pub(crate) fn is_own(&self, merchant: &MerchantId) -> bool {
        match self {
            Tenant::All => true,
            Tenant::Merchant(own) => own == merchant,
        }
    }

    /// The merchant that a question means: without one, the token's own. The answer for any other merchant is the same,
    /// whether there is one of that name or not.
    pub(crate) fn meant(&self, merchant: Option<String>, is_subtree: bool) -> Result<Option<String>, ApiError> {
        let Tenant::Merchant(own) = self else { return Ok(merchant) };
        if is_subtree {
            return Err(ApiError::Forbidden("the orders of the merchants below yours are not shown to your token"));
        }
        match merchant {
            Some(named) if named != own.as_str() => Err(FOREIGN),
            Some(_) | None => Ok(Some(own.as_str().to_owned())),
        }
    }
}

pub(crate) const FOREIGN: ApiError = ApiError::Forbidden("your token is another merchant's: leave the merchant out");

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
        assert_eq!(refusal("{ viewer { id } a: merchants { nodes { id } } }").as_deref(), Some("merchants"));
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
