//! Memory and SQLite: the same transactions, random ones, leave the same records in both, and the same
//! questions have the same answers, down to the errors.

use std::cell::Cell;
use std::env;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use rulegate::record::{
    Aggregate, AggregateFunction, ColumnSet, DatePart, Filter, GroupBy, LinkEntity, OrderBy,
    PageRequest, Record,
};
use rulegate::store::{Memory, Reader, Store, StoreError};
use rulegate::{Query, Value};
use rulegate_sqlite::Sqlite;
use uuid::Uuid;

use super::values::{attribute, condition, value};
use super::{BriefSqlite, World};

/// How many sequences a test run plays.
const SEQUENCES: u32 = 120;
/// Records have one of so few identities, so that transactions meet the same ones again.
const RECORDS: u128 = 6;

/// One step of a sequence.
#[derive(Debug, Clone)]
enum Step {
    /// A transaction, and whether it commits.
    Transaction(Vec<Act>, bool),
    /// The file is closed and opened again.
    Reopen,
    /// A snapshot is taken, to be asked later.
    Keep,
    /// The snapshot that was taken last is asked.
    Ask(Query),
}

/// What a transaction does.
#[derive(Debug, Clone)]
enum Act {
    Insert(u128, Vec<(&'static str, Value)>),
    Update(u128, Vec<(&'static str, Value)>),
    Delete(u128),
    Retrieve(u128),
    Exists(u128),
    Query(Query),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (prop::collection::vec(act(), 1..12), prop::bool::weighted(0.8))
            .prop_map(|(acts, commits)| Step::Transaction(acts, commits)),
        1 => Just(Step::Reopen),
        1 => Just(Step::Keep),
        2 => query().prop_map(Step::Ask),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let values = || prop::collection::vec(attribute().prop_flat_map(value), 0..8);
    let id = || 1..=RECORDS;
    prop_oneof![
        5 => (id(), values()).prop_map(|(id, it)| Act::Insert(id, it)),
        5 => (id(), values()).prop_map(|(id, it)| Act::Update(id, it)),
        1 => id().prop_map(Act::Delete),
        1 => id().prop_map(Act::Retrieve),
        1 => id().prop_map(Act::Exists),
        5 => query().prop_map(Act::Query),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    let leaf = attribute().prop_flat_map(condition).prop_map(Filter::Is);
    let filter = leaf.prop_recursive(2, 8, 3, |inner| {
        let several = prop::collection::vec(inner, 0..4);
        prop_oneof![several.clone().prop_map(Filter::All), several.prop_map(Filter::Any)]
    });
    let order = prop::collection::vec((attribute(), any::<bool>()), 0..3);
    let order = order.prop_map(|all| {
        let by =
            |(name, is_descending): (&str, bool)| OrderBy { attribute: name.into(), is_descending };
        all.into_iter().map(by).collect::<Vec<_>>()
    });
    let page = (1_u32..4, 1_u32..4).prop_map(|(number, size)| PageRequest::new(number, size));
    let bounds = prop_oneof![
        Just((None, None)),
        (0_u32..4).prop_map(|it| (Some(it), None)),
        page.prop_map(|it| (None, Some(it)))
    ];
    let columns = prop::option::of(prop::collection::vec(attribute(), 0..3));
    let everything = prop_oneof![3 => filter, 1 => Just(Filter::All(Vec::new()))];
    let records = (everything, order, bounds, columns, any::<bool>()).prop_map(
        |(filter, order, (top, page), columns, returns_total)| {
            let mut query =
                Query { filter, order, top, page, returns_total, ..Query::new("thing") };
            if let Some(columns) = columns {
                query = query.select(columns);
            }
            query
        },
    );
    let linked = (records, links());
    let linked = linked.prop_map(|(query, links)| Query { links, ..query }).boxed();
    let computed = (linked.clone(), aggregates(), groups());
    let computed = computed.prop_map(|(query, aggregates, groups)| {
        // The order of the records is none of what is computed.
        let by = |it: &Aggregate| OrderBy { attribute: it.alias.clone(), is_descending: true };
        let order = aggregates.iter().take(query.order.len()).map(by).collect();
        Query { aggregates, groups, order, columns: ColumnSet::All, ..query }
    });
    prop_oneof![3 => linked, 1 => computed]
}

/// The things at which lookups of things point.
fn links() -> impl Strategy<Value = Vec<LinkEntity>> {
    let filter = prop::option::of(attribute().prop_flat_map(condition));
    let columns = prop::collection::vec(attribute(), 0..3);
    let link = (any::<bool>(), columns, filter).prop_map(|(is_outer, columns, filter)| {
        let filter = Filter::All(filter.into_iter().map(Filter::Is).collect());
        LinkEntity { is_outer, filter, ..LinkEntity::new("lookup", "thing").select(columns) }
    });
    let links = prop::collection::vec(link, 1..3).prop_map(|links| {
        let names = ["a", "b"].into_iter();
        links.into_iter().zip(names).map(|(it, name)| it.named(name)).collect()
    });
    prop_oneof![3 => Just(Vec::new()), 1 => links]
}

const NUMBERS: [&str; 7] = ["whole", "big", "decimal", "money", "double", "a.decimal", "a.whole"];

fn aggregates() -> impl Strategy<Value = Vec<Aggregate>> {
    let of = |function: &AggregateFunction| {
        let function = *function;
        let attributes = match function {
            AggregateFunction::CountColumn => ["text", "lookup", "a.text"].to_vec(),
            AggregateFunction::Minimum | AggregateFunction::Maximum => {
                [&NUMBERS[..], &["date", "moment"]].concat()
            }
            AggregateFunction::Count | AggregateFunction::Sum | AggregateFunction::Average => {
                NUMBERS.to_vec()
            }
        };
        select(attributes).prop_map(move |it| Aggregate::new(function, it))
    };
    let one = select(AggregateFunction::ALL.to_vec()).prop_flat_map(move |it| of(&it));
    prop::collection::vec(one, 0..4)
}

fn groups() -> impl Strategy<Value = Vec<GroupBy>> {
    let plain = select(vec![
        "text",
        "whole",
        "decimal",
        "double",
        "flag",
        "moment",
        "choice",
        "choices",
        "lookup",
        "identity",
        "a.text",
        "a.thingid",
    ]);
    let plain = plain.prop_map(GroupBy::new);
    let part = (select(vec!["date", "moment", "a.moment"]), select(DatePart::ALL.to_vec()));
    let part = part.prop_map(|(name, part)| GroupBy::new(name).by(part));
    prop::collection::vec(prop_oneof![plain, part], 0..3)
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what `.ci/long stores` is for")]
fn memory_and_sqlite_answer_alike() {
    let sequences = env::var("RULEGATE_STORES").ok().and_then(|it| it.parse().ok());
    let cases = sequences.unwrap_or(SEQUENCES);
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 5_000, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let answers = Cell::new(0);
    let steps = prop::collection::vec(step(), 1..16);
    let outcome = TestRunner::new_with_rng(config, rng).run(&steps, |steps| {
        let played = Pair::new().play(&steps).map_err(TestCaseError::fail)?;
        answers.set(answers.get() + played);
        Ok(())
    });
    if let Err(difference) = outcome {
        panic!("{difference}");
    }
    println!("stores: sequences {cases} answers {} differences 0", answers.get());
}

/// The two stores, and what was compared so far.
struct Pair {
    memory: Memory,
    sqlite: BriefSqlite,
    world: World,
    kept: Option<(Box<dyn Reader>, Box<dyn Reader>)>,
    answers: u64,
}

impl Pair {
    fn new() -> Self {
        let (memory, sqlite) = (Memory::default(), BriefSqlite::new());
        let world = World::new(&memory);
        sqlite.adopt(&world.catalog).unwrap();
        Self { memory, sqlite, world, kept: None, answers: 0 }
    }

    /// Plays a sequence on both. Answers how many answers were compared, or how two differ.
    fn play(mut self, steps: &[Step]) -> Result<u64, String> {
        for step in steps {
            match step {
                Step::Transaction(acts, commits) => self.transact(acts, *commits)?,
                Step::Reopen => {
                    self.kept = None;
                    self.sqlite.inner = Sqlite::open(self.sqlite.path()).unwrap();
                    self.sqlite.adopt(&self.world.catalog).unwrap();
                }
                Step::Keep => {
                    self.kept =
                        Some((self.memory.snapshot().unwrap(), self.sqlite.snapshot().unwrap()));
                }
                Step::Ask(query) => self.look_back(query)?,
            }
            let (mut a, mut b) = (self.memory.snapshot().unwrap(), self.sqlite.snapshot().unwrap());
            self.search(&mut *a, &mut *b, &Query::new("thing").with_total())?;
        }
        Ok(self.answers)
    }

    /// Asks the snapshots that were taken last.
    fn look_back(&mut self, query: &Query) -> Result<(), String> {
        let Some((mut a, mut b)) = self.kept.take() else { return Ok(()) };
        self.search(&mut *a, &mut *b, query)?;
        self.kept = Some((a, b));
        Ok(())
    }

    fn transact(&mut self, acts: &[Act], commits: bool) -> Result<(), String> {
        let (mut a, mut b) = (self.memory.begin().unwrap(), self.sqlite.begin().unwrap());
        for act in acts {
            match act {
                Act::Insert(id, values) => {
                    let record = self.record(*id, values);
                    self.same(act, &written(a.insert(&record)), &written(b.insert(&record)))?;
                }
                Act::Update(id, values) => {
                    let change = self.record(*id, values);
                    self.same(act, &written(a.update(&change)), &written(b.update(&change)))?;
                }
                Act::Delete(id) => {
                    let (thing, id) = (&self.world.thing, Uuid::from_u128(*id));
                    let answers = (said(a.delete(thing, id)), said(b.delete(thing, id)));
                    self.same(act, &answers.0, &answers.1)?;
                }
                Act::Retrieve(id) => {
                    let (thing, id) = (&self.world.thing, Uuid::from_u128(*id));
                    let answers = [&mut a, &mut b].map(|it| it.retrieve(thing, id).unwrap());
                    let [a, b] = answers.map(|it| it.as_ref().map(shown));
                    self.same(act, &a, &b)?;
                }
                Act::Exists(id) => {
                    let (thing, id) = (&self.world.thing, Uuid::from_u128(*id));
                    let answers = (a.exists(thing, id).unwrap(), b.exists(thing, id).unwrap());
                    self.same(act, &answers.0, &answers.1)?;
                }
                Act::Query(query) => self.search(&mut *a, &mut *b, query)?,
            }
        }
        if commits {
            let answers = (said(a.commit()), said(b.commit()));
            self.same(&"commit", &answers.0, &answers.1)?;
        }
        Ok(())
    }

    fn record(&self, id: u128, values: &[(&str, Value)]) -> Record {
        let mut record = Record::of(&self.world.thing, Uuid::from_u128(id));
        for (name, value) in values {
            record.set(name, value.clone()).unwrap();
        }
        record
    }

    /// Asks both, and goes on to the pages behind.
    fn search(
        &mut self,
        a: &mut dyn Reader,
        b: &mut dyn Reader,
        query: &Query,
    ) -> Result<(), String> {
        let mut query = query.clone();
        for _ in 0..4 {
            let Ok(mut plan) = rulegate::record::QueryPlan::new(&query, &self.world.catalog) else {
                return Ok(());
            };
            if let Some(it) = plan.aggregation.as_mut().filter(|_| query.returns_total) {
                it.record_limit = 3;
            }
            let (a, b) = match (a.query(&plan), b.query(&plan)) {
                (Ok(a), Ok(b)) => (a, b),
                (a, b) => return self.same(&query, &said(a.map(drop)), &said(b.map(drop))),
            };
            let cookie = a.cookie.clone();
            let show = |it: rulegate::record::Page| {
                let records: Vec<String> = it.records.iter().map(shown).collect();
                (records, it.has_more, it.cookie, it.total)
            };
            self.same(&query, &show(a), &show(b))?;
            let (Some(page), Some(cookie)) = (&mut query.page, cookie) else { break };
            page.cookie = Some(cookie);
        }
        Ok(())
    }

    fn same<T: PartialEq + std::fmt::Debug>(
        &mut self,
        act: &dyn std::fmt::Debug,
        memory: &T,
        sqlite: &T,
    ) -> Result<(), String> {
        self.answers += 1;
        if memory == sqlite {
            return Ok(());
        }
        Err(format!("{act:?}\nmemory: {memory:?}\nSQLite: {sqlite:?}"))
    }
}

/// A record without its version: the numbers differ between stores, and only grow.
fn shown(record: &Record) -> String {
    assert!(record.version().is_some() || record.id().is_none());
    format!("{record:?}")
}

fn written(outcome: Result<u64, StoreError>) -> String {
    said(outcome.map(drop))
}

fn said(outcome: Result<(), StoreError>) -> String {
    outcome.map_or_else(|it| it.to_string(), |()| "done".to_owned())
}
