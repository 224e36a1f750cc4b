//! The engine, played: hooks that follow scripts, and messages sent from outside.

use std::panic;
use std::sync::Arc;

use rulegate::message::{
    Assign, Associate, Create, CreateMultiple, Delete, Disassociate, Link, Parameter, Retrieve,
    RetrieveMultiple, SetState, Update, UpdateMultiple, Upsert,
};
use rulegate::pipeline::{Image, ParentContext};
use rulegate::record::ColumnSet;
use rulegate::{
    Catalog, Context, EntityReference, Error, Fault, OrganizationService, Query, Record, Response,
    Stage, Step, Value,
};
use rulegate::{error::OperationStatus, message::Request as Sent};

use super::catalog::{PAIRS, identity_of};
use super::script::{End, Host, Picture, Plan, Request, Row, Target, play};
use super::seen::{Aim, Enclosing, More, Seen, Shown, fields};
use super::world::Store;

/// The step of a plan, as a hook.
pub(crate) fn step(plan: &Plan) -> Step {
    let script = plan.clone();
    let hook = move |ctx: &mut Context| play(&mut Hooked { ctx, plan: &script }, &script);
    let step = match plan.entity {
        Some(entity) => Step::on(plan.message, entity),
        None => Step::on_any(plan.message),
    };
    let stage = Stage::ALL.into_iter().find(|it| it.number() == plan.stage).unwrap();
    let step = step.at(stage).rank(plan.rank).filtering(plan.filtering.iter().copied());
    let step = plan.relationship.iter().fold(step, |step, it| step.relationship(*it));
    let names = |it: &Picture| it.attributes.clone();
    let step = plan.pre.iter().fold(step, |step, it| step.pre_image_as(it.alias, names(it)));
    let step = plan.post.iter().fold(step, |step, it| step.post_image_as(it.alias, names(it)));
    let step = plan.run_as.iter().fold(step, |step, it| step.run_as(it.id()));
    let step = if plan.is_async { step.asynchronous() } else { step };
    let step = if plan.is_enabled { step } else { step.disabled() };
    step.run(plan.name.as_str(), hook)
}

/// A hook that follows a script.
struct Hooked<'a> {
    ctx: &'a mut Context,
    plan: &'a Plan,
}

impl Host for Hooked<'_> {
    type Fault = Fault;

    fn see(&mut self) {
        let line = self.seen().line();
        self.ctx.trace(line);
    }

    fn trace(&mut self, line: String) {
        self.ctx.trace(line);
    }

    fn depth(&self) -> u32 {
        self.ctx.depth()
    }

    fn user(&self, is_initiating: bool) -> EntityReference {
        let id = if is_initiating { self.ctx.initiating_user() } else { self.ctx.user() };
        EntityReference::new("systemuser", id)
    }

    fn own(&self) -> Option<EntityReference> {
        if let Some(link) = self.ctx.request().link() {
            return Some(link.target.clone());
        }
        Some(EntityReference::new(self.ctx.entity().clone(), self.ctx.primary_id()?))
    }

    fn set(&mut self, attribute: &str, value: Value) -> Result<(), Fault> {
        Ok(self.ctx.target_mut()?.set(attribute, value)?)
    }

    fn remove(&mut self, attribute: &str) -> Result<(), Fault> {
        self.ctx.target_mut()?.remove(attribute)?;
        Ok(())
    }

    fn share(&mut self, key: &str, value: Value) {
        self.ctx.shared.insert(key.to_owned(), value.into());
    }

    fn shared(&self, key: &str) -> Option<Value> {
        value_of(self.ctx.shared.get(key)?)
    }

    fn parent_shared(&self, key: &str) -> Option<Value> {
        let mut parent = self.ctx.parent();
        while let Some(it) = parent {
            let found = it.shared().get(key).and_then(value_of).filter(|it| !it.is_null());
            if found.is_some() {
                return found;
            }
            parent = it.parent();
        }
        None
    }

    fn target(&self, attribute: &str) -> Option<Value> {
        self.ctx.target()?.get(attribute).cloned()
    }

    fn image(&self, is_pre: bool, alias: &str, attribute: &str) -> Option<Value> {
        image(self.ctx, is_pre, alias)?.get(attribute).cloned()
    }

    fn send(&mut self, request: Request) -> Result<Option<Row>, Fault> {
        let service = self.ctx.service();
        let sent = sent(&request, &service.catalog());
        Ok(row_of(&service.execute(sent)?))
    }

    fn code_of(fault: &Fault) -> String {
        fault.code().to_string()
    }

    fn end(&self, end: End) -> Fault {
        match end {
            End::Reject => Fault::reject("no"),
            End::Retry => Fault::reject_job(OperationStatus::Retry, "again"),
            End::Fail => Fault::failed("broken"),
            // Without the noise of a panic that nobody expects.
            End::Panic => panic::resume_unwind(Box::new("boom")),
        }
    }
}

