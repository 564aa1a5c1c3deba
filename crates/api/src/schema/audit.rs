//! Who did what: the log of all streams, the newest first, read backwards a piece at a time. Which merchant an event is of
//! the views tell, so nothing is kept for this but the log itself.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use daybook_domain::event::Subject;
use daybook_domain::{Automatic, Event, Kind, MerchantId, Position, Recorded, Slot, StreamId, Timestamp};
use daybook_views::Views;
use uuid::Uuid;

use super::error::ApiError;
use super::events;
use super::filter::{DateTimeFilter, ValueFilter};
use super::history::{EventObject, Shown};
use super::page::{self, PageInfo};
use crate::access::Tenant;
use crate::http::Services;
use crate::reads::Going;

/// Events that are read at once.
const PIECE: u64 = 2_048;
/// Events looked at for one page; a page that ends here says that there is more.
const MAX_SCANNED: u64 = 200_000;
/// Bytes read at a time.
const READ_BYTES: usize = 1 << 20;
/// Orders of an erased buyer that are named.
const NAMED_ORDERS: usize = 5;

/// All of what is given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct AuditWhere {
    /// Tokens' ids, or policies' ids or names, such as `system:pay-within`.
    actor: Option<ValueFilter<String>>,
    /// Kinds of events, such as `price-edited`.
    kind: Option<ValueFilter<String>>,
    merchant: Option<ValueFilter<String>>,
    /// When the ledger learnt of it.
    time: Option<DateTimeFilter>,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum AuditSubject {
    Order,
    Sku,
    Merchant,
    Token,
    Job,
    Export,
    /// One who is not known any more.
    Buyer,
}

/// Something that somebody did.
#[derive(Clone, SimpleObject)]
pub(crate) struct AuditEntry {
    event: EventObject,
    subject: AuditSubject,
    /// What it is called: an order's number, a SKU, a token's label, a merchant's id; of a buyer who was erased, some of their
    /// orders' numbers.
    name: Option<String>,
    /// Whose it is; null: the platform's.
    merchant: Option<ID>,
}

#[derive(SimpleObject)]
pub(crate) struct AuditEdge {
    cursor: String,
    node: AuditEntry,
}

#[derive(SimpleObject)]
pub(crate) struct AuditConnection {
    nodes: Vec<AuditEntry>,
    edges: Vec<AuditEdge>,
    page_info: PageInfo,
}

/// None: what is said there, another stream's event of the same commit says.
fn subject(kind: Kind) -> Option<AuditSubject> {
    Some(match kind.subject() {
        Subject::Order => AuditSubject::Order,
        Subject::Sku => AuditSubject::Sku,
        Subject::Merchant => AuditSubject::Merchant,
        Subject::Token => AuditSubject::Token,
        Subject::Job => AuditSubject::Job,
        Subject::Export => AuditSubject::Export,
        Subject::Erasure => AuditSubject::Buyer,
        Subject::Claim | Subject::Account => return None,
    })
}

fn actor(named: &str) -> Result<Uuid, ApiError> {
    let policy = || Automatic::named(named).map(|policy| policy.actor().id);
    Uuid::parse_str(named).ok().or_else(policy).ok_or_else(|| {
        let shown: String = named.chars().take(40).collect();
        ApiError::Invalid(format!("{shown:?} is neither an actor's id nor a policy's name, such as system:pay-within"))
    })
}

/// A question that makes sense.
struct Asked {
    actors: Option<Vec<Uuid>>,
    kinds: Option<BTreeSet<Kind>>,
    merchants: Option<Vec<MerchantId>>,
    from: Option<Timestamp>,
    /// Not included.
    to: Option<Timestamp>,
}

impl Asked {
    fn read(wanted: &AuditWhere) -> Result<Self, ApiError> {
        let values = |filter: &Option<ValueFilter<String>>| {
            Ok::<_, ApiError>(filter.as_ref().map(ValueFilter::values).transpose()?.flatten())
        };
        let actors = values(&wanted.actor)?.map(|ids| ids.iter().map(|id| actor(id)).collect()).transpose()?;
        // What cannot be a merchant's id names none.
        let merchants =
            values(&wanted.merchant)?.map(|ids| ids.iter().filter_map(|id| MerchantId::new(id).ok()).collect());
        let time = wanted.time.clone();
        let bound = |at: Option<super::scalar::DateTime>| at.map(|at| at.0);
        Ok(Self {
            actors,
            kinds: events::kinds(values(&wanted.kind)?)?,
            merchants,
            from: time.as_ref().and_then(|time| bound(time.gte)),
            to: time.and_then(|time| bound(time.lt)),
        })
    }

    /// By what the event itself tells.
    fn lets_through(&self, recorded: &Recorded) -> bool {
        let kind = recorded.event.kind();
        subject(kind).is_some()
            && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
            && self.actors.as_ref().is_none_or(|actors| actors.contains(&recorded.actor.id))
    }

    fn is_of(&self, tenant: &Tenant, merchant: Option<&MerchantId>) -> bool {
        let is_shown = match (tenant.own(), merchant) {
            (None, _) => true,
            (Some(own), merchant) => merchant == Some(own),
        };
        let is_asked = |ids: &Vec<MerchantId>| merchant.is_some_and(|merchant| ids.contains(merchant));
        is_shown && self.merchants.as_ref().is_none_or(is_asked)
    }
}

