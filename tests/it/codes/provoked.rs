//! Every code, raised through the front door: its number, its name, and what a caller reads.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use insta::assert_snapshot;
use rulegate::clock::CountingIds;
use rulegate::engine::ReloadError;
use rulegate::message::{
    Associate, Bypass, ConcurrencyBehavior, Create, Custom, CustomMessage, DeleteMultiple, Link,
    Options, ParameterType, Update,
};
use rulegate::metadata::{AttributeType, EntityDefinition, OptionMetadata, OptionSet};
use rulegate::pipeline::JobError;
use rulegate::store::{Memory, Reader, Store, StoreError, Transaction};
use rulegate::{
    Catalog, Context, Engine, EntityReference, Error, ErrorCode, Fault, Message,
    OrganizationService, Query, Record, Service, Step, Value,
};
use uuid::Uuid;

use super::dataverse_name;
use crate::engines::{builder, change, create, engine, now, record, refuse};

/// Codes that no caller can meet, and why.
const UNPROVOKED: &[(ErrorCode, &str)] = &[(ErrorCode::Bug, "a broken promise to ourselves")];

#[test]
fn every_code_says_what_is_wrong() {
    // E-59 to E-63, C-26, I-70, P-78
    let mut lines = Vec::new();
    for code in ErrorCode::ALL {
        let (name, number) = (code.name(), code.number());
        let line = format!("{name} 0x{number:08X} {}", dataverse_name(number));
        let says = match UNPROVOKED.iter().find(|(it, _)| it == code) {
            Some((_, why)) => format!("not provoked: {why}"),
            None => {
                let (found, said) = match of_a_job(*code) {
                    Some(error) => ((error.code(), error.number()), error.to_string()),
                    None => told(&provoke(*code)),
                };
                assert_eq!(found, (*code, number), "{said}");
                said
            }
        };
        lines.push(format!("{line}\n    {says}"));
    }

    assert_snapshot!(lines.join("\n"));
}

fn told(error: &Error) -> ((ErrorCode, u32), String) {
    ((error.code(), error.number()), error.to_string())
}

/// What is said to who asks of a job what its state does not allow.
fn of_a_job(code: ErrorCode) -> Option<JobError> {
    let job = Step::on(Message::Create, "account").asynchronous();
    let engine = engine([job.run("job", |_: &mut Context| Ok(()))]);
    create(&engine, "account", []);
    let id = engine.jobs().first()?.id;
    let outcome = match code {
        ErrorCode::JobNotResumable => engine.resume_job(id),
        ErrorCode::JobNotPausable => engine.pause_job(id),
        ErrorCode::JobNotCompleted => engine.delete_job(id),
        ErrorCode::JobNotCancelable | ErrorCode::JobNotPostponable => {
            engine.run_jobs();
            let is_canceled = code == ErrorCode::JobNotCancelable;
            if is_canceled { engine.cancel_job(id) } else { engine.postpone_job(id, now()) }
        }
        _ => return None,
    };
    outcome.err()
}

/// An error of that code.
fn provoke(code: ErrorCode) -> Error {
    if let Some(error) = of_a_value(code).or_else(|| of_a_message(code)) {
        return error;
    }
    of_the_data(code)
        .or_else(|| of_a_store(code))
        .or_else(|| of_a_step(code))
        .unwrap_or_else(|| panic!("{code}: provoke it, or say in UNPROVOKED why nobody can"))
}

fn nobody(entity: &str) -> EntityReference {
    EntityReference::new(entity, Uuid::from_u128(0x77))
}

/// What comes of a new record of that one value.
fn of_new(entity: &str, name: &str, value: impl Into<Value>) -> Error {
    let engine = engine([]);
    engine.create(record(&engine, entity, [(name, value.into())])).unwrap_err()
}

fn of_a_value(code: ErrorCode) -> Option<Error> {
    let date: chrono::NaiveDate = "1700-01-01".parse().unwrap();
    Some(match code {
        ErrorCode::UnknownEntity => engine([]).retrieve(&nobody("acount")).unwrap_err(),
        ErrorCode::UnknownAttribute => {
            let engine = engine([]);
            let account = create(&engine, "account", []);
            engine.retrieve_columns(&account, ["nme"]).unwrap_err()
        }
        ErrorCode::UnknownRelationship => {
            let engine = engine([]);
            let account = create(&engine, "account", []);
            engine.associate(&account, "Account_Taks", []).unwrap_err()
        }
        ErrorCode::WrongType => of_new("account", "name", 5),
        ErrorCode::TooLong => of_new("account", "accountnumber", "x".repeat(21)),
        ErrorCode::NumberOutOfRange => of_new("account", "employees", -1),
        ErrorCode::DecimalOutOfRange => of_new("opportunity", "discountpercentage", 101),
        ErrorCode::UnknownOption => of_new("account", "rating", Value::Choice(9)),
        ErrorCode::InvalidDate => of_new("opportunity", "estimatedclosedate", date),
        ErrorCode::WrongTarget => of_new("account", "parentaccountid", nobody("contact")),
        ErrorCode::InvalidCustomer => of_new("contact", "parentcustomerid", nobody("systemuser")),
        ErrorCode::InvalidOwner => of_new("account", "ownerid", nobody("systemuser")),
        ErrorCode::NotFound => of_new("account", "parentaccountid", nobody("account")),
        ErrorCode::RequiredMissing => {
            let engine = engine([]);
            engine.create(record(&engine, "role", [])).unwrap_err()
        }
        ErrorCode::RequiredNull => {
            let engine = engine([]);
            let opportunity = create(&engine, "opportunity", []);
            let role = create(&engine, "role", [("opportunityid", opportunity.into())]);
            engine.update(change(&engine, &role, [("opportunityid", Value::Null)])).unwrap_err()
        }
        _ => return None,
    })
}

