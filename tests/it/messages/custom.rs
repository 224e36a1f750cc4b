//! Custom messages: what an embedder adds to the messages of the engine.

use rulegate::message::{Custom, CustomMessage, Parameter, ParameterType};
use rulegate::{
    Context, Engine, EntityReference, ErrorCode, Fault, Hook, Message, OrganizationService, Query,
    Request, Response, Step, Value,
};

use crate::engines::{Log, at, builder, count, create, create_task, refuse};

/// An engine with one message more.
fn engine(message: CustomMessage, main: impl Hook + 'static) -> Engine {
    builder().message(message, main).build().unwrap()
}

fn nothing(_: &mut Context) -> Result<(), Fault> {
    Ok(())
}

/// Adds two numbers.
fn add(ctx: &mut Context) -> Result<(), Fault> {
    let input = ctx.parameters().unwrap();
    let number = |name: &str| {
        input.get(name).and_then(Parameter::as_value).and_then(Value::as_whole_number).unwrap_or(0)
    };
    let sum = number("a") + number("b");
    if let Some(Response::Custom(output)) = ctx.response_mut() {
        output.insert("sum".to_owned(), sum.into());
    }
    Ok(())
}

fn adding() -> CustomMessage {
    CustomMessage::new("x_Add")
        .input("a", ParameterType::Integer)
        .optional_input("b", ParameterType::Integer)
        .output("sum", ParameterType::Integer)
}

#[test]
fn a_message_reads_its_input_and_fills_its_output() {
    // M-62, X-8
    let engine = engine(adding(), add);

    let output = engine.call(Custom::new("x_Add").with("a", 2).with("b", 3)).unwrap();

    assert_eq!(output.get("sum"), Some(&5.into()));
}

#[test]
fn a_message_is_known_by_its_other_names() {
    // M-1, M-4
    let log = Log::default();
    let name = |ctx: &mut Context| ctx.message().to_string();
    let engine = builder()
        .message(CustomMessage::new("Win").also_known_as("WinOpportunity"), nothing)
        .step(Step::on_any(Message::from("Win")).run("see", log.hook(name)))
        .build()
        .unwrap();

    engine.call(Custom::new("WinOpportunity")).unwrap();
    engine.call(Custom::new("Win")).unwrap();

    assert_eq!(log.take(), ["Win", "Win"]);
}

#[test]
fn a_step_is_registered_on_the_name_and_not_on_another_one() {
    // M-1
    let result = builder()
        .message(CustomMessage::new("Win").also_known_as("WinOpportunity"), nothing)
        .step(Step::on_any(Message::from("WinOpportunity")).run("see", nothing))
        .build();

    assert!(result.is_err());
}

#[test]
fn an_output_that_nobody_set_has_the_default_of_its_type() {
    // M-63
    let message = CustomMessage::new("x_Empty")
        .output("flag", ParameterType::Boolean)
        .output("number", ParameterType::Integer)
        .output("amount", ParameterType::Money)
        .output("text", ParameterType::String)
        .output("id", ParameterType::Guid)
        .output("rows", ParameterType::EntityCollection);

    let output = engine(message, nothing).call(Custom::new("x_Empty")).unwrap();

    assert_eq!(output.get("flag"), Some(&false.into()));
    assert_eq!(output.get("number"), Some(&0.into()));
    assert_eq!(output.get("amount"), Some(&rust_decimal::Decimal::ZERO.into()));
    assert_eq!(output.get("text"), Some(&Value::Null.into()));
    assert_eq!(output.get("id"), Some(&uuid::Uuid::nil().into()));
    assert_eq!(output.get("rows"), Some(&Parameter::Records(Vec::new())));
}

#[test]
fn a_missing_parameter_is_refused_before_the_first_step() {
    // M-69, M-7
    let log = Log::default();
    let engine = builder()
        .message(adding(), add)
        .step(Step::on_any(Message::from("x_Add")).at(at(10)).run("see", log.word("ran")))
        .build()
        .unwrap();

    for request in [Custom::new("x_Add"), Custom::new("x_Add").with("a", Value::Null)] {
        let error = engine.call(request).unwrap_err();
        assert_eq!((error.code(), error.number()), (ErrorCode::ParameterMissing, 0x8004_0200));
        assert_eq!(error.to_string(), "x_Add needs the parameter `a`");
    }
    assert!(log.take().is_empty());
}

