//! What authors see, whatever the file and the span are.

use std::ops::Range;

use insta::assert_snapshot;
use rulegate_script::{Diagnostic, Severity, span_of_word};

const RULE: &str = "fn run(ctx) {\n    ctx.target.nme = \"x\";\n}\n";

#[test]
fn a_diagnostic_shows_the_line_the_carets_and_the_fix() {
    let span = span_of_word(RULE, 2, 16);
    let diagnostic = Diagnostic::error("unknown-attribute", "`account` has no attribute `nme`")
        .at("rules/account/trim.rhai", RULE, span.clone())
        .label("no such attribute")
        .did_you_mean(span, "name");

    assert_snapshot!(diagnostic.render(false), @r#"
    error[unknown-attribute]: `account` has no attribute `nme`
     --> rules/account/trim.rhai:2:16
      |
    2 |     ctx.target.nme = "x";
      |                ^^^ no such attribute
      |
    help: did you mean `name`?
      |
    2 |     ctx.target.name = "x";
      |                 +
    "#);
    assert_snapshot!(diagnostic.to_string(), @"rules/account/trim.rhai:2:16: error: `account` has no attribute `nme`");
    assert!(diagnostic.render(true).contains("\u{1b}["));
}

#[test]
fn a_warning_without_a_place_shows_the_file() {
    let diagnostic = Diagnostic::warning("no-runs", "no run plays this rule")
        .in_file("rules/account/trim.rhai")
        .help("write one in `tests/runs/account/`");
    assert_eq!(diagnostic.severity, Severity::Warning);
    assert_snapshot!(diagnostic.render(false), @r"
    warning[no-runs]: no run plays this rule
    --> rules/account/trim.rhai
     = help: write one in `tests/runs/account/`
    ");
    assert_snapshot!(diagnostic.to_string(), @"rules/account/trim.rhai: warning: no run plays this rule");
}

#[test]
fn a_problem_of_no_file_is_a_sentence() {
    assert_snapshot!(Diagnostic::error("io", "the folder is empty").render(false), @"error[io]: the folder is empty");
    assert_snapshot!(Diagnostic::error("io", "the folder is empty").to_string(), @"error: the folder is empty");
}

#[test]
fn a_fix_beyond_the_line_is_told_and_not_drawn() {
    let diagnostic = Diagnostic::error("syntax", "an unclosed block")
        .at("a.rhai", RULE, 12..RULE.len())
        .help("close it")
        .fix(RULE.len()..RULE.len(), "}\n");
    assert_snapshot!(diagnostic.render(false), @r"
    error[syntax]: an unclosed block
     --> a.rhai:1:13
      |
    1 | fn run(ctx) {
      |             ^
      |
      = help: close it
    ");
}

#[test]
fn all_diagnostics_stand_apart() {
    let one = Diagnostic::error("a", "one").at("a.rhai", RULE, 0..2);
    let two = Diagnostic::warning("b", "two").at("a.rhai", RULE, 3..6);
    assert_snapshot!(Diagnostic::render_all([&one, &two], false), @r"
    error[a]: one
     --> a.rhai:1:1
      |
    1 | fn run(ctx) {
      | ^^

    warning[b]: two
     --> a.rhai:1:4
      |
    1 | fn run(ctx) {
      |    ^^^
    ");
}

const ODD: &[&str] = &[
    "",
    "\n",
    "\r\n",
    "no end",
    "\ttab\there\t",
    "CRLF\r\nagain\r\n",
    "lone\rreturn",
    "\u{feff}marked\nline",
    "\u{feff}",
    "größe = \"Ä😀\u{301}\"\nzwei",
    "\u{200b}\u{202e}zero\u{0}\u{1b}[31m",
    "日本語\n\n\n日本",
];

#[test]
fn no_span_of_no_text_breaks_the_rendering() {
    for text in ODD {
        for start in 0..text.len() + 3 {
            for end in [0, start, start + 1, start + 2, text.len(), text.len() + 9, usize::MAX] {
                assert_renders(text, start..end);
            }
        }
    }
}

fn assert_renders(text: &str, span: Range<usize>) {
    for replacement in ["", "x", "long\nand\tmore", "日本"] {
        let diagnostic = Diagnostic::error("odd", "odd\n\u{1b}\ttext")
            .at("odd.toml", text, span.clone())
            .label("here\nand there")
            .fix(span.clone(), replacement);
        assert!(diagnostic.render(false).contains("odd"));
        assert!(diagnostic.render(true).contains("odd"));
        assert!(diagnostic.to_string().starts_with("odd.toml:"));
    }
}

#[test]
fn lines_and_columns_count_characters_from_one() {
    let at = |text: &str, start: usize| {
        Diagnostic::error("a", "a").at("a", text, start..start).line_and_column()
    };
    assert_eq!(at("äö\r\nü", 0), Some((1, 1)));
    assert_eq!(at("äö\r\nü", 2), Some((1, 2)));
    assert_eq!(at("äö\r\nü", 3), Some((1, 2)), "within a character");
    assert_eq!(at("äö\r\nü", 4), Some((1, 3)));
    assert_eq!(at("äö\r\nü", 6), Some((2, 1)));
    assert_eq!(at("äö\r\nü", 99), Some((2, 2)), "beyond the end");
    assert_eq!(at("\u{feff}ab", 4), Some((1, 2)));
    assert_eq!(at("", 0), None);
}

#[test]
fn a_place_becomes_the_word_that_begins_there() {
    let word = |text: &'static str, line: usize, column: usize| {
        let span = span_of_word(text, line, column);
        (text.get(span.clone()).unwrap(), span.start)
    };
    assert_eq!(word(RULE, 2, 9), ("target", 22));
    assert_eq!(word(RULE, 2, 22), ("\"x\"", 35));
    assert_eq!(word(RULE, 2, 20), ("=", 33));
    assert_eq!(word("größe(ß)\nx", 1, 1), ("größe", 0));
    assert_eq!(word("größe(ß)\nx", 1, 7), ("ß", 8));
    assert_eq!(word("\u{feff}let x", 1, 5), ("x", 7));
    assert_eq!(word("\"a\\\"b\" c", 1, 1), ("\"a\\\"b\"", 0));
    assert_eq!(word("\"open\r\nnext", 1, 1), ("\"open", 0));
    assert_eq!(word("a\r\nb", 2, 1), ("b", 3));
    for text in ODD {
        for (line, column) in [(0, 0), (1, 0), (0, 1), (1, 99), (99, 1), (usize::MAX, usize::MAX)] {
            let span = span_of_word(text, line, column);
            assert!(text.get(span.clone()).is_some(), "{text:?} {line}:{column} {span:?}");
        }
    }
}
