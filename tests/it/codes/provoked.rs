//! Every code, raised through the front door: its number, its name, and what a caller reads.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use insta::assert_snapshot;
use rulegate::clock::CountingIds;
use rulegate::engine::ReloadError;
use rulegate::message::{
    Associate, Bypass, ConcurrencyBehavior, Custom, CustomMessage, DeleteMultiple, Link, Options,
    ParameterType, Update,
};
use rulegate::metadata::{AttributeType, EntityDefinition, OptionMetadata, OptionSet};
use rulegate::pipeline::JobError;
use rulegate::record::Aggregate;
use rulegate::store::{Memory, Reader, Store, StoreError, Transaction};
use rulegate::{
    Catalog, Context, Engine, EntityReference, Error, ErrorCode, Fault, Message,
    OrganizationService, Query, Record, Service, Stage, Step, Value,
};
use rulegate_async::{AsyncEngine, OrganizationServiceAsync};
use uuid::Uuid;

use super::dataverse_name;
use crate::engines::{builder, change, create, engine, now, record, refuse};

/// Codes that no caller can meet, and why.
const UNPROVOKED: &[(ErrorCode, &str)] = &[(ErrorCode::Bug, "a broken promise to ourselves")];

#[test]
fn every_code_says_what_is_wrong() {
    // E-42, E-59, E-62, E-63, C-26, I-70, P-78
    let mut lines = Vec::new();
    for code in ErrorCode::ALL {
        let (name, number) = (code.name(), code.number());
        let line = format!("{name} 0x{number:08X} {}", dataverse_name(number));
        let says = if let Some((_, why)) = UNPROVOKED.iter().find(|(it, _)| it == code) {
            format!("not provoked: {why}")
        } else if let Some(error) = of_a_job(*code) {
            assert_eq!((error.code(), error.number()), (*code, number), "{error}");
            error.to_string()
        } else {
            let provoke = PROVOKED.iter().find(|(it, _)| it == code).map(|(_, it)| it);
            let provoke = provoke.unwrap_or_else(|| panic!("{code}: nobody provokes it"));
            let error = provoke(&Scene::new());
            assert_eq!((error.code(), error.number()), (*code, number), "{error}");
            error.to_string()
        };
        lines.push(format!("{line}\n    {says}"));
    }

    assert_snapshot!(lines.join("\n"));
}

/// Asks something of a job.
type Ask = fn(&Engine, Uuid) -> Result<(), JobError>;

/// The codes of what is asked of jobs, where their state does not allow it.
const OF_JOBS: &[(ErrorCode, Ask)] = &[
    (ErrorCode::JobNotResumable, Engine::resume_job),
    (ErrorCode::JobNotPausable, Engine::pause_job),
    (ErrorCode::JobNotCompleted, Engine::delete_job),
    (ErrorCode::JobNotCancelable, |engine, job| {
        engine.run_jobs();
        engine.cancel_job(job)
    }),
    (ErrorCode::JobNotPostponable, |engine, job| {
        engine.run_jobs();
        engine.postpone_job(job, now())
    }),
];

/// What is said to who asks of a job what its state does not allow.
fn of_a_job(code: ErrorCode) -> Option<JobError> {
    let (_, ask) = OF_JOBS.iter().find(|(it, _)| *it == code)?;
    let job = Step::on(Message::Create, "account").asynchronous();
    let engine = engine([job.run("job", |_: &mut Context| Ok(()))]);
    create(&engine, "account", []);
    let id = engine.jobs().first().unwrap().id;
    ask(&engine, id).err()
}

/// An engine with an account, to begin with.
struct Scene {
    engine: Engine,
    account: EntityReference,
}

/// Meets an error.
type Provoke = fn(&Scene) -> Error;

