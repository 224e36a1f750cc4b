//! The kinds of value that rules have in hand.

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Whole,
    Decimal,
    Double,
    Flag,
    Text,
    Char,
    Date,
    Moment,
    Option,
    /// Several options.
    Options,
    Lookup,
    /// An array of whole numbers.
    Wholes,
    /// An array of texts.
    Texts,
    /// A child that was read.
    Record,
    /// A map with `a`, a whole number, and `b`, a text.
    Map,
}

impl Kind {
    pub(crate) const ALL: [Self; 15] = [
        Self::Whole,
        Self::Text,
        Self::Flag,
        Self::Decimal,
        Self::Double,
        Self::Date,
        Self::Moment,
        Self::Option,
        Self::Lookup,
        Self::Wholes,
        Self::Texts,
        Self::Char,
        Self::Map,
        Self::Options,
        Self::Record,
    ];

    /// The kinds that simple rules have in hand: the first of [`Self::ALL`].
    pub(crate) const SIMPLE: usize = 9;

    /// The kind that a letter means in the words of [`super::words`].
    pub(crate) fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'i' => Self::Whole,
            'd' => Self::Decimal,
            'f' => Self::Double,
            'b' => Self::Flag,
            's' => Self::Text,
            'c' => Self::Char,
            'y' => Self::Date,
            't' => Self::Moment,
            'o' => Self::Option,
            'O' => Self::Options,
            'l' => Self::Lookup,
            'a' => Self::Wholes,
            'p' => Self::Texts,
            'r' => Self::Record,
            'm' => Self::Map,
            _ => return None,
        })
    }
}
