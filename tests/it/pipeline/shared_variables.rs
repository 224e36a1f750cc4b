//! Shared variables: what hooks of one message leave for each other.

use rulegate::message::Custom;
use rulegate::message::{CustomMessage, Parameter};
use rulegate::{Context, Fault, Hook, Message, OrganizationService, Record, Step};

use crate::engines::{Log, at, builder, create, create_task, engine, record, update};

fn on_update(stage: u16) -> Step {
    Step::on(Message::Update, "account").at(at(stage))
}

fn on_create(stage: u16) -> Step {
    Step::on(Message::Create, "account").at(at(stage))
}

/// A hook that leaves a variable.
fn leave(name: &'static str) -> impl Hook + 'static {
    move |ctx: &mut Context| {
        ctx.shared.insert(name.to_owned(), name.into());
        Ok(())
    }
}

/// Where a variable stands: in the message's own, in a parent's, or nowhere.
fn find(name: &'static str) -> impl Fn(&mut Context) -> String + Send + Sync + 'static {
    move |ctx| {
        if ctx.shared.contains_key(name) {
            return "own".to_owned();
        }
        let mut parent = ctx.parent();
        let mut distance = 1;
        while let Some(it) = parent {
            if it.shared().contains_key(name) {
                return format!("parent {distance}");
            }
            (parent, distance) = (it.parent(), distance + 1);
        }
        "nowhere".to_owned()
    }
}

#[test]
fn what_pre_validation_left_stands_in_the_parent_for_create_update_and_delete() {
    // V-4, V-6
    let log = Log::default();
    let steps = [Message::Create, Message::Update, Message::Delete].into_iter().flat_map(|it| {
        let on = |stage| Step::on(it.clone(), "account").at(at(stage));
        [
            on(10).rank(1).run("leave", leave("k")),
            on(10).rank(2).run("10", log.hook(find("k"))),
            on(20).run("20", log.hook(find("k"))),
            on(40).run("40", log.hook(find("k"))),
        ]
    });
    let engine = engine(steps);

    let account = create(&engine, "account", []);
    update(&engine, &account, []);
    engine.delete(&account).unwrap();

    assert_eq!(log.take(), [["own", "parent 1", "parent 1"]; 3].concat());
}

#[test]
fn what_pre_validation_left_stays_for_other_messages() {
    // V-5
    let log = Log::default();
    let on = |message: Message, stage| Step::on_any(message).at(at(stage));
    let engine = engine([
        on(Message::Retrieve, 10).run("leave", leave("k")),
        on(Message::Retrieve, 40).run("find", log.hook(find("k"))),
        on(Message::Associate, 10).run("leave", leave("k")),
        on(Message::Associate, 40).run("find", log.hook(find("k"))),
    ]);
    let account = create(&engine, "account", []);

    engine.retrieve(&account).unwrap();
    engine.associate(&account, "Account_Tasks", []).unwrap();

    assert_eq!(log.take(), ["own", "own"]);
}

#[test]
fn a_custom_message_keeps_what_pre_validation_left() {
    // V-5
    let log = Log::default();
    let on = |stage| Step::on_any(Message::from("Ping")).at(at(stage));
    let engine = builder()
        .message(CustomMessage::new("Ping"), log.hook(find("k")))
        .step(on(10).run("leave", leave("k")))
        .step(on(40).run("find", log.hook(find("k"))))
        .build()
        .unwrap();

    engine.call(Custom::new("Ping")).unwrap();

    assert_eq!(log.take(), ["own", "own"]);
}

#[test]
fn a_nested_message_starts_without_any_and_finds_those_of_its_parent() {
    // V-7
    let log = Log::default();
    let engine = engine([
        on_create(20).rank(1).run("leave", leave("k")),
        on_create(20).rank(2).run("create", create_task("call")),
        Step::on(Message::Create, "task").at(at(10)).run("10", log.hook(find("k"))),
        Step::on(Message::Create, "task").at(at(20)).run("20", log.hook(find("k"))),
    ]);

    create(&engine, "account", []);

    assert_eq!(log.take(), ["parent 1", "parent 2"]);
}

#[test]
fn a_job_finds_what_synchronous_steps_left_and_leaves_nothing() {
    // V-9
    let log = Log::default();
    let engine = engine([
        on_create(40).run("leave", leave("k")),
        on_create(40).asynchronous().rank(1).run("leave j", leave("j")),
        on_create(40).asynchronous().rank(2).run("find k", log.hook(find("k"))),
        on_create(40).asynchronous().rank(3).run("find j", log.hook(find("j"))),
    ]);

    create(&engine, "account", []);
    engine.run_jobs();

    assert_eq!(log.take(), ["own", "nowhere"]);
}

#[test]
fn two_messages_share_nothing() {
    // V-12
    let log = Log::default();
    let engine = engine([
        on_update(20).rank(1).run("find", log.hook(find("k"))),
        on_update(20).rank(2).run("leave", leave("k")),
    ]);
    let account = create(&engine, "account", []);

    update(&engine, &account, []);
    update(&engine, &account, []);

    assert_eq!(log.take(), ["nowhere", "nowhere"]);
}

#[test]
fn a_record_can_be_shared() {
    // V-1
    let log = Log::default();
    let share = |ctx: &mut Context| {
        let target = ctx.target().cloned().unwrap();
        ctx.shared.insert("sent".to_owned(), Parameter::Record(target));
        Ok(())
    };
    let name = |ctx: &mut Context| {
        let record = ctx.shared.get("sent").and_then(Parameter::as_record).unwrap();
        record.get("name").unwrap().to_string()
    };
    let engine =
        engine([on_create(20).run("share", share), on_create(40).run("see", log.hook(name))]);

    create(&engine, "account", [("name", "A".into())]);

    assert_eq!(log.take(), ["\"A\""]);
}

#[test]
fn pre_validation_can_carry_the_whole_change_to_later_stages() {
    // V-13
    let log = Log::default();
    let carry = |ctx: &mut Context| -> Result<(), Fault> {
        let names: Vec<String> =
            ctx.target().unwrap().attributes().map(|(it, _)| it.to_owned()).collect();
        ctx.shared.insert("all".to_owned(), Parameter::Texts(names));
        Ok(())
    };
    let see = |ctx: &mut Context| ctx.parent().unwrap().shared().get("all").unwrap().to_string();
    let engine =
        engine([on_update(10).run("carry", carry), on_update(40).run("see", log.hook(see))]);
    let account = create(&engine, "account", []);

    update(&engine, &account, [("name", "B".into()), ("statecode", rulegate::Value::Choice(1))]);

    assert_eq!(log.take().last().unwrap(), "[\"name\", \"statecode\"]");
}

#[test]
fn a_step_that_fails_leaves_nothing_to_the_next_message() {
    // V-14
    let log = Log::default();
    let engine = engine([
        on_create(20).rank(1).run("find", log.hook(find("k"))),
        on_create(20).rank(2).run("leave", |ctx: &mut Context| {
            ctx.shared.insert("k".to_owned(), 1.into());
            if ctx.target().is_some_and(|it: &Record| it.has("name")) {
                return Err(Fault::reject("no"));
            }
            Ok(())
        }),
    ]);

    engine.create(record(&engine, "account", [("name", "A".into())])).unwrap_err();
    create(&engine, "account", []);

    assert_eq!(log.take(), ["nowhere", "nowhere"]);
}
