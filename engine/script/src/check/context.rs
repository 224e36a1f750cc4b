//! The context: what `ctx` has, and what it is asked.

use rhai::{Expr, FnCallExpr, Position};
use rulegate::Message;

use super::checker::{Checker, Value};
use super::effects::Term;
use super::finding;
use super::types::{Base, Part, Type};

impl Checker<'_> {
    /// A property of `ctx`.
    pub(super) fn of_context(&mut self, (name, position): (&str, Position)) -> Value {
        let text = || Value::from(Base::Text);
        match name {
            "target" => {
                let ty = self.target();
                let is_lookup = matches!(ty.base, Some(Base::Lookup(_)));
                Value::from(ty).meaning(if is_lookup { Term::OwnRecord } else { Term::Unknown })
            }
            "pre" => self.image_value(("", true), position),
            "post" => self.image_value(("", false), position),
            "message" => text().meaning(Term::Message),
            "stage" | "mode" | "entity" | "configuration" => text(),
            "depth" => Value::from(Base::WholeNumber).meaning(Term::Depth),
            "now" => Base::Moment.into(),
            "today" => Base::Date.into(),
            "user" | "initiating_user" => Type::lookup_of("systemuser").into(),
            "is_in_transaction" => Base::Boolean.into(),
            "relationship" => self.of_link(Base::Text.into()),
            "related" => self.of_link(Type::array(Base::Lookup(None).into())),
            "variables" => Base::Entries(Part::Variables).into(),
            "input" => Base::Entries(Part::Input).into(),
            "output" => Base::Entries(Part::Output).into(),
            "images" => Base::Entries(Part::Images).into(),
            "parent" => Type::from(Base::Parent).nullable().into(),
            _ => {
                let known = [
                    "target",
                    "pre",
                    "post",
                    "message",
                    "stage",
                    "mode",
                    "entity",
                    "configuration",
                    "depth",
                    "now",
                    "today",
                    "user",
                    "initiating_user",
                    "is_in_transaction",
                    "relationship",
                    "related",
                    "variables",
                    "input",
                    "output",
                    "images",
                    "parent",
                ];
                let text = format!("`ctx` has no `{name}`");
                self.find_unknown((finding::UNKNOWN_PROPERTY, position), (name, text), known);
                Type::ANY.into()
            }
        }
    }

    /// What only messages that link records have.
    pub(super) fn of_link(&self, ty: Type) -> Value {
        let is_link = self.registration.messages().all(Message::is_association);
        if is_link { ty.into() } else { Type::NULL.into() }
    }

    /// An image, which the step must ask for.
    pub(super) fn image_value(
        &mut self,
        (alias, is_pre): (&str, bool),
        position: Position,
    ) -> Value {
        if let Some(ty) = self.image(alias, is_pre) {
            self.images.insert((is_pre, alias.to_owned(), None));
            return ty.into();
        }
        let (key, short) =
            if is_pre { ("pre_image", "pre-image") } else { ("post_image", "post-image") };
        let text = if alias.is_empty() {
            format!("this step asks for no {short}")
        } else {
            format!("this step asks for no image `{alias}`")
        };
        let help = format!("add `{key}: [\"…\"]` to STEP, with the attributes that the rule reads");
        self.find_help(finding::NO_SUCH_IMAGE, position, (text, help));
        Type::ANY.into()
    }

    /// An entry of a part of the context.
    pub(super) fn entry(&mut self, part: Part, name: Option<&str>, position: Position) -> Value {
        match (part, name) {
            (Part::Images, Some(name)) => {
                if self.image(name, true).is_some() || self.image(name, false).is_none() {
                    return self.image_value((name, true), position);
                }
                self.image_value((name, false), position)
            }
            (Part::Input, Some("Target" | "EntityMoniker")) => {
                Value { key: None, ..self.of_context(("target", position)) }
            }
            (Part::Variables, name) => {
                self.shares((name, position), false);
                Type::ANY.into()
            }
            (_, _) => Type::ANY.into(),
        }
    }

    /// A shared variable is read or set.
    pub(super) fn shares(&mut self, (name, position): (Option<&str>, Position), is_set: bool) {
        if self.registration.is_async() {
            let text = "a job runs after the message, with the variables as they were at its end";
            let help = "hand over what it needs in a record, or read it again".to_owned();
            self.find_help(finding::ASYNC_SHARED_STATE, position, (text.to_owned(), help));
        }
        let Some(name) = name else {
            let what = "a shared variable whose name is computed".to_owned();
            self.effects.unknown.push((what, position));
            return;
        };
        let of =
            if is_set { &mut self.effects.variables_set } else { &mut self.effects.variables_read };
        of.entry(name.to_owned()).or_insert(position);
    }

    /// A method of `ctx`.
    pub(super) fn method_of_context(&mut self, call: &FnCallExpr, position: Position) -> Value {
        let values = self.arguments(call);
        let name = call.name.as_str();
        if !matches!(name, "changed" | "after") {
            let text = format!("`ctx` has no method `{name}`");
            let known = ["changed", "after"];
            self.find_unknown((finding::UNKNOWN_FUNCTION, position), (name, text), known);
            return Type::ANY.into();
        }
        let (Some(entity), [Value { term: Term::Text(asked), .. }]) =
            (self.entity.clone(), values.as_slice())
        else {
            if values.len() != 1 {
                let text = format!("`{name}` takes the name of an attribute");
                self.find(finding::WRONG_ARITY, position, text);
            }
            self.unsure(position);
            return Type::ANY.into();
        };
        let at = call.args.first().map_or(position, Expr::position);
        let Some(ty) = self.attribute(&entity, (asked, at)) else { return Type::ANY.into() };
        self.reads(asked, at);
        let is_written = self.state.is_written(asked);
        let term = |it: Term| if is_written { Term::Unknown } else { it };
        self.compares_with_image(name, (asked, at), position);
        if name == "after" {
            Value::from(ty).meaning(term(Term::After(asked.clone())))
        } else {
            Value::from(Base::Boolean).meaning(term(Term::Changed(asked.clone())))
        }
    }

    /// What `ctx.changed` and `ctx.after` need of the pre-image.
    fn compares_with_image(&mut self, word: &str, asked: (&str, Position), position: Position) {
        let (name, _) = asked;
        self.images.insert((true, String::new(), Some(name.to_owned())));
        if !self.runs_on(&[Message::Update]) {
            return;
        }
        if self.image("", true).is_some() {
            self.shown(("", true), asked);
        } else {
            let does =
                if word == "after" { "takes what was not sent from" } else { "compares with" };
            let text =
                format!("`{word}(\"{name}\")` {does} the pre-image, and this step asks for none");
            let help = format!("add `pre_image: [\"{name}\"]` to STEP");
            self.find_help(finding::NO_SUCH_IMAGE, position, (text, help));
        }
    }

    pub(super) fn method_of_entries(
        &mut self,
        part: Part,
        call: &FnCallExpr,
        position: Position,
    ) -> Value {
        let values = self.arguments(call);
        if call.name != "has" {
            let text = format!("a part of the context has no method `{}`", call.name);
            self.find_unknown((finding::UNKNOWN_FUNCTION, position), (&call.name, text), ["has"]);
            return Type::ANY.into();
        }
        if part == Part::Variables {
            let name = match values.as_slice() {
                [Value { term: Term::Text(name), .. }] => Some(name.clone()),
                _ => None,
            };
            self.shares((name.as_deref(), position), false);
        }
        Base::Boolean.into()
    }
}

/// A property of `ctx.parent`.
pub(super) fn of_parent(name: &str) -> Option<Value> {
    Some(match name {
        "message" | "entity" | "stage" => Base::Text.into(),
        "depth" => Base::WholeNumber.into(),
        "variables" => Base::Entries(Part::Others).into(),
        "parent" => Type::from(Base::Parent).nullable().into(),
        _ => return None,
    })
}
