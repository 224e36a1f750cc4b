//! Which files belong to a set, and what hinders reading them.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rulegate_script::{Diagnostic, RuleFolder, SourceFile};
use tempfile::TempDir;

use super::{paths, write};

/// A folder `rules` with these files, each with one line.
fn folder(files: &[&str]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("rules")).unwrap();
    for file in files {
        write(&home.path().join("rules").join(file), "// a line\n");
    }
    home
}

fn read(home: &TempDir) -> RuleFolder {
    RuleFolder::new(home.path().join("rules"))
}

/// Where something is wrong, and of which kind it is.
fn problems(home: &TempDir) -> Vec<(String, String)> {
    let problems = read(home).read().map(|files| panic!("{:?}", paths(&files))).unwrap_err();
    problems.into_iter().map(|it| (it.file, it.code)).collect()
}

fn problem(file: &str, code: &str) -> (String, String) {
    (file.to_owned(), code.to_owned())
}

#[test]
fn a_set_is_its_entities_and_rules_in_the_order_of_their_paths() {
    let home = folder(&[
        "deal/win.rhai",
        "deal/entity.toml",
        "deal/parts/deep.rhai",
        "account/check.rhai",
        "lib/money.rhai",
        "external.toml",
        "general.rhai",
    ]);
    let files = read(&home).read().unwrap();
    assert_eq!(
        paths(&files),
        [
            "rules/account/check.rhai",
            "rules/deal/entity.toml",
            "rules/deal/parts/deep.rhai",
            "rules/deal/win.rhai",
            "rules/external.toml",
            "rules/general.rhai",
            "rules/lib/money.rhai",
        ]
    );
    assert_eq!(&*files[0].text, "// a line\n");
}

#[test]
fn what_editors_leave_behind_is_no_part_of_it() {
    let home = folder(&[
        "deal/win.rhai",
        "deal/.win.rhai",
        "deal/.win.rhai.swp",
        "deal/win.rhai~",
        "deal/win.rhai.tmp",
        "deal/win.rhai.swp",
        "deal/#win.rhai#",
        "deal/4913",
        "deal/README.md",
        "deal/other.toml",
        ".git/hooks/x.rhai",
        "old~/x.rhai",
        "#tmp#/x.rhai",
    ]);
    symlink("someone@host.1", home.path().join("rules/deal/.#win.rhai")).unwrap(); // Emacs.
    symlink("nowhere", home.path().join("rules/deal/nowhere")).unwrap();
    assert_eq!(paths(&read(&home).read().unwrap()), ["rules/deal/win.rhai"]);
}

#[test]
fn what_is_read_together_was_there_together() {
    let home = folder(&[]);
    let at = |name: &str| home.path().join(name);
    for release in ["a", "b"] {
        (0..20).for_each(|it| write(&at(release).join(format!("{it}.rhai")), release));
    }
    let is_over = AtomicBool::new(false);
    let swap = || {
        for (from, to) in [("b", "a"), ("a", "b")].iter().cycle() {
            fs::rename(at("rules"), at(to)).unwrap();
            fs::rename(at(from), at("rules")).unwrap();
            thread::sleep(Duration::from_micros(500));
            if is_over.load(Ordering::Relaxed) {
                break;
            }
        }
    };
    fs::remove_dir(at("rules")).unwrap();
    fs::rename(at("a"), at("rules")).unwrap();
    let reads = thread::scope(|scope| {
        let swapping = scope.spawn(swap);
        let reads: Vec<_> = (0..200).map(|_| read(&home).read()).collect();
        is_over.store(true, Ordering::Relaxed);
        swapping.join().unwrap();
        reads
    });
    let whole: Vec<_> = reads.iter().flatten().collect();
    let is_torn =
        |it: &&&Vec<SourceFile>| it.len() != 20 || it.iter().any(|file| file.text != it[0].text);
    assert_eq!(whole.iter().filter(is_torn).count(), 0);
    assert!(!whole.is_empty());
}

#[test]
fn the_shipped_rules_are_read() {
    let files = RuleFolder::new(support::root().join("rules")).read().unwrap();
    for file in support::entity_files().unwrap() {
        assert!(files.contains(&file), "{}", file.path);
    }
}

