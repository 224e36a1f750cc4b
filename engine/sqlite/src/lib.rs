//! A durable store in one SQLite file.
//!
//! ```
//! use rulegate::Engine;
//! use rulegate_sqlite::Sqlite;
//! # use rulegate::metadata::{AttributeType, CatalogDraft, EntityDefinition};
//! # use rulegate::OrganizationService;
//! # let folder = std::env::temp_dir().join(format!("rulegate-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("records.db");
//! # let catalog = || CatalogDraft::default()
//! #     .entity(EntityDefinition::new("account").attribute("name", AttributeType::text(160)))
//! #     .check();
//!
//! let engine = Engine::builder(catalog()?).store(Sqlite::open(&path)?).build()?;
//! let acme = engine.create(engine.record("account")?.with("name", "Acme")?)?;
//! drop(engine);
//!
//! let engine = Engine::builder(catalog()?).store(Sqlite::open(&path)?).build()?;
//! assert_eq!(engine.retrieve(&acme)?.get("name"), Some(&"Acme".into()));
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Invariants:
//!
//! - A commit returns when it is durable: with [`Durability::Full`], also where the power fails.
//! - Searches find what the store in memory would find, in the same order. Where SQLite compares otherwise,
//!   it has collations and functions of ours.
//! - The file follows the catalog: new entities, attributes and keys are added. Nothing that was stored is
//!   ever taken out: a catalog that lacks an attribute with values, or gives it another type, is refused. An entity
//!   that leaves the catalog leaves its records behind, and finds them again.
//! - One transaction writes at a time, in order of arrival. It takes its turn with its first write; what it
//!   read until then must still be so. Who gives up the turn while others wait lets them write into the same
//!   batch, and all of a batch become durable together: one commit of the database for many messages.
//! - Readers never wait for writers. Each has a connection and sees one moment.
//!
//! While a store is open, and after a crash, `FILE-wal` and `FILE-shm` lie beside the file. They are a part of
//! it: who moves the file takes them along, or lets the last store on it close first. Who wants a copy asks for
//! one with [`Sqlite::back_up_to`], while messages go on; to restore it is to open it.
//!
//! # Reading the file with other tools
//!
//! Each entity is a table of real columns, and has a view beside it that any tool can read, `sqlite3` from 3.40 on
//! included: `SELECT * FROM v$account`. There, identities are texts, moments have their zone, and the label of an
//! option stands beside its number. Amounts and decimals are the texts that they were written as, exact: to compute with
//! them, `CAST(revenue AS REAL)`. Indexes of alternate keys compare texts as we do, which other tools cannot: they
//! read the file, and do not write to it.
//!
//! # The log, and when it is carried over
//!
//! A commit appends to `FILE-wal`, the log. What stands there is as durable as what stands in the file.
//!
//! - By itself: the commit at which the log has 32 MiB or more carries it over into the file, and who waits for the
//!   turn waits for that too. From then on the log is written from its beginning again, and grows no further.
//! - Only what no reader needs can go. A reader who stays long, or a backup of a large file, lets the log grow
//!   beyond; the first commit after them that begins it again cuts it to 64 MiB.
//! - When asked: [`Sqlite::checkpoint`] carries over at once and empties the log, say before a quiet night.
//! - When the last store on the file closes, the log is carried over and taken away.
//!
//! Room that deleted records leave is used by the next ones. The file gets smaller with [`Sqlite::vacuum`] alone.

mod backup;
mod connection;
mod dialect;
mod error;
mod known;
mod mark;
mod reader;
mod schema;
mod shared;
mod transaction;
mod turn;
mod upkeep;
mod value;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rulegate::Catalog;
use rulegate::store::{Reader, Store, StoreError, Transaction};

pub use self::error::SqliteError;
use self::reader::Snapshot;
use self::shared::Shared;
use self::transaction::SqliteTransaction;
use self::turn::Turn;

/// A store in one SQLite file. Clones share it.
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
}

