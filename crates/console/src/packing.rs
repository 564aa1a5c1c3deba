//! Bytes packed for whoever takes them so.

use std::io::Write;

use axum::body::{Body, HttpBody};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Below it, the head is most of an answer.
const FROM_BYTES: u64 = 1_400;
/// Above it, packing would keep others waiting.
const TO_BYTES: u64 = 1 << 20;

pub(crate) fn gzip(bytes: &[u8], how: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), how);
    // Into memory nothing fails; if it did, the plain bytes would be sent.
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// Whether `Accept-Encoding` has gzip, and not with a weight of zero.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").map(|weight| weight.trim_matches(['0', '.', ' ']));
        name.trim().eq_ignore_ascii_case("gzip") && weight != Some("")
    })
}

/// An answer of the API, which is whole in memory: packed, if that is worth it.
pub(crate) async fn packed(mut response: Response) -> Response {
    let headers = response.headers();
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let bytes = response.body().size_hint().exact().filter(|bytes| (FROM_BYTES..=TO_BYTES).contains(bytes));
    if !is_json || bytes.is_none() || headers.contains_key(CONTENT_ENCODING) {
        return response;
    }
    let body = std::mem::take(response.body_mut());
    // It is there already, and no longer than it said.
    let Ok(plain) = axum::body::to_bytes(body, usize::MAX).await else { return response };
    let gzip = gzip(&plain, Compression::fast());
    if gzip.is_empty() {
        *response.body_mut() = Body::from(plain);
        return response;
    }
    response.headers_mut().remove(CONTENT_LENGTH);
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    *response.body_mut() = Body::from(gzip);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_gzip_says_so() {
        let of = |text: &str| takes_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, text.parse().unwrap())]));
        for taken in ["gzip", "br, GZIP;q=0.5", "deflate, gzip;q=1.0, *;q=0"] {
            assert!(of(taken), "{taken}");
        }
        for refused in ["", "br", "gzip;q=0", "gzip; q=0.000", "gzipped"] {
            assert!(!of(refused), "{refused}");
        }
    }
}
