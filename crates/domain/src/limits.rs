//! How much one command may carry, so that a commit stays below the ledger's 48 KiB.

/// Lines in one order.
pub const MAX_LINES: usize = 100;
/// Adjustments in one order.
pub const MAX_ADJUSTMENTS: usize = 20;
/// Units of one line.
pub const MAX_QUANTITY: u32 = 1_000_000;
/// Characters of a line's title or an adjustment's label.
pub const MAX_TITLE_CHARS: usize = 200;
/// Characters of a buyer's account, a carrier, a tracking number, a provider or a trade number.
pub const MAX_NAME_CHARS: usize = 128;
/// Characters of a note, a reason's text, a rating's comment.
pub const MAX_TEXT_CHARS: usize = 4_000;
/// Bytes of a contact, as JSON.
pub const MAX_CONTACT_BYTES: usize = 4_096;
/// Minor units of any single amount: sums of all that one order may hold stay far from overflow.
pub const MAX_AMOUNT_MINOR: i64 = 1_000_000_000_000_000;
/// Checkpoints, tickets, shipments, notes and tags of one order, each.
pub const MAX_PER_ORDER: usize = 1_000;
/// Merchants above a merchant.
pub const MAX_DEPTH: usize = 16;
