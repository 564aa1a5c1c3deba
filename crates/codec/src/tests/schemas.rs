//! The schemas in `schemas` are what the code makes, and what the code makes keeps to them. `BLESS=1` rewrites them.

use std::collections::BTreeSet;
use std::fs;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::{Value, json};

use super::golden::goldens;
use super::samples::commands;
use super::{blessing, top};
use crate::{Action, OrderName, action_schema, event_schemas, parse_action, write_action};

fn compare(path: &str, schema: &Value) {
    let path = top("schemas").join(path);
    let written = format!("{schema:#}\n");
    if blessing() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &written).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    // Not as text: the order of members depends on how serde_json was built.
    let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
    assert_eq!(schema, &kept, "{}: run the tests with BLESS=1 and review the difference", path.display());
}

#[test]
fn schemas_of_events_are_up_to_date() {
    for (name, schema) in event_schemas() {
        compare(&format!("events/{name}"), &schema);
    }
    let made: BTreeSet<String> = event_schemas().into_iter().map(|(name, _)| name).collect();
    let kept: BTreeSet<String> = fs::read_dir(top("schemas/events"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(made, kept);
}

#[test]
fn the_schema_of_actions_is_up_to_date() {
    compare("action.json", &action_schema());
}

pub(super) struct Checker {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Checker {
    /// Also checks the schema itself against the draft's own.
    pub(super) fn new(schema: &Value) -> Self {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        compiler.add_resource("schema.json", schema.clone()).unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    pub(super) fn check(&self, json: &Value) -> Result<(), String> {
        self.schemas.validate(json, self.index).map_err(|error| format!("{error:#}\n{json:#}"))
    }
}

#[test]
fn golden_events_keep_to_their_schemas() {
    let schemas = event_schemas();
    for golden in goldens() {
        let name = format!("{}.v{}.json", golden.kind.name(), golden.version);
        let (_, schema) = schemas.iter().find(|(file, _)| *file == name).unwrap();
        let checker = Checker::new(schema);
        let json = golden.json();
        checker.check(&json).unwrap();
        let fields: Vec<String> = json["data"].as_object().unwrap().keys().cloned().collect();
        for field in &fields {
            let mut wrong = json.clone();
            wrong["data"][field] = json!([true]);
            assert!(checker.check(&wrong).is_err(), "{name}: {field} may be anything");
        }
        for (place, value) in
            [("/data/more", json!(1)), ("/more", json!(1)), ("/kind", json!("x")), ("/version", json!(9))]
        {
            let mut wrong = json.clone();
            let (parent, key) = place.rsplit_once('/').unwrap();
            wrong.pointer_mut(parent).unwrap()[key] = value;
            assert!(checker.check(&wrong).is_err(), "{name}: {place}");
        }
    }
}

#[test]
fn lines_keep_to_the_schema() {
    let checker = Checker::new(&action_schema());
    let name = OrderName { merchant: "m1".parse_name(), number: "A-1".parse_name() };
    for command in commands() {
        for named in [None, Some(name.clone())] {
            let action = Action { at: None, source: Some("s".into()), named, command: command.clone() };
            let line = write_action(&action);
            let json: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(checker.check(&json).is_ok(), parse_action(&line).is_ok(), "{line}");
            for field in json.as_object().unwrap().keys() {
                let mut wrong = json.clone();
                wrong[field] = json!(true);
                assert!(checker.check(&wrong).is_err(), "{field} of {line} may be anything");
                assert!(parse_action(&wrong.to_string()).is_err(), "{field} of {line} is not looked at");
            }
        }
    }
}

trait ParseName {
    fn parse_name<T: crate::values::Name>(&self) -> T;
}

impl ParseName for str {
    fn parse_name<T: crate::values::Name>(&self) -> T {
        T::check(self).unwrap()
    }
}
