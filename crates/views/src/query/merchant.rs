//! Merchants by id.

use daybook_domain::MerchantId;
use daybook_domain::profile::Profile;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantEntry {
    pub id: MerchantId,
    pub name: Box<str>,
    /// Root first, the parent last; empty for a tree's root.
    pub ancestors: Vec<MerchantId>,
    /// How many merchants stand directly below this one.
    pub children: usize,
    /// It takes no more orders.
    pub is_closed: bool,
    /// What it does not say itself is what the nearest one above says that says it.
    pub profile: Profile,
}

impl MerchantEntry {
    pub fn parent(&self) -> Option<&MerchantId> {
        self.ancestors.last()
    }
}

/// In the order of their ids; the next page begins after the last one's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MerchantPage {
    pub merchants: Vec<MerchantEntry>,
    pub has_next: bool,
}
