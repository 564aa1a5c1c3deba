//! What a merchant tells of itself: what is taken for a time zone's name and for a link to pay under, and what stays.

use daybook_domain::limits::{MAX_PAY_URL_BYTES, MAX_TIME_ZONE_BYTES};
use daybook_domain::profile::Profile;
use daybook_domain::*;

use crate::ask::profile;
use crate::given::*;

const ZONE: &str = "Asia/Shanghai";
const URL: &str = "https://pay.example/{number}?a={amount}&c={currency}#now";

fn told(world: &World) -> &Profile {
    match world.state(StreamId::merchant(&merchant())) {
        Some(State::Merchant(merchant)) => &merchant.profile,
        other => panic!("no merchant: {other:?}"),
    }
}

fn of(time_zone: Option<&str>, pay_url: Option<&str>) -> Profile {
    Profile { time_zone: time_zone.map(Into::into), pay_url: pay_url.map(Into::into) }
}

/// What is wrong with it, after the field's name.
fn problem(command: &Command<Sealed>) -> Option<(&'static str, String)> {
    match World::new().send(command) {
        Ok(_) => None,
        Err(Rejection::Invalid { field, problem }) => Some((field, problem)),
        Err(other) => panic!("{other} of {command:?}"),
    }
}

#[test]
fn what_is_left_out_stays_and_what_is_empty_is_taken_back() {
    let set = |world: World, zone, url| world.with(&profile(&merchant(), zone, url));
    let world = World::new();
    assert_eq!((told(&world), told(&world).time_zone()), (&Profile::default(), "UTC"));
    let world = set(world, Some(ZONE), None);
    let world = set(world, None, Some(URL));
    assert_eq!((told(&world), told(&world).time_zone()), (&of(Some(ZONE), Some(URL)), ZONE));
    assert_eq!(told(&set(world.clone(), None, Some(""))), &of(Some(ZONE), None));
    assert_eq!(told(&set(world.clone(), Some(""), None)), &of(None, Some(URL)));
    assert_eq!(told(&set(world, Some("UTC"), Some("https://b.example"))), &of(Some("UTC"), Some("https://b.example")));
}

#[test]
fn what_is_not_said_is_said_above() {
    let above = of(Some(ZONE), Some(URL));
    assert_eq!(of(None, None).or(&above), above);
    assert_eq!(of(Some("UTC"), None).or(&above), of(Some("UTC"), Some(URL)));
    assert_eq!(of(None, Some("https://b.example")).or(&above), of(Some(ZONE), Some("https://b.example")));
    assert_eq!(above.clone().or(&of(Some("UTC"), None)), above);
}

#[test]
fn names_that_a_time_zone_could_have() {
    let long = |bytes| "a".repeat(bytes);
    for name in ["UTC", ZONE, "America/Port-au-Prince", "Etc/GMT+8", "America/Sao_Paulo", &long(MAX_TIME_ZONE_BYTES)] {
        assert_eq!(problem(&profile(&merchant(), Some(name), None)), None, "{name}");
    }
    for name in [" ", "Asia/Shanghai ", "北京", "UTC\n", &long(MAX_TIME_ZONE_BYTES + 1)] {
        let expected = Some(("timeZone", "must be an IANA name, such as Asia/Shanghai".to_owned()));
        assert_eq!(problem(&profile(&merchant(), Some(name), None)), expected, "{name:?}");
    }
}

#[test]
fn links_that_buyers_may_be_sent_to() {
    let long = |bytes: usize| format!("https://pay.example/{}", "a".repeat(bytes - "https://pay.example/".len()));
    for url in [
        URL,
        "https://pay.example",
        "https://pay.example:8443/a%20b",
        "https://[2001:db8::1]:443/{number}",
        "https://支付.example/收银台?n={number}&n={number}",
        "https://pay.example/@shop",
        "http://localhost/{number}",
        "http://localhost:3000",
        "http://127.0.0.1:3000/pay?n={number}",
        &long(MAX_PAY_URL_BYTES),
    ] {
        assert_eq!(problem(&profile(&merchant(), None, Some(url))), None, "{url}");
    }
    let https = "must begin with https://";
    let host = "must name a host, such as https://pay.example.com/";
    let places = "may have {number}, {amount} and {currency} in braces behind its host, and nothing else";
    for (url, expected) in [
        (" ", "holds ' ', which no link may hold: leave it out, or encode it"),
        ("https://pay.example/a b", "holds ' ', which no link may hold: leave it out, or encode it"),
        ("https://pay.example/\u{7}", "holds '\\u{7}', which no link may hold: leave it out, or encode it"),
        ("https://pay.example/\u{202e}", "holds '\\u{202e}', which no link may hold: leave it out, or encode it"),
        ("https://pay.example\\@b.example", "holds '\\\\', which no link may hold: leave it out, or encode it"),
        ("https://pay.example/\"", "holds '\"', which no link may hold: leave it out, or encode it"),
        ("pay.example", https),
        ("//pay.example", https),
        ("javascript:alert(1)", https),
        ("ftp://pay.example", https),
        ("http://pay.example", "must begin with https://: buyers pay there"),
        ("http://localhost.example", "must begin with https://: buyers pay there"),
        ("http://127.0.0.1.example/", "must begin with https://: buyers pay there"),
        ("http://localhost@pay.example", "must name no user before its host"),
        ("https://shop:secret@pay.example/", "must name no user before its host"),
        ("https://", host),
        ("https:///pay.example", host),
        ("https://:443/", host),
        ("https://pay.example:port/", host),
        ("https://pay.example:99999/", host),
        ("https://[2001:db8::1/", host),
        ("https://[::1]b.example/", host),
        ("https://{number}.example/", host),
        ("https://pay%2eexample/", host),
        ("https://pay.example/{buyer}", places),
        ("https://pay.example/{Number}", places),
        ("https://pay.example/{", places),
        ("https://pay.example/}", places),
        ("https://pay.example/{{number}}", places),
        ("https://pay.example/{number}}", places),
        (&long(MAX_PAY_URL_BYTES + 1), "is longer than 500 bytes"),
    ] {
        let expected = Some(("payUrl", expected.to_owned()));
        assert_eq!(problem(&profile(&merchant(), None, Some(url))), expected, "{url:?}");
    }
}
