//! A file that the user asked for. It replaces an older one when it is complete.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::error::{Error, ErrorKind, Result};
use crate::files;
use crate::store::secure_folder;

#[derive(Debug)]
pub(crate) struct Export {
    path: PathBuf,
    out: BufWriter<File>,
    /// The name of the file until it is complete. None: `path` is a device or a pipe, which is written to directly.
    partial: Option<TempPath>,
}

impl Export {
    /// If `path` is a symbolic link, the file that it leads to is replaced.
    pub(crate) fn to(path: &Path) -> Result<Export> {
        secure_folder::refuse_unsafe_target(path)?;
        let open = || -> io::Result<(File, Option<TempPath>)> {
            if is_device(path) {
                return Ok((OpenOptions::new().write(true).open(path)?, None));
            }
            let target = target(path);
            if target.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
            let (file, partial) = files::partial(folder.unwrap_or(Path::new(".")))?.into_parts();
            Ok((file, Some(partial)))
        };
        let (file, partial) = open().map_err(|error| failed(path, error))?;
        Ok(Export { path: path.to_path_buf(), out: BufWriter::new(file), partial })
    }

    /// Called before there is anything to write.
    pub(crate) fn check_writable(path: &Path) -> Result<()> {
        // The reader of a pipe would take this for the whole output.
        if is_device(path) { secure_folder::refuse_unsafe_target(path) } else { Export::to(path).map(drop) }
    }

    /// Whether a file written to `path` would replace `file`.
    pub(crate) fn replaces(path: &Path, file: &Path) -> bool {
        file.canonicalize()
            .is_ok_and(|file| !is_device(&file) && target(path).canonicalize().is_ok_and(|it| it == file))
    }

    pub(crate) fn write(&mut self, text: &str) -> Result<()> {
        self.write_bytes(text.as_bytes())
    }

    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|error| failed(&self.path, error))
    }

    pub(crate) fn finish(mut self) -> Result<()> {
        let mut finish = || -> io::Result<()> {
            self.out.flush()?;
            if let Some(partial) = self.partial.take() {
                self.out.get_ref().sync_all()?;
                partial.persist(target(&self.path))?;
            }
            Ok(())
        };
        finish().map_err(|error| failed(&self.path, error))
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Failed, format!("{} cannot be written", path.display())).source(error)
}

/// The file need not exist.
fn target(path: &Path) -> PathBuf {
    let linked = || Some(path.parent()?.join(std::fs::read_link(path).ok()?));
    path.canonicalize().ok().or_else(linked).unwrap_or_else(|| path.to_path_buf())
}

pub(crate) fn is_device(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir())
}
