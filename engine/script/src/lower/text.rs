//! Texts: put together, and looked into.

use std::fmt::Write;
use std::sync::Arc;

use super::node::{Eval, Get, Node};
use super::view::{LONG_TEXT, View};
use crate::language::date;

/// Writes one part of a text.
type Part = Box<dyn Fn(&View<'_>, &mut String) -> Option<()> + Send + Sync>;

/// `a + b` of two texts, one of which may be null.
pub(super) fn concatenated(a: Get<Arc<str>>, b: Get<Arc<str>>) -> Node {
    let b = b.eval();
    Node::Text(Get::Computed(a.over(move |view, a| {
        let (a, b) = (a?, b(view)?);
        let Some(b) = b else { return Some(Some(Arc::clone(a))) };
        let mut text = String::with_capacity(a.len() + b.len());
        text.push_str(a);
        text.push_str(&b);
        short(text).map(Some)
    })))
}

/// `${…}` between words.
pub(super) fn interpolated(parts: Vec<Node>) -> Option<Node> {
    let parts: Vec<Part> = parts.into_iter().map(part).collect::<Option<_>>()?;
    Some(Node::Text(Get::Computed(Box::new(move |view| {
        let mut text = String::new();
        parts.iter().try_for_each(|it| it(view, &mut text))?;
        short(text).map(Some)
    }))))
}

/// A method or property of a text; `None` where only Rhai knows it.
pub(super) fn method(of: Get<Arc<str>>, name: &str, arguments: Vec<Node>) -> Option<Node> {
    let mut arguments = arguments.into_iter();
    Some(match (name, arguments.next(), arguments.next()) {
        ("len", None, None) => {
            Node::WholeNumber(of.map(|it| i64::try_from(it.chars().count()).ok()))
        }
        ("is_empty", None, None) => Node::Boolean(of.map(|it| Some(it.is_empty()))),
        ("is_blank", None, None) => Node::Boolean(Get::Computed(
            of.over(|_, it| Some(Some(it.is_none_or(|it| it.trim().is_empty())))),
        )),
        ("trim", None, None) => Node::Text(of.map(|it| Some(it.trim().into()))),
        ("to_upper", None, None) => Node::Text(of.map(|it| short(it.to_uppercase()))),
        ("to_lower", None, None) => Node::Text(of.map(|it| short(it.to_lowercase()))),
        ("contains", Some(Node::Text(part)), None) => holds(of, part, |it, part| it.contains(part)),
        ("starts_with", Some(Node::Text(part)), None) => {
            holds(of, part, |it, part| it.starts_with(part))
        }
        ("ends_with", Some(Node::Text(part)), None) => {
            holds(of, part, |it, part| it.ends_with(part))
        }
        (_, _, _) => return None,
    })
}

fn holds(of: Get<Arc<str>>, part: Get<Arc<str>>, test: fn(&str, &str) -> bool) -> Node {
    if let Get::Constant(part) = part {
        return Node::Boolean(of.map(move |it| Some(test(it, &part))));
    }
    let part = part.present();
    Node::Boolean(Get::Computed(of.over(move |view, it| Some(Some(test(it?, &part(view)?))))))
}

/// One part of an interpolation, written as Rhai and the language write it.
fn part(node: Node) -> Option<Part> {
    macro_rules! written {
        ($get:expr, $it:ident => $show:expr) => {{
            let eval = $get.eval();
            Box::new(move |view: &View<'_>, text: &mut String| {
                let Some($it) = eval(view)? else { return Some(()) };
                write!(text, "{}", $show).ok()
            })
        }};
    }
    Some(match node {
        Node::Null => Box::new(|_, _| Some(())),
        Node::Text(Get::Constant(part)) => Box::new(move |_, text| {
            text.push_str(&part);
            Some(())
        }),
        Node::Text(get) => written!(get, it => it),
        Node::Boolean(get) => written!(get, it => it),
        Node::WholeNumber(get) => written!(get, it => it),
        Node::Decimal(get) => written!(get, it => it),
        Node::Date(get) => written!(get, it => it),
        Node::Moment(get) => written!(get, it => date::text(it)),
        Node::Choice(get, of) => written!(get, it => of.name(it)),
        Node::Lookup(get) => written!(get, it => it),
        Node::Double(_) => return None,
    })
}

/// A text that is short enough not to be counted.
pub(super) fn short(text: String) -> Option<Arc<str>> {
    (text.len() <= LONG_TEXT).then(|| text.into())
}

/// The text of an expression that must be one.
pub(super) fn required(node: Node) -> Option<Eval<Arc<str>>> {
    if let Node::Text(get) = node { Some(get.present()) } else { None }
}
