//! Folders and files that hold customers: only the user and root may replace them. If another user owns a folder or can
//! write to it, that user can read what is kept there, or plant links and records. So owner and mode are checked before
//! every use. Platforms without modes check nothing.

use std::fs::{Metadata, metadata, symlink_metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::files::make_folder;

/// All folders that are made here are in the state folder.
pub(crate) const ELSEWHERE: &str = "set XDG_STATE_HOME to a folder that can be written and is kept";

pub(crate) fn make(folder: &Path) -> Result<()> {
    check(folder)?;
    make_folder(folder).map_err(|error| failed(folder, "cannot be made", error).hint(ELSEWHERE))?;
    check(folder)
}

/// One that does not exist passes.
pub(crate) fn check(path: &Path) -> Result<()> {
    refuse_unsafe_target(path)?;
    match metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        there => {
            check_owner_and_mode(path, &there.map_err(|error| failed(path, "cannot be looked at", error))?)
        }
    }
}

/// In a folder that others can write to, a link, pipe or device may be theirs, and would get what is written.
pub(crate) fn refuse_unsafe_target(path: &Path) -> Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_shared = metadata(parent).is_ok_and(|parent| !is_ours(&parent) || mode(&parent) & 0o022 != 0);
    let Some(there) = symlink_metadata(path).ok().filter(|_| is_shared) else { return Ok(()) };
    if there.is_file() || there.is_dir() || (!there.is_symlink() && is_ours(&there)) {
        return Ok(());
    }
    let what = if there.is_symlink() { "is a link" } else { "is a pipe or device of another user" };
    Err(refused(path, &format!("{what} in a folder that other users can write to"))
        .hint(format!("remove it with `rm {}`, or name another file", quoted(path))))
}

fn check_owner_and_mode(path: &Path, there: &Metadata) -> Result<()> {
    if !is_ours(there) {
        return Err(refused(path, "belongs to another user").hint(format!(
            "`chown \"$(id -u)\" {}` makes it yours, if nothing in it is wrong",
            quoted(path)
        )));
    }
    if mode(there) & 0o022 != 0 {
        let mode = if there.is_dir() { "700" } else { "600" };
        return Err(refused(path, "can be written to by other users")
            .hint(format!("run `chmod {mode} {}`", quoted(path))));
    }
    Ok(())
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::new(ErrorKind::Failed, format!("{} {reason}, so it is not used", path.display()))
}

fn failed(path: &Path, what: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Failed, format!("{} {what}", path.display())).source(error)
}

fn quoted(path: &Path) -> String {
    let path: PathBuf = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    shell_words::quote(&path.to_string_lossy()).into_owned()
}

#[cfg(unix)]
fn is_ours(there: &Metadata) -> bool {
    let owner = std::os::unix::fs::MetadataExt::uid(there);
    owner == 0 || owner == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_ours(_there: &Metadata) -> bool {
    true
}

#[cfg(unix)]
fn mode(there: &Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&there.permissions())
}

#[cfg(not(unix))]
fn mode(_there: &Metadata) -> u32 {
    0
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs::{Permissions, create_dir, set_permissions, write};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn with_mode(path: &Path, mode: u32) {
        set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_missing_folder_is_created_private_and_an_own_one_accepted() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        make(&folder).unwrap();
        make(&folder).unwrap();
        assert_eq!(metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_path_that_other_users_can_write_is_refused_with_a_chmod_command() {
        let root = tempfile::tempdir().unwrap();
        let (folder, file) = (root.path().join("folder"), root.path().join("file"));
        create_dir(&folder).unwrap();
        write(&file, "").unwrap();
        for (path, bad, good, command) in
            [(&folder, 0o777, 0o755, "chmod 700 "), (&file, 0o620, 0o644, "chmod 600 ")]
        {
            with_mode(path, bad);
            let error = check(path).unwrap_err();
            assert!(error.message.contains("by other users"), "{error}");
            assert!(error.hints[0].contains(command), "{:?}", error.hints);
            with_mode(path, good);
            check(path).unwrap();
        }
    }

    #[test]
    fn a_link_is_followed_unless_other_users_can_write_its_folder() {
        let root = tempfile::tempdir().unwrap();
        let (target, link) = (root.path().join("target"), root.path().join("link"));
        create_dir(&target).unwrap();
        with_mode(&target, 0o700);
        symlink(&target, &link).unwrap();
        check(&link).unwrap();
        with_mode(root.path(), 0o1777);
        let error = check(&link).unwrap_err();
        assert!(error.message.contains("is a link in a folder that other users can write to"), "{error}");
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("folder");
        create_dir(&folder).unwrap();
        // Only root can give files away.
        if std::os::unix::fs::chown(&folder, Some(12_345), None).is_ok() {
            let error = check(&folder).unwrap_err();
            assert!(error.message.contains("belongs to another user"), "{error}");
            assert!(error.hints[0].contains("chown"), "{:?}", error.hints);
        }
    }
}
