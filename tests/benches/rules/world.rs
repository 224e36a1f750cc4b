//! The world of the benchmarks: some entities, the rules that are measured, and engines that have them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rulegate::clock::{CountingIds, ManualClock};
use rulegate::metadata::Ordinal;
use rulegate::pipeline::Reach;
use rulegate::settings::Settings;
use rulegate::{
    Context, Engine, EntityReference, Fault, Hook, Message, OrganizationService, Record, Step,
    Value,
};
use rulegate_script::{Check, Diagnostic, Execution, LoadOptions, RuleSet, SourceFile};
use rust_decimal::Decimal;

const ENTITIES: [(&str, &str); 5] = [
    ("rules/opportunity/entity.toml", include_str!("opportunity.toml")),
    ("rules/account/entity.toml", NAMED),
    ("rules/competitor/entity.toml", NAMED),
    ("rules/systemuser/entity.toml", NAMED),
    ("rules/task/entity.toml", TASK),
];
/// An entity that has nothing but a name.
pub(crate) const NAMED: &str = r#"
[entity]
ownership = "organization"
primary_name = "name"
[attributes]
name = { type = "string", max_length = 160 }
"#;
const TASK: &str = r#"
[entity]
ownership = "organization"
primary_name = "subject"
[attributes]
subject = { type = "string", max_length = 200 }
createdon = { type = "date-time", create = false, update = false }
modifiedon = { type = "date-time", create = false, update = false }
"#;

/// Two conditions, and one write.
pub(crate) const SIMPLE: &str = r#"fn run(ctx) {
    if ctx.target.estimatedvalue > 100000 && ctx.target.customerid == () {
        reject("a large opportunity needs a customer");
    }
    ctx.target.opportunityratingcode = 1;
}"#;

/// Nine statements: arithmetic, a text with a value in it, conditions on a text, a choice of three, a switch.
pub(crate) const MEDIUM: &str = r#"fn run(ctx) {
    let target = ctx.target;
    let quantity = target.quantity;
    let price = target.priceperunit;
    let total = quantity * price - target.discount;
    if total < 0 { throw `a total of ${total} is negative`; }
    target.totalamount = total;
    if target.name != () && target.name.len() > 20 && !target.name.contains("TEST") {
        target.opportunityratingcode = if total > 10000 { 1 } else if total > 1000 { 2 } else { 3 };
    }
    switch target.salesstage.value {
        1 => target.closeprobability = 10,
        2 => target.closeprobability = 50,
        _ => target.closeprobability = 0,
    }
}"#;

/// A condition that does not hold, and what would be done if it did.
pub(crate) const GUARDED: &str = "fn run(ctx) {
    if ctx.target.estimatedvalue <= 1000000 { return; }
    ctx.target.opportunityratingcode = 1;
    ctx.target.closeprobability = 90;
}";

/// A rule as the folder has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Script<'a> {
    /// Entity and name.
    pub(crate) path: &'a str,
    /// What stands in `STEP`.
    pub(crate) step: &'a str,
    pub(crate) body: &'a str,
}

/// When most rules of the benchmarks run.
pub(crate) const ON_UPDATE: &str = r#"message: "Update", stage: "pre-operation""#;

impl Script<'_> {
    /// A rule on the update of opportunities.
    pub(crate) fn on_update(body: &str) -> Script<'_> {
        Script { path: "opportunity/measured", step: ON_UPDATE, body }
    }

    /// The file in which it stands.
    pub(crate) fn file(self) -> SourceFile {
        let text = format!("const STEP = #{{ {} }};\n\n{}\n", self.step, self.body);
        SourceFile::new(format!("rules/{}.rhai", self.path), text.as_str())
    }
}

/// The files of the entities.
pub(crate) fn entity_files() -> Vec<SourceFile> {
    ENTITIES.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect()
}

/// How rules are read whose speed is measured. What their check costs is told by `tests/benches/check.rs`.
pub(crate) fn options(execution: Execution) -> LoadOptions {
    LoadOptions { execution, check: Check::Syntax, ..LoadOptions::default() }
}

/// The entities and these rules.
pub(crate) fn load(files: Vec<SourceFile>, execution: Execution) -> RuleSet {
    let files: Vec<SourceFile> = entity_files().into_iter().chain(files).collect();
    let set = RuleSet::load(&files, None, &options(execution));
    set.unwrap_or_else(|all| unreachable!("{}", Diagnostic::render_all(&all, false)))
}

/// The entities and one rule.
pub(crate) fn rule(script: Script<'_>, execution: Execution) -> RuleSet {
    load(vec![script.file()], execution)
}

