//! The page for trying queries. It holds a token while somebody uses it, so it may run nothing but what is known here.

use std::sync::LazyLock;

use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::response::{Html, IntoResponse, Response};
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("graphiql.html");

/// Its own script by its hash, and by their addresses the files that it loads when asked to, whose hashes stand in the page.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let own = Sha256::digest(own_script().as_bytes());
    let loaded = |ending| loaded().filter(move |file: &&str| file.ends_with(ending)).collect::<Vec<_>>().join(" ");
    format!(
        "default-src 'none'; script-src 'sha256-{}' {}; style-src 'unsafe-inline' {}; connect-src 'self'; \
         img-src 'self' data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        base64(&own),
        loaded(".js"),
        loaded(".css"),
    )
});

/// The addresses that stand in the page.
fn loaded() -> impl Iterator<Item = &'static str> {
    PAGE.split('"').filter(|text| text.starts_with("https://"))
}

fn own_script() -> &'static str {
    let script = PAGE.split_once("<script>").and_then(|(_, rest)| rest.split_once("</script>"));
    script.map_or("", |(script, _)| script)
}

pub(crate) fn page() -> Response {
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY.as_str()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Html(PAGE)).into_response()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_usize, |bits, &byte| bits << 8 | usize::from(byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = char::from(DIGITS[bits >> (18 - 6 * place) & 63]);
            text.push(if place <= three.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_what_others_write() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[251, 255]), "+/8=");
    }

    #[test]
    fn nothing_but_what_the_page_loads_may_be_loaded() {
        let sources: Vec<&str> = POLICY.split([' ', ';']).filter(|source| source.contains("://")).collect();
        assert_eq!(sources, loaded().collect::<Vec<_>>());
        assert_eq!(sources.len(), 4);
        assert!(sources.iter().all(|source| source.rsplit('/').next().is_some_and(|file| file.contains(".min."))));
    }

    #[test]
    fn whatever_the_page_loads_has_its_hash_beside_it() {
        assert!(own_script().contains("sessionStorage"));
        let loads = PAGE.lines().filter(|line| line.contains("https://")).collect::<Vec<_>>();
        assert_eq!(loads.len(), 4, "{loads:?}");
        for line in loads {
            assert!(line.contains("\"sha384-"), "{line}");
        }
    }
}
