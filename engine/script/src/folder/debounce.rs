//! Debouncing: one wake-up for all that a save does.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// No wait is longer, and none shorter, whatever the options say.
const WAITS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_hours(24));

/// Wakes the thread that waits when a burst of changes is over.
#[derive(Debug, Default)]
pub(super) struct Debouncer {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The first and the last change of the burst.
    burst: Option<(Instant, Instant)>,
    /// The change of the burst that was the last when a wait told of it ahead.
    told_ahead: Option<Instant>,
    is_asked: bool,
    is_over: bool,
}

/// When a burst is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Nothing changed for so long.
    pub(super) quiet: Duration,
    /// Nothing changed for so long: it may be over, and who can do so gets ready.
    pub(super) lull: Duration,
    /// The first change is so long ago.
    pub(super) burst_limit: Duration,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wake {
    /// Something changed, and that may have been all. It is said once in a burst.
    Soon,
    /// Something changed, for the first time then, and nothing since `Soon` was said.
    Ready(Instant),
    /// Something changed, for the first time then.
    Changed(Instant),
    /// Nothing happened for long enough.
    Idle,
    /// Somebody wants to know, changed or not.
    Asked,
    /// It is over.
    Over,
}

impl Debouncer {
    /// Something changed.
    pub(super) fn ring(&self) {
        let now = Instant::now();
        let mut state = self.lock();
        state.burst = Some((state.burst.map_or(now, |it| it.0), now));
        self.changed.notify_all();
    }

    /// Somebody wants to know, changed or not.
    pub(super) fn ask(&self) {
        self.lock().is_asked = true;
        self.changed.notify_all();
    }

    /// No wait is wanted any more.
    pub(super) fn end(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    /// Whether something changed that no wait has told of.
    pub(super) fn is_ringing(&self) -> bool {
        self.lock().burst.is_some()
    }

    /// Waits until a burst is over; without one, so long.
    pub(super) fn wait(&self, pace: Pace, patience: Duration) -> Wake {
        let idle = Instant::now() + patience.clamp(WAITS.0, WAITS.1);
        let mut state = self.lock();
        loop {
            if state.is_over {
                return Wake::Over;
            }
            if state.is_asked {
                *state = State::default();
                return Wake::Asked;
            }
            let due = state.burst.map_or(idle, |burst| pace.due(burst));
            let lull = state.burst.filter(|_| state.told_ahead.is_none());
            let soon = lull.map(|it| it.1 + pace.lull.min(WAITS.1)).filter(|it| *it < due);
            let left = soon.unwrap_or(due).saturating_duration_since(Instant::now());
            if left.is_zero() {
                return state.wake(soon.is_some());
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake(&mut self, is_lull: bool) -> Wake {
        if is_lull {
            self.told_ahead = self.burst.map(|it| it.1);
            return Wake::Soon;
        }
        let told = self.told_ahead.take();
        match self.burst.take() {
            Some((first, last)) if told == Some(last) => Wake::Ready(first),
            Some((first, _)) => Wake::Changed(first),
            None => Wake::Idle,
        }
    }
}

impl Pace {
    fn due(self, (first, last): (Instant, Instant)) -> Instant {
        (last + self.quiet.min(WAITS.1)).min(first + self.burst_limit.min(WAITS.1))
    }
}
