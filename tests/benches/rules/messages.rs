//! Whole messages in the memory store: with more and more rules, among many steps, within each other, with a transcript.

use rulegate::clock::{CountingIds, ManualClock};
use rulegate::message::Update;
use rulegate::store::Memory;
use rulegate::{
    Context, Engine, EntityReference, Fault, Message, OrganizationService, Stage, Step,
};
use rulegate_script::{Execution, RuleSet, SourceFile};
use support::bare;

use crate::by_hand::ByHand;
use crate::table::{Row, STEADY, Side, Table, side, timed_side, turns};
use crate::world::{
    self, SIMPLE, Script, change, customer, engine_of, engine_with, load, opportunity, serving,
};

/// How many rules a message meets.
const COUNTS: [usize; 4] = [0, 1, 3, 10];

/// How many entities there are beside those of which messages are sent, in [`steps`].
const OTHERS: usize = 100;

/// The relationship whose links are measured.
const LINK: &str = "opportunitycompetitors_association";

/// What a rule on a link does: it looks at both ends.
const ON_LINK: &str = r#"fn run(ctx) {
    if ctx.target.entity != "opportunity" { return; }
    if ctx.related.len() > 5 { reject("five competitors at most"); }
}"#;

pub(crate) fn measure(table: &mut Table) {
    for message in [Message::Create, Message::Update, Message::Associate] {
        let title = format!("{message}");
        if table.wants(&format!("{title} with rules")) {
            with_rules(table, &message);
        }
    }
    if table.wants("Create without steps") {
        without_steps(table);
    }
    if table.wants("Update among steps") {
        among_steps(table);
    }
    for depth in [1, 5] {
        if table.wants("nested Create") {
            nested(table, depth);
        }
    }
    if table.wants("Update, traced") {
        traced(table);
    }
}

/// The entities, and so many rules on a message.
pub(crate) fn rules(message: &Message, count: usize) -> RuleSet {
    load(rule_files(message, count), Execution::Lowered)
}

fn rule_files(message: &Message, count: usize) -> Vec<SourceFile> {
    let (step, body) = if *message == Message::Associate {
        let on = format!("relationship: \"{LINK}\", stage: \"pre-operation\"");
        (format!("message: \"Associate\", {on}"), ON_LINK)
    } else {
        (format!("message: \"{message}\", stage: \"pre-operation\""), SIMPLE)
    };
    let file =
        |it: usize| Script { path: &format!("opportunity/rule_{it}"), step: &step, body }.file();
    (0..count).map(file).collect()
}

fn with_rules(table: &mut Table, message: &Message) {
    let sides = COUNTS.map(|count| {
        let (name, set) = (count.to_string(), rules(message, count));
        match message.name() {
            "Create" => creates(&name, set),
            "Associate" => associates(&name, set),
            _ => updates(&name, &set),
        }
    });
    let turns = turns(STEADY, sides.into());
    let title = format!("{message} with rules");
    table.add(Row::new(format!("{title}: 0"), turns.figure("0")));
    for count in COUNTS.iter().skip(1) {
        table.add(Row::beside(&title, &turns, (&count.to_string(), "0")));
    }
}

/// Creates, in an engine that is made anew for each turn: else there would be more and more records.
fn creates(name: &str, set: RuleSet) -> Side<'static> {
    timed_side(name, move |count| {
        let engine = serving(&set);
        let record = opportunity(&engine, &customer(&engine));
        side("", || engine.create(record.clone()).unwrap()).take(count)
    })
}

fn updates(name: &str, set: &RuleSet) -> Side<'static> {
    let engine = serving(set);
    let change = change(&engine);
    side(name, move || engine.update(change.clone()).unwrap())
}

/// Links an opportunity with one competitor after another.
fn associates(name: &str, set: RuleSet) -> Side<'static> {
    timed_side(name, move |count| {
        let engine = serving(&set);
        let target = engine.create(opportunity(&engine, &customer(&engine))).unwrap();
        let rival = engine.record("competitor").unwrap().with("name", "Rival").unwrap();
        let rivals: Vec<EntityReference> =
            (0..count).map(|_| engine.create(rival.clone()).unwrap()).collect();
        support::timed(|| {
            for rival in rivals {
                engine.associate(&target, LINK, [rival]).unwrap();
            }
        })
    })
}

