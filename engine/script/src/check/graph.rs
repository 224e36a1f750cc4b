//! The graph of a rule set: which rules wake which, and whether that ends.
//!
//! Every chain of messages that a client can begin is followed, with what is known of each: the values that it
//! carries, and those of its record where it is the same. A chain ends where its conditions contradict what is known.
//! What gets to the depth at which no step runs is a loop; where nothing does, every chain ends, and that is proved.
//!
//! Rules are taken by themselves. Hooks that a host writes in Rust are like clients: they may send whatever they like, and
//! what they do because of a rule's message is not followed. Only where a rule sends a custom message, whose main operation
//! is such a hook, the answer is that it is not known.

mod arrival;
mod explore;
mod report;
mod row;
mod termination;
mod value;
mod view;
mod world;
mod written;

use std::sync::Arc;

use rulegate::Catalog;

pub use self::termination::Termination;
use crate::diagnostic::Diagnostic;
use crate::rule_set::MadeRule;

/// Finds the loops of a rule set, and says whether every chain of its rules ends.
pub(super) fn loops(rules: &[Arc<MadeRule>], catalog: &Catalog) -> (Vec<Diagnostic>, Termination) {
    let world = world::World::new(rules.iter().map(|it| &**it), catalog);
    let explored = explore::explore(&world);
    report::report(&world, &explored)
}
