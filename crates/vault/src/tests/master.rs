use std::os::unix::fs::PermissionsExt;

use super::{ID, master};
use crate::{MasterKey, MasterKeyError, Vault};

#[test]
fn a_key_is_64_hexadecimal_digits() {
    let lower = "0123456789abcdef".repeat(4);
    assert!(MasterKey::from_hex(&lower).is_ok());
    assert!(MasterKey::from_hex(&format!(" {}\n", lower.to_uppercase())).is_ok());
    for wrong in ["", &lower[1..], &format!("{lower}0"), &format!("{}g", &lower[1..]), &format!("{}é", &lower[2..])] {
        assert!(matches!(MasterKey::from_hex(wrong), Err(MasterKeyError::NotHex)), "{wrong}");
    }
}

#[test]
fn a_created_key_is_private_and_opens_the_same_vault_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, keys) = (folder.path().join("master.key"), folder.path().join("keys"));
    let created = MasterKey::load_or_create(&path, &keys).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    Vault::create(&keys, &created, ID).unwrap();
    Vault::open(&keys, &MasterKey::load_or_create(&path, &keys).unwrap()).unwrap();
    assert!(matches!(MasterKey::create(&path), Err(MasterKeyError::Exists { .. })));
}

#[test]
fn no_key_is_made_beside_a_key_file_that_needs_another() {
    let folder = tempfile::tempdir().unwrap();
    let (path, keys) = (folder.path().join("master.key"), folder.path().join("keys"));
    Vault::create(&keys, &master(), ID).unwrap();
    assert!(matches!(MasterKey::load_or_create(&path, &keys), Err(MasterKeyError::Missing { .. })));
    assert!(!path.exists());
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    MasterKey::create(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(MasterKey::load(&path), Err(MasterKeyError::NotPrivate { mode: 0o640, .. })));
}
