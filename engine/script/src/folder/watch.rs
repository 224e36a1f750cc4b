//! The watch: a thread that looks when the folder changed, and says what came of it.

mod options;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rulegate::{Engine, OrganizationService};

pub use self::options::{Gate, WatchOptions};
use super::RuleFolder;
use super::debounce::{Debouncer, Pace, Wake};
use super::native::NativeWatch;
use super::reload::{Refusal, changes, reload};
use super::snapshot::{Memory, Snapshot};
use crate::diagnostic::Diagnostic;
use crate::entity_file::SourceFile;
use crate::rule_set::RuleSet;

/// How often the folder is read again because new places of it came to be watched.
const SETTLING_LIMIT: u32 = 4;

/// How many looks in a row may find a folder that does not hold still before its author hears of it.
const UNSTEADY_LIMIT: u32 = 25;

/// What came of a change of a rules folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReloadEvent {
    /// A new generation serves from the next message on.
    Reloaded {
        /// Its number.
        generation: u64,
        /// How many files hold rules.
        rules: usize,
        /// The paths of the files that came, went or have another text.
        files_changed: Vec<String>,
        /// The time from the first sign of the change.
        took: Duration,
    },
    /// The set is wrong. The last good generation keeps serving.
    Refused {
        /// All that is wrong.
        diagnostics: Vec<Diagnostic>,
    },
    /// The folder cannot be read as a whole: it is gone, empty or locked, or a file of it is no text.
    /// The last good generation keeps serving. It is said once, until something else is wrong.
    Unreadable {
        /// All that is wrong.
        diagnostics: Vec<Diagnostic>,
    },
    /// What was refused or unreadable is again what serves: a mistake was undone.
    Unchanged {
        /// The number of the generation that serves.
        generation: u64,
    },
}

/// How a watch stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchStatus {
    /// Why what is in the folder does not serve; empty where it does.
    pub diagnostics: Vec<Diagnostic>,
    /// Why contents are compared at intervals; none while the system tells of every change.
    pub polling: Option<String>,
}

/// A watch over a rules folder. Dropping it ends the watch; the last generation keeps serving.
#[derive(Debug)]
#[must_use = "dropping it ends the watch"]
pub struct Watcher {
    debouncer: Arc<Debouncer>,
    status: Arc<Mutex<WatchStatus>>,
    thread: Option<JoinHandle<()>>,
}

type Listener = Box<dyn FnMut(ReloadEvent) + Send>;

/// What the thread has in hand.
struct Watch {
    folder: RuleFolder,
    engine: Engine,
    options: WatchOptions,
    listener: Listener,
    native: NativeWatch,
    debouncer: Arc<Debouncer>,
    status: Arc<Mutex<WatchStatus>>,
    /// The set that serves, as the watch knows.
    serving: Option<RuleSet>,
    /// The files that were refused last, and will be again.
    refused: Option<Vec<SourceFile>>,
    unsteady_count: u32,
    /// What was read before.
    memory: Memory,
}

impl Watcher {
    /// How the watch stands.
    pub fn status(&self) -> WatchStatus {
        lock(&self.status).clone()
    }

    /// Reads the folder at once, and judges again what was refused: for a gate that looks at more than
    /// the folder.
    pub fn retry(&self) {
        self.debouncer.ask();
    }

