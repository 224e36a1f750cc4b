//! Rune: a struct whose fields are read and written by functions of the host's.

use std::sync::Arc;

use rune::runtime::Protocol;
use rune::{Any, Context, Diagnostics, Module, Source, Sources, Vm};

use crate::world::{Places, choose, number, places};

const RULE: &str = r#"pub fn run(target) {
    if target.estimatedvalue > 100000.0 && target.customerid == 0.0 {
        panic!("a large opportunity needs a customer");
    }
    target.opportunityratingcode = 1;
}"#;

#[derive(Any)]
struct Target(Places);

/// Calls the function on the record of this thread.
pub fn side() -> Box<dyn FnMut()> {
    build().expect("the rule is Rune")
}

fn build() -> Result<Box<dyn FnMut()>, Box<dyn std::error::Error>> {
    let mut module = Module::new();
    module.ty::<Target>()?;
    module.field_function(&Protocol::GET, "estimatedvalue", |it: &Target| {
        number(it.0.estimatedvalue).unwrap_or(0.0)
    })?;
    module.field_function(&Protocol::GET, "customerid", |it: &Target| {
        number(it.0.customerid).unwrap_or(0.0)
    })?;
    module.field_function(
        &Protocol::SET,
        "opportunityratingcode",
        |it: &mut Target, value: i64| {
            choose(it.0.rating, i32::try_from(value).unwrap_or(0));
        },
    )?;
    let mut context = Context::with_default_modules()?;
    context.install(module)?;
    let mut sources = Sources::new();
    sources.insert(Source::memory(RULE)?)?;
    let mut diagnostics = Diagnostics::new();
    let unit = rune::prepare(&mut sources)
        .with_context(&context)
        .with_diagnostics(&mut diagnostics)
        .build()?;
    let mut vm = Vm::new(Arc::new(context.runtime()?), Arc::new(unit));
    let mut target = Target(places());
    Ok(Box::new(move || {
        vm.call(["run"], (&mut target,)).expect("the rule does not refuse");
    }))
}
