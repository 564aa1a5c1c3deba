//! A data set of the Olist shape, made up, so that what is said of it can be checked without the real one.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::run;

const FILES: &[(&str, &str)] = &[
    ("olist_customers_dataset", "customer_id,customer_unique_id,customer_city\nc1,u1,x\nc2,u1,y\n"),
    (
        "olist_orders_dataset",
        "\u{feff}order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,\
         order_delivered_carrier_date,order_delivered_customer_date,a_new_column\n\
         o2,c2,created,2018-01-02 00:00:00,,,,\n\
         o1,c1,delivered,2018-01-01 00:00:00,2018-01-01 01:00:00,2018-01-02 00:00:00,2018-01-03 00:00:00,x\n",
    ),
    (
        "olist_order_items_dataset",
        "order_id,order_item_id,product_id,seller_id,price,freight_value,shipping_limit_date\n\
         o1,2,p2,s1,2.00,0.50,\no1,1,p1,s1,1.00,0.25,\no2,1,p1,s2,1.00,0.25,\n",
    ),
    (
        "olist_order_payments_dataset",
        "order_id,payment_sequential,payment_type,payment_installments,payment_value\n\
         o1,2,voucher,1,1.75\no1,1,boleto,1,2.00\n",
    ),
    (
        "olist_order_reviews_dataset",
        "review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date,\
         review_answer_timestamp\nr1,o1,5,Bom,\"muito\nbom\",2018-01-04 00:00:00,2018-01-05 00:00:00\n",
    ),
    ("olist_products_dataset", "product_id,product_category_name,product_weight_g\np1,brinquedos,1\np2,,1\n"),
    ("product_category_name_translation", "product_category_name,product_category_name_english\nbrinquedos,toys\n"),
    ("olist_sellers_dataset", "seller_id,seller_rank\ns1,1\ns2,2\n"),
];

fn import(source: &Path, data: &Path) -> Value {
    let output = run(&["import", "olist", source.to_str().unwrap(), "--json"], data);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_row_finds_its_order_and_every_column_without_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (source, data) = (folder.path().join("csv"), folder.path().join("data"));
    fs::create_dir(&source).unwrap();
    for (name, text) in FILES {
        fs::write(source.join(format!("{name}.csv")), text).unwrap();
    }
    let report = import(&source, &data);
    let mut unmapped: Vec<&str> =
        report["unmappedColumns"].as_array().unwrap().iter().map(|column| column.as_str().unwrap()).collect();
    unmapped.sort_unstable();
    assert_eq!(
        unmapped,
        [
            "customers.customer_city",
            "order_items.shipping_limit_date",
            "order_payments.payment_installments",
            "order_reviews.review_id",
            "orders.a_new_column",
            "products.product_weight_g",
            "sellers.seller_rank",
        ]
    );
    assert_eq!(
        report["importedByAction"],
        json!({"register-merchant": 3, "place": 2, "record-payment": 2, "confirm-shipment": 1, "record-tracking": 1, "rate": 1})
    );
    assert_eq!(import(&source, &data)["alreadyThere"], 10);
    let shown = run(&["history", "o1", "--json"], &data);
    let events: Vec<Value> =
        String::from_utf8(shown.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str, field: &str| -> Vec<Value> {
        let events = events.iter().filter(|event| event["kind"] == kind);
        events.map(|event| event["data"].pointer(field).cloned().unwrap_or(Value::Null)).collect()
    };
    assert_eq!(of("order-placed", "/lines/0/title"), ["toys"]);
    assert_eq!(of("order-placed", "/lines/1/title"), ["uncategorised"]);
    assert_eq!(of("payment-captured", "/amountMinor"), [200, 175], "in their sequence, not the file's");
    assert_eq!(of("order-rated", "/comment"), ["Bom\nmuito\nbom"]);
}
