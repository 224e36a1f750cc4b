//! Option sets: the tables `[options.<attribute>]`, which belong to the attributes that are choices.

use std::collections::BTreeMap;

use rulegate::metadata::{AttributeMetadata, OptionMetadata, OptionSet, suggestion};

use super::reader::{Entry, Reader};
use crate::Diagnostic;

/// The tables of options that no attribute has taken yet, by attribute.
pub(super) struct OptionTables<'t> {
    left: BTreeMap<&'t str, Entry<'t>>,
}

/// What its options mean to an attribute, and so which keys they have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OptionsOf {
    Choice,
    State,
    Status,
}

impl<'t> OptionTables<'t> {
    pub(super) fn of(tables: Vec<Entry<'t>>) -> Self {
        Self { left: tables.into_iter().map(|it| (it.name, it)).collect() }
    }

    /// The option set of an attribute, whose keys are at hand.
    pub(super) fn take(
        &mut self,
        attribute: &str,
        keys: &mut Reader<'t>,
        of: OptionsOf,
    ) -> OptionSet {
        let options = self.left.remove(attribute).map(|table| {
            let options = keys.entries_of(&format!("options.{attribute}"), table.value);
            let read = |it: &Entry<'t>| keys.nested("an option", it, |keys| option(it, keys, of));
            options.iter().filter_map(read).collect()
        });
        OptionSet {
            name: keys.optional("option_set"),
            is_global: keys.or("global", false),
            default: keys.optional("default"),
            options: options.unwrap_or_default(),
        }
    }

    /// Lets the options of an attribute be, because nothing is known of it.
    pub(super) fn excuse(&mut self, attribute: &str) {
        self.left.remove(attribute);
    }

    /// Reports the tables that no attribute took.
    pub(super) fn report_unused(self, file: &Reader<'_>, attributes: &[AttributeMetadata]) {
        for table in self.left.into_values() {
            let name = table.name;
            let found = attributes.iter().find(|it| it.logical_name == *name);
            let problem = if let Some(found) = found {
                let message =
                    format!("`{name}` is of type {}, and takes no options", found.kind.name());
                Diagnostic::error("unexpected-options", message)
            } else {
                let choices = attributes.iter().filter(|it| it.kind.option_set().is_some());
                let likely = suggestion(name, choices.map(|it| &*it.logical_name));
                let problem = Diagnostic::error(
                    "unknown-attribute",
                    format!("there is no attribute `{name}` that could have these options"),
                );
                match likely {
                    Some(word) => problem.did_you_mean(table.place.clone(), word),
                    None => problem,
                }
            };
            file.report(table.place, problem);
        }
    }
}

fn option(entry: &Entry<'_>, keys: &mut Reader<'_>, of: OptionsOf) -> OptionMetadata {
    let is_status = of == OptionsOf::Status;
    OptionMetadata {
        value: keys.required("value").unwrap_or_default(),
        name: entry.name.to_owned(),
        label: keys.or("label", entry.name.to_owned()),
        state: is_status.then(|| keys.optional("state")).flatten(),
        default_status: (of == OptionsOf::State).then(|| keys.optional("default_status")).flatten(),
        next: is_status.then(|| keys.optional("next")).flatten().unwrap_or_default(),
    }
}
