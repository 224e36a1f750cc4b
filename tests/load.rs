//! The load of the tests that kill, break and wear out a store: every message of it leaves traces by which it
//! can be told later whether it is there whole, in part, or not at all, and how often its job ran.
//!
//! A *group* is an account with two tasks, which [`MESSAGES`] messages of one thread make and change:
//!
//! | message | what it does | and its rule, in the same transaction | and its job, later |
//! |---|---|---|---|
//! | 0 | creates the account | creates both tasks | counts |
//! | 1, 3 | changes the account | changes both tasks | counts |
//! | 2 | associates it with a competitor | changes the account, and so the tasks | counts |
//! | 4 | deletes the account, the tasks and the pair | | |
//! | 4, of every other group | changes the account | changes both tasks | counts |
//!
//! Account and tasks carry the number of the last message, their *mark*. A job counts by making two records, or
//! by adding one to each where they are there: an effect that must not happen twice, and not by halves.

#![expect(clippy::unwrap_used, reason = "clippy takes what tests share for production code")]

use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use rulegate::engine::EngineBuilder;
use rulegate::metadata::EntityDefinition;
use rulegate::pipeline::JobState;
use rulegate::record::{Operator, QueryPlan, Record};
use rulegate::store::{Reader, Store};
use rulegate::{
    Catalog, Context, Engine, EntityReference, Error, Fault, Message, OrganizationService, Query,
    Service, Stage, Step, Value,
};
use uuid::Uuid;

use crate::bare::{bare, pairs};

/// How many messages a group gets.
pub const MESSAGES: u64 = 5;
/// The relationship over which accounts are associated.
const PAIRS: &str = "account_competitors";
/// The parts of a group: the account, its tasks, and the first of each pair of counters.
const ACCOUNT: u128 = 0;
const TASKS: [u128; 2] = [1, 2];
const COUNTERS: [u128; 2] = [16, 32];

/// Who sends messages, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// The run of the program.
    pub run: u32,
    /// The thread of it.
    pub thread: u32,
}

/// An account with all that belongs to it. Message `n` of a sender is about group `n / MESSAGES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Who sends its messages.
    pub sender: Sender,
    /// Its number among the groups of the sender.
    pub number: u64,
}

impl Group {
    /// The group of a message.
    pub const fn of(sender: Sender, message: u64) -> Self {
        Self { sender, number: message / MESSAGES }
    }

    fn id(self, part: u128) -> Uuid {
        let Self { sender, number } = self;
        let [run, thread] = [sender.run, sender.thread].map(u128::from);
        Uuid::from_u128(part << 120 | run << 80 | thread << 64 | (u128::from(number) + 1))
    }

    /// The group of one of its records.
    fn named_by(id: Uuid) -> Self {
        let id = id.as_u128();
        let number = u64::try_from(id & u128::from(u64::MAX)).unwrap_or_default();
        let sender = Sender {
            run: u32::try_from(id >> 80 & 0xFFFF_FFFF).unwrap_or_default(),
            thread: u32::try_from(id >> 64 & 0xFFFF).unwrap_or_default(),
        };
        Self { sender, number: number.saturating_sub(1) }
    }

    fn account(self) -> EntityReference {
        EntityReference::new("account", self.id(ACCOUNT))
    }

    /// Its messages, as numbers of its thread.
    fn messages(self) -> std::ops::Range<u64> {
        self.number * MESSAGES..(self.number + 1) * MESSAGES
    }

    /// The message that deletes it, if one does.
    fn end(self) -> Option<u64> {
        (self.number % 2 == 1).then_some(self.number * MESSAGES + MESSAGES - 1)
    }

    /// The mark that it has after so many messages of its thread; none where it is not there.
    fn mark_after(self, done: u64) -> Option<u64> {
        let last = done.min(self.messages().end).checked_sub(1)?;
        (self.messages().contains(&last) && self.end() != Some(last)).then_some(last)
    }
}

/// The small catalog, with the jobs of the shipped one, and a relationship to associate over.
pub fn catalog() -> Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(read_catalog);
    CATALOG.clone()
}

