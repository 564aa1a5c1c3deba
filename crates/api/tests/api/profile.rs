//! What a merchant tells of itself, and what is told in its time zone.

use daybook_domain::Role;
use serde_json::{Value, json};

use crate::access::{CLERK, ask};
use crate::kit::Server;

const BUYER: &str = "dbk_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const URL: &str = "https://pay.example/{number}?a={amount}&c={currency}";

/// Of the agent `m0` with its shop `m1`, and of `m2`, which stands alone.
async fn shops() -> Server {
    let server = Server::start().await;
    server.merchant("m0", None).await;
    server.merchant("m1", Some("m0")).await;
    server.merchant("m2", None).await;
    server.issue(CLERK, Role::Clerk).await;
    server
}

async fn set(server: &Server, merchant: &str, more: Value) -> Value {
    let mut input = json!({"commandId": server.uuid(), "merchant": merchant});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let query = "mutation ($input: SetProfileInput!) { setProfile(input: $input) {
        receipt { position } merchant { id timeZone payUrl } userErrors { field code message } } }";
    server.data(query, json!({"input": input})).await["setProfile"].take()
}

/// What the merchant is told to be after this was set.
async fn after(server: &Server, merchant: &str, more: Value) -> Value {
    let mut answer = set(server, merchant, more).await;
    assert_eq!(answer["userErrors"], json!([]), "{answer}");
    assert!(answer["receipt"]["position"].is_string(), "{answer}");
    answer["merchant"].take()
}

#[tokio::test]
async fn what_a_merchant_does_not_say_the_one_above_it_says() {
    let server = shops().await;
    let read = "{ merchants { nodes { id timeZone payUrl } } }";
    let told = async || {
        server.settle().await;
        server.data(read, json!({})).await["merchants"]["nodes"].take()
    };
    let of = |id: &str, zone: &str, url: Option<&str>| json!({"id": id, "timeZone": zone, "payUrl": url});
    let nothing = json!([of("m0", "UTC", None), of("m1", "UTC", None), of("m2", "UTC", None)]);
    assert_eq!(told().await, nothing);
    let agent = of("m0", "Asia/Shanghai", Some(URL));
    assert_eq!(after(&server, "m0", json!({"timeZone": "Asia/Shanghai", "payUrl": URL})).await, agent);
    let inherited = of("m1", "Asia/Shanghai", Some(URL));
    assert_eq!(told().await, json!([agent, inherited, of("m2", "UTC", None)]));
    let own = "http://localhost:3000/{number}";
    let only_url = of("m1", "Asia/Shanghai", Some(own));
    assert_eq!(after(&server, "m1", json!({"payUrl": own})).await, only_url, "what is left out stays");
    let both = of("m1", "America/Sao_Paulo", Some(own));
    assert_eq!(after(&server, "m1", json!({"timeZone": "America/Sao_Paulo"})).await, both);
    assert_eq!(told().await, json!([agent, both, of("m2", "UTC", None)]));
    assert_eq!(after(&server, "m1", json!({"payUrl": "", "timeZone": ""})).await, inherited, "taken back");
    let moved = of("m0", "Asia/Tokyo", Some(URL));
    assert_eq!(after(&server, "m0", json!({"timeZone": "Asia/Tokyo"})).await, moved);
    assert_eq!(told().await, json!([moved, of("m1", "Asia/Tokyo", Some(URL)), of("m2", "UTC", None)]));
}

