//! What each message does with records, one test a promise.

mod create; // A record comes into being.
mod delete; // A record goes, and those that refer to it.
mod parts; // A state that changes with more, in two parts.
mod related; // Create and Update with related records.
mod update; // Some attributes change.

mod dates; // Dates and moments.
mod money; // Amounts and decimals, and how they are rounded.
mod parties; // Who takes part in an activity.
mod values; // What fits an attribute.

mod cascades; // What an owner's change does to the children.
mod ownership; // Whose a record is.
mod state; // States, status reasons and transitions.

mod concurrency; // Row versions, and threads that meet.
mod conflicts; // Stores that answer at once that two met.
mod keys; // Alternate keys and Upsert.

mod computed; // Attributes of other records, and what is computed of many.
mod paging; // Records are searched page by page.
mod query; // Records are searched.
mod retrieve; // A record is read.

mod associate; // Records are linked.
mod batches; // Many messages in one call.
mod custom;
mod multiple; // Many records in one message. // What an embedder adds.
