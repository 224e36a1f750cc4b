//! One line of a text: where it lies, and what of a span lies in it.

use std::ops::Range;

/// What some editors put before a text to say that it is UTF-8; no part of the first line.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// One line of a text, without its end.
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    /// The line.
    pub(super) text: &'a str,
    /// The byte of the whole text at which it begins.
    start: usize,
}

impl<'a> Line<'a> {
    /// The line in which the byte lies: the last one, where the text has fewer bytes.
    pub(super) fn at(source: &'a str, offset: usize) -> Option<Self> {
        if source.is_empty() {
            return None;
        }
        let (before, _) = source.split_at_checked(floor(source, offset))?;
        let start = before.rfind('\n').map_or(0, |it| it + 1);
        let number = before.matches('\n').count() + 1;
        Some(Self::starting(source, number, start))
    }

    /// The line of that number.
    fn numbered(source: &'a str, number: usize) -> Option<Self> {
        let above = number.checked_sub(1)?;
        let length: usize = source.split_inclusive('\n').take(above).map(str::len).sum();
        Some(Self::starting(source, number, length))
    }

    fn starting(source: &'a str, number: usize, start: usize) -> Self {
        let rest = source.get(start..).unwrap_or_default();
        let marked = if start == 0 { rest.strip_prefix(BYTE_ORDER_MARK) } else { None };
        let start = start + marked.map_or(0, |_| BYTE_ORDER_MARK.len_utf8());
        let text = marked.unwrap_or(rest).split('\n').next().unwrap_or_default();
        Self { number, text: text.strip_suffix('\r').unwrap_or(text), start }
    }

    /// The column, from 1, of a byte of the whole text.
    pub(super) fn column(&self, offset: usize) -> usize {
        let before = self.text.get(..self.local(offset)).unwrap_or_default();
        before.chars().count() + 1
    }

    /// What of a span lies in the line, counted from its first byte.
    pub(super) fn clip(&self, span: Range<usize>) -> Range<usize> {
        let start = self.local(span.start);
        start..self.local(span.end).max(start)
    }

    /// Whether the whole span lies in the line, between whole characters.
    pub(super) fn holds(&self, span: &Range<usize>) -> bool {
        let clipped = self.clip(span.clone());
        (self.start + clipped.start..self.start + clipped.end) == *span
    }

    fn local(&self, offset: usize) -> usize {
        floor(self.text, offset.saturating_sub(self.start))
    }
}

/// The span of the word, number, sign or quoted text at a line and column, both from 1.
///
/// The rule language tells only where something begins. A place beyond the text is an empty span.
pub fn span_of_word(source: &str, line: usize, column: usize) -> Range<usize> {
    let Some(line) = Line::numbered(source, line) else { return 0..0 };
    let column = column.saturating_sub(1);
    let before: usize = line.text.chars().take(column).map(char::len_utf8).sum();
    let rest = line.text.get(before..).unwrap_or_default();
    let start = line.start + before;
    start..start + word_length(rest)
}

fn word_length(text: &str) -> usize {
    match text.chars().next() {
        None => 0,
        Some(quote @ ('"' | '\'' | '`')) => quoted_length(text, quote),
        Some(it) if is_part_of_word(it) => {
            text.find(|it| !is_part_of_word(it)).unwrap_or(text.len())
        }
        Some(sign) => sign.len_utf8(),
    }
}

fn is_part_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// To the closing quote, or to the end of the line where there is none.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, letter) in text.char_indices().skip(1) {
        if letter == quote && !escaped {
            return index + quote.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    text.len()
}

/// The nearest place at or before this one that is no middle of a character.
fn floor(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|it| text.is_char_boundary(*it)).unwrap_or(0)
}
