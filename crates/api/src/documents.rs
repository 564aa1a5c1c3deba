//! Documents that were parsed lately: programs send the same few again and again.

mod distinct;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Request, Response};
use hashbrown::HashMap;

use crate::limits;
use crate::scale::Scale;

/// When so many are known, all are forgotten.
const MAX_KNOWN: usize = 256;
/// Longer documents are parsed each time.
const MAX_BYTES: usize = 8 << 10;
/// Documents that came once, each of them 8 bytes; when there are as many, all are forgotten.
const MAX_MET: usize = 8_192;
/// What so many questions cost is known; when there are more, all are forgotten.
const MAX_WEIGHTS: usize = 16_384;
/// Bytes of such a question's variables, as JSON.
const MAX_QUESTION_BYTES: usize = 512;

#[derive(Clone, Default)]
pub(crate) struct Documents(Arc<Inner>);

#[derive(Default)]
struct Inner {
    known: RwLock<HashMap<String, Arc<Known>>>,
    /// A document that holds its values itself never comes again: what comes once takes no place from what comes often.
    met: Mutex<HashSet<u64>>,
    hasher: RandomState,
    /// Documents that were kept so far: each is named by a number.
    kept: AtomicU64,
    weights: Arc<Weights>,
}

/// What was asked ([`question`]), and what it costs.
type Weights = RwLock<HashMap<Vec<u8>, usize>>;

/// A document that the limits let in.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) document: ExecutableDocument,
    /// No two fields are to be merged into one.
    pub(crate) is_distinct: bool,
    /// What it costs with which variables, and its number there. None: it will hardly come again, or never with the same, as a
    /// mutation.
    weights: Option<(u64, Arc<Weights>)>,
}

impl Documents {
    /// The parsed document, or why it is refused.
    pub(crate) fn parse(&self, text: &str) -> Result<Arc<Known>, String> {
        let Inner { known, met, hasher, kept, weights } = &*self.0;
        if let Some(known) = known.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return Ok(Arc::clone(known));
        }
        let document = limits::parse(text)?;
        let is_distinct = distinct::is_distinct(&document);
        if text.len() > MAX_BYTES || is_new(met, hasher.hash_one(text)) {
            return Ok(Arc::new(Known { document, is_distinct, weights: None }));
        }
        let is_mutation = document.operations.iter().any(|(_, operation)| operation.node.ty == OperationType::Mutation);
        let weights = (!is_mutation).then(|| (kept.fetch_add(1, Ordering::Relaxed), Arc::clone(weights)));
        let new = Arc::new(Known { document, is_distinct, weights });
        let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(text.to_owned(), Arc::clone(&new));
        Ok(new)
    }
}

/// Whether it was not met lately.
fn is_new(met: &Mutex<HashSet<u64>>, hash: u64) -> bool {
    let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
    if met.len() >= MAX_MET {
        met.clear();
    }
    met.insert(hash)
}

impl Known {
    /// What the document costs with the request's variables; or why it is refused, which is found out each time.
    pub(crate) async fn weigh(&self, scale: &Scale, request: &Request) -> Result<usize, Response> {
        let remembering = self.weights.as_ref().and_then(|(own, weights)| Some((weights, question(*own, request)?)));
        let Some((weights, question)) = remembering else { return scale.weigh(self.document.clone(), request).await };
        let found = weights.read().unwrap_or_else(PoisonError::into_inner).get(&question).copied();
        if let Some(weight) = found {
            return Ok(weight);
        }
        let weight = scale.weigh(self.document.clone(), request).await?;
        let mut weights = weights.write().unwrap_or_else(PoisonError::into_inner);
        if weights.len() >= MAX_WEIGHTS {
            weights.clear();
        }
        weights.insert(question, weight);
        Ok(weight)
    }
}

/// All that a document's cost depends on: its own number, which operation, with which variables. None: that is too long.
fn question(document: u64, request: &Request) -> Option<Vec<u8>> {
    let mut bytes = Short(document.to_le_bytes().to_vec());
    serde_json::to_writer(&mut bytes, &(&request.operation_name, &request.variables)).ok()?;
    Some(bytes.0)
}

/// Fails as soon as it is too long.
struct Short(Vec<u8>);

impl std::io::Write for Short {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_QUESTION_BYTES {
            return Err(std::io::ErrorKind::WriteZero.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;
    use serde_json::json;

    use super::*;

    fn asked(variables: serde_json::Value) -> Request {
        Request::new("").variables(Variables::from_json(variables))
    }

    #[test]
    fn what_comes_once_is_not_kept() {
        let documents = Documents::default();
        for n in 0..1_000 {
            documents.parse(&format!("{{ a(b: {n}) }}")).unwrap();
        }
        assert_eq!(documents.0.known.read().unwrap().len(), 0);
        for _ in 0..3 {
            documents.parse("{ a }").unwrap();
        }
        assert_eq!(documents.0.known.read().unwrap().len(), 1);
        for n in 0..10_000 {
            for _ in 0..2 {
                documents.parse(&format!("{{ a(c: {n}) }}")).unwrap();
            }
            assert!(documents.0.known.read().unwrap().len() <= MAX_KNOWN);
            assert!(documents.0.met.lock().unwrap().len() <= MAX_MET);
        }
    }

    #[tokio::test]
    async fn what_a_question_costs_is_found_out_once_and_told_apart_by_its_variables() {
        let (documents, scale) = (Documents::default(), Scale::new());
        let text = "query a($first: Int) { orders(first: $first) { nodes { id } } } query b { viewer { id } }";
        documents.parse(text).unwrap();
        let known = documents.parse(text).unwrap();
        let weigh = async |variables, name: &str| known.weigh(&scale, &asked(variables).operation_name(name)).await;
        for _ in 0..2 {
            let few = weigh(json!({"first": 1}), "a").await.unwrap();
            let many = weigh(json!({"first": 100}), "a").await.unwrap();
            assert!(many > few, "{many}, {few}");
            assert!(weigh(json!({"first": "x"}), "a").await.is_err(), "what is refused is refused again");
            weigh(json!({}), "b").await.unwrap();
        }
        assert_eq!(documents.0.weights.read().unwrap().len(), 3);
        let other = "query a($first: Int) { orders(first: $first) { nodes { id } } ordersCount }";
        documents.parse(other).unwrap();
        let other = documents.parse(other).unwrap();
        let more = other.weigh(&scale, &asked(json!({"first": 1})).operation_name("a")).await.unwrap();
        assert!(more > weigh(json!({"first": 1}), "a").await.unwrap(), "documents are told apart");
        for first in 0..MAX_WEIGHTS {
            documents.0.weights.write().unwrap().insert(first.to_be_bytes().to_vec(), 1);
        }
        weigh(json!({"first": 9}), "a").await.unwrap();
        assert_eq!(documents.0.weights.read().unwrap().len(), 1);
        let text = "mutation ($id: ID!) { cancelOrder(input: {commandId: $id, order: $id}) { receipt { position } } }";
        documents.parse(text).unwrap();
        assert!(documents.parse(text).unwrap().weights.is_none(), "no mutation comes twice with the same variables");
        assert!(question(0, &asked(json!({"a": "x".repeat(MAX_QUESTION_BYTES)}))).is_none());
    }
}
