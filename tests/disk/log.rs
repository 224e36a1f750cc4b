//! The log of a disk, and what is left of it where the power fails.
//!
//! A disk keeps what was waited for, and nothing else that it was told is sure: of what was written since, each
//! piece may be there or not, in any order, and a write may be there in part: sector by sector, and where the
//! head stood with something else in it. The bytes beside a write stay as they are, as disks of today
//! have it and SQLite takes for granted (`SQLITE_IOCAP_POWERSAFE_OVERWRITE`). A new or deleted name is sure once its
//! folder was waited for, which SQLite's VFS does when it first waits for a journal or log that it opened. What the
//! connections of a log share, `-shm`, is memory, and gone.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::mem::take;
use std::path::Path;
use std::sync::Arc;

/// What a disk writes in one piece.
const SECTOR: usize = 512;

/// What a disk was told, in order.
#[derive(Debug, Default)]
pub struct Log {
    ops: Vec<Op>,
}

/// What a disk was told. Files go by their names, and all lie in one folder.
#[derive(Debug)]
pub(crate) enum Op {
    /// A file was opened, and made where there was none.
    Open(Arc<str>),
    Write(Arc<str>, usize, Vec<u8>),
    /// The file got this size.
    Size(Arc<str>, usize),
    /// Somebody waited for the file, and for its folder where it is said so.
    Sync(Arc<str>, bool),
    /// Somebody waited for the file, and was told that it failed: what was written until then may be lost, and
    /// nobody is told again who waits later.
    FailedSync(Arc<str>),
    /// The name was taken away, and the folder waited for where it is said so.
    Delete(Arc<str>, bool),
    Note(u64),
}

/// What becomes of all that nobody waited for when the power fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// It is lost.
    LosesAll,
    /// It is there: the program died, and the disk did not.
    LosesNone,
    /// Some of it is there, and some of that in part, by dice with this seed.
    Tears(u64),
}

/// The files of a folder.
#[derive(Debug)]
struct Folder<'l> {
    power: Power,
    die: Die,
    files: Vec<File<'l>>,
    /// Which file has which name, for the program and for sure.
    names: BTreeMap<&'l str, usize>,
    sure_names: BTreeMap<&'l str, usize>,
    /// What happened to names since their folder was waited for.
    renamed: Vec<(&'l str, Option<usize>)>,
}

#[derive(Debug, Default)]
struct File<'l> {
    sure: Vec<u8>,
    since: Vec<Change<'l>>,
}

#[derive(Debug, Clone, Copy)]
enum Change<'l> {
    Write(usize, &'l [u8]),
    Size(usize),
}

impl Log {
    /// How many moments there are at which the power can fail: after each thing that the disk was told.
    pub fn moments(&self) -> usize {
        self.ops.len() + 1
    }

    pub(crate) fn push(&mut self, op: Op) {
        self.ops.push(op);
    }

    /// What the program had noted by a moment.
    pub fn notes_until(&self, moment: usize) -> impl Iterator<Item = u64> {
        let note = |op: &Op| if let Op::Note(it) = op { Some(*it) } else { None };
        self.ops.iter().take(moment).filter_map(note)
    }

    /// Whether something changed between a moment and the one before, so that the files may differ.
    pub fn changes_at(&self, moment: usize) -> bool {
        moment.checked_sub(1).and_then(|it| self.ops.get(it)).is_some()
    }

    /// Makes the files in a folder as they could be, had the power failed at a moment.
    pub fn lose_power(&self, moment: usize, power: Power, folder: &Path) -> io::Result<()> {
        let mut played = Folder::new(power);
        self.ops.iter().take(moment).for_each(|it| played.play(it));
        for (name, bytes) in played.left() {
            fs::write(folder.join(name), bytes)?;
        }
        Ok(())
    }
}

impl<'l> Folder<'l> {
    fn new(power: Power) -> Self {
        let die = Die(if let Power::Tears(seed) = power { seed } else { 0 });
        let (files, names, sure_names, renamed) = Default::default();
        Self { power, die, files, names, sure_names, renamed }
    }

