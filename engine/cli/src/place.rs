//! Places: where records are.

use std::path::Path;

use rulegate_sqlite::Sqlite;

use crate::exit::Stop;

/// Where records are: what `--store` and the key `store` of a project say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// In memory, which is empty at first.
    #[default]
    Memory,
    /// In a file, which keeps them.
    Sqlite(String),
}

/// What a place is, in words.
pub(crate) const PLACES: &str =
    "`memory`, which is empty at first, or `sqlite:FILE`, which keeps the records";

impl Place {
    /// The place of that name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name.split_once(':') {
            None if name == "memory" => Some(Self::Memory),
            Some(("sqlite", file)) if !file.trim().is_empty() => {
                Some(Self::Sqlite(file.to_owned()))
            }
            _ => None,
        }
    }

    /// The store; `None` for the one in memory. A file stands in the folder, unless its path says otherwise.
    pub(crate) fn open(&self, folder: &Path) -> Result<Option<Sqlite>, Stop> {
        let Self::Sqlite(file) = self else { return Ok(None) };
        let opened = Sqlite::open(folder.join(file));
        opened.map(Some).map_err(|it| Stop::Unexpected(it.to_string()))
    }
}
