//! The model's main operations: as much of each message as the sequences use.

use rulegate::{EntityReference, Value};
use uuid::Uuid;

use super::catalog::{
    ACCOUNT_CONTACTS, ACCOUNT_TASKS, CREDIT_LIMIT, PAIRS, TEXT_LIMIT, identity_of,
};
use super::script::{Request, Row, Target};
use super::world::{Scene, World, Wrong};

/// Before any step: takes out what callers cannot send. The records of a link must stand at its ends.
pub(super) fn accept(request: &mut Request) -> Result<(), Wrong> {
    if let Some(target) = request.target_mut() {
        target.values.remove("modifiedon"); // I-41
    }
    let Request::Link(tie, target, others) = request else { return Ok(()) };
    let child = if tie.relationship == ACCOUNT_CONTACTS { "contact" } else { "task" };
    let other = if target.entity.as_str() == "account" { child } else { "account" };
    let fits = target.entity.as_str() == "account" || target.entity.as_str() == child;
    if fits && others.iter().all(|it| it.entity.as_str() == other) {
        return Ok(());
    }
    Err(Wrong::new("relationship.wrong-end"))
}

impl World {
    /// Between the stages 10 and 20.
    pub(super) fn prepare(&mut self, scene: &mut Scene) -> Result<(), Wrong> {
        if let Request::Create(_) = &scene.request {
            self.fill(scene);
        }
        if let Request::Delete(record) = scene.request.clone() {
            if record.entity.as_str() == "contact"
                && !self.children("task", "cid", &record).is_empty()
            {
                return Err(Wrong::new("relationship.restricted"));
            }
            let is_parent = record.entity.as_str() == "account";
            let letting_go = if is_parent { self.children("task", "aid", &record) } else { vec![] };
            for child in letting_go {
                self.write(&child, &Row::from([("aid".to_owned(), Value::Null)]));
            }
        }
        Ok(())
    }

    /// The main operation; answers the record that was read.
    pub(super) fn main_operation(&mut self, scene: &mut Scene) -> Result<Option<Row>, Wrong> {
        match scene.request.clone() {
            Request::Create(_) => self.create(scene)?,
            Request::Update(_) => self.update(scene)?,
            Request::Delete(record) => self.delete(scene, &record)?,
            Request::Retrieve(record) => return Ok(Some(self.existing(&record)?)),
            Request::Misread(record) => {
                self.existing(&record)?;
                return Err(Wrong::new("metadata.unknown-attribute"));
            }
            Request::Find(record) => return Ok(self.row(&record).cloned()),
            Request::Assign(record, owner) => {
                let owner = Value::Lookup(owner);
                if self.existing(&record)?.get("ownerid") != Some(&owner) {
                    self.change(scene, &record, ("ownerid", owner))?; // M-26, M-29
                }
            }
            Request::SetState(record, state) => {
                let state = Value::Choice(state);
                if self.existing(&record)?.get("statecode") != Some(&state) {
                    self.change(scene, &record, ("statecode", state))?;
                }
            }
            Request::Link(tie, target, others) => {
                self.existing(&target)?;
                if !tie.is_taken_away {
                    others.iter().try_for_each(|it| self.existing(it).map(drop))?;
                }
                if tie.relationship == ACCOUNT_TASKS {
                    self.pair(&target, &others, tie.is_taken_away)?;
                } else {
                    self.tie(scene, (&target, &others), tie.is_taken_away)?;
                }
            }
            Request::Upsert(_) | Request::Bulk(..) => {
                return Err(Wrong::new("the model writes record by record"));
            }
        }
        Ok(None)
    }

    fn create(&mut self, scene: &mut Scene) -> Result<(), Wrong> {
        scene.target_row().retain(|_, value| !value.is_null());
        check_values(scene.target_row())?;
        scene.target_row().retain(|_, value| !value.is_null());
        self.check_lookups(scene.target_row())?;
        self.fill(scene);
        self.written += 1;
        let Some(Target { entity, id: Some(id), values }) = scene.target().cloned() else {
            return Err(Wrong::new("the model created no record"));
        };
        if self.store.contains_key(&(entity.clone(), id)) {
            return Err(Wrong::new("store.duplicate"));
        }
        self.put(&entity, id, values);
        Ok(())
    }

