//! Images: a record as it was before a message and as it is after the write.

use rulegate::pipeline::Image;

use super::*;

const EVERYTHING: [&str; 0] = [];

/// A value in an image, or how it is missing.
fn seen(image: Option<Image<'_>>, name: &str) -> String {
    image.map_or("no image".to_owned(), |it| word(it.get(name)))
}

/// What the pre-image shows of an attribute, and what the post-image.
fn both(name: &'static str) -> impl Fn(&mut Context) -> String + Send + Sync + 'static {
    move |ctx| format!("{}, {}", seen(ctx.pre_image(), name), seen(ctx.post_image(), name))
}

/// Updates the description of its record, where no update did so before.
fn describe(ctx: &mut Context) -> Result<(), Fault> {
    if 1 < ctx.depth() {
        return Ok(());
    }
    let service = ctx.service();
    Ok(service.update(service.change(&own(ctx))?.with("description", "new")?)?)
}

/// Given a step at 40 with both images, when the name is updated, one shows the old and one the new name.
#[test]
fn t_033_the_pre_image_is_before_the_write_and_the_post_image_after_it() {
    // I-1, I-17
    on_every_store(|given| {
        let log = Log::default();
        let step = on_update(40).pre_image(["name"]).post_image(["name"]);
        let engine = given.engine([step.run("see", log.hook(both("name")))]);
        let account = create(&engine, "account", [("name", "A".into())]);

        update(&engine, &account, [("name", "B".into())]);

        assert_eq!(log.take(), ["\"A\", \"B\""]);
    });
}

/// Given a step at 20 with a pre-image of the name, when the description is updated, the image has the name
/// that the target lacks.
#[test]
fn t_034_the_pre_image_has_what_the_target_lacks() {
    // I-31, I-17
    on_every_store(|given| {
        let log = Log::default();
        let see = |ctx: &mut Context| {
            format!("{} {}", seen(ctx.pre_image(), "name"), ctx.target().unwrap().has("name"))
        };
        let engine = given.engine([on_update(20).pre_image(["name"]).run("see", log.hook(see))]);
        let account = create(&engine, "account", [("name", "A".into())]);

        update(&engine, &account, [("description", "d".into())]);

        assert_eq!(log.take(), ["\"A\" false"]);
    });
}

/// Given a pre-image of the name alone, when an account with a description is updated, the image lacks it.
#[test]
fn t_035_an_image_shows_what_was_asked_for() {
    // I-13
    on_every_store(|given| {
        let log = Log::default();
        let step = on_update(20).pre_image(["name"]);
        let engine = given.engine([step.run("see", log.hook(both("description")))]);
        let account = create(&engine, "account", [("description", "d".into())]);

        update(&engine, &account, []);

        assert_eq!(log.take(), ["–, no image"]);
    });
}

/// Given a record without a telephone and an image of it, when it is updated, the image does not hold the
/// attribute, not even as null.
#[test]
fn t_037_what_was_null_is_absent_from_an_image() {
    // I-15
    on_every_store(|given| {
        let log = Log::default();
        let absent = |ctx: &mut Context| ctx.pre_image().unwrap().get("telephone1").is_none();
        let step = on_update(20).pre_image(["telephone1"]);
        let engine = given.engine([step.run("see", log.hook(absent))]);
        let account = create(&engine, "account", [("telephone1", Value::Null)]);

        update(&engine, &account, []);

        assert_eq!(log.take(), ["true"]);
    });
}

/// Given a step at 40 with a pre-image, when its record is deleted, the image alone has its data.
#[test]
fn t_043_a_deleted_record_lives_on_in_its_pre_image() {
    // I-1, C-137
    on_every_store(|given| {
        let log = Log::default();
        let see = |ctx: &mut Context| {
            let account = EntityReference::new("account", ctx.primary_id().unwrap());
            format!("{}, gone: {}", both("name")(ctx), ctx.service().retrieve(&account).is_err())
        };
        let step = Step::on(Message::Delete, "account").at(Stage::PostOperation);
        let engine = given.engine([step.pre_image(["name"]).run("see", log.hook(see))]);
        let account = create(&engine, "account", [("name", "A".into())]);

        engine.delete(&account).unwrap();

        assert_eq!(log.take(), ["\"A\", no image, gone: true"]);
    });
}

/// Given a step at 20 that changes the name once more, when the name is updated, the post-image has what
/// was written and the pre-image what was there.
#[test]
fn t_045_the_post_image_has_what_steps_set_and_the_pre_image_has_not() {
    // I-18, I-19
    on_every_store(|given| {
        let log = Log::default();
        let see = on_update(40).pre_image(["name"]).post_image(["name"]);
        let engine = given.engine([
            on_update(20).run("rename", set("name", "C")),
            see.run("see", log.hook(both("name"))),
        ]);
        let account = create(&engine, "account", [("name", "A".into())]);

        update(&engine, &account, [("name", "B".into())]);

        assert_eq!(log.take(), ["\"A\", \"C\""]);
    });
}

/// Given a step of rank 1 that updates the record once more, when the name is updated, the post-image of
/// rank 2 is as old as that of rank 1.
#[test]
fn t_046_synchronous_steps_share_one_post_image() {
    // I-22, P-87
    on_every_store(|given| {
        let log = Log::default();
        let see = on_update(40).rank(2).filtering(["name"]).post_image(["description"]);
        let engine = given.engine([
            on_update(40).rank(1).run("describe", describe),
            see.run("see", log.hook(|ctx| seen(ctx.post_image(), "description"))),
        ]);
        let account = create(&engine, "account", [("description", "old".into())]);

        update(&engine, &account, [("name", "B".into())]);

        assert_eq!(log.take(), ["\"old\""]);
        assert_eq!(stored(&engine, &account, "description"), text("new"));
    });
}

/// Given the same and a job, when the name is updated, the post-image of the job has the later update.
#[test]
fn t_047_a_job_has_a_later_post_image() {
    // P-88
    on_every_store(|given| {
        let log = Log::default();
        let job = on_update(40).asynchronous().filtering(["name"]).post_image(["description"]);
        let engine = given.engine([
            on_update(40).run("describe", describe),
            job.run("job", log.hook(|ctx| seen(ctx.post_image(), "description"))),
        ]);
        let account = create(&engine, "account", [("description", "old".into())]);

        update(&engine, &account, [("name", "B".into())]);
        engine.run_jobs();

        assert_eq!(log.take(), ["\"new\""]);
    });
}

/// Given a job that asks for no image, when it runs, it finds the primary name in one that every job has.
#[test]
fn t_049_a_job_finds_the_primary_name_in_an_image_of_its_own() {
    // I-24
    on_every_store(|given| {
        let log = Log::default();
        let see =
            |ctx: &mut Context| seen(ctx.post_image_as("AsynchronousStepPrimaryName"), "name");
        let engine = given.engine([on_update(40).asynchronous().run("job", log.hook(see))]);
        let account = create(&engine, "account", [("name", "A".into())]);

        update(&engine, &account, [("description", "d".into())]);
        engine.run_jobs();

        assert_eq!(log.take(), ["\"A\""]);
    });
}

/// Given a step with a post-image of everything, when an account is created with a name, the image has what
/// the platform filled.
#[test]
fn t_050_the_post_image_of_create_has_what_the_platform_filled() {
    // I-19, I-33
    on_every_store(|given| {
        let log = Log::default();
        let missing = |ctx: &mut Context| {
            let image = ctx.post_image().unwrap();
            let names =
                ["createdon", "createdby", "modifiedon", "ownerid", "statecode", "statuscode"];
            names.into_iter().filter(|it| image.get(it).is_none()).collect::<Vec<_>>().join(" ")
        };
        let step = on_create(40).post_image(EVERYTHING);
        let engine = given.engine([step.run("see", log.hook(missing))]);

        create(&engine, "account", [("name", "A".into())]);

        assert_eq!(log.take(), [""]);
    });
}

/// Given a step at 20 and settings by which the platform fills the target late, when an account is created
/// with a name, the target has the name alone.
#[test]
fn t_051_pre_operation_of_create_sees_what_was_sent_where_the_settings_say_so() {
    // I-33
    on_every_store(|given| {
        let log = Log::default();
        let names = |ctx: &mut Context| {
            let names: Vec<&str> = ctx.target().unwrap().attributes().map(|it| it.0).collect();
            names.join(" ")
        };
        let engine = given
            .builder()
            .settings(|it| it.platform_attributes_at_pre_operation = false)
            .step(on_create(20).run("see", log.hook(names)))
            .build()
            .unwrap();

        create(&engine, "account", [("name", "A".into())]);

        assert_eq!(log.take(), ["name"]);
    });
}

/// Given a step at 10 that updates the record by itself, when the name is updated, the steps of stage 10 see
/// the snapshot of before. Those of the transaction see what was committed when it began.
#[test]
fn t_198_pre_validation_has_the_record_of_before_and_the_transaction_that_of_its_begin() {
    // I-29
    on_every_store(|given| {
        let log = Log::default();
        let see = |ctx: &mut Context| seen(ctx.pre_image(), "description");
        let on = |stage| on_update(stage).filtering(["name"]).pre_image(["description"]);
        let engine = given.engine([
            on_update(10).rank(1).run("describe", describe),
            on(10).rank(2).run("10", log.hook(see)),
            on(40).run("40", log.hook(see)),
        ]);
        let account = create(&engine, "account", [("description", "old".into())]);

        update(&engine, &account, [("name", "B".into())]);

        assert_eq!(log.take(), ["\"old\"", "\"new\""]);
    });
}

/// Given a step whose images show a property that its message has not, when it is registered, it is refused.
#[test]
fn t_042_an_image_is_of_a_property_of_its_message() {
    // I-8
    on_every_store(|given| {
        let step = on_update(40).post_image(["name"]).image_property("Nonsense");
        let step = step.run("step", |_: &mut Context| Ok(()));

        let Err(rulegate::engine::ReloadError::Steps(problems)) =
            given.builder().step(step).build()
        else {
            panic!("it was registered")
        };

        assert_eq!(problems.first().unwrap().problem.number(), 0x8004_416B);
    });
}
