//! A transcript as a test keeps it: fixed time, counted identities, records by alias.
//!
//! `cargo test -p examples --bin snapshot` plays the test below.

use rulegate::clock::{CountingIds, ManualClock};
use rulegate::message::{Create, Update};
use rulegate::pipeline::Aliases;
use rulegate::{Engine, OrganizationService, Response};
use rulegate_script::{Diagnostic, LoadOptions, RuleFolder};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The shipped rules, without anything that differs from run to run.
fn engine() -> Outcome<Engine> {
    let folder = RuleFolder::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../rules"));
    let set = folder.load(&LoadOptions::default(), None);
    let set = set.map_err(|all| Diagnostic::render_all(&all, false))?;
    let engine = Engine::builder(set.catalog.clone())
        .clock(ManualClock::at("2026-01-15T09:00:00Z".parse()?))
        .ids(CountingIds::default())
        .build()?;
    engine.reload(set.catalog, set.steps)?;
    Ok(engine)
}

/// A deal, then a discount that it does not get.
fn story(engine: &Engine) -> Outcome<String> {
    let mut aliases = Aliases::default(); // Go on from text to text, so that a record keeps its number.

    let target = engine.record("opportunity")?.with("name", "licences")?;
    let (transcript, created) = engine.trace(Create { target });
    let mut text = transcript.render(&mut aliases);

    if let Response::Created(deal) = created? {
        let change = engine.change(&deal)?.with("discountpercentage", 40)?;
        let (transcript, _refused) = engine.trace(Update::new(change));
        text.push_str(&transcript.render(&mut aliases));
    }
    Ok(text)
}

fn main() -> Outcome<()> {
    print!("{}", story(&engine()?)?);
    Ok(())
}

#[test]
fn a_cold_deal_gets_no_great_discount() {
    insta::assert_snapshot!(story(&engine().unwrap()).unwrap(), @"");
}
