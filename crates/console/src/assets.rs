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

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_bytes!(concat!("../web/", $path)).as_slice())),*]
    };
}

/// Each file in `web`; a test holds that none is missing.
static FILES: &[(&str, &[u8])] = &files![
    "after-sales/disputes.js",
    "after-sales/refunds.js",
    "after-sales/tickets.js",
    "alerts/changes.js",
    "alerts/merchants.js",
    "alerts/raised.js",
    "alerts/says.js",
    "api.js",
    "app.js",
    "audit/actors.js",
    "audit/entries.js",
    "audit/filters.js",
    "audit/list.js",
    "buyer/look-up.js",
    "buyer/steps.js",
    "buyer/view.js",
    "currency.js",
    "dashboard/clocks.js",
    "dashboard/days.js",
    "dashboard/figures.js",
    "dashboard/forecast.js",
    "dashboard/heat.js",
    "dashboard/hours.js",
    "dashboard/look.js",
    "dashboard/parts.js",
    "dashboard/plot.js",
    "dashboard/queries.js",
    "dashboard/range.js",
    "dashboard/ranks.js",
    "dashboard/sheet-queries.js",
    "dashboard/sheet.js",
    "dashboard/stages.js",
    "dashboard/toolbar.js",
    "dashboard/words.js",
    "desk/bulk.js",
    "desk/export.js",
    "desk/filter-bar.js",
    "desk/filters.js",
    "desk/list.js",
    "desk/missed.js",
    "desk/queries.js",
    "exceptions/card.js",
    "exceptions/lane.js",
    "exceptions/short.js",
    "exceptions/ways.js",
    "forms/reason.js",
    "html.js",
    "icon.svg",
    "jobs/view.js",
    "live.js",
    "manifest.webmanifest",
    "merchants.js",
    "money.js",
    "order/action-bar.js",
    "order/actions.js",
    "order/field.js",
    "order/history.js",
    "order/parts.js",
    "order/query.js",
    "order/timeline.js",
    "pages.js",
    "pages/after-sales.js",
    "pages/alerts.js",
    "pages/audit.js",
    "pages/buyer.js",
    "pages/dashboard.js",
    "pages/desk.js",
    "pages/exceptions.js",
    "pages/job.js",
    "pages/jobs.js",
    "pages/order.js",
    "pages/settings.js",
    "pages/stock.js",
    "pages/sub-orders.js",
    "people.js",
    "queues/all.js",
    "queues/changes.js",
    "queues/dialog.js",
    "queues/offers.js",
    "queues/reasons.js",
    "queues/scope.js",
    "queues/story.js",
    "reading.js",
    "router.js",
    "settings/merchants.js",
    "settings/policies.js",
    "settings/profile.js",
    "settings/tokens.js",
    "sign-in.js",
    "stock/actions.js",
    "stock/fields.js",
    "stock/import.js",
    "stock/secrets.js",
    "stock/text.js",
    "style.css",
    "sub-orders/sales.js",
    "sub-orders/tree.js",
    "text.js",
    "texts/after-sales.js",
    "texts/alerts.js",
    "texts/audit.js",
    "texts/buyer.js",
    "texts/currency.js",
    "texts/dashboard.js",
    "texts/desk.js",
    "texts/exceptions.js",
    "texts/frame.js",
    "texts/jobs.js",
    "texts/merchants.js",
    "texts/order.js",
    "texts/queues.js",
    "texts/settings.js",
    "texts/stock.js",
    "texts/sub-orders.js",
    "texts/words.js",
    "ui.js",
    "vendor/hooks.js",
    "vendor/htm.js",
    "vendor/preact.js",
    "zone.js",
];
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

static PAGE: LazyLock<(String, Vec<u8>)> = LazyLock::new(|| {
    let page = INDEX.replace("{version}", &VERSION);
    let gzip = gzip(page.as_bytes(), Compression::best());
    (page, gzip)
});

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// Asked anew each time: it is small, and says which version the rest is of. `is_https`: it came by TLS, and is to go on so.
pub(crate) async fn index(headers: HeaderMap, is_https: bool) -> Response {
    let (page, gzip) = &*PAGE;
    let mut response = answer(&headers, "text/html; charset=utf-8", page.as_bytes(), gzip);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
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
    let mut response = answer(&headers, media_type, plain, gzip);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

fn answer(headers: &HeaderMap, media_type: &'static str, plain: &'static [u8], gzip: &'static [u8]) -> Response {
    let head = [
        (CONTENT_TYPE, media_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (VARY, "accept-encoding"),
    ];
    if takes_gzip(headers) && !gzip.is_empty() {
        return (head, [(CONTENT_ENCODING, "gzip")], gzip).into_response();
    }
    (head, plain).into_response()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }

    #[test]
    fn every_file_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
        let mut found = Vec::new();
        walk(&root, &root, &mut found);
        found.retain(|path| path != "index.html" && !path.ends_with("LICENSE"));
        found.sort();
        let built: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
        assert_eq!(built, found);
    }

    /// What a module imports before it runs, and those in turn; pages that come later are no part of it.
    fn needed(path: &str, found: &mut Vec<&'static str>) {
        let (path, plain) = FILES.iter().find(|(known, _)| *known == path).unwrap_or_else(|| panic!("{path}"));
        if found.contains(path) {
            return;
        }
        found.push(path);
        let folder = Path::new(path).parent().unwrap();
        let source = str::from_utf8(plain).unwrap();
        for line in source.lines().filter(|line| line.starts_with("import ") || line.contains(" from \"./")) {
            let Some((_, rest)) = line.rsplit_once("from \"").or_else(|| line.rsplit_once("import \"")) else {
                continue;
            };
            let joined = folder.join(rest.split('"').next().unwrap());
            let mut parts: Vec<&str> = Vec::new();
            for part in joined.to_str().unwrap().split('/') {
                match part {
                    "." => {}
                    ".." => drop(parts.pop()),
                    part => parts.push(part),
                }
            }
            needed(&parts.join("/"), found);
        }
    }

    #[test]
    fn the_first_page_is_small_and_fetched_at_once() {
        let mut found = Vec::new();
        needed("app.js", &mut found);
        needed("pages/desk.js", &mut found);
        assert!(found.contains(&"vendor/preact.js") && found.contains(&"texts/desk.js"), "{found:?}");
        let mut wanted: Vec<String> = found[1..].iter().map(|path| format!("/console/{{version}}/{path}")).collect();
        wanted.sort_unstable();
        let preloads = INDEX.split("rel=\"modulepreload\" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        assert_eq!(preloads.collect::<Vec<_>>(), wanted, "index.html names what the order desk needs");
        found.extend(["style.css", "icon.svg", "manifest.webmanifest"]);
        let packed = ASSETS.iter().filter(|asset| found.contains(&asset.path)).map(|asset| asset.gzip.len());
        let bytes = PAGE.1.len() + packed.sum::<usize>();
        assert!(bytes < 100_000, "{bytes}");
    }
}
