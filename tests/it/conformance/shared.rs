//! Shared variables: what steps of one message leave for each other.

use rulegate::Hook;

use super::*;

/// A hook that leaves a variable.
fn leave(name: &'static str) -> impl Hook + 'static {
    move |ctx: &mut Context| {
        ctx.shared.insert(name.to_owned(), 1.into());
        Ok(())
    }
}

/// Where a variable stands: among the message's own, in that of a parent, or nowhere.
fn find(name: &'static str) -> impl Fn(&mut Context) -> &'static str + Send + Sync + 'static {
    move |ctx| {
        if ctx.shared.contains_key(name) {
            return "own";
        }
        let mut outwards = std::iter::successors(ctx.parent(), |it| it.parent());
        if outwards.any(|it| it.shared().contains_key(name)) { "parent" } else { "nowhere" }
    }
}

/// Given a step at 10 that leaves a variable, when an account is updated, stage 20 finds it in the parent.
#[test]
fn t_077_what_pre_validation_left_stands_in_the_parent() {
    // V-4
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_update(10).run("leave", leave("k")),
            on_update(20).run("find", log.hook(find("k"))),
        ]);
        let account = create(&engine, "account", []);

        update(&engine, &account, []);

        assert_eq!(log.take(), ["parent"]);
    });
}

/// Given a step at 20 that leaves a variable, when an account is created, stage 40 finds it among its own.
#[test]
fn t_078_post_operation_finds_what_pre_operation_left() {
    // V-3
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_create(20).run("leave", leave("k")),
            on_create(40).run("find", log.hook(find("k"))),
        ]);

        create(&engine, "account", []);

        assert_eq!(log.take(), ["own"]);
    });
}

/// Given two steps at 20, when the first leaves a variable, the second finds it.
#[test]
fn t_079_a_later_step_of_the_stage_finds_it() {
    // V-2
    // Also V-11.
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_create(20).rank(1).run("leave", leave("k")),
            on_create(20).rank(2).run("find", log.hook(find("k"))),
        ]);

        create(&engine, "account", []);

        assert_eq!(log.take(), ["own"]);
    });
}

/// Given a step that leaves a variable and then creates a task, when an account is created, a step on the
/// task finds it with a parent.
#[test]
fn t_081_a_nested_message_finds_what_its_parent_left() {
    // V-7
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_create(20).rank(1).run("leave", leave("k")),
            on_create(20).rank(2).run("call", create_task("call")),
            Step::on(Message::Create, "task").run("find", log.hook(find("k"))),
        ]);

        create(&engine, "account", []);

        assert_eq!(log.take(), ["parent"]);
    });
}

/// Given a step on the nested Create of a task that leaves a variable, when an account is created, the outer
/// message does not find it.
#[test]
fn t_082_what_a_nested_message_left_does_not_flow_back() {
    // V-8
    on_every_store(|given| {
        let log = Log::default();
        let engine = given.engine([
            on_create(20).run("call", create_task("call")),
            Step::on(Message::Create, "task").run("leave", leave("j")),
            on_create(40).run("find", log.hook(find("j"))),
        ]);

        create(&engine, "account", []);

        assert_eq!(log.take(), ["nowhere"]);
    });
}
