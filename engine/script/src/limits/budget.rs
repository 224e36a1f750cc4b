//! The budget of the rule that runs: what is left of its operations, its time and its memory.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use rhai::Scope;
use smallvec::SmallVec;

use super::weight::{Weight, weight};
use super::{Limits, Size};

/// How many operations pass between two looks at the clock, at most: a look costs as much as an operation.
const OPERATIONS_PER_LOOK: u32 = 64;
/// How many operations pass before the first look, from which the time of the rule counts: most rules end before.
const OPERATIONS_UNTIMED: u32 = 32;
/// Where that many operations take longer, the clock is looked at more often.
const SLOW: Duration = Duration::from_millis(2);
/// How many uses of its variables pass between two looks at what a function holds, at least and at most.
const USES_PER_LOOK: (usize, usize) = (8, 64);
/// How many uses pass where all variables are so small that what is held is nothing.
const USES_WHILE_SMALL: usize = 32;
/// As how many uses it counts that a variable comes to be.
const USES_PER_DEFINITION: usize = 3;
/// What a variable weighs that holds no more than a number, a date or a handle.
const SMALL: usize = 128;
/// How many values are weighed in the time that one use of a variable takes.
const VALUES_PER_USE: usize = 16;

/// What a rule that went too far had too much of: Rhai carries it to the end of the rule.
#[derive(Debug, Clone)]
pub(crate) struct Exceeded(pub(crate) String);

/// What is left to one rule.
#[derive(Debug)]
struct Budget {
    limits: Limits,
    /// Those beyond the ones that pass until the next look.
    operations_left: u64,
    /// None until the first look.
    deadline: Option<Instant>,
    message_ends: Instant,
    looked_at: Option<Instant>,
    operations_per_look: u32,
    /// The variables, for each level of calls.
    levels: SmallVec<[Level; 4]>,
    /// Bytes of the records that the script holds.
    records: usize,
    /// Bytes that outlive the rule: what it, and the rules below it, wrote.
    written: usize,
    exceeded: Option<Exceeded>,
}

/// The variables of one function that runs.
#[derive(Debug, Clone, Copy)]
struct Level {
    /// How many bytes they held when they were weighed last.
    bytes: usize,
    /// How many uses of them may pass until they are weighed again, while another function runs.
    uses_to_look: usize,
}

/// What is done with a variable.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    /// It is read, or written to.
    Access,
    /// It comes to be: one more value is held.
    Definition,
}

/// What is counted at each step of the rule that runs, so that most steps look no further.
#[derive(Debug, Clone, Copy)]
struct Countdown {
    /// How many operations pass until the next look.
    operations: u32,
    /// How many uses of variables pass until they are weighed.
    uses: usize,
    /// At which level of calls those variables are.
    level: usize,
}

/// No level of calls.
const NOWHERE: usize = usize::MAX;

thread_local! {
    static BUDGETS: RefCell<Vec<Budget>> = const { RefCell::new(Vec::new()) };
    static OPERATIONS: Cell<u32> = const { Cell::new(0) };
    static USES: Cell<usize> = const { Cell::new(0) };
    static LEVEL: Cell<usize> = const { Cell::new(NOWHERE) };
}

/// Runs the body on a budget of its own. What it spends on rules below it is theirs.
///
/// Answers what was exceeded, too: not every error that says so reaches the end of the script.
pub(crate) fn on_budget<R>(
    limits: &Limits,
    message_ends: Instant,
    body: impl FnOnce() -> R,
) -> (R, Option<Exceeded>) {
    let (budget, operations) = Budget::new(limits, message_ends);
    BUDGETS.with_borrow_mut(|it| it.push(budget));
    let own = Countdown { operations, uses: 0, level: NOWHERE };
    let _guard = Guard { outer: own.replace() };
    let result = body();
    (result, on_top(|it| it.exceeded.take()))
}

/// Takes the budget down, also where the rule panics.
struct Guard {
    outer: Countdown,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.outer.replace();
        BUDGETS.with_borrow_mut(|it| {
            let written = it.pop().map_or(0, |it| it.written);
            if let Some(outer) = it.last_mut() {
                outer.written = outer.written.saturating_add(written);
            }
        });
    }
}

impl Countdown {
    /// Counts on from here. Answers where the other count stood.
    fn replace(self) -> Self {
        Self {
            operations: OPERATIONS.replace(self.operations),
            uses: USES.replace(self.uses),
            level: LEVEL.replace(self.level),
        }
    }
}

/// Gives the rule that waits for a message the time back that the message took.
pub(crate) fn pause<R>(body: impl FnOnce() -> R) -> R {
    let began = Instant::now();
    let result = body();
    on_top(|budget| {
        let now = Instant::now();
        budget.looked_at = budget.looked_at.map(|_| now);
        budget.deadline = budget.deadline.map(|it| (it + (now - began)).min(budget.message_ends));
        Some(())
    });
    result
}

/// Charges one operation. Answers what there was too much of, if there was.
#[inline]
pub(crate) fn charge() -> Option<Exceeded> {
    if passes() { None } else { look() }
}

