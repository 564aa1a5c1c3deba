//! Lists whose objects are written as JSON at once, without a future, a map and a text for each field. What is selected of them is
//! looked at once for the whole list. A selection that has a field which needs more than its object goes the library's
//! ordinary way as a whole; both ways must answer the same, which a test holds.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};

use crate::json::Json;

/// In a request's data: the answer is written by [`crate::json::answer`], and no two fields of its document are to be merged.
pub(crate) struct InBytes;

/// The fields of one type that need nothing but their object.
pub(crate) trait Plain: Sized {
    const TYPE: &'static str;
    #[cfg(test)]
    const NAMES: &'static [&'static str];

    /// None: not such a field, or something below it is not.
    fn named(name: &str, of: &Selected<'_>) -> Option<Self>;
}

/// What is selected of one object.
pub(crate) struct Selected<'a> {
    set: &'a SelectionSet,
    ctx: &'a ContextSelectionSet<'a>,
}

/// What to write of an object, in this order.
pub(crate) struct Plan<F>(Vec<Step<F>>);

struct Step<F> {
    /// `"name":`, after the bracket or the comma.
    key: Vec<u8>,
    /// None: the type's name.
    field: Option<F>,
}

impl Selected<'_> {
    /// None: the library has to resolve it.
    pub(crate) fn plan<F: Plain>(&self) -> Option<Plan<F>> {
        let mut steps = Vec::with_capacity(self.set.items.len());
        self.collect(self.set, &mut steps)?;
        Some(Plan(steps))
    }

    /// What was to be skipped is not here any more.
    fn collect<F: Plain>(&self, set: &SelectionSet, steps: &mut Vec<Step<F>>) -> Option<()> {
        for selection in &set.items {
            if !selection.node.directives().is_empty() {
                return None;
            }
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let mut key = Json::with_capacity(24);
                    key.raw(if steps.is_empty() { b"{" } else { b"," });
                    key.word(field.response_key().node.as_str());
                    key.raw(b":");
                    let of = Selected { set: &field.selection_set.node, ctx: self.ctx };
                    let field = match field.name.node.as_str() {
                        "__typename" => None,
                        name => Some(F::named(name, &of)?),
                    };
                    steps.push(Step { key: key.into_bytes(), field });
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &self.ctx.query_env.fragments.get(&spread.node.fragment_name.node)?.node;
                    if !fragment.directives.is_empty() {
                        return None;
                    }
                    if self.applies::<F>(fragment.type_condition.node.on.node.as_str()) {
                        self.collect(&fragment.selection_set.node, steps)?;
                    }
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    if condition.is_none_or(|condition| self.applies::<F>(condition.node.on.node.as_str())) {
                        self.collect(&inline.node.selection_set.node, steps)?;
                    }
                }
            }
        }
        Some(())
    }

    fn applies<F: Plain>(&self, condition: &str) -> bool {
        let interfaces = || self.ctx.schema_env.registry.implements.get(F::TYPE);
        condition == F::TYPE || interfaces().is_some_and(|interfaces| interfaces.contains(condition))
    }
}

impl<F> Plan<F> {
    pub(crate) fn write(&self, type_name: &str, out: &mut Json, mut write: impl FnMut(&F, &mut Json)) {
        for step in &self.0 {
            out.raw(&step.key);
            match &step.field {
                Some(field) => write(field, out),
                None => out.word(type_name),
            }
        }
        // The library's word for an object of which everything is skipped.
        out.raw(if self.0.is_empty() { b"null" } else { b"}" });
    }
}

/// The plain fields of a type, how each is written, and what is selected below those that are objects themselves:
///
/// `Fields of "Type", |object: &Object, out| { "field" Field => …, "other" Other(plan: OtherFields) => … }`
macro_rules! plain {
    ($(#[$doc:meta])* $fields:ident of $type:literal, |$object:ident: $of:ty, $out:ident| {
        $($name:literal $field:ident $(($below:ident: $belows:ty))? => $write:expr),* $(,)?
    }) => {
        $(#[$doc])*
        pub(crate) enum $fields { $($field $(($crate::schema::plain::Plan<$belows>))?),* }

        impl $crate::schema::plain::Plain for $fields {
            const TYPE: &'static str = $type;
            #[cfg(test)]
            const NAMES: &'static [&'static str] = &[$($name),*];

            fn named(name: &str, _of: &$crate::schema::plain::Selected<'_>) -> Option<Self> {
                match name {
                    $($name => Some(Self::$field $((_of.plan::<$belows>()?))?),)*
                    _ => None,
                }
            }
        }

        impl $fields {
            pub(crate) fn write($object: $of, plan: &$crate::schema::plain::Plan<Self>, $out: &mut $crate::json::Json) {
                plan.write($type, $out, |field, $out| match field {
                    $(Self::$field $(($below))? => $write),*
                });
            }
        }
    };
}
pub(crate) use plain;

/// What a plain list may hold.
pub(crate) trait Listed: OutputType {
    type Fields: Plain;

    /// About how many bytes it takes.
    const BYTES: usize;

    fn write(&self, plan: &Plan<Self::Fields>, out: &mut Json);
}

impl<T: Listed> Listed for Arc<T> {
    type Fields = T::Fields;
    const BYTES: usize = T::BYTES;

    fn write(&self, plan: &Plan<Self::Fields>, out: &mut Json) {
        T::write(self, plan, out);
    }
}

/// A list of plain objects; in the schema an ordinary list.
pub(crate) struct PlainList<T>(pub(crate) Vec<T>);

impl<T: Listed> OutputType for PlainList<T> {
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
        if ctx.data_opt::<InBytes>().is_some() {
            let selected = Selected { set: &ctx.item.node, ctx };
            if let Some(plan) = selected.plan::<T::Fields>() {
                let mut out = Json::with_capacity(2 + self.0.len() * T::BYTES);
                out.list(&self.0, |one, out| one.write(&plan, out));
                return Ok(Value::Binary(out.into_bytes().into()));
            }
        }
        self.0.resolve(ctx, field).await
    }
}