fn of_a_message(code: ErrorCode) -> Option<Error> {
    let engine = engine([]);
    let message = CustomMessage::new("Ping").input("Count", ParameterType::Integer);
    let asked = builder().message(message, |_: &mut Context| Ok(())).build().unwrap();
    let account = create(&engine, "account", []);
    Some(match code {
        ErrorCode::IdMissing => engine.update(record(&engine, "account", [])).unwrap_err(),
        ErrorCode::RelatedIdMissing => {
            let update = Update::new(change(&engine, &account, []));
            let tasks = [record(&engine, "task", [])];
            engine.send(update.with_related("Account_Tasks", tasks)).unwrap_err()
        }
        ErrorCode::ParameterMissing => asked.send(Custom::new("Ping")).unwrap_err(),
        ErrorCode::ParameterInvalid => {
            asked.send(Custom::new("Ping").with("Count", Value::from("x"))).unwrap_err()
        }
        ErrorCode::UnknownMessage => engine.send(Custom::new("Pong")).unwrap_err(),
        ErrorCode::UnsupportedMessage => {
            let rival = create(&engine, "competitor", []);
            engine.set_state(&rival, 1, None).unwrap_err()
        }
        ErrorCode::NoTargets => engine.create_multiple(Vec::new()).unwrap_err(),
        ErrorCode::MixedTargets => {
            let mixed = ["account", "task"].map(|it| record(&engine, it, []));
            engine.create_multiple(mixed.into()).unwrap_err()
        }
        ErrorCode::NotImplemented => {
            engine.send(DeleteMultiple { targets: vec![account] }).unwrap_err()
        }
        ErrorCode::PrivilegeDenied => {
            let options = Options::new().bypass(Bypass::ALL);
            engine.client().with_options(options).delete(&account).unwrap_err()
        }
        ErrorCode::InvalidQuery => {
            engine.retrieve_multiple(Query::new("account").equal("employees", "5")).unwrap_err()
        }
        ErrorCode::WrongEnd => {
            let rival = create(&engine, "competitor", []);
            engine.associate(&account, "Account_Tasks", [rival]).unwrap_err()
        }
        ErrorCode::TooManyRelated => {
            let task = create(&engine, "task", []);
            let others = [account, create(&engine, "account", [])];
            engine.send(Associate { link: Link::new(task, "Account_Tasks", others) }).unwrap_err()
        }
        ErrorCode::NotLinked => {
            let opportunity = create(&engine, "opportunity", []);
            let rival = create(&engine, "competitor", []);
            let relationship = "opportunitycompetitors_association";
            engine.disassociate(&opportunity, relationship, [rival]).unwrap_err()
        }
        _ => return None,
    })
}

fn of_the_data(code: ErrorCode) -> Option<Error> {
    let engine = engine([]);
    let account = create(&engine, "account", [("accountnumber", "A-1".into())]);
    let update = |values| engine.update(change(&engine, &account, values)).unwrap_err();
    let ticket = || create(&engine, "ticket", [("accountid", (&account).into())]);
    Some(match code {
        ErrorCode::StatusMismatch => {
            let (state, status) = (Value::Choice(1), Value::Choice(1));
            let values = [("statecode", state), ("statuscode", status)];
            engine.update(change(&engine, &account, values)).unwrap_err()
        }
        ErrorCode::InvalidState | ErrorCode::Inactive => of_a_state(code),
        ErrorCode::TransitionNotAllowed => {
            let values = [("statuscode", Value::Choice(3))];
            engine.update(change(&engine, &ticket(), values)).unwrap_err()
        }
        ErrorCode::Cycle => update([("parentaccountid", (&account).into())]),
        ErrorCode::Restricted => {
            create(&engine, "opportunity", [("customerid", (&account).into())]);
            engine.delete(&account).unwrap_err()
        }
        ErrorCode::LinkRequired => {
            ticket();
            engine.delete(&account).unwrap_err()
        }
        ErrorCode::KeyNotDefined => {
            let target = record(&engine, "account", []).with_key("name", "x").unwrap();
            engine.update(target).unwrap_err()
        }
        ErrorCode::KeyNotFound => {
            let target = record(&engine, "account", []).with_key("accountnumber", "B-2").unwrap();
            engine.update(target).unwrap_err()
        }
        ErrorCode::KeyViolated => {
            let twin = record(&engine, "account", [("accountnumber", "A-1".into())]);
            engine.create(twin).unwrap_err()
        }
        ErrorCode::VersionMismatch => {
            let mut target = change(&engine, &account, []);
            target.set_version(1_000_000);
            if_matches(&engine, target)
        }
        ErrorCode::VersionMissing => if_matches(&engine, change(&engine, &account, [])),
        ErrorCode::ConcurrencyNotEnabled => if_matches(&engine, change(&engine, &ticket(), [])),
        ErrorCode::Duplicate => {
            let twin = change(&engine, &account, []);
            engine.send(Create::new(twin)).unwrap_err()
        }
        _ => return None,
    })
}

