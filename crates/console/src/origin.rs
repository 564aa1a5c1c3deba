//! Whose page it is that makes a browser ask.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Whether the request comes of one of our own pages. Browsers say so themselves (`Sec-Fetch-Site`), or at least from where a
/// page came (`Origin`); whoever says nothing is no browser, or one that is too old to be trusted with a cookie.
pub(crate) fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let host = text(HOST.as_str());
    text(ORIGIN.as_str())
        .and_then(|origin| Some(origin.split_once("://")?.1))
        .is_some_and(|origin| Some(origin) == host)
}

/// Whether it may be looked at: by one of our own pages, or by a person who typed an address. Browsers tell neither header
/// when a page is fetched by plain HTTP from another machine; that no other page sends the cookie along is then the cookie's
/// own business (`SameSite=Strict`).
pub(crate) fn is_no_foreign(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin" || site == "none",
        None => !headers.contains_key(ORIGIN) || is_own(headers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_our_own_pages_are_our_own() {
        assert!(is_own(&of(&[("sec-fetch-site", "same-origin")])));
        assert!(is_own(&of(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")])));
        for foreign in [
            of(&[]),
            of(&[("host", "shop.example")]),
            of(&[("sec-fetch-site", "cross-site"), ("origin", "https://shop.example"), ("host", "shop.example")]),
            of(&[("sec-fetch-site", "same-site")]),
            of(&[("sec-fetch-site", "none")]),
            of(&[("origin", "null"), ("host", "shop.example")]),
            of(&[("origin", "https://shop.example.evil.example"), ("host", "shop.example")]),
            of(&[("origin", "https://shop.example:444"), ("host", "shop.example")]),
        ] {
            assert!(!is_own(&foreign), "{foreign:?}");
        }
        assert!(is_no_foreign(&of(&[("sec-fetch-site", "none")])));
        assert!(is_no_foreign(&of(&[("host", "shop.example")])));
        assert!(!is_no_foreign(&of(&[("sec-fetch-site", "cross-site")])));
        assert!(!is_no_foreign(&of(&[("origin", "http://evil.example"), ("host", "shop.example")])));
    }
}
