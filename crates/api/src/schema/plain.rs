//! Pages of orders, resolved without a future for each field. Fields that need more than their object go the library's
//! ordinary way, and take the rest of their list along; both ways must answer the same, which a test holds.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};

/// What a plain field is resolved with.
pub(crate) type Selected<'a> = ContextSelectionSet<'a>;

/// An object some of whose fields need nothing but the object.
pub(crate) trait Plain {
    const TYPE: &'static str;

    /// None: the field must be resolved in the ordinary way.
    fn plain(&self, name: &str, field: &Field, ctx: &Selected<'_>) -> Option<Value>;
}

impl<T: Plain> Plain for Arc<T> {
    const TYPE: &'static str = T::TYPE;

    fn plain(&self, name: &str, field: &Field, ctx: &Selected<'_>) -> Option<Value> {
        T::plain(self, name, field, ctx)
    }
}

/// The object with what is selected of it.
pub(crate) fn object<T: Plain>(object: &T, set: &SelectionSet, ctx: &Selected<'_>) -> Option<Value> {
    let mut fields = IndexMap::with_capacity(set.items.len());
    collect(object, set, ctx, &mut fields)?;
    Some(Value::Object(fields))
}

fn collect<T: Plain>(
    object: &T,
    set: &SelectionSet,
    ctx: &Selected<'_>,
    fields: &mut IndexMap<Name, Value>,
) -> Option<()> {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) if field.node.directives.is_empty() => {
                let field = &field.node;
                let value = match field.name.node.as_str() {
                    "__typename" => text(T::TYPE),
                    name => object.plain(name, field, ctx)?,
                };
                // Selected twice under one name: merging is not for here.
                if fields.insert(field.response_key().node.clone(), value).is_some() {
                    return None;
                }
            }
            Selection::FragmentSpread(spread) if spread.node.directives.is_empty() => {
                let fragment = &ctx.query_env.fragments.get(&spread.node.fragment_name.node)?.node;
                if fragment.type_condition.node.on.node != T::TYPE {
                    return None;
                }
                collect(object, &fragment.selection_set.node, ctx, fields)?;
            }
            Selection::Field(_) | Selection::FragmentSpread(_) | Selection::InlineFragment(_) => return None,
        }
    }
    Some(())
}

pub(crate) fn list<'a, T: Plain + 'a>(
    objects: impl IntoIterator<Item = &'a T>,
    set: &SelectionSet,
    ctx: &Selected<'_>,
) -> Option<Value> {
    let list: Option<Vec<Value>> = objects.into_iter().map(|one| object(one, set, ctx)).collect();
    list.map(Value::List)
}

pub(crate) fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// A list of plain objects; in the schema an ordinary list.
pub(crate) struct PlainList<T>(pub(crate) Vec<T>);

impl<T: Plain + OutputType> OutputType for PlainList<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match list(&self.0, &ctx.item.node, ctx) {
            Some(list) => Ok(list),
            None => self.0.resolve(ctx, field).await,
        }
    }
}
