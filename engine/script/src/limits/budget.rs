//! The budget of the rule that runs: what is left of its operations, its time and its memory.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use rhai::Scope;

use super::weight::{Weight, weight};
use super::{Limits, Size};

/// How many operations pass between two looks at the clock, at most: a look costs as much as an operation.
const OPERATIONS_PER_LOOK: u32 = 64;
/// Where that many operations take longer, the clock is looked at more often.
const SLOW: Duration = Duration::from_millis(2);
/// How many uses of variables pass between two looks at what they hold, at least and at most.
const USES_PER_LOOK: (usize, usize) = (8, 64);
/// How many values are weighed in the time that one use of a variable takes.
const VALUES_PER_USE: usize = 16;

/// What a rule that went too far had too much of: Rhai carries it to the end of the rule.
#[derive(Debug, Clone)]
pub(crate) struct Exceeded(pub(crate) String);

/// What is left to one rule.
#[derive(Debug)]
struct Budget {
    limits: Limits,
    operations_left: u64,
    deadline: Instant,
    message_ends: Instant,
    looked_at: Instant,
    operations_per_look: u32,
    operations_to_look: u32,
    uses_to_look: usize,
    /// Bytes of the variables, for each level of calls, as they were weighed last.
    variables: Vec<usize>,
    /// Bytes of the records that the script holds.
    records: usize,
    /// Bytes that outlive the rule: what it, and the rules below it, wrote.
    written: usize,
    exceeded: Option<Exceeded>,
}

thread_local! {
    static BUDGETS: RefCell<Vec<Budget>> = const { RefCell::new(Vec::new()) };
}

/// Runs the body on a budget of its own. What it spends on rules below it is theirs.
///
/// Answers what was exceeded, too: not every error that says so reaches the end of the script.
pub(crate) fn on_budget<R>(
    limits: &Limits,
    message_ends: Instant,
    body: impl FnOnce() -> R,
) -> (R, Option<Exceeded>) {
    let budget = Budget::new(limits, message_ends);
    BUDGETS.with_borrow_mut(|it| it.push(budget));
    let _guard = Guard;
    let result = body();
    (result, on_top(|it| it.exceeded.take()))
}

/// Takes the budget down, also where the rule panics.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        BUDGETS.with_borrow_mut(|it| {
            let written = it.pop().map_or(0, |it| it.written);
            if let Some(outer) = it.last_mut() {
                outer.written = outer.written.saturating_add(written);
            }
        });
    }
}

/// Gives the rule that waits for a message the time back that the message took.
pub(crate) fn pause<R>(body: impl FnOnce() -> R) -> R {
    let began = Instant::now();
    let result = body();
    on_top(|budget| {
        budget.looked_at = Instant::now();
        budget.deadline = (budget.deadline + began.elapsed()).min(budget.message_ends);
        Some(())
    });
    result
}

/// Charges one operation. Answers what there was too much of, if there was.
pub(crate) fn charge() -> Option<Exceeded> {
    on_top(|budget| {
        if budget.exceeded.is_some() {
            return budget.exceeded.clone();
        }
        let Some(left) = budget.operations_left.checked_sub(1) else {
            return budget.exceed(format!("{} operations", budget.limits.operations));
        };
        budget.operations_left = left;
        budget.operations_to_look -= 1;
        if budget.operations_to_look == 0 { budget.look_at_clock() } else { None }
    })
}

/// Weighs the variables of the function that runs: not at each use of one, but often enough.
pub(crate) fn weigh(level: usize, scope: &Scope<'_>) -> Option<Exceeded> {
    let is_due = on_top(|budget| {
        budget.uses_to_look = budget.uses_to_look.saturating_sub(1);
        (budget.uses_to_look == 0).then_some(())
    });
    is_due?;
    hold(|budget| budget.weigh(level, scope))
}

/// Counts bytes that outlive the rule.
pub(crate) fn write(bytes: usize) -> Option<Exceeded> {
    hold(|budget| {
        budget.written = budget.written.saturating_add(bytes);
        None
    })
}

/// Counts bytes of the records that the script holds: so many more, and so many less.
pub(crate) fn keep(more: usize, less: usize) -> Option<Exceeded> {
    hold(|budget| {
        budget.records = budget.records.saturating_add(more).saturating_sub(less);
        None
    })
}

