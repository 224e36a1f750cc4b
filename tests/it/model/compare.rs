//! Plays a sequence on the engine and on the model, and looks for a difference after every message.

use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use rulegate::clock::{Clock, CountingIds, ManualClock};
use rulegate::pipeline::{Event, JobState, Transcript};
use rulegate::{Catalog, Engine, OrganizationService, Step, Value};
use rulegate_script::{Check, Diagnostic, LoadOptions, RuleSet, read_catalog};
use uuid::Uuid;

use super::catalog::{ACCOUNT_TASKS, LINKS, PAIR, RECORDS, SEEDED, entity_files, record};
use super::script::{Ask, Plan, Request, Row, Target, Tie, User};
use super::seen::fields;
use super::world::{Figures, MESSAGE_LIMIT, World, sort};
use super::{engine, rules};

/// A random sequence: steps, and the messages that callers send.
#[derive(Clone)]
pub(crate) struct Sequence {
    pub(crate) steps: Vec<Plan>,
    pub(crate) messages: Vec<Sent>,
}

/// A message from outside.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) user: User,
    pub(crate) ask: Ask,
}

/// The time at which every sequence begins.
const BEGINNING: i64 = 1_768_467_600;
/// How far time goes on before each message, and before the jobs run.
const PAUSE: i64 = 7;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    read_catalog(&entity_files(), None)
        .unwrap_or_else(|all| panic!("{}", Diagnostic::render_all(&all, false)))
});

/// Both sides of a sequence.
struct Pair {
    engine: Engine,
    clock: Arc<ManualClock>,
    model: World,
    /// The chains of messages that the engine's hooks saw, and the model's.
    chains: [Chains; 2],
}

/// Chains of messages, numbered in the order in which they were seen.
#[derive(Default)]
struct Chains(Vec<String>);

/// Plays a sequence on both sides; the figures of what came to pass, or the first difference.
pub(crate) fn play(sequence: &Sequence) -> Result<Figures, String> {
    let mut pair = Pair::new();
    pair.seed();
    pair.register(&sequence.steps);
    for (index, sent) in sequence.messages.iter().enumerate() {
        pair.send(sent).map_err(|difference| {
            format!("message {} of {}: {difference}", index + 1, sequence.messages.len())
        })?;
    }
    Ok(Figures { sequences: 1, ..pair.model.figures })
}

impl Pair {
    fn new() -> Self {
        let beginning = DateTime::<Utc>::from_timestamp(BEGINNING, 0).unwrap_or_default();
        let clock = Arc::new(ManualClock::at(beginning));
        let engine = Engine::builder(CATALOG.clone())
            .shared_clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .ids(CountingIds::default())
            .settings(|it| it.message_limit = MESSAGE_LIMIT)
            .build()
            .unwrap();
        let mut model = World::default();
        model.now = BEGINNING;
        for user in [User::System, User::Default] {
            model.put("systemuser", user.id(), Row::new());
        }
        Self { engine, clock, model, chains: Default::default() }
    }

    /// The records that are there before the steps are.
    fn seed(&mut self) {
        for (index, entity) in RECORDS.into_iter().take(SEEDED).enumerate() {
            let links = LINKS.into_iter().filter(|it| it.0 == index);
            let values = links.map(|(_, name, to)| (name.to_owned(), Value::Lookup(record(to))));
            let target = Target::new(entity, Some(index), values.collect());
            self.both(&Request::Create(target));
        }
        let tie = Tie { is_taken_away: false, relationship: ACCOUNT_TASKS };
        self.both(&Request::Link(tie, record(PAIR.0), vec![record(PAIR.1)]));
    }

    fn both(&mut self, request: &Request) {
        self.engine.execute(engine::sent(request, &self.engine.catalog())).unwrap();
        self.model.begin(request.clone(), User::Default.id()).unwrap();
    }

    fn register(&mut self, plans: &[Plan]) {
        let (rules, hooks): (Vec<_>, Vec<_>) = plans.iter().partition(|it| it.is_rule);
        let mut steps: Vec<Step> = hooks.into_iter().map(engine::step).collect();
        if !rules.is_empty() {
            let mut files = entity_files();
            files.extend(rules::files(&rules));
            let options = LoadOptions { check: Check::Syntax, ..LoadOptions::default() };
            let set = RuleSet::load(&files, Some(&CATALOG), &options);
            let set = set.unwrap_or_else(|all| panic!("{}", Diagnostic::render_all(&all, false)));
            steps.extend(set.steps);
        }
        self.engine.reload(CATALOG.clone(), steps).unwrap();
        self.model.steps = plans.iter().cloned().map(Rc::new).collect();
        sort(&mut self.model.steps);
        self.model.log.clear();
        self.model.figures = Figures::default();
    }

