//! Files and folders that only their owner may read; atomic replacement, and locks.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

const PARTIAL: &str = ".fusebill-partial-";

/// 0700 if the platform has modes, also the folders above. A folder that exists keeps its mode.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// New files are 0600, if the platform has modes.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A new file survives a power cut only after its folder is synced.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The new file is 0600 and synced.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_as(path, content, None)
}

/// [`replace`], with these permissions instead of 0600.
pub(crate) fn replace_as(path: &Path, content: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut fresh = partial(folder)?;
    fresh.write_all(content)?;
    if let Some(permissions) = permissions {
        fresh.as_file().set_permissions(permissions)?;
    }
    fresh.as_file().sync_all()?;
    fresh.persist(path)?;
    // Some file systems cannot sync a folder.
    let _ = sync_folder(folder);
    Ok(())
}

/// 0600 and locked. Such files without a lock are left over from killed commands, and are removed.
pub(crate) fn partial(folder: &Path) -> io::Result<NamedTempFile> {
    remove_stale_partials(folder);
    loop {
        // `tempfile_in` would name the partial file in its errors, which the user does not know.
        let open =
            |path: &Path| private(OpenOptions::new().create_new(true).read(true).write(true)).open(path);
        let file = tempfile::Builder::new().prefix(PARTIAL).make_in(folder, open)?;
        // Without locks on this file system, `remove_stale_partials` removes nothing.
        let _ = file.as_file().lock();
        // Another process may have swept it before it was locked.
        if file.path().exists() {
            return Ok(file);
        }
    }
}

fn remove_stale_partials(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(io::Result::ok);
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PARTIAL)) {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let left = || OpenOptions::new().write(true).open(entry.path()).and_then(|file| Ok(file.try_lock()?));
        if is_file && left().is_ok() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The mode of a pipe protects nothing, so only regular files count.
pub(crate) fn has_mode(path: &Path, bits: u32) -> bool {
    std::fs::metadata(path).is_ok_and(|there| there.is_file() && mode(&there) & bits != 0)
}

pub(crate) fn is_folder_open_to_others(folder: &Path) -> bool {
    std::fs::metadata(folder).is_ok_and(|there| there.is_dir() && mode(&there) & 0o022 != 0)
}

/// 0 if the platform has no modes.
fn mode(there: &Metadata) -> u32 {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&there.permissions());
    #[cfg(not(unix))]
    {
        let _ = there;
        0
    }
}

pub(crate) fn absolute(path: &str) -> io::Result<String> {
    let absolute = std::path::absolute(path)?;
    absolute.into_os_string().into_string().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

fn lock_file(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().create(true).truncate(false).write(true)).open(path)
}

/// Waits for the lock, and has it until the file is dropped or the process ends.
pub(crate) fn hold(path: &Path) -> io::Result<File> {
    lock_file(path).and_then(|lock| lock.lock().map(|()| lock))
}

/// [`hold`] without waiting: none if another process has the lock.
pub(crate) fn try_hold(path: &Path) -> io::Result<Option<File>> {
    let lock = lock_file(path)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_files_of_killed_commands_are_removed_and_open_ones_kept() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(format!("{PARTIAL}killed"));
        let other = folder.path().join("other");
        std::fs::write(&left, "customers").unwrap();
        std::fs::write(&other, "").unwrap();
        let first = partial(folder.path()).unwrap();
        let second = partial(folder.path()).unwrap();
        assert!(first.path().exists() && second.path().exists() && other.exists());
        assert!(!left.exists());
        first.persist(folder.path().join("done")).unwrap();
        drop((second, partial(folder.path()).unwrap()));
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "done and other");
    }
}
