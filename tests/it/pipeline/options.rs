//! Request options: a tag for the steps of a message, and steps that it passes by.

use rulegate::bootstrap::{DEFAULT_USER, SYSTEM_USER};
use rulegate::engine::EngineBuilder;
use rulegate::message::{Bypass, Create, Custom, CustomMessage, Options, Upsert};
use rulegate::settings::Settings;
use rulegate::{
    Client, Context, Engine, Message, OrganizationService, Record, Request, Step, Value,
};

use crate::engines::{Log, at, builder, create, create_task, record, refuse, update};

fn allow(settings: &mut Settings) {
    settings.bypass_users.insert(DEFAULT_USER);
}

/// An engine whose default user may pass steps by.
fn engine(steps: impl IntoIterator<Item = Step>) -> Engine {
    steps.into_iter().fold(builder().settings(allow), EngineBuilder::step).build().unwrap()
}

fn passing(engine: &Engine, bypass: Bypass) -> Client {
    engine.client().with_options(Options::new().bypass(bypass))
}

fn on_create(stage: u16) -> Step {
    Step::on(Message::Create, "account").at(at(stage))
}

/// A synchronous step at each stage, and a job.
fn four(log: &Log) -> [Step; 4] {
    [
        on_create(10).run("10", log.word("10")),
        on_create(20).run("20", log.word("20")),
        on_create(40).run("40", log.word("40")),
        on_create(40).asynchronous().run("job", log.word("job")),
    ]
}

#[test]
fn a_message_passes_the_steps_by_that_its_caller_says() {
    // L-19, L-20, L-24
    let all = ["10", "20", "40", "job"];
    for (options, ran) in [
        (Options::new(), &all[..]),
        (Options::new().bypass(Bypass::SYNCHRONOUS), &all[3..]),
        (Options::new().bypass_custom_plugin_execution(), &all[3..]),
        (Options::new().bypass(Bypass::ASYNCHRONOUS), &all[..3]),
        (Options::new().bypass(Bypass::ALL), &[]),
        (Options::new().bypass_steps(["20", "job"]), &["10", "40"]),
    ] {
        let log = Log::default();
        let engine = engine(four(&log));

        create(&engine.client().with_options(options.clone()), "account", []);
        engine.run_jobs();

        assert_eq!(log.take(), ran, "{options:?}");
    }
}

#[test]
fn the_values_of_the_parameter_are_those_of_dataverse() {
    // L-19
    assert_eq!("CustomSync".parse(), Ok(Bypass::SYNCHRONOUS));
    assert_eq!("CustomAsync".parse(), Ok(Bypass::ASYNCHRONOUS));
    assert_eq!("CustomSync,CustomAsync".parse(), Ok(Bypass::ALL));
    assert_eq!("CustomAsync, CustomSync".parse(), Ok(Bypass::ALL));

    for wrong in ["", "customsync", "All", "CustomSync,"] {
        assert_eq!(wrong.parse::<Bypass>().unwrap_err().code().number(), 0x8004_0203);
    }
}

#[test]
fn who_may_not_pass_steps_by_gets_an_error_and_nothing_is_done() {
    // L-25
    let log = Log::default();
    let engine = builder().step(on_create(10).run("10", log.word("10"))).build().unwrap();
    let refused = [
        Options::new().bypass(Bypass::SYNCHRONOUS),
        Options::new().bypass(Bypass::ASYNCHRONOUS),
        Options::new().bypass_steps(["nothing"]),
    ];
    for options in refused {
        let client = engine.client().with_options(options);

        let error = client.create(record(&engine, "account", [])).unwrap_err();

        assert_eq!((error.code().name(), error.number()), ("privilege.denied", 0x8004_0220));
        assert!(error.to_string().contains("prvBypassCustomBusinessLogic"));
        assert_eq!((log.take().len(), crate::engines::count(&engine, "account")), (0, 0));
    }
    create(&engine.client().with_options(Options::new().tag("x")), "account", []);
    assert_eq!(log.take(), ["10"]);
}

#[test]
fn system_may_pass_steps_by_and_so_may_its_service() {
    // L-25, L-26, X-17
    let log = Log::default();
    let pass = |ctx: &mut Context| {
        let service = ctx.service_as(SYSTEM_USER);
        let service = service.with_options(Options::new().bypass(Bypass::ALL));
        service.create(service.record("task").unwrap()).unwrap();
        ctx.service().create(ctx.service().record("task").unwrap()).unwrap();
        "sent"
    };
    let on_task = Step::on(Message::Create, "task");
    let steps = [on_create(40).run("send", log.hook(pass)), on_task.run("task", log.word("task"))];
    let engine = steps.into_iter().fold(builder(), EngineBuilder::step).build().unwrap();

    create(&engine, "account", []);

    assert_eq!(log.take(), ["task", "sent"]);
}

