//! Lua: a userdata with a getter for each attribute.

use mlua::{Function, Lua, UserData, UserDataFields};

use crate::world::{Places, choose, number, places};

const RULE: &str = r#"return function(target)
    if target.estimatedvalue > 100000 and target.customerid == nil then
        error("a large opportunity needs a customer")
    end
    target.opportunityratingcode = 1
end"#;

struct Target(Places);

impl UserData for Target {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("estimatedvalue", |_, it| Ok(number(it.0.estimatedvalue)));
        fields.add_field_method_get("customerid", |_, it| Ok(number(it.0.customerid)));
        fields.add_field_method_get("opportunityratingcode", |_, it| Ok(number(it.0.rating)));
        fields.add_field_method_set("opportunityratingcode", |_, it, value: i32| {
            choose(it.0.rating, value);
            Ok(())
        });
    }
}

/// Calls the function on the record of this thread.
pub fn side() -> Box<dyn FnMut()> {
    let lua = Lua::new();
    let rule: Function = lua.load(RULE).eval().expect("the rule is Lua");
    let target = lua.create_userdata(Target(places())).expect("there is room");
    Box::new(move || {
        let _ = &lua; // The function lives in it.
        rule.call::<()>(&target).expect("the rule does not refuse");
    })
}
