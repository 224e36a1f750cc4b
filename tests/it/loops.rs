//! Loops: random rule sets, of which the checker says beforehand whether they end, and which are then played.
//!
//! What is true is what happens: a set loops if one of some hundred messages gets too deep for its rules. A set that loops
//! and of which the checker says that it ends is a defect. One that ends, as far as was played, and of which it says that it
//! can loop is a false alarm: these are counted.

mod cast;
mod dice;
mod ending;
mod endless;
mod play;
mod rules;
mod wild;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;

use rulegate_script::{Diagnostic, LoadOptions, RuleSet, SourceFile, Termination};

use self::dice::Dice;
use self::ending::ENDING;
use self::endless::ENDLESS;
use self::rules::Rule;

/// How many rule sets a test run plays.
const SETS: usize = 230;
/// How many sets of rules drawn at random.
const WILD: usize = 100;

/// A rule set, and what it was made of.
struct Made {
    kind: &'static str,
    files: Vec<SourceFile>,
    set: RuleSet,
}

/// What was found.
#[derive(Debug, Default)]
struct Figures {
    looping: usize,
    found: usize,
    terminating: usize,
    false_alarms: usize,
    unknown: usize,
    alarms_by_kind: BTreeMap<&'static str, usize>,
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what `.ci/long loops` is for")]
fn no_loop_is_missed() {
    let sets = env::var("RULEGATE_LOOPS").ok().and_then(|it| it.parse().ok()).unwrap_or(SETS);
    let mut figures = Figures::default();
    for seed in 0..sets {
        figures.see(&made(seed));
    }
    let Figures { looping, found, terminating, false_alarms, unknown, .. } = figures;
    println!("{:?}", figures.alarms_by_kind);
    println!(
        "loops: looping {looping} found {found} terminating {terminating} \
         false-alarms {false_alarms} unknown {unknown}"
    );
    assert_eq!(found, looping, "a loop was called unknown");
    assert!(100.min(sets * 3 / 8) <= looping && 100.min(sets * 3 / 8) <= terminating);
    assert!(false_alarms * 10 <= terminating, "more than one false alarm in ten");
}

/// Rules that nobody would write, to which only one thing matters: of no loop it is said that it ends.
#[test]
#[expect(clippy::print_stdout, reason = "the figures are what `.ci/long loops` is for")]
fn no_loop_is_missed_among_rules_drawn_at_random() {
    let sets = env::var("RULEGATE_LOOPS").ok().and_then(|it| it.parse().ok()).unwrap_or(WILD);
    let (mut figures, mut refused) = (Figures::default(), 0);
    for seed in 0..sets {
        let mut dice = Dice::new(seed as u64 + (1 << 32));
        match load("rules drawn at random", &wild::wild(&mut dice)) {
            Ok(made) => figures.see(&made),
            Err(_) => refused += 1, // What may be null, say, where null is an error.
        }
    }
    let Figures { looping, found, terminating, false_alarms, unknown, .. } = figures;
    println!(
        "loops drawn at random: looping {looping} found {found} terminating {terminating} \
         false-alarms {false_alarms} unknown {unknown} refused {refused}"
    );
    assert_eq!(found, looping, "a loop was called unknown");
    assert!(refused * 4 <= sets, "most sets are not even checked");
}

impl Figures {
    fn see(&mut self, made: &Made) {
        let played = play::too_deep(&made.set);
        let says = &made.set.termination;
        let has_finding = made.set.findings.iter().any(|it| it.code == "trigger-loop");
        assert_eq!(has_finding, matches!(says, Termination::CanLoop { .. }));
        match (&played, says) {
            (Some(_), Termination::CanLoop { .. }) => self.found += 1,
            (Some(start), Termination::Terminates { .. }) => {
                panic!("a loop was missed from {start}\n{}", text(made))
            }
            (None, Termination::CanLoop { .. }) => {
                self.false_alarms += 1;
                *self.alarms_by_kind.entry(made.kind).or_default() += 1;
            }
            (None, Termination::Terminates { .. }) => {}
            (_, _) => self.unknown += 1,
        }
        if played.is_some() { self.looping += 1 } else { self.terminating += 1 }
    }
}

/// The rule set of a seed: one kind or two, and rules that stand by.
fn made(seed: usize) -> Made {
    let mut dice = Dice::new(seed as u64);
    let (kind, mut rules) = if seed.is_multiple_of(2) {
        let (kind, make) = *ENDLESS.iter().cycle().nth(seed / 2).unwrap();
        (kind, make(&mut dice))
    } else {
        let (kind, make) = *ENDING.iter().cycle().nth(seed / 2).unwrap();
        (kind, make(&mut dice))
    };
    for _ in 0..dice.below(4) {
        rules.push(bystander(&mut dice));
    }
    load(kind, &rules)
        .unwrap_or_else(|problems| panic!("{}", Diagnostic::render_all(&problems, false)))
}

fn load(kind: &'static str, rules: &[Rule]) -> Result<Made, Vec<Diagnostic>> {
    let mut files = cast::definitions();
    files.extend(rules.iter().enumerate().map(|(number, it)| it.file(number)));
    let set = RuleSet::load(&files, None, &LoadOptions::default())?;
    Ok(Made { kind, files, set })
}

/// A rule that wakes nobody.
fn bystander(dice: &mut Dice) -> Rule {
    let entity = dice.one(&cast::ENTITIES);
    match dice.below(5) {
        0 => {
            Rule::on_update(entity, "    if ctx.target.amount > 1000000 { reject(\"too much\"); }")
                .before()
                .filtered(&["amount"])
        }
        1 => Rule::on("Create", entity, "    ctx.target.name = ctx.target.name ?? \"nameless\";")
            .before(),
        2 => Rule::on_update(entity, "    create(\"log\", #{ text: \"stage\" });")
            .filtered(&["stage"]),
        3 => Rule::on("Create", entity, "    create(\"log\", #{ text: ctx.target.name });").later(),
        _ => Rule::on("Delete", entity, "    trace(`${ctx.entity} goes`);"),
    }
}

/// The rules of a set, and what the checker says of them.
fn text(made: &Made) -> String {
    let mut text = format!("{}: {}\n", made.kind, made.set.termination);
    for file in made.files.iter().filter(|it| it.path.contains(".rhai")) {
        writeln!(text, "── {}\n{}", file.path, file.text).unwrap();
    }
    text.push_str(&Diagnostic::render_all(&made.set.findings, false));
    text
}
