//! A chosen part of a dataset, written to a new folder: what is left after pruning.
//!
//! [`plan`] says what would be written and what speaks against it, and touches nothing; [`run`] does
//! it. Between the two lies a list of files, each with how it comes about: a sample's own file, an
//! entry of an archive, or a table, shard or array that is made of what stays. The source is read
//! again for it and is never written to.
//!
//! A file is written under a temporary name and moved to its own, so that it is whole at any moment.
//! What is finished is noted in the target ([`state`]), in batches that are made durable together: an
//! export that was cancelled or killed goes on from there. At the end every file is read again and
//! compared with the hash that was taken when it was written; only then the target says that it is
//! complete.
//!
//! Memory: some 200 bytes for each file of the export, and on each thread one sample out of an archive
//! or array. Tables and annotation files are held whole, as the importers hold them.

mod draft;
mod state;

use std::path::PathBuf;
use std::sync::Arc;

use crate::dataset::query::Snapshot;
use crate::dataset::{Issue, SampleId};
use crate::export::ExportError;
use crate::import::Reader;
use crate::jobs::Control;

use draft::Draft;

/// The form that the export takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The layout that the dataset came in, under the same names.
    #[default]
    Same,
    /// `split/class/name`.
    ImageFolder,
    /// Tar shards of a split each, with `classes.txt` beside them.
    WebDataset,
    /// The images, and a table of every column beside them.
    Manifest(Table),
}

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Table {
    #[default]
    Csv,
    JsonLines,
    Parquet,
}

/// How images that are files of their own come to the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Linking {
    /// As copies, which share their blocks with the source where the file system can do that.
    #[default]
    Copy,
    HardLink,
    SymLink,
    /// Not at all: a table names them where they are. [`Kind::Same`] then means a CSV table.
    ManifestOnly,
}

/// What may be in the target before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Nothing, or this very export, unfinished or finished.
    #[default]
    Empty,
    /// Anything: files of the export's names are replaced, others stay as they are.
    Overwrite,
}

#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that is written to; it need not be there.
    pub target: PathBuf,
    pub kind: Kind,
    pub linking: Linking,
    pub consent: Consent,
    /// Most samples and bytes of images in one tar of [`Kind::WebDataset`]; a larger image is alone.
    pub shard_samples: u32,
    pub shard_bytes: u64,
}

impl Options {
    /// Copies in the same layout into an empty folder.
    pub fn new(target: PathBuf) -> Self {
        Self {
            target,
            kind: Kind::default(),
            linking: Linking::default(),
            consent: Consent::default(),
            shard_samples: 10_000,
            shard_bytes: 1 << 30,
        }
    }
}

/// What would be written, for a dry run and for the question before.
#[derive(Debug)]
pub struct Plan {
    pub target: PathBuf,
    /// As asked for, or what it comes to.
    pub kind: Kind,
    pub linking: Linking,
    pub samples: u64,
    pub files: u64,
    /// Of all files; of tables and arrays that are made it is a guess.
    pub bytes: u64,
    /// Files that are finished already, of this export when it was interrupted.
    pub finished: u64,
    /// Bytes that are still to be written, so without links and what is finished.
    pub bytes_to_write: u64,
    /// Bytes that are free at the target; `None` where the system does not say.
    pub free_bytes: Option<u64>,
    /// Sentences on what will be different from the source.
    pub warnings: Vec<String>,
    /// Sentences on why it cannot be done and what to choose instead. With any, [`run`] does nothing.
    pub refusals: Vec<String>,
    draft: Draft,
}

/// How the files came to the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub copied: u64,
    /// Copies that share their blocks with the source.
    pub cloned: u64,
    pub hard_linked: u64,
    pub sym_linked: u64,
    /// Out of an archive or array, or made of what stays.
    pub made: u64,
}

/// What was written.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    pub target: PathBuf,
    pub samples: u64,
    pub files: u64,
    pub bytes: u64,
    pub counts: Counts,
    /// Files that an earlier run had finished.
    pub resumed: u64,
    /// Files that were read again and are what was written.
    pub verified: u64,
    /// Paths of files that are not, [`MAX_TOLD`] at most; run the export again to replace them.
    pub differing: Vec<String>,
    /// Whether everything is there and verified, but for what `issues` tell of.
    pub complete: bool,
    pub seconds: f64,
    /// What could not be exported, [`MAX_TOLD`] at most.
    #[serde(skip)]
    pub issues: Vec<Issue>,
    /// All of those that could not.
    pub failed: u64,
}

/// Faults and differing files that are told one by one.
pub const MAX_TOLD: usize = 1000;

/// Works out what exporting these samples, in the dataset's order, would write. Gone ones are left out.
pub fn plan(
    snapshot: &Snapshot,
    samples: &[SampleId],
    reader: &Reader,
    options: &Options,
    control: &Control,
) -> Result<Plan, ExportError> {
    let _ = (snapshot, samples, reader, options, control, Arc::new(()));
    Err(ExportError::Refused("exports are not written yet".into()))
}

/// Writes what was planned and verifies it.
pub fn run(plan: &Plan, reader: &Reader, control: &Control) -> Result<Report, ExportError> {
    let _ = (&plan.draft, reader, control);
    Err(ExportError::Refused("exports are not written yet".into()))
}
