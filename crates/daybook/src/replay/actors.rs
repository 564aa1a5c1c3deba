//! Who acts in a story.

use daybook_domain::{Actor, Automatic, Command, Role};
use serde_json::Value;
use uuid::Uuid;

use crate::failure::Failure;

const fn actor(id: u128, role: Role) -> Actor {
    Actor { id: Uuid::from_u128(id), role }
}

const CLERK: Actor = actor(3, Role::Clerk);
const SYSTEM: Actor = actor(4, Role::System);

/// What a line's `as` may say.
const NAMED: [(&str, Actor); 8] = [
    ("clerk", CLERK),
    ("system", SYSTEM),
    ("clerk2", actor(5, Role::Clerk)),
    ("buyer", actor(6, Role::Buyer)),
    ("webhook", actor(7, Role::Webhook)),
    ("platform", actor(8, Role::Platform)),
    ("owner", actor(9, Role::Owner)),
    ("support", actor(10, Role::Support)),
];

/// Whom the line names; else automation for what is its own, and a clerk for everything else. Automation has an actor for
/// each of its policies.
pub(super) fn of(named: Option<&Value>, command: &Command<String>) -> Result<Actor, Failure> {
    let actor = match named {
        None if is_automations(command) => SYSTEM,
        None => CLERK,
        Some(named) => {
            let known = NAMED.iter().find(|(name, _)| named.as_str() == Some(name));
            known.map(|(_, actor)| *actor).ok_or_else(|| Failure::new(format!("as: nobody is called {named}")))?
        }
    };
    Ok(if actor == SYSTEM { Automatic::of_command(command).map_or(SYSTEM, Automatic::actor) } else { actor })
}

fn is_automations(command: &Command<String>) -> bool {
    matches!(
        command,
        Command::Expire { .. }
            | Command::Remind { .. }
            | Command::Close { .. }
            | Command::Breach { .. }
            | Command::RaiseAlert(_)
            | Command::ClearAlert(_)
    )
}
