//! Erasures: that somebody is not known any more. They say nothing about whom.

use crate::ids::MerchantId;
use crate::sealed::Slot;

/// A buyer's key is destroyed: what was sealed under it cannot be opened again, wherever it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectErased {
    /// The root of the merchants' tree in which they ordered.
    pub merchant: MerchantId,
    pub slot: Slot,
}
