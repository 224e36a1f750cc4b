//! What every store does, whatever keeps its records.
//!
//! The suite is a list of promises as functions over [`Store`]: a new store runs them all.

mod aggregates; // What is promised of what queries compute, and of links …
mod catalogs; // … where a reload brings another catalog.
mod meetings; // … of transactions that meet.
mod promises; // … of records, and of a transaction by itself.
mod queries; // … of searches.
mod sqlite_backup; // Copies while messages go on, and upkeep.
mod sqlite_catalogs; // The file follows the catalog.
mod sqlite_files; // Files that are refused, and what a file keeps.
mod sqlite_same; // Random transactions on memory and SQLite.
mod sqlite_views; // What people read in the file.
mod sqlite_writers; // Those who write at the same time.
mod values; // What those transactions write and look for.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use rulegate::metadata::{AttributeType, EntityDefinition, EntityMetadata, ManyToMany};
use rulegate::record::{QueryPlan, Record};
use rulegate::store::{Memory, Reader, Store, StoreError, Transaction};
use rulegate::{Catalog, Query};
use rulegate_sqlite::{Durability, Options, Sqlite};
use tempfile::TempDir;
use uuid::Uuid;

/// A promise: its name, and a function that panics where an empty store breaks it.
pub(crate) type Promise = (&'static str, fn(&dyn Store));

/// Everything that a store promises.
pub(crate) fn promises() -> impl Iterator<Item = &'static Promise> {
    let all = [promises::ALL, queries::ALL, aggregates::ALL, meetings::ALL, catalogs::ALL];
    all.into_iter().flatten()
}

#[test]
fn memory_keeps_every_promise() {
    for (name, keep) in promises() {
        let kept = std::panic::catch_unwind(|| keep(&Memory::default()));
        assert!(kept.is_ok(), "memory breaks its promise `{name}`");
    }
}

#[test]
fn sqlite_keeps_every_promise() {
    for (name, keep) in promises() {
        let store = BriefSqlite::new();
        let kept = std::panic::catch_unwind(AssertUnwindSafe(|| keep(&store)));
        assert!(kept.is_ok(), "SQLite breaks its promise `{name}`");
        assert_eq!(store.inner.check_integrity().unwrap(), [""; 0], "after `{name}`");
    }
}

#[test]
fn clones_of_a_memory_store_share_their_records() {
    let store = Memory::default();
    let world = World::new(&store);
    world.insert(&store, 1, &[]);

    assert!(world.read(&store.clone(), 1).is_some());
}

/// A store in a file that goes with it.
#[derive(Debug)]
pub(crate) struct BriefSqlite {
    pub(crate) inner: Sqlite,
    /// INVARIANT: behind the store, so that it goes after it.
    folder: TempDir,
}

impl BriefSqlite {
    pub(crate) fn new() -> Self {
        Self::with(Options { durability: Durability::Normal, ..Options::default() })
    }

    pub(crate) fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inner = Sqlite::open_with(folder.path().join("records.db"), options).unwrap();
        Self { inner, folder }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("records.db")
    }
}

impl Store for BriefSqlite {
    fn adopt(&self, catalog: &Catalog) -> Result<(), StoreError> {
        self.inner.adopt(catalog)
    }

    fn snapshot(&self) -> Result<Box<dyn Reader>, StoreError> {
        self.inner.snapshot()
    }

    fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        self.inner.begin()
    }

    fn begin_again(&self) -> Result<Box<dyn Transaction>, StoreError> {
        self.inner.begin_again()
    }
}

/// The entities on which the promises are tried.
pub(crate) struct World {
    pub(crate) catalog: Catalog,
    pub(crate) account: Arc<EntityMetadata>,
    pub(crate) thing: Arc<EntityMetadata>,
}

impl World {
    /// The entities, adopted by the store.
    pub(crate) fn new(store: &dyn Store) -> Self {
        let catalog = support::bare().entity(thing()).check().unwrap();
        store.adopt(&catalog).unwrap();
        let entity = |name| Arc::clone(catalog.entity(name).unwrap());
        Self { account: entity("account"), thing: entity("thing"), catalog }
    }

