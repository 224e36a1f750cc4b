//! The properties of Dataverse's execution context: each stands somewhere.

use std::collections::BTreeMap;

use rulegate::bootstrap::{DEFAULT_USER, ORGANIZATION, ROOT_BUSINESS_UNIT, SYSTEM_USER};
use rulegate::clock::{CountingIds, ManualClock};
use rulegate::engine::EngineBuilder;
use rulegate::message::{Create, Options};
use rulegate::pipeline::{IsolationMode, Origin};
use rulegate::settings::Organization;
use rulegate::{
    Context, Engine, EntityReference, Message, OrganizationService, Query, Record, Step, Value,
};
use support::bare;
use uuid::Uuid;

use crate::engines::{Log, at, builder, change, create, create_task, engine, now, record};

/// What a hook can learn of a table of spec 2.1, row by row.
fn table(ctx: &mut Context) -> BTreeMap<&'static str, String> {
    let id = |it: Option<Uuid>| it.unwrap_or_default().to_string();
    let organization = ctx.organization();
    let (operation, queued) = ctx.job().unzip();
    let rows = [
        ("MessageName", ctx.message().to_string()),
        ("PrimaryEntityName", ctx.entity().to_string()),
        ("PrimaryEntityId", id(ctx.primary_id())),
        ("SecondaryEntityName", ctx.secondary_entity().to_owned()),
        ("InputParameters", ctx.request().target().unwrap().get("name").unwrap().to_string()),
        ("OutputParameters", ctx.response().is_some().to_string()),
        ("SharedVariables", format!("{:?}", ctx.shared.keys().collect::<Vec<_>>())),
        ("PreEntityImages", ctx.pre_image().is_some().to_string()),
        ("PostEntityImages", ctx.post_image().unwrap().get("name").unwrap().to_string()),
        ("Depth", ctx.depth().to_string()),
        ("Mode", ctx.mode().name().to_owned()),
        ("IsolationMode", (ctx.isolation_mode() as u8).to_string()),
        ("IsInTransaction", ctx.is_in_transaction().to_string()),
        ("IsExecutingOffline", ctx.is_executing_offline().to_string()),
        ("IsOfflinePlayback", ctx.is_offline_playback().to_string()),
        ("UserId", ctx.user().to_string()),
        ("InitiatingUserId", ctx.initiating_user().to_string()),
        ("BusinessUnitId", id(ctx.business_unit().unwrap())),
        ("OrganizationId", organization.id.to_string()),
        ("OrganizationName", organization.name.clone()),
        ("CorrelationId", ctx.correlation_id().to_string()),
        ("RequestId", (ctx.request_id() != ctx.correlation_id()).to_string()),
        ("OperationId", id(operation)),
        ("OperationCreatedOn", queued.map(|it| it.to_rfc3339()).unwrap_or_default()),
        ("OwningExtension", ctx.step().to_owned()),
        ("Stage", ctx.stage().number().to_string()),
        ("ParentContext", ctx.parent().unwrap().stage().number().to_string()),
        ("UserAzureActiveDirectoryObjectId", id(ctx.user_azure_object_id().unwrap())),
        (
            "InitiatingUserAzureActiveDirectoryObjectId",
            id(ctx.initiating_user_azure_object_id().unwrap()),
        ),
        ("InitiatingUserApplicationId", id(ctx.initiating_user_application_id().unwrap())),
        ("PortalsContactId", id(ctx.portals_contact())),
        ("IsPortalsClientCall", ctx.is_portals_client_call().to_string()),
        ("AuthenticatedUserId", ctx.authenticated_user().to_string()),
        ("InitiatingUserAgent", ctx.initiating_user_agent().to_owned()),
        ("EnvironmentId", ctx.organization().environment_id.clone()),
        ("TenantId", ctx.organization().tenant_id.to_string()),
        ("IsApplicationUser", ctx.is_application_user().unwrap().to_string()),
    ];
    rows.into_iter().collect()
}

/// What hooks saw: a line for each property.
fn see(log: &Log) -> impl rulegate::Hook + 'static {
    log.hook(|ctx| {
        let rows = table(ctx);
        rows.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n")
    })
}

fn rows(lines: &str) -> BTreeMap<&str, &str> {
    lines.lines().filter_map(|it| it.split_once('=')).collect()
}

