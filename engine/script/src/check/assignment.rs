//! Assignments: what changes, and what is known of it from then on.

use rhai::{ASTFlags, Expr, Position};
use rulegate::Message;

use super::checker::{Checker, Value};
use super::effects::Term;
use super::expression::article;
use super::finding;
use super::state::Known;
use super::types::{Base, Origin, Part, Row, Type};

/// What is set to what.
pub(super) struct Setting<'e> {
    pub(super) to: &'e Expr,
    /// `+` of `+=`.
    pub(super) sign: Option<&'static str>,
    pub(super) value: &'e Expr,
    pub(super) position: Position,
}

impl Checker<'_> {
    pub(super) fn assignment(&mut self, setting: &Setting<'_>) {
        let Setting { to, sign, value, position } = *setting;
        let before = sign.map(|_| {
            self.silent += 1;
            let before = self.value(to);
            self.silent -= 1;
            before
        });
        let mut given = self.value(value);
        if let (Some(sign), Some(before)) = (sign, before) {
            let ty = self.operated(sign, [(to, &before), (value, &given)], position);
            let ty = if ty.is_null() { before.ty.present() } else { ty };
            given = ty.into();
        }
        match to {
            Expr::Variable(name, _, _) => self.assign_variable(&name.1, given),
            Expr::Dot(..) | Expr::Index(..) => self.set(to, value, given),
            _ => {
                self.unsure(position);
                self.state.forget_all();
            }
        }
    }

    fn assign_variable(&mut self, name: &str, given: Value) {
        let Some((index, _)) = self.variable(name) else { return };
        let is_record = matches!(given.ty.base, Some(Base::Record(_)));
        self.state.assign(index, Known { ty: given.ty, term: given.term });
        if let Some(name) = self.state.at(index) {
            name.alias = given.key.filter(|_| is_record);
        }
    }

    /// `a.b.c = …`: what the last link is set to.
    fn set(&mut self, to: &Expr, value: &Expr, given: Value) {
        // What stands before the last link is read.
        let (holder, last, is_index) = split(to);
        let Some(holder) = holder.map(|it| self.value(&it)) else { return };
        let name = match (&last, is_index) {
            (Expr::Property(name, position), false) => Some((name.2.to_string(), *position)),
            (index, true) => match self.value(index).term {
                Term::Text(text) => Some((text, index.start_position())),
                _ => None,
            },
            (_, _) => None,
        };
        let position = last.start_position();
        match (holder.ty.base.clone(), name) {
            (Some(Base::Record(row)), name) => {
                self.set_attribute((&row, &holder), (name, position), (value, given));
            }
            (Some(Base::Entries(part)), name) => {
                self.must_be_parameter(value, &given);
                self.set_entry(part, name.as_ref(), position);
            }
            (Some(Base::Map(entries)), name) => {
                let index = holder.key.as_deref().and_then(variable);
                if let (Some(mut entries), Some((name, _)), Some(index)) = (entries, name, index) {
                    entries.insert(name, given.ty);
                    self.state.assign(index, Known::of(Base::Map(Some(entries)).into()));
                } else {
                    self.forget_holder(holder.key.as_deref());
                }
            }
            (Some(Base::Array(of)), _) => {
                let ty = Type::array(of.join(given.ty));
                match holder.key.as_deref().and_then(variable) {
                    Some(index) => self.state.assign(index, Known::of(ty)),
                    None => self.forget_holder(holder.key.as_deref()),
                }
            }
            (Some(Base::Context), Some((name, position))) => {
                let text =
                    format!("`ctx.{name}` cannot be replaced: set what is in it, one by one");
                self.find(finding::WRONG_TYPE, position, text);
            }
            (Some(Base::Any) | None, _) => {
                self.unsure(position);
                self.state.forget_all();
            }
            (Some(other), _) => {
                let text = format!("nothing of {} can be set", article(&other.into()));
                self.find(finding::WRONG_TYPE, position, text);
            }
        }
    }

    fn set_attribute(
        &mut self,
        (row, holder): (&Row, &Value),
        (name, position): (Option<(String, Position)>, Position),
        (value, given): (&Expr, Value),
    ) {
        let Some((name, position)) = name else {
            if row.of == Origin::Target {
                let what = "an attribute whose name is computed".to_owned();
                self.effects.unknown.push((what, position));
            }
            self.unsure(position);
            self.state.forget_all();
            return;
        };
        if holder.ty.may_be_null() {
            let text = format!("this may be null, and null has no `{name}`");
            self.find(finding::POSSIBLE_NULL, position, text);
        }
        if self.attribute(&row.entity, (&name, position)).is_none() {
            return;
        }
        self.assignable(&row.entity, (&name, value.start_position()), (value, &given));
        self.changes(row, (&name, position), given.term.clone());
        self.state.forget(&name);
        if let Some(key) = &holder.key {
            let ty = held(&Type::of(&row.entity, &name).unwrap_or(Type::ANY), given.ty);
            self.state.learn(&format!("{key}.{name}"), Known { ty, term: given.term });
        }
    }

    pub(super) fn forget_holder(&mut self, key: Option<&str>) {
        match key.and_then(root) {
            Some(index) => self.state.assign(index, Known::of(Type::ANY)),
            None => self.state.forget_all(),
        }
    }

    /// A value that shared variables and parameters can hold.
    fn must_be_parameter(&mut self, expression: &Expr, given: &Value) {
        let Some(base) = &given.ty.base else { return };
        let fits = match base {
            Base::Map(_)
            | Base::Function(..)
            | Base::Context
            | Base::Parent
            | Base::Entries(_)
            | Base::Letter => false,
            Base::Array(of) => match &of.base {
                Some(item @ (Base::Lookup(_) | Base::Record(_))) => {
                    self.must_have_identity(item, expression);
                    !of.is_nullable
                }
                Some(Base::Any) => {
                    self.unsure(expression.position());
                    true
                }
                item => !of.is_nullable && matches!(item, None | Some(Base::Text)),
            },
            Base::Any | Base::Error => {
                self.unsure(expression.position());
                true
            }
            other => {
                self.must_have_identity(other, expression);
                true
            }
        };
        if !fits {
            let text = format!("{} can be no parameter", article(&given.ty));
            self.find(finding::WRONG_TYPE, expression.start_position(), text);
        }
    }

    pub(super) fn set_entry(
        &mut self,
        part: Part,
        name: Option<&(String, Position)>,
        position: Position,
    ) {
        match part {
            Part::Variables => {
                let at = name.map_or(position, |it| it.1);
                self.shares((name.map(|it| it.0.as_str()), at), true);
            }
            Part::Images => {
                let text = "an image cannot be changed: it shows the record as it was";
                self.find(finding::WRONG_TYPE, position, text);
            }
            Part::Others => {
                self.find(
                    finding::WRONG_TYPE,
                    position,
                    "the variables of a parent can only be read",
                );
            }
            Part::Input | Part::Output
                if !self.registration.messages().any(|it| matches!(it, Message::Custom(_))) =>
            {
                let text = "only custom messages have parameters that can be set";
                self.find(finding::WRONG_TYPE, position, text);
            }
            Part::Input | Part::Output => {
                self.effects.unknown.push(("a parameter of its message".to_owned(), position));
            }
        }
    }
}

