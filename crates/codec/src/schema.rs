//! The schemas of events in their JSON form.

use daybook_domain::Kind;
use serde_json::Value;

use crate::json::envelope_schema;
use crate::stored::versions;

/// JSON Schema, draft 2020-12, of each kind and version with its envelope, with the name of its file.
///
/// Old versions are shown in the current shape, so their schemas differ in the number alone: a reader finds one for
/// every `kind` and `version` that it meets.
pub fn event_schemas() -> Vec<(String, Value)> {
    let all = Kind::ALL.iter().flat_map(|&kind| versions(kind).iter().map(move |&version| (kind, version)));
    all.map(|(kind, version)| {
        let name = format!("{}.v{version}", kind.name());
        let mut schema = envelope_schema(kind, version);
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["title"] = name.clone().into();
        (format!("{name}.json"), schema)
    })
    .collect()
}
