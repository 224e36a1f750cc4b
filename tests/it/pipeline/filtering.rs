//! Filtering attributes: which updates wake a step.

use rulegate::{Context, Message, OrganizationService, Stage, Step, Value};

use crate::engines::{Log, at, create, engine, set, stored, update};

fn on_update(stage: u16) -> Step {
    Step::on(Message::Update, "account").at(at(stage))
}

fn ran<const N: usize>(filter: &[&str], values: [(&str, Value); N]) -> bool {
    let log = Log::default();
    let step = on_update(20).filtering(filter.iter().copied());
    let engine = engine([step.run("see", log.word("ran"))]);
    let account = create(&engine, "account", [("name", "A".into())]);
    update(&engine, &account, values);
    !log.take().is_empty()
}

#[test]
fn one_of_the_attributes_is_enough() {
    // I-44
    assert!(ran(&["name"], [("name", "B".into()), ("description", "d".into())]));
    assert!(ran(&["name", "telephone1"], [("telephone1", "1".into())]));
}

#[test]
fn null_counts_as_present() {
    // I-48
    assert!(ran(&["name"], [("name", Value::Null)]));
}

#[test]
fn a_filter_on_the_primary_key_lets_everything_pass() {
    // I-51
    assert!(ran(&["accountid"], [("description", "d".into())]));
    assert!(ran(&["accountid", "name"], [("description", "d".into())]));
}

#[test]
fn what_an_earlier_hook_added_counts_later() {
    // I-49, P-100
    let log = Log::default();
    let engine = engine([
        on_update(20).rank(1).filtering(["name"]).run("too early", log.word("early")),
        on_update(20).rank(2).run("add", set("name", "added")),
        on_update(20).rank(3).filtering(["name"]).run("same stage", log.word("20")),
        on_update(40).filtering(["name"]).run("later stage", log.word("40")),
    ]);
    let account = create(&engine, "account", []);

    update(&engine, &account, [("description", "d".into())]);

    assert_eq!(log.take(), ["20", "40"]);
}

#[test]
fn what_an_earlier_hook_removed_counts_no_more() {
    // P-100
    let log = Log::default();
    let engine = engine([
        on_update(10).run("remove", |ctx: &mut Context| {
            ctx.target_mut()?.remove("name")?;
            Ok(())
        }),
        on_update(20).filtering(["name"]).run("see", log.word("ran")),
    ]);
    let account = create(&engine, "account", []);

    update(&engine, &account, [("name", "B".into())]);

    assert!(log.take().is_empty());
}

#[test]
fn what_the_platform_stamped_counts_after_the_write() {
    // I-50
    let log = Log::default();
    let engine = engine([20, 40].map(|it| {
        let word = if it == 20 { "20" } else { "40" };
        on_update(it).filtering(["modifiedon"]).run(it.to_string(), log.word(word))
    }));
    let account = create(&engine, "account", []);

    update(&engine, &account, [("name", "B".into())]);

    assert_eq!(log.take(), ["40"]);
}

#[test]
fn filters_on_other_messages_are_ignored() {
    // I-47, I-54
    let log = Log::default();
    let engine = engine([
        Step::on(Message::Create, "account").filtering(["name"]).run("create", log.word("create")),
        Step::on(Message::Delete, "account").filtering(["name"]).run("delete", log.word("delete")),
    ]);

    let account = create(&engine, "account", []);
    engine.delete(&account).unwrap();

    assert_eq!(log.take(), ["create", "delete"]);
}

#[test]
fn a_filtered_job_is_queued_for_what_it_listens_to_alone() {
    // I-44, L-1
    let log = Log::default();
    let step = on_update(40).asynchronous().filtering(["name"]);
    let engine = engine([step.run("job", log.word("job"))]);
    let account = create(&engine, "account", []);

    update(&engine, &account, [("description", "d".into())]);
    assert!(engine.run_jobs().is_empty());

    update(&engine, &account, [("name", "B".into())]);
    assert_eq!(engine.run_jobs().len(), 1);
}

#[test]
fn steps_on_associations_can_listen_to_one_relationship() {
    // I-59: without the filter they would hear of every association there is.
    let log = Log::default();
    let on = |message| Step::on_any(message).at(Stage::PostOperation);
    let engine = engine([
        on(Message::Associate).relationship("account_tasks").run("own", log.word("tasks")),
        on(Message::Associate).relationship("account_partners").run("other", log.word("partners")),
        on(Message::Disassociate).relationship("Account_Tasks").run("away", log.word("away")),
    ]);
    let account = create(&engine, "account", []);
    let task = create(&engine, "task", []);

    engine.associate(&account, "Account_Tasks", [task.clone()]).unwrap();
    engine.disassociate(&account, "Account_Tasks", [task.clone()]).unwrap();

    assert_eq!(log.take(), ["tasks", "away"]);
    assert_eq!(stored(&engine, &task, "regardingobjectid"), None);
}
