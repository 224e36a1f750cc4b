//! Operators: what they answer, and what is odd about a comparison.

use rhai::{Expr, Position};
use rulegate::metadata::suggestion;

use super::checker::{Checker, Value};
use super::effects::Term;
use super::expression::{article, is_vague, shapes, subject};
use super::finding;
use super::place::span;
use super::shape::Shape;
use super::types::{Base, Type};
use crate::diagnostic::Fix;

impl Checker<'_> {
    pub(super) fn operation(
        &mut self,
        sign: &str,
        (a, b): (&Expr, &Expr),
        position: Position,
    ) -> Value {
        let (first, second) = (self.value(a), self.value(b));
        if sign.starts_with("..") {
            self.takes(&first, Base::WholeNumber, ("the begin of a range", a));
            self.takes(&second, Base::WholeNumber, ("the end of a range", b));
            return Type::ANY.into();
        }
        let ty = self.operated(sign, [(a, &first), (b, &second)], position);
        let term = match known_sign(sign) {
            Some(sign) => Term::Operation(sign, first.term.into(), second.term.into()),
            None => Term::Unknown,
        };
        Value::from(ty).meaning(term)
    }

    /// What an operator answers, and what is wrong with its operands.
    pub(super) fn operated(
        &mut self,
        sign: &str,
        [(a, first), (b, second)]: [(&Expr, &Value); 2],
        position: Position,
    ) -> Type {
        let is_equality = matches!(sign, "==" | "!=");
        let is_order = matches!(sign, "<" | "<=" | ">" | ">=");
        if first.ty == Type::NEVER || second.ty == Type::NEVER {
            return Type::NEVER;
        }
        if is_vague(&first.ty) || is_vague(&second.ty) {
            self.unsure(position);
            return if is_equality || is_order { Base::Boolean.into() } else { Type::ANY };
        }
        let mut found: Option<Type> = None;
        let mut failed = Vec::new();
        for x in shapes(&first.ty) {
            for y in shapes(&second.ty) {
                match self.language.operator(sign, x, y) {
                    Some(answer) => {
                        found = Some(found.map_or(answer.clone(), |it| it.join(answer)))
                    }
                    None => failed.push((x, y)),
                }
            }
        }
        let present = |(x, y): &(Shape, Shape)| *x != Shape::Null && *y != Shape::Null;
        if failed.iter().any(present) || found.is_none() {
            let text = format!(
                "`{sign}` does not take {} and {}",
                article(&first.ty),
                article(&second.ty)
            );
            self.find(finding::WRONG_TYPE, position, text);
            return if is_equality || is_order { Base::Boolean.into() } else { Type::ANY };
        }
        if !failed.is_empty() {
            let null_left = failed.iter().any(|it| it.0 == Shape::Null);
            let (expression, value) =
                if null_left && first.ty.is_nullable { (a, first) } else { (b, second) };
            self.must_be_present((expression, &value.ty), &format!("`{sign}`"), position);
        }
        if is_equality || is_order {
            self.comparison(sign, [(a, first), (b, second)], position);
        }
        found.unwrap_or(Type::ANY)
    }

    /// What is odd about a comparison that raises no error.
    pub(super) fn comparison(
        &mut self,
        sign: &str,
        [(a, first), (b, second)]: [(&Expr, &Value); 2],
        position: Position,
    ) {
        let is_equality = matches!(sign, "==" | "!=");
        let (Some(x), Some(y)) = (&first.ty.base, &second.ty.base) else {
            let (tested, ty) = if first.ty.is_null() { (b, &second.ty) } else { (a, &first.ty) };
            if is_equality && !ty.is_nullable && *ty != Type::NEVER {
                let answer = if sign == "==" { "never" } else { "always" };
                let text = format!("{} is never null: this is {answer} so", subject(tested));
                self.find(finding::CONSTANT_CONDITION, position, text);
            }
            return;
        };
        let (Some(left), Some(right)) = (x.shape(), y.shape()) else { return };
        let is_close = self.language.compares(sign, left, right);
        if !is_close {
            let text = if is_equality {
                format!(
                    "{} never equals {}",
                    article(&first.ty.clone().present()),
                    article(&second.ty.clone().present())
                )
            } else {
                format!(
                    "{} is neither before nor after {}",
                    article(&first.ty.clone().present()),
                    article(&second.ty.clone().present())
                )
            };
            self.find(finding::NEVER_EQUAL, position, text);
        } else if is_equality {
            self.option_comparison([(a, first), (b, second)], position);
        } else {
            let nullable = [(a, first), (b, second)].into_iter().find(|it| it.1.ty.is_nullable);
            if let Some((expression, _)) = nullable {
                let text = format!(
                    "{} may be null, which is neither less nor greater",
                    subject(expression)
                );
                let help = "ask for null before, or say with `??` what stands for it".to_owned();
                self.find_help(finding::NULL_COMPARISON, position, (text, help));
            }
        }
    }

    /// Something else for a text that stands there as a literal.
    fn instead(&self, literal: &Expr, replacement: String) -> Option<Fix> {
        let Expr::StringConstant(_, position) = literal else { return None };
        Some(Fix { span: span(&self.script.file.text, *position), replacement })
    }

    /// An option compared with a text, a number, or an option of another choice.
    pub(super) fn option_comparison(
        &mut self,
        [first, second]: [(&Expr, &Value); 2],
        position: Position,
    ) {
        for ((_, option), (literal, other)) in [(first, second), (second, first)] {
            let of = match (&option.ty.base, &option.named) {
                (Some(Base::Choice(of)), _) => (of, false),
                (_, Some(of)) => (of, true),
                _ => continue,
            };
            let (of, is_name) = (of.0.clone(), of.1);
            let attribute = of.entity.name(of.ordinal).to_owned();
            let kind = of.entity.attribute_at(of.ordinal).map(|it| &it.kind);
            let Some(set) = kind.and_then(|it| it.option_set()) else { continue };
            match &other.term {
                Term::Text(text) if set.by_name(text).is_some() => {}
                Term::Text(text) if !is_name && set.options.iter().any(|it| it.label == *text) => {
                    let name =
                        set.options.iter().find(|it| it.label == *text).map_or("", |it| &it.name);
                    let words = format!("`{text}` is a label, which can change with the language");
                    let constant = format!("{}::{attribute}::{name}", of.entity.logical_name());
                    let help = format!("compare with `{constant}`");
                    let fix = self.instead(literal, constant);
                    self.find_fix(finding::OPTION_LABEL, position, (words, help, fix));
                }
                Term::Text(text) => {
                    let words = format!("`{attribute}` has no option `{text}`: this is never so");
                    let names: Vec<&str> = set.options.iter().map(|it| it.name.as_str()).collect();
                    let help = match suggestion(text, names.iter().copied()) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("its options are {}", names.join(", ")),
                    };
                    self.find_help(finding::NEVER_EQUAL, position, (words, help));
                }
                Term::Number(number) if !is_name => {
                    let value = i32::try_from(*number).ok();
                    if value.is_none_or(|it| set.by_value(it).is_none()) {
                        let words =
                            format!("`{attribute}` has no option {number}: this is never so");
                        self.find(finding::NEVER_EQUAL, position, words);
                    }
                }
                Term::Choice(number) => {
                    let value = i32::try_from(*number).ok();
                    if value.is_none_or(|it| set.by_value(it).is_none()) {
                        let words =
                            format!("this is no option of `{attribute}`: they are never equal");
                        self.find(finding::NEVER_EQUAL, position, words);
                    }
                }
                _ => {}
            }
            return;
        }
    }
}

/// The operators that terms know.
fn known_sign(sign: &str) -> Option<&'static str> {
    const KNOWN: [&str; 11] = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">="];
    KNOWN.into_iter().find(|it| *it == sign)
}
