//! Runs: scripts that send messages from outside, as a client would, and the transcript of what they caused.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use rhai::{Dynamic, FnPtr, INT, Map, NativeCallContext};
use rulegate::clock::{CountingIds, ManualClock};
use rulegate::engine::{BuildError, Client, EngineBuilder};
use rulegate::error::Error;
use rulegate::message::Custom;
use rulegate::pipeline::{Aliases, Transcript};
use rulegate::{Catalog, Engine, Fault, OrganizationService, Record, Request, Response};

use crate::diagnostic::{Diagnostic, span_of_word};
use crate::entity_file::SourceFile;
use crate::language;
use crate::language::error::{Ended, Raise, Raised, Thrown, ended};
use crate::language::frame::{self, FrameLimits, Scene};
use crate::language::service::user;
use crate::language::value::required_reference;
use crate::limits::{Limits, on_budget};
use crate::rule_set::RuleSet;
use crate::script::{Kind, Parsed};

/// The time at which every run begins: the same for all, so that a transcript does not age.
const BEGINNING: i64 = 1_768_467_600; // 2026-01-15T09:00:00Z, a Thursday

/// A fresh engine for one run: an empty store, a clock that stands still, identities that count.
#[derive(Debug)]
pub struct Playground {
    engine: Engine,
    clock: Arc<ManualClock>,
    limits: Limits,
}

/// What playing a run came to.
#[derive(Debug, Clone, Default)]
pub struct Played {
    /// What happened, in words.
    pub transcript: String,
    /// Why the run did not come to its end, or which of its own demands was not met.
    pub failure: Option<Diagnostic>,
    /// Where steps broke that nobody expected to: the step, what went wrong, file and line. No part of
    /// the transcript, which a comment above a line must not change.
    pub broken: Vec<String>,
    /// The steps that ran.
    pub steps: BTreeSet<String>,
    /// Whether a rule said no to a message that the run did not expect to be refused.
    pub is_rejected: bool,
}

/// Where a run stands.
#[derive(Debug)]
pub(crate) struct RunScene {
    engine: Engine,
    client: Client,
    clock: Arc<ManualClock>,
    text: String,
    aliases: Aliases,
    /// How many `expect_error` are open: within one, a refusal is an error of the script's.
    expecting: u32,
    broken: Vec<String>,
    steps: BTreeSet<String>,
    is_rejected: bool,
}

impl Playground {
    /// An engine with the rules of a set and whatever the host installs.
    pub fn new(
        set: &RuleSet,
        install: impl FnOnce(&mut EngineBuilder),
        limits: &Limits,
    ) -> Result<Self, BuildError> {
        let beginning = DateTime::from_timestamp(BEGINNING, 0).unwrap_or_default();
        let clock = Arc::new(ManualClock::at(beginning));
        let mut builder = Engine::builder(set.catalog.clone())
            .shared_clock(Arc::clone(&clock) as Arc<dyn rulegate::clock::Clock>)
            .ids(CountingIds::default());
        install(&mut builder);
        let engine = builder.build()?;
        engine.reload(set.catalog.clone(), set.steps.clone())?;
        Ok(Self { engine, clock, limits: limits.for_runs() })
    }

    /// The engine, to look at what a run left.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Plays a run. A message that is refused leaves its trace, and the run goes on.
    pub fn play(&self, file: &SourceFile) -> Played {
        let scene = RunScene {
            engine: self.engine.clone(),
            client: self.engine.as_user(rulegate::bootstrap::DEFAULT_USER),
            clock: Arc::clone(&self.clock),
            text: String::new(),
            aliases: Aliases::default(),
            expecting: 0,
            broken: Vec::new(),
            steps: BTreeSet::new(),
            is_rejected: false,
        };
        let limits = FrameLimits {
            records: self.limits.records,
            query: self.limits.query_size,
            variables: self.limits.shared_variables,
        };
        let (scene, failure) = frame::enter_run(scene, &limits, || self.run(file));
        let Some(mut scene) = scene else {
            let failure =
                Some(Diagnostic::error("run", "the run lost its place").in_file(&file.path));
            return Played { failure, ..Played::default() };
        };
        if let Some(failure) = &failure {
            let words = scene.aliases.apply(&failure.message);
            let _ = writeln!(scene.text, "✘ the run stopped: {words}");
        }
        let RunScene { text, broken, steps, is_rejected, .. } = scene;
        Played { transcript: text, failure, broken, steps, is_rejected }
    }

