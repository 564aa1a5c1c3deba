//! JWTs of a provider, as a server takes them whose command line names it.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use support::{Server, daybook, run, token};

const ISSUER: &str = "https://id.example/";

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn pair() -> Ed25519KeyPair {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap()
}

fn jwks(keys: &[(&str, &Ed25519KeyPair)]) -> String {
    let jwk = |(kid, pair): &(&str, &Ed25519KeyPair)| json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": base64(pair.public_key().as_ref())});
    json!({"keys": keys.iter().map(jwk).collect::<Vec<_>>()}).to_string()
}

/// Of a clerk of m1, for ten minutes.
fn jwt(kid: &str, pair: &Ed25519KeyPair) -> String {
    #[expect(clippy::disallowed_methods, reason = "the server reads the same clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let header = json!({"alg": "EdDSA", "kid": kid, "typ": "at+jwt"});
    let claims = json!({"iss": ISSUER, "aud": "daybook", "sub": "ann", "iat": now, "exp": now + 600, "role": "clerk", "shop": "m1"});
    let signed = format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.to_string().as_bytes()));
    format!("{signed}.{}", base64(pair.sign(signed.as_bytes()).as_ref()))
}

fn served(data: &Path, keys: &str) -> Server {
    let platform = token(data);
    assert!(run(&["merchant", "create", "m1"], data).status.success());
    let mut command = daybook();
    command.args(["serve", "--listen", "127.0.0.1:0", "--oidc-issuer", ISSUER, "--oidc-audience", "daybook"]);
    command.args(["--oidc-algorithm", "EdDSA", "--oidc-role-claim", "role", "--oidc-merchant-claim", "shop"]);
    command.args(["--oidc-keys", keys, "--data"]).arg(data);
    Server::spawn(command, platform)
}

/// Who the server takes the bearer for; none if for nobody.
fn merchant(server: &Server, token: &str) -> Option<String> {
    let answer = server.client().with_token(token).ask("{ viewer { role merchant } }", &json!({})).unwrap();
    answer["data"]["viewer"]["merchant"].as_str().map(str::to_owned)
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "never {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_file_of_keys_is_read_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (data, keys) = (folder.path().join("data"), folder.path().join("keys.json"));
    let (old, new) = (pair(), pair());
    std::fs::write(&keys, jwks(&[("a", &old)])).unwrap();
    let server = served(&data, keys.to_str().unwrap());
    assert_eq!(merchant(&server, &jwt("a", &old)).as_deref(), Some("m1"));
    assert_eq!(merchant(&server, &jwt("a", &new)), None);
    // What is of no use changes nothing.
    std::fs::write(&keys, "{\"keys\": [").unwrap();
    assert_eq!(merchant(&server, &jwt("b", &new)), None, "looked at again for a key that is not known");
    assert_eq!(merchant(&server, &jwt("a", &old)).as_deref(), Some("m1"));
    std::fs::write(&keys, jwks(&[("b", &new)])).unwrap();
    until("read again", || merchant(&server, &jwt("b", &new)).is_some());
    assert_eq!(merchant(&server, &jwt("a", &old)), None, "it is not there any more");
    assert_eq!(server.interrupt(), Some(0));
    let log = std::fs::read_to_string(data.join("security.log")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["code"] == "jwt-signature"), "{log}");
    assert!(lines.iter().any(|line| line["code"] == "jwt-key-unknown"), "{log}");
}

/// Answers whatever is in `body` now with 200, or nothing at all while there is none.
fn provider(body: Arc<Mutex<Option<String>>>, asked: Arc<AtomicU64>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            asked.fetch_add(1, SeqCst);
            let head = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            head.take_while(|line| !line.is_empty()).for_each(drop);
            if let Some(body) = body.lock().unwrap().clone() {
                let length = body.len();
                let _ =
                    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
            }
        }
    });
    format!("http://{address}/jwks")
}

#[test]
fn keys_are_fetched_kept_while_the_provider_is_away_and_fetched_again_for_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (old, new) = (pair(), pair());
    let (body, asked) = (Arc::new(Mutex::new(Some(jwks(&[("a", &old)])))), Arc::default());
    let url = provider(Arc::clone(&body), Arc::clone(&asked));
    let server = served(&data, &url);
    assert_eq!(merchant(&server, &jwt("a", &old)).as_deref(), Some("m1"));
    assert_eq!(asked.load(SeqCst), 1);
    *body.lock().unwrap() = Some(jwks(&[("a", &old), ("b", &new)]));
    assert_eq!(merchant(&server, &jwt("b", &new)).as_deref(), Some("m1"), "its first request waits for the key");
    // Away, or worse.
    for broken in [None, Some("<html>".to_owned()), Some(" ".repeat(1 << 20))] {
        *body.lock().unwrap() = broken;
        for number in 0..20 {
            assert_eq!(merchant(&server, &jwt(&format!("made-up-{number}"), &new)), None);
        }
        assert_eq!(merchant(&server, &jwt("a", &old)).as_deref(), Some("m1"));
    }
    assert_eq!(asked.load(SeqCst), 2, "at most once a minute");
    assert_eq!(server.interrupt(), Some(0));
}

#[test]
fn a_provider_that_is_away_at_the_start_keeps_no_server_from_serving() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let pair = pair();
    let (body, asked) = (Arc::new(Mutex::new(None)), Arc::default());
    let url = provider(Arc::clone(&body), asked);
    let server = served(&data, &url);
    assert_eq!(server.status("GET /readyz", ""), 200);
    *body.lock().unwrap() = Some(jwks(&[("a", &pair)]));
    assert_eq!(merchant(&server, &jwt("a", &pair)).as_deref(), Some("m1"));
    assert_eq!(server.interrupt(), Some(0));
}

#[test]
fn a_provider_that_makes_no_sense_is_refused_before_a_folder_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let missing = folder.path().join("none.json");
    let private = folder.path().join("private.json");
    std::fs::write(&private, r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "d": "AAAA"}]}"#).unwrap();
    let serve = |args: &[&str]| run(&[&["serve", "--listen", "127.0.0.1:0"], args].concat(), &data);
    let whole = |algorithm: &str, keys: &str| {
        serve(&[
            "--oidc-issuer",
            ISSUER,
            "--oidc-audience",
            "daybook",
            "--oidc-algorithm",
            algorithm,
            "--oidc-keys",
            keys,
        ])
    };
    for (output, code, said) in [
        (serve(&["--oidc-issuer", ISSUER]), 2, "--oidc-audience"),
        (serve(&["--oidc-keys", "keys.json"]), 2, "--oidc-issuer"),
        (whole("HS256", "keys.json"), 2, "RS256"),
        (whole("none", "keys.json"), 2, "RS256"),
        (whole("RS256", missing.to_str().unwrap()), 1, "none.json"),
        (whole("EdDSA", private.to_str().unwrap()), 1, "private key"),
        (whole("RS256", "http://id.example/jwks"), 1, "https"),
    ] {
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words}");
        assert!(words.contains(said), "{said}: {words}");
    }
    assert!(!data.exists());
}
