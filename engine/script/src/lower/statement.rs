//! Statements: from the syntax tree to closures that act on the machine.

use std::sync::Arc;

use rhai::{ASTFlags, Expr, FlowControl, FnCallExpr, Stmt};
use rulegate::{Fault, Value};

use super::arithmetic::{Operation, calculate};
use super::chain::{self, Link};
use super::expression::{Expressions, written};
use super::island::Island;
use super::kind::Kind;
use super::machine::{Flow, Run};
use super::node::{Eval, Node};
use super::scope::{Bound, Scope};
use super::view::{Local, Source};
use super::{Obstacle, answer, looped, text};

/// Lowers statements, one after another.
pub(super) struct Statements<'a, 's> {
    pub(super) scope: &'s mut Scope<'a>,
    /// What Rhai always evaluates: it may send messages.
    pub(super) islands: Vec<Obstacle>,
    /// How many conditions and statements are lowered.
    pub(super) natives: usize,
    /// Whether statements stand in a loop, and are charged.
    pub(super) is_in_loop: bool,
    /// Whether there is a loop.
    pub(super) has_loops: bool,
}

pub(super) type Lowered = Result<Run, Obstacle>;

impl<'a, 's> Statements<'a, 's> {
    pub(super) fn new(scope: &'s mut Scope<'a>) -> Self {
        let (is_in_loop, has_loops) = (false, false);
        Self { scope, islands: Vec::new(), natives: 0, is_in_loop, has_loops }
    }
}

impl Statements<'_, '_> {
    /// Statements in a scope of their own.
    pub(super) fn block(&mut self, statements: &[Stmt]) -> Lowered {
        let depth = self.scope.depth();
        let mut runs: Vec<Run> = Vec::new();
        for statement in statements.iter().filter(|it| !it.is_noop()) {
            if self.is_in_loop {
                runs.push(looped::charge(statement.position()));
            }
            runs.extend(self.statement(statement)?);
        }
        self.scope.leave(depth);
        Ok(sequence(runs))
    }

    /// One statement; `None` where there is nothing to do.
    fn statement(&mut self, statement: &Stmt) -> Result<Option<Run>, Obstacle> {
        Ok(Some(match statement {
            Stmt::Noop(_) => return Ok(None),
            Stmt::Block(block) => self.block(block.statements())?,
            Stmt::If(flow, _) => self.choice(flow)?,
            Stmt::Var(definition, flags, _) => {
                return self.definition(&definition.0.name, &definition.1, *flags);
            }
            Stmt::Assignment(assignment) => {
                let sign = assignment.0.get_op_assignment_info().map(|it| it.4.clone());
                self.assignment(statement, (&assignment.1.lhs, sign, &assignment.1.rhs))?
            }
            Stmt::Return(value, flags, _) if flags.contains(ASTFlags::BREAK) => {
                self.throw(statement, value.as_deref())?
            }
            Stmt::Return(None, _, _) => Box::new(|_| Ok(Flow::Return)),
            Stmt::Return(Some(value), _, _) => {
                let run = self.expression(value)?;
                Box::new(move |machine| run(machine).map(|_| Flow::Return))
            }
            Stmt::For(it, _) => looped::lower_for(self, it)?,
            Stmt::While(flow, _) => looped::lower_while(self, flow)?,
            Stmt::BreakLoop(None, flags, _) if self.is_in_loop => {
                let flow =
                    if flags.contains(ASTFlags::BREAK) { Flow::Break } else { Flow::Continue };
                Box::new(move |_| Ok(flow))
            }
            Stmt::Switch(switch, _) => super::switch::lower(self, statement, switch)?,
            Stmt::FnCall(call, _) => self.call(statement, call)?,
            Stmt::Expr(expression) => match &**expression {
                Expr::FnCall(call, _) => self.call(statement, call)?,
                Expr::Stmt(block) => self.block(block.statements())?,
                other => self.expression(other)?,
            },
            _ => self.island(statement)?,
        }))
    }

