use serde_json::json;

use crate::kit::{Server, payment};

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
