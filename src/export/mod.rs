//! What the program knows, written to a file or folder that a person named.
//!
//! The disk is never touched except at that one target: a file has the old content or the whole new
//! one at any moment (see [`files`]), and what is cancelled or fails leaves the old one; a folder takes
//! a [`dataset`], file by file, and knows how far it has come, or [generated pictures](synthetic). A target in the dataset's own folder is
//! refused ([`check_target`]). This room refuses to know the user interface.

pub mod dataset;
mod issues;
pub mod report;
pub mod synthetic;
mod target;
pub mod weights;

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

pub use issues::{issues_csv, issues_json, write_issues};
pub use target::{check_target, free_bytes, is_inside, is_one_file};

use crate::files;
use crate::import::ImportError;
use crate::jobs::Cancelled;

/// Why nothing was exported. Each sentence names the file or folder last.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error("a file name is missing; add one to the folder: {}", .0.display())]
    NoName(PathBuf),
    #[error("there is no such folder; make it first or choose another: {}", .0.display())]
    NoFolder(PathBuf),
    #[error("this is a folder and not a file; add a file name: {}", .0.display())]
    IsFolder(PathBuf),
    #[error("this file is write-protected; choose another name: {}", .0.display())]
    Protected(PathBuf),
    #[error("you may not write here; choose another folder: {}", .0.display())]
    Denied(PathBuf),
    #[error("the disk is full; free some space and try again: {}", .0.display())]
    DiskFull(PathBuf),
    #[error("this is inside the dataset, which is never written to; choose another place: {}", .0.display())]
    InDataset(PathBuf),
    #[error("this is a file; name a folder: {}", .0.display())]
    NotAFolder(PathBuf),
    /// A sentence of its own.
    #[error("{0}")]
    Refused(String),
    #[error("another program is exporting to this folder; wait for it or choose another: {}", .0.display())]
    InUse(PathBuf),
    #[error("the dataset could not be listed again: {0}")]
    Source(ImportError),
    #[error("could not be written ({cause}): {}", .path.display())]
    Io { path: PathBuf, cause: io::Error },
}

impl From<ImportError> for ExportError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Cancelled(cancelled) => cancelled.into(),
            error => Self::Source(error),
        }
    }
}

impl ExportError {
    pub(crate) fn io(path: &Path, cause: io::Error) -> Self {
        let path = path.to_owned();
        match cause.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied(path),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(path),
            _ => Self::Io { path, cause },
        }
    }
}

/// Refuses a file that cannot be written, as far as that shows without writing it. Cheap: call it before
/// the work whose result goes there.
pub fn check_file(path: &Path) -> Result<(), ExportError> {
    if path.file_name().is_none() {
        return Err(ExportError::NoName(path.to_owned()));
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(ExportError::NoFolder(folder.to_owned()));
    }
    match std::fs::metadata(path) {
        Ok(target) if target.is_dir() => Err(ExportError::IsFolder(path.to_owned())),
        Ok(target) if target.permissions().readonly() => Err(ExportError::Protected(path.to_owned())),
        _ => Ok(()),
    }
}

/// Writes a whole new file at `path`, or leaves what is there.
fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    check_file(path)?;
    files::write_whole(path, |cause| ExportError::io(path, cause), write)
}