    /// A statement that Rhai evaluates, always.
    pub(super) fn island(&mut self, statement: &Stmt) -> Lowered {
        self.islands.push(self.obstacle_in(statement));
        let island = self.island_of_statement(statement)?;
        Ok(Box::new(move |machine| island.act(machine).map(|()| Flow::Next)))
    }

    /// An expression whose value nobody wants.
    pub(super) fn expression(&mut self, expression: &Expr) -> Lowered {
        if let Some(run) = self.removal(expression) {
            return Ok(run);
        }
        let Some(native) = self.node(expression).map(Node::value) else {
            return self.island(&Stmt::Expr(expression.clone().into()));
        };
        let island = self.island_of(expression)?;
        self.natives += 1;
        Ok(Box::new(move |machine| {
            if machine.value(&native).is_none() {
                island.act(machine)?;
            }
            Ok(Flow::Next)
        }))
    }

    /// `ctx.target.remove("name");`
    fn removal(&mut self, expression: &Expr) -> Option<Run> {
        let (root, links) = chain::flatten(expression)?;
        let (Link::Method(call), [Link::Property("target")]) = links.split_last()? else {
            return None;
        };
        let [Expr::StringConstant(removed, _)] = &*call.args else { return None };
        let is_ours = self.scope.is_of_language("remove") && chain::is_context(self.scope, root);
        if call.name != "remove" || !is_ours {
            return None;
        }
        let ordinal = self.scope.entity.ordinal(removed)?;
        let island = Island::value(expression, self.scope)?;
        self.natives += 1;
        Some(Box::new(move |machine| {
            if machine.change(|target| drop(target.take(ordinal))).is_none() {
                island.act(machine)?;
            }
            Ok(Flow::Next)
        }))
    }

    fn choice(&mut self, flow: &FlowControl) -> Lowered {
        let test = self.test(&flow.expr)?;
        let then = self.block(flow.body.statements())?;
        if flow.branch.is_empty() {
            return Ok(Box::new(move |it| if test(it)? { then(it) } else { Ok(Flow::Next) }));
        }
        let otherwise = self.block(flow.branch.statements())?;
        Ok(Box::new(move |it| if test(it)? { then(it) } else { otherwise(it) }))
    }

    /// A condition. Of an `&&` or `||` that is not lowered whole, each operand is one.
    pub(super) fn test(&mut self, expression: &Expr) -> Result<Test, Obstacle> {
        let native = Expressions { scope: self.scope }.truth(expression);
        if let (None, Expr::And(operands, _) | Expr::Or(operands, _)) = (&native, expression) {
            let goes_on_while = matches!(expression, Expr::And(..));
            let tests: Vec<Test> =
                operands.iter().map(|it| self.test(it)).collect::<Result<_, _>>()?;
            return Ok(all(tests, goes_on_while));
        }
        match &native {
            Some(_) => self.natives += 1,
            None => self.islands.push(self.obstacle(expression)),
        }
        let island =
            Island::truth(expression, self.scope).ok_or_else(|| self.obstacle(expression))?;
        Ok(Box::new(move |machine| machine.truth(native.as_ref(), &island)))
    }

    fn definition(
        &mut self,
        name: &str,
        value: &Expr,
        flags: ASTFlags,
    ) -> Result<Option<Run>, Obstacle> {
        let is_constant = flags.contains(ASTFlags::CONSTANT);
        if let Some(source) = chain::record(self.scope, value) {
            self.scope.define(name, is_constant, Bound::Record(source));
            return Ok(None);
        }
        let island = self.island_of(value)?;
        let Some(node) = self.node(value) else {
            self.islands.push(self.obstacle(value));
            let kind = answer::kind(value, self.scope);
            let index = self.scope.new_local();
            self.scope.define(name, is_constant, Bound::Local(index, kind.clone()));
            return Ok(Some(Box::new(move |machine| {
                let value = island.local(machine, &kind)?;
                machine.set(index, value);
                Ok(Flow::Next)
            })));
        };
        let (kind, native) = (node.kind(), node.value());
        self.natives += 1;
        let index = self.scope.new_local();
        self.scope.define(name, is_constant, Bound::Local(index, kind.clone()));
        Ok(Some(Box::new(move |machine| {
            let value = match machine.value(&native) {
                Some(value) => Local::Value(value),
                None => island.local(machine, &kind)?,
            };
            machine.set(index, value);
            Ok(Flow::Next)
        })))
    }