#[test]
fn a_parameter_that_may_be_left_out_may_be_null() {
    // M-69, M-70
    let engine = engine(adding(), add);

    for request in [
        Custom::new("x_Add").with("a", 2),
        Custom::new("x_Add").with("a", 2).with("b", Value::Null),
    ] {
        assert_eq!(engine.call(request).unwrap().get("sum"), Some(&2.into()));
    }
}

#[test]
fn a_parameter_of_another_type_or_name_is_refused() {
    // M-69, X-10
    let engine = engine(adding(), add);
    let of = |name: &str, value: Value| {
        let error = engine.call(Custom::new("x_Add").with("a", 1).with(name, value)).unwrap_err();
        (error.code(), error.to_string())
    };

    let wrong = "x_Add: the parameter `b` takes Integer, and got a text".to_owned();
    assert_eq!(of("b", "3".into()), (ErrorCode::ParameterInvalid, wrong));
    let unknown = "x_Add: the parameter `B` is none of the message's".to_owned();
    assert_eq!(of("B", 3.into()), (ErrorCode::ParameterInvalid, unknown));
}

#[test]
fn every_type_of_parameter_takes_what_it_says() {
    // M-72
    let account = EntityReference::new("account", uuid::Uuid::nil());
    let record = builder().build().unwrap().record("account").unwrap();
    let fitting: Vec<(ParameterType, Parameter)> = vec![
        (ParameterType::Boolean, true.into()),
        (ParameterType::DateTime, crate::engines::now().into()),
        (ParameterType::Decimal, rust_decimal::Decimal::ONE.into()),
        (ParameterType::Entity, record.clone().into()),
        (ParameterType::EntityCollection, Parameter::Records(vec![record])),
        (ParameterType::EntityReference, account.into()),
        (ParameterType::Float, 1.5.into()),
        (ParameterType::Integer, 1.into()),
        (ParameterType::Money, rust_decimal::Decimal::ONE.into()),
        (ParameterType::Picklist, Value::Choice(1).into()),
        (ParameterType::String, "a".into()),
        (ParameterType::StringArray, Parameter::Texts(vec!["a".to_owned()])),
        (ParameterType::Guid, uuid::Uuid::nil().into()),
    ];
    assert_eq!(fitting.len(), ParameterType::ALL.len());

    for (kind, parameter) in &fitting {
        let engine = engine(CustomMessage::new("x_Take").input("it", *kind), nothing);
        let send = |it: &Parameter| engine.call(Custom::new("x_Take").with("it", it.clone()));
        assert!(send(parameter).is_ok(), "{kind}");
        let misfit: Parameter =
            if *kind == ParameterType::Boolean { 1.into() } else { true.into() };
        assert_eq!(send(&misfit).unwrap_err().code(), ErrorCode::ParameterInvalid, "{kind}");
    }
}

#[test]
fn an_unknown_message_is_refused_with_the_nearest_name() {
    // M-62
    let engine = engine(adding(), add);

    let error = engine.call(Custom::new("x_Ad")).unwrap_err();

    assert_eq!(error.code(), ErrorCode::UnknownMessage);
    assert!(error.to_string().contains("did you mean `x_Add`?"), "{error}");
    assert!(engine.messages().contains(&"x_Add".to_owned()));
    assert!(engine.messages().contains(&"Create".to_owned()));
}

#[test]
fn the_main_operation_stands_between_the_stages_in_the_transaction() {
    // M-62, P-2
    let log = Log::default();
    let see = |ctx: &mut Context| format!("{} {}", ctx.stage().number(), ctx.is_in_transaction());
    let steps = [10, 20, 40].map(|it| {
        Step::on_any(Message::from("x_See")).at(at(it)).run(it.to_string(), log.hook(see))
    });
    let builder = builder().message(CustomMessage::new("x_See"), log.hook(see));
    let engine = steps.into_iter().fold(builder, rulegate::engine::EngineBuilder::step);

    engine.build().unwrap().call(Custom::new("x_See")).unwrap();

    assert_eq!(log.take(), ["10 false", "20 true", "30 true", "40 true"]);
}

