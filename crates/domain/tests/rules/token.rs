use daybook_domain::command::*;
use daybook_domain::*;
use uuid::Uuid;

use crate::given::*;

fn issue(role: Role, of: Option<&str>) -> Command<Sealed> {
    Command::IssueToken(IssueToken {
        secret_sha256: [1; 32],
        id: Uuid::from_u128(9),
        role,
        merchant: of.map(|id| MerchantId::new(id).unwrap()),
        expires_at: None,
        label: "".into(),
        buyer: None,
    })
}

#[test]
fn a_token_belongs_where_its_role_acts_and_ends_once() {
    let mut world = World::new();
    let needs = Rejection::TokenNeedsMerchant { role: rejection::RoleName(Role::Clerk) };
    world.refuses(&issue(Role::Clerk, None), needs);
    let unknown = Rejection::MerchantUnknown { id: MerchantId::new("m9").unwrap() };
    world.refuses(&issue(Role::Clerk, Some("m9")), unknown);
    let revoke = Command::RevokeToken { token: StreamId::token(&[1; 32]) };
    world.refuses(&revoke, Rejection::TokenUnknown);
    world.makes(&issue(Role::Platform, None), &[Kind::TokenIssued]);
    world.refuses(&issue(Role::Platform, None), Rejection::TokenExists);
    world.makes(&revoke, &[Kind::TokenRevoked]);
    world.refuses(&revoke, Rejection::TokenRevoked);
}
