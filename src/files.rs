//! Files and folders that only their owner may read; files that are replaced whole, locked, or made of lines.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The most that is read at a time when the last line is looked for, in bytes.
pub const CHUNK: u64 = 64 * 1024;
/// How much is read of it first. A line of the journal that ends a change is a tenth of this.
const FIRST_CHUNK: u64 = 2 * 1024;

/// Makes a folder and the ones above it, 0700 where the platform has modes.
///
/// # Errors
/// As the file system has them. A folder that exists is no error and keeps its mode.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Options under which a new file is 0600, where the platform has modes.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes the names in a folder durable: a new file survives a power cut only once its folder is synced.
///
/// # Errors
/// As the file system has them.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Puts content in the place of a file, whole or not at all; it is 0600 and on the disk then.
///
/// # Errors
/// As the file system has them; then the old file is there.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_as(path, content, None)
}

/// [`replace`] with these permissions, where there are some.
///
/// # Errors
/// See [`replace`].
pub fn replace_as(path: &Path, content: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let mut fresh = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    fresh.write_all(content)?;
    if let Some(permissions) = permissions {
        fresh.as_file().set_permissions(permissions)?;
    }
    fresh.as_file().sync_all()?;
    fresh.persist(path)?;
    // The file is there without this, and after a power cut only with it; where the folder cannot be synced it is there.
    let _ = sync_folder(path.parent().unwrap_or(Path::new(".")));
    Ok(())
}

/// Whether anyone but its owner may write a file, where the platform has modes.
pub fn is_writable_by_others(path: &Path) -> bool {
    has_mode(path, 0o022)
}

/// Whether a file has one of these bits in its mode. A pipe has no such rights that matter.
pub fn has_mode(path: &Path, bits: u32) -> bool {
    std::fs::metadata(path).is_ok_and(|there| there.is_file() && mode(&there) & bits != 0)
}

/// Whether anyone but its owner may put files into a folder, where the platform has modes.
pub fn is_folder_open_to_others(folder: &Path) -> bool {
    std::fs::metadata(folder).is_ok_and(|there| there.is_dir() && mode(&there) & 0o022 != 0)
}

/// The mode of what is there; no rights at all where the platform has none.
fn mode(there: &Metadata) -> u32 {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&there.permissions());
    #[cfg(not(unix))]
    {
        let _ = there;
        0
    }
}

/// A path from the root, whatever folder one is in later.
///
/// # Errors
/// Where it is no path, or not text.
pub fn absolute(path: &str) -> io::Result<String> {
    let absolute = std::path::absolute(path)?;
    absolute.into_os_string().into_string().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

/// Takes a lock that is given back when the file is dropped, and by the system when the process dies; none where
/// another process has it.
///
/// # Errors
/// Where the lock's file cannot be opened.
pub fn try_hold(path: &Path) -> io::Result<Option<File>> {
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
pub fn cut_torn_line(file: &File) -> io::Result<u64> {
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
pub fn last_line(file: &File) -> io::Result<(u64, Option<Vec<u8>>)> {
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
