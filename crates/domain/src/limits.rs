//! How much one command may carry. A commit has 48 KiB: whatever keeps these limits fits into one, an order through the
//! limit on all its texts together, everything else through those on its single texts.

/// Lines in one order.
pub const MAX_LINES: usize = 100;
/// Adjustments in one order.
pub const MAX_ADJUSTMENTS: usize = 20;
/// Units of one line.
pub const MAX_QUANTITY: u32 = 1_000_000;
/// Cards of one order: they go out, and are shown, together.
pub const MAX_ORDER_CARDS: u32 = 10_000;
/// Characters of a line's title or an adjustment's label.
pub const MAX_TITLE_CHARS: usize = 200;
/// Characters of a buyer's account, a carrier, a tracking number, a provider or a trade number.
pub const MAX_NAME_CHARS: usize = 128;
/// Characters of a note, a reason's text, a rating's comment.
pub const MAX_TEXT_CHARS: usize = 4_000;
/// Bytes of a contact, as JSON.
pub const MAX_CONTACT_BYTES: usize = 4_096;
/// Bytes of all texts of an order together: account, contact, number, SKUs, titles, suppliers, inputs, labels. What else an
/// order of the most lines and adjustments holds, below the most ancestors, fits into the 11 KiB that are left.
pub const MAX_ORDER_TEXT_BYTES: usize = 37 << 10;
/// Minor units of any single amount, and of all that came in for one order.
pub const MAX_AMOUNT_MINOR: i64 = 1_000_000_000_000_000;
/// Checkpoints, tickets, shipments, notes and tags of one order, each.
pub const MAX_PER_ORDER: usize = 1_000;
/// Events of one order, beyond which only what moves its money, its goods or its state is recorded.
pub const MAX_ORDER_EVENTS: u32 = 10_000;
/// Units of one SKU that were ever received.
pub const MAX_STOCK: i64 = 1_000_000_000_000;
/// Cards that one command imports.
pub const MAX_CARDS: usize = 100;
/// Bytes of one card's secret.
pub const MAX_CARD_BYTES: usize = 1_024;
/// Bytes of the secrets of one command together.
pub const MAX_CARDS_BYTES: usize = 20 << 10;
/// Bytes of the inputs of one change of address together, as JSON.
pub const MAX_INPUTS_BYTES: usize = 16 << 10;
/// Seconds of a policy's span: a year.
pub const MAX_SPAN_SECONDS: u32 = 366 * 24 * 3_600;
/// Policies that are for some time, and not over, of one merchant.
pub const MAX_DATED_POLICIES: usize = 100;
/// Bytes of a time zone's name.
pub const MAX_TIME_ZONE_BYTES: usize = 64;
/// Bytes of the link under which buyers pay.
pub const MAX_PAY_URL_BYTES: usize = 500;
/// What one merchant is warned of at once.
pub const MAX_ALERTS: usize = 10_000;
/// Rows of one job.
pub const MAX_JOB_ROWS: u32 = 1_000_000;
/// Rows that one command selects for a job: a row with the longest texts takes a kilobyte, so that those who select send
/// fewer of such.
pub const MAX_SELECTED_ROWS: usize = 2_000;
/// Merchants above a merchant.
pub const MAX_DEPTH: usize = 16;
