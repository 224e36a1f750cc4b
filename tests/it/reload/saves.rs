//! The habits of editors. Each ends in the generation that was saved.

use std::fs::{self, File};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use notify::{RecursiveMode, Watcher};
use rulegate::message::CustomMessage;
use rulegate::metadata::CatalogDraft;
use rulegate::{Context, Engine, OrganizationService};
use rulegate_script::{ReloadEvent, RuleFolder, WatchOptions};

use super::{ENTITY, RULE, Scene, pause, rule};

#[test]
fn truncating_and_writing_serves_what_was_written() {
    let scene = Scene::new();
    for marker in 2..5 {
        scene.write(RULE, &rule(marker));
        scene.serves(marker);
    }
}

#[test]
fn a_file_renamed_over_another_takes_its_place() {
    let scene = Scene::new();
    for marker in 2..5 {
        scene.write("rules/deal/mark.rhai.tmp", &rule(marker));
        scene.rename("rules/deal/mark.rhai.tmp", RULE);
        scene.serves(marker);
    }
}

#[test]
fn a_backup_beside_the_file_is_no_rule() {
    let scene = Scene::new();
    for marker in 2..5 {
        let backup = "rules/deal/mark.rhai~";
        scene.write("rules/deal/4913", ""); // Vim tries whether it can write.
        fs::remove_file(scene.path("rules/deal/4913")).unwrap();
        scene.rename(RULE, backup);
        scene.write(RULE, &rule(marker));
        fs::remove_file(scene.path(backup)).unwrap();
        scene.serves(marker);
    }
}

#[test]
fn a_file_deleted_and_created_again_serves_with_its_text() {
    let scene = Scene::new();
    fs::remove_file(scene.path(RULE)).unwrap();
    scene.write(RULE, &rule(2));
    scene.serves(2);
}

#[test]
fn a_file_written_in_parts_with_a_pause_serves_when_it_is_whole() {
    let scene = Scene::new();
    let text = rule(2);
    let (head, tail) = text.split_at(text.len() / 2);
    let mut file = File::create(scene.path(RULE)).unwrap();
    file.write_all(head.as_bytes()).unwrap();
    pause(); // The half of it is seen, refused, and serves never.
    assert_eq!(scene.marker(), Some(1));
    file.write_all(tail.as_bytes()).unwrap();
    drop(file);
    scene.serves(2);
}

#[test]
fn two_hundred_files_replaced_at_once_serve_together() {
    let scene = Scene::new();
    let path = |number: u32| format!("rules/deal/rule_{number:03}.rhai");
    for marker in [2, 3] {
        for number in 0..200 {
            let _ = fs::remove_file(scene.path(&path(number)));
            scene.write(&path(number), &rule(marker));
        }
        scene.write(RULE, &rule(marker));
        scene.serves(marker);
        scene.eventually("all", || scene.engine.steps().len() == 201);
    }
    let all = |it: &ReloadEvent| matches!(it, ReloadEvent::Reloaded { rules: 201, .. });
    assert!(scene.events().iter().any(all));
}

#[test]
fn a_new_folder_brings_a_new_entity_with_its_rule() {
    let scene = Scene::new();
    let entity = ENTITY.replace("dealid", "leadid");
    scene.write("rules/lead/entity.toml", &entity);
    scene.write("rules/lead/mark.rhai", &rule(7));
    scene
        .eventually("an entity", || scene.engine.steps().iter().any(|it| it.name() == "lead/mark"));
    // The folder was not there when the watch began, and is watched all the same.
    scene.write("rules/lead/mark.rhai", &rule(8));
    scene.eventually("watched", || {
        let lead = scene.engine.create(scene.engine.record("lead").unwrap()).unwrap();
        scene.engine.retrieve(&lead).unwrap().get("marker") == Some(&8.into())
    });
}

#[test]
fn a_file_moved_away_and_back_goes_and_comes() {
    let scene = Scene::new();
    scene.rename(RULE, "mark.rhai");
    scene.eventually("gone", || scene.marker().is_none());
    scene.rename("mark.rhai", RULE);
    scene.serves(1);
}

#[test]
fn a_folder_moved_in_and_edited_is_watched() {
    let scene = Scene::new();
    scene.write("elsewhere/extra.rhai", &rule(1).replace("\"Create\"", "\"Update\""));
    scene.rename("elsewhere", "rules/deal/more");
    scene.hears("unknown-entity");
    let text = rule(3).replace("message", "rank: 2, entity: \"deal\", message");
    scene.write("rules/deal/more/extra.rhai", &text);
    scene.serves(3);
}

