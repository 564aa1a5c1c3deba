//! JWTs of a provider, good ones and all kinds of bad ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daybook_api::{Algorithm, Oidc, OidcOptions};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use serde_json::{Value, json};

use crate::kit::{Server, T0, request};
use crate::socket::Socket;

const ISSUER: &str = "https://id.example/realms/shop";
const AUDIENCE: &str = "daybook";
/// The test server's clock, in seconds.
const NOW: i64 = T0 / 1_000_000;

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A provider's key pair.
enum Signer {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    fn new(algorithm: Algorithm) -> Self {
        let random = SystemRandom::new();
        match algorithm {
            Algorithm::Rs256 => {
                Signer::Rsa(RsaKeyPair::from_pkcs8(include_bytes!("data/test-only-rsa-2048.pk8")).unwrap())
            }
            Algorithm::Es256 => {
                let kind = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
                Signer::P256(EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap())
            }
            Algorithm::EdDsa => {
                let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
                Signer::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap())
            }
        }
    }

    fn jwk(&self, kid: &str) -> Value {
        match self {
            Signer::Rsa(pair) => {
                let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": base64(&public.n), "e": base64(&public.e)})
            }
            Signer::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "kid": kid, "crv": "P-256", "x": base64(&point[1..33]), "y": base64(&point[33..])})
            }
            Signer::Ed25519(pair) => {
                json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": base64(pair.public_key().as_ref())})
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Signer::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            Signer::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Signer::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    fn jwt(&self, header: &Value, claims: &Value) -> String {
        self.jwt_of(header.to_string().as_bytes(), claims.to_string().as_bytes())
    }

    fn jwt_of(&self, header: &[u8], claims: &[u8]) -> String {
        let signed = format!("{}.{}", base64(header), base64(claims));
        format!("{signed}.{}", base64(&self.sign(signed.as_bytes())))
    }
}

fn jwks(keys: &[Value]) -> Vec<u8> {
    json!({"keys": keys}).to_string().into_bytes()
}

fn options(algorithm: Algorithm) -> OidcOptions {
    OidcOptions {
        issuer: ISSUER.into(),
        audience: AUDIENCE.into(),
        algorithm,
        role_claim: "daybook_role".into(),
        merchant_claim: "daybook_merchant".into(),
    }
}

fn header(algorithm: Algorithm) -> Value {
    json!({"alg": algorithm.name(), "kid": "k1", "typ": "JWT"})
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": NOW, "nbf": NOW, "exp": NOW + 600,
           "daybook_role": "clerk", "daybook_merchant": "m1"})
}

/// With other claims, or without those that are null.
fn with(changes: Value) -> Value {
    let mut claims = claims();
    let object = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => object.remove(name),
            value => object.insert(name.clone(), value.clone()),
        };
    }
    claims
}

async fn server(oidc: &Arc<Oidc>) -> Server {
    let server = Server::start_with_credentials(|credentials| credentials.with_oidc(Arc::clone(oidc))).await;
    for merchant in ["m1", "m2"] {
        server.merchant(merchant, None).await;
        server.place(merchant, &format!("N-{merchant}"), "ann").await;
    }
    server.settle().await;
    server
}

async fn ready(algorithm: Algorithm) -> (Signer, Server) {
    let signer = Signer::new(algorithm);
    let oidc = Arc::new(Oidc::new(options(algorithm), || {}));
    assert_eq!(oidc.set_keys(&jwks(&[signer.jwk("k1")])).unwrap(), 1);
    (signer, server(&oidc).await)
}

/// Status and answer.
async fn ask(server: &Server, token: &str, query: &str) -> (u16, Value) {
    let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
    let answer = request(server.address, "POST /graphql", &head, json!({"query": query}).to_string().as_bytes()).await;
    (answer.status, answer.json())
}

const VIEWER: &str = "{ viewer { id role merchant } }";

