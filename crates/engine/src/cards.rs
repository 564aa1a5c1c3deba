//! Bringing in many cards at once: more than one commit holds.

use std::collections::VecDeque;

use daybook_domain::command::{ImportCards, NewCard};
use daybook_domain::event::CardsImported;
use daybook_domain::limits::{MAX_CARDS, MAX_CARDS_BYTES};
use daybook_domain::{Actor, Command, CommandId, Event, Expected, MerchantId, Position, Rejection, Sku};
use thiserror::Error;
use uuid::Uuid;

use crate::error::ExecuteError;
use crate::{Engine, Pending, Receipt, Request};

/// Commits that are under way at once.
const UNDER_WAY: usize = 64;
/// Bytes of the log that are read to find an import in it.
const READ_BYTES: usize = 64 << 10;

/// Secrets for a SKU; each counts as one unit of its stock.
#[derive(Clone, Debug)]
pub struct CardImport {
    /// Of the first commit; those of the others follow from it, so that an import that was cut off goes on where it ended
    /// when it is sent again.
    pub command_id: CommandId,
    pub actor: Actor,
    /// Of the SKU, before the first commit.
    pub expected: Expected,
    pub merchant: MerchantId,
    pub sku: Sku,
    pub secrets: Vec<String>,
}

/// What became of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardReport {
    pub imported: u64,
    /// Places in the list, from 0, of the secrets that stand there twice or had been imported before; rising.
    pub duplicates: Vec<usize>,
    /// Of the last commit; none when every secret was a duplicate.
    pub receipt: Option<Receipt>,
}

/// Why an import ended before its end, and what came in until then.
#[derive(Debug, Error)]
#[error("{error}")]
pub struct CardsCutOff {
    pub report: CardReport,
    #[source]
    pub error: ExecuteError,
}

struct Part {
    /// Place of its first secret.
    from: usize,
    count: usize,
    pending: Pending,
}

impl Engine {
    /// Imports the secrets in their order, in as many commits as it takes.
    ///
    /// # Errors
    /// Why a commit failed; what the report tells of stands. Send the same again to go on.
    pub async fn import_cards(&self, import: CardImport) -> Result<CardReport, CardsCutOff> {
        let mut report = CardReport::default();
        let mut under_way: VecDeque<Part> = VecDeque::with_capacity(UNDER_WAY);
        let mut failed = None;
        let mut from = 0;
        let mut secrets = import.secrets.into_iter().peekable();
        for number in 0_u32.. {
            let cards = part(&mut secrets);
            let count = cards.len();
            if count > 0 && failed.is_none() {
                let request = Request {
                    expected: if number == 0 { import.expected } else { Expected::Any },
                    ..Request::live(
                        part_id(import.command_id, number),
                        import.actor,
                        Command::ImportCards(ImportCards {
                            merchant: import.merchant.clone(),
                            sku: import.sku.clone(),
                            cards,
                        }),
                    )
                };
                under_way.push_back(Part { from, count, pending: self.submit(request) });
                from += count;
            }
            let is_over = count == 0 || failed.is_some();
            // What the first one meets (another revision, a command id that was used) stops all the others.
            while under_way.len() >= UNDER_WAY || is_over || number == 0 {
                let Some(part) = under_way.pop_front() else { break };
                if let Err(error) = self.settle(part, &mut report).await {
                    failed.get_or_insert(error);
                }
            }
            if is_over {
                break;
            }
        }
        match failed {
            None => Ok(report),
            Some(error) => Err(CardsCutOff { report, error }),
        }
    }

    async fn settle(&self, part: Part, report: &mut CardReport) -> Result<(), ExecuteError> {
        match part.pending.await {
            Ok(receipt) => {
                let known = self.known(&receipt)?;
                report.imported += part.count.saturating_sub(known.len()) as u64;
                report.duplicates.extend(known.into_iter().map(|place| part.from + usize::from(place)));
                report.receipt = Some(receipt);
                Ok(())
            }
            Err(ExecuteError::Rejected(Rejection::CardsKnown)) => {
                report.duplicates.extend(part.from..part.from + part.count);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The places within the commit of the cards that were known before it.
    fn known(&self, receipt: &Receipt) -> Result<Vec<u16>, ExecuteError> {
        let mut from: Position = receipt.position.saturating_sub(MAX_CARDS as Position).max(1);
        let mut known = Vec::new();
        while from <= receipt.position {
            let next = self.shared.reader.for_each(from, READ_BYTES, |recorded| {
                if let Event::CardsImported(CardsImported { known: found, .. }) = recorded.event
                    && recorded.command_id == receipt.command_id
                    && recorded.stream == receipt.stream
                {
                    known = found;
                }
            });
            match next.map_err(|error| ExecuteError::Read(error.into()))? {
                next if next == from => break,
                next => from = next,
            }
        }
        Ok(known)
    }
}

/// As many as one commit holds.
fn part(secrets: &mut std::iter::Peekable<std::vec::IntoIter<String>>) -> Vec<NewCard<String>> {
    let mut cards = Vec::with_capacity(MAX_CARDS);
    let mut bytes = 0;
    while cards.len() < MAX_CARDS
        && let Some(secret) = secrets.next_if(|next| cards.is_empty() || bytes + next.len() <= MAX_CARDS_BYTES)
    {
        bytes += secret.len();
        cards.push(NewCard { secret, fingerprint: [0; 16] });
    }
    cards
}

fn part_id(first: CommandId, number: u32) -> CommandId {
    if number == 0 { first } else { CommandId(Uuid::new_v5(&first.0, &number.to_be_bytes())) }
}
