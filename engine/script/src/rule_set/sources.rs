//! Sources: which files of a folder define entities, which are shared by rules, and which are rules.

use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::entity_file::SourceFile;
use crate::language;
use crate::limits::Limits;
use crate::script::{Kind, Parsed};

/// The files of a folder, sorted by what they are.
pub(super) struct Sources<'a> {
    pub(super) all: &'a [SourceFile],
    definitions: Vec<&'a SourceFile>,
    /// Functions that rules share: what lies below `lib`.
    pub(super) library: Vec<&'a SourceFile>,
    pub(super) rules: Vec<&'a SourceFile>,
}

impl<'a> Sources<'a> {
    pub(super) fn of(all: &'a [SourceFile]) -> Self {
        let (mut definitions, mut library, mut rules) = (Vec::new(), Vec::new(), Vec::new());
        for file in all {
            let of_its_kind = if !is_script(file) {
                &mut definitions
            } else if is_library(file) {
                &mut library
            } else {
                &mut rules
            };
            of_its_kind.push(file);
        }
        Self { all, definitions, library, rules }
    }

    /// The files that define entities.
    pub(super) fn definitions(&self) -> Vec<SourceFile> {
        self.definitions.iter().map(|it| (*it).clone()).collect()
    }

    /// What every rule stands on: entities, and what rules share.
    pub(super) fn ground(&self) -> impl Iterator<Item = &'a SourceFile> {
        self.definitions.iter().chain(&self.library).copied()
    }

    /// What is wrong with the scripts, where there is no catalog to read more of them.
    pub(super) fn unreadable_scripts(&self, limits: &Limits) -> Vec<Diagnostic> {
        let parser = language::parser(limits);
        let parse = |it| Parsed::new(it, (&parser, limits), Kind::Rule).err();
        self.all.iter().filter(|it| is_script(it)).filter_map(parse).flatten().collect()
    }
}

fn is_script(file: &SourceFile) -> bool {
    Path::new(&file.path).extension().is_some_and(|it| it == "rhai")
}

/// Whether a file holds functions that other scripts share: it lies below `lib`.
fn is_library(file: &SourceFile) -> bool {
    // The first part is the folder's own name, which may be anything; the last is the file's.
    file.path.split('/').skip(1).any(|it| it == "lib")
}