/// Charges one operation. Answers whether it may pass without a look.
#[inline]
fn passes() -> bool {
    let left = OPERATIONS.get();
    OPERATIONS.set(left.saturating_sub(1));
    0 < left
}

/// Looks whether the operation may pass after all.
fn look() -> Option<Exceeded> {
    on_top(Budget::look)
}

/// Counts a use of a variable. Answers whether the variables of the function that runs are to be weighed: not at
/// each use of one, but often enough.
#[inline]
pub(crate) fn is_due(level: usize, how: Use) -> bool {
    if LEVEL.get() != level {
        on_top(|budget| budget.turn_to(level));
    }
    let uses = USES.get();
    let left = match how {
        Use::Access => uses.saturating_sub(1),
        // What comes to be may be large: the next look is soon.
        Use::Definition => uses.min(USES_PER_LOOK.0).saturating_sub(USES_PER_DEFINITION),
    };
    USES.set(left);
    left == 0
}

/// Weighs the variables of the function that runs.
pub(crate) fn weigh(scope: &Scope<'_>, how: Use) -> Option<Exceeded> {
    hold(|budget| budget.weigh(scope, how))
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
    if more == less {
        return None;
    }
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
    /// A budget, and how many operations pass until it is looked at.
    fn new(limits: &Limits, message_ends: Instant) -> (Self, u32) {
        let mut budget = Self {
            operations_left: limits.operations,
            deadline: None,
            message_ends,
            looked_at: None,
            operations_per_look: OPERATIONS_PER_LOOK,
            levels: SmallVec::new(),
            records: 0,
            written: 0,
            exceeded: None,
            limits: limits.clone(),
        };
        let operations = budget.grant(OPERATIONS_UNTIMED);
        (budget, operations)
    }

    /// Lets so many operations pass, or as many as there are.
    fn grant(&mut self, operations: u32) -> u32 {
        let granted = u32::try_from(self.operations_left).unwrap_or(u32::MAX).min(operations);
        self.operations_left -= u64::from(granted);
        granted
    }

    /// Ends the rule. From here on, every operation looks.
    fn exceed(&mut self, what: String) -> Option<Exceeded> {
        OPERATIONS.set(0);
        self.exceeded.get_or_insert(Exceeded(what));
        self.exceeded.clone()
    }

    /// Looks whether an operation may pass, and lets it and some more pass where it may.
    fn look(&mut self) -> Option<Exceeded> {
        if self.exceeded.is_some() {
            return self.exceeded.clone();
        }
        if self.operations_left == 0 {
            return self.exceed(format!("{} operations", self.limits.operations));
        }
        let exceeded = self.look_at_clock();
        if exceeded.is_none() {
            let granted = self.grant(self.operations_per_look);
            OPERATIONS.set(granted - 1); // One of them is this one.
        }
        exceeded
    }

    fn look_at_clock(&mut self) -> Option<Exceeded> {
        let now = Instant::now();
        let Some(deadline) = self.deadline else {
            let ends = now.checked_add(self.limits.time);
            self.deadline = Some(ends.map_or(self.message_ends, |it| it.min(self.message_ends)));
            self.looked_at = Some(now);
            return None;
        };
        if deadline < now {
            return self.exceed(format!("{:?} of time", self.limits.time));
        }
        let is_slow = self.looked_at.is_some_and(|it| SLOW < now - it);
        let pace = self.operations_per_look;
        self.operations_per_look =
            if is_slow { (pace / 4).max(1) } else { (pace * 2).min(OPERATIONS_PER_LOOK) };
        self.looked_at = Some(now);
        None
    }

    /// Weighs the variables of the function that runs.
    fn weigh(&mut self, scope: &Scope<'_>, how: Use) -> Option<Exceeded> {
        let mut whole = Weight::default();
        let mut variables = 0;
        for (_, _, value) in scope.iter_raw() {
            let weight = weight(value, self.limits.value_depth);
            if let Some(what) = self.limits.broken_by(&weight) {
                return self.exceed(what);
            }
            variables += 1;
            whole.values += weight.values;
            whole.bytes = whole.bytes.saturating_add(weight.bytes);
        }
        let uses = (whole.values / VALUES_PER_USE).clamp(USES_PER_LOOK.0, USES_PER_LOOK.1);
        USES.set(match how {
            Use::Access if whole.bytes <= variables * SMALL => uses.max(USES_WHILE_SMALL),
            Use::Access | Use::Definition => uses, // What is being defined was not weighed.
        });
        self.levels.last_mut()?.bytes = whole.bytes;
        None
    }

    /// Goes on at another level of calls: deeper, or back where those that were called are over.
    fn turn_to(&mut self, level: usize) -> Option<()> {
        if let Some(left) = self.levels.last_mut() {
            left.uses_to_look = USES.get();
        }
        self.levels.resize(level + 1, Level { bytes: 0, uses_to_look: USES_PER_LOOK.0 });
        USES.set(self.levels.last()?.uses_to_look);
        LEVEL.set(level);
        Some(())
    }

    fn held(&self) -> usize {
        let variables = self.levels.iter().fold(0, |sum: usize, it| sum.saturating_add(it.bytes));
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
