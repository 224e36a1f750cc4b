//! Rule sets: a catalog and all rules over it, read from the files of a folder, all or nothing.
//!
//! A set keeps what it was made of, so that the next one is made of the same rules where nothing but some rules changed.

mod compiler;
mod library;
mod made;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use rulegate::{Catalog, Step};

use self::compiler::Compiler;
pub(crate) use self::library::Library;
use self::made::Made;
pub(crate) use self::made::MadeRule;
use self::sources::Sources;
use crate::check::{self, Check, Levels, Termination};
use crate::diagnostic::{Diagnostic, Severity};
use crate::entity_file::{SourceFile, read_catalog};
use crate::language;
use crate::limits::Limits;
use crate::script::{Kind, Parsed};

/// A catalog, and the steps of all rules over it.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// The catalog.
    pub catalog: Catalog,
    /// The steps of the rules, in the order of their names.
    pub steps: Vec<Step>,
    /// How many files hold rules.
    pub rule_count: usize,
    /// The files from which it was read.
    pub files: Vec<SourceFile>,
    /// What was found that does not refuse the set: warnings.
    pub findings: Vec<Diagnostic>,
    /// Whether all that its rules do comes to an end.
    pub termination: Termination,
    /// Where each rule uses something of which nothing is known before it runs, by the names of its steps: the line
    /// and the column, both from 1. A rule that was checked and is not here meets no value of a wrong type.
    pub untyped: BTreeMap<String, (usize, usize)>,
    /// How each rule runs, by the names of its steps.
    pub ways: BTreeMap<String, Way>,
    /// What the next set need not make again.
    made: Arc<Made>,
}

/// How a rule runs: as native code, as far as it goes, or by Rhai.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Way {
    /// Whether its leading conditions are asked before it runs, as native code.
    pub has_guard: bool,
    /// Whether its body is native code.
    pub is_native: bool,
    /// What Rhai evaluates of a native body, or what kept the body from being native, with its place.
    pub obstacle: Option<String>,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let obstacle = self.obstacle.as_deref();
        match (self.is_native, self.has_guard, obstacle) {
            (true, _, None) => f.write_str("native"),
            (true, _, Some(what)) => write!(f, "native, but for {what}"),
            (false, true, what) => {
                write!(f, "native guard, then interpreted: {}", what.unwrap_or("as asked"))
            }
            (false, false, what) => write!(f, "interpreted: {}", what.unwrap_or("as asked")),
        }
    }
}

/// What a rule set is read with.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// How much one rule may use.
    pub limits: Limits,
    /// The names of the custom messages that the host registers: rules can run on them.
    pub messages: Vec<String>,
    /// How rules run.
    pub execution: Execution,
    /// How much is checked. Errors refuse the set.
    pub check: Check,
    /// How bad findings are, where it is not as bad as usual.
    pub levels: Levels,
}

/// How rules run. What they do is the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Execution {
    /// Rules whose types are known become native code, and the others are interpreted.
    #[default]
    Lowered,
    /// All rules are interpreted: to compare, or to find out where a difference lies.
    Interpreted,
}

impl RuleSet {
    /// Reads entity definitions and rules. Everything that is wrong is answered at once.
    ///
    /// `previous` is the catalog in use, if there is one: attributes keep their places.
    pub fn load(
        files: &[SourceFile],
        previous: Option<&Catalog>,
        options: &LoadOptions,
    ) -> Result<Self, Vec<Diagnostic>> {
        let sources = Sources::of(files);
        let catalog = read_catalog(&sources.definitions(), previous).map_err(|mut found| {
            found.extend(sources.unreadable_scripts(&options.limits));
            found
        })?;
        let mut problems = Vec::new();
        let (compiler, scripts) = Compiler::first(&catalog, options, (&sources, &mut problems));
        let parts = scripts.into_iter().map(Part::Parsed).collect();
        Parts { parts, problems }.make((&sources, catalog), Arc::new(compiler), options)
    }

