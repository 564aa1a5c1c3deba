//! A ledger in memory: the same rules as in the engine, without a disk, a clock or keys.

use daybook_domain::decide::check_texts;
use daybook_domain::{
    Command, Context, Decision, Facts, Kind, Position, Recorded, Rejection, Revision, Sealed, Slot, State, StreamId,
    Targets, decide, evolve,
};
use hashbrown::HashMap;

/// Texts that are not secret, sealed so that equal texts are equal: a story's buyers are its accounts.
#[derive(Debug, Default)]
pub(super) struct Texts(HashMap<String, u32>);

impl Texts {
    pub(super) fn seal(&mut self, text: &str) -> Sealed {
        let next = u32::try_from(self.0.len() + 1).unwrap_or(u32::MAX);
        let slot = *self.0.entry(text.to_owned()).or_insert(next);
        Sealed { slot: Slot(slot), bytes: text.as_bytes().to_vec() }
    }
}

pub(super) fn open(sealed: &Sealed, _: Kind) -> Option<String> {
    String::from_utf8(sealed.bytes.clone()).ok()
}

#[derive(Debug, Default)]
pub(super) struct World {
    streams: HashMap<StreamId, (Option<State>, Revision)>,
    texts: Texts,
    pub(super) log: Vec<Recorded>,
}

impl World {
    pub(super) fn send(&mut self, command: Command<String>, context: &Context) -> Result<(), Rejection> {
        check_texts(&command, context.origin)?;
        let texts = &mut self.texts;
        let command = command.seal(|_, text| Ok::<_, Rejection>(texts.seal(text)))?;
        let decision = {
            let targets = Targets::of(&command, context.command_id);
            let find = |id| self.streams.get(&id).and_then(|(state, _)| state.as_ref());
            let facts = Facts::gather(&command, &targets, find);
            decide(&facts, &command, &targets, context)?
        };
        let Decision::Commit { events, .. } = decision else { return Ok(()) };
        let first = self.log.len() as Position + 1;
        let commit_end = self.log.len() as Position + events.len() as Position;
        for (position, new) in (first..).zip(events) {
            let (state, revision) = self.streams.entry(new.stream).or_default();
            *revision += 1;
            let recorded = Recorded {
                position,
                stream: new.stream,
                revision: *revision,
                version: daybook_codec::current_version(new.event.kind()),
                commit_end,
                command_id: context.command_id,
                actor: context.actor,
                origin: context.origin,
                reason: new.reason,
                causation: None,
                correlation: None,
                recorded_at: context.now,
                occurred_at: context.happened_at(),
                event: new.event,
            };
            evolve(state, &recorded);
            self.log.push(recorded);
        }
        Ok(())
    }
}
