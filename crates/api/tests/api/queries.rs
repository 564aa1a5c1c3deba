use serde_json::json;

use crate::kit::{Server, by, order, payment};

async fn tree() -> Server {
    let server = Server::start().await;
    server.merchant("olist", None).await;
    server.merchant("m1", Some("olist")).await;
    server.merchant("m2", Some("olist")).await;
    server.place("m1", "N-1", "小明").await;
    server.done("recordPayment", payment("m1", "N-1", "T-1", "10.00")).await;
    server.place("m2", "N-2", "小红").await;
    server.settle().await;
    server
}

#[tokio::test]
async fn the_order_list_as_it_is_asked_for() {
    let server = tree().await;
    let data = server
        .data(
            r#"query { orders(where: {label: {oneOf: [TO_SHIP]}, placedAt: {gte: "2018-01-01T00:00:00Z"}, merchant: {oneOf: ["olist"]},
                   buyer: {eq: "小明"}, number: {eq: "N-1"}},
               scope: SUBTREE, sortBy: {field: PLACED_AT, direction: DESC}, first: 50) {
            nodes { id number placedAt label merchant { id name } buyer { account } total { amount currency }
                    axes { lifecycle payment fulfilment afterSales holds } lines { id: number sku title quantity unitPrice { amount currency } } revision }
            edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
          ordersCount(where: {label: {oneOf: [EXCEPTION]}}, scope: SUBTREE) }"#,
            json!({}),
        )
        .await;
    assert_eq!(data["ordersCount"], 0);
    let node = &data["orders"]["nodes"][0];
    assert_eq!(data["orders"]["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(node["merchant"], json!({"id": "m1", "name": "Shop m1"}));
    assert_eq!(node["buyer"]["account"], "小明");
    assert_eq!(node["total"], json!({"amount": "10.00", "currency": "CNY"}));
    assert_eq!(
        node["axes"],
        json!({"lifecycle": "PLACED", "payment": "PAID", "fulfilment": "NONE", "afterSales": "NONE", "holds": []})
    );
    assert_eq!(
        node["lines"],
        json!([{"id": 1, "sku": "card", "title": "Card", "quantity": 2, "unitPrice": {"amount": "5.00", "currency": "CNY"}}])
    );
    assert_eq!(data["orders"]["pageInfo"]["hasNextPage"], false);
    assert_eq!(data["orders"]["pageInfo"]["endCursor"], data["orders"]["edges"][0]["cursor"]);
}

#[tokio::test]
async fn filters_combine() {
    let server = tree().await;
    for (filter, numbers) in [
        (r#"{}"#, vec!["N-2", "N-1"]),
        (r#"{merchant: {eq: "olist"}}"#, vec!["N-2", "N-1"]),
        (r#"{merchant: {eq: "m2"}}"#, vec!["N-2"]),
        (r#"{merchant: {eq: "no such"}}"#, vec![]),
        (r#"{buyer: {eq: "小红"}}"#, vec!["N-2"]),
        (r#"{buyer: {eq: "nobody"}}"#, vec![]),
        (r#"{merchant: {eq: "m1"}, buyer: {eq: "小红"}}"#, vec![]),
        (r#"{OR: [{number: {eq: "N-1"}}, {label: {eq: AWAITING_PAYMENT}}]}"#, vec!["N-2", "N-1"]),
        (r#"{AND: [{number: {oneOf: ["N-1", "N-2"]}}, {payment: {eq: PAID}}]}"#, vec!["N-1"]),
        (r#"{product: {eq: "card"}, total: {currency: "CNY", gte: "10.00", lte: "10"}}"#, vec!["N-2", "N-1"]),
        (r#"{total: {currency: "CNY", gte: "10.01"}}"#, vec![]),
        (r#"{label: {oneOf: []}}"#, vec![]),
        (r#"{dueBefore: "2030-01-01T00:00:00Z", payment: {eq: UNPAID}}"#, vec!["N-2"]),
    ] {
        let query = format!(
            "{{ orders(where: {filter}, scope: SUBTREE) {{ nodes {{ number }} }} ordersCount(where: {filter}, scope: SUBTREE) }}"
        );
        let data = server.data(&query, json!({})).await;
        let found: Vec<&str> =
            data["orders"]["nodes"].as_array().unwrap().iter().map(|node| node["number"].as_str().unwrap()).collect();
        assert_eq!(found, numbers, "{filter}");
        assert_eq!(data["ordersCount"], numbers.len(), "{filter}");
    }
    let own = server.data(r#"{ orders(where: {merchant: {eq: "olist"}}) { nodes { number } } }"#, json!({})).await;
    assert_eq!(own["orders"]["nodes"], json!([]), "the scope is OWN unless told otherwise");
}

#[tokio::test]
async fn an_order_as_of_then_with_its_history() {
    let server = tree().await;
    let query = r#"query ($by: OrderInput!) { order(by: $by, asOf: {revision: 2}) { label history(first: 50) { nodes { position revision kind
        version occurredAt recordedAt actor { id role } commandId reason changes { field before after } data } } } }"#;
    // Found below the merchant as well.
    let data = server.data(query, json!({"by": by("olist", "N-1")})).await;
    let history = data["order"]["history"]["nodes"].as_array().unwrap();
    assert_eq!(data["order"]["label"], "TO_SHIP");
    assert_eq!(history.len(), 2);
    assert_eq!(history[0]["kind"], "order-placed");
    assert_eq!(history[0]["actor"]["role"], "PLATFORM");
    assert!(history[0]["data"].to_string().contains("小明"), "{}", history[0]["data"]);
    let changes = history[1]["changes"].as_array().unwrap();
    assert!(
        changes.contains(&json!({"field": "label", "before": "AWAITING_PAYMENT", "after": "TO_SHIP"})),
        "{changes:?}"
    );
    assert!(changes.contains(&json!({"field": "captured", "before": "0.00 CNY", "after": "10.00 CNY"})));

    let early = "query ($by: OrderInput!) { order(by: $by, asOf: {revision: 1}) { label history { nodes { kind } } } }";
    let early = server.data(early, json!({"by": by("m1", "N-1")})).await;
    let expected = json!({"label": "AWAITING_PAYMENT", "history": {"nodes": [{"kind": "order-placed"}]}});
    assert_eq!(early["order"], expected, "nothing of what came later");

    let at = |as_of: serde_json::Value| {
        let query = "query ($by: OrderInput!, $at: AsOf!) { order(by: $by, asOf: $at) { revision } }";
        let server = &server;
        async move {
            let data = server.data(query, json!({"by": by("m1", "N-1"), "at": as_of})).await;
            data["order"]["revision"].as_u64()
        }
    };
    assert_eq!(at(json!({"revision": 1})).await, Some(1));
    assert_eq!(at(json!({"position": history[0]["position"]})).await, Some(1));
    assert_eq!(at(json!({"position": "0"})).await, None);
    assert_eq!(at(json!({"time": history[0]["recordedAt"]})).await, Some(1));
    assert_eq!(at(json!({"time": "2001-01-01T00:00:00Z"})).await, None);
    // What would be answered could still change.
    let ahead = (server.services.reader.watermark() + 1).to_string();
    for as_of in [json!({"time": "2101-01-01T00:00:00Z"}), json!({"position": ahead})] {
        let query = "query ($by: OrderInput!, $at: AsOf!) { order(by: $by, asOf: $at) { revision } }";
        let answer = server.ask(query, json!({"by": by("m1", "N-1"), "at": as_of})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_ARGUMENT", "{answer}");
    }
}

#[tokio::test]
async fn histories_come_in_pages() {
    let server = tree().await;
    let mut after = json!(null);
    let mut seen = Vec::new();
    loop {
        let query = "query ($by: OrderInput!, $after: String) { order(by: $by) { history(first: 1, after: $after) {
            nodes { revision changes { field } } pageInfo { hasNextPage endCursor } } } }";
        let data = server.data(query, json!({"by": by("m1", "N-1"), "after": after})).await;
        let page = &data["order"]["history"];
        seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["revision"].as_u64().unwrap()));
        assert!(!page["nodes"][0]["changes"].as_array().unwrap().is_empty());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, [1, 2]);
}

#[tokio::test]
async fn an_ambiguous_number_is_an_error() {
    let server = tree().await;
    server.place("m2", "N-1", "x").await;
    server.settle().await;
    let query = "query ($by: OrderInput!) { order(by: $by) { merchant { id } } }";
    let answer = server.ask(query, json!({"by": by("olist", "N-1")})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NUMBER_AMBIGUOUS");
    assert_eq!(answer["data"]["order"], json!(null));
    let refused = server.refused("addTag", json!({"order": by("olist", "N-1"), "tag": "vip"})).await;
    assert_eq!(refused, ("NUMBER_AMBIGUOUS".into(), "input.order".into()));
    let data = server.data(query, json!({"by": by("m2", "N-1")})).await;
    assert_eq!(data["order"]["merchant"]["id"], "m2");
}

#[tokio::test]
async fn the_log_merchants_and_nodes() {
    let server = tree().await;
    let data = server
        .data(
            r#"query { events(after: "0", first: 100, kinds: ["order-placed"]) { nodes { position kind stream data } pageInfo { endCursor } }
               viewer { id role } merchants(first: 10) { nodes { id name parent { id } } } }"#,
            json!({}),
        )
        .await;
    let events = data["events"]["nodes"].as_array().unwrap();
    assert_eq!(events.len(), 2);
    assert!(events[1]["data"].to_string().contains("小红"));
    assert_eq!(data["events"]["pageInfo"]["endCursor"], server.services.reader.watermark().to_string());
    assert_eq!(
        data["merchants"]["nodes"],
        json!([{"id": "m1", "name": "Shop m1", "parent": {"id": "olist"}},
               {"id": "m2", "name": "Shop m2", "parent": {"id": "olist"}},
               {"id": "olist", "name": "Shop olist", "parent": null}])
    );
    let query = r#"query ($id: ID!) { node(id: $id) { id ... on Order { number } ... on Merchant { name } }
                   merchant(id: "olist") { childrenCount children(first: 1) { nodes { id } pageInfo { hasNextPage } } } }"#;
    let order = server.data(query, json!({"id": events[0]["stream"]})).await;
    assert_eq!(order["node"], json!({"id": events[0]["stream"], "number": "N-1"}));
    assert_eq!(order["merchant"]["childrenCount"], 2);
    assert_eq!(order["merchant"]["children"], json!({"nodes": [{"id": "m1"}], "pageInfo": {"hasNextPage": true}}));
    let merchant = server.data(query, json!({"id": "m2"})).await;
    assert_eq!(merchant["node"], json!({"id": "m2", "name": "Shop m2"}));
    assert_eq!(server.data(query, json!({"id": "nobody"})).await["node"], json!(null));
}

#[tokio::test]
async fn events_are_walked_by_position() {
    let server = tree().await;
    let mut seen = Vec::new();
    let mut after = json!("0");
    loop {
        let query = "query ($after: Position) { events(after: $after, first: 2) { nodes { position } pageInfo { endCursor hasNextPage } } }";
        let data = server.data(query, json!({"after": after})).await;
        let nodes = data["events"]["nodes"].as_array().unwrap();
        seen.extend(nodes.iter().map(|node| node["position"].as_str().unwrap().parse::<u64>().unwrap()));
        if data["events"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = data["events"]["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen, (1..=server.services.reader.watermark()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_list_waits_for_the_position_that_it_is_given() {
    let server = Server::start_without_follower().await;
    server.merchant("m1", None).await;
    let placed = server.done("placeOrder", order("m1", "N-1", "a")).await;
    let query = "query ($at: Position) { orders(atLeast: $at) { nodes { number } } }";
    assert_eq!(server.data(query, json!({})).await["orders"]["nodes"], json!([]));
    let asked = server.data(query, json!({"at": placed["receipt"]["position"]}));
    let folded = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let events = server.services.reader.events(1, 1 << 20).unwrap();
        server.services.host.apply(&events).unwrap();
    };
    let (data, ()) = tokio::join!(asked, folded);
    assert_eq!(data["orders"]["nodes"], json!([{"number": "N-1"}]));
    // What the log has not got is not waited for.
    let answer = at_once(server.ask(query, json!({"at": "999999"}))).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "VIEW_BEHIND");
}

/// Less than anything waits for the views.
async fn at_once<T>(asked: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(4), asked).await.expect("nothing is waited for")
}

#[tokio::test]
async fn what_can_be_no_order_is_not_waited_for() {
    let server = Server::start_without_follower().await;
    server.merchant("m1", None).await;
    let long = "x".repeat(100);
    for by in [
        json!({"id": "nonsense"}),
        json!({"number": {"number": ""}}),
        json!({"number": {"number": long}}),
        json!({"number": {"number": "A-1", "merchant": "no name!"}}),
    ] {
        let asked = server.data("query ($by: OrderInput!) { order(by: $by) { number } }", json!({"by": by}));
        assert_eq!(at_once(asked).await["order"], json!(null), "{by}");
        let named = server.refused("addTag", json!({"order": by, "tag": "vip"}));
        assert_eq!(at_once(named).await.0, "ORDER_UNKNOWN", "{by}");
    }
    // Nor is what is wrong anyway.
    let add = "mutation ($input: AddTagInput!) { addTag(input: $input) { userErrors { code } } }";
    let input = json!({"commandId": server.uuid(), "order": {"number": {"number": "A-1"}}, "tag": long});
    let answer = at_once(server.data(add, json!({"input": input}))).await;
    assert_eq!(answer["addTag"]["userErrors"], json!([{"code": "ORDER_UNKNOWN"}, {"code": "INVALID_INPUT"}]));
}

#[tokio::test]
async fn an_operation_waits_for_the_views_once_however_much_it_asks() {
    let server = Server::start_without_follower().await;
    server.merchant("m1", None).await;
    let one = |n| format!(r#"a{n}: order(by: {{number: {{number: "A-{n}"}}}}) {{ number }}"#);
    let query: Vec<String> = (0..4).map(one).collect();
    let query = format!("{{ {} }}", query.join(" "));
    let asked = server.ask(&query, json!({}));
    let answer = tokio::time::timeout(std::time::Duration::from_secs(9), asked).await.expect("not four times");
    let errors = answer["errors"].as_array().unwrap();
    assert!(errors.iter().all(|error| error["extensions"]["code"] == "VIEW_BEHIND"), "{answer}");
    assert_eq!(errors.len(), 4);
}

#[tokio::test]
async fn a_stopped_view_says_so_and_others_go_on() {
    let server = Server::start_without_follower().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "a").await;
    let mut events = server.services.reader.events(1, 1 << 20).unwrap();
    let last = events.len() - 1;
    events[last].event = daybook_domain::event::OrderCompleted {}.into();
    assert!(server.services.host.apply(&events).is_err());
    let answer = server.ask("{ orders { nodes { number } } }", json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "VIEW_STOPPED");
    let order =
        server.data("query ($by: OrderInput!) { order(by: $by) { number } }", json!({"by": by("m1", "N-1")})).await;
    assert_eq!(order["order"]["number"], "N-1", "from the ledger itself");
}

#[tokio::test]
async fn both_ways_of_resolving_a_list_answer_the_same() {
    let server = tree().await;
    server.done("addTag", json!({"order": by("m1", "N-1"), "tag": "vip"})).await;
    server.done("placeHold", json!({"order": by("m1", "N-1"), "hold": "RISK"})).await;
    server.settle().await;
    // A directive anywhere makes the whole list go the library's way.
    let query = |mark: &str, fields: &str| {
        format!(
            "{{ orders {{ nodes {{ ...parts {fields} }} edges {{ __typename cursor node {{ {fields} }} }} }} }}
             fragment parts on Order {{ position tags }}"
        )
        .replace("MARK", mark)
    };
    let fields = "__typename id MARK shown: number placedAt label merchant { __typename id name } buyer { account }
        total { __typename amount currency } axes { __typename lifecycle payment fulfilment afterSales holds }
        lines { __typename number sku title kind quantity unitPrice { amount currency } shipped } revision";
    let plain = server.ask(&query("", fields), json!({})).await;
    let ordinary = server.ask(&query("@include(if: true)", fields), json!({})).await;
    assert_eq!(plain.get("errors"), None);
    assert_eq!(plain.to_string(), ordinary.to_string(), "the order of fields as well");
    let merged = server.data("{ orders { nodes { total { amount } total { currency } } } }", json!({})).await;
    assert_eq!(merged["orders"]["nodes"][0]["total"], json!({"amount": "10.00", "currency": "CNY"}));
    let mixed = server.data("{ orders { nodes { number history { nodes { kind } } } } }", json!({})).await;
    assert_eq!(mixed["orders"]["nodes"][0]["history"]["nodes"], json!([{"kind": "order-placed"}]));
}
