//! Option sets: closed lists of numbered labels, among them states and status reasons.

/// A closed list of numbered labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionSet {
    /// The name of the set, where it has one of its own.
    pub name: Option<String>,
    /// Whether other attributes share the set.
    pub is_global: bool,
    /// The value that a new record gets where the caller sends none (clause C-37).
    pub default: Option<i32>,
    /// The options, in the order in which people see them.
    pub options: Vec<OptionMetadata>,
}

/// One option of a set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionMetadata {
    /// The number that is stored.
    pub value: i32,
    /// The identifier by which rules name it, unique in its set: `Won`.
    pub name: String,
    /// What people read. Labels may repeat.
    pub label: String,
    /// For a status reason: the state to which it belongs (clause C-65).
    pub state: Option<i32>,
    /// For a state: the status reason that it gets where none is sent (clause C-69).
    pub default_status: Option<i32>,
    /// For a status reason of an entity that enforces transitions: the status reasons that may follow (C-73).
    pub next: Vec<i32>,
}

impl OptionSet {
    /// A set of options named like their labels.
    pub fn of<'a>(options: impl IntoIterator<Item = (i32, &'a str)>) -> Self {
        let options = options.into_iter().map(|(value, name)| OptionMetadata::new(value, name));
        Self { options: options.collect(), ..Self::default() }
    }

    /// The option with that number.
    pub fn by_value(&self, value: i32) -> Option<&OptionMetadata> {
        self.options.iter().find(|it| it.value == value)
    }

    /// The option with that name.
    pub fn by_name(&self, name: &str) -> Option<&OptionMetadata> {
        self.options.iter().find(|it| it.name == name)
    }

    /// The first option with that label.
    pub fn by_label(&self, label: &str) -> Option<&OptionMetadata> {
        self.options.iter().find(|it| it.label == label)
    }

    /// The value that a new record gets: the default, or the first option of a state or status.
    pub(crate) fn initial(&self) -> Option<i32> {
        self.default.or_else(|| self.options.first().map(|it| it.value))
    }
}

impl OptionMetadata {
    /// An option whose label is its name.
    pub fn new(value: i32, name: &str) -> Self {
        Self { value, name: name.to_owned(), label: name.to_owned(), ..Self::default() }
    }
}