    fn play(&mut self, op: &'l Op) {
        match op {
            Op::Open(name) => {
                if !self.names.contains_key(&**name) {
                    self.files.push(File::default());
                    self.rename(name, Some(self.files.len() - 1));
                }
            }
            Op::Write(name, at, bytes) => self.change(name, Change::Write(*at, bytes)),
            Op::Size(name, size) => self.change(name, Change::Size(*size)),
            Op::Sync(name, with_folder) => {
                if let Some(file) = self.file(name) {
                    file.make_sure();
                }
                if *with_folder {
                    self.make_names_sure();
                }
            }
            Op::FailedSync(name) => {
                if let Some(file) = self.names.get(&**name).and_then(|it| self.files.get_mut(*it)) {
                    file.lose(self.power, &mut self.die);
                }
            }
            Op::Delete(name, with_folder) => {
                self.rename(name, None);
                if *with_folder {
                    self.make_names_sure();
                }
            }
            Op::Note(_) => {}
        }
    }

    fn file(&mut self, name: &str) -> Option<&mut File<'l>> {
        let index = *self.names.get(name)?;
        self.files.get_mut(index)
    }

    fn change(&mut self, name: &str, change: Change<'l>) {
        if let Some(file) = self.file(name) {
            file.since.push(change);
        }
    }

    fn rename(&mut self, name: &'l str, file: Option<usize>) {
        set(&mut self.names, name, file);
        self.renamed.push((name, file));
    }

    fn make_names_sure(&mut self) {
        self.sure_names.clone_from(&self.names);
        self.renamed.clear();
    }

    /// The files that are left, with their bytes.
    fn left(mut self) -> Vec<(&'l str, Vec<u8>)> {
        for (name, file) in self.renamed {
            let is_kept = match self.power {
                Power::LosesAll => false,
                Power::LosesNone => true,
                Power::Tears(_) => self.die.throw(2) == 0,
            };
            if is_kept {
                set(&mut self.sure_names, name, file);
            }
        }
        self.files.iter_mut().for_each(|it| it.lose(self.power, &mut self.die));
        let named = self.sure_names.into_iter();
        named
            .filter_map(|(name, it)| Some((name, take(&mut self.files.get_mut(it)?.sure))))
            .collect()
    }
}

fn set<'l>(names: &mut BTreeMap<&'l str, usize>, name: &'l str, file: Option<usize>) {
    if let Some(file) = file {
        names.insert(name, file);
    } else {
        names.remove(name);
    }
}

impl File<'_> {
    fn make_sure(&mut self) {
        for change in self.since.drain(..) {
            change.apply(&mut self.sure);
        }
    }

    /// Leaves of what nobody waited for what the disk has of it.
    fn lose(&mut self, power: Power, die: &mut Die) {
        for change in self.since.drain(..) {
            match power {
                Power::LosesAll => {}
                Power::LosesNone => change.apply(&mut self.sure),
                Power::Tears(_) => match die.throw(3) {
                    0 => {}
                    1 => change.apply(&mut self.sure),
                    _ => change.tear(&mut self.sure, die),
                },
            }
        }
    }
}

impl Change<'_> {
    fn apply(self, to: &mut Vec<u8>) {
        match self {
            Self::Write(at, bytes) => {
                if to.len() < at + bytes.len() {
                    to.resize(at + bytes.len(), 0);
                }
                if let Some(place) = to.get_mut(at..at + bytes.len()) {
                    place.copy_from_slice(bytes);
                }
            }
            Self::Size(size) => to.resize(size, 0),
        }
    }

    /// Applies it sector by sector: some are lost, and some have anything in them.
    fn tear(self, to: &mut Vec<u8>, die: &mut Die) {
        let Self::Write(at, bytes) = self else { return };
        let (mut at, mut rest) = (at, bytes);
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
            match die.throw(8) {
                0 => {
                    let waste: Vec<u8> = piece.iter().map(|it| it ^ die.byte()).collect();
                    Change::Write(at, &waste).apply(to);
                }
                1..=3 => {}
                _ => Change::Write(at, piece).apply(to),
            }
            (at, rest) = (at + piece.len(), after);
        }
    }
}

/// Dice that fall the same way for the same seed: `SplitMix64`.
#[derive(Debug)]
struct Die(u64);

impl Die {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.throw(256)).unwrap_or_default()
    }
}
