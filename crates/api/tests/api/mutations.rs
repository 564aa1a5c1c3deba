use serde_json::{Value, json};

use crate::kit::{Server, by, cny, order, payment};

async fn shop() -> Server {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server
}

fn reason(code: &str) -> Value {
    json!({"code": code, "text": "asked by phone"})
}

/// Whoever was told that an order is there may name it at once, though the views do not know it yet.
#[tokio::test]
async fn an_order_that_was_just_placed_may_be_named_by_its_number_alone() {
    const BY_NUMBER: &str = "query ($number: String!) { order(by: {number: {number: $number}}) { number } }";
    let server = Server::start_without_follower().await;
    server.merchant("m1", None).await;
    server.place("m1", "A-1", "ann").await;
    server.other_platform_token().await;
    let revoked = "mutation ($input: RevokeTokenInput!) { revokeToken(input: $input) { userErrors { code } } }";
    let token = json!({"input": {"commandId": server.uuid(), "token": uuid::Uuid::from_u128(8).to_string()}});
    let mut paid = payment("m1", "A-1", "T-1", "10.00");
    paid["order"] = json!({"number": {"number": "A-1"}});
    let later = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        server.follow();
    };
    let (paid, asked, revoked, ()) = tokio::join!(
        server.done("recordPayment", paid),
        server.data(BY_NUMBER, json!({"number": "A-1"})),
        server.data(revoked, token),
        later
    );
    assert_eq!(revoked["revokeToken"]["userErrors"], json!([]));
    assert_eq!((&paid["order"]["number"], &asked["order"]["number"]), (&json!("A-1"), &json!("A-1")));
    // What nobody placed is not waited for.
    assert_eq!(server.data(BY_NUMBER, json!({"number": "A-2"})).await["order"], Value::Null);
    let mut unknown = payment("m1", "A-2", "T-2", "10.00");
    unknown["order"] = json!({"number": {"number": "A-2"}});
    assert_eq!(server.refused("recordPayment", unknown).await, ("ORDER_UNKNOWN".into(), "input.order".into()));
}

#[tokio::test]
async fn an_order_lives_its_whole_life() {
    let server = shop().await;
    let (m, n) = ("m1", "N-1");
    let placed = server.place(m, n, "小明").await;
    assert_eq!(placed["order"]["label"], "AWAITING_PAYMENT");
    assert_eq!(placed["order"]["number"], n);
    let it = || by(m, n);
    let failed = json!({"order": it(), "provider": "alipay", "failure": "BALANCE", "note": "no money"});
    server.done("failPayment", failed).await;
    let prices = json!([{"line": 1, "unitPrice": cny("4.50")}]);
    let edited =
        server.done("editPrice", json!({"order": it(), "prices": prices, "reason": reason("NEGOTIATED")})).await;
    assert_eq!(edited["order"]["total"]["amount"], "9.00");
    let paid = server.done("recordPayment", payment(m, n, "T-1", "9.00")).await;
    assert_eq!(paid["order"]["label"], "TO_SHIP");
    let held = server.done("placeHold", json!({"order": it(), "hold": "RISK", "reason": reason("FRAUD")})).await;
    assert_eq!(held["order"]["label"], "EXCEPTION");
    assert_eq!(held["order"]["axes"]["holds"], json!(["RISK"]));
    server.done("releaseHold", json!({"order": it(), "hold": "RISK"})).await;
    let shipment =
        json!({"order": it(), "lines": [{"line": 1, "quantity": 2}], "carrier": "SF", "trackingNumber": "SF1"});
    assert_eq!(server.done("confirmShipment", shipment).await["order"]["label"], "SHIPPED");
    let seen = json!({"order": it(), "checkpoint": "c1", "status": "IN_TRANSIT", "place": "Wuhan"});
    server.done("recordTracking", seen).await;
    let seen = json!({"order": it(), "shipment": 1, "checkpoint": "c2", "status": "DELIVERED"});
    assert_eq!(server.done("recordTracking", seen).await["order"]["axes"]["lifecycle"], "COMPLETED");
    server.done("rateOrder", json!({"order": it(), "score": 5, "comment": "good"})).await;
    server.done("addNote", json!({"order": it(), "text": "a regular"})).await;
    server.done("addTag", json!({"order": it(), "tag": "vip"})).await;
    let ask = |amount: &str| json!({"order": it(), "amount": cny(amount), "reason": reason("DAMAGED")});
    assert_eq!(server.done("requestRefund", ask("1.00")).await["order"]["label"], "AFTER_SALES");
    server.done("rejectRefund", json!({"order": it(), "reason": reason("NOT_REFUNDABLE")})).await;
    server.done("requestRefund", ask("2.00")).await;
    server.done("approveRefund", json!({"order": it(), "ticket": 2, "note": "fine"})).await;
    server.done("failRefund", json!({"order": it(), "failure": "CARD_EXPIRED"})).await;
    let settled = server.done("settleRefund", json!({"order": it(), "provider": "alipay", "tradeNumber": "R-1"})).await;
    assert_eq!(settled["order"]["axes"]["payment"], "PARTLY_REFUNDED");
    server.place(m, "N-2", "小明").await;
    let cancelled = server.done("cancelOrder", json!({"order": by(m, "N-2"), "reason": reason("BUYER_REQUEST")})).await;
    assert_eq!(cancelled["order"]["label"], "CANCELLED");
}

