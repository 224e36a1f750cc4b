//! Diagnostics: what is wrong in a file, as its author sees it. The line, carets under it, what to do.
//!
//! Whatever the file and the span are, rendering never fails: a span that points nowhere shows less.

mod line;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use self::line::Line;

pub use self::line::span_of_word;

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name for this kind of problem: `unknown-attribute`.
    pub code: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The path of the file, as shown to people; empty where there is none.
    pub file: String,
    /// The text of the file; empty where there is none.
    pub source: Arc<str>,
    /// The bytes of the text that are wrong.
    pub span: Option<Range<usize>>,
    /// What stands beside the carets; may be empty.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// What to write instead, where that is known.
    pub fix: Option<Fix>,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, and probably does not do what its author meant.
    Warning,
}

/// A change to a file that mends a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The bytes to replace.
    pub span: Range<usize>,
    /// What to put in their place.
    pub replacement: String,
}

impl Diagnostic {
    /// Something because of which the file cannot be used.
    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: code.into(),
            message: message.into(),
            file: String::new(),
            source: "".into(),
            span: None,
            label: String::new(),
            help: None,
            fix: None,
        }
    }

    /// Something that is probably not what the author meant.
    pub fn warning(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Sets the file, where no part of its text is to blame.
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = file.into();
        self
    }

    /// Sets the file, its text, and the bytes of the text that are wrong.
    pub fn at(
        self,
        file: impl Into<String>,
        source: impl Into<Arc<str>>,
        span: Range<usize>,
    ) -> Self {
        Self { source: source.into(), span: Some(span), ..self.in_file(file) }
    }

    /// Sets what stands beside the carets.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets what to write instead.
    pub fn fix(mut self, span: Range<usize>, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into() });
        self
    }

    /// Proposes the word that was probably meant, in the place of those bytes.
    pub fn did_you_mean(self, span: Range<usize>, word: &str) -> Self {
        self.help(format!("did you mean `{word}`?")).fix(span, word)
    }

    /// The line and the column, both from 1, where the span begins. Columns count characters.
    pub fn line_and_column(&self) -> Option<(usize, usize)> {
        self.place(self.span.as_ref()?.start)
    }

    /// The line and the column, both from 1, of a byte of the file.
    pub fn place(&self, offset: usize) -> Option<(usize, usize)> {
        let line = Line::at(&self.source, offset)?;
        Some((line.number, line.column(offset)))
    }

    /// The whole of it, with the line of the file and carets under what is wrong.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let line = self.line();
        let patch = line.as_ref().and_then(|line| self.patch(line));
        let mut group = self.group(line.as_ref());
        if let Some(help) = self.help.as_ref().filter(|_| patch.is_none()) {
            group = group.element(Level::HELP.message(help));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group].into_iter().chain(patch).collect::<Vec<_>>())
    }

    /// All of them, with an empty line between two.
    #[must_use]
    pub fn render_all<'a>(all: impl IntoIterator<Item = &'a Self>, color: bool) -> String {
        all.into_iter().map(|it| it.render(color) + "\n").collect::<Vec<_>>().join("\n")
    }

    fn line(&self) -> Option<Line<'_>> {
        self.span.as_ref().and_then(|span| Line::at(&self.source, span.start))
    }

    fn group<'a>(&'a self, line: Option<&Line<'a>>) -> Group<'a> {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&*self.message).id(&*self.code);
        if let Some((line, span)) = line.zip(self.span.clone()) {
            let label = Some(self.label.as_str()).filter(|it| !it.is_empty());
            let carets = AnnotationKind::Primary.span(line.clip(span)).label(label);
            title.element(self.snippet(line).annotation(carets))
        } else if self.file.is_empty() {
            Group::with_title(title)
        } else {
            title.element(Origin::path(&*self.file))
        }
    }

    /// The line as it will be; none where it is so long that nobody would see the difference.
    fn patch<'a>(&'a self, line: &Line<'a>) -> Option<Group<'a>> {
        /// What fits a terminal beside the numbers of the lines.
        const READABLE: usize = 100;
        let fix = self.fix.as_ref()?;
        let holds = line.holds(&fix.span) && !fix.replacement.contains('\n');
        (holds && line.text.chars().count() <= READABLE).then(|| {
            let help = self.help.as_deref().unwrap_or("write it so");
            let patch = Patch::new(line.clip(fix.span.clone()), &*fix.replacement);
            Level::HELP.secondary_title(help).element(self.snippet(line).patch(patch))
        })
    }

    fn snippet<'a, T: Clone>(&'a self, line: &Line<'a>) -> Snippet<'a, T> {
        Snippet::source(line.text).line_start(line.number).path(&*self.file)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One line: `file:line:column: error: message`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:", self.file)?;
            if let Some((line, column)) = self.line_and_column() {
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " ")?;
        }
        write!(f, "{}: {}", self.severity, self.message)
    }
}

impl std::error::Error for Diagnostic {}
