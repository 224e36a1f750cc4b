//! Scanning: which bytes of a script are comments, and which are code. It takes any text, and never fails.
//!
//! Rhai's own tokenizer wants its parser beside it to know where a text with `${…}` in it goes on.

use std::ops::Range;

/// A comment, or something of code: a sign, a word, or a whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `// …`, to the end of the line.
    LineComment,
    /// `/* … */`, with others in it.
    BlockComment,
    /// A text, or a piece of one between two `${…}`.
    Text,
    Word,
    Sign,
}

/// The pieces of a script, in their order, without the white space between them.
pub(super) fn pieces(source: &str) -> Vec<Piece> {
    let mut scanner = Scanner { source, at: 0, holes: Vec::new() };
    let mut pieces = Vec::new();
    while let Some(piece) = scanner.next_piece() {
        pieces.push(piece);
    }
    pieces
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
    /// How many braces are open in each `${…}` around this place.
    holes: Vec<usize>,
}

impl<'a> Scanner<'a> {
    fn next_piece(&mut self) -> Option<Piece> {
        let white = self.rest().find(|it: char| !it.is_whitespace())?;
        self.at += white;
        let start = self.at;
        let rest: &'a str = self.rest();
        let first = rest.chars().next()?;
        let (kind, length) = if rest.starts_with("//") {
            (Kind::LineComment, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (Kind::BlockComment, block_comment(rest))
        } else if let Some(length) = raw_text(rest) {
            (Kind::Text, length)
        } else if first == '"' || first == '\'' {
            (Kind::Text, 1 + upto_quote(rest.get(1..).unwrap_or_default(), first))
        } else if first == '`' || self.closes_hole(first) {
            (Kind::Text, 1 + self.template(rest.get(1..).unwrap_or_default()))
        } else if is_part_of_word(first) {
            (Kind::Word, rest.find(|it| !is_part_of_word(it)).unwrap_or(rest.len()))
        } else {
            (Kind::Sign, first.len_utf8())
        };
        self.at += length;
        Some(Piece { kind, span: start..self.at })
    }

    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Counts braces. Whether this one ends a `${…}`.
    fn closes_hole(&mut self, sign: char) -> bool {
        let Some(open) = self.holes.last_mut() else { return false };
        match sign {
            '{' => *open += 1,
            '}' if *open == 0 => {
                self.holes.pop();
                return true;
            }
            '}' => *open -= 1,
            _ => {}
        }
        false
    }

    /// The length of a text to its closing quote, or to the next `${`.
    fn template(&mut self, rest: &str) -> usize {
        for (at, letter) in rest.char_indices() {
            // Two quotes in a row are one that ends nothing, and read as two texts they come to the same.
            if letter == '`' {
                return at + 1;
            }
            if rest.get(at..).is_some_and(|it| it.starts_with("${")) {
                self.holes.push(0);
                return at + 2;
            }
        }
        rest.len()
    }
}

/// The length of a comment that can hold others.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(here) = rest.get(at..).filter(|it| !it.is_empty()) {
        let step = if here.starts_with("/*") {
            depth += 1;
            2
        } else if here.starts_with("*/") {
            depth -= 1;
            2
        } else {
            here.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of `#"…"#`, with as many signs before as behind.
fn raw_text(rest: &str) -> Option<usize> {
    let signs = rest.len() - rest.trim_start_matches('#').len();
    let inner = rest.get(signs..)?.strip_prefix('"').filter(|_| 0 < signs)?;
    let end = format!("\"{}", "#".repeat(signs));
    Some(inner.find(&end).map_or(rest.len(), |it| signs + 1 + it + end.len()))
}

/// The length to the quote that ends a text, and to the end of the line where none does. A line can be continued.
fn upto_quote(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\n' => return at,
            _ if letter == quote => return at + quote.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn is_part_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}
