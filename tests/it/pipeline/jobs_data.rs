//! What a job of another engine sees: the same, to the last value, as on the engine that queued it.

use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use rulegate::bootstrap::SYSTEM_USER;
use rulegate::clock::CountingIds;
use rulegate::message::{
    Assign, Associate, Create, CreateMultiple, Custom, CustomMessage, Delete, Disassociate, Link,
    Options, Parameter, ParameterType, Parameters, Retrieve, RetrieveMultiple, SetState, Update,
    UpdateMultiple,
};
use rulegate::pipeline::{Origin, ParentContext};
use rulegate::record::{Operator, Party};
use rulegate::store::Memory;
use rulegate::{
    Context, Engine, EntityReference, Message, OrganizationService, Query, Record, Request, Stage,
    Step, Value,
};
use uuid::Uuid;

use super::jobs_recovery::on;
use crate::engines::{Log, change, create, now, record};

/// Every kind of value, and of parameter.
fn every_parameter(ctx: &Context) -> Vec<(&'static str, Parameter)> {
    let id = Uuid::from_u128(7);
    let contact = EntityReference::new("contact", id);
    let mut record = ctx.service().record("account").unwrap().with("name", Value::Null).unwrap();
    record.identify(id);
    record.set_version(u64::MAX);
    let keyed = ctx.service().record("contact").unwrap().with_key("emailaddress1", "a@b").unwrap();
    let keyed = record.clone().with_lookup_by_key("primarycontactid", keyed).unwrap();
    let keyed = keyed.with_key("name", 1_i64);
    let party = Party { party: contact.clone(), participation: 2 };
    let double = |it: f64| Parameter::Value(it.into());
    vec![
        ("null", Parameter::Value(Value::Null)),
        ("text", "a \"quoted\"\n\u{0} ü".into()),
        ("least", i64::MIN.into()),
        ("most", i64::MAX.into()),
        ("decimal", Parameter::Value(Value::Decimal("1.1000".parse().unwrap()))),
        ("double", double(0.1 + 0.2)),
        ("negative zero", double(-0.0)),
        ("infinity", double(f64::INFINITY)),
        ("no number", double(f64::NAN)),
        ("flag", true.into()),
        ("moment", Parameter::Value((now() + TimeDelta::nanoseconds(1)).into())),
        ("date", Parameter::Value(NaiveDate::from_ymd_opt(1753, 1, 1).unwrap().into())),
        ("choice", Parameter::Value(Value::Choice(-1))),
        ("choices", Parameter::Value(Value::Choices(Arc::new([3, -1].into())))),
        ("lookup", Parameter::Value(Value::Lookup(contact.clone()))),
        ("parties", Parameter::Value(Value::Parties([party].into()))),
        ("id", Parameter::Value(Value::Id(id))),
        ("bytes", Parameter::Value(Value::Bytes((0..=255).collect()))),
        ("record", Parameter::Record(record.clone())),
        ("records", Parameter::Records(vec![record, keyed.unwrap()])),
        ("references", Parameter::References(vec![contact])),
        ("texts", Parameter::Texts(vec![String::new(), "b".to_owned()])),
    ]
}

/// All that a hook can see of a record, and more than `Debug` shows.
fn whole(record: &Record) -> String {
    let key: Vec<_> = record.key().map(|(it, value)| (record.metadata().name(it), value)).collect();
    let lookups = record.lookups_by_key().iter();
    let lookups: Vec<_> =
        lookups.map(|(it, to)| (record.metadata().name(*it), to, to.key().count())).collect();
    format!("{record:?} {:?} {key:?} {lookups:?}", record.version())
}

/// All that a job sees.
pub(super) fn all(ctx: &mut Context) -> String {
    let mut parents = Vec::new();
    let mut parent: Option<&ParentContext> = ctx.parent();
    while let Some(it) = parent {
        let place = (it.message(), it.entity(), it.primary_id(), it.stage(), it.depth());
        parents.push(format!("{place:?} {:?} {:?}", it.input(), shared(it.shared())));
        parent = it.parent();
    }
    let message = (ctx.message(), ctx.entity(), ctx.request(), ctx.response());
    let images =
        (ctx.pre_image(), ctx.post_image(), ctx.pre_image_of(1, ""), ctx.post_image_of(1, ""));
    let place = (ctx.depth(), ctx.correlation_id(), ctx.job(), ctx.stage(), ctx.mode());
    let users = (ctx.user(), ctx.initiating_user(), ctx.authenticated_user());
    let client = (ctx.initiating_user_agent(), ctx.is_portals_client_call());
    let shared = shared(&ctx.shared);
    format!("{message:?} {images:?} {place:?} {users:?} {client:?} {parents:?} {shared:?}")
}

