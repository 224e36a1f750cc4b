//! The pipeline: one message, four stages, one transaction.
//!
//! ```text
//!                   ┌─────────────────── one transaction ────────────────────┐
//!  pre-validation ──┼─▶ pre-operation ──▶ main operation ──▶ post-operation ─┼─▶ response
//!        10         │        20                 30                 40        │      └─▶ jobs
//!                   └────────────────────────────────────────────────────────┘
//! ```
//!
//! Read `carry` from top to bottom and you have read the engine. Everything else in this module is
//! vocabulary: a [`Step`] says *when*, a [`Hook`] says *what*, the [`Context`] is what a hook sees, and
//! the [`Service`] is how a hook sends messages of its own.
//!
//! Invariants:
//!
//! - Only the main operation writes, and only inside the transaction. The engine's own records are no
//!   messages: that of a job is inserted where it is queued, and says what became of it where its effects are
//!   committed; the trace log is written apart.
//! - Once the transaction has begun, any error undoes everything done since, nested or not.
//! - An operation sees one generation, however long it runs.
//! - A hook can change the input until the main operation, and the output after it.

mod aside;
mod batch;
mod bulk;
mod bypass;
mod configuration;
mod context;
mod desk;
mod environment;
mod generation;
mod image;
mod job;
mod operation;
mod origin;
mod outcome;
mod parent;
mod plan;
mod properties;
mod recent;
mod service;
mod skip;
mod step;
mod trace_log;
mod transcript;

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(crate) use self::batch::run_together;
pub use self::configuration::Deployment;
pub use self::context::Context;
pub(crate) use self::environment::{Environment, Serving};
pub(crate) use self::generation::{Generation, Messages, Registered};
pub use self::generation::{StepError, StepProblem};
pub use self::image::Image;
pub use self::job::{JobChange, JobError, JobOutcome, JobRecord, JobState};
pub(crate) use self::job::{JobQueue, Shift, recall, recover, work};
pub(crate) use self::operation::{Call, Operation};
pub use self::origin::Origin;
pub use self::parent::ParentContext;
use self::recent::Ran;
pub(crate) use self::recent::Recent;
pub use self::recent::RecentStep;
pub use self::service::{OrganizationService, Service};
pub use self::step::{Hook, IsolationMode, Mode, Reach, Stage, Step};
pub(crate) use self::trace_log::TraceLog;
pub use self::trace_log::TraceRow;
pub(crate) use self::transcript::Recorder;
pub use self::transcript::{Aliases, Event, StepOutcome, Transcript};

use self::context::Running;
use self::desk::Desk;
use self::parent::Wrapper;
use self::plan::PlannedStep;
use self::transcript::Before;
use crate::error::{DataError, Error, Fault};
use crate::message::{Message, Parameters, Request, Response, Upsert, Upserted};
use crate::metadata::suggestion;
use crate::record::EntityReference;
use crate::store::StoreError;

/// What hooks of one message leave for those that run later, by name (V-11).
pub type Variables = Parameters;

/// How often a message is carried out again after it met others on the same records.
const ATTEMPT_LIMIT: u32 = 1_000;

/// The stack that one level of nesting may need, and how much is added where there is less.
const STACK: (usize, usize) = (256 * 1024, 2 * 1024 * 1024);

/// How deeply messages may nest where no step stands in the way (P-80): a circle of cascades, say.
const NESTING_LIMIT: u32 = 512;

/// Carries one message through its stages. Every message comes this way, nested or not.
pub(crate) fn run(call: Call, request: Request) -> Result<Response, Error> {
    stacker::maybe_grow(STACK.0, STACK.1, || match request {
        Request::Upsert(upsert) => run_upsert(call, upsert),
        single if call.operation.generation().hears_bulk_of(&single) => {
            bulk::run_as_bulk(call, single)
        }
        Request::Create(_)
        | Request::Retrieve(_)
        | Request::RetrieveMultiple(_)
        | Request::Update(_)
        | Request::Delete(_)
        | Request::CreateMultiple(_)
        | Request::UpdateMultiple(_)
        | Request::UpsertMultiple(_)
        | Request::DeleteMultiple(_)
        | Request::Associate(_)
        | Request::Disassociate(_)
        | Request::Assign(_)
        | Request::SetState(_)
        | Request::Custom(_) => run_event(&mut Context::open(call, request)),
    })
}

