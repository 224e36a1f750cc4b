//! Conditions: what is known where one holds, and where it does not.

use rhai::{Expr, Stmt, Token};

use super::checker::{Checker, Value};
use super::logic::mirrored;
use super::place::is_optional;
use super::state::{Known, State};
use super::types::{Base, Type};

/// How deeply `&&` and `||` are looked into where they stand in each other: each level doubles the work.
const NESTED_LIMIT: usize = 6;

impl Checker<'_> {
    /// What is known where a condition holds, or does not, after it was evaluated.
    pub(super) fn assumed(&mut self, state: State, condition: &Expr, holds: bool) -> State {
        if !state.is_reached {
            return state;
        }
        match condition {
            Expr::And(operands, _) => self.assumed_all(state, operands, (true, holds)),
            Expr::Or(operands, _) => self.assumed_all(state, operands, (false, holds)),
            Expr::BoolConstant(it, _) if *it != holds => state.reaching(false),
            Expr::Stmt(block) => match block.statements() {
                [Stmt::Expr(inner)] => self.assumed(state, inner, holds),
                _ => state,
            },
            Expr::FnCall(call, _) => match (&call.op_token, call.args.as_slice()) {
                (Some(Token::Bang), [inner]) => self.assumed(state, inner, !holds),
                (Some(_), [a, b]) => {
                    let state = self.compared(state, (&call.name, holds), (a, b));
                    self.compared(state, (mirrored(&call.name), holds), (b, a))
                }
                (None, [it]) if call.name == "is_blank" && !holds => self.present(state, it),
                _ => state,
            },
            Expr::Dot(chain, _, _) => match &chain.rhs {
                Expr::MethodCall(call, _) if call.name == "is_blank" && !holds => {
                    self.present(state, &chain.lhs)
                }
                _ => self.assumed_chain(state, condition, holds),
            },
            _ => state,
        }
    }

    /// `ctx.target.name.is_blank()`: the chain without its last link is what was asked.
    fn assumed_chain(&mut self, state: State, condition: &Expr, holds: bool) -> State {
        let Some((before, last)) = before_last(condition) else { return state };
        match &last {
            Expr::MethodCall(call, _) if call.name == "is_blank" && !holds => {
                self.present(state, &before)
            }
            _ => state,
        }
    }

    /// All of them hold, or one of them holds.
    fn assumed_all(
        &mut self,
        state: State,
        operands: &[Expr],
        (is_and, holds): (bool, bool),
    ) -> State {
        if NESTED_LIMIT <= self.narrowing {
            return state;
        }
        self.narrowing += 1;
        let state = self.assumed_each(state, operands, (is_and == holds, holds));
        self.narrowing -= 1;
        state
    }

    fn assumed_each(
        &mut self,
        state: State,
        operands: &[Expr],
        (is_each, holds): (bool, bool),
    ) -> State {
        if is_each {
            return operands.iter().fold(state, |state, it| self.assumed(state, it, holds));
        }
        // One of them decided, and those before it did not.
        let mut ends: Option<State> = None;
        let mut state = state;
        for operand in operands {
            let decided = self.assumed(state.clone(), operand, holds);
            ends = Some(match ends {
                Some(ends) => ends.join(decided),
                None => decided,
            });
            state = self.assumed(state, operand, !holds);
        }
        ends.unwrap_or(state)
    }

    /// `a == b`: what that says of `a`.
    fn compared(
        &mut self,
        state: State,
        (sign, holds): (&str, bool),
        (a, b): (&Expr, &Expr),
    ) -> State {
        if let (Some(asked), true) = (type_asked(a), is_equality(sign)) {
            return self.typed(state, &asked);
        }
        // Of what nothing can be learned, nothing is asked.
        if !matches!(a, Expr::Variable(..) | Expr::Dot(..) | Expr::Index(..)) {
            return state;
        }
        let other = self.quietly(&state, b);
        let is_equal = match (sign, holds) {
            ("==", true) | ("!=", false) => true,
            ("==", false) | ("!=", true) => false,
            // Null is in no order with anything else.
            ("<" | "<=" | ">" | ">=", true) if !other.ty.is_nullable => {
                return self.present(state, a);
            }
            _ => return state,
        };
        if other.ty.is_null() {
            return if is_equal { self.absent(state, a) } else { self.present(state, a) };
        }
        let state = self.entity_compared(state, (a, &other), is_equal);
        if is_equal && !other.ty.is_nullable && other.ty != Type::NEVER {
            return self.present(state, a);
        }
        // `x != true`, which null is, says nothing of null.
        state
    }

    /// `type_of(x) == "text"`: what it is, no type here says.
    fn typed(&mut self, state: State, asked: &Expr) -> State {
        let value = self.quietly(&state, asked);
        let mut state = state;
        if let Some(key) = value.key {
            state.learn(&key, Known { ty: Type::ANY, term: value.term });
        }
        state
    }

    /// `about.entity == "opportunity"`: at which entity a lookup points.
    fn entity_compared(
        &mut self,
        state: State,
        (a, other): (&Expr, &Value),
        is_equal: bool,
    ) -> State {
        let super::effects::Term::Text(name) = &other.term else { return state };
        let Some((before, Expr::Property(property, _))) = before_last(a) else { return state };
        if property.2 != "entity" {
            return state;
        }
        let lookup = self.quietly(&state, &before);
        let (Some(key), Some(Base::Lookup(targets))) = (&lookup.key, &lookup.ty.base) else {
            return state;
        };
        let narrowed = if is_equal {
            Some([name.clone()].into())
        } else {
            targets.clone().map(|mut it| {
                it.remove(name);
                it
            })
        };
        let ty = Type { base: Some(Base::Lookup(narrowed)), ..lookup.ty.clone() };
        let mut state = state;
        let key = key.clone();
        state.learn(&key, Known { ty, term: lookup.term });
        state
    }

    /// The value of an expression at a point, without a word about it.
    fn quietly(&mut self, state: &State, expression: &Expr) -> Value {
        let outer = std::mem::replace(&mut self.state, state.clone());
        let effects = self.effects.clone();
        let images = self.images.clone();
        self.silent += 1;
        let value = self.value(expression);
        self.silent -= 1;
        self.images = images;
        self.effects = effects;
        self.state = outer;
        value
    }

    /// What is known where an expression is not null.
    fn present(&mut self, state: State, expression: &Expr) -> State {
        let mut state = state;
        // `a?.b` is present only where `a` is.
        if let Expr::Dot(chain, flags, _) = expression
            && is_optional(*flags)
        {
            state = self.present(state, &chain.lhs);
        } else if let Some(before) = optional_part(expression) {
            state = self.present(state, &before);
        }
        let value = self.quietly(&state, expression);
        if let Some(key) = value.key.filter(|_| value.ty.may_be_null()) {
            state.learn(&key, Known { ty: value.ty.present(), term: value.term });
        }
        state
    }

    /// What is known where an expression is null.
    fn absent(&mut self, state: State, expression: &Expr) -> State {
        let value = self.quietly(&state, expression);
        let mut state = state;
        if let Some(key) = value.key.filter(|_| !value.ty.is_any()) {
            if value.ty.is_nullable {
                state.learn(&key, Known { ty: Type::NULL, term: value.term });
            } else {
                state.is_reached = state.is_reached && value.ty == Type::NEVER;
            }
        }
        state
    }
}

