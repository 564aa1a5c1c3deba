//! Documents as clients of a shop send them, whole: each selects all that its page shows.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use serde_json::{Value, json};
use support::{Server, documented_requests, run, token};

struct Shop {
    _folder: tempfile::TempDir,
    server: Server,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let token = token(&data);
        let shop = Self { server: Server::start(&data, token), _folder: folder };
        for (command, input) in
            [(1, r#"id: "olist", name: "Olist""#), (2, r#"id: "m1", name: "Shop one", parent: "olist""#)]
        {
            let registered = shop.ask(&format!(
                r#"mutation {{ registerMerchant(input: {{commandId: "{}", {input}}}) {{ merchant {{ id }} userErrors {{ field code message }} }} }}"#,
                id(command)
            ));
            assert_eq!(registered["registerMerchant"]["userErrors"], json!([]));
        }
        shop
    }

    fn ask(&self, document: &str) -> Value {
        self.server.query(document, &json!({}))
    }
}

fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

#[test]
fn an_order_is_placed_listed_and_its_history_read() {
    let shop = Shop::new();
    let placed = shop.ask(&format!(
        r#"mutation {{ placeOrder(input: {{commandId: "{}", merchant: "m1", number: "A-1", buyer: {{account: "ann"}}, lines: [{{sku: "gc-10", title: "Game card", quantity: 1, kind: CARD,
            unitPrice: {{amount: "9.90", currency: "CNY"}}}}], adjustments: [{{kind: DISCOUNT, label: "spring", amount: {{amount: "-1.00", currency: "CNY"}}}}]}}) {{
            receipt {{ position commandId }} order {{ id number revision label }} userErrors {{ field code message }} }} }}"#,
        id(3)
    ));
    let placed = &placed["placeOrder"];
    assert_eq!(placed["receipt"], json!({"position": "4", "commandId": id(3)}));
    assert_eq!((&placed["order"]["number"], &placed["order"]["label"]), (&json!("A-1"), &json!("AWAITING_PAYMENT")));
    let order = placed["order"]["id"].as_str().unwrap();

    let paid = shop.ask(&format!(
        r#"mutation {{ recordPayment(input: {{commandId: "{}", order: {{id: "{order}"}}, provider: "alipay", tradeNumber: "T-1", amount: {{amount: "8.90", currency: "CNY"}}}}) {{
            receipt {{ position }} order {{ label }} userErrors {{ field code message }} }} }}"#,
        id(4)
    ));
    assert_eq!(paid["recordPayment"]["order"]["label"], "TO_SHIP");
    let position = paid["recordPayment"]["receipt"]["position"].as_str().unwrap();

    let listed = shop.ask(&format!(
        r#"query {{ orders(where: {{label: {{oneOf: [TO_SHIP]}}, placedAt: {{gte: "2018-01-01T00:00:00Z"}}, merchant: {{oneOf: ["olist"]}}, buyer: {{eq: "ann"}}, number: {{eq: "A-1"}}}},
                   scope: SUBTREE, sortBy: {{field: PLACED_AT, direction: DESC}}, first: 50, atLeast: "{position}") {{
            nodes {{ id number placedAt label merchant {{ id name }} buyer {{ account }} total {{ amount currency }}
                axes {{ lifecycle payment fulfilment afterSales holds }} lines {{ id sku title quantity unitPrice {{ amount currency }} }} revision }}
            edges {{ cursor }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}
          ordersCount(where: {{label: {{oneOf: [EXCEPTION]}}}}, scope: SUBTREE) }}"#
    ));
    let node = &listed["orders"]["nodes"][0];
    assert_eq!(
        node["lines"],
        json!([{"id": format!("{order}:1"), "sku": "gc-10", "title": "Game card", "quantity": 1,
            "unitPrice": {"amount": "9.90", "currency": "CNY"}}])
    );
    assert_eq!((&node["merchant"]["name"], &node["buyer"]["account"]), (&json!("Shop one"), &json!("ann")));
    assert_eq!(node["total"], json!({"amount": "8.90", "currency": "CNY"}));
    assert_eq!(
        node["axes"],
        json!({"lifecycle": "PLACED", "payment": "PAID", "fulfilment": "NONE", "afterSales": "NONE", "holds": []})
    );
    assert_eq!(listed["ordersCount"], 0);

    let read = shop.ask(
        r#"query { order(by: {number: {merchant: "olist", number: "A-1"}}, asOf: {revision: 2}) { label history(first: 50) { nodes { position revision kind version occurredAt recordedAt
            actor { id role } commandId reason changes { field before after } data } } } }"#,
    );
    let kinds: Vec<&Value> =
        read["order"]["history"]["nodes"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["order-placed", "payment-captured"]);

    let log = shop.ask(
        r#"query { events(after: "0", first: 100, kinds: ["order-placed"]) { nodes { position kind stream data } pageInfo { endCursor } }
            viewer { id role } merchants(first: 10) { nodes { id name parent { id } } } }"#,
    );
    assert_eq!(log["events"]["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(log["viewer"]["role"], "PLATFORM");
    assert_eq!(log["merchants"]["nodes"][0], json!({"id": "m1", "name": "Shop one", "parent": {"id": "olist"}}));
}

#[test]
fn a_dashboard_has_all_its_cells_also_where_nothing_happened() {
    let shop = Shop::new();
    let answer = shop.ask(
        r#"query { dashboard(merchant: "olist", scope: SUBTREE, range: {gte: "2017-01-01T00:00:00Z", lt: "2018-01-01T00:00:00Z"}, timeZone: "UTC", currency: "BRL", basis: COHORT) {
            placedOrders paidOrders refundedOrders conversionRate refundRate paidAmount { amount currency } averageOrderValue { amount currency }
            peak { weekday hour placedOrders } byWeekdayHour { weekday hour placedOrders paidOrders refundedOrders } byDay { date placedOrders paidOrders paidAmount { amount currency } }
            byMerchant(first: 10) { merchant { id } placedOrders paidAmount { amount currency } } stages { stage count medianSeconds p90Seconds maxSeconds negative } } }"#,
    );
    let dashboard = &answer["dashboard"];
    assert_eq!(dashboard["byWeekdayHour"].as_array().unwrap().len(), 168);
    assert_eq!(dashboard["byDay"].as_array().unwrap().len(), 365);
    assert_eq!((&dashboard["placedOrders"], &dashboard["conversionRate"]), (&json!(0), &Value::Null));
    assert_eq!(dashboard["paidAmount"], json!({"amount": "0.00", "currency": "BRL"}));
}

