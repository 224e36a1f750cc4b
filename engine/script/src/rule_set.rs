//! Rule sets: a catalog and all rules over it, read from the files of a folder, all or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rhai::{Engine as Rhai, Module, Scope};
use rulegate::{Catalog, Step};

use crate::diagnostic::Diagnostic;
use crate::entity_file::{SourceFile, read_catalog};
use crate::interpret::Family;
use crate::language;
use crate::language::error::ended;
use crate::language::frame::Aliases;
use crate::limits::{Exceeded, Limits, on_budget};
use crate::lower::{Facts, Lowered};
use crate::registration::{self, Known, Registration};
use crate::rule::{Handler, Rule, Script, Shared};
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
    /// How each rule runs, by the names of its steps.
    pub ways: BTreeMap<String, Way>,
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
        let is_script =
            |it: &&SourceFile| Path::new(&it.path).extension().is_some_and(|it| it == "rhai");
        let definitions: Vec<SourceFile> =
            files.iter().filter(|it| !is_script(it)).cloned().collect();
        let catalog = read_catalog(&definitions, previous);
        let mut problems = Vec::new();
        let parser = language::parser(&options.limits);
        let mut parsed = Vec::new();
        for file in files.iter().filter(is_script) {
            match Parsed::new(file, (&parser, &options.limits), Kind::Rule) {
                Ok(script) => parsed.push(script),
                Err(found) => problems.extend(found),
            }
        }
        match catalog {
            Ok(catalog) => {
                let set = Self::compile(catalog, &parsed, (problems, options))?;
                Ok(Self { files: files.to_vec(), ..set })
            }
            Err(mut found) => {
                found.extend(problems);
                Err(found)
            }
        }
    }

    fn compile(
        catalog: Catalog,
        parsed: &[Parsed<'_>],
        (mut problems, options): (Vec<Diagnostic>, &LoadOptions),
    ) -> Result<Self, Vec<Diagnostic>> {
        let messages = all_messages(&options.messages);
        let known = Known { catalog: &catalog, messages: &messages };
        let (library, rules): (Vec<_>, Vec<_>) = parsed.iter().partition(|it| is_library(it.file));
        let mut names = BTreeSet::new();
        for script in parsed {
            script.properties(&mut names);
        }
        let mut rhai = language::engine(&catalog, &names, &options.limits);
        problems.extend(add_library(&mut rhai, &library, (&catalog, &options.limits)));
        let compiler = Compiler {
            catalog: &catalog,
            rhai: Arc::new(rhai),
            limits: Arc::new(options.limits.clone()),
            execution: options.execution,
            family: Family::default(),
        };
        let mut steps = Vec::new();
        let mut ways = BTreeMap::new();
        for script in &rules {
            match registration::read(script.file, &script.tree, known) {
                Ok(registrations) => match compiler.steps(script, &registrations) {
                    Ok(found) => {
                        for (found, way) in found {
                            ways.extend(found.iter().map(|it| (it.name().to_owned(), way.clone())));
                            steps.extend(found);
                        }
                    }
                    Err(found) => problems.extend(found),
                },
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            problems.sort_by(|a, b| {
                (&a.file, a.span.as_ref().map(|it| it.start))
                    .cmp(&(&b.file, b.span.as_ref().map(|it| it.start)))
            });
            return Err(problems);
        }
        steps.sort_by(|a, b| a.name().cmp(b.name()));
        Ok(Self { catalog, steps, rule_count: rules.len(), files: Vec::new(), ways })
    }
}

/// Whether a file holds functions that other scripts share: it lies below `lib`.
fn is_library(file: &SourceFile) -> bool {
    // The first part is the folder's own name, which may be anything; the last is the file's.
    file.path.split('/').skip(1).any(|it| it == "lib")
}

/// The engine's own messages and the host's.
fn all_messages(custom: &[String]) -> Vec<String> {
    let standard = rulegate::Message::STANDARD.iter().map(|it| it.name().to_owned());
    standard.chain(custom.iter().cloned()).collect()
}

/// Makes each library file a module of the language: `money::round2(x)`.
fn add_library(
    rhai: &mut Rhai,
    library: &[&Parsed<'_>],
    (catalog, limits): (&Catalog, &Limits),
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for script in library {
        let name = script.file.path.rsplit('/').next().unwrap_or_default();
        let name = name.strip_suffix(".rhai").unwrap_or(name);
        let source = || Arc::clone(&script.file.text);
        if catalog.entity(name).is_ok() || !seen.insert(name.to_owned()) {
            let text =
                format!("`{name}` is taken: rules could not tell this module from the other");
            problems.push(Diagnostic::error("module-twice", text).at(
                &script.file.path,
                source(),
                0..0,
            ));
            continue;
        }
        match script.compile(rhai) {
            Ok(ast) => {
                // A module runs what stands outside of its functions.
                let ends = Instant::now() + language::LOADING;
                let (module, exceeded) =
                    on_budget(limits, ends, || Module::eval_ast_as_new(Scope::new(), &ast, rhai));
                let why = match (module, exceeded) {
                    (_, Some(Exceeded(what))) => format!("stopped: more than {what}"),
                    (Err(error), None) => ended(error).fault.to_string(),
                    (Ok(module), None) => {
                        rhai.register_static_module(name, module.into());
                        continue;
                    }
                };
                let text = format!("this module does not load: {why}");
                problems.push(Diagnostic::error("library", text).at(
                    &script.file.path,
                    source(),
                    0..0,
                ));
            }
            Err(problem) => problems.push(*problem),
        }
    }
    problems
}

/// What rules are compiled with.
struct Compiler<'a> {
    catalog: &'a Catalog,
    rhai: Arc<Rhai>,
    limits: Arc<Limits>,
    execution: Execution,
    family: Family,
}

impl Compiler<'_> {
    /// Compiles a rule for the steps that it says.
    fn steps(
        &self,
        parsed: &Parsed<'_>,
        registrations: &[Registration],
    ) -> Result<Vec<(Vec<Step>, Way)>, Vec<Diagnostic>> {
        let mut problems: Vec<Diagnostic> =
            registrations.iter().filter_map(|it| parsed.handler(&it.handler)).collect();
        let ast = match parsed.compile(&self.rhai) {
            Ok(ast) => ast,
            Err(problem) => {
                problems.push(*problem);
                return Err(problems);
            }
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        let script = Arc::new(Script { path: parsed.file.path.clone(), ast });
        let steps = registrations.iter().filter_map(|it| {
            let (rule, way) = self.rule(&script, it)?;
            Some((it.clone().into_steps(&Shared(Arc::new(rule))), way))
        });
        Ok(steps.collect())
    }

    fn rule(&self, script: &Arc<Script>, registration: &Registration) -> Option<(Rule, Way)> {
        let handler = Handler::of(&script.ast, &registration.handler)?;
        let facts = Facts {
            catalog: self.catalog,
            entity: registration.entity(),
            pre_aliases: &registration.pre_aliases,
            post_aliases: &registration.post_aliases,
            limits: &self.limits,
        };
        let (lowered, obstacle) = match self.execution {
            Execution::Lowered => Lowered::new(&handler, facts),
            Execution::Interpreted => (None, None),
        };
        let way = Way {
            has_guard: lowered.as_ref().is_some_and(Lowered::has_guard),
            is_native: lowered.as_ref().is_some_and(Lowered::has_body),
            obstacle: obstacle.map(|it| it.at(&script.path)),
        };
        let rule = Rule {
            rhai: Arc::clone(&self.rhai),
            script: Arc::clone(script),
            looks_at_images: handler.looks_at_images(),
            handler,
            aliases: Arc::new(Aliases {
                pre: registration.pre_aliases.clone(),
                post: registration.post_aliases.clone(),
            }),
            limits: Arc::clone(&self.limits),
            lowered,
            seat: self.family.seat(registration.is_on_records()),
        };
        Some((rule, way))
    }
}
