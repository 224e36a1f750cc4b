//! Code in documents: it is what a file holds, or it does what it says.

use std::{fs, io};

use rulegate_cli::{Streams, Surroundings};
use rulegate_script::{
    Diagnostic, Limits, LoadOptions, Playground, RuleSet, SourceFile, read_catalog,
};

use super::page::{Page, Snippet, content};

/// Checks a snippet by what the comment above it claims.
pub(super) fn check(page: &Page, snippet: &Snippet) -> Result<(), String> {
    let (word, argument) = (&*snippet.claim.0, &*snippet.claim.1);
    match (&*snippet.language, word) {
        ("rust" | "rhai" | "text", "file") => is_in_file(&snippet.text, argument),
        ("text", "drawing") => is_drawn_in(&snippet.text, argument),
        ("text", "diagnostic") => is_said(page, &snippet.text, argument),
        ("rhai", "rule") => load(&[SourceFile::new(argument, &*snippet.text)]).map(drop),
        ("rhai", "run") => play(&rules_of(page), &snippet.text),
        ("rhai", "body") => play(&[body(argument, &snippet.text)], &caller(argument)),
        ("toml", "entity") => is_entity(&snippet.text, argument),
        ("toml", "project") => is_project(&snippet.text),
        ("sh", "") => snippet.text.lines().try_for_each(is_understood),
        (language, _) => Err(format!("nothing tests this `{language}`: say above it what it is")),
    }
}

/// A file as a whole; of a transcript, which may be cut off at `…`, the beginning.
fn is_in_file(text: &str, path: &str) -> Result<(), String> {
    let body = content(path)?;
    let is_so = match text.strip_suffix("…\n") {
        Some(beginning) => body.starts_with(beginning),
        None => body == text,
    };
    if is_so { Ok(()) } else { Err(format!("this is not what `{path}` holds")) }
}

fn is_drawn_in(text: &str, path: &str) -> Result<(), String> {
    let file = content(path)?;
    let drawn = |line: &str| file.contains(line.trim_end());
    if text.lines().all(drawn) { Ok(()) } else { Err(format!("`{path}` draws it otherwise")) }
}

/// What an author reads who wrote one thing for another in a rule of the page: `path | right | wrong`.
fn is_said(page: &Page, text: &str, argument: &str) -> Result<(), String> {
    let parts: Vec<&str> = argument.split(" | ").collect();
    let [path, right, wrong] = parts[..] else { return Err("it takes three parts".to_owned()) };
    let rule = rules_of(page).into_iter().find(|it| it.path == path);
    let rule = rule.ok_or_else(|| format!("the page has no rule `{path}`"))?;
    let broken = SourceFile::new(path, rule.text.replace(right, wrong));
    let said = load(&[broken]).err().ok_or("nothing is wrong with it")?;
    if said.starts_with(text.trim_end()) { Ok(()) } else { Err(format!("it says\n{said}")) }
}

/// Whether `rulegate` knows what stands on a command line. Asked for help, it does nothing.
fn is_understood(line: &str) -> Result<(), String> {
    let command = line.split(" # ").next().unwrap_or_default();
    let arguments =
        command.strip_prefix("rulegate ").or_else(|| Some(command.split_once(" -- ")?.1));
    let Some(arguments) = arguments else { return Ok(()) }; // Somebody else's command.
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let streams = Streams { input: &mut io::empty(), out: &mut out, err: &mut err };
    let asked = arguments.split_whitespace().chain(["--help"]);
    match rulegate_cli::run(asked, &Surroundings::default(), streams) {
        0 => Ok(()),
        _ => Err(String::from_utf8_lossy(&err).into_owned()),
    }
}

fn is_entity(text: &str, path: &str) -> Result<(), String> {
    let mut files = support::entity_files().unwrap();
    files.push(SourceFile::new(path, text));
    read_catalog(&files, None).map(drop).map_err(|it| Diagnostic::render_all(&it, false))
}

/// Whether `rulegate` takes it as the file of a project.
fn is_project(text: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("rulegate.toml"), text).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let streams = Streams { input: &mut io::empty(), out: &mut out, err: &mut err };
    let around = Surroundings { folder: folder.path().to_owned(), ..Surroundings::default() };
    match rulegate_cli::run(["check"], &around, streams) {
        0 => Ok(()),
        _ => Err(String::from_utf8_lossy(&err).into_owned()),
    }
}

/// The rules that a page shows.
fn rules_of(page: &Page) -> Vec<SourceFile> {
    let snippets = page.snippets().into_iter().filter(|it| it.claim.0 == "rule");
    snippets.map(|it| SourceFile::new(it.claim.1, it.text)).collect()
}

/// The shipped rules and these.
fn load(more: &[SourceFile]) -> Result<RuleSet, String> {
    let mut files = support::entity_files().unwrap();
    files.extend(support::shipped_rule_files().unwrap());
    files.extend(more.iter().cloned());
    let options = LoadOptions { messages: support::shipped().messages(), ..LoadOptions::default() };
    RuleSet::load(&files, None, &options).map_err(|it| Diagnostic::render_all(&it, false))
}

/// Plays a run to its end, in which nothing breaks.
fn play(rules: &[SourceFile], run: &str) -> Result<(), String> {
    let set = load(rules)?;
    let playground = Playground::new(&set, hooks::install, &Limits::default()).unwrap();
    let played = playground.play(&SourceFile::new("run.rhai", run));
    if let Some(failure) = played.failure {
        return Err(failure.render(false));
    }
    if played.transcript.contains("An unexpected error") || played.is_rejected {
        return Err(played.transcript);
    }
    Ok(())
}

/// What stands in a rule on Create.
fn body(entity: &str, text: &str) -> SourceFile {
    let step = "const STEP = #{ message: \"Create\", stage: \"pre-operation\" };";
    SourceFile::new(
        format!("rules/{entity}/body.rhai"),
        format!("{step}\nfn run(ctx) {{\n{text}}}\n"),
    )
}

/// A run that wakes it.
fn caller(entity: &str) -> String {
    format!("create(\"{entity}\", #{{ name: \"first\" }});\ncreate(\"{entity}\", #{{}});\n")
}

/// Runs a rule that asks for each of these expressions.
pub(super) fn check_context(expressions: &[String]) -> Result<(), String> {
    assert!(expressions.iter().all(|it| it.starts_with("ctx.")), "{expressions:?}");
    let asked = expressions.join(" == ());\n    trace(");
    let step = "const STEP = #{ message: \"Update\", stage: \"post-operation\", \
                pre_image: #{ \"\": [\"name\"], before: [\"name\"] }, post_image: [\"name\"] };";
    let rule = format!("{step}\nfn run(ctx) {{\n    trace({asked} == ());\n}}\n");
    let rule = SourceFile::new("rules/account/asks.rhai", rule);
    play(&[rule], "update(create(\"account\", #{ name: \"a\" }), #{ name: \"b\" });")
}
