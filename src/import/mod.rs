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
pub mod folder;
pub mod idx;
pub mod image_index;
pub mod manifest;
pub mod names;
pub mod numpy;
pub mod packed;
pub mod parquet;
pub mod reader;
pub(crate) mod spans;
pub mod tree;
pub mod voc;
pub mod webdataset;
pub mod yolo;

use std::collections::HashMap;
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
    /// The path comes last in the message, as in the next one.
    #[error("{}: {}", ReadError::from_io(.source), .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{message}: {}", .path.display())]
    Malformed { path: PathBuf, message: String },
    #[error("nothing to show was found among {found}; looked for {looked_for}: {}", .path.display())]
    NothingFound { path: PathBuf, found: String, looked_for: String },
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

/// Every layout that is read. Of two that fit equally well the first wins.
pub static FORMATS: &[Format] = &[
    coco::FORMAT,
    voc::FORMAT,
    yolo::FORMAT,
    manifest::FORMAT,
    parquet::FORMAT,
    idx::FORMAT,
    cifar::FORMAT,
    numpy::FORMAT,
    webdataset::FORMAT,
    folder::FORMAT,
];

/// Opens a folder, archive, file or pattern of files: lists it, finds the layout that fits best and
/// reads it.
///
/// A layout that fits but gives no sample leaves the field to the next one.
pub fn open(source: &str, control: &Control) -> Result<Imported, ImportError> {
    let tree = Tree::open(source, control)?;
    open_tree(&tree, control)
}

/// [`open`] for files that are listed already.
pub fn open_tree(tree: &Tree, control: &Control) -> Result<Imported, ImportError> {
    let Some(root) = tree.root.to_str() else {
        let message = "the folder's own path is not UTF-8, so that it cannot be kept; rename it".into();
        return Err(ImportError::Malformed { path: tree.root.clone(), message });
    };
    control.begin("Recognising the layout", 0);
    let mut fitting = Vec::new();
    for format in FORMATS {
        control.checkpoint()?;
        if let Some(fit) = (format.detect)(tree) {
            fitting.push((fit, format));
        }
    }
    // Who opens a table means that table, whatever lies beside it. The sort is stable: formats of
    // one fit stay in this table's order.
    let table_opened = tree
        .focus
        .is_some_and(|file| names::has_extension(tree.path(file), &["csv", "tsv", "jsonl", "ndjson"]));
    fitting.sort_by_key(|(fit, format)| {
        let meant = table_opened && format.layout == Layout::Manifest;
        std::cmp::Reverse((meant, *fit))
    });
    let mut failed: Option<(ImportError, &Format)> = None;
    for (_, format) in fitting {
        let mut builder = DatasetBuilder::new(root, &tree.source, format.layout);
        // Places in the tree's containers are then places in the dataset's.
        for container in &tree.containers {
            builder.container(container.clone());
        }
        control.begin(format!("Reading as {}", format.layout.title()), 0);
        match (format.import)(tree, &mut builder, control) {
            Ok(()) if builder.is_empty() => {
                let error = why_empty(tree, builder);
                failed = failed.or(error.map(|error| (error, format)));
            }
            Ok(()) => {
                for issue in &tree.issues {
                    builder.issue(None, &issue.path, issue.kind, issue.message.clone());
                }
                if let Some((error, first)) = failed {
                    let title = first.layout.title();
                    let message = format!("this looks like {title} but could not be read as such: {error}");
                    builder.issue(None, &tree.source, IssueKind::Annotation, message);
                }
                let (dataset, issues) = builder.finish();
                return Ok(Imported { dataset, issues });
            }
            Err(error @ ImportError::Cancelled(_)) => return Err(error),
            Err(error) => failed = failed.or(Some((error, format))),
        }
    }
    match failed {
        Some((error, _)) => Err(error),
        None => {
            let titles: Vec<&str> = FORMATS.iter().map(|format| format.layout.title()).collect();
            let (path, found) = (PathBuf::from(&tree.source), kinds_of_files(tree));
            Err(ImportError::NothingFound { path, found, looked_for: titles.join(", ") })
        }
    }
}

/// Why an import gave no sample: its first fault. Labels that are missing are the last reason.
fn why_empty(tree: &Tree, builder: DatasetBuilder) -> Option<ImportError> {
    let issues = builder.issues();
    let issue = issues.iter().find(|issue| issue.kind != IssueKind::Annotation).or(issues.first())?;
    let (path, message) = (tree.root.join(&issue.path), issue.message.clone());
    Some(ImportError::Malformed { path, message })
}

/// The kinds of files in a tree by their endings, the most frequent first: `16 .tfrecord, 2 .json`.
fn kinds_of_files(tree: &Tree) -> String {
    const TOLD: usize = 4;
    let mut counts: HashMap<String, usize> = HashMap::new();
    for file in 0..tree.len() {
        // Of `x.tfrecord-00000-of-00016` the number is no part.
        let ending = names::extension(tree.path(file));
        let word = ending.split(|char: char| !char.is_alphanumeric()).next().unwrap_or_default();
        *counts.entry(word.to_ascii_lowercase()).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let others: usize = counts.iter().skip(TOLD).map(|(_, count)| count).sum();
    counts.truncate(TOLD);
    let told = counts.into_iter().map(|(ending, count)| match ending.as_str() {
        "" => format!("{count} without an ending"),
        ending => format!("{count} .{ending}"),
    });
    let mut told: Vec<String> = told.collect();
    if others > 0 {
        told.push(format!("{others} others"));
    }
    if told.is_empty() { "no files".to_owned() } else { format!("{} files", told.join(", ")) }
}

/// The rows of an opened array or table file.
fn open_rows(bytes: Arc<dyn ReadAt>, container: &Container) -> Result<Arc<dyn RowSource>, ReadError> {
    match container.kind {
        ContainerKind::Idx => idx::open(bytes, container),
        ContainerKind::Cifar10 | ContainerKind::Cifar100 => cifar::open(bytes, container),
        ContainerKind::Npy => numpy::open(bytes, container),
        ContainerKind::Parquet => parquet::open(bytes, container),
        ContainerKind::Tar | ContainerKind::TarGz | ContainerKind::Zip => {
            Err(ReadError::new(IssueKind::Unreadable, "an archive's entries are files, not rows"))
        }
    }
}