/// An engine over the shipped entities, with a person and an application that call.
fn shipped(log: &Log) -> (Engine, [Uuid; 2]) {
    let on = Step::on(Message::Create, "account").at(at(40)).post_image(["name"]);
    let engine = Engine::builder(support::shipped_catalog())
        .clock(ManualClock::at(now()))
        .ids(CountingIds::default())
        .settings(|it| {
            let (name, environment_id) = ("acme".to_owned(), "acme-test".to_owned());
            let (id, tenant_id) = (Uuid::from_u128(71), Uuid::from_u128(72));
            it.organization = Organization { id, name, environment_id, tenant_id };
        })
        .step(on.clone().run_as(SYSTEM_USER).sandboxed().run("sync", see(log)))
        .step(on.asynchronous().run("async", see(log)))
        .build()
        .unwrap();
    // A directory fills this attribute, and no caller can: a step stands for the directory.
    let set = |ctx: &mut Context| {
        let directory = Value::Id(Uuid::from_u128(81));
        Ok(ctx.target_mut()?.set("azureactivedirectoryobjectid", directory)?)
    };
    let directory = Step::on(Message::Create, "systemuser").run("directory", set);
    engine.reload((*engine.catalog()).clone(), vec![directory]).unwrap();
    let unit = Value::Lookup(EntityReference::new("businessunit", ROOT_BUSINESS_UNIT));
    let application = Value::Id(Uuid::from_u128(82));
    let user = |name: &str| {
        let texts = ["domainname", "internalemailaddress", "firstname", "lastname"];
        let user = record(&engine, "systemuser", texts.map(|it| (it, name.into())));
        let user = user.with("userlicensetype", 0).unwrap();
        user.with("businessunitid", unit.clone()).unwrap()
    };
    let person = engine.create(user("person")).unwrap();
    let program = user("program").with("applicationid", application).unwrap();
    let program = engine.create(program).unwrap();
    (engine, [person.id, program.id])
}

