//! The checker is sound: a rule that it lets pass, and of which it knows everything, meets no value of a wrong type
//! when it runs, no attribute that is not there and no function that nobody knows.
//!
//! The rules are the random ones of the differential tests, mistakes included. Most are refused; what is left runs on
//! random records, and must end well, or in a way that no type foretells: a refusal, an overflow, a limit.
//! `RULEGATE_SOUNDNESS=N` plays N messages.
//!
//! Faults that were planted in the check on purpose, one at a time, and whether 20,000 messages saw them, and the
//! examples in `tests/lints` and `tests/it/loops`:
//!
//! | fault | messages | examples |
//! |---|---|---|
//! | a join of two types forgets null | yes | lints |
//! | a decimal fits a whole number | yes | lints |
//! | a lookup fits, whatever its entity | yes | lints |
//! | an attribute that is not there is no finding | yes | lints |
//! | what may be null is no finding | yes | lints |
//! | a comparison narrows as if its opposite held | yes | no |
//! | conditions of queries take null | no, a million did | lints |
//! | a chain of updates is not followed | | loops, lints |
//! | what is unequal is taken for equal | | loops |

use std::collections::BTreeSet;
use std::{env, thread};

use rulegate::ErrorCode;
use rulegate_script::{Check, Diagnostic, LoadOptions, RuleSet, Severity, SourceFile};

use crate::differential::choices::Choices;
use crate::differential::compare::{Failure, Loaded, name, path};
use crate::differential::record::{Play, What};
use crate::differential::rule::Rule;

/// How many messages are played: fewer where nothing is optimized.
const MESSAGES: u64 = if cfg!(debug_assertions) { 3_000 } else { 100_000 };
/// How many messages are played on each rule.
const TURNS: usize = if cfg!(debug_assertions) { 8 } else { 40 };
/// How many rules are loaded together.
const BATCH: u64 = 32;
/// How many of the messages that should not have failed are shown, the shortest first.
const SHOWN: usize = 4;
/// How many threads share the work. Each has random numbers of its own, the same in every run.
const PARTS: u64 = 2;

/// Errors of messages that types foretell, when a rule sends them. A number that is no option is none of them.
const FORETOLD: [ErrorCode; 12] = [
    ErrorCode::UnknownEntity,
    ErrorCode::UnknownAttribute,
    ErrorCode::UnknownRelationship,
    ErrorCode::WrongType,
    ErrorCode::WrongTarget,
    ErrorCode::InvalidCustomer,
    ErrorCode::WrongEnd,
    ErrorCode::UnknownMessage,
    ErrorCode::UnsupportedMessage,
    ErrorCode::ParameterMissing,
    ErrorCode::ParameterInvalid,
    ErrorCode::InvalidQuery,
];

/// What no type foretells: values that a function of the right type does not take.
const FORETOLD_BY_NO_TYPE: [&str; 17] = [
    "overflow",
    "underflow",
    "division by zero",
    "modulo division",
    "shift",
    "exponential",
    "square root",
    "natural log",
    "radix",
    "parsing",
    "out of bounds",
    "lead to no date",
    "is no date",
    "is no number",
    "give no number",
    "no JSON",
    "digits",
];

/// What was played.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    rules: u64,
    /// Rules that the check refused.
    refused: u64,
    /// Rules of which something is not known.
    untyped: u64,
    evaluations: u64,
    rejected: u64,
    failed: u64,
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what `.ci/long soundness` is for")]
fn what_is_checked_meets_no_value_of_a_wrong_type() {
    let messages: Option<u64> = env::var("RULEGATE_SOUNDNESS").ok().and_then(|it| it.parse().ok());
    let share = messages.unwrap_or(MESSAGES).div_ceil(PARTS);

    let parts: Vec<_> = (0..PARTS).map(|part| thread::spawn(move || play(share, part))).collect();
    let mut all = Figures::default();
    for part in parts {
        let found = part.join().unwrap().unwrap_or_else(|unsound| panic!("{unsound}"));
        all = Figures {
            rules: all.rules + found.rules,
            refused: all.refused + found.refused,
            untyped: all.untyped + found.untyped,
            evaluations: all.evaluations + found.evaluations,
            rejected: all.rejected + found.rejected,
            failed: all.failed + found.failed,
        };
    }

    let Figures { rules, refused, untyped, evaluations, rejected, failed } = all;
    println!(
        "soundness: rules {rules} refused {refused} untyped {untyped} evaluations {evaluations} rejected {rejected} \
         failed {failed} type-errors 0"
    );
}

