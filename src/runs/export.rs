//! Where the user wants what became of the rows.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file that results are written to for the user, whole or not at all.
#[derive(Debug)]
pub struct Export {
    out: Out,
    path: PathBuf,
}

#[derive(Debug)]
enum Out {
    /// It takes the place of the file once it is complete.
    Whole(BufWriter<tempfile::NamedTempFile>),
    /// A device or a pipe, which nothing takes the place of.
    Straight(BufWriter<File>),
}

impl Export {
    /// A file that takes the place of the one at this path once it is complete. A link stays a link; what is no file, such
    /// as `/dev/null`, is written to as it goes.
    ///
    /// # Errors
    /// Where nothing can be written there, or beside it.
    pub fn to(path: &Path) -> Result<Export> {
        let open = || -> io::Result<Out> {
            if is_no_file(path) {
                return Ok(Out::Straight(BufWriter::new(OpenOptions::new().write(true).open(path)?)));
            }
            let place = place(path);
            let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
            let fresh = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
            Ok(Out::Whole(BufWriter::new(fresh)))
        };
        let out = open().with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Export { out, path: path.to_path_buf() })
    }

    /// Whether something can be written there, as far as that can be told beforehand.
    ///
    /// # Errors
    /// As [`Export::to`] has them.
    pub fn try_out(path: &Path) -> Result<()> {
        // A reader at the other end of a pipe would take this for all there is.
        if is_no_file(path) { Ok(()) } else { Export::to(path).map(drop) }
    }

    /// Whether what is written there would take the place of this file.
    pub fn replaces(path: &Path, file: &Path) -> bool {
        file.canonicalize()
            .is_ok_and(|file| !is_no_file(&file) && place(path).canonicalize().is_ok_and(|it| it == file))
    }

    /// Adds text to it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&mut self, text: &str) -> Result<()> {
        match &mut self.out {
            Out::Whole(out) => out.write_all(text.as_bytes()),
            Out::Straight(out) => out.write_all(text.as_bytes()),
        }
        .with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// Where it cannot be put there.
    pub fn finish(self) -> Result<()> {
        let finish = || -> io::Result<()> {
            match self.out {
                Out::Whole(out) => {
                    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                    file.as_file().sync_all()?;
                    file.persist(place(&self.path))?;
                }
                Out::Straight(mut out) => out.flush()?,
            }
            Ok(())
        };
        finish().with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

/// Where the file is that a path leads to.
fn place(path: &Path) -> PathBuf {
    let linked = || Some(path.parent()?.join(std::fs::read_link(path).ok()?));
    // A link may lead to where nothing is yet.
    path.canonicalize().ok().or_else(linked).unwrap_or_else(|| path.to_path_buf())
}

/// Whether something is there that is neither file nor folder.
fn is_no_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir())
}
