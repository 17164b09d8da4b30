//! Why something could not be kept or read back, as sentences for the person.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the store could not do what it was asked. Each sentence names the file or folder last.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the disk is full; free some space and try again: {}", .0.display())]
    DiskFull(PathBuf),
    #[error("you may not read or write this; change its permissions or choose another place: {}", .0.display())]
    Denied(PathBuf),
    /// `reason` is the sentence of [`super::Access::ReadOnly`].
    #[error("nothing can be changed here, because {reason}: {}", .path.display())]
    ReadOnly { path: PathBuf, reason: String },
    /// `reason` is the sentence of [`super::Access::ReadOnly`].
    #[error("no project can be begun here, because {reason}: {}", .folder.display())]
    NotBegun { folder: PathBuf, reason: String },
    #[error(
        "this project was written by a newer Lenslet: its format is {found} and this program reads up to \
         {known}; update Lenslet, or choose another folder with --project: {}", .path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error(
        "this project has the older format {found} and cannot be brought up to {known} while it is open \
         read-only; close the other window or make the folder writable: {}", .path.display()
    )]
    Older { path: PathBuf, found: i64, known: i64 },
    #[error("this is a database of another program; choose another folder with --project: {}", .0.display())]
    NotAProject(PathBuf),
    #[error(
        "{what} is damaged; set the project aside to start it anew (the damaged file is kept): {}",
        .path.display()
    )]
    Damaged { path: PathBuf, what: String },
    #[error("another program holds this file; close it and try again: {}", .0.display())]
    Busy(PathBuf),
    #[error(
        "the project must not lie inside the dataset {}; choose another folder with --project: {}",
        .dataset.display(), .folder.display()
    )]
    InsideDataset { folder: PathBuf, dataset: PathBuf },
    #[error("{what} is larger than a project can hold: {}", .path.display())]
    TooLarge { path: PathBuf, what: String },
    #[error("your home folder is not known; set HOME, or LENSLET_HOME to a folder for Lenslet's files")]
    NoHome,
    #[error(
        "{waiting} edits wait to be written, so no more are taken; see that the disk is there and has \
         space: {}", .path.display()
    )]
    QueueFull { path: PathBuf, waiting: usize },
    #[error("the writer of edits has stopped ({why}); start Lenslet again: {}", .path.display())]
    WriterStopped { path: PathBuf, why: String },
    #[error("{source}: {}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the database answered “{source}”: {}", .path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
}

impl StoreError {
    /// What the operating system's answer about `path` means to the person.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(path),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied(path),
            _ => Self::Io { path, source },
        }
    }

    /// What the database's answer about `path` means to the person.
    pub(crate) fn database(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull(path),
            Some(ErrorCode::CannotOpen) if !path.exists() => {
                Self::Io { path, source: io::ErrorKind::NotFound.into() }
            }
            Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
                Self::Denied(path)
            }
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path, what: "the project database".to_owned() }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(path),
            Some(ErrorCode::TooBig) => Self::TooLarge { path, what: "an entry".to_owned() },
            _ => Self::Database { path, source },
        }
    }

    /// Whether setting the project aside is the way out.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }
}