    /// What the platform adds to a new record.
    fn fill(&mut self, scene: &mut Scene) {
        let (now, user) = (moment(self.now), user(scene.caller.user));
        let Some(target) = scene.request.target_mut() else { return };
        let id = target.id.unwrap_or_else(|| self.new_id());
        target.id = Some(id);
        target.values.insert(identity_of(&target.entity).to_owned(), Value::Id(id));
        for (name, value) in [
            ("createdon", &now),
            ("modifiedon", &now),
            ("createdby", &user),
            ("modifiedby", &user),
            ("ownerid", &user),
            ("statecode", &Value::Choice(0)),
            ("statuscode", &Value::Choice(1)),
        ] {
            target.values.entry(name.to_owned()).or_insert_with(|| value.clone());
        }
    }

    fn update(&mut self, scene: &mut Scene) -> Result<(), Wrong> {
        let record = aimed(scene);
        let current = self.existing(&record)?;
        check_values(scene.target_row())?;
        if scene.target_row().get("ownerid").is_some_and(Value::is_null) {
            return Err(Wrong::new("value.required-null"));
        }
        self.check_lookups(scene.target_row())?;
        if let Some(Value::Choice(state)) = scene.target_row().get("statecode").cloned() {
            scene.set("statuscode", Value::Choice(state + 1)); // M-28
        }
        let (now, user) = (moment(self.now), user(scene.caller.user));
        scene.target_row().entry("modifiedon".to_owned()).or_insert(now);
        scene.target_row().entry("modifiedby".to_owned()).or_insert(user);
        self.write(&record, &scene.target_row().clone());
        let owner = scene.target_row().get("ownerid").cloned();
        match owner.filter(|it| current.get("ownerid") != Some(it)) {
            Some(owner) if record.entity.as_str() == "account" => {
                self.hand_on(scene, &record, &owner)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Gives the children of a record its new owner.
    fn hand_on(
        &mut self,
        scene: &Scene,
        record: &EntityReference,
        owner: &Value,
    ) -> Result<(), Wrong> {
        for child in self.children("contact", "aid", record) {
            // A step may have deleted it with a brother.
            if self.row(&child).is_some_and(|it| it.get("ownerid") != Some(owner)) {
                self.change(scene, &child, ("ownerid", owner.clone()))?;
            }
        }
        Ok(())
    }

    fn delete(&mut self, scene: &Scene, record: &EntityReference) -> Result<(), Wrong> {
        self.existing(record)?;
        let is_parent = record.entity.as_str() == "account";
        let children = if is_parent { self.children("contact", "aid", record) } else { vec![] };
        for child in children {
            if self.row(&child).is_some() {
                self.send(Request::Delete(child), &scene.inside(scene.caller))?;
            }
        }
        let end = identity_of(record.entity.as_str());
        let of_record = |(entity, _): &&(String, Uuid), row: &Row| {
            entity == PAIRS && row.get(end) == Some(&Value::Id(record.id))
        };
        let pairs: Vec<_> = self
            .store
            .iter()
            .filter(|(key, row)| of_record(key, row))
            .map(|it| it.0.clone())
            .collect();
        for pair in pairs {
            self.written += 1;
            self.store.remove(&pair);
        }
        self.written += 1;
        let gone = self.store.remove(&(record.entity.to_string(), record.id));
        gone.map(drop).ok_or_else(|| Wrong::new("store.not-found"))
    }

    /// Links over pairs, or takes them apart.
    fn pair(
        &mut self,
        target: &EntityReference,
        others: &[EntityReference],
        is_taken_away: bool,
    ) -> Result<(), Wrong> {
        for other in others {
            let ends = Row::from(
                [target, other]
                    .map(|it| (identity_of(it.entity.as_str()).to_owned(), Value::Id(it.id))),
            );
            let is_it = |(key, row): &(&(String, Uuid), &Row)| {
                key.0 == PAIRS && ends.iter().all(|(name, value)| row.get(name) == Some(value))
            };
            let found = self.store.iter().find(is_it).map(|it| it.0.clone());
            match (found, is_taken_away) {
                (None, true) => return Err(Wrong::new("relationship.not-linked")), // I-71
                (Some(_), false) => return Err(Wrong::new("store.duplicate")),     // I-70
                (Some(found), true) => {
                    self.written += 1;
                    self.store.remove(&found);
                }
                (None, false) => {
                    let (id, mut row) = (self.new_id(), ends);
                    row.insert(identity_of(PAIRS).to_owned(), Value::Id(id));
                    self.written += 1;
                    self.put(PAIRS, id, row);
                }
            }
        }
        Ok(())
    }

    /// Sets the lookups of children, or clears those that point at the parent.
    fn tie(
        &mut self,
        scene: &Scene,
        (target, others): (&EntityReference, &[EntityReference]),
        is_taken_away: bool,
    ) -> Result<(), Wrong> {
        let is_parent = target.entity.as_str() == "account";
        if !is_parent && 1 < others.len() {
            return Err(Wrong::new("relationship.too-many-related")); // I-72
        }
        for other in others {
            let (parent, child) = if is_parent { (target, other) } else { (other, target) };
            let parent = Value::Lookup(parent.clone());
            if !is_taken_away {
                self.change(scene, child, ("aid", parent))?; // I-64
            } else if self.existing(child)?.get("aid") == Some(&parent) {
                self.change(scene, child, ("aid", Value::Null))?;
            }
        }
        Ok(())
    }

    /// An Update that a main operation sends.
    fn change(
        &mut self,
        scene: &Scene,
        record: &EntityReference,
        (name, value): (&str, Value),
    ) -> Result<(), Wrong> {
        let values = Row::from([(name.to_owned(), value)]);
        let target = Target { entity: record.entity.to_string(), id: Some(record.id), values };
        self.send(Request::Update(target), &scene.inside(scene.caller)).map(drop)
    }

    fn existing(&self, record: &EntityReference) -> Result<Row, Wrong> {
        self.row(record).cloned().ok_or_else(|| Wrong::new("store.not-found"))
    }

    /// The records that refer to this one, in the order of their identities.
    fn children(
        &self,
        entity: &str,
        lookup: &str,
        parent: &EntityReference,
    ) -> Vec<EntityReference> {
        let wanted = Value::Lookup(parent.clone());
        self.store
            .iter()
            .filter(|((of, _), row)| of == entity && row.get(lookup) == Some(&wanted))
            .map(|((of, id), _)| EntityReference::new(of.as_str(), *id))
            .collect()
    }

    fn check_lookups(&self, row: &Row) -> Result<(), Wrong> {
        for name in ["aid", "cid", "ownerid"] {
            if let Some(Value::Lookup(record)) = row.get(name) {
                self.existing(record)?;
            }
        }
        Ok(())
    }

    /// Lays a change over a record; a null takes the attribute out.
    fn write(&mut self, record: &EntityReference, change: &Row) {
        self.written += 1;
        let mut row = self.row(record).cloned().unwrap_or_default();
        row.extend(change.clone());
        row.retain(|_, value| !value.is_null());
        self.put(record.entity.as_str(), record.id, row);
    }

    pub(super) fn put(&mut self, entity: &str, id: Uuid, mut row: Row) {
        self.versions += 1;
        if entity != PAIRS && entity != "systemuser" {
            row.insert("versionnumber".to_owned(), self.versions.into());
        }
        self.store.insert((entity.to_owned(), id), row);
    }

    fn new_id(&mut self) -> Uuid {
        self.identities += 1;
        Uuid::from_u128((0xA << 124) | self.identities)
    }
}

impl Scene {
    fn target_row(&mut self) -> &mut Row {
        &mut self.request.target_mut().unwrap().values
    }
}

fn aimed(scene: &Scene) -> EntityReference {
    EntityReference::new(scene.request.entity(), scene.request.id().unwrap_or_default())
}

/// Values fit, in the order of their names; an empty text is null.
fn check_values(row: &mut Row) -> Result<(), Wrong> {
    for value in row.values_mut() {
        let size = value.as_text().map(str::len);
        if TEXT_LIMIT < size.unwrap_or(0) {
            return Err(Wrong::new("value.too-long"));
        }
        if CREDIT_LIMIT < value.as_whole_number().unwrap_or(0) {
            return Err(Wrong::new("value.number-out-of-range"));
        }
        if size == Some(0) {
            *value = Value::Null;
        }
    }
    Ok(())
}

fn moment(now: i64) -> Value {
    Value::Moment(chrono::DateTime::from_timestamp(now, 0).unwrap_or_default())
}

fn user(id: Uuid) -> Value {
    Value::Lookup(EntityReference::new("systemuser", id))
}
