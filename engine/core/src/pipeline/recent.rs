//! Recent steps: which ran last, and what came of them. Always on, for it costs next to nothing.
//!
//! A run leaves a few numbers in a ring of its thread: no text is made, and no count is touched that other threads
//! touch. The names are found when somebody reads.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use smallvec::SmallVec;

use super::context::{Context, Running};
use super::plan::{Names, PlanId};
use super::step::{Mode, Stage};
use super::transcript::{StepOutcome, verdict};
use crate::error::Fault;
use crate::message::Message;
use crate::metadata::EntityIndex;

/// How many rings there are: as many threads leave their runs without meeting.
const RINGS: usize = 8;

/// For how many runs a ring has room from the first on.
const ROOM: usize = 1_024;

/// How many generations the runs of a ring can be of: those of older ones go.
const GENERATIONS: usize = 4;

/// One run of a step.
///
/// A step that did nothing by its own word did not run, and one that a filter held back neither.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecentStep {
    /// The name of the step.
    pub step: Arc<str>,
    /// The message.
    pub message: Message,
    /// The primary entity, or `none`.
    pub entity: Arc<str>,
    /// The stage.
    pub stage: Stage,
    /// Whether it ran within its message.
    pub mode: Mode,
    /// How deeply the message was nested.
    pub depth: u32,
    /// What came of it.
    pub outcome: StepOutcome,
    /// The generation on which it ran.
    pub generation: u64,
    /// When the outermost message began.
    pub created_on: DateTime<Utc>,
}

/// The newest runs of an engine.
pub(crate) struct Recent {
    /// How many are kept.
    limit: usize,
    rings: [Ring; RINGS],
}

/// The runs of some threads, on cache lines of their own.
#[derive(Default)]
#[repr(align(128))]
struct Ring(Mutex<Runs>);

#[derive(Default)]
struct Runs {
    kept: Vec<Run>,
    /// Where the oldest stands, once all places are taken.
    oldest: usize,
    /// The names of the generations of which they are, newest last.
    names: VecDeque<(u64, Arc<Names>)>,
}

/// A run before its names are found.
#[derive(Clone)]
struct Run {
    plan: PlanId,
    stage: Stage,
    index: usize,
    entity: Option<EntityIndex>,
    depth: u32,
    generation: u64,
    created_on: DateTime<Utc>,
    /// What is seldom said.
    more: Option<Box<More>>,
}

/// What is said of a run that was a job, or came to no good end.
#[derive(Clone)]
struct More {
    outcome: StepOutcome,
    job: Option<(Arc<str>, Message)>,
}

/// The places of steps that ran at one stage, and are not remembered yet.
pub(super) type Ran = SmallVec<[usize; 8]>;

impl Recent {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, rings: Default::default() }
    }

    /// The newest runs, newest last.
    pub(crate) fn steps(&self) -> Vec<RecentStep> {
        let mut all: Vec<RecentStep> = Vec::new();
        for ring in &self.rings {
            let runs = ring.lock();
            all.extend(runs.iter().filter_map(|it| runs.tell(it)));
        }
        all.sort_by_key(|it| it.created_on); // Those of one thread stay in their order.
        all.split_off(all.len().saturating_sub(self.limit))
    }

    /// The ring of this thread.
    fn ring(&self) -> &Ring {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static OWN: Cell<usize> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed));
        }
        let [first, ..] = &self.rings;
        self.rings.get(OWN.get() % RINGS).unwrap_or(first)
    }
}

impl Ring {
    fn lock(&self) -> MutexGuard<'_, Runs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runs {
    fn push(&mut self, run: Run, limit: usize) {
        if self.kept.len() < limit {
            if self.kept.capacity() == 0 {
                self.kept.reserve_exact(limit.min(ROOM));
            }
            self.kept.push(run);
        } else if let Some(place) = self.kept.get_mut(self.oldest) {
            *place = run;
            self.oldest = if self.oldest + 1 == limit { 0 } else { self.oldest + 1 };
        }
    }

    /// All that are kept, newest last.
    fn iter(&self) -> impl Iterator<Item = &Run> {
        let (newer, older) = self.kept.split_at(self.oldest);
        older.iter().chain(newer)
    }

    /// Learns the names of a generation, where it does not know them.
    #[inline]
    fn learn(&mut self, generation: u64, names: &Arc<Names>) {
        if self.names.back().is_none_or(|it| it.0 != generation) {
            self.learn_anew(generation, names);
        }
    }

    #[cold]
    fn learn_anew(&mut self, generation: u64, names: &Arc<Names>) {
        if self.names.iter().any(|it| it.0 == generation) {
            return; // That of a job that was queued before a reload.
        }
        if self.names.len() == GENERATIONS {
            self.names.pop_front();
        }
        self.names.push_back((generation, Arc::clone(names)));
    }

    fn tell(&self, run: &Run) -> Option<RecentStep> {
        let (_, names) = self.names.iter().find(|it| it.0 == run.generation)?;
        let job = run.more.as_ref().and_then(|it| it.job.as_ref());
        let (message, step, mode) = match job {
            Some((step, message)) => (message, step, Mode::Asynchronous),
            None => {
                let (message, step) = names.step(run.plan, run.stage, run.index)?;
                (message, step, Mode::Synchronous)
            }
        };
        Some(RecentStep {
            step: Arc::clone(step),
            message: message.clone(),
            entity: run.entity.and_then(|it| names.entity(it)).unwrap_or_else(|| "none".into()),
            stage: run.stage,
            mode,
            depth: run.depth,
            outcome: run.more.as_ref().map_or(StepOutcome::Ran, |it| it.outcome.clone()),
            generation: run.generation,
            created_on: run.created_on,
        })
    }
}

impl Context {
    /// Remembers the steps of its stage that have run.
    pub(super) fn remember(&self, ran: &mut Ran) {
        let limit = self.call.operation.environment().recent.limit;
        if !ran.is_empty() && limit != 0 {
            let run = self.as_run(self.stage);
            self.in_ring(|it| ran.iter().for_each(|index| it.push(run.at(*index), limit)));
        }
        ran.clear();
    }

    /// Remembers how the step that has the context ended: one that failed, or that of a job.
    pub(super) fn remember_end(&self, outcome: &Result<(), Fault>) {
        let limit = self.call.operation.environment().recent.limit;
        let (stage, index, job) = match &self.running {
            _ if limit == 0 => return,
            Running::Nothing => return,
            Running::Planned(stage, index) => (*stage, *index, None),
            Running::Job(planned) => {
                let job = (planned.step.shared_name(), self.message.clone());
                (Stage::PostOperation, 0, Some(job))
            }
        };
        let more = Some(Box::new(More { outcome: verdict(outcome), job }));
        let run = Run { index, more, ..self.as_run(stage) };
        self.in_ring(|it| it.push(run, limit));
    }

    fn as_run(&self, stage: Stage) -> Run {
        Run {
            plan: self.plan,
            stage,
            index: 0,
            entity: self.subject.index(),
            depth: self.call.depth,
            generation: self.generation(),
            created_on: self.now(),
            more: None,
        }
    }

    fn in_ring(&self, write: impl FnOnce(&mut Runs)) {
        let operation = &self.call.operation;
        let generation = operation.generation();
        let mut runs = operation.environment().recent.ring().lock();
        runs.learn(generation.number, generation.names());
        write(&mut runs);
    }
}

impl Run {
    fn at(&self, index: usize) -> Self {
        Self { index, more: None, ..*self }
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").field("limit", &self.limit).finish_non_exhaustive()
    }
}