#[test]
fn paths_begin_with_the_name_by_which_the_folder_is_called() {
    let home = folder(&["deal/win.rhai"]);
    symlink("rules", home.path().join("current")).unwrap();
    let through_a_link = RuleFolder::new(home.path().join("current")).read().unwrap();
    assert_eq!(paths(&through_a_link), ["current/deal/win.rhai"]);
    let indirect = RuleFolder::new(home.path().join("rules/deal/..")).read().unwrap();
    assert_eq!(paths(&indirect), ["rules/deal/win.rhai"]);
}

#[test]
fn a_folder_that_is_none_says_what_to_do() {
    let home = folder(&["x"]);
    let missing = RuleFolder::new("no/such/folder").read().unwrap_err();
    insta::assert_snapshot!(Diagnostic::render_all(&missing, false), @r"
    error[no-folder]: there is no folder `no/such/folder`
    --> folder
     = help: create it, or name another as the rules folder
    ");
    let file = RuleFolder::new(home.path().join("rules/x")).read().unwrap_err();
    assert!(file[0].message.ends_with("is a file, and no folder"), "{}", file[0]);
}

#[test]
fn files_in_the_wrong_place_are_told() {
    let home = folder(&["entity.toml", "deal/external.toml"]);
    assert_eq!(
        problems(&home),
        [
            problem("rules/deal/external.toml", "misplaced-file"),
            problem("rules/entity.toml", "misplaced-file"),
        ]
    );
}

#[test]
fn every_file_that_cannot_be_read_is_told() {
    let home = folder(&["deal/entity.toml"]);
    let at = |name: &str| home.path().join("rules").join(name);
    fs::create_dir(at("deal/folder.rhai")).unwrap();
    symlink("nowhere", at("deal/link.rhai")).unwrap();
    symlink("self.rhai", at("deal/self.rhai")).unwrap();
    symlink("..", at("deal/up")).unwrap();
    symlink("/dev/zero", at("deal/zero.rhai")).unwrap();
    fs::write(at("deal/bytes.rhai"), b"\xFF\xFE").unwrap();
    assert_eq!(
        problems(&home),
        [
            problem("rules/deal/folder.rhai", "not-a-file"),
            problem("rules/deal/link.rhai", "dangling"),
            problem("rules/deal/self.rhai", "unreadable"),
            problem("rules/deal/up", "link-loop"),
            problem("rules/deal/zero.rhai", "not-a-file"),
            problem("rules/deal/bytes.rhai", "not-utf-8"),
        ]
    );
}

#[test]
fn a_file_may_have_a_mebibyte_and_no_more() {
    let home = folder(&["deal/large.rhai"]);
    let file = File::create(home.path().join("rules/deal/large.rhai")).unwrap();
    file.set_len(1024 * 1024).unwrap();
    assert_eq!(read(&home).read().unwrap().len(), 1);
    file.set_len(1024 * 1024 + 1).unwrap();
    assert_eq!(problems(&home), [problem("rules/deal/large.rhai", "file-too-large")]);
}

#[test]
fn all_files_together_may_have_64_mebibytes_and_no_more() {
    let home = folder(&["deal/last.rhai"]);
    let at = |name: &str| home.path().join("rules/deal").join(name);
    for number in 0..64 {
        let file = File::create(at(&format!("{number}.rhai"))).unwrap();
        file.set_len(1024 * 1024).unwrap();
    }
    assert_eq!(problems(&home), [problem("", "folder-too-large")]);
    fs::write(at("last.rhai"), "").unwrap();
    assert_eq!(read(&home).read().unwrap().len(), 65);
}

#[test]
fn a_set_may_have_ten_thousand_files_and_no_more() {
    let home = folder(&[]);
    for number in 0..10_000 {
        File::create(home.path().join(format!("rules/{number}.rhai"))).unwrap();
    }
    assert_eq!(read(&home).read().unwrap().len(), 10_000);
    File::create(home.path().join("rules/one_more.rhai")).unwrap();
    assert_eq!(problems(&home), [problem("", "too-many-files")]);
}

#[test]
fn folders_may_be_sixteen_levels_deep_and_no_more() {
    let home = folder(&[]);
    let deep = |levels: usize| Path::new("rules").join("in/".repeat(levels)).join("x.rhai");
    write(&home.path().join(deep(16)), "");
    assert_eq!(read(&home).read().unwrap().len(), 1);
    write(&home.path().join(deep(17)), "");
    assert_eq!(problems(&home)[0].1, "too-deep");
}