    fn assignment(
        &mut self,
        statement: &Stmt,
        (to, sign, value): (&Expr, Option<rhai::Token>, &Expr),
    ) -> Lowered {
        if let Expr::Variable(variable, _, _) = to {
            return self.assign_local(statement, (&variable.1, sign, value));
        }
        let Some((ordinal, native)) = self.new_value(to, sign, value) else {
            return self.island(statement);
        };
        let island = self.island_of_statement(statement)?;
        self.natives += 1;
        Ok(Box::new(move |machine| {
            let value = machine.value(&native);
            if value.and_then(|it| machine.change(|target| target.put(ordinal, it))).is_none() {
                island.act(machine)?;
            }
            Ok(Flow::Next)
        }))
    }

    /// What an attribute of the target becomes; `None` where only Rhai knows it.
    fn new_value(
        &self,
        to: &Expr,
        sign: Option<rhai::Token>,
        value: &Expr,
    ) -> Option<(rulegate::metadata::Ordinal, Eval<Value>)> {
        let (ordinal, kind) = chain::target_attribute(self.scope, to)?;
        let mut node = self.node(value)?;
        if let Some(sign) = sign {
            let before = Node::attribute(&Source::Target, ordinal, &kind)?;
            node = calculate(Operation::of(&sign)?, before, node)?;
        }
        Some((ordinal, written(node, self.scope.entity.attribute_at(ordinal)?)?))
    }

    fn assign_local(
        &mut self,
        statement: &Stmt,
        (name, sign, value): (&str, Option<rhai::Token>, &Expr),
    ) -> Lowered {
        let known = self.scope.name(name).cloned();
        let island = self.island_of_statement(statement)?;
        let (Some(Bound::Local(index, kind)), false) =
            (known.as_ref().map(|it| &it.bound), known.as_ref().is_some_and(|it| it.is_constant))
        else {
            return Err(self.obstacle_in(statement));
        };
        let index = *index;
        let mut node = self.node(value);
        if let Some(sign) = sign {
            node = Operation::of(&sign)
                .and_then(|how| calculate(how, Node::local(index, kind)?, node?));
        }
        // An option that is kept in a variable of another kind would forget of which set it is.
        let is_lost = |it: &Node| matches!(it.kind(), Kind::Choice(_)) && it.kind() != *kind;
        let Some(native) = node.filter(|it| !is_lost(it)).map(Node::value) else {
            self.islands.push(self.obstacle_in(statement));
            return Ok(Box::new(move |machine| island.act(machine).map(|()| Flow::Next)));
        };
        self.natives += 1;
        Ok(Box::new(move |machine| {
            if let Some(value) = machine.value(&native) {
                machine.set(index, Local::Value(value));
            } else {
                island.act(machine)?;
            }
            Ok(Flow::Next)
        }))
    }

