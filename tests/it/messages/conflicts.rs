//! Stores that answer at once that two transactions met: the message is carried out again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rulegate::metadata::EntityMetadata;
use rulegate::record::{Page, QueryPlan};
use rulegate::store::{Memory, Reader, Store, StoreError, Transaction};
use rulegate::{
    Catalog, Context, Engine, ErrorCode, Fault, Message, OrganizationService, Record, Step,
};
use uuid::Uuid;

use crate::engines::{builder, count, create, create_task, record};

/// A store whose first transactions meet others: at an insert of a task, or at a search of contacts.
#[derive(Debug)]
struct Meeting {
    memory: Memory,
    left: Arc<AtomicU32>,
}

struct MeetingTransaction {
    inner: Box<dyn Transaction>,
    left: Arc<AtomicU32>,
}

impl MeetingTransaction {
    fn meet(&self) -> Result<(), StoreError> {
        let step = |it: u32| it.checked_sub(1);
        let met = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step);
        met.map_or(Ok(()), |_| Err(StoreError::Conflict))
    }
}

impl Store for Meeting {
    fn adopt(&self, catalog: &Catalog) -> Result<(), StoreError> {
        self.memory.adopt(catalog)
    }

    fn snapshot(&self) -> Result<Box<dyn Reader>, StoreError> {
        self.memory.snapshot()
    }

    fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let (inner, left) = (self.memory.begin()?, Arc::clone(&self.left));
        Ok(Box::new(MeetingTransaction { inner, left }))
    }
}

impl Reader for MeetingTransaction {
    fn retrieve(
        &mut self,
        entity: &Arc<EntityMetadata>,
        id: Uuid,
    ) -> Result<Option<Record>, StoreError> {
        self.inner.retrieve(entity, id)
    }

    fn exists(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<bool, StoreError> {
        self.inner.exists(entity, id)
    }

    fn query(&mut self, plan: &QueryPlan) -> Result<Page, StoreError> {
        if *plan.entity.logical_name() == "contact" {
            self.meet()?;
        }
        self.inner.query(plan)
    }
}

impl Transaction for MeetingTransaction {
    fn insert(&mut self, record: &Record) -> Result<u64, StoreError> {
        if *record.entity() == "task" {
            self.meet()?;
        }
        self.inner.insert(record)
    }

    fn update(&mut self, change: &Record) -> Result<u64, StoreError> {
        self.inner.update(change)
    }

    fn delete(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<(), StoreError> {
        self.inner.delete(entity, id)
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.commit()
    }
}

/// An engine whose first so many attempts meet others.
fn engine(meetings: u32, steps: impl IntoIterator<Item = Step>) -> Engine {
    let left = Arc::new(AtomicU32::new(meetings));
    let builder = builder().store(Meeting { memory: Memory::default(), left });
    steps.into_iter().fold(builder, rulegate::engine::EngineBuilder::step).build().unwrap()
}

fn on_create() -> Step {
    Step::on(Message::Create, "account")
}

#[test]
fn a_message_whose_own_write_met_another_is_carried_out_again() {
    let engine = engine(3, []);

    create(&engine, "task", []);

    assert_eq!(count(&engine, "task"), 1);
}

#[test]
fn a_message_whose_nested_write_met_another_is_carried_out_again() {
    let engine = engine(3, [on_create().run("create", create_task("call"))]);

    create(&engine, "account", []);

    assert_eq!((count(&engine, "account"), count(&engine, "task")), (1, 1));
}

#[test]
fn who_catches_a_conflict_keeps_nobody_from_carrying_it_out_again() {
    // E-12: the transaction is lost, and the message is not.
    let catch = |ctx: &mut Context| -> Result<(), Fault> {
        let service = ctx.service();
        if let Err(error) = service.create(service.record("task")?) {
            ctx.trace(error.to_string());
        }
        Ok(())
    };
    let engine = engine(3, [on_create().run("catch", catch)]);

    create(&engine, "account", []);

    assert_eq!((count(&engine, "account"), count(&engine, "task")), (1, 1));
}

#[test]
fn who_catches_the_conflict_of_a_read_keeps_nobody_from_carrying_it_out_again() {
    // E-13: a read may fail, but this transaction is lost.
    let catch = |ctx: &mut Context| -> Result<(), Fault> {
        let found = ctx.service().retrieve_multiple(rulegate::Query::new("contact"));
        let name = if found.is_ok() { "found" } else { "failed" };
        Ok(ctx.target_mut()?.set("name", name)?)
    };
    let engine = engine(3, [on_create().run("catch", catch)]);

    let account = create(&engine, "account", []);

    assert_eq!(crate::engines::stored(&engine, &account, "name"), Some("found".into()));
}

#[test]
fn a_message_that_always_meets_another_gives_up() {
    let engine = engine(u32::MAX, []);

    let error = engine.create(record(&engine, "task", [])).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::Conflict, 0x8004_4150));
    assert_eq!(count(&engine, "task"), 0);
}
