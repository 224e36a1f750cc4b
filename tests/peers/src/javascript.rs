//! JavaScript: an object with an accessor for each attribute.

use rquickjs::object::Accessor;
use rquickjs::{Context, Ctx, Function, Object, Persistent, Runtime};

use crate::world::{choose, number, places};

const RULE: &str = r#"(target) => {
    if (target.estimatedvalue > 100000 && target.customerid == null) {
        throw new Error("a large opportunity needs a customer");
    }
    target.opportunityratingcode = 1;
}"#;

/// Calls the function on the record of this thread.
pub fn side() -> Box<dyn FnMut()> {
    let runtime = Runtime::new().expect("there is room");
    let context = Context::full(&runtime).expect("there is room");
    let (rule, target) = context.with(|ctx| {
        let rule: Function<'_> = ctx.eval(RULE).expect("the rule is JavaScript");
        let target = target(&ctx).expect("there is room");
        (Persistent::save(&ctx, rule), Persistent::save(&ctx, target))
    });
    Box::new(move || {
        context.with(|ctx| {
            let rule = rule.clone().restore(&ctx).expect("it is of this context");
            let target = target.clone().restore(&ctx).expect("it is of this context");
            rule.call::<_, ()>((target,)).expect("the rule does not refuse");
        });
    })
}

fn target<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let places = places();
    let target = Object::new(ctx.clone())?;
    target.prop("estimatedvalue", Accessor::new_get(move || number(places.estimatedvalue)))?;
    target.prop("customerid", Accessor::new_get(move || number(places.customerid)))?;
    let rating = Accessor::new(
        move || number(places.rating),
        move |value: i32| choose(places.rating, value),
    );
    target.prop("opportunityratingcode", rating)?;
    Ok(target)
}