fn read_catalog() -> Catalog {
    let shipped = crate::shipped_catalog();
    let jobs: EntityDefinition = shipped.entity("asyncoperation").unwrap().definition().clone();
    let mut draft = bare().entity(jobs).many_to_many(pairs(PAIRS, ["account", "competitor"]));
    draft.external.extend(shipped.entities().map(|it| it.logical_name().clone()));
    draft.external.extend(shipped.external().iter().cloned());
    draft.external.retain(|it| draft.entities.iter().all(|own| own.logical_name != *it));
    draft.check().unwrap()
}

/// What becomes of the records of jobs that are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Those of updates go, and those of creations stay.
    StaysInPart,
    /// All go.
    Goes,
}

/// An engine with the rules and the jobs of the load.
pub fn builder(catalog: Catalog, store: impl Store + 'static, done: Done) -> EngineBuilder {
    let created = Step::on(Message::Create, "account").asynchronous();
    let created = if done == Done::Goes { created.auto_delete() } else { created };
    let on = |message| Step::on(message, "account").at(Stage::PostOperation);
    Engine::builder(catalog)
        .store(store)
        .settings(|it| it.job_lease = Duration::ZERO) // Whoever had begun a job before is gone.
        .step(on(Message::Create).run("create-tasks", |ctx: &mut Context| with_tasks(ctx, true)))
        .step(on(Message::Update).run("mark-tasks", |ctx: &mut Context| with_tasks(ctx, false)))
        .step(
            Step::on_any(Message::Associate)
                .at(Stage::PostOperation)
                .relationship(PAIRS)
                .run("mark-account", mark_account),
        )
        .step(created.run("count-created", count))
        .step(
            Step::on(Message::Update, "account")
                .asynchronous()
                .auto_delete()
                .run("count-updated", count),
        )
}

/// Makes what the messages of a sender need.
pub fn prepare(engine: &Engine, sender: Sender) -> Result<(), Error> {
    let competitor = competitor(sender);
    let known = Query::new("competitor").equal("competitorid", Value::Id(competitor.id));
    if engine.retrieve_multiple(known)?.records.is_empty() {
        let mut record = engine.record("competitor")?;
        record.identify(competitor.id);
        engine.create(record)?;
    }
    Ok(())
}

fn competitor(sender: Sender) -> EntityReference {
    EntityReference::new("competitor", Group::of(sender, 0).id(ACCOUNT))
}

/// Sends a message.
pub fn send(engine: &Engine, sender: Sender, message: u64) -> Result<(), Error> {
    let group = Group::of(sender, message);
    let account = group.account();
    let mark = whole(message);
    match message % MESSAGES {
        0 => {
            let mut record = engine.record("account")?.with("employees", mark)?;
            record.identify(account.id);
            engine.create(record).map(drop)
        }
        2 => engine.associate(&account, PAIRS, [competitor(sender)]),
        _ if group.end() == Some(message) => engine.delete(&account),
        _ => engine.update(engine.change(&account)?.with("employees", mark)?),
    }
}

/// Waits for the jobs of a group, and takes away what they counted and all else that is left of it. Answers how many
/// messages that took.
pub fn clear(engine: &Engine, group: Group) -> Result<u64, Error> {
    let mut sent = 0;
    for message in group.messages().filter(|it| group.end() != Some(*it)) {
        for counter in counters(message) {
            let id = group.id(counter);
            while counted(engine, id)?.is_none() {
                thread::sleep(Duration::from_millis(1));
            }
            engine.delete(&EntityReference::new("contact", id))?;
            sent += 1;
        }
    }
    if group.end().is_none() {
        engine.delete(&group.account())?;
        sent += 1;
    }
    Ok(sent)
}

/// Gives the tasks of an account its mark, in its transaction.
fn with_tasks(ctx: &mut Context, is_new: bool) -> Result<(), Fault> {
    let (account, mark) = account_and_mark(ctx)?;
    let service = ctx.service();
    for part in TASKS {
        let id = Group::named_by(account.id).id(part);
        let mut task = service.record("task")?.with("subject", mark.to_string())?;
        task.identify(id);
        if is_new {
            service.create(task.with("regardingobjectid", &account)?)?;
        } else {
            service.update(task)?;
        }
    }
    Ok(())
}

