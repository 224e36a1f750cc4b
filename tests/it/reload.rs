//! A save becomes the next generation, or its author hears why not (RULES §2).

mod checks; // What is found in a set, and what that does to it.
mod folders; // Folders that go, come back, and are swapped by links.
mod hammer; // Messages on several threads while the folder changes all the time.
mod latency; // How long a save takes to serve, for the record.
mod reading; // Which files belong to a set, and what hinders reading them.
mod refusals; // What is refused, what its author reads, and what serves meanwhile.
mod saves; // The habits of editors.
mod successors; // Sets made from the set before, beside sets made from nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rulegate::{Engine, EntityReference, OrganizationService};
use rulegate_script::{
    Diagnostic, LoadOptions, ReloadEvent, RuleFolder, SourceFile, WatchOptions, Watcher,
};
use tempfile::TempDir;

/// How long a change may take before a test gives up on it. The machine may be busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longer than any test: what is seen was seen by the watch itself.
const NEVER: Duration = Duration::from_hours(1);

const ENTITY: &str = r#"[entity]
ownership = "none"
[attributes]
dealid = { type = "unique-identifier" }
name = { type = "string", max_length = 100 }
note = { type = "string", max_length = 100 }
marker = { type = "whole-number" }
first = { type = "whole-number" }
second = { type = "whole-number" }
"#;

/// The path of the rule that [`Scene::marker`] reads, below the temporary folder.
const RULE: &str = "rules/deal/mark.rhai";

/// An engine that serves a folder of one entity and one rule, watched.
struct Scene {
    engine: Engine,
    watcher: Watcher,
    events: Arc<Mutex<Vec<ReloadEvent>>>,
    home: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self::with(|it| it)
    }

    fn with(options: impl FnOnce(WatchOptions) -> WatchOptions) -> Self {
        let home = tempfile::tempdir().unwrap();
        write(&home.path().join("rules/deal/entity.toml"), ENTITY);
        write(&home.path().join(RULE), &rule(1));
        Self::of(home, options)
    }

    /// What is in that temporary folder already.
    fn of(home: TempDir, options: impl FnOnce(WatchOptions) -> WatchOptions) -> Self {
        let folder = RuleFolder::new(home.path().join("rules"));
        let set = folder.load(&LoadOptions::default(), None);
        let set = set.unwrap_or_else(|all| panic!("{}", Diagnostic::render_all(&all, false)));
        let engine = Engine::builder(set.catalog.clone()).build().unwrap();
        engine.reload(set.catalog.clone(), set.steps.clone()).unwrap();
        let events = Arc::<Mutex<Vec<ReloadEvent>>>::default();
        let heard = Arc::clone(&events);
        let defaults = WatchOptions { safety_interval: NEVER, ..WatchOptions::default() };
        let options = options(defaults.serving(&set));
        let listener = move |event| heard.lock().unwrap().push(event);
        let watcher = folder.watch(engine.clone(), options, listener).unwrap();
        Self { engine, watcher, events, home }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.home.path().join(relative)
    }

    fn write(&self, relative: &str, text: &str) {
        write(&self.path(relative), text);
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn deal(&self) -> EntityReference {
        self.engine.create(self.engine.record("deal").unwrap()).unwrap()
    }

    /// What the rule of the generation that serves writes; none without a rule.
    fn marker(&self) -> Option<i64> {
        let deal = self.engine.retrieve(&self.deal()).unwrap();
        deal.get("marker").and_then(rulegate::Value::as_whole_number)
    }

    fn events(&self) -> Vec<ReloadEvent> {
        self.events.lock().unwrap().clone()
    }

    /// Waits until it is so.
    fn eventually(&self, what: &str, is_so: impl Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so() {
            let is_late = end < Instant::now();
            assert!(!is_late, "never {what}: {:?} {:?}", self.events(), self.watcher.status());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the rule serves that writes this, nothing is wrong with the folder, and its author
    /// knows.
    fn serves(&self, marker: i64) {
        self.eventually("served", || {
            self.marker() == Some(marker)
                && self.watcher.status().is_good()
                && self.last_told() == Some(self.engine.generation())
        });
    }

    /// The generation of which its author was told last.
    fn last_told(&self) -> Option<u64> {
        self.events().into_iter().rev().find_map(|it| {
            if let ReloadEvent::Reloaded { generation, .. } = it { Some(generation) } else { None }
        })
    }

    /// Waits until something is wrong with the folder, of that kind. Answers what its author reads.
    fn hears(&self, code: &str) -> String {
        let is_so = |it: &Diagnostic| it.code == code;
        self.eventually(code, || self.watcher.status().diagnostics.iter().any(is_so));
        Diagnostic::render_all(&self.watcher.status().diagnostics, false)
    }
}

/// Lets a watch see what was done so far as one save of its own.
fn pause() {
    thread::sleep(Duration::from_millis(120));
}

/// A rule that writes this marker on Create.
fn rule(marker: i64) -> String {
    format!(
        "const MARKER = {marker};\n\
         const STEP = #{{ message: \"Create\", stage: \"pre-operation\" }};\n\
         fn run(ctx) {{\n    ctx.target.marker = MARKER;\n}}\n"
    )
}

/// Writes a file, truncating it first, and makes the folders around it.
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The paths of these files.
fn paths(files: &[SourceFile]) -> Vec<&str> {
    files.iter().map(|it| it.path.as_str()).collect()
}
