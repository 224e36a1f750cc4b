//! Entities: the definition of a kind of record.

use super::RequiredLevel;
use super::named::named;
use super::{
    AttributeMetadata, AttributeSet, AttributeType, KeyMetadata, LogicalName, MetadataError,
    Ordinal, suggestion,
};

/// What an author says of an entity. [`Catalog::new`](super::Catalog::new) checks it.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "Dataverse has these flags, each of its own")]
pub struct EntityDefinition {
    /// The lower-case name by which code refers to it.
    pub logical_name: LogicalName,
    /// The names that people and other programs use.
    pub names: EntityNames,
    /// The number by which Dataverse knows it, where it has one.
    pub object_type_code: Option<i32>,
    /// The attribute that holds the identity; where left empty, the logical name and `id`.
    pub primary_id: LogicalName,
    /// The attribute by which people know a record.
    pub primary_name: Option<LogicalName>,
    /// The attribute that holds the record's picture.
    pub primary_image: Option<LogicalName>,
    /// Who owns the records.
    pub ownership: Ownership,
    /// Whether records are activities, such as tasks and calls.
    pub is_activity: bool,
    /// Whether records are the pairs of a many-to-many relationship.
    pub is_intersect: bool,
    /// Whether Dataverse advises against it.
    pub is_deprecated: bool,
    /// Whether a caller can demand that a record was not changed in between (C-118).
    pub is_optimistic_concurrency_enabled: bool,
    /// Whether a status reason may be followed only by those that it lists (C-72).
    pub enforces_state_transitions: bool,
    /// Whether an inactive record can change its state and nothing else (C-75).
    pub is_read_only_when_inactive: bool,
    /// What the Common Data Model says of it.
    pub cdm: Option<CdmEntity>,
    /// Its attributes.
    pub attributes: Vec<AttributeMetadata>,
    /// Its alternate keys.
    pub keys: Vec<KeyMetadata>,
}

/// The names of an entity that people and other programs use; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntityNames {
    /// The name as its author cased it.
    pub schema: String,
    /// What people call one record.
    pub display: String,
    /// What people call several records.
    pub display_collection: String,
    /// The lower-case plural.
    pub logical_collection: String,
    /// The plural as its author cased it.
    pub collection_schema: String,
    /// The name of the set of all records in the Web API.
    pub entity_set: String,
}

/// What the Common Data Model says of an entity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CdmEntity {
    /// Its name there: `OpportunityRelationship`.
    pub name: String,
    /// The name of its source there.
    pub source_name: String,
    /// Where its definition lies there.
    pub path: String,
}

named! {
    /// Who owns the records of an entity.
    pub enum Ownership {
        /// A user or a team each (C-55).
        User = "user",
        /// The organization (C-62).
        Organization = "organization",
        /// A business unit.
        Business = "business",
        /// Nobody.
        None = "none",
    }
}

/// A checked entity of a [`Catalog`](super::Catalog), whose attributes have their places.
#[derive(Debug, Clone)]
pub struct EntityMetadata {
    definition: EntityDefinition,
    /// Where it stands in its catalog.
    index: EntityIndex,
    /// The index of each place's attribute in the definition, `None` where a reload removed it.
    places: Vec<Option<usize>>,
    /// The name at each place, also of removed attributes, which keep theirs.
    names: Vec<LogicalName>,
    /// The places, sorted by name.
    by_name: Vec<Ordinal>,
    system: SystemAttributes,
}

/// The place of an entity in its catalog. Like that of an attribute, it never moves from one catalog to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntityIndex(pub(super) usize);

