//! Interpreting: a rule that Rhai runs, with what Rhai found out about its functions on earlier runs.
//!
//! Rhai looks a function up by its name and the types of its arguments, which takes longer than most functions do,
//! and can keep what it finds. Each thread keeps that for each rule by itself: the functions of two scripts may look
//! alike to Rhai. What is kept goes with the rules that it is of.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rhai::{Caches, Dynamic, EvalAltResult, GlobalRuntimeState, Scope, Stmt};

use crate::language::context::ContextHandle;
use crate::rule::Rule;

type Evaluated = Result<Dynamic, Box<EvalAltResult>>;

/// How many functions Rhai may have looked up until what it found is not kept: a script can make up names.
const LOOKUP_LIMIT: usize = 1_000;

/// A rule among all that there are. Threads keep what they know of it at its place.
pub(crate) struct Seat {
    index: usize,
    token: Arc<()>,
}

/// The places that rules have.
#[derive(Debug, Default)]
struct Places {
    free: BTreeSet<usize>,
    count: usize,
}

/// What a thread knows.
#[derive(Default)]
struct Known {
    /// Up to which rule that went it was cleared.
    gone: u64,
    rules: Vec<Option<Kept>>,
}

/// What a thread knows of a rule; while the rule runs, that alone of which rule it is.
type Kept = (Weak<()>, Option<Box<Warm>>);

/// What Rhai needs to run a rule, as the last run left it.
struct Warm {
    known: Found,
    scope: Scope<'static>,
}

/// What Rhai found out about functions.
struct Found {
    global: GlobalRuntimeState,
    caches: Caches,
}

static PLACES: Mutex<Places> = Mutex::new(Places { free: BTreeSet::new(), count: 0 });
/// How many rules are no more.
static GONE: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static KNOWN: RefCell<Known> = const { RefCell::new(Known { gone: 0, rules: Vec::new() }) };
}

/// Runs the statements of the rule's function.
pub(crate) fn interpret(rule: &Rule, frame: u64) -> Evaluated {
    let mut warm = rule.seat.warm(rule);
    let Warm { known, scope } = &mut *warm;
    enter(scope, &rule.handler.parameter, frame);
    let outcome = known.evaluate(rule, scope, &rule.handler.body);
    leave(scope);
    rule.seat.put(warm);
    outcome
}

/// Runs statements that are not all of the rule. Variables are found by their names: they do not lie where the tree says.
pub(crate) fn interpret_piece(rule: &Rule, scope: &mut Scope<'_>, piece: &[Stmt]) -> Evaluated {
    let mut warm = rule.seat.warm(rule);
    warm.known.global.always_search_scope = true;
    let outcome = warm.known.evaluate(rule, scope, piece);
    warm.known.global.always_search_scope = false;
    rule.seat.put(warm);
    outcome
}

impl Seat {
    /// A place for one more rule.
    pub(crate) fn new() -> Self {
        let mut places = places();
        let index = places.free.pop_first().unwrap_or_else(|| {
            places.count += 1;
            places.count - 1
        });
        Self { index, token: Arc::default() }
    }

    /// What Rhai knows of the rule. Where the rule causes itself, the run within begins afresh.
    fn warm(&self, rule: &Rule) -> Box<Warm> {
        self.take().unwrap_or_else(|| Box::new(Warm::new(rule)))
    }

    fn take(&self) -> Option<Box<Warm>> {
        KNOWN.with_borrow_mut(|it| {
            it.clear();
            let (token, warm) = it.rules.get_mut(self.index)?.as_mut()?;
            if self.is_of(token) { warm.take() } else { None }
        })
    }

    fn put(&self, mut warm: Box<Warm>) {
        let caches = &mut warm.known.caches;
        caches.rewind_fn_resolution_caches(1);
        if LOOKUP_LIMIT < caches.fn_resolution_cache_mut().dict.len() {
            return;
        }
        KNOWN.with_borrow_mut(|it| {
            if it.rules.len() <= self.index {
                it.rules.resize_with(self.index + 1, || None);
            }
            match it.rules.get_mut(self.index) {
                Some(Some((token, place))) if self.is_of(token) => *place = Some(warm),
                Some(place) => *place = Some((Arc::downgrade(&self.token), Some(warm))),
                None => {}
            }
        });
    }

    fn is_of(&self, token: &Weak<()>) -> bool {
        std::ptr::eq(token.as_ptr(), Arc::as_ptr(&self.token))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.token = Arc::default(); // Nothing that is kept of the rule is of it any more.
        GONE.fetch_add(1, Ordering::Release);
        places().free.insert(self.index);
    }
}

fn places() -> MutexGuard<'static, Places> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    /// Lets go of the rules that are no more.
    fn clear(&mut self) {
        let gone = GONE.load(Ordering::Acquire);
        if self.gone != gone {
            self.gone = gone;
            let is_over = |it: &Kept| it.0.strong_count() == 0;
            self.rules.iter_mut().filter(|it| it.as_ref().is_some_and(is_over)).for_each(|it| {
                *it = None;
            });
        }
    }
}

impl Warm {
    fn new(rule: &Rule) -> Self {
        let known = Found { global: Found::global(rule), caches: Caches::new() };
        Self { known, scope: Scope::new() }
    }
}

impl Found {
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

/// Hands the rule its context: the variable with which it begins.
fn enter(scope: &mut Scope<'_>, parameter: &str, frame: u64) {
    if let Some(handle) = scope.get_value_mut::<ContextHandle>(parameter) {
        *handle = ContextHandle(frame);
        return;
    }
    scope.clear();
    scope.push(parameter, ContextHandle(frame));
}

/// Lets go of what the rule held, but for the variable with which it began.
fn leave(scope: &mut Scope<'_>) {
    scope.rewind(1);
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
