//! The context as rules see it: `ctx`.

use rhai::{Array, Dynamic, Engine, INT};
use rulegate::pipeline::ParentContext;
use rulegate::{Context, EntityReference, Message, Request, Response, Value};

use super::error::{Raise, Raised};
use super::frame::{self, Frame, Place, RecordHandle};
use super::value::{from_parameter, parameter_bytes, plain, to_dynamic, to_parameter};
use crate::limits;

/// What an entry weighs beside its name and its value.
const ENTRY: usize = 64;

/// The context of the rule that runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContextHandle(pub(crate) u64);

/// A part of a context that has entries by name.
#[derive(Debug, Clone, Copy)]
struct Entries {
    frame: u64,
    of: Part,
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Variables,
    /// The shared variables of an enclosing message, so many levels up.
    ParentVariables(usize),
    Input,
    Output,
    Images,
}

/// An enclosing message, so many levels up.
#[derive(Debug, Clone, Copy)]
struct ParentHandle {
    frame: u64,
    level: usize,
}

/// Registers `ctx`.
pub(super) fn register(rhai: &mut Engine) {
    rhai.register_type_with_name::<ContextHandle>("context");
    reads(rhai, "message", |it| it.message().to_string().into());
    reads(rhai, "stage", |it| it.stage().name().into());
    reads(rhai, "mode", |it| it.mode().name().into());
    reads(rhai, "entity", |it| it.entity().to_string().into());
    reads(rhai, "configuration", |it| it.configuration().to_owned().into());
    reads(rhai, "depth", |it| INT::from(it.depth()).into());
    reads(rhai, "user", |it| user(it.user()));
    reads(rhai, "initiating_user", |it| user(it.initiating_user()));
    reads(rhai, "now", |it| Dynamic::from(it.now()));
    reads(rhai, "today", |it| Dynamic::from(it.now().date_naive()));
    reads(rhai, "is_in_transaction", |it| it.is_in_transaction().into());
    reads(rhai, "relationship", |it| {
        it.request().link().map_or(Dynamic::UNIT, |it| it.relationship.clone().into())
    });
    reads(rhai, "related", |it| {
        let related = it.request().link().map(|it| it.related.iter().cloned().map(Dynamic::from));
        related.map_or(Dynamic::UNIT, |it| it.collect::<Array>().into())
    });

    rhai.register_get("target", |it: &mut ContextHandle| frame::at(it.0, |frame| target(frame)))
        .register_set("target", |_: &mut ContextHandle, it: Dynamic| {
            keep(&it, "target", |it| it == Place::Target)
        })
        .register_get("pre", |it: &mut ContextHandle| frame::at(it.0, |it| image(it, "", true)))
        .register_set("pre", |_: &mut ContextHandle, it: Dynamic| {
            keep(&it, "pre", |it| matches!(it, Place::Pre(_)))
        })
        .register_get("post", |it: &mut ContextHandle| frame::at(it.0, |it| image(it, "", false)))
        .register_set("post", |_: &mut ContextHandle, it: Dynamic| {
            keep(&it, "post", |it| matches!(it, Place::Post(_)))
        })
        .register_fn("changed", |it: &mut ContextHandle, name: &str| changed(*it, name))
        .register_fn("after", |it: &mut ContextHandle, name: &str| after(*it, name))
        .register_get("parent", |it: &mut ContextHandle| parent(it.0, 0));

    for (name, of) in [
        ("variables", Part::Variables),
        ("input", Part::Input),
        ("output", Part::Output),
        ("images", Part::Images),
    ] {
        rhai.register_get(name, move |it: &mut ContextHandle| Entries { frame: it.0, of });
        rhai.register_set(name, move |_: &mut ContextHandle, it: Dynamic| -> Raised<()> {
            if it.is::<Entries>() { Ok(()) } else { Err(irreplaceable(name)) }
        });
    }
    rhai.register_type_with_name::<Entries>("entries")
        .register_indexer_get(|it: &mut Entries, name: &str| entry(*it, name))
        .register_indexer_set(|it: &mut Entries, name: &str, value: Dynamic| {
            set_entry(*it, name, &value)
        })
        .register_fn("has", |it: &mut Entries, name: &str| -> Raised<bool> {
            Ok(!entry(*it, name)?.is_unit())
        });

    register_parent(rhai);
}

/// Registers `ctx.parent`.
fn register_parent(rhai: &mut Engine) {
    rhai.register_type_with_name::<ParentHandle>("parent");
    tells(rhai, "message", |it| it.message().to_string().into());
    tells(rhai, "entity", |it| it.entity().to_owned().into());
    tells(rhai, "stage", |it| it.stage().name().into());
    tells(rhai, "depth", |it| INT::from(it.depth()).into());
    rhai.register_get("parent", |it: &mut ParentHandle| parent(it.frame, it.level + 1))
        .register_get("variables", |it: &mut ParentHandle| Entries {
            frame: it.frame,
            of: Part::ParentVariables(it.level),
        });
}

