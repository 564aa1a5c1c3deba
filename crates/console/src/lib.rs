//! The merchants' web pages: a client of the same queries and commands as everyone else, and the session that a browser has.
//!
//! ```text
//! browser ─► / …          pages, scripts, styles: built in
//!         ─► /session     a token comes in once, and stays in a cookie that no script can read
//!         ─► /graphql …   the cookie becomes the `Authorization` header that every client sends
//! ```

mod assets;
mod origin;
mod packing;
mod session;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub use words::word;

/// Where the pages are, and the script of each: as `web/pages.js` has them.
const PAGES: [(&str, &str); 13] = [
    ("/", "pages/desk.js"),
    ("/orders/{id}", "pages/order.js"),
    ("/exceptions", "pages/exceptions.js"),
    ("/after-sales", "pages/after-sales.js"),
    ("/stock", "pages/stock.js"),
    ("/dashboard", "pages/dashboard.js"),
    ("/sub-orders", "pages/sub-orders.js"),
    ("/jobs", "pages/jobs.js"),
    ("/jobs/{id}", "pages/job.js"),
    ("/alerts", "pages/alerts.js"),
    ("/audit", "pages/audit.js"),
    ("/settings", "pages/settings.js"),
    ("/buyer", "pages/buyer.js"),
];

/// What time it is, in milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The API with the pages before it. `is_https`: whether browsers come by TLS, so that their cookie never goes without it.
pub fn around(api: Router, is_https: bool, clock: Clock) -> Router {
    let sessions = session::Sessions { api: api.clone(), is_https, clock };
    std::thread::spawn(assets::prepare);
    let page = |script| {
        let document: Arc<str> = assets::document(Some(script)).into();
        get(async move |State(sessions): State<session::Sessions>, request: Request| {
            sessions.show(&document, request).await
        })
    };
    let pages = PAGES.into_iter().fold(Router::new(), |router, (path, script)| router.route(path, page(script)));
    pages
        .route("/console/{version}/{*path}", get(assets::asset))
        .route("/session", get(session::who).post(session::open).delete(session::close))
        .fallback(elsewhere)
        .with_state(sessions)
        .merge(api.layer(from_fn_with_state(is_https, session::authorize)))
}

/// Where there is nothing: to a person who follows an old link the pages say so, to others the status does.
async fn elsewhere(State(sessions): State<session::Sessions>, request: Request) -> Response {
    let is_html = |accepted: &HeaderValue| accepted.to_str().is_ok_and(|accepted| accepted.contains("text/html"));
    if request.method() != Method::GET || !request.headers().get(ACCEPT).is_some_and(is_html) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = sessions.show(&assets::document(None), request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the script has no page for says so there; what the server has none for is lost when somebody loads it again.
    #[test]
    fn every_page_of_the_script_is_answered() {
        let script = include_str!("../web/pages.js");
        let between = |line: &str, before: &str| Some(line.split_once(before)?.1.split('"').next().unwrap().to_owned());
        let page = |line: &str| {
            let path =
                between(line, "path: \"").or_else(|| line.contains("BUYER_PAGE").then(|| "/buyer".to_owned()))?;
            Some((path.replace(":id", "{id}"), between(line, "import(\"./")?))
        };
        let pages: Vec<(String, String)> = script.lines().filter_map(page).collect();
        assert!(include_str!("../web/app.js").contains("path === \"/buyer\""));
        assert_eq!(PAGES.map(|(path, script)| (path.to_owned(), script.to_owned())).to_vec(), pages);
    }
}