/// Plays so many messages on rules that were checked.
fn play(messages: u64, part: u64) -> Result<Figures, String> {
    let mut all = Figures::default();
    let mut unsound = Vec::new();
    let mut seed = (part << 48) + (1 << 40);
    while all.evaluations < messages {
        let rules: Vec<Rule> =
            (seed..seed + BATCH).map(|it| Rule::random(&mut Choices::new(it))).collect();
        let (set, refused) = checked(&rules);
        all.rules += BATCH;
        all.refused += u64::try_from(refused.len()).unwrap_or(0);
        let loaded = Loaded::one_way(set.catalog.clone(), set.steps.clone());
        for (index, rule) in rules.iter().enumerate().filter(|it| !refused.contains(&it.0)) {
            if set.untyped.contains_key(&name(index)) {
                all.untyped += 1;
                continue;
            }
            let at = seed + u64::try_from(index).unwrap_or(0);
            let play = Play::random(&mut Choices::new(!at), rule, TURNS);
            loaded.each(index, &play, |what, answer| {
                all.evaluations += 1;
                let failed = judge(what, answer, &mut all).err();
                unsound.extend(failed.map(|it| format!("seed {at}\n{}\n{it}", rule.text)));
            });
        }
        seed += BATCH;
        if !unsound.is_empty() {
            unsound.sort_by_key(String::len);
            unsound.truncate(SHOWN);
            return Err(unsound.join("\n────\n"));
        }
    }
    Ok(all)
}

/// The rules that the check lets pass, and the numbers of the others.
fn checked(rules: &[Rule]) -> (RuleSet, BTreeSet<usize>) {
    let mut refused = BTreeSet::new();
    loop {
        let mut sources = crate::differential::catalog::files();
        let kept = rules.iter().enumerate().filter(|(index, _)| !refused.contains(index));
        // Each has a rank of its own: none conflicts with another.
        let ranked = |index: usize, text: &str| {
            let rank = format!("    rank: {index},\n    message:");
            SourceFile::new(path(index), text.replacen("    message:", &rank, 1))
        };
        sources.extend(kept.map(|(index, it)| ranked(index, &it.text)));
        let mut options = LoadOptions { check: Check::Whole, ..LoadOptions::default() };
        options.limits.operations = 4_000;
        match RuleSet::load(&sources, None, &options) {
            Ok(set) => return (set, refused),
            Err(problems) => {
                let before = refused.len();
                let is_bad = |at: &Diagnostic, index| {
                    at.severity == Severity::Error && at.file == path(index)
                };
                let bad = |index: &usize| problems.iter().any(|it| is_bad(it, *index));
                refused.extend((0..rules.len()).filter(bad));
                assert!(before < refused.len(), "{}", Diagnostic::render_all(&problems, false));
            }
        }
    }
}

/// Whether a message ended as it may: what is left is what a script did wrong.
fn judge(what: &What, failure: Option<Failure>, all: &mut Figures) -> Result<(), String> {
    let Some(Failure { is_rejection, code, text }) = failure else { return Ok(()) };
    if is_rejection {
        all.rejected += 1;
        return Ok(());
    }
    all.failed += 1;
    let is_foretold = if code == ErrorCode::StepFailed {
        !FORETOLD_BY_NO_TYPE.iter().any(|it| text.contains(it))
    } else {
        // That a user or a team exists, no type foretells.
        FORETOLD.contains(&code) || code == ErrorCode::InvalidOwner && text.contains("points at")
    };
    if is_foretold { Err(format!("{}\n{text} [{code}]", what.words())) } else { Ok(()) }
}
