//! A file that the user asked for: it takes the place of the one that was there once it is complete, or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::files;
use crate::store::secure_folder;

/// A file on its way to its place.
#[derive(Debug)]
pub(crate) struct Export {
    out: Out,
    path: PathBuf,
}

#[derive(Debug)]
enum Out {
    /// It takes the place of the file once it is complete.
    Whole(BufWriter<tempfile::NamedTempFile>),
    /// A device or a pipe, which is written to as it is.
    Straight(BufWriter<File>),
}

impl Export {
    /// Begins a file. A link of the user's stays a link; what is no file, such as `/dev/null`, is written to directly.
    ///
    /// # Errors
    /// `Failed` if nothing can be written there or beside it, or others may have put there what is found.
    pub(crate) fn to(path: &Path) -> Result<Export> {
        secure_folder::refuse_planted(path)?;
        let open = || -> io::Result<Out> {
            if is_no_file(path) {
                return Ok(Out::Straight(BufWriter::new(OpenOptions::new().write(true).open(path)?)));
            }
            let place = place(path);
            let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
            Ok(Out::Whole(BufWriter::new(files::partial(folder.unwrap_or(Path::new(".")))?)))
        };
        let out = open().map_err(|why| failed(path, why))?;
        Ok(Export { out, path: path.to_path_buf() })
    }

    /// Whether something can be written there, as far as that can be told beforehand.
    ///
    /// # Errors
    /// Those of [`Export::to`].
    pub(crate) fn try_out(path: &Path) -> Result<()> {
        // A reader at the other end of a pipe would take this for all there is.
        if is_no_file(path) { secure_folder::refuse_planted(path) } else { Export::to(path).map(drop) }
    }

    /// Whether a file written there would take the place of this file.
    pub(crate) fn replaces(path: &Path, file: &Path) -> bool {
        file.canonicalize()
            .is_ok_and(|file| !is_no_file(&file) && place(path).canonicalize().is_ok_and(|it| it == file))
    }

    /// Adds text to it.
    pub(crate) fn write(&mut self, text: &str) -> Result<()> {
        match &mut self.out {
            Out::Whole(out) => out.write_all(text.as_bytes()),
            Out::Straight(out) => out.write_all(text.as_bytes()),
        }
        .map_err(|why| failed(&self.path, why))
    }

    /// Puts it in its place.
    pub(crate) fn finish(self) -> Result<()> {
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
        finish().map_err(|why| failed(&self.path, why))
    }
}

fn failed(path: &Path, why: io::Error) -> Error {
    Error::new(Kind::Failed, format!("{} cannot be written", path.display())).because(why)
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
