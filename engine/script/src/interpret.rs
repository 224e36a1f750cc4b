//! Interpreting: a rule that Rhai runs, with what Rhai found out about its functions on earlier runs.
//!
//! Rhai looks a function up by its name and the types of its arguments, which takes longer than most functions do,
//! and can keep what it finds. Each thread keeps that for each rule by itself: the functions of two scripts may look
//! alike to Rhai. What is kept goes with the rules that it is of.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use rhai::{Caches, Dynamic, EvalAltResult, GlobalRuntimeState, Scope};

use crate::language::context::ContextHandle;
use crate::rule::Rule;

/// How many functions Rhai may have looked up until what it found is not kept: a script can make up names.
const LOOKUP_LIMIT: usize = 1_000;

/// The rules of one set: while one of them is there, threads keep what they know of them.
#[derive(Debug, Default)]
pub(crate) struct Family {
    token: Arc<()>,
    size: usize,
}

/// A rule among those of its set.
#[derive(Debug)]
pub(crate) struct Seat {
    family: Arc<()>,
    index: usize,
}

/// What a thread knows of the rules of one set, by their places.
struct Known {
    family: Weak<()>,
    rules: Vec<Option<Box<Warm>>>,
}

/// What Rhai needs to run a rule, as the last run left it.
struct Warm {
    global: GlobalRuntimeState,
    caches: Caches,
    scope: Scope<'static>,
}

thread_local! {
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

impl Family {
    /// A place for one more rule.
    pub(crate) fn seat(&mut self) -> Seat {
        let index = self.size;
        self.size += 1;
        Seat { family: Arc::clone(&self.token), index }
    }
}

/// Runs the statements of the rule's function.
pub(crate) fn interpret(rule: &Rule, frame: u64) -> Result<Dynamic, Box<EvalAltResult>> {
    // Where the rule causes itself, the run within finds nothing, and begins afresh.
    let mut warm = rule.seat.take().unwrap_or_else(|| Box::new(Warm::new(rule)));
    warm.enter(rule, frame);
    // A call of the function would forget where a limit was exceeded: Rhai writes the position of the
    // call, which has none, over it.
    #[expect(deprecated, reason = "the only way to run a function's body without calling it")]
    let outcome = rule.rhai.eval_statements_raw(
        &mut warm.global,
        &mut warm.caches,
        &mut warm.scope,
        &rule.handler.body,
    );
    if outcome.is_err() {
        warm.global = Warm::global(rule); // It may have stopped anywhere.
    }
    if warm.leave() {
        rule.seat.put(warm);
    }
    outcome
}

impl Seat {
    fn take(&self) -> Option<Box<Warm>> {
        KNOWN.with_borrow_mut(|all| {
            let known = all.iter_mut().find(|it| it.is_of(&self.family))?;
            known.rules.get_mut(self.index)?.take()
        })
    }

    fn put(&self, warm: Box<Warm>) {
        KNOWN.with_borrow_mut(|all| {
            if !all.iter().any(|it| it.is_of(&self.family)) {
                all.retain(|it| 0 < it.family.strong_count());
                all.push(Known { family: Arc::downgrade(&self.family), rules: Vec::new() });
            }
            let Some(known) = all.iter_mut().find(|it| it.is_of(&self.family)) else { return };
            if known.rules.len() <= self.index {
                known.rules.resize_with(self.index + 1, || None);
            }
            if let Some(place) = known.rules.get_mut(self.index) {
                *place = Some(warm);
            }
        });
    }
}

impl Known {
    fn is_of(&self, family: &Arc<()>) -> bool {
        std::ptr::eq(self.family.as_ptr(), Arc::as_ptr(family))
    }
}

impl Warm {
    fn new(rule: &Rule) -> Self {
        Self { global: Self::global(rule), caches: Caches::new(), scope: Scope::new() }
    }

    fn global(rule: &Rule) -> GlobalRuntimeState {
        let mut global = rule.rhai.new_global_runtime_state();
        global.lib.push(Arc::clone(rule.script.ast.shared_lib()));
        global.source = Some(rule.script.path.as_str().into());
        (global.level, global.scope_level) = (1, 1); // As within a function.
        global
    }

    /// Hands the rule its context.
    fn enter(&mut self, rule: &Rule, frame: u64) {
        match self.scope.get_value_mut::<ContextHandle>(&rule.handler.parameter) {
            Some(handle) => *handle = ContextHandle(frame),
            None => {
                self.scope.clear();
                self.scope.push(rule.handler.parameter.as_str(), ContextHandle(frame));
            }
        }
    }

    /// Lets go of what the rule held. Answers whether the rest is worth to be kept.
    fn leave(&mut self) -> bool {
        self.scope.rewind(1);
        let parameter = self.scope.iter_raw().next();
        if !parameter.is_some_and(|(_, _, it)| it.is::<ContextHandle>() && !it.is_shared()) {
            self.scope.clear(); // The rule put something else there.
        }
        self.caches.rewind_fn_resolution_caches(1);
        self.caches.fn_resolution_cache_mut().dict.len() <= LOOKUP_LIMIT
    }
}
