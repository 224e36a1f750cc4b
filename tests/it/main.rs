//! Everything that tests the engine from outside, in one binary.
//!
//! In suggested reading order:

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes what tests share for production code"
)]
#![expect(
    clippy::unnecessary_wraps,
    reason = "hooks answer with a result, also those that never fail"
)]

mod engines; // Engines that tests share, and hooks that remember.

mod conformance; // The cases of the specification, one test a case: what to read first.

mod pipeline; // What the pipeline promises, one test a promise.

mod messages; // What each message does with records.
mod store; // What every store does, whatever keeps its records.

mod facade; // What the engine promises to tasks of async hosts.

mod codes; // Every error code, in one snapshot.

mod differential; // Rules said twice: lowered to native code, and interpreted.
mod model; // The pipeline said twice: random sequences that both must play alike.
mod soundness; // What the checker lets pass, and what it meets when it runs.

mod catalog; // The shipped entities against the facts.
mod cli; // The binary: what it says, and its exit codes.
mod diagnostics; // What authors see, whatever the file is.
mod docs; // What the documents say, against the code.
mod entity_files; // Every mistake in an entity file, and what its author reads.
mod hooks; // What the shipped hooks promise, on the shipped entities.
mod hostile; // Rules that mean harm, and what stops each.
mod language; // What the words of rules do with whatever they are given.
mod limits; // Both sides of every limit.
mod lints; // What a check finds, and what it is silent about.
mod loops; // Rule sets that go on and on, and those that end, said beforehand and then played.
mod reload; // A save becomes the next generation, or its author hears why not.
mod runs; // Runs over the shipped rules, against their transcripts.
mod text_values; // Values as people type them.
mod tidy; // What the compiler cannot check about our own code.
mod together; // What rules do to each other.
