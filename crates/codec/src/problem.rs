//! What serde says is wrong, put as a field and a problem.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::{Path, Segment};

/// Where in a JSON text, and what.
pub(crate) struct Problem {
    /// Such as `lines[2].unitPrice`; empty for the whole.
    pub(crate) field: String,
    pub(crate) problem: String,
}

/// Reads `T`; only when that fails, reads again to find out where.
pub(crate) fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| {
        if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
            return not_json(&error);
        }
        let mut json = serde_json::Deserializer::from_str(text);
        match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Err(found) => named(&found),
            Ok(_) => Problem { field: String::new(), problem: without_place(&error) },
        }
    })
}

pub(crate) fn from_value<T: DeserializeOwned>(value: &serde_json::Value) -> Result<T, Problem> {
    T::deserialize(value).map_err(|error| match serde_path_to_error::deserialize::<_, T>(value) {
        Err(found) => named(&found),
        Ok(_) => Problem { field: String::new(), problem: error.to_string() },
    })
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem {
        field: String::new(),
        problem: format!("is not JSON ({} at column {})", without_place(error), error.column()),
    }
}

fn named(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let problem = without_place(error.inner());
    let mut field = path(error.path());
    // serde finds these at the object that misses the field or has it too much.
    for (prefix, told) in [
        ("missing field `", "is missing"),
        ("duplicate field `", "is there twice"),
        ("unknown field `", "is not known here"),
    ] {
        if let Some((name, rest)) = problem.strip_prefix(prefix).and_then(|rest| rest.split_once('`')) {
            if field.rsplit('.').next() != Some(name) {
                if !field.is_empty() {
                    field.push('.');
                }
                field.push_str(name);
            }
            return Problem { field, problem: format!("{told}{rest}") };
        }
    }
    Problem { field, problem }
}

fn path(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}

/// The line is always the first here, and the field says more than the column.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}
