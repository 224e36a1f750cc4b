//! Statements: one after another, and what each changes of what is known.

use rhai::{ASTFlags, Expr, FlowControl, Ident, Position, Stmt};

use super::assignment::Setting;
use super::checker::{Checker, Value};
use super::effects::{Condition, Term};
use super::finding;
use super::state::State;
use super::types::{Base, Type};

/// Functions that answer a value and change nothing.
const PURE: [&str; 22] = [
    "trim",
    "round",
    "abs",
    "min",
    "max",
    "add_days",
    "add_months",
    "days_until",
    "format",
    "is_blank",
    "len",
    "to_string",
    "to_upper",
    "to_lower",
    "sub_string",
    "starts_with",
    "ends_with",
    "filter",
    "map",
    "date",
    "datetime",
    "decimal",
];

impl Checker<'_> {
    /// Statements in a scope of their own; answers the value of the last.
    pub(super) fn block(&mut self, statements: &[Stmt]) -> Value {
        let depth = self.state.depth();
        let mut last = Value::from(Type::NULL).meaning(Term::Null);
        let mut is_dead = !self.state.is_reached;
        let statements: Vec<&Stmt> = statements.iter().filter(|it| !it.is_noop()).collect();
        for (index, statement) in statements.iter().enumerate() {
            if !self.state.is_reached && !is_dead {
                is_dead = true;
                self.dead(statement.position());
            }
            let is_last = index + 1 == statements.len();
            let value = self.statement(statement, is_last);
            last = if is_last { value } else { Value::from(Type::NULL).meaning(Term::Null) };
        }
        self.state.leave(depth);
        // What lies in a variable of the block is no longer named by it.
        Value { key: None, ..last }
    }

    /// Code that is never reached.
    fn dead(&mut self, position: Position) {
        self.state.is_reached = true;
        self.find(
            finding::DEAD_CODE,
            position,
            "this never runs: what stands before it always ends the rule or the loop",
        );
        self.state.is_reached = false;
    }

    fn statement(&mut self, statement: &Stmt, is_last: bool) -> Value {
        let nothing = Value::from(Type::NULL).meaning(Term::Null);
        match statement {
            Stmt::Noop(_) | Stmt::Share(_) => nothing,
            Stmt::Block(block) => self.block(block.statements()),
            Stmt::If(flow, _) => self.choice(flow),
            Stmt::Switch(switch, _) => self.switch(&switch.0, &switch.1),
            Stmt::Var(definition, flags, _) => {
                let value = self.value(&definition.1);
                let is_constant = flags.contains(ASTFlags::CONSTANT).then_some(());
                self.define(definition.0.name.as_str(), value, is_constant);
                nothing
            }
            Stmt::Assignment(assignment) => {
                self.assignment(&Setting {
                    to: &assignment.1.lhs,
                    sign: assignment.0.get_op_assignment_info().map(|it| it.5),
                    value: &assignment.1.rhs,
                    position: assignment.0.position(),
                });
                nothing
            }
            Stmt::Return(value, flags, _) => {
                let value = value.as_ref().map_or(Value::from(Type::NULL), |it| self.value(it));
                self.leave_function(value.ty, flags.contains(ASTFlags::BREAK));
                Type::NEVER.into()
            }
            Stmt::BreakLoop(value, flags, _) => {
                if let Some(value) = value {
                    self.value(value);
                }
                self.leave_turn(flags.contains(ASTFlags::BREAK));
                Type::NEVER.into()
            }
            Stmt::For(it, _) => {
                self.for_each(it);
                nothing
            }
            Stmt::While(flow, _) => {
                let condition = (!matches!(flow.expr, Expr::Unit(_))).then_some(&flow.expr);
                let is_endless =
                    condition.is_none_or(|it| matches!(it, Expr::BoolConstant(true, _)));
                self.looped(&flow.body, |_| {}, (condition, is_endless));
                nothing
            }
            Stmt::Do(flow, _, _) => {
                self.looped(&flow.body, |_| {}, (None, false));
                self.condition(&flow.expr);
                nothing
            }
            Stmt::TryCatch(flow, _) => self.try_catch(flow),
            Stmt::FnCall(..) | Stmt::Expr(_) => {
                let value = self.last_value(statement).unwrap_or(nothing);
                if !is_last {
                    self.dropped(statement, &value);
                }
                value
            }
            _ => {
                self.unsure(statement.position());
                self.state.forget_all();
                Type::ANY.into()
            }
        }
    }

    /// `return`, or `throw`.
    fn leave_function(&mut self, ty: Type, is_thrown: bool) {
        if !is_thrown && self.state.is_reached {
            let returned = std::mem::replace(&mut self.returned, Type::NEVER);
            self.returned = returned.join(ty);
            self.returns.push(self.state.clone());
        }
        self.state.is_reached = false;
    }

    /// `break`, or `continue`.
    fn leave_turn(&mut self, is_break: bool) {
        let state = self.state.clone();
        if let Some(exits) = self.exits.last_mut() {
            let of = if is_break { &mut exits.breaks } else { &mut exits.continues };
            of.push(state);
        }
        self.state.is_reached = false;
    }

    fn for_each(&mut self, it: &(Ident, Option<Ident>, FlowControl)) {
        let (item, counter, flow) = it;
        let of = self.value(&flow.expr);
        let ty = self.items(&flow.expr, &of);
        let begin = |checker: &mut Self| {
            if let Some(counter) = counter {
                checker.define(counter.name.as_str(), Base::WholeNumber.into(), None);
            }
            checker.define(item.name.as_str(), ty.clone().into(), None);
        };
        self.looped(&flow.body, begin, (None, false));
    }

    fn choice(&mut self, flow: &FlowControl) -> Value {
        let condition = self.condition(&flow.expr);
        let truth = self.constant_condition(&flow.expr, &condition);
        let before = std::mem::replace(&mut self.state, State::new());
        let common = before.conditions.len();
        let then = self.assumed(before.clone(), &flow.expr, true);
        // In a call of a function, what its arguments decide is decided.
        let decided = truth.filter(|_| !self.is_own_text());
        let then = if decided == Some(false) { then.reaching(false) } else { then };
        self.state = with(then, &condition.term, true);
        let first = self.block(flow.body.statements());
        let after = std::mem::replace(&mut self.state, State::new());
        let otherwise = self.assumed(before, &flow.expr, false);
        let otherwise = if decided == Some(true) { otherwise.reaching(false) } else { otherwise };
        self.state = with(otherwise, &condition.term, false);
        let second = self.block(flow.branch.statements());
        let (is_first, is_second) = (after.is_reached, self.state.is_reached);
        let other = std::mem::replace(&mut self.state, State::new());
        self.state = after.join(other);
        if is_first && is_second {
            self.state.conditions.truncate(common);
        }
        match (is_first, is_second) {
            (true, false) => first,
            (false, true) => second,
            (_, _) => {
                let term = if first.term == second.term { first.term } else { Term::Unknown };
                Value::from(first.ty.join(second.ty)).meaning(term)
            }
        }
    }

    /// A condition whose value is known before the rule runs.
    fn constant_condition(&mut self, expression: &Expr, condition: &Value) -> Option<bool> {
        let known =
            super::logic::truth(&condition.term, self.entity.as_deref(), &self.state.conditions);
        let truth = known.or_else(|| self.message_known(&condition.term))?;
        let answer = if truth { "always" } else { "never" };
        let text = format!("this is {answer} so");
        self.find(finding::CONSTANT_CONDITION, expression.start_position(), text);
        Some(truth)
    }

    /// `ctx.message == "Create"`, in a step that runs on that alone, or never.
    fn message_known(&self, term: &Term) -> Option<bool> {
        let Term::Operation(sign @ ("==" | "!="), a, b) = term else { return None };
        let ((Term::Message, Term::Text(name)) | (Term::Text(name), Term::Message)) = (&**a, &**b)
        else {
            return None;
        };
        let mut all = self.registration.messages().map(|it| it.name() == name);
        let is_first = all.next()?;
        all.all(|it| it == is_first).then_some(is_first == (*sign == "=="))
    }

    fn try_catch(&mut self, flow: &FlowControl) -> Value {
        let before = self.state.clone();
        let first = self.block(flow.body.statements());
        let after = std::mem::replace(&mut self.state, State::new());
        // The error may have come at any point: nothing is known of what changed until then.
        let mut caught = before.clone().join(after.clone().reaching(true));
        caught.is_reached = before.is_reached;
        caught.forget_all();
        caught.conditions = before.conditions;
        self.state = caught;
        let depth = self.state.depth();
        if let Expr::Variable(name, _, _) = &flow.expr {
            self.define(name.1.as_str(), Base::Error.into(), None);
        }
        let second = self.block(flow.branch.statements());
        self.state.leave(depth);
        let other = std::mem::replace(&mut self.state, State::new());
        self.state = after.join(other);
        Value::from(first.ty.join(second.ty))
    }

    /// A value that nobody takes.
    fn dropped(&mut self, statement: &Stmt, value: &Value) {
        let call = match statement {
            Stmt::Expr(expression) => {
                let mut last = &**expression;
                while let Expr::Dot(chain, _, _) = last {
                    last = &chain.rhs;
                }
                match last {
                    Expr::MethodCall(call, position) | Expr::FnCall(call, position) => {
                        Some((&**call, *position))
                    }
                    Expr::Property(_, position) => {
                        let text = "this reads a value and drops it";
                        self.find(finding::UNUSED_RESULT, *position, text);
                        None
                    }
                    _ => None,
                }
            }
            Stmt::FnCall(call, position) => Some((&**call, *position)),
            _ => None,
        };
        let Some((call, position)) = call else { return };
        let is_operator = call.op_token.is_some();
        let is_own = self.script.tree.iter_functions().any(|it| it.name == call.name);
        if !is_own && (is_operator || PURE.contains(&call.name.as_str())) && !value.ty.is_null() {
            let text =
                format!("`{}` answers a value and changes nothing: it is dropped here", call.name);
            self.find(finding::UNUSED_RESULT, position, text);
        }
    }
}

/// A state in which one condition more holds, or does not.
pub(super) fn with(mut state: State, term: &Term, holds: bool) -> State {
    state.conditions.push(Condition { term: term.clone(), holds });
    state
}
