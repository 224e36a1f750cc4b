//! The graph of a rule set: which rules wake which, and whether that ends.
//!
//! Every chain of messages that a client can begin is followed, with what is known of each: the values that it
//! carries, and those of its record where it is the same. A chain ends where its conditions contradict what is known.
//! What gets to the depth at which no step runs is a loop; where nothing does, every chain ends, and that is proved.
//!
//! Rules are taken by themselves, at the default depth limit. Hooks that a host writes in Rust are like clients: they may
//! send whatever they like, and what they do because of a rule's message is not followed, nor what they make of its target.
//! Only where a rule sends a custom message, whose main operation is such a hook, the answer is that it is not known.

mod arrival;
mod compare;
mod explore;
mod origin;
mod passage;
mod raise;
mod report;
mod row;
mod termination;
mod value;
mod view;
mod world;
mod written;

use rulegate::{Catalog, Message};

use self::row::{Rest, Row};
pub use self::termination::Termination;
use self::view::{Scene, View};
pub(super) use self::world::{Listener, World};
use super::conflict::Pair;
use super::effects::Condition;
use crate::diagnostic::Diagnostic;

/// Finds the loops of a rule set, and says whether every chain of its rules ends.
pub(super) fn loops(world: &World<'_>) -> (Vec<Diagnostic>, Termination) {
    let explored = explore::explore(world);
    report::report(world, &explored)
}

/// Whether both steps of a pair can run on one message with these conditions.
pub(super) fn can_meet<'a>(
    pair: Pair<'_, 'a>,
    (first, second): (&[&'a Condition], &[&'a Condition]),
    catalog: &'a Catalog,
) -> bool {
    let step = pair.first.step;
    let entity = step.entity().and_then(|it| catalog.entity(it).ok());
    let is_new = *step.message() == Message::Create;
    let scene = Scene {
        message: step.message().clone(),
        entity: entity.map(|it| &**it),
        depth: 1,
        target: Row::of(Rest::Sent),
        before: Row::of(if is_new { Rest::Null } else { Rest::Stored }),
        after: None,
    };
    View::new(&scene).with(&first.iter().chain(second).copied()).is_some()
}
