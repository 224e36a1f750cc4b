//! The context: what it has not, what cannot be written, and what becomes of errors that a rule catches.

use rulegate::OrganizationService;

use super::{create, engine_of, rule, said, said_at, shown, table};

#[test]
fn what_a_context_has_not_is_an_error() {
    let said = table(
        &[
            "ctx.nonsense;",
            "ctx.nonsense = 1;",
            "ctx.nonsense();",
            "ctx.depth = 5;",
            "ctx.message = \"Update\";",
            "ctx.target.nonsense;",
            "ctx.target.nonsense = 1;",
            "ctx.target[\"nonsense\"];",
            "ctx.target.remove(\"nonsense\");",
            "ctx.target.has(\"nonsense\");",
            "ctx.changed(\"nonsense\");",
            "ctx.after(\"nonsense\");",
            "ctx.pre.name;",
            "ctx.post.name;",
            "ctx.images.before.name;",
            "ctx.images[\"before\"];",
            "ctx.target = #{};",
            "ctx.pre = ctx.target;",
            "ctx.variables = #{};",
            "ctx.input.Target.name;",
            "ctx.input.Nonsense;",
            "ctx.input.Nonsense = 1;",
            "ctx.output.id = \"x\";",
            "ctx.output.Nonsense = 1;",
            "ctx.parent.nonsense;",
            "ctx.parent.variables.x = 1;",
            "ctx.parent.parent.parent.parent;",
            "ctx.variables.f = |x| x;",
            "ctx.variables.c = ctx;",
            "ctx.variables.m = #{};",
            "ctx.variables.a = [1, \"x\"];",
            "ctx.variables.r = ctx.target; throw type_of(ctx.variables.r);",
            "ctx.related.len();",
            "ctx.relationship.len();",
            "this.x = 1;",
            "ctx == ctx;",
            "ctx < ctx;",
            "ctx + 1;",
            "ctx[0];",
            "for x in ctx {}",
            "for x in ctx.target {}",
            "let x = ctx; x.target.name = \"y\";",
        ],
        str::to_owned,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn a_rule_reads_the_configuration_of_its_step() {
    // P-52
    let told = |more| format!("message: \"Create\", stage: \"post-operation\"{more}");
    for (more, expected) in [(", configuration: \"limit = 5\"", "= limit = 5."), ("", "= .")] {
        let throws = rule("rule", &told(more), "throw `${ctx.configuration}.`;");
        let engine = engine_of(&[throws]).unwrap();

        assert_eq!(shown(&create(&engine).unwrap_err()), expected);
    }
}

#[test]
fn what_was_written_refuses_to_change() {
    let written = "ctx.target.name = \"other\";";
    assert_eq!(said_at("pre-operation", written), "ends well");
    assert_eq!(
        said_at("post-operation", written),
        "the target was written already, and a change would be lost; send an update instead"
    );
    let step = "message: \"Update\", stage: \"pre-operation\", pre_image: [\"name\"]";
    let engine = engine_of(&[rule("image", step, "ctx.pre.name = \"other\";")]).unwrap();
    let account = create(&engine).unwrap();
    let change = engine.change(&account).unwrap().with("name", "new").unwrap();
    assert_eq!(
        shown(&engine.update(change).unwrap_err()),
        "an image cannot be changed: it shows the record as it was"
    );
}

#[test]
fn a_rule_can_refuse_in_its_own_words() {
    let said = table(
        &[
            "throw \"no\";",
            "throw \"\";",
            "throw;",
            "throw ();",
            "throw 42;",
            "throw 0.5;",
            "throw [1];",
            "throw #{ code: \"a.b\", message: \"no\" };",
            "throw #{ message: \"no\" };",
            "throw #{ code: \"a.b\" };",
            "throw #{};",
            "throw |x| x;",
            "throw ctx;",
            "throw ctx.target;",
            "throw ctx.user;",
            "throw account::rating::Hot;",
            "reject(\"no\");",
            "reject(\"a.b\", \"no\");",
            "reject(\"\");",
            "try { reject(\"a.b\", \"no\"); } catch (e) { throw e; }",
            "try { reject(\"a.b\", \"no\"); } catch (e) { throw `${e.code} ${e.message}`; }",
            "try { reject(\"no\"); } catch { }",
            "try { throw \"x\"; } catch (e) { throw e + \"y\"; }",
            "try { ctx.target.nonsense; } catch (e) { throw e.message; }",
            "try { 1 / 0; } catch (e) { throw `caught ${e}`; }",
            "try { nonsense(); } catch (e) { throw `caught ${e}`; }",
            "try { create(\"task\", #{ nonsense: 1 }); } catch (e) { }",
            "try { create(\"nothing\", #{}); } catch (e) { }",
            "let x = \"x\"; x.pad(201, \"x\"); try { create(\"task\", #{ subject: x }); } catch (e) { }",
            "let x = \"x\"; x.pad(201, \"x\"); try { create(\"task\", #{ subject: x }); } catch (e) { throw e; }",
            "try { retrieve(ctx.user); } catch (e) { throw e.code; }",
            "throw try_retrieve(ctx.parent);",
            "try { loop {} } catch { }",
            "try { let x = \"x\"; loop { x += x; } } catch { }",
        ],
        str::to_owned,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn a_record_that_is_left_for_others_is_a_lookup_to_them() {
    let left = |body: &str| {
        let step = |stage: &str| format!("message: \"Create\", stage: \"{stage}\"");
        let rules = [
            rule("leave", &step("pre-operation"), body),
            rule("take", &step("post-operation"), "throw ctx.variables.it.entity;"),
        ];
        shown(&create(&engine_of(&rules).unwrap()).unwrap_err())
    };
    assert_eq!(left("ctx.variables.it = retrieve(create(\"task\", #{}));"), "= task");
    assert_eq!(left("ctx.variables.it = ctx;"), "the context can be no parameter");
    assert_eq!(left("ctx.variables.it = record(\"task\", #{});"), "the record can be no parameter");
}

#[test]
fn a_record_is_worth_nothing_beyond_its_message() {
    // The nested message has a frame of its own, in which the outer one's handles mean nothing: it gets none.
    let body = "if ctx.depth == 1 { ctx.variables.it = 1; create(\"account\", #{}); } \
                else { throw `${ctx.parent.parent.variables.it} ${ctx.variables.it}`; }";
    assert_eq!(said(body), "= 1 ");
    assert_eq!(said("let x = ctx; [1].map(|it| x.variables.x = it); throw x.variables.x;"), "= 1");
}
