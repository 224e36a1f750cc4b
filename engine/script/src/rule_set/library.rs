//! The library: files whose functions rules share, each a module of the language.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use rhai::{AST, Engine as Rhai, Module, Scope};
use rulegate::Catalog;

use crate::check::Script;
use crate::diagnostic::Diagnostic;
use crate::entity_file::SourceFile;
use crate::language;
use crate::language::error::ended;
use crate::limits::{Exceeded, Limits, on_budget};
use crate::script::Parsed;

/// The modules that rules share, by their names.
#[derive(Debug, Default)]
pub(crate) struct Library {
    modules: BTreeMap<String, Arc<Module>>,
    pub(super) trees: BTreeMap<String, AST>,
    /// The files in which they stand.
    files: BTreeMap<String, SourceFile>,
}

impl Library {
    /// Makes each library file a module of the language: `money::round2(x)`.
    pub(super) fn load(
        rhai: &mut Rhai,
        scripts: &[Parsed<'_>],
        (catalog, limits, problems): (&Catalog, &Limits, &mut Vec<Diagnostic>),
    ) -> Self {
        let mut library = Self::default();
        let mut seen = BTreeSet::new();
        for script in scripts {
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
            let ast = match script.compile(rhai) {
                Ok(ast) => ast,
                Err(problem) => {
                    problems.push(*problem);
                    continue;
                }
            };
            // A module runs what stands outside of its functions.
            let ends = Instant::now() + language::LOADING;
            let (module, exceeded) =
                on_budget(limits, ends, || Module::eval_ast_as_new(Scope::new(), &ast, rhai));
            let why = match (module, exceeded) {
                (_, Some(Exceeded(what))) => format!("stopped: more than {what}"),
                (Err(error), None) => ended(error).fault.to_string(),
                (Ok(module), None) => {
                    let module = Arc::new(module);
                    rhai.register_static_module(name, Arc::clone(&module));
                    library.modules.insert(name.to_owned(), module);
                    library.trees.insert(name.to_owned(), ast);
                    library.files.insert(name.to_owned(), script.file.clone());
                    continue;
                }
            };
            let text = format!("this module does not load: {why}");
            problems.push(Diagnostic::error("library", text).at(&script.file.path, source(), 0..0));
        }
        library
    }

    /// The scripts, by the names of their modules.
    pub(crate) fn scripts(&self) -> BTreeMap<String, Script<'_>> {
        let scripts = self.files.iter().filter_map(|(name, file)| {
            Some((name.clone(), Script { file, tree: self.trees.get(name)? }))
        });
        scripts.collect()
    }

    /// Gives the modules to another engine. They hold nothing of the one that loaded them.
    pub(super) fn join(&self, rhai: &mut Rhai) {
        for (name, module) in &self.modules {
            rhai.register_static_module(name.as_str(), Arc::clone(module));
        }
    }
}