/// Gives an account that was associated its mark.
fn mark_account(ctx: &mut Context) -> Result<(), Fault> {
    let rulegate::Request::Associate(request) = ctx.request() else { return Ok(()) };
    let account = request.link.target.clone();
    let mark = Group::named_by(account.id).number * MESSAGES + 2;
    let service = ctx.service();
    service.update(service.change(&account)?.with("employees", whole(mark))?)?;
    Ok(())
}

/// What a job does: it makes two records, or adds one to each.
fn count(ctx: &mut Context) -> Result<(), Fault> {
    let (account, mark) = account_and_mark(ctx)?;
    let group = Group::named_by(account.id);
    let service = ctx.service();
    for counter in counters(mark) {
        add_one(&service, group.id(counter))?;
    }
    Ok(())
}

fn add_one(service: &Service, id: Uuid) -> Result<(), Fault> {
    let count = counted(service, id)?;
    let text = (count.unwrap_or_default() + 1).to_string();
    let mut contact = service.record("contact")?.with("lastname", text)?;
    contact.identify(id);
    if count.is_some() {
        service.update(contact)?;
    } else {
        service.create(contact)?;
    }
    Ok(())
}

/// What a counter says, if it is there.
fn counted(service: &impl OrganizationService, id: Uuid) -> Result<Option<u64>, Error> {
    let query = Query::new("contact").equal("contactid", Value::Id(id));
    let found = service.retrieve_multiple(query)?.records;
    Ok(found.first().map(number_in))
}

fn account_and_mark(ctx: &Context) -> Result<(EntityReference, u64), Fault> {
    let target = ctx.target().ok_or_else(|| Fault::failed("no target"))?;
    let account = target.reference().ok_or_else(|| Fault::failed("no identity"))?;
    Ok((account, number_in(target)))
}

/// The pair of counters of a message.
fn counters(message: u64) -> [u128; 2] {
    COUNTERS.map(|it| it + u128::from(message % MESSAGES))
}

/// The number that a record of the load carries.
fn number_in(record: &Record) -> u64 {
    let text =
        ["subject", "lastname"].iter().find_map(|it| record.get(it)?.as_text()?.parse().ok());
    let number = || record.get("employees").and_then(Value::as_whole_number);
    text.or_else(|| number()?.try_into().ok()).unwrap_or_default()
}

fn whole(number: u64) -> Value {
    i64::try_from(number).unwrap_or_default().into()
}

/// What came to light.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Messages that were acknowledged.
    pub acknowledged: u64,
    /// Acknowledged messages of which nothing is there.
    pub lost: u64,
    /// Messages of which a part is there, records that nobody sent, and damage to the file.
    pub torn: u64,
    /// Jobs without their effects although the queue is empty, or with half of them.
    pub jobs_lost: u64,
    /// Jobs whose effects are there more than once, or although their message is not.
    pub jobs_doubled: u64,
    /// Accounts that must be there in the end.
    pub accounts: u64,
    /// Pairs that must be there in the end.
    pub pairs: u64,
    /// Jobs that must have run in the end.
    pub jobs: u64,
}

impl Found {
    /// Whether all that was acknowledged is there, and nothing else.
    pub const fn is_sound(&self) -> bool {
        self.lost + self.torn + self.jobs_lost + self.jobs_doubled == 0
    }

    /// Adds what came to light elsewhere.
    pub const fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.lost += other.lost;
        self.torn += other.torn;
        self.jobs_lost += other.jobs_lost;
        self.jobs_doubled += other.jobs_doubled;
    }
}

/// Looks at what is in a store.
#[expect(missing_debug_implementations, reason = "a reader has nothing to show")]
pub struct Look<'c> {
    reader: Box<dyn Reader>,
    catalog: &'c Catalog,
    /// What came to light, here and before.
    pub found: Found,
}

