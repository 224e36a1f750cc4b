//! The reference model: the pipeline said a second time, as simply as it can be, and random sequences that
//! the engine and the model must play alike.
//!
//! Faults that were planted in the engine on purpose, one at a time, each in a copy, and the number of random sequences
//! after which the model noticed: all 38.
//!
//! ```text
//! ranks are ignored                                                       23
//! ties of rank go by registration                                         10
//! filters are ignored                                                     15
//! filters look at what was sent, not at what is there now                129
//! disabled steps run                                                      20
//! the pre-image is read after pre-validation                              10
//! the pre-image is not read again in the transaction                     438
//! the post-image is read after the steps of stage 40                       5
//! jobs have the post-image of the synchronous steps                      374
//! variables of pre-validation go on in the transaction                   229
//! every message has a wrapper                                              4
//! parents show no variables                                               78
//! parents show what hooks made of the request                             11
//! pre-validation runs in the transaction                                   9
//! a caught failure saves                                                  13
//! every failed read dooms                                                220
//! a doomed transaction is noticed at its end only                        177
//! a step does not run at depth eight                                      18
//! messages without steps are not let go deeper                            20
//! nested messages are as deep as what sent them                           12
//! jobs are queued before the commit                                       23
//! impersonation is ignored                                                26
//! impersonation goes on after its step                                    50
//! the initiating user is the acting one                                   26
//! an update of a state and more is one                                   337
//! the second part has the pre-image of the first                         795
//! a state brings no status                                                13
//! owners are not handed on to children                                     5
//! children go without an event                                             8
//! a restricted delete is refused after pre-operation                      16
//! an upsert of a record that is there creates                              6
//! a job runs three times at most                                          48
//! a job is as deep as its sender and one more                             10
//! the chain is another for nested messages                                18
//! images show every attribute                                             12
//! a failed read that wrote dooms nothing                                1076
//! a refusal within a read dooms nothing                                  144
//! the second part of an update goes on with the variables of the first  1206
//! ```

mod actor;
mod cast;
mod catalog;
mod compare;
mod engine;
mod generate;
mod messages;
mod possible;
mod rules;
mod script;
mod seen;
mod world;

use std::cell::Cell;
use std::{env, thread};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use self::world::Figures;

/// How many sequences a test run plays; fewer where nothing is optimized.
const SEQUENCES: u32 = if cfg!(debug_assertions) { 3_000 } else { 10_000 };
/// How many threads share them. Each has random numbers of its own, the same in every run.
const PARTS: u8 = 2;

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what `.ci/long model` is for")]
fn the_engine_does_what_the_model_does() {
    let sequences = env::var("RULEGATE_MODEL").ok().and_then(|it| it.parse().ok());
    let share = sequences.unwrap_or(SEQUENCES).div_ceil(PARTS.into());

    let parts: Vec<_> = (0..PARTS).map(|part| thread::spawn(move || play(share, part))).collect();
    let outcomes: Vec<_> = parts.into_iter().map(|it| it.join().unwrap()).collect();
    let figures = outcomes.into_iter().collect::<Result<Vec<Figures>, String>>();

    let figures = figures.unwrap_or_else(|difference| panic!("{difference}"));
    let all = figures.into_iter().fold(Figures::default(), std::ops::Add::add);
    println!("model: {all} differences 0");
}

/// Plays so many sequences; answers what came to pass, or the shortest sequence that shows a difference.
fn play(sequences: u32, part: u8) -> Result<Figures, String> {
    let config = Config {
        cases: sequences,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[part; 32]);
    let figures = Cell::new(Figures::default());
    let outcome = TestRunner::new_with_rng(config, seed).run(&generate::sequence(), |sequence| {
        let played = compare::play(&sequence).map_err(TestCaseError::fail)?;
        figures.set(figures.get() + played);
        Ok(())
    });
    let figures = figures.get();
    outcome.map(|()| figures).map_err(|error| match error {
        TestError::Fail(reason, sequence) => {
            format!(
                "after {} sequences of part {part}: {reason}\n\n{sequence:?}",
                figures.sequences
            )
        }
        TestError::Abort(reason) => reason.to_string(),
    })
}