/// An engine that serves a set.
pub(crate) fn serving(set: &RuleSet) -> Engine {
    engine_of(set, set.steps.clone())
}

/// An engine over the entities that has these steps.
pub(crate) fn engine(steps: Vec<Step>) -> Engine {
    engine_of(&load(Vec::new(), Execution::default()), steps)
}

/// An engine over a catalog that has these steps.
pub(crate) fn engine_of(set: &RuleSet, steps: Vec<Step>) -> Engine {
    engine_with(set, steps, |_| ())
}

/// The same, with other settings.
pub(crate) fn engine_with(
    set: &RuleSet,
    steps: Vec<Step>,
    change: impl FnOnce(&mut Settings),
) -> Engine {
    let clock = ManualClock::at("2026-01-15T09:00:00Z".parse().unwrap());
    let engine = Engine::builder(set.catalog.clone())
        .clock(clock)
        .ids(CountingIds::default())
        .settings(|it| it.time_limit = Duration::from_hours(1)) // Contexts outlive their messages here.
        .settings(change)
        .build()
        .unwrap();
    engine.reload(set.catalog.clone(), steps).unwrap();
    engine
}

/// A customer, to whom the opportunities of the benchmarks belong.
pub(crate) fn customer(engine: &Engine) -> EntityReference {
    let account = engine.record("account").unwrap().with("name", "Contoso").unwrap();
    engine.create(account).unwrap()
}

/// An opportunity with ten attributes: a typical create.
pub(crate) fn opportunity(engine: &Engine, customer: &EntityReference) -> Record {
    let mut record = engine.record("opportunity").unwrap();
    fill(&mut record, customer);
    record
}

/// A change of an opportunity that is there already, of the same ten attributes.
pub(crate) fn change(engine: &Engine) -> Record {
    let customer = customer(engine);
    let created = engine.create(opportunity(engine, &customer)).unwrap();
    let mut change = engine.change(&created).unwrap();
    fill(&mut change, &customer);
    change
}

fn fill(record: &mut Record, customer: &EntityReference) {
    let values: [(&str, Value); 10] = [
        ("name", "Contoso 500 widgets renewal".into()),
        ("estimatedvalue", Value::Decimal(Decimal::from(150_000))),
        ("customerid", customer.clone().into()),
        ("opportunityratingcode", Value::Choice(1)),
        ("closeprobability", Value::WholeNumber(50)),
        ("quantity", Value::WholeNumber(12)),
        ("priceperunit", Value::WholeNumber(1_250)),
        ("discount", Value::WholeNumber(100)),
        ("totalamount", Value::WholeNumber(14_900)),
        ("salesstage", Value::Choice(2)),
    ];
    for (name, value) in values {
        record.set(name, value).unwrap();
    }
}

/// The context of an update of an opportunity, taken out of its message: what a hook sees, for as long as we like.
/// Its catalog is that of the set to which the hook belongs, as in an engine that serves it.
pub(crate) fn context(set: &RuleSet, furnish: impl FnOnce(&mut Record)) -> Context {
    let taken = Arc::<Mutex<Option<Context>>>::default();
    let place = Arc::clone(&taken);
    let take = move |ctx: &mut Context| -> Result<(), Fault> {
        *place.lock().unwrap() = Some(*ctx.take());
        Err(Fault::reject("its context is gone"))
    };
    let step = Step::on(Message::Update, "opportunity").run("take", take);
    let engine = engine_of(set, vec![step]);
    let mut change = change(&engine);
    furnish(&mut change);
    engine.update(change).unwrap_err();
    taken.lock().unwrap().take().unwrap()
}

/// A hook written by hand, which touches the target alone, as the rules that are measured.
pub(crate) struct ByHand<F>(pub(crate) F);

impl<F: Fn(&mut Context) -> Result<(), Fault> + Send + Sync> Hook for ByHand<F> {
    fn execute(&self, ctx: &mut Context) -> Result<(), Fault> {
        self.0(ctx)
    }

    fn reach(&self) -> Reach {
        Reach::Target
    }

    fn looks_at_images(&self) -> bool {
        false
    }
}

/// The places of attributes of the opportunity, by which a hook of the host finds them.
pub(crate) fn places<const N: usize>(names: [&str; N]) -> [Ordinal; N] {
    let engine = engine(Vec::new());
    let catalog = engine.catalog();
    let entity = catalog.entity("opportunity").unwrap();
    names.map(|it| entity.ordinal(it).unwrap())
}
