//! What is refused, what its author reads, and what serves meanwhile.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use insta::assert_snapshot;
use rulegate::metadata::CatalogDraft;
use rulegate::{Engine, Message, Step};
use rulegate_script::{Diagnostic, ReloadEvent, RuleFolder, WatchOptions};

use super::{ENTITY, RULE, Scene, pause, rule};

#[test]
fn a_broken_save_keeps_the_last_good_generation_and_shows_its_place() {
    let scene = Scene::new();
    scene.write(RULE, &rule(2).replace("MARKER;\n}", "MARKER +;\n}"));
    assert_snapshot!(scene.hears("syntax"), @r"
    error[syntax]: unexpected ';'
     --> rules/deal/mark.rhai:4:33
      |
    4 |     ctx.target.marker = MARKER +;
      |                                 ^
    ");
    assert_eq!((scene.marker(), scene.engine.generation()), (Some(1), 1));
    assert!(matches!(&scene.events()[..], [.., ReloadEvent::Refused { .. }]));

    scene.write(RULE, &rule(3));
    scene.serves(3);
}

#[test]
fn one_broken_file_of_many_refuses_all() {
    let scene = Scene::new();
    scene.write("rules/deal/other.rhai", "const STEP = #{ message: \"Creat\" };");
    scene.hears("unknown-message");
    scene.write(RULE, &rule(2));
    pause();
    assert_eq!((scene.marker(), scene.engine.generation()), (Some(1), 1));
    fs::remove_file(scene.path("rules/deal/other.rhai")).unwrap();
    scene.serves(2);
}

#[test]
fn an_undone_mistake_makes_no_generation_and_is_told() {
    let scene = Scene::new();
    scene.write(RULE, "fn run(");
    scene.hears("syntax");
    scene.write(RULE, &rule(1));
    scene.eventually("good", || scene.watcher.status().is_good());
    scene.eventually("told", || {
        scene.events().last() == Some(&ReloadEvent::Unchanged { generation: 1 })
    });
    assert_eq!((scene.marker(), scene.engine.generation()), (Some(1), 1));
}

#[test]
fn a_mistake_that_was_out_of_sight_is_told_again() {
    let scene = Scene::new();
    scene.write(RULE, "fn run(");
    scene.hears("syntax");
    scene.rename("rules", "away");
    scene.hears("no-folder");
    scene.rename("away", "rules");
    scene.hears("syntax");
    assert_eq!((scene.marker(), scene.engine.generation()), (Some(1), 1));
}

#[test]
fn a_rule_on_an_attribute_that_its_entity_lost_is_refused() {
    let scene = Scene::new();
    let text = rule(2).replace("stage:", "post_image: [\"note\"], stage:");
    scene.write(RULE, &text.replace("pre-operation", "post-operation"));
    let lines = ENTITY.lines().filter(|it| !it.starts_with("note"));
    scene.write("rules/deal/entity.toml", &lines.collect::<Vec<_>>().join("\n"));
    scene.hears("unknown-attribute");
    assert_eq!(scene.marker(), Some(1));
}

#[test]
fn a_rule_that_is_no_text_shows_where() {
    let scene = Scene::new();
    let bytes = [b"// caf\xE9\n", rule(2).as_bytes()].concat();
    fs::write(scene.path(RULE), bytes).unwrap();
    assert_snapshot!(scene.hears("not-utf-8"), @r"
    error[not-utf-8]: the file is not UTF-8 text
     --> rules/deal/mark.rhai:1:7
      |
    1 | // caf�
      |       ^ these bytes are no characters
      |
      = help: save the file with the encoding UTF-8
    ");
    assert!(matches!(&scene.events()[..], [.., ReloadEvent::Unreadable { .. }]));
    assert_eq!(scene.marker(), Some(1));
    scene.write(RULE, &rule(2));
    scene.serves(2);
}

#[test]
fn a_step_that_the_engine_refuses_is_shown_in_its_file() {
    let scene = Scene::new();
    let text = rule(2).replace("message", "rank: 2, message");
    scene.write("rules/a/deal/twin.rhai", &text);
    scene.serves(2);
    scene.write("rules/b/deal/twin.rhai", &text);
    assert_snapshot!(scene.hears("step"), @r#"
    error[step]: another step has this name on the same message, entity and stage
     --> rules/b/deal/twin.rhai:2:7
      |
    2 | const STEP = #{ rank: 2, message: "Create", stage: "pre-operation" };
      |       ^^^^ the step `deal/twin`
    "#);
}

#[test]
fn a_gate_keeps_what_it_refuses_from_serving() {
    let is_shut = Arc::new(AtomicBool::new(true));
    let shut = Arc::clone(&is_shut);
    let scene = Scene::with(|it| {
        it.gate(move |set| {
            assert_eq!(set.rule_count, 1);
            let changed = Diagnostic::error("run", "a run changed");
            if shut.load(Ordering::SeqCst) { Err(vec![changed]) } else { Ok(()) }
        })
    });
    scene.write(RULE, &rule(2));
    assert_eq!(scene.hears("run"), "error[run]: a run changed\n");
    assert_eq!((scene.marker(), scene.engine.generation()), (Some(1), 1));

    // The gate looks at more than the folder: only who asks again hears another answer.
    is_shut.store(false, Ordering::SeqCst);
    scene.watcher.retry();
    scene.serves(2);
}

#[test]
fn a_gate_that_panics_refuses_and_the_watch_goes_on() {
    let scene = Scene::with(|it| {
        it.gate(|set| {
            let is_odd = set.steps.len() % 2 == 1;
            assert!(is_odd, "the gate fell down");
            Ok(())
        })
    });
    scene.write("rules/deal/other.rhai", &rule(2));
    assert_eq!(scene.hears("panic"), "error[panic]: the gate panicked: the gate fell down\n");
    fs::remove_file(scene.path("rules/deal/other.rhai")).unwrap();
    scene.eventually("good", || scene.watcher.status().is_good());
    scene.write(RULE, &rule(2));
    scene.serves(2);
}

#[test]
fn a_listener_that_panics_stops_nothing() {
    let scene = Scene::new();
    let folder = RuleFolder::new(scene.path("rules"));
    let options = WatchOptions::default();
    let engine = Engine::builder(CatalogDraft::default().check().unwrap()).build().unwrap();
    let _watcher = folder.watch(engine.clone(), options, |_| panic!("no ears")).unwrap();
    scene.eventually("first", || engine.generation() == 1);
    scene.write(RULE, &rule(2));
    scene.eventually("second", || engine.generation() == 2);
}

#[test]
fn an_entity_that_native_steps_need_cannot_go() {
    let scene = Scene::new();
    scene.write("rules/lead/entity.toml", &ENTITY.replace("dealid", "leadid"));
    let folder = RuleFolder::new(scene.path("rules"));
    let set = folder.load(&rulegate_script::LoadOptions::default(), None).unwrap();
    let native =
        Step::on(Message::Create, "lead").run("native", |_: &mut rulegate::Context| Ok(()));
    let engine = Engine::builder(set.catalog.clone()).step(native).build().unwrap();
    let watcher = folder.watch(engine.clone(), WatchOptions::default(), drop).unwrap();
    scene.eventually("first", || engine.generation() == 1);
    fs::remove_dir_all(scene.path("rules/lead")).unwrap();
    scene.eventually("refused", || {
        watcher.status().diagnostics.iter().any(|it| it.code == "step" && it.file.is_empty())
    });
    assert_eq!(engine.generation(), 1);
}
