//! Chains: `ctx.target.name.len()`, link by link.

use std::sync::Arc;

use rhai::{Expr, FnCallExpr};
use rulegate::Value;
use rulegate::metadata::{EntityMetadata, Ordinal};

use super::expression::Expressions;
use super::kind::Kind;
use super::method;
use super::node::{Get, Node};
use super::scope::{Bound, Scope};
use super::view::Source;

/// One link: what is asked of what stands before it.
#[derive(Clone, Copy)]
pub(super) enum Link<'a> {
    Property(&'a str),
    Method(&'a FnCallExpr),
}

/// What a chain has come to.
enum Reached {
    Context,
    Images,
    Record(Source),
    Node(Node),
}

/// A chain as its root and its links; `None` where it has others than properties and methods.
pub(super) fn flatten(chain: &Expr) -> Option<(&Expr, Vec<Link<'_>>)> {
    let Expr::Dot(first, flags, _) = chain else { return None };
    if Expressions::is_optional(*flags) {
        return None;
    }
    let mut links = Vec::new();
    let mut rest = &first.rhs;
    loop {
        match rest {
            Expr::Dot(next, flags, _) if !Expressions::is_optional(*flags) => {
                links.push(link(&next.lhs)?);
                rest = &next.rhs;
            }
            last => {
                links.push(link(last)?);
                return Some((&first.lhs, links));
            }
        }
    }
}

fn link(expression: &Expr) -> Option<Link<'_>> {
    match expression {
        Expr::Property(property, _) => Some(Link::Property(&property.2)),
        Expr::MethodCall(call, _) if call.namespace.path.is_empty() => Some(Link::Method(call)),
        _ => None,
    }
}

/// The value of a chain.
pub(super) fn node(expressions: Expressions<'_>, chain: &Expr) -> Option<Node> {
    let (root, links) = flatten(chain)?;
    let mut reached = self::root(expressions, root)?;
    for link in links {
        reached = follow(expressions, reached, link)?;
    }
    if let Reached::Node(node) = reached { Some(node) } else { None }
}

/// The record that an expression names, where it names one of the message's own.
pub(super) fn record(scope: &Scope<'_>, expression: &Expr) -> Option<Source> {
    if let Expr::Variable(variable, _, _) = expression {
        return match scope.find(&variable.1)? {
            Bound::Record(source) if variable.2.path.is_empty() => Some(source.clone()),
            _ => None,
        };
    }
    let (root, links) = flatten(expression)?;
    let mut reached = self::root(Expressions { scope }, root)?;
    for link in links {
        reached = follow(Expressions { scope }, reached, link)?;
    }
    match reached {
        Reached::Record(Source::Own(..)) => None, // Two names of one record would be two records.
        Reached::Record(source) => Some(source),
        _ => None,
    }
}

/// Whether an expression is the context itself.
pub(super) fn is_context(scope: &Scope<'_>, expression: &Expr) -> bool {
    matches!(expression, Expr::Variable(name, _, _)
        if name.2.path.is_empty() && matches!(scope.find(&name.1), Some(Bound::Context)))
}

/// The attribute of the target that an expression names.
pub(super) fn target_attribute(scope: &Scope<'_>, expression: &Expr) -> Option<(Ordinal, Kind)> {
    let (root, links) = flatten(expression)?;
    let (Link::Property(name), before) = links.split_last()? else { return None };
    let mut reached = self::root(Expressions { scope }, root)?;
    for link in before {
        reached = follow(Expressions { scope }, reached, *link)?;
    }
    if let Reached::Record(Source::Target) = reached { attribute(scope.entity, name) } else { None }
}

/// The attribute that an expression reads.
pub(super) fn looked_up<'a>(
    scope: &'a Scope<'_>,
    expression: &Expr,
) -> Option<&'a rulegate::metadata::AttributeMetadata> {
    let (root, links) = flatten(expression)?;
    let (Link::Property(name), before) = links.split_last()? else { return None };
    let mut reached = self::root(Expressions { scope }, root)?;
    for link in before {
        reached = follow(Expressions { scope }, reached, *link)?;
    }
    match reached {
        Reached::Record(Source::Own(..)) => None,
        Reached::Record(_) => scope.entity.attribute(name),
        _ => None,
    }
}

fn attribute(entity: &Arc<EntityMetadata>, name: &str) -> Option<(Ordinal, Kind)> {
    let ordinal = entity.ordinal(name)?;
    Some((ordinal, Kind::of(entity, ordinal, entity.attribute_at(ordinal)?)))
}

fn root(expressions: Expressions<'_>, root: &Expr) -> Option<Reached> {
    if let Expr::Variable(variable, _, _) = root
        && variable.2.path.is_empty()
    {
        return match expressions.scope.find(&variable.1) {
            Some(Bound::Record(source)) => Some(Reached::Record(source.clone())),
            Some(Bound::Local(index, Kind::Record(entity))) => {
                Some(Reached::Record(Source::Own(*index, Arc::clone(entity))))
            }
            Some(Bound::Local(index, kind)) => Node::local(*index, kind).map(Reached::Node),
            Some(Bound::Context) => Some(Reached::Context),
            None => None,
        };
    }
    expressions.node(root).map(Reached::Node)
}

