//! Generations: what a reload changes, and what it leaves alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rulegate::engine::ReloadError;
use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
use rulegate::{Catalog, Context, Engine, ErrorCode, Message, OrganizationService, Step, Value};

use crate::engines::{
    Log, at, builder, change, count, create, create_task, engine, record, set, stored, text, update,
};

fn on_create(stage: u16) -> Step {
    Step::on(Message::Create, "account").at(at(stage))
}

fn same_catalog(engine: &Engine) -> Catalog {
    (*engine.catalog()).clone()
}

/// The catalog with other attributes of `goal`, an entity that the bare catalog lacks.
fn with_goal(engine: &Engine, attributes: &[(&str, AttributeType)]) -> Catalog {
    let goal = attributes
        .iter()
        .fold(EntityDefinition::new("goal"), |it, (name, kind)| it.attribute(*name, kind.clone()));
    Catalog::succeed(support::bare().entity(goal), Some(&engine.catalog())).unwrap()
}

fn a_text() -> AttributeType {
    AttributeType::text(20)
}

#[test]
fn a_reload_serves_from_the_next_message_on() {
    // P-105
    let engine = engine([]);
    assert_eq!(engine.generation(), 0);

    let step = on_create(20).run("set", set("name", "B"));
    assert_eq!(engine.reload(same_catalog(&engine), vec![step]).unwrap(), 1);
    let account = create(&engine, "account", []);

    assert_eq!(engine.generation(), 1);
    assert_eq!(stored(&engine, &account, "name"), text("B"));
}

#[test]
fn a_reload_replaces_the_loaded_steps_and_keeps_the_native_ones() {
    // P-105
    let log = Log::default();
    let engine = engine([on_create(20).run("native", log.word("native"))]);
    let load = |name: &'static str| vec![on_create(20).run(name, log.word(name))];

    engine.reload(same_catalog(&engine), load("one")).unwrap();
    engine.reload(same_catalog(&engine), load("two")).unwrap();
    create(&engine, "account", []);

    assert_eq!(log.take(), ["native", "two"]);
    assert_eq!(engine.steps().len(), 2);
}

#[test]
fn a_message_ends_on_the_generation_on_which_it_began() {
    // P-105
    let log = Log::default();
    let reloaded = Arc::new(std::sync::OnceLock::<Engine>::new());
    let cell = Arc::clone(&reloaded);
    let engine = engine([on_create(10).run("reload", move |ctx: &mut Context| {
        let engine = cell.get().unwrap();
        engine.reload(same_catalog(engine), Vec::new()).unwrap();
        assert_eq!((ctx.generation(), engine.generation()), (1, 2));
        Ok(())
    })]);
    reloaded.set(engine.clone()).unwrap();
    let loaded = vec![
        on_create(20).run("create", create_task("call")),
        on_create(40).run("after", log.word("after")),
        Step::on(Message::Create, "task").run("nested", log.word("nested")),
    ];
    engine.reload(same_catalog(&engine), loaded).unwrap();

    create(&engine, "account", []);

    assert_eq!(log.take(), ["nested", "after"]);
}

#[test]
fn a_set_with_any_error_is_refused_whole_and_the_last_good_one_serves() {
    // LAYOUT: all or nothing
    let log = Log::default();
    let engine = engine([]);
    engine
        .reload(same_catalog(&engine), vec![on_create(20).run("good", log.word("good"))])
        .unwrap();
    let bad = vec![
        on_create(20).run("fine", log.word("fine")),
        Step::on(Message::Update, "account").filtering(["nme"]).run("bad", log.word("bad")),
    ];

    let error = engine.reload(same_catalog(&engine), bad).unwrap_err();
    create(&engine, "account", []);

    assert!(matches!(error, ReloadError::Steps(_)), "{error}");
    assert_eq!((engine.generation(), log.take()), (1, vec!["good".to_owned()]));
}

#[test]
fn a_check_changes_nothing() {
    // LAYOUT: all or nothing
    let engine = engine([]);
    let bad =
        [Step::on(Message::Update, "account").filtering(["nme"]).run("bad", set("name", "B"))];

    assert!(engine.check(&same_catalog(&engine), &bad).is_err());
    assert!(engine.check(&same_catalog(&engine), &[]).is_ok());
    assert_eq!(engine.generation(), 0);
}

