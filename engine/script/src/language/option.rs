//! Options: a number that knows its name and label.

use std::sync::Arc;

use rhai::{Dynamic, Engine, INT, ImmutableString, Module};
use rulegate::Catalog;
use rulegate::metadata::{AttributeType, EntityMetadata, OptionMetadata, Ordinal};

/// An option of a choice, a state or a status reason. It equals its number, and its label.
#[derive(Debug, Clone)]
pub(crate) struct OptionValue {
    pub(crate) value: i32,
    entity: Arc<EntityMetadata>,
    ordinal: Ordinal,
}

impl OptionValue {
    pub(crate) fn new(entity: &Arc<EntityMetadata>, ordinal: Ordinal, value: i32) -> Self {
        Self { value, entity: Arc::clone(entity), ordinal }
    }

    /// Whether it is one of the options of that attribute.
    pub(crate) fn is_of(&self, entity: &Arc<EntityMetadata>, ordinal: Ordinal) -> bool {
        Arc::ptr_eq(&self.entity, entity) && self.ordinal == ordinal
    }

    fn option(&self) -> Option<&OptionMetadata> {
        let kind = &self.entity.attribute_at(self.ordinal)?.kind;
        kind.option_set()?.by_value(self.value)
    }

    pub(crate) fn name(&self) -> String {
        self.option().map_or_else(|| self.value.to_string(), |it| it.name.clone())
    }

    fn label(&self) -> String {
        self.option().map_or_else(String::new, |it| it.label.clone())
    }
}

/// Registers options, and what can be done with them.
pub(super) fn register(rhai: &mut Engine) {
    rhai.register_type_with_name::<OptionValue>("option")
        .register_get("value", |it: &mut OptionValue| INT::from(it.value))
        .register_get("name", |it: &mut OptionValue| it.name())
        .register_get("label", |it: &mut OptionValue| it.label())
        .register_fn("to_string", |it: &mut OptionValue| it.name())
        .register_fn("to_debug", |it: &mut OptionValue| it.name())
        .register_fn("==", |a: &mut OptionValue, b: OptionValue| a.value == b.value)
        .register_fn("!=", |a: &mut OptionValue, b: OptionValue| a.value != b.value)
        .register_fn("==", |a: &mut OptionValue, b: INT| INT::from(a.value) == b)
        .register_fn("!=", |a: &mut OptionValue, b: INT| INT::from(a.value) != b)
        .register_fn("==", |a: INT, b: OptionValue| a == INT::from(b.value))
        .register_fn("!=", |a: INT, b: OptionValue| a != INT::from(b.value))
        .register_fn("==", |a: &mut OptionValue, b: ImmutableString| is_called(a, &b))
        .register_fn("!=", |a: &mut OptionValue, b: ImmutableString| !is_called(a, &b))
        .register_fn("==", |a: ImmutableString, b: OptionValue| is_called(&b, &a))
        .register_fn("!=", |a: ImmutableString, b: OptionValue| !is_called(&b, &a));
}

fn is_called(option: &OptionValue, text: &str) -> bool {
    option.option().is_some_and(|it| it.label == text || it.name == text)
}

/// Registers every option as a constant: `opportunity::statecode::Won`.
pub(super) fn register_constants(rhai: &mut Engine, catalog: &Catalog) {
    for entity in catalog.entities() {
        let mut module = Module::new();
        for (ordinal, attribute) in entity.attributes() {
            let Some(constants) = constants(entity, ordinal, &attribute.kind) else { continue };
            module.set_sub_module(attribute.logical_name.as_str(), constants);
        }
        module.build_index();
        rhai.register_static_module(entity.logical_name().as_str(), module.into());
    }
}

fn constants(
    entity: &Arc<EntityMetadata>,
    ordinal: Ordinal,
    kind: &AttributeType,
) -> Option<Module> {
    let set = kind.option_set()?;
    let mut module = Module::new();
    for option in &set.options {
        let value = OptionValue::new(entity, ordinal, option.value);
        module.set_var(option.name.as_str(), Dynamic::from(value));
    }
    module.build_index();
    Some(module)
}
