//! Who runs a job, until when nobody else does, and what of it is there if it ends in between.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use rulegate::clock::{Clock, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate::error::OperationStatus;
use rulegate::message::CreateMultiple;
use rulegate::metadata::EntityMetadata;
use rulegate::pipeline::JobState;
use rulegate::record::{Page, QueryPlan};
use rulegate::settings::Jobs;
use rulegate::store::{Memory, Reader, Store, StoreError, Transaction};
use rulegate::{
    Catalog, Context, Engine, Fault, Hook, Message, OrganizationService, Query, Record, Stage, Step,
};
use rulegate_sqlite::Sqlite;
use tempfile::TempDir;
use uuid::Uuid;

use crate::engines::{Log, count, create, create_task, now};

/// A file, and a clock that all engines on it share.
struct Scene {
    folder: TempDir,
    clock: Arc<ManualClock>,
}

impl Scene {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: Arc::new(ManualClock::at(now())) }
    }

    fn store(&self) -> Sqlite {
        Sqlite::open(self.folder.path().join("records.db")).unwrap()
    }

    fn on(&self, store: impl Store + 'static) -> EngineBuilder {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        Engine::builder(support::shipped_catalog()).shared_clock(clock).store(store)
    }
}

fn job() -> Step {
    Step::on(Message::Create, "account").asynchronous()
}

fn statuses(engine: &Engine) -> Vec<i32> {
    let query = Query::new("asyncoperation").order_by("sequence");
    let records = engine.retrieve_multiple(query).unwrap().records;
    records.iter().map(|it| it.get("statuscode").unwrap().as_choice().unwrap()).collect()
}

fn tasks(engine: &Engine) -> Vec<String> {
    let query = Query::new("task").order_by("subject");
    let records = engine.retrieve_multiple(query).unwrap().records;
    records.iter().map(|it| it.get("subject").unwrap().as_text().unwrap().to_owned()).collect()
}

/// An engine of another process, as far as this one knows: what it does while a job of the first runs.
type Other = Arc<dyn Fn(&Arc<Mutex<Vec<usize>>>) + Send + Sync>;

/// Runs a job on one engine, and meanwhile whatever another engine on the same store finds to do.
fn run_beside(
    first: EngineBuilder,
    second: impl Fn() -> EngineBuilder + Send + Sync + 'static,
    scene: &Scene,
) {
    let clock = Arc::clone(&scene.clock);
    let ran: Arc<Mutex<Vec<usize>>> = Arc::default();
    let noted = Arc::clone(&ran);
    let other: Other = Arc::new(move |ran| {
        let engine = second().step(job().run("job", create_task("second"))).build().unwrap();
        let run = || ran.lock().unwrap().push(engine.run_jobs().len());
        run();
        clock.advance(TimeDelta::seconds(179));
        run();
        clock.advance(TimeDelta::seconds(1));
        run();
    });
    let hook = move |ctx: &mut Context| {
        other(&noted);
        create_task("first").execute(ctx)
    };
    let engine = first.step(job().run("job", hook)).build().unwrap();
    create(&engine, "account", []);

    engine.run_jobs();

    assert_eq!(*ran.lock().unwrap(), [0, 0, 1]);
    assert_eq!(statuses(&engine), [30]);
}

#[test]
fn a_job_of_another_engine_is_left_alone_until_its_lease_is_over_and_its_effects_are_there_once() {
    // L-9
    let scene = Scene::new();
    let (store, folder) = (scene.store(), scene.folder.path().join("records.db"));
    let (clock, engine) = (Arc::clone(&scene.clock), scene.on(store));
    let second = move || {
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let store = Sqlite::open(&folder).unwrap();
        Engine::builder(support::shipped_catalog()).shared_clock(shared).store(store)
    };
    run_beside(engine, second, &scene);

    // What the first one did after its lease was over is undone.
    let after = scene.on(scene.store()).build().unwrap();
    assert_eq!(tasks(&after), ["second"]);
}

