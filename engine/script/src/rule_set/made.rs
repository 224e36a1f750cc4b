//! What a set was made of: rules that the next set has, too, unless something changed that they stand on.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::Position;
use rulegate::{Catalog, Step};

use super::compiler::Compiler;
use super::sources::Sources;
use super::{LoadOptions, Way, all_messages};
use crate::check::{Met, Report};
use crate::entity_file::SourceFile;

/// How many Rhai engines the rules of a set may have between them. Each costs a megabyte or two, and one more comes
/// with every change that uses a property which no rule used before.
const ENGINES: u32 = 16;

/// What a set was made of.
#[derive(Debug)]
pub(super) struct Made {
    /// The files that every rule stands on.
    ground: Vec<SourceFile>,
    messages: Vec<String>,
    pub(super) compiler: Arc<Compiler>,
    /// By the paths of their files.
    rules: BTreeMap<String, Arc<MadeRule>>,
}

/// A file with rules, compiled.
#[derive(Debug)]
pub(crate) struct MadeRule {
    pub(crate) file: SourceFile,
    /// The steps of each registration, and how they run.
    pub(crate) steps: Vec<(Vec<Step>, Way)>,
    /// What its check came to.
    pub(crate) report: Report,
    /// What was found out of it and others.
    pub(crate) met: Met,
}

impl Made {
    pub(super) fn new(
        sources: &Sources<'_>,
        (compiler, messages): (Arc<Compiler>, Vec<String>),
        rules: Vec<Arc<MadeRule>>,
    ) -> Self {
        let ground = sources.ground().cloned().collect();
        let rules = rules.into_iter().map(|it| (it.file.path.clone(), it)).collect();
        Self { ground, messages, compiler, rules }
    }

    /// Whether rules of these sources stand on the same: all but rules is as it was.
    pub(super) fn is_ground_of(
        &self,
        sources: &Sources<'_>,
        in_use: &Catalog,
        options: &LoadOptions,
    ) -> bool {
        let messages = all_messages(&options.messages);
        self.ground.iter().eq(sources.ground())
            && self.compiler.is_for(options)
            && self.compiler.engines < ENGINES
            // Rules that know no message but these are the same where more are known.
            && self.messages.iter().all(|it| messages.contains(it))
            && is_same(&self.compiler.catalog, in_use)
    }

    /// The rule of that file, if it has the same text.
    pub(super) fn rule(&self, file: &SourceFile) -> Option<Arc<MadeRule>> {
        self.rules.get(&file.path).filter(|it| it.file == *file).cloned()
    }
}

impl MadeRule {
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().flat_map(|it| &it.0)
    }

    /// Where each of its steps uses something of which nothing is known.
    pub(super) fn untyped(&self) -> impl Iterator<Item = (String, (usize, usize))> {
        let of = |((steps, _), unknown): (&(Vec<Step>, Way), &Option<Position>)| {
            let place = unknown.map(|it| (it.line().unwrap_or(1), it.position().unwrap_or(1)));
            steps.iter().filter_map(|it| Some((it.name().to_owned(), place?))).collect::<Vec<_>>()
        };
        self.steps.iter().zip(&self.report.unknown).flat_map(of)
    }

    /// How each of its steps runs.
    pub(super) fn ways(&self) -> impl Iterator<Item = (String, Way)> {
        let of = |(steps, way): &(Vec<Step>, Way)| {
            steps.iter().map(|it| (it.name().to_owned(), way.clone())).collect::<Vec<_>>()
        };
        self.steps.iter().flat_map(of)
    }
}

/// Whether rules cannot tell the catalogs apart: a rule has resolved the names of the one in the other.
fn is_same(catalog: &Catalog, other: &Catalog) -> bool {
    catalog.entities().map(Arc::as_ptr).eq(other.entities().map(Arc::as_ptr))
        && catalog.relationships().eq(other.relationships())
        && catalog.external() == other.external()
}
