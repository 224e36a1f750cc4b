//! Steps: what is odd about when a rule runs, and what it asks for.

use std::ops::Range;
use std::sync::Arc;

use rhai::Stmt;
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
            let reads = |name: Option<&str>| {
                self.images.iter().any(|it| {
                    it.0 == is_pre && it.1 == alias && (it.2.as_deref() == name || name.is_none())
                })
            };
            if !reads(None) {
                let span = names.first().map_or(self.registration.span(), |it| it.1.clone());
                found.push((
                    span,
                    format!("nobody reads the {short}: each message reads the record for it"),
                ));
                continue;
            }
            for (name, span) in names {
                if !reads(Some(name)) {
                    found.push((span.clone(), format!("nobody reads `{name}` of the {short}")));
                }
            }
        }
        for (span, text) in found {
            let found = self.at(finding::UNUSED_IMAGE, span, text);
            self.findings.push(found);
        }
    }

    /// Code that stands outside of functions: nobody runs it.
    pub(super) fn top_level(&mut self) {
        for statement in self.script.tree.statements() {
            if !matches!(statement, Stmt::Var(..) | Stmt::Noop(_)) {
                let span = span(&self.script.file.text, statement.position());
                let text = "what stands outside of functions never runs".to_owned();
                let found = self.at(finding::TOP_LEVEL_CODE, span, text);
                self.findings.push(found);
            }
        }
    }
}
