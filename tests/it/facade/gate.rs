//! A hook that stands still until it is let go on, and futures that a test polls by hand.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{self, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use rulegate::{Context, Hook};

/// How long a test waits for what must come, before it fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// Holds the message about one name, until it is opened.
pub(super) struct Gate {
    came: Receiver<()>,
    let_on: Sender<()>,
}

impl Gate {
    /// A gate for the record of that name, and the hook that stands at it.
    pub(super) fn new(name: &'static str) -> (Self, impl Hook + 'static) {
        let (at_gate, came) = channel();
        let (let_on, open) = channel();
        let open = Mutex::new(open);
        let hook = move |ctx: &mut Context| {
            if ctx.target().and_then(|it| it.get("name")) == Some(&name.into()) {
                at_gate.send(()).unwrap();
                open.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            }
            Ok(())
        };
        (Self { came, let_on }, hook)
    }

    /// Waits until the message stands at the gate.
    pub(super) fn wait(&self) {
        self.came.recv_timeout(PATIENCE).unwrap();
    }

    /// Lets it go on.
    pub(super) fn open(&self) {
        self.let_on.send(()).unwrap();
    }
}

/// An executor without a runtime: it polls, and counts how often it is woken.
pub(super) struct Wakes(Arc<Counter>);

struct Counter {
    woken: AtomicUsize,
    thread: Thread,
}

impl Wakes {
    pub(super) fn poll<F: Future + ?Sized>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(&self.0));
        future.poll(&mut task::Context::from_waker(&waker))
    }

    pub(super) fn count(&self) -> usize {
        self.0.woken.load(Ordering::SeqCst)
    }

    /// Waits until it has been woken.
    pub(super) fn wait(&self) {
        while self.count() == 0 {
            thread::park_timeout(PATIENCE);
        }
    }
}

impl Default for Wakes {
    fn default() -> Self {
        Self(Arc::new(Counter { woken: AtomicUsize::new(0), thread: thread::current() }))
    }
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.woken.fetch_add(1, Ordering::SeqCst);
        self.thread.unpark();
    }
}
