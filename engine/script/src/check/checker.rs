//! The checker: goes through a rule as it would run, and knows at each point what can be known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{AST, ASTNode, Expr, Position, Stmt};
use rulegate::Message;
use rulegate::metadata::{EntityMetadata, suggestion};

use super::effects::{Effects, Term};
use super::finding::{self, Finding};
use super::place::span;
use super::shape::Language;
use super::state::{Known, Name, State};
use super::types::{Base, Options, Origin, Row, Type};
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::entity_file::SourceFile;
use crate::registration::Registration;
use crate::rule::function;

/// How deeply functions are followed into each other.
const CALL_LIMIT: usize = 8;

/// How many expressions are looked at for one registration: far more than rules have, and soon done.
const FUEL: usize = 200_000;

/// What is found of an expression because of what is known of its parts.
const CONSTANT: [&str; 4] = ["constant-condition", "dead-code", "never-equal", "null-comparison"];

/// What a rule is checked against.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) catalog: &'a rulegate::Catalog,
    pub(super) messages: &'a [String],
    pub(super) library: &'a BTreeMap<String, Script<'a>>,
}

/// A script, and its text.
#[derive(Clone, Copy)]
pub(crate) struct Script<'a> {
    pub(crate) file: &'a SourceFile,
    pub(crate) tree: &'a AST,
}

/// Goes through one registration of a rule.
pub(super) struct Checker<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) registration: &'a Registration,
    /// The entity of the records at which the message is aimed.
    pub(super) entity: Option<Arc<EntityMetadata>>,
    pub(super) language: &'static Language,
    /// The script that is gone through at the moment: the rule's own, or one of the library.
    pub(super) script: Script<'a>,
    /// The file of the rule, in which its `STEP` stands.
    pub(super) rule: &'a SourceFile,
    pub(super) state: State,
    pub(super) findings: Vec<Diagnostic>,
    pub(super) effects: Effects,
    /// The first place where nothing is known of something that is used.
    pub(super) unknown: Option<Position>,
    /// The attributes that are read of each image, by kind and alias; none of them for the image as a whole.
    pub(super) images: BTreeSet<(bool, String, Option<String>)>,
    /// The states in which loops are left, the innermost last.
    pub(super) exits: Vec<Exits>,
    /// Whether the function that is gone through is called within a loop.
    pub(super) is_in_loop: bool,
    /// What the function that is gone through returns, and the states in which it does.
    pub(super) returned: Type,
    pub(super) returns: Vec<State>,
    /// The variables before this one are of functions around, which see no more of each other than parameters.
    base: usize,
    /// How deeply conditions are looked into.
    pub(super) narrowing: usize,
    /// How many expressions may still be looked at: loops and functions are gone through more than once.
    pub(super) fuel: usize,
    /// How often nothing is to be said: loops are gone through more than once.
    pub(super) silent: usize,
    /// The functions that are gone through, the outermost first.
    calls: Vec<String>,
}

/// How a loop is left.
#[derive(Default)]
pub(super) struct Exits {
    /// The states at each `break`, and at each `continue`.
    pub(super) breaks: Vec<State>,
    pub(super) continues: Vec<State>,
}

/// What is known of an expression.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) ty: Type,
    pub(super) term: Term,
    /// What names it as long as nothing changes: `$0.target.name`.
    pub(super) key: Option<String>,
    /// The options whose name it is.
    pub(super) named: Option<Options>,
}

impl From<Type> for Value {
    fn from(ty: Type) -> Self {
        Self { ty, term: Term::Unknown, key: None, named: None }
    }
}

impl From<Base> for Value {
    fn from(base: Base) -> Self {
        Type::from(base).into()
    }
}

impl Value {
    pub(super) fn meaning(self, term: Term) -> Self {
        Self { term, ..self }
    }
}

impl<'a> Checker<'a> {
    pub(super) fn new(
        ground: Ground<'a>,
        script: Script<'a>,
        registration: &'a Registration,
    ) -> Self {
        let entity = registration.entity().and_then(|it| ground.catalog.entity(it).ok()).cloned();
        Self {
            ground,
            registration,
            rule: script.file,
            entity,
            language: Language::get(),
            script,
            state: State::new(),
            findings: Vec::new(),
            effects: Effects::default(),
            unknown: None,
            images: BTreeSet::new(),
            exits: Vec::new(),
            is_in_loop: false,
            returned: Type::NEVER,
            returns: Vec::new(),
            base: 0,
            narrowing: 0,
            fuel: FUEL,
            silent: 0,
            calls: Vec::new(),
        }
    }

    /// Goes through the handler.
    pub(super) fn check(&mut self) {
        let handler = &self.registration.handler;
        let Some((parameters, body)) = function(self.script.tree, handler, 1) else { return };
        self.calls.push(handler.clone());
        let parameter = parameters.into_iter().next().unwrap_or_default();
        self.define(parameter, Base::Context.into(), None);
        self.block(&body);
    }

