//! The files of the pages, as they are built in. Their addresses hold a hash of all of them, so that browsers keep them for
//! good and never mix two versions.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use sha2::{Digest, Sha256};

use crate::packing::{gzip, takes_gzip};

// FILES: what can be fetched, by its path. NEEDS: of each page's script, which others it needs. See build/main.rs.
include!(concat!(env!("OUT_DIR"), "/files.rs"));

const INDEX: &str = include_str!("../web/index.html");

/// Nothing of another host, nothing inline, nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

struct Asset {
    path: &'static str,
    media_type: &'static str,
    plain: &'static [u8],
    gzip: Vec<u8>,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let asset = |&(path, plain): &(&'static str, &'static [u8])| Asset {
        path,
        media_type: media_type(path),
        plain,
        gzip: gzip(plain, Compression::best()),
    };
    FILES.iter().map(asset).collect()
});

/// Of all files together.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (path, bytes) in FILES {
        hash.update(path);
        hash.update(Sha256::digest(bytes));
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
});

/// Packs them, which takes a moment that nobody should wait for.
pub(crate) fn prepare() {
    LazyLock::force(&ASSETS);
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// The document of a page, so that all of it is fetched at once; `script`: its own, None where there is no page.
pub(crate) fn document(script: Option<&str>) -> String {
    let (path, needs) = NEEDS.iter().find(|(path, _)| Some(*path) == script).copied().unwrap_or(("app.js", &[]));
    let preloads = needs.iter().chain([&path]).filter(|path| **path != "app.js");
    let preload = |path| format!("<link rel=\"modulepreload\" href=\"/console/{{version}}/{path}\">\n");
    INDEX.replace("{preloads}\n", &preloads.map(preload).collect::<String>()).replace("{version}", &VERSION)
}

/// Asked anew each time: it says which version the rest is of, what time it is, and who is there. `viewer`: JSON, empty where that is
/// not known. `now`: in milliseconds since 1970. `is_https`: it came by TLS, and is to go on so.
pub(crate) fn index(document: &str, viewer: &str, now: i64, is_https: bool) -> Response {
    // In JSON it stands in strings alone; in a document it would end the script.
    let viewer_text = viewer.replace('<', "\\u003c");
    let page = document.replace("{at}", &now.to_string()).replace("{viewer}", &viewer_text);
    let mut response = (guarded("text/html; charset=utf-8"), page).into_response();
    // What says who is there must not come back after they have left, nor what time it was.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if is_https {
        let a_year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, a_year);
    }
    response
}

pub(crate) async fn asset(Path((version, path)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let found = ASSETS.iter().find(|asset| asset.path == path).filter(|_| version == *VERSION);
    let Some(Asset { media_type, plain, gzip, .. }) = found else {
        return (StatusCode::NOT_FOUND, [(CACHE_CONTROL, "no-store")], "there is no such file\n").into_response();
    };
    let for_good = [(VARY, "accept-encoding"), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    if takes_gzip(&headers) && !gzip.is_empty() {
        return (guarded(media_type), for_good, [(CONTENT_ENCODING, "gzip")], gzip.as_slice()).into_response();
    }
    (guarded(media_type), for_good, *plain).into_response()
}

fn guarded(media_type: &'static str) -> [(axum::http::HeaderName, &'static str); 5] {
    [
        (CONTENT_TYPE, media_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_is_small_and_fetched_at_once() {
        let document = document(Some("pages/desk.js"));
        let named = |path: &&Asset| document.contains(&format!("/console/{}/{}\"", *VERSION, path.path));
        let assets: Vec<&Asset> = ASSETS.iter().filter(named).collect();
        let paths: Vec<&str> = assets.iter().map(|asset| asset.path).collect();
        assert_eq!(paths, ["icon.svg", "manifest.webmanifest", "style.css", "app.js", "pages/desk.js"]);
        let bytes = document.len() + assets.iter().map(|asset| asset.gzip.len()).sum::<usize>();
        assert!(bytes < 100_000, "{bytes}");
    }

    /// What a script imports, as the browser reads it.
    fn imported(path: &str) -> Vec<String> {
        let (_, bytes) = FILES.iter().find(|(known, _)| *known == path).unwrap_or_else(|| panic!("{path}"));
        let source = str::from_utf8(bytes).unwrap();
        let lines = source.lines().filter(|line| line.starts_with("import "));
        let from =
            |line: &str| line.rsplit('"').nth(1).unwrap().trim_start_matches("../").trim_start_matches("./").to_owned();
        lines.map(from).collect()
    }

    #[test]
    fn a_page_names_all_that_it_needs() {
        assert!(NEEDS.len() > 10);
        for (path, _) in NEEDS {
            let document = document(Some(path));
            let mut wanted = vec![(*path).to_owned()];
            while let Some(one) = wanted.pop() {
                assert!(document.contains(&format!("/console/{}/{one}\"", *VERSION)), "{path}: {one}");
                wanted.extend(imported(&one));
            }
        }
        assert!(!document(None).contains("modulepreload"));
    }

    #[test]
    fn a_name_ends_no_script() {
        let page = index("<script>{viewer}</script>", r#"{"id":"</script><script>"}"#, 1, false);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let body = runtime.block_on(axum::body::to_bytes(page.into_body(), 1_000)).unwrap();
        assert_eq!(&body[..], br#"<script>{"id":"\u003c/script>\u003cscript>"}</script>"#);
    }
}