/// The first position that was recorded at a time or after it; one behind the end if there is none. The clock of the ledger
/// never runs backwards, so some twenty events tell.
fn first_at(services: &Services, time: Timestamp, end: Position) -> Result<Position, ApiError> {
    let (mut low, mut high) = (1, end + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let is_before = services.reader.event(middle)?.is_some_and(|event| event.recorded_at < time);
        if is_before {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Up to the views' position, the newest first. Cursors are positions; `endCursor` is the last one that was looked at, so that
/// a page that found nothing is gone on from as well. Reads the views and the ledger.
pub(crate) fn list(
    services: &Services,
    going: &Going,
    tenant: &Tenant,
    wanted: &AuditWhere,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<AuditConnection, ApiError> {
    let first = page::first(first)?;
    let asked = Asked::read(wanted)?;
    let bad = |_| ApiError::Invalid("after is not a cursor of this list".into());
    let before: Option<Position> = after.map(str::parse).transpose().map_err(bad)?;
    let end = services.host.position();
    let begin = asked.from.map_or(Ok(1), |from| first_at(services, from, end))?;
    let behind = asked.to.map_or(Ok(end + 1), |to| first_at(services, to, end))?;
    // Behind what was not looked at yet.
    let mut top = before.map_or(behind, |before| before.min(behind));
    let lowest = begin.max(top.saturating_sub(MAX_SCANNED));
    let mut found: Vec<AuditEntry> = Vec::new();
    let mut last_seen = None;
    while top > lowest && found.len() < first {
        going.check()?;
        let bottom = lowest.max(top.saturating_sub(PIECE));
        let candidates = piece(services, bottom, top, &asked)?;
        let exports = exporters(services, &candidates)?;
        // Held for some thousand looks.
        let views = services.host.views();
        last_seen = Some(bottom);
        for recorded in candidates.into_iter().rev() {
            let mut owner = views.owner_of(recorded.stream);
            if let Some(exporter) = exports.get(&recorded.stream) {
                owner.merchant = exporter.as_ref();
            }
            let erased = if let Event::SubjectErased(event) = &recorded.event { Some(event.clone()) } else { None };
            if let Some(event) = &erased {
                owner.merchant = Some(&event.merchant);
            }
            let Some(subject) = subject(recorded.event.kind()) else { continue };
            if !asked.is_of(tenant, owner.merchant) {
                continue;
            }
            last_seen = Some(recorded.position);
            let merchant = owner.merchant.map(|id| ID(id.as_str().to_owned()));
            let name = match erased {
                Some(event) => orders_of(&views, event.slot),
                None => owner.name.filter(|name| !name.is_empty()).map(Cow::into_owned),
            };
            let event = EventObject::alone(recorded, Shown::masked(tenant.is_masked));
            found.push(AuditEntry { event, subject, name, merchant });
            if found.len() == first {
                break;
            }
        }
        if found.len() < first {
            last_seen = Some(bottom);
        }
        top = bottom;
    }
    let cursor = |entry: &AuditEntry| entry.event.recorded.position.to_string();
    let edges: Vec<AuditEdge> =
        found.iter().map(|node| AuditEdge { cursor: cursor(node), node: node.clone() }).collect();
    let info = PageInfo {
        has_next_page: last_seen.map_or(top > begin, |seen| seen > begin),
        has_previous_page: before.is_some(),
        start_cursor: edges.first().map(|edge| edge.cursor.clone()),
        end_cursor: last_seen.map(|seen| seen.to_string()),
    };
    Ok(AuditConnection { nodes: found, edges, page_info: info })
}

/// Some of the orders that were an erased buyer's, so that it can be told which ones nothing is known of.
fn orders_of(views: &Views, slot: Slot) -> Option<String> {
    let list = views.order_list().ok()?;
    let ids = list.ids_of(slot);
    let numbers = ids.iter().take(NAMED_ORDERS).filter_map(|id| Some(list.by_id(*id)?.number.to_string()));
    let mut text = numbers.collect::<Vec<_>>().join(", ");
    if ids.len() > NAMED_ORDERS {
        text.push_str(", …");
    }
    Some(text).filter(|text| !text.is_empty())
}

/// Whose the exports among them are, which no view knows; none: the platform's.
fn exporters(services: &Services, events: &[Recorded]) -> Result<HashMap<StreamId, Option<MerchantId>>, ApiError> {
    let mut found = HashMap::new();
    for recorded in events.iter().filter(|recorded| recorded.event.kind().subject() == Subject::Export) {
        if found.contains_key(&recorded.stream) {
            continue;
        }
        let first = services.reader.history(recorded.stream)?.into_iter().next();
        let Some(Event::ExportOpened(opened)) = first.map(|first| first.event) else { continue };
        found.insert(recorded.stream, opened.merchant);
    }
    Ok(found)
}

/// The events from `bottom` on and before `top` that may be asked for, oldest first.
fn piece(services: &Services, bottom: Position, top: Position, asked: &Asked) -> Result<Vec<Recorded>, ApiError> {
    let mut found = Vec::new();
    let mut next = bottom;
    while next < top {
        let events = services.reader.events(next, READ_BYTES)?;
        let Some(last) = events.last().map(|last| last.position) else { break };
        next = last + 1;
        found.extend(events.into_iter().filter(|recorded| recorded.position < top && asked.lets_through(recorded)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_named_by_its_id_or_by_its_policy() {
        let id = Uuid::from_u128(7);
        assert_eq!(actor(&id.to_string()).unwrap(), id);
        for policy in Automatic::ALL {
            assert_eq!(actor(policy.name()).unwrap(), policy.actor().id);
        }
        assert!(actor("system:pay-wihtin").is_err());
    }
}