/// Upsert is no event of its own: it ends in Create or Update, whose steps run (M-30).
fn run_upsert(call: Call, upsert: Upsert) -> Result<Response, Error> {
    let asked = upsert.clone();
    let resolved = upsert.resolve(&mut Desk::of(&call));
    let resolved = match resolved {
        Ok(resolved) => resolved,
        Err(error) => return refuse(call, asked.into(), error),
    };
    let (entity, id) = (resolved.entity().into_owned(), resolved.primary_id());
    let upserted = match run(call, resolved)? {
        Response::Created(target) => Upserted { target, is_created: true },
        Response::Retrieved(_)
        | Response::Found(_)
        | Response::Upserted(_)
        | Response::CreatedMultiple(_)
        | Response::UpsertedMultiple(_)
        | Response::Custom(_)
        | Response::Done => {
            let target = EntityReference::new(entity, id.unwrap_or_default());
            Upserted { target, is_created: false }
        }
    };
    Ok(Response::Upserted(upserted))
}

/// Refuses a message that came to nothing, so that its transcript says so. Within a transaction, who
/// catches this saves nothing (E-12).
fn refuse(call: Call, request: Request, error: Error) -> Result<Response, Error> {
    let operation = Arc::clone(&call.operation);
    let ctx = Context::open(call, request);
    operation.note(|it| it.opened(&ctx));
    operation.doom(&error);
    let outcome = Err(error);
    operation.note(|it| it.closed(&ctx, &outcome));
    outcome
}

/// Carries one message, and sees to what its failure means for those around it.
fn run_event(ctx: &mut Context) -> Result<Response, Error> {
    let operation = Arc::clone(&ctx.call.operation);
    operation.note(|it| it.opened(ctx));

    let written = operation.written();
    let outcome = carry(ctx);

    if let Err(error) = &outcome
        && ctx.is_nested_in_transaction()
        && (ctx.dooms(error) || operation.written() != written)
    {
        operation.doom(error);
    }
    operation.note(|it| it.closed(ctx, &outcome));
    outcome
}

/// The machine, read top to bottom: a `?` after the begin rolls everything back.
fn carry(ctx: &mut Context) -> Result<Response, Error> {
    ctx.accept()?;
    ctx.capture_pre_image()?;
    run_stage(ctx, Stage::PreValidation)?;

    ctx.in_transaction(|ctx| {
        ctx.in_parts(|ctx| {
            ctx.prepare()?;
            run_stage(ctx, Stage::PreOperation)?;
            main_operation(ctx)?;
            ctx.capture_post_image()?;
            run_stage(ctx, Stage::PostOperation)?;
            ctx.queue_jobs()
        })
    })?;

    ctx.response.take().ok_or(Error::Bug("a message without an answer"))
}

/// Runs the steps of one stage in order of rank, and behind those of a bulk message those of its records
/// (M-44). The first fault stops the message (E-9).
fn run_stage(ctx: &mut Context, stage: Stage) -> Result<(), Error> {
    if !ctx.plan().at(stage).is_empty() {
        ctx.gather();
        run_steps(ctx, stage, 0)?;
        ctx.scatter();
    }
    if ctx.items.is_empty() { Ok(()) } else { bulk::run_stage_of_each(ctx, stage) }
}

/// Runs the steps of one stage, from that place on.
fn run_steps(ctx: &mut Context, stage: Stage, first: usize) -> Result<(), Error> {
    let operation = Arc::clone(&ctx.call.operation);
    let steps = operation.generation().plan(ctx.plan).at(stage);
    let (mut ran, mut index) = (Ran::default(), first);
    let outcome = loop {
        index = ctx.pass_by(steps, (stage, index));
        let Some(planned) = steps.get(index) else { break Ok(()) };
        if let Err(error) = run_step(ctx, (planned, stage), &mut ran) {
            break Err(error);
        }
        ran.push(index);
        index += 1;
    };
    ctx.remember(&mut ran);
    ctx.leave();
    outcome
}