#[tokio::test]
async fn refusals_say_which_field_and_why() {
    let server = shop().await;
    server.place("m1", "N-1", "小明").await;
    let it = by("m1", "N-1");
    let refusals = [
        ("placeOrder", order("m1", "N-1", "a"), "NUMBER_TAKEN", "input.number"),
        ("placeOrder", order("m9", "N-1", "a"), "MERCHANT_UNKNOWN", "input"),
        ("placeOrder", order("m 1", "N-1", "a"), "INVALID_INPUT", "input.merchant"),
        ("editPrice", json!({"order": it, "prices": [], "reason": reason("OTHER")}), "INVALID_INPUT", "input.prices"),
        ("recordPayment", payment("m1", "N-9", "T", "1"), "ORDER_UNKNOWN", "input.order"),
        ("recordPayment", payment("m1", "N-1", "T", "0"), "AMOUNT_NOT_POSITIVE", "input"),
        ("recordPayment", payment("m1", "N-1", "T", "1,5"), "INVALID_INPUT", "input.amount.amount"),
        ("failPayment", json!({"order": {"id": "x"}, "provider": "a", "failure": "b"}), "ORDER_UNKNOWN", "input.order"),
        (
            "cancelOrder",
            json!({"order": it, "expectedRevision": 9, "reason": reason("OTHER")}),
            "REVISION_CONFLICT",
            "input.expectedRevision",
        ),
        ("releaseHold", json!({"order": it, "hold": "RISK"}), "NOT_HELD", "input"),
        ("confirmShipment", json!({"order": it}), "NOT_PAID", "input"),
        (
            "confirmShipment",
            json!({"order": it, "lines": [{"line": 0, "quantity": 1}]}),
            "INVALID_INPUT",
            "input.lines.0.line",
        ),
        ("recordTracking", json!({"order": it, "checkpoint": "c", "status": "COLLECTED"}), "NOTHING_SHIPPED", "input"),
        ("requestRefund", json!({"order": it, "reason": reason("OTHER")}), "MORE_THAN_REFUNDABLE", "input"),
        ("approveRefund", json!({"order": it}), "NO_OPEN_TICKET", "input"),
        ("rejectRefund", json!({"order": it, "reason": reason("OTHER")}), "NO_OPEN_TICKET", "input"),
        ("settleRefund", json!({"order": it, "ticket": 3}), "TICKET_UNKNOWN", "input.ticket"),
        ("failRefund", json!({"order": it, "failure": "x"}), "NO_OPEN_TICKET", "input"),
        ("addNote", json!({"order": it, "text": "x".repeat(5_000)}), "INVALID_INPUT", "input.text"),
        ("addTag", json!({"order": it, "tag": ""}), "INVALID_INPUT", "input.tag"),
        ("rateOrder", json!({"order": it, "score": 5}), "NOT_OBSERVED", "input"),
        ("addTag", json!({"commandId": "no", "order": it, "tag": "vip"}), "INVALID_INPUT", "input.commandId"),
    ];
    let before = server.services.reader.watermark();
    for (name, input, code, field) in refusals {
        assert_eq!(server.refused(name, input.clone()).await, (code.to_owned(), field.to_owned()), "{name} {input}");
    }
    assert_eq!(server.services.reader.watermark(), before, "nothing is written");
}

