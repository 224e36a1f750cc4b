//! The reference model: the pipeline said a second time, as simply as it can be, and random sequences that
//! the engine and the model must play alike.

mod actor;
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