#[test]
fn what_the_api_document_sends_with_curl_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, token(&data));
    assert!(run(&["merchant", "create", "m1", "--name", "My shop"], &data).status.success());
    let answers = documented_requests(&server);
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["placeOrder"]["order"], json!({"number": "N-1", "label": "AWAITING_PAYMENT"}), "{answers:?}");
    assert_eq!(answers[1]["orders"]["nodes"][0]["number"], "N-1", "{answers:?}");
}

#[test]
fn stock_is_received_and_listed() {
    let shop = Shop::new();
    let received = shop.ask(&format!(
        r#"mutation {{ receiveStock(input: {{commandId: "{}", merchant: "m1", sku: "gc-10", quantity: 10}}) {{ receipt {{ position }} stock {{ sku free reserved deducted }} userErrors {{ code }} }} }}"#,
        id(10)
    ));
    let received = &received["receiveStock"];
    assert_eq!(received["stock"], json!({"sku": "gc-10", "free": 10, "reserved": 0, "deducted": 0}));
    let place = |command: u32, number: &str, quantity: u32| {
        let placed = shop.ask(&format!(
            r#"mutation {{ placeOrder(input: {{commandId: "{}", merchant: "m1", number: "{number}", buyer: {{account: "ann"}},
                lines: [{{sku: "gc-10", title: "Game card", quantity: {quantity}, kind: CARD, unitPrice: {{amount: "9.90", currency: "CNY"}}}}]}}) {{
                receipt {{ position }} userErrors {{ code message }} }} }}"#,
            id(command)
        ));
        placed["placeOrder"].clone()
    };
    assert_eq!(place(11, "S-1", 7)["userErrors"], json!([]));
    let refused = place(12, "S-2", 4);
    assert_eq!(
        refused["userErrors"],
        json!([{"code": "OUT_OF_STOCK", "message": "there is too little of gc-10: 3 are free"}])
    );
    let marked = shop.ask(&format!(
        r#"mutation {{ setStockMark(input: {{commandId: "{}", merchant: "m1", sku: "gc-10", lowAt: 3}}) {{ receipt {{ position }} stock {{ low lowAt }} userErrors {{ code }} }} }}"#,
        id(13)
    ));
    assert_eq!(marked["setStockMark"]["stock"], json!({"low": true, "lowAt": 3}));
    let at = marked["setStockMark"]["receipt"]["position"].as_str().unwrap();
    let listed = shop.ask(&format!(
        r#"query {{ stock(merchant: "m1", first: 10, atLeast: "{at}") {{ nodes {{ sku free reserved deducted low }} pageInfo {{ hasNextPage endCursor }} }}
            all: stockCount(merchant: "olist", scope: SUBTREE, atLeast: "{at}") low: stockCount(low: true, atLeast: "{at}") own: stockCount(merchant: "olist") }}"#
    ));
    assert_eq!(
        listed["stock"]["nodes"],
        json!([{"sku": "gc-10", "free": 3, "reserved": 7, "deducted": 0, "low": true}])
    );
    assert_eq!((&listed["all"], &listed["low"], &listed["own"]), (&json!(1), &json!(1), &json!(0)));
    let counted = shop.ask(&format!(
        r#"mutation {{ countStock(input: {{commandId: "{}", merchant: "m1", sku: "gc-10", counted: 12}}) {{ stock {{ received free counted merchant {{ name }} }} userErrors {{ code }} }} }}"#,
        id(14)
    ));
    assert_eq!(
        counted["countStock"]["stock"],
        json!({"received": 12, "free": 5, "counted": true, "merchant": {"name": "Shop one"}})
    );
    let wrong = shop.ask(&format!(
        r#"mutation {{ receiveStock(input: {{commandId: "{}", merchant: "nobody", sku: "a b", quantity: 0}}) {{ stock {{ sku }} userErrors {{ field code }} }} }}"#,
        id(15)
    ));
    let fields: Vec<&Value> =
        wrong["receiveStock"]["userErrors"].as_array().unwrap().iter().map(|error| &error["field"][1]).collect();
    assert_eq!(fields, ["sku", "quantity"]);
}