#[test]
fn the_same_holds_in_memory_but_that_each_message_is_there_at_once() {
    // L-9, P-27
    let (scene, store) = (Scene::new(), Memory::default());
    let (clock, shared) = (Arc::clone(&scene.clock), store.clone());
    let second = move || {
        let clock: Arc<dyn Clock> = Arc::clone(&clock) as _;
        Engine::builder(support::shipped_catalog()).shared_clock(clock).store(shared.clone())
    };
    run_beside(scene.on(store.clone()), second, &scene);
    assert_eq!(tasks(&scene.on(store).build().unwrap()), ["first", "second"]);
}

#[test]
fn an_engine_that_is_alone_takes_up_at_once_what_another_began() {
    // L-9
    let scene = Scene::new();
    let path = scene.folder.path().join("records.db");
    let engine = |it: Sqlite| scene.on(it).settings(|it| it.job_lease = Duration::ZERO);
    let found: Arc<Mutex<Vec<JobState>>> = Arc::default();
    let noted = Arc::clone(&found);
    let look = move |_: &mut Context| {
        // As an engine would that is started after this one was killed.
        let builder = Engine::builder(support::shipped_catalog());
        let builder = builder.settings(|it| it.job_lease = Duration::ZERO);
        let next = builder.store(Sqlite::open(&path).unwrap());
        let next = next.step(job().run("job", |_: &mut Context| Ok(()))).build().unwrap();
        noted.lock().unwrap().extend(next.jobs().iter().map(|it| it.state));
        Ok(())
    };
    let first = engine(scene.store()).step(job().run("job", look)).build().unwrap();
    create(&first, "account", []);
    first.run_jobs();
    assert_eq!(*found.lock().unwrap(), [JobState::Ready]);
}

/// The subjects of tasks, and the statuses of jobs.
type Sight = (Vec<String>, Vec<i32>);

/// What a second connection sees while a job runs that has sent a message.
fn seen_within(step: Step) -> Sight {
    let scene = Scene::new();
    let seen: Arc<Mutex<Option<Sight>>> = Arc::default();
    let (noted, path) = (Arc::clone(&seen), scene.folder.path().join("records.db"));
    let hook = move |ctx: &mut Context| {
        create_task("call").execute(ctx)?;
        let service = ctx.service();
        let own = service.retrieve_multiple(Query::new("task"))?.records.len();
        assert_eq!(own, 1); // The job itself sees what it sent.
        let store = Sqlite::open(&path).unwrap().snapshot().unwrap();
        *noted.lock().unwrap() = Some(raw(store));
        Ok(())
    };
    let engine = scene.on(scene.store()).step(step.run("job", hook)).build().unwrap();
    create(&engine, "account", []);
    engine.run_jobs();
    assert_eq!((tasks(&engine), statuses(&engine)), (vec!["call".to_owned()], vec![30]));
    seen.lock().unwrap().take().unwrap()
}

/// The tasks and the states of jobs, without an engine.
fn raw(mut store: Box<dyn Reader>) -> Sight {
    let catalog = support::shipped_catalog();
    let mut all = |entity: &str| {
        let plan = QueryPlan::new(&Query::new(entity), &catalog).unwrap();
        store.query(&plan).unwrap().records
    };
    let text = |it: &Record| it.get("subject").unwrap().as_text().unwrap().to_owned();
    let tasks = all("task").iter().map(text).collect();
    let jobs = all("asyncoperation");
    (tasks, jobs.iter().map(|it| it.get("statuscode").unwrap().as_choice().unwrap()).collect())
}

#[test]
fn what_a_job_sends_is_there_for_others_together_with_that_it_is_done() {
    // P-27, L-9
    assert_eq!(seen_within(job()), (Vec::new(), vec![20]));
}

#[test]
fn what_a_job_sends_that_reaches_outside_is_there_at_once() {
    // P-27
    assert_eq!(seen_within(job().reaching_outside()), (vec!["call".to_owned()], vec![20]));
}

