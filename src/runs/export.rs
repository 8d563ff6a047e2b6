//! Where the user wants what became of the rows.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file that results are written to for the user, whole or not at all.
#[derive(Debug)]
pub struct Export {
    file: BufWriter<tempfile::NamedTempFile>,
    path: PathBuf,
}

impl Export {
    /// A file that takes the place of the one at this path once it is complete.
    ///
    /// # Errors
    /// Where nothing can be written beside it.
    pub fn to(path: &Path) -> Result<Export> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::NamedTempFile::new_in(folder)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Export { file: BufWriter::new(file), path: path.to_path_buf() })
    }

    /// Adds text to it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&mut self, text: &str) -> Result<()> {
        self.file
            .write_all(text.as_bytes())
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// Where it cannot be put there.
    pub fn finish(self) -> Result<()> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        let path = self.path;
        file.persist(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(())
    }
}
