//! The checks that make a draft a catalog. All that is wrong is collected, so that one pass tells all.

mod keys;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AttributeMetadata, AttributeType, Cascade, CatalogDraft, DefinitionError, DefinitionProblem,
    EntityDefinition, LogicalName, ManyToMany, OneToMany, OptionSet, Ordinal, Ownership, Part,
    Place, RelationshipMetadata, suggestion,
};

/// Digits after the point that a decimal can hold beside its digits before it.
const PRECISION_LIMIT: u32 = 20;

/// Everything that is wrong with the draft, in the order of its definitions.
pub(super) fn check(draft: &CatalogDraft) -> Vec<DefinitionError> {
    let entities = draft.entities.iter().map(|it| (&*it.logical_name, it)).collect();
    let mut checker = Checker { draft, entities, problems: Vec::new() };
    let mut seen = BTreeSet::new();
    for entity in &draft.entities {
        if !seen.insert(&entity.logical_name) {
            let at = Spot { entity: &entity.logical_name, part: Part::Entity };
            checker.report(&at, None, twice(&entity.logical_name));
        }
        checker.entity(entity);
    }
    checker.relationships();
    checker.problems
}

struct Checker<'a> {
    draft: &'a CatalogDraft,
    entities: BTreeMap<&'a str, &'a EntityDefinition>,
    problems: Vec<DefinitionError>,
}

/// The part of a definition that is being checked.
struct Spot<'a> {
    entity: &'a LogicalName,
    part: Part,
}

