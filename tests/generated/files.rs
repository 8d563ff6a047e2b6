//! Generated files on the disk: which are stale, and how they are written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The folder of the man pages. Nothing else is in it.
pub const MAN: &str = "docs/man";
/// The command reference.
pub const REFERENCE: &str = "docs/reference.md";

/// The text of each file by its path from the root of the project.
pub type Generated = BTreeMap<String, String>;

/// Every file that is not what it is to be, with what is wrong with it: all of them, not the first alone.
pub fn stale(root: &Path, files: &Generated) -> Vec<String> {
    let mut stale = Vec::new();
    for (path, text) in files {
        match fs::read_to_string(root.join(path)) {
            Ok(found) if found == *text => {}
            Ok(found) => {
                let line = first_difference(&found, text);
                stale.push(format!("{path}: differs from line {line} on"));
            }
            Err(_) => stale.push(format!("{path}: is missing")),
        }
    }
    stale.extend(left_over(root, files).iter().map(|path| format!("{path}: no command makes it")));
    stale
}

/// Writes every file, and removes the pages of commands that are no more.
pub fn write(root: &Path, files: &Generated) {
    fs::create_dir_all(root.join(MAN)).expect("the folder of the pages can be made");
    for (path, text) in files {
        fs::write(root.join(path), text).expect("a generated file can be written");
    }
    for path in left_over(root, files) {
        fs::remove_file(root.join(path)).expect("a page that is left over can be removed");
    }
}

/// Files among the man pages that no command makes.
fn left_over(root: &Path, files: &Generated) -> Vec<String> {
    let entries = fs::read_dir(root.join(MAN)).into_iter().flatten();
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.expect("the folder of the pages can be listed").file_name().to_string_lossy().into_owned()
    };
    let mut paths: Vec<String> = entries.map(|entry| format!("{MAN}/{}", name(entry))).collect();
    paths.retain(|path| !files.contains_key(path));
    paths.sort();
    paths
}

/// The number of the first line that differs.
fn first_difference(found: &str, expected: &str) -> usize {
    found.split('\n').zip(expected.split('\n')).take_while(|(found, expected)| found == expected).count() + 1
}