/// The attributes that the engine itself fills, where the entity has them (C-42).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SystemAttributes {
    pub(crate) created_on: Option<Ordinal>,
    pub(crate) created_by: Option<Ordinal>,
    pub(crate) created_on_behalf_by: Option<Ordinal>,
    pub(crate) modified_on: Option<Ordinal>,
    pub(crate) modified_by: Option<Ordinal>,
    pub(crate) modified_on_behalf_by: Option<Ordinal>,
    pub(crate) overridden_created_on: Option<Ordinal>,
    pub(crate) version_number: Option<Ordinal>,
    pub(crate) owner: Option<Ordinal>,
    pub(crate) owning_user: Option<Ordinal>,
    pub(crate) owning_team: Option<Ordinal>,
    pub(crate) owning_business_unit: Option<Ordinal>,
    pub(crate) state: Option<Ordinal>,
    pub(crate) status: Option<Ordinal>,
    pub(crate) primary_id: Option<Ordinal>,
    pub(crate) primary_name: Option<Ordinal>,
    /// The primary name alone, as an image shows it.
    pub(crate) name_alone: AttributeSet,
    /// All that the engine stamps, which transcripts leave out.
    pub(crate) stamps: AttributeSet,
    /// What a new record must bring along (C-27): the engine cannot fill it.
    pub(crate) required: AttributeSet,
    /// What callers cannot send with Create, and with Update (C-6).
    pub(crate) not_for_create: AttributeSet,
    pub(crate) not_for_update: AttributeSet,
    /// What an update changes apart from all else (M-19, M-20).
    pub(crate) apart: AttributeSet,
    /// What is computed or derived, and never stored (C-20).
    pub(crate) not_stored: AttributeSet,
    /// For each reference the attribute beside it that names its entity: `customeridtype`, `regardingobjecttypecode`.
    pub(crate) companions: Vec<(Ordinal, Ordinal)>,
    /// How many attributes the engine fills in a new record.
    pub(crate) filled: usize,
    /// What a new record gets where nobody sends it (C-37).
    pub(crate) defaults: Vec<(Ordinal, DefaultValue)>,
}

/// The value that a new record gets (C-36).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DefaultValue {
    Boolean(bool),
    Choice(i32),
}