#[test]
fn a_catalog_that_breaks_a_native_step_is_refused() {
    // LAYOUT, decided since the sketch, 2
    let engine = engine([on_create(20).run("native", set("name", "B"))]);
    let smaller = CatalogDraft::default().entity(EntityDefinition::new("goal")).check().unwrap();

    let error = engine.reload(smaller, Vec::new()).unwrap_err();

    assert!(error.to_string().contains("unknown entity `account`"), "{error}");
    create(&engine, "account", []);
}

#[test]
fn records_outlive_a_reload_that_adds_and_removes_attributes() {
    // LAYOUT, decided since the sketch, 2: an attribute's place is append-only
    let engine = engine([]);
    let one = with_goal(&engine, &[("a", a_text()), ("b", a_text()), ("c", a_text())]);
    engine.reload(one, Vec::new()).unwrap();
    let goal = create(&engine, "goal", [("a", "A".into()), ("c", "C".into())]);

    let two = with_goal(&engine, &[("new", a_text()), ("c", a_text()), ("a", a_text())]);
    engine.reload(two, Vec::new()).unwrap();
    update(&engine, &goal, [("new", "N".into())]);

    let read = engine.retrieve(&goal).unwrap();
    let word = |name: &str| read.get(name).map_or("–".to_owned(), ToString::to_string);
    assert_eq!(["a", "b", "c", "new"].map(word), ["\"A\"", "–", "\"C\"", "\"N\""]);
    assert!(read.attributes().all(|(name, _)| name != "b"), "{read:?}");
}

#[test]
fn an_attribute_with_values_cannot_be_left_out() {
    let engine = engine([]);
    engine.reload(with_goal(&engine, &[("a", a_text()), ("b", a_text())]), Vec::new()).unwrap();
    let goal = create(&engine, "goal", [("a", "A".into()), ("b", "B".into())]);

    let error = engine.reload(with_goal(&engine, &[("b", a_text())]), Vec::new()).unwrap_err();

    insta::assert_snapshot!(error, @"`goal.a` has left the catalog, and records have values in it: take it up again, clear it in all of them, and then leave it out");
    assert_eq!(engine.generation(), 1, "the last good catalog serves");
    assert_eq!(stored(&engine, &goal, "a"), text("A"));

    update(&engine, &goal, [("a", Value::Null)]);
    engine.reload(with_goal(&engine, &[("b", a_text())]), Vec::new()).unwrap();
    assert_eq!(stored(&engine, &goal, "b"), text("B"));
}

#[test]
fn an_attribute_whose_values_are_stored_keeps_its_type() {
    let engine = engine([]);
    let text = [("code", AttributeType::text(20))];
    let number = [("code", AttributeType::whole_number(0, 9))];
    engine.reload(with_goal(&engine, &text), Vec::new()).unwrap();
    engine.reload(with_goal(&engine, &number), Vec::new()).unwrap(); // Nothing is stored yet.
    engine.reload(with_goal(&engine, &text), Vec::new()).unwrap();
    engine.create(engine.record("goal").unwrap().with("code", "A").unwrap()).unwrap();

    let error = engine.reload(with_goal(&engine, &number), Vec::new()).unwrap_err();

    insta::assert_snapshot!(error, @"`goal.code` is stored as text and cannot become whole-number: give the new attribute another name, or clear the old one first");
    assert_eq!(engine.generation(), 3, "the last good catalog serves");
}

#[test]
fn an_entity_that_comes_back_has_its_records_again() {
    // LAYOUT, decided since the sketch, 2
    let engine = engine([]);
    engine.reload(with_goal(&engine, &[("a", a_text()), ("b", a_text())]), Vec::new()).unwrap();
    let goal = create(&engine, "goal", [("a", "A".into()), ("b", "B".into())]);

    let without = Catalog::succeed(support::bare(), Some(&engine.catalog())).unwrap();
    engine.reload(without, Vec::new()).unwrap();
    assert_eq!(engine.retrieve(&goal).unwrap_err().code(), ErrorCode::UnknownEntity);

    engine.reload(with_goal(&engine, &[("b", a_text()), ("a", a_text())]), Vec::new()).unwrap();
    assert_eq!(stored(&engine, &goal, "a"), text("A"));
}

