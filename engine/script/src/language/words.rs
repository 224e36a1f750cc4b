//! The words of the language, in one table: the reference for authors is made from it.

/// A word, how it is called, and what it does.
pub struct Word {
    /// The name.
    pub name: &'static str,
    /// How it is called.
    pub shape: &'static str,
    /// What it does.
    pub does: &'static str,
}

/// Declares the table.
macro_rules! words {
    ($($name:literal $shape:literal $does:literal;)*) => {
        /// Every function that rules and runs have beside Rhai's own.
        pub const WORDS: &[Word] = &[$(Word { name: $name, shape: $shape, does: $does },)*];
    };
}

words! {
    "reject" "reject(message), reject(code, message)" "refuses the message: everything is undone, and the caller gets the words";
    "trace" "trace(text)" "leaves a line in the trace, and in the transcript of a run";
    "create" "create(entity, #{…}), create(record)" "creates a record, answers its lookup; under the name of a relationship stand records that come along: `#{ name: \"Acme\", Account_Tasks: [#{ subject: \"call\" }] }`";
    "record" "record(entity, #{…})" "makes a record that is not saved, such as a parameter of `send`";
    "update" "update(record, #{…})" "changes attributes of a record; records under the name of a relationship are updated with it, and have their identities";
    "upsert" "upsert(entity, #{key}, #{…})" "updates the record that has the alternate key, or creates it";
    "delete" "delete(record)" "deletes a record";
    "assign" "assign(record, owner)" "gives a record another owner";
    "set_state" "set_state(record, state), set_state(record, state, status)" "gives a record another state";
    "retrieve" "retrieve(record), retrieve(record, [\"a\", \"b\"])" "reads a record; one that is missing is an error";
    "try_retrieve" "try_retrieve(record), try_retrieve(record, [\"a\"])" "the same; one that is missing is `()`";
    "query" "query(entity, #{…}), query(entity, #{…}, #{ select, order, top })" "an array of the records that match; a condition is a value, an array of values, `()` for null, or a map of operators: `#{ ge: 1000 }`";
    "count" "count(entity, #{…})" "how many records match";
    "associate" "associate(record, relationship, related)" "links a record with one or several others";
    "disassociate" "disassociate(record, relationship, related)" "takes links away";
    "send" "send(message), send(message, #{…})" "sends a custom message, answers its output parameters";
    "date" "date(\"2026-01-31\")" "a date; of a moment, `.date()` is its date";
    "datetime" "datetime(\"2026-01-31T09:00:00Z\")" "a moment";
    "decimal" "decimal(number), decimal(text)" "an exact number";
    "round" "round(number), round(number, digits)" "rounds, halves away from zero";
    "is_blank" "text.is_blank()" "whether a text is empty or white; `()` is blank";
    "trim" "text.trim()" "the text without white space at its ends";
}

/// Whether a script's own function would hide a word.
pub(crate) fn is_word(name: &str) -> bool {
    WORDS.iter().any(|it| it.name == name)
}

impl std::fmt::Debug for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.shape)
    }
}
