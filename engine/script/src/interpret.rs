//! Interpreting: a rule that Rhai runs, with what Rhai found out about its functions on earlier runs.
//!
//! Rhai looks a function up by its name and the types of its arguments, which takes longer than most functions do,
//! and can keep what it finds. Each thread keeps that for each rule by itself: the functions of two scripts may look
//! alike to Rhai. What is kept goes with the rules that it is of.

use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use rhai::{Caches, Dynamic, EvalAltResult, GlobalRuntimeState, Scope, Stmt};

use crate::language::context::ContextHandle;
use crate::language::frame::{Place, RecordHandle};
use crate::rule::Rule;
use crate::shortcut::{TARGET, shortened};

type Evaluated = Result<Dynamic, Box<EvalAltResult>>;

/// How many functions Rhai may have looked up until what it found is not kept: a script can make up names.
const LOOKUP_LIMIT: usize = 1_000;

/// The rules of one set: while one of them is there, threads keep what they know of them.
#[derive(Debug, Default)]
pub(crate) struct Family {
    token: Arc<()>,
    size: AtomicUsize,
}

/// A rule among those of its set.
pub(crate) struct Seat {
    family: Arc<()>,
    index: usize,
    /// Whether each of its messages carries a record as its target.
    is_on_records: bool,
    body: OnceLock<Vec<Stmt>>,
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
    pub(crate) fn seat(&self, is_on_records: bool) -> Seat {
        let index = self.size.fetch_add(1, Ordering::Relaxed);
        Seat { family: Arc::clone(&self.token), index, is_on_records, body: OnceLock::new() }
    }
}

/// Runs the statements of the rule's function.
pub(crate) fn interpret(rule: &Rule, frame: u64) -> Evaluated {
    let body = rule.seat.body.get_or_init(|| {
        let body = rule.seat.is_on_records.then(|| shortened(rule)).flatten();
        body.unwrap_or_else(|| rule.handler.body.clone())
    });
    let mut warm = rule.seat.warm(rule);
    let mut scope = std::mem::take(&mut warm.scope);
    enter(&mut scope, &rule.handler.parameter, frame);
    let outcome = warm.evaluate(rule, &mut scope, body);
    leave(&mut scope);
    warm.scope = scope;
    rule.seat.put(warm);
    outcome
}

/// Runs statements that are not all of the rule. Variables are found by their names: they do not lie where the tree says.
pub(crate) fn interpret_piece(rule: &Rule, scope: &mut Scope<'_>, piece: &[Stmt]) -> Evaluated {
    let mut warm = rule.seat.warm(rule);
    warm.global.always_search_scope = true;
    let outcome = warm.evaluate(rule, scope, piece);
    warm.global.always_search_scope = false;
    rule.seat.put(warm);
    outcome
}

impl Seat {
    /// What Rhai knows of the rule. Where the rule causes itself, the run within begins afresh.
    fn warm(&self, rule: &Rule) -> Box<Warm> {
        self.take().unwrap_or_else(|| Box::new(Warm::new(rule)))
    }

    fn take(&self) -> Option<Box<Warm>> {
        KNOWN.with_borrow_mut(|all| {
            let known = all.iter_mut().find(|it| it.is_of(&self.family))?;
            known.rules.get_mut(self.index)?.take()
        })
    }

    fn put(&self, mut warm: Box<Warm>) {
        warm.caches.rewind_fn_resolution_caches(1);
        if LOOKUP_LIMIT < warm.caches.fn_resolution_cache_mut().dict.len() {
            return;
        }
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

    fn evaluate(&mut self, rule: &Rule, scope: &mut Scope<'_>, statements: &[Stmt]) -> Evaluated {
        let (global, caches) = (&mut self.global, &mut self.caches);
        // A call of the function would forget where a limit was exceeded: Rhai writes the position of the
        // call, which has none, over it.
        #[expect(deprecated, reason = "the only way to run a function's body without calling it")]
        let outcome = rule.rhai.eval_statements_raw(global, caches, scope, statements);
        if outcome.is_err() {
            self.global = Self::global(rule); // It may have stopped anywhere.
        }
        outcome
    }
}

/// Hands the rule its target and its context: the variables with which it begins.
fn enter(scope: &mut Scope<'_>, parameter: &str, frame: u64) {
    let target = RecordHandle { frame, place: Place::Target };
    if let Some(handle) = scope.get_value_mut::<RecordHandle>(TARGET) {
        *handle = target;
        if let Some(handle) = scope.get_value_mut::<ContextHandle>(parameter) {
            *handle = ContextHandle(frame);
            return;
        }
    }
    scope.clear();
    scope.push(TARGET, target);
    scope.push(parameter, ContextHandle(frame));
}

/// Lets go of what the rule held.
fn leave(scope: &mut Scope<'_>) {
    scope.rewind(2);
    let last = scope.iter_raw().next(); // The newest comes first.
    let is_whole = last.is_some_and(|(_, _, it)| it.is::<ContextHandle>() && !it.is_shared());
    if !is_whole {
        scope.clear(); // The rule put something else there.
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("index", &self.index).finish_non_exhaustive()
    }
}