/// Registers a property of `ctx` that can be read.
fn reads(
    rhai: &mut Engine,
    name: &str,
    look: impl Fn(&Context) -> Dynamic + Send + Sync + 'static,
) {
    rhai.register_get(name, move |it: &mut ContextHandle| {
        frame::at(it.0, |frame| Ok(look(frame.ctx()?)))
    });
}

/// Registers a property of an enclosing message.
fn tells(
    rhai: &mut Engine,
    name: &str,
    look: impl Fn(&ParentContext) -> Dynamic + Send + Sync + 'static,
) {
    rhai.register_get(name, move |it: &mut ParentHandle| on_parent(*it, &look));
}

/// `ctx.target = …` would replace what can only be changed. Rhai also calls this after each change within,
/// with what it read.
fn keep(value: &Dynamic, name: &str, is_it: impl Fn(Place) -> bool) -> Raised<()> {
    let handle = value.read_lock::<RecordHandle>();
    if handle.is_some_and(|it| is_it(it.place)) || value.is::<EntityReference>() {
        return Ok(());
    }
    Err(irreplaceable(name))
}

#[expect(clippy::unnecessary_box_returns, reason = "Rhai's errors are boxed everywhere")]
fn irreplaceable(name: &str) -> Box<rhai::EvalAltResult> {
    Raise::text(format!("`ctx.{name}` cannot be replaced: set what is in it, one by one"))
}

fn user(id: uuid::Uuid) -> Dynamic {
    Dynamic::from(EntityReference::new("systemuser", id))
}

/// The target: a record that can be changed, or the lookup of the record at which the message is aimed.
pub(crate) fn target(frame: &Frame) -> Raised<Dynamic> {
    let ctx = frame.ctx()?;
    if ctx.target().is_some() {
        return Ok(frame.handle(Place::Target));
    }
    Ok(match (ctx.request().link(), ctx.primary_id()) {
        (Some(link), _) => Dynamic::from(link.target.clone()),
        (None, Some(id)) => Dynamic::from(EntityReference::new(ctx.entity().clone(), id)),
        (None, None) => Dynamic::UNIT,
    })
}

/// An image by its alias, where the step asks for it.
pub(crate) fn image(frame: &Frame, alias: &str, is_pre: bool) -> Raised<Dynamic> {
    let scene = frame.rule()?;
    let aliases = if is_pre { &scene.aliases.pre } else { &scene.aliases.post };
    if let Some(index) = aliases.iter().position(|it| it == alias) {
        return Ok(frame.handle(if is_pre { Place::Pre(index) } else { Place::Post(index) }));
    }
    let key = if is_pre { "pre_image" } else { "post_image" };
    Err(Raise::text(format!("this step asks for no {key}: add `{key}: [\"…\"]` to STEP")))
}

/// Whether the target carries the attribute with another value than it had.
fn changed(handle: ContextHandle, name: &str) -> Raised<bool> {
    frame::at(handle.0, |frame| {
        let ctx = frame.ctx()?;
        let Some(target) = ctx.target() else { return Ok(false) };
        let ordinal = target.metadata().find(name).map_err(|it| Raise::text(it.to_string()))?;
        let Some(value) = target.at(ordinal) else { return Ok(false) };
        if *ctx.message() == Message::Create {
            return Ok(!value.is_null());
        }
        let Some(before) = ctx.pre_image() else {
            return Err(Raise::text(format!(
                "`changed(\"{name}\")` compares with the pre-image: add it to `pre_image` in STEP"
            )));
        };
        if !before.shows(ordinal) {
            return Err(Raise::text(format!(
                "the pre_image does not show `{name}`: add it to `pre_image` in STEP"
            )));
        }
        Ok(before.at(ordinal) != Some(value).filter(|it| !it.is_null()))
    })
}

fn after(handle: ContextHandle, name: &str) -> Raised<Dynamic> {
    frame::at(handle.0, |frame| {
        let ctx = frame.ctx()?;
        let Some(entity) = ctx.metadata() else { return Ok(Dynamic::UNIT) };
        let ordinal = entity.find(name).map_err(|it| Raise::text(it.to_string()))?;
        Ok(to_dynamic(ctx.after(name), entity, ordinal))
    })
}

fn parent(frame: u64, level: usize) -> Raised<Dynamic> {
    frame::at(frame, |it| {
        let found = ancestor(it.ctx()?, level).is_some();
        Ok(if found { Dynamic::from(ParentHandle { frame, level }) } else { Dynamic::UNIT })
    })
}

fn on_parent(
    handle: ParentHandle,
    look: &(impl Fn(&ParentContext) -> Dynamic + ?Sized),
) -> Raised<Dynamic> {
    frame::at(handle.frame, |frame| {
        Ok(ancestor(frame.ctx()?, handle.level).map_or(Dynamic::UNIT, look))
    })
}

