//! Scripts: the text of a file made ready to run, and what is wrong with it before that.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{AST, ASTNode, Engine, Expr, ParseError, Position, Scope, Stmt};

use crate::diagnostic::{Diagnostic, span_of_word};
use crate::entity_file::SourceFile;
use crate::language::error::lower;
use crate::language::words::is_word;
use crate::limits::Limits;

/// Functions of Rhai's that call a closure back and do not keep it.
const CALLERS: [&str; 18] = [
    "all",
    "dedup",
    "drain",
    "filter",
    "find",
    "find_map",
    "for_each",
    "index_of",
    "map",
    "order",
    "order_by",
    "reduce",
    "reduce_rev",
    "retain",
    "some",
    "sort",
    "sort_by",
    "splice",
];

/// A file whose syntax tree keeps the position of everything in it.
#[derive(Debug)]
pub(crate) struct Parsed<'a> {
    pub(crate) file: &'a SourceFile,
    pub(crate) tree: AST,
    /// Whether it was parsed by the engine that runs it, so that nothing but optimizing it is left to do.
    is_strict: bool,
}

/// What a script may do besides being a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It runs again and again: what it leaks adds up, and what it hides misleads.
    Rule,
    /// It runs once.
    Run,
}

impl<'a> Parsed<'a> {
    /// Parses a file, and looks for what no script of its kind may do.
    pub(crate) fn new(
        file: &'a SourceFile,
        (parser, limits): (&Engine, &Limits),
        kind: Kind,
    ) -> Result<Self, Vec<Diagnostic>> {
        if limits.file_size < file.text.len() {
            let text = format!("a script has at most {} bytes", limits.file_size);
            return Err(vec![Diagnostic::error("file-size", text).in_file(&file.path)]);
        }
        let tree = parser.compile(&*file.text).map_err(|error| vec![syntax(file, &error)])?;
        Self { file, tree, is_strict: false }.checked((limits, kind))
    }

    /// Parses a rule with the engine that runs it, which is not to optimize it yet: once for both, the positions and
    /// the code.
    ///
    /// None where that cannot be: the functions of a script see its constants, which only a parsed script tells. Nor
    /// where anything is wrong with it: what that is, [`new`](Self::new) and [`compile`](Self::compile) say.
    pub(crate) fn strictly(
        file: &'a SourceFile,
        (rhai, limits): (&Engine, &Limits),
    ) -> Option<Self> {
        if limits.file_size < file.text.len() || has_constants(&file.text) {
            return None;
        }
        let tree = rhai.compile(&*file.text).ok()?;
        Self { file, tree, is_strict: true }.checked((limits, Kind::Rule)).ok()
    }

    fn checked(self, (limits, kind): (&Limits, Kind)) -> Result<Self, Vec<Diagnostic>> {
        let parsed = self;
        let mut problems = parsed.hidden_words();
        problems.extend(parsed.long_calls(limits.arguments));
        if kind == Kind::Rule {
            problems.extend(parsed.kept_closures());
        }
        if problems.is_empty() { Ok(parsed) } else { Err(problems) }
    }

    /// The names of all properties that the script uses.
    pub(crate) fn properties(&self, names: &mut BTreeSet<String>) {
        self.tree.walk(&mut |path: &[ASTNode<'_>]| {
            if let Some(ASTNode::Expr(Expr::Property(property, _))) = path.last() {
                names.insert(property.2.to_string());
            }
            true
        });
    }

    /// Compiles the script. Its constants can be used in its functions.
    pub(crate) fn compile(&self, rhai: &Engine) -> Result<AST, Box<Diagnostic>> {
        let mut constants = Scope::new();
        for (name, is_constant, value) in self.tree.iter_literal_variables(true, false) {
            if is_constant && name != "STEP" && name != "STEPS" {
                constants.push_constant_dynamic(name, value);
            }
        }
        let mut ast = if self.is_strict && constants.is_empty() {
            rhai.optimize_ast(&constants, self.tree.clone(), rhai.optimization_level())
        } else {
            let compiled = rhai.compile_with_scope(&constants, &*self.file.text);
            compiled.map_err(|error| Box::new(syntax(self.file, &error)))?
        };
        ast.set_source(self.file.path.as_str());
        Ok(ast)
    }

