//! Expressions: what is known of the value of each, and what is wrong with it.

use std::collections::BTreeMap;

use rhai::{Dynamic, Expr, FnPtr, Position, Stmt, StmtBlock, Token};
use rulegate::metadata::{Ordinal, suggestion};
use rust_decimal::Decimal;

use super::checker::{Checker, Value};
use super::effects::Term;
use super::finding;
use super::place::words;
use super::shape::Shape;
use super::state::Known;
use super::types::{Base, Options, Type};

impl Checker<'_> {
    /// What is known of the value of an expression.
    pub(super) fn value(&mut self, expression: &Expr) -> Value {
        if self.fuel == 0 {
            self.give_up(expression.start_position());
            return Type::ANY.into();
        }
        self.fuel -= 1;
        match expression {
            Expr::Unit(_) => Value::from(Type::NULL).meaning(Term::Null),
            Expr::BoolConstant(it, _) => Value::from(Base::Boolean).meaning(Term::Boolean(*it)),
            Expr::IntegerConstant(it, _) => {
                Value::from(Base::WholeNumber).meaning(Term::Number((*it).into()))
            }
            Expr::FloatConstant(..) => Base::Double.into(),
            Expr::CharConstant(..) => Base::Letter.into(),
            Expr::StringConstant(it, _) => {
                Value::from(Base::Text).meaning(Term::Text(it.to_string()))
            }
            Expr::DynamicConstant(it, _) => constant(it),
            Expr::InterpolatedString(parts, _) => {
                for part in parts {
                    self.value(part);
                }
                Base::Text.into()
            }
            Expr::Array(items, _) => {
                let of = items.iter().map(|it| self.value(it).ty).reduce(Type::join);
                Type::array(of.unwrap_or(Type::NEVER)).into()
            }
            Expr::Map(map, _) => {
                let entries: BTreeMap<String, Type> = map
                    .0
                    .iter()
                    .map(|(name, it)| (name.name.to_string(), self.value(it).ty))
                    .collect();
                Base::Map(Some(entries)).into()
            }
            Expr::Variable(name, _, position) if name.2.path.is_empty() => {
                self.variable_value(&name.1, *position)
            }
            Expr::Variable(name, _, position) => {
                let path: Vec<&str> = name.2.path.iter().map(|it| it.name.as_str()).collect();
                self.of_module(&path, (&name.1, *position))
            }
            Expr::And(operands, _) => self.all(operands, true),
            Expr::Or(operands, _) => self.all(operands, false),
            Expr::Coalesce(operands, position) => self.coalesce(operands, *position),
            Expr::Dot(..) | Expr::Index(..) => self.chain(expression),
            Expr::FnCall(call, position) => self.called(call, *position),
            Expr::Stmt(block) => self.block_value(block),
            _ => {
                self.unsure(expression.position());
                Type::ANY.into()
            }
        }
    }

    /// There is more to look at than is worth it.
    fn give_up(&mut self, position: Position) {
        let silent = std::mem::take(&mut self.silent);
        self.unsure(position);
        self.silent = silent;
        if self.effects.unknown.is_empty() {
            self.effects.unknown.push(("a rule too long to be followed".to_owned(), position));
        }
        self.state.forget_all();
    }

    fn variable_value(&mut self, name: &str, position: Position) -> Value {
        if let Some((index, found)) = self.variable(name) {
            let key = found.alias.clone().unwrap_or_else(|| format!("${index}"));
            let Known { ty, term } = found.known.clone();
            return Value { key: Some(key), ..Value::from(ty).meaning(term) };
        }
        let script = self.script;
        self.global(script, name).unwrap_or_else(|| {
            self.unsure(position);
            Type::ANY.into()
        })
    }

    /// `opportunity::statecode::Won`, or a constant of a module.
    fn of_module(&mut self, path: &[&str], (name, position): (&str, Position)) -> Value {
        if let [module] = path
            && let Some(script) = self.ground.library.get(*module).copied()
        {
            return self.global(script, name).unwrap_or_else(|| Type::ANY.into());
        }
        let [entity, attribute] = path else {
            let text = format!("there is no `{}::{name}`", path.join("::"));
            self.find(finding::UNKNOWN_OPTION, position, text);
            return Type::ANY.into();
        };
        let Ok(entity) = self.ground.catalog.entity(entity).cloned() else {
            let text = format!("there is no entity `{entity}`");
            let catalog = self.ground.catalog;
            let known = catalog.entities().map(|it| it.logical_name().as_str());
            self.find_unknown((finding::UNKNOWN_ENTITY, position), (entity, text), known);
            return Type::ANY.into();
        };
        let Some(ordinal) = entity.ordinal(attribute) else {
            self.attribute(&entity, (attribute, position));
            return Type::ANY.into();
        };
        let kind = entity.attribute_at(ordinal).map(|it| &it.kind);
        let Some(set) = kind.and_then(|it| it.option_set()) else {
            let text = format!("`{attribute}` of {} has no options", entity.logical_name());
            self.find(finding::UNKNOWN_OPTION, position, text);
            return Type::ANY.into();
        };
        let Some(option) = set.by_name(name) else {
            let text = format!("`{attribute}` has no option `{name}`");
            let known: Vec<&str> = set.options.iter().map(|it| it.name.as_str()).collect();
            let help = format!("its options are {}", known.join(", "));
            match suggestion(name, known.iter().copied()) {
                Some(_) => {
                    self.find_unknown((finding::UNKNOWN_OPTION, position), (name, text), known);
                }
                None => self.find_help(finding::UNKNOWN_OPTION, position, (text, help)),
            }
            return Type::ANY.into();
        };
        let term = Term::Choice(option.value.into());
        let ordinal: Ordinal = ordinal;
        Value::from(Base::Choice(Options { entity: entity.clone(), ordinal })).meaning(term)
    }

    /// `&&` or `||`: each operand is asked where those before it did not decide.
    fn all(&mut self, operands: &[Expr], goes_on_while: bool) -> Value {
        let mut decided = Vec::new();
        let mut term: Option<Term> = None;
        for operand in operands {
            let value = self.condition(operand);
            let sign = if goes_on_while { "&&" } else { "||" };
            term = Some(match term {
                None => value.term,
                Some(before) => Term::Operation(sign, before.into(), value.term.into()),
            });
            let mut other = self.state.clone();
            other = self.assumed(other, operand, !goes_on_while);
            decided.push(other);
            let state = std::mem::replace(&mut self.state, super::state::State::new());
            self.state = self.assumed(state, operand, goes_on_while);
        }
        let state = std::mem::replace(&mut self.state, super::state::State::new());
        self.state = decided.into_iter().fold(state, super::state::State::join);
        Value::from(Base::Boolean).meaning(term.unwrap_or(Term::Unknown))
    }

    /// An expression that must be a boolean.
    pub(super) fn condition(&mut self, expression: &Expr) -> Value {
        let value = self.value(expression);
        let position = expression.start_position();
        match &value.ty.base {
            Some(Base::Boolean) if value.ty.is_nullable => {
                let text = format!(
                    "{} may be null, and a condition is true or false",
                    subject(expression)
                );
                self.find_help(
                    finding::POSSIBLE_NULL,
                    position,
                    (text, "write `… == true`, which null is not".to_owned()),
                );
            }
            Some(Base::Boolean) => {}
            Some(Base::Any) => self.unsure(position),
            _ if value.ty == Type::NEVER => {}
            _ => {
                let text = format!(
                    "a condition is a boolean, and {} is {}",
                    subject(expression),
                    article(&value.ty)
                );
                self.find(finding::WRONG_TYPE, position, text);
            }
        }
        value
    }

    fn coalesce(&mut self, operands: &[Expr], position: Position) -> Value {
        let mut known: Option<Value> = None;
        for operand in operands {
            if let Some(before) = &known
                && !before.ty.is_nullable
                && before.ty != Type::NEVER
            {
                let text = "what stands before `??` is never null".to_owned();
                self.find(finding::CONSTANT_CONDITION, position, text);
            }
            let before = self.state.clone();
            let value = self.value(operand);
            // What the operand does happens only where those before it are null.
            if known.is_some() {
                let state = std::mem::replace(&mut self.state, before.clone());
                self.state = before.join(state);
            }
            known = Some(match known {
                None => value,
                Some(before) => {
                    let term = Term::Operation("??", before.term.into(), value.term.into());
                    Value::from(before.ty.present().join(value.ty)).meaning(term)
                }
            });
        }
        known.unwrap_or_else(|| Type::NULL.into())
    }

    fn block_value(&mut self, block: &StmtBlock) -> Value {
        self.block(block.statements())
    }

    /// A call that is no method's: an operator, a word of the language, or a function.
    fn called(&mut self, call: &rhai::FnCallExpr, position: Position) -> Value {
        match (&call.op_token, call.args.as_slice()) {
            (Some(Token::Bang), [operand]) => {
                let value = self.condition(operand);
                Value::from(Base::Boolean).meaning(Term::Not(value.term.into()))
            }
            (
                Some(Token::UnaryMinus | Token::Minus | Token::UnaryPlus | Token::Plus),
                [operand],
            ) => self.signed(&call.name, operand, position),
            (Some(_), [a, b]) => self.operation(&call.name, (a, b), position),
            (_, _) => self.function_call(call, position),
        }
    }

    fn signed(&mut self, sign: &str, operand: &Expr, position: Position) -> Value {
        let value = self.value(operand);
        if value.ty.is_any() {
            self.unsure(position);
            return Type::ANY.into();
        }
        let is_number = value.ty.base.as_ref().is_some_and(Base::is_number);
        if !is_number {
            let text = format!("`{sign}` takes a number, and got {}", article(&value.ty));
            self.find(finding::WRONG_TYPE, position, text);
            return Type::ANY.into();
        }
        self.must_be_present((operand, &value.ty), &format!("`{sign}`"), position);
        let term = match value.term {
            Term::Number(it) if sign == "-" => Term::Number(-it),
            _ => Term::Unknown,
        };
        Value::from(value.ty.present()).meaning(term)
    }

    /// Null is an error there.
    pub(super) fn must_be_present(
        &mut self,
        (expression, ty): (&Expr, &Type),
        what: &str,
        position: Position,
    ) {
        if ty.may_be_null() {
            let text = format!("{} may be null, which {what} does not take", subject(expression));
            self.find(finding::POSSIBLE_NULL, position, text);
        }
    }

    /// The value of the last statement, where a block is an expression.
    pub(super) fn last_value(&mut self, statement: &Stmt) -> Option<Value> {
        match statement {
            Stmt::Expr(expression) => Some(self.value(expression)),
            Stmt::FnCall(call, position) => Some(self.called(call, *position)),
            _ => None,
        }
    }
}

