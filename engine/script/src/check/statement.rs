//! Statements: one after another, and what each changes of what is known.

use rhai::{ASTFlags, Expr, FlowControl, Position, Stmt, StmtBlock, SwitchCasesCollection};

use super::checker::{Checker, Exits, Value};
use super::effects::{Condition, Term};
use super::expression::{article, is_vague, subject};
use super::finding;
use super::place::words;
use super::state::{Known, State};
use super::types::{Base, Origin, Part, Type};

/// How often a loop is gone through at most until nothing new is learned of it.
const TURNS: usize = 6;

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
                let sign = assignment.0.get_op_assignment_info().map(|it| it.5);
                let position = assignment.0.position();
                self.assignment(&assignment.1.lhs, sign, &assignment.1.rhs, position);
                nothing
            }
            Stmt::Return(value, flags, _) => {
                let value = value.as_ref().map_or(Value::from(Type::NULL), |it| self.value(it));
                if !flags.contains(ASTFlags::BREAK) && self.state.is_reached {
                    let returned = std::mem::replace(&mut self.returned, Type::NEVER);
                    self.returned = returned.join(value.ty);
                    self.returns.push(self.state.clone());
                }
                self.state.is_reached = false;
                Type::NEVER.into()
            }
            Stmt::BreakLoop(value, flags, _) => {
                if let Some(value) = value {
                    self.value(value);
                }
                let state = self.state.clone();
                if let Some(exits) = self.exits.last_mut() {
                    let of = if flags.contains(ASTFlags::BREAK) {
                        &mut exits.breaks
                    } else {
                        &mut exits.continues
                    };
                    of.push(state);
                }
                self.state.is_reached = false;
                Type::NEVER.into()
            }
            Stmt::For(it, _) => {
                let (item, counter, flow) = &**it;
                let of = self.value(&flow.expr);
                let item_type = self.items(&flow.expr, &of);
                self.looped(
                    &flow.body,
                    |checker| {
                        if let Some(counter) = counter {
                            checker.define(counter.name.as_str(), Base::WholeNumber.into(), None);
                        }
                        checker.define(item.name.as_str(), item_type.clone().into(), None);
                    },
                    (None, false),
                );
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

    /// What a loop goes through.
    fn items(&mut self, expression: &Expr, of: &Value) -> Type {
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
    fn looped(
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
    fn turn(
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

    fn switch(&mut self, subject_of: &Expr, cases: &SwitchCasesCollection) -> Value {
        let value = self.value(subject_of);
        self.switch_subject(subject_of, &value, cases);
        let before = std::mem::replace(&mut self.state, State::new());
        let key = value.key.clone();
        let mut ends: Option<State> = None;
        let mut answer = Type::NEVER;
        let mut blocks: Vec<(usize, bool)> = Vec::new();
        for case in cases.cases.values() {
            let is_null = case.value.is_unit();
            blocks.extend(case.blocks.iter().map(|it| (*it, !is_null)));
        }
        blocks.extend(cases.ranges.iter().map(|it| (it.index(), true)));
        blocks.extend(cases.def_case.map(|it| (it, false)));
        blocks.sort_unstable();
        // One block may stand for several cases: it is present where all of them are.
        let mut merged: Vec<(usize, bool)> = Vec::new();
        for (index, present) in blocks {
            match merged.last_mut() {
                Some(last) if last.0 == index => last.1 &= present,
                _ => merged.push((index, present)),
            }
        }
        for (index, is_present) in merged {
            let Some(block) = cases.expressions.get(index) else { continue };
            let mut state = before.clone();
            if is_present && let Some(key) = &key {
                let known = Known { ty: value.ty.clone().present(), term: value.term.clone() };
                state.learn(key, known);
            }
            self.state = with(state, &Term::Unknown, true);
            if !matches!(block.lhs, Expr::BoolConstant(true, _)) {
                self.condition(&block.lhs);
                let state = std::mem::replace(&mut self.state, State::new());
                self.state = self.assumed(state, &block.lhs, true);
            }
            let value = self.value(&block.rhs);
            let state = std::mem::replace(&mut self.state, State::new());
            if state.is_reached {
                answer = answer.join(value.ty);
            }
            ends = Some(match ends {
                Some(ends) => ends.join(state),
                None => state,
            });
        }
        let has_default = cases.def_case.is_some();
        let mut end = match ends {
            Some(ends) if has_default => ends,
            Some(ends) => ends.join(before.clone()),
            None => before.clone(),
        };
        if end.is_reached {
            end.conditions = before.conditions;
        }
        self.state = end;
        if !has_default {
            answer = answer.join(Type::NULL);
        }
        answer.into()
    }

    /// Cases that never come.
    fn switch_subject(&mut self, expression: &Expr, value: &Value, cases: &SwitchCasesCollection) {
        if let Some(Base::Choice(of)) = &value.ty.base {
            let text = format!("{} is an option, which no literal is", subject(expression));
            let help = format!(
                "write `switch {}.name`, with the names of `{}` as cases",
                words(expression).unwrap_or_default(),
                of.entity.name(of.ordinal)
            );
            self.find_help(finding::NEVER_EQUAL, expression.start_position(), (text, help));
            return;
        }
        let Some(of) = &value.named else {
            if is_vague(&value.ty) {
                self.unsure(expression.start_position());
            }
            return;
        };
        let kind = of.entity.attribute_at(of.ordinal).map(|it| &it.kind);
        let Some(set) = kind.and_then(|it| it.option_set()) else { return };
        for case in cases.cases.values() {
            let Some(text) = case.value.read_lock::<rhai::ImmutableString>() else { continue };
            if set.by_name(&text).is_none() {
                let names: Vec<&str> = set.options.iter().map(|it| it.name.as_str()).collect();
                let message = format!(
                    "`{}` has no option `{}`: this case never comes",
                    of.entity.name(of.ordinal),
                    &*text
                );
                let help = format!("its options are {}", names.join(", "));
                self.find_help(finding::NEVER_EQUAL, expression.start_position(), (message, help));
            }
        }
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

    fn assignment(&mut self, to: &Expr, sign: Option<&str>, value: &Expr, position: Position) {
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
            Expr::Variable(name, _, _) => {
                if let Some((index, _)) = self.variable(&name.1) {
                    let alias = given.key.clone();
                    let is_record = matches!(given.ty.base, Some(Base::Record(_)));
                    self.state.assign(index, Known { ty: given.ty, term: given.term });
                    if let Some(name) = self.state.at(index) {
                        name.alias = alias.filter(|_| is_record);
                    }
                }
            }
            Expr::Dot(chain, _, _) | Expr::Index(chain, _, _) => self.set(to, chain, value, given),
            _ => {
                self.unsure(position);
                self.state.forget_all();
            }
        }
    }

    /// `a.b.c = …`: what the last link is set to.
    fn set(&mut self, to: &Expr, chain: &rhai::BinaryExpr, value: &Expr, given: Value) {
        // What stands before the last link is read.
        let (holder, last, is_index) = split(to);
        let holder = match holder {
            Some(holder) => self.value(&holder),
            None => self.value(&chain.lhs),
        };
        let name = match (&last, is_index) {
            (Expr::Property(name, position), false) => Some((name.2.to_string(), *position)),
            (index, true) => match self.value(index).term {
                Term::Text(text) => Some((text, index.start_position())),
                _ => None,
            },
            (_, _) => None,
        };
        match (holder.ty.base.clone(), name) {
            (Some(Base::Record(row)), Some((name, position))) => {
                if holder.ty.may_be_null() {
                    let text = format!("this may be null, and null has no `{name}`");
                    self.find(finding::POSSIBLE_NULL, position, text);
                }
                if self.attribute(&row.entity, (&name, position)).is_none() {
                    return;
                }
                self.assignable(&row.entity, (&name, value.start_position()), (value, &given));
                self.changes(&row, (&name, position), given.term.clone());
                self.state.forget(&name);
                if let Some(key) = holder.key {
                    let read = Type::of(&row.entity, &name).unwrap_or(Type::ANY);
                    let is_null = given.ty.is_nullable;
                    let ty = if is_null { read } else { read.present() };
                    self.state.learn(&format!("{key}.{name}"), Known { ty, term: given.term });
                }
            }
            (Some(Base::Record(row)), None) => {
                if row.of == Origin::Target {
                    self.effects.unknown.push((
                        "an attribute whose name is computed".to_owned(),
                        last.start_position(),
                    ));
                }
                self.unsure(last.start_position());
                self.state.forget_all();
            }
            (Some(Base::Entries(part)), name) => self.set_entry(part, name, last.start_position()),
            (Some(Base::Map(entries)), name) => {
                if let (Some(mut entries), Some((name, _)), Some(index)) =
                    (entries, name, holder.key.as_deref().and_then(variable))
                {
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
                self.unsure(last.start_position());
                self.state.forget_all();
            }
            (Some(other), _) => {
                let text = format!("nothing of {} can be set", article(&other.into()));
                self.find(finding::WRONG_TYPE, last.start_position(), text);
            }
        }
    }

    fn forget_holder(&mut self, key: Option<&str>) {
        match key.and_then(root) {
            Some(index) => self.state.assign(index, Known::of(Type::ANY)),
            None => self.state.forget_all(),
        }
    }

    fn set_entry(&mut self, part: Part, name: Option<(String, Position)>, position: Position) {
        match part {
            Part::Variables => {
                let at = name.as_ref().map_or(position, |it| it.1);
                self.shares((name.as_ref().map(|it| it.0.as_str()), at), true);
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
            Part::Input | Part::Output => {
                self.effects.unknown.push(("a parameter of its message".to_owned(), position));
            }
        }
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
        let is_operator = call.op_token.is_some();
        let is_own = self.script.tree.iter_functions().any(|it| it.name == call.name);
        if !is_own && (is_operator || PURE.contains(&call.name.as_str())) && !value.ty.is_null() {
            let what =
                if is_operator { format!("`{}`", call.name) } else { format!("`{}`", call.name) };
            let text = format!("{what} answers a value and changes nothing: it is dropped here");
            self.find(finding::UNUSED_RESULT, position, text);
        }
    }
}

/// A state in which one condition more holds, or does not.
fn with(mut state: State, term: &Term, holds: bool) -> State {
    state.conditions.push(Condition { term: term.clone(), holds });
    state
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
            let rhs = match before {
                Some(before) => before,
                None => return (None, last, is_index_too),
            };
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
