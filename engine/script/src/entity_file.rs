//! Entity files: what `entity.toml` says of an entity, read into a catalog.
//!
//! Reading goes on after a problem, so that an author sees all of them. What was read is checked as
//! a catalog, and what the catalog refuses is shown where it stands in the file.

mod attribute;
mod entity;
mod locate;
mod option_set;
mod reader;
mod relationship;
mod value;

use std::collections::BTreeSet;
use std::sync::Arc;

use rulegate::metadata::{
    Catalog, CatalogDraft, DefinitionError, DefinitionProblem, LogicalName, Part,
};
use toml::de::DeTable;

use self::reader::{Problems, Reader};
use self::value::WellFormed;
use crate::Diagnostic;

/// A file of the rules folder, in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path, as shown to people, with `/` between folders: `rules/account/entity.toml`.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
}

/// Reads all entity files of a rules folder, and its `external.toml`, into a catalog.
///
/// The folder of an `entity.toml` names the entity. All that is wrong in all files is answered at
/// once, in the order of the files. With the catalog in use, attributes keep the places they had.
pub fn read_catalog(
    files: &[SourceFile],
    previous: Option<&Catalog>,
) -> Result<Catalog, Vec<Diagnostic>> {
    let mut draft = CatalogDraft::default();
    let mut diagnostics = Vec::new();
    let mut broken = BTreeSet::new();
    let mut parsed = Vec::new();
    for file in files {
        let problems = Problems::of(file);
        let file = ParsedFile::parse(file, &problems);
        if problems.is_empty() {
            file.read(&mut draft, &problems);
        }
        if !problems.is_empty() {
            broken.insert(file.entity.clone());
        }
        diagnostics.extend(problems.into_inner());
        parsed.push(file);
    }
    let checked = Catalog::succeed(draft, previous);
    if let Err(errors) = &checked {
        let causes = errors.iter().filter(|it| !follows_from_another(it, &broken));
        diagnostics.extend(causes.filter_map(|it| locate::diagnostic(it, &parsed)));
        if diagnostics.is_empty() {
            diagnostics.extend(errors.iter().map(locate::without_a_place));
        }
    }
    diagnostics.sort_by_key(|it| place_of(it, files));
    checked.ok().filter(|_| diagnostics.is_empty()).ok_or(diagnostics)
}

/// A file and its tree: as much of it as could be understood.
struct ParsedFile<'t> {
    file: &'t SourceFile,
    /// The entity that the folder names; none for `external.toml`.
    entity: Option<LogicalName>,
    tree: DeTable<'t>,
}

impl<'t> ParsedFile<'t> {
    fn parse(file: &'t SourceFile, problems: &Problems<'_>) -> Self {
        let (tree, errors) = DeTable::parse_recoverable(&file.text);
        for error in errors {
            problems.syntax(&error);
        }
        let mut path = file.path.rsplit('/');
        let (name, folder) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
        let entity = (name != "external.toml").then(|| LogicalName::from(folder));
        Self { file, entity, tree: tree.into_inner() }
    }

    fn read(&self, draft: &mut CatalogDraft, problems: &Problems<'_>) {
        if let Some(name) = &self.entity {
            let mut keys = Reader::new("an entity file", &self.tree, 0..0, problems);
            entity::read(name, &mut keys, draft);
            keys.finish();
        } else {
            let what = "the list of external entities";
            let mut keys = Reader::new(what, &self.tree, 0..0, problems);
            let names: Option<Vec<WellFormed>> = keys.required("external");
            draft.external.extend(names.into_iter().flatten().map(|WellFormed(it)| it));
            keys.finish();
        }
    }
}

/// Whether the catalog would not say this if the broken files were whole.
fn follows_from_another(error: &DefinitionError, broken: &BTreeSet<Option<LogicalName>>) -> bool {
    let is_broken = |name: &str| broken.contains(&Some(name.into()));
    let is_relationship = matches!(error.place.part, Part::OneToMany(_) | Part::ManyToMany(_));
    if let DefinitionProblem::Unknown { what: "entity", name, .. } = &error.problem
        && (broken.contains(&None) || is_broken(name))
    {
        return true;
    }
    is_broken(&error.place.entity) || is_relationship && !broken.is_empty()
}

/// The order in which an author reads problems: that of the files, and from top to bottom.
fn place_of(diagnostic: &Diagnostic, files: &[SourceFile]) -> (usize, usize) {
    let file = files.iter().position(|it| it.path == diagnostic.file);
    (file.unwrap_or(usize::MAX), diagnostic.span.as_ref().map_or(0, |it| it.start))
}

impl SourceFile {
    /// A file whose text is in hand.
    pub fn new(path: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// A file as it was read, or where its bytes are no text.
    pub fn from_bytes(path: impl Into<String>, bytes: &[u8]) -> Result<Self, Box<Diagnostic>> {
        let path = path.into();
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(path, text)),
            Err(error) => {
                let start = error.valid_up_to();
                let span = start..start + char::REPLACEMENT_CHARACTER.len_utf8();
                let text = String::from_utf8_lossy(bytes).into_owned();
                let diagnostic = Diagnostic::error("not-utf-8", "the file is not UTF-8 text")
                    .at(path, text, span)
                    .label("these bytes are no characters")
                    .help("save the file with the encoding UTF-8");
                Err(Box::new(diagnostic))
            }
        }
    }
}
