//! The model's steps: what they see and can do.

use std::rc::Rc;

use rulegate::{EntityReference, Value};

use super::catalog::has;
use super::script::{End, Host, Picture, Plan, Request, Row, play};
use super::seen::{Aim, Enclosing, More, Seen, Shown, fields};
use super::world::{Scene, World, Wrong};

/// Follows the script of a step.
pub(super) fn follow(world: &mut World, scene: &mut Scene, plan: &Rc<Plan>) -> Result<(), Wrong> {
    play(&mut Actor { world, scene, plan }, plan)
}

struct Actor<'a> {
    world: &'a mut World,
    scene: &'a mut Scene,
    plan: &'a Plan,
}

impl Host for Actor<'_> {
    type Fault = Wrong;

    fn see(&mut self) {
        let line = self.seen().line();
        self.world.log.push(line);
    }

    fn trace(&mut self, line: String) {
        self.world.log.push(line);
    }

    fn depth(&self) -> u32 {
        self.scene.depth
    }

    fn user(&self, is_initiating: bool) -> EntityReference {
        let caller = self.scene.acting;
        let id = if is_initiating { caller.initiating } else { caller.user };
        EntityReference::new("systemuser", id)
    }

    fn own(&self) -> Option<EntityReference> {
        if let Request::Link(_, target, _) = &self.scene.request {
            return Some(target.clone());
        }
        Some(EntityReference::new(self.scene.request.entity(), self.scene.request.id()?))
    }

    fn set(&mut self, attribute: &str, value: Value) -> Result<(), Wrong> {
        self.check_target(attribute)?;
        self.scene.set(attribute, value);
        Ok(())
    }

    fn remove(&mut self, attribute: &str) -> Result<(), Wrong> {
        self.check_target(attribute)?;
        if let Some(target) = self.scene.request.target_mut() {
            target.values.remove(attribute);
        }
        Ok(())
    }

    fn share(&mut self, key: &str, value: Value) {
        self.scene.shared.insert(key.to_owned(), value);
    }

    fn shared(&self, key: &str) -> Option<Value> {
        self.scene.shared.get(key).cloned()
    }

    fn parent_shared(&self, key: &str) -> Option<Value> {
        self.parents().find_map(|it| it.shared.get(key).filter(|value| !value.is_null()).cloned())
    }

    fn target(&self, attribute: &str) -> Option<Value> {
        self.scene.target()?.values.get(attribute).cloned()
    }

    fn image(&self, is_pre: bool, _: &str, attribute: &str) -> Option<Value> {
        self.pictured(is_pre)?.get(attribute).cloned()
    }

    fn send(&mut self, request: Request) -> Result<Option<Row>, Wrong> {
        let place = self.scene.inside(self.scene.acting);
        self.world.send(request, &place)
    }

    fn code_of(fault: &Wrong) -> String {
        fault.code.clone()
    }

    fn end(&self, end: End) -> Wrong {
        match end {
            End::Reject => Wrong::new("step.rejected"),
            End::Retry => Wrong { is_again: true, ..Wrong::new("step.rejected") },
            End::Fail | End::Panic => Wrong::new("step.failed"),
        }
    }
}

impl Actor<'_> {
    /// A target is there to be changed, until it is written.
    fn check_target(&self, attribute: &str) -> Result<(), Wrong> {
        let entity = self.scene.request.entity();
        if self.scene.is_written || self.scene.target().is_none() || !has(entity, attribute) {
            return Err(Wrong::new("step.failed"));
        }
        Ok(())
    }

    fn parents(&self) -> impl Iterator<Item = &Scene> {
        std::iter::successors(self.scene.parent.as_deref(), |it| it.parent.as_deref())
    }

    /// The record of which an image is.
    fn pictured(&self, is_pre: bool) -> Option<&Row> {
        let scene = &*self.scene;
        if is_pre { scene.before.as_ref() } else { scene.after.as_ref() }
    }

    fn seen(&self) -> Seen {
        let (scene, plan) = (&*self.scene, self.plan);
        let pre = plan.pre.iter().map(|it| self.shown(true, it));
        let post = plan.post.iter().map(|it| self.shown(false, it));
        Seen {
            step: plan.name.clone(),
            message: scene.request.message().to_owned(),
            entity: scene.request.entity().to_owned(),
            stage: stage_name(scene.stage),
            mode: if scene.is_async { "async" } else { "sync" },
            depth: scene.depth,
            is_in_transaction: scene.is_in_transaction,
            user: scene.acting.user.to_string(),
            initiating: scene.acting.initiating.to_string(),
            shared: scene.shared.clone(),
            aim: match (scene.target(), self.own()) {
                (Some(target), _) => Aim::Record(target.values.clone()),
                (None, Some(own)) => Aim::Reference(own.to_string()),
                (None, None) => Aim::Nothing,
            },
            images: pre.chain(post).collect(),
            parents: self.parents().map(enclosing).collect(),
            more: (!plan.is_rule).then(|| More {
                chain: scene.chain.to_string(),
                primary_id: format!("{:?}", scene.request.id()),
                is_job: scene.is_async,
                aliases: self.aliases(),
            }),
        }
    }

    fn shown(&self, is_pre: bool, picture: &Picture) -> Shown {
        let mut attributes = self.pictured(is_pre).cloned().unwrap_or_default();
        for name in &picture.attributes {
            attributes.entry((*name).to_owned()).or_insert(Value::Null);
        }
        attributes.retain(|name, _| picture.shows(name));
        let kind = if is_pre { "pre" } else { "post" };
        Shown { alias: format!("{kind} {}", picture.alias), attributes }
    }

    fn aliases(&self) -> String {
        let asked = |is_pre: bool, all: &[Picture]| {
            let is_there = self.pictured(is_pre).is_some();
            let there = all.iter().filter(|_| is_there);
            there.map(|it| format!("<{}>", it.alias)).collect::<Vec<_>>().concat()
        };
        // I-24
        let job = self.pictured(false).filter(|_| self.scene.is_async).map(|row| {
            let name = row.get("name").map(|it| ("name".to_owned(), it.clone()));
            fields(&name.into_iter().collect())
        });
        format!("{} {} {job:?}", asked(true, &self.plan.pre), asked(false, &self.plan.post))
    }
}

fn enclosing(scene: &Scene) -> Enclosing {
    let target = scene.sent.target().map(|it| it.values.clone()).unwrap_or_default();
    Enclosing {
        message: scene.request.message().to_owned(),
        entity: scene.request.entity().to_owned(),
        stage: stage_name(scene.stage),
        depth: scene.depth,
        shared: scene.shared.clone(),
        input: format!("{:?}{}", scene.request.id(), fields(&target)),
    }
}

fn stage_name(stage: u16) -> &'static str {
    match stage {
        10 => "pre-validation",
        20 => "pre-operation",
        30 => "main",
        _ => "post-operation",
    }
}
