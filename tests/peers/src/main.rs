//! The simple rule of the benchmarks in languages that other Rust programs embed, beside Rhai.
//!
//! `cargo run --release` in this folder prints the table. Each language gets the same record of the engine's, in a place
//! of the thread's own, and reads and writes attributes through getters and setters of its own kind. For those
//! that know no decimals an amount is a float, and for those that know no lookups a lookup is a number: both are less
//! work than what Rhai does. A common expression writes nothing: CEL has the condition alone.
//!
//! The sides take turns; a ratio is the median of the ratios within each turn, as in the engine's own table.

mod common; // CEL.
mod javascript; // QuickJS.
mod lua; // LuaJIT.
#[path = "../../benches/rules/peer.rs"]
mod rhai_peer; // Rhai, as the engine's table has it.
mod rune_peer; // Rune.
mod world; // The record.

use std::hint::black_box;
use std::time::Instant;

/// How often the sides take turns, and how many runs are one turn.
const ROUNDS: usize = 101;
const RUNS: u32 = 500;

/// The rule in Rhai, as in the engine's table.
const RHAI: &str = r#"fn run(ctx) {
    if ctx.target.estimatedvalue > 100000 && ctx.target.customerid == () {
        reject("a large opportunity needs a customer");
    }
    ctx.target.opportunityratingcode = 1;
}"#;

type Side = (&'static str, Box<dyn FnMut()>);

fn main() {
    let record = world::opportunity();
    let cold = rhai_peer::Peer::new(RHAI, &record);
    let mut warm = rhai_peer::Peer::new(RHAI, &record);
    world::keep(record);
    let mut sides: Vec<Side> = vec![
        ("Rhai call_fn", Box::new(move || drop(black_box(cold.call())))),
        ("Rhai warm", Box::new(move || drop(black_box(warm.warm())))),
        ("LuaJIT (mlua)", lua::side()),
        ("QuickJS (rquickjs)", javascript::side()),
        ("Rune", rune_peer::side()),
        ("CEL, condition alone", common::side()),
    ];
    let mut times = vec![Vec::with_capacity(ROUNDS); sides.len()];
    for _ in 0..ROUNDS {
        for ((_, run), times) in sides.iter_mut().zip(&mut times) {
            let began = Instant::now();
            (0..RUNS).for_each(|_| run());
            times.push(began.elapsed().as_secs_f64() * 1e9 / f64::from(RUNS));
        }
    }
    println!("{:<24} {:>10} {:>20}", "the simple rule in", "median", "of Rhai call_fn");
    for ((name, _), own) in sides.iter().zip(&times) {
        let ratios = own.iter().zip(&times[0]).map(|(own, rhai)| own / rhai).collect();
        println!("{name:<24} {:>7.0} ns {:>19.2}×", median(own.clone()), median(ratios));
    }
    std::mem::forget(sides); // QuickJS stops a program that drops a runtime before its values.
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
