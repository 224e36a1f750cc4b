//! Folders that go, come back, and are swapped by links.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use rulegate_script::{LoadOptions, ReloadEvent, RuleFolder, WatchOptions};

use super::{ENTITY, RULE, Scene, pause, rule, write};

/// Makes a link lead elsewhere in one step, as mounts and deployments do.
fn swap(link: &Path, target: &str) {
    let next = link.parent().unwrap().join("next-link");
    symlink(target, &next).unwrap();
    fs::rename(next, link).unwrap();
}

/// A folder of one rule that writes this.
fn release(folder: &Path, marker: i64) {
    write(&folder.join("deal/entity.toml"), ENTITY);
    write(&folder.join("deal/mark.rhai"), &rule(marker));
}

fn unreadable_count(scene: &Scene) -> usize {
    let is_it = |it: &&ReloadEvent| matches!(it, ReloadEvent::Unreadable { .. });
    scene.events().iter().filter(is_it).count()
}

#[test]
fn a_mounted_volume_is_swapped_by_its_hidden_link() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    release(&at("..2026_1"), 1);
    symlink("..2026_1", at("..data")).unwrap();
    symlink("..data", at("rules")).unwrap();
    let scene = Scene::of(home, |it| it);
    for marker in 2..5 {
        let (old, new) = (format!("..2026_{}", marker - 1), format!("..2026_{marker}"));
        release(&scene.path(&new), marker);
        swap(&scene.path("..data"), &new);
        scene.serves(marker);
        fs::remove_dir_all(scene.path(&old)).unwrap();
    }
}

#[test]
fn a_mounted_volume_whose_files_are_links_is_swapped() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join("rules").join(name);
    release(&at("..2026_1"), 1);
    symlink("..2026_1", at("..data")).unwrap();
    symlink("..data/deal", at("deal")).unwrap();
    let scene = Scene::of(home, |it| it);
    release(&scene.path("rules/..2026_2"), 2);
    swap(&scene.path("rules/..data"), "..2026_2");
    scene.serves(2);
    fs::remove_dir_all(scene.path("rules/..2026_1")).unwrap();
    scene.write(RULE, &rule(3)); // Where the links lead is watched, too.
    scene.serves(3);
}

#[test]
fn a_deployment_swaps_a_link_above_the_folder() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    release(&at("releases/1/rules"), 1);
    symlink("releases/1", at("current")).unwrap();
    symlink("current/rules", at("rules")).unwrap();
    let scene = Scene::of(home, |it| it);
    release(&scene.path("releases/2/rules"), 2);
    swap(&scene.path("current"), "releases/2");
    scene.serves(2);
}

#[test]
fn a_file_that_is_a_link_is_read_and_watched_where_it_leads() {
    let scene = Scene::new();
    scene.write("shared/mark.rhai", &rule(2));
    swap(&scene.path(RULE), "../../shared/mark.rhai");
    scene.serves(2);
    scene.write("shared/mark.rhai", &rule(3));
    scene.serves(3);
}

#[test]
fn a_folder_that_is_gone_is_told_once_and_its_rules_keep_serving() {
    let scene = Scene::with(|it| WatchOptions { poll_interval: Duration::from_millis(20), ..it });
    scene.rename("rules", "gone");
    let text = scene.hears("no-folder");
    assert!(text.contains("there is no folder"), "{text}");
    pause();
    assert_eq!((unreadable_count(&scene), scene.marker()), (1, Some(1)));
    assert_eq!(scene.engine.generation(), 1);

    scene.rename("gone", "rules");
    scene.eventually("back", || scene.watcher.status().is_good());
    assert_eq!(scene.engine.generation(), 1);
    assert_eq!(scene.events().last(), Some(&ReloadEvent::Unchanged { generation: 1 }));
}

#[test]
fn a_folder_deleted_and_created_again_is_watched_as_before() {
    // Nothing but the watch itself can see it come back.
    let scene = Scene::with(|it| WatchOptions { poll_interval: super::NEVER, ..it });
    for marker in [2, 4, 6] {
        fs::remove_dir_all(scene.path("rules")).unwrap();
        scene.hears("no-folder");
        release(&scene.path("rules"), marker);
        scene.serves(marker);
        scene.write(RULE, &rule(marker + 1));
        scene.serves(marker + 1);
    }
}

