//! What tests share: the shipped rules folder, and a small catalog made in code.

mod bare;

use std::path::{Path, PathBuf};
use std::{fs, io};

use rulegate_script::SourceFile;

pub use self::bare::bare;

/// The root of the repository. Tests read nothing outside of it.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The entity files of the shipped rules, and `external.toml`, in the order of their paths.
pub fn entity_files() -> io::Result<Vec<SourceFile>> {
    let rules = root().join("rules");
    let mut files = vec![source("rules/external.toml")?];
    let mut folders: Vec<_> = fs::read_dir(rules)?.collect::<Result<_, _>>()?;
    folders.sort_by_key(fs::DirEntry::file_name);
    for folder in folders.iter().filter(|it| it.path().join("entity.toml").exists()) {
        let name = folder.file_name();
        files.push(source(&format!("rules/{}/entity.toml", name.to_string_lossy()))?);
    }
    Ok(files)
}

fn source(path: &str) -> io::Result<SourceFile> {
    SourceFile::from_bytes(path, &fs::read(root().join(path))?).map_err(io::Error::other)
}
