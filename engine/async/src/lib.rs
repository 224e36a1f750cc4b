//! The engine for tasks: an [`AsyncEngine`] carries each message on a thread of its own, and wakes
//! its caller once.
//!
//! The engine is synchronous: a message takes as long as its rules and its store do, and would hold
//! up every other task of the thread that polls it. Here a message hops once to a thread that may
//! wait, runs there from its first step to its commit, and its answer hops back.
//!
//! ```
//! use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
//! use rulegate::Engine;
//! use rulegate_async::{AsyncEngine, OrganizationServiceAsync};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let account = EntityDefinition::new("account").attribute("name", AttributeType::text(160));
//! let engine = Engine::builder(CatalogDraft::default().entity(account).check()?).build()?;
//! let engine = AsyncEngine::new(engine, 4)?;
//!
//! let acme = engine.create(engine.record("account")?.with("name", "Acme")?).await?;
//! assert_eq!(engine.retrieve(&acme).await?.get("name"), Some(&"Acme".into()));
//!
//! engine.close().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What holds, whatever polls the futures (they need no runtime):
//!
//! - A future does nothing until it is polled, as any future.
//! - Messages begin in the order in which they found a place in the queue. Where it is full, callers
//!   wait for a place.
//! - A future that is dropped before its message began takes the message back. One that is dropped
//!   later is not heard any more: the message runs to its end, and is saved whole or not at all.
//! - A hook that panics fails its message. What else panics on a thread panics in the task that
//!   asked, as it would have in a call. The thread goes on.
//! - [`close`](AsyncEngine::close) refuses new messages and waits for those that found a place.
//!   Dropping the last handle does the same, and waits for nothing.
//! - Time and identities are the engine's: nothing here asks for any.
//!
//! Hooks send through their context, as ever. One that waits for a message of its own engine through
//! this crate holds a thread that the message may need.

mod builder;
mod client;
mod engine;
mod queue;
mod service;
mod threads;

pub use self::builder::{AsyncEngineBuilder, StartError};
pub use self::client::AsyncClient;
pub use self::engine::AsyncEngine;
pub use self::service::OrganizationServiceAsync;
