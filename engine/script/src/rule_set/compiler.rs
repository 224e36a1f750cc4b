//! The compiler of a set: from the text of a rule to its steps, over what all rules of the set share.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use rhai::{Engine as Rhai, OptimizationLevel};
use rulegate::{Catalog, Step};

use super::library::Library;
use super::made::MadeRule;
use super::sources::Sources;
use super::{Execution, LoadOptions, Way};
use crate::check::{self, Check, Met, Report};
use crate::diagnostic::Diagnostic;
use crate::interpret::Seat;
use crate::language;
use crate::language::frame::Aliases;
use crate::limits::Limits;
use crate::lower::{Facts, Lowered};
use crate::registration::{self, Known, Registration};
use crate::rule::{Handler, Rule, Script, Shared};
use crate::script::{Kind, Parsed};

/// What rules are compiled with.
pub(super) struct Compiler {
    pub(super) catalog: Catalog,
    rhai: Arc<Rhai>,
    /// The properties that the engine knows: Rhai wants each by its name.
    names: BTreeSet<String>,
    library: Arc<Library>,
    limits: Arc<Limits>,
    execution: Execution,
    check: Check,
    /// How many engines there are, with those of the compilers before this one: rules may still have them.
    pub(super) engines: u32,
}

impl Compiler {
    /// A compiler for all rules of the sources, and those rules.
    pub(super) fn first<'a>(
        catalog: &Catalog,
        options: &LoadOptions,
        (sources, problems): (&Sources<'a>, &mut Vec<Diagnostic>),
    ) -> (Self, Vec<Parsed<'a>>) {
        let limits = &options.limits;
        let parser = language::parser(limits);
        let parse = |file, problems: &mut Vec<Diagnostic>| {
            let parsed = Parsed::new(file, (&parser, limits), Kind::Rule);
            parsed.map_err(|found| problems.extend(found)).ok()
        };
        let library: Vec<Parsed<'a>> =
            sources.library.iter().filter_map(|it| parse(it, problems)).collect();
        let mut names = BTreeSet::new();
        let mut rhai = language::engine(catalog, &names, limits);
        let shared = Library::load(&mut rhai, &library, (catalog, limits, problems));

        let level = rhai.optimization_level();
        rhai.set_optimization_level(OptimizationLevel::None);
        let rules: Vec<Parsed<'a>> = (sources.rules.iter())
            .filter_map(|it| Parsed::strictly(it, (&rhai, limits)).or_else(|| parse(it, problems)))
            .collect();
        rhai.set_optimization_level(level);

        for script in library.iter().chain(&rules) {
            script.properties(&mut names);
        }
        language::add_properties(&mut rhai, &names, catalog);
        let compiler = Self {
            catalog: catalog.clone(),
            rhai: Arc::new(rhai),
            names,
            library: Arc::new(shared),
            limits: Arc::new(limits.clone()),
            execution: options.execution,
            check: options.check,
            engines: 1,
        };
        (compiler, rules)
    }

    /// A compiler that is the same, and knows these properties.
    pub(super) fn knowing(self: &Arc<Self>, mut names: BTreeSet<String>) -> Arc<Self> {
        if names.is_subset(&self.names) {
            return Arc::clone(self);
        }
        names.extend(self.names.iter().cloned());
        let mut rhai = language::engine(&self.catalog, &names, &self.limits);
        self.library.join(&mut rhai);
        Arc::new(Self {
            catalog: self.catalog.clone(),
            rhai: Arc::new(rhai),
            names,
            library: Arc::clone(&self.library),
            limits: Arc::clone(&self.limits),
            execution: self.execution,
            check: self.check,
            engines: self.engines + 1,
        })
    }

    /// Whether it compiles as the options want it.
    pub(super) fn is_for(&self, options: &LoadOptions) -> bool {
        *self.limits == options.limits
            && self.execution == options.execution
            && self.check == options.check
    }

    /// Compiles a rule, for the steps that it says.
    pub(super) fn rule(
        &self,
        parsed: &Parsed<'_>,
        messages: &[String],
    ) -> Result<MadeRule, Vec<Diagnostic>> {
        let known = Known { catalog: &self.catalog, messages };
        let registrations = registration::read(parsed.file, &parsed.tree, known)?;
        let steps = self.steps(parsed, &registrations)?;
        let report = match self.check {
            Check::Whole => check::rule(parsed, &registrations, (known, &self.library)),
            Check::Syntax => Report::default(),
        };
        Ok(MadeRule { file: parsed.file.clone(), steps, report, met: Met::default() })
    }

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
            let (rule, way) = self.lowered(&script, it)?;
            Some((it.clone().into_steps(&Shared(Arc::new(rule))), way))
        });
        Ok(steps.collect())
    }

    fn lowered(&self, script: &Arc<Script>, registration: &Registration) -> Option<(Rule, Way)> {
        let handler = Handler::of(&script.ast, &registration.handler)?;
        let facts = Facts {
            catalog: &self.catalog,
            entity: registration.entity(),
            pre_aliases: &registration.pre_aliases,
            post_aliases: &registration.post_aliases,
            limits: &self.limits,
            ast: &script.ast,
            library: &self.library.trees,
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
            seat: Seat::new(),
        };
        Some((rule, way))
    }
}

impl fmt::Debug for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiler").field("engines", &self.engines).finish_non_exhaustive()
    }
}