#[tokio::test]
async fn every_fault_of_an_input_is_named() {
    let server = shop().await;
    let mut input = order("m1", "N 1", "a");
    let line = json!({"sku": "", "title": "x", "quantity": -1, "kind": "CARD", "unitPrice": cny("1.234")});
    input["lines"].as_array_mut().unwrap().push(line);
    input["adjustments"] = json!([{"kind": "FEE", "label": "x", "amount": {"amount": "1", "currency": "USD"}}]);
    let result = server.mutate("placeOrder", input).await;
    let fields: Vec<String> = result["userErrors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            let path: Vec<&str> =
                error["field"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
            format!("{} {}", path.join("."), error["code"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        fields,
        [
            "input.number INVALID_INPUT",
            "input.lines.1.sku INVALID_INPUT",
            "input.lines.1.quantity INVALID_INPUT",
            "input.lines.1.unitPrice.amount INVALID_INPUT",
            "input.adjustments.0.amount.currency CURRENCY_MISMATCH",
        ]
    );
}

#[tokio::test]
async fn a_repeated_command_returns_its_first_receipt() {
    let server = shop().await;
    let mut input = order("m1", "N-1", "a");
    input["commandId"] = server.uuid().into();
    let first = server.done("placeOrder", input.clone()).await;
    server.done("recordPayment", payment("m1", "N-1", "T-1", "10.00")).await;
    let again = server.done("placeOrder", input.clone()).await;
    assert_eq!(again["receipt"]["position"], first["receipt"]["position"]);
    assert_eq!(again["receipt"]["repeated"], true);
    assert_eq!(again["order"], first["order"], "as of the receipt, not of now");
    input["lines"][0]["quantity"] = 3.into();
    assert_eq!(server.refused("placeOrder", input).await, ("COMMAND_ID_REUSED".into(), "input.commandId".into()));
    // The same payment under another id is answered with the first one's receipt.
    let repeated = server.done("recordPayment", payment("m1", "N-1", "T-1", "10.00")).await;
    assert_eq!(repeated["receipt"]["repeated"], true);
    assert_eq!(repeated["order"]["label"], "TO_SHIP");
}

#[tokio::test]
async fn a_number_is_made_when_omitted_and_revisions_are_expected() {
    let server = shop().await;
    let mut input = order("m1", "", "a");
    input.as_object_mut().unwrap().remove("number");
    input["expectedRevision"] = 0.into();
    let placed = server.done("placeOrder", input).await;
    assert_eq!(placed["order"]["number"].as_str().unwrap().len(), 27);
    let it = json!({"id": placed["order"]["id"]});
    server.done("addTag", json!({"order": it, "tag": "vip", "expectedRevision": 1})).await;
    for wrong in [0, 1, 3] {
        let late = json!({"order": it, "tag": "new", "expectedRevision": wrong});
        assert_eq!(server.refused("addTag", late).await.0, "REVISION_CONFLICT", "{wrong}");
    }
}

#[tokio::test]
async fn merchants_are_registered_once() {
    let server = shop().await;
    server.merchant("m2", Some("m1")).await;
    let query = "mutation ($input: RegisterMerchantInput!) { registerMerchant(input: $input) { merchant { id }
                 userErrors { code field } } }";
    for (id, parent, code, field) in [
        ("m1", None, "MERCHANT_EXISTS", "id"),
        ("m3", Some("m9"), "MERCHANT_UNKNOWN", ""),
        ("m3", Some("m 9"), "INVALID_INPUT", "parent"),
    ] {
        let input = json!({"commandId": server.uuid(), "id": id, "name": "x", "parent": parent});
        let data = server.data(query, json!({"input": input})).await;
        let field: Vec<&str> = ["input", field].into_iter().filter(|part| !part.is_empty()).collect();
        assert_eq!(data["registerMerchant"]["userErrors"], json!([{"code": code, "field": field}]));
        assert_eq!(data["registerMerchant"]["merchant"], Value::Null);
    }
}
