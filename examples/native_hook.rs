//! A hook in Rust: it compares what is sent with what was there before, and refuses.

use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
use rulegate::{Context, Engine, Fault, Message, OrganizationService, Stage, Step, Value};

/// A credit limit may at most double.
fn refuse_jump(ctx: &mut Context) -> Result<(), Fault> {
    let before = ctx.pre_image().and_then(|it| it.get("creditlimit"));
    let after = ctx.target().and_then(|it| it.get("creditlimit"));
    let number = |it: Option<&Value>| it.and_then(Value::as_whole_number);
    match (number(before), number(after)) {
        (Some(before), Some(after)) if 2 * before < after => Err(Fault::reject_with(
            "account.limit-jump",
            format!("the limit may at most double, from {before}"),
        )),
        _ => Ok(()),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let account = EntityDefinition::new("account")
        .attribute("name", AttributeType::text(160))
        .attribute("creditlimit", AttributeType::whole_number(0, 1_000_000));
    let engine = Engine::builder(CatalogDraft::default().entity(account).check()?)
        .step(
            Step::on(Message::Update, "account")
                .at(Stage::PreOperation)
                .filtering(["creditlimit"])
                .pre_image(["creditlimit"])
                .run("limit-jump", refuse_jump),
        )
        .build()?;

    let acme = engine.record("account")?.with("name", "Acme")?.with("creditlimit", 1_000)?;
    let acme = engine.create(acme)?;
    for limit in [2_000, 5_000] {
        match engine.update(engine.change(&acme)?.with("creditlimit", limit)?) {
            Ok(()) => println!("{limit}: saved"),
            Err(error) => {
                println!("{limit}: {error}");
                println!("  number  0x{:08X}", error.number());
                println!("  code    {:?}", error.rejection().and_then(|it| it.code.as_deref()));
                println!("  step    {:?}", error.step().map(|it| (&it.step, it.stage)));
            }
        }
    }
    println!("stored: {:?}", engine.retrieve(&acme)?.get("creditlimit"));
    Ok(())
}