fn shared(variables: &Parameters) -> Vec<String> {
    let text = |(name, it): (&String, &Parameter)| match it {
        Parameter::Record(it) => format!("{name} {}", whole(it)),
        Parameter::Records(all) => {
            format!("{name} {:?}", all.iter().map(whole).collect::<Vec<_>>())
        }
        Parameter::Value(_) | Parameter::References(_) | Parameter::Texts(_) => {
            format!("{name} {it:?}")
        }
    };
    variables.iter().map(text).collect()
}

/// Sends every message of which there can be jobs.
fn send_everything(engine: &Engine) {
    let origin = Origin::new().user_agent("the tests").authenticated(SYSTEM_USER).portal(None);
    let client = engine.client().with_origin(origin).with_options(Options::new().tag("tagged"));
    let send = |request: Request| client.execute(request).unwrap();
    let account = create(engine, "account", [("name", "A".into())]);
    let other = create(engine, "account", [("name", "B".into())]);
    let contact = create(engine, "contact", [("lastname", "C".into())]);
    let task = create(engine, "task", [("subject", "T".into())]);
    let user = EntityReference::new("systemuser", SYSTEM_USER);
    let link = || Link::new(account.clone(), "account_primary_contact", [contact.clone()]);
    let query = Query::new("account")
        .select(["name"])
        .filter("name", Operator::In, ["A".into(), "B".into()])
        .order_by("name")
        .top(2);
    send(Update::new(change(engine, &account, [("telephone1", Value::Null)])).into());
    send(Retrieve::all(account.clone()).into());
    send(RetrieveMultiple { query }.into());
    send(Associate { link: link() }.into());
    send(Disassociate { link: link() }.into());
    send(Assign { target: task.clone(), assignee: user }.into());
    send(SetState { target: task, state: 1, status: Some(5) }.into());
    let named = |name: &str| record(engine, "account", [("name", name.into())]);
    send(
        Create::new(named("C"))
            .with_related("account_primary_contact", [named_contact(engine)])
            .into(),
    );
    send(CreateMultiple { targets: vec![named("D"), named("E")] }.into());
    let targets = [&account, &other].map(|it| change(engine, it, [("name", "F".into())]));
    send(UpdateMultiple { targets: targets.to_vec() }.into());
    let ring = Custom::new("Ring").with("Target", Value::Lookup(account)).with("Times", 2_i64);
    send(ring.with("As", named("G")).into());
    send(Delete::new(other).into());
}

fn named_contact(engine: &Engine) -> Create {
    Create::new(record(engine, "contact", [("lastname", "R".into())]))
}

/// An engine with jobs on everything, which see all, and every parameter among their shared variables.
fn seeing(store: &Memory, log: &Log) -> Engine {
    let ring = |ctx: &mut Context| {
        let service = ctx.service();
        service.create(service.record("account")?.with("name", "nested")?)?;
        Ok(())
    };
    let ring_message = CustomMessage::new("Ring")
        .bound_to("account")
        .input("Times", ParameterType::Integer)
        .input("As", ParameterType::Entity)
        .output("Heard", ParameterType::Boolean);
    let mut builder = on(store).ids(CountingIds::default()).message(ring_message, ring);
    for message in Message::STANDARD.into_iter().chain(["Ring".into()]) {
        if matches!(message, Message::Upsert | Message::UpsertMultiple | Message::DeleteMultiple) {
            continue;
        }
        let job = Step::on_any(message.clone()).asynchronous().run("see", log.hook(all));
        let fill = |ctx: &mut Context| {
            let all = every_parameter(ctx).into_iter().map(|(name, it)| (name.to_owned(), it));
            ctx.shared.extend(all);
            Ok(())
        };
        builder.add_step(Step::on_any(message).at(Stage::PostOperation).run("fill", fill));
        builder.add_step(job);
    }
    for message in [Message::Update, Message::UpdateMultiple] {
        let step = Step::on(message, "account").asynchronous();
        builder.add_step(step.pre_image(["name"]).post_image(["name"]).run("i", log.hook(all)));
    }
    builder.build().unwrap()
}

#[test]
fn a_job_sees_after_the_engine_is_gone_what_it_would_have_seen_before() {
    // L-1, X-1 to X-31, P-73
    let (seen, log) = (Log::default(), Log::default());
    let engine = seeing(&Memory::default(), &seen);
    send_everything(&engine);
    engine.run_jobs();

    let store = Memory::default();
    send_everything(&seeing(&store, &log));
    assert!(log.take().is_empty());
    seeing(&store, &log).run_jobs();

    let (seen, found) = (seen.take(), log.take());
    assert!(20 < seen.len());
    for (seen, found) in seen.iter().zip(&found) {
        assert_eq!(seen, found);
    }
    assert_eq!(seen.len(), found.len());
}
