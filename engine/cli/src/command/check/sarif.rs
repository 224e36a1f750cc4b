//! Problems as SARIF 2.1.0, the format in which code hosts and editors take what checkers find.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::Range;

use rulegate_script::{Diagnostic, Finding, Fix, Severity};
use serde_json::{Value as Json, json};

/// Where the shape of the document is told.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The document.
pub(super) fn render(problems: &[Diagnostic]) -> Json {
    let codes: BTreeSet<&str> = problems.iter().map(|it| it.code.as_str()).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let results = problems.iter().map(|it| result(it, &codes));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "rulegate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|it| rule(it)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// A kind of problem: with its page, where it has one.
fn rule(code: &str) -> Json {
    match Finding::named(code) {
        Some(finding) => json!({
            "id": code,
            "shortDescription": { "text": finding.summary },
            "help": { "text": finding.page, "markdown": finding.page },
            "defaultConfiguration": { "level": level(finding.severity) },
        }),
        None => json!({
            "id": code,
            "shortDescription": { "text": code.replace('-', " ") },
            "help": { "text": "The message says what to do." },
            "defaultConfiguration": { "level": "error" },
        }),
    }
}

fn result(problem: &Diagnostic, codes: &[&str]) -> Json {
    let text = match &problem.help {
        Some(help) => format!("{}\n{help}", problem.message),
        None => problem.message.clone(),
    };
    let mut result = json!({
        "ruleId": problem.code,
        "ruleIndex": codes.iter().position(|it| *it == problem.code),
        "level": level(problem.severity),
        "message": { "text": text },
    });
    let Some(keys) = result.as_object_mut() else { return result };
    if !problem.file.is_empty() {
        let mut place = json!({ "artifactLocation": artifact(problem) });
        let region = problem.span.as_ref().and_then(|it| region(problem, it));
        if let (Some(region), Some(keys)) = (region, place.as_object_mut()) {
            keys.insert("region".to_owned(), region);
        }
        keys.insert("locations".to_owned(), json!([{ "physicalLocation": place }]));
    }
    if let Some(fix) = problem.fix.as_ref().and_then(|it| self::fix(problem, it)) {
        keys.insert("fixes".to_owned(), json!([fix]));
    }
    result
}

fn fix(problem: &Diagnostic, fix: &Fix) -> Option<Json> {
    let replacement = json!({
        "deletedRegion": region(problem, &fix.span)?,
        "insertedContent": { "text": fix.replacement },
    });
    let change = json!({
        "artifactLocation": artifact(problem),
        "replacements": [replacement],
    });
    let text = problem.help.as_deref().unwrap_or("write it so");
    Some(json!({ "description": { "text": text }, "artifactChanges": [change] }))
}

fn artifact(problem: &Diagnostic) -> Json {
    json!({ "uri": uri(&problem.file) })
}

/// Lines and columns from 1; the end is the column behind the last character.
fn region(problem: &Diagnostic, span: &Range<usize>) -> Option<Json> {
    let (from, to) = (problem.place(span.start)?, problem.place(span.end)?);
    Some(json!({
        "startLine": from.0,
        "startColumn": from.1,
        "endLine": to.0,
        "endColumn": to.1,
    }))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A path as a relative reference of RFC 3986.
fn uri(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
