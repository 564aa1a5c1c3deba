//! Command ids of imports: the same line imported again is the same command, and changes nothing.

use daybook_domain::command::Command;
use daybook_domain::{CommandId, StreamId, Targets};
use uuid::Uuid;

use super::{Action, action_name};

/// Frozen: another value would import every line of every source a second time.
const NAMESPACE: Uuid = Uuid::from_u128(0x6461_7962_6f6f_6b00_8000_696d_706f_7274);

/// The command id of the `ordinal`-th `action` (from 1) on `order` within `source`: UUIDv5 of the four texts, each with
/// its length in bytes before it as eight bytes, little end first. For `register-merchant` the merchant's stream stands
/// for the order.
///
/// ```
/// use daybook_codec::import_command_id;
/// use daybook_domain::{MerchantId, OrderNumber, StreamId};
///
/// let order = StreamId::order(&MerchantId::new("m1").unwrap(), &OrderNumber::new("A-1").unwrap());
/// let first = import_command_id("olist", order, "record-payment", "1");
/// assert_eq!(first, import_command_id("olist", order, "record-payment", "1"));
/// assert_ne!(first, import_command_id("olist", order, "record-payment", "2"));
/// ```
pub fn import_command_id(source: &str, order: StreamId, action: &str, ordinal: &str) -> CommandId {
    let mut buffer = Uuid::encode_buffer();
    let order: &str = order.0.hyphenated().encode_lower(&mut buffer);
    let mut name = Vec::with_capacity(128);
    for part in [source, order, action, ordinal] {
        name.extend_from_slice(&(part.len() as u64).to_le_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    CommandId(Uuid::new_v5(&NAMESPACE, &name))
}

impl Action {
    /// The id of the command that this line of `source` is. The line's own id, if it has one, stands for the ordinal
    /// with `source:` before it; else `ordinal` counts (from 1) the lines with the same [`super::LineKey`], also those that are no actions.
    pub fn command_id(&self, source: &str, ordinal: u64) -> CommandId {
        let ordinal = match &self.source {
            Some(own) => format!("source:{own}"),
            None => ordinal.to_string(),
        };
        import_command_id(source, self.target(), action_name(&self.command), &ordinal)
    }

    /// The stream of the order or merchant that the line is about: what lines must be counted and kept in order by. An
    /// order placed without a number has none yet: the merchant's stands for it.
    pub fn target(&self) -> StreamId {
        if let Command::Place(place) = &self.command
            && place.number.is_none()
        {
            return StreamId::merchant(&place.merchant);
        }
        // Only an order without a number has its stream from the command's id.
        Targets::of(&self.command, CommandId(Uuid::nil())).own
    }
}
