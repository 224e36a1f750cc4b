//! Places: where something of the syntax tree stands in the text, and how it reads.

use std::ops::Range;

use rhai::{Expr, Position};

use crate::diagnostic::span_of_word;

/// The bytes of the word at a position.
pub(super) fn span(text: &str, position: Position) -> Range<usize> {
    match position.line() {
        Some(line) => span_of_word(text, line, position.position().unwrap_or(1)),
        None => 0..0,
    }
}

/// An expression as its author wrote it, where that is short: `ctx.target.name`.
pub(super) fn words(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Variable(name, _, _) if name.2.path.is_empty() => Some(name.1.to_string()),
        Expr::Property(name, _) => Some(name.2.to_string()),
        Expr::MethodCall(call, _) => match call.args.as_slice() {
            [] => Some(format!("{}()", call.name)),
            [Expr::StringConstant(text, _)] => Some(format!("{}(\"{text}\")", call.name)),
            _ => Some(format!("{}(…)", call.name)),
        },
        Expr::FnCall(call, _) if call.op_token.is_none() => Some(format!("{}(…)", call.name)),
        Expr::Dot(chain, flags, _) => {
            let sign = if is_optional(*flags) { "?." } else { "." };
            Some(format!("{}{sign}{}", words(&chain.lhs)?, words(&chain.rhs)?))
        }
        Expr::Index(chain, _, _) => Some(format!("{}[…]", words(&chain.lhs)?)),
        _ => None,
    }
}

/// Whether a `?` stands before the rest of a chain.
pub(super) fn is_optional(flags: rhai::ASTFlags) -> bool {
    flags.intersects(rhai::ASTFlags::NEGATED)
}
