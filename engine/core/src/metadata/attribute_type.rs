//! Attribute types: what values an attribute accepts.

use rust_decimal::Decimal;

use super::named::named;
use super::{LogicalName, OptionSet};

/// What values an attribute accepts.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeType {
    /// One line of text.
    Text {
        /// The most characters (C-28).
        max_length: u32,
        /// What the text is, for people; the engine does not check it (C-38).
        format: TextFormat,
    },
    /// Text of several lines.
    Memo {
        /// The most characters (C-39).
        max_length: u32,
        /// What the text is, for people.
        format: TextFormat,
    },
    /// A 32-bit whole number.
    WholeNumber {
        /// The least value (C-29).
        min: i64,
        /// The greatest value.
        max: i64,
        /// How people read it.
        format: NumberFormat,
    },
    /// A 64-bit whole number.
    BigInteger {
        /// The least value.
        min: i64,
        /// The greatest value.
        max: i64,
    },
    /// A decimal number, exact.
    Decimal {
        /// The least value (C-29).
        min: Decimal,
        /// The greatest value.
        max: Decimal,
        /// Digits after the point, to which a write rounds (C-32).
        precision: u32,
    },
    /// A floating-point number.
    Double {
        /// The least value.
        min: f64,
        /// The greatest value.
        max: f64,
        /// Digits after the point, to which a write rounds.
        precision: u32,
    },
    /// An amount in the record's currency (C-77).
    Money {
        /// The least value.
        min: Decimal,
        /// The greatest value.
        max: Decimal,
        /// Digits after the point, where the source says so.
        precision: u32,
        /// Who says how many digits there are (C-33).
        precision_source: PrecisionSource,
        /// The money attribute of which this is the amount in base currency (C-78).
        base_of: Option<LogicalName>,
    },
    /// Yes or no.
    Boolean {
        /// The value that a new record gets (C-37).
        default: bool,
        /// What people read for `false` and for `true`.
        labels: [String; 2],
    },
    /// A date, or a moment.
    DateTime {
        /// What is stored (C-121).
        behavior: DateTimeBehavior,
        /// What is shown (C-126).
        format: DateTimeFormat,
    },
    /// One option of a set.
    Choice(OptionSet),
    /// Several options of a set (C-31).
    MultiChoice(OptionSet),
    /// Whether a record is active: `statecode`.
    State(OptionSet),
    /// Why it is: `statuscode`.
    Status(OptionSet),
    /// A reference to a record of one of these entities.
    Lookup {
        /// The entities at which it may point (C-87).
        targets: Vec<LogicalName>,
    },
    /// A reference to an account or a contact (C-90).
    Customer {
        /// The entities at which it may point.
        targets: Vec<LogicalName>,
    },
    /// A reference to the user or team that owns the record (C-90).
    Owner {
        /// The entities at which it may point.
        targets: Vec<LogicalName>,
    },
    /// The people who take part in an activity (C-98).
    PartyList {
        /// The entities whose records may take part.
        targets: Vec<LogicalName>,
    },
    /// An identity.
    UniqueIdentifier,
    /// The logical name of an entity: the type of a lookup that has several targets (C-91).
    EntityName,
    /// A picture (C-41).
    Image {
        /// Pixels.
        max_height: u32,
        /// Pixels.
        max_width: u32,
        /// Whether it is the picture of the record.
        is_primary: bool,
    },
    /// A file (C-41).
    File {
        /// Kilobytes.
        max_size_kb: u32,
    },
    /// Something that Dataverse computes and this engine does not hold.
    Virtual,
    /// A property that a solution manages.
    ManagedProperty,
}

named! {
    /// What a text is, for people.
    pub enum TextFormat {
        /// Plain.
        Text = "text",
        /// Plain, several lines high.
        TextArea = "text-area",
        /// An address of electronic mail.
        Email = "email",
        /// A telephone number.
        Phone = "phone",
        /// An address of a page.
        Url = "url",
        /// The symbol of a share.
        TickerSymbol = "ticker-symbol",
        /// How a name is pronounced.
        PhoneticGuide = "phonetic-guide",
        /// The version of a record.
        VersionNumber = "version-number",
        /// Marked-up text.
        RichText = "rich-text",
        /// Structured text.
        Json = "json",
    }
}

named! {
    /// How people read a whole number.
    pub enum NumberFormat {
        /// As it is.
        None = "none",
        /// Minutes.
        Duration = "duration",
        /// The number of a time zone.
        TimeZone = "time-zone",
        /// The number of a language.
        Language = "language",
        /// The number of a language or region.
        Locale = "locale",
    }
}

