use serde_json::json;

use crate::kit::{Server, by, cny, payment};

#[tokio::test]
async fn the_dashboard_as_it_is_asked_for() {
    let server = Server::start().await;
    server.merchant("olist", None).await;
    server.merchant("m1", Some("olist")).await;
    // Tuesday 2023-11-14 22:13 UTC; two minutes later the first is paid.
    server.place("m1", "N-1", "a").await;
    server.place("olist", "N-2", "a").await;
    server.place("m1", "N-3", "a").await;
    server.pass(120);
    server.done("recordPayment", payment("m1", "N-1", "T-1", "10.00")).await;
    server.settle().await;
    let query = r#"query ($zone: String!) { dashboard(merchant: "olist", scope: SUBTREE, range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"},
        timeZone: $zone, currency: "CNY", basis: COHORT) {
        placedOrders paidOrders refundedOrders conversionRate refundRate paidAmount { amount currency } averageOrderValue { amount currency }
        peak { weekday hour placedOrders } byWeekdayHour { weekday hour placedOrders paidOrders refundedOrders }
        byDay { date placedOrders paidOrders paidAmount { amount currency } }
        byMerchant(first: 10) { merchant { id } placedOrders paidAmount { amount currency } }
        stages { stage count medianSeconds p90Seconds maxSeconds negative } } }"#;
    let data = server.data(query, json!({"zone": "UTC"})).await;
    let found = &data["dashboard"];
    assert_eq!([&found["placedOrders"], &found["paidOrders"], &found["refundedOrders"]], [3, 1, 0]);
    assert_eq!([&found["conversionRate"], &found["refundRate"]], ["0.333333", "0.000000"]);
    assert_eq!(found["averageOrderValue"], json!({"amount": "10.00", "currency": "CNY"}));
    assert_eq!(found["peak"], json!({"weekday": 2, "hour": 22, "placedOrders": 3}));
    let cells = found["byWeekdayHour"].as_array().unwrap();
    assert_eq!(cells.len(), 168);
    assert_eq!(
        cells[24 + 22],
        json!({"weekday": 2, "hour": 22, "placedOrders": 3, "paidOrders": 1, "refundedOrders": 0})
    );
    let days: Vec<&str> = found["byDay"].as_array().unwrap().iter().map(|day| day["date"].as_str().unwrap()).collect();
    assert_eq!(days, ["2023-11-14", "2023-11-15"]);
    assert_eq!(found["byMerchant"][0]["merchant"]["id"], "m1");
    assert_eq!(found["byMerchant"][0]["placedOrders"], 2);
    assert_eq!(found["byMerchant"][1]["merchant"]["id"], "olist");
    let paid = &found["stages"][0];
    assert_eq!(
        [&paid["stage"], &paid["count"], &paid["maxSeconds"]],
        [&json!("PLACED_TO_PAID"), &json!(1), &json!(120)]
    );
    // Wednesday morning in Shanghai.
    let data = server.data(query, json!({"zone": "Asia/Shanghai"})).await;
    assert_eq!(data["dashboard"]["peak"], json!({"weekday": 3, "hour": 6, "placedOrders": 3}));
    let answer = server.ask(query, json!({"zone": "Mars"})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_ARGUMENT");
}

#[tokio::test]
async fn nothing_has_no_rates() {
    let server = Server::start().await;
    let query = r#"{ dashboard(range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY") {
        placedOrders conversionRate refundRate averageOrderValue { amount } peak { hour } paidAmount { amount } } }"#;
    assert_eq!(
        server.data(query, json!({})).await["dashboard"],
        json!({"placedOrders": 0, "conversionRate": null, "refundRate": null, "averageOrderValue": null, "peak": null,
               "paidAmount": {"amount": "0.00"}})
    );
}

