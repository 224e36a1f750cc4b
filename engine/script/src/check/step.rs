//! Steps: what is odd about when a rule runs, and what it asks for.

use std::ops::Range;
use std::sync::Arc;

use rhai::{ASTFlags, Stmt};
use rulegate::Message;

use super::checker::Checker;
use super::finding::{self, Finding};
use super::place::span;
use crate::diagnostic::Diagnostic;

impl Checker<'_> {
    /// Looks at the step, after its rule was gone through.
    pub(super) fn step(&mut self) {
        self.state.is_reached = true;
        self.filtering();
        self.unused_images();
    }

    fn at(&mut self, finding: &Finding, span: Range<usize>, message: String) -> Diagnostic {
        let file = self.script.file;
        finding.found(message).at(&file.path, Arc::clone(&file.text), span)
    }

    fn filtering(&mut self) {
        let filter = self.registration.filtering();
        if self.runs_on(&[Message::Update])
            && filter.is_empty()
            && self.registration.entity().is_some()
        {
            let text = "this runs on every update, whatever was sent".to_owned();
            let found = self.at(finding::NO_FILTERING, self.registration.span(), text);
            let reads: Vec<String> =
                self.effects.reads.keys().map(|it| format!("\"{it}\"")).collect();
            let names = if reads.is_empty() { "\"…\"".to_owned() } else { reads.join(", ") };
            self.findings.push(found.help(format!("add `filtering: [{names}]`")));
        }
        let Some(entity) = self.entity.clone() else { return };
        let never: Vec<_> = filter
            .iter()
            .filter(|it| entity.attribute(&it.0).is_some_and(|it| !it.valid_for.update))
            .collect();
        if !filter.is_empty() && never.len() == filter.len() {
            for (name, span) in never {
                let text = format!("no update can carry `{name}`: the step never runs on one");
                let found = self.at(finding::FILTER_NEVER_MATCHES, span.clone(), text);
                self.findings.push(found);
            }
        }
    }

    fn unused_images(&mut self) {
        if self.unknown.is_some() {
            return; // What is not known may read them.
        }
        let mut found = Vec::new();
        for (is_pre, alias, names) in self.registration.images() {
            let short = if is_pre { "pre-image" } else { "post-image" };
            let of_it = || self.images.iter().filter(|it| it.0 == is_pre && it.1 == alias);
            let reads =
                |name: Option<&str>| of_it().any(|it| name.is_none() || it.2.as_deref() == name);
            if !reads(None) {
                let span = names.first().map_or(self.registration.span(), |it| it.1.clone());
                let words =
                    format!("nobody reads the {short}: each message reads the record for it");
                found.push((span, words, None));
                continue;
            }
            let text = &self.script.file.text;
            let is_other_read = names.iter().any(|it| reads(Some(&it.0)));
            for (name, span) in names.iter().filter(|it| !reads(Some(&it.0))) {
                // A list of none would be an image of all.
                let cut = list_item(text, span).filter(|_| is_other_read);
                let words = format!("nobody reads `{name}` of the {short}");
                found.push((span.clone(), words, cut));
            }
        }
        for (span, text, cut) in found {
            let found = self.at(finding::UNUSED_IMAGE, span, text);
            self.findings.push(match cut {
                Some(cut) => found.help("take it out of the list").fix(cut, ""),
                None => found,
            });
        }
    }

    /// Code that stands outside of functions: nobody runs it.
    pub(super) fn top_level(&mut self) {
        for statement in self.script.tree.statements() {
            let (text, help) = match statement {
                Stmt::Noop(_) => continue,
                Stmt::Var(_, options, _) if options.intersects(ASTFlags::CONSTANT) => continue,
                Stmt::Var(..) => ("no function sees this variable", "make it a `const`"),
                _ => ("what stands outside of functions never runs", "put it into a function"),
            };
            let span = span(&self.script.file.text, statement.position());
            let found = self.at(finding::TOP_LEVEL_CODE, span, text.to_owned()).help(help);
            self.findings.push(found);
        }
    }
}

/// An item of a list with the comma beside it; none where it is the only one.
fn list_item(text: &str, item: &Range<usize>) -> Option<Range<usize>> {
    let behind = text.get(item.end..)?;
    let next = behind.trim_start().strip_prefix(',').map(str::trim_start);
    if let Some(next) = next.filter(|it| !it.starts_with(']')) {
        return Some(item.start..text.len() - next.len());
    }
    let before = text.get(..item.start)?.trim_end().strip_suffix(',')?;
    Some(before.len()..item.end)
}
