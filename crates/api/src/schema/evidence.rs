//! Evidence of an order, for whoever settles a dispute elsewhere.

use async_graphql::SimpleObject;
use daybook_domain::{State, StreamId};
use daybook_proof::{EvidenceError, NotaryError};

use super::error::ApiError;
use super::lookup;
use crate::access::{Relation, Tenant};
use crate::http::Services;

/// Of a bundle: some 1,500 events. It is held as a whole, and once more as the answer's text.
const MAX_BYTES: u64 = 2 << 20;

/// What happened to an order, with proofs that others can check without the ledger.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct OrderEvidence {
    /// JSON, to be kept as a file: `daybook verify-evidence FILE --key KEY` and docs/verify_evidence.py check it. Personal
    /// texts are sealed in it; tracking and trade numbers are not.
    bundle: String,
    /// The operator's public key. Whoever checks should have it from the operator, not from here.
    key: String,
}

/// Of an order that is the tenant's own: bytes cannot be masked.
pub(crate) fn make(services: &Services, tenant: &Tenant, stream: StreamId) -> Result<Option<OrderEvidence>, ApiError> {
    if lookup::relation(services, tenant, stream)? != Relation::Own {
        return Ok(None);
    }
    let Some(State::Order(_)) = services.reader.state(stream)? else { return Ok(None) };
    let unsigned = || ApiError::Invalid("nothing is signed here: whoever runs the server makes a key first".into());
    let notary = services.notary.as_ref().ok_or_else(unsigned)?;
    let key = notary.verifier().ok_or_else(unsigned)?.to_string();
    match notary.evidence(stream, services.engine.now(), MAX_BYTES) {
        Ok(bundle) => Ok(Some(OrderEvidence { bundle, key })),
        Err(EvidenceError::Unknown) => Ok(None),
        Err(error @ EvidenceError::TooLarge { .. }) => {
            Err(ApiError::TooMuchWork(format!("{error}: whoever runs the server makes it with `daybook evidence`")))
        }
        Err(EvidenceError::Notary(NotaryError::NoKey(_))) => Err(unsigned()),
        Err(error) => Err(ApiError::Internal(Box::new(error))),
    }
}
