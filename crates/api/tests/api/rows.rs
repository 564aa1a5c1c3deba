//! Lists that are written at once answer what the library would, whatever is selected of them.

use std::collections::HashMap;
use std::fmt::Write;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use daybook_domain::Role;
use daybook_testkit::random::{self, Random};
use serde_json::json;

use crate::kit::{Server, by, order, payment, request};

const CLERK: &str = "dbk_4444444444444444444444444444444444444444444444444444444444444444";

/// The fields without arguments of each object type: a name, and the object type that it leads to.
type Types = HashMap<String, Vec<(String, Option<String>)>>;

fn types() -> Types {
    let document = parse_schema(daybook_api::sdl()).unwrap();
    let mut types = Types::new();
    let mut objects = Vec::new();
    for definition in document.definitions {
        if let TypeSystemDefinition::Type(found) = definition
            && let TypeKind::Object(object) = found.node.kind
        {
            objects.push((found.node.name.node.to_string(), object.fields));
        }
    }
    let names: Vec<String> = objects.iter().map(|(name, _)| name.clone()).collect();
    for (name, fields) in objects {
        let fields = fields.into_iter().filter(|field| field.node.arguments.is_empty()).map(|field| {
            let of: String = field.node.ty.to_string().chars().filter(|c| c.is_alphanumeric()).collect();
            (field.node.name.node.to_string(), names.contains(&of).then_some(of))
        });
        types.insert(name, fields.collect());
    }
    types
}

/// Fields that may need more than their object.
const DEAR: [&str; 7] = ["actions", "delivery", "parent", "policy", "childrenCount", "datedPolicies", "alerts"];

struct Drawing<'a> {
    random: Random,
    types: &'a Types,
    /// Definitions of the fragments that are spread.
    fragments: String,
    names: u32,
    /// One in so many thousand fields may need more than its object.
    dear_per_mille: u64,
    /// One in so many thousand fields is selected twice.
    twice_per_mille: u64,
}

impl Drawing<'_> {
    fn name(&mut self) -> u32 {
        self.names += 1;
        self.names
    }

    fn directive(&mut self) -> &'static str {
        let directives =
            ["@skip(if: $yes)", "@skip(if: $no)", "@include(if: $yes)", "@include(if: $no)", "@include(if: true)"];
        if self.random.per_mille(150) { self.random.pick(&directives) } else { "" }
    }

    /// Some fields of a type, in any order, under names of their own.
    fn set(&mut self, of: &str, deep: u32) -> String {
        let mut text = String::from("{ ");
        for _ in 0..1 + self.random.below(4) {
            let directive = self.directive();
            match self.random.below(12) {
                0 => write!(text, "t{}: __typename {directive} ", self.name()).unwrap(),
                1 if deep > 0 => write!(text, "... {directive} {} ", self.set(of, deep - 1)).unwrap(),
                2 if deep > 0 => write!(text, "... on {of} {directive} {} ", self.set(of, deep - 1)).unwrap(),
                3 if of == "Order" || of == "Merchant" => {
                    write!(text, "... on Node {directive} {{ n{}: id t{}: __typename }} ", self.name(), self.name())
                        .unwrap();
                }
                4 if deep > 0 => {
                    let (name, set) = (self.name(), self.set(of, deep - 1));
                    write!(self.fragments, "fragment F{name} on {of} {set} ").unwrap();
                    write!(text, "...F{name} {directive} ").unwrap();
                }
                _ => {
                    let field = self.field(of, deep, directive);
                    text += &field;
                    if self.random.per_mille(self.twice_per_mille) {
                        text += &field;
                    }
                }
            }
        }
        text + "} "
    }

    fn field(&mut self, of: &str, deep: u32, directive: &str) -> String {
        let types = self.types;
        let fields = &types[of];
        let (field, below) = loop {
            let nth = usize::try_from(self.random.below(fields.len() as u64)).unwrap();
            let (field, below) = &fields[nth];
            let is_dear = DEAR.contains(&field.as_str());
            let is_too_deep = below.is_some() && deep == 0;
            if !is_too_deep && (!is_dear || self.random.per_mille(self.dear_per_mille)) {
                break (field, below);
            }
        };
        let below = below.as_ref().map(|below| self.set(below, deep - 1)).unwrap_or_default();
        format!("f{}: {field} {directive} {below} ", self.name())
    }
}

