//! Merchants.

use daybook_domain::command::{Command, RegisterMerchant};
use daybook_domain::event::MerchantRegistered;
use daybook_domain::{Event, Kind};
use daybook_engine::{Reader, Request};
use serde_json::json;

use crate::cli::{ListArgs, MerchantArgs};
use crate::console::{Console, Ended, out};
use crate::data::{self, Access};
use crate::failure::Failure;
use crate::{clock, table};

pub(crate) fn create(args: &MerchantArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let register = RegisterMerchant {
        id: data::merchant_id(&args.id)?,
        name: args.name.as_deref().unwrap_or(&args.id).into(),
        parent: args.parent.as_deref().map(data::merchant_id).transpose()?,
    };
    let opened = access.open_or_make(console)?;
    let request = Request::live(clock::new_command_id(), data::OPERATOR, Command::RegisterMerchant(register));
    let receipt = opened.engine.submit(request).wait()?;
    console.say(&format!("merchant {} recorded at position {}", args.id, receipt.position));
    console.print(&format!("{}\n", args.id))?;
    Ok(Ended::Well)
}

/// All merchants, in the order in which they were registered: a parent stands before those below it.
pub(crate) fn all(reader: &Reader) -> Result<Vec<MerchantRegistered>, Failure> {
    let mut merchants = Vec::new();
    reader.each_of(&[Kind::MerchantRegistered], |recorded| {
        if let Event::MerchantRegistered(merchant) = recorded.event {
            merchants.push(merchant);
        }
    })?;
    Ok(merchants)
}

pub(crate) fn list(args: &ListArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let merchants = all(&access.open(console)?.reader)?;
    let parent = |merchant: &MerchantRegistered| merchant.ancestors.last().map(|id| id.as_str().to_owned());
    let mut text = String::new();
    if args.json {
        for merchant in &merchants {
            out!(text, "{}", json!({"id": merchant.id.as_str(), "name": merchant.name, "parent": parent(merchant)}));
        }
    } else {
        let rows = merchants.iter().map(|merchant| {
            let parent = parent(merchant).unwrap_or_else(|| "–".to_owned());
            [merchant.id.as_str().to_owned(), parent, merchant.name.to_string()]
        });
        text = table::text(["id", "parent", "name"], rows);
    }
    console.print(&text)?;
    Ok(Ended::Well)
}
