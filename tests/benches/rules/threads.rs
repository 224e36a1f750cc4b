//! Messages on two threads, beside what two threads of plain arithmetic reach on this machine in the same run.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use rulegate::{Message, OrganizationService, Record};

use crate::messages::rules;
use crate::table::{Pace, Row, Table, timed_side, turns};
use crate::world::{change, serving};

/// Slices long enough that the threads' coming and going is nothing.
const PACE: Pace = Pace { rounds: 61, slice: Duration::from_millis(10) };

/// What two threads are to reach, of one: by itself, or of what plain arithmetic reaches.
const BOUNDS: (f64, f64) = (1.9, 0.95);

pub(crate) fn measure(table: &mut Table) {
    for count in [0, 3] {
        if table.wants("two threads") {
            updates(table, count);
        }
    }
}

/// Updates of independent records with so many rules.
fn updates(table: &mut Table, count: usize) {
    let engine = serving(&rules(&Message::Update, count));
    let changes = [change(&engine), change(&engine)];
    let update = |it: &Record| engine.update(it.clone()).unwrap();
    let [first, _] = &changes;
    let turns = turns(
        PACE,
        vec![
            timed_side("one thread", |count| {
                on_threads(count, std::slice::from_ref(first), &update)
            }),
            timed_side("two threads", |count| on_threads(count, &changes, &update)),
            timed_side("arithmetic on one", |count| on_threads(count, &[1], &|it| arithmetic(*it))),
            timed_side("arithmetic on two", |count| {
                on_threads(count, &[1, 2], &|it| arithmetic(*it))
            }),
        ],
    );
    let reached = 2.0 * turns.ratio("one thread", "two threads");
    let possible = 2.0 * turns.ratio("arithmetic on one", "arithmetic on two");
    let is_met = BOUNDS.0 <= reached || BOUNDS.1 * possible <= reached;
    let words = format!("at least 1.9×, or 0.95 of the {possible:.2}× of arithmetic");
    let one = turns.figure("one thread").median;
    let row = Row::new(
        format!("Update with {count} rules, two threads"),
        turns.figure("two threads").halved(),
    );
    table.add(row.over("one thread", one, reached).bound(words, is_met));
}

/// Lets each thread do its work so many times. All begin together, and the last one counts.
fn on_threads<T: Sync>(count: u32, of: &[T], work: &(impl Fn(&T) + Sync)) -> Duration {
    let barrier = Barrier::new(of.len());
    let run = |it: &T| {
        barrier.wait();
        let began = Instant::now();
        for _ in 0..count {
            work(it);
        }
        began.elapsed()
    };
    thread::scope(|scope| {
        let threads: Vec<_> = of.iter().map(|it| scope.spawn(|| run(it))).collect();
        threads.into_iter().map(|it| it.join().unwrap()).max().unwrap_or_default()
    })
}

/// Some microseconds of work that touches nothing but registers.
fn arithmetic(seed: u64) {
    let mut state = seed;
    for _ in 0..2_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
}
