//! Metadata: what may exist. Entities, their attributes, and the relationships between them.
//!
//! A [`CatalogDraft`] is what authors say; a [`Catalog`] is that, checked, with a place for every
//! attribute. This layer knows no record, so a catalog can be checked without an engine.
//!
//! Invariants:
//!
//! - A catalog never changes. A reload makes a new one, as the successor of the old.
//! - An attribute keeps its [`Ordinal`] for the life of the engine, so that records outlive a reload.
//! - Every name that a definition mentions exists: in the catalog, or among its external entities.

mod attribute;
mod attribute_set;
mod attribute_type;
mod check;
mod entity;
mod error;
mod key;
mod name;
mod named;
mod option_set;
mod relationship;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use self::attribute::{
    AttributeMetadata, AttributeSource, CdmAttribute, RequiredLevel, ValidFor,
};
pub use self::attribute_set::{AttributeSet, Ordinal};
pub use self::attribute_type::{
    AttributeType, DateTimeBehavior, DateTimeFormat, NumberFormat, PrecisionSource, TextFormat,
};
pub use self::entity::{CdmEntity, EntityDefinition, EntityMetadata, EntityNames, Ownership};
pub(crate) use self::entity::{DefaultValue, EntityIndex, SystemAttributes};
pub(crate) use self::error::DidYouMean;
pub use self::error::{
    DefinitionError, DefinitionProblem, InvalidCatalog, MetadataError, Part, Place,
};
pub use self::key::KeyMetadata;
pub use self::name::{LogicalName, suggestion};
pub(crate) use self::named::named;
pub use self::option_set::{OptionMetadata, OptionSet};
pub use self::relationship::{
    AssociatedMenu, Cascade, Cascades, ManyToMany, MenuBehavior, MenuGroup, OneToMany,
    RelationshipEnd, RelationshipMetadata,
};

/// What authors say of all entities, not yet checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CatalogDraft {
    /// The entities.
    pub entities: Vec<EntityDefinition>,
    /// The relationships, of both kinds.
    pub relationships: Vec<RelationshipMetadata>,
    /// Entities at which lookups may point although nobody defines them here.
    pub external: BTreeSet<LogicalName>,
}

/// All entities and relationships, checked. Cheap to share, impossible to change.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    entities: BTreeMap<LogicalName, Arc<EntityMetadata>>,
    /// The same by their places; `None` where a reload removed one.
    by_index: Vec<Option<Arc<EntityMetadata>>>,
    /// By lower-cased schema name: Dataverse tells schema names apart without regard to case.
    relationships: BTreeMap<String, Arc<RelationshipMetadata>>,
    /// The schema names of the one-to-many relationships in which the entity is the parent.
    children: BTreeMap<LogicalName, Vec<Arc<RelationshipMetadata>>>,
    external: BTreeSet<LogicalName>,
    /// Entities that a reload removed: should they come back, their attributes have the old places.
    retired: BTreeMap<LogicalName, Arc<EntityMetadata>>,
}

impl Catalog {
    /// Checks what authors say. All that is wrong is answered at once.
    pub fn new(draft: CatalogDraft) -> Result<Self, Vec<DefinitionError>> {
        Self::succeed(draft, None)
    }

    /// Checks a draft that replaces a catalog in use: attributes keep the places they had there.
    pub fn succeed(
        mut draft: CatalogDraft,
        previous: Option<&Self>,
    ) -> Result<Self, Vec<DefinitionError>> {
        draft.complete();
        let problems = check::check(&draft);
        if !problems.is_empty() {
            return Err(problems);
        }
        let places = previous.map_or(0, |it| it.by_index.len());
        let by_index = vec![None; places];
        let mut catalog = Self { external: draft.external, by_index, ..Self::default() };
        for definition in draft.entities {
            let name = definition.logical_name.clone();
            let before = previous.and_then(|it| it.placed(&name));
            let entity = match before {
                Some(same) if *same.definition() == definition => Arc::clone(same),
                Some(_) | None => {
                    let next = EntityIndex(catalog.by_index.len());
                    let index = before.map_or(next, |it| it.index());
                    let before = before.map(Arc::as_ref);
                    Arc::new(EntityMetadata::place(definition, index, before))
                }
            };
            catalog.put(name, entity);
        }
        for relationship in draft.relationships {
            catalog.link(relationship);
        }
        let before = previous.into_iter().flat_map(|it| it.entities.iter().chain(&it.retired));
        let removed = before.filter(|(name, _)| !catalog.entities.contains_key(*name));
        catalog.retired = removed.map(|(name, it)| (name.clone(), Arc::clone(it))).collect();
        Ok(catalog)
    }