async fn shop() -> Server {
    let server = Server::start().await;
    server.merchant("top", None).await;
    server.merchant("m1", Some("top")).await;
    server.merchant("m2", Some("top")).await;
    for (n, account) in ["ann", "小明 \"\\", "bob@example.com", "eve"].into_iter().enumerate() {
        for merchant in ["m1", "m2"] {
            server.done("placeOrder", order(merchant, &format!("N-{n}"), account)).await;
        }
    }
    let reason = || json!({"code": "DAMAGED"});
    for n in ["N-0", "N-1", "N-2"] {
        server.done("addTag", json!({"order": by("m1", n), "tag": "a \"tag\""})).await;
        server.done("recordPayment", payment("m1", n, &format!("T-{n}"), "10.00")).await;
    }
    server.done("placeHold", json!({"order": by("m1", "N-1"), "hold": "RISK"})).await;
    server.done("requestAddressChange", json!({"order": by("m1", "N-2"), "contact": {"tel": "1"}})).await;
    server.done("confirmShipment", json!({"order": by("m1", "N-0")})).await;
    let told = json!({"order": by("m1", "N-0"), "checkpoint": "c", "status": "COLLECTED"});
    server.done("recordTracking", told).await;
    server.done("requestRefund", json!({"order": by("m1", "N-0"), "reason": reason()})).await;
    server.done("cancelOrder", json!({"order": by("m1", "N-3"), "reason": reason()})).await;
    server.issue(CLERK, Role::Clerk).await;
    server.settle().await;
    server
}

/// The answer's text, to this token.
async fn answer(server: &Server, token: &str, query: &str) -> String {
    let body = json!({"query": query, "variables": {"yes": true, "no": false}}).to_string();
    let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
    request(server.address, "POST /graphql", &head, body.as_bytes()).await.body
}

/// Selected twice, so that the library resolves the whole document; and what that adds to the answer.
const TWICE: (&str, &str) = ("__typename __typename", ",\"__typename\":\"Query\"");

#[tokio::test]
async fn what_is_written_at_once_is_what_the_library_answers() {
    let (server, types) = (shop().await, types());
    let mut random = Random::new(random::seed("DAYBOOK_ROWS_SEED"));
    let other = server.other_platform_token().await;
    let (mut rows, mut longest) = (0, 0);
    for nth in 0..300 {
        let dear_per_mille = if nth % 5 == 0 { 300 } else { 0 };
        let mut drawing = Drawing {
            random: Random::new(random.draw()),
            types: &types,
            fragments: String::new(),
            names: 0,
            dear_per_mille,
            twice_per_mille: if nth % 7 == 0 { 100 } else { 0 },
        };
        let (nodes, edges) = (drawing.set("Order", 3), drawing.set("OrderEdge", 4));
        let fragments = drawing.fragments;
        let document = |more: &str| {
            format!(
                "query ($yes: Boolean!, $no: Boolean!) {{ orders(scope: SUBTREE, first: 8) @include(if: $yes) @skip(if: $no) {{ nodes {nodes} edges {edges}
                 pageInfo {{ hasNextPage }} }} {more} }} {fragments}"
            )
        };
        // Each token sees its own, and some of it masked.
        let token = if random.per_mille(500) { &other } else { CLERK };
        let (ours, its) =
            (answer(&server, token, &document("")).await, answer(&server, token, &document(TWICE.0)).await);
        if ours.starts_with("{\"errors\"") {
            // What the library refuses: in which order it says why differs from one time to the next.
            assert!(its.starts_with("{\"errors\""), "{}", document(""));
            continue;
        }
        let its = its.replacen(TWICE.1, "", 1);
        if dear_per_mille == 0 {
            assert_eq!(ours, its, "{}", document(""));
        } else {
            // Fields that wait for something stand where they ended.
            let parsed = |text: &str| {
                let mut answer: serde_json::Value = serde_json::from_str(text).unwrap();
                answer["data"].as_object_mut().unwrap().remove("__typename");
                answer
            };
            assert_eq!(parsed(&ours), parsed(&its), "{}", document(""));
        }
        rows += usize::from(ours.starts_with("{\"data\":{\"orders\":{\"nodes\":["));
        longest = longest.max(ours.len());
    }
    // Some documents are refused, being too large, by both.
    assert!(rows > 100 && longest > 2_000, "{rows} lists, {longest} bytes");
}

#[tokio::test]
async fn what_is_selected_twice_is_merged() {
    let server = shop().await;
    let text = answer(
        &server,
        &server.other_platform_token().await,
        "{ orders(scope: SUBTREE, first: 1) { nodes { number } nodes { total { amount } total { currency } } }
           orders(scope: SUBTREE, first: 1) { nodes { revision } edges { cursor } } }",
    )
    .await;
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    let node = &found["data"]["orders"]["nodes"][0];
    assert!(node["number"].is_string() && node["revision"].is_number(), "{text}");
    assert_eq!(node["total"], json!({"amount": "10.00", "currency": "CNY"}));
    assert!(found["data"]["orders"]["edges"][0]["cursor"].is_string());
}
