//! A set made from the one before it is the set that would have been made from nothing.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use rulegate::clock::{CountingIds, ManualClock};
use rulegate::message::{Create, Update};
use rulegate::{Engine, OrganizationService};
use rulegate_script::{Diagnostic, LoadOptions, RuleSet, SourceFile};

use super::{ENTITY, rule};

/// How many sequences of edits are played; fewer where nothing is optimized.
const SEQUENCES: u32 = if cfg!(debug_assertions) { 48 } else { 1_000 };

/// An entity with options, which rules name.
const STAGED: &str = r#"[entity]
ownership = "none"
primary_name = "name"
[attributes]
dealid = { type = "unique-identifier" }
name = { type = "string", max_length = 100 }
note = { type = "string", max_length = 100 }
marker = { type = "whole-number" }
first = { type = "whole-number" }
second = { type = "whole-number" }
extra = { type = "whole-number" }
stage = { type = "choice" }
[options.stage]
Open = { value = 1, label = "Open" }
Won = { value = 2, label = "Won" }
"#;

/// The rules that a file may hold. Each that reads a property no other reads wants another engine.
const BODIES: [&str; 14] = [
    "ctx.target.marker = 1;",
    "ctx.target.marker = 2; ctx.target.note = ctx.target.name;",
    "if ctx.target.name == \"b\" { reject(\"no b\"); } ctx.target.first = 7;",
    "ctx.target.second = money::twice(4);",
    "let all = [1, 2, 3].filter(|it| it > 1); ctx.target.first = all.len(); ctx.target.extra = 1;",
    "try { throw #{ code: 7 }; } catch (e) { ctx.target.marker = e.code; }",
    "ctx.target.nothing = 1;",
    "ctx.target.first = ctx.target.unheard;",
    "ctx.target.stage = deal::stage::Won;",
    "if ctx.target.stage == deal::stage::Won { ctx.target.note = ctx.target.stage.name; }",
    "ctx.target.marker = unknown;",
    "ctx.target.marker = ;",
    "ctx.target.first = TEN;\n}\nconst TEN = 10;\nfn other() {\n",
    "trace(`${ctx.target.has(\"note\")}`); ctx.target.note = helper(ctx.target.marker);\n}\nfn helper(it) { if it == () { \"none\" } else { `${it}` }",
];

const STEPS: [&str; 4] = [
    "const STEP = #{ message: \"Create\", stage: \"pre-operation\" };",
    "const STEP = #{ message: [\"Create\", \"Update\"], stage: \"pre-operation\", rank: 3 };",
    "const STEP = #{ message: \"Update\", stage: \"post-operation\", filtering: [\"name\"], post_image: [\"note\"] };",
    "const STEP = #{ message: \"Creat\", stage: \"pre-operation\" };",
];

const LIBRARY: [&str; 4] = [
    "fn twice(it) { it * 2 }",
    "fn twice(it) { it + it + 1 }",
    "fn twice(it) {",
    "let now = timestamp(); fn twice(it) { it }",
];

/// What an author does to a file: writes it, or removes it.
type Edit = (String, Option<String>);

fn edit() -> impl Strategy<Value = Edit> {
    let rule_path = select(vec!["deal/a", "deal/b", "deal/c", "order/d", "order/e"]);
    let rule = (rule_path, select(&STEPS[..]), select(&BODIES[..]), 0..10_u8);
    let rule = rule.prop_map(|(path, step, body, kind)| {
        // Most rules are good ones, so that sets are not refused all the time.
        let step = if kind < 8 && step.contains("Creat\"") { STEPS[0] } else { step };
        let text = format!("{step}\nfn run(ctx) {{ {body} }}\n");
        (format!("rules/{path}.rhai"), (kind < 9).then_some(text))
    });
    let library = (select(vec!["money", "money", "money", "deal"]), select(&LIBRARY[..]), 0..4_u8);
    let library = library.prop_map(|(name, text, kind)| {
        (format!("rules/lib/{name}.rhai"), (0 < kind).then(|| text.into()))
    });
    let changed = || STAGED.replace("max_length = 100 }\nmarker", "max_length = 50 }\nmarker");
    let entities = vec![
        Some(STAGED.to_owned()),
        Some(changed()),
        Some(STAGED.replace("extra =", "another =")),
        Some(STAGED.replace("string", "sting")),
    ];
    let entity = select(entities).prop_map(|text| ("rules/deal/entity.toml".to_owned(), text));
    prop_oneof![12 => rule, 2 => library, 1 => entity]
}

