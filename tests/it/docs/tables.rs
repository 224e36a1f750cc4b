//! What is made from the code: tables between two comments, and files between a comment and a fence.

use std::fs;

use rulegate::record::Operator;
use rulegate_script::{FINDINGS, Limits, WORDS};

use super::clauses;
use super::page::content;

/// The page with everything in it as the code has it.
pub(super) fn fill(text: &str) -> String {
    let mut text = text.to_owned();
    let made = [
        ("words", words()),
        ("operators", operators()),
        ("limits", limits()),
        ("findings", findings()),
        ("clauses", clauses::summary(&text)),
    ];
    for (name, content) in made {
        text = between(&text, &format!("<!-- {name} -->\n"), "<!-- end -->", &content);
    }
    files(&text)
}

/// Every word, with its shape and what it does.
fn words() -> String {
    let rows = WORDS.iter().map(|it| format!("| `{}` | {} |\n", escape(it.shape), escape(it.does)));
    format!("| word | does |\n|---|---|\n{}", rows.collect::<String>())
}

/// Every finding, with how bad it is and what it is.
fn findings() -> String {
    let rows =
        FINDINGS.iter().map(|it| format!("| `{}` | {} | {} |\n", it.name, it.severity, it.summary));
    format!("| name | is | found |\n|---|---|---|\n{}", rows.collect::<String>())
}

fn operators() -> String {
    let names = Operator::ALL.iter().map(|it| format!("`{}`", it.name().replace('-', "_")));
    format!("{}.\n", names.collect::<Vec<_>>().join(", "))
}

/// Every limit with its default, and what the code says of it.
fn limits() -> String {
    let source = support::root().join("engine/script/src/limits.rs");
    let source = fs::read_to_string(source).unwrap();
    let shown = format!("{:?}", Limits::default());
    let fields = shown.strip_prefix("Limits { ").and_then(|it| it.strip_suffix(" }")).unwrap();
    let mut rows = "| limit | of | default |\n|---|---|---|\n".to_owned();
    for field in pairs_joined(fields) {
        let (name, value) = field.split_once(": ").unwrap();
        let of = documented(&source, name);
        rows.extend(["| `", name, "` | ", &of, " | ", &grouped(value), " |\n"]);
    }
    rows
}

/// The fields of a struct, of which some are pairs.
fn pairs_joined(fields: &str) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for part in fields.split(", ") {
        match joined.last_mut().filter(|_| !part.contains(": ")) {
            Some(pair) => pair.extend([", ", part]),
            None => joined.push(part.to_owned()),
        }
    }
    joined
}

/// What stands above a field.
fn documented(source: &str, field: &str) -> String {
    let above = source.split_once(&format!("    pub {field}:")).unwrap().0;
    let mut lines: Vec<&str> =
        above.lines().rev().map_while(|it| it.strip_prefix("    /// ")).collect();
    lines.reverse();
    lines.join(" ").trim_end_matches('.').to_owned()
}

/// `1000000` as `1,000,000`.
fn grouped(value: &str) -> String {
    if !value.bytes().all(|it| it.is_ascii_digit()) {
        return value.to_owned();
    }
    let places = value.char_indices();
    let comma = |at: usize| 0 < at && (value.len() - at).is_multiple_of(3);
    places.flat_map(|(at, digit)| comma(at).then_some(',').into_iter().chain([digit])).collect()
}

fn escape(text: &str) -> String {
    text.replace('|', "\\|")
}

fn between(text: &str, start: &str, end: &str, content: &str) -> String {
    let Some((before, rest)) = text.split_once(start) else { return text.to_owned() };
    let (_, after) = rest.split_once(end).unwrap();
    format!("{before}{start}{content}{end}{after}")
}

/// Fills in the files that the page shows whole. What is cut off keeps its last line.
fn files(text: &str) -> String {
    let mut parts = text.split("<!-- file: ");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (path, rest) = part.split_once(" -->\n").unwrap();
        let (fence, rest) = rest.split_once('\n').unwrap();
        let (shown, rest) = rest.split_once("```").unwrap();
        let body = current(path, shown).unwrap_or_else(|| shown.to_owned());
        filled.extend(["<!-- file: ", path, " -->\n", fence, "\n", &body, "```", rest]);
    }
    filled
}

/// What a file holds, up to the line at which the page cuts it off.
fn current(path: &str, shown: &str) -> Option<String> {
    let body = content(path).ok()?;
    let Some(beginning) = shown.strip_suffix("…\n") else { return Some(body) };
    let last = beginning.lines().last()?;
    let upto = body.find(&format!("{last}\n"))? + last.len() + 1;
    Some(format!("{}…\n", body.get(..upto)?))
}
