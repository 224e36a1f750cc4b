//! Relationships: how records of two entities are linked, and what a message on one does to the other.

use super::LogicalName;
use super::named::named;

/// A lookup seen as a relationship: one referenced record, many that refer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneToMany {
    /// The unique name of the relationship.
    pub schema_name: String,
    /// The entity at the one end: the parent.
    pub referenced_entity: LogicalName,
    /// The attribute at the one end: the primary id where left empty.
    pub referenced_attribute: LogicalName,
    /// The entity at the many end: the child.
    pub referencing_entity: LogicalName,
    /// The lookup at the many end.
    pub referencing_attribute: LogicalName,
    /// The name by which a child leads to its parent.
    pub referencing_navigation: String,
    /// The name by which a parent leads to its children.
    pub referenced_navigation: String,
    /// What a message on the parent does to its children.
    pub cascades: Cascades,
    /// Whether it forms a hierarchy of one entity.
    pub is_hierarchical: bool,
    /// Whether a customizer may change it.
    pub is_customizable: bool,
    /// How forms of the parent list the children.
    pub menu: AssociatedMenu,
}

/// Pairs of records, kept in an intersect entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManyToMany {
    /// The unique name of the relationship.
    pub schema_name: String,
    /// The entity that holds the pairs.
    pub intersect_entity: LogicalName,
    /// One end.
    pub first: RelationshipEnd,
    /// The other end.
    pub second: RelationshipEnd,
    /// Whether a customizer may change it.
    pub is_customizable: bool,
}

/// One end of a many-to-many relationship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationshipEnd {
    /// The entity at this end.
    pub entity: LogicalName,
    /// The attribute of the intersect entity that holds this end.
    pub attribute: LogicalName,
    /// The name by which the other end leads here.
    pub navigation: String,
    /// How forms of this end list the other.
    pub menu: AssociatedMenu,
}

/// A relationship of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelationshipMetadata {
    /// One parent, many children.
    OneToMany(OneToMany),
    /// Many on both ends.
    ManyToMany(ManyToMany),
}

/// What each message on a parent does to its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cascades {
    /// When the parent gets another owner.
    pub assign: Cascade,
    /// When the parent is deleted.
    pub delete: Cascade,
    /// When the parent is merged into another record.
    pub merge: Cascade,
    /// When the lookup of a parental relationship changes.
    pub reparent: Cascade,
    /// When the parent is shared.
    pub share: Cascade,
    /// When a share of the parent is revoked.
    pub unshare: Cascade,
    /// When the parent is archived.
    pub archive: Cascade,
    /// Whether activities of the children roll up to the parent.
    pub rollup_view: Cascade,
}

named! {
    /// What a message on a parent does to its children.
    pub enum Cascade {
        /// Nothing.
        NoCascade = "none",
        /// The same to every child.
        Cascade = "cascade",
        /// The same to the active children.
        Active = "active",
        /// The same to the children of the same owner.
        UserOwned = "user-owned",
        /// The children lose their lookup.
        RemoveLink = "remove-link",
        /// The message is refused while there are children.
        Restrict = "restrict",
    }
}

/// How a form lists related records. The engine keeps it for those who draw forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociatedMenu {
    /// Whether and under which label.
    pub behavior: Option<MenuBehavior>,
    /// In which group.
    pub group: Option<MenuGroup>,
    /// Its own label; empty for none.
    pub label: String,
    /// Its place in the group.
    pub order: Option<i32>,
    /// The identity of the menu entry.
    pub menu_id: Option<String>,
    /// The query that lists the records: `CRMActivity.RollupByParty`.
    pub query_api: String,
    /// The view in which they are listed.
    pub view_id: Option<uuid::Uuid>,
    /// Whether it is there without a connection.
    pub is_available_offline: bool,
}

named! {
    /// Whether a form lists related records, and under which label.
    pub enum MenuBehavior {
        /// Under the plural name of the entity.
        UseCollectionName = "use-collection-name",
        /// Under a label of its own.
        UseLabel = "use-label",
        /// Not at all.
        DoNotDisplay = "do-not-display",
    }
}

named! {
    /// The group in which a form lists related records.
    pub enum MenuGroup {
        /// Details.
        Details = "details",
        /// Sales.
        Sales = "sales",
        /// Service.
        Service = "service",
        /// Marketing.
        Marketing = "marketing",
    }
}

impl OneToMany {
    /// A relationship over a lookup that does nothing to the children.
    pub fn new(
        schema_name: &str,
        referenced: impl Into<LogicalName>,
        referencing: impl Into<LogicalName>,
        attribute: impl Into<LogicalName>,
    ) -> Self {
        let attribute = attribute.into();
        Self {
            schema_name: schema_name.to_owned(),
            referenced_entity: referenced.into(),
            referenced_attribute: "".into(),
            referencing_entity: referencing.into(),
            referencing_navigation: attribute.to_string(),
            referencing_attribute: attribute,
            referenced_navigation: schema_name.to_owned(),
            cascades: Cascades::NONE,
            is_hierarchical: false,
            is_customizable: true,
            menu: AssociatedMenu::default(),
        }
    }

    /// Sets what messages on the parent do to the children.
    #[must_use]
    pub fn cascades(mut self, cascades: Cascades) -> Self {
        self.cascades = cascades;
        self
    }

    /// Whether the parent reaches into its children.
    pub fn is_parental(&self) -> bool {
        let Cascades { assign, delete, reparent, share, unshare, .. } = self.cascades;
        delete == Cascade::Cascade
            || [assign, reparent, share, unshare].iter().any(|it| *it != Cascade::NoCascade)
    }
}

impl RelationshipMetadata {
    /// The unique name of the relationship.
    pub fn schema_name(&self) -> &str {
        match self {
            Self::OneToMany(it) => &it.schema_name,
            Self::ManyToMany(it) => &it.schema_name,
        }
    }

    /// The two entities that it links: the referenced or first one, the referencing or second one.
    pub fn ends(&self) -> (&LogicalName, &LogicalName) {
        match self {
            Self::OneToMany(it) => (&it.referenced_entity, &it.referencing_entity),
            Self::ManyToMany(it) => (&it.first.entity, &it.second.entity),
        }
    }
}

impl Cascades {
    /// The parent does nothing to its children.
    pub const NONE: Self = Self {
        assign: Cascade::NoCascade,
        delete: Cascade::NoCascade,
        merge: Cascade::NoCascade,
        reparent: Cascade::NoCascade,
        share: Cascade::NoCascade,
        unshare: Cascade::NoCascade,
        archive: Cascade::NoCascade,
        rollup_view: Cascade::NoCascade,
    };

    /// The children follow their parent in everything but a merge: the usual parental relationship.
    pub const PARENTAL: Self = Self {
        assign: Cascade::Cascade,
        delete: Cascade::Cascade,
        reparent: Cascade::Cascade,
        share: Cascade::Cascade,
        unshare: Cascade::Cascade,
        ..Self::NONE
    };
}

impl Default for Cascades {
    fn default() -> Self {
        Self::NONE
    }
}

impl Default for AssociatedMenu {
    fn default() -> Self {
        Self {
            behavior: None,
            group: None,
            label: String::new(),
            order: None,
            menu_id: None,
            query_api: String::new(),
            view_id: None,
            is_available_offline: true,
        }
    }
}