/// Every other code, and how a caller meets it.
const PROVOKED: &[(ErrorCode, Provoke)] = &[
    (ErrorCode::UnknownEntity, |it| it.engine.retrieve(&nobody("acount")).unwrap_err()),
    (ErrorCode::UnknownAttribute, |it| {
        it.engine.retrieve_columns(&it.account, ["nme"]).unwrap_err()
    }),
    (ErrorCode::UnknownRelationship, |it| {
        it.engine.associate(&it.account, "Account_Taks", []).unwrap_err()
    }),
    (ErrorCode::WrongType, |it| it.of_new("account", "name", 5)),
    (ErrorCode::TooLong, |it| it.of_new("account", "accountnumber", "x".repeat(21))),
    (ErrorCode::NumberOutOfRange, |it| it.of_new("account", "employees", -1)),
    (ErrorCode::DecimalOutOfRange, |it| it.of_new("opportunity", "discountpercentage", 101)),
    (ErrorCode::UnknownOption, |it| it.of_new("account", "rating", Value::Choice(9))),
    (ErrorCode::InvalidDate, |it| {
        let date: chrono::NaiveDate = "1700-01-01".parse().unwrap();
        it.of_new("opportunity", "estimatedclosedate", date)
    }),
    (ErrorCode::WrongTarget, |it| it.of_new("account", "parentaccountid", nobody("contact"))),
    (ErrorCode::InvalidCustomer, |it| {
        it.of_new("contact", "parentcustomerid", nobody("systemuser"))
    }),
    (ErrorCode::InvalidOwner, |it| it.of_new("account", "ownerid", nobody("systemuser"))),
    (ErrorCode::NotFound, |it| it.of_new("account", "parentaccountid", nobody("account"))),
    (ErrorCode::RequiredMissing, |it| it.of_new("role", "description", "x")),
    (ErrorCode::RequiredNull, |it| {
        let opportunity = create(&it.engine, "opportunity", []);
        let role = create(&it.engine, "role", [("opportunityid", opportunity.into())]);
        it.of_change(&role, [("opportunityid", Value::Null)])
    }),
    (ErrorCode::IdMissing, |it| it.of_update(record(&it.engine, "account", []))),
    (ErrorCode::OperationIdMissing, |it| {
        let update = Update::new(change(&it.engine, &it.account, []));
        let tasks = [record(&it.engine, "task", [])];
        it.engine.send(update.with_related("Account_Tasks", tasks)).unwrap_err()
    }),
    (ErrorCode::ParameterMissing, |_| asked(Custom::new("Ping"))),
    (ErrorCode::ParameterInvalid, |_| asked(Custom::new("Ping").with("Count", Value::from("x")))),
    (ErrorCode::UnknownMessage, |_| asked(Custom::new("Pong"))),
    (ErrorCode::UnsupportedMessage, |it| {
        let rival = create(&it.engine, "competitor", []);
        it.engine.set_state(&rival, 1, None).unwrap_err()
    }),
    (ErrorCode::NoTargets, |it| it.engine.create_multiple(Vec::new()).unwrap_err()),
    (ErrorCode::MixedTargets, |it| {
        let mixed = ["account", "task"].map(|name| record(&it.engine, name, []));
        it.engine.create_multiple(mixed.into()).unwrap_err()
    }),
    (ErrorCode::NotImplemented, |it| {
        it.engine.send(DeleteMultiple { targets: vec![it.account.clone()] }).unwrap_err()
    }),
    (ErrorCode::PrivilegeDenied, |it| {
        let options = Options::new().bypass(Bypass::ALL);
        it.engine.client().with_options(options).delete(&it.account).unwrap_err()
    }),
    (ErrorCode::InvalidQuery, |it| {
        it.engine.retrieve_multiple(Query::new("account").equal("employees", "5")).unwrap_err()
    }),
    (ErrorCode::AggregateLimit, |_| {
        let engine = builder().settings(|it| it.aggregate_record_limit = 1).build().unwrap();
        create(&engine, "account", []);
        create(&engine, "account", []);
        let query = Query::new("account").aggregate(Aggregate::count());
        engine.retrieve_multiple(query).unwrap_err()
    }),
    (ErrorCode::WrongEnd, |it| {
        let rival = create(&it.engine, "competitor", []);
        it.engine.associate(&it.account, "Account_Tasks", [rival]).unwrap_err()
    }),
    (ErrorCode::TooManyRelated, |it| {
        let task = create(&it.engine, "task", []);
        let others = [it.account.clone(), create(&it.engine, "account", [])];
        it.engine.send(Associate { link: Link::new(task, "Account_Tasks", others) }).unwrap_err()
    }),
    (ErrorCode::NotLinked, |it| {
        let opportunity = create(&it.engine, "opportunity", []);
        let rival = create(&it.engine, "competitor", []);
        let relationship = "opportunitycompetitors_association";
        it.engine.disassociate(&opportunity, relationship, [rival]).unwrap_err()
    }),
    (ErrorCode::StatusMismatch, |it| {
        let values = [("statecode", Value::Choice(1)), ("statuscode", Value::Choice(1))];
        it.of_change(&it.account, values)
    }),
    (ErrorCode::InvalidState, |_| {
        let (engine, goal) = engine_with_a_goal();
        engine.set_state(&goal, 2, None).unwrap_err()
    }),
    (ErrorCode::Inactive, |_| {
        let (engine, goal) = engine_with_a_goal();
        engine.set_state(&goal, 1, None).unwrap();
        engine.update(change(&engine, &goal, [("name", "x".into())])).unwrap_err()
    }),
    (ErrorCode::TransitionNotAllowed, |it| {
        it.of_change(&it.ticket(), [("statuscode", Value::Choice(3))])
    }),
    (ErrorCode::Cycle, |it| it.of_change(&it.account, [("parentaccountid", (&it.account).into())])),
    (ErrorCode::Restricted, |it| {
        create(&it.engine, "opportunity", [("customerid", (&it.account).into())]);
        it.engine.delete(&it.account).unwrap_err()
    }),
    (ErrorCode::LinkRequired, |it| {
        it.ticket();
        it.engine.delete(&it.account).unwrap_err()
    }),
    (ErrorCode::KeyNotDefined, |it| it.of_update(it.by_key("name", "x"))),
    (ErrorCode::KeyNotFound, |it| it.of_update(it.by_key("accountnumber", "B-2"))),
    (ErrorCode::KeyViolated, |it| it.of_new("account", "accountnumber", "A-1")),
    (ErrorCode::VersionMismatch, |it| {
        let mut target = change(&it.engine, &it.account, []);
        target.set_version(1_000_000);
        it.if_matches(target)
    }),
    (ErrorCode::VersionMissing, |it| it.if_matches(change(&it.engine, &it.account, []))),
    (ErrorCode::ConcurrencyNotEnabled, |it| it.if_matches(change(&it.engine, &it.ticket(), []))),
    (ErrorCode::Duplicate, |it| it.engine.create(change(&it.engine, &it.account, [])).unwrap_err()),
    (ErrorCode::Conflict, |_| of_a_broken_store(ErrorCode::Conflict)),
    (ErrorCode::Backend, |_| of_a_broken_store(ErrorCode::Backend)),
    (ErrorCode::Incompatible, |it| {
        create(&it.engine, "competitor", [("name", "Rival".into())]);
        let mut draft = support::bare();
        let rival = draft.entities.iter_mut().find(|it| it.logical_name == "competitor");
        for attribute in &mut rival.unwrap().attributes {
            attribute.kind = AttributeType::whole_number(0, 9);
        }
        let next = Catalog::succeed(draft, Some(&it.engine.catalog())).unwrap();
        match it.engine.reload(next, Vec::new()) {
            Err(ReloadError::Store(error)) => error.into(),
            other => panic!("{other:?}"),
        }
    }),
    (ErrorCode::StepRejected, |_| of_a_step(on().run("no", refuse("not today")))),
    (ErrorCode::StepFailed, |_| {
        let broken = |_: &mut Context| Err(Fault::failed("a name is missing"));
        of_a_step(on().run("broken", broken))
    }),
    (ErrorCode::StepLimit, |_| {
        let greedy = |_: &mut Context| Err(Fault::limit("10 operations", "rule.rhai:3"));
        of_a_step(on().run("greedy", greedy))
    }),
    (ErrorCode::TooDeep, |_| {
        of_a_step(on().run("loop", |ctx: &mut Context| {
            let service = ctx.service();
            service.create(service.record("account")?)?;
            Ok(())
        }))
    }),
    (ErrorCode::Doomed, |_| {
        of_a_step(on().at(Stage::PostOperation).run("catch", |ctx: &mut Context| {
            let missing = ctx.service().delete(&nobody("task"));
            ctx.trace(missing.unwrap_err().to_string());
            Ok(())
        }))
    }),
    (ErrorCode::Timeout, |_| {
        let engine = builder().settings(|it| it.time_limit = Duration::ZERO).build().unwrap();
        engine.create(record(&engine, "account", [])).unwrap_err()
    }),
    (ErrorCode::Over, |_| {
        let kept: Arc<Mutex<Option<Service>>> = Arc::default();
        let keep = Arc::clone(&kept);
        let engine = engine([on().run("keep", move |ctx: &mut Context| {
            *keep.lock().unwrap() = Some(ctx.service());
            Ok(())
        })]);
        create(&engine, "account", []);
        let service = kept.lock().unwrap().take().unwrap();
        service.create(service.record("task").unwrap()).unwrap_err()
    }),
    (ErrorCode::Closed, |it| {
        let facade = AsyncEngine::new(it.engine.clone(), 1).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(facade.close());
        runtime.block_on(facade.delete(&it.account)).unwrap_err()
    }),
];

