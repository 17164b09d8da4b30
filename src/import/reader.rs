//! A sample's bytes, from wherever its place says: a file, an archive's entry, an array's row.
//!
//! Archives are read in place. Opened containers are kept, the [`MAX_OPEN`] used last of them; what
//! is decompressed forwards goes through one cache of [`MAX_CACHED_BYTES`]; reads hold no lock
//! but that of the compressed stream they come from. An image is taken into memory up to
//! [`MAX_ENCODED_BYTES`], as media refuses larger ones; a table or annotation file up to
//! [`MAX_DESCRIPTION_BYTES`]. This file refuses to know layouts and how pixels are made.

pub mod access;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use flate2::read::{DeflateDecoder, MultiGzDecoder};
use zip::read::{ZipArchiveMetadata, ZipReadOptions};
use zip::result::ZipError;

use self::access::{BlockCache, Cursor, FileAt, MAX_CACHED_BYTES, PartAt, StreamAt, lock, read_range};
use crate::dataset::{Container, ContainerKind, Dataset, IssueKind, Place, SampleId};
use crate::media::{self, MAX_ENCODED_BYTES, MediaError, Payload, Raster};

/// Containers that are open at a time.
pub const MAX_OPEN: usize = 64;

/// The most bytes of a table or annotation file, which is read whole: LVIS's takes 1.1 GB.
pub const MAX_DESCRIPTION_BYTES: u64 = 2 << 30;

/// Bytes that one compressed image may grow to: a small file that claims to be a large one is
/// refused before it has taken the memory.
pub const MAX_INFLATED_BYTES: u64 = 512 << 20;

/// How deep containers may lie in containers.
const MAX_DEPTH: u32 = 4;

/// Why a sample's bytes could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    pub kind: IssueKind,
    /// A sentence for the person.
    pub message: String,
}

impl ReadError {
    pub fn new(kind: IssueKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What the operating system's answer means to the person.
    pub fn from_io(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Self::new(
                IssueKind::Missing,
                "the file is not there: it was moved or deleted, or is a link to nothing; put it back or rescan",
            ),
            std::io::ErrorKind::PermissionDenied => Self::new(
                IssueKind::Unreadable,
                "reading the file is not permitted; change its permissions or open it as another user",
            ),
            std::io::ErrorKind::UnexpectedEof => {
                Self::new(IssueKind::Truncated, "the file ends before this sample does; it may be cut short")
            }
            _ => Self::new(IssueKind::Unreadable, format!("the file could not be read: {error}")),
        }
    }

    /// The same fault, said of a container.
    fn of_container(self, path: &str) -> Self {
        let told = format!(" ({path})");
        if self.message.ends_with(&told) {
            return self;
        }
        Self { message: self.message + &told, ..self }
    }
}

/// Bytes that can be read anywhere: a file, or a decompressed stream held in memory.
pub trait ReadAt: Send + Sync {
    /// Size in bytes. A compressed stream is read to its end for it, however long that takes.
    fn size(&self) -> u64;
    /// The size where it is known without reading.
    fn known_size(&self) -> Option<u64> {
        Some(self.size())
    }
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
    /// An opened container, or the room for one, for each.
    slots: Vec<Mutex<Option<Arc<Opened>>>>,
    /// The containers that are open, the one used last at the end.
    recent: Mutex<Vec<u32>>,
    cache: Arc<BlockCache>,
}

/// A container with what was read of it.
struct Opened {
    bytes: Arc<dyn ReadAt>,
    zip: OnceLock<Arc<ZipArchiveMetadata>>,
    rows: OnceLock<Arc<dyn RowSource>>,
    /// Held while `zip` or `rows` is made, so that it is made once.
    making: Mutex<()>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").finish_non_exhaustive()
    }
}

/// How much of a file's content is wanted.
#[derive(Clone, Copy, Debug)]
enum Want {
    /// So many bytes from its beginning, or all where it is shorter.
    Start(u64),
    /// All, unless that is more than so many bytes, or than so many after decompression.
    Whole { most: u64, most_inflated: u64 },
}