    /// Reads the files that come after those of this set, and makes no rule again that nothing changed for: the
    /// set is the one that [`load`](Self::load) makes of them.
    ///
    /// A rule is the same as long as its text is, and the entities, the library and the options. `in_use` is the
    /// catalog in use: attributes keep their places.
    pub fn succeed(
        &self,
        files: &[SourceFile],
        in_use: &Catalog,
        options: &LoadOptions,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (sources, made) = (Sources::of(files), &self.made);
        if !made.is_ground_of(&sources, in_use, options) {
            return Self::load(files, Some(in_use), options);
        }
        let parser = language::parser(&options.limits);
        let (mut parts, mut problems) = (Vec::new(), Vec::new());
        for file in &sources.rules {
            let part = match made.rule(file) {
                Some(rule) => Ok(Part::Made(rule)),
                None => Parsed::new(file, (&parser, &options.limits), Kind::Rule).map(Part::Parsed),
            };
            match part {
                Ok(part) => parts.push(part),
                Err(found) => problems.extend(found),
            }
        }
        let mut names = BTreeSet::new();
        for part in &parts {
            if let Part::Parsed(script) = part {
                script.properties(&mut names);
            }
        }
        let compiler = made.compiler.knowing(names);
        Parts { parts, problems }.make((&sources, in_use.clone()), compiler, options)
    }
}

/// All rules of a set, as far as they could be read, and what is wrong with the others.
struct Parts<'a> {
    parts: Vec<Part<'a>>,
    problems: Vec<Diagnostic>,
}

/// A rule of a set: to be made, or made before.
enum Part<'a> {
    Parsed(Parsed<'a>),
    Made(Arc<MadeRule>),
}

impl Parts<'_> {
    /// Makes the set.
    fn make(
        self,
        (sources, catalog): (&Sources<'_>, Catalog),
        compiler: Arc<Compiler>,
        options: &LoadOptions,
    ) -> Result<RuleSet, Vec<Diagnostic>> {
        let Self { parts, mut problems } = self;
        let messages = all_messages(&options.messages);
        let mut rules = Vec::new();
        for part in parts {
            match part {
                Part::Made(rule) => rules.push(rule),
                Part::Parsed(script) => match compiler.rule(&script, &messages) {
                    Ok(rule) => rules.push(Arc::new(rule)),
                    Err(found) => problems.extend(found),
                },
            }
        }
        let is_complete = problems.is_empty();
        let mut termination = Termination::default();
        if options.check == Check::Whole {
            let mut found: Vec<Diagnostic> =
                rules.iter().flat_map(|it| &it.report.findings).cloned().collect();
            if is_complete {
                let (of_all, whether) = check::together(&rules, &catalog);
                found.extend(of_all);
                termination = whether;
            }
            let files = sources.rules.iter().chain(&sources.library).copied();
            problems.extend(check::settle(found, files, (&options.levels, is_complete)));
        }
        problems.sort_by(|a, b| {
            let start = |it: &Diagnostic| it.span.as_ref().map(|it| it.start);
            let key = (&a.file, start(a), &a.code, &a.message);
            key.cmp(&(&b.file, start(b), &b.code, &b.message))
        });
        // What is odd in the library is found for each rule that calls it.
        problems.dedup();
        if problems.iter().any(|it| it.severity == Severity::Error) {
            return Err(problems);
        }
        let mut steps: Vec<Step> = rules.iter().flat_map(|it| it.steps()).cloned().collect();
        steps.sort_by(|a, b| a.name().cmp(b.name()));
        Ok(RuleSet {
            steps,
            rule_count: rules.len(),
            files: sources.all.to_vec(),
            findings: problems,
            termination,
            untyped: rules.iter().flat_map(|it| it.untyped()).collect(),
            ways: rules.iter().flat_map(|it| it.ways()).collect(),
            made: Arc::new(Made::new(sources, (compiler, messages), rules)),
            catalog,
        })
    }
}

/// The engine's own messages and the host's.
fn all_messages(custom: &[String]) -> Vec<String> {
    let standard = rulegate::Message::STANDARD.iter().map(|it| it.name().to_owned());
    standard.chain(custom.iter().cloned()).collect()
}
