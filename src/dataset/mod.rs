//! Ground state: samples as columns, what was measured of them, the marks that a person set,
//! queries, and edits that know their inverse.
//!
//! This room refuses to know files, the clock, threads other than rayon's, egui, wgpu and burn.
//! A sample is a row number ([`SampleId`]). Row numbers are stable for the life of a project: a
//! rescan appends new samples and marks vanished ones as gone, so that edits, measurements and
//! cached thumbnails keep their sample ([`Dataset::reconcile`]).

pub mod boxes;
pub mod builder;
pub mod chunks;
pub mod columns;
pub mod decision;
pub mod edit;
pub mod facts;
pub mod findings;
pub mod issue;
pub mod labelling;
pub mod labels;
pub mod lists;
pub mod modelled;
pub mod natural;
pub mod points;
pub mod query;
pub mod reconcile;
pub mod signals;
pub mod strings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use boxes::{BoxRecord, Boxes};
pub use builder::{DatasetBuilder, NewSample};
pub use decision::{Decision, Preference, Reason, Thinning, Verdict};
pub use facts::{Fact, Facts, ImageFormat, PixelKind};
pub use findings::{Findings, Flag, Score};
pub use issue::{Issue, IssueKind, Origin};
pub use labelling::{Answer, InForce, LabelOrigin, Labelling, NamedBox, Signature};
pub use labels::{ClassId, Labels};
pub use lists::Lists;
pub use modelled::{ModelColumn, ModelColumns};
pub use points::{PointRecord, Points};
pub use reconcile::Reconciled;
pub use signals::{Figures, Kinds, Signal, SignalChunk, Signals};
pub use strings::Strings;

/// A sample's row number, stable for the life of a project.
pub type SampleId = u32;

/// A split's index into [`Dataset::split_names`]; [`NO_SPLIT`] where a sample has none.
pub type SplitId = u16;
/// The split of a sample that belongs to none.
pub const NO_SPLIT: SplitId = u16::MAX;

/// Where a sample's bytes are: plain data, so that a project can keep it.
///
/// A loose file is found by the sample's path. A packed sample is found in a [`Container`]:
/// `offset` and `len` are bytes of the (decompressed) stream for a tar, the entry's index in the
/// central directory for a zip, and the row for row-based containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Index into [`Dataset::containers`], or [`Place::LOOSE`].
    pub container: u32,
    /// First byte, entry index or row within the container.
    pub offset: u64,
    /// Bytes of the encoded sample as stored in the container; 0 where the container knows it.
    pub len: u64,
}

impl Place {
    /// The container of a sample that is a file of its own.
    pub const LOOSE: u32 = u32::MAX;

    /// The place of a sample that is a file of its own, `len` bytes long.
    pub fn loose(len: u64) -> Self {
        Self { container: Self::LOOSE, offset: 0, len }
    }

    /// Whether the sample is a file of its own.
    pub fn is_loose(&self) -> bool {
        self.container == Self::LOOSE
    }
}

/// A file that holds many samples, itself a loose file or within another container.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Container {
    /// Path relative to the dataset's root, or within `parent`; `/`-separated.
    pub path: String,
    pub kind: ContainerKind,
    /// Where the container's own bytes are when it lies in another container.
    pub parent: Option<Place>,
}

/// How samples are found in a [`Container`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerKind {
    Tar,
    TarGz,
    Zip,
    /// IDX array of unsigned bytes, N×H×W or N×H×W×C, raw or gzipped.
    Idx,
    /// CIFAR binary records; the two label bytes of CIFAR-100 before the pixels.
    Cifar10,
    Cifar100,
    /// A `.npy` array, or one in an `.npz` (whose parent is the zip).
    Npy,
    /// A Parquet file; `offset` is the row. The image column is named in `column`.
    Parquet,
}

/// The layout that a dataset was recognised as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    ImageFolder,
    Manifest,
    Idx,
    Cifar,
    WebDataset,
    Parquet,
    Numpy,
    Coco,
    Yolo,
    Voc,
}

impl Layout {
    pub fn title(self) -> &'static str {
        match self {
            Self::ImageFolder => "Image folder",
            Self::Manifest => "Manifest",
            Self::Idx => "IDX",
            Self::Cifar => "CIFAR binary",
            Self::WebDataset => "WebDataset",
            Self::Parquet => "Parquet",
            Self::Numpy => "NumPy",
            Self::Coco => "COCO",
            Self::Yolo => "YOLO",
            Self::Voc => "Pascal VOC",
        }
    }
}

/// One text value per sample that came with the dataset: a manifest's other columns, a caption.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    pub name: String,
    /// One per sample; empty where the sample has none.
    pub values: Strings,
}

/// What an importer found: the samples and what their source says of them, column by column.
///
/// Every column has one element per sample. It is immutable once built; what is measured later is
/// in [`Facts`], what a person decides is in [`edit::Overlay`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dataset {
    /// Folder that relative paths start from; for a single archive or array file, its folder.
    pub root: String,
    /// What the person opened, as given.
    pub source: String,
    pub layout: Layout,
    /// Display path of each sample, unique, `/`-separated, relative to `root` (absolute when
    /// outside). A row of a packed array is written `file#row`.
    pub paths: Strings,
    /// The exact bytes of loose paths that are not UTF-8, whose display path is lossy.
    pub raw_paths: BTreeMap<SampleId, Vec<u8>>,
    pub places: Vec<Place>,
    pub containers: Vec<Container>,
    /// Size of the encoded sample as stored, in bytes.
    pub bytes: Vec<u64>,
    /// Modification time of the file (of the container for a packed sample), milliseconds since
    /// the Unix epoch; 0 where unknown.
    pub modified_ms: Vec<i64>,
    pub split_names: Vec<String>,
    pub splits: Vec<SplitId>,
    /// What the source says; what counts is in a [`Snapshot`](query::Snapshot).
    pub labels: Arc<Labels>,
    pub boxes: Arc<Boxes>,
    pub points: Arc<Points>,
    pub attributes: Vec<Attribute>,
    /// Samples that an earlier scan knew and the last one did not find: kept so that row numbers
    /// stay, shown in no view. One per sample.
    pub gone: Vec<bool>,
}

impl Dataset {
    /// The file on disk that a sample is, or is in.
    pub fn file_of(&self, sample: SampleId) -> PathBuf {
        let root = Path::new(&self.root);
        let mut place = self.places[sample as usize];
        if place.is_loose() {
            return root.join(self.path(sample));
        }
        // Archives can lie in archives; the file is the outermost.
        loop {
            let Some(container) = self.containers.get(place.container as usize) else {
                return root.to_owned();
            };
            match container.parent {
                Some(parent) if !parent.is_loose() => place = parent,
                _ => return root.join(&container.path),
            }
        }
    }

    /// Number of rows, gone ones included.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Number of samples that the last scan found.
    pub fn present(&self) -> usize {
        self.gone.iter().filter(|gone| !**gone).count()
    }

    pub fn path(&self, sample: SampleId) -> &str {
        self.paths.get(sample as usize)
    }

    /// The name of a sample's split, or `None`.
    pub fn split(&self, sample: SampleId) -> Option<&str> {
        let split = self.splits[sample as usize];
        (split != NO_SPLIT).then(|| self.split_names[split as usize].as_str())
    }
}
