//! The files of a story.

use daybook_codec::{action_name, import_command_id, parse_action, parse_time, recorded_from_json, to_json};
use daybook_domain::{Context, Origin, Recorded, Role, Timestamp};
use serde_json::Value;

use super::world::{self, Texts, World};
use super::{actors, unimported};
use crate::data::IMPORTER;
use crate::failure::Failure;

/// A command that the rules refused, as it is part of the story.
pub(super) struct Refused {
    pub(super) line: u64,
    pub(super) action: &'static str,
    pub(super) code: &'static str,
}

/// The events that the commands make, as lines, and the refusals on the way.
pub(super) fn decide_all(commands: &str) -> Result<(String, Vec<Refused>), Failure> {
    let mut world = World::default();
    let mut refused = Vec::new();
    let mut importing: Option<Timestamp> = None;
    for (line, text) in (1_u64..).zip(commands.lines()) {
        let wrong = |why: &dyn std::fmt::Display| Failure::new(format!("commands.jsonl line {line}: {why}"));
        if text.trim().is_empty() {
            continue;
        }
        let mut json: Value = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        if let Some(origin) = json.get("origin") {
            importing = match origin.as_str() {
                Some("IMPORT") => Some(time(&json).map_err(|why| wrong(&why))?),
                _ => None,
            };
            continue;
        }
        let named = json.as_object_mut().and_then(|object| object.remove("as"));
        let action = if unimported::is_one(&json["action"]) {
            unimported::read(&json)
        } else if named.is_some() {
            parse_action(&json.to_string()).map_err(Failure::from)
        } else {
            parse_action(text).map_err(Failure::from)
        };
        let action = action.map_err(|why| wrong(&why))?;
        let at = action.at.ok_or_else(|| wrong(&"at: a story's clock is its lines' times"))?;
        let name = action_name(&action.command);
        let actor = match importing {
            Some(_) => IMPORTER,
            None => actors::of(named.as_ref(), &action.command).map_err(|why| wrong(&why))?,
        };
        let context = Context {
            command_id: import_command_id("story", action.target(), name, &line.to_string()),
            actor,
            origin: match (actor.role, importing) {
                (_, Some(_)) => Origin::Import,
                (Role::System, None) => Origin::System,
                (_, None) => Origin::Live,
            },
            // No story is as long as that it mattered.
            revision: 0,
            now: importing.unwrap_or(at),
            occurred_at: importing.map(|_| at),
        };
        if let Err(rejection) = world.send(action.command, &context) {
            refused.push(Refused { line, action: name, code: rejection.code() });
        }
    }
    let mut lines = String::new();
    for recorded in &world.log {
        lines.push_str(&to_json(recorded, &mut world::open).to_string());
        lines.push('\n');
    }
    Ok((lines, refused))
}

fn time(json: &Value) -> Result<Timestamp, Failure> {
    let text = json["at"].as_str().ok_or_else(|| Failure::new("at is missing"))?;
    Ok(parse_time(text)?)
}

pub(super) fn read_events(lines: &str) -> Result<Vec<Recorded>, Failure> {
    let mut texts = Texts::default();
    let mut events = Vec::new();
    for (line, text) in (1_u64..).zip(lines.lines()) {
        let wrong = |why: &dyn std::fmt::Display| Failure::new(format!("events.jsonl line {line}: {why}"));
        let json: Value = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        events.push(recorded_from_json(&json, &mut |text| texts.seal(text)).map_err(|error| wrong(&error))?);
    }
    Ok(events)
}
