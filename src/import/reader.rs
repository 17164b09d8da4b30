//! A sample's bytes, from wherever its place says: a file, an archive's entry, an array's row.

use std::path::PathBuf;
use std::sync::Arc;

use crate::dataset::{Container, Dataset, IssueKind, Place, SampleId};
use crate::media::Payload;

/// Why a sample's bytes could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    pub kind: IssueKind,
    /// A sentence for the person.
    pub message: String,
}

/// Bytes that can be read anywhere: a file, or a decompressed stream held in memory.
pub trait ReadAt: Send + Sync {
    /// Size in bytes.
    fn size(&self) -> u64;
    /// Fills `buffer` from `offset` on; an error when the bytes end before it is full.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()>;
}

/// An opened array or table file whose rows are samples.
pub trait RowSource: Send + Sync {
    /// Content of one row.
    fn row(&self, row: u64) -> Result<Payload, ReadError>;
}

/// Opens samples' bytes; shared by all threads.
#[derive(Debug)]
pub struct Reader {
    root: PathBuf,
    containers: Vec<Container>,
}

impl Reader {
    /// A reader for places in these containers; loose paths are relative to `root`.
    pub fn new(root: PathBuf, containers: Vec<Container>) -> Self {
        Self { root, containers }
    }

    /// A sample's content.
    pub fn sample(&self, dataset: &Dataset, sample: SampleId) -> Result<Payload, ReadError> {
        let _ = (dataset, sample);
        Err(ReadError { kind: IssueKind::Unreadable, message: "not written yet".into() })
    }

    /// The whole content of a loose file or an archive's entry.
    pub fn bytes(&self, path: &str, raw_path: Option<&[u8]>, place: Place) -> Result<Vec<u8>, ReadError> {
        let _ = (path, raw_path, place, &self.root, &self.containers);
        Err(ReadError { kind: IssueKind::Unreadable, message: "not written yet".into() })
    }

    /// Random access to a container's own bytes, decompressed.
    pub fn container(&self, container: u32) -> Result<Arc<dyn ReadAt>, ReadError> {
        let _ = container;
        Err(ReadError { kind: IssueKind::Unreadable, message: "not written yet".into() })
    }
}