/// An engine, and the set that it serves.
struct Side {
    engine: Engine,
    serving: Option<RuleSet>,
}

impl Side {
    fn new(start: &RuleSet) -> Self {
        let clock = ManualClock::at("2026-01-15T09:00:00Z".parse().unwrap());
        let builder = Engine::builder(start.catalog.clone()).clock(clock);
        let engine = builder.ids(CountingIds::default()).build().unwrap();
        engine.reload(start.catalog.clone(), start.steps.clone()).unwrap();
        Self { engine, serving: None }
    }

    /// Serves the files, or says what is wrong with them.
    fn serve(&mut self, files: &[SourceFile]) -> Result<RuleSet, String> {
        let (catalog, options) = (self.engine.catalog(), LoadOptions::default());
        let set = match &self.serving {
            Some(before) => before.succeed(files, &catalog, &options),
            None => RuleSet::load(files, Some(&catalog), &options),
        };
        let set = set.map_err(|all| format!("{all:?}"))?;
        let reloaded = self.engine.reload(set.catalog.clone(), set.steps.clone());
        reloaded.map_err(|error| error.to_string())?;
        Ok(set)
    }

    /// What messages come to.
    fn play(&self) -> String {
        let mut seen = String::new();
        for (entity, name) in [("deal", "a"), ("deal", "b"), ("order", "a"), ("order", "b")] {
            let record = |name| self.engine.record(entity).unwrap().with("name", name).unwrap();
            let (transcript, outcome) = self.engine.trace(Create::new(record(name)));
            write!(seen, "{transcript}{outcome:?}").unwrap();
            let created = self.engine.create(record("c"));
            let Ok(created) = created else { continue };
            let change = self.engine.change(&created).unwrap().with("name", name).unwrap();
            let (transcript, outcome) = self.engine.trace(Update::new(change));
            let kept = self.engine.retrieve(&created);
            write!(seen, "{transcript}{outcome:?}{kept:?}").unwrap();
        }
        seen
    }
}

/// What a set says of itself.
fn told(set: &RuleSet) -> String {
    let mut told = format!("{} {:?} {:?}", set.rule_count, set.files, set.ways);
    for step in &set.steps {
        let images =
            (step.pre_images().collect::<Vec<_>>(), step.post_images().collect::<Vec<_>>());
        let (rank, filter) = (step.execution_order(), step.filtering_attributes());
        let looks = step.hook().looks_at_images();
        write!(told, "\n{step:?} {rank} {filter:?} {images:?} {looks}").unwrap();
    }
    for entity in set.catalog.entities() {
        write!(told, "\n{:?}", entity.definition()).unwrap();
    }
    told
}

fn source_files(texts: &BTreeMap<String, String>) -> Vec<SourceFile> {
    texts.iter().map(|(path, text)| SourceFile::new(path.as_str(), text.as_str())).collect()
}