/// What stands before the last link of a chain, and that link.
fn before_last(chain: &Expr) -> Option<(Expr, Expr)> {
    let Expr::Dot(binary, flags, position) = chain else { return None };
    if flags.intersects(rhai::ASTFlags::BREAK) {
        return Some((binary.lhs.clone(), binary.rhs.clone()));
    }
    match &binary.rhs {
        inner @ Expr::Dot(..) => {
            let (before, last) = before_last(inner)?;
            let joined = rhai::BinaryExpr { lhs: binary.lhs.clone(), rhs: before };
            Some((Expr::Dot(joined.into(), *flags, *position), last))
        }
        Expr::Index(..) => None,
        last => Some((binary.lhs.clone(), last.clone())),
    }
}

/// What stands before the first `?.` within a chain.
fn optional_part(chain: &Expr) -> Option<Expr> {
    let (before, _) = before_last(chain)?;
    let mut rest = chain;
    let mut is_last_optional = false;
    while let Expr::Dot(binary, flags, _) = rest {
        is_last_optional = is_optional(*flags);
        rest = &binary.rhs;
    }
    if is_last_optional { Some(before) } else { optional_part(&before) }
}

fn is_equality(sign: &str) -> bool {
    matches!(sign, "==" | "!=")
}

/// The expression of which `type_of` asks the type.
fn type_asked(expression: &Expr) -> Option<Expr> {
    if let Expr::FnCall(call, _) = expression
        && let ("type_of", [asked]) = (call.name.as_str(), call.args.as_slice())
    {
        return Some(asked.clone());
    }
    let (before, Expr::MethodCall(call, _)) = before_last(expression)? else { return None };
    (call.name == "type_of").then_some(before)
}