/// How a store treats its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What a commit survives.
    pub durability: Durability,
    /// How long a message waits until it may write: for others of this process, and for other programs that
    /// write to the file.
    pub patience: Duration,
    /// The most bytes that the file may have; a write beyond is refused.
    pub size_limit: Option<u64>,
    /// The name of the VFS through which SQLite reaches the file; that of the system where none is named.
    ///
    /// Somebody must have registered it with SQLite before, which takes its C interface. It must have shared
    /// memory, since readers and the writer have a connection each, and keep the file where its path says. What
    /// a commit survives is then what its `xSync` waits for.
    pub vfs: Option<String>,
}

/// What a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A crash of the program, of the system, and a loss of power: every commit waits for the disk.
    #[default]
    Full,
    /// A crash of the program. A crash of the system or a loss of power may take the commits of the last
    /// moments, which had been acknowledged: the newest ones, each of them whole. The file stays sound.
    Normal,
}

impl Default for Options {
    fn default() -> Self {
        let patience = Duration::from_secs(30);
        Self { durability: Durability::Full, patience, size_limit: None, vfs: None }
    }
}

impl Sqlite {
    /// Opens the file, or makes it where there is none. A file that is none of ours is left as it is.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, Options::default())
    }

    /// Opens the file in another manner.
    pub fn open_with(path: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        Ok(Self { shared: Arc::new(Shared::open(path.as_ref(), options)?) })
    }

    /// The file.
    pub fn path(&self) -> &PathBuf {
        &self.shared.file.path
    }

    /// Reads the whole file, and finds what is broken in it: nothing, if all is well.
    pub fn check_integrity(&self) -> Result<Vec<String>, StoreError> {
        Ok(Snapshot::open(&self.shared)?.check_integrity()?)
    }

    /// Copies the store into a file of its own, while messages go on.
    ///
    /// The copy holds one moment: every message that was acknowledged before the call, perhaps some that were
    /// since, in the order of their commits and each of them whole. It is one file without a log, as small
    /// as a vacuum makes it, and readable for those who can read the store. It was read again and found sound, and is
    /// durable, before it gets its name; until then it is `PATH.part`, which goes where the copy fails, and
    /// stays only where the program dies. To restore a copy, open it.
    ///
    /// A file that exists is never replaced, nor one whose `-wal`, `-shm` or `-journal` would be taken for the copy's.
    ///
    /// Nobody waits for a copy: it reads a snapshot, beside writers and readers. Meanwhile the log grows, since no
    /// page of it that the copy may need can be used again. This is `VACUUM INTO`, and not SQLite's backup in
    /// steps: that begins anew whenever somebody wrote between two steps, so it may never end in a store
    /// that is used, and it copies damaged pages as they are.
    pub fn back_up_to(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        Ok(backup::back_up(&self.shared.file, path.as_ref())?)
    }

    /// Gives the room back that deleted records left, and lays out each table in one piece.
    ///
    /// It waits for its turn as a message does, and all who write wait until it is done: the whole file is written
    /// anew, for which the disk needs up to twice its size for a time. Readers go on; while one of them sees an
    /// earlier moment, the file shrinks only with the next checkpoint after it.
    pub fn vacuum(&self) -> Result<(), StoreError> {
        Ok(upkeep::vacuum(&self.shared)?)
    }

    /// Carries the log over into the file and empties it. Answers how many pages of the log remain.
    ///
    /// It waits for its turn, but not for readers: pages that those of an earlier moment keep from being carried
    /// over remain, and the next checkpoint takes them. No call is needed for this: see the head of this crate.
    pub fn checkpoint(&self) -> Result<u64, StoreError> {
        Ok(upkeep::checkpoint(&self.shared)?)
    }
}

impl Store for Sqlite {
    fn adopt(&self, catalog: &Catalog) -> Result<(), StoreError> {
        let turn = Turn::take(&self.shared)?;
        schema::adopt(&turn, &self.shared, catalog)?;
        Ok(turn.keep([])?)
    }

    fn snapshot(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(Box::new(Snapshot::open(&self.shared)?))
    }

    fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(SqliteTransaction::new(&self.shared)))
    }

    fn begin_again(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(SqliteTransaction::in_turn(&self.shared)?))
    }

    fn takes_turns(&self) -> bool {
        true
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("path", self.path()).finish_non_exhaustive()
    }
}
