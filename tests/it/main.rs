//! Everything that tests the engine from outside, in one binary.
//!
//! In suggested reading order:

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes what tests share for production code"
)]

mod catalog; // The shipped entities against the facts.
mod cli; // The binary: what it says, and its exit codes.
mod diagnostics; // What authors see, whatever the file is.
mod entity_files; // Every mistake in an entity file, and what its author reads.
mod runs; // Every run against the transcript beside it.
mod text_values; // Values as people type them.
mod tidy; // What the compiler cannot check about our own code.
