//! Custom messages: what an embedder adds to the messages of the engine.

use rulegate::message::{Custom, CustomMessage, ParameterType};

use super::*;

/// Given a message whose main operation does nothing, when it is called, its output has the default of its
/// type.
#[test]
fn t_189_an_output_that_nobody_set_has_the_default_of_its_type() {
    // M-63
    on_every_store(|given| {
        let message = CustomMessage::new("x_Count").output("number", ParameterType::Integer);
        let engine = given.builder().message(message, |_: &mut Context| Ok(())).build().unwrap();

        let output = engine.call(Custom::new("x_Count")).unwrap();

        assert_eq!(output.get("number"), Some(&0.into()));
    });
}