    pub(super) fn start(
        folder: RuleFolder,
        engine: Engine,
        (mut options, listener): (WatchOptions, Listener),
    ) -> io::Result<Self> {
        let debouncer = Arc::<Debouncer>::default();
        let status = Arc::<Mutex<WatchStatus>>::default();
        options.load.messages.extend(engine.messages());
        let start = if options.is_polling { NativeWatch::off } else { NativeWatch::new };
        let watch = Watch {
            native: start(Arc::clone(&debouncer)),
            serving: options.serving.take(),
            folder,
            engine,
            options,
            listener,
            debouncer: Arc::clone(&debouncer),
            status: Arc::clone(&status),
            refused: None,
            unsteady_count: 0,
            memory: Memory::default(),
        };
        let thread = thread::Builder::new().name("rules-folder".to_owned());
        let thread = thread.spawn(move || watch.run())?;
        Ok(Self { debouncer, status, thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.debouncer.end();
        let thread = self.thread.take().filter(|it| it.thread().id() != thread::current().id());
        if let Some(thread) = thread {
            let _ = thread.join(); // It catches its panics: there is nothing to hear of.
        }
    }
}

impl Watch {
    fn run(mut self) {
        let pace = Pace { quiet: self.options.quiet, burst_limit: self.options.burst_limit };
        let mut since = Instant::now();
        loop {
            self.look(since);
            let patience = self.patience();
            since = match self.debouncer.wait(pace, patience) {
                Wake::Over => return,
                Wake::Changed(since) => since,
                Wake::Idle => {
                    self.memory.forget(); // Who looks without a sign looks at everything.
                    Instant::now()
                }
                Wake::Asked => {
                    self.memory.forget();
                    self.refused = None;
                    Instant::now()
                }
            };
        }
    }

    /// How long nothing may happen before it looks all the same.
    fn patience(&self) -> Duration {
        let status = lock(&self.status);
        let is_deaf = status.polling.is_some() || self.refused.is_none() && !status.is_good();
        if is_deaf { self.options.poll_interval } else { self.options.safety_interval }
    }

    fn look(&mut self, since: Instant) {
        let snapshot = self.snapshot();
        lock(&self.status).polling.clone_from(&self.native.failure);
        self.unsteady_count = if snapshot.is_steady { 0 } else { self.unsteady_count + 1 };
        if 0 < self.unsteady_count
            && self.unsteady_count < UNSTEADY_LIMIT
            && self.debouncer.is_ringing()
        {
            return; // It is being written to: the next look comes with the end of that.
        }
        match snapshot.files {
            Err(problems) => self.cannot_read(problems),
            Ok(files) => match self.folder.emptied(&files, &self.engine.catalog()) {
                Some(problem) => self.cannot_read(vec![problem]),
                None => self.judge(files, since),
            },
        }
    }

    /// Reads the folder, after every place was watched where a change of it shows.
    fn snapshot(&mut self) -> Snapshot {
        let mut snapshot = Snapshot::take(&self.folder, &mut self.memory);
        for _ in 0..SETTLING_LIMIT {
            if !self.native.turn_to(&snapshot.places) {
                break;
            }
            snapshot = Snapshot::take(&self.folder, &mut self.memory);
        }
        snapshot
    }

    fn cannot_read(&mut self, diagnostics: Vec<Diagnostic>) {
        self.refused = None;
        if self.stand(&diagnostics) {
            self.tell(ReloadEvent::Unreadable { diagnostics });
        }
    }

    fn judge(&mut self, files: Vec<SourceFile>, since: Instant) {
        if self.serving.as_ref().is_some_and(|it| it.files == files) {
            self.refused = None;
            if self.stand(&[]) {
                let generation = self.engine.generation();
                self.tell(ReloadEvent::Unchanged { generation });
            }
            return;
        }
        if self.refused.as_ref() == Some(&files) {
            return;
        }
        let how = (&self.options.load, self.options.gate.as_ref());
        match reload(&self.engine, (&files, self.serving.as_ref()), how) {
            Ok((generation, set)) => {
                let took = since.elapsed();
                let before = self.serving.as_ref().map_or(&[] as &[_], |it| &it.files);
                let (files_changed, rules) = (changes(before, &files), set.rule_count);
                (self.serving, self.refused) = (Some(set), None);
                self.stand(&[]);
                self.tell(ReloadEvent::Reloaded { generation, rules, files_changed, took });
            }
            Err(Refusal { diagnostics, is_final }) => {
                self.refused = is_final.then_some(files);
                if self.stand(&diagnostics) || is_final {
                    self.tell(ReloadEvent::Refused { diagnostics });
                }
            }
        }
    }

    /// Notes why the folder does not serve. Whether that was a change.
    fn stand(&self, diagnostics: &[Diagnostic]) -> bool {
        let mut status = lock(&self.status);
        let is_change = status.diagnostics != diagnostics;
        diagnostics.clone_into(&mut status.diagnostics);
        is_change
    }

    fn tell(&mut self, event: ReloadEvent) {
        // A listener that panics has said so itself; the rules go on.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.listener)(event)));
    }
}

impl WatchStatus {
    /// Whether what is in the folder serves.
    pub fn is_good(&self) -> bool {
        self.diagnostics.is_empty()
    }
}

fn lock(status: &Mutex<WatchStatus>) -> MutexGuard<'_, WatchStatus> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}