/// Runs the step that has the context, and leaves its traces.
fn run_step(
    ctx: &mut Context,
    (planned, stage): (&PlannedStep, Stage),
    ran: &mut Ran,
) -> Result<(), Error> {
    ctx.check_depth(&planned.step)?;
    let is_self_contained = planned.reach == Reach::Target;
    if is_self_contained && !ctx.call.operation.is_heard {
        return execute(&*planned.hook, ctx)
            .or_else(|fault| ctx.fail((planned, stage), fault, ran));
    }
    let operation = Arc::clone(&ctx.call.operation);
    if !is_self_contained {
        ctx.remember(ran); // What it sends comes behind.
        operation.check_time()?;
    }
    let before = operation.is_recorded().then(|| Before::of(&ctx.request));
    operation.note(|it| it.entered(stage, planned));

    let mut outcome = execute(&*planned.hook, ctx);

    if !is_self_contained {
        outcome = outcome.and_then(|()| ctx.check_unturned());
        ctx.stage = stage;
        ctx.keep_tag();
    }
    operation.note(|it| it.left(ctx, before.as_ref(), &outcome));
    match outcome {
        Ok(()) => ctx.log(&planned.step, &outcome),
        Err(fault) => return ctx.fail((planned, stage), fault, ran),
    }
    if is_self_contained {
        return Ok(());
    }
    operation.is_in_transaction().map(drop) // Doomed: the step caught what cannot be caught.
}

/// Runs the hook. A hook that panics is a hook that broke: its message fails, and the engine goes on.
fn execute(hook: &dyn Hook, ctx: &mut Context) -> Result<(), Fault> {
    catch_unwind(AssertUnwindSafe(|| hook.execute(ctx))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Fault::failed(format!("the hook panicked: {}", text.unwrap_or_default())))
    })
}

/// Writes what the hooks left of the request.
fn main_operation(ctx: &mut Context) -> Result<(), Error> {
    ctx.stage = Stage::MainOperation;
    if ctx.is_bulk() {
        return bulk::write_each(ctx);
    }
    if ctx.message == Message::UpsertMultiple {
        return bulk::write_upserts(ctx);
    }
    let response = if let Request::Custom(custom) = &*ctx.request {
        let name = Arc::clone(&custom.message);
        custom_main_operation(ctx, &name)?
    } else {
        ctx.call.operation.note(Recorder::main_began);
        let written = ctx.at_desk(|request, desk| request.run(desk));
        ctx.call.operation.note(|it| it.wrote(ctx, written.as_ref().ok()));
        written?
    };
    ctx.response = Some(response);
    Ok(())
}

/// The main operation of a custom message is a hook: it reads the input and fills the output (M-62).
fn custom_main_operation(ctx: &mut Context, name: &str) -> Result<Response, Error> {
    let operation = Arc::clone(&ctx.call.operation);
    let messages = &operation.generation().messages;
    let message = messages.get(name).ok_or(Error::Bug("a message lost its definition"))?;
    if let Request::Custom(custom) = Arc::make_mut(&mut ctx.request) {
        message.definition.accept(custom)?; // Steps may have changed the parameters (E-28).
    }
    ctx.call.operation.note(Recorder::main_began);
    ctx.response = Some(Response::Custom(message.definition.default_output()));
    let outcome = execute(&*message.main, ctx).and_then(|()| ctx.check_unturned());
    ctx.call.operation.note(|it| it.main_ended(ctx, &outcome));
    ctx.keep_tag();
    outcome.map_err(|fault| ctx.failed((name, Stage::MainOperation), fault))?;
    operation.is_in_transaction()?;
    ctx.response.take().ok_or(Error::Bug("a message without an answer"))
}

/// What [`carry`] does with the context, in its order.
impl Context {
    /// Takes out what callers cannot send, resolves keys, and finds the steps that listen.
    fn accept(&mut self) -> Result<(), Error> {
        // First of all, so that whatever fails from here on dooms the transaction around it (E-12).
        self.is_in_transaction = self.call.operation.is_in_transaction()?;
        if !self.is_bulk() {
            self.call.operation.admit()?; // Of a bulk message, its records are counted.
        }
        if NESTING_LIMIT < self.call.depth {
            let step = String::new();
            return Err(Error::TooDeep { step, depth: self.call.depth, limit: NESTING_LIMIT });
        }
        self.call.check_options(&self.message)?;
        let request = Arc::make_mut(&mut self.request);
        if let Request::Custom(custom) = request {
            let messages = &self.call.operation.generation().messages;
            let message = messages.get(&custom.message).ok_or_else(|| {
                let known = messages.names();
                let message = custom.message.to_string();
                let suggestion = suggestion(&message, known).map(str::to_owned);
                DataError::UnknownMessage { message, suggestion }
            })?;
            message.definition.accept(custom)?;
        }
        request.accept(&mut Desk::of(&self.call))?;
        self.sent = Some(Arc::clone(&self.request));
        self.settle();
        if self.is_bulk() { self.accept_items() } else { Ok(()) }
    }