named! {
    /// Who says how many digits after the point a money attribute has (C-33).
    pub enum PrecisionSource {
        /// The attribute.
        Attribute = "attribute",
        /// The organization.
        Organization = "organization",
        /// The currency of the record.
        Currency = "currency",
    }
}

named! {
    /// What a date-time attribute stores (C-121).
    pub enum DateTimeBehavior {
        /// A moment, stored in UTC.
        UserLocal = "user-local",
        /// A date without a time (C-122).
        DateOnly = "date-only",
        /// A date and time as they were typed.
        TimeZoneIndependent = "time-zone-independent",
    }
}

named! {
    /// What of a date-time attribute is shown (C-126).
    pub enum DateTimeFormat {
        /// The date.
        DateOnly = "date-only",
        /// The date and the time.
        DateAndTime = "date-and-time",
    }
}

impl AttributeType {
    /// One line of plain text.
    pub const fn text(max_length: u32) -> Self {
        Self::Text { max_length, format: TextFormat::Text }
    }

    /// Several lines of plain text.
    pub const fn memo(max_length: u32) -> Self {
        Self::Memo { max_length, format: TextFormat::Text }
    }

    /// A whole number between two others.
    pub const fn whole_number(min: i64, max: i64) -> Self {
        Self::WholeNumber { min, max, format: NumberFormat::None }
    }

    /// An exact number between two others, with so many digits after the point.
    pub fn decimal(min: impl Into<Decimal>, max: impl Into<Decimal>, precision: u32) -> Self {
        Self::Decimal { min: min.into(), max: max.into(), precision }
    }

    /// An amount between two others, with two digits after the point.
    pub fn money(min: impl Into<Decimal>, max: impl Into<Decimal>) -> Self {
        let precision_source = PrecisionSource::Attribute;
        let (min, max) = (min.into(), max.into());
        Self::Money { min, max, precision: 2, precision_source, base_of: None }
    }

    /// Yes or no, and no for a new record.
    pub fn boolean() -> Self {
        Self::Boolean { default: false, labels: ["No".to_owned(), "Yes".to_owned()] }
    }

    /// A date without a time.
    pub const fn date() -> Self {
        Self::DateTime { behavior: DateTimeBehavior::DateOnly, format: DateTimeFormat::DateOnly }
    }

    /// A moment.
    pub const fn moment() -> Self {
        Self::DateTime {
            behavior: DateTimeBehavior::UserLocal,
            format: DateTimeFormat::DateAndTime,
        }
    }

    /// One of several options, named like their labels.
    pub fn choice<'a>(options: impl IntoIterator<Item = (i32, &'a str)>) -> Self {
        Self::Choice(OptionSet::of(options))
    }

    /// A reference to a record of one of these entities.
    pub fn lookup<N: Into<LogicalName>>(targets: impl IntoIterator<Item = N>) -> Self {
        Self::Lookup { targets: targets.into_iter().map(Into::into).collect() }
    }

    /// The entities at which a value may point; none for what is no reference.
    pub fn targets(&self) -> &[LogicalName] {
        if let Self::Lookup { targets }
        | Self::Customer { targets }
        | Self::Owner { targets }
        | Self::PartyList { targets } = self
        {
            targets
        } else {
            &[]
        }
    }

    /// The options of a choice, multi-choice, state or status.
    pub fn option_set(&self) -> Option<&OptionSet> {
        if let Self::Choice(set) | Self::MultiChoice(set) | Self::State(set) | Self::Status(set) =
            self
        {
            Some(set)
        } else {
            None
        }
    }

    /// Whether a value is a reference to one record.
    pub fn is_reference(&self) -> bool {
        matches!(self, Self::Lookup { .. } | Self::Customer { .. } | Self::Owner { .. })
    }

    /// The type's name as files spell it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "string",
            Self::Memo { .. } => "memo",
            Self::WholeNumber { .. } => "whole-number",
            Self::BigInteger { .. } => "big-integer",
            Self::Decimal { .. } => "decimal",
            Self::Double { .. } => "double",
            Self::Money { .. } => "money",
            Self::Boolean { .. } => "boolean",
            Self::DateTime { .. } => "date-time",
            Self::Choice(_) => "choice",
            Self::MultiChoice(_) => "multi-choice",
            Self::State(_) => "state",
            Self::Status(_) => "status",
            Self::Lookup { .. } => "lookup",
            Self::Customer { .. } => "customer",
            Self::Owner { .. } => "owner",
            Self::PartyList { .. } => "party-list",
            Self::UniqueIdentifier => "unique-identifier",
            Self::EntityName => "entity-name",
            Self::Image { .. } => "image",
            Self::File { .. } => "file",
            Self::Virtual => "virtual",
            Self::ManagedProperty => "managed-property",
        }
    }
}
