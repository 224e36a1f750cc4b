//! Rules said twice: what is lowered to native code does what Rhai does, on random rules and records, and on
//! everything that is shipped. Rhai is the oracle.
//!
//! A case is made of the numbers that were drawn for it (`choices`), so that leaving numbers out makes a simpler case:
//! what shows a difference is shrunk without a word about rules. `RULEGATE_DIFFERENTIAL=N` plays N pairs of a rule and a record.
//!
//! Faults that were planted in the lowering on purpose, one at a time, each in a copy, and the number of pairs after
//! which one thread noticed, eight to a rule:
//!
//! ```text
//! an error of what Rhai evaluates has another place                         48
//! `remove` leaves null behind                                               72
//! lines of the trace are lost                                               88
//! `return` does not end the statements around it                           128
//! `changed` is true of what was not sent                                  1144
//! whole numbers overflow without a sound                                  1848
//! null is less than anything                                              2600
//! what Rhai did to a variable is forgotten                                2680
//! decimals are rounded to even                                            2792
//! differences are turned round                                            3480
//! ```

mod block;
pub(crate) mod catalog;
pub(crate) mod choices;
pub(crate) mod compare;
mod expression;
mod kind;
mod literal;
pub(crate) mod record;
pub(crate) mod rule;
mod scene;
mod sentences;
mod shipped;
mod shrink;
mod simple;
mod statement;
mod words;

use std::{env, thread};

use self::choices::Choices;
use self::compare::{Figures, load};
use self::record::Play;
use self::rule::Rule;

/// How many messages are played: fewer where nothing is optimized.
const PAIRS: u64 = if cfg!(debug_assertions) { 4_000 } else { 100_000 };
/// How many messages are played on each rule.
const MESSAGES: usize = if cfg!(debug_assertions) { 8 } else { 40 };
/// How many rules are loaded together.
const BATCH: u64 = 16;
/// How many threads share the work. Each has random numbers of its own, the same in every run.
const PARTS: u64 = 2;

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what `.ci/long differential` is for")]
fn lowered_rules_do_what_interpreted_ones_do() {
    let pairs: Option<u64> = env::var("RULEGATE_DIFFERENTIAL").ok().and_then(|it| it.parse().ok());
    let share = pairs.unwrap_or(PAIRS).div_ceil(PARTS);

    let parts: Vec<_> = (0..PARTS).map(|part| thread::spawn(move || play(share, part))).collect();
    let outcomes: Vec<_> = parts.into_iter().map(|it| it.join().unwrap()).collect();
    let figures = outcomes.into_iter().collect::<Result<Vec<Figures>, String>>();

    let figures = figures.unwrap_or_else(|difference| panic!("{difference}"));
    let all = figures.into_iter().fold(Figures::default(), std::ops::Add::add);
    println!("differential: {all} differences 0");
}

/// Plays so many pairs of a rule and a record; answers what came to pass, or the smallest difference.
fn play(pairs: u64, part: u64) -> Result<Figures, String> {
    let mut all = Figures::default();
    let mut seed = part << 48;
    while all.pairs < pairs {
        let seeds = seed..seed + BATCH;
        seed += BATCH;
        let found = batch(seeds).map_err(|it| format!("after {} pairs, {it}", all.pairs))?;
        all = all + found;
    }
    Ok(all)
}

/// Plays the rules of these seeds.
fn batch(seeds: std::ops::Range<u64>) -> Result<Figures, String> {
    let rules: Vec<Rule> =
        seeds.clone().map(|seed| Rule::random(&mut Choices::new(seed))).collect();
    let loaded = match load(&rules) {
        Ok(loaded) => loaded,
        Err(difference) => {
            let single = seeds.clone().find_map(smaller);
            return Err(single.unwrap_or(difference));
        }
    };
    let mut all = Figures::default();
    for (index, (seed, rule)) in seeds.zip(&rules).enumerate() {
        if loaded.refused.contains(&index) {
            all = all + Figures { rules: 1, refused: 1, ..Figures::default() };
            continue;
        }
        let messages = Play::random(&mut Choices::new(!seed), rule, MESSAGES);
        match loaded.play(index, &messages, false) {
            Ok(figures) => all = all + figures,
            Err(difference) => {
                let raw = format!("seed {seed}, as it was found:\n\n{}\n{difference}", rule.text);
                return Err(smaller(seed).unwrap_or(raw));
            }
        }
    }
    Ok(all)
}

/// The smallest case that a seed leads to, if it shows a difference.
fn smaller(seed: u64) -> Option<String> {
    let (mut of_rule, mut of_play) = (Choices::new(seed), Choices::new(!seed));
    let rule = Rule::random(&mut of_rule);
    let _ = Play::random(&mut of_play, &rule, MESSAGES);
    let found = shrink::smallest(&[of_rule.made().0, of_play.made().0], MESSAGES)?;
    Some(format!("seed {seed}:\n\n{found}"))
}
