//! Loops: gone through until nothing new is learned of them.

use rhai::{Expr, StmtBlock};

use super::checker::{Checker, Exits, Value};
use super::expression::article;
use super::finding;
use super::state::State;
use super::types::{Base, Type};

/// How often a loop is gone through at most until nothing new is learned of it.
const TURNS: usize = 6;

impl Checker<'_> {
    /// What a loop goes through.
    pub(super) fn items(&mut self, expression: &Expr, of: &Value) -> Type {
        let position = expression.start_position();
        match &of.ty.base {
            Some(Base::Array(item)) => {
                self.must_be_present((expression, &of.ty), "`for`", position);
                if **item == Type::NEVER { Type::ANY } else { (**item).clone() }
            }
            Some(Base::Text) => Base::Letter.into(),
            Some(
                Base::Boolean
                | Base::WholeNumber
                | Base::Decimal
                | Base::Number
                | Base::Date
                | Base::Moment
                | Base::Choice(_)
                | Base::Lookup(_)
                | Base::Record(_),
            ) => {
                let text =
                    format!("`for` goes through an array or a range, and not {}", article(&of.ty));
                self.find(finding::WRONG_TYPE, position, text);
                Type::ANY
            }
            // A range: Rhai makes it of two numbers.
            _ if matches!(expression, Expr::FnCall(call, _) if call.name.starts_with("..") || call.name == "range") => {
                Base::WholeNumber.into()
            }
            _ => {
                self.unsure(position);
                Type::ANY
            }
        }
    }

    /// A loop: gone through until nothing new is learned, and then once more aloud.
    pub(super) fn looped(
        &mut self,
        body: &StmtBlock,
        mut begin: impl FnMut(&mut Self),
        (condition, is_endless): (Option<&Expr>, bool),
    ) {
        let mut head = self.state.clone();
        let effects = self.effects.clone();
        for turn in 0.. {
            let is_final = TURNS <= turn;
            self.silent += 1;
            let after = self.turn(head.clone(), (body, condition), &mut begin).0;
            self.silent -= 1;
            let next = head.clone().join(after);
            if next == head || is_final {
                break;
            }
            head = next;
        }
        self.effects = effects;
        let (after, breaks) = self.turn(head.clone(), (body, condition), &mut begin);
        let mut end = head.join(after);
        if let Some(condition) = condition {
            end = self.assumed(end, condition, false);
        }
        if is_endless {
            end.is_reached = false;
        }
        self.state = breaks.into_iter().fold(end, State::join);
    }

    /// One turn of a loop: how it ends, and how it is left.
    pub(super) fn turn(
        &mut self,
        head: State,
        (body, condition): (&StmtBlock, Option<&Expr>),
        begin: &mut impl FnMut(&mut Self),
    ) -> (State, Vec<State>) {
        self.state = head;
        let depth = self.state.depth();
        self.exits.push(Exits::default());
        begin(self);
        if let Some(condition) = condition {
            self.condition(condition);
            let state = std::mem::replace(&mut self.state, State::new());
            self.state = self.assumed(state, condition, true);
        }
        self.block(body.statements());
        let exits = self.exits.pop().unwrap_or_default();
        let mut state = std::mem::replace(&mut self.state, State::new());
        state = exits.continues.into_iter().fold(state, State::join);
        state.leave(depth);
        let mut breaks = exits.breaks;
        for it in &mut breaks {
            it.leave(depth);
        }
        (state, breaks)
    }
}