#[test]
fn a_folder_deleted_and_created_again_in_one_breath_is_watched_as_before() {
    let scene = Scene::with(|it| WatchOptions { poll_interval: super::NEVER, ..it });
    for marker in [2, 4, 6, 8] {
        // The new folders may get the inodes of the old ones.
        fs::remove_dir_all(scene.path("rules")).unwrap();
        release(&scene.path("rules"), marker);
        scene.serves(marker);
        scene.write(RULE, &rule(marker + 1));
        scene.serves(marker + 1);
    }
}

#[test]
fn a_folder_replaced_by_another_is_watched_where_it_is() {
    let scene = Scene::new();
    release(&scene.path("next"), 2);
    scene.rename("rules", "old");
    scene.rename("next", "rules");
    scene.serves(2);
    scene.write(RULE, &rule(3));
    scene.serves(3);
    let before = scene.engine.generation();
    scene.write("old/deal/mark.rhai", &rule(4));
    pause();
    assert_eq!(scene.engine.generation(), before);
}

#[test]
fn a_folder_gone_with_the_one_around_it_is_seen_when_it_is_back() {
    let home = tempfile::tempdir().unwrap();
    release(&home.path().join("project/rules"), 1);
    symlink("project/rules", home.path().join("rules")).unwrap();
    let scene = Scene::of(home, |it| WatchOptions { poll_interval: super::NEVER, ..it });
    scene.rename("project", "away");
    scene.hears("no-folder");
    release(&scene.path("project/rules"), 2);
    scene.serves(2);
}

#[test]
fn an_emptied_folder_is_no_set() {
    let scene = Scene::new();
    scene.rename("rules/deal", "deal");
    scene.hears("empty-folder");
    assert_eq!((scene.marker(), scene.engine.generation()), (Some(1), 1));
    let folder = RuleFolder::new(scene.path("rules"));
    let catalog = rulegate::OrganizationService::catalog(&scene.engine);
    let problems = folder.load(&LoadOptions::default(), Some(&catalog)).unwrap_err();
    assert_eq!(problems[0].code, "empty-folder");

    scene.rename("deal", "rules/deal");
    scene.eventually("back", || scene.watcher.status().is_good());
    assert_eq!(scene.engine.generation(), 1);
}

#[test]
fn an_empty_folder_is_a_set_where_nothing_was_before() {
    let home = tempfile::tempdir().unwrap();
    let folder = RuleFolder::new(home.path());
    assert_eq!(folder.load(&LoadOptions::default(), None).unwrap().rule_count, 0);
}

#[test]
fn entities_without_rules_are_a_set_without_rules() {
    let scene = Scene::new();
    fs::remove_file(scene.path(RULE)).unwrap();
    scene.eventually("none", || scene.marker().is_none());
    assert_eq!(scene.engine.generation(), 2);
    scene.eventually("told", || {
        matches!(&scene.events()[..], [ReloadEvent::Reloaded { rules: 0, .. }])
    });
}

#[test]
fn a_file_in_place_of_the_folder_is_told() {
    let scene = Scene::new();
    scene.rename("rules", "gone");
    scene.write("rules", "no folder");
    scene.eventually("a file", || {
        let status = scene.watcher.status();
        status.diagnostics.iter().any(|it| it.message.contains("is a file"))
    });
    assert_eq!(scene.marker(), Some(1));
    fs::remove_file(scene.path("rules")).unwrap();
    release(&scene.path("rules"), 2);
    scene.serves(2);
}

#[test]
fn a_folder_called_like_a_rule_is_told() {
    let scene = Scene::new();
    fs::create_dir(scene.path("rules/deal/x.rhai")).unwrap();
    scene.hears("not-a-file");
    assert_eq!(scene.marker(), Some(1));
    fs::remove_dir(scene.path("rules/deal/x.rhai")).unwrap();
    scene.eventually("good", || scene.watcher.status().is_good());
}
