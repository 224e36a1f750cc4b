//! What a check costs: a thousand rules at once, and one of them that changed, each beside the same without a check.
//!
//! The rules are the shipped ones, again and again under other names and ranks, with something in each that no other
//! has. The sides take turns, and the middle of all times is told. A bound that is missed ends the program with 1.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run has nothing to say, and says the rest on the terminal"
)]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use rulegate_script::{Check, Diagnostic, LoadOptions, RuleSet, SourceFile};
use support::{median, timed};

/// How many rules there are.
const RULES: usize = 1_000;
/// How often the sides of a comparison take turns.
const TURNS: usize = 15;
/// How long a thousand rules may take to be read and checked.
const ALL_WITHIN: Duration = Duration::from_secs(1);
/// How long one rule may take that changed.
const ONE_WITHIN: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    let ground = ground();
    let files: Vec<SourceFile> = ground.iter().cloned().chain(rules(0)).collect();
    let all = compare(|options| {
        let files = files.clone();
        move |_| timed(|| drop(black_box(load(&files, &options))))
    });
    let one = compare(|options| {
        let mut set = load(&files, &options);
        let files = files.clone();
        move |turn| {
            let mut files = files.clone();
            *files.last_mut().unwrap() = rule(RULES - 1, turn + 1);
            let before = set.clone();
            let mut next = None;
            let time = timed(|| next = Some(before.succeed(&files, &before.catalog, &options)));
            set = next.unwrap().unwrap_or_else(|all| refused(&all));
            time
        }
    });
    let is_met =
        [told("1,000 rules", all, ALL_WITHIN), told("one of 1,000 that changed", one, ONE_WITHIN)];
    if is_met.iter().all(|it| *it) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints what one thing takes with syntax alone, and as a whole; whether that is within its bound.
fn told(name: &str, [syntax, whole]: [Duration; 2], bound: Duration) -> bool {
    let is_met = whole < bound;
    let verdict = if is_met { "met" } else { "MISSED" };
    println!("{name}, syntax alone{:>width$.1?}", syntax, width = 48 - name.len());
    println!("{name}, checked{whole:>width$.1?}  < {bound:?} {verdict}", width = 53 - name.len());
    is_met
}

/// The middle of all times of each side: without a check, and with it.
fn compare<S>(side: impl Fn(LoadOptions) -> S) -> [Duration; 2]
where
    S: FnMut(usize) -> Duration,
{
    let mut sides = [Check::Syntax, Check::Whole].map(|check| side(options(check)));
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..TURNS {
        for (side, times) in sides.iter_mut().zip(&mut times) {
            times.push(side(turn));
        }
    }
    times.map(median)
}

fn options(check: Check) -> LoadOptions {
    LoadOptions { check, messages: support::shipped().messages(), ..LoadOptions::default() }
}

fn load(files: &[SourceFile], options: &LoadOptions) -> RuleSet {
    RuleSet::load(files, None, options).unwrap_or_else(|all| refused(&all))
}

fn refused(all: &[Diagnostic]) -> RuleSet {
    unreachable!("{}", Diagnostic::render_all(all, false))
}

/// The shipped entities and libraries.
fn ground() -> Vec<SourceFile> {
    let libraries = support::shipped_rule_files().unwrap().into_iter().filter(is_library);
    support::entity_files().unwrap().into_iter().chain(libraries).collect()
}

fn is_library(file: &SourceFile) -> bool {
    file.path.starts_with("rules/lib/")
}

fn rules(save: usize) -> impl Iterator<Item = SourceFile> {
    (0..RULES).map(move |number| rule(number, save))
}

/// One of the shipped rules, as that number, after so many saves.
fn rule(number: usize, save: usize) -> SourceFile {
    let mut shipped = support::shipped_rule_files().unwrap();
    shipped.retain(|it| !is_library(it));
    let file = shipped.get(number % shipped.len()).unwrap();
    let path = file.path.replace(".rhai", &format!("_{number:04}.rhai"));
    // Each has a rank of its own, as the files of a large project have reasons to.
    let text = if file.text.contains("    rank: ") {
        file.text.replace("    rank: ", &format!("    rank: {number}"))
    } else {
        file.text.replace("const STEP = #{", &format!("const STEP = #{{ rank: {number},"))
    };
    let trace = format!("fn run(ctx) {{\n    trace(\"{number} {save}\");\n");
    SourceFile::new(path, text.replace("fn run(ctx) {\n", &trace))
}
