//! Registration: which steps are refused, and why.

use rulegate::engine::ReloadError;
use rulegate::message::CustomMessage;
use rulegate::{Context, Engine, LogicalName, Message, Stage, Step};

use crate::engines::{Log, builder, create, engine};

/// Why a step is refused: its number in Dataverse, and the text.
fn refusal(step: Step) -> (u32, String) {
    let step = step.run("the-step", |_: &mut Context| Ok(()));
    match builder().step(step).build() {
        Err(ReloadError::Steps(problems)) => {
            let [problem] = problems.try_into().unwrap();
            assert_eq!(problem.step, "the-step");
            (problem.problem.number(), problem.problem.to_string())
        }
        other => panic!("{other:?}"),
    }
}

fn is_accepted(step: Step) -> bool {
    builder().step(step.run("the-step", |_: &mut Context| Ok(()))).build().is_ok()
}

fn on(message: Message) -> Step {
    Step::on(message, "account")
}

const NONE: [&str; 0] = [];

#[test]
fn no_step_runs_in_the_main_operation() {
    // P-2, P-3
    let (number, text) = refusal(on(Message::Create).at(Stage::MainOperation));

    assert_eq!(
        (number, text.as_str()),
        (0x8004_4184, "no step runs at stage 30: take 10, 20 or 40")
    );
}

#[test]
fn an_asynchronous_step_runs_in_post_operation() {
    // P-43
    let step = on(Message::Create).asynchronous();

    assert!(is_accepted(step.clone()));
    let (_, text) = refusal(step.at(Stage::PreOperation));
    assert_eq!(
        text,
        "an asynchronous step runs in post-operation, and this one is at pre-operation"
    );
}

#[test]
fn create_has_no_pre_image() {
    // I-6
    let (number, text) = refusal(on(Message::Create).at(Stage::PostOperation).pre_image(["name"]));

    assert_eq!(number, 0x8004_416D);
    assert!(text.starts_with("Message Create does not support this image type."), "{text}");
}

#[test]
fn an_image_is_of_the_property_that_its_message_has() {
    // I-2, I-4, I-8
    let create = on(Message::Create).at(Stage::PostOperation).post_image(["name"]);
    let before = |message| on(message).pre_image(["name"]);
    for (step, expected, other) in [
        (create, "id", "Target"),
        (before(Message::Update), "Target", "id"),
        (before(Message::Delete), "Target", "EntityMoniker"),
        (before(Message::Assign), "Target", "target"),
        (before(Message::SetState), "EntityMoniker", "Target"),
    ] {
        let (number, text) = refusal(step.clone().image_property(other));

        assert_eq!(number, 0x8004_416B);
        assert!(text.contains(&format!("of `{other}`: it is of `{expected}`")), "{text}");
        assert!(is_accepted(step.image_property(expected)));
    }
    let (number, _) = refusal(on(Message::Retrieve).image_property("Target"));
    assert_eq!(number, 0x8004_4189);
}

#[test]
fn before_the_write_there_is_no_post_image() {
    // I-7
    for stage in [Stage::PreValidation, Stage::PreOperation] {
        let (number, text) = refusal(on(Message::Update).at(stage).post_image(["name"]));

        assert_eq!(number, 0x8004_416E);
        assert_eq!(text, "PreEvent step registration does not support Post Image.");
    }
}

#[test]
fn messages_without_a_changing_record_have_no_images() {
    // I-5, I-81
    for step in [
        Step::on_any(Message::Associate).pre_image(NONE),
        Step::on_any(Message::Disassociate).pre_image(NONE),
        on(Message::Retrieve).pre_image(["name"]),
        on(Message::RetrieveMultiple).at(Stage::PostOperation).post_image(["name"]),
    ] {
        assert_eq!(refusal(step).0, 0x8004_4189);
    }
}

#[test]
fn the_image_matrix_has_these_images() {
    // I-1, I-2
    for stage in Stage::ALL {
        for message in [Message::Update, Message::Delete, Message::Assign, Message::SetState] {
            assert!(is_accepted(on(message).at(stage).pre_image(["name"])));
        }
    }
    for message in [Message::Create, Message::Update, Message::Assign, Message::SetState] {
        assert!(is_accepted(on(message).at(Stage::PostOperation).post_image(["name"])));
    }
}

