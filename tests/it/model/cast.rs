//! Who plays in a message: it alone, or a bulk message with the message of each of its records.

use std::rc::Rc;

use super::script::{Plan, Request, Row};
use super::world::{MESSAGE_LIMIT, Place, Scene, World, Wrong, listens};

/// A message, and the steps that listen to it.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) scene: Scene,
    pub(super) steps: Vec<Rc<Plan>>,
    pub(super) wants_before: bool,
}

impl World {
    /// Who plays in a message: it alone, or a bulk message, and behind it the message of each record. A single
    /// message plays as a bulk message of one where a step listens to that (M-40, M-41).
    pub(super) fn cast(&mut self, request: Request, at: &Place) -> Result<Vec<Role>, Wrong> {
        let is_sent = matches!(request, Request::Bulk(..));
        let is_bulk = |it: &Role| is_sent || !it.steps.is_empty();
        let whole = bulk_of(&request).map(|it| self.role(it, at));
        let mut cast: Vec<Role> = whole.into_iter().filter(is_bulk).collect();
        let wants_before = cast.iter().any(|it| it.wants_before);
        let singles = if let Request::Bulk(is_new, targets) = request {
            let single = if is_new { Request::Create } else { Request::Update };
            targets.into_iter().map(single).collect()
        } else {
            vec![request]
        };
        for mut single in singles {
            self.sent += 1;
            if MESSAGE_LIMIT < self.sent {
                return Err(Wrong::new("step.limit"));
            }
            super::messages::accept(&mut single)?;
            let mut role = self.role(single, at);
            role.wants_before |= wants_before;
            cast.push(role);
        }
        Ok(cast)
    }

    fn role(&self, request: Request, at: &Place) -> Role {
        let mut scene = Scene::new(request, at.clone(), self.chain);
        scene.is_in_transaction = self.is_open();
        let listening = self.steps.iter().filter(|it| listens(it, &scene));
        let steps: Vec<Rc<Plan>> = listening.cloned().collect();
        let wants_before = steps.iter().any(|it| !it.pre.is_empty());
        Role { scene, steps, wants_before }
    }

    pub(super) fn before(&self, role: &Role) -> Option<Row> {
        role.wants_before.then(|| self.record(&role.scene)).flatten()
    }
}

/// The bulk message that a message is, or raises.
fn bulk_of(request: &Request) -> Option<Request> {
    match request {
        Request::Bulk(..) => Some(request.clone()),
        Request::Create(it) => Some(Request::Bulk(true, vec![it.clone()])),
        Request::Update(it) => Some(Request::Bulk(false, vec![it.clone()])),
        Request::Upsert(_)
        | Request::Delete(_)
        | Request::Retrieve(_)
        | Request::Misread(_)
        | Request::Find(_)
        | Request::Assign(..)
        | Request::SetState(..)
        | Request::Link(..) => None,
    }
}

/// Takes the states out of updates of a state and more: those who play in the second part (M-19).
pub(super) fn split(cast: &mut [Role]) -> Vec<Role> {
    let whole = cast.first().filter(|it| it.is_bulk()).cloned();
    let second: Vec<Role> = cast.iter_mut().filter_map(Role::split).collect();
    if second.is_empty() { second } else { whole.into_iter().chain(second).collect() }
}

/// Shows a bulk message its records as they are now.
pub(super) fn gather(cast: &mut [Role]) {
    let Some((whole, singles)) = cast.split_first_mut() else { return };
    if let Request::Bulk(_, targets) = &mut whole.scene.request {
        *targets = singles.iter().filter_map(|it| it.scene.target()).cloned().collect();
    }
}

impl Role {
    fn split(&mut self) -> Option<Self> {
        let mut second = self.clone();
        let Request::Update(first) = &mut self.scene.request else { return None };
        let Request::Update(state) = &mut second.scene.request else { return None };
        let is_state = |name: &String| name == "statecode" || name == "statuscode";
        state.values.retain(|name, _| is_state(name));
        if state.values.is_empty() || state.values.len() == first.values.len() {
            return None;
        }
        first.values.retain(|name, _| !is_state(name));
        Some(second)
    }

    pub(super) fn is_bulk(&self) -> bool {
        matches!(self.scene.request, Request::Bulk(..))
    }
}
