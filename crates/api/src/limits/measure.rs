//! A parsed document: what it adds up to once its fragments are spread out.

use std::collections::HashMap;

use async_graphql::parser::types::{
    BaseType, Directive, DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet, Type,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::{ConstValue, Value};

use super::{
    MAX_ALIASES, MAX_ARGUMENTS, MAX_DEPTH, MAX_FIELDS, MAX_FRAGMENTS, MAX_NESTING, MAX_OPERATIONS, MAX_ROOT_FIELDS,
};

/// What a selection adds up to once its fragments are spread out.
#[derive(Clone, Copy, Default)]
struct Size {
    /// Of this level alone.
    own_fields: u64,
    fields: u64,
    arguments: u64,
    aliases: u64,
    depth: u64,
}

impl Size {
    fn add(&mut self, other: Size) {
        self.own_fields = self.own_fields.saturating_add(other.own_fields);
        self.fields = self.fields.saturating_add(other.fields);
        self.arguments = self.arguments.saturating_add(other.arguments);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.depth = self.depth.max(other.depth);
    }
}

/// Fragments are measured once each, so that fragments of fragments cannot make this slow.
struct Measuring<'a> {
    document: &'a ExecutableDocument,
    /// None while a fragment is being measured: meeting it again is a cycle.
    fragments: HashMap<&'a Name, Option<Size>>,
}

pub(super) fn measure(document: &ExecutableDocument) -> Result<(), String> {
    if document.fragments.len() > MAX_FRAGMENTS {
        return Err(format!("the document has more than {MAX_FRAGMENTS} fragments"));
    }
    if let DocumentOperations::Multiple(operations) = &document.operations
        && operations.len() > MAX_OPERATIONS
    {
        return Err(format!("the document has more than {MAX_OPERATIONS} operations"));
    }
    let mut measuring = Measuring { document, fragments: HashMap::new() };
    let (mut total, mut roots) = (Size::default(), 0);
    for (_, operation) in document.operations.iter() {
        let size = measuring.operation(&operation.node)?;
        roots = roots.max(size.own_fields);
        total.add(size);
    }
    for name in document.fragments.keys() {
        measuring.fragment(name)?;
    }
    if total.depth > MAX_DEPTH {
        return Err(format!("the document selects fields {} deep; at most {MAX_DEPTH} are answered", total.depth));
    }
    if total.aliases > MAX_ALIASES {
        return Err(format!("the document has more than {MAX_ALIASES} aliases"));
    }
    if total.fields > MAX_FIELDS {
        return Err(format!("the document selects more than {MAX_FIELDS} fields"));
    }
    if roots > MAX_ROOT_FIELDS {
        return Err(format!("an operation asks for more than {MAX_ROOT_FIELDS} fields of its root; split it"));
    }
    if total.arguments > MAX_ARGUMENTS {
        return Err(format!("the document has more than {MAX_ARGUMENTS} arguments"));
    }
    Ok(())
}

/// How many these are, and none of them too deep. The text was looked at before: this is what the parser made of it.
fn arguments<'a>(values: impl IntoIterator<Item = &'a (Positioned<Name>, Positioned<Value>)>) -> Result<u64, String> {
    let mut count = 0;
    for (_, value) in values {
        shallow(value_depth(&value.node))?;
        count += 1;
    }
    Ok(count)
}

fn directives(directives: &[Positioned<Directive>]) -> Result<u64, String> {
    arguments(directives.iter().flat_map(|directive| &directive.node.arguments))
}

fn shallow(depth: usize) -> Result<(), String> {
    match depth > MAX_NESTING {
        true => Err(format!("the document has a value nested deeper than {MAX_NESTING} brackets")),
        false => Ok(()),
    }
}

fn value_depth(value: &Value) -> usize {
    match value {
        Value::List(values) => 1 + values.iter().map(value_depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(value_depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn constant_depth(value: &ConstValue) -> usize {
    match value {
        ConstValue::List(values) => 1 + values.iter().map(constant_depth).max().unwrap_or(0),
        ConstValue::Object(fields) => 1 + fields.values().map(constant_depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn type_depth(of: &Type) -> usize {
    match &of.base {
        BaseType::Named(_) => 0,
        BaseType::List(inner) => 1 + type_depth(inner),
    }
}

impl<'a> Measuring<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Size, String> {
        let mut size = self.set(&operation.selection_set.node)?;
        let mut count = directives(&operation.directives)?;
        for variable in &operation.variable_definitions {
            let variable = &variable.node;
            count += 1 + directives(&variable.directives)?;
            shallow(type_depth(&variable.var_type.node))?;
            shallow(variable.default_value.as_ref().map_or(0, |value| constant_depth(&value.node)))?;
        }
        size.arguments = size.arguments.saturating_add(count);
        Ok(size)
    }

    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, String> {
        let mut total = Size::default();
        for selection in &set.items {
            total.add(match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let mut size = self.set(&field.selection_set.node)?;
                    let count = arguments(&field.arguments)? + directives(&field.directives)?;
                    size.arguments = size.arguments.saturating_add(count);
                    size.own_fields = 1;
                    size.fields = size.fields.saturating_add(1);
                    size.depth = size.depth.saturating_add(1);
                    size.aliases = size.aliases.saturating_add(u64::from(field.alias.is_some()));
                    size
                }
                Selection::FragmentSpread(spread) => {
                    let mut size = self.fragment(&spread.node.fragment_name.node)?;
                    size.arguments = size.arguments.saturating_add(directives(&spread.node.directives)?);
                    size
                }
                Selection::InlineFragment(inline) => {
                    let mut size = self.set(&inline.node.selection_set.node)?;
                    size.arguments = size.arguments.saturating_add(directives(&inline.node.directives)?);
                    size
                }
            });
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &Name) -> Result<Size, String> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(format!("the fragment {name} spreads itself")),
            None => {}
        }
        // An unknown fragment is the validation's business.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else { return Ok(Size::default()) };
        self.fragments.insert(name, None);
        let mut size = self.set(&fragment.node.selection_set.node)?;
        size.arguments = size.arguments.saturating_add(directives(&fragment.node.directives)?);
        self.fragments.insert(name, Some(size));
        Ok(size)
    }
}