fn ancestor(ctx: &Context, level: usize) -> Option<&ParentContext> {
    let mut found = ctx.parent()?;
    for _ in 0..level {
        found = found.parent()?;
    }
    Some(found)
}

fn entry(entries: Entries, name: &str) -> Raised<Dynamic> {
    let parameter = match entries.of {
        Part::Variables => frame::at(entries.frame, |it| Ok(it.ctx()?.shared.get(name).cloned()))?,
        Part::ParentVariables(level) => frame::at(entries.frame, |it| {
            Ok(ancestor(it.ctx()?, level).and_then(|it| it.shared().get(name).cloned()))
        })?,
        Part::Input => return input(entries.frame, name),
        Part::Output => return output(entries.frame, name),
        Part::Images => {
            return frame::at(entries.frame, |it| {
                image(it, name, true).or_else(|_| image(it, name, false))
            });
        }
    };
    parameter.map_or(Ok(Dynamic::UNIT), |it| from_parameter(&it))
}

fn set_entry(entries: Entries, name: &str, value: &Dynamic) -> Raised<()> {
    let parameter = to_parameter(value)?;
    Raise::within(limits::write(ENTRY + name.len() + parameter_bytes(&parameter)))?;
    frame::at(entries.frame, |frame| match entries.of {
        Part::Variables => {
            let limit = frame.variable_limit;
            let shared = &mut frame.ctx_mut()?.shared;
            if limit <= shared.len() && !shared.contains_key(name) {
                return Err(Raise::limit(format!("{limit} shared variables of one message")));
            }
            shared.insert(name.to_owned(), parameter);
            Ok(())
        }
        Part::Output => {
            let Some(Response::Custom(output)) = frame.ctx_mut()?.response_mut() else {
                return Err(Raise::text("this message has no output that can be set"));
            };
            output.insert(name.to_owned(), parameter);
            Ok(())
        }
        Part::Input => {
            let request = frame.ctx_mut()?.request_mut().map_err(Raise::fault)?;
            let Request::Custom(custom) = request else {
                let text = "the input of this message is changed through `ctx.target`";
                return Err(Raise::text(text));
            };
            custom.parameters.insert(name.to_owned(), parameter);
            Ok(())
        }
        Part::ParentVariables(_) => Err(Raise::text("the variables of a parent can only be read")),
        Part::Images => {
            Err(Raise::text("an image cannot be changed: it shows the record as it was"))
        }
    })
}

/// An input parameter by Dataverse's name.
fn input(frame: u64, name: &str) -> Raised<Dynamic> {
    if let "Target" | "EntityMoniker" = name {
        return frame::at(frame, |it| target(it));
    }
    let parameter = frame::at(frame, |it| {
        let ctx = it.ctx()?;
        Ok(ctx.parameters().and_then(|it| it.get(name)).cloned())
    })?;
    if let Some(parameter) = parameter {
        return from_parameter(&parameter);
    }
    frame::at(frame, |it| {
        Ok(match (it.ctx()?.request(), name) {
            (Request::Assign(it), "Assignee") => Dynamic::from(it.assignee.clone()),
            (Request::SetState(it), "State") => INT::from(it.state).into(),
            (Request::SetState(it), "Status") => INT::from(it.status.unwrap_or(-1)).into(),
            (request, "Relationship") => {
                request.link().map_or(Dynamic::UNIT, |it| it.relationship.clone().into())
            }
            (request, "RelatedEntities") => request.link().map_or(Dynamic::UNIT, |it| {
                it.related.iter().cloned().map(Dynamic::from).collect::<Array>().into()
            }),
            (_, _) => Dynamic::UNIT,
        })
    })
}

/// An output parameter by Dataverse's name.
fn output(frame: u64, name: &str) -> Raised<Dynamic> {
    enum Found {
        Value(Dynamic),
        Parameter(rulegate::message::Parameter),
        Records(Vec<rulegate::Record>),
    }
    let found = frame::at(frame, |it| {
        let handle = it.handle(Place::Output);
        Ok(match (it.ctx()?.response(), name) {
            (Some(Response::Created(created)), "id") => Found::Value(plain(&Value::Id(created.id))),
            (Some(Response::Retrieved(_)), "BusinessEntity") => Found::Value(handle),
            (Some(Response::Found(page)), "BusinessEntityCollection") => {
                Found::Records(page.records.clone())
            }
            (Some(Response::Custom(output)), name) => match output.get(name) {
                Some(parameter) => Found::Parameter(parameter.clone()),
                None => Found::Value(Dynamic::UNIT),
            },
            (_, _) => Found::Value(Dynamic::UNIT),
        })
    })?;
    match found {
        Found::Value(value) => Ok(value),
        Found::Parameter(parameter) => from_parameter(&parameter),
        Found::Records(records) => {
            let kept = records.into_iter().map(|record| frame::top(|it| it.keep(record)));
            Ok(kept.collect::<Raised<Array>>()?.into())
        }
    }
}