#[tokio::test]
async fn what_the_views_do_not_know_yet_is_told_from_the_log() {
    let server = Server::start_without_follower().await;
    let register =
        "mutation ($input: RegisterMerchantInput!) { registerMerchant(input: $input) { userErrors { code } } }";
    for (id, parent) in [("m0", None), ("m1", Some("m0"))] {
        let input = json!({"commandId": server.uuid(), "id": id, "name": id, "parent": parent});
        assert_eq!(server.data(register, json!({"input": input})).await["registerMerchant"]["userErrors"], json!([]));
    }
    after(&server, "m0", json!({"timeZone": "Asia/Shanghai", "payUrl": URL})).await;
    let told = after(&server, "m1", json!({"payUrl": "https://b.example/"})).await;
    assert_eq!(told, json!({"id": "m1", "timeZone": "Asia/Shanghai", "payUrl": "https://b.example/"}));
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_field() {
    let server = shops().await;
    let refusal = async |merchant: &str, more: Value| {
        let answer = set(&server, merchant, more).await;
        assert_eq!((&answer["receipt"], &answer["merchant"]), (&Value::Null, &Value::Null), "{answer}");
        let error = &answer["userErrors"][0];
        let part = |name: &str| error[name].as_str().unwrap().to_owned();
        (error["field"][1].as_str().unwrap_or_default().to_owned(), part("code"), part("message"))
    };
    for (merchant, more, field, code, message) in [
        ("m9", json!({"timeZone": "UTC"}), "", "MERCHANT_UNKNOWN", "m9"),
        ("m1", json!({}), "profile", "INVALID_INPUT", "name a time zone, a payUrl, or both"),
        (
            "m1",
            json!({"timeZone": "Mars/Base"}),
            "timeZone",
            "INVALID_INPUT",
            "\"Mars/Base\" is not a time zone such as",
        ),
        ("m1", json!({"payUrl": "http://pay.example"}), "payUrl", "INVALID_INPUT", "must begin with https://"),
        ("m1", json!({"payUrl": "https://a:b@pay.example"}), "payUrl", "INVALID_INPUT", "must name no user"),
        ("m1", json!({"payUrl": "https://pay.example/{buyer}"}), "payUrl", "INVALID_INPUT", "{number}, {amount} and"),
    ] {
        let (at, found, told) = refusal(merchant, more.clone()).await;
        assert_eq!((at.as_str(), found.as_str()), (field, code), "{more}: {told}");
        assert!(told.contains(message), "{more}: {told}");
    }
}

#[tokio::test]
async fn a_buyer_is_told_where_to_pay() {
    let server = shops().await;
    after(&server, "m0", json!({"timeZone": "Asia/Shanghai", "payUrl": URL})).await;
    server.place("m1", "N-1", "ann").await;
    server.settle().await;
    let root = daybook_domain::MerchantId::new("m0").unwrap();
    let ann = server.services.reader.buyer_slot(&root, "ann");
    server.issue_to(9, BUYER, Role::Buyer, Some("m1"), ann).await;
    let expected = json!({"timeZone": "Asia/Shanghai", "payUrl": URL});
    // In a list alone, in a list beside what is resolved field by field, and of one order.
    let read = r#"{ list: orders { nodes { merchant { timeZone payUrl } } }
        mixed: orders { nodes { merchant { timeZone payUrl } history(first: 1) { nodes { kind } } } }
        order(by: {number: {number: "N-1"}}) { merchant { timeZone payUrl } } viewer { timeZone } }"#;
    let answer = ask(&server, BUYER, read, json!({})).await;
    for found in [
        &answer["data"]["list"]["nodes"][0]["merchant"],
        &answer["data"]["mixed"]["nodes"][0]["merchant"],
        &answer["data"]["order"]["merchant"],
    ] {
        assert_eq!(*found, expected, "{answer}");
    }
    assert_eq!(answer["data"]["viewer"]["timeZone"], "Asia/Shanghai");
}

#[tokio::test]
async fn figures_are_told_in_the_zone_of_the_merchant_that_is_meant() {
    let server = shops().await;
    after(&server, "m0", json!({"timeZone": "Asia/Shanghai"})).await;
    after(&server, "m2", json!({"timeZone": "America/Sao_Paulo"})).await;
    // Tuesday 2023-11-14 22:13 UTC.
    server.place("m1", "N-1", "ann").await;
    server.place("m2", "N-2", "ann").await;
    server.settle().await;
    let range = r#"range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY""#;
    let peak = async |token: &str, more: &str| {
        let query =
            format!("{{ dashboard({more} {range}) {{ timeZone peak {{ weekday hour }} }} viewer {{ timeZone }} }}");
        let mut answer = ask(&server, token, &query, json!({})).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        let (peak, zone) = (&answer["data"]["dashboard"]["peak"], &answer["data"]["dashboard"]["timeZone"]);
        let told = json!([zone, peak["weekday"], peak["hour"]]);
        (told, answer["data"]["viewer"]["timeZone"].take())
    };
    let platform = crate::kit::PLATFORM;
    assert_eq!(peak(platform, "").await, (json!(["UTC", 2, 22]), json!("UTC")));
    assert_eq!(peak(platform, r#"merchant: "m1","#).await.0, json!(["Asia/Shanghai", 3, 6]));
    assert_eq!(peak(platform, r#"merchant: "m2","#).await.0, json!(["America/Sao_Paulo", 2, 19]));
    assert_eq!(peak(platform, r#"merchant: "m2", timeZone: "Asia/Tokyo","#).await.0, json!(["Asia/Tokyo", 3, 7]));
    assert_eq!(peak(CLERK, "").await, (json!(["Asia/Shanghai", 3, 6]), json!("Asia/Shanghai")), "its own");

    let behind = async |token: &str, more: &str, hour: u8| {
        let query = format!(
            "{{ dashboardEvents({more} {range}, hour: {hour}, metric: PLACED_ORDERS) {{ nodes {{ amount }} }} }}"
        );
        let answer = ask(&server, token, &query, json!({})).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        answer["data"]["dashboardEvents"]["nodes"].as_array().unwrap().len()
    };
    assert_eq!((behind(platform, "", 22).await, behind(platform, "", 6).await), (2, 0));
    assert_eq!((behind(CLERK, "", 22).await, behind(CLERK, "", 6).await), (0, 1));
    assert_eq!(behind(platform, r#"merchant: "m2","#, 19).await, 1);
}