fn follow(expressions: Expressions<'_>, reached: Reached, link: Link<'_>) -> Option<Reached> {
    let scope = expressions.scope;
    if let Link::Method(call) = link
        && !scope.is_of_language(&call.name)
    {
        return None;
    }
    match (reached, link) {
        (Reached::Context, Link::Property(name)) => of_context(scope, name),
        (Reached::Context, Link::Method(call)) => {
            let [Expr::StringConstant(name, _)] = &*call.args else { return None };
            let (ordinal, kind) = attribute(scope.entity, name)?;
            match call.name.as_str() {
                "after" => after(scope, ordinal, &kind).map(Reached::Node),
                "changed" => changed(scope, ordinal).map(Reached::Node),
                _ => None,
            }
        }
        (Reached::Images, Link::Property(alias)) => scope.image(alias).map(Reached::Record),
        (Reached::Record(source), Link::Property(name)) => {
            let entity = if let Source::Own(_, entity) = &source { entity } else { scope.entity };
            let (ordinal, kind) = attribute(entity, name)?;
            Node::attribute(&source, ordinal, &kind).map(Reached::Node)
        }
        (Reached::Record(Source::Target), Link::Method(call)) if call.name == "has" => {
            let [Expr::StringConstant(name, _)] = &*call.args else { return None };
            let (ordinal, _) = attribute(scope.entity, name)?;
            let has = move |view: &super::view::View<'_>| {
                Some(Some(view.ctx.target()?.present().contains(ordinal)))
            };
            Some(Reached::Node(Node::Boolean(Get::Computed(Box::new(has)))))
        }
        (Reached::Images | Reached::Record(_), Link::Method(_)) => None,
        (Reached::Node(node), Link::Property(name)) => {
            method::property(node, name).map(Reached::Node)
        }
        (Reached::Node(node), Link::Method(call)) => {
            let arguments =
                call.args.iter().map(|it| expressions.node(it)).collect::<Option<_>>()?;
            method::method(node, &call.name, arguments).map(Reached::Node)
        }
    }
}

/// A property of `ctx`.
fn of_context(scope: &Scope<'_>, name: &str) -> Option<Reached> {
    let user = |id: uuid::Uuid| rulegate::EntityReference::new("systemuser", id);
    Some(match name {
        "target" => Reached::Record(Source::Target),
        "pre" => Reached::Record(scope.pre_image("")?),
        "post" => Reached::Record(scope.post_image("")?),
        "images" => Reached::Images,
        "depth" => Reached::Node(Node::WholeNumber(Get::Computed(Box::new(|view| {
            Some(Some(i64::from(view.ctx.depth())))
        })))),
        "message" => Reached::Node(Node::Text(Get::Computed(Box::new(|view| {
            Some(Some(view.ctx.message().name().into()))
        })))),
        "stage" => Reached::Node(Node::Text(Get::Computed(Box::new(|view| {
            Some(Some(view.ctx.stage().name().into()))
        })))),
        "now" => {
            Reached::Node(Node::Moment(Get::Computed(Box::new(|view| Some(Some(view.ctx.now()))))))
        }
        "today" => Reached::Node(Node::Date(Get::Computed(Box::new(|view| {
            Some(Some(view.ctx.now().date_naive()))
        })))),
        "user" => Reached::Node(Node::Lookup(Get::Computed(Box::new(move |view| {
            Some(Some(user(view.ctx.user())))
        })))),
        "initiating_user" => Reached::Node(Node::Lookup(Get::Computed(Box::new(move |view| {
            Some(Some(user(view.ctx.initiating_user())))
        })))),
        _ => return None,
    })
}

/// `ctx.after("name")`: the target's value if it carries the attribute, else the pre-image's.
fn after(scope: &Scope<'_>, ordinal: Ordinal, kind: &Kind) -> Option<Node> {
    let image = scope.pre_image("");
    let read = move |view: &super::view::View<'_>| -> Option<Value> {
        let target = view.ctx.target();
        if let Some(value) = target.and_then(|it| it.at(ordinal)) {
            return Some(value.clone());
        }
        match &image {
            // What the image does not show is null here, as where there is no image.
            Some(Source::Pre(alias)) => match view.ctx.pre_image_as(alias) {
                Some(image) if image.shows(ordinal) => {
                    Some(image.at(ordinal).cloned().unwrap_or(Value::Null))
                }
                _ => Some(Value::Null),
            },
            _ => Some(Value::Null),
        }
    };
    Node::computed(kind, read)
}

/// `ctx.changed("name")`: whether the target carries the attribute with another value than it had.
fn changed(scope: &Scope<'_>, ordinal: Ordinal) -> Option<Node> {
    let image = scope.pre_image("")?;
    let read = move |view: &super::view::View<'_>| -> Option<Option<bool>> {
        let Source::Pre(alias) = &image else { return None };
        let target = view.ctx.target()?;
        let Some(value) = target.at(ordinal) else { return Some(Some(false)) };
        // On Create there is no image to compare with: left to Rhai.
        let before = view.ctx.pre_image_as(alias)?;
        if !before.shows(ordinal) {
            return None;
        }
        Some(Some(before.at(ordinal) != Some(value).filter(|it| !it.is_null())))
    };
    Some(Node::Boolean(Get::Computed(Box::new(read))))
}