    /// Whether the script has the function with one parameter that a step calls.
    pub(crate) fn handler(&self, name: &str) -> Option<Diagnostic> {
        let functions: Vec<_> = self.tree.iter_functions().filter(|it| it.name == name).collect();
        if functions.iter().any(|it| it.params.len() == 1) {
            return None;
        }
        let text = match functions.first() {
            Some(found) => format!(
                "`fn {name}` takes {} parameters, and is called with one",
                found.params.len()
            ),
            None => format!("there is no `fn {name}(ctx)` for the step to call"),
        };
        let start = self.file.text.find("STEP").unwrap_or(0);
        let end = (start + "STEP".len()).min(self.file.text.len());
        Some(
            Diagnostic::error("no-handler", text)
                .at(&self.file.path, Arc::clone(&self.file.text), start..end)
                .help(format!(
                    "add `fn {name}(ctx) {{ … }}`, or name another function with `handler`"
                )),
        )
    }

    /// Functions that would hide a word of the language: the call would mean something else than it says.
    fn hidden_words(&self) -> Vec<Diagnostic> {
        let functions = self.tree.iter_functions().filter(|it| is_word(it.name));
        functions
            .map(|it| {
                let needle = format!("fn {}", it.name);
                let start = self.file.text.find(&needle).map_or(0, |at| at + 3);
                let text = format!(
                    "`{}` is a word of the language, and this function would hide it",
                    it.name
                );
                Diagnostic::error("hidden-word", text)
                    .at(&self.file.path, Arc::clone(&self.file.text), start..start + it.name.len())
                    .help("give the function another name")
            })
            .collect()
    }

    /// Calls with more arguments than one call may hold.
    fn long_calls(&self, limit: usize) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        self.tree.walk(&mut |path: &[ASTNode<'_>]| {
            if let Some(
                ASTNode::Expr(Expr::FnCall(call, position) | Expr::MethodCall(call, position))
                | ASTNode::Stmt(Stmt::FnCall(call, position)),
            ) = path.last()
                && limit < call.args.len()
            {
                let text = format!("`{}` is called with more than {limit} arguments", call.name);
                problems.push(self.problem(*position, "long-call", &text));
            }
            true
        });
        problems
    }

    /// Closures that capture variables and are kept: one that is put into what it captured is never freed.
    fn kept_closures(&self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        self.tree.walk(&mut |path: &[ASTNode<'_>]| {
            if let [before @ .., ASTNode::Stmt(Stmt::Share(captured))] = path
                && !is_argument_of_caller(before)
            {
                let position = captured.first().map_or(Position::NONE, |it| it.0.pos);
                let name = captured.first().map_or("", |it| it.0.name.as_str());
                problems.push(self.problem(
                    position,
                    "kept-closure",
                    &format!("a function that captures `{name}` can only be handed to `filter`, `map` and the like"),
                ));
            }
            true
        });
        problems
    }

    fn problem(&self, position: Position, code: &str, text: &str) -> Diagnostic {
        crate::registration::problem(self.file, position, code, text)
    }
}

/// Whether a text may have constants besides those that say its steps.
fn has_constants(text: &str) -> bool {
    let is_other =
        |it: &str| it.starts_with(char::is_whitespace) && !it.trim_start().starts_with("STEP");
    text.split("const").skip(1).any(is_other)
}

/// Whether the closure is an argument of a function that calls it back and does not keep it.
fn is_argument_of_caller(path: &[ASTNode<'_>]) -> bool {
    let called = |node: &ASTNode<'_>| {
        if let ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
        | ASTNode::Stmt(Stmt::FnCall(call, _)) = node
        {
            return Some(CALLERS.contains(&call.name.as_str()));
        }
        // The block in which Rhai wraps a closure that captures.
        let is_block = matches!(node, ASTNode::Expr(Expr::Stmt(_)) | ASTNode::Stmt(Stmt::Block(_)));
        (!is_block).then_some(false)
    };
    path.iter().rev().find_map(called) == Some(true)
}

/// What Rhai says of a text that it cannot read.
pub(crate) fn syntax(file: &SourceFile, error: &ParseError) -> Diagnostic {
    let position = error.position();
    let span = match position.line() {
        Some(line) => span_of_word(&file.text, line, position.position().unwrap_or(1)),
        None => file.text.len()..file.text.len(),
    };
    Diagnostic::error("syntax", lower(&error.err_type().to_string())).at(
        &file.path,
        Arc::clone(&file.text),
        span,
    )
}