    /// Something was found.
    pub(super) fn find(
        &mut self,
        finding: &Finding,
        position: Position,
        message: impl Into<String>,
    ) {
        let span = span(&self.script.file.text, position);
        self.report(finding.found(message), span);
    }

    /// Whether this is the rule's own text, and not a function that others call with other arguments.
    pub(super) fn is_own_text(&self) -> bool {
        self.calls.len() <= 1
    }

    /// Something was found, and this is to be done.
    pub(super) fn find_help(
        &mut self,
        finding: &Finding,
        position: Position,
        (message, help): (String, String),
    ) {
        let span = span(&self.script.file.text, position);
        self.report(finding.found(message).help(help), span);
    }

    /// Something was found, this is to be done, and here is what does it.
    pub(super) fn find_fix(
        &mut self,
        finding: &Finding,
        position: Position,
        (message, help, fix): (String, String, Option<Fix>),
    ) {
        let span = span(&self.script.file.text, position);
        let found = finding.found(message).help(help);
        self.report(Diagnostic { fix, ..found }, span);
    }

    /// A name that nobody knows, and the one that was probably meant.
    pub(super) fn find_unknown<'n>(
        &mut self,
        (finding, position): (&Finding, Position),
        (name, message): (&str, String),
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let at = span(&self.script.file.text, position);
        let mut found = finding.found(message);
        if let Some(meant) = suggestion(name, known) {
            let text = self.script.file.text.get(at.clone()).unwrap_or_default();
            // A name in quotes keeps them.
            let inner = text.find(name).map(|it| at.start + it..at.start + it + name.len());
            found = found.did_you_mean(inner.unwrap_or(at.clone()), meant);
        }
        self.report(found, at);
    }

    fn report(&mut self, found: Diagnostic, span: std::ops::Range<usize>) {
        // What is always so in this call of a function need not be so in the next.
        let is_of_call = !self.is_own_text() && CONSTANT.contains(&found.code.as_str());
        if self.silent == 0 && self.state.is_reached && !is_of_call {
            let file = self.script.file;
            let found = found.at(&file.path, Arc::clone(&file.text), span);
            if !self.findings.contains(&found) {
                self.findings.push(found);
            }
        }
    }

    /// Nothing is known of something that is used there.
    pub(super) fn unsure(&mut self, position: Position) {
        if self.silent == 0 && self.state.is_reached && self.unknown.is_none() {
            self.unknown = Some(position);
        }
    }

    /// Defines a variable.
    pub(super) fn define(&mut self, name: impl Into<String>, value: Value, constant: Option<()>) {
        let known = Known { ty: value.ty, term: value.term };
        let is_record = matches!(known.ty.base, Some(Base::Record(_) | Base::Context));
        self.state.define(Name {
            text: name.into(),
            known,
            alias: value.key.filter(|_| is_record),
            is_constant: constant.is_some(),
        });
    }

    /// Goes through a function of a script with these arguments, and answers what it returns.
    pub(super) fn call(
        &mut self,
        (module, name): (Option<&str>, &str),
        arguments: Vec<Value>,
        position: Position,
    ) -> Option<Type> {
        let script = match module {
            Some(module) => *self.ground.library.get(module)?,
            None => self.script,
        };
        let (parameters, body) = function(script.tree, name, arguments.len())?;
        let called = format!("{}::{name}/{}", module.unwrap_or_default(), arguments.len());
        if self.calls.contains(&called) || CALL_LIMIT <= self.calls.len() {
            self.unsure(position);
            self.effects.unknown.push((format!("`{name}`, which calls itself"), position));
            self.state.forget_all();
            return Some(Type::ANY);
        }
        let depth = self.state.depth();
        let outer = std::mem::replace(&mut self.script, script);
        let base = std::mem::replace(&mut self.base, depth);
        let is_in_loop = self.is_in_loop || !self.exits.is_empty();
        let was_in_loop = std::mem::replace(&mut self.is_in_loop, is_in_loop);
        let exits = std::mem::take(&mut self.exits);
        let returned = std::mem::replace(&mut self.returned, Type::NEVER);
        let returns = std::mem::take(&mut self.returns);
        self.calls.push(called);
        let found = self.findings.len();
        let mut by_value = Vec::new();
        for (parameter, argument) in parameters.into_iter().zip(arguments) {
            if matches!(argument.ty.base, Some(Base::Map(_) | Base::Array(_))) {
                by_value.push(parameter.clone());
            }
            self.define(parameter, argument, None);
        }
        let last = self.block(&body);
        let ends = std::mem::replace(&mut self.returns, returns);
        let mut result = std::mem::replace(&mut self.returned, returned);
        if self.state.is_reached {
            result = result.join(last.ty);
        }
        if result.is_null() {
            self.lost_changes(&body, &by_value);
        }
        let reached = std::mem::replace(&mut self.state, State::new());
        self.state = ends.into_iter().fold(reached, State::join);
        self.calls.pop();
        (self.exits, self.script, self.base) = (exits, outer, base);
        self.is_in_loop = was_in_loop;
        self.blame_caller(found, (module, name), position);
        self.state.leave(depth);
        Some(result)
    }

    /// What is wrong in a function of the library with these arguments is wrong where it is called.
    fn blame_caller(
        &mut self,
        found: usize,
        (module, name): (Option<&str>, &str),
        position: Position,
    ) {
        let Some(module) = module else { return };
        let file = self.script.file;
        let span = span(&file.text, position);
        for it in self.findings.iter_mut().skip(found) {
            if it.severity != Severity::Error || it.file == file.path {
                continue;
            }
            let (line, column) = it.line_and_column().unwrap_or((1, 1));
            let inner = std::mem::take(&mut it.message);
            let text = format!("within `{module}::{name}`, {inner} ({}:{line}:{column})", it.file);
            let blamed = Diagnostic { message: text, help: None, fix: None, ..it.clone() };
            *it = blamed.at(&file.path, Arc::clone(&file.text), span.clone());
        }
    }

    /// What a function that answers nothing changes of the maps and arrays that it was handed: copies.
    fn lost_changes(&mut self, body: &[Stmt], parameters: &[String]) {
        let is_reached = std::mem::replace(&mut self.state.is_reached, true);
        for name in parameters {
            if let Some(position) = first_change(body, name) {
                let text =
                    format!("`{name}` is handed over by value: nobody sees what is changed in it");
                let help = format!("end the function with `{name}`, and take what it answers");
                self.find_help(finding::LOST_WRITE, position, (text, help));
            }
        }
        self.state.is_reached = is_reached;
    }

    /// The variable of that name, and its number.
    pub(super) fn variable(&self, name: &str) -> Option<(usize, &Name)> {
        self.state.find(name).filter(|it| self.base <= it.0)
    }

    /// The value of a constant that stands outside of functions.
    pub(super) fn global(&mut self, script: Script<'a>, name: &str) -> Option<Value> {
        let of = |statement: &Stmt| match statement {
            Stmt::Var(definition, _, _) if definition.0.name == name => Some(definition.1.clone()),
            _ => None,
        };
        let value: Expr = script.tree.statements().iter().find_map(of)?;
        let outer = std::mem::replace(&mut self.script, script);
        self.silent += 1;
        let value = self.value(&value);
        self.silent -= 1;
        self.script = outer;
        Some(value)
    }

    /// Whether one of these is a message on which the rule runs.
    pub(super) fn runs_on(&self, messages: &[Message]) -> bool {
        self.registration.messages().any(|it| messages.contains(it))
    }

    /// The type of `ctx.target`.
    pub(super) fn target(&self) -> Type {
        let Some(entity) = &self.entity else { return Type::ANY };
        let fills = [Message::Create, Message::Update];
        let all =
            |wanted: bool| self.registration.messages().all(|it| fills.contains(it) == wanted);
        if all(true) {
            return Base::Record(Row { entity: Arc::clone(entity), of: Origin::Target }).into();
        }
        let known = [Message::Delete, Message::Assign, Message::SetState, Message::Retrieve];
        if self.registration.messages().all(|it| known.contains(it)) {
            return Type::lookup_of(entity.logical_name());
        }
        Type::ANY
    }

    /// An image of that alias: it has it, or it does not.
    pub(super) fn image(&self, alias: &str, is_pre: bool) -> Option<Type> {
        let aliases =
            if is_pre { &self.registration.pre_aliases } else { &self.registration.post_aliases };
        if !aliases.iter().any(|it| it == alias) {
            return None;
        }
        let Some(entity) = &self.entity else { return Some(Type::ANY) };
        let alias = alias.to_owned();
        let of = if is_pre { Origin::Pre(alias) } else { Origin::Post(alias) };
        Some(Base::Record(Row { entity: Arc::clone(entity), of }).into())
    }

    /// An attribute of a record that a rule names, or what is wrong with the name.
    pub(super) fn attribute(
        &mut self,
        entity: &Arc<EntityMetadata>,
        (name, position): (&str, Position),
    ) -> Option<Type> {
        if let Some(ty) = Type::of(entity, name) {
            return Some(ty);
        }
        let text = format!("`{}` has no attribute `{name}`", entity.logical_name());
        let names: Vec<&str> =
            entity.attributes().map(|(_, it)| it.logical_name.as_str()).collect();
        self.find_unknown((finding::UNKNOWN_ATTRIBUTE, position), (name, text), names);
        None
    }
}

/// Where statements change a part of a variable first.
fn first_change(statements: &[Stmt], name: &str) -> Option<Position> {
    let is_it = |it: &Expr| matches!(it, Expr::Variable(it, _, _) if it.1 == name);
    let mut found = None;
    for statement in statements {
        statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
            if let Some(ASTNode::Stmt(Stmt::Assignment(assignment))) = path.last()
                && let Expr::Dot(chain, _, _) | Expr::Index(chain, _, _) = &assignment.1.lhs
                && is_it(&chain.lhs)
            {
                found = Some(chain.lhs.position());
            }
            found.is_none()
        });
    }
    found
}
