//! Merchants.

use std::collections::HashMap;

use daybook_api::export::time_zone;
use daybook_domain::command::{Command, MoveMerchant, RegisterMerchant, SetProfile};
use daybook_domain::event::ProfileSet;
use daybook_domain::limits::MAX_DEPTH;
use daybook_domain::profile::Profile;
use daybook_domain::{Event, Kind, MerchantId, StreamId};
use daybook_engine::{Reader, Receipt, Request};
use serde_json::json;

use crate::cli::{ListArgs, MerchantArgs, MerchantNameArgs, MoveArgs, ProfileArgs};
use crate::console::{Console, Ended, out};
use crate::data::{self, Access, Opened};
use crate::failure::Failure;
use crate::{clock, table};

/// A merchant as it is now.
pub(crate) struct Listed {
    pub(crate) id: MerchantId,
    name: Box<str>,
    /// Root first, the parent last.
    pub(crate) ancestors: Vec<MerchantId>,
    is_closed: bool,
    /// With what those above it say for what it does not say itself.
    profile: Profile,
}

fn submit(opened: &Opened, command: Command<String>) -> Result<Receipt, Failure> {
    Ok(opened.engine.submit(Request::live(clock::new_command_id(), data::OPERATOR, command)).wait()?)
}

pub(crate) fn create(args: &MerchantArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let register = RegisterMerchant {
        id: data::merchant_id(&args.id)?,
        name: args.name.as_deref().unwrap_or(&args.id).into(),
        parent: args.parent.as_deref().map(data::merchant_id).transpose()?,
    };
    let receipt = submit(&access.open_or_make(console)?, Command::RegisterMerchant(register))?;
    console.say(&format!("merchant {} recorded at position {}", args.id, receipt.position));
    console.print(&format!("{}\n", args.id))?;
    Ok(Ended::Well)
}

pub(crate) fn move_below(args: &MoveArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let (merchant, parent) = (data::merchant_id(&args.id)?, data::merchant_id(&args.parent)?);
    let opened = access.open(console)?;
    let merchants = all(&opened.reader)?;
    if let Some(above) = merchants.iter().find(|listed| listed.id == parent)
        && !above.ancestors.contains(&merchant)
        && above.ancestors.len() + 1 + height(&merchants, &merchant) > MAX_DEPTH
    {
        let problem = format!("what stands below {merchant} would have more than {MAX_DEPTH} merchants above it");
        return Err(Failure::new(problem));
    }
    let receipt = submit(&opened, Command::MoveMerchant(MoveMerchant { merchant, parent }))?;
    console.say(&format!("merchant {} stands below {} from position {} on", args.id, args.parent, receipt.position));
    Ok(Ended::Well)
}

/// How many levels of merchants stand below this one.
fn height(merchants: &[Listed], id: &MerchantId) -> usize {
    let levels = merchants.iter().filter_map(|listed| listed.ancestors.iter().rev().position(|above| above == id));
    levels.map(|between| between + 1).max().unwrap_or_default()
}

pub(crate) fn close(args: &MerchantNameArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let merchant = data::merchant_id(&args.id)?;
    let receipt = submit(&access.open(console)?, Command::CloseMerchant { merchant })?;
    console.say(&format!("merchant {} closed at position {}", args.id, receipt.position));
    Ok(Ended::Well)
}

pub(crate) fn reopen(
    args: &MerchantNameArgs,
    access: &mut Access,
    console: &mut Console<'_>,
) -> Result<Ended, Failure> {
    let merchant = data::merchant_id(&args.id)?;
    let receipt = submit(&access.open(console)?, Command::ReopenMerchant { merchant })?;
    console.say(&format!("merchant {} open again at position {}", args.id, receipt.position));
    Ok(Ended::Well)
}

pub(crate) fn set(args: &ProfileArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    if let Some(name) = args.time_zone.as_deref().filter(|name| !name.is_empty()) {
        time_zone(name)?;
    }
    let said = |text: &Option<String>| text.as_deref().map(Into::into);
    let set = ProfileSet { time_zone: said(&args.time_zone), pay_url: said(&args.pay_url) };
    let merchant = data::merchant_id(&args.id)?;
    let receipt = submit(&access.open(console)?, Command::SetProfile(SetProfile { merchant, set }))?;
    console.say(&format!("merchant {} set at position {}", args.id, receipt.position));
    Ok(Ended::Well)
}

/// All merchants, in the order in which they were registered.
pub(crate) fn all(reader: &Reader) -> Result<Vec<Listed>, Failure> {
    let mut merchants: Vec<Listed> = Vec::new();
    let mut parents: HashMap<MerchantId, MerchantId> = HashMap::new();
    let mut places: HashMap<StreamId, usize> = HashMap::new();
    let kinds =
        [Kind::MerchantRegistered, Kind::MerchantMoved, Kind::MerchantClosed, Kind::MerchantReopened, Kind::ProfileSet];
    reader.each_of(&kinds, |recorded| {
        if let Event::MerchantRegistered(event) = recorded.event {
            if let Some(parent) = event.ancestors.last() {
                parents.insert(event.id.clone(), parent.clone());
            }
            places.insert(recorded.stream, merchants.len());
            let (ancestors, profile) = (Vec::new(), Profile::default());
            merchants.push(Listed { id: event.id, name: event.name, ancestors, is_closed: false, profile });
            return;
        }
        let Some(listed) = places.get(&recorded.stream).and_then(|&place| merchants.get_mut(place)) else { return };
        #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else was asked for")]
        match recorded.event {
            Event::MerchantMoved(event) => {
                parents.insert(listed.id.clone(), event.parent);
            }
            Event::MerchantClosed(_) => listed.is_closed = true,
            Event::MerchantReopened(_) => listed.is_closed = false,
            Event::ProfileSet(event) => listed.profile.set(&event),
            _ => {}
        }
    })?;
    let own: HashMap<MerchantId, Profile> =
        merchants.iter().map(|listed| (listed.id.clone(), listed.profile.clone())).collect();
    for listed in &mut merchants {
        listed.ancestors =
            std::iter::successors(parents.get(&listed.id), |above| parents.get(*above)).cloned().collect();
        let above = listed.ancestors.iter().filter_map(|id| own.get(id));
        listed.profile = above.fold(listed.profile.clone(), Profile::or);
        listed.ancestors.reverse();
    }
    Ok(merchants)
}

pub(crate) fn list(args: &ListArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let merchants = all(&access.open(console)?.reader)?;
    let parent = |merchant: &Listed| merchant.ancestors.last().map(|id| id.as_str().to_owned());
    let mut text = String::new();
    if args.json {
        for merchant in &merchants {
            let fields = json!({
                "id": merchant.id.as_str(),
                "name": merchant.name,
                "parent": parent(merchant),
                "closed": merchant.is_closed,
                "timeZone": merchant.profile.time_zone(),
                "payUrl": merchant.profile.pay_url,
            });
            out!(text, "{fields}");
        }
    } else {
        let rows = merchants.iter().map(|merchant| {
            let parent = parent(merchant).unwrap_or_else(|| "–".to_owned());
            let state = if merchant.is_closed { "closed" } else { "open" };
            let zone = merchant.profile.time_zone().to_owned();
            [merchant.id.as_str().to_owned(), parent, state.to_owned(), zone, merchant.name.to_string()]
        });
        text = table::text(["id", "parent", "state", "time zone", "name"], rows);
    }
    console.print(&text)?;
    Ok(Ended::Well)
}
