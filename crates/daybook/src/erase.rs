//! Forgetting buyers, one or a file of them.

use std::path::Path;

use daybook_api::{ExportLimits, Exports, Forgetting, Host};
use daybook_domain::{CommandId, MerchantId, ReasonCode};
use daybook_engine::{EraseError, Erasure};
use serde_json::json;
use uuid::Uuid;

use crate::cli::EraseArgs;
use crate::console::{Console, Ended, out};
use crate::data::{self, Access, OPERATOR, Opened};
use crate::failure::Failure;
use crate::import::Progress;
use crate::serve::EXPORTS;
use crate::{clock, follower, rebuild};

/// Buyers whose keys are destroyed with one sync.
const AT_ONCE: usize = 1_000;
/// Lines that are told of one by one; of the others it is told how many they are.
const TOLD: usize = 20;

/// What became of a line.
struct Left {
    /// From 1; none: the only one.
    line: Option<usize>,
    why: String,
}

pub(crate) fn run(args: &EraseArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let merchant = data::merchant_id(&args.merchant)?;
    let reason = ReasonCode::from_name(&args.reason).ok_or_else(|| {
        let all: Vec<&str> = ReasonCode::ALL.into_iter().map(ReasonCode::name).collect();
        Failure::new(format!("{:?} is no reason: they are {}", args.reason, all.join(", ")))
    })?;
    let of_all = match &args.command_id {
        Some(id) => Uuid::parse_str(id).map_err(|_| Failure::new(format!("{id:?} is not a UUID")))?,
        None => clock::random_id(),
    };
    let accounts = accounts(args)?;
    let opened = access.open(console)?;
    let merchant = data::known_merchant(&opened.reader, merchant.as_str())?;
    let forgetting = match &opened.forgetting {
        Some(forgetting) => forgetting.clone(),
        None => at_rest(&opened, access.dir(), console)?,
    };
    if args.buyers.is_some() {
        console.say(&format!("the same file again with --command-id {of_all} goes on where this ends"));
    }
    let (mut erased, mut before, mut orders, mut position) = (0_u64, 0_u64, 0_u64, 0);
    let mut left: Vec<Left> = Vec::new();
    let mut progress = Progress::new(accounts.len() as u64, "buyers", console);
    for some in accounts.chunks(AT_ONCE) {
        if console.stop.is_set() {
            break;
        }
        let asked =
            some.iter().map(|(line, account)| erasure(args, of_all, *line, account, &merchant, reason)).collect();
        for ((line, _), forgotten) in some.iter().zip(forgetting.erase(asked)) {
            match forgotten {
                Ok(forgotten) => {
                    erased += 1;
                    before += u64::from(forgotten.erased.receipt.repeated);
                    orders += forgotten.orders.len() as u64;
                    position = position.max(forgotten.erased.receipt.position);
                }
                // What was not done for one cannot be done for the next.
                Err(error @ EraseError::Keys(_)) => return Err(error.into()),
                Err(error) => left.push(Left { line: *line, why: Failure::from(error).to_string() }),
            }
        }
        progress.advance(some.len() as u64, console);
    }
    progress.finish();
    let is_cut_short = console.stop.is_set();
    if is_cut_short {
        console.say("interrupted: the buyers that are left are as they were");
    }
    for Left { line, why } in left.iter().take(TOLD) {
        let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        console.say(&format!("{line}not erased: {why}"));
    }
    if left.len() > TOLD {
        console.say(&format!("and {} more were not erased", left.len() - TOLD));
    }
    let mut text = String::new();
    if args.json {
        let left: Vec<_> = left.iter().map(|left| json!({ "line": left.line, "why": left.why })).collect();
        let result = json!({ "erased": erased, "before": before, "orders": orders, "position": position, "commandId": of_all.to_string(), "left": left });
        out!(text, "{result}");
    } else if erased > 0 {
        let before = if before > 0 { format!(" ({before} of them before)") } else { String::new() };
        out!(text, "erased: {erased} buyers of {orders} orders{before}, recorded up to position {position}");
    }
    console.print(&text)?;
    Ok(if left.is_empty() && !is_cut_short { Ended::Well } else { Ended::Wrong })
}

/// The id of a line's command must tell nothing of its account: it stays in the log.
fn erasure(
    args: &EraseArgs,
    of_all: Uuid,
    line: Option<usize>,
    account: &str,
    merchant: &MerchantId,
    reason: ReasonCode,
) -> Erasure {
    let command_id = match line {
        Some(line) => CommandId::derived(&["erase", &of_all.to_string(), &line.to_string()]),
        None => CommandId(of_all),
    };
    Erasure {
        command_id,
        actor: OPERATOR,
        merchant: merchant.clone(),
        account: account.to_owned(),
        even_open: args.even_open,
        reason,
    }
}

/// With their lines, where they are of a file.
fn accounts(args: &EraseArgs) -> Result<Vec<(Option<usize>, String)>, Failure> {
    let Some(path) = &args.buyers else {
        return Ok(args.buyer.iter().map(|account| (None, account.clone())).collect());
    };
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| Failure::new(format!("{shown}: {error}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(format!("{shown} is not UTF-8: save it as UTF-8 text, one account a line")))?;
    let lines = text.strip_prefix('\u{feff}').unwrap_or(&text).lines();
    let found: Vec<_> = (1..)
        .zip(lines)
        .map(|(line, account)| (Some(line), account.trim().to_owned()))
        .filter(|(_, account)| !account.is_empty())
        .collect();
    if found.is_empty() {
        return Err(Failure::new(format!("{shown} names nobody: one account a line")));
    }
    Ok(found)
}

/// Nobody serves the folder: which orders are whose the views say, folded up to the end of the log.
fn at_rest(opened: &Opened, dir: &Path, console: &mut Console<'_>) -> Result<Forgetting, Failure> {
    let head = opened.reader.watermark();
    let mut store = follower::store(dir, &opened.reader);
    let mut views = follower::load(&mut store, &opened.reader, console)?;
    rebuild::follow(&mut views, &opened.reader, head)?;
    let folder = dir.join(EXPORTS);
    let exports = match folder.is_dir() {
        true => Exports::in_folder(folder, ExportLimits::default())?,
        false => Exports::nowhere(),
    };
    Ok(Forgetting::new(opened.engine.clone(), Host::new_shared(views), exports, None))
}
