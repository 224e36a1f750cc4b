//! Comments that allow findings: `// allow(name, other): reason`.

use std::ops::Range;
use std::sync::Arc;

use rulegate::metadata::suggestion;

use super::scan::{Kind, Piece, pieces};
use crate::check::finding::{BAD_ALLOW, FINDINGS, Finding, UNUSED_ALLOW};
use crate::diagnostic::Diagnostic;
use crate::entity_file::SourceFile;

/// How such a comment begins.
pub(super) const WORD: &str = "allow(";

/// A comment that allows findings.
pub(super) struct Comment {
    /// The findings, each with its place.
    pub(super) names: Vec<(String, Range<usize>)>,
    /// Whether it says why: only then it silences anything.
    pub(super) has_reason: bool,
    /// Where findings begin that it silences.
    pub(super) covered: Vec<Range<usize>>,
    /// What is wrong with it.
    pub(super) problems: Vec<Diagnostic>,
    span: Range<usize>,
    /// The names and the commas between them.
    list: Range<usize>,
}

impl Comment {
    /// All of them in a file.
    pub(super) fn all(file: &SourceFile) -> Vec<Self> {
        let pieces = pieces(&file.text);
        let comments = pieces.iter().enumerate();
        let comments = comments.filter(|(_, it)| it.kind == Kind::LineComment);
        comments.filter_map(|(at, it)| Self::read(file, &pieces, (at, &it.span))).collect()
    }

    /// The comment, if it is one that allows.
    fn read(
        file: &SourceFile,
        pieces: &[Piece],
        (at, span): (usize, &Range<usize>),
    ) -> Option<Self> {
        let text = file.text.get(span.clone())?;
        let inner = text.strip_prefix("//")?.trim_start().strip_prefix(WORD)?;
        let start = span.end - inner.len();
        let (list, rest) = inner.split_once(')').unwrap_or((inner, ""));
        let reason = rest.trim_start().strip_prefix(':').unwrap_or_default();
        let mut comment = Self {
            names: Vec::new(),
            has_reason: !reason.trim().is_empty(),
            covered: covered(&file.text, pieces, at),
            problems: Vec::new(),
            span: span.start..span.start + text.trim_end().len(),
            list: start..start + list.len(),
        };
        comment.take_names(file, list, start);
        if !comment.has_reason {
            let problem = BAD_ALLOW.found("this comment allows something, and does not say why");
            comment.problems.push(
                problem
                    .at(&file.path, Arc::clone(&file.text), comment.span.clone())
                    .help("write the reason behind it: `// allow(name): reason`"),
            );
        }
        Some(comment)
    }

    fn take_names(&mut self, file: &SourceFile, list: &str, start: usize) {
        let mut at = start;
        for part in list.split(',') {
            let name = part.trim();
            let from = at + part.len() - part.trim_start().len();
            let span = from..from + name.len();
            at += part.len() + 1;
            match problem(name) {
                None => self.names.push((name.to_owned(), span)),
                Some((text, meant)) => {
                    let found =
                        BAD_ALLOW.found(text).at(&file.path, Arc::clone(&file.text), span.clone());
                    self.problems.push(match meant {
                        Some(meant) => found.did_you_mean(span, meant),
                        None => found.help("`rulegate explain` lists the names"),
                    });
                }
            }
        }
    }

    /// What to cut out so that each of these names is gone: with all of them goes the comment.
    pub(super) fn without(
        &self,
        source: &str,
        idle: &[&(String, Range<usize>)],
    ) -> Vec<Range<usize>> {
        if idle.len() == self.names.len() && self.problems.is_empty() {
            return vec![whole(source, &self.span); idle.len()];
        }
        idle.iter().map(|it| self.with_comma(source, &it.1)).collect()
    }

    /// The name with a comma beside it.
    fn with_comma(&self, source: &str, name: &Range<usize>) -> Range<usize> {
        let behind = source.get(name.end..self.list.end).unwrap_or_default();
        if let Some(comma) = behind.find(',') {
            let after = behind.get(comma + 1..).unwrap_or_default();
            return name.start..self.list.end - after.trim_start().len();
        }
        let before = source.get(self.list.start..name.start).unwrap_or_default();
        self.list.start + before.rfind(',').unwrap_or(before.len())..name.end
    }
}

/// What is wrong with a name, and which was meant.
fn problem(name: &str) -> Option<(String, Option<&'static str>)> {
    if name.is_empty() {
        return Some(("this comment does not say what it allows".to_owned(), None));
    }
    if [BAD_ALLOW.name, UNUSED_ALLOW.name].contains(&name) {
        return Some((format!("no comment can allow `{name}`"), None));
    }
    if Finding::named(name).is_some() {
        return None;
    }
    let meant = suggestion(name, FINDINGS.iter().map(|it| it.name));
    Some((format!("there is no finding `{name}`"), meant))
}

/// Where findings begin that a comment silences: on its line, or else on the next line of code, with all of the
/// literal that begins there, if one does.
fn covered(source: &str, pieces: &[Piece], at: usize) -> Vec<Range<usize>> {
    let Some(comment) = pieces.get(at) else { return Vec::new() };
    let own = line(source, comment.span.start);
    let is_code = |it: &&Piece| !matches!(it.kind, Kind::LineComment | Kind::BlockComment);
    let is_beside = |it: &Piece| own.start < it.span.end && it.span.start < own.end;
    let lines = if pieces.iter().take(at).filter(is_code).any(is_beside) {
        own
    } else {
        match pieces.iter().skip(at).find(is_code) {
            Some(next) => line(source, next.span.start),
            None => own,
        }
    };
    let step = step(source, pieces).filter(|it| lines.contains(&it.start));
    step.into_iter().chain([lines]).collect()
}

/// The literal that says the steps, from its name to its last bracket.
fn step(source: &str, pieces: &[Piece]) -> Option<Range<usize>> {
    let word = |it: &Piece| source.get(it.span.clone()).unwrap_or_default();
    let begins = |it: &[Piece]| matches!(it, [a, b] if word(a) == "const" && ["STEP", "STEPS"].contains(&word(b)));
    let from = pieces.windows(2).position(begins)?;
    let rest = pieces.get(from..)?;
    let mut depth = 0_usize;
    for piece in rest.iter().filter(|it| it.kind == Kind::Sign) {
        match word(piece) {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return Some(rest.first()?.span.start..piece.span.end);
        }
    }
    None
}

/// The line that holds a byte, without its end.
fn line(source: &str, at: usize) -> Range<usize> {
    let (before, after) = source.split_at_checked(at).unwrap_or((source, ""));
    let start = before.rfind('\n').map_or(0, |it| it + 1);
    start..at + after.find('\n').unwrap_or(after.len())
}

/// A comment with the space before it, and with its line where nothing else stands there.
fn whole(source: &str, comment: &Range<usize>) -> Range<usize> {
    let line = line(source, comment.start);
    let before = source.get(line.start..comment.start).unwrap_or_default();
    if before.trim().is_empty() {
        let end = source.len().min(line.end + 1);
        return line.start..end;
    }
    line.start + before.trim_end().len()..comment.end
}
