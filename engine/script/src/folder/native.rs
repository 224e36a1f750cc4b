//! The system's own watch: rings when something changed where a rules folder can change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::debounce::Debouncer;
use super::places::{Interest, Places};

/// The system's own watch over some places. Each is watched by itself rather than all below the
/// folder: what is hidden costs nothing, and links are watched where they lie and where they lead.
#[derive(Debug)]
pub(super) struct NativeWatch {
    watcher: Option<RecommendedWatcher>,
    shared: Arc<Shared>,
    /// Why not every place is watched; none where all are.
    pub(super) failure: Option<String>,
}

#[derive(Debug)]
struct Shared {
    debouncer: Arc<Debouncer>,
    watched: Mutex<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    places: Places,
    /// Places that went, or were put in another's place: their watch may be gone with them.
    lost: BTreeSet<PathBuf>,
}

impl NativeWatch {
    /// A watch that rings there.
    pub(super) fn new(debouncer: Arc<Debouncer>) -> Self {
        let shared = Arc::new(Shared { debouncer, watched: Mutex::default() });
        let heard = Arc::clone(&shared);
        match notify::recommended_watcher(move |event| heard.hear(event)) {
            Ok(watcher) => Self { watcher: Some(watcher), shared, failure: None },
            Err(error) => Self { failure: Some(error.to_string()), ..Self::none(shared) },
        }
    }

    /// No watch at all.
    pub(super) fn off(debouncer: Arc<Debouncer>) -> Self {
        let shared = Arc::new(Shared { debouncer, watched: Mutex::default() });
        Self { failure: Some("it was asked for".to_owned()), ..Self::none(shared) }
    }

    fn none(shared: Arc<Shared>) -> Self {
        Self { watcher: None, shared, failure: None }
    }

    /// Watches these places and no other. Whether that was a change: what happened there before was
    /// not seen.
    pub(super) fn turn_to(&mut self, places: &Places) -> bool {
        let Some(watcher) = &mut self.watcher else { return false };
        let (gone, new) = self.shared.differences(places);
        if gone.is_empty() && new.is_empty() {
            return false;
        }
        for place in &gone {
            // A watch that went with its directory cannot be ended: it is what was wanted.
            let _ = watcher.unwatch(place);
        }
        self.shared.lock().places = places.clone();
        self.failure = None;
        for place in &new {
            if let Err(error) = watcher.watch(place, RecursiveMode::NonRecursive) {
                self.shared.lock().places.0.remove(place);
                self.failure = Some(error.to_string());
            }
        }
        true
    }
}

impl Shared {
    /// Takes an event of the system's. Reading raises events, too, and they are no change.
    fn hear(&self, event: notify::Result<Event>) {
        let Ok(event) = event else { return self.debouncer.ring() };
        if matches!(event.kind, EventKind::Access(_)) {
            return;
        }
        let mut watched = self.lock();
        if event.need_rescan() {
            watched.lose(Path::new(""));
        } else if !is_write(&event) {
            event.paths.iter().for_each(|it| watched.lose(it));
        }
        let places = &watched.places;
        let matters = event.need_rescan()
            || event.paths.is_empty()
            || event.paths.iter().any(|it| places.matter(it));
        drop(watched);
        if matters {
            self.debouncer.ring();
        }
    }

    /// The watches to end, and those to begin.
    fn differences(&self, places: &Places) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let mut watched = self.lock();
        let lost = std::mem::take(&mut watched.lost);
        let is_kept = |(path, interest): (&PathBuf, &Interest), in_: &Places| {
            let other = in_.0.get(path);
            !lost.contains(path) && other.is_some_and(|it| it.identity == interest.identity)
        };
        let missing = |of: &Places, in_: &Places| {
            of.0.iter().filter(|it| !is_kept(*it, in_)).map(|it| it.0.clone()).collect::<Vec<_>>()
        };
        let gone = missing(&watched.places, places);
        let new = missing(places, &watched.places);
        if gone.is_empty() && new.is_empty() {
            watched.places = places.clone(); // The names that matter may be others.
        }
        (gone, new)
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// The path is another's, or nobody's: so is what lay below it.
    fn lose(&mut self, path: &Path) {
        let below = self.places.0.keys().filter(|it| it.starts_with(path));
        self.lost.extend(below.cloned());
    }
}

/// Whether the event leaves every directory where it is.
fn is_write(event: &Event) -> bool {
    matches!(event.kind, EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)))
}
