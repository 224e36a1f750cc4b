//! Operators: what they answer, and what is odd about a comparison.

use rhai::{Expr, Position};
use rulegate::metadata::suggestion;

use super::checker::{Checker, Value};
use super::effects::Term;
use super::expression::{article, is_vague, shapes, subject};
use super::finding::{self, Finding};
use super::place::span;
use super::shape::Shape;
use super::types::{Base, Options, Type};
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
        let (found, failed) = self.tried(sign, &first.ty, &second.ty);
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

    /// What an operator answers to all values that the types allow, and which shapes it does not take.
    fn tried(&self, sign: &str, a: &Type, b: &Type) -> (Option<Type>, Vec<(Shape, Shape)>) {
        let mut found: Option<Type> = None;
        let mut failed = Vec::new();
        let pairs = shapes(a).into_iter().flat_map(|x| shapes(b).into_iter().map(move |y| (x, y)));
        for (x, y) in pairs {
            match (self.language.operator(sign, x, y), found.take()) {
                (Some(answer), before) => found = Some(before.unwrap_or(Type::NEVER).join(answer)),
                (None, before) => {
                    found = before;
                    failed.push((x, y));
                }
            }
        }
        (found, failed)
    }

    /// A comparison with null.
    fn null_test(&mut self, sign: &str, (tested, ty): (&Expr, &Type), position: Position) {
        if !matches!(sign, "==" | "!=") || ty.is_nullable || *ty == Type::NEVER {
            return;
        }
        let answer = if sign == "==" { "never" } else { "always" };
        let text = format!("{} is never null: this is {answer} so", subject(tested));
        self.find(finding::CONSTANT_CONDITION, position, text);
    }

    /// What is odd about a comparison that raises no error.
    fn comparison(
        &mut self,
        sign: &str,
        [(a, first), (b, second)]: [(&Expr, &Value); 2],
        position: Position,
    ) {
        let is_equality = matches!(sign, "==" | "!=");
        let (Some(x), Some(y)) = (&first.ty.base, &second.ty.base) else {
            let tested = if first.ty.is_null() { (b, &second.ty) } else { (a, &first.ty) };
            return self.null_test(sign, tested, position);
        };
        let (Some(left), Some(right)) = (x.shape(), y.shape()) else { return };
        let is_close = self.language.compares(sign, left, right);
        if !is_close {
            let how = if is_equality { "never equals" } else { "is neither before nor after" };
            let [one, other] = [first, second].map(|it| article(&it.ty.clone().present()));
            self.find(finding::NEVER_EQUAL, position, format!("{one} {how} {other}"));
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
    fn option_comparison(&mut self, [first, second]: [(&Expr, &Value); 2], position: Position) {
        for ((_, option), (literal, other)) in [(first, second), (second, first)] {
            let (of, is_name) = match (&option.ty.base, &option.named) {
                (Some(Base::Choice(of)), _) => (of.clone(), false),
                (_, Some(of)) => (of.clone(), true),
                _ => continue,
            };
            if let Some(odd) = odd_option(&of, is_name, &other.term) {
                let fix = odd.instead.and_then(|it| self.instead(literal, it));
                self.find_fix(odd.finding, position, (odd.words, odd.help, fix));
            }
            return;
        }
    }
}

/// What is odd about a comparison with an option.
struct Odd {
    finding: &'static Finding,
    words: String,
    help: String,
    /// What to write instead of what it is compared with.
    instead: Option<String>,
}

/// What is odd about comparing an option, or its name, with that value.
fn odd_option(of: &Options, is_name: bool, term: &Term) -> Option<Odd> {
    let attribute = of.entity.name(of.ordinal);
    let set = of.entity.attribute_at(of.ordinal)?.kind.option_set()?;
    let names: Vec<&str> = set.options.iter().map(|it| it.name.as_str()).collect();
    let has = |number: i32| set.by_value(number).is_some();
    let all = || format!("its options are {}", names.join(", "));
    let never = |words: String, help: String| {
        Some(Odd { finding: finding::NEVER_EQUAL, words, help, instead: None })
    };
    match term {
        Term::Text(text) if set.by_name(text).is_none() => {
            let labelled = set.options.iter().find(|it| it.label == *text).filter(|_| !is_name);
            if let Some(option) = labelled {
                let words = format!("`{text}` is a label, which can change with the language");
                let entity = of.entity.logical_name();
                let constant = format!("{entity}::{attribute}::{}", option.name);
                let help = format!("compare with `{constant}`");
                let (finding, instead) = (finding::OPTION_LABEL, Some(constant));
                return Some(Odd { finding, words, help, instead });
            }
            let words = format!("`{attribute}` has no option `{text}`: this is never so");
            let help = match suggestion(text, names.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => all(),
            };
            never(words, help)
        }
        Term::Number(number) if !is_name && !i32::try_from(*number).is_ok_and(has) => {
            let words = format!("`{attribute}` has no option {number}: this is never so");
            never(words, all())
        }
        Term::Choice(number) if !i32::try_from(*number).is_ok_and(has) => {
            let words = format!("this is no option of `{attribute}`: they are never equal");
            never(words, all())
        }
        _ => None,
    }
}

/// The operators that terms know.
fn known_sign(sign: &str) -> Option<&'static str> {
    const KNOWN: [&str; 11] = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">="];
    KNOWN.into_iter().find(|it| *it == sign)
}
