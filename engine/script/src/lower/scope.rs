//! Scopes: what the names of a rule mean where an expression stands.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use rhai::AST;
use rulegate::Catalog;
use rulegate::metadata::EntityMetadata;

use super::Facts;
use super::kind::Kind;
use super::view::Source;

/// What a rule is lowered against, and the names that it has defined so far.
pub(super) struct Scope<'a> {
    pub(super) catalog: &'a Catalog,
    /// The entity of the target.
    pub(super) entity: &'a Arc<EntityMetadata>,
    pub(super) pre_aliases: &'a [String],
    pub(super) post_aliases: &'a [String],
    /// The script whose functions go before the language's.
    pub(super) ast: &'a AST,
    /// The modules that scripts share.
    pub(super) library: &'a BTreeMap<String, AST>,
    /// How many calls stand around the expression.
    pub(super) call_depth: usize,
    /// How many calls became parts of expressions.
    pub(super) calls: Rc<Cell<usize>>,
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
#[derive(Debug, Clone)]
pub(super) enum Bound {
    /// A local, and what is known of it.
    Local(usize, Kind),
    /// A record of the message: `let t = ctx.target;`
    Record(Source),
    /// The context.
    Context,
}

impl<'a> Scope<'a> {
    /// The scope of a handler with that parameter: the context.
    pub(super) fn new(facts: Facts<'a>, entity: &'a Arc<EntityMetadata>, parameter: &str) -> Self {
        let Facts { catalog, pre_aliases, post_aliases, ast, library, .. } = facts;
        let (names, locals, call_depth) = (Vec::new(), 0, 0);
        let mut scope = Self {
            catalog,
            entity,
            pre_aliases,
            post_aliases,
            ast,
            library,
            call_depth,
            calls: Rc::default(),
            names,
            locals,
        };
        scope.define(parameter, false, Bound::Context);
        scope
    }

    /// The scope of a function of that script, which sees nothing of its caller's.
    pub(super) fn of_function(&self, ast: &'a AST) -> Self {
        let (names, locals, call_depth) = (Vec::new(), 0, self.call_depth + 1);
        let calls = Rc::clone(&self.calls);
        Self { ast, call_depth, calls, names, locals, ..*self }
    }

    /// Whether a call by this name is one of the language's: no function of the script has it.
    pub(super) fn is_of_language(&self, name: &str) -> bool {
        self.ast.iter_functions().all(|it| it.name != name)
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
