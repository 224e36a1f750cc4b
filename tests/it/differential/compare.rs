//! Plays the same messages on two engines, whose rules run one way and the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use rulegate::pipeline::Transcript;
use rulegate::{
    Catalog, Engine, Error, ErrorCode, Fault, OrganizationService, Query, Record, Response, Step,
};
use rulegate_script::{Check, Diagnostic, Execution, LoadOptions, RuleSet, SourceFile, Way};

use super::catalog::{ENTITIES, THING, builder, files, identity, record};
use super::record::{ACCOUNTS, CHILDREN, Play, What, filled};
use super::rule::Rule;

/// What one rule may do: little, so that a loop without an end takes no time.
const OPERATIONS: u64 = 4_000;

/// The two ways.
const WAYS: [Execution; 2] = [Execution::Lowered, Execution::Interpreted];

/// What was played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) rules: u64,
    /// Rules that do not load, for the same reasons both ways.
    pub(crate) refused: u64,
    /// Rules of which the body, or at least the guard, is native.
    pub(crate) lowered: u64,
    /// Messages that a rule heard.
    pub(crate) pairs: u64,
    pub(crate) rejected: u64,
    pub(crate) failed: u64,
    /// Messages after which the two ways had counted operations differently, so that the rest was not played.
    pub(crate) limits: u64,
}

impl std::ops::Add for Figures {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            rules: self.rules + more.rules,
            refused: self.refused + more.refused,
            lowered: self.lowered + more.lowered,
            pairs: self.pairs + more.pairs,
            rejected: self.rejected + more.rejected,
            failed: self.failed + more.failed,
            limits: self.limits + more.limits,
        }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rules, refused, lowered, pairs, rejected, failed, limits } = self;
        write!(
            f,
            "rules {rules} not-loaded {refused} lowered {lowered} pairs {pairs} rejected {rejected} failed {failed} \
             counted-differently {limits}"
        )
    }
}

/// Why a message or a job failed.
pub(crate) struct Failure {
    pub(crate) is_rejection: bool,
    pub(crate) code: ErrorCode,
    pub(crate) text: String,
}

/// Rules, read both ways.
pub(crate) struct Loaded {
    catalog: Catalog,
    steps: [Vec<Step>; 2],
    ways: BTreeMap<String, Way>,
    pub(crate) refused: BTreeSet<usize>,
}

/// Reads rules both ways. Those that do not load are left out, where both ways say the same of them.
pub(crate) fn load(rules: &[Rule]) -> Result<Loaded, String> {
    let mut refused = BTreeSet::new();
    loop {
        let mut sources = files();
        let kept = rules.iter().enumerate().filter(|(index, _)| !refused.contains(index));
        sources.extend(kept.map(|(index, it)| SourceFile::new(path(index), it.text.as_str())));
        match WAYS.map(|way| read(&sources, way)) {
            [Ok(one), Ok(other)] => {
                let RuleSet { catalog, ways, .. } = one;
                return Ok(Loaded { catalog, steps: [one.steps, other.steps], ways, refused });
            }
            [Err(one), Err(other)] if one == other => {
                let named = (0..rules.len()).filter(|it| one.iter().any(|at| at.file == path(*it)));
                let before = refused.len();
                refused.extend(named);
                if refused.len() == before {
                    return Err(Diagnostic::render_all(&one, false));
                }
            }
            [one, other] => {
                let said = |it: Result<RuleSet, Vec<Diagnostic>>| {
                    it.err().map(|it| Diagnostic::render_all(&it, false))
                };
                return Err(format!("loaded {:#?}\nand {:#?}", said(one), said(other)));
            }
        }
    }
}

fn read(sources: &[SourceFile], execution: Execution) -> Result<RuleSet, Vec<Diagnostic>> {
    let mut options = LoadOptions { execution, check: Check::Syntax, ..LoadOptions::default() };
    options.limits.operations = OPERATIONS;
    options.limits.time = Duration::from_hours(1);
    RuleSet::load(sources, None, &options)
}

