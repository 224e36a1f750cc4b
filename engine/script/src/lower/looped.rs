//! Loops: over arrays, over whole numbers, and while a condition holds. Each statement and each turn is charged
//! to the budget of the rule.

use std::ops::{Range, RangeInclusive};

use rhai::{Array, EvalAltResult, Expr, FlowControl, Ident, Position, Token};
use rulegate::{Fault, Value};

use super::answer;
use super::island::Island;
use super::kind::Kind;
use super::machine::{Flow, Machine, Run};
use super::node::{Eval, Node};
use super::scope::Bound;
use super::statement::{Lowered, Statements, Test};
use super::view::Local;
use crate::language::error::{Raise, ended};
use crate::limits;

/// What a `for` goes through.
enum Through {
    /// What Rhai finds: an array.
    Array(Island),
    /// Whole numbers that stand in the rule.
    Range(Range<i64>),
    /// Whole numbers from one to another, the last of them included or not; by Rhai, where one is not known.
    Numbers(Eval<i64>, Eval<i64>, bool, Island),
}

/// A statement that charges one operation.
pub(super) fn charge(position: Position) -> Run {
    Box::new(move |machine| {
        charged(machine, position)?;
        Ok(Flow::Next)
    })
}

fn charged(machine: &mut Machine<'_>, position: Position) -> Result<(), Box<Fault>> {
    Raise::within(limits::charge())
        .map_err(|error| Box::new(machine.rule.placed(ended(error), position)))
}

/// `for name in values { … }`
pub(super) fn lower_for(
    statements: &mut Statements<'_, '_>,
    (name, counter, flow): &(Ident, Option<Ident>, FlowControl),
) -> Lowered {
    let turns = flow.body.position();
    let (through, kind) = through(statements, &flow.expr)?;
    let depth = statements.scope.depth();
    let mut define = |name: &Ident, kind: &Kind| {
        let local = statements.scope.new_local();
        statements.scope.define(&name.name, false, Bound::Local(local, kind.clone()));
        local
    };
    let counter = counter.as_ref().map(|it| define(it, &Kind::WholeNumber));
    let local = define(name, &kind);
    let body = body(statements, flow)?;
    statements.scope.leave(depth);
    let turn = move |machine: &mut Machine<'_>, count: usize, value: Local| {
        charged(machine, turns)?;
        if let Some(counter) = counter {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            machine.set(counter, Local::Value(Value::WholeNumber(count)));
        }
        machine.set(local, value);
        body(machine)
    };
    let place = flow.expr.start_position();
    let number = |it| Local::Value(Value::WholeNumber(it));
    Ok(match through {
        Through::Range(range) => {
            Box::new(move |machine| each(machine, range.clone().map(number), &turn))
        }
        Through::Array(island) => Box::new(move |machine| {
            let values = array(machine, &island, (&kind, place))?;
            each(machine, values.into_iter(), &turn)
        }),
        Through::Numbers(from, to, is_inclusive, island) => Box::new(move |machine| {
            let numbers = match (machine.look(&from), machine.look(&to)) {
                (Some(from), Some(to)) if is_inclusive => Numbers::Inclusive(from..=to),
                (Some(from), Some(to)) => Numbers::Exclusive(from..to),
                (_, _) => numbers(machine, &island, place)?,
            };
            match numbers {
                Numbers::Inclusive(range) => each(machine, range.map(number), &turn),
                Numbers::Exclusive(range) => each(machine, range.map(number), &turn),
            }
        }),
    })
}

/// A range of whole numbers.
enum Numbers {
    Inclusive(RangeInclusive<i64>),
    Exclusive(Range<i64>),
}

/// The range that Rhai finds.
fn numbers(
    machine: &mut Machine<'_>,
    island: &Island,
    place: Position,
) -> Result<Numbers, Box<Fault>> {
    let found = island.run(machine)?;
    if let Some(range) = found.clone().try_cast::<Range<i64>>() {
        return Ok(Numbers::Exclusive(range));
    }
    match found.try_cast::<RangeInclusive<i64>>() {
        Some(range) => Ok(Numbers::Inclusive(range)),
        None => Err(Box::new(no_loop(machine, place))),
    }
}

