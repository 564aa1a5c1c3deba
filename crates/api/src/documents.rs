//! Documents that were parsed lately: programs send the same few again and again.

use std::sync::{Arc, PoisonError, RwLock};

use async_graphql::parser::types::ExecutableDocument;
use hashbrown::HashMap;

use crate::limits;

/// When so many are known, all are forgotten.
const MAX_KNOWN: usize = 256;
/// Longer documents are parsed each time.
const MAX_BYTES: usize = 8 << 10;

#[derive(Clone, Default)]
pub(crate) struct Documents {
    known: Arc<RwLock<HashMap<String, Arc<ExecutableDocument>>>>,
}

impl Documents {
    /// The parsed document, or why it is refused.
    pub(crate) fn parse(&self, text: &str) -> Result<ExecutableDocument, String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
        if let Some(document) = known {
            return Ok(document.as_ref().clone());
        }
        let document = limits::parse(text)?;
        if text.len() <= MAX_BYTES {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
            known.insert(text.to_owned(), Arc::new(document.clone()));
        }
        Ok(document)
    }
}
