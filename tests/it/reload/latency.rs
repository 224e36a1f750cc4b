//! How long a save takes to serve, for the record. Nothing is asserted but that every save does.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::{RULE, Scene, rule};

/// How often each habit saves.
const SAVES: usize = 40;

#[test]
fn every_save_serves_and_how_soon_is_noted() {
    let scene = Scene::new();
    scene.write(RULE, &rule(2)); // Until this serves, the watch may still be on its first look.
    scene.serves(2);
    let mut marker = 2;
    let mut notes = String::new();
    for (habit, save) in [("rename over", rename_over as fn(&Scene, &str)), ("truncate", truncate)]
    {
        let mut times: Vec<Duration> = (0..SAVES)
            .map(|_| {
                marker += 1;
                let before = scene.engine.generation();
                save(&scene, &rule(marker));
                let saved = Instant::now();
                scene.serves_after(before, saved)
            })
            .collect();
        assert_eq!(scene.marker(), Some(marker));
        times.sort();
        let (least, median, most) = (times[0], times[SAVES / 2], times[SAVES - 1]);
        writeln!(
            notes,
            "{habit}: {SAVES} saves, min {least:.1?}, median {median:.1?}, max {most:.1?}"
        )
        .unwrap();
    }
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("reload-latency.txt"), notes).unwrap();
}

fn truncate(scene: &Scene, text: &str) {
    scene.write(RULE, text);
}

fn rename_over(scene: &Scene, text: &str) {
    scene.write("rules/deal/mark.rhai.tmp", text);
    scene.rename("rules/deal/mark.rhai.tmp", RULE);
}

impl Scene {
    /// The time from the save to the first moment at which another generation serves.
    fn serves_after(&self, before: u64, saved: Instant) -> Duration {
        while self.engine.generation() == before {
            assert!(saved.elapsed() < super::PATIENCE, "never served: {:?}", self.events());
            thread::sleep(Duration::from_micros(100));
        }
        saved.elapsed()
    }
}
