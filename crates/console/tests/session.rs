//! A browser's session before an API that is none of ours.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

use std::io::Read;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use axum::routing::{delete, get, post};
use tower::ServiceExt;

const NOW: i64 = 1_780_000_000_000;
const TOKEN: &str = "dbk_0123";

fn clock() -> daybook_console::Clock {
    Arc::new(|| NOW)
}

fn bearer(headers: &HeaderMap) -> String {
    headers.get("authorization").map_or("nobody", |value| value.to_str().unwrap()).to_owned()
}

/// Lets one token in, and says who asked.
fn api() -> Router {
    let graphql = async |headers: HeaderMap| match bearer(&headers).as_str() {
        "Bearer dbk_0123" => (StatusCode::OK, "in".to_owned()),
        other => (StatusCode::UNAUTHORIZED, other.to_owned()),
    };
    let file = async |headers: HeaderMap| bearer(&headers);
    let page = async || axum::Json(vec!["number"; 1_000]);
    Router::new().route("/graphql", post(graphql)).route("/exports/1", get(file)).route("/page", post(page))
}

async fn ask(is_https: bool, method: &str, path: &str, head: &[(&str, &str)], body: &str) -> Response<Body> {
    let host = head.iter().find(|(name, _)| *name == "host").map_or("localhost:8080", |(_, host)| host);
    let mut request = Request::builder().method(method).uri(path);
    request = request.header("host", host).header("content-type", "application/json");
    for (name, value) in head.iter().filter(|(name, _)| *name != "host") {
        request = request.header(*name, *value);
    }
    daybook_console::around(api(), is_https, clock())
        .oneshot(request.body(Body::from(body.to_owned())).unwrap())
        .await
        .unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

const SHOP: (&str, &str) = ("host", "shop.example");
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");
const FOREIGN: (&str, &str) = ("sec-fetch-site", "cross-site");

/// It is good for nothing else; a token is, and stays.
#[tokio::test]
async fn signing_out_of_a_look_up_ends_it() {
    let ended: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&ended);
    let end = async move |headers: HeaderMap| {
        told.lock().unwrap().push(bearer(&headers));
        StatusCode::NO_CONTENT
    };
    let app = daybook_console::around(Router::new().route("/lookup", delete(end)), false, clock());
    for (cookie, site) in [("dbb_12", OWN), ("dbk_12", OWN), ("dbb_34", FOREIGN)] {
        let request = Request::delete("/session")
            .header("host", "localhost")
            .header("cookie", format!("daybook={cookie}"))
            .header(site.0, site.1);
        let closed = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(closed.headers().contains_key("set-cookie"), site == OWN);
    }
    assert_eq!(*ended.lock().unwrap(), ["Bearer dbb_12"]);
}

#[tokio::test]
async fn pages_that_come_by_tls_go_on_so() {
    for (is_https, kept) in [(true, Some("max-age=31536000")), (false, None)] {
        let page = ask(is_https, "GET", "/", &[], "").await;
        let told = page.headers().get("strict-transport-security").map(|value| value.to_str().unwrap());
        assert_eq!((page.status(), told), (StatusCode::OK, kept));
    }
}

