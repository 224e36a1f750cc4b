//! Attributes: the lines of `[attributes]`. The type says which other keys there are.

use rulegate::metadata::{
    AttributeMetadata, AttributeSource, AttributeType, CdmAttribute, DateTimeBehavior,
    DateTimeFormat, LogicalName, NumberFormat, OptionSet, PrecisionSource, RequiredLevel,
    TextFormat, ValidFor,
};
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::DeValue;

use super::option_set::{OptionTables, OptionsOf};
use super::reader::{Entry, Reader};
use super::value::{FromValue, Mismatch, word};

/// The bounds of an amount where the file gives none: what Dataverse can store.
const MONEY_BOUND: i64 = 922_337_203_685_477;
/// The bounds of a decimal where the file gives none: what Dataverse can store.
const DECIMAL_BOUND: i64 = 100_000_000_000;
/// The bounds of a double where the file gives none: what Dataverse can store.
const DOUBLE_BOUND: f64 = 100_000_000_000.0;
/// The digits after the point where the file does not say how many.
const PRECISION: u32 = 2;
/// The height and width of a picture, in pixels, where the file gives none.
const IMAGE_SIDE: u32 = 144;
/// The size of a file, in kilobytes, where the entity file gives none.
const FILE_SIZE_KB: u32 = 32_768;

/// An attribute of which the type is known, and the other keys are to be read.
struct Typed<'r, 't> {
    name: &'t str,
    keys: &'r mut Reader<'t>,
    options: &'r mut OptionTables<'t>,
}

/// A type of attributes, and what reads the keys that attributes of this type have.
struct Kind {
    name: &'static str,
    read: fn(&mut Typed<'_, '_>) -> AttributeType,
}

const KINDS: &[Kind] = &[
    Kind { name: "string", read: |it| it.text() },
    Kind { name: "memo", read: |it| it.memo() },
    Kind { name: "whole-number", read: |it| it.whole_number() },
    Kind { name: "big-integer", read: |it| it.big_integer() },
    Kind { name: "decimal", read: |it| it.decimal() },
    Kind { name: "double", read: |it| it.double() },
    Kind { name: "money", read: |it| it.money() },
    Kind { name: "boolean", read: |it| it.boolean() },
    Kind { name: "date-time", read: |it| it.date_time() },
    Kind { name: "choice", read: |it| AttributeType::Choice(it.option_set(OptionsOf::Choice)) },
    Kind {
        name: "multi-choice",
        read: |it| AttributeType::MultiChoice(it.option_set(OptionsOf::Choice)),
    },
    Kind { name: "state", read: |it| AttributeType::State(it.option_set(OptionsOf::State)) },
    Kind { name: "status", read: |it| AttributeType::Status(it.option_set(OptionsOf::Status)) },
    Kind { name: "lookup", read: |it| AttributeType::Lookup { targets: it.targets() } },
    Kind { name: "customer", read: |it| AttributeType::Customer { targets: it.targets() } },
    Kind { name: "owner", read: |it| AttributeType::Owner { targets: it.targets() } },
    Kind { name: "party-list", read: |it| AttributeType::PartyList { targets: it.targets() } },
    Kind { name: "unique-identifier", read: |_| AttributeType::UniqueIdentifier },
    Kind { name: "entity-name", read: |_| AttributeType::EntityName },
    Kind { name: "image", read: |it| it.image() },
    Kind { name: "file", read: |it| it.file() },
    Kind { name: "virtual", read: |_| AttributeType::Virtual },
    Kind { name: "managed-property", read: |_| AttributeType::ManagedProperty },
];

impl FromValue for &'static Kind {
    fn words() -> Vec<&'static str> {
        KINDS.iter().map(|it| it.name).collect()
    }

    fn from_value(value: &Spanned<DeValue<'_>>) -> Result<Self, Mismatch> {
        word(value, KINDS, |it| it.name)
    }
}

/// Reads an attribute, and takes its options from the tables.
pub(super) fn read<'t>(
    file: &Reader<'t>,
    entry: &Entry<'t>,
    options: &mut OptionTables<'t>,
) -> Option<AttributeMetadata> {
    file.nested("an attribute", entry, |keys| attribute(entry.name, keys, options))
}

fn attribute<'t>(
    name: &'t str,
    keys: &mut Reader<'t>,
    options: &mut OptionTables<'t>,
) -> AttributeMetadata {
    let kind = kind(name, keys, options);
    let attribute_of: Option<LogicalName> = keys.optional("attribute_of");
    let stands_alone = attribute_of.is_none();
    AttributeMetadata {
        logical_name: name.into(),
        schema_name: keys.or("schema_name", name.to_owned()),
        display_name: keys.or("display_name", String::new()),
        kind,
        required: keys.or("required", RequiredLevel::None),
        valid_for: ValidFor {
            create: keys.or("create", stands_alone),
            update: keys.or("update", stands_alone),
            read: keys.or("read", true),
            form: keys.or("form", stands_alone),
        },
        source: keys.or("source", AttributeSource::Simple),
        attribute_of,
        is_localizable: keys.or("localizable", false),
        cdm: keys.table("cdm", "`cdm` of an attribute", cdm),
    }
}