#[tokio::test]
async fn what_happens_besides_has_figures_and_each_is_explained() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    for (number, account) in [("N-1", "a"), ("N-2", "a"), ("N-3", "b")] {
        server.place("m1", number, account).await;
        server.pass(60);
    }
    for number in ["N-1", "N-2"] {
        server.done("recordPayment", payment("m1", number, number, "10.00")).await;
        server.done("confirmShipment", json!({"order": by("m1", number), "carrier": "SF"})).await;
        let seen = json!({"order": by("m1", number), "checkpoint": "c1", "status": "DELIVERED"});
        server.done("recordTracking", seen).await;
    }
    let ask = json!({"order": by("m1", "N-1"), "amount": cny("4.00"), "reason": {"code": "DAMAGED"}});
    server.done("requestRefund", ask).await;
    server.done("approveRefund", json!({"order": by("m1", "N-1")})).await;
    server.done("settleRefund", json!({"order": by("m1", "N-1")})).await;
    server.settle().await;
    let query = r#"{ dashboard(merchant: "m1", range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY") {
        deliveredOrders unattendedShare exceptionOrders exceptionRate refundRequests answeredInTimeShare repeatBuyerRate
        breaches { clock count } byProduct(first: 5) { merchant { id } sku title orders units paidOrders paidAmount { amount } refundedOrders }
        byRefundReason { reason requests amount { amount } }
        byHour { hour placedOrders refundRate } byWeekdayHour { refundRate }
        forecast(hours: 24) { hours { at placedOrders } weeks error naiveError } } }"#;
    let found = server.data(query, json!({})).await["dashboard"].take();
    assert_eq!([&found["deliveredOrders"], &found["exceptionOrders"], &found["refundRequests"]], [2, 1, 1]);
    assert_eq!(found["exceptionRate"], "0.333333");
    assert_eq!(found["unattendedShare"], "0.000000", "a person shipped them");
    assert_eq!(found["answeredInTimeShare"], "1.000000");
    assert_eq!(found["repeatBuyerRate"], "0.500000");
    assert_eq!(found["breaches"].as_array().unwrap().len(), 5);
    assert_eq!(
        found["byProduct"],
        json!([{"merchant": {"id": "m1"}, "sku": "card", "title": "Card", "orders": 3, "units": 6, "paidOrders": 2,
            "paidAmount": {"amount": "20.00"}, "refundedOrders": 1}])
    );
    assert_eq!(found["byRefundReason"], json!([{"reason": "DAMAGED", "requests": 1, "amount": {"amount": "4.00"}}]));
    let hour = &found["byHour"][22];
    assert_eq!(hour, &json!({"hour": 22, "placedOrders": 3, "refundRate": "0.500000"}));
    let forecast = &found["forecast"];
    assert_eq!((&forecast["weeks"], &forecast["error"]), (&json!(1), &json!(null)));
    assert_eq!(forecast["hours"].as_array().unwrap().len(), 24);
    assert_eq!(forecast["hours"][0], json!({"at": "2023-11-16T00:00:00Z", "placedOrders": "0"}));

    for (metric, first, expected) in [
        ("PAID_AMOUNT", 1, vec![("payment-captured", "10.00"), ("payment-captured", "10.00")]),
        ("PLACED_ORDERS", 2, vec![("order-placed", "1"), ("order-placed", "1"), ("order-placed", "1")]),
        ("REFUNDED_ORDERS", 50, vec![("refund-settled", "1")]),
        ("EXCEPTION_ORDERS", 50, vec![("refund-requested", "1")]),
        ("DELIVERED_ORDERS", 50, vec![("delivered", "1"), ("delivered", "1")]),
        ("COLLECT_BREACHES", 50, vec![]),
    ] {
        for basis in ["COHORT", "BOOKED"] {
            let events = events(&server, metric, basis, first).await;
            let told: Vec<(&str, &str)> = events
                .iter()
                .map(|event| (event["kind"].as_str().unwrap(), event["amount"].as_str().unwrap()))
                .collect();
            assert_eq!(told, expected, "{metric} {basis}");
        }
    }
    // The cell of the week that says 3 placed orders, as it is called in Shanghai.
    let cell = |hour: u8| {
        format!(
            r#"query {{ dashboardEvents(merchant: "m1", range: {{gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}},
                timeZone: "Asia/Shanghai", weekday: 3, hour: {hour}, metric: PLACED_ORDERS, currency: "CNY") {{ nodes {{ amount }} }} }}"#
        )
    };
    for (hour, told) in [(5, 0), (6, 3), (7, 0)] {
        let events = server.data(&cell(hour), json!({})).await["dashboardEvents"]["nodes"].take();
        assert_eq!(events.as_array().unwrap().len(), told, "{hour}");
    }
    let refused = server.ask(&cell(24), json!({})).await;
    assert_eq!(refused["errors"][0]["message"], "hour is 0 to 23");

    let asked = r#"query { dashboardEvents(merchant: "m1", scope: OWN, range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"},
        metric: PAID_AMOUNT, currency: "CNY", first: 50) { nodes { position amount order { number label } } } }"#;
    let explained = server.data(asked, json!({})).await["dashboardEvents"]["nodes"].take();
    assert_eq!(explained[0]["order"], json!({"number": "N-1", "label": "TO_SHIP"}), "as of that event");
}

/// All pages of the events behind a figure.
async fn events(server: &Server, metric: &str, basis: &str, first: u32) -> Vec<serde_json::Value> {
    let query = r#"query ($metric: Metric!, $basis: Basis!, $first: Int!, $after: String) {
        dashboardEvents(merchant: "m1", range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, metric: $metric,
            currency: "CNY", basis: $basis, first: $first, after: $after) {
            nodes { position kind amount } pageInfo { hasNextPage endCursor } } }"#;
    let (mut all, mut after) = (Vec::new(), json!(null));
    loop {
        let variables = json!({"metric": metric, "basis": basis, "first": first, "after": after});
        let mut page = server.data(query, variables).await["dashboardEvents"].take();
        let nodes = page["nodes"].as_array_mut().unwrap();
        assert!(nodes.len() <= first as usize);
        all.append(nodes);
        if page["pageInfo"]["hasNextPage"] == false {
            return all;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}
