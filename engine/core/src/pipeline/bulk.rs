//! Bulk messages: the single messages of many records, side by side within one message of all of them.
//!
//! At each stage the steps of the bulk message run first, and then, record by record, those of the single
//! message (M-40, M-44). A single Create or Update of which a bulk step wants to know comes this way, too: as
//! a bulk message of one (M-41).
//!
//! Before the write a record is in one place at a time: in the bulk message while its steps run
//! ([`Context::gather`]), in its own message otherwise ([`Context::scatter`]).

use std::sync::Arc;

use super::context::Context;
use super::desk::Desk;
use super::operation::Call;
use super::step::Stage;
use super::{Variables, main_operation, run, run_event, run_steps};
use crate::error::{Error, Fault};
use crate::message::{
    Message, Request, Response, UpdateMultiple, UpsertMultiple, bulk_of, singles,
};
use crate::record::{EntityReference, Record};

/// Carries a single message as the bulk message that it also raises, and answers as the single one.
pub(super) fn run_as_bulk(call: Call, single: Request) -> Result<Response, Error> {
    let bulk = bulk_of(&single).ok_or(Error::Bug("a message that has no bulk message"))?;
    let mut ctx = Context::open(call.clone(), bulk);
    ctx.items.push(Context::open(call, single));
    run_event(&mut ctx)?;
    let answer = ctx.items.pop().and_then(|it| it.response);
    answer.ok_or(Error::Bug("a message without an answer"))
}

/// Runs the steps of one stage on each record, one after another. Where nobody listens, the guards of all records are
/// asked before the first body runs: on a record whose guards all hold, nothing runs at all.
#[cold]
#[inline(never)]
pub(super) fn run_stage_of_each(ctx: &mut Context, stage: Stage) -> Result<(), Error> {
    let operation = Arc::clone(&ctx.call.operation);
    if operation.is_heard {
        let is_one_of_many = 1 < ctx.items.len();
        return ctx.items.iter_mut().enumerate().try_for_each(|(index, item)| {
            if is_one_of_many && !item.plan().at(stage).is_empty() {
                operation.note(|it| it.turned_to(stage, index, item));
            }
            run_steps(item, stage, 0)
        });
    }
    let steps = |it: &Context| operation.generation().plan(it.plan).at(stage);
    let pass = |it: &mut Context| it.pass_by(steps(it), (stage, 0));
    let firsts: Vec<usize> = ctx.items.iter_mut().map(pass).collect();
    ctx.items.iter_mut().zip(firsts).try_for_each(|(item, first)| run_steps(item, stage, first))
}

/// Updates the records that are there and creates the others (M-30).
pub(super) fn write_upserts(ctx: &mut Context) -> Result<(), Error> {
    let Request::UpsertMultiple(upserts) = &*ctx.request else { return Ok(()) };
    let call = ctx.call.clone();
    let mut desk = Desk::of(&call);
    let resolved = upserts.clone().resolve(&mut desk)?;
    let mut created: Vec<EntityReference> = Vec::new();
    for is_new in [true, false] {
        let part = |it: &&Request| matches!(it, Request::Create(_)) == is_new;
        let Some(bulk) = together(resolved.iter().filter(part)) else { continue };
        if let Response::CreatedMultiple(found) = run(call.clone(), bulk)? {
            created = found;
        }
    }
    ctx.response = Some(UpsertMultiple::answer(&resolved, created));
    Ok(())
}

/// One bulk message of single ones of one kind.
fn together<'a>(mut singles: impl Iterator<Item = &'a Request>) -> Option<Request> {
    let mut bulk = bulk_of(singles.next()?)?;
    if let Some(targets) = bulk.targets_mut() {
        targets.extend(singles.filter_map(Request::target).cloned());
    }
    Some(bulk)
}

/// Writes record by record, and answers for all of them.
pub(super) fn write_each(ctx: &mut Context) -> Result<(), Error> {
    ctx.items.iter_mut().try_for_each(main_operation)?;
    let created = |it: &Context| {
        if let Some(Response::Created(created)) = &it.response {
            Some(created.clone())
        } else {
            None
        }
    };
    ctx.response = Some(if ctx.message == Message::CreateMultiple {
        Response::CreatedMultiple(ctx.items.iter().filter_map(created).collect())
    } else {
        Response::Done
    });
    Ok(())
}