/// What an attribute holds until it is saved: numbers and dates are what they were when they were set.
fn held(read: &Type, given: Type) -> Type {
    let is_kept = |it: &Base| it.is_number() || matches!(it, Base::Date | Base::Moment);
    match given.base {
        Some(base) if is_kept(&base) => Type { base: Some(base), ..given },
        None => given,
        _ if given.is_nullable => read.clone(),
        _ => read.clone().present(),
    }
}

/// What stands before the last link of a chain, and that link.
fn split(chain: &Expr) -> (Option<Expr>, Expr, bool) {
    let (binary, flags, position, is_index) = match chain {
        Expr::Dot(it, flags, position) => (it, *flags, *position, false),
        Expr::Index(it, flags, position) => (it, *flags, *position, true),
        other => return (None, other.clone(), false),
    };
    match &binary.rhs {
        inner @ (Expr::Dot(..) | Expr::Index(..)) if !flags.intersects(ASTFlags::BREAK) => {
            let (before, last, is_index_too) = split(inner);
            let Some(rhs) = before else { return (None, last, is_index_too) };
            let joined = rhai::BinaryExpr { lhs: binary.lhs.clone(), rhs };
            let before = if is_index {
                Expr::Index(joined.into(), flags, position)
            } else {
                Expr::Dot(joined.into(), flags, position)
            };
            (Some(before), last, is_index_too)
        }
        last => (Some(binary.lhs.clone()), last.clone(), is_index),
    }
}

/// The variable that a key names whole.
fn variable(key: &str) -> Option<usize> {
    key.strip_prefix('$')?.parse().ok()
}

/// The variable with which a key begins.
fn root(key: &str) -> Option<usize> {
    let digits = key.strip_prefix('$')?;
    digits.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}