fn kind<'t>(name: &'t str, keys: &mut Reader<'t>, options: &mut OptionTables<'t>) -> AttributeType {
    if let Some(kind) = keys.required::<&Kind>("type") {
        keys.describes(format!("an attribute of type {}", kind.name));
        (kind.read)(&mut Typed { name, keys, options })
    } else {
        // Nobody knows which keys and options such an attribute has: more problems would be guesses.
        keys.excuse_the_rest();
        options.excuse(name);
        AttributeType::Virtual
    }
}

fn cdm(keys: &mut Reader<'_>) -> CdmAttribute {
    CdmAttribute {
        name: keys.required("name").unwrap_or_default(),
        data_type: keys.required("type").unwrap_or_default(),
        data_format: keys.optional("format"),
        is_nullable: keys.or("nullable", false),
        is_read_only: keys.or("read_only", false),
        is_primary_key: keys.or("key", false),
        first_included_in: keys.optional("first_included_in"),
        min: keys.optional("min"),
        max: keys.optional("max"),
        max_length: keys.optional("max_length"),
    }
}

impl Typed<'_, '_> {
    fn text(&mut self) -> AttributeType {
        let (max_length, format) = self.length_and_format();
        AttributeType::Text { max_length, format }
    }

    fn memo(&mut self) -> AttributeType {
        let (max_length, format) = self.length_and_format();
        AttributeType::Memo { max_length, format }
    }

    fn whole_number(&mut self) -> AttributeType {
        AttributeType::WholeNumber {
            min: self.keys.or("min", i32::MIN).into(),
            max: self.keys.or("max", i32::MAX).into(),
            format: self.keys.or("format", NumberFormat::None),
        }
    }

    fn big_integer(&mut self) -> AttributeType {
        AttributeType::BigInteger {
            min: self.keys.or("min", i64::MIN),
            max: self.keys.or("max", i64::MAX),
        }
    }

    fn decimal(&mut self) -> AttributeType {
        AttributeType::Decimal {
            min: self.keys.or("min", Decimal::from(-DECIMAL_BOUND)),
            max: self.keys.or("max", Decimal::from(DECIMAL_BOUND)),
            precision: self.keys.or("precision", PRECISION),
        }
    }

    fn double(&mut self) -> AttributeType {
        AttributeType::Double {
            min: self.keys.or("min", -DOUBLE_BOUND),
            max: self.keys.or("max", DOUBLE_BOUND),
            precision: self.keys.or("precision", PRECISION),
        }
    }

    fn money(&mut self) -> AttributeType {
        AttributeType::Money {
            min: self.keys.or("min", Decimal::from(-MONEY_BOUND)),
            max: self.keys.or("max", Decimal::from(MONEY_BOUND)),
            precision: self.keys.or("precision", PRECISION),
            precision_source: self.keys.or("precision_source", PrecisionSource::Attribute),
            base_of: self.keys.optional("base_of"),
        }
    }

    fn boolean(&mut self) -> AttributeType {
        AttributeType::Boolean {
            default: self.keys.or("default", false),
            labels: self.keys.or("labels", ["No".to_owned(), "Yes".to_owned()]),
        }
    }

    fn date_time(&mut self) -> AttributeType {
        AttributeType::DateTime {
            behavior: self.keys.or("behavior", DateTimeBehavior::UserLocal),
            format: self.keys.or("format", DateTimeFormat::DateAndTime),
        }
    }

    fn image(&mut self) -> AttributeType {
        AttributeType::Image {
            max_height: self.keys.or("max_height", IMAGE_SIDE),
            max_width: self.keys.or("max_width", IMAGE_SIDE),
            is_primary: self.keys.or("primary", false),
        }
    }

    fn file(&mut self) -> AttributeType {
        AttributeType::File { max_size_kb: self.keys.or("max_size_kb", FILE_SIZE_KB) }
    }

    fn length_and_format(&mut self) -> (u32, TextFormat) {
        let max_length = self.keys.required("max_length").unwrap_or(1);
        (max_length, self.keys.or("format", TextFormat::Text))
    }

    fn targets(&mut self) -> Vec<LogicalName> {
        self.keys.required("targets").unwrap_or_default()
    }

    fn option_set(&mut self, of: OptionsOf) -> OptionSet {
        self.options.take(self.name, self.keys, of)
    }
}
