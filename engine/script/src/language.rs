//! The language of rules: Rhai with the words of the pipeline, and without the means to escape it.
//!
//! One Rhai engine serves all rules of a generation. It knows the options of the generation's catalog, and
//! a property for each name that the rules use.

mod array;
pub(crate) mod context;
pub(crate) mod date;
pub(crate) mod error;
pub(crate) mod frame;
pub(crate) mod number;
pub(crate) mod option;
pub(crate) mod record;
mod related;
pub(crate) mod service;
pub(crate) mod value;
pub(crate) mod words;

use std::collections::BTreeSet;
use std::time::Duration;

use rhai::module_resolvers::DummyModuleResolver;
use rhai::{Dynamic, Engine, FLOAT, INT, ImmutableString, NativeCallContext};
use rulegate::Catalog;

use self::error::{Raise, Raised};
use crate::limits::{self, Limits, Use, charge, is_due, weigh};

/// How long the modules of a folder may take to load, each: what stands outside of functions runs then.
pub(crate) const LOADING: Duration = Duration::from_secs(10);

/// Symbols that a rule cannot use: each is a way around a limit, or out of the folder.
const BANNED: [&str; 4] = ["eval", "curry", "import", "export"];

/// A Rhai engine that can parse scripts, and keeps the position of everything in them.
pub(crate) fn parser(limits: &Limits) -> Engine {
    let mut rhai = Engine::new_raw();
    furnish(&mut rhai, limits);
    rhai.set_optimization_level(rhai::OptimizationLevel::None);
    rhai
}

/// A Rhai engine that can run the rules of a catalog, or runs, which use these names.
pub(crate) fn engine(catalog: &Catalog, names: &BTreeSet<String>, limits: &Limits) -> Engine {
    let mut rhai = Engine::new();
    furnish(&mut rhai, limits);
    rhai.set_strict_variables(true);
    array::register(&mut rhai);
    number::register(&mut rhai);
    date::register(&mut rhai);
    option::register(&mut rhai);
    option::register_constants(&mut rhai, catalog);
    record::register(&mut rhai);
    service::register(&mut rhai);
    context::register(&mut rhai);
    register_words(&mut rhai);
    refuse_clocks(&mut rhai);
    add_properties(&mut rhai, names, catalog);
    rhai
}

/// Lets scripts use these names as properties of records.
pub(crate) fn add_properties(rhai: &mut Engine, names: &BTreeSet<String>, catalog: &Catalog) {
    record::add_properties(rhai, names, catalog);
}

fn furnish(rhai: &mut Engine, limits: &Limits) {
    limits.apply(rhai);
    rhai.set_module_resolver(DummyModuleResolver::new());
    rhai.set_fail_on_invalid_map_property(true);
    for symbol in BANNED {
        rhai.disable_symbol(symbol);
    }
    #[expect(deprecated, reason = "the only way to read a literal with a point as a decimal")]
    rhai.on_parse_token(|token, _, _| number::exact(token));
    rhai.on_progress(|_| charge().map(Dynamic::from));
    watch_variables(rhai);
    rhai.on_print(|line| drop(trace(line)));
    rhai.on_debug(|line, _, _| drop(trace(line)));
}

/// Lets variables be weighed.
fn watch_variables(rhai: &mut Engine) {
    #[expect(deprecated, reason = "the only way to see what a script holds while it runs")]
    rhai.on_var(|_, _, context| {
        if is_due(context.call_level(), Use::Access) {
            Raise::within(weigh(context.scope(), Use::Access))?;
        }
        Ok(None)
    });
    #[expect(deprecated, reason = "variables that are defined and not used hold something, too")]
    rhai.on_def_var(|is_running, _, context| {
        if is_running && is_due(context.call_level(), Use::Definition) {
            Raise::within(weigh(context.scope(), Use::Definition))?;
        }
        Ok(true)
    });
}

/// The words that are no message, and the texts that Rhai's own words do differently.
fn register_words(rhai: &mut Engine) {
    rhai.register_fn("reject", |message: &str| service::reject(None, message))
        .register_fn("reject", |code: ImmutableString, message: &str| {
            service::reject(Some(code), message)
        })
        .register_fn("trace", |line: Dynamic| trace(&to_text(&line)))
        // Rhai's own changes the text in place and answers nothing, which no attribute can bear.
        .register_fn("trim", |text: &str| -> ImmutableString { text.trim().into() })
        .register_fn("is_blank", |text: &str| text.trim().is_empty())
        .register_fn("is_blank", |(): ()| true)
        .register_fn("parse_json", |context: NativeCallContext<'_>, json: &str| {
            let parsed = context.engine().parse_json(json, true);
            parsed.map(Dynamic::from).map_err(|error| Raise::text(format!("no JSON map: {error}")))
        })
        .register_get("code", |it: &mut error::Thrown| it.code.clone())
        .register_get("message", |it: &mut error::Thrown| it.message.clone())
        .register_fn("to_string", |it: &mut error::Thrown| it.message.clone())
        .register_fn("to_string", |it: &mut error::Broken| it.0.clone())
        .register_get("message", |it: &mut error::Broken| it.0.clone());
}

/// A rule knows no time but its message's, and cannot wait.
fn refuse_clocks(rhai: &mut Engine) {
    fn no_sleep<T>(_: T) -> Raised<()> {
        Err(Raise::text("a rule cannot sleep"))
    }
    fn no_exit<T>(_: T) -> Raised<()> {
        Err(Raise::text("a rule ends where it returns: write `return`"))
    }
    rhai.register_fn("sleep", no_sleep::<INT>)
        .register_fn("sleep", no_sleep::<FLOAT>)
        .register_fn("sleep", no_sleep::<rust_decimal::Decimal>)
        .register_fn("exit", || no_exit(()))
        .register_fn("exit", no_exit::<Dynamic>)
        .register_fn("timestamp", || -> Raised<()> {
            Err(Raise::text("a rule has no clock of its own: take `ctx.now`"))
        });
}

/// Leaves a line in the trace of the message, or of the run.
fn trace(line: &str) -> Raised<()> {
    frame::top(|frame| {
        match &mut frame.scene {
            frame::Scene::Rule(scene) => scene.ctx.trace(line),
            frame::Scene::Run(scene) => {
                scene.note(line);
                Raise::within(limits::write(line.len()))?;
            }
        }
        Ok(())
    })
}

/// A value as a text for people: what interpolation would make of it.
pub(crate) fn to_text(value: &Dynamic) -> String {
    if let Some(option) = value.read_lock::<option::OptionValue>() {
        return option.name();
    }
    if let Some(reference) = value.read_lock::<rulegate::EntityReference>() {
        return reference.to_string();
    }
    if let Some(thrown) = value.read_lock::<error::Thrown>() {
        return thrown.message.clone();
    }
    match value::from_plain(value) {
        Some(rulegate::Value::Text(text)) => text.to_string(),
        None if value.is_variant() || value.is_fnptr() => value::kind(value).to_owned(),
        None | Some(rulegate::Value::Null) => value.to_string(),
        Some(other) => other.to_string(),
    }
}