/// What Rhai says where there is nothing to go through.
fn no_loop(machine: &Machine<'_>, place: Position) -> Fault {
    let error = ended(Box::new(EvalAltResult::ErrorFor(place)));
    machine.rule.placed(error, place)
}

/// `while condition { … }` and `loop { … }`
pub(super) fn lower_while(statements: &mut Statements<'_, '_>, flow: &FlowControl) -> Lowered {
    let turns = flow.body.position();
    let test: Option<Test> = match &flow.expr {
        Expr::Unit(_) | Expr::BoolConstant(true, _) => None,
        condition => Some(statements.test(condition)?),
    };
    let body = body(statements, flow)?;
    Ok(Box::new(move |machine| {
        loop {
            charged(machine, turns)?;
            let goes_on = match &test {
                Some(test) => test(machine)?,
                None => true,
            };
            if !goes_on {
                return Ok(Flow::Next);
            }
            match body(machine)? {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Ok(Flow::Next),
                Flow::Return => return Ok(Flow::Return),
            }
        }
    }))
}

fn body(statements: &mut Statements<'_, '_>, flow: &FlowControl) -> Lowered {
    let was_in_loop = std::mem::replace(&mut statements.is_in_loop, true);
    statements.has_loops = true;
    let body = statements.block(flow.body.statements());
    statements.is_in_loop = was_in_loop;
    body
}

fn through(
    statements: &mut Statements<'_, '_>,
    expression: &Expr,
) -> Result<(Through, Kind), super::Obstacle> {
    if let Expr::FnCall(call, _) = expression
        && let (Some(sign), [from, to]) = (&call.op_token, &*call.args)
        && matches!(sign, Token::ExclusiveRange | Token::InclusiveRange)
        && let (Some(Node::WholeNumber(from)), Some(Node::WholeNumber(to))) =
            (statements.node(from), statements.node(to))
    {
        let is_inclusive = *sign == Token::InclusiveRange;
        let island = statements.island_of(expression)?;
        statements.natives += 1;
        let numbers = Through::Numbers(from.present(), to.present(), is_inclusive, island);
        return Ok((numbers, Kind::WholeNumber));
    }
    if let Expr::DynamicConstant(range, _) = expression
        && let Some(range) = range.clone().try_cast::<Range<i64>>()
    {
        statements.natives += 1;
        return Ok((Through::Range(range), Kind::WholeNumber));
    }
    let kind = answer::kind(expression, statements.scope);
    if !matches!(kind, Kind::Records(_)) {
        return Err(statements.obstacle(expression));
    }
    statements.islands.push(statements.obstacle(expression));
    let element = answer::element(&kind);
    Ok((Through::Array(statements.island_of(expression)?), element))
}

/// The elements of the array that Rhai finds.
fn array(
    machine: &mut Machine<'_>,
    island: &Island,
    (kind, place): (&Kind, Position),
) -> Result<Vec<Local>, Box<Fault>> {
    let found = island.run(machine)?;
    let elements = found.try_cast::<Array>().ok_or_else(|| Box::new(no_loop(machine, place)))?;
    Ok(elements.into_iter().map(|it| Local::of(it, kind)).collect())
}

/// One turn for each value.
fn each(
    machine: &mut Machine<'_>,
    values: impl Iterator<Item = Local>,
    turn: &impl Fn(&mut Machine<'_>, usize, Local) -> Result<Flow, Box<Fault>>,
) -> Result<Flow, Box<Fault>> {
    for (count, value) in values.enumerate() {
        match turn(machine, count, value)? {
            Flow::Next | Flow::Continue => {}
            Flow::Break => return Ok(Flow::Next),
            Flow::Return => return Ok(Flow::Return),
        }
    }
    Ok(Flow::Next)
}