    fn put(&mut self, name: LogicalName, entity: Arc<EntityMetadata>) {
        let index = entity.index().get();
        if self.by_index.len() <= index {
            self.by_index.resize(index + 1, None);
        }
        if let Some(place) = self.by_index.get_mut(index) {
            *place = Some(Arc::clone(&entity));
        }
        self.entities.insert(name, entity);
    }

    /// The first entity whose attributes have not the places that they have here.
    ///
    /// A catalog made with [`succeed`](Self::succeed) moves none.
    pub(crate) fn moved_by(&self, next: &Self) -> Option<&LogicalName> {
        let keeps = |name: &str, it: &EntityMetadata| {
            next.placed(name).is_some_and(|next| next.keeps_places_of(it))
        };
        let mut all = self.entities.iter().chain(&self.retired);
        all.find(|(name, it)| !keeps(name, it)).map(|(name, _)| name)
    }

    /// The places of an entity, also of one that is gone.
    fn placed(&self, name: &str) -> Option<&Arc<EntityMetadata>> {
        self.entities.get(name).or_else(|| self.retired.get(name))
    }

    /// The entity of that name, or an error that proposes another name.
    pub fn entity(&self, name: &str) -> Result<&Arc<EntityMetadata>, MetadataError> {
        self.entities.get(name).ok_or_else(|| MetadataError::UnknownEntity {
            entity: name.to_owned(),
            suggestion: suggestion(name, self.entities.keys().map(|it| &**it)).map(str::to_owned),
        })
    }

    /// The entity at that place; `None` where a reload removed it.
    pub(crate) fn at(&self, index: EntityIndex) -> Option<&Arc<EntityMetadata>> {
        self.by_index.get(index.get())?.as_ref()
    }

    /// The definition that this catalog has of an entity: found at once where it is the same.
    pub(crate) fn own(
        &self,
        entity: &Arc<EntityMetadata>,
    ) -> Result<&Arc<EntityMetadata>, MetadataError> {
        match self.at(entity.index()) {
            Some(own) if Arc::ptr_eq(own, entity) => Ok(own),
            Some(_) | None => self.entity(entity.logical_name()),
        }
    }

    /// How many places for entities there are.
    pub(crate) fn places(&self) -> usize {
        self.by_index.len()
    }

    /// The entity of that name, if there is one.
    pub(crate) fn entity_by_name(&self, name: &str) -> Option<&Arc<EntityMetadata>> {
        self.entities.get(name)
    }

    /// Whether there is an entity of that name.
    pub fn has_entity(&self, name: &str) -> bool {
        self.entities.contains_key(name)
    }

    /// The relationship of that schema name, in whatever case, or an error that proposes another.
    pub fn relationship(
        &self,
        schema_name: &str,
    ) -> Result<&Arc<RelationshipMetadata>, MetadataError> {
        self.relationships.get(&schema_name.to_lowercase()).ok_or_else(|| {
            let known = self.relationships.values().map(|it| it.schema_name());
            MetadataError::UnknownRelationship {
                relationship: schema_name.to_owned(),
                suggestion: suggestion(schema_name, known).map(str::to_owned),
            }
        })
    }

    /// Every entity, in the order of the names.
    pub fn entities(&self) -> impl Iterator<Item = &Arc<EntityMetadata>> {
        self.entities.values()
    }

