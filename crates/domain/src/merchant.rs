//! A merchant: its name and its place in the tree.

use crate::event::{MerchantRegistered, tree_root};
use crate::ids::MerchantId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    pub id: MerchantId,
    pub name: Box<str>,
    /// Root first, the parent last.
    pub ancestors: Vec<MerchantId>,
}

impl Merchant {
    pub fn registered(event: &MerchantRegistered) -> Self {
        Self { id: event.id.clone(), name: event.name.clone(), ancestors: event.ancestors.clone() }
    }

    pub fn tree_root(&self) -> &MerchantId {
        tree_root(&self.ancestors, &self.id)
    }
}