    /// A change of an account, or a new one.
    pub(crate) fn record(&self, id: u128, values: &[(&str, rulegate::Value)]) -> Record {
        let record = Record::of(&self.account, Uuid::from_u128(id));
        values.iter().fold(record, |it, (name, value)| it.with(name, value.clone()).unwrap())
    }

    /// Commits a new account.
    pub(crate) fn insert(&self, store: &dyn Store, id: u128, values: &[(&str, rulegate::Value)]) {
        let mut tx = store.begin().unwrap();
        tx.insert(&self.record(id, values)).unwrap();
        tx.commit().unwrap();
    }

    /// Commits a change of an account.
    pub(crate) fn update(
        &self,
        store: &dyn Store,
        id: u128,
        values: &[(&str, rulegate::Value)],
    ) -> Result<u64, StoreError> {
        let mut tx = store.begin()?;
        let version = tx.update(&self.record(id, values))?;
        tx.commit().map(|()| version)
    }

    /// An account as it is committed.
    pub(crate) fn read(&self, store: &dyn Store, id: u128) -> Option<Record> {
        let id = Uuid::from_u128(id);
        store.snapshot().unwrap().retrieve(&self.account, id).unwrap()
    }

    pub(crate) fn plan(&self, query: &Query) -> QueryPlan {
        QueryPlan::new(query, &self.catalog).unwrap()
    }

    /// The numbers of the accounts that a query finds, in their order.
    pub(crate) fn find(&self, reader: &mut dyn Reader, query: &Query) -> Vec<u128> {
        numbers(&reader.query(&self.plan(query)).unwrap().records)
    }
}

pub(crate) fn numbers(records: &[Record]) -> Vec<u128> {
    records.iter().map(|it| it.id().unwrap().as_u128()).collect()
}

/// An entity that has an attribute of every type.
fn thing() -> EntityDefinition {
    let targets = || vec!["account".into(), "contact".into()];
    EntityDefinition::new("thing")
        .attribute("text", AttributeType::text(100))
        .attribute("memo", AttributeType::memo(10_000))
        .attribute("whole", AttributeType::whole_number(i64::MIN, i64::MAX))
        .attribute("big", AttributeType::BigInteger { min: i64::MIN, max: i64::MAX })
        .attribute("decimal", AttributeType::decimal(i64::MIN, i64::MAX, 10))
        .attribute("double", AttributeType::Double { min: f64::MIN, max: f64::MAX, precision: 10 })
        .attribute("money", AttributeType::money(i64::MIN, i64::MAX))
        .attribute("flag", AttributeType::boolean())
        .attribute("date", AttributeType::date())
        .attribute("moment", AttributeType::moment())
        .attribute("choice", AttributeType::choice([(1, "A"), (2, "B")]))
        .attribute(
            "choices",
            AttributeType::MultiChoice(rulegate::metadata::OptionSet::of([(1, "A"), (2, "B")])),
        )
        .attribute("lookup", AttributeType::lookup(["account", "contact", "thing"]))
        .attribute("customer", AttributeType::Customer { targets: targets() })
        .attribute("owner", AttributeType::Owner { targets: vec!["systemuser".into()] })
        .attribute("parties", AttributeType::PartyList { targets: targets() })
        .attribute("identity", AttributeType::UniqueIdentifier)
        .attribute("entity", AttributeType::EntityName)
        .attribute(
            "picture",
            AttributeType::Image { max_height: 1, max_width: 1, is_primary: false },
        )
        .attribute("file", AttributeType::File { max_size_kb: 1 })
        .key("whole", ["whole"])
}

/// The pairs of the bare catalog.
pub(crate) fn pairs(catalog: &Catalog) -> ManyToMany {
    let found = catalog.relationship("opportunitycompetitors_association").unwrap();
    match &**found {
        rulegate::metadata::RelationshipMetadata::ManyToMany(it) => it.clone(),
        rulegate::metadata::RelationshipMetadata::OneToMany(it) => panic!("{it:?}"),
    }
}