fn if_matches(engine: &Engine, target: Record) -> Error {
    let concurrency = ConcurrencyBehavior::IfRowVersionMatches;
    engine.send(Update { concurrency, ..Update::new(target) }).unwrap_err()
}

/// An entity of which no record can be paused, and whose records are closed for good.
fn of_a_state(code: ErrorCode) -> Error {
    let option = |value, name, default_status| OptionMetadata {
        default_status,
        ..OptionMetadata::new(value, name)
    };
    let reason = |value, name, state| OptionMetadata {
        state: Some(state),
        ..OptionMetadata::new(value, name)
    };
    let states =
        vec![option(0, "Open", Some(1)), option(1, "Closed", Some(2)), option(2, "Paused", None)];
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
    if code == ErrorCode::InvalidState {
        return engine.set_state(&goal, 2, None).unwrap_err();
    }
    engine.set_state(&goal, 1, None).unwrap();
    engine.update(change(&engine, &goal, [("name", "x".into())])).unwrap_err()
}

/// A store that never begins a transaction, once the engine has begun.
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
            Some(ErrorCode::Conflict) => Err(StoreError::Conflict),
            Some(_) => Err(StoreError::Backend("the disk is full".into())),
            None => self.memory.begin(),
        }
    }
}

fn of_a_store(code: ErrorCode) -> Option<Error> {
    match code {
        ErrorCode::Conflict | ErrorCode::Backend => {
            let fails = Arc::new(Mutex::new(None));
            let store = Broken { memory: Memory::default(), fails: Arc::clone(&fails) };
            let engine = builder().store(store).build().unwrap();
            *fails.lock().unwrap() = Some(code);
            Some(engine.create(record(&engine, "account", [])).unwrap_err())
        }
        ErrorCode::Incompatible => {
            let engine = engine([]);
            create(&engine, "competitor", [("name", "Rival".into())]);
            let mut draft = support::bare();
            let rival = draft.entities.iter_mut().find(|it| it.logical_name == "competitor");
            for attribute in &mut rival.unwrap().attributes {
                attribute.kind = AttributeType::whole_number(0, 9);
            }
            let next = Catalog::succeed(draft, Some(&engine.catalog())).unwrap();
            match engine.reload(next, Vec::new()).unwrap_err() {
                ReloadError::Store(error) => Some(error.into()),
                other => panic!("{other}"),
            }
        }
        _ => None,
    }
}

fn of_a_step(code: ErrorCode) -> Option<Error> {
    let of = |step: Step| {
        let engine = engine([step]);
        engine.create(record(&engine, "account", [])).unwrap_err()
    };
    let on = || Step::on(Message::Create, "account");
    Some(match code {
        ErrorCode::StepRejected => of(on().run("no", refuse("not today"))),
        ErrorCode::StepFailed => {
            of(on().run("broken", |_: &mut Context| Err(Fault::failed("a name is missing"))))
        }
        ErrorCode::StepLimit => {
            of(on()
                .run("greedy", |_: &mut Context| Err(Fault::limit("10 operations", "rule.rhai:3"))))
        }
        ErrorCode::TooDeep => of(on().run("loop", |ctx: &mut Context| {
            let service = ctx.service();
            service.create(service.record("account")?)?;
            Ok(())
        })),
        ErrorCode::Doomed => {
            of(on().at(rulegate::Stage::PostOperation).run("catch", |ctx: &mut Context| {
                let missing = ctx.service().delete(&nobody("task"));
                ctx.trace(missing.unwrap_err().to_string());
                Ok(())
            }))
        }
        ErrorCode::Timeout => {
            let engine = builder().settings(|it| it.time_limit = Duration::ZERO).build().unwrap();
            engine.create(record(&engine, "account", [])).unwrap_err()
        }
        ErrorCode::Over => {
            let kept: Arc<Mutex<Option<Service>>> = Arc::default();
            let keep = Arc::clone(&kept);
            let engine = engine([on().run("keep", move |ctx: &mut Context| {
                *keep.lock().unwrap() = Some(ctx.service());
                Ok(())
            })]);
            create(&engine, "account", []);
            let service = kept.lock().unwrap().take().unwrap();
            service.create(service.record("task").unwrap()).unwrap_err()
        }
        _ => return None,
    })
}