impl<'c> Look<'c> {
    /// A look at the store of this moment.
    ///
    /// # Panics
    ///
    /// Where the store cannot be read, here as in all that follows.
    pub fn at(store: &dyn Store, catalog: &'c Catalog, found: Found) -> Self {
        Self { reader: store.snapshot().unwrap(), catalog, found }
    }

    /// Looks at what one sender left, of whose messages so many were acknowledged. One more may have come to its
    /// end. Their jobs have all run.
    pub fn at_sender(&mut self, sender: Sender, done: u64) {
        self.found.acknowledged += done;
        let groups: Vec<Group> =
            (0..=done / MESSAGES).map(|number| Group { sender, number }).collect();
        let marks: Vec<_> = groups.iter().map(|it| self.mark(*it)).collect();
        let after = |done| groups.iter().map(|it| Ok(it.mark_after(done))).collect::<Vec<_>>();
        // What is there must be all that the first so many messages did.
        let Some(there) = (0..=done + 1).rev().find(|it| marks == after(*it)) else {
            self.found.torn += 1;
            return;
        };
        self.found.lost += done.saturating_sub(there);
        for group in groups {
            let mark = group.mark_after(there);
            self.found.accounts += u64::from(mark.is_some());
            self.found.pairs += u64::from(mark.is_some_and(|it| 2 <= it % MESSAGES));
            for message in group.messages().filter(|it| group.end() != Some(*it)) {
                self.at_job(group, message, message < there);
            }
        }
    }

    /// Looks at the effects of one job.
    fn at_job(&mut self, group: Group, message: u64, is_sent: bool) {
        let counts = counters(message).map(|part| {
            let counter = self.record("contact", group.id(part));
            counter.as_ref().map_or(0, number_in)
        });
        let found = &mut self.found;
        found.jobs += u64::from(is_sent);
        found.jobs_doubled += u64::from(counts.iter().any(|it| u64::from(is_sent) < *it));
        found.jobs_lost += u64::from(is_sent && counts.contains(&0));
    }

    /// The mark of a group, if it is there at all; an error where only a part of it is.
    fn mark(&mut self, group: Group) -> Result<Option<u64>, ()> {
        let account = self.record("account", group.id(ACCOUNT)).as_ref().map(number_in);
        let is_whole = TASKS
            .iter()
            .all(|part| self.record("task", group.id(*part)).as_ref().map(number_in) == account);
        let is_paired = account.is_some_and(|it| 2 <= it % MESSAGES);
        let paired =
            Query::new(format!("{PAIRS}_pairs")).equal("accountid", Value::Id(group.id(ACCOUNT)));
        if is_whole && self.count(&paired) == u64::from(is_paired) { Ok(account) } else { Err(()) }
    }

    /// Looks whether nothing is there that should not be.
    pub fn at_all(&mut self) {
        let mut count = |it: &str| self.count(&Query::new(it));
        let (accounts, tasks) = (count("account"), count("task"));
        let (pairs, effects) = (count(&format!("{PAIRS}_pairs")), count("contact"));
        let completed = Value::Choice(JobState::Succeeded.code().into());
        let open = Query::new("asyncoperation");
        let open = self.count(&open.filter("statecode", Operator::NotEqual, [completed]));
        let found = &mut self.found;
        found.torn += accounts.abs_diff(found.accounts) + tasks.abs_diff(found.accounts * 2);
        found.torn += pairs.abs_diff(found.pairs);
        found.jobs_lost += open;
        found.jobs_doubled += effects.saturating_sub(found.jobs * 2);
    }

    fn record(&mut self, entity: &str, id: Uuid) -> Option<Record> {
        self.reader.retrieve(self.catalog.entity(entity).unwrap(), id).unwrap()
    }

    fn count(&mut self, query: &Query) -> u64 {
        let query = query.clone().top(0).with_total();
        let plan = QueryPlan::new(&query, self.catalog).unwrap();
        self.reader.query(&plan).unwrap().total.unwrap()
    }
}
