//! Comments that allow findings, and levels: what they silence, and what not.

use insta::assert_snapshot;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rulegate_script::{Check, Diagnostic, Level, Levels, LoadOptions, SourceFile};

use super::{found, found_with, options};

/// What is found in a rule on every update, which is one thing to find.
fn found_in(text: &str) -> Vec<Diagnostic> {
    found(&[SourceFile::new("rules/opportunity/note.rhai", text)])
}

/// A rule that gives `no-filtering` at its `STEP`, with something before and behind.
fn unfiltered(before: &str, behind: &str) -> String {
    format!(
        "{before}const STEP = #{{ message: \"Update\", stage: \"post-operation\" }};{behind}\n\n\
         fn run(ctx) {{ trace(\"changed\"); }}\n"
    )
}

fn codes(all: &[Diagnostic]) -> Vec<&str> {
    all.iter().map(|it| it.code.as_str()).collect()
}

const ALLOW: &str = "// allow(no-filtering): each change is noted";

#[test]
fn a_comment_silences_its_line_or_the_next_line_of_code() {
    assert_eq!(codes(&found_in(&unfiltered("", ""))), ["no-filtering"]);
    for (before, behind) in [
        (format!("{ALLOW}\n"), String::new()),
        (String::new(), format!(" {ALLOW}")),
        // White lines and other comments are no code.
        (format!("{ALLOW}\n\n// more\n/* and\nmore */\n"), String::new()),
        (format!("   {ALLOW}  \r\n"), String::new()),
        ("// allow(no-filtering):so\n".to_owned(), String::new()),
        ("//allow( no-filtering ) : so\n".to_owned(), String::new()),
    ] {
        let text = unfiltered(&before, &behind);
        assert_eq!(codes(&found_in(&text)), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn on_the_line_of_the_step_it_holds_for_the_whole_literal() {
    let step = "const STEPS = [\n    #{ message: \"Update\",\n        stage: \"post-operation\" },\n\
                #{ message: \"Update\", stage: \"pre-operation\", description: \"}]\" },\n];\n\
                fn run(ctx) { trace(\"changed\"); }\n";
    assert_eq!(codes(&found_in(step)), ["no-filtering", "no-filtering"]);
    assert_eq!(codes(&found_in(&format!("{ALLOW}\n{step}"))), Vec::<&str>::new());
}

#[test]
fn elsewhere_it_silences_nothing_and_is_told_of() {
    for (before, behind) in [
        // The next line of code is another one.
        (format!("{ALLOW}\nconst LIMIT = 3;\n"), String::new()),
        (format!("const LIMIT = 3; {ALLOW}\n"), String::new()),
        (String::new(), format!("\n{ALLOW}")),
        // It names something else.
        ("// allow(dead-code): so\n".to_owned(), String::new()),
    ] {
        let text = unfiltered(&before, &behind);
        let mut found = found_in(&text);
        found.sort_by(|a, b| a.code.cmp(&b.code));
        assert_eq!(codes(&found), ["no-filtering", "unused-allow"], "{text}");
    }
}

#[test]
fn what_is_no_comment_of_a_line_allows_nothing() {
    for before in [
        "/// allow(no-filtering): documents\nfn other() {}\n",
        "/* allow(no-filtering): block */\n",
        "/* a /* nested */ // allow(no-filtering): block */\n",
        "const A = \"// allow(no-filtering): text\";\n",
        "const A = \"\\\"// allow(no-filtering): text\";\n",
        "const A = `\n// allow(no-filtering): text\n`;\n",
        "const A = #\"\n// allow(no-filtering): text\"\n\"#;\n",
        "// see allow(no-filtering): it is not at the beginning\n",
        "// allow no-filtering: no brackets\n",
    ] {
        let text = unfiltered(before, "");
        assert_eq!(codes(&found_in(&text)), ["no-filtering"], "{text}");
    }
    // A text with code in it goes on behind that, and a comment in that code is one.
    let text = unfiltered("", "").replace(
        "trace(\"changed\")",
        "trace(`${ { let a = #{ b: `}` }; // allow(dead-code): unused\n a.b } } // allow(bad`)",
    );
    assert_eq!(codes(&found_in(&text)), ["no-filtering", "unused-allow"], "{text}");
}

#[test]
fn several_can_be_allowed_and_each_is_told_of_where_it_is_of_no_use() {
    let text = unfiltered("// allow(dead-code, no-filtering, unused-image): so\n", "");
    let found = found_in(&text);
    assert_snapshot!(Diagnostic::render_all(&found, false), @"
    warning[unused-allow]: there is no `dead-code` here to allow
     --> rules/opportunity/note.rhai:1:10
      |
    1 | // allow(dead-code, no-filtering, unused-image): so
      |          ^^^^^^^^^
      |
    help: take it away
      |
    1 - // allow(dead-code, no-filtering, unused-image): so
    1 + // allow(no-filtering, unused-image): so
      |

    warning[unused-allow]: there is no `unused-image` here to allow
     --> rules/opportunity/note.rhai:1:35
      |
    1 | // allow(dead-code, no-filtering, unused-image): so
      |                                   ^^^^^^^^^^^^
      |
    help: take it away
      |
    1 - // allow(dead-code, no-filtering, unused-image): so
    1 + // allow(dead-code, no-filtering): so
      |
    ");
    let mended = rulegate_script::mend(
        &[SourceFile::new("rules/opportunity/note.rhai", &*text)],
        &found,
        &options().limits,
    );
    assert!(mended[0].file.text.starts_with("// allow(no-filtering): so\n"), "{:?}", mended[0]);
    assert_eq!(mended[0].count, 2);
}

#[test]
fn a_comment_without_a_name_or_a_reason_is_an_error() {
    for (comment, count) in [
        ("// allow(no-filtering)", 1),
        ("// allow(no-filtering):  ", 1),
        ("// allow(no-filtering) so", 1),
        ("// allow(no-filtering: so", 2),
        ("// allow(): so", 1),
        ("// allow(,): so", 2),
        ("// allow(no-filterin): so", 1),
        ("// allow(unused-allow): so", 1),
        ("// allow(syntax): so", 1),
    ] {
        let text = unfiltered(&format!("{comment}\n"), "");
        let found = found_in(&text);
        let bad = codes(&found).iter().filter(|it| **it == "bad-allow").count();
        assert_eq!((bad, found.len()), (count, count + 1), "{text}");
    }
    let found = found_in(&unfiltered("// allow(no-filterin)\n", ""));
    assert_snapshot!(Diagnostic::render_all(&found[..2], false), @"
    error[bad-allow]: this comment allows something, and does not say why
     --> rules/opportunity/note.rhai:1:1
      |
    1 | // allow(no-filterin)
      | ^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write the reason behind it: `// allow(name): reason`

    error[bad-allow]: there is no finding `no-filterin`
     --> rules/opportunity/note.rhai:1:10
      |
    1 | // allow(no-filterin)
      |          ^^^^^^^^^^^
      |
    help: did you mean `no-filtering`?
      |
    1 | // allow(no-filtering)
      |                     +
    ");
}

#[test]
fn what_is_wrong_with_a_step_cannot_be_allowed() {
    let text = unfiltered("// allow(unknown-attribute): so\n", "")
        .replace("#{ message", "#{ filtering: [\"nam\"], message");
    assert_eq!(codes(&found_in(&text)), ["unknown-attribute"]);
    // Where not all was looked for, nobody knows that a comment is of no use.
    let text = unfiltered(&format!("{ALLOW}\n"), "").replace("trace(", "let a = ; trace(");
    assert_eq!(codes(&found_in(&text)), ["syntax"]);
}

#[test]
fn levels_change_how_bad_a_finding_is() {
    let rule = [SourceFile::new("rules/opportunity/note.rhai", unfiltered("", ""))];
    let severities = |levels: Levels| {
        let found = found_with(&rule, &LoadOptions { levels, ..options() });
        found.into_iter().map(|it| it.severity.to_string()).collect::<Vec<_>>()
    };
    let with = |name: &str, level| Levels::default().with(name, level).unwrap();
    assert_eq!(severities(Levels::default()), ["warning"]);
    for name in ["warnings", "no-filtering"] {
        assert_eq!(severities(with(name, Level::Deny)), ["error"]);
        assert_eq!(severities(with(name, Level::Warn)), ["warning"]);
        assert_eq!(severities(with(name, Level::Allow)), Vec::<String>::new());
    }
    // A finding's own name counts more than that of all; what stands above counts more than what stands below.
    let both = with("no-filtering", Level::Warn).with("warnings", Level::Deny).unwrap();
    assert_eq!(severities(both.clone()), ["warning"]);
    assert_eq!(severities(with("no-filtering", Level::Deny).over(&both)), ["error"]);
    assert_eq!(severities(Levels::default().over(&both)), ["warning"]);
    assert_eq!(severities(with("unused-image", Level::Deny)), ["warning"]);
}

#[test]
fn a_set_that_is_checked_for_syntax_alone_has_no_findings() {
    let text = unfiltered("// allow(nonsense)\n", "").replace("trace(", "trce(");
    let rule = [SourceFile::new("rules/opportunity/note.rhai", text)];
    let levels = Levels::default().with("warnings", Level::Deny).unwrap();
    let found = found_with(&rule, &LoadOptions { check: Check::Syntax, levels, ..options() });
    assert_eq!(codes(&found), Vec::<&str>::new());
}

/// What texts are made of that are no scripts, or only just.
const PIECES: [&str; 26] = [
    "// allow(",
    "allow(",
    "no-filtering",
    "dead-code",
    "nonsense",
    ")",
    ": why",
    ",",
    "\n",
    "\r\n",
    " ",
    "/*",
    "*/",
    "//",
    "\"",
    "'",
    "`",
    "${",
    "}",
    "{",
    "#\"",
    "\"#",
    "\\",
    "ä",
    "const STEP = #{ message: \"Update\", stage: \"post-operation\" };",
    "fn run(ctx) { trace(\"a\"); }",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_stands_there_is_read_and_mended_without_a_panic(pieces in vec(select(&PIECES[..]), 0..24)) {
        let rule = SourceFile::new("rules/opportunity/odd.rhai", pieces.concat());
        let found = found(std::slice::from_ref(&rule));
        for it in &found {
            prop_assert!(it.span.clone().is_none_or(|it| rule.text.get(it).is_some()), "{it:?}");
            prop_assert!(it.fix.as_ref().is_none_or(|it| rule.text.get(it.span.clone()).is_some()));
        }
        for mended in rulegate_script::mend(&[rule], &found, &options().limits) {
            prop_assert!(0 < mended.count);
        }
    }
}