#[test]
fn differs_from_dataverse_an_unknown_name_in_a_filter_or_image_is_refused() {
    // I-53: in Dataverse it never matches, and nobody hears of it.
    let filter = refusal(on(Message::Update).filtering(["nme"]));
    let image = refusal(on(Message::Update).pre_image(["nme"]));

    for (number, text) in [filter, image] {
        assert_eq!(number, 0x8004_1103);
        assert!(text.contains("did you mean `name`?"), "{text}");
    }
}

#[test]
fn two_images_have_two_aliases() {
    // I-10
    let twice = on(Message::Update).pre_image_as("old", ["name"]).pre_image_as("old", ["name"]);
    let both = on(Message::Update)
        .at(Stage::PostOperation)
        .pre_image_as("it", ["name"])
        .post_image_as("it", ["name"]);

    assert_eq!(refusal(twice).1, "two images are called `old`");
    assert!(is_accepted(both), "I-11: one alias on both sides");
}

#[test]
fn upsert_is_no_event() {
    // M-30, P-14
    let (number, text) = refusal(on(Message::Upsert));

    assert_eq!(number, 0x8004_4187);
    assert!(text.contains("Create and Update"), "{text}");
}

#[test]
fn an_unknown_message_is_refused_with_the_nearest_name() {
    // P-14
    let (_, text) = refusal(Step::on_any(Message::from("Updat")));

    assert!(text.contains("did you mean `Update`?"), "{text}");
}

#[test]
fn a_step_can_be_registered_on_a_custom_message_that_is_there() {
    // M-64
    let log = Log::default();
    let step = || Step::on_any(Message::from("Ping")).run("see", |_: &mut Context| Ok(()));
    let with_message =
        builder().message(CustomMessage::new("Ping"), log.word("ran")).step(step()).build();

    assert!(with_message.is_ok());
    assert!(builder().step(step()).build().is_err());
}

#[test]
fn associations_take_no_entity() {
    // I-59
    for message in [Message::Associate, Message::Disassociate] {
        let (_, text) = refusal(on(message));
        assert!(text.contains("names no primary entity"), "{text}");
    }
}

#[test]
fn associations_take_the_entity_of_their_target_where_the_settings_say_so() {
    // I-60
    use rulegate::OrganizationService;
    let log = Log::default();
    let engine = builder()
        .settings(|it| it.associate_takes_entity = true)
        .step(on(Message::Associate).run("account", log.word("account")))
        .step(Step::on(Message::Associate, "opportunity").run("other", log.word("opportunity")))
        .step(Step::on_any(Message::Associate).rank(2).run("any", log.word("any")))
        .build()
        .unwrap();
    let account = create(&engine, "account", []);
    let task = create(&engine, "task", []);

    engine.associate(&account, "Account_Tasks", []).unwrap();
    engine.associate(&task, "Account_Tasks", []).unwrap();

    assert_eq!(log.take(), ["account", "any", "any"]);
}

#[test]
fn attributes_need_an_entity() {
    // I-44
    assert!(refusal(Step::on_any(Message::Update).filtering(["name"])).1.contains("entity"));
    assert!(refusal(Step::on_any(Message::Update).pre_image(["name"])).1.contains("entity"));
    assert!(is_accepted(Step::on_any(Message::Update).pre_image(NONE)));
}

#[test]
fn only_associations_can_be_filtered_by_relationship() {
    // I-59
    let (_, text) = refusal(on(Message::Update).relationship("Account_Tasks"));
    let (unknown, _) = refusal(Step::on_any(Message::Associate).relationship("Account_Taks"));

    assert!(text.contains("only Associate and Disassociate"), "{text}");
    assert_eq!(unknown, 0x8004_1103);
}