    fn run(&self, file: &SourceFile) -> Option<Diagnostic> {
        let parser = language::parser(&self.limits);
        let parsed = match Parsed::new(file, (&parser, &self.limits), Kind::Run) {
            Ok(parsed) => parsed,
            Err(problems) => return problems.into_iter().next(),
        };
        let mut names = BTreeSet::new();
        parsed.properties(&mut names);
        let mut rhai = language::engine(&self.engine.catalog(), &names, &self.limits);
        register(&mut rhai);
        let ast = match parsed.compile(&rhai) {
            Ok(ast) => ast,
            Err(problem) => return Some(*problem),
        };
        let far = Instant::now() + Duration::from_hours(1);
        let (ran, _) = on_budget(&self.limits, far, || {
            rhai.run_ast(&ast).map_err(|error| Box::new(stopped(file, ended(error))))
        });
        ran.err().map(|it| *it)
    }
}

/// What is wrong with a run before anybody plays it.
pub fn check_run(file: &SourceFile, limits: &Limits) -> Vec<Diagnostic> {
    let limits = limits.for_runs();
    Parsed::new(file, (&language::parser(&limits), &limits), Kind::Run).err().unwrap_or_default()
}

/// What ended a run before its end, as its author sees it.
fn stopped(file: &SourceFile, ended: Ended) -> Diagnostic {
    let Ended { fault, position, .. } = ended;
    let found = Diagnostic::error("run", fault.to_string());
    match position.line() {
        Some(line) => {
            let span = span_of_word(&file.text, line, position.position().unwrap_or(1));
            found.at(&file.path, Arc::clone(&file.text), span)
        }
        None => found.in_file(&file.path),
    }
}

/// The words that runs have beside those of rules.
fn register(rhai: &mut rhai::Engine) {
    rhai.register_fn("as_user", |of: Dynamic| -> Raised<()> {
        let user = user(&of)?.id;
        scene(|it| it.client = it.engine.as_user(user))
    })
    .register_fn("as_user", || {
        scene(|it| it.client = it.engine.as_user(rulegate::bootstrap::DEFAULT_USER))
    })
    .register_fn("advance_days", |days: INT| -> Raised<()> {
        let by = TimeDelta::try_days(days).ok_or_else(|| Raise::text("that is too far away"))?;
        scene(|it| it.clock.advance(by))
    })
    .register_fn("advance_to", |to: DateTime<Utc>| scene(|it| it.clock.set(to)))
    .register_fn("win", |of: Dynamic| close("Win", &of, (&Map::new(), -1)))
    .register_fn("win", |of: Dynamic, values: Map| close("Win", &of, (&values, -1)))
    .register_fn("lose", |of: Dynamic| close("Lose", &of, (&Map::new(), -1)))
    .register_fn("lose", |of: Dynamic, values: Map| close("Lose", &of, (&values, -1)))
    .register_fn("assert", |holds: bool| assert(holds, "an assertion does not hold"))
    .register_fn("assert", |holds: bool, message: &str| assert(holds, message))
    .register_fn("expect_error", expect_error);
}

/// Wins or loses an opportunity.
fn close(message: &str, of: &Dynamic, (values, status): (&Map, INT)) -> Raised<()> {
    let opportunity = required_reference(of, &message.to_lowercase())?;
    let catalog = scene(|it| it.catalog())?;
    let entity = catalog.entity("opportunityclose").map_err(Raise::error)?;
    let mut record =
        Record::new(entity).with("opportunityid", &opportunity).map_err(Raise::error)?;
    let mut status = status;
    for (name, value) in values {
        if name == "status" {
            status = value.as_int().unwrap_or(status);
            continue;
        }
        let (ordinal, value) = language::record::converted(entity, name, value)?;
        record.put(ordinal, value);
    }
    let request = Custom::new(message).with("OpportunityClose", record).with("Status", status);
    send(request.into()).map(drop).map_err(Raise::error)
}

