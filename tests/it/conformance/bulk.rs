//! Bulk messages: many records in one message.

use rulegate::message::DeleteMultiple;

use super::*;

fn on(message: Message, stage: u16) -> Step {
    Step::on(message, "account").at(at(stage))
}

fn named<const N: usize>(engine: &Engine, names: [&str; N]) -> Vec<Record> {
    names.map(|it| record(engine, "account", [("name", it.into())])).into()
}

/// Given a step on Create, when three accounts are created in one message, it runs for each of them.
#[test]
fn t_130_creating_many_raises_each_create() {
    // M-40
    on_every_store(|given| {
        let log = Log::default();
        let name = |ctx: &mut Context| word(ctx.target().unwrap().get("name"));
        let engine = given.engine([on_create(20).run("see", log.hook(name))]);

        let created = engine.create_multiple(named(&engine, ["A", "B", "C"])).unwrap();

        assert_eq!(log.take(), ["\"A\"", "\"B\"", "\"C\""]);
        assert_eq!((created.len(), count(&engine, "account")), (3, 3));
    });
}

/// Given a step on `CreateMultiple`, when one account is created, it runs once, with one target.
#[test]
fn t_131_a_single_create_raises_create_multiple_with_one_target() {
    // M-41
    on_every_store(|given| {
        let log = Log::default();
        let see = log.hook(|ctx| ctx.targets().len());
        let engine = given.engine([on(Message::CreateMultiple, 20).run("see", see)]);

        create(&engine, "account", []);

        assert_eq!(log.take(), ["1"]);
    });
}

/// When the second of three accounts cannot be created, none is stored.
#[test]
fn t_133_one_record_that_fails_undoes_all() {
    // M-47
    on_every_store(|given| {
        let engine = given.engine([]);
        let longer = "x".repeat(161);

        let error = engine.create_multiple(named(&engine, ["A", &longer, "C"])).unwrap_err();

        assert_eq!(error.code(), ErrorCode::TooLong);
        assert_eq!(count(&engine, "account"), 0);
    });
}

/// Given a step on `UpdateMultiple` with a pre-image, when two accounts are updated, each of them has its own.
#[test]
fn t_134_each_record_has_images_of_its_own() {
    // M-58
    // Also I-3.
    on_every_store(|given| {
        let log = Log::default();
        let see = |ctx: &mut Context| {
            let targets = ctx.targets().iter().enumerate();
            let both = targets.map(|(index, target)| {
                let before = ctx.pre_image_of(index, "before").unwrap();
                format!("{} → {}", word(before.get("name")), word(target.get("name")))
            });
            both.collect::<Vec<_>>().join(", ")
        };
        let step = on(Message::UpdateMultiple, 40).pre_image_as("before", ["name"]);
        let engine = given.engine([step.run("see", log.hook(see))]);
        let created = engine.create_multiple(named(&engine, ["A", "B"])).unwrap();

        let changes = created.iter().zip(["C", "D"]);
        let changes = changes.map(|(it, name)| change(&engine, it, [("name", name.into())]));
        engine.update_multiple(changes.collect()).unwrap();

        assert_eq!(log.take(), ["\"A\" → \"C\", \"B\" → \"D\""]);
    });
}

/// When many records are to be deleted in one message, it is refused: only elastic tables have it.
#[test]
fn t_135_deleting_many_is_not_there() {
    // M-50
    on_every_store(|given| {
        let engine = given.engine([]);
        let account = create(&engine, "account", []);

        let error = engine.send(DeleteMultiple { targets: vec![account] }).unwrap_err();

        assert_eq!(error.to_string(), "DeleteMultiple has not yet been implemented.");
        assert_eq!(count(&engine, "account"), 1);
    });
}