/// The path of a rule in its set.
pub(crate) fn path(index: usize) -> String {
    format!("rules/{THING}/rule{index}.rhai")
}

/// The name of a rule's step.
pub(crate) fn name(index: usize) -> String {
    format!("{THING}/rule{index}")
}

/// What a message came to.
#[derive(Debug, PartialEq)]
struct Outcome {
    transcript: Transcript,
    answer: String,
    jobs: Vec<(Transcript, String)>,
    stored: Vec<String>,
}

impl Loaded {
    /// Plays messages on one of the rules. `is_thorough` looks at all records after each of them.
    pub(crate) fn play(
        &self,
        index: usize,
        play: &Play,
        is_thorough: bool,
    ) -> Result<Figures, String> {
        let [one, other] = self.steps.each_ref().map(|it| self.engine(it, index, play));
        let way = self.ways.get(&name(index));
        let lowered = u64::from(way.is_some_and(|it| it.is_native || it.has_guard));
        let mut figures = Figures { rules: 1, lowered, ..Figures::default() };
        for (number, ask) in play.asks.iter().enumerate() {
            let is_last = number + 1 == play.asks.len();
            let sent = [&one, &other].map(|it| self.send(it, &ask.what, ask.is_traced));
            let [(mut lowered, kind), (mut interpreted, _)] = sent;
            figures.pairs += 1;
            figures.rejected += u64::from(kind == Ended::Rejected);
            figures.failed += u64::from(kind == Ended::Failed);
            if is_last || is_thorough {
                lowered.stored = stored(&one);
                interpreted.stored = stored(&other);
            }
            if lowered == interpreted {
                continue;
            }
            if lowered.is_counted() || interpreted.is_counted() {
                figures.limits += 1;
                break; // From here on, other records are there.
            }
            return Err(format!(
                "{}\n\n── lowered\n{}\n── interpreted\n{}",
                ask.what.words(),
                lowered.words(),
                interpreted.words()
            ));
        }
        Ok(figures)
    }

    /// Rules that run as they are.
    pub(crate) fn one_way(catalog: Catalog, steps: Vec<Step>) -> Self {
        let ways = BTreeMap::new();
        Self { catalog, steps: [steps.clone(), steps], ways, refused: BTreeSet::new() }
    }

    /// Plays messages on one of the rules, its jobs too, and hands over what each came to.
    pub(crate) fn each(
        &self,
        index: usize,
        play: &Play,
        mut look: impl FnMut(&What, Option<Failure>),
    ) {
        let [steps, _] = &self.steps;
        let engine = self.engine(steps, index, play);
        for ask in &play.asks {
            let answer = engine.execute(ask.what.request(&self.catalog)).err();
            let failure = answer.map(|it| Failure {
                is_rejection: it.rejection().is_some(),
                code: it.code(),
                text: it.to_string(),
            });
            look(&ask.what, failure);
            for (_, job) in engine.trace_jobs() {
                let failure = job.fault.map(|it| Failure {
                    is_rejection: matches!(it, Fault::Rejected(_)),
                    code: it.code(),
                    text: it.to_string(),
                });
                look(&ask.what, failure);
            }
        }
    }

    /// An engine with the records that are there before, and one rule.
    fn engine(&self, steps: &[Step], index: usize, play: &Play) -> Engine {
        let engine = builder(self.catalog.clone()).build().unwrap();
        seed(&engine, &self.catalog, play);
        let name = name(index);
        let own = steps.iter().filter(|it| it.name() == name).cloned().collect();
        engine.reload(self.catalog.clone(), own).unwrap();
        engine
    }