#[tokio::test]
async fn a_token_becomes_a_cookie_that_no_script_reads() {
    let body = format!("{{\"token\": \" {TOKEN}\\n\"}}");
    let opened = ask(false, "POST", "/session", &[OWN], &body).await;
    assert_eq!(opened.status(), StatusCode::NO_CONTENT);
    assert_eq!(opened.headers()["set-cookie"], "daybook=dbk_0123; Path=/; HttpOnly; SameSite=Strict");
    let opened = ask(true, "POST", "/session", &[OWN], &body).await;
    assert_eq!(opened.headers()["set-cookie"], "__Host-daybook=dbk_0123; Path=/; HttpOnly; SameSite=Strict; Secure");
    let closed = ask(false, "DELETE", "/session", &[OWN], "").await;
    let cookies: Vec<&str> =
        closed.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(
        cookies,
        [
            "__Host-daybook=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0",
            "daybook=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        ]
    );
    // Behind a proxy that speaks TLS for us, the browser tells.
    let proxied =
        ask(false, "POST", "/session", &[("host", "shop.example"), ("origin", "https://shop.example")], &body).await;
    assert!(proxied.headers()["set-cookie"].to_str().unwrap().starts_with("__Host-daybook="));
}

#[tokio::test]
async fn a_page_comes_with_who_looks_at_it() {
    let cookie = ("cookie", "daybook=dbk_0123");
    let told = |page: &str| {
        let (_, rest) = page.split_once("id=\"viewer\" data-at=\"").unwrap();
        let (at, rest) = rest.split_once("\">").unwrap();
        assert_eq!(at, NOW.to_string());
        rest.split_once("</script>").unwrap().0.to_owned()
    };
    // A link that somebody follows elsewhere, or a browser that does not say: then the page asks by itself.
    let nobody = r#"{"data":{"viewer":null}}"#;
    let secure = ("cookie", "__Host-daybook=dbk_0123");
    for (head, who) in [
        (vec![("sec-fetch-site", "none"), cookie], "in"),
        (vec![OWN, cookie], "in"),
        (vec![SHOP, cookie], "in"),
        (vec![SHOP, OWN, secure], "in"),
        (vec![FOREIGN, cookie], ""),
        (vec![], ""),
        // By TLS, which a proxy speaks for us: the plain name may be another host's.
        (vec![SHOP, OWN, cookie], nobody),
        (vec![OWN, ("cookie", "daybook=dbk_9")], nobody),
        (vec![OWN], nobody),
    ] {
        let page = ask(false, "GET", "/orders/1", &head, "").await;
        assert_eq!(page.headers()["cache-control"], "no-store", "{head:?}");
        assert_eq!(told(&text(page).await), who, "{head:?}");
    }
    for (head, status, who) in [
        (vec![OWN, cookie], 200, "in"),
        (vec![OWN, ("cookie", "daybook=dbk_9")], 401, "Bearer dbk_9"),
        (vec![FOREIGN, cookie], 401, ""),
        (vec![], 401, ""),
    ] {
        let answer = ask(false, "GET", "/session", &head, "").await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["cache-control"] == "no-store"),
            (status, true),
            "{head:?}"
        );
        assert_eq!(text(answer).await, who, "{head:?}");
    }
}