impl EntityDefinition {
    /// An entity that nobody owns, with no attribute but its identity.
    pub fn new(logical_name: impl Into<LogicalName>) -> Self {
        let logical_name = logical_name.into();
        let names = EntityNames {
            schema: logical_name.to_string(),
            display: logical_name.to_string(),
            ..EntityNames::default()
        };
        Self {
            primary_id: format!("{logical_name}id").into(),
            logical_name,
            names,
            object_type_code: None,
            primary_name: None,
            primary_image: None,
            ownership: Ownership::None,
            is_activity: false,
            is_intersect: false,
            is_deprecated: false,
            is_optimistic_concurrency_enabled: true,
            enforces_state_transitions: false,
            is_read_only_when_inactive: false,
            cdm: None,
            attributes: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Adds an attribute that can be used for everything.
    #[must_use]
    pub fn attribute(self, name: impl Into<LogicalName>, kind: AttributeType) -> Self {
        self.with(AttributeMetadata::new(name, kind))
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with(mut self, attribute: AttributeMetadata) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Adds an alternate key.
    #[must_use]
    pub fn key<N: Into<LogicalName>>(
        mut self,
        name: &str,
        attributes: impl IntoIterator<Item = N>,
    ) -> Self {
        let attributes = attributes.into_iter().map(Into::into).collect();
        self.keys.push(KeyMetadata { name: name.into(), attributes, ..KeyMetadata::default() });
        self
    }

    /// Sets who owns the records.
    #[must_use]
    pub fn owned_by(mut self, ownership: Ownership) -> Self {
        self.ownership = ownership;
        self
    }

    /// Names the attribute by which people know a record.
    #[must_use]
    pub fn named_by(mut self, attribute: impl Into<LogicalName>) -> Self {
        self.primary_name = Some(attribute.into());
        self
    }
}

impl EntityMetadata {
    /// The lower-case name by which code refers to it.
    pub fn logical_name(&self) -> &LogicalName {
        &self.definition.logical_name
    }

    /// All that its author said of it.
    pub fn definition(&self) -> &EntityDefinition {
        &self.definition
    }

    /// Its attributes with their places, in the order of the definition.
    pub fn attributes(&self) -> impl Iterator<Item = (Ordinal, &AttributeMetadata)> {
        self.places.iter().enumerate().filter_map(|(place, index)| {
            Some((Ordinal::new(place)?, self.definition.attributes.get((*index)?)?))
        })
    }

    /// The place of the attribute of that name.
    pub fn ordinal(&self, name: &str) -> Option<Ordinal> {
        let found = self.by_name.binary_search_by(|it| self.name(*it).cmp(name)).ok()?;
        let ordinal = *self.by_name.get(found)?;
        self.attribute_at(ordinal).map(|_| ordinal)
    }

    /// The place of the attribute of that name, or an error that proposes another name.
    pub fn find(&self, name: &str) -> Result<Ordinal, MetadataError> {
        self.ordinal(name).ok_or_else(|| MetadataError::UnknownAttribute {
            entity: self.logical_name().clone(),
            attribute: name.to_owned(),
            suggestion: suggestion(name, self.attributes().map(|(_, it)| &*it.logical_name))
                .map(str::to_owned),
        })
    }

    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&AttributeMetadata> {
        self.attribute_at(self.ordinal(name)?)
    }

    /// The attribute at that place; `None` where a reload removed it.
    pub fn attribute_at(&self, ordinal: Ordinal) -> Option<&AttributeMetadata> {
        self.definition.attributes.get((*self.places.get(ordinal.index())?)?)
    }

    /// The name of the attribute at that place, also where a reload removed it.
    pub fn name(&self, ordinal: Ordinal) -> &str {
        self.names.get(ordinal.index()).map_or("", LogicalName::as_str)
    }

    /// The places in the order of their names: the order in which texts list attributes.
    pub fn ordinals_by_name(&self) -> impl Iterator<Item = Ordinal> + '_ {
        self.by_name.iter().copied()
    }

    /// The set of the attributes of those names, or an error for the first unknown one.
    pub fn set_of<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<AttributeSet, MetadataError> {
        names.into_iter().map(|name| self.find(name)).collect()
    }

    /// The attribute by which people know a record.
    pub fn primary_name(&self) -> Option<&LogicalName> {
        self.definition.primary_name.as_ref()
    }

    /// The attribute that holds the identity.
    pub fn primary_id(&self) -> &LogicalName {
        &self.definition.primary_id
    }

    /// The alternate keys.
    pub fn keys(&self) -> &[KeyMetadata] {
        &self.definition.keys
    }

    pub(crate) fn system(&self) -> &SystemAttributes {
        &self.system
    }

    pub(crate) fn index(&self) -> EntityIndex {
        self.index
    }

    /// Whether the engine fills the attribute by itself: a time stamp, a user, a version.
    pub fn is_stamp(&self, ordinal: Ordinal) -> bool {
        self.system.stamps.contains(ordinal)
    }

    /// Whether every attribute of the other has the same place here.
    pub(super) fn keeps_places_of(&self, other: &Self) -> bool {
        self.names.starts_with(&other.names)
    }

    /// Gives the attributes their places: those they had, and new ones behind.
    pub(super) fn place(
        definition: EntityDefinition,
        index: EntityIndex,
        previous: Option<&Self>,
    ) -> Self {
        let mut names = previous.map(|it| it.names.clone()).unwrap_or_default();
        for attribute in &definition.attributes {
            if !names.contains(&attribute.logical_name) {
                names.push(attribute.logical_name.clone());
            }
        }
        let index_of = |name: &LogicalName| {
            definition.attributes.iter().position(|it| it.logical_name == *name)
        };
        let places = names.iter().map(index_of).collect();
        let mut by_name: Vec<Ordinal> = (0..names.len()).filter_map(Ordinal::new).collect();
        by_name.sort_by_key(|it| names.get(it.index()));
        let system = SystemAttributes::default();
        let mut entity = Self { definition, index, places, names, by_name, system };
        entity.system = SystemAttributes::of(&entity);
        entity
    }
}

/// Where it stands in its catalog makes it no other entity; all else follows from these.
impl PartialEq for EntityMetadata {
    fn eq(&self, other: &Self) -> bool {
        (&self.definition, &self.names, &self.places)
            == (&other.definition, &other.names, &other.places)
    }
}

impl EntityIndex {
    pub(crate) fn get(self) -> usize {
        self.0
    }
}

impl SystemAttributes {
    fn of(entity: &EntityMetadata) -> Self {
        let find = |name: &str| entity.ordinal(name);
        let of_kind = |wanted: fn(&AttributeType) -> bool| {
            entity.attributes().find(|(_, it)| wanted(&it.kind)).map(|(ordinal, _)| ordinal)
        };
        let mut system = Self {
            created_on: find("createdon"),
            created_by: find("createdby"),
            created_on_behalf_by: find("createdonbehalfby"),
            modified_on: find("modifiedon"),
            modified_by: find("modifiedby"),
            modified_on_behalf_by: find("modifiedonbehalfby"),
            overridden_created_on: find("overriddencreatedon"),
            version_number: find("versionnumber"),
            owner: of_kind(|it| matches!(it, AttributeType::Owner { .. })),
            owning_user: find("owninguser"),
            owning_team: find("owningteam"),
            owning_business_unit: find("owningbusinessunit"),
            state: of_kind(|it| matches!(it, AttributeType::State(_))),
            status: of_kind(|it| matches!(it, AttributeType::Status(_))),
            primary_id: find(&entity.definition.primary_id),
            primary_name: entity.definition.primary_name.as_ref().and_then(|it| find(it)),
            ..Self::default()
        };
        system.stamps = [
            system.created_on,
            system.created_by,
            system.created_on_behalf_by,
            system.modified_on,
            system.modified_by,
            system.modified_on_behalf_by,
            system.version_number,
            system.owning_user,
            system.owning_team,
            system.owning_business_unit,
            system.primary_id,
        ]
        .into_iter()
        .flatten()
        .collect();
        let those = |wanted: fn(&AttributeMetadata) -> bool| {
            entity.attributes().filter(|(_, it)| wanted(it)).map(|(ordinal, _)| ordinal).collect()
        };
        system.name_alone = system.primary_name.into_iter().collect();
        system.required = those(must_be_sent);
        if let Some(id) = system.primary_id {
            system.required.remove(id);
        }
        system.apart = apart(entity, &system);
        system.not_for_create = those(|it| !it.valid_for.create);
        system.not_for_update = those(|it| !it.valid_for.update);
        system.not_stored = those(|it| !it.is_stored());
        let default = |(ordinal, it): (_, &AttributeMetadata)| Some((ordinal, default_of(it)?));
        system.defaults = entity.attributes().filter_map(default).collect();
        system.companions = entity.attributes().filter_map(|it| companion(entity, it)).collect();
        let others = [system.owner, system.state, system.status].into_iter().flatten().count();
        system.filled = system.stamps.len() + 2 * others + system.defaults.len();
        system
    }
}

/// The attribute that names the entity of a reference.
fn companion(
    entity: &EntityMetadata,
    (lookup, attribute): (Ordinal, &AttributeMetadata),
) -> Option<(Ordinal, Ordinal)> {
    if !attribute.kind.is_reference() {
        return None;
    }
    let name = attribute.logical_name.as_str();
    let stem = name.strip_suffix("id").unwrap_or(name);
    let names_entities = |it: &Ordinal| {
        entity.attribute_at(*it).is_some_and(|it| it.kind == AttributeType::EntityName)
    };
    let named = [format!("{name}type"), format!("{stem}typecode")];
    let found = named.iter().filter_map(|it| entity.ordinal(it)).find(names_entities);
    Some((lookup, found?))
}

/// The state and the status reason, and where an entity belongs to business units, the place of its records.
fn apart(entity: &EntityMetadata, system: &SystemAttributes) -> AttributeSet {
    const PLACES: [&str; 5] = [
        "administratorid",
        "businessunitid",
        "parentbusinessunitid",
        "parentsystemuserid",
        "siteid",
    ];
    let has_place = entity.definition.ownership == Ownership::Business;
    let places = PLACES.iter().filter(|_| has_place).filter_map(|it| entity.ordinal(it));
    let places = places.filter(|it| system.primary_id != Some(*it));
    [system.state, system.status].into_iter().flatten().chain(places).collect()
}

/// Whether Create fails without the attribute: it is required, and the engine does not fill it (C-27).
fn must_be_sent(attribute: &AttributeMetadata) -> bool {
    let is_filled = matches!(
        attribute.kind,
        AttributeType::Owner { .. }
            | AttributeType::State(_)
            | AttributeType::Status(_)
            | AttributeType::EntityName
    );
    attribute.required == RequiredLevel::SystemRequired
        && attribute.valid_for.create
        && attribute.is_stored()
        && !is_filled
        && default_of(attribute).is_none()
}

fn default_of(attribute: &AttributeMetadata) -> Option<DefaultValue> {
    if !attribute.is_stored() {
        return None;
    }
    if let AttributeType::Boolean { default, .. } = &attribute.kind {
        return Some(DefaultValue::Boolean(*default));
    }
    let AttributeType::Choice(set) = &attribute.kind else { return None };
    set.default.map(DefaultValue::Choice)
}