#[test]
fn a_catalog_that_would_move_attributes_is_refused() {
    // LAYOUT, decided since the sketch, 2: a catalog that would break data is refused.
    let engine = engine([]);
    engine.reload(with_goal(&engine, &[("a", a_text()), ("b", a_text())]), Vec::new()).unwrap();
    let goal = create(&engine, "goal", [("a", "A".into())]);
    let goals = EntityDefinition::new("goal").attribute("b", a_text()).attribute("a", a_text());
    let afresh = support::bare().entity(goals).check().unwrap();

    assert!(engine.reload(afresh, Vec::new()).is_err());

    assert_eq!(stored(&engine, &goal, "a"), text("A"));
}

#[test]
fn a_record_made_before_a_reload_is_written_by_the_new_definition() {
    // P-105, C-8
    let engine = engine([]);
    engine.reload(with_goal(&engine, &[("a", a_text()), ("b", a_text())]), Vec::new()).unwrap();
    let fits = record(&engine, "goal", [("b", "B".into())]);
    let too_long = record(&engine, "goal", [("b", "much too long".into())]);
    let gone = record(&engine, "goal", [("a", "A".into())]);
    let target = create(&engine, "goal", []);
    let change = change(&engine, &target, [("a", "B".into())]);

    engine.reload(with_goal(&engine, &[("b", AttributeType::text(5))]), Vec::new()).unwrap();

    let goal = engine.create(fits).unwrap();
    assert_eq!(stored(&engine, &goal, "b"), text("B"));
    assert_eq!(engine.create(too_long).unwrap_err().code(), ErrorCode::TooLong);
    assert_eq!(engine.create(gone).unwrap_err().code(), ErrorCode::UnknownAttribute);
    assert_eq!(engine.update(change).unwrap_err().code(), ErrorCode::UnknownAttribute);
}

#[test]
fn a_record_of_an_entity_that_is_gone_is_refused() {
    // C-9
    let engine = engine([]);
    engine.reload(with_goal(&engine, &[("a", a_text())]), Vec::new()).unwrap();
    let goal = record(&engine, "goal", []);
    let without = Catalog::succeed(support::bare(), Some(&engine.catalog())).unwrap();
    engine.reload(without, Vec::new()).unwrap();

    let error = engine.create(goal).unwrap_err();

    assert_eq!((error.code(), error.number()), (ErrorCode::UnknownEntity, 0x8004_1102));
}

#[test]
fn a_record_of_another_engine_is_read_by_its_names() {
    // C-8: places are one engine's own.
    let goals = |names: [&str; 2]| {
        let [first, second] = names;
        let goal =
            EntityDefinition::new("goal").attribute(first, a_text()).attribute(second, a_text());
        let catalog = support::bare().entity(goal).check().unwrap();
        Engine::builder(catalog).build().unwrap()
    };
    let (one, other) = (goals(["a", "b"]), goals(["b", "a"]));

    let goal = other.create(record(&one, "goal", [("a", "A".into())])).unwrap();

    assert_eq!(stored(&other, &goal, "a"), text("A"));
}

#[test]
fn messages_under_load_see_one_generation_each() {
    // LAYOUT, 4.2: an operation sees one generation, however long it runs.
    let step = |stage: u16, number: u64| {
        on_create(stage).run(format!("at {stage}"), move |ctx: &mut Context| {
            ctx.shared.insert(format!("{stage}"), Value::from(number.to_string()).into());
            if stage == 40 {
                let early = ctx.parent().and_then(|it| it.shared().get("10")).cloned();
                let all = [early, ctx.shared.get("20").cloned(), ctx.shared.get("40").cloned()];
                assert!(all.iter().all(|it| *it == all[0]), "{all:?}");
            }
            Ok(())
        })
    };
    let steps = |number: u64| [10, 20, 40].map(|stage| step(stage, number)).to_vec();
    let engine = builder().build().unwrap();
    engine.reload(same_catalog(&engine), steps(0)).unwrap();
    let is_over = AtomicBool::new(false);

    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| (0..200).for_each(|_| drop(create(&engine, "account", [])))))
            .collect();
        scope.spawn(|| {
            for number in (1..).take_while(|_| !is_over.load(Ordering::SeqCst)) {
                engine.reload(same_catalog(&engine), steps(number)).unwrap();
            }
        });
        let sent: Vec<_> = senders.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::SeqCst);
        assert!(sent.iter().all(Result::is_ok));
    });

    assert_eq!(count(&engine, "account"), 600);
}
