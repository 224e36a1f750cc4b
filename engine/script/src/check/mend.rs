//! Mending: the fixes of findings, put into the files.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Fix};
use crate::entity_file::SourceFile;
use crate::language;
use crate::limits::Limits;

/// A file in which something was mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The file, with its text as it is now.
    pub file: SourceFile,
    /// How many problems of it are mended.
    pub count: usize,
}

/// Mends what was found in these files, where a fix is known. Nothing is written; the files that change are answered.
///
/// Of fixes that overlap the first is taken: mend again when the others were looked for again. A fix after which a
/// file could not be read is left out.
#[must_use]
pub fn mend(files: &[SourceFile], problems: &[Diagnostic], limits: &Limits) -> Vec<Mended> {
    let mended = |file: &SourceFile| {
        let mut known: Vec<&Fix> = problems
            .iter()
            .filter(|it| it.file == file.path && it.source == file.text)
            .filter_map(|it| it.fix.as_ref())
            .collect();
        known.sort_by_key(|it| (it.span.start, it.span.end));
        let (text, kept) = applied(file, &apart(&known), limits)?;
        let count = known.iter().filter(|it| kept.contains(it)).count();
        Some(Mended { file: SourceFile::new(&file.path, text), count })
    };
    files.iter().filter_map(mended).collect()
}

/// Those that touch no text that one before them touches.
fn apart<'a>(fixes: &[&'a Fix]) -> Vec<&'a Fix> {
    let mut last: Option<Range<usize>> = None;
    let is_apart = |it: &&'a Fix| {
        let is_free =
            last.as_ref().is_none_or(|last| last.end <= it.span.start && *last != it.span);
        if is_free {
            last = Some(it.span.clone());
        }
        is_free
    };
    fixes.iter().copied().filter(is_apart).collect()
}

/// The text with all fixes, or with those with which it can be read, and those; none if nothing is left to do.
fn applied<'a>(
    file: &SourceFile,
    fixes: &[&'a Fix],
    limits: &Limits,
) -> Option<(Arc<str>, Vec<&'a Fix>)> {
    let good =
        |fixes: &[&Fix]| with(&file.text, fixes).filter(|it| is_readable(&file.path, it, limits));
    let mut kept = fixes.to_vec();
    if good(&kept).is_none() {
        kept.clear();
        for fix in fixes {
            kept.push(fix);
            if good(&kept).is_none() {
                kept.pop();
            }
        }
    }
    let text = good(&kept).filter(|_| !kept.is_empty())?;
    Some((text.into(), kept))
}

/// The text with these fixes, which stand in their order; none where one points beyond it.
fn with(source: &str, fixes: &[&Fix]) -> Option<String> {
    let (mut text, mut at) = (String::new(), 0);
    for fix in fixes {
        text.push_str(source.get(at..fix.span.start)?);
        text.push_str(&fix.replacement);
        at = fix.span.end;
    }
    text.push_str(source.get(at..)?);
    Some(text)
}

fn is_readable(path: &str, text: &str, limits: &Limits) -> bool {
    match path.rsplit_once('.') {
        Some((_, "rhai")) => language::parser(limits).compile(text).is_ok(),
        Some((_, "toml")) => toml::de::DeTable::parse(text).is_ok(),
        _ => false,
    }
}
