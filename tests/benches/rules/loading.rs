//! How long until rules serve: from a folder at first, and after a change.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rulegate::OrganizationService;
use rulegate_script::{Execution, ReloadEvent, RuleFolder, RuleSet, SourceFile, WatchOptions};

use crate::peer;
use crate::table::{Figure, Row, SLOW, Table, nanoseconds, side, turns};
use crate::world::{
    MEDIUM, ON_UPDATE, SIMPLE, Script, customer, engine, entity_files, load, opportunity, options,
    serving,
};

/// How many rules a large folder has.
const MANY: usize = 1_000;

/// How often a file of the folder is changed: with one rule, and with many.
const SAVES: [(usize, usize); 2] = [(1, 100), (MANY, 50)];

/// How long a save may take to serve, of the time for which nothing may change until it is looked at.
const LIVE: f64 = 1.5;

/// How long a folder lies there before it is watched: one that was written just now is read whole at each change.
const LYING: Duration = Duration::from_secs(4);

/// How long a save may take at all.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn measure(table: &mut Table) {
    if table.wants("cold start") {
        cold_start(table);
    }
    if table.wants("reload") {
        reload(table);
    }
    for (rules, saves) in SAVES {
        if table.wants("changed file live") {
            live(table, (rules, saves));
        }
    }
}

/// So many rules: half of them simple, half of them medium.
fn rule_files(count: usize) -> Vec<SourceFile> {
    let script = |it: usize| {
        let body = if it.is_multiple_of(2) { SIMPLE } else { MEDIUM };
        Script { path: &format!("opportunity/rule_{it:04}"), step: ON_UPDATE, body }.file()
    };
    (0..count).map(script).collect()
}

/// From texts to an engine that serves, beside what Rhai takes to compile the same texts and do nothing with them.
fn cold_start(table: &mut Table) {
    let files = rule_files(MANY);
    let engine = engine(Vec::new());
    let record = opportunity(&engine, &customer(&engine));
    let turns = turns(
        SLOW,
        vec![
            side("bare compile", || {
                let rhai = peer::engine(&record);
                files.iter().map(|it| rhai.compile(&*it.text).unwrap()).collect::<Vec<_>>()
            }),
            side("lowered", || start(files.clone(), Execution::Lowered)),
            side("interpreted", || start(files.clone(), Execution::Interpreted)),
        ],
    );
    let title = "cold start with 1,000 rules";
    table.add(Row::beside(title, &turns, ("lowered", "bare compile")).at_most(3.0));
    table.add(Row::beside(title, &turns, ("interpreted", "bare compile")));
}

fn start(files: Vec<SourceFile>, execution: Execution) -> rulegate::Engine {
    serving(&load(files, execution))
}

/// The next generation from texts, without a folder: of all rules, and of one that changed.
fn reload(table: &mut Table) {
    for count in [1, MANY] {
        let files: Vec<SourceFile> = entity_files().into_iter().chain(rule_files(count)).collect();
        let engine = engine(Vec::new());
        let options = options(Execution::default());
        let all = || {
            let set = RuleSet::load(&files, Some(&engine.catalog()), &options).unwrap();
            engine.reload(set.catalog, set.steps).unwrap()
        };
        let other = crate::world::engine(Vec::new());
        let mut serving = RuleSet::load(&files, Some(&other.catalog()), &options).unwrap();
        let (mut next, mut save) = (files.clone(), 0);
        let one = || {
            save += 1;
            *next.last_mut().unwrap() = changed(count - 1, save);
            serving = serving.succeed(&next, &other.catalog(), &options).unwrap();
            other.reload(serving.catalog.clone(), serving.steps.clone()).unwrap()
        };
        let pace = crate::table::Pace { rounds: 15, ..SLOW };
        let turns = turns(pace, vec![side("all", all), side("one changed", one)]);
        let title = format!("reload of {count} rules");
        table.add(Row::beside(&title, &turns, ("one changed", "all")));
    }
}

/// A rule of the folder after so many saves.
fn changed(rule: usize, save: usize) -> SourceFile {
    let body = SIMPLE.replace("100000", &format!("{}", 100_001 + save));
    let path = format!("opportunity/rule_{rule:04}");
    Script { path: &path, step: ON_UPDATE, body: &body }.file()
}

/// From the save of one file to the first moment at which the next generation serves.
fn live(table: &mut Table, (rules, saves): (usize, usize)) {
    let home = tempfile::tempdir().unwrap();
    let write = |file: &SourceFile| {
        let path = home.path().join(&file.path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        fs::write(path, &*file.text).unwrap();
    };
    entity_files().iter().chain(&rule_files(rules)).for_each(write);
    let folder = RuleFolder::new(home.path().join("rules"));
    let load = options(Execution::default());
    let set = folder.load(&load, None).unwrap();
    let engine = serving(&set);
    let options = WatchOptions { load, ..WatchOptions::default() }.serving(&set);
    let quiet = nanoseconds(options.quiet);
    thread::sleep(LYING);
    let (send, heard) = mpsc::channel();
    let listener = move |event: ReloadEvent| drop(send.send((event, Instant::now())));
    let _watcher = folder.watch(engine.clone(), options, listener).unwrap();

    let mut times: Vec<f64> = Vec::new();
    for save in 0..=saves {
        write(&changed(0, save));
        let began = Instant::now();
        let (event, served) = heard.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(event, ReloadEvent::Reloaded { .. }), "{event:?}");
        times.push(nanoseconds(served.saturating_duration_since(began)));
    }
    times.remove(0); // The watch may still have been on its first look.
    times.sort_by(f64::total_cmp);
    let last = times.get(times.len() * 99 / 100).or(times.last()).copied().unwrap_or_default();
    let row = Row::new(format!("changed file live, of {rules}"), Figure::of(times));
    let row = row.over("slowest of 100 / debounce", quiet, last / quiet);
    table.add(row.at_most(LIVE));
}
