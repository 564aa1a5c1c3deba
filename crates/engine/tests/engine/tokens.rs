//! Credentials are looked up without reading the ledger each time, and a revoked one ends at once all the same.

use std::sync::atomic::{AtomicBool, Ordering};

use daybook_domain::command::{Command, IssueToken};
use daybook_domain::{Role, StreamId};
use uuid::Uuid;

use crate::shop::{Shop, open};

fn secret(n: u32) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&n.to_be_bytes());
    hash
}

fn issue(shop: &Shop, n: u32) {
    let issue = IssueToken {
        secret_sha256: secret(n),
        id: Uuid::from_u128(u128::from(n)),
        role: Role::Platform,
        merchant: None,
        expires_at: None,
        label: "test".into(),
        buyer: None,
    };
    shop.send(1_000_000 + u128::from(n), Command::IssueToken(issue)).unwrap();
}

fn revoke(shop: &Shop, n: u32) {
    let revoke = Command::RevokeToken { token: StreamId::token(&secret(n)) };
    shop.send(2_000_000 + u128::from(n), revoke).unwrap();
}

fn is_valid(shop: &Shop, n: u32) -> Option<bool> {
    let token = shop.engine.token(&secret(n)).unwrap();
    token.map(|token| {
        assert_eq!(token.id, Uuid::from_u128(u128::from(n)));
        token.is_valid_at(shop.engine.now())
    })
}

#[test]
fn tokens_are_known_from_their_issue_to_their_end() {
    let dir = tempfile::tempdir().unwrap();
    let shop = open(&dir.path().join("data"));
    assert_eq!(is_valid(&shop, 1), None);
    issue(&shop, 1);
    issue(&shop, 2);
    for _ in 0..2 {
        assert_eq!([is_valid(&shop, 1), is_valid(&shop, 2), is_valid(&shop, 3)], [Some(true), Some(true), None]);
    }
    revoke(&shop, 1);
    assert_eq!([is_valid(&shop, 1), is_valid(&shop, 2)], [Some(false), Some(true)]);
}

#[test]
fn more_tokens_than_are_kept_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let shop = open(&dir.path().join("data"));
    let all = 0..1_100;
    all.clone().for_each(|n| issue(&shop, n));
    for _ in 0..2 {
        assert!(all.clone().all(|n| is_valid(&shop, n) == Some(true)));
    }
    revoke(&shop, 0);
    revoke(&shop, 1_099);
    assert_eq!(
        [is_valid(&shop, 0), is_valid(&shop, 1_099), is_valid(&shop, 1)],
        [Some(false), Some(false), Some(true)]
    );
}

#[test]
fn nobody_sees_a_token_as_valid_once_its_revocation_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let shop = open(&dir.path().join("data"));
    for n in 0..50 {
        issue(&shop, n);
        let (shop, revoked) = (&shop, &AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(move || {
                    loop {
                        let was_revoked = revoked.load(Ordering::SeqCst);
                        let valid = is_valid(shop, n);
                        if was_revoked {
                            assert_eq!(valid, Some(false));
                            return;
                        }
                    }
                });
            }
            revoke(shop, n);
            revoked.store(true, Ordering::SeqCst);
        });
    }
}