/// Three rules that match, of three, a hundred and ten thousand steps.
fn among_steps(table: &mut Table) {
    let others = (0..OTHERS)
        .map(|it| SourceFile::new(format!("rules/other_{it}/entity.toml"), world::NAMED));
    let files = others.chain(rule_files(&Message::Update, 3)).collect();
    let set = load(files, Execution::Lowered);
    let idle = |step: Step, it: usize| step.run(format!("idle {it}"), |_: &mut Context| Ok(()));
    let messages = [Message::Create, Message::Update, Message::Delete, Message::Retrieve];
    let elsewhere = |count: usize| {
        let on = |it: usize| {
            let message = messages.get(it / OTHERS % messages.len()).unwrap();
            idle(Step::on(message.clone(), format!("other_{}", it % OTHERS)), it)
        };
        (0..count).map(on).collect::<Vec<Step>>()
    };
    let filtered = |count: usize| {
        let on =
            |it: usize| idle(Step::on(Message::Update, "opportunity").filtering(["stepname"]), it);
        (0..count).map(on).collect::<Vec<Step>>()
    };
    let among = |name: &str, others: Vec<Step>| {
        let engine = engine_of(&set, set.steps.iter().cloned().chain(others).collect());
        let change = change(&engine);
        side(name, move || engine.update(change.clone()).unwrap())
    };
    let turns = turns(
        STEADY,
        vec![
            among("3 of 3", Vec::new()),
            among("3 of 100", elsewhere(97)),
            among("3 of 10,000", elsewhere(9_997)),
            among("3 of 1,000, the others filtered out", filtered(997)),
        ],
    );
    let beside = |name| Row::beside("Update among steps", &turns, (name, "3 of 3"));
    table.add(beside("3 of 100").at_most(1.05));
    table.add(beside("3 of 10,000").at_most(1.05));
    table.add(beside("3 of 1,000, the others filtered out"));
}

/// A task whose creation creates a task, so many times.
fn nested(table: &mut Table, depth: u32) {
    let body = format!(
        "fn run(ctx) {{ if ctx.depth <= {depth} {{ create(\"task\", #{{ subject: \"again\" }}); }} }}"
    );
    let step = r#"message: "Create", stage: "post-operation""#;
    let script = Script { path: "task/again", step, body: &body };
    let by_hand = move |ctx: &mut Context| -> Result<(), Fault> {
        if ctx.depth() <= depth {
            let service = ctx.service();
            service.create(service.record("task")?.with("subject", "again")?)?;
        }
        Ok(())
    };
    let by_hand = Step::on(Message::Create, "task").at(Stage::PostOperation).run("again", by_hand);
    let tasks = |name: &str, set: RuleSet, by_hand: Vec<Step>| {
        timed_side(name, move |count| {
            let engine = engine_of(&set, set.steps.iter().chain(&by_hand).cloned().collect());
            let task = engine.record("task").unwrap().with("subject", "once").unwrap();
            side("", || engine.create(task.clone()).unwrap()).take(count)
        })
    };
    let turns = turns(
        STEADY,
        vec![
            tasks("alone", load(Vec::new(), Execution::default()), Vec::new()),
            tasks("by hand", load(Vec::new(), Execution::default()), vec![by_hand]),
            tasks("lowered", world::rule(script, Execution::Lowered), Vec::new()),
            tasks("interpreted", world::rule(script, Execution::Interpreted), Vec::new()),
        ],
    );
    let title = format!("nested Create, {depth} deep");
    table.add(Row::beside(&title, &turns, ("by hand", "alone")));
    table.add(Row::beside(&title, &turns, ("lowered", "by hand")));
    table.add(Row::beside(&title, &turns, ("interpreted", "by hand")));
}

/// A message with three rules: while nothing is remembered of it, while the engine remembers which steps ran, and
/// while somebody wants to know all that happens.
fn traced(table: &mut Table) {
    let set = rules(&Message::Update, 3);
    let remembering = |count: usize| {
        let engine = engine_with(&set, set.steps.clone(), |it| it.recent_steps = count);
        let change = change(&engine);
        (engine, change)
    };
    let (silent, recent, told) = (remembering(0), remembering(1_000), remembering(0));
    let full = || {
        let (transcript, outcome) = told.0.trace(Update::new(told.1.clone()));
        outcome.unwrap();
        transcript
    };
    let turns = turns(
        STEADY,
        vec![
            side("off", || silent.0.update(silent.1.clone()).unwrap()),
            side("recent steps", || recent.0.update(recent.1.clone()).unwrap()),
            side("full transcript", full),
        ],
    );
    let beside = |name| Row::beside("Update, traced", &turns, (name, "off"));
    table.add(beside("recent steps").at_most(1.03));
    table.add(beside("full transcript").at_most(1.25));
}

/// A message that no step hears, beside an insert by hand that checks and stamps the same.
fn without_steps(table: &mut Table) {
    let engine = |store: &Memory| {
        let builder = Engine::builder(bare().check().unwrap()).store(store.clone());
        let clock = ManualClock::at("2026-01-15T09:00:00Z".parse().unwrap());
        builder.clock(clock).ids(CountingIds::default()).build().unwrap()
    };
    let account = |engine: &Engine| {
        let account = engine.record("account").unwrap().with("name", "Acme").unwrap();
        account.with("employees", 12).unwrap().with("telephone1", "555 0100").unwrap()
    };
    let message = timed_side("as a message", |count| {
        let engine = engine(&Memory::default());
        let account = account(&engine);
        side("", || engine.create(account.clone()).unwrap()).take(count)
    });
    let by_hand = timed_side("by hand", |count| {
        let store = Memory::default();
        let engine = engine(&store);
        let (account, hand) = (account(&engine), ByHand::new(&engine, store));
        side("", || hand.create(account.clone())).take(count)
    });
    let turns = turns(STEADY, vec![message, by_hand]);
    let row = Row::beside("Create without steps", &turns, ("as a message", "by hand"));
    table.add(row.at_most(2.0));
}