#[test]
fn each_message_of_a_job_stands_for_itself_also_where_they_share_a_transaction() {
    // P-27, E-14, E-36
    let scene = Scene::new();
    let refuse = |ctx: &mut Context| {
        let subject = ctx.target().unwrap().get("subject").unwrap().clone();
        create(&ctx.service(), "contact", [("lastname", "nested".into())]);
        if subject == "bad".into() { Err(Fault::reject("no")) } else { Ok(()) }
    };
    let hook = |ctx: &mut Context| {
        create_task("one").execute(ctx)?;
        create_task("bad").execute(ctx).unwrap_err();
        create_task("two").execute(ctx)?;
        Err(Fault::reject("and no"))
    };
    let engine = scene
        .on(scene.store())
        .step(job().run("job", hook))
        .step(Step::on(Message::Create, "task").at(Stage::PostOperation).run("refuse", refuse))
        .build()
        .unwrap();
    create(&engine, "account", []);
    engine.run_jobs();

    assert_eq!(
        (tasks(&engine), statuses(&engine)),
        (vec!["one".to_owned(), "two".to_owned()], vec![31])
    );
    assert_eq!(count(&engine, "contact"), 2);
}

/// A store that takes no commit of a transaction which has a task, for some times.
#[derive(Debug, Clone)]
struct Refusing {
    inner: Sqlite,
    left: Arc<AtomicU32>,
}

struct RefusingTransaction {
    inner: Box<dyn Transaction>,
    left: Arc<AtomicU32>,
    has_task: bool,
}

impl Store for Refusing {
    fn adopt(&self, catalog: &Catalog) -> Result<(), StoreError> {
        self.inner.adopt(catalog)
    }

    fn snapshot(&self) -> Result<Box<dyn Reader>, StoreError> {
        self.inner.snapshot()
    }

    fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let (inner, left) = (self.inner.begin()?, Arc::clone(&self.left));
        Ok(Box::new(RefusingTransaction { inner, left, has_task: false }))
    }

    fn begin_again(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let (inner, left) = (self.inner.begin_again()?, Arc::clone(&self.left));
        Ok(Box::new(RefusingTransaction { inner, left, has_task: false }))
    }

    fn takes_turns(&self) -> bool {
        true
    }
}

impl Reader for RefusingTransaction {
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
        self.inner.query(plan)
    }
}

impl Transaction for RefusingTransaction {
    fn insert(&mut self, record: &Record) -> Result<u64, StoreError> {
        self.has_task |= **record.entity() == *"task";
        self.inner.insert(record)
    }

    fn update(&mut self, change: &Record) -> Result<u64, StoreError> {
        self.inner.update(change)
    }

    fn delete(&mut self, entity: &Arc<EntityMetadata>, id: Uuid) -> Result<(), StoreError> {
        self.inner.delete(entity, id)
    }

    fn mark(&mut self) -> Result<(), StoreError> {
        self.inner.mark()
    }

    fn unmark(&mut self) -> Result<(), StoreError> {
        self.inner.unmark()
    }

    fn back_to_mark(&mut self) -> Result<(), StoreError> {
        self.inner.back_to_mark()
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let fewer = |it: u32| it.checked_sub(1);
        if self.has_task
            && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer).is_ok()
        {
            return Err(StoreError::Backend("the disk is full".into()));
        }
        self.inner.commit()
    }
}

#[test]
fn what_the_store_did_not_take_is_undone_and_the_jobs_run_again() {
    // E-34, E-31
    for (failures, left, status) in [(1, 3, 30), (4, 0, 31)] {
        let scene = Scene::new();
        let store = Refusing { inner: scene.store(), left: Arc::new(AtomicU32::new(failures)) };
        let engine = scene
            .on(store)
            .settings(|it| it.jobs = Jobs::Workers(1))
            .step(job().run("job", create_task("call")))
            .build()
            .unwrap();
        let account = || engine.record("account").unwrap();
        let targets = (0..if left == 0 { 1 } else { left }).map(|_| account()).collect();
        engine.send(CreateMultiple { targets }).unwrap();
        engine.wait_for_jobs();

        assert_eq!(count(&engine, "task"), left);
        assert!(statuses(&engine).iter().all(|it| *it == status));
        let failed: Vec<_> = engine.jobs().into_iter().filter_map(|it| it.message).collect();
        let says_why = failed.iter().all(|it| it.contains("the disk is full"));
        assert!(says_why && failed.is_empty() == (status == 30));
    }
}