#[test]
fn at_most_three_steps_are_named_or_as_many_as_the_settings_say() {
    // L-22, L-23
    let log = Log::default();
    let engine = engine(four(&log));
    let named = |names: &[&str]| {
        let client = engine.client().with_options(Options::new().bypass_steps(names.to_vec()));
        client.create(record(&engine, "account", []))
    };

    named(&["10", "20", "unknown"]).unwrap();
    assert_eq!(log.take(), ["40"]);
    let error = named(&["10", "20", "40", "unknown"]).unwrap_err();
    assert_eq!(error.number(), 0x8004_0203);
    assert!(error.to_string().contains("names 4 steps, and at most 3"), "{error}");
    assert!(log.take().is_empty());

    let wider = builder().settings(|it| {
        it.bypass_users.insert(DEFAULT_USER);
        it.bypass_steps_limit = 4;
    });
    let wider = four(&log).into_iter().fold(wider, EngineBuilder::step).build().unwrap();
    let options = Options::new().bypass_steps(["10", "20", "40", "unknown"]);
    create(&wider.client().with_options(options), "account", []);
    assert!(log.take().is_empty());
}

#[test]
fn an_essential_step_is_never_passed_by() {
    // L-21, L-30
    let log = Log::default();
    let essential = on_create(20).essential();
    let engine = engine([
        essential.clone().run("essential", log.word("essential")),
        essential.asynchronous().run("job", log.word("job")),
        on_create(20).run("custom", log.word("custom")),
    ]);
    let by_name = Options::new().bypass_steps(["essential", "job", "custom"]);

    create(&passing(&engine, Bypass::ALL), "account", []);
    engine.run_jobs();
    assert_eq!(log.take(), ["essential", "job"]);
    create(&engine.client().with_options(by_name), "account", []);
    engine.run_jobs();
    assert_eq!(log.take(), ["essential", "job"]);
}

#[test]
fn what_a_step_sends_passes_nothing_by() {
    // L-27
    let log = Log::default();
    let engine = engine([
        on_create(40).essential().run("send", create_task("call")),
        Step::on(Message::Create, "task").run("task", log.word("task")),
        on_create(20).run("custom", log.word("custom")),
    ]);

    create(&passing(&engine, Bypass::ALL), "account", []);

    assert_eq!(log.take(), ["task"]);
}

#[test]
fn what_a_custom_message_sends_passes_nothing_by() {
    // L-27: its main operation is a handler.
    let log = Log::default();
    let engine = builder()
        .settings(allow)
        .message(CustomMessage::new("new_Call"), create_task("call"))
        .step(Step::on_any("new_Call").run("custom", log.word("custom")))
        .step(Step::on(Message::Create, "task").run("task", log.word("task")))
        .build()
        .unwrap();

    passing(&engine, Bypass::ALL).call(Custom::new("new_Call")).unwrap();

    assert_eq!(log.take(), ["task"]);
}

#[test]
fn what_a_delete_cascades_to_passes_the_same_steps_by() {
    // L-28
    let log = Log::default();
    let engine = engine([Step::on(Message::Delete, "task").run("task", log.word("task"))]);
    let account = || {
        let account = create(&engine, "account", []);
        create(&engine, "task", [("regardingobjectid", account.clone().into())]);
        account
    };

    engine.delete(&account()).unwrap();
    assert_eq!(log.take(), ["task"]);
    passing(&engine, Bypass::SYNCHRONOUS).delete(&account()).unwrap();
    assert!(log.take().is_empty());
    assert_eq!(crate::engines::count(&engine, "task"), 0);
}

#[test]
fn the_messages_of_a_transaction_pass_the_same_steps_by() {
    // L-19
    let log = Log::default();
    let engine = engine(four(&log));
    let two: [Request; 2] = [(); 2].map(|()| Create::new(record(&engine, "account", [])).into());

    passing(&engine, Bypass::SYNCHRONOUS).execute_transaction(&two).unwrap();
    engine.run_jobs();

    assert_eq!(log.take(), ["job", "job"]);
}

#[test]
fn the_records_of_a_bulk_message_pass_the_same_steps_by() {
    // L-19, M-40, M-41
    let log = Log::default();
    let bulk = Step::on(Message::CreateMultiple, "account").run("bulk", log.word("bulk"));
    let engine = engine(four(&log).into_iter().chain([bulk]));
    let two = || [(); 2].map(|()| record(&engine, "account", [])).to_vec();

    passing(&engine, Bypass::ALL).create_multiple(two()).unwrap();
    create(&passing(&engine, Bypass::ALL), "account", []);
    assert!(log.take().is_empty() && engine.run_jobs().is_empty());
    let by_name = Options::new().bypass_steps(["bulk", "10", "40"]).tag("x");
    engine.client().with_options(by_name).create_multiple(two()).unwrap();
    engine.run_jobs();
    assert_eq!(log.take(), ["20", "20", "job", "job"]);
}

#[test]
fn an_upsert_passes_the_steps_of_what_it_becomes_by() {
    // L-19, M-30
    let log = Log::default();
    let engine = engine(four(&log));
    let mut target = record(&engine, "account", []);
    target.identify(SYSTEM_USER); // Any identity will do.

    passing(&engine, Bypass::SYNCHRONOUS).send(Upsert { target }).unwrap();

    assert!(log.take().is_empty());
    assert_eq!(engine.jobs().len(), 1);
}

