//! Documents, taken apart.

use std::fs;
use std::path::Path;

/// A document.
pub(super) struct Page {
    pub(super) path: String,
    pub(super) text: String,
}

/// Code between two fences.
pub(super) struct Snippet {
    /// The line of its first fence.
    pub(super) line: usize,
    pub(super) language: String,
    /// What the comment above it says: a word, and what stands behind its colon.
    pub(super) claim: (String, String),
    pub(super) text: String,
}

impl Page {
    pub(super) fn read(path: &str) -> Self {
        let text = fs::read_to_string(support::root().join(path))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), text }
    }

    pub(super) fn snippets(&self) -> Vec<Snippet> {
        let mut found = Vec::new();
        let mut open: Option<Snippet> = None;
        let mut above = "";
        for (index, line) in self.text.lines().enumerate() {
            match (&mut open, line.strip_prefix("```")) {
                (None, Some(language)) => {
                    let (language, claim) = (language.to_owned(), claim(above));
                    open = Some(Snippet { line: index + 1, language, claim, text: String::new() });
                }
                (Some(_), Some(_)) => found.extend(open.take()),
                (Some(snippet), None) => snippet.text.extend([line, "\n"]),
                (None, None) => {}
            }
            above = line;
        }
        found
    }

    /// The text without its snippets.
    pub(super) fn prose(&self) -> String {
        self.text.split("```").step_by(2).collect()
    }

    /// The first cells of the tables below a heading, without their backticks.
    pub(super) fn first_cells(&self, heading: &str) -> Vec<String> {
        let start = self.text.find(&format!("\n## {heading}\n")).unwrap();
        let section = &self.text[start + 1..];
        let end = section.find("\n## ").unwrap_or(section.len());
        let cells = section[..end].lines().filter_map(|it| it.strip_prefix("| `"));
        cells.filter_map(|it| Some(it.split_once('`')?.0.to_owned())).collect()
    }
}

/// What `<!-- word: argument -->` says.
fn claim(line: &str) -> (String, String) {
    let inner = line.strip_prefix("<!-- ").and_then(|it| it.strip_suffix(" -->")).unwrap_or("");
    let (word, argument) = inner.split_once(": ").unwrap_or((inner, ""));
    (word.to_owned(), argument.to_owned())
}

/// What a file holds; of a snapshot, what stands below its header.
pub(super) fn content(path: &str) -> Result<String, String> {
    let file = fs::read_to_string(support::root().join(path));
    let file = file.map_err(|error| format!("{path}: {error}"))?;
    if Path::new(path).extension().is_none_or(|it| it != "snap") {
        return Ok(file);
    }
    Ok(file.splitn(3, "---\n").last().unwrap_or_default().to_owned())
}

/// The words in backticks.
pub(super) fn quoted(prose: &str) -> impl Iterator<Item = &str> {
    prose.split('`').skip(1).step_by(2)
}
