//! What rules cost: each figure beside its floor, from the same run.
//!
//! `cargo bench --package tests --bench rules` prints the table and writes `bench.json` into the target folder; words
//! behind `--` choose comparisons by their titles (`-- simple guard`), and then no file is written.
//!
//! The sides of a comparison take turns, in slices so short that most are not cut in two by others who want the
//! processor. A figure is the median of its slices, with the spread between the tenth and the ninetieth of a
//! hundred; a ratio is the median of the ratios within each turn. So only ratios mean something on another machine, and
//! what others do on this one falls on all sides alike. A bound is one that this project has set itself.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run has nothing to say, and says the rest on the terminal"
)]

#[path = "../dispatch/by_hand.rs"]
mod by_hand; // An insert without a pipeline.

mod bodies; // One rule alone: lowered, by hand, and as others embed Rhai.
mod loading; // How long until rules serve.
mod messages; // Whole messages, with rules and without.
mod peer; // Rhai as one embeds it who needs nothing else.
mod table; // Sides in turns, and what is said of them.
mod threads; // Messages on two threads.
mod world; // The entities, the rules, and engines that have them.

use self::table::Table;

fn main() {
    let mut table = Table::from_arguments();
    bodies::measure(&mut table);
    messages::measure(&mut table);
    threads::measure(&mut table);
    loading::measure(&mut table);
    table.finish();
}
