//! The table: sides that take turns, figures with their spread, ratios, and bounds that are met or missed.

use std::env;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use rulegate::clock::{Clock, SystemClock};
use serde_json::json;

/// One of those that are compared.
pub(crate) struct Side<'a> {
    name: String,
    /// Does its work so many times, and says how long that took without what had to be prepared.
    run: Box<dyn FnMut(u32) -> Duration + 'a>,
}

/// How often the sides take turns, and how long each works in its turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) rounds: usize,
    pub(crate) slice: Duration,
}

/// For work of nanoseconds.
pub(crate) const QUICK: Pace = Pace { rounds: 301, slice: Duration::from_micros(200) };
/// For messages, of which some thousand fit into a slice.
pub(crate) const STEADY: Pace = Pace { rounds: 301, slice: Duration::from_millis(1) };
/// For what takes long by itself: once a turn.
pub(crate) const SLOW: Pace = Pace { rounds: 7, slice: Duration::ZERO };

/// What the sides took: nanoseconds for each piece of work, by side and turn.
pub(crate) struct Turns {
    names: Vec<String>,
    times: Vec<Vec<f64>>,
}

/// A median with its spread, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    low: f64,
    high: f64,
}

/// A line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    name: String,
    figure: Figure,
    floor: Option<(String, f64)>,
    ratio: Option<f64>,
    bound: Option<(String, bool)>,
}

/// All lines, and which of them somebody wants to see.
pub(crate) struct Table {
    wanted: Vec<String>,
    rows: Vec<Row>,
    began: Instant,
}

/// A side that does one piece of work after another.
pub(crate) fn side<'a, R>(name: &str, mut work: impl FnMut() -> R + 'a) -> Side<'a> {
    timed_side(name, move |count| {
        let began = Instant::now();
        for _ in 0..count {
            black_box(work());
        }
        began.elapsed()
    })
}

/// A side that looks at the clock itself, because it has something to prepare.
pub(crate) fn timed_side<'a>(name: &str, run: impl FnMut(u32) -> Duration + 'a) -> Side<'a> {
    Side { name: name.to_owned(), run: Box::new(run) }
}

/// Lets the sides take turns.
pub(crate) fn turns(pace: Pace, mut sides: Vec<Side<'_>>) -> Turns {
    if let Some((name, count)) = counted() {
        sides.iter_mut().filter(|it| it.name == name).for_each(|it| {
            it.take(count);
        });
        return Turns { times: vec![Vec::new(); sides.len()], names: names(sides) };
    }
    let counts: Vec<u32> = sides.iter_mut().map(|it| it.count(pace.slice)).collect();
    let mut times: Vec<Vec<f64>> = sides.iter().map(|_| Vec::with_capacity(pace.rounds)).collect();
    for round in 0..pace.rounds {
        for turn in 0..sides.len() {
            let at = (round + turn) % sides.len(); // Nobody is always the first.
            if let (Some(side), Some(count), Some(times)) =
                (sides.get_mut(at), counts.get(at), times.get_mut(at))
            {
                times.push(nanoseconds(side.take(*count)) / f64::from(*count));
            }
        }
    }
    Turns { times, names: names(sides) }
}

fn names(sides: Vec<Side<'_>>) -> Vec<String> {
    sides.into_iter().map(|it| it.name).collect()
}

/// The one side that works, and how often, where somebody else counts what it takes: instructions, say.
fn counted() -> Option<(String, u32)> {
    let count = env::var("RULEGATE_COUNT").ok()?.parse().ok()?;
    Some((env::var("RULEGATE_SIDE").ok()?, count))
}

impl Side<'_> {
    /// Does its work so many times.
    pub(crate) fn take(&mut self, count: u32) -> Duration {
        (self.run)(count)
    }

    /// How much of its work fills a slice.
    fn count(&mut self, slice: Duration) -> u32 {
        let mut count = 1_u32;
        while self.take(count) < slice && count < 1 << 24 {
            count *= 2;
        }
        count
    }
}

impl Turns {
    fn side(&self, name: &str) -> &[f64] {
        let at = self.names.iter().position(|it| it == name).unwrap();
        self.times.get(at).unwrap()
    }

    /// What one side took.
    pub(crate) fn figure(&self, name: &str) -> Figure {
        Figure::of(self.side(name).to_vec())
    }

    /// How many times as long as the other one side took.
    pub(crate) fn ratio(&self, name: &str, floor: &str) -> f64 {
        let pairs = self.side(name).iter().zip(self.side(floor));
        Figure::of(pairs.map(|(a, b)| a / b).collect()).median
    }

    /// How much longer than the other one side took.
    pub(crate) fn added(&self, name: &str, floor: &str) -> Figure {
        let pairs = self.side(name).iter().zip(self.side(floor));
        Figure::of(pairs.map(|(a, b)| a - b).collect())
    }
}

impl Figure {
    pub(crate) fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |tenth: usize| times.get(times.len() * tenth / 10).or(times.last()).copied();
        let at = |tenth| at(tenth).unwrap_or_default();
        Self { median: at(5), low: at(1), high: at(9) }
    }

    /// For one of two that work at the same time.
    pub(crate) fn halved(self) -> Self {
        Self { median: self.median / 2.0, low: self.low / 2.0, high: self.high / 2.0 }
    }
}

impl Row {
    /// A side, by itself.
    pub(crate) fn new(name: impl Into<String>, figure: Figure) -> Self {
        Self { name: name.into(), figure, floor: None, ratio: None, bound: None }
    }