/// What a bulk message does with the single ones within it.
impl Context {
    /// Whether single messages stand within this one.
    pub(super) fn is_bulk(&self) -> bool {
        self.message.is_bulk()
    }

    /// Opens and accepts the single messages.
    pub(super) fn accept_items(&mut self) -> Result<(), Error> {
        if self.items.is_empty() {
            let singles = singles(&self.request).into_iter();
            self.items = singles.map(|it| Context::open(self.call.clone(), it)).collect();
        }
        for item in &mut self.items {
            item.accept()?;
            let (before, after) = self.wants_images;
            item.wants_images.0 |= before;
            item.wants_images.1 |= after;
        }
        Ok(())
    }

    /// Does the same with the single messages.
    pub(super) fn each_item(
        &mut self,
        act: fn(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.items.is_empty() { Ok(()) } else { self.each_of_many(act) }
    }

    /// Not inlined: what calls itself cannot be, and no message but a bulk message comes here.
    #[cold]
    #[inline(never)]
    fn each_of_many(&mut self, act: fn(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.items.iter_mut().try_for_each(act)
    }

    /// Takes the records from the single messages, for the steps of the bulk message.
    pub(super) fn gather(&mut self) {
        if self.is_bulk()
            && let Some(targets) = Arc::make_mut(&mut self.request).targets_mut()
        {
            *targets = self.items.iter().filter_map(Context::target).cloned().collect();
        }
    }

    /// Gives the records back to the single messages, as the steps left them.
    pub(super) fn scatter(&mut self) {
        if self.response.is_some() {
            return; // What is written cannot be changed.
        }
        for (item, target) in self.items.iter_mut().zip(self.request.targets()) {
            if let Some(own) = Arc::make_mut(&mut item.request).target_mut() {
                own.clone_from(target);
            }
        }
    }

    /// A step changes the records of a bulk message: not how many they are, nor which.
    pub(super) fn check_targets(&self) -> Result<(), Fault> {
        let targets = self.request.targets();
        let is_own = |(item, target): (&Self, &Record)| {
            item.target().is_some_and(|it| it.entity() == target.entity() && it.id() == target.id())
        };
        if self.is_bulk()
            && (targets.len() != self.items.len() || !self.items.iter().zip(targets).all(is_own))
        {
            let reason = format!("the hook made other records of the targets of {}", self.message);
            return Err(Fault::failed(reason));
        }
        Ok(())
    }

    /// Takes the second part out of an update of a state and more (M-19): of a bulk message, those of the
    /// records that have one.
    pub(super) fn split_off(&mut self) -> Option<Self> {
        if self.is_bulk() {
            let items: Vec<Self> = self.items.iter_mut().filter_map(Self::split_off).collect();
            let targets = items.iter().filter_map(Self::target).cloned().collect();
            let second = UpdateMultiple { targets };
            return (!items.is_empty()).then(|| Self { items, ..self.part(second) });
        }
        let Request::Update(update) = Arc::make_mut(&mut self.request) else { return None };
        update.split().map(|it| self.part(it))
    }

    /// The same message with a part of its request, as it is before stage 20.
    fn part(&self, request: impl Into<Request>) -> Self {
        let mut part = Self::open(self.call.clone(), request.into());
        part.settle();
        Self {
            sent: Some(Arc::clone(self.sent())),
            parent: self.parent.clone(),
            wrapper: self.wrapper.clone(),
            shared: self.shared.clone(), // As pre-validation left them, where it left them here (V-5).
            is_in_transaction: self.is_in_transaction,
            request_id: self.request_id.clone(),
            wants_images: self.wants_images,
            ..part
        }
    }
}

/// A message as it is when its transaction begins: from here it is carried out again if it met another.
pub(super) struct Kept {
    request: Arc<Request>,
    shared: Variables,
    items: Vec<Kept>,
}

impl Context {
    pub(super) fn keep(&self) -> Kept {
        let items = self.items.iter().map(Context::keep).collect();
        Kept { request: Arc::clone(&self.request), shared: self.shared.clone(), items }
    }

    pub(super) fn restore(&mut self, kept: &Kept) {
        (self.request, self.shared) = (Arc::clone(&kept.request), kept.shared.clone());
        (self.response, self.after) = (None, None);
        for (item, kept) in self.items.iter_mut().zip(&kept.items) {
            item.restore(kept);
        }
    }
}
