//! Records in a file: written by one engine, read by the next, and looked at with SQL.

use rulegate::{Engine, OrganizationService, Query};
use rulegate_script::{Diagnostic, LoadOptions, RuleFolder};
use rulegate_sqlite::Sqlite;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// An engine with the shipped rules, on a file.
fn engine(file: &std::path::Path) -> Outcome<Engine> {
    let folder = RuleFolder::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../rules"));
    let set = folder.load(&LoadOptions::default(), None);
    let set = set.map_err(|all| Diagnostic::render_all(&all, false))?;
    let engine = Engine::builder(set.catalog.clone()).store(Sqlite::open(file)?).build()?;
    engine.reload(set.catalog, set.steps)?;
    Ok(engine)
}

fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?; // A real one has a place of its own: `records.db`.
    let file = folder.path().join("records.db");

    let engine_of_today = engine(&file)?;
    for name in ["Acme", "Globex"] {
        engine_of_today.create(engine_of_today.record("account")?.with("name", name)?)?;
    }
    drop(engine_of_today); // Whether it ends so or by a loss of power: what was answered is kept.

    let engine_of_tomorrow = engine(&file)?;
    let accounts = Query::new("account").select(["name"]).order_by_descending("name");
    for account in engine_of_tomorrow.retrieve_multiple(accounts)?.records {
        println!("{}", account.primary_name().unwrap_or_default());
    }
    println!("sqlite3 records.db \"SELECT name, createdon FROM account\" shows them too");
    Ok(())
}