    /// Runs the body in the transaction: the one that is open, or one of its own.
    ///
    /// A message that met others on the same records is carried out again from here, with the same time
    /// and the same identities: what pre-validation did outside the transaction is not done twice.
    fn in_transaction(
        &mut self,
        body: impl Fn(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let operation = Arc::clone(&self.call.operation);
        self.wrap();
        if operation.is_in_transaction()? {
            return body(self);
        }
        let kept = self.keep();
        for attempt in 0..ATTEMPT_LIMIT {
            let mark = operation.begin(attempt)?;
            let outcome = self.refresh_pre_image().and_then(|()| body(self));
            match outcome.and_then(|()| operation.commit()) {
                Err(error) if error.is_conflict() => {
                    operation.roll_back();
                    operation.rewind(mark);
                    self.restore(&kept);
                }
                Err(error) => {
                    operation.roll_back();
                    return Err(error);
                }
                Ok(()) => return Ok(()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// Runs the body once, or twice where an update changes a state and more: first with all else, then
    /// with the state (M-19, M-22). The second part finds the record as the first left it.
    fn in_parts(&mut self, body: impl Fn(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        let second = self.split_off();
        body(self)?;
        let Some(mut second) = second else { return Ok(()) };
        second.capture_pre_image()?;
        body(&mut second)
    }

    /// Whether who catches this error saves nothing (E-12). A read may fail (E-13), but no step (P-30).
    fn dooms(&self, error: &Error) -> bool {
        !self.message.is_read()
            || self.call.operation.environment().settings.read_failure_dooms
            || matches!(error, Error::Step(_) | Error::TooDeep { .. })
            || error.is_conflict()
    }

    /// Whether a message around this one holds the transaction.
    fn is_nested_in_transaction(&self) -> bool {
        self.parent_is_open() && self.is_in_transaction
    }

    fn parent_is_open(&self) -> bool {
        self.call.parent.is_some()
    }

    /// Leaves what pre-validation knew in a wrapper, and starts the stages 20 and 40 afresh (V-4, P-66), in
    /// the transaction.
    fn wrap(&mut self) {
        self.is_in_transaction = true;
        if self.message.is_wrapped() {
            let shared = mem::replace(&mut self.shared, self.call.variables());
            self.wrapper = Some(Wrapper::new(self.request.primary_id(), shared));
        }
        self.items.iter_mut().for_each(Self::wrap);
    }

    /// What the platform does between the stages 10 and 20.
    fn prepare(&mut self) -> Result<(), Error> {
        if self.message.is_read() {
            return Ok(()); // Nothing is done, and no desk is made for it.
        }
        self.at_desk(|request, desk| request.prepare(desk))?;
        self.each_item(Self::prepare)
    }

    /// Queues the asynchronous steps: they run if the transaction commits (P-41).
    fn queue_jobs(&mut self) -> Result<(), Error> {
        if !self.plan().asynchronous.is_empty() {
            self.gather();
            self.queue_own_jobs()?;
        }
        self.each_item(Self::queue_jobs)
    }

    fn queue_own_jobs(&mut self) -> Result<(), Error> {
        let operation = Arc::clone(&self.call.operation);
        let mut has_looked = false;
        for planned in &operation.generation().plan(self.plan).asynchronous {
            if self.skips(planned) {
                let stage = Stage::PostOperation;
                operation.note(|it| it.skipped(stage, planned, self.why_skipped(planned)));
                continue;
            }
            if !mem::replace(&mut has_looked, true) {
                self.look_again()?;
            }
            operation.note(|it| it.queued(planned));
            operation.queue(job::Job::new(self, planned))?;
        }
        Ok(())
    }

    /// A step runs at depth 8 and not at 9; a message that no step hears may go deeper (P-75, P-80).
    fn check_depth(&self, step: &Step) -> Result<(), Error> {
        if self.is_too_deep() {
            let (step, depth) = (step.name().to_owned(), self.call.depth);
            return Err(Error::TooDeep { step, depth, limit: self.settings().depth_limit });
        }
        Ok(())
    }

    /// After a step: what belongs to it alone is gone.
    fn leave(&mut self) {
        self.caller = self.call.caller;
        self.running = Running::Nothing;
        self.keep_tag();
    }

    /// Lends the request out, with what main operations may use.
    fn at_desk<T>(
        &mut self,
        act: impl FnOnce(&mut Request, &mut Desk<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let meanwhile = Arc::clone(self.sent());
        let mut request = mem::replace(&mut self.request, meanwhile);
        let mut desk = Desk::within(self, &request);
        let outcome = act(Arc::make_mut(&mut request), &mut desk);
        self.request = request;
        outcome
    }
}