#[test]
fn a_touch_is_no_change() {
    let scene = Scene::new();
    let file = File::options().write(true).open(scene.path(RULE)).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)).unwrap();
    scene.write("rules/deal/same", &rule(1));
    scene.rename("rules/deal/same", RULE);
    scene.write("rules/README.md", "Rules live here.");
    scene.write("rules/deal/.mark.rhai.swp", "an editor's notes");
    scene.write("rules/deal/.hidden/x.rhai", "no rule");
    pause();
    assert_eq!((scene.engine.generation(), scene.events()), (1, vec![]));

    scene.write("rules/deal/next", &rule(2));
    scene.rename("rules/deal/next", RULE);
    scene.serves(2);
    assert_eq!(scene.engine.generation(), 2);
    let [ReloadEvent::Reloaded { generation: 2, rules: 1, files_changed, .. }] =
        &scene.events()[..]
    else {
        panic!("{:?}", scene.events())
    };
    assert_eq!(files_changed, &[RULE]);
}

#[test]
fn a_watch_reads_nothing_while_nothing_changes() {
    let scene = Scene::new();
    scene.write(RULE, &rule(2));
    scene.serves(2);
    pause();
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    let mut spy = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let is_open = event.unwrap().paths.iter().any(|it| it.ends_with("mark.rhai"));
        count.fetch_add(is_open.into(), Ordering::Relaxed);
    })
    .unwrap();
    spy.watch(&scene.path("rules/deal"), RecursiveMode::NonRecursive).unwrap();
    scene.write("beside_the_folder.txt", "of no interest");
    scene.write("rules/deal/.mark.rhai.swp", "of no interest");
    pause();
    assert_eq!(opened.load(Ordering::Relaxed), 0);
    scene.write("rules/README.md", "it might have been a rule");
    scene.eventually("looked", || 0 < opened.load(Ordering::Relaxed));
}

#[test]
fn where_the_system_tells_nothing_contents_are_compared() {
    let scene = Scene::with(|it| WatchOptions {
        is_polling: true,
        poll_interval: Duration::from_millis(20),
        ..it
    });
    scene.write(RULE, &rule(2));
    scene.serves(2);
    assert!(scene.watcher.status().polling.is_some());
}

#[test]
fn a_new_attribute_can_be_used_and_old_records_be_read() {
    let scene = Scene::new();
    let old = scene.deal();
    let line = "margin = { type = \"whole-number\" }\n";
    // In front of the others, so that places would move if they could.
    let entity = ENTITY.replace("[attributes]\n", &format!("[attributes]\n{line}"));
    scene.write("rules/deal/entity.toml", &entity);
    scene.eventually("known", || {
        let catalog = scene.engine.catalog();
        catalog.entity("deal").unwrap().ordinal("margin").is_some()
    });
    assert_eq!(scene.engine.retrieve(&old).unwrap().get("marker"), Some(&1.into()));
    let change = scene.engine.change(&old).unwrap().with("margin", 5).unwrap();
    scene.engine.update(change).unwrap();
    let found = scene.engine.retrieve(&old).unwrap();
    assert_eq!((found.get("margin"), found.get("marker")), (Some(&5.into()), Some(&1.into())));
}

#[test]
fn a_rule_can_run_on_a_custom_message_of_the_engine() {
    let scene = Scene::new();
    let catalog = CatalogDraft::default().check().unwrap();
    let ping = CustomMessage::new("Ping");
    let engine = Engine::builder(catalog).message(ping, |_: &mut Context| Ok(())).build().unwrap();
    let step = "const STEP = #{ message: \"Ping\", entity: \"none\", stage: \"pre-operation\" };";
    scene.write(RULE, &format!("{step}\nfn run(ctx) {{}}\n"));
    let folder = RuleFolder::new(scene.path("rules"));
    let _watcher = folder.watch(engine.clone(), WatchOptions::default(), drop).unwrap();
    scene.eventually("heard of", || engine.steps().len() == 1);
}

#[test]
fn a_watch_that_is_dropped_sees_no_more() {
    let Scene { engine, watcher, events, home } = Scene::new();
    drop(watcher);
    super::write(&home.path().join(RULE), &rule(2));
    pause();
    assert_eq!((engine.generation(), events.lock().unwrap().len()), (1, 0));
}
