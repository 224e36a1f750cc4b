//! Messages on several threads while the folder changes all the time: none is lost, none fails
//! because of a reload, and none sees two generations, nested messages included.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rulegate::OrganizationService;

use super::{ENTITY, Scene, write};

const THREADS: usize = 3;
const DURATION: Duration = Duration::from_millis(2_500);

/// Two rules in one text: the second runs on a message that the first sends.
fn both(marker: i64) -> String {
    format!(
        r#"const MARKER = {marker};
const STEPS = [
    #{{ message: "Update", stage: "pre-operation", filtering: ["name"], handler: "mark" }},
    #{{ message: "Update", stage: "post-operation", filtering: ["name"], handler: "nest" }},
    #{{ message: "Update", stage: "pre-operation", filtering: ["note"], handler: "inner" }},
];
fn mark(ctx) {{ ctx.target.first = MARKER; }}
fn nest(ctx) {{
    let sum = 0;
    for i in 0..200 {{ sum += i; }} // Time for the folder to change in between.
    update(ctx.target, #{{ note: ctx.target.name }});
}}
fn inner(ctx) {{ ctx.target.second = MARKER; }}
"#
    )
}

/// The same in two files, which agree only if they are read together.
fn outer(marker: i64) -> String {
    let text = both(marker);
    let lines = text.lines().filter(|it| !it.contains("inner"));
    lines.collect::<Vec<_>>().join("\n")
}

fn inner(marker: i64) -> String {
    format!(
        "const MARKER = {marker};\n\
         const STEP = #{{ message: \"Update\", stage: \"pre-operation\", filtering: [\"note\"] }};\n\
         fn run(ctx) {{ ctx.target.second = MARKER; }}\n"
    )
}

/// A rule that nobody needs, to be broken and mended at will.
fn other(number: i64) -> String {
    super::rule(number)
}

/// Sends messages from several threads while somebody saves. Answers how many.
fn hammer(scene: &Scene, mut save: impl FnMut(i64) + Send) -> usize {
    let is_over = AtomicBool::new(false);
    let sent = AtomicUsize::new(0);
    let work = || {
        let deal = scene.deal();
        let mut number = 0;
        while !is_over.load(Ordering::Relaxed) {
            number += 1;
            send(scene, &deal, number);
        }
        sent.fetch_add(number, Ordering::Relaxed);
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let end = Instant::now() + DURATION;
        let mut round = 1;
        while Instant::now() < end && !workers.iter().any(thread::ScopedJoinHandle::is_finished) {
            round += 1;
            save(round);
            thread::sleep(Duration::from_millis(11 + 7 * (round.unsigned_abs() % 7)));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    sent.into_inner()
}

/// Sends one message and looks at all that it left.
fn send(scene: &Scene, deal: &rulegate::EntityReference, number: usize) {
    let name = number.to_string();
    let change = scene.engine.change(deal).unwrap().with("name", name.as_str()).unwrap();
    scene.engine.update(change).unwrap();
    let found = scene.engine.retrieve(deal).unwrap();
    let text = |attribute| found.get(attribute).and_then(rulegate::Value::as_text);
    assert_eq!((text("name"), text("note")), (Some(&*name), Some(&*name)));
    assert!(found.get("first").is_some_and(|it| !it.is_null()));
    assert_eq!(found.get("first"), found.get("second"), "two generations in one message");
}

/// Saves one file in the way of one editor or another; some leave it broken for a while, or for good.
fn save_somehow(path: &Path, text: &str, round: i64) {
    let beside = path.with_extension("tmp");
    match round % 6 {
        0 => fs::write(path, text).unwrap(),
        1 => {
            fs::write(&beside, text).unwrap();
            fs::rename(&beside, path).unwrap();
        }
        2 => {
            let backup = path.with_extension("rhai~");
            fs::copy(path, &backup).unwrap();
            fs::write(path, text).unwrap();
            fs::remove_file(backup).unwrap();
        }
        3 => {
            let (head, tail) = text.split_at(text.len() / 3);
            let mut file = File::create(path).unwrap();
            file.write_all(head.as_bytes()).unwrap();
            thread::sleep(Duration::from_millis(45));
            file.write_all(tail.as_bytes()).unwrap();
        }
        4 => fs::write(path, &text[..text.len() / 2]).unwrap(),
        _ => fs::write(path, b"\xFF broken").unwrap(),
    }
}

fn last_marker_serves(scene: &Scene, marker: i64) {
    scene.eventually("the last save", || {
        let deal = scene.deal();
        send(scene, &deal, 1);
        let found = scene.engine.retrieve(&deal).unwrap();
        found.get("first") == Some(&marker.into()) && scene.watcher.status().is_good()
    });
}

#[test]
fn no_message_is_lost_or_torn_while_one_file_is_saved_in_every_way() {
    let home = tempfile::tempdir().unwrap();
    write(&home.path().join("rules/deal/entity.toml"), ENTITY);
    write(&home.path().join("rules/deal/both.rhai"), &both(1));
    let scene = Scene::of(home, |it| it);
    let path = scene.path("rules/deal/both.rhai");

    let sent = hammer(&scene, |round| save_somehow(&path, &both(round), round));

    fs::write(&path, both(1_000_000)).unwrap();
    last_marker_serves(&scene, 1_000_000);
    assert!(0 < sent && 3 < scene.engine.generation(), "{sent} {}", scene.engine.generation());
}

#[test]
fn no_message_is_lost_or_torn_while_two_files_are_swapped_together() {
    let home = tempfile::tempdir().unwrap();
    release(&home.path().join("release_1"), 1);
    symlink("release_1", home.path().join("rules")).unwrap();
    let scene = Scene::of(home, |it| it);
    let mut current = "release_1".to_owned();
    let mut swap = |round: i64, is_broken: bool| {
        let next = format!("release_{round}");
        release(&scene.path(&next), round);
        if is_broken {
            scene.write(&format!("{next}/deal/inner.rhai"), "const MARKER = ");
        }
        symlink(&next, scene.path("next")).unwrap();
        scene.rename("next", "rules");
        fs::remove_dir_all(scene.path(&current)).unwrap();
        current = next;
    };

    let sent = hammer(&scene, |round| match round % 3 {
        0 => swap(round, false),
        1 => save_somehow(&scene.path("rules/deal/other.rhai"), &other(round), round / 3),
        _ => swap(round, round % 2 == 0),
    });

    swap(1_000_000, false);
    last_marker_serves(&scene, 1_000_000);
    assert!(0 < sent && 3 < scene.engine.generation(), "{sent} {}", scene.engine.generation());
}

fn release(folder: &Path, marker: i64) {
    write(&folder.join("deal/entity.toml"), ENTITY);
    write(&folder.join("deal/outer.rhai"), &outer(marker));
    write(&folder.join("deal/inner.rhai"), &inner(marker));
    write(&folder.join("deal/other.rhai"), &other(marker));
}