#[test]
fn where_the_main_operation_fails_nothing_of_it_stays() {
    // M-73
    let log = Log::default();
    let main = |ctx: &mut Context| {
        create_task("written").execute(ctx)?;
        Err(Fault::reject("no"))
    };
    let engine = builder()
        .message(CustomMessage::new("x_Fail"), main)
        .step(Step::on_any(Message::from("x_Fail")).at(at(40)).run("after", log.word("ran")))
        .build()
        .unwrap();

    let error = engine.call(Custom::new("x_Fail")).unwrap_err();

    assert_eq!((error.number(), error.to_string()), (0x8004_0265, "no".to_owned()));
    assert_eq!(error.step().unwrap().stage, 30);
    assert_eq!(count(&engine, "task"), 0);
    assert!(log.take().is_empty());
}

#[test]
fn a_main_operation_that_swallows_a_failure_saves_nothing() {
    // E-12
    let swallow = |ctx: &mut Context| {
        let service = ctx.service();
        service.create(service.record("ticket")?).unwrap_err();
        Ok(())
    };
    let engine = engine(CustomMessage::new("x_Swallow"), swallow);

    let error = engine.call(Custom::new("x_Swallow")).unwrap_err();

    assert_eq!(error.code(), ErrorCode::Doomed);
}

#[test]
fn a_main_operation_that_panics_fails_its_message() {
    // E-4
    let engine = engine(CustomMessage::new("x_Panic"), |_: &mut Context| panic!("boom"));

    let error = engine.call(Custom::new("x_Panic")).unwrap_err();

    assert_eq!(error.code(), ErrorCode::StepFailed);
    assert!(error.to_string().contains("boom"), "{error}");
}

#[test]
fn a_step_can_refuse_or_change_a_custom_message() {
    //
    let change_input = |ctx: &mut Context| {
        if let Request::Custom(it) = ctx.request_mut()? {
            it.parameters.insert("b".to_owned(), 10.into());
        }
        Ok(())
    };
    let change_output = |ctx: &mut Context| {
        if let Some(Response::Custom(output)) = ctx.response_mut() {
            output.insert("checked".to_owned(), true.into());
        }
        Ok(())
    };
    let on = |stage| Step::on_any(Message::from("x_Add")).at(at(stage));
    let engine = builder()
        .message(adding(), add)
        .step(on(20).run("input", change_input))
        .step(on(40).run("output", change_output))
        .build()
        .unwrap();
    let closed = builder()
        .message(adding(), add)
        .step(on(10).run("refuse", refuse("closed")))
        .build()
        .unwrap();

    let output = engine.call(Custom::new("x_Add").with("a", 1)).unwrap();
    assert_eq!(output.get("sum"), Some(&11.into()));
    assert_eq!(output.get("checked"), Some(&true.into()));
    let error = closed.call(Custom::new("x_Add").with("a", 1)).unwrap_err();
    assert_eq!(error.to_string(), "closed");
}

#[test]
fn what_a_hook_left_of_the_parameters_is_checked_again() {
    // E-28: a wrong value in a parameter collection is an error, and not the main operation's surprise.
    let spoil = |ctx: &mut Context| {
        if let Request::Custom(it) = ctx.request_mut()? {
            it.parameters.insert("a".to_owned(), "no number".into());
        }
        Ok(())
    };
    let engine = builder()
        .message(adding(), add)
        .step(Step::on_any(Message::from("x_Add")).run("spoil", spoil))
        .build()
        .unwrap();

    let error = engine.call(Custom::new("x_Add").with("a", 1)).unwrap_err();

    assert_eq!(error.code(), ErrorCode::ParameterInvalid);
}

