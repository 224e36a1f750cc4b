//! CEL: the condition alone, with its variables made once.

use std::collections::HashMap;
use std::hint::black_box;

use cel::{Context, Program, Value};

use crate::world::{number, places};

const CONDITION: &str = "target.estimatedvalue > 100000.0 && target.customerid == null";

/// Evaluates the condition.
pub fn side() -> Box<dyn FnMut()> {
    let program = Program::compile(CONDITION).expect("the condition is CEL");
    let places = places();
    let value = |it: Option<f64>| it.map_or(Value::Null, Value::Float);
    let target = HashMap::from([
        ("estimatedvalue", value(number(places.estimatedvalue))),
        ("customerid", value(number(places.customerid))),
    ]);
    let mut context = Context::default();
    context.add_variable_from_value("target", target);
    Box::new(move || drop(black_box(program.execute(&context).expect("it has a value"))))
}
