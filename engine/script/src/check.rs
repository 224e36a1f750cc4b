//! Checking: what can be known of a rule set before a rule runs.
//!
//! ```text
//!   a rule's tree ──▶ typed ──▶ findings, each with its place
//!                       └─────▶ effects ──▶ of all rules together: loops, conflicts
//! ```
//!
//! Every expression has a type, and what cannot be known is `any`, of which nothing is said. A rule that checks
//! without an error, and without `any`, meets no value of a wrong type when it runs.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "Rhai's tree has many nodes, and what is not known is `any`"
)]

use std::sync::Arc;

use rhai::Position;
use rulegate::Catalog;

pub(crate) use self::checker::Script;
use self::checker::{Checker, Ground};
use crate::diagnostic::Diagnostic;
use crate::registration::{Known, Registration};
use crate::rule_set::{Library, MadeRule};
use crate::script::Parsed;

mod allow;
mod array;
mod assignment;
mod call;
mod chain;
mod checker;
mod comparison;
mod condition;
mod conflict;
mod context;
mod effects;
mod expression;
mod finding;
mod graph;
mod levels;
mod link;
mod logic;
mod looped;
mod mend;
mod place;
mod query;
mod record;
mod service;
mod shape;
mod state;
mod statement;
mod step;
mod switch;
mod types;
mod values;

pub(crate) use self::allow::settle;
pub(crate) use self::conflict::Met;
pub(crate) use self::effects::{Condition, Effects, Sent, Term, Write};
pub use self::finding::{FINDINGS, Finding};
pub use self::graph::Termination;
pub use self::levels::{Level, Levels, UnknownFinding};
pub use self::mend::{Mended, mend};

/// What the check of one file came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    pub(crate) findings: Vec<Diagnostic>,
    /// What each of its registrations can do to others.
    pub(crate) effects: Vec<Effects>,
    /// The first place of each registration where nothing is known of something that is used.
    pub(crate) unknown: Vec<Option<Position>>,
}

/// Checks the rules of a file, each of its registrations.
pub(crate) fn rule(
    parsed: &Parsed<'_>,
    registrations: &[Registration],
    (known, library): (Known<'_>, &Library),
) -> Report {
    let mut report = Report::default();
    let scripts = library.scripts();
    let ground = Ground { catalog: known.catalog, messages: known.messages, library: &scripts };
    let script = Script { file: parsed.file, tree: &parsed.tree };
    for (index, registration) in registrations.iter().enumerate() {
        let mut checker = Checker::new(ground, script, registration);
        checker.check();
        checker.step();
        if index == 0 {
            checker.top_level();
        }
        for found in checker.findings {
            if !report.findings.contains(&found) {
                report.findings.push(found);
            }
        }
        report.effects.push(checker.effects);
        report.unknown.push(checker.unknown);
    }
    report
}

/// Checks all rules together, each of which is good by itself.
pub(crate) fn together(
    rules: &[Arc<MadeRule>],
    catalog: &Catalog,
) -> (Vec<Diagnostic>, Termination) {
    let world = graph::World::new(rules, catalog);
    let (mut found, termination) = graph::loops(&world);
    found.extend(conflict::conflicts(&world, catalog));
    (found, termination)
}

/// How much of a set is checked when it is read. Errors refuse the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Check {
    /// All that can be known: types, meaning, and all rules together.
    #[default]
    Whole,
    /// Syntax, and what a rule says of its steps.
    Syntax,
}