impl Scene {
    fn new() -> Self {
        let engine = engine([]);
        let account = create(&engine, "account", [("accountnumber", "A-1".into())]);
        Self { engine, account }
    }

    /// What comes of a new record of that one value.
    fn of_new(&self, entity: &str, name: &str, value: impl Into<Value>) -> Error {
        self.engine.create(record(&self.engine, entity, [(name, value.into())])).unwrap_err()
    }

    fn of_update(&self, target: Record) -> Error {
        self.engine.update(target).unwrap_err()
    }

    fn of_change<const N: usize>(
        &self,
        target: &EntityReference,
        values: [(&str, Value); N],
    ) -> Error {
        self.of_update(change(&self.engine, target, values))
    }

    fn if_matches(&self, target: Record) -> Error {
        let concurrency = ConcurrencyBehavior::IfRowVersionMatches;
        self.engine.send(Update { concurrency, ..Update::new(target) }).unwrap_err()
    }

    fn by_key(&self, name: &str, value: &str) -> Record {
        record(&self.engine, "account", []).with_key(name, value).unwrap()
    }

    fn ticket(&self) -> EntityReference {
        create(&self.engine, "ticket", [("accountid", (&self.account).into())])
    }
}

fn nobody(entity: &str) -> EntityReference {
    EntityReference::new(entity, Uuid::from_u128(0x77))
}