/// What the synchronous step learns, but for the correlation.
fn properties(
    account: &EntityReference,
    [person, program]: [Uuid; 2],
) -> [(&'static str, String); 36] {
    let nil = Uuid::nil().to_string();
    let id = |number: u128| Uuid::from_u128(number).to_string();
    [
        ("MessageName", "Create".to_owned()),
        ("PrimaryEntityName", "account".to_owned()),
        ("PrimaryEntityId", account.id.to_string()),
        ("SecondaryEntityName", "none".to_owned()),
        ("InputParameters", "\"A\"".to_owned()),
        ("OutputParameters", "true".to_owned()),
        ("SharedVariables", "[\"tag\"]".to_owned()),
        ("PreEntityImages", "false".to_owned()),
        ("PostEntityImages", "\"A\"".to_owned()),
        ("Depth", "1".to_owned()),
        ("Mode", "sync".to_owned()),
        ("IsolationMode", "2".to_owned()),
        ("IsInTransaction", "true".to_owned()),
        ("IsExecutingOffline", "false".to_owned()),
        ("IsOfflinePlayback", "false".to_owned()),
        ("UserId", SYSTEM_USER.to_string()),
        ("InitiatingUserId", program.to_string()),
        ("BusinessUnitId", ROOT_BUSINESS_UNIT.to_string()),
        ("OrganizationId", id(71)),
        ("OrganizationName", "acme".to_owned()),
        ("RequestId", "true".to_owned()),
        ("OperationId", nil.clone()),
        ("OperationCreatedOn", String::new()),
        ("OwningExtension", "sync".to_owned()),
        ("Stage", "40".to_owned()),
        ("ParentContext", "30".to_owned()),
        ("UserAzureActiveDirectoryObjectId", nil),
        ("InitiatingUserAzureActiveDirectoryObjectId", id(81)),
        ("InitiatingUserApplicationId", id(82)),
        ("PortalsContactId", id(73)),
        ("IsPortalsClientCall", "true".to_owned()),
        ("AuthenticatedUserId", person.to_string()),
        ("InitiatingUserAgent", "tests/1".to_owned()),
        ("EnvironmentId", "acme-test".to_owned()),
        ("TenantId", id(72)),
        ("IsApplicationUser", "false".to_owned()),
    ]
}

#[test]
fn every_property_of_the_context_stands_somewhere() {
    // spec 2.1
    let log = Log::default();
    let (engine, [person, program]) = shipped(&log);
    let contact = Uuid::from_u128(73);
    let origin = Origin::new().authenticated(person).user_agent("tests/1").portal(Some(contact));
    let client = engine.as_user(program).with_origin(origin);
    let client = client.with_options(Options::new().tag("x"));

    let account = create(&client, "account", [("name", "A".into())]);
    engine.run_jobs();

    let [sync, job] = log.take().try_into().unwrap();
    let (sync, job) = (rows(&sync), rows(&job));
    let queued = engine.jobs().first().unwrap().clone();
    let expected = properties(&account, [person, program]);
    for (name, value) in &expected {
        assert_eq!(sync.get(name), Some(&value.as_str()), "{name}");
    }
    let (correlation, others) = (sync.get("CorrelationId"), expected.len());
    assert!(correlation.is_some() && correlation == job.get("CorrelationId"));
    assert_eq!(sync.len(), others + 1);
    // What differs in a job, which runs in the name of its caller.
    let differs: BTreeMap<&str, String> = [
        ("Mode", "async".to_owned()),
        ("IsolationMode", "1".to_owned()),
        ("IsInTransaction", "false".to_owned()),
        ("UserId", program.to_string()),
        ("OperationId", queued.id.to_string()),
        ("OperationCreatedOn", now().to_rfc3339()),
        ("OwningExtension", "async".to_owned()),
        ("UserAzureActiveDirectoryObjectId", Uuid::from_u128(81).to_string()),
        ("IsApplicationUser", "true".to_owned()),
    ]
    .into_iter()
    .collect();
    for (name, value) in &expected {
        let value = differs.get(name).unwrap_or(value);
        assert_eq!(job.get(name), Some(&value.as_str()), "{name} of the job");
    }
}

#[test]
fn a_bulk_message_has_images_for_each_of_its_records() {
    // spec 2.1: PreEntityImagesCollection and PostEntityImagesCollection
    let log = Log::default();
    let see = |ctx: &mut Context| {
        let name =
            |it: Option<rulegate::pipeline::Image<'_>>| it?.get("name").map(ToString::to_string);
        let at = |index| (name(ctx.pre_image_of(index, "")), name(ctx.post_image_of(index, "")));
        format!("{:?} {:?} {:?} {:?}", at(0), at(1), at(2), ctx.primary_id())
    };
    let step = Step::on(Message::UpdateMultiple, "account").at(at(40));
    let step = step.pre_image(["name"]).post_image(["name"]);
    let engine = engine([step.run("see", log.hook(see))]);
    let [a, b] = ["a", "b"].map(|it| create(&engine, "account", [("name", it.into())]));

    let changes =
        [(a, "A"), (b, "B")].map(|(it, name)| change(&engine, &it, [("name", name.into())]));
    engine.update_multiple(changes.to_vec()).unwrap();

    let quoted = |it: &str| Some(format!("{it:?}"));
    let nothing: (Option<String>, Option<String>) = (None, None);
    let (first, second) = ((quoted("a"), quoted("A")), (quoted("b"), quoted("B")));
    assert_eq!(log.take(), [format!("{first:?} {second:?} {nothing:?} None")]);
}

#[test]
fn of_a_client_of_which_nothing_is_known_a_hook_learns_the_defaults() {
    // spec 2.1, X-21
    let log = Log::default();
    let see = |ctx: &mut Context| {
        assert_eq!(ctx.isolation_mode(), IsolationMode::None);
        assert_eq!(ctx.business_unit().unwrap(), Some(ROOT_BUSINESS_UNIT));
        assert_eq!(ctx.organization(), &Organization::default());
        assert_eq!(
            (ctx.organization().id, ctx.organization().tenant_id),
            (ORGANIZATION, Uuid::nil())
        );
        assert_eq!((ctx.authenticated_user(), ctx.initiating_user_agent()), (DEFAULT_USER, ""));
        assert_eq!((ctx.is_portals_client_call(), ctx.portals_contact()), (false, None));
        assert_eq!(ctx.user_azure_object_id().unwrap(), None); // The catalog has no such attribute.
        assert!(!ctx.is_application_user().unwrap());
        "seen"
    };
    let engine = engine([Step::on(Message::Create, "account").run("see", log.hook(see))]);

    create(&engine, "account", []);

    assert_eq!(log.take(), ["seen"]);
}

#[test]
fn nested_messages_come_from_where_the_outermost_came() {
    // X-21, spec 2.1
    let log = Log::default();
    let see =
        |ctx: &mut Context| format!("{} {}", ctx.initiating_user_agent(), ctx.authenticated_user());
    let engine = engine([
        Step::on(Message::Create, "account").at(at(40)).run("send", create_task("call")),
        Step::on(Message::Create, "task").run("task", log.hook(see)),
    ]);
    let client =
        engine.client().with_origin(Origin::new().authenticated(SYSTEM_USER).user_agent("a"));
    let seen = format!("a {SYSTEM_USER}");

    create(&client, "account", []);
    let two = [(); 2].map(|()| Create::new(record(&engine, "task", [])).into());
    client.execute_transaction(&two).unwrap();

    assert_eq!(log.take(), [seen.clone(), seen.clone(), seen]);
}

/// An engine whose accounts say for whom somebody acted.
fn delegating(steps: impl IntoIterator<Item = Step>) -> Engine {
    let user = || rulegate::metadata::AttributeType::lookup(["systemuser"]);
    let definition = rulegate::metadata::EntityDefinition::new("memo")
        .attribute("name", rulegate::metadata::AttributeType::text(100))
        .attribute("createdby", user())
        .attribute("createdonbehalfby", user())
        .attribute("modifiedby", user())
        .attribute("modifiedonbehalfby", user());
    let catalog = bare().entity(definition).check().unwrap();
    let builder =
        Engine::builder(catalog).clock(ManualClock::at(now())).ids(CountingIds::default());
    steps.into_iter().fold(builder, EngineBuilder::step).build().unwrap()
}

/// Who created and changed a record, and for whom.
fn stamps(engine: &Engine, target: &EntityReference) -> [Option<Uuid>; 4] {
    let stored: Record = engine.retrieve(target).unwrap();
    ["createdby", "createdonbehalfby", "modifiedby", "modifiedonbehalfby"]
        .map(|it| stored.get(it).and_then(Value::as_identity))
}

#[test]
fn who_acts_in_anothers_name_stands_as_the_delegate() {
    // C-45, C-46, X-21
    let engine = delegating([]);
    let user = create(&engine, "systemuser", []).id;
    let origin = || Origin::new().authenticated(user);
    let impersonating = engine.client().with_origin(origin());

    let memo = create(&impersonating, "memo", []);
    let both = [Some(DEFAULT_USER), Some(user)];
    assert_eq!(stamps(&engine, &memo), [both, both].concat()[..]);

    let name = |name: &str| change(&engine, &memo, [("name", name.into())]);
    engine.update(name("a")).unwrap();
    assert_eq!(stamps(&engine, &memo), [both[0], both[1], Some(DEFAULT_USER), None]);
    engine.as_user(SYSTEM_USER).with_origin(origin()).update(name("b")).unwrap();
    assert_eq!(stamps(&engine, &memo), [both[0], both[1], Some(SYSTEM_USER), Some(user)]);
    // Who signed in as themselves acts for nobody.
    engine.as_user(user).with_origin(origin()).update(name("c")).unwrap();
    assert_eq!(stamps(&engine, &memo), [both[0], both[1], Some(user), None]);
}

#[test]
fn what_a_step_writes_in_anothers_name_has_the_user_behind_it() {
    // C-45, C-46, X-16
    let write = |ctx: &mut Context| {
        let service = ctx.service();
        service.create(service.record("memo").unwrap())?;
        Ok(())
    };
    let on = Step::on(Message::Create, "account").at(at(40));
    let engine = delegating([on.run_as(SYSTEM_USER).run("write", write)]);

    create(&engine, "account", []);

    let [memo] = engine.retrieve_multiple(Query::new("memo")).unwrap().records.try_into().unwrap();
    let memo = memo.reference().unwrap();
    let both = [Some(SYSTEM_USER), Some(DEFAULT_USER)];
    assert_eq!(stamps(&engine, &memo), [both, both].concat()[..]);
}

#[test]
fn a_user_whose_record_is_gone_has_no_business_unit() {
    //
    let log = Log::default();
    let see = |ctx: &mut Context| format!("{:?}", ctx.business_unit().unwrap());
    let step = Step::on(Message::Create, "competitor").run("see", log.hook(see));
    let engine = builder().step(step).build().unwrap();

    create(&engine.as_user(Uuid::from_u128(9)), "competitor", []);

    assert_eq!(log.take(), ["None"]);
}
