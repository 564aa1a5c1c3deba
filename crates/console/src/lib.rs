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
use axum::middleware::from_fn_with_state;
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

/// The API with the pages before it. `is_https`: whether browsers come by TLS, so that their cookie never goes without it.
pub fn around(api: Router, is_https: bool) -> Router {
    let sessions = session::Sessions { api: api.clone(), is_https };
    std::thread::spawn(assets::prepare);
    let page = |script| {
        let document: Arc<str> = assets::document(script).into();
        get(async move |State(sessions): State<session::Sessions>, request: Request| {
            assets::index(&document, &sessions.viewer_of(request).await, is_https)
        })
    };
    let pages = PAGES.into_iter().fold(Router::new(), |router, (path, script)| router.route(path, page(script)));
    pages
        .route("/console/{version}/{*path}", get(assets::asset))
        .route("/session", get(session::who).post(session::open).delete(session::close))
        .with_state(sessions)
        .merge(api.layer(from_fn_with_state(is_https, session::authorize)))
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
