//! Attributes: a named slot of an entity, and what values it accepts.

use super::named::named;
use super::{AttributeType, LogicalName};

/// The definition of an attribute (a column, in today's Dataverse).
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeMetadata {
    /// The lower-case name by which code refers to it.
    pub logical_name: LogicalName,
    /// The name as its author cased it.
    pub schema_name: String,
    /// What people read; empty where nothing is shown.
    pub display_name: String,
    /// What values it accepts.
    pub kind: AttributeType,
    /// Whether a record needs a value.
    pub required: RequiredLevel,
    /// For which operations it can be used.
    pub valid_for: ValidFor,
    /// Who computes its value.
    pub source: AttributeSource,
    /// The attribute of which this is derived, such as the lookup of which this is the name.
    pub attribute_of: Option<LogicalName>,
    /// Whether its text can differ by language.
    pub is_localizable: bool,
    /// What the Common Data Model says of it.
    pub cdm: Option<CdmAttribute>,
}

/// The operations for which an attribute can be used. What is not valid is ignored, not refused (C-6, C-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "Dataverse has these four flags, each of its own"
)]
pub struct ValidFor {
    /// Whether a caller can send it with Create.
    pub create: bool,
    /// Whether a caller can send it with Update.
    pub update: bool,
    /// Whether it is returned when a record is read.
    pub read: bool,
    /// Whether it can stand on a form.
    pub form: bool,
}

/// What the Common Data Model says of an attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CdmAttribute {
    /// The attribute's name there: `customerOpportunityRoleId`.
    pub name: String,
    /// The data type there: `entityId`.
    pub data_type: String,
    /// The data format there, where it does not follow from the data type.
    pub data_format: Option<String>,
    /// Whether it may be null there.
    pub is_nullable: bool,
    /// Whether it is read-only there.
    pub is_read_only: bool,
    /// Whether it is the primary key there.
    pub is_primary_key: bool,
    /// The entity that first included it: `sales/OpportunityRelationship`.
    pub first_included_in: Option<String>,
    /// The least value there, where it differs from the attribute's own.
    pub min: Option<i64>,
    /// The greatest value there, where it differs from the attribute's own.
    pub max: Option<i64>,
    /// The greatest length there, where it differs from the attribute's own.
    pub max_length: Option<u32>,
}

named! {
    /// Whether a record needs a value. Only `SystemRequired` is enforced (C-24).
    pub enum RequiredLevel {
        /// No value needed.
        None = "none",
        /// The engine demands a value.
        SystemRequired = "system",
        /// Forms demand a value.
        ApplicationRequired = "application",
        /// Forms ask for a value.
        Recommended = "recommended",
    }
}

named! {
    /// Who computes the value of an attribute.
    pub enum AttributeSource {
        /// The caller.
        Simple = "simple",
        /// A formula, when the record is read (C-127).
        Calculated = "calculated",
        /// A summary of related records, computed now and then (C-128).
        Rollup = "rollup",
    }
}

impl AttributeMetadata {
    /// An attribute that can be used for everything and that nobody requires.
    pub fn new(logical_name: impl Into<LogicalName>, kind: AttributeType) -> Self {
        let logical_name = logical_name.into();
        let schema_name = logical_name.to_string();
        Self {
            logical_name,
            schema_name,
            display_name: String::new(),
            kind,
            required: RequiredLevel::None,
            valid_for: ValidFor::EVERYTHING,
            source: AttributeSource::Simple,
            attribute_of: None,
            is_localizable: false,
            cdm: None,
        }
    }

    /// Whether callers can neither create nor update it.
    pub fn is_read_only(&self) -> bool {
        !self.valid_for.create && !self.valid_for.update
    }

    /// Whether the engine itself demands a value (C-24).
    pub fn is_required_by_engine(&self) -> bool {
        self.required == RequiredLevel::SystemRequired && self.is_stored()
    }

    /// Whether a value can be stored: it is neither computed nor derived (C-20).
    pub fn is_stored(&self) -> bool {
        self.source == AttributeSource::Simple
            && self.attribute_of.is_none()
            && self.kind != AttributeType::Virtual
    }
}

impl ValidFor {
    /// Valid for every operation.
    pub const EVERYTHING: Self = Self { create: true, update: true, read: true, form: true };
    /// Valid for reading only.
    pub const READING: Self = Self { create: false, update: false, read: true, form: false };
}

impl CdmAttribute {
    /// The data format that the Common Data Model shows: the given one, or what follows from the type.
    pub fn data_format(&self) -> &str {
        self.data_format.as_deref().unwrap_or(match self.data_type.as_str() {
            "entityId" | "userId" | "guid" => "Guid",
            "integer" | "listLookup" | "listLookupCorrelated" | "timezone" | "minutes" => "Int32",
            "bigInteger" | "cdsVersionNumber" => "Int64",
            "dateTime" => "DateTimeOffset",
            "decimal" | "baseCurrency" | "currency" => "Decimal",
            "double" | "latitude" | "longitude" => "Double",
            "boolean" => "Boolean",
            _ => "String",
        })
    }
}
