//! Allowing: comments that silence a finding in place, and what a project says of findings.
//!
//! `// allow(query-in-loop): there are three of them` silences that finding on its own line, or on the next line of
//! code where nothing else stands on its own. On the line of `const STEP` it holds for the whole of the literal.

mod comment;
mod scan;

use std::ops::Range;
use std::sync::Arc;

use self::comment::Comment;
use super::finding::UNUSED_ALLOW;
use super::levels::Levels;
use crate::diagnostic::Diagnostic;
use crate::entity_file::SourceFile;

/// What is left of all that was found, when comments and the project have had their say.
///
/// `is_complete` is whether everything was looked for: else nobody knows which comments are of no use.
pub(crate) fn settle<'a>(
    found: Vec<Diagnostic>,
    files: impl Iterator<Item = &'a SourceFile>,
    (levels, is_complete): (&Levels, bool),
) -> Vec<Diagnostic> {
    let mut left = found;
    let mut of_comments = Vec::new();
    for file in files.filter(|it| it.text.contains(comment::WORD)) {
        for mut comment in Comment::all(file) {
            of_comments.append(&mut comment.problems);
            if comment.has_reason {
                let told = silence(&comment, file, &mut left);
                of_comments.extend(told.into_iter().filter(|_| is_complete));
            }
        }
    }
    left.append(&mut of_comments);
    left.into_iter().filter_map(|it| levels.settle(it)).collect()
}

/// Takes away what the comment silences. Answers what is of no use in it.
fn silence(comment: &Comment, file: &SourceFile, left: &mut Vec<Diagnostic>) -> Vec<Diagnostic> {
    let is_covered = |it: &Diagnostic| {
        let start = it.span.as_ref().map_or(0, |it| it.start);
        it.file == file.path && comment.covered.iter().any(|it| it.contains(&start))
    };
    let mut idle: Vec<&(String, Range<usize>)> = Vec::new();
    for name in &comment.names {
        let before = left.len();
        left.retain(|it| it.code != name.0 || !is_covered(it));
        if left.len() == before {
            idle.push(name);
        }
    }
    let fixes = comment.without(&file.text, &idle);
    let told = |((name, span), fix): (&&(String, Range<usize>), Range<usize>)| {
        UNUSED_ALLOW
            .found(format!("there is no `{name}` here to allow"))
            .at(&file.path, Arc::clone(&file.text), span.clone())
            .help("take it away")
            .fix(fix, "")
    };
    idle.iter().zip(fixes).map(told).collect()
}