#[test]
fn differs_from_dataverse_two_steps_of_one_stage_have_two_names() {
    // P-46: the name decides ties of rank, so that it must be one step's alone.
    let step = |message, stage| on(message).at(stage).run("same", |_: &mut Context| Ok(()));
    let twice =
        [step(Message::Update, Stage::PreOperation), step(Message::Update, Stage::PreOperation)];
    let apart = [
        step(Message::Update, Stage::PreOperation),
        step(Message::Update, Stage::PostOperation),
        step(Message::Create, Stage::PreOperation),
        Step::on(Message::Update, "contact").run("same", |_: &mut Context| Ok(())),
        Step::on_any(Message::Update).run("same", |_: &mut Context| Ok(())),
    ];
    let build = |steps: Vec<Step>| -> Result<Engine, ReloadError> {
        steps.into_iter().fold(builder(), rulegate::engine::EngineBuilder::step).build()
    };

    let error = build(twice.into()).unwrap_err();
    assert!(error.to_string().contains("another step has this name"), "{error}");
    assert!(build(apart.into()).is_ok());
}

#[test]
fn all_that_is_wrong_is_answered_at_once() {
    // STYLE §3
    let steps = [
        on(Message::Create).pre_image(["name"]).run("one", |_: &mut Context| Ok(())),
        on(Message::Update).filtering(["nme"]).run("two", |_: &mut Context| Ok(())),
    ];
    let builder = steps.into_iter().fold(builder(), rulegate::engine::EngineBuilder::step);

    let Err(ReloadError::Steps(problems)) = builder.build() else { panic!() };
    let names: Vec<&str> = problems.iter().map(|it| it.step.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
}

#[test]
fn a_native_step_of_an_entity_that_nobody_defines_is_left_out_and_noted() {
    // LAYOUT: hooks ship for entities that a folder may lack.
    let log = Log::default();
    let engine = engine([Step::on(Message::Create, "invoice").run("invoice", log.word("ran"))]);

    assert_eq!(engine.skipped_steps(), ["invoice: the catalog has no entity `invoice`"]);
    assert!(engine.steps().is_empty());
}

#[test]
fn a_step_tells_how_it_is_registered() {
    // I-52, P-104: spec §1.7
    let step = on(Message::Update)
        .at(Stage::PostOperation)
        .rank(-5)
        .filtering(["name"])
        .pre_image_as("old", ["name"])
        .described("keeps the name")
        .run("keep", |_: &mut Context| Ok(()));
    let engine = engine([step]);

    let [step] = engine.steps().try_into().unwrap();
    assert_eq!(
        (step.name(), step.message(), step.execution_order()),
        ("keep", &Message::Update, -5)
    );
    assert_eq!(step.entity().unwrap().as_str(), "account");
    assert_eq!((step.stage().number(), step.stage().name()), (40, "post-operation"));
    assert_eq!(step.filtering_attributes(), ["name"]);
    let (alias, shown) = step.pre_images().next().unwrap();
    assert_eq!((alias, shown.first().map(LogicalName::as_str)), ("old", Some("name")));
    assert_eq!((step.description(), step.is_enabled()), ("keeps the name", true));
}

#[test]
fn the_stages_of_steps_are_ten_twenty_and_forty() {
    // P-1, P-3, P-4: 50, which old registrations have, has no spelling.
    assert_eq!(Stage::ALL.map(Stage::number), [10, 20, 40]);
    assert_eq!(Stage::named("main"), None);
}

#[test]
fn differs_from_dataverse_a_step_that_names_no_stage_runs_in_pre_operation() {
    // P-6: in Dataverse it runs in pre-validation, where a change of mind cannot undo what it wrote.
    assert_eq!(on(Message::Create).stage(), Stage::PreOperation);
}

#[test]
fn what_nobody_can_send_takes_no_steps() {
    // P-11, P-12, P-13, I-76: neither changes of the schema nor private messages are events.
    for name in ["CreateEntity", "CreateAttribute", "Execute", "SetRelated", "RemoveRelated"] {
        let (_, text) = refusal(Step::on_any(Message::from(name)));
        assert_eq!(text, format!("there is no message `{name}`"));
    }
}
