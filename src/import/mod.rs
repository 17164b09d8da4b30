//! Disk to dataset: one file per format behind one table of formats.
//!
//! [`open`] lists what a source holds ([`Tree`]), asks each format in [`FORMATS`] how well it fits,
//! and lets the best one build the [`Dataset`]. Nothing is decoded here: opening reads names, tables
//! and annotations. [`Reader`] gives a sample's bytes later, from wherever its [`Place`] says.
//!
//! This room refuses to know the user interface, and never writes.
//!
//! [`Place`]: crate::dataset::Place

pub mod cifar;
pub mod coco;
pub mod idx;
pub mod names;
pub mod naming;
pub mod numpy;
pub mod packed;
pub mod parquet;
pub mod reader;
pub mod tree;
pub mod voc;
pub mod yolo;

use std::path::PathBuf;
use std::sync::Arc;

use crate::dataset::{Container, ContainerKind, Dataset, DatasetBuilder, Issue, IssueKind, Layout};
use crate::jobs::{Cancelled, Control};

pub use reader::{ReadAt, ReadError, Reader, RowSource, dataset_reader};
pub use tree::Tree;

/// What opening a source gave.
#[derive(Clone, Debug)]
pub struct Imported {
    pub dataset: Dataset,
    /// Faults seen without decoding: missing files, broken annotations, unreadable folders.
    pub issues: Vec<Issue>,
}

/// Why a source could not be opened at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("there is no file or folder at {}", .0.display())]
    NotFound(PathBuf),
    #[error("{} could not be read: {source}", .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// The path comes last in the message.
    #[error("{message}: {}", .path.display())]
    Malformed { path: PathBuf, message: String },
    #[error("nothing to show was found in {}; looked for {looked_for}", .path.display())]
    NothingFound { path: PathBuf, looked_for: String },
    #[error("cancelled")]
    Cancelled(#[from] Cancelled),
}

/// A dataset layout that the program reads.
pub struct Format {
    pub layout: Layout,
    /// What is read, for the table of formats in README and the error when nothing fits.
    pub reads: &'static str,
    /// How well the tree fits this format: `None` not at all; the highest wins. It looks at names
    /// and at the first bytes of few files only.
    pub detect: fn(&Tree) -> Option<Fit>,
    /// Fills the builder from the tree.
    pub import: fn(&Tree, &mut DatasetBuilder, &Control) -> Result<(), ImportError>,
}

/// How well a tree fits a format. Later is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Image files lie about.
    Fallback,
    /// The names look right.
    Likely,
    /// A file that only this format has was read and is right.
    Certain,
}

/// The rows of an opened array or table file.
fn open_rows(bytes: Arc<dyn ReadAt>, container: &Container) -> Result<Arc<dyn RowSource>, ReadError> {
    match container.kind {
        ContainerKind::Idx => idx::open(bytes, container),
        ContainerKind::Cifar10 | ContainerKind::Cifar100 => cifar::open(bytes, container),
        ContainerKind::Npy => numpy::open(bytes, container),
        ContainerKind::Parquet => parquet::open(bytes, container),
        ContainerKind::Tar | ContainerKind::TarGz | ContainerKind::Zip => {
            Err(ReadError::new(IssueKind::Unsupported, "an archive's entries are files, not rows"))
        }
    }
}
