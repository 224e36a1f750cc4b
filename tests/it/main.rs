//! Everything that tests the engine from outside, in one binary.
//!
//! In suggested reading order:

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes what tests share for production code"
)]

mod engines; // Engines that tests share, and hooks that remember.

mod pipeline; // What the pipeline promises, one test a promise.

mod catalog; // The shipped entities against the facts.
mod diagnostics; // What authors see, whatever the file is.
mod entity_files; // Every mistake in an entity file, and what its author reads.
mod hooks; // What the shipped hooks promise, on the shipped entities.
mod hostile; // Rules that mean harm, and what stops each.
mod language; // What the words of rules do with whatever they are given.
mod limits; // Both sides of every limit.
mod runs; // Runs over the shipped rules, against their transcripts.
mod tidy; // What the compiler cannot check about our own code.
