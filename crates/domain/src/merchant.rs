//! A merchant: its name, its place in the tree, its profile, its policy, and what it is warned of.

use crate::event::{Alert, Event, MerchantRegistered, Recorded, tree_root};
use crate::ids::{MerchantId, Sku};
use crate::policy::{Policy, PolicyBook};
use crate::profile::Profile;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    pub id: MerchantId,
    pub name: Box<str>,
    /// None: it is a tree's root, for good.
    pub parent: Option<MerchantId>,
    /// Never changes: moves stay within the tree.
    root: MerchantId,
    pub is_closed: bool,
    pub profile: Profile,
    pub policies: PolicyBook,
    /// What was raised and not cleared yet; with the SKU of which stock is low.
    pub alerts: Vec<(Alert, Option<Sku>)>,
}

impl Merchant {
    pub fn registered(event: &MerchantRegistered) -> Self {
        Self {
            id: event.id.clone(),
            name: event.name.clone(),
            parent: event.ancestors.last().cloned(),
            root: tree_root(&event.ancestors, &event.id).clone(),
            is_closed: false,
            profile: Profile::default(),
            policies: PolicyBook::default(),
            alerts: Vec::new(),
        }
    }

    pub fn tree_root(&self) -> &MerchantId {
        &self.root
    }

    pub fn policy_at(&self, now: Timestamp) -> Policy {
        self.policies.at(now)
    }

    pub fn has_alert(&self, alert: Alert, sku: Option<&Sku>) -> bool {
        self.alerts.iter().any(|(raised, of)| *raised == alert && of.as_ref() == sku)
    }

    /// Folds one more event in; what is no event of a merchant changes nothing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are of other streams")]
    pub fn apply(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::PolicySet(set) => self.policies.set(set, recorded.recorded_at),
            Event::ProfileSet(set) => self.profile.set(set),
            Event::MerchantMoved(e) => self.parent = Some(e.parent.clone()),
            Event::MerchantClosed(_) => self.is_closed = true,
            Event::MerchantReopened(_) => self.is_closed = false,
            Event::AlertRaised(e) => self.alerts.push((e.alert, e.sku.clone())),
            Event::AlertCleared(e) => self.alerts.retain(|(alert, sku)| *alert != e.alert || *sku != e.sku),
            _ => {}
        }
    }
}
