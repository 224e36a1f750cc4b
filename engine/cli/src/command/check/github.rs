//! Problems as annotations of GitHub Actions, one line each: `::error file=…,line=…,title=…::…`.

use std::fmt::Write;

use rulegate_script::{Diagnostic, Severity};

/// A line for each problem.
pub(super) fn render(problems: &[Diagnostic]) -> String {
    problems.iter().map(|it| annotation(it) + "\n").collect()
}

fn annotation(problem: &Diagnostic) -> String {
    let command = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = format!("::{command} ");
    if !problem.file.is_empty() {
        let _ = write!(text, "file={},", property(&problem.file));
    }
    if let Some((line, column)) = problem.line_and_column() {
        let _ = write!(text, "line={line},col={column},");
    }
    let end = problem.span.as_ref().and_then(|it| problem.place(it.end));
    if let Some((line, column)) = end {
        let _ = write!(text, "endLine={line},endColumn={column},");
    }
    let message = match &problem.help {
        Some(help) => format!("{}\n{help}", problem.message),
        None => problem.message.clone(),
    };
    let _ = write!(text, "title={}::{}", property(&problem.code), data(&message));
    text
}

/// What stands behind the last colons.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands behind an equals sign.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