fn start() -> BTreeMap<String, String> {
    let order = STAGED.replace("dealid", "orderid");
    let files = [
        ("rules/deal/entity.toml", STAGED.to_owned()),
        ("rules/order/entity.toml", order),
        ("rules/lib/money.rhai", LIBRARY[0].to_owned()),
        ("rules/deal/a.rhai", rule(1)),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect()
}

/// Plays the edits to a side that makes all anew each time, and to one that makes what changed.
fn play(edits: Vec<Edit>) -> Result<(), TestCaseError> {
    let mut texts = start();
    let first = RuleSet::load(&source_files(&texts), None, &LoadOptions::default()).unwrap();
    let (mut anew, mut after) = (Side::new(&first), Side::new(&first));
    after.serving = Some(first);
    for (path, text) in edits {
        match text {
            Some(text) => drop(texts.insert(path, text)),
            None => drop(texts.remove(&path)),
        }
        let files = source_files(&texts);
        match (anew.serve(&files), after.serve(&files)) {
            (Ok(expected), Ok(set)) => {
                prop_assert_eq!(told(&set), told(&expected));
                after.serving = Some(set);
            }
            (expected, found) => {
                prop_assert_eq!(found.map(drop), expected.map(drop));
            }
        }
        prop_assert_eq!(after.play(), anew.play());
    }
    Ok(())
}

#[test]
fn whatever_is_edited_the_next_set_is_the_one_made_from_nothing() {
    let config = Config { cases: SEQUENCES, failure_persistence: None, ..Config::default() };
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let outcome = TestRunner::new_with_rng(config, seed).run(&vec(edit(), 1..12), play);
    outcome.unwrap_or_else(|difference| panic!("{difference}"));
}

/// The next set after a file got another text.
fn next(set: &RuleSet, path: &str, text: &str) -> RuleSet {
    let mut texts: BTreeMap<String, String> =
        set.files.iter().map(|it| (it.path.clone(), it.text.to_string())).collect();
    texts.insert(path.to_owned(), text.to_owned());
    let next = set.succeed(&source_files(&texts), &set.catalog, &LoadOptions::default());
    next.unwrap_or_else(|all| panic!("{}", Diagnostic::render_all(&all, false)))
}

/// Whether a step of both sets runs the same hook.
fn keeps(before: &RuleSet, after: &RuleSet, name: &str) -> bool {
    let hook =
        |set: &RuleSet| Arc::clone(set.steps.iter().find(|it| it.name() == name).unwrap().hook());
    Arc::ptr_eq(&hook(before), &hook(after))
}

#[test]
fn only_rules_that_changed_are_made_again() {
    let texts = [
        ("rules/deal/entity.toml", ENTITY.to_owned()),
        ("rules/deal/a.rhai", rule(1)),
        ("rules/deal/b.rhai", rule(2)),
        ("rules/lib/money.rhai", LIBRARY[0].to_owned()),
    ];
    let texts = texts.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
    let set = RuleSet::load(&source_files(&texts), None, &LoadOptions::default()).unwrap();

    let edited = next(&set, "rules/deal/a.rhai", &rule(3));
    assert_eq!((keeps(&set, &edited, "deal/a"), keeps(&set, &edited, "deal/b")), (false, true));

    // A property that no rule used before needs another engine, which the others can do without.
    let richer = next(&edited, "rules/deal/a.rhai", &rule(3).replace("marker", "second"));
    assert!(keeps(&edited, &richer, "deal/b") && !keeps(&edited, &richer, "deal/a"));

    let shared = next(&richer, "rules/lib/money.rhai", LIBRARY[1]);
    assert!(!keeps(&richer, &shared, "deal/b"));
    let described = next(&shared, "rules/deal/entity.toml", &ENTITY.replace("100", "120"));
    assert!(!keeps(&shared, &described, "deal/b"));
}

#[test]
fn a_rule_that_uses_new_properties_again_and_again_leaves_no_engine_behind() {
    let texts = [
        ("rules/deal/entity.toml", ENTITY.to_owned()),
        ("rules/deal/a.rhai", rule(1)),
        ("rules/deal/b.rhai", rule(2)),
    ];
    let texts = texts.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
    let mut set = RuleSet::load(&source_files(&texts), None, &LoadOptions::default()).unwrap();
    let first = set.clone();
    for round in 0..20 {
        let text = format!("{}fn other(it) {{ it.property_{round} }}\n", rule(3));
        set = next(&set, "rules/deal/a.rhai", &text);
    }
    // In between, all was made again, with one engine.
    assert!(!keeps(&first, &set, "deal/b"));
}