#[test]
fn jobs_that_a_job_queued_run_once_it_is_done() {
    // L-16, P-41
    let (scene, log) = (Scene::new(), Log::default());
    let second = Step::on(Message::Create, "task").asynchronous();
    let engine = scene
        .on(scene.store())
        .settings(|it| it.jobs = Jobs::Workers(2))
        .step(job().run("first", create_task("call")))
        .step(second.run("second", log.word("second")))
        .build()
        .unwrap();
    for _ in 0..20 {
        create(&engine, "account", []);
    }
    engine.wait_for_jobs();
    assert_eq!((log.take().len(), count(&engine, "task")), (20, 20));
    assert_eq!(statuses(&engine), [30; 40]);
}

#[test]
fn a_job_that_is_canceled_before_its_turn_never_runs() {
    // L-7: the worker has taken both already.
    let scene = Scene::new();
    let (begins, begun) = mpsc::channel();
    let (goes, go) = mpsc::channel::<()>();
    let (ran, begins, go) = (Arc::new(AtomicU32::new(0)), Mutex::new(begins), Mutex::new(go));
    let runs = Arc::clone(&ran);
    let hook = move |_: &mut Context| {
        if runs.fetch_add(1, Ordering::SeqCst) == 0 {
            begins.lock().unwrap().send(()).unwrap();
            go.lock().unwrap().recv().unwrap();
        }
        Ok(())
    };
    let engine = scene.on(scene.store()).settings(|it| it.jobs = Jobs::Workers(1));
    let engine = engine.step(job().run("job", hook)).build().unwrap();
    let targets = (0..2).map(|_| engine.record("account").unwrap()).collect();
    engine.send(CreateMultiple { targets }).unwrap();
    begun.recv().unwrap();

    let second = engine.jobs().into_iter().max_by_key(|it| it.sequence).unwrap();
    engine.cancel_job(second.id).unwrap();
    goes.send(()).unwrap();
    engine.wait_for_jobs();

    assert_eq!(ran.load(Ordering::SeqCst), 1);
    assert_eq!(statuses(&engine), [30, 32]);
}

#[test]
fn drained_workers_have_carried_out_what_was_due_and_run_nothing_more() {
    // L-18
    let (scene, log) = (Scene::new(), Log::default());
    let seen = log.clone();
    let hook = move |_: &mut Context| {
        thread::sleep(Duration::from_millis(1));
        seen.write("ran");
        Ok(())
    };
    let build = |jobs| {
        let builder = scene.on(scene.store()).settings(|it| it.jobs = jobs);
        builder.step(job().run("job", hook.clone())).build().unwrap()
    };
    let engine = build(Jobs::Workers(3));
    for _ in 0..30 {
        create(&engine, "account", []);
    }
    engine.drain_jobs();
    assert_eq!((log.take().len(), statuses(&engine)), (30, vec![30; 30]));

    create(&engine, "account", []);
    engine.drain_jobs();
    drop(engine);
    assert_eq!(build(Jobs::Manual).run_jobs().len(), 1);
}

#[test]
fn of_many_jobs_that_wait_to_be_resumed_some_are_in_the_store_alone() {
    // L-7, E-33
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let hook = move |_: &mut Context| {
        let is_early = counted.fetch_add(1, Ordering::SeqCst) < 1_010;
        if is_early { Err(Fault::reject_job(OperationStatus::Suspended, "later")) } else { Ok(()) }
    };
    let scene = Scene::new();
    let engine = scene.on(Memory::default()).step(job().run("job", hook)).build().unwrap();
    let account = || engine.record("account").unwrap();
    engine.send(CreateMultiple { targets: (0..1_010).map(|_| account()).collect() }).unwrap();
    engine.run_jobs();

    assert_eq!(engine.jobs().len(), 1_000);
    let waiting = Query::new("asyncoperation").equal("statuscode", 10).order_by("sequence");
    let waiting = engine.retrieve_multiple(waiting).unwrap().records;
    assert_eq!(waiting.len(), 1_010);
    let [.., canceled, resumed] = waiting.as_slice() else { panic!("none") };
    engine.cancel_job(canceled.id().unwrap()).unwrap();
    engine.resume_job(resumed.id().unwrap()).unwrap();
    let outcomes = engine.run_jobs();
    assert_eq!(outcomes.iter().map(|it| it.record.id).collect::<Vec<_>>(), [resumed.id().unwrap()]);
    let mut statuses = statuses(&engine);
    assert_eq!(statuses.split_off(1_008), [32, 30]);
}