impl Want {
    const IMAGE: Self = Self::Whole { most: MAX_ENCODED_BYTES, most_inflated: MAX_INFLATED_BYTES };
    const DESCRIPTION: Self =
        Self::Whole { most: MAX_DESCRIPTION_BYTES, most_inflated: MAX_DESCRIPTION_BYTES };
}

/// A reader for a dataset's samples.
pub fn dataset_reader(dataset: &Dataset) -> Reader {
    Reader::new(PathBuf::from(&dataset.root), dataset.containers.clone())
}

impl Reader {
    /// A reader for places in these containers; loose paths are relative to `root`.
    pub fn new(root: PathBuf, containers: Vec<Container>) -> Self {
        let slots = containers.iter().map(|_| Mutex::default()).collect();
        let cache = Arc::new(BlockCache::new(MAX_CACHED_BYTES));
        Self { root, containers, slots, recent: Mutex::default(), cache }
    }

    /// A sample's content. A gzipped image (`x.png.gz`) comes unpacked.
    pub fn sample(&self, dataset: &Dataset, sample: SampleId) -> Result<Payload, ReadError> {
        let place = dataset.places[sample as usize];
        if !place.is_loose() && is_row_kind(self.known(place.container)?.kind) {
            return self.rows(place.container)?.row(place.offset);
        }
        let raw_path = dataset.raw_paths.get(&sample).map(Vec::as_slice);
        let bytes = self.content(dataset.path(sample), raw_path, place, Want::IMAGE)?;
        Ok(Payload::Encoded(inflated(bytes)?))
    }

    /// A sample's pixels, whole: one that ends early or is damaged is none to learn from.
    pub fn picture(&self, dataset: &Dataset, sample: SampleId) -> Result<Raster, ReadError> {
        let told = |error: MediaError| ReadError::new(error.kind, error.message);
        let held = media::decode_held(self.sample(dataset, sample)?).map_err(told)?;
        match held.decoded.damage {
            Some(damage) => Err(told(damage)),
            None => Ok(held.decoded.raster),
        }
    }

    /// The whole content of a table or annotation file, loose or an archive's entry, as stored
    /// there: a `.gz` file stays gzipped.
    pub fn bytes(&self, path: &str, raw_path: Option<&[u8]>, place: Place) -> Result<Vec<u8>, ReadError> {
        self.content(path, raw_path, place, Want::DESCRIPTION)
    }

    /// The first `len` bytes of a loose file or an archive's entry; fewer where it is shorter.
    pub fn start(
        &self,
        path: &str,
        raw_path: Option<&[u8]>,
        place: Place,
        len: u64,
    ) -> Result<Vec<u8>, ReadError> {
        self.content(path, raw_path, place, Want::Start(len))
    }

    fn content(
        &self,
        path: &str,
        raw_path: Option<&[u8]>,
        place: Place,
        want: Want,
    ) -> Result<Vec<u8>, ReadError> {
        if place.is_loose() {
            return read_part(&open_file(&self.path_on_disk(path, raw_path))?, want);
        }
        let container = self.known(place.container)?;
        match container.kind {
            ContainerKind::Tar | ContainerKind::TarGz => {
                let bytes = self.container(place.container)?;
                let part = PartAt { whole: bytes, offset: place.offset, len: place.len };
                read_part(&part, want).map_err(|error| error.of_container(&container.path))
            }
            ContainerKind::Zip => {
                self.zip_entry(place, want).map_err(|error| error.of_container(&container.path))
            }
            _ => Err(ReadError::new(IssueKind::Unreadable, "a row of an array has no bytes of its own")),
        }
    }

    /// Random access to a container's own bytes, decompressed.
    pub fn container(&self, container: u32) -> Result<Arc<dyn ReadAt>, ReadError> {
        Ok(self.opened(container, 0)?.bytes.clone())
    }