    /// A side of a comparison beside another one.
    pub(crate) fn beside(title: &str, turns: &Turns, (name, floor): (&str, &str)) -> Self {
        let row = Self::new(format!("{title}: {name}"), turns.figure(name));
        row.over(floor, turns.figure(floor).median, turns.ratio(name, floor))
    }

    /// What a side takes more than one that has nothing to do, and what the floor takes more.
    pub(crate) fn added(
        title: &str,
        turns: &Turns,
        (name, floor, none): (&str, &str, &str),
    ) -> Self {
        let (own, least) = (turns.added(name, none), turns.added(floor, none));
        let row = Self::new(format!("{title}, added by {name}"), own);
        row.over(&format!("added by {floor}"), least.median, own.median / least.median)
    }

    /// Says what the figure is compared with.
    pub(crate) fn over(self, floor: &str, time: f64, ratio: f64) -> Self {
        Self { floor: Some((floor.to_owned(), time)), ratio: Some(ratio), ..self }
    }

    /// The ratio is to be at most that.
    pub(crate) fn at_most(self, bound: f64) -> Self {
        let is_met = self.ratio.is_some_and(|it| it <= bound);
        self.bound(format!("at most {bound}×"), is_met)
    }

    /// The ratio is to be at least that.
    pub(crate) fn at_least(self, bound: f64) -> Self {
        let is_met = self.ratio.is_some_and(|it| bound <= it);
        self.bound(format!("at least {bound}×"), is_met)
    }

    /// The figure is to be at most so many nanoseconds.
    pub(crate) fn within(self, bound: f64) -> Self {
        let is_met = self.figure.median <= bound;
        self.bound(format!("at most {}", time(bound)), is_met)
    }

    /// Says in words what is to be, and whether it is.
    pub(crate) fn bound(self, words: String, is_met: bool) -> Self {
        Self { bound: Some((words, is_met)), ..self }
    }

    fn print(&self) {
        let Figure { median, low, high } = self.figure;
        let spread = format!("{} … {}", time(low), time(high));
        let floor = self.floor.as_ref().map(|(name, floor)| format!("{name} {}", time(*floor)));
        let ratio = self.ratio.map(|it| format!("{it:.2}×"));
        let verdict = self
            .bound
            .as_ref()
            .map(|(words, is_met)| format!("{words}: {}", if *is_met { "met" } else { "MISSED" }));
        println!(
            "{:<58} {:>9} {:>22} {:>9}  {:<38} {}",
            self.name,
            time(median),
            spread,
            ratio.unwrap_or_default(),
            floor.unwrap_or_default(),
            verdict.unwrap_or_default(),
        );
    }

    fn json(&self) -> serde_json::Value {
        let Figure { median, low, high } = self.figure;
        json!({
            "name": self.name,
            "median": median,
            "spread": [low, high],
            "floor_name": self.floor.as_ref().map(|it| &it.0),
            "floor": self.floor.as_ref().map(|it| it.1),
            "ratio": self.ratio,
            "bound": self.bound.as_ref().map(|it| &it.0),
            "is_met": self.bound.as_ref().map(|it| it.1),
        })
    }
}

impl Table {
    /// A table of what the arguments name; of everything where they name nothing.
    pub(crate) fn from_arguments() -> Self {
        let wanted = env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
        println!("{}, {}\n", machine(), SystemClock.now().format("%Y-%m-%d %H:%M UTC"));
        let heads = ["what", "median", "spread", "ratio", "floor", "bound"];
        let [what, median, spread, ratio, floor, bound] = heads;
        println!("{what:<58} {median:>9} {spread:>22} {ratio:>9}  {floor:<38} {bound}");
        Self { wanted, rows: Vec::new(), began: Instant::now() }
    }

    /// Whether somebody wants to see the comparison of that title.
    pub(crate) fn wants(&self, title: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|it| title.contains(it.as_str()))
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, row: Row) {
        if counted().is_some() {
            return;
        }
        row.print();
        self.rows.push(row);
    }

    /// Leaves the table for programs.
    pub(crate) fn finish(self) {
        let missed = self.rows.iter().filter(|it| it.bound.as_ref().is_some_and(|it| !it.1));
        println!("\n{} bounds missed, {:.0?}", missed.count(), self.began.elapsed());
        if !self.wanted.is_empty() {
            return;
        }
        let rows: Vec<_> = self.rows.iter().map(Row::json).collect();
        let table = json!({
            "machine": machine(),
            "date": SystemClock.now().to_rfc3339(),
            "unit": "ns",
            "rows": rows,
        });
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../bench.json");
        fs::write(path, serde_json::to_string_pretty(&table).unwrap()).unwrap();
    }
}

/// A time as people read it: three digits, and its unit.
fn time(nanoseconds: f64) -> String {
    let size = nanoseconds.abs();
    let (amount, unit) = if size < 999.5 {
        (nanoseconds, "ns")
    } else if size < 999_500.0 {
        (nanoseconds / 1e3, "µs")
    } else if size < 999_500_000.0 {
        (nanoseconds / 1e6, "ms")
    } else {
        (nanoseconds / 1e9, "s")
    };
    let digits = if amount.abs() < 9.995 { 2 } else { usize::from(amount.abs() < 99.95) };
    format!("{amount:.digits$} {unit}")
}

/// The nanoseconds of a duration.
pub(crate) fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// Which processor this is, and how many there are.
fn machine() -> String {
    let known = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = known.lines().find_map(|it| it.strip_prefix("model name")?.split(": ").nth(1));
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{} × {count}", model.unwrap_or("an unknown processor"))
}
