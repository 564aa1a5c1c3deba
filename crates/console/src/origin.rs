//! Whose page it is that makes a browser ask.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// What browsers send by themselves, and no page can change.
pub(crate) const SITE: &str = "sec-fetch-site";

/// Whether the request comes of one of our own pages. Browsers say so themselves (`Sec-Fetch-Site`), or at least from where a
/// page came (`Origin`); whoever says nothing is no browser, or one that is too old to be trusted with a cookie. `is_https`:
/// our pages come by TLS, so that one of the same name that did not is somebody else's.
pub(crate) fn is_own(headers: &HeaderMap, is_https: bool) -> bool {
    let is_of_our_host = headers.get(ORIGIN).map(|origin| is_here(headers, origin.to_str().unwrap_or("?"), is_https));
    match headers.get(SITE) {
        Some(site) => site == "same-origin" && is_of_our_host != Some(false),
        None => is_of_our_host == Some(true),
    }
}

fn is_here(headers: &HeaderMap, origin: &str, is_https: bool) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    let is_scheme_fit = scheme == "https" || (scheme == "http" && !is_https);
    is_scheme_fit && headers.get(HOST).is_some_and(|own| own == host)
}

/// Whether it may be looked at: by one of our own pages, or by a person who typed an address. Browsers tell neither header
/// when a page is fetched by plain HTTP from another machine; which pages send the cookie along is then the cookie's own
/// business (`SameSite=Strict`), and those of other ports of the same host do.
pub(crate) fn is_no_foreign(headers: &HeaderMap, is_https: bool) -> bool {
    match headers.get(SITE) {
        Some(site) if site == "none" => true,
        None if !headers.contains_key(ORIGIN) => true,
        Some(_) | None => is_own(headers, is_https),
    }
}

/// Whether the page that asks came by TLS, also where a proxy speaks TLS for us. Of where a page came browsers tell nothing when
/// they only look; but whose page it is they say by TLS alone, or to their own machine.
pub(crate) fn is_https(headers: &HeaderMap) -> bool {
    match headers.get(ORIGIN) {
        Some(origin) => origin.as_bytes().starts_with(b"https://"),
        None => headers.contains_key(SITE) && !is_this_machine(headers),
    }
}

fn is_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let is_loopback = |address: std::net::IpAddr| address.is_loopback();
    name == "localhost" || name.ends_with(".localhost") || name.trim_matches(['[', ']']).parse().is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn by_what_way_a_page_came_is_told() {
        let (site, shop) = (("sec-fetch-site", "none"), ("host", "shop.example"));
        for (pairs, told) in [
            (vec![("origin", "https://shop.example"), shop], true),
            (vec![("origin", "http://shop.example"), shop, site], false),
            (vec![site, shop], true),
            (vec![shop], false),
            (vec![site, ("host", "localhost:8080")], false),
            (vec![site, ("host", "127.0.0.1:8080")], false),
            (vec![site, ("host", "[::1]")], false),
            (vec![site, ("host", "[::1]:8080")], false),
            (vec![site, ("host", "127.0.0.1.shop.example")], true),
        ] {
            assert_eq!(is_https(&of(&pairs)), told, "{pairs:?}");
        }
    }

    #[test]
    fn only_our_own_pages_are_our_own() {
        let host = ("host", "shop.example");
        assert!(is_own(&of(&[("sec-fetch-site", "same-origin")]), false));
        assert!(is_own(&of(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]), false));
        assert!(is_own(&of(&[("origin", "https://shop.example"), host]), true));
        assert!(is_own(&of(&[("origin", "https://shop.example"), host]), false), "a proxy speaks TLS for us");
        for foreign in [
            of(&[]),
            of(&[host]),
            of(&[("sec-fetch-site", "cross-site"), ("origin", "https://shop.example"), host]),
            of(&[("sec-fetch-site", "same-site")]),
            of(&[("sec-fetch-site", "none")]),
            of(&[("origin", "null"), host]),
            of(&[("origin", "https://shop.example.evil.example"), host]),
            of(&[("origin", "https://shop.example:444"), host]),
            of(&[("origin", "http://shop.example"), host]),
        ] {
            assert!(!is_own(&foreign, true), "{foreign:?}");
        }
        assert!(is_no_foreign(&of(&[("sec-fetch-site", "none")]), true));
        assert!(is_no_foreign(&of(&[host]), true));
        assert!(!is_no_foreign(&of(&[("sec-fetch-site", "cross-site")]), true));
        assert!(!is_no_foreign(&of(&[("origin", "http://shop.example"), host]), true));
    }
}
