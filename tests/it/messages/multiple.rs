//! Bulk messages: many records in one message, and single messages that raise them.

use rulegate::message::{CreateMultiple, DeleteMultiple};
use rulegate::record::Query;
use rulegate::{
    Context, Engine, EntityReference, ErrorCode, Fault, Message, OrganizationService, Record, Step,
    Value,
};

use crate::engines::{
    Log, at, change, count, create, create_task, engine, record, refuse, set, stored, text, update,
};

fn on(message: Message, stage: u16) -> Step {
    Step::on(message, "account").at(at(stage))
}

fn named<const N: usize>(engine: &Engine, names: [&str; N]) -> Vec<Record> {
    names.map(|it| record(engine, "account", [("name", it.into())])).into()
}

/// The names that the targets carry.
fn names(ctx: &mut Context) -> String {
    let name = |it: &Record| it.get("name").map_or("–".into(), ToString::to_string);
    ctx.targets().iter().map(name).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_single_update_raises_update_multiple_with_one_target() {
    // M-41
    let log = Log::default();
    let engine = engine([on(Message::UpdateMultiple, 40).run("look", log.hook(names))]);
    let acme = create(&engine, "account", []);

    update(&engine, &acme, [("name", "Acme".into())]);

    assert_eq!(log.take(), ["\"Acme\""]);
}

#[test]
fn within_a_stage_bulk_steps_come_first_then_those_of_each_record() {
    // M-44, M-42
    let log = Log::default();
    let both = |stage: u16, bulk: &'static str, single: &'static str| {
        let bulk = on(Message::CreateMultiple, stage).rank(9).run(bulk, log.word(bulk));
        [bulk, on(Message::Create, stage).run(single, log.word(single))]
    };
    let steps = [both(10, "B10", "s10"), both(20, "B20", "s20"), both(40, "B40", "s40")];
    let engine = engine(steps.into_iter().flatten());

    engine.create_multiple(named(&engine, ["A", "B"])).unwrap();

    let seen = log.take().join(" ");
    assert_eq!(seen, "B10 s10 s10 B20 s20 s20 B40 s40 s40");
}

#[test]
fn a_bulk_step_changes_what_each_record_becomes_and_the_other_way_round() {
    // P-21, M-57
    let log = Log::default();
    let engine = engine([
        on(Message::CreateMultiple, 20).run("number", |ctx: &mut Context| {
            for (index, target) in ctx.targets_mut()?.iter_mut().enumerate() {
                target.set("employees", i64::try_from(index).unwrap_or(0))?;
            }
            Ok(())
        }),
        on(Message::Create, 20).run("rename", set("name", "Zeta")),
        on(Message::CreateMultiple, 40).run("look", log.hook(names)),
    ]);

    let created = engine.create_multiple(named(&engine, ["A", "B"])).unwrap();

    assert_eq!(log.take(), ["\"Zeta\" \"Zeta\""]);
    let numbers = created.iter().map(|it| stored(&engine, it, "employees"));
    let numbers: Vec<_> = numbers.map(|it| it.and_then(|it| it.as_whole_number())).collect();
    assert_eq!(numbers, [Some(0), Some(1)]);
}

#[test]
fn bulk_steps_find_the_answer_in_post_operation() {
    // M-57, X-5
    let log = Log::default();
    let answer = |ctx: &mut Context| format!("{:?}", ctx.response().is_some());
    let engine = engine([
        on(Message::CreateMultiple, 20).run("20", log.hook(answer)),
        on(Message::CreateMultiple, 40).run("40", log.hook(answer)),
    ]);

    engine.create_multiple(named(&engine, ["A"])).unwrap();

    assert_eq!(log.take(), ["false", "true"]);
}

#[test]
fn a_refusal_of_one_record_undoes_what_the_others_caused() {
    // M-47, P-30
    let engine = engine([
        on(Message::Create, 40).rank(1).run("task", create_task("call")),
        on(Message::Create, 40).rank(2).run("no", |ctx: &mut Context| {
            let is_bad = ctx.target().and_then(|it| it.get("name")) == Some(&"B".into());
            if is_bad { Err(Fault::reject("no")) } else { Ok(()) }
        }),
    ]);

    engine.create_multiple(named(&engine, ["A", "B"])).unwrap_err();

    assert_eq!((count(&engine, "account"), count(&engine, "task")), (0, 0));
}

#[test]
fn a_filter_of_a_bulk_step_looks_at_all_records() {
    // M-59, M-60
    let log = Log::default();
    let engine = engine([
        on(Message::UpdateMultiple, 20).filtering(["name"]).run("name", log.hook(names)),
        on(Message::UpdateMultiple, 20).filtering(["telephone1"]).run("phone", log.hook(names)),
    ]);
    let created = engine.create_multiple(named(&engine, ["A", "B"])).unwrap();
    let [first, second] = &*created else { panic!("two were sent") };

    let renamed = change(&engine, first, [("name", "C".into())]);
    let rated = change(&engine, second, [("rating", Value::Choice(1))]);
    engine.update_multiple(vec![renamed, rated]).unwrap();

    assert_eq!(log.take(), ["\"C\" –"]);
}

#[test]
fn upserting_many_creates_and_updates_in_the_order_of_the_targets() {
    // M-30, M-40
    let log = Log::default();
    let engine = engine([
        on(Message::CreateMultiple, 20)
            .run("create", log.hook(|it| format!("create {}", names(it)))),
        on(Message::UpdateMultiple, 20)
            .run("update", log.hook(|it| format!("update {}", names(it)))),
    ]);
    let acme = create(&engine, "account", [("accountnumber", "1".into())]);
    log.take();
    let keyed = |number: &str, name: &str| {
        let sent = record(&engine, "account", [("name", name.into())]);
        sent.with_key("accountnumber", number).unwrap()
    };

    let upserted = engine.upsert_multiple(vec![keyed("2", "B"), keyed("1", "A"), keyed("3", "C")]);

    let upserted = upserted.unwrap();
    assert_eq!(log.take(), ["create \"B\" \"C\"", "update \"A\""]);
    let created: Vec<bool> = upserted.iter().map(|it| it.is_created).collect();
    assert_eq!(created, [true, false, true]);
    assert_eq!(upserted.get(1).map(|it| &it.target), Some(&acme));
    let names: Vec<_> = upserted.iter().map(|it| stored(&engine, &it.target, "name")).collect();
    assert_eq!(names, [text("B"), text("A"), text("C")]);
}

#[test]
fn upserting_many_is_all_or_nothing() {
    // M-47
    let engine = engine([on(Message::Update, 40).run("no", refuse("no"))]);
    create(&engine, "account", [("accountnumber", "1".into())]);
    let keyed =
        |number: &str| engine.record("account").unwrap().with_key("accountnumber", number).unwrap();

    engine.upsert_multiple(vec![keyed("2"), keyed("1")]).unwrap_err();

    assert_eq!(count(&engine, "account"), 1);
}

#[test]
fn a_bulk_update_of_states_and_more_runs_in_two_parts() {
    // M-19, M-40
    let log = Log::default();
    let sent = |ctx: &mut Context| {
        let count = |name| ctx.targets().iter().filter(|it| it.has(name)).count();
        format!("{} names {} states", count("name"), count("statecode"))
    };
    let engine = engine([on(Message::UpdateMultiple, 20).run("look", log.hook(sent))]);
    let created = engine.create_multiple(named(&engine, ["A", "B"])).unwrap();
    let [first, second] = &*created else { panic!("two were sent") };

    let closed = change(&engine, first, [("name", "C".into()), ("statecode", Value::Choice(1))]);
    let renamed = change(&engine, second, [("name", "D".into())]);
    engine.update_multiple(vec![closed, renamed]).unwrap();

    assert_eq!(log.take(), ["2 names 0 states", "0 names 1 states"]);
    assert_eq!(stored(&engine, first, "statecode"), Some(Value::Choice(1)));
    assert_eq!(stored(&engine, second, "statecode"), Some(Value::Choice(0)));
}

#[test]
fn an_asynchronous_bulk_step_gets_all_records_with_their_images() {
    // M-58, L-1
    let log = Log::default();
    let step = on(Message::CreateMultiple, 40).asynchronous().post_image(["name"]).run(
        "look",
        log.hook(|ctx| {
            let image = ctx.post_image_of(1, "").and_then(|it| it.get("name")).cloned();
            format!("{} {}", names(ctx), image.unwrap())
        }),
    );
    let engine = engine([step]);

    engine.create_multiple(named(&engine, ["A", "B"])).unwrap();
    engine.run_jobs();

    assert_eq!(log.take(), ["\"A\" \"B\" \"B\""]);
}

#[test]
fn a_record_that_stands_there_twice_changes_twice() {
    // M-52
    let engine = engine([]);
    let acme = create(&engine, "account", []);
    let renamed = |name: &str| change(&engine, &acme, [("name", name.into())]);

    engine.update_multiple(vec![renamed("A"), renamed("B")]).unwrap();

    assert_eq!(stored(&engine, &acme, "name"), text("B"));
}

#[test]
fn what_is_no_bulk_is_refused() {
    // M-45, M-46, M-50
    let engine = engine([]);
    let account = record(&engine, "account", []);
    let mixed = vec![account.clone(), record(&engine, "contact", [])];
    let nobody = EntityReference::new("account", uuid::Uuid::from_u128(7));

    let errors = [
        engine.create_multiple(Vec::new()).unwrap_err(),
        engine.create_multiple(mixed).unwrap_err(),
        engine.update_multiple(vec![account]).unwrap_err(),
        engine.send(DeleteMultiple { targets: vec![nobody] }).unwrap_err(),
    ];

    let words = errors.map(|it| format!("0x{:08X} {it}", it.number()));
    assert_eq!(
        words,
        [
            "0x80040216 CreateMultiple needs at least one record in `Targets`",
            "0x80040203 all `Targets` of CreateMultiple are of one entity: `contact` stands beside `account`",
            "0x80040217 Entity Id must be specified for Operation",
            "0x80040800 DeleteMultiple has not yet been implemented.",
        ]
    );
}

#[test]
fn a_hook_cannot_make_other_records_of_the_targets() {
    let engine = engine([on(Message::CreateMultiple, 20).run("add", |ctx: &mut Context| {
        let other = ctx.service().record("account")?;
        if let rulegate::Request::CreateMultiple(CreateMultiple { targets }) = ctx.request_mut()? {
            targets.push(other);
        }
        Ok(())
    })]);

    let error = engine.create_multiple(named(&engine, ["A"])).unwrap_err();

    assert!(error.to_string().contains("other records of the targets"), "{error}");
    assert_eq!(count(&engine, "account"), 0);
}

#[test]
fn a_bulk_message_reads_like_its_records() {
    let engine = engine([
        on(Message::CreateMultiple, 20).run("all", |ctx: &mut Context| {
            ctx.targets_mut()?.iter_mut().try_for_each(|it| it.set("telephone1", "555"))?;
            Ok(())
        }),
        on(Message::Create, 20).run("each", set("description", "new")),
    ]);

    let (transcript, outcome) =
        engine.trace(CreateMultiple { targets: named(&engine, ["A", "B"]) });

    outcome.unwrap();
    insta::assert_snapshot!(transcript, @r#"
    ▶ CreateMultiple account {account name="A"} {account name="B"}
      20 pre-operation
         all                                ✓
           [0] telephone1                   – → "555"
           [1] telephone1                   – → "555"
       [0] account#1
         each                               ✓
           description                      – → "new"
       [1] account#2
         each                               ✓
           description                      – → "new"
      30 main                               account#1
      30 main                               account#2
    ✔
    "#);
}

#[test]
fn a_single_message_reads_as_it_was_sent() {
    // M-41
    let engine = engine([on(Message::CreateMultiple, 20).run("all", set_nothing())]);

    let target = record(&engine, "account", [("name", "Acme".into())]);
    let (transcript, outcome) = engine.trace(rulegate::message::Create::new(target));

    outcome.unwrap();
    insta::assert_snapshot!(transcript, @r#"
    ▶ Create account name="Acme"
      20 pre-operation
         all                                ✓
      30 main                               account#1
    ✔
    "#);
}

fn set_nothing() -> impl rulegate::Hook + 'static {
    |_: &mut Context| Ok(())
}

#[test]
fn messages_of_a_bulk_are_counted_one_by_one() {
    // M-55: for the limit of messages each record counts.
    let engine = crate::engines::builder().settings(|it| it.message_limit = 3).build().unwrap();

    engine.create_multiple(named(&engine, ["A", "B", "C"])).unwrap();
    let error = engine.create_multiple(named(&engine, ["A", "B", "C", "D"])).unwrap_err();

    assert_eq!(error.code(), ErrorCode::StepLimit);
    assert_eq!(engine.retrieve_multiple(Query::new("account")).unwrap().records.len(), 3);
}

#[test]
fn a_bulk_message_names_its_entity_and_no_record() {
    // X-26
    let log = Log::default();
    let aim = |ctx: &mut Context| format!("{} {:?}", ctx.entity(), ctx.primary_id());
    let engine = engine([on(Message::CreateMultiple, 40).run("see", log.hook(aim))]);

    engine.create_multiple(named(&engine, ["A", "B"])).unwrap();

    assert_eq!(log.take(), ["account None"]);
}

#[test]
fn bulk_steps_leave_variables_for_each_other() {
    // M-61
    let log = Log::default();
    let engine = engine([
        on(Message::CreateMultiple, 20).run("leave", |ctx: &mut Context| {
            ctx.shared.insert("k".to_owned(), 1.into());
            Ok(())
        }),
        on(Message::CreateMultiple, 40)
            .run("find", log.hook(|ctx: &mut Context| ctx.shared.contains_key("k"))),
    ]);

    engine.create_multiple(named(&engine, ["A", "B"])).unwrap();

    assert_eq!(log.take(), ["true"]);
}

#[test]
fn updating_many_demands_no_version() {
    // M-51
    let engine = engine([]);
    let acme = create(&engine, "account", []);
    let mut stale = change(&engine, &acme, [("name", "A".into())]);
    stale.set_version(1);
    update(&engine, &acme, []);

    engine.update_multiple(vec![stale]).unwrap();

    assert_eq!(stored(&engine, &acme, "name"), text("A"));
}
