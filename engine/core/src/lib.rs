//! A message pipeline with hooks and rules for typed records, as in Dataverse.
#![expect(missing_docs, reason = "x")]
pub mod code;
pub mod metadata;