impl Checker<'_> {
    fn report(&mut self, at: &Spot<'_>, property: Option<&'static str>, what: DefinitionProblem) {
        let place = Place { entity: at.entity.clone(), part: at.part.clone(), property };
        self.problems.push(DefinitionError { place, problem: what });
    }

    fn entity(&mut self, entity: &EntityDefinition) {
        let at = Spot { entity: &entity.logical_name, part: Part::Entity };
        self.name(&at, &entity.logical_name);
        let names: Vec<&str> = entity.attributes.iter().map(|it| &*it.logical_name).collect();
        let mut known = |property, what, name: Option<&LogicalName>| {
            if let Some(name) = name.filter(|it| !names.contains(&it.as_str())) {
                self.report(&at, Some(property), unknown(what, name, names.iter().copied()));
            }
        };
        known("primary_name", "attribute", entity.primary_name.as_ref());
        known("primary_image", "attribute", entity.primary_image.as_ref());
        let of_kind = |wanted: fn(&AttributeType) -> bool| {
            entity.attributes.iter().filter(|it| wanted(&it.kind)).count()
        };
        if entity.ownership == Ownership::User
            && of_kind(|it| matches!(it, AttributeType::Owner { .. })) == 0
        {
            self.report(
                &at,
                Some("ownership"),
                DefinitionProblem::Missing("an attribute of type owner"),
            );
        }
        let id = entity.attributes.iter().find(|it| it.logical_name == entity.primary_id);
        if let Some(id) = id.filter(|it| it.kind != AttributeType::UniqueIdentifier) {
            self.report(&at, Some("primary_id"), wrong_type(id, "unique-identifier"));
        }
        if Ordinal::LIMIT < entity.attributes.len() {
            let (allowed, found) = (format!("at most {}", Ordinal::LIMIT), names.len().to_string());
            let what =
                DefinitionProblem::OutOfRange { what: "the number of attributes", allowed, found };
            self.report(&at, None, what);
        }
        self.state_model(entity);
        let mut seen = BTreeSet::new();
        for attribute in &entity.attributes {
            let at = Spot {
                entity: &entity.logical_name,
                part: Part::Attribute(attribute.logical_name.clone()),
            };
            if !seen.insert(&attribute.logical_name) {
                self.report(&at, None, twice(&attribute.logical_name));
            }
            self.attribute(&at, entity, attribute);
        }
        self.keys(entity);
    }

    fn attribute(
        &mut self,
        at: &Spot<'_>,
        entity: &EntityDefinition,
        attribute: &AttributeMetadata,
    ) {
        self.name(at, &attribute.logical_name);
        if let Some(of) = &attribute.attribute_of {
            self.attribute_named(at, "attribute_of", (entity, of));
        }
        match &attribute.kind {
            AttributeType::Text { max_length, .. } | AttributeType::Memo { max_length, .. } => {
                if *max_length == 0 {
                    self.out_of_range(at, "max_length", ("at least 1", *max_length));
                }
            }
            AttributeType::WholeNumber { min, max, .. }
            | AttributeType::BigInteger { min, max } => {
                self.range(at, min, max);
            }
            AttributeType::Decimal { min, max, precision } => {
                self.range(at, min, max);
                self.precision(at, *precision);
            }
            AttributeType::Double { min, max, precision } => {
                self.range(at, min, max);
                self.precision(at, *precision);
            }
            AttributeType::Money { min, max, precision, base_of, .. } => {
                self.range(at, min, max);
                self.precision(at, *precision);
                if let Some(of) = base_of
                    && let Some(found) = self.attribute_named(at, "base_of", (entity, of))
                    && !matches!(found.kind, AttributeType::Money { .. })
                {
                    let what = wrong_type(&found, "money");
                    self.report(at, Some("base_of"), what);
                }
            }
            AttributeType::Choice(set)
            | AttributeType::MultiChoice(set)
            | AttributeType::State(set)
            | AttributeType::Status(set) => self.option_set(at, attribute, set),
            AttributeType::Lookup { targets }
            | AttributeType::Customer { targets }
            | AttributeType::Owner { targets }
            | AttributeType::PartyList { targets } => self.targets(at, targets),
            AttributeType::Boolean { .. }
            | AttributeType::DateTime { .. }
            | AttributeType::UniqueIdentifier
            | AttributeType::EntityName
            | AttributeType::Image { .. }
            | AttributeType::File { .. }
            | AttributeType::Virtual
            | AttributeType::ManagedProperty => {}
        }
    }

    fn option_set(&mut self, at: &Spot<'_>, attribute: &AttributeMetadata, set: &OptionSet) {
        if set.options.is_empty() {
            self.report(at, None, DefinitionProblem::Missing("a table of options"));
        }
        let (mut names, mut values) = (BTreeSet::new(), BTreeSet::new());
        for option in &set.options {
            let at = Spot {
                entity: at.entity,
                part: Part::Option(attribute.logical_name.clone(), option.name.clone()),
            };
            if !is_identifier(&option.name) {
                self.report(&at, None, DefinitionProblem::NoIdentifier(option.name.clone()));
            }
            if !names.insert(&option.name) {
                self.report(&at, None, twice(&option.name));
            }
            if !values.insert(option.value) {
                self.report(&at, Some("value"), twice(&option.value.to_string()));
            }
        }
        if let Some(default) = set.default.filter(|it| set.by_value(*it).is_none()) {
            self.report(at, Some("default"), no_option(default));
        }
    }

    fn targets(&mut self, at: &Spot<'_>, targets: &[LogicalName]) {
        if targets.is_empty() {
            self.report(at, Some("targets"), DefinitionProblem::Missing("a target entity"));
        }
        for target in targets {
            if !self.entities.contains_key(&**target) && !self.draft.external.contains(target) {
                let what = self.unknown_entity(target);
                self.report(at, Some("targets"), what);
            }
        }
    }

    /// States and status reasons fit each other (C-65).
    fn state_model(&mut self, entity: &EntityDefinition) {
        let of = |wanted: fn(&AttributeType) -> bool| {
            entity.attributes.iter().find(|it| wanted(&it.kind))
        };
        let state = of(|it| matches!(it, AttributeType::State(_)));
        let status = of(|it| matches!(it, AttributeType::Status(_)));
        let at = Spot { entity: &entity.logical_name, part: Part::Entity };
        let (state, status) = match (state, status) {
            (Some(state), Some(status)) => (state, status),
            (None, None) => return,
            (Some(_), None) => {
                return self.report(
                    &at,
                    None,
                    DefinitionProblem::Missing("an attribute of type status"),
                );
            }
            (None, Some(_)) => {
                return self.report(
                    &at,
                    None,
                    DefinitionProblem::Missing("an attribute of type state"),
                );
            }
        };
        let (Some(active), Some(reasons)) = (state.kind.option_set(), status.kind.option_set())
        else {
            return;
        };
        for option in &active.options {
            let name = state.logical_name.clone();
            let part = Part::Option(name, option.name.clone());
            let at = Spot { entity: &entity.logical_name, part };
            let can_be_entered = reasons.options.iter().any(|it| it.state == Some(option.value));
            match option.default_status.map(|it| reasons.by_value(it)) {
                None if can_be_entered => {
                    self.report(&at, None, DefinitionProblem::Missing("default_status"));
                }
                None => {}
                Some(Some(found)) if found.state == Some(option.value) => {}
                Some(_) => {
                    let text = "the default status is none of the status reasons of this state";
                    let what = DefinitionProblem::StateModel(text.to_owned());
                    self.report(&at, Some("default_status"), what);
                }
            }
        }
        for option in &reasons.options {
            let name = status.logical_name.clone();
            let part = Part::Option(name, option.name.clone());
            let at = Spot { entity: &entity.logical_name, part };
            match option.state {
                None => self.report(&at, None, DefinitionProblem::Missing("state")),
                Some(it) if active.by_value(it).is_some() => {}
                Some(it) => self.report(&at, Some("state"), no_option(it)),
            }
            if let Some(next) = option.next.iter().find(|it| reasons.by_value(**it).is_none()) {
                self.report(&at, Some("next"), no_option(*next));
            }
        }
    }

    fn relationships(&mut self) {
        let mut seen = BTreeSet::new();
        let mut hierarchies = BTreeSet::new();
        let mut families = BTreeSet::new();
        let draft = self.draft;
        for relationship in &draft.relationships {
            let at = match relationship {
                RelationshipMetadata::OneToMany(it) => Spot {
                    entity: &it.referencing_entity,
                    part: Part::OneToMany(it.schema_name.clone()),
                },
                RelationshipMetadata::ManyToMany(it) => Spot {
                    entity: &it.first.entity,
                    part: Part::ManyToMany(it.schema_name.clone()),
                },
            };
            if !seen.insert(relationship.schema_name().to_lowercase()) {
                self.report(&at, None, twice(relationship.schema_name()));
            }
            match relationship {
                RelationshipMetadata::OneToMany(it) => {
                    self.one_to_many(&at, it);
                    let is_second =
                        it.is_hierarchical && !hierarchies.insert(&it.referencing_entity);
                    self.hierarchy(&at, is_second);
                    let family = (&it.referenced_entity, &it.referencing_entity);
                    let is_second = self.makes_family(it) && !families.insert(family);
                    self.family(&at, is_second);
                }
                RelationshipMetadata::ManyToMany(it) => self.many_to_many(&at, it),
            }
        }
    }

    /// One hierarchy an entity.
    fn hierarchy(&mut self, at: &Spot<'_>, is_second: bool) {
        if is_second {
            let what = "a hierarchical relationship of this entity";
            self.report(at, Some("hierarchical"), twice(what));
        }
    }

    /// One parental relationship a pair of entities.
    fn family(&mut self, at: &Spot<'_>, is_second: bool) {
        if is_second {
            self.report(at, Some("cascade"), DefinitionProblem::SecondParental);
        }
    }

    /// Whether it is parental, over a lookup of its own: one that points at several entities has one
    /// relationship to each of them.
    fn makes_family(&self, it: &OneToMany) -> bool {
        let child = self.entities.get(&*it.referencing_entity);
        let mut attributes = child.into_iter().flat_map(|it| &it.attributes);
        let lookup = attributes.find(|of| of.logical_name == it.referencing_attribute);
        it.is_parental() && lookup.is_some_and(|it| it.kind.targets().len() == 1)
    }

    fn one_to_many(&mut self, at: &Spot<'_>, it: &OneToMany) {
        self.entity_named(at, "entity", &it.referencing_entity);
        self.entity_named(at, "referenced", &it.referenced_entity);
        if let Some(child) = self.entities.get(&*it.referencing_entity).copied()
            && let Some(lookup) =
                self.attribute_named(at, "attribute", (child, &it.referencing_attribute))
            && !lookup.kind.targets().contains(&it.referenced_entity)
        {
            let targets = lookup.kind.targets().iter().map(|it| &**it);
            self.report(at, Some("referenced"), unknown("target", &it.referenced_entity, targets));
        }
        if let Some(parent) = self.entities.get(&*it.referenced_entity).copied()
            && !it.referenced_attribute.is_empty()
        {
            self.attribute_named(at, "referenced_attribute", (parent, &it.referenced_attribute));
        }
        self.cascades(at, it);
    }

    /// What a relationship can do on each message, and on archiving.
    fn cascades(&mut self, at: &Spot<'_>, it: &OneToMany) {
        use Cascade::{Active, NoCascade, RemoveLink, Restrict, UserOwned};
        const FOLLOW: (&str, &[Cascade]) = (
            "none, cascade, active or user-owned",
            &[NoCascade, Cascade::Cascade, Active, UserOwned],
        );
        const DELETE: (&str, &[Cascade]) = (
            "none, cascade, remove-link or restrict",
            &[NoCascade, Cascade::Cascade, RemoveLink, Restrict],
        );
        const MERGE: (&str, &[Cascade]) = ("none or cascade", &[NoCascade, Cascade::Cascade]);
        let cascades = it.cascades;
        for (action, (allowed, set), found) in [
            ("assign", FOLLOW, cascades.assign),
            ("delete", DELETE, cascades.delete),
            ("merge", MERGE, cascades.merge),
            ("reparent", FOLLOW, cascades.reparent),
            ("share", FOLLOW, cascades.share),
            ("unshare", FOLLOW, cascades.unshare),
            ("archive", DELETE, cascades.archive),
            ("rollup_view", MERGE, cascades.rollup_view),
        ] {
            if !set.contains(&found) {
                let found = found.name();
                let what = DefinitionProblem::Cascade { action, allowed, found };
                self.report(at, Some("cascade"), what);
            }
        }
    }

    fn many_to_many(&mut self, at: &Spot<'_>, it: &ManyToMany) {
        self.name(at, &it.intersect_entity);
        self.entity_named(at, "first", &it.first.entity);
        self.entity_named(at, "second", &it.second.entity);
        if it.first.attribute == it.second.attribute {
            self.report(at, Some("second"), twice(&it.second.attribute));
        }
        let Some(intersect) = self.entities.get(&*it.intersect_entity).copied() else { return };
        for (property, end) in [("first", &it.first), ("second", &it.second)] {
            let found = self.attribute_named(at, property, (intersect, &end.attribute));
            if let Some(found) = found.filter(|it| it.kind != AttributeType::UniqueIdentifier) {
                self.report(at, Some(property), wrong_type(&found, "unique-identifier"));
            }
        }
    }

    fn entity_named(&mut self, at: &Spot<'_>, property: &'static str, name: &LogicalName) {
        if !self.entities.contains_key(&**name) {
            let what = self.unknown_entity(name);
            self.report(at, Some(property), what);
        }
    }

    fn attribute_named(
        &mut self,
        at: &Spot<'_>,
        property: &'static str,
        (entity, name): (&EntityDefinition, &LogicalName),
    ) -> Option<AttributeMetadata> {
        let found = entity.attributes.iter().find(|it| it.logical_name == *name);
        if found.is_none() {
            let known = entity.attributes.iter().map(|it| &*it.logical_name);
            self.report(at, Some(property), unknown("attribute", name, known));
        }
        found.cloned()
    }

    fn unknown_entity(&self, name: &LogicalName) -> DefinitionProblem {
        let external = self.draft.external.iter().map(|it| &**it);
        unknown("entity", name, self.entities.keys().copied().chain(external))
    }

    fn name(&mut self, at: &Spot<'_>, name: &LogicalName) {
        if !name.is_well_formed() {
            self.report(at, None, DefinitionProblem::IllFormedName(name.to_string()));
        }
    }

    fn range<N: PartialOrd + ToString>(&mut self, at: &Spot<'_>, min: &N, max: &N) {
        if max < min {
            let (min, max) = (min.to_string(), max.to_string());
            self.report(at, Some("min"), DefinitionProblem::EmptyRange { min, max });
        }
    }

    fn precision(&mut self, at: &Spot<'_>, precision: u32) {
        if PRECISION_LIMIT < precision {
            self.out_of_range(at, "precision", ("at most 20", precision));
        }
    }

    fn out_of_range(&mut self, at: &Spot<'_>, what: &'static str, (allowed, found): (&str, u32)) {
        let (allowed, found) = (allowed.to_owned(), found.to_string());
        self.report(at, Some(what), DefinitionProblem::OutOfRange { what, allowed, found });
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|it: char| it.is_ascii_alphabetic())
        && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
}

fn twice(name: &str) -> DefinitionProblem {
    DefinitionProblem::Twice(name.to_owned())
}

fn no_option(value: i32) -> DefinitionProblem {
    DefinitionProblem::Unknown { what: "option", name: value.to_string(), suggestion: None }
}

fn unknown<'a>(
    what: &'static str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> DefinitionProblem {
    let suggestion = suggestion(name, known).map(str::to_owned);
    DefinitionProblem::Unknown { what, name: name.to_owned(), suggestion }
}

fn wrong_type(attribute: &AttributeMetadata, wanted: &'static str) -> DefinitionProblem {
    let (name, found) = (attribute.logical_name.to_string(), attribute.kind.name());
    DefinitionProblem::WrongType { name, found, wanted }
}
