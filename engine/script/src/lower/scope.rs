//! Scopes: what the names of a rule mean where an expression stands.

use std::sync::Arc;

use rulegate::Catalog;
use rulegate::metadata::EntityMetadata;

use super::kind::Kind;
use super::view::Source;

/// What a rule is lowered against, and the names that it has defined so far.
pub(super) struct Scope<'a> {
    pub(super) catalog: &'a Catalog,
    /// The entity of the target.
    pub(super) entity: &'a Arc<EntityMetadata>,
    /// The name of the parameter: `ctx`.
    pub(super) parameter: &'a str,
    pub(super) pre_aliases: &'a [String],
    pub(super) post_aliases: &'a [String],
    names: Vec<Name>,
    /// How many locals the rule needs at once.
    locals: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Name {
    text: String,
    pub(super) is_constant: bool,
    pub(super) bound: Bound,
}

/// What a name means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound {
    /// A local, and what is known of it.
    Local(usize, Kind),
    /// A record of the message: `let t = ctx.target;`
    Record(Source),
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        (catalog, entity): (&'a Catalog, &'a Arc<EntityMetadata>),
        parameter: &'a str,
        (pre_aliases, post_aliases): (&'a [String], &'a [String]),
    ) -> Self {
        Self { catalog, entity, parameter, pre_aliases, post_aliases, names: Vec::new(), locals: 0 }
    }

    pub(super) fn find(&self, name: &str) -> Option<&Bound> {
        self.name(name).map(|it| &it.bound)
    }

    pub(super) fn name(&self, name: &str) -> Option<&Name> {
        self.names.iter().rev().find(|it| it.text == name)
    }

    /// A place for one more local.
    pub(super) fn new_local(&mut self) -> usize {
        self.locals += 1;
        self.locals - 1
    }

    pub(super) fn locals(&self) -> usize {
        self.locals
    }

    pub(super) fn define(&mut self, name: &str, is_constant: bool, bound: Bound) {
        self.names.push(Name { text: name.to_owned(), is_constant, bound });
    }

    /// How many names there are: to go back to at the end of a block.
    pub(super) fn depth(&self) -> usize {
        self.names.len()
    }

    pub(super) fn leave(&mut self, depth: usize) {
        self.names.truncate(depth);
    }

    /// The image of that alias, as a source.
    pub(super) fn image(&self, alias: &str) -> Option<Source> {
        self.pre_image(alias).or_else(|| self.post_image(alias))
    }

    pub(super) fn pre_image(&self, alias: &str) -> Option<Source> {
        self.pre_aliases.iter().any(|it| it == alias).then(|| Source::Pre(alias.into()))
    }

    pub(super) fn post_image(&self, alias: &str) -> Option<Source> {
        self.post_aliases.iter().any(|it| it == alias).then(|| Source::Post(alias.into()))
    }
}