/// What comes of a custom message, of which there is one.
fn asked(request: Custom) -> Error {
    let message = CustomMessage::new("Ping").input("Count", ParameterType::Integer);
    let engine = builder().message(message, |_: &mut Context| Ok(())).build().unwrap();
    engine.send(request).unwrap_err()
}

fn on() -> Step {
    Step::on(Message::Create, "account")
}

fn of_a_step(step: Step) -> Error {
    let engine = engine([step]);
    engine.create(record(&engine, "account", [])).unwrap_err()
}

/// An entity of which no record can be paused, and whose closed records stay as they are.
fn engine_with_a_goal() -> (Engine, EntityReference) {
    let state = |value, name, default_status| OptionMetadata {
        default_status,
        ..OptionMetadata::new(value, name)
    };
    let reason = |value, name, state| OptionMetadata {
        state: Some(state),
        ..OptionMetadata::new(value, name)
    };
    let states =
        vec![state(0, "Open", Some(1)), state(1, "Closed", Some(2)), state(2, "Paused", None)];
    let reasons = vec![reason(1, "Open", 0), reason(2, "Closed", 1)];
    let set = |options| OptionSet { options, ..OptionSet::default() };
    let mut goal = EntityDefinition::new("goal")
        .attribute("name", AttributeType::text(10))
        .attribute("statecode", AttributeType::State(set(states)))
        .attribute("statuscode", AttributeType::Status(set(reasons)));
    goal.is_read_only_when_inactive = true;
    let draft = support::bare().entity(goal);
    let builder = Engine::builder(draft.check().unwrap()).ids(CountingIds::default());
    let engine = builder.build().unwrap();
    let goal = create(&engine, "goal", []);
    (engine, goal)
}

/// A store that begins no transaction once it fails.
#[derive(Debug)]
struct Broken {
    memory: Memory,
    fails: Arc<Mutex<Option<ErrorCode>>>,
}

impl Store for Broken {
    fn adopt(&self, catalog: &Catalog) -> Result<(), StoreError> {
        self.memory.adopt(catalog)
    }

    fn snapshot(&self) -> Result<Box<dyn Reader>, StoreError> {
        self.memory.snapshot()
    }

    fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        match *self.fails.lock().unwrap() {
            None => self.memory.begin(),
            Some(ErrorCode::Conflict) => Err(StoreError::Conflict),
            Some(_) => Err(StoreError::Backend("the disk is full".into())),
        }
    }
}

fn of_a_broken_store(code: ErrorCode) -> Error {
    let fails = Arc::new(Mutex::new(None));
    let store = Broken { memory: Memory::default(), fails: Arc::clone(&fails) };
    let engine = builder().store(store).build().unwrap();
    *fails.lock().unwrap() = Some(code);
    engine.create(record(&engine, "account", [])).unwrap_err()
}
