//! `check --fix`: mends what can be mended, again and again until nothing is left.

use rulegate_script::{Diagnostic, SourceFile, mend};

use crate::exit::Stop;
use crate::files;
use crate::project::Project;

/// How often is looked again. Each round mends what is left of fixes that overlap: more than this is a fix that
/// another one takes back.
const ROUNDS: usize = 10;

/// What was mended.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    pub(super) problems: usize,
    /// The files that were written, as they are shown.
    pub(super) files: Vec<String>,
}

/// Mends the problems that `find` finds, in the files of the rules folder.
pub(super) fn fix(
    project: &Project,
    mut find: impl FnMut() -> Result<Vec<Diagnostic>, Stop>,
) -> Result<Fixed, Stop> {
    let mut fixed = Fixed::default();
    for _ in 0..ROUNDS {
        let files = match files::rules(&project.root, &project.config.rules) {
            Ok(files) => files,
            Err(Stop::Problems(..)) => break, // Nobody mends what cannot be read.
            Err(stop) => return Err(stop),
        };
        let found = find()?;
        if found.iter().all(|it| it.fix.is_none()) {
            break;
        }
        let mended = mend(&files, &found, &project.config.limits);
        if mended.is_empty() {
            break;
        }
        for it in mended {
            write(project, &it.file)?;
            fixed.problems += it.count;
            fixed.files.push(it.file.path);
        }
    }
    fixed.files.sort();
    fixed.files.dedup();
    Ok(fixed)
}

fn write(project: &Project, file: &SourceFile) -> Result<(), Stop> {
    files::replace(&project.located(&file.path), &file.text)
}