impl Hooked<'_> {
    fn seen(&self) -> Seen {
        let (ctx, plan) = (&*self.ctx, self.plan);
        let parents: Vec<Enclosing> =
            std::iter::successors(ctx.parent(), |it| it.parent()).map(enclosing).collect();
        let shown = |is_pre: bool, it: &Picture| {
            let found = image(ctx, is_pre, it.alias);
            let mut attributes = found.map(|it| attributes(&it.to_record())).unwrap_or_default();
            for name in &it.attributes {
                attributes.entry((*name).to_owned()).or_insert(Value::Null);
            }
            let kind = if is_pre { "pre" } else { "post" };
            Shown { alias: format!("{kind} {}", it.alias), attributes }
        };
        let pre = plan.pre.iter().map(|it| shown(true, it));
        let post = plan.post.iter().map(|it| shown(false, it));
        Seen {
            step: plan.name.clone(),
            message: ctx.message().to_string(),
            entity: ctx.entity().to_string(),
            stage: ctx.stage().name(),
            mode: ctx.mode().name(),
            depth: ctx.depth(),
            is_in_transaction: ctx.is_in_transaction(),
            user: ctx.user().to_string(),
            initiating: ctx.initiating_user().to_string(),
            shared: variables(&ctx.shared),
            aim: match (ctx.target(), self.own()) {
                (Some(target), _) => Aim::Record(attributes(target)),
                (None, Some(own)) => Aim::Reference(own.to_string()),
                (None, None) => Aim::Nothing,
            },
            images: pre.chain(post).collect(),
            parents,
            more: Some(More {
                chain: ctx.correlation_id().to_string(),
                primary_id: format!("{:?}", ctx.primary_id()),
                is_job: ctx.job().is_some(),
                aliases: self.aliases(),
            }),
        }
    }

    /// The aliases of the images that are there; a job has one that nobody asked for.
    fn aliases(&self) -> String {
        let (ctx, plan) = (&*self.ctx, self.plan);
        let asked = |is_pre: bool, all: &[Picture]| {
            let there: Vec<String> = all
                .iter()
                .filter(|it| image(ctx, is_pre, it.alias).is_some())
                .map(|it| format!("<{}>", it.alias))
                .collect();
            there.concat()
        };
        let job = ctx.post_image_as("AsynchronousStepPrimaryName");
        let job = job.map(|it| fields(&attributes(&it.to_record())));
        format!("{} {} {job:?}", asked(true, &plan.pre), asked(false, &plan.post))
    }
}

fn enclosing(it: &ParentContext) -> Enclosing {
    let target = it.input().target().map(attributes).unwrap_or_default();
    Enclosing {
        message: it.message().to_string(),
        entity: it.entity().to_owned(),
        stage: it.stage().name(),
        depth: it.depth(),
        shared: variables(it.shared()),
        input: format!("{:?}{}", it.primary_id(), fields(&target)),
    }
}

fn image<'a>(ctx: &'a Context, is_pre: bool, alias: &str) -> Option<Image<'a>> {
    if is_pre { ctx.pre_image_as(alias) } else { ctx.post_image_as(alias) }
}

fn value_of(parameter: &Parameter) -> Option<Value> {
    if let Parameter::Value(value) = parameter { Some(value.clone()) } else { None }
}

fn variables(of: &rulegate::message::Parameters) -> Row {
    of.iter().filter_map(|(name, it)| Some((name.clone(), value_of(it)?))).collect()
}

/// The attributes of a record.
pub(crate) fn attributes(record: &Record) -> Row {
    record.attributes().map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

fn row_of(response: &Response) -> Option<Row> {
    if let Response::Retrieved(record) = response {
        return Some(attributes(record));
    }
    if let Response::Found(page) = response { page.records.first().map(attributes) } else { None }
}

/// The request as the engine knows it.
pub(crate) fn sent(request: &Request, catalog: &Arc<Catalog>) -> Sent {
    match request {
        Request::Create(it) => Create::new(record(it, catalog)).into(),
        Request::Update(it) => Update::new(record(it, catalog)).into(),
        Request::Upsert(it) => Upsert { target: record(it, catalog) }.into(),
        Request::Bulk(is_new, targets) => {
            let targets = targets.iter().map(|it| record(it, catalog)).collect();
            if *is_new {
                CreateMultiple { targets }.into()
            } else {
                UpdateMultiple { targets }.into()
            }
        }
        Request::Delete(it) => Delete::new(it.clone()).into(),
        Request::Retrieve(it) => Retrieve::all(it.clone()).into(),
        Request::Misread(it) => {
            let columns = ColumnSet::only(["nothing"]);
            Retrieve { target: it.clone(), columns }.into()
        }
        Request::Find(it) => {
            let query = Query::new(it.entity.clone())
                .equal(identity_of(it.entity.as_str()), Value::Id(it.id));
            RetrieveMultiple { query }.into()
        }
        Request::Assign(it, owner) => Assign { target: it.clone(), assignee: owner.clone() }.into(),
        Request::SetState(it, state) => {
            SetState { target: it.clone(), state: *state, status: None }.into()
        }
        Request::Link(tie, it, others) => {
            let link = Link::new(it.clone(), tie.relationship, others.iter().cloned());
            if tie.is_taken_away { Disassociate { link }.into() } else { Associate { link }.into() }
        }
    }
}

fn record(target: &Target, catalog: &Arc<Catalog>) -> Record {
    let entity = catalog.entity(&target.entity).unwrap();
    let record = target.id.map_or_else(|| Record::new(entity), |id| Record::of(entity, id));
    let set = |record: Record, (name, value): (&String, &Value)| {
        // An attribute that the entity lacks has no place in a record: the sequence leaves it out.
        record.clone().with(name, value.clone()).unwrap_or(record)
    };
    target.values.iter().fold(record, set)
}

/// All that is stored.
pub(crate) fn stored(service: &impl OrganizationService) -> Store {
    let mut store = Store::new();
    for entity in super::catalog::ENTITIES.into_iter().chain([PAIRS]) {
        let page = service.retrieve_multiple(Query::new(entity)).unwrap();
        let row = |it: &Record| ((entity.to_owned(), it.id().unwrap_or_default()), attributes(it));
        store.extend(page.records.iter().map(row));
    }
    store
}

/// The code of an error, and the step in which it began.
pub(crate) fn failure(error: &Error) -> String {
    let at = error.step().map(|it| {
        format!(
            " in {}: {} of {} at {}, depth {}",
            it.step, it.message, it.entity, it.stage, it.depth
        )
    });
    format!("{}{}", error.code(), at.unwrap_or_default())
}
