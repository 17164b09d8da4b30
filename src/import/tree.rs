//! What lies below the opened path, whether a folder, an archive or a set of shards: one list of
//! files with where each one's bytes are.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::reader::{ReadError, Reader};
use crate::dataset::{Container, Issue, Place, Strings};

/// The files below an opened path, in natural order of their paths.
#[derive(Debug)]
pub struct Tree {
    /// What the person opened, as given.
    pub source: String,
    /// Folder that loose paths are relative to.
    pub root: PathBuf,
    /// Archives that entries lie in.
    pub containers: Vec<Container>,
    /// Folders that could not be listed, archives that end early.
    pub issues: Vec<Issue>,
    pub(super) paths: Strings,
    pub(super) raw_paths: BTreeMap<usize, Vec<u8>>,
    pub(super) places: Vec<Place>,
    pub(super) bytes: Vec<u64>,
    pub(super) modified_ms: Vec<i64>,
    pub(super) reader: Reader,
    pub(super) index: OnceLock<HashMap<String, usize>>,
}

impl Tree {
    /// Number of files.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Path of a file relative to the root (within the archive for an archive's entry),
    /// `/`-separated; lossy where the name is not UTF-8.
    pub fn path(&self, file: usize) -> &str {
        self.paths.get(file)
    }

    /// The exact path where it is not UTF-8.
    pub fn raw_path(&self, file: usize) -> Option<&[u8]> {
        self.raw_paths.get(&file).map(Vec::as_slice)
    }

    pub fn place(&self, file: usize) -> Place {
        self.places[file]
    }

    /// Size in bytes, uncompressed.
    pub fn bytes(&self, file: usize) -> u64 {
        self.bytes[file]
    }

    /// Milliseconds since the Unix epoch; of the archive for an archive's entry without its own.
    pub fn modified_ms(&self, file: usize) -> i64 {
        self.modified_ms[file]
    }

    /// The file of that path, if there is one.
    pub fn find(&self, path: &str) -> Option<usize> {
        let index = self.index.get_or_init(|| {
            self.paths.iter().enumerate().map(|(file, path)| (path.to_owned(), file)).collect()
        });
        index.get(path).copied()
    }

    /// The whole content of a file.
    pub fn read(&self, file: usize) -> Result<Vec<u8>, ReadError> {
        self.reader.bytes(self.path(file), self.raw_path(file), self.place(file))
    }

    /// The reader over this tree's containers.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The path on disk of a loose file.
    pub fn path_on_disk(&self, file: usize) -> PathBuf {
        Path::new(&self.root).join(self.path(file))
    }
}
