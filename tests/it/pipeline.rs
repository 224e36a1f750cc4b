//! What the pipeline promises, one test a promise.
//!
//! The clauses that tests cite stand in the specification of Dataverse's event framework.

mod order; // Which step runs first.
mod stages; // Where a message passes, and what can be changed there.
mod transactions; // What is undone together.

mod configuration; // Two texts with which a step is registered.
mod context; // What a hook sees of its message.
mod filtering; // Which updates wake a step.
mod guards; // What would do nothing, and is not run.
mod images; // A record before the message and after the write.
mod options; // What a caller says beside the parameters.
mod properties; // The context of Dataverse, property by property.
mod reentrancy; // Messages within messages, and how deep they go.
mod shared_variables; // What hooks leave for each other.

mod faults; // What a caller hears of a failure.
mod generations; // What a reload changes, and what it leaves alone.
mod job_changes; // What can be asked of a job.
mod jobs; // What runs after the commit.
mod jobs_data; // What a job sees that another engine queued.
mod jobs_durable; // The same as records of the store.
mod jobs_leases; // Who runs a job, and what is there if it ends in between.
mod jobs_order; // Which job is next.
mod jobs_recovery; // What an engine finds of another's.
mod recent_steps; // Which ran last, and what came of them.
mod registration; // Which steps are refused.
mod trace_log; // A row for every run of a step.
mod trace_records; // The same in the store.
