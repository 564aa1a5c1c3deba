//! Signing checkpoints on demand, and proofs between them.

use crate::cli::CheckpointArgs;
use crate::console::{Console, Ended, out};
use crate::data::Access;
use crate::failure::Failure;

pub(crate) fn run(args: &CheckpointArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let between = args.consistency.as_deref().map(sizes).transpose()?;
    let notary = access.notary(console)?;
    let text = match (between, args.size) {
        (Some((from, to)), _) => notary.consistency(from, to)?.to_json(),
        (None, Some(size)) => notary.checkpoint(size)?.text,
        (None, None) if args.list => {
            let mut text = String::new();
            notary.sizes()?.into_iter().for_each(|size| out!(text, "{size}"));
            text
        }
        (None, None) => notary.sign()?.text,
    };
    console.print(&text)?;
    Ok(Ended::Well)
}

fn sizes(text: &str) -> Result<(u64, u64), Failure> {
    let sizes = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    sizes
        .ok_or_else(|| Failure::new(format!("--consistency {text:?}: give two numbers of records, such as 1000..2500")))
}