#[tokio::test]
async fn what_lets_nobody_in_opens_no_session() {
    for (body, status) in [
        ("{\"token\": \"dbk_9\"}", 401),
        ("{\"token\": \"\"}", 400),
        ("{\"token\": \"dbk_0123; Domain=evil.example\"}", 400),
        ("{\"token\": \"dbk_0123\\r\\nX: 1\"}", 400),
        ("dbk_0123", 400),
    ] {
        let refused = ask(false, "POST", "/session", &[OWN], body).await;
        assert_eq!(refused.status().as_u16(), status, "{body}");
        assert!(!refused.headers().contains_key("set-cookie"), "{body}");
    }
    let long = format!("{{\"token\": \"{}\"}}", "x".repeat(20_000));
    assert_eq!(ask(false, "POST", "/session", &[OWN], &long).await.status().as_u16(), 413);
    let foreign = ask(false, "POST", "/session", &[FOREIGN], &format!("{{\"token\": \"{TOKEN}\"}}")).await;
    assert_eq!(foreign.status().as_u16(), 403, "nobody is signed in by another page");
    assert_eq!(ask(false, "DELETE", "/session", &[], "").await.status().as_u16(), 403);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_does_not_arrive_is_not_waited_for() {
    let never = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::post("/session").header("content-type", "application/json").header(OWN.0, OWN.1);
    let answer = daybook_console::around(api(), false, clock()).oneshot(request.body(never).unwrap()).await.unwrap();
    assert_eq!(answer.status().as_u16(), 408);
}

#[tokio::test]
async fn the_cookie_speaks_for_its_user_on_our_own_pages_alone() {
    let cookie = ("cookie", "theme=dark; daybook=dbk_0123");
    assert_eq!(text(ask(false, "POST", "/graphql", &[OWN, cookie], "{}").await).await, "in");
    let origin = ("origin", "http://shop.example");
    assert_eq!(text(ask(false, "POST", "/graphql", &[SHOP, origin, cookie], "{}").await).await, "in");
    let proxied = ("origin", "https://shop.example");
    assert_eq!(text(ask(false, "POST", "/graphql", &[SHOP, proxied, cookie], "{}").await).await, "nobody");
    for head in [vec![FOREIGN, cookie], vec![cookie], vec![("origin", "https://evil.example"), cookie], vec![OWN]] {
        assert_eq!(text(ask(false, "POST", "/graphql", &head, "{}").await).await, "nobody", "{head:?}");
    }
    // Cookies of the domain's other hosts, and what is no text, stand in nobody's way.
    let secure = ("cookie", "daybook=; x=\u{e9}; daybook=dbk_9; __Host-daybook=dbk_0123");
    assert_eq!(text(ask(true, "POST", "/graphql", &[OWN, secure], "{}").await).await, "in");
    assert_eq!(text(ask(false, "POST", "/graphql", &[OWN, secure], "{}").await).await, "in");
    assert_eq!(text(ask(true, "POST", "/graphql", &[OWN, cookie], "{}").await).await, "nobody");
    let plain = ("origin", "http://shop.example");
    assert_eq!(text(ask(true, "POST", "/graphql", &[SHOP, plain, secure], "{}").await).await, "nobody");
    // A link that somebody follows on our own page, or an address that is typed.
    for head in [vec![OWN, cookie], vec![("sec-fetch-site", "none"), cookie], vec![cookie]] {
        assert_eq!(text(ask(false, "GET", "/exports/1", &head, "").await).await, "Bearer dbk_0123", "{head:?}");
    }
    assert_eq!(text(ask(false, "GET", "/exports/1", &[FOREIGN, cookie], "").await).await, "nobody");
    // Who bears a token is as without us.
    let own = ("authorization", "Bearer dbk_9");
    assert_eq!(text(ask(false, "GET", "/exports/1", &[OWN, cookie, own], "").await).await, "Bearer dbk_9");
}

#[tokio::test]
async fn pages_are_packed_kept_and_run_nothing_of_others() {
    let page = ask(false, "GET", "/", &[], "").await;
    assert_eq!(page.headers()["cache-control"], "no-store");
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("http"));
    let page = text(page).await;
    let paths: Vec<&str> = page.split('"').filter(|part| part.starts_with("/console/")).collect();
    assert!(paths.len() == 5 && !page.contains("{version}"), "{page}");
    for path in paths {
        let file = ask(false, "GET", path, &[("accept-encoding", "br, gzip")], "").await;
        assert_eq!((file.status().as_u16(), &file.headers()["content-encoding"] == "gzip"), (200, true), "{path}");
        assert!(file.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        assert!(!file.headers().contains_key("set-cookie"));
    }
    assert_eq!(ask(false, "GET", "/console/0/app.js", &[], "").await.status().as_u16(), 404);
    for (head, is_page) in [(vec![], false), (vec![("accept", "text/html,*/*;q=0.8")], true)] {
        let nothing = ask(false, "GET", "/nothing", &head, "").await;
        assert_eq!(nothing.status().as_u16(), 404);
        assert_eq!(text(nothing).await.contains("/app.js"), is_page);
    }
    assert_eq!(ask(false, "POST", "/nothing", &[], "").await.status().as_u16(), 404);
}

#[tokio::test]
async fn long_answers_are_packed_for_browsers_that_are_signed_in() {
    let cookie = ("cookie", "daybook=dbk_0123");
    let gzip = ("accept-encoding", "gzip, deflate");
    let packed = ask(false, "POST", "/page", &[OWN, cookie, gzip], "").await;
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_eq!(packed.headers()["vary"], "accept-encoding");
    let bytes = to_bytes(packed.into_body(), 1 << 20).await.unwrap();
    let mut plain = String::new();
    flate2::read::GzDecoder::new(bytes.as_ref()).read_to_string(&mut plain).unwrap();
    assert!(bytes.len() < 500, "{}", bytes.len());
    let others = [vec![OWN, cookie], vec![("authorization", "Bearer dbk_0123"), gzip], vec![FOREIGN, cookie, gzip]];
    for head in others {
        let answer = ask(false, "POST", "/page", &head, "").await;
        assert!(!answer.headers().contains_key("content-encoding"), "{head:?}");
        assert_eq!(text(answer).await, plain);
    }
    let short = ask(false, "POST", "/graphql", &[OWN, cookie, gzip], "").await;
    assert_eq!(text(short).await, "in");
}
