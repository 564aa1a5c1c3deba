//! What was taken out: an owner looks through a month's orders in a spreadsheet.

use daybook_domain::command::OpenExport;
use daybook_domain::export::{ExportFormat, ExportKind};
use daybook_domain::time::{DAY_MICROS, MINUTE_MICROS};
use daybook_domain::{Command, CommandId, StreamId, Timestamp};

use super::life::Step;
use super::random::Random;
use super::{people, shop};
use crate::data::merchant_id;
use crate::failure::Failure;

pub(super) fn taken(random: &mut Random, now: Timestamp) -> Result<Vec<Step>, Failure> {
    let merchant = &shop::MERCHANTS[0];
    let owner = people::owner(merchant);
    let opening = CommandId(random.id());
    let open = OpenExport {
        asked: [0; 32],
        opener: owner.id,
        kind: ExportKind::Orders,
        format: ExportFormat::Xlsx,
        columns: "number,label,placed_at,total".into(),
        filter: r#"{"where":{"label":{"eq":"SHIPPED"}}}"#.into(),
        merchant: Some(merchant_id(merchant.id)?),
        subtree: false,
        // A plan knows no positions, nor how many orders there will be.
        position: 0,
        rows: 0,
    };
    let at = now.plus_micros(-3 * DAY_MICROS);
    let id = StreamId::export(owner.id, opening);
    let fetch = Command::FetchExport { export: id };
    Ok(vec![
        Step { at, request: people::request(opening, owner, Command::OpenExport(open)) },
        Step { at: at.plus_micros(MINUTE_MICROS), request: people::request(CommandId(random.id()), owner, fetch) },
    ])
}
