//! Merchants, their policies, what they are warned of, tokens.

use daybook_domain::command::{IssueToken, PlaceOrder};
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

/// Two shops below one agent.
fn family() -> World {
    World::new().with(&register("m2", "Shop", Some("root")))
}

/// The lower half of the deepest branch, moved below its own upper half by way of another branch.
fn deepened() -> World {
    let world = deepest().with(&register("e2", "Shop", Some("root")));
    let world = (3..=10).fold(world, |world, depth| {
        world.with(&register(&format!("e{depth}"), "Shop", Some(&format!("e{}", depth - 1))))
    });
    world.with(&move_below("d2", "e10"))
}

fn place_at(merchant: &str) -> Command<Sealed> {
    Command::Place(PlaceOrder { merchant: MerchantId::new(merchant).unwrap(), number: None, ..place() })
}

fn terms() -> Terms {
    Terms { pay_within: Some(60), ..Terms::default() }
}

fn of_buyer(role: Role, buyer: Option<Slot>) -> Command<Sealed> {
    match issue(role, Some(&merchant())) {
        Command::IssueToken(token) => Command::IssueToken(IssueToken { buyer, ..token }),
        other => other,
    }
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
        // The tree.
        row(World::new(), move_below("nobody", "root"), "MERCHANT_UNKNOWN"),
        row(World::new(), move_below("m1", "nobody"), "MERCHANT_UNKNOWN"),
        row(World::new(), move_below("root", "m1"), "OTHER_TREE"),
        row(World::new().with(&register("lone", "Shop", None)), move_below("m1", "lone"), "OTHER_TREE"),
        row(World::new(), move_below("m1", "root"), "NOT_MOVED"),
        row(World::new(), move_below("m1", "m1"), "BELOW_ITSELF"),
        row(deepest(), move_below("m1", "d9"), "BELOW_ITSELF"),
        row(deepest().with(&register("m2", "Shop", Some("root"))), move_below("m2", "d16"), "TREE_TOO_DEEP"),
        row(family().with(&close_merchant("m2")), move_below("m1", "m2"), "MERCHANT_CLOSED"),
        row(World::new().with(&close_merchant("m1")), close_merchant("m1"), "MERCHANT_CLOSED"),
        row(World::new().with(&close_merchant("m1")), Command::Place(place()), "MERCHANT_CLOSED"),
        row(World::new().with(&close_merchant("m1")), register("m2", "Shop", Some("m1")), "MERCHANT_CLOSED"),
        row(World::new(), close_merchant("nobody"), "MERCHANT_UNKNOWN"),
        row(World::new(), reopen_merchant("m1"), "MERCHANT_OPEN"),
        row(World::new(), reopen_merchant("nobody"), "MERCHANT_UNKNOWN"),
        // What came along stands deeper than anybody may join.
        row(deepened(), place_at("d10"), "TREE_TOO_DEEP"),
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
        // Profiles.
        row(World::new(), profile(&nobody, Some("UTC"), None), "MERCHANT_UNKNOWN"),
        row(World::new(), profile(m1, None, None), "INVALID_INPUT"),
        // Warnings.
        row(World::new(), warn(&nobody, None), "MERCHANT_UNKNOWN"),
        row(World::new(), calm(&nobody, None), "MERCHANT_UNKNOWN"),
        row(warned(), warn(m1, None), "ALERT_RAISED"),
        row(World::new(), calm(m1, None), "ALERT_NOT_RAISED"),
        row(warned(), calm(m1, Some(sku("card-50"))), "ALERT_NOT_RAISED"),
        row(warned().with(&calm(m1, None)), calm(m1, None), "ALERT_NOT_RAISED"),
        // Tokens.
        row(World::new(), issue(Role::Buyer, None), "TOKEN_NEEDS_MERCHANT"),
        row(World::new(), of_buyer(Role::Buyer, None), "TOKEN_NEEDS_BUYER"),
        row(World::new(), of_buyer(Role::Clerk, Some(Slot(1))), "TOKEN_NEEDS_BUYER"),
        row(World::new(), issue(Role::Owner, Some(&nobody)), "MERCHANT_UNKNOWN"),
        row(issued(), issue(Role::Clerk, Some(m1)), "TOKEN_EXISTS"),
        row(World::new().at(7), expiring(7), "INVALID_INPUT"),
        row(World::new(), revoke(), "TOKEN_UNKNOWN"),
        row(issued().with(&revoke()), revoke(), "TOKEN_REVOKED"),
    ]
}
