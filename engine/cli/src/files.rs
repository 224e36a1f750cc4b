//! Files: what lies in a folder, and the texts of those that are read.

use std::fs;
use std::path::{Path, PathBuf};

use rulegate_script::{Diagnostic, RuleFolder, SourceFile};

use crate::exit::Stop;

/// How deeply folders may nest. Symbolic links can make a circle.
const DEPTH_LIMIT: usize = 16;

/// The rules and entity definitions of a folder, in the order of their paths.
pub(crate) fn rules(root: &Path, folder: &str) -> Result<Vec<SourceFile>, Stop> {
    let path = root.join(folder);
    if !path.is_dir() {
        return Err(Stop::usage(format!(
            "there is no folder `{folder}` in `{}`: make one, or say `rules = \"…\"` in `rulegate.toml`",
            root.display()
        )));
    }
    RuleFolder::new(path).read().map_err(Stop::unchecked)
}

/// The texts of files of a folder, all or nothing.
pub(crate) fn texts(folder: &Path, shown: &str, names: &[String]) -> Result<Vec<SourceFile>, Stop> {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for name in names {
        let path = folder.join(name);
        let bytes = fs::read(&path).map_err(|it| Stop::io("read", &path, &it))?;
        match SourceFile::from_bytes(format!("{shown}/{name}"), &bytes) {
            Ok(file) => files.push(file),
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(Stop::unchecked(problems)) }
}

/// The files below a folder whose names are so, as paths from there with `/`, in order. Hidden files and
/// folders are those of tools, and left out.
pub(crate) fn list(folder: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>, Stop> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((path, prefix, depth)) = open.pop() {
        if depth == DEPTH_LIMIT {
            let text =
                format!("folders nest more than {DEPTH_LIMIT} deep: is there a circle of links?");
            let problem = Diagnostic::error("too-deep", text).in_file(prefix);
            return Err(Stop::unchecked(vec![problem]));
        }
        for (name, path) in entries(&path)? {
            let below = format!("{prefix}{name}");
            if path.is_dir() {
                open.push((path, format!("{below}/"), depth + 1));
            } else if is_wanted(&name) {
                found.push(below);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, Stop> {
    let failed = |error| Stop::io("read the folder", folder, &error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            entries.push((name, entry.path()));
        }
    }
    Ok(entries)
}

/// Whether a name ends so, in these very letters, as the rule language wants it.
pub(crate) fn ends(name: &str, ending: &str) -> bool {
    name.strip_suffix(ending).is_some()
}

/// Writes a file, and the folders above it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Stop> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|it| Stop::io("make the folder", folder, &it))?;
    }
    fs::write(path, text).map_err(|it| Stop::io("write", path, &it))
}

/// Gives a file another text at once: who reads it meanwhile has the one or the other, whole.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Stop> {
    // A link stays one: what it points at is replaced.
    let path = fs::canonicalize(path).map_err(|it| Stop::io("find", path, &it))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = path.with_file_name(format!(".{name}.new"));
    let failed = |error| Stop::io("write", &path, &error);
    let written = fs::metadata(&path)
        .and_then(|it| fs::write(&aside, text).map(|()| it))
        .and_then(|it| fs::set_permissions(&aside, it.permissions()))
        .and_then(|()| fs::rename(&aside, &path));
    if written.is_err() {
        remove(&aside)?;
    }
    written.map_err(failed)
}

/// Takes a file away, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Stop> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Stop::io("remove", path, &error))
        }
        _ => Ok(()),
    }
}
