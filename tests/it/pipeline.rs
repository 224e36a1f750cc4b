//! What the pipeline promises, one test a promise.
//!
//! The clauses that tests cite stand in the specification of Dataverse's event framework.

mod context; // What a hook sees.
mod faults; // What a caller hears of a failure.
mod filtering; // Which updates wake a step.
mod generations; // What a reload changes.
mod images; // A record before and after.
mod jobs; // What runs after the commit.
mod order; // Which step runs first.
mod reentrancy; // Messages within messages.
mod registration; // Which steps are refused.
mod shared_variables; // What hooks leave for each other.
mod stages; // Where a message passes, and what can be changed there.
mod trace_log; // A row for every run of a step.
mod transactions; // What is undone together. // Which step runs first.