/// The limits of the script that runs.
pub(crate) fn current() -> Limits {
    on_top(|budget| Some(budget.limits.clone())).unwrap_or_default()
}

/// Ends the rule, whether or not its script lets the error through.
pub(crate) fn exceed(what: String) -> Exceeded {
    on_top(|budget| budget.exceed(what.clone())).unwrap_or(Exceeded(what))
}

/// Changes what the rule holds. Together with the rules that wait for it, it may hold only so much.
fn hold(change: impl FnOnce(&mut Budget) -> Option<Exceeded>) -> Option<Exceeded> {
    BUDGETS.with_borrow_mut(|it| {
        let exceeded = it.last_mut().and_then(change);
        let held: usize = it.iter().map(Budget::held).sum();
        exceeded.or_else(|| it.last_mut()?.check_memory(held))
    })
}

fn on_top<R>(body: impl FnOnce(&mut Budget) -> Option<R>) -> Option<R> {
    BUDGETS.with_borrow_mut(|it| it.last_mut().and_then(body))
}

impl Budget {
    fn new(limits: &Limits, message_ends: Instant) -> Self {
        let now = Instant::now();
        Self {
            operations_left: limits.operations,
            deadline: (now + limits.time).min(message_ends),
            message_ends,
            looked_at: now,
            operations_per_look: OPERATIONS_PER_LOOK,
            operations_to_look: OPERATIONS_PER_LOOK,
            uses_to_look: USES_PER_LOOK.0,
            variables: Vec::new(),
            records: 0,
            written: 0,
            exceeded: None,
            limits: limits.clone(),
        }
    }

    fn exceed(&mut self, what: String) -> Option<Exceeded> {
        self.exceeded.get_or_insert(Exceeded(what));
        self.exceeded.clone()
    }

    fn look_at_clock(&mut self) -> Option<Exceeded> {
        let now = Instant::now();
        if self.deadline < now {
            return self.exceed(format!("{:?} of time", self.limits.time));
        }
        let is_slow = SLOW < now - self.looked_at;
        let pace = self.operations_per_look;
        self.operations_per_look =
            if is_slow { (pace / 4).max(1) } else { (pace * 2).min(OPERATIONS_PER_LOOK) };
        self.operations_to_look = self.operations_per_look;
        self.looked_at = now;
        None
    }

    fn weigh(&mut self, level: usize, scope: &Scope<'_>) -> Option<Exceeded> {
        let mut weighed = 0;
        let mut bytes = 0_usize;
        for (_, _, value) in scope.iter_raw() {
            let weight = weight(value, self.limits.value_depth);
            if let Some(what) = self.limits.broken_by(&weight) {
                return self.exceed(what);
            }
            weighed += weight.values;
            bytes = bytes.saturating_add(weight.bytes);
        }
        self.variables.resize(level + 1, 0);
        if let Some(held) = self.variables.last_mut() {
            *held = bytes;
        }
        self.uses_to_look = (weighed / VALUES_PER_USE).clamp(USES_PER_LOOK.0, USES_PER_LOOK.1);
        None
    }

    fn held(&self) -> usize {
        let variables = self.variables.iter().fold(0, |sum: usize, it| sum.saturating_add(*it));
        variables.saturating_add(self.records).saturating_add(self.written)
    }

    fn check_memory(&mut self, held: usize) -> Option<Exceeded> {
        if held <= self.limits.memory {
            return None;
        }
        self.exceed(format!("{} KiB of memory", self.limits.memory / 1024))
    }
}

impl Limits {
    /// Which limit one value breaks. Rhai looks at most values itself, but not at what an assignment to an
    /// element or an entry makes of them.
    fn broken_by(&self, weight: &Weight) -> Option<String> {
        if weight.is_too_deep {
            return Some(format!("{} arrays and maps within each other", self.value_depth));
        }
        if self.text_size < weight.text {
            return Some(self.too_much(Size::Text));
        }
        if self.array_size < weight.elements {
            return Some(self.too_much(Size::Array));
        }
        (self.map_size < weight.entries).then(|| self.too_much(Size::Map))
    }
}