/// The last reason in the security log, and the status.
async fn refusal(server: &Server, token: &str) -> (u16, String) {
    let before = server.incidents(0).await.len();
    let (status, answer) = ask(server, token, VIEWER).await;
    assert!(answer.get("data").is_none(), "{answer}");
    assert!(
        answer["errors"][0]["message"].as_str().unwrap().contains("JWT")
            || answer.to_string().contains("credential names none")
            || status == 401,
        "{answer}"
    );
    let lines = server.incidents(before + 1).await;
    assert_eq!(lines.len(), before + 1);
    assert_eq!(lines[before]["what"], "sign-in-failed");
    (status, lines[before]["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_good_token_of_each_algorithm_lets_its_bearer_in_as_the_claims_say() {
    for algorithm in Algorithm::ALL {
        let (signer, server) = ready(algorithm).await;
        let token = signer.jwt(&header(algorithm), &claims());
        let (status, answer) = ask(&server, &token, VIEWER).await;
        assert_eq!(status, 200, "{}: {answer}", algorithm.name());
        let viewer = &answer["data"]["viewer"];
        assert_eq!((&viewer["role"], &viewer["merchant"]), (&json!("CLERK"), &json!("m1")));
        // The tenant's data alone, and the same person each time.
        let (_, orders) = ask(&server, &token, "{ orders { nodes { number } } events { nodes { kind } } }").await;
        assert_eq!(orders["errors"][0]["extensions"]["code"], "FORBIDDEN");
        let (_, orders) = ask(&server, &token, "{ orders { nodes { number } } }").await;
        assert_eq!(orders["data"]["orders"]["nodes"], json!([{"number": "N-m1"}]));
        let later = signer.jwt(&header(algorithm), &with(json!({"iat": NOW + 1, "jti": "another"})));
        assert_eq!(ask(&server, &later, VIEWER).await.1["data"]["viewer"]["id"], viewer["id"]);
        let other = signer.jwt(&header(algorithm), &with(json!({"sub": "ben"})));
        assert_ne!(ask(&server, &other, VIEWER).await.1["data"]["viewer"]["id"], viewer["id"]);
        // What somebody does bears that id.
        let note = r#"mutation { addNote(input: {commandId: "00000000-0000-4000-8000-000000000009", order: {number: {number: "N-m1"}}, text: "x"})
            { order { history(first: 9) { nodes { kind actor { id } } } } userErrors { code } } }"#;
        let (_, noted) = ask(&server, &token, note).await;
        let history = noted["data"]["addNote"]["order"]["history"]["nodes"].as_array().unwrap();
        assert_eq!(history.last().unwrap()["actor"]["id"], viewer["id"]);
    }
}

#[tokio::test]
async fn the_algorithm_is_the_configured_one_whatever_the_header_says() {
    let (signer, server) = ready(Algorithm::Rs256).await;
    let jwk = signer.jwk("k1");
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    for alg in ["none", "None", "NONE", "HS256", "HS512", "RS512", "PS256", "ES256", "EdDSA", "rs256", ""] {
        let head = json!({"alg": alg, "kid": "k1", "typ": "JWT"});
        let refused = (401, "jwt-algorithm".to_owned());
        assert_eq!(refusal(&server, &signer.jwt(&head, &claims())).await, refused, "{alg}");
        // Unsigned, and with the public key as a shared secret, in both of its usual forms.
        let signed = format!("{}.{}", base64(head.to_string().as_bytes()), base64(claims().to_string().as_bytes()));
        assert_eq!(refusal(&server, &format!("{signed}.")).await, refused, "{alg} without a signature");
        for secret in [modulus.clone(), jwk.to_string().into_bytes()] {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
            assert_eq!(refusal(&server, &format!("{signed}.{}", base64(tag.as_ref()))).await, refused, "{alg}");
        }
    }
    // The right name over a signature of another kind.
    let head = header(Algorithm::Rs256);
    let signed = format!("{}.{}", base64(head.to_string().as_bytes()), base64(claims().to_string().as_bytes()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &modulus), signed.as_bytes());
    let wrong = (401, "jwt-signature".to_owned());
    assert_eq!(refusal(&server, &format!("{signed}.{}", base64(tag.as_ref()))).await, wrong);
    assert_eq!(refusal(&server, &format!("{signed}.")).await, wrong);
    for other in [Algorithm::Es256, Algorithm::EdDsa] {
        assert_eq!(refusal(&server, &Signer::new(other).jwt(&head, &claims())).await, wrong, "{}", other.name());
    }
}

#[tokio::test]
async fn what_was_altered_or_is_no_token_is_refused() {
    for algorithm in Algorithm::ALL {
        let (signer, server) = ready(algorithm).await;
        let token = signer.jwt(&header(algorithm), &claims());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (head, payload) = signed.split_once('.').unwrap();
        let mine = base64(with(json!({"daybook_role": "platform", "daybook_merchant": null})).to_string().as_bytes());
        let wrong = (401, "jwt-signature".to_owned());
        assert_eq!(refusal(&server, &format!("{head}.{mine}.{signature}")).await, wrong);
        let stranger = Signer::new(if algorithm == Algorithm::Rs256 { Algorithm::Es256 } else { algorithm });
        assert_eq!(refusal(&server, &stranger.jwt(&header(algorithm), &claims())).await, wrong);
        let zeros = base64(&vec![0; URL_SAFE_NO_PAD.decode(signature).unwrap().len()]);
        assert_eq!(refusal(&server, &format!("{signed}.{zeros}")).await, wrong);
        let malformed = (401, "jwt-malformed".to_owned());
        for token in [
            format!("{head}.{payload}.{signature}="),
            format!("{head}.{payload}.!"),
            format!("e30.{payload}.{signature}"),
            format!(".{payload}.{signature}"),
            "..".to_owned(),
            signer.jwt(&json!({"alg": algorithm.name(), "kid": "k1", "crit": ["b64"], "b64": false}), &claims()),
            signer.jwt(&json!({"alg": algorithm.name(), "kid": "k1", "crit": []}), &claims()),
            signer.jwt(&json!({"alg": algorithm.name(), "kid": "k1", "typ": "logout+jwt"}), &claims()),
            signer.jwt(&json!({"alg": algorithm.name(), "kid": 7}), &claims()),
            signer.jwt_of(format!(r#"{{"alg":"{0}","alg":"{0}","kid":"k1"}}"#, algorithm.name()).as_bytes(), b"{}"),
            signer.jwt(&header(algorithm), &with(json!({"padding": "x".repeat(8 << 10)}))),
        ] {
            assert_eq!(refusal(&server, &token).await, malformed, "{}", &token[..token.len().min(200)]);
        }
        assert_eq!(refusal(&server, "a.b.c.d").await, (401, "malformed".to_owned()));
        let (status, answer) = ask(&server, &token, VIEWER).await;
        assert_eq!(status, 200, "the good one is still good: {answer}");
        let lines = format!("{:?}", server.incidents(0).await);
        assert!(!lines.contains(payload) && !lines.contains(signature), "the log holds no tokens");
    }
}

#[tokio::test]
async fn each_claim_must_be_there_and_right() {
    let algorithm = Algorithm::EdDsa;
    let (signer, server) = ready(algorithm).await;
    let refused = async |changes: Value| refusal(&server, &signer.jwt(&header(algorithm), &with(changes))).await;
    for (changes, status, code) in [
        (json!({"iss": "https://id.example/realms/shop/"}), 401, "jwt-issuer"),
        (json!({"iss": null}), 401, "jwt-claims"),
        (json!({"iss": [ISSUER]}), 401, "jwt-claims"),
        (json!({"aud": "daybook2"}), 401, "jwt-audience"),
        (json!({"aud": ["other"]}), 401, "jwt-audience"),
        (json!({"aud": []}), 401, "jwt-audience"),
        (json!({"aud": null}), 401, "jwt-claims"),
        (json!({"sub": null}), 401, "jwt-claims"),
        (json!({"sub": ""}), 401, "jwt-claims"),
        (json!({"sub": "x".repeat(256)}), 401, "jwt-claims"),
        (json!({"exp": NOW - 120}), 401, "jwt-expired"),
        (json!({"exp": 0}), 401, "jwt-expired"),
        (json!({"exp": -1}), 401, "jwt-expired"),
        (json!({"exp": null}), 401, "jwt-claims"),
        (json!({"exp": (NOW + 600).to_string()}), 401, "jwt-claims"),
        (json!({"exp": 1e300}), 401, "jwt-claims"),
        (json!({"nbf": NOW + 120}), 401, "jwt-not-yet"),
        (json!({"nbf": "0"}), 401, "jwt-claims"),
        (json!({"nbf": null, "iat": NOW + 120}), 401, "jwt-not-yet"),
        (json!({"nbf": null, "iat": null}), 401, "jwt-claims"),
        (json!({"daybook_role": null}), 403, "role-missing"),
        (json!({"daybook_role": "king"}), 403, "role-missing"),
        (json!({"daybook_role": "CLERK"}), 403, "role-missing"),
        (json!({"daybook_role": ["clerk"]}), 403, "role-missing"),
        (json!({"daybook_role": "system"}), 403, "role-missing"),
        (json!({"daybook_role": "importer"}), 403, "role-missing"),
        (json!({"daybook_merchant": null}), 403, "merchant-missing"),
        (json!({"daybook_merchant": "m9"}), 403, "merchant-unknown"),
        (json!({"daybook_merchant": "a b"}), 403, "merchant-unknown"),
        (json!({"daybook_merchant": 7}), 403, "merchant-unknown"),
        (json!({"daybook_role": "platform"}), 403, "merchant-odd"),
    ] {
        assert_eq!(refused(changes.clone()).await, (status, code.to_owned()), "{changes}");
    }
    for changes in [
        json!({"aud": ["other", AUDIENCE]}),
        json!({"nbf": null}),
        // Clocks that are a little off.
        json!({"exp": NOW - 30}),
        json!({"nbf": NOW + 30}),
        json!({"exp": format!("{}.5", NOW + 600).parse::<serde_json::Number>().unwrap()}),
        json!({"daybook_role": "platform", "daybook_merchant": null}),
        json!({"unknown": {"claim": [1]}}),
    ] {
        let (status, answer) = ask(&server, &signer.jwt(&header(algorithm), &with(changes.clone())), VIEWER).await;
        assert_eq!(status, 200, "{changes}: {answer}");
    }
}

#[tokio::test]
async fn a_session_ends_with_its_token_also_on_an_open_socket() {
    let algorithm = Algorithm::EdDsa;
    let (signer, server) = ready(algorithm).await;
    let token = signer.jwt(&header(algorithm), &claims());
    let mut socket = Socket::greeted_with(&server, &token).await;
    let query = "subscription { orderEvents { kind } }";
    socket.send(json!({"id": "1", "type": "subscribe", "payload": {"query": query}})).await;
    server.place("m1", "N-2", "ann").await;
    assert_eq!(socket.event().await["kind"], "order-placed");
    server.pass(700);
    server.place("m1", "N-3", "ann").await;
    let last = socket.next().await.unwrap();
    assert_eq!(last["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{last}");
    assert_eq!(socket.next().await.unwrap()["type"], "complete");
    socket.send(json!({"id": "2", "type": "subscribe", "payload": {"query": VIEWER}})).await;
    let refused = socket.next().await.unwrap();
    assert!(refused.to_string().contains("UNAUTHENTICATED"), "{refused}");
    assert_eq!(server.incidents(1).await[0]["code"], "session-ended");
    assert_eq!(refusal(&server, &token).await, (401, "jwt-expired".to_owned()));
}

#[tokio::test]
async fn a_key_that_is_not_known_is_asked_for_once_a_minute_and_waited_for() {
    let algorithm = Algorithm::Es256;
    let (old, new) = (Signer::new(algorithm), Signer::new(algorithm));
    let (asked, told) = (Arc::new(AtomicU64::new(0)), tokio::sync::mpsc::unbounded_channel());
    let (tell, mut told) = told;
    let count = Arc::clone(&asked);
    let oidc = Arc::new(Oidc::new(options(algorithm), move || {
        count.fetch_add(1, SeqCst);
        let _ = tell.send(());
    }));
    oidc.set_keys(&jwks(&[old.jwk("k1")])).unwrap();
    let server = server(&oidc).await;
    let of = |signer: &Signer, kid: &str| signer.jwt(&json!({"alg": "ES256", "kid": kid}), &claims());
    assert_eq!(ask(&server, &of(&old, "k1"), VIEWER).await.0, 200);
    assert_eq!(asked.load(SeqCst), 0);
    // The provider's new keys come while the first request waits.
    let both = jwks(&[old.jwk("k1"), new.jwk("k2")]);
    let keys = Arc::clone(&oidc);
    let provider = tokio::spawn(async move {
        told.recv().await;
        keys.set_keys(&both).unwrap()
    });
    assert_eq!(ask(&server, &of(&new, "k2"), VIEWER).await.0, 200);
    assert_eq!(provider.await.unwrap(), 2);
    for number in 0..20 {
        let unknown = of(&new, &format!("made-up-{number}"));
        assert_eq!(ask(&server, &unknown, VIEWER).await.0, 401);
    }
    assert_eq!(asked.load(SeqCst), 1, "a flood of made-up keys asks nobody");
    assert_eq!(server.incidents(20).await.len(), 20);
    // What is of no use changes nothing.
    assert!(oidc.set_keys(b"<html>not found</html>").is_err());
    assert_eq!(ask(&server, &of(&old, "k1"), VIEWER).await.0, 200);
    // A key that the provider has no more.
    oidc.set_keys(&jwks(&[new.jwk("k2")])).unwrap();
    assert_eq!(refusal(&server, &of(&old, "k1")).await, (401, "jwt-key-unknown".to_owned()));
    // Without a kid the only key is meant.
    assert_eq!(ask(&server, &new.jwt(&json!({"alg": "ES256"}), &claims()), VIEWER).await.0, 200);
    oidc.set_keys(&jwks(&[old.jwk("k1"), new.jwk("k2")])).unwrap();
    let unnamed = new.jwt(&json!({"alg": "ES256"}), &claims());
    assert_eq!(refusal(&server, &unnamed).await, (401, "jwt-key-unknown".to_owned()));
}

#[tokio::test]
async fn without_a_provider_no_jwt_is_taken_and_with_one_tokens_still_are() {
    let server = Server::start().await;
    let token = Signer::new(Algorithm::EdDsa).jwt(&header(Algorithm::EdDsa), &claims());
    assert_eq!(refusal(&server, &token).await, (401, "malformed".to_owned()));
    let (_, server) = ready(Algorithm::EdDsa).await;
    assert_eq!(ask(&server, crate::kit::PLATFORM, VIEWER).await.0, 200);
}