    /// The path on disk of a loose file; `raw_path` are its exact bytes where it is not UTF-8.
    pub fn path_on_disk(&self, path: &str, raw_path: Option<&[u8]>) -> PathBuf {
        #[cfg(unix)]
        if let Some(raw) = raw_path {
            use std::os::unix::ffi::OsStrExt;
            return self.root.join(std::ffi::OsStr::from_bytes(raw));
        }
        let _ = raw_path;
        self.root.join(path)
    }

    /// The table of contents of a zip.
    pub(super) fn zip_contents(&self, container: u32) -> Result<Arc<ZipArchiveMetadata>, ReadError> {
        let opened = self.opened(container, 0)?;
        self.contents_of(&opened, container)
    }

    fn contents_of(&self, opened: &Opened, container: u32) -> Result<Arc<ZipArchiveMetadata>, ReadError> {
        if let Some(contents) = opened.zip.get() {
            return Ok(contents.clone());
        }
        let _making = lock(&opened.making);
        if let Some(contents) = opened.zip.get() {
            return Ok(contents.clone());
        }
        let buffered = std::io::BufReader::with_capacity(1 << 16, Cursor::new(opened.bytes.clone()));
        let archive = zip::ZipArchive::new(buffered)
            .map_err(|error| zip_error(&error).of_container(&self.containers[container as usize].path))?;
        Ok(opened.zip.get_or_init(|| archive.metadata()).clone())
    }

    fn zip_entry(&self, place: Place, want: Want) -> Result<Vec<u8>, ReadError> {
        let opened = self.opened(place.container, 0)?;
        let contents = self.contents_of(&opened, place.container)?;
        let index = usize::try_from(place.offset).unwrap_or(usize::MAX);
        let entry = contents.entry(index).map_err(|error| zip_error(&error))?;
        let size = entry.size();
        let most = match want {
            Want::Start(len) => len,
            Want::Whole { most, .. } if entry.compression() == zip::CompressionMethod::Stored => most,
            Want::Whole { most_inflated, .. } => most_inflated,
        };
        let whole = matches!(want, Want::Whole { .. });
        if whole && size > most {
            return Err(too_large(size, most));
        }
        let mut cursor = Cursor::new(opened.bytes.clone());
        let reader =
            entry.with_reader(&mut cursor, ZipReadOptions::new()).map_err(|error| zip_error(&error))?;
        if whole { inflate(reader, size, most) } else { inflate_start(reader, most) }
    }

    fn rows(&self, container: u32) -> Result<Arc<dyn RowSource>, ReadError> {
        let opened = self.opened(container, 0)?;
        if let Some(rows) = opened.rows.get() {
            return Ok(rows.clone());
        }
        let _making = lock(&opened.making);
        if let Some(rows) = opened.rows.get() {
            return Ok(rows.clone());
        }
        let about = self.known(container)?;
        let rows =
            super::open_rows(opened.bytes.clone(), about).map_err(|error| error.of_container(&about.path))?;
        Ok(opened.rows.get_or_init(|| rows).clone())
    }

    fn known(&self, container: u32) -> Result<&Container, ReadError> {
        self.containers.get(container as usize).ok_or_else(|| {
            ReadError::new(IssueKind::Unreadable, "the sample's archive is not known; rescan the dataset")
        })
    }

    /// Opens a container, or gives it as it was opened before.
    fn opened(&self, container: u32, depth: u32) -> Result<Arc<Opened>, ReadError> {
        let about = self.known(container)?;
        let mut room = lock(&self.slots[container as usize]);
        if let Some(opened) = room.clone() {
            drop(room);
            self.note_use(container);
            return Ok(opened);
        }
        // A container comes after the one it lies in: a project that says otherwise would have this
        // go round in circles.
        let inside = |place: &Place| !place.is_loose() && place.container >= container;
        if depth > MAX_DEPTH || about.parent.as_ref().is_some_and(inside) {
            return Err(ReadError::new(
                IssueKind::Unreadable,
                "archives lie too deep within archives; unpack the outer ones",
            ));
        }
        let bytes = self.open_bytes(about, depth).map_err(|error| error.of_container(&about.path))?;
        let opened =
            Arc::new(Opened { bytes, zip: OnceLock::new(), rows: OnceLock::new(), making: Mutex::new(()) });
        *room = Some(opened.clone());
        drop(room);
        self.note_use(container);
        Ok(opened)
    }

