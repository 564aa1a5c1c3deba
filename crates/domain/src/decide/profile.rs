//! A merchant's profile. Whether there is a time zone of that name is asked where the tables of zones are: here it is only
//! a name that one could have.

use super::{Events, known_merchant};
use crate::command::SetProfile;
use crate::event::ProfileSet;
use crate::limits::{MAX_PAY_URL_BYTES, MAX_TIME_ZONE_BYTES};
use crate::rejection::Rejection;
use crate::spelling;
use crate::state::Facts;

/// What may stand in braces, filled in for each order.
const PLACES: [&str; 3] = ["number", "amount", "currency"];
/// Hosts that a link without TLS may lead to: the machine of whoever tries it out.
const LOOPBACK: [&str; 2] = ["localhost", "127.0.0.1"];

pub(super) fn set(facts: &Facts<'_>, c: &SetProfile, out: &mut Events) -> Result<(), Rejection> {
    known_merchant(facts.merchant(out.stream), &c.merchant)?;
    out.push(c.set.clone());
    Ok(())
}

pub(super) fn check(set: &ProfileSet) -> Result<(), Rejection> {
    let invalid = |field, problem: String| Err(Rejection::Invalid { field, problem });
    if *set == ProfileSet::default() {
        return invalid("profile", "says nothing: name a time zone, a payUrl, or both".into());
    }
    if let Some(problem) = set.time_zone.as_deref().and_then(time_zone_problem) {
        return invalid("timeZone", problem);
    }
    if let Some(problem) = set.pay_url.as_deref().filter(|url| !url.is_empty()).and_then(pay_url_problem) {
        return invalid("payUrl", problem);
    }
    Ok(())
}

fn time_zone_problem(name: &str) -> Option<String> {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-+".contains(&byte);
    (name.len() > MAX_TIME_ZONE_BYTES || !name.bytes().all(is_usual))
        .then(|| "must be an IANA name, such as Asia/Shanghai".into())
}

fn pay_url_problem(url: &str) -> Option<String> {
    if url.len() > MAX_PAY_URL_BYTES {
        return Some(format!("is longer than {MAX_PAY_URL_BYTES} bytes"));
    }
    // A backslash is a slash to browsers: what they take for the host would be something else than it seems here.
    if let Some(found) = url.chars().find(|&c| c.is_whitespace() || spelling::is_invisible(c) || "\\\"<>".contains(c)) {
        return Some(format!("holds {found:?}, which no link may hold: leave it out, or encode it"));
    }
    let (rest, is_encrypted) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => return Some("must begin with https://".into()),
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Some("must name no user before its host".into());
    }
    let Some(host) = host(authority) else {
        return Some("must name a host, such as https://pay.example.com/".into());
    };
    if !is_encrypted && !LOOPBACK.contains(&host) {
        return Some("must begin with https://: buyers pay there".into());
    }
    places_problem(path)
}

/// Without its port. None: there is none, or it is not written out.
fn host(authority: &str) -> Option<&str> {
    let end = match authority.strip_prefix('[') {
        Some(_) => authority.find(']')? + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    (!host.is_empty() && is_port && !host.contains(['{', '}', '%'])).then_some(host)
}

/// What is in braces, and what is not, behind the host.
fn places_problem(path: &str) -> Option<String> {
    let known = || "may have {number}, {amount} and {currency} in braces behind its host, and nothing else".to_owned();
    let mut rest = path;
    while let Some(at) = rest.find(['{', '}']) {
        let place = rest[at..].strip_prefix('{').and_then(|behind| behind.split_once('}'));
        match place {
            Some((name, behind)) if PLACES.contains(&name) => rest = behind,
            Some(_) | None => return Some(known()),
        }
    }
    None
}
