//! The language of rules: what its words do with whatever they are given. Never a panic, always a clear error.

mod context;
mod interpreted;
mod lowering;
mod mutations;
mod values;
mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};

use rulegate::{Engine, Error, Fault, OrganizationService, Record};
use rulegate_script::{Diagnostic, Limits, SourceFile};
use support::{small_engine, small_set};

/// What a rule does with its message: `= text` where it throws a text, else what stopped it.
fn said(body: &str) -> String {
    said_at("post-operation", body)
}

fn said_at(stage: &str, body: &str) -> String {
    let outcome = catch_unwind(AssertUnwindSafe(|| match engine(stage, body) {
        Ok(engine) => match create(&engine) {
            Ok(_) => "ends well".to_owned(),
            Err(error) => shown(&error),
        },
        Err(problems) => format!("not loaded: {}", problems.first().unwrap().message),
    }));
    outcome.unwrap_or_else(|_| panic!("panics: {body}"))
}

/// An engine with one rule on Create of account, which has that body.
fn engine(stage: &str, body: &str) -> Result<Engine, Vec<Diagnostic>> {
    engine_of(&[rule("rule", &format!("message: \"Create\", stage: \"{stage}\""), body)])
}

fn engine_of(rules: &[SourceFile]) -> Result<Engine, Vec<Diagnostic>> {
    let set = small_set(rules, &Limits::default())?;
    Ok(small_engine(&set, |it| it).unwrap())
}

/// A rule of the account.
pub(crate) fn rule(name: &str, step: &str, body: &str) -> SourceFile {
    let text = format!("const STEP = #{{ {step} }};\nfn run(ctx) {{\n{body}\n}}\n");
    SourceFile::new(format!("rules/account/{name}.rhai"), text)
}

fn create(engine: &Engine) -> Result<rulegate::EntityReference, Error> {
    let account: Record = engine.record("account").unwrap();
    engine.create(account.with("name", "Acme").unwrap())
}

fn shown(error: &Error) -> String {
    let Some(step) = error.step() else {
        return format!("{}: {error}", error.code());
    };
    let said = match &step.fault {
        Fault::Rejected(rejection) => match &rejection.code {
            Some(code) => format!("= {rejection} [{code}]"),
            None => format!("= {rejection}"),
        },
        Fault::Failed(failure) => failure.error.to_string(),
        Fault::Limit(limit) => limit.to_string(),
        Fault::Nested(error) => format!("nested: {error}"),
    };
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// A table for a snapshot: each snippet, and what came of it.
fn table(snippets: &[&str], as_body: impl Fn(&str) -> String) -> String {
    let line = |it: &&str| format!("{it}\n    {}", said(&as_body(it)));
    snippets.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The value of an expression.
fn thrown(expression: &str) -> String {
    format!("throw `${{{expression}}}`;")
}