#[test]
fn a_message_bound_to_an_entity_is_aimed_at_its_target() {
    // M-65, X-25
    let log = Log::default();
    let see = |ctx: &mut Context| format!("{} {:?}", ctx.entity(), ctx.primary_id());
    let engine = builder()
        .message(CustomMessage::new("x_Close").bound_to("opportunity"), log.hook(see))
        .step(Step::on(Message::from("x_Close"), "opportunity").run("own", log.word("own")))
        .step(Step::on(Message::from("x_Close"), "account").run("other", log.word("other")))
        .build()
        .unwrap();
    let opportunity = create(&engine, "opportunity", []);

    engine.call(Custom::new("x_Close").with("Target", &opportunity)).unwrap();
    let error = engine.call(Custom::new("x_Close")).unwrap_err();

    let aimed = format!("opportunity {:?}", Some(opportunity.id));
    assert_eq!(log.take(), ["own".to_owned(), aimed]);
    assert_eq!(error.code(), ErrorCode::ParameterMissing);
}

#[test]
fn a_message_bound_to_an_entity_takes_no_other() {
    // M-65, M-77
    let engine = engine(CustomMessage::new("x_Close").bound_to("opportunity"), nothing);
    let account = create(&engine, "account", []);

    let error = engine.call(Custom::new("x_Close").with("Target", &account)).unwrap_err();

    assert_eq!(error.code(), ErrorCode::ParameterInvalid);
}

#[test]
fn a_message_can_be_aimed_by_an_attribute_of_a_parameter() {
    // O-24, O-25
    let log = Log::default();
    let see = |ctx: &mut Context| {
        format!("{} {:?} {}", ctx.entity(), ctx.primary_id(), ctx.target().is_none())
    };
    let message = CustomMessage::new("Close").input("Task", ParameterType::Entity).aimed_by(
        "Task",
        "regardingobjectid",
        "account",
    );
    let engine = builder()
        .message(message, nothing)
        .step(Step::on(Message::from("Close"), "account").run("see", log.hook(see)))
        .build()
        .unwrap();
    let account = create(&engine, "account", []);
    let task = engine.record("task").unwrap().with("regardingobjectid", &account).unwrap();

    engine.call(Custom::new("Close").with("Task", task)).unwrap();

    assert_eq!(log.take(), [format!("account {:?} true", Some(account.id))]);
}

#[test]
fn a_message_whose_attribute_points_elsewhere_is_aimed_at_nothing() {
    // O-23: what is wrong with it, the main operation says.
    let log = Log::default();
    let see = |ctx: &mut Context| format!("{} {:?}", ctx.entity(), ctx.primary_id());
    let message = CustomMessage::new("Close").input("Task", ParameterType::Entity).aimed_by(
        "Task",
        "regardingobjectid",
        "account",
    );
    let engine = engine(message, log.hook(see));
    let contact = create(&engine, "contact", []);
    let task = engine.record("task").unwrap().with("regardingobjectid", contact).unwrap();

    engine.call(Custom::new("Close").with("Task", task)).unwrap();

    assert_eq!(log.take(), ["none None"]);
}

#[test]
fn a_main_operation_can_send_messages_in_its_transaction() {
    // M-62, P-25
    let engine = engine(CustomMessage::new("x_Make"), create_task("made"));

    engine.call(Custom::new("x_Make")).unwrap();

    let tasks = engine.retrieve_multiple(Query::new("task")).unwrap();
    assert_eq!(tasks.records.first().unwrap().primary_name(), Some("made"));
}

#[test]
fn a_custom_message_cannot_take_the_name_of_another() {
    // STYLE §3: loud, never silent.
    let twice = builder()
        .message(CustomMessage::new("x_Add"), nothing)
        .message(CustomMessage::new("x_Add"), nothing)
        .build();
    let alias = builder()
        .message(CustomMessage::new("x_Add"), nothing)
        .message(CustomMessage::new("x_Sum").also_known_as("x_Add"), nothing)
        .build();
    let standard = builder().message(CustomMessage::new("Create"), nothing).build();

    for result in [twice, alias, standard] {
        let error = result.unwrap_err();
        assert!(error.to_string().contains("another message has this name"), "{error}");
    }
}
