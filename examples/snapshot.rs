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
    let (transcript, created) = engine.trace(Create::new(target));
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
    insta::assert_snapshot!(story(&engine().unwrap()).unwrap(), @r#"
    ▶ Create opportunity name="licences"
      10 pre-validation
         opportunity/close_date_ahead       ✓
      20 pre-operation
         opportunity/name_from_customer     ✓
         opportunity/rate_by_probability    ✓
         opportunity/discount_limit         ✓
      30 main                               opportunity#1
      40 post-operation
         opportunity/first_call             ✓
      ▶ Create task regardingobjectid=opportunity#1 scheduledend=2026-01-18T09:00:00Z subject="Call the customer"  depth 2
        20 pre-operation
           task/due_date                      ✓
        30 main                               task#1
      ✔
    ✔
    ▶ Update opportunity#1 discountpercentage=40
      10 pre-validation
         opportunity/close_date_ahead       – skipped: estimatedclosedate not sent
      20 pre-operation
         opportunity/rate_by_probability    – skipped: closeprobability not sent
         opportunity/keep_won_revenue       – skipped: statecode not sent
         opportunity/discount_limit         ✘ a discount of 40 % is for hot opportunities; others get 30 %  [opportunity.discount-limit]
    ✘ rejected, nothing saved
    "#);
}