    fn send(&self, engine: &Engine, what: &What, is_traced: bool) -> (Outcome, Ended) {
        if let What::Delete(thing) = what
            && engine.retrieve(&record(THING, *thing)).is_err()
        {
            // It was deleted before: it comes back, and no rule that hears Delete hears of it.
            let thing = filled(&self.catalog, Some(*thing), &Vec::new());
            let _ = engine.create(thing);
        }
        let request = what.request(&self.catalog);
        let (transcript, answer) = if is_traced {
            engine.trace(request)
        } else {
            (Transcript::default(), engine.execute(request))
        };
        let ended = Ended::of(&answer);
        let jobs = engine.trace_jobs().into_iter();
        let jobs = jobs.map(|(transcript, it)| {
            (transcript, format!("{:?} {}", it.record, said(it.fault.as_ref())))
        });
        let outcome = Outcome {
            transcript,
            answer: shown(&answer),
            jobs: jobs.collect(),
            stored: Vec::new(),
        };
        (outcome, ended)
    }
}

fn seed(engine: &Engine, catalog: &Catalog, play: &Play) {
    let named = |entity: &str, index: usize| {
        Record::of(catalog.entity(entity).unwrap(), identity(entity, index))
    };
    for index in 0..ACCOUNTS {
        let whole = i64::try_from(index).unwrap_or(0) * 10;
        let account = named("account", index).with("name", format!("Account {index}")).unwrap();
        engine.create(account.with("whole", whole).unwrap()).unwrap();
    }
    engine.create(named("contact", 0).with("name", "Ann").unwrap()).unwrap();
    for index in 0..CHILDREN {
        let count = i64::try_from(index).unwrap_or(0) * 5 - 5;
        let child = named("child", index).with("name", format!("Child {index}")).unwrap();
        let child = child.with("count", count).unwrap();
        engine.create(child.with("price", rust_decimal::Decimal::new(1999, 2)).unwrap()).unwrap();
    }
    for (index, row) in play.things.iter().enumerate() {
        if engine.create(filled(catalog, Some(index), row)).is_err() {
            engine.create(filled(catalog, Some(index), &Vec::new())).unwrap();
        }
    }
}

/// How a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Well,
    Rejected,
    Failed,
}

impl Ended {
    fn of(answer: &Result<Response, Error>) -> Self {
        match answer {
            Ok(_) => Self::Well,
            Err(error) if error.rejection().is_some() => Self::Rejected,
            Err(_) => Self::Failed,
        }
    }
}

/// The answer, with all that an error says of itself.
fn shown(answer: &Result<Response, Error>) -> String {
    match answer {
        Ok(response) => format!("{response:?}"),
        Err(error) => {
            format!("{error} [{} {:#x}]\n{error:?}", error.code(), error.number())
        }
    }
}

fn said(fault: Option<&Fault>) -> String {
    fault.map_or_else(String::new, |it| {
        let code: ErrorCode = it.code();
        format!("{it} [{code}]\n{it:?}")
    })
}

/// All records.
fn stored(engine: &Engine) -> Vec<String> {
    let all = ENTITIES.into_iter().map(|entity| engine.retrieve_multiple(Query::new(entity)));
    let pages = all.map(|page| page.unwrap().records);
    let words = |record: &Record| {
        let values: Vec<String> =
            record.attributes().map(|(name, value)| format!("{name}={value:?}")).collect();
        format!("{:?} {:?} {}", record.reference(), record.version(), values.join(" "))
    };
    pages.flat_map(|it| it.iter().map(words).collect::<Vec<_>>()).collect()
}

impl Outcome {
    /// Whether it was stopped for using too much, which each way counts in its own steps.
    fn is_counted(&self) -> bool {
        let is_limit = |text: &str| text.contains(&format!("more than {OPERATIONS} operations"));
        is_limit(&self.answer) || self.jobs.iter().any(|it| is_limit(&it.1))
    }

    fn words(&self) -> String {
        let mut words = format!("{}{}\n", self.transcript, self.answer);
        for (transcript, job) in &self.jobs {
            let _ = writeln!(words, "{transcript}{job}");
        }
        for line in &self.stored {
            let _ = writeln!(words, "  {line}");
        }
        words
    }
}
