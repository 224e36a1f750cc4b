//! What each message does with records, one test a promise.

mod associate; // Records are linked.
mod batches; // Many messages in one call.
mod cascades; // What an owner's change does to the children.
mod concurrency; // Row versions, and threads that meet.
mod create; // A record comes into being.
mod custom; // What an embedder adds.
mod dates; // Dates and moments.
mod delete; // A record goes, and those that refer to it.
mod keys; // Alternate keys and Upsert.
mod money; // Amounts and decimals, and how they are rounded.
mod ownership; // Whose a record is.
mod paging; // Records are searched page by page.
mod query; // Records are searched.
mod retrieve; // A record is read.
mod state; // States, status reasons and transitions.
mod update; // Some attributes change.
mod values; // What fits an attribute.