    /// Notes that a container is open and used, and closes those that were not used for longest;
    /// whoever reads from one keeps it alive.
    fn note_use(&self, container: u32) {
        let recent = &mut *lock(&self.recent);
        recent.retain(|known| *known != container);
        recent.push(container);
        let mut at = 0;
        while recent.len() > MAX_OPEN && at + 1 < recent.len() {
            // One that is just being opened is in use.
            match self.slots[recent[at] as usize].try_lock() {
                Ok(mut room) => {
                    *room = None;
                    recent.remove(at);
                }
                Err(_) => at += 1,
            }
        }
    }

    /// A container's own bytes, decompressed where its kind or its first bytes say so.
    fn open_bytes(&self, about: &Container, depth: u32) -> Result<Arc<dyn ReadAt>, ReadError> {
        let stored: Arc<dyn ReadAt> = match about.parent {
            None => Arc::new(open_file(&self.root.join(&about.path))?),
            Some(place) if place.is_loose() => Arc::new(open_file(&self.root.join(&about.path))?),
            Some(place) => self.open_part(place, depth + 1)?,
        };
        let gzipped = match about.kind {
            ContainerKind::TarGz => true,
            ContainerKind::Tar | ContainerKind::Zip => false,
            _ => {
                let mut magic = [0; 2];
                stored.read_at(&mut magic, 0).is_ok() && magic == GZIP_MAGIC
            }
        };
        if !gzipped {
            return Ok(stored);
        }
        Ok(Arc::new(StreamAt::new(self.cache.clone(), move || {
            Box::new(MultiGzDecoder::new(buffered(Cursor::new(stored.clone()))))
        })))
    }

    /// The bytes of a container that is an entry of another one.
    fn open_part(&self, place: Place, depth: u32) -> Result<Arc<dyn ReadAt>, ReadError> {
        let opened = self.opened(place.container, depth)?;
        let whole = opened.bytes.clone();
        match self.known(place.container)?.kind {
            ContainerKind::Tar | ContainerKind::TarGz => {
                Ok(Arc::new(PartAt { whole, offset: place.offset, len: place.len }))
            }
            ContainerKind::Zip => {
                let contents = self.contents_of(&opened, place.container)?;
                let index = usize::try_from(place.offset).unwrap_or(usize::MAX);
                let entry = contents.entry(index).map_err(|error| zip_error(&error))?;
                let (method, packed) = (entry.compression(), entry.compressed_size());
                if entry.encrypted() {
                    return Err(encrypted());
                }
                let mut cursor = Cursor::new(whole.clone());
                let offset = entry
                    .with_reader(&mut cursor, ZipReadOptions::new())
                    .map_err(|error| zip_error(&error))?
                    .data_start()
                    .ok_or_else(|| ReadError::new(IssueKind::Corrupt, "the zip entry has no data"))?;
                let part = Arc::new(PartAt { whole, offset, len: packed });
                match method {
                    zip::CompressionMethod::Stored => Ok(part),
                    _ => Ok(Arc::new(StreamAt::new(self.cache.clone(), move || {
                        Box::new(DeflateDecoder::new(buffered(Cursor::new(part.clone()))))
                    }))),
                }
            }
            _ => Err(ReadError::new(IssueKind::Unreadable, "a row of an array holds no files")),
        }
    }
}

/// The first bytes of a gzip stream.
pub const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Content unpacked when it is gzipped, up to [`MAX_INFLATED_BYTES`]; as it is otherwise.
pub fn inflated(bytes: Vec<u8>) -> Result<Vec<u8>, ReadError> {
    if !bytes.starts_with(&GZIP_MAGIC) {
        return Ok(bytes);
    }
    inflate(MultiGzDecoder::new(&bytes[..]), bytes.len() as u64 * 2, MAX_INFLATED_BYTES)
}

