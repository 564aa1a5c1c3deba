use serde_json::{Value, json};

use crate::kit::Server;

const PAGE: &str = "query ($first: Int, $after: String, $last: Int, $before: String, $sort: OrderSort) {
    orders(first: $first, after: $after, last: $last, before: $before, sortBy: $sort) {
        nodes { number } edges { cursor node { number } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

fn numbers(page: &Value) -> Vec<String> {
    page["nodes"].as_array().unwrap().iter().map(|node| node["number"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_walked_forwards_and_backwards() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    for n in 0..7 {
        server.place("m1", &format!("N-{n}"), "a").await;
    }
    server.settle().await;
    let all: Vec<String> = (0..7).rev().map(|n| format!("N-{n}")).collect();
    for sort in [json!({"field": "PLACED_AT"}), json!({"field": "AMOUNT", "direction": "DESC"})] {
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let data = server.data(PAGE, json!({"first": 3, "after": after, "sort": sort})).await;
            let page = &data["orders"];
            seen.extend(numbers(page));
            assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen, all);
        let (mut seen, mut before) = (Vec::new(), Value::Null);
        loop {
            let data = server.data(PAGE, json!({"last": 3, "before": before, "sort": sort})).await;
            let page = &data["orders"];
            let mut these = numbers(page);
            these.append(&mut seen);
            seen = these;
            before = page["pageInfo"]["startCursor"].clone();
            if page["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
        }
        assert_eq!(seen, all);
    }
}

#[tokio::test]
async fn odd_pages_are_refused() {
    let server = Server::start().await;
    for variables in [
        json!({"first": 251}),
        json!({"first": -1}),
        json!({"first": 1, "last": 1}),
        json!({"after": "zz"}),
        json!({"after": "00"}),
        json!({"after": "0".repeat(1_000)}),
    ] {
        let answer = server.ask(PAGE, variables.clone()).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_ARGUMENT", "{variables}");
    }
}
