//! `switch`: cases that are literals, found by their value.

use rhai::{Expr, Stmt, SwitchCasesCollection};
use rulegate::Value;

use super::Obstacle;
use super::kind::Kind;
use super::machine::{Flow, Run};
use super::statement::{Statements, Test};
use super::view::Local;

/// One block of a case, with its condition.
struct Block {
    condition: Option<Test>,
    run: Run,
}

/// Lowers a `switch` over whole numbers, texts or booleans.
pub(super) fn lower(
    statements: &mut Statements<'_, '_>,
    statement: &Stmt,
    switch: &(Expr, SwitchCasesCollection),
) -> Result<Run, Obstacle> {
    let (value, cases) = switch;
    let node = statements.node(value);
    let is_known = node
        .as_ref()
        .is_some_and(|it| matches!(it.kind(), Kind::WholeNumber | Kind::Text | Kind::Boolean));
    let (Some(node), true, true) = (node, is_known, cases.ranges.is_empty()) else {
        return statements.island(statement);
    };
    let (kind, native) = (node.kind(), node.value());
    let island = statements.island_of(value)?;
    statements.natives += 1;
    let mut blocks: Vec<(Value, Vec<Block>)> = Vec::new();
    let mut in_order: Vec<_> = cases.cases.values().collect();
    in_order.sort_by_key(|it| it.blocks.first());
    for case in in_order {
        let Local::Value(value) = Local::of(case.value.clone(), &Kind::Unknown) else {
            continue; // A value that no whole number, text or boolean equals.
        };
        let mut alternatives = Vec::new();
        for index in &case.blocks {
            alternatives.push(block(statements, cases, *index)?);
        }
        blocks.push((value, alternatives));
    }
    let default = cases.def_case.map(|it| block(statements, cases, it)).transpose()?;
    Ok(Box::new(move |machine| {
        let value = match machine.value(&native) {
            Some(value) => Local::Value(value),
            None => island.local(machine, &kind)?,
        };
        let case = match &value {
            Local::Value(value) => blocks.iter().find(|it| it.0 == *value),
            Local::Other(_) => None,
        };
        for block in case.iter().flat_map(|it| &it.1) {
            let is_it = match &block.condition {
                Some(condition) => condition(machine)?,
                None => true,
            };
            if is_it {
                return (block.run)(machine);
            }
        }
        match &default {
            Some(block) => (block.run)(machine),
            None => Ok(Flow::Next),
        }
    }))
}

fn block(
    statements: &mut Statements<'_, '_>,
    cases: &SwitchCasesCollection,
    index: usize,
) -> Result<Block, Obstacle> {
    let Some(block) = cases.expressions.get(index) else {
        return Err(Obstacle::new("a `switch`", rhai::Position::NONE));
    };
    let condition = match &block.lhs {
        Expr::BoolConstant(true, _) => None,
        other => Some(statements.test(other)?),
    };
    let run = statements.block(&[Stmt::Expr(block.rhs.clone().into())])?;
    Ok(Block { condition, run })
}