    fn pause(&mut self) {
        self.clock.advance(TimeDelta::seconds(PAUSE));
        self.model.now += PAUSE;
    }

    /// Sends a message on both sides, then runs the jobs, and compares all that came of it.
    fn send(&mut self, sent: &Sent) -> Result<(), String> {
        self.pause();
        let request = sent.ask.outside();
        let user = sent.user.id();
        let (transcript, outcome) =
            self.engine.as_user(user).trace(engine::sent(&request, &self.engine.catalog()));
        let expected = self.model.begin(request, user);

        self.model.figures.messages += 1;
        self.model.figures.rejected += u64::from(expected.is_err());
        let expected = expected.map_or_else(|it| it.words(), |_| "done".to_owned());
        let outcome = outcome.map_or_else(|it| engine::failure(&it), |_| "done".to_owned());
        self.same_log("what steps saw", &traced(&[transcript]))?;
        same("the outcome", &[outcome], &[expected])?;
        self.same_store("what is stored")?;
        same("the jobs that wait", &self.waiting(), &self.model.waiting())?;
        self.run_jobs()
    }

    fn run_jobs(&mut self) -> Result<(), String> {
        if self.model.jobs.is_empty() {
            return Ok(());
        }
        self.pause();
        let (transcripts, outcomes): (Vec<_>, Vec<_>) =
            self.engine.trace_jobs().into_iter().unzip();
        let done: Vec<String> = outcomes
            .iter()
            .map(|it| {
                let (job, code) = (&it.record, it.fault.as_ref().map(|it| it.code().to_string()));
                format!("{} {:?} {} {code:?}", job.step, job.state, job.retries)
            })
            .collect();
        let expected = self.model.run_jobs();
        self.same_log("what jobs saw", &traced(&transcripts))?;
        same("what became of jobs", &done, &expected)?;
        self.same_store("what jobs left")
    }

    /// Chains have other names on each side, and must be the same ones.
    fn same_log(&mut self, what: &str, found: &[String]) -> Result<(), String> {
        let expected = std::mem::take(&mut self.model.log);
        let [engine, model] = &mut self.chains;
        same(what, &engine.number(found), &model.number(&expected))
    }

    fn same_store(&self, what: &str) -> Result<(), String> {
        let found = engine::stored(&self.engine);
        let is_record = |it: &(&(String, Uuid), &Row)| it.0.0 != "systemuser";
        if self.model.store.iter().filter(is_record).eq(&found) {
            return Ok(());
        }
        let text =
            |((entity, id), row): (&(String, Uuid), &Row)| format!("{entity}({id}){}", fields(row));
        let expected: Vec<String> = self.model.store.iter().filter(is_record).map(text).collect();
        same(what, &found.iter().map(text).collect::<Vec<_>>(), &expected)
    }

    fn waiting(&self) -> Vec<String> {
        let jobs = self.engine.jobs();
        jobs.into_iter().filter(|it| it.state == JobState::Ready).map(|it| it.step).collect()
    }
}

impl World {
    fn waiting(&self) -> Vec<String> {
        self.jobs.iter().map(|it| it.plan.name.clone()).collect()
    }
}

/// The lines that hooks left, in order, with their chains numbered.
fn traced(transcripts: &[Transcript]) -> Vec<String> {
    let events = transcripts.iter().flat_map(Transcript::events);
    let line = |it: Event| if let Event::Trace { line, .. } = it { Some(line) } else { None };
    events.filter_map(line).collect()
}

/// Compares line by line.
fn same(what: &str, found: &[String], expected: &[String]) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    let at = found.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let line = |of: &[String]| of.get(at).cloned().unwrap_or_else(|| "nothing".to_owned());
    let (found, expected) = (line(found), line(expected));
    Err(format!("{what}, line {}\n  engine: {found}\n  model:  {expected}", at + 1))
}

impl Chains {
    fn number(&mut self, lines: &[String]) -> Vec<String> {
        let number = |line: &String| {
            let Some((seen, more)) = line.split_once(" # ") else { return line.clone() };
            let (chain, more) = more.split_once(' ').unwrap_or((more, ""));
            let found = self.0.iter().position(|it| it == chain).unwrap_or_else(|| {
                self.0.push(chain.to_owned());
                self.0.len() - 1
            });
            format!("{seen} # {found} {more}")
        };
        lines.iter().map(number).collect()
    }
}

impl fmt::Debug for Sequence {
    /// The sequence as rules and a run, to be put into files and played.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<&Plan> = self.steps.iter().collect();
        let files = rules::files(&steps);
        for file in files.iter().skip(1) {
            writeln!(f, "// {}\n{}", file.path, file.text)?;
        }
        writeln!(f, "// The run.\n{}", rules::run(&self.messages))?;
        files.first().map_or(Ok(()), |library| write!(f, "// {}{}", library.path, library.text))
    }
}