    /// Every relationship, in the order of the names.
    pub fn relationships(&self) -> impl Iterator<Item = &Arc<RelationshipMetadata>> {
        self.relationships.values()
    }

    /// The one-to-many relationships in which records of the entity are the parents.
    pub fn children_of<'a>(
        &'a self,
        entity: &str,
    ) -> impl Iterator<Item = &'a OneToMany> + use<'a> {
        self.children.get(entity).into_iter().flatten().filter_map(|it| match &**it {
            RelationshipMetadata::OneToMany(it) => Some(it),
            RelationshipMetadata::ManyToMany(_) => None,
        })
    }

    /// The entities at which lookups may point although nobody defines them here.
    pub fn external(&self) -> &BTreeSet<LogicalName> {
        &self.external
    }

    fn link(&mut self, mut relationship: RelationshipMetadata) {
        if let RelationshipMetadata::OneToMany(it) = &mut relationship
            && it.referenced_attribute.is_empty()
            && let Some(parent) = self.entities.get(&it.referenced_entity)
        {
            it.referenced_attribute = parent.primary_id().clone();
        }
        let relationship = Arc::new(relationship);
        if let RelationshipMetadata::OneToMany(it) = &*relationship {
            let children = self.children.entry(it.referenced_entity.clone()).or_default();
            children.push(Arc::clone(&relationship));
        }
        self.relationships.insert(relationship.schema_name().to_lowercase(), relationship);
    }
}

impl CatalogDraft {
    /// Adds an entity.
    #[must_use]
    pub fn entity(mut self, entity: EntityDefinition) -> Self {
        self.entities.push(entity);
        self
    }

    /// Adds a one-to-many relationship.
    #[must_use]
    pub fn one_to_many(mut self, relationship: OneToMany) -> Self {
        self.relationships.push(RelationshipMetadata::OneToMany(relationship));
        self
    }

    /// Adds a many-to-many relationship.
    #[must_use]
    pub fn many_to_many(mut self, relationship: ManyToMany) -> Self {
        self.relationships.push(RelationshipMetadata::ManyToMany(relationship));
        self
    }

    /// The catalog, if nothing is wrong with the draft.
    pub fn check(self) -> Result<Catalog, InvalidCatalog> {
        Catalog::new(self).map_err(InvalidCatalog)
    }

    /// Adds what an author may leave out: identities, and the entities that hold pairs.
    fn complete(&mut self) {
        for relationship in &self.relationships {
            if let RelationshipMetadata::ManyToMany(pairs) = relationship {
                complete_intersect(&mut self.entities, pairs);
            }
        }
        for entity in &mut self.entities {
            let id = entity.primary_id.clone();
            add_missing(entity, &id, AttributeType::UniqueIdentifier);
        }
    }
}

/// Sees to it that the entity of a many-to-many relationship can hold its pairs, each once (I-70).
fn complete_intersect(entities: &mut Vec<EntityDefinition>, pairs: &ManyToMany) {
    let found = entities.iter().position(|it| it.logical_name == pairs.intersect_entity);
    let index = found.unwrap_or_else(|| {
        let mut entity = EntityDefinition::new(pairs.intersect_entity.clone());
        entity.is_intersect = true;
        entities.push(entity);
        entities.len() - 1
    });
    let Some(entity) = entities.get_mut(index) else { return };
    let ends = [pairs.first.attribute.clone(), pairs.second.attribute.clone()];
    for attribute in &ends {
        add_missing(entity, attribute, AttributeType::UniqueIdentifier);
    }
    if !entity.keys.iter().any(|it| it.attributes == ends) {
        entity.keys.push(KeyMetadata {
            name: pairs.schema_name.to_lowercase().into(),
            schema_name: pairs.schema_name.clone(),
            attributes: ends.into(),
            ..KeyMetadata::default()
        });
    }
}

fn add_missing(entity: &mut EntityDefinition, name: &LogicalName, kind: AttributeType) {
    if !entity.attributes.iter().any(|it| it.logical_name == *name) {
        entity.attributes.push(AttributeMetadata::new(name.clone(), kind));
    }
}
