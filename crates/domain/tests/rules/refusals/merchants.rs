//! Merchants, their policies, what they are warned of, tokens.

use daybook_domain::policy::Terms;
use daybook_domain::*;

use super::{Row, row};
use crate::ask::*;
use crate::given::*;

/// A merchant with as many others above it as there may be.
fn deepest() -> World {
    (2..=limits::MAX_DEPTH).fold(World::new(), |world, depth| {
        let parent = if depth == 2 { "m1".to_owned() } else { format!("d{}", depth - 1) };
        world.with(&register(&format!("d{depth}"), "Shop", Some(&parent)))
    })
}

fn terms() -> Terms {
    Terms { pay_within: Some(60), ..Terms::default() }
}

pub(super) fn rows() -> Vec<Row> {
    let nobody = MerchantId::new("nobody").unwrap();
    let m1 = &merchant();
    let warned = || World::new().with(&warn(m1, None));
    let issued = || World::new().with(&issue(Role::Platform, None));
    let dated = || World::new().with(&policy(m1, terms(), Some(5), Some(6)));
    let full =
        (1..limits::MAX_DATED_POLICIES).fold(dated(), |world, _| world.with(&policy(m1, terms(), Some(5), Some(6))));
    vec![
        row(World::new(), register("m1", "Another shop", None), "MERCHANT_EXISTS"),
        row(World::new(), register("m1", "Shop", None), "MERCHANT_EXISTS"),
        row(World::new(), register("m2", " ", None), "INVALID_INPUT"),
        row(World::new(), register("m2", "Shop", Some("nobody")), "MERCHANT_UNKNOWN"),
        row(deepest(), register("d17", "Shop", Some("d16")), "TREE_TOO_DEEP"),
        // Policies.
        row(World::new(), policy(&nobody, terms(), None, None), "MERCHANT_UNKNOWN"),
        row(World::new(), policy(m1, Terms::default(), None, None), "INVALID_INPUT"),
        row(World::new(), policy(m1, Terms { pay_within: Some(0), ..terms() }, None, None), "INVALID_INPUT"),
        row(
            World::new(),
            policy(m1, Terms { warn_conversion: Some(1_000_001), ..terms() }, None, None),
            "INVALID_INPUT",
        ),
        row(World::new(), policy(m1, terms(), Some(2), Some(2)), "INVALID_INPUT"),
        row(World::new().at(7), policy(m1, terms(), None, Some(7)), "INVALID_INPUT"),
        row(full, policy(m1, terms(), Some(5), None), "TOO_MANY"),
        // Warnings.
        row(World::new(), warn(&nobody, None), "MERCHANT_UNKNOWN"),
        row(World::new(), calm(&nobody, None), "MERCHANT_UNKNOWN"),
        row(warned(), warn(m1, None), "ALERT_RAISED"),
        row(World::new(), calm(m1, None), "ALERT_NOT_RAISED"),
        row(warned(), calm(m1, Some(sku("card-50"))), "ALERT_NOT_RAISED"),
        row(warned().with(&calm(m1, None)), calm(m1, None), "ALERT_NOT_RAISED"),
        // Tokens.
        row(World::new(), issue(Role::Buyer, None), "TOKEN_NEEDS_MERCHANT"),
        row(World::new(), issue(Role::Owner, Some(&nobody)), "MERCHANT_UNKNOWN"),
        row(issued(), issue(Role::Clerk, Some(m1)), "TOKEN_EXISTS"),
        row(World::new().at(7), expiring(7), "INVALID_INPUT"),
        row(World::new(), revoke(), "TOKEN_UNKNOWN"),
        row(issued().with(&revoke()), revoke(), "TOKEN_REVOKED"),
    ]
}