#[test]
fn a_step_that_is_passed_by_stands_in_the_transcript() {
    // L-20
    let engine = engine([
        on_create(20).run("refuse", refuse("no")),
        on_create(20).asynchronous().run("job", refuse("no")),
    ]);
    let request = Create::new(record(&engine, "account", []));

    let (transcript, outcome) = passing(&engine, Bypass::ALL).trace(request);

    assert!(outcome.is_ok());
    insta::assert_snapshot!(transcript);
}

#[test]
fn the_tag_is_there_at_every_stage_and_in_the_jobs() {
    //
    let log = Log::default();
    let tag = |ctx: &mut Context| format!("{} {:?}", ctx.step(), ctx.shared.get("tag"));
    let steps = |message: Message| {
        [10, 20, 40].map(|stage| {
            let step = Step::on(message.clone(), "account").at(at(stage));
            step.run(stage.to_string(), log.hook(tag))
        })
    };
    let job = on_create(40).asynchronous().run("job", log.hook(tag));
    let all = steps(Message::Create).into_iter().chain(steps(Message::Update)).chain([job]);
    let engine = engine(all);
    let client = engine.client().with_options(Options::new().tag("import"));
    let tagged = |name| format!("{name} Some(Value(Text(\"import\")))");

    let account = create(&client, "account", []);
    engine.run_jobs();
    assert_eq!(log.take(), ["10", "20", "40", "job"].map(tagged));
    update(&client, &account, [("name", "A".into())]);
    assert_eq!(log.take(), ["10", "20", "40"].map(tagged));
    let both = [("name", "B".into()), ("statecode", Value::Choice(1))]; // Carried out in two parts.
    update(&client, &account, both);
    assert_eq!(log.take(), ["10", "20", "40", "20", "40"].map(tagged));
    create(&engine, "account", []);
    assert_eq!(log.take(), ["10", "20", "40"].map(|it| format!("{it} None")));
}

#[test]
fn no_step_can_change_the_tag() {
    //
    let log = Log::default();
    let change = |ctx: &mut Context| {
        ctx.shared.insert("tag".to_owned(), "other".into());
        Ok(())
    };
    let drop_all = |ctx: &mut Context| {
        ctx.shared.clear();
        Ok(())
    };
    let see =
        |ctx: &mut Context| ctx.shared.get("tag").map(ToString::to_string).unwrap_or_default();
    let engine = engine([
        on_create(20).rank(1).run("change", change),
        on_create(20).rank(2).run("after a change", log.hook(see)),
        on_create(20).rank(3).run("drop", drop_all),
        on_create(40).run("after a drop", log.hook(see)),
    ]);

    create(&engine.client().with_options(Options::new().tag("import")), "account", []);
    assert_eq!(log.take(), ["\"import\"", "\"import\""]);
    create(&engine, "account", []); // Without a tag it is a variable as any other.
    assert_eq!(log.take(), ["\"other\"", ""]);
}

#[test]
fn what_a_step_sends_finds_the_tag_in_its_parent() {
    // X-14, L-27, V-7
    let log = Log::default();
    let see = |ctx: &mut Context| {
        let parent = ctx.parent().and_then(|it| it.shared().get("tag")).cloned();
        format!("{:?} {:?}", ctx.shared.get("tag"), parent.map(|it| it.to_string()))
    };
    let engine = engine([
        on_create(40).run("send", create_task("call")),
        Step::on(Message::Create, "task").at(at(10)).run("task", log.hook(see)),
    ]);

    create(&engine.client().with_options(Options::new().tag("import")), "account", []);

    assert_eq!(log.take(), ["None Some(\"\\\"import\\\"\")"]);
}

#[test]
fn a_step_sees_what_its_caller_said_beside_the_parameters() {
    // X-13, L-29
    let log = Log::default();
    let see =
        |ctx: &mut Context| format!("{:?}", ctx.options().map(|it| (it.tag.clone(), it.bypass)));
    let engine = engine([on_create(20).essential().run("see", log.hook(see))]);
    let options = Options::new().tag("x").bypass(Bypass::ASYNCHRONOUS);
    let expected = format!("{:?}", Some((Some("x".to_owned()), Bypass::ASYNCHRONOUS)));

    create(&engine.client().with_options(options), "account", []);
    create(&engine, "account", []);

    assert_eq!(log.take(), [expected, "None".to_owned()]);
}

#[test]
fn what_the_platform_does_is_not_passed_by() {
    // L-21
    assert!(hooks::steps().iter().all(Step::is_essential));
    let engine = support::shipped_builder();
    let engine = engine.settings(allow).build().unwrap();
    let contact: Record =
        record(&engine, "contact", [("firstname", "Ada".into()), ("lastname", "Lovelace".into())]);

    let contact = passing(&engine, Bypass::ALL).create(contact).unwrap();

    let name = crate::engines::stored(&engine, &contact, "fullname");
    assert_eq!(name, Some("Ada Lovelace".into()));
}
