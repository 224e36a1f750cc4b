//! Hooks in Rust that ship with the engine: what Dataverse does around the entities of a sales team.
//!
//! ```
//! use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
//! use rulegate::{Engine, OrganizationService};
//!
//! let contact = EntityDefinition::new("contact")
//!     .attribute("firstname", AttributeType::text(50))
//!     .attribute("lastname", AttributeType::text(50))
//!     .attribute("fullname", AttributeType::text(160));
//! let mut builder = Engine::builder(CatalogDraft::default().entity(contact).check()?);
//! hooks::install(&mut builder);
//! let engine = builder.build()?;
//!
//! let ada = engine.record("contact")?.with("firstname", "Ada")?.with("lastname", "Lovelace")?;
//! let ada = engine.create(ada)?;
//! assert_eq!(engine.retrieve(&ada)?.get("fullname"), Some(&"Ada Lovelace".into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! One file a hook. This crate sees only the engine's public API: whatever is awkward to write here is
//! awkward for everyone.
//!
//! Invariants:
//!
//! - A hook does nothing to entities that lack what it works on. It never stops an engine from being built.
//! - Hooks that look at what is written run behind all rules of their stage, those that prepare the
//!   ground run before them (P-7).

mod close_opportunity; // Messages that close an opportunity.
mod lose;
mod win;

mod complete_opportunity_close; // Opportunities.
mod guard_opportunity_currency;
mod guard_opportunity_product;
mod guard_opportunity_state;
mod opportunity;
mod parent_customer;
mod strict_parent;

mod mirror_opportunity_state; // Opportunity relationships.
mod unique_opportunity_role;

mod base_currency; // Whatever has amounts or names.
mod currency;
mod full_name;
mod price_list;

use rulegate::engine::EngineBuilder;
use rulegate::metadata::EntityMetadata;
use rulegate::{Context, Step};

/// Before any rule of the stage, where Dataverse has its internal stages 15 and 35 (P-3, P-7).
const BEFORE_RULES: i32 = i32::MIN;
/// Behind all rules of the stage, where Dataverse has its internal stages 25 and 45 (P-3, P-7).
const AFTER_RULES: i32 = i32::MAX;

/// What Dataverse does in some versions, and not in others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Whether an opportunity must have a customer (O-31).
    pub strict_parent: bool,
}

/// Registers every message and every step of this crate.
pub fn install(builder: &mut EngineBuilder) {
    install_with(builder, Options::default());
}

/// The same, with what not every version does.
pub fn install_with(builder: &mut EngineBuilder, options: Options) {
    builder.add_message(win::message(), win::win);
    builder.add_message(lose::message(), lose::lose);
    let strict = options.strict_parent.then(strict_parent::steps).into_iter().flatten();
    for step in steps().into_iter().chain(strict) {
        builder.add_step(step);
    }
}

impl Options {
    /// An opportunity must have a customer (O-31).
    #[must_use]
    pub fn with_strict_parent(mut self) -> Self {
        self.strict_parent = true;
        self
    }
}

/// Every step of this crate, registered as it is meant to be. No request passes them by: they stand for
/// what the platform does (L-21).
pub fn steps() -> Vec<Step> {
    let mut steps = vec![complete_opportunity_close::step(), guard_opportunity_currency::step()];
    steps.extend(guard_opportunity_state::steps());
    steps.extend(guard_opportunity_product::steps());
    steps.push(parent_customer::step());
    steps.extend(mirror_opportunity_state::steps());
    steps.extend(unique_opportunity_role::steps());
    steps.push(base_currency::step());
    steps.extend(currency::steps());
    steps.extend(full_name::steps());
    steps.into_iter().map(Step::essential).collect()
}

/// Whether an entity has all these attributes.
fn has(names: &'static [&'static str]) -> impl Fn(&EntityMetadata) -> bool {
    |entity| names.iter().all(|it| entity.ordinal(it).is_some())
}

/// Whether the catalog has the entity, with all these attributes.
fn knows(ctx: &Context, entity: &str, names: &'static [&'static str]) -> bool {
    ctx.catalog().entity(entity).is_ok_and(|it| has(names)(it))
}