fn assert(holds: bool, message: &str) -> Raised<()> {
    if holds { Ok(()) } else { Err(Raise::text(format!("assertion failed: {message}"))) }
}

/// Runs the body, which must fail with that code: a rule's own, the engine's, or Dataverse's number.
#[expect(clippy::needless_pass_by_value, reason = "Rhai hands its arguments over by value")]
fn expect_error(context: NativeCallContext<'_>, code: &str, body: FnPtr) -> Raised<()> {
    scene(|it| it.expecting += 1)?;
    let outcome: Raised<Dynamic> = body.call_within_context(&context, ());
    scene(|it| it.expecting -= 1)?;
    let Err(error) = outcome else {
        return Err(Raise::text(format!("expected the error `{code}`, and nothing failed")));
    };
    let (codes, message) = codes(error);
    if codes.iter().any(|it| it == code) {
        return Ok(());
    }
    Err(Raise::text(format!(
        "expected the error `{code}`, and got `{}`: {message}",
        codes.join("`, `")
    )))
}

/// All codes by which an error is known, and its words.
fn codes(error: Box<rhai::EvalAltResult>) -> (Vec<String>, String) {
    let mut own = Vec::new();
    if let rhai::EvalAltResult::ErrorRuntime(value, _) = error.unwrap_inner()
        && let Some(thrown) = value.read_lock::<Thrown>()
    {
        own.push(thrown.code.clone());
    }
    let fault = ended(error).fault;
    if let Fault::Nested(error) = &fault {
        own.extend(error.rejection().and_then(|it| it.code.clone()));
        own.push(format!("0x{:08X}", error.number()));
    }
    own.push(fault.code().to_string());
    own.sort();
    own.dedup();
    (own, fault.to_string())
}

/// Sends a message of a run, and takes down what it caused.
pub(crate) fn send(request: Request) -> Result<Response, Error> {
    let Ok((engine, client)) = scene(|it| (it.engine.clone(), it.client.clone())) else {
        return Err(Error::Over);
    };
    let (transcript, outcome) = client.trace(request);
    let jobs = engine.trace_jobs();
    let is_expected = scene(|it| {
        it.write(&transcript);
        for (transcript, _) in &jobs {
            it.write(transcript);
        }
        let is_rejected = outcome.as_ref().is_err_and(|error| error.rejection().is_some());
        it.is_rejected |= is_rejected && it.expecting == 0;
        if it.expecting == 0 {
            let failed = outcome.as_ref().err().and_then(Error::step);
            it.broken.extend(failed.and_then(|step| broken(&step.step, &step.fault)));
        }
        let failed = jobs.iter().filter_map(|(_, job)| Some((job, job.fault.as_ref()?)));
        it.broken.extend(failed.filter_map(|(job, fault)| broken(&job.record.step, fault)));
        it.expecting != 0
    });
    match outcome {
        Err(_) if is_expected.is_ok_and(|it| !it) => Ok(Response::Done), // The transcript says it.
        outcome => outcome,
    }
}

/// A step that broke, in one line; nothing for one that said no.
fn broken(step: &str, fault: &Fault) -> Option<String> {
    match fault {
        Fault::Failed(_) | Fault::Limit(_) => Some(format!("{step}: {fault}")),
        Fault::Nested(error) => match error.step() {
            Some(inner) => broken(&inner.step, &inner.fault),
            None => Some(format!("{step}: {error}")),
        },
        Fault::Rejected(_) => None,
    }
}

fn scene<R>(body: impl FnOnce(&mut RunScene) -> R) -> Raised<R> {
    frame::top(|frame| match &mut frame.scene {
        Scene::Run(scene) => Ok(body(scene)),
        Scene::Rule(_) => Err(Raise::text("only a run can do this")),
    })
}

impl RunScene {
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        self.engine.catalog()
    }

    /// Leaves a line of the run's own.
    pub(crate) fn note(&mut self, line: &str) {
        let line = self.aliases.apply(line);
        let _ = writeln!(self.text, "· {line}");
    }

    fn write(&mut self, transcript: &Transcript) {
        self.steps.extend(transcript.steps_that_ran().map(str::to_owned));
        let text = transcript.render(&mut self.aliases);
        self.text.push_str(&text);
    }
}