/// Whether too little is known of a value to say what can be done with it.
pub(super) fn is_vague(ty: &Type) -> bool {
    ty.base.as_ref().is_some_and(|it| it.shape().is_none())
}

/// The shapes that values of a type can have.
pub(super) fn shapes(ty: &Type) -> Vec<Shape> {
    let mut shapes = match &ty.base {
        Some(Base::Number) => vec![Shape::WholeNumber, Shape::Decimal],
        Some(base) => vec![base.shape().unwrap_or(Shape::Dynamic)],
        None => Vec::new(),
    };
    shapes.extend(ty.is_nullable.then_some(Shape::Null));
    shapes
}

fn constant(value: &Dynamic) -> Value {
    if let Ok(number) = value.as_decimal() {
        let number: Decimal = number;
        return Value::from(Base::Decimal).meaning(Term::Number(number));
    }
    if let Some(function) = value.read_lock::<FnPtr>() {
        return Base::Function(function.fn_name().to_owned(), Vec::new()).into();
    }
    if value.is_array() {
        let items = value.read_lock::<rhai::Array>();
        let of = items.and_then(|it| it.iter().map(|it| constant(it).ty).reduce(Type::join));
        return Type::array(of.unwrap_or(Type::NEVER)).into();
    }
    if let Some(map) = value.read_lock::<rhai::Map>() {
        let entries = map.iter().map(|(name, it)| (name.to_string(), constant(it).ty)).collect();
        return Base::Map(Some(entries)).into();
    }
    if let Some(text) = value.read_lock::<rhai::ImmutableString>() {
        return Value::from(Base::Text).meaning(Term::Text(text.to_string()));
    }
    if let Ok(number) = value.as_int() {
        return Value::from(Base::WholeNumber).meaning(Term::Number(number.into()));
    }
    if let Ok(it) = value.as_bool() {
        return Value::from(Base::Boolean).meaning(Term::Boolean(it));
    }
    if value.is_unit() { Value::from(Type::NULL).meaning(Term::Null) } else { Type::ANY.into() }
}

/// How a message calls an expression.
pub(super) fn subject(expression: &Expr) -> String {
    match words(expression) {
        Some(words) => format!("`{words}`"),
        None => "this".to_owned(),
    }
}

/// A type with its article: `a text`, `an option of …`, `null`.
pub(super) fn article(ty: &Type) -> String {
    let words = ty.to_string();
    if ty.base.is_none() || ty.is_any() {
        return words;
    }
    let is_vowel = words.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {words}", if is_vowel { "an" } else { "a" })
}
