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

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

/// Where the pages are: as `web/pages.js` has them. Which one it is, the script sees.
const PAGES: [&str; 13] = [
    "/",
    "/orders/{id}",
    "/exceptions",
    "/after-sales",
    "/stock",
    "/dashboard",
    "/sub-orders",
    "/jobs",
    "/jobs/{id}",
    "/alerts",
    "/audit",
    "/settings",
    "/buyer",
];

/// The API with the pages before it. `is_https`: whether browsers come by TLS, so that their cookie never goes without it.
pub fn around(api: Router, is_https: bool) -> Router {
    let sessions = session::Sessions { api: api.clone(), is_https };
    let index = get(move |headers| assets::index(headers, is_https));
    let pages = PAGES.into_iter().fold(Router::new(), |router, path| router.route(path, index.clone()));
    pages
        .route("/console/{version}/{*path}", get(assets::asset))
        .route("/session", get(session::is_there).post(session::open).delete(session::close))
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
        let paths = script.split("path: \"").skip(1).map(|rest| rest.split('"').next().unwrap().replace(":id", "{id}"));
        let mut paths: Vec<String> = paths.collect();
        assert!(script.contains("BUYER_PAGE") && include_str!("../web/app.js").contains("path === \"/buyer\""));
        paths.push("/buyer".into());
        assert_eq!(PAGES.to_vec(), paths);
    }
}
