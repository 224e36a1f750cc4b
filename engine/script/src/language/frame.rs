//! Frames: what the script that runs on this thread can reach.
//!
//! While a rule runs, its context lives in a frame of the thread's stack; a guard moves it back, also where
//! the rule panics. Scripts hold small handles: the number of their frame and a record in it. A handle that
//! outlived its frame is an error, never a dangling reference.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rhai::Dynamic;
use rulegate::{Context, Record};

use super::error::{Raise, Raised};
use super::value::record_bytes;
use crate::limits;
use crate::run::RunScene;

/// What the script that runs can reach.
pub(crate) struct Frame {
    serial: u64,
    pub(crate) scene: Scene,
    /// The records that the script holds: handles index them.
    records: Vec<Record>,
    record_limit: usize,
    pub(crate) query_limit: u32,
    pub(crate) variable_limit: usize,
}

/// Where the script stands.
pub(crate) enum Scene {
    /// Within a message: a rule.
    Rule(RuleScene),
    /// Outside of all messages: a run.
    Run(Box<RunScene>),
}

/// What a rule stands in.
pub(crate) struct RuleScene {
    pub(crate) ctx: Box<Context>,
    pub(crate) aliases: Arc<Aliases>,
}

/// The aliases of images that the step asks for, on whatever message.
#[derive(Debug)]
pub(crate) struct Aliases {
    pub(crate) pre: Vec<String>,
    pub(crate) post: Vec<String>,
}

/// A record that a script holds. Small, and worth nothing beyond its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordHandle {
    pub(crate) frame: u64,
    pub(crate) place: Place,
}

/// Which record of a frame a handle means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The target of the message.
    Target,
    /// A pre-image, by the index of its alias.
    Pre(usize),
    /// A post-image, by the index of its alias.
    Post(usize),
    /// A record that the message answers.
    Output,
    /// A record that the script read or made.
    Own(usize),
}

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
    static LAST_SERIAL: Cell<u64> = const { Cell::new(0) };
}

/// How much one frame may hold.
pub(crate) struct FrameLimits {
    pub(crate) records: usize,
    pub(crate) query: u32,
    pub(crate) variables: usize,
}

/// Lets the body run in a frame of a run, which it gets back.
pub(crate) fn enter_run<R>(
    scene: RunScene,
    limits: &FrameLimits,
    body: impl FnOnce() -> R,
) -> (Option<RunScene>, R) {
    let depth = FRAMES.with_borrow(Vec::len);
    push(Scene::Run(Box::new(scene)), limits);
    let result = body();
    let frame = FRAMES.with_borrow_mut(|it| {
        it.truncate(depth + 1);
        it.pop()
    });
    match frame.map(|it| it.scene) {
        Some(Scene::Run(scene)) => (Some(*scene), result),
        Some(Scene::Rule(_)) | None => (None, result),
    }
}

fn push(scene: Scene, limits: &FrameLimits) -> u64 {
    let serial = LAST_SERIAL.get() + 1;
    LAST_SERIAL.set(serial);
    let frame = Frame {
        serial,
        scene,
        records: Vec::new(),
        record_limit: limits.records,
        query_limit: limits.query,
        variable_limit: limits.variables,
    };
    FRAMES.with_borrow_mut(|it| it.push(frame));
    serial
}

/// Lets the body run as a rule on the context, and moves the context back, also if the body panics.
pub(crate) fn enter_rule<R>(
    ctx: &mut Context,
    aliases: &Arc<Aliases>,
    limits: &FrameLimits,
    body: impl FnOnce(u64) -> R,
) -> R {
    let scene = RuleScene { ctx: ctx.take(), aliases: Arc::clone(aliases) };
    let depth = FRAMES.with_borrow(Vec::len);
    let _guard = Guard { ctx, depth };
    let serial = push(Scene::Rule(scene), limits);
    body(serial)
}

/// Takes the rule's frame down and gives the context back.
struct Guard<'a> {
    ctx: &'a mut Context,
    depth: usize,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let own = FRAMES.with_borrow_mut(|it| {
            it.truncate(self.depth + 1);
            it.pop()
        });
        if let Some(Frame { scene: Scene::Rule(scene), .. }) = own {
            *self.ctx = *scene.ctx;
        }
    }
}

/// Looks into the frame of the script that runs.
pub(crate) fn top<R>(look: impl FnOnce(&mut Frame) -> Raised<R>) -> Raised<R> {
    FRAMES.with_borrow_mut(|it| match it.last_mut() {
        Some(frame) => look(frame),
        None => Err(Raise::text("no script runs on this thread")),
    })
}

/// Looks into the frame of a handle, which must be that of the script that runs.
pub(crate) fn at<R>(serial: u64, look: impl FnOnce(&mut Frame) -> Raised<R>) -> Raised<R> {
    top(|frame| {
        if frame.serial != serial {
            return Err(Raise::text("this record or context belongs to a message that is over"));
        }
        look(frame)
    })
}

impl Frame {
    /// The context, in a rule.
    pub(crate) fn ctx(&self) -> Raised<&Context> {
        match &self.scene {
            Scene::Rule(scene) => Ok(&scene.ctx),
            Scene::Run(_) => {
                Err(Raise::text("a run stands outside of all messages and has no context"))
            }
        }
    }

    /// The context, in a rule, to be changed.
    pub(crate) fn ctx_mut(&mut self) -> Raised<&mut Context> {
        match &mut self.scene {
            Scene::Rule(scene) => Ok(&mut scene.ctx),
            Scene::Run(_) => {
                Err(Raise::text("a run stands outside of all messages and has no context"))
            }
        }
    }

    /// The rule's scene.
    pub(crate) fn rule(&self) -> Raised<&RuleScene> {
        match &self.scene {
            Scene::Rule(scene) => Ok(scene),
            Scene::Run(_) => {
                Err(Raise::text("a run stands outside of all messages and has no context"))
            }
        }
    }

    /// Keeps a record for the script, and hands it a handle.
    pub(crate) fn keep(&mut self, record: Record) -> Raised<Dynamic> {
        if self.record_limit <= self.records.len() {
            return Err(Raise::limit(format!("{} records held by one rule", self.record_limit)));
        }
        Raise::within(limits::keep(record_bytes(&record), 0))?;
        self.records.push(record);
        let place = Place::Own(self.records.len() - 1);
        Ok(Dynamic::from(RecordHandle { frame: self.serial, place }))
    }

    /// A handle to one of the records that the message itself has.
    pub(crate) fn handle(&self, place: Place) -> Dynamic {
        Dynamic::from(RecordHandle { frame: self.serial, place })
    }

    /// The records that the script holds, by the indexes of their handles.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// One of the script's own records.
    pub(crate) fn own(&self, index: usize) -> Raised<&Record> {
        self.records.get(index).ok_or_else(|| Raise::text("this record is not there"))
    }

    /// One of the script's own records, to be changed.
    pub(crate) fn own_mut(&mut self, index: usize) -> Raised<&mut Record> {
        self.records.get_mut(index).ok_or_else(|| Raise::text("this record is not there"))
    }
}
