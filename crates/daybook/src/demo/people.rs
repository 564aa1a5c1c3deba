//! Who acts: each shop has its own clerks, so that figures by actor tell something.

use daybook_domain::{Actor, Automatic, Command, CommandId, Origin, Role};
use daybook_engine::Request;
use uuid::Uuid;

use super::random::Random;
use super::shop::Merchant;

const fn actor(id: u128, role: Role) -> Actor {
    Actor { id: Uuid::from_u128(id), role }
}

pub(super) const BUYER: Actor = actor(0x0B0B_0B00, Role::Buyer);
pub(super) const PROVIDER: Actor = actor(0x0A11_0A00, Role::Webhook);
/// Automation; what it does has the origin SYSTEM, and the actor of the policy that asks for it.
pub(super) const SYSTEM: Actor = actor(0x0500_0500, Role::System);
pub(super) const PLATFORM: Actor = actor(0x0F1A_7F00, Role::Platform);
pub(super) const STOREKEEPER: Actor = actor(0x0570_4E00, Role::Clerk);
const SUPPORT: Actor = actor(0x0509_0F00, Role::Support);
/// The first shop's first clerk; the others are counted on from there.
const FIRST_CLERK: u128 = 0x0C1E_4C00;
const FIRST_OWNER: u128 = 0x0044_4E00;

/// What somebody asks for; automation has an actor for each of its policies.
pub(super) fn request(id: CommandId, actor: Actor, command: Command<String>) -> Request {
    if actor != SYSTEM {
        return Request::live(id, actor, command);
    }
    let actor = Automatic::of_command(&command).map_or(SYSTEM, Automatic::actor);
    Request { origin: Origin::System, ..Request::live(id, actor, command) }
}

/// Who works on one order.
#[derive(Clone, Copy)]
pub(super) struct Staff {
    /// Does what there is to do.
    pub(super) clerk: Actor,
    /// Looks at what must be seen by a second pair of eyes.
    pub(super) colleague: Actor,
    pub(super) support: Actor,
}

pub(super) fn some_staff(random: &mut Random, merchant: &Merchant) -> Staff {
    // The first one works most.
    let first = random.below(clerks(merchant)).min(random.below(clerks(merchant)));
    let second = (first + 1) % clerks(merchant);
    let clerk = |place: u64| actor(FIRST_CLERK + shop(merchant) * 16 + u128::from(place), Role::Clerk);
    Staff { clerk: clerk(first), colleague: clerk(second), support: SUPPORT }
}

pub(super) fn owner(merchant: &Merchant) -> Actor {
    actor(FIRST_OWNER + shop(merchant), Role::Owner)
}

/// How many clerks the shop has.
fn clerks(merchant: &Merchant) -> u64 {
    2 + merchant.share / 10
}

fn shop(merchant: &Merchant) -> u128 {
    let letters = merchant.prefix.bytes();
    letters.fold(0, |number, letter| number * 32 + u128::from(letter & 31))
}
