//! Alternate keys: attributes that together name a record.

use super::LogicalName;

/// Attributes whose values together name one record of an entity (C-103).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMetadata {
    /// The lower-case name of the key.
    pub name: LogicalName,
    /// The name as its author cased it.
    pub schema_name: String,
    /// What people read.
    pub display_name: String,
    /// The attributes, at most 16 (C-104).
    pub attributes: Vec<LogicalName>,
}

impl KeyMetadata {
    /// The most keys that an entity can have (C-104).
    pub const LIMIT: usize = 10;
    /// The most attributes that a key can have (C-104).
    pub const ATTRIBUTE_LIMIT: usize = 16;
    /// The most bytes that the values of a key can take (C-104).
    pub const BYTE_LIMIT: u32 = 900;
}

impl Default for KeyMetadata {
    fn default() -> Self {
        Self {
            name: "".into(),
            schema_name: String::new(),
            display_name: String::new(),
            attributes: Vec::new(),
        }
    }
}
