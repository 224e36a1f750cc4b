//! A message pipeline with hooks and rules for typed records, as in Dataverse.
//!
//! Every change to a record is a *message* (create, update, associate, …). The engine carries it through
//! four stages inside one transaction and lets *hooks* look at it, change it, or refuse it on the way.
//!
//! ```
//! use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
//! use rulegate::{Context, Engine, Message, OrganizationService, Stage, Step};
//!
//! let catalog = CatalogDraft::default().entity(
//!     EntityDefinition::new("account")
//!         .attribute("name", AttributeType::text(160))
//!         .attribute("creditlimit", AttributeType::whole_number(0, 1_000_000)),
//! );
//! let engine = Engine::builder(catalog.check()?)
//!     .step(Step::on(Message::Create, "account").at(Stage::PreOperation).run(
//!         "default-limit",
//!         |ctx: &mut Context| {
//!             let target = ctx.target_mut()?;
//!             if !target.has("creditlimit") {
//!                 target.set("creditlimit", 1_000)?;
//!             }
//!             Ok(())
//!         },
//!     ))
//!     .build()?;
//!
//! let acme = engine.create(engine.record("account")?.with("name", "Acme")?)?;
//! assert_eq!(engine.retrieve(&acme)?.get("creditlimit"), Some(&1_000.into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Start reading at [`pipeline`]: that one file is the whole machine.

pub mod bootstrap;
pub mod clock;
mod code;
pub mod engine;
pub mod error;
pub mod message;
pub mod metadata;
pub mod pipeline;
pub mod record;
pub mod settings;
pub mod store;

pub use crate::code::ErrorCode;
pub use crate::engine::{Client, Engine};
pub use crate::error::{Error, Fault};
pub use crate::message::{Message, Request, Response};
pub use crate::metadata::{Catalog, LogicalName};
pub use crate::pipeline::{
    Context, Hook, Mode, OrganizationService, Service, Stage, Step, Transcript,
};
pub use crate::record::{EntityReference, Query, Record, Value};