    fn throw(&mut self, statement: &Stmt, value: Option<&Expr>) -> Lowered {
        let message = match value {
            Some(value) => self.node(value).and_then(text::required),
            None => {
                Some(Box::new(|_: &super::view::View<'_>| Some(Arc::from(""))) as Eval<Arc<str>>)
            }
        };
        self.refusal(statement, None, message)
    }

    fn call(&mut self, statement: &Stmt, call: &FnCallExpr) -> Lowered {
        if !call.namespace.path.is_empty() || call.op_token.is_some() {
            return self.dropped(statement);
        }
        match (call.name.as_str(), &*call.args) {
            ("reject", [message]) => {
                let message = self.node(message).and_then(text::required);
                self.refusal(statement, None, message)
            }
            ("reject", [code, message]) => {
                let code = self.node(code).and_then(text::required);
                let message = self.node(message).and_then(text::required);
                let message = message.filter(|_| code.is_some());
                self.refusal(statement, code, message)
            }
            ("trace", [line]) => {
                let Some(line) = self.node(line).and_then(text::required) else {
                    return self.dropped(statement);
                };
                let island = self.island_of_statement(statement)?;
                self.natives += 1;
                Ok(Box::new(move |machine| {
                    match machine.look(&line) {
                        Some(line) => machine.trace(&line),
                        None => island.act(machine)?,
                    }
                    Ok(Flow::Next)
                }))
            }
            (_, _) => self.dropped(statement),
        }
    }

    /// A call whose value nobody wants.
    fn dropped(&mut self, statement: &Stmt) -> Lowered {
        match statement {
            Stmt::Expr(expression) => self.expression(expression),
            _ => self.island(statement),
        }
    }

    /// `reject` and `throw`: a refusal with these words, where they are lowered and known.
    fn refusal(
        &mut self,
        statement: &Stmt,
        code: Option<Eval<Arc<str>>>,
        message: Option<Eval<Arc<str>>>,
    ) -> Lowered {
        let Some(message) = message else { return self.island(statement) };
        let island = self.island_of_statement(statement)?;
        self.natives += 1;
        Ok(Box::new(move |machine| {
            let code = code.as_ref().map(|it| machine.look(it));
            let fault = match (code, machine.look(&message)) {
                (None, Some(message)) => Some(Fault::reject(&*message)),
                (Some(Some(code)), Some(message)) => Some(Fault::reject_with(&*code, &*message)),
                (_, _) => None,
            };
            match fault {
                Some(fault) => Err(Box::new(fault)),
                None => island.act(machine).map(|()| Flow::Next),
            }
        }))
    }

    pub(super) fn obstacle(&self, expression: &Expr) -> Obstacle {
        Obstacle::expression(Expressions { scope: self.scope }.culprit(expression))
    }

    fn obstacle_in(&self, statement: &Stmt) -> Obstacle {
        match statement {
            Stmt::Expr(expression) => self.obstacle(expression),
            Stmt::Assignment(it) if self.node(&it.1.rhs).is_none() => self.obstacle(&it.1.rhs),
            other => Obstacle::statement(other),
        }
    }

    pub(super) fn node(&self, expression: &Expr) -> Option<Node> {
        Expressions { scope: self.scope }.node(expression)
    }

    pub(super) fn island_of(&self, expression: &Expr) -> Result<Island, Obstacle> {
        Island::value(expression, self.scope).ok_or_else(|| self.obstacle(expression))
    }

    fn island_of_statement(&self, statement: &Stmt) -> Result<Island, Obstacle> {
        Island::statement(statement, self.scope).ok_or_else(|| self.obstacle_in(statement))
    }
}

/// A lowered condition.
pub(super) type Test =
    Box<dyn Fn(&mut super::machine::Machine<'_>) -> Result<bool, Box<Fault>> + Send + Sync>;

/// Conditions one after another, until one decides.
fn all(tests: Vec<Test>, goes_on_while: bool) -> Test {
    Box::new(move |machine| {
        for test in &tests {
            if test(machine)? != goes_on_while {
                return Ok(!goes_on_while);
            }
        }
        Ok(goes_on_while)
    })
}

/// Statements one after another, until one leads elsewhere.
fn sequence(mut runs: Vec<Run>) -> Run {
    if runs.len() == 1
        && let Some(only) = runs.pop()
    {
        return only;
    }
    Box::new(move |machine| {
        for run in &runs {
            let flow = run(machine)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    })
}
