//! The signing key's public half, for those who check.

use crate::cli::KeysCreateArgs;
use crate::console::{Console, Ended};
use crate::data::Access;
use crate::failure::Failure;

pub(crate) fn create(args: &KeysCreateArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let key = access.notary(console)?.create_key(args.name.as_deref())?;
    let file = access.dir().join(daybook_proof::KEY_FILE);
    console.say(&format!(
        "{}: a new signing key was made; keep a copy where nobody else reads it. This is its public half:",
        file.display()
    ));
    console.print(&format!("{key}\n"))?;
    Ok(Ended::Well)
}

pub(crate) fn show(access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let dir = access.dir().display().to_string();
    let key = access.notary(console)?.verifier();
    let key =
        key.ok_or_else(|| Failure::new(format!("there is no key: `daybook keys create --data {dir}` makes one")))?;
    console.print(&format!("{key}\n"))?;
    Ok(Ended::Well)
}