/// Whether samples in such a container are rows, not files.
pub fn is_row_kind(kind: ContainerKind) -> bool {
    !matches!(kind, ContainerKind::Tar | ContainerKind::TarGz | ContainerKind::Zip)
}

/// Opens a regular file; a pipe or device would make the reader wait for ever.
pub(super) fn open_file(path: &Path) -> Result<FileAt, ReadError> {
    let about = std::fs::metadata(path).map_err(|error| ReadError::from_io(&error))?;
    if !about.is_file() {
        let what = if about.is_dir() { "a folder is" } else { "a pipe or device is" };
        return Err(ReadError::new(IssueKind::Unreadable, format!("{what} where a file was listed; rescan")));
    }
    std::fs::File::open(path).and_then(FileAt::new).map_err(|error| ReadError::from_io(&error))
}

fn read_part(bytes: &dyn ReadAt, want: Want) -> Result<Vec<u8>, ReadError> {
    let size = match want {
        Want::Start(len) => bytes.size().min(len),
        Want::Whole { most, .. } if bytes.size() > most => return Err(too_large(bytes.size(), most)),
        Want::Whole { .. } => bytes.size(),
    };
    // The size of a tar's entry is a claim: what it claims beyond the archive's end was left out
    // when the archive was listed, but the file may have changed since.
    read_range(bytes, 0, size).map_err(|error| ReadError::from_io(&error))
}

/// Reads to the end, unless that is more than `most` bytes. `expected` is how many it may be.
fn inflate(reader: impl Read, expected: u64, most: u64) -> Result<Vec<u8>, ReadError> {
    let mut content = Vec::with_capacity(expected.min(most).min(access::MAX_TRUSTED_BYTES) as usize);
    let read = reader.take(most.saturating_add(1)).read_to_end(&mut content);
    if content.len() as u64 > most {
        return Err(too_large(content.len() as u64, most));
    }
    read.map_err(damaged)?;
    Ok(content)
}

/// Reads the first `len` bytes. What comes out before damage may be enough.
fn inflate_start(reader: impl Read, len: u64) -> Result<Vec<u8>, ReadError> {
    let mut content = Vec::new();
    match reader.take(len).read_to_end(&mut content) {
        Err(error) if content.is_empty() => Err(damaged(error)),
        _ => Ok(content),
    }
}

fn damaged(error: std::io::Error) -> ReadError {
    let message = format!("the compressed data is damaged ({error}); get a fresh copy of the file");
    ReadError::new(IssueKind::Corrupt, message)
}

fn buffered(cursor: Cursor) -> std::io::BufReader<Cursor> {
    std::io::BufReader::with_capacity(1 << 17, cursor)
}

fn too_large(size: u64, most: u64) -> ReadError {
    let (size, most) = (size >> 20, most >> 20);
    ReadError::new(
        IssueKind::Oversized,
        format!("the content is {size} MiB or more, above the limit of {most} MiB; make it smaller"),
    )
}

fn encrypted() -> ReadError {
    ReadError::new(
        IssueKind::Unreadable,
        "the zip entry is encrypted; unpack the zip with its password first",
    )
}

fn zip_error(error: &ZipError) -> ReadError {
    match error {
        ZipError::Io(error) => ReadError::from_io(error),
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => encrypted(),
        ZipError::UnsupportedArchive(what) => {
            ReadError::new(IssueKind::Unsupported, format!("the zip needs what is not supported: {what}"))
        }
        ZipError::CompressionMethodNotSupported(method) => ReadError::new(
            IssueKind::Unsupported,
            format!("the zip entry is compressed by method {method}; only stored and deflate are read"),
        ),
        error => ReadError::new(IssueKind::Corrupt, format!("the zip is damaged: {error}")),
    }
}
