//! Files and folders that only their owner may read; files that are replaced whole, locked, or made of lines.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The most that is read at a time when the last line is looked for, in bytes.
pub(crate) const CHUNK: u64 = 64 * 1024;
/// How much is read of it first. A line of the journal that ends a change is a tenth of this.
const FIRST_CHUNK: u64 = 2 * 1024;

/// Makes a folder and the ones above it, 0700 if the platform has modes. A folder that exists keeps its mode.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes new files 0600, if the platform has modes.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes the names in a folder durable: a new file survives a power cut only once its folder is synced.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Replaces a file, wholly or not at all. The new file is 0600 and on disk.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_as(path, content, None)
}

/// [`replace`] with these permissions instead of 0600, if there are some.
pub(crate) fn replace_as(path: &Path, content: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let mut fresh = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    fresh.write_all(content)?;
    if let Some(permissions) = permissions {
        fresh.as_file().set_permissions(permissions)?;
    }
    fresh.as_file().sync_all()?;
    fresh.persist(path)?;
    // Some file systems cannot sync a folder. The file is replaced all the same.
    let _ = sync_folder(path.parent().unwrap_or(Path::new(".")));
    Ok(())
}

/// Whether other users may write a file.
pub(crate) fn is_writable_by_others(path: &Path) -> bool {
    has_mode(path, 0o022)
}

/// Whether a regular file has one of these bits in its mode. The mode of a pipe does not matter.
pub(crate) fn has_mode(path: &Path, bits: u32) -> bool {
    std::fs::metadata(path).is_ok_and(|there| there.is_file() && mode(&there) & bits != 0)
}

/// Whether other users may put files into a folder.
pub(crate) fn is_folder_open_to_others(folder: &Path) -> bool {
    std::fs::metadata(folder).is_ok_and(|there| there.is_dir() && mode(&there) & 0o022 != 0)
}

/// The mode; 0 if the platform has none.
fn mode(there: &Metadata) -> u32 {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&there.permissions());
    #[cfg(not(unix))]
    {
        let _ = there;
        0
    }
}

/// An absolute path, as text.
pub(crate) fn absolute(path: &str) -> io::Result<String> {
    let absolute = std::path::absolute(path)?;
    absolute.into_os_string().into_string().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

/// Takes a lock, which is released when the file is dropped or the process ends; none if another process has it.
pub(crate) fn try_hold(path: &Path) -> io::Result<Option<File>> {
    let lock = private(OpenOptions::new().create(true).truncate(false).write(true)).open(path)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(why)) => Err(why),
    }
}

/// Takes away what stands after the last line break, and gives the length of what is left.
///
/// # Errors
/// As the file system has them.
pub(crate) fn cut_torn_line(file: &File) -> io::Result<u64> {
    let end = end_of_lines(file)?;
    if end < file.metadata()?.len() {
        file.set_len(end)?;
    }
    Ok(end)
}

/// Where the last complete line ends.
///
/// # Errors
/// As the file system has them.
fn end_of_lines(file: &File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    Ok(break_before(file, length)?.map_or(0, |at| at + 1))
}

/// Where the last complete line of a file ends, and that line without its break; none where there is no such line. One read
/// where the line is short.
///
/// # Errors
/// As the file system has them.
pub(crate) fn last_line(file: &File) -> io::Result<(u64, Option<Vec<u8>>)> {
    let length = file.metadata()?.len();
    let begin = length.saturating_sub(FIRST_CHUNK);
    let chunk = read_range(file, begin, length)?;
    let break_in = |bytes: &[u8]| bytes.iter().rposition(|&byte| byte == b'\n');
    if let Some(last) = break_in(&chunk) {
        let before = break_in(&chunk[..last]);
        if let Some(start) = before.map(|at| at + 1).or((begin == 0).then_some(0)) {
            return Ok((begin + last as u64 + 1, Some(chunk[start..last].to_vec())));
        }
    }
    let Some(last) = break_before(file, length)? else { return Ok((0, None)) };
    let start = break_before(file, last)?.map_or(0, |at| at + 1);
    Ok((last + 1, Some(read_range(file, start, last)?)))
}

/// Where the last line break before `end` is.
///
/// # Errors
/// As the file system has them.
fn break_before(file: &File, mut end: u64) -> io::Result<Option<u64>> {
    let mut chunk = FIRST_CHUNK;
    while end > 0 {
        let start = end.saturating_sub(chunk);
        if let Some(at) = read_range(file, start, end)?.iter().rposition(|&byte| byte == b'\n') {
            return Ok(Some(start + at as u64));
        }
        end = start;
        chunk = (chunk * 4).min(CHUNK);
    }
    Ok(None)
}

/// What lies between two places of a file, as far as it reaches. One read where the file gives it at once: a `Vec` that
/// grows while it is read into begins with pieces of 32 bytes.
///
/// # Errors
/// As the file system has them.
fn read_range(mut file: &File, start: u64, end: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = vec![0; usize::try_from(end.saturating_sub(start)).map_err(io::Error::other)?];
    let mut length = 0;
    while length < bytes.len() {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_found_however_long_it_is() {
        let long = |length: usize| "x".repeat(length);
        for last in ["", "a", &long(2047), &long(2048), &long(5_000), &long(200_000)] {
            for before in ["", "\n", "first\n", &(long(100_000) + "\n")] {
                for torn in ["", "torn", &long(3_000)] {
                    let text = format!("{before}{last}\n{torn}");
                    let mut file = tempfile::tempfile().unwrap();
                    file.write_all(text.as_bytes()).unwrap();
                    let (end, line) = last_line(&file).unwrap();
                    assert_eq!(end as usize, text.len() - torn.len());
                    assert!(
                        line.unwrap() == last.as_bytes(),
                        "{} {} {}",
                        before.len(),
                        last.len(),
                        torn.len()
                    );
                }
            }
        }
        for text in ["", "torn", &long(5_000)] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            assert_eq!(last_line(&file).unwrap(), (0, None));
        }
    }
}
