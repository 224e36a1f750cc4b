//! Limits: how much one rule may use, and the budget that counts it.
//!
//! Rhai counts operations anew in every closure that a native function calls back, so its own limit can be
//! escaped. The budget is kept per thread instead, and charged at every step that Rhai takes.

use std::cell::RefCell;
use std::time::{Duration, Instant};

/// How much one rule may use. Each can be changed by the embedder.
///
/// Memory has no limit of its own: what a rule can hold is bounded by the product of the sizes below, some
/// 30 MiB with these defaults. Rhai's own limits differ between debug and release builds, so every one is set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Steps of the interpreter: a rule of ten lines takes a few hundred.
    pub operations: u64,
    /// The time that one rule may take, without that of the messages it sends.
    pub time: Duration,
    /// How deeply functions may call each other. Rules run on threads of 2 MiB, too.
    pub call_depth: usize,
    /// Bytes of a text, and of all texts within one value.
    pub text_size: usize,
    /// Elements of an array, and of all arrays within one value.
    pub array_size: usize,
    /// Entries of a map, and of all maps within one value.
    pub map_size: usize,
    /// Variables of one function.
    pub variables: usize,
    /// How deeply an expression may nest: at the top, and within functions.
    pub expression_depth: (usize, usize),
    /// Functions of one file.
    pub functions: usize,
    /// Records that one query may answer.
    pub query_size: u32,
    /// Records that one rule may hold.
    pub records: usize,
    /// Shared variables of one message.
    pub shared_variables: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations: 1_000_000,
            time: Duration::from_secs(1),
            call_depth: 12,
            text_size: 32 * 1024,
            array_size: 1_000,
            map_size: 500,
            variables: 48,
            expression_depth: (48, 32),
            functions: 128,
            query_size: 1_000,
            records: 5_000,
            shared_variables: 100,
        }
    }
}

impl Limits {
    /// Limits for runs: a tester's script sends many messages, and each has limits of its own.
    #[must_use]
    pub fn for_runs(&self) -> Self {
        Self {
            operations: self.operations.saturating_mul(10),
            time: self.time.saturating_mul(60),
            variables: 256,
            ..self.clone()
        }
    }

    pub(crate) fn apply(&self, rhai: &mut rhai::Engine) {
        rhai.set_max_operations(0); // The budget counts: see above.
        rhai.set_max_call_levels(self.call_depth);
        rhai.set_max_string_size(self.text_size);
        rhai.set_max_array_size(self.array_size);
        rhai.set_max_map_size(self.map_size);
        rhai.set_max_variables(self.variables);
        rhai.set_max_functions(self.functions);
        rhai.set_max_modules(0);
        rhai.set_max_strings_interned(0); // An engine-wide lock, and no gain.
        rhai.set_max_expr_depths(self.expression_depth.0, self.expression_depth.1);
    }
}

/// What is left of one rule's operations and time.
#[derive(Debug, Clone)]
struct Budget {
    operations: u64,
    left: u64,
    time: Duration,
    deadline: Instant,
}

/// How many operations pass between two looks at the clock.
const OPERATIONS_PER_LOOK: u64 = 128;

thread_local! {
    static BUDGETS: RefCell<Vec<Budget>> = const { RefCell::new(Vec::new()) };
}

/// What a rule that went too far had too much of: Rhai carries it to the end of the rule.
#[derive(Debug, Clone)]
pub(crate) struct Exceeded(pub(crate) String);

/// Runs the body on a budget of its own. What it spends on rules below it is theirs.
pub(crate) fn on_budget<R>(limits: &Limits, message_ends: Instant, body: impl FnOnce() -> R) -> R {
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            BUDGETS.with_borrow_mut(Vec::pop);
        }
    }
    let deadline = (Instant::now() + limits.time).min(message_ends);
    let (operations, time) = (limits.operations, limits.time);
    BUDGETS.with_borrow_mut(|it| it.push(Budget { operations, left: operations, time, deadline }));
    let _guard = Guard;
    body()
}

/// Gives the rule that waits for a message the time back that the message took.
pub(crate) fn pause<R>(body: impl FnOnce() -> R) -> R {
    let began = Instant::now();
    let result = body();
    let took = began.elapsed();
    BUDGETS.with_borrow_mut(|it| {
        if let Some(budget) = it.last_mut() {
            budget.deadline += took;
        }
    });
    result
}

/// Charges one operation. Answers what there was too much of, if there was.
pub(crate) fn charge() -> Option<Exceeded> {
    BUDGETS.with_borrow_mut(|it| {
        let budget = it.last_mut()?;
        let Some(left) = budget.left.checked_sub(1) else {
            return Some(Exceeded(format!("{} operations", budget.operations)));
        };
        budget.left = left;
        if left % OPERATIONS_PER_LOOK == 0 && budget.deadline < Instant::now() {
            return Some(Exceeded(format!("{:?} of time", budget.time)));
        }
        None
    })
}
