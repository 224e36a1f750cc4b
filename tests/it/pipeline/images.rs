//! Images: a record as it was before a message and as it is after the write.

use rulegate::pipeline::Image;
use rulegate::{Context, Message, OrganizationService, Record, Stage, Step, Value};

use crate::engines::{Log, at, change, create, engine, stored, text, update};

fn on_update(stage: u16) -> Step {
    Step::on(Message::Update, "account").at(at(stage))
}

/// A value in an image, or how it is missing.
fn word(image: Option<Image<'_>>, name: &str) -> String {
    let Some(image) = image else { return "no image".to_owned() };
    image.get(name).map_or("absent".to_owned(), ToString::to_string)
}

fn both(name: &'static str) -> impl Fn(&mut Context) -> String + Send + Sync + 'static {
    move |ctx| format!("{} {}", word(ctx.pre_image(), name), word(ctx.post_image(), name))
}

const NONE: [&str; 0] = [];

#[test]
fn an_image_without_a_list_shows_everything() {
    // I-14
    let log = Log::default();
    let step = on_update(20).pre_image(NONE);
    let engine = engine([step.run("see", log.hook(both("description")))]);
    let account = create(&engine, "account", [("description", "d".into())]);

    update(&engine, &account, []);

    assert_eq!(log.take(), ["\"d\" no image"]);
}

#[test]
fn what_was_null_is_absent_from_an_image() {
    // I-15
    let log = Log::default();
    let step = on_update(20).pre_image(["telephone1"]);
    let engine = engine([step.run("see", log.hook(both("telephone1")))]);
    let account = create(&engine, "account", [("telephone1", "1".into())]);

    update(&engine, &account, [("telephone1", Value::Null)]);
    update(&engine, &account, []);

    assert_eq!(log.take(), ["\"1\" no image", "absent no image"]);
}

#[test]
fn the_identity_is_in_every_image() {
    // I-16
    let log = Log::default();
    let id = |ctx: &mut Context| {
        let image = ctx.pre_image().unwrap();
        format!("{} {}", image.reference().unwrap(), image.get("accountid").unwrap())
    };
    let engine = engine([on_update(20).pre_image(["name"]).run("see", log.hook(id))]);
    let account = create(&engine, "account", []);

    update(&engine, &account, []);

    assert_eq!(log.take(), [format!("{account} {}", account.id)]);
}

/// Updates the description of the record, once.
fn describe_nested(ctx: &mut Context) -> Result<(), rulegate::Fault> {
    if 1 < ctx.depth() {
        return Ok(());
    }
    let account = ctx.target().and_then(Record::reference).unwrap();
    let service = ctx.service();
    Ok(service.update(service.change(&account)?.with("description", "nested")?)?)
}

#[test]
fn synchronous_steps_share_one_post_image_and_jobs_have_a_later_one() {
    // I-22, I-23, P-87, P-88
    let log = Log::default();
    let see = |ctx: &mut Context| match ctx.depth() {
        1 => word(ctx.post_image(), "description"),
        _ => "nested".to_owned(),
    };
    let engine = engine([
        on_update(40).rank(1).run("update", describe_nested),
        on_update(40)
            .rank(2)
            .filtering(["name"])
            .post_image(["description"])
            .run("see", log.hook(see)),
        on_update(40)
            .asynchronous()
            .filtering(["name"])
            .post_image(["description"])
            .run("job", log.hook(see)),
    ]);
    let account = create(&engine, "account", [("description", "old".into())]);

    update(&engine, &account, [("name", "B".into())]);
    update(&engine, &account, [("description", "later".into())]);
    engine.run_jobs();

    assert_eq!(log.take(), ["\"old\"", "\"nested\""]);
}

#[test]
fn a_job_finds_the_primary_name_in_an_image_of_its_own() {
    // I-24
    let log = Log::default();
    let see = |ctx: &mut Context| {
        let image = ctx.post_image_as("AsynchronousStepPrimaryName");
        format!("{} {}", word(image, "name"), word(image, "description"))
    };
    let engine = engine([
        on_update(40).asynchronous().run("job", log.hook(see)),
        on_update(40).run("sync", log.hook(see)),
    ]);
    let account = create(&engine, "account", [("name", "A".into()), ("description", "d".into())]);

    update(&engine, &account, []);
    engine.run_jobs();

    assert_eq!(log.take(), ["no image no image", "\"A\" absent"]);
}

#[test]
fn a_step_can_have_several_images_by_alias() {
    // I-10, I-11, I-9, I-12
    let log = Log::default();
    let see = |ctx: &mut Context| {
        let (one, two) = (ctx.pre_image_as("one"), ctx.pre_image_as("two"));
        let same = ctx.post_image_as("one");
        format!(
            "{} {} {} {} {}",
            word(one, "name"),
            word(one, "description"),
            word(two, "description"),
            word(same, "name"),
            word(ctx.pre_image(), "name")
        )
    };
    let step = on_update(40)
        .pre_image_as("one", ["name"])
        .pre_image_as("two", ["description"])
        .post_image_as("one", ["name"]);
    let engine = engine([step.run("see", log.hook(see))]);
    let account = create(&engine, "account", [("name", "A".into()), ("description", "d".into())]);

    update(&engine, &account, [("name", "B".into())]);

    assert_eq!(log.take(), ["\"A\" absent \"d\" \"B\" no image"]);
}

#[test]
fn a_step_sees_its_own_images_alone() {
    // I-26, P-103
    let log = Log::default();
    let engine = engine([
        on_update(40).rank(1).pre_image(["name"]).run("asked", log.hook(both("name"))),
        on_update(40).rank(2).run("did not ask", log.hook(both("name"))),
    ]);
    let account = create(&engine, "account", [("name", "A".into())]);

    update(&engine, &account, []);

    assert_eq!(log.take(), ["\"A\" no image", "no image no image"]);
}

#[test]
fn a_record_that_is_not_there_has_no_image_and_fails_in_the_main_operation() {
    // I-28, C-10
    let log = Log::default();
    let step = on_update(20).pre_image(["name"]);
    let engine = engine([step.run("see", log.hook(both("name")))]);
    let nobody = rulegate::EntityReference::new("account", uuid::Uuid::from_u128(7));

    let error = engine.update(change(&engine, &nobody, [])).unwrap_err();

    assert_eq!(log.take(), ["no image no image"]);
    assert_eq!((error.code(), error.number()), (rulegate::ErrorCode::NotFound, 0x8004_0217));
}

#[test]
fn a_pre_image_is_taken_once_before_the_first_step() {
    // I-29: what a step of the transaction writes to the record does not show.
    let log = Log::default();
    let engine = engine([
        on_update(20).filtering(["name"]).run("update", describe_nested),
        on_update(40)
            .filtering(["name"])
            .pre_image(["description"])
            .run("see", log.hook(|ctx: &mut Context| word(ctx.pre_image(), "description"))),
    ]);
    let account = create(&engine, "account", [("description", "old".into())]);

    update(&engine, &account, [("name", "B".into())]);

    assert_eq!(log.take(), ["\"old\""]);
    assert_eq!(stored(&engine, &account, "description"), text("nested"));
}

#[test]
fn assign_and_set_state_have_images_on_both_sides() {
    // I-2, spec §3.1
    let log = Log::default();
    let step = Step::on(Message::SetState, "account")
        .at(Stage::PostOperation)
        .pre_image(["statecode"])
        .post_image(["statecode"]);
    let engine = engine([step.run("see", log.hook(both("statecode")))]);
    let account = create(&engine, "account", []);

    engine.set_state(&account, 1, None).unwrap();

    assert_eq!(log.take(), ["0 1"]);
}

#[test]
fn an_image_taken_as_a_record_can_be_changed_and_changes_nothing_else() {
    // I-21
    let log = Log::default();
    let spoil = |ctx: &mut Context| {
        let mut copy = ctx.pre_image().unwrap().to_record();
        copy.set("name", "spoilt").unwrap();
        copy.get("description").is_none()
    };
    let engine = engine([
        on_update(20).rank(1).pre_image(["name"]).run("spoil", log.hook(spoil)),
        on_update(20).rank(2).pre_image(["name"]).run("see", log.hook(both("name"))),
    ]);
    let account = create(&engine, "account", [("name", "A".into()), ("description", "d".into())]);

    update(&engine, &account, []);

    assert_eq!(log.take(), ["true", "\"A\" no image"]);
    assert_eq!(stored(&engine, &account, "name"), text("A"));
}
