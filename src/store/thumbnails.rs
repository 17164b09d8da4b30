//! The cache of thumbnails: encoded pictures by sample and size, bounded, and free to be deleted
//! at any time.
//!
//! Everything here can be made again, so nothing here is an error: a cache that cannot be read is
//! empty, one that cannot be written does not grow, and a damaged file is deleted and begun anew.
//! This file refuses to know what the bytes are.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::database::{APPLICATION_ID, give_back_pages, harden};
use super::project::{Access, Project, with_suffix};
use crate::dataset::SampleId;

/// Bytes of the cache file at most, unless the person sets another number.
pub const DEFAULT_CAP: u64 = 2_000_000_000;
/// The format of the cache; any other one is begun anew.
const VERSION: i64 = 1;
/// Connections kept for readers at most.
const IDLE_READERS: usize = 16;
/// Uses remembered between two writes at most.
const TOUCHED: usize = 1 << 16;
/// Thumbnails removed at a time when the cache is full, and how many times in one write at most.
const EVICTED: i64 = 256;
const EVICTIONS: usize = 16;
/// Pages (of 4 KiB) that wait in the file to be used again.
const FREE_PAGES: i64 = 256;

/// A thumbnail to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    pub sample: SampleId,
    /// Pixels of its longer side as asked for; a size class, not its exact size.
    pub edge: u16,
    /// Of the file that it shows, see [`stamp`].
    pub stamp: u64,
    /// The encoded picture.
    pub bytes: Vec<u8>,
}

/// A fingerprint of a file's size and modification time: a thumbnail with another one is stale.
pub fn stamp(bytes: u64, modified_ms: i64) -> u64 {
    let mut both = [0; 16];
    both[..8].copy_from_slice(&bytes.to_le_bytes());
    both[8..].copy_from_slice(&modified_ms.to_le_bytes());
    let hash = blake3::hash(&both);
    hash.as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// The thumbnails of a project; shared by all threads.
#[derive(Debug)]
pub struct Thumbnails {
    path: PathBuf,
    cap: u64,
    /// `None` where nothing may be written.
    writer: Option<Mutex<Writer>>,
    readers: Mutex<Vec<Connection>>,
    /// Keys that were read since the last write: the use that eviction goes by.
    touched: Mutex<HashSet<i64>>,
    /// The file was found damaged; the next write begins it anew.
    damaged: AtomicBool,
}

#[derive(Debug)]
struct Writer {
    /// `None` when the file could not be opened.
    connection: Option<Connection>,
    /// The time that the next write stamps uses with; a count of writes.
    tick: i64,
}

impl Thumbnails {
    /// Opens the cache in the project's folder, made when it is not there. `cap` is in bytes.
    pub fn open(project: &Project, cap: u64) -> Self {
        let path = file(project.folder());
        let writer = (*project.access() == Access::ReadWrite).then(|| Mutex::new(Writer::open(&path)));
        Self {
            path,
            cap,
            writer,
            readers: Mutex::default(),
            touched: Mutex::default(),
            damaged: AtomicBool::new(false),
        }
    }

    /// The thumbnail of a sample in that size class, if it is there and shows the file of that
    /// stamp.
    pub fn get(&self, sample: SampleId, edge: u16, stamp: u64) -> Option<Vec<u8>> {
        let key = key(sample, edge);
        if self.damaged.load(Ordering::Relaxed) {
            return None;
        }
        let idle = lock(&self.readers).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?,
        };
        let found = reader
            .prepare_cached("SELECT data FROM thumbnail WHERE key = ?1 AND stamp = ?2")
            .and_then(|mut select| select.query_row(params![key, stamp as i64], |row| row.get(0)).optional());
        match found {
            Ok(found) => {
                let mut readers = lock(&self.readers);
                if readers.len() < IDLE_READERS && !self.damaged.load(Ordering::Relaxed) {
                    readers.push(reader);
                }
                drop(readers);
                if found.is_some() {
                    let mut touched = lock(&self.touched);
                    if touched.len() < TOUCHED {
                        touched.insert(key);
                    }
                }
                found
            }
            Err(cause) => {
                self.note(&cause);
                None
            }
        }
    }

    /// Keeps thumbnails in place of those that the samples had in the same size class, and removes
    /// those that were not used for longest where the cache becomes larger than its cap.
    pub fn put_many(&self, thumbnails: &[Thumbnail]) {
        let Some(writer) = &self.writer else { return };
        let mut writer = lock(writer);
        if self.damaged.load(Ordering::Relaxed) {
            self.begin_anew(&mut writer);
        }
        let touched = std::mem::take(&mut *lock(&self.touched));
        if let Err(cause) = writer.put(thumbnails, &touched, self.cap) {
            self.note(&cause);
        }
    }

    /// Bytes that the cache takes now.
    pub fn size(&self) -> u64 {
        let writer = self.writer.as_ref().map(lock);
        let connection = writer.as_ref().and_then(|writer| writer.connection.as_ref());
        connection.and_then(|connection| used_bytes(connection).ok()).unwrap_or(0)
    }

    /// Deletes the file and begins a new one. Readers that are at it end with the old one.
    fn begin_anew(&self, writer: &mut Writer) {
        lock(&self.readers).clear();
        writer.connection = None;
        delete(&self.path);
        *writer = Writer::open(&self.path);
        self.damaged.store(false, Ordering::Relaxed);
    }

    fn note(&self, cause: &rusqlite::Error) {
        tracing::debug!("{}: {cause}", self.path.display());
        if is_damage(cause) {
            self.damaged.store(true, Ordering::Relaxed);
        }
    }
}

impl Writer {
    /// Opens the file; one that is damaged or of another format is deleted first.
    fn open(path: &Path) -> Self {
        let opened = Self::try_open(path).or_else(|cause| {
            tracing::debug!("{}: {cause}", path.display());
            if is_damage(&cause) {
                delete(path);
            }
            Self::try_open(path)
        });
        match opened {
            Ok((connection, tick)) => Self { connection: Some(connection), tick },
            Err(cause) => {
                tracing::warn!("thumbnails are not kept: {cause}: {}", path.display());
                Self { connection: None, tick: 0 }
            }
        }
    }

    fn try_open(path: &Path) -> rusqlite::Result<(Connection, i64)> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = connect(path, flags)?;
        connection.execute_batch(
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
             PRAGMA journal_size_limit = 16777216;",
        )?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let number = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let known = (number("application_id")?, number("user_version")?);
        if known != (i64::from(APPLICATION_ID), VERSION) {
            let tables: i64 =
                transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            if tables != 0 {
                return Err(damage());
            }
            transaction.execute_batch(
                "
                CREATE TABLE thumbnail (key INTEGER PRIMARY KEY, stamp INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
                -- Apart, so that noting a use does not write the picture again.
                CREATE TABLE use (key INTEGER PRIMARY KEY, tick INTEGER NOT NULL) STRICT;
                CREATE INDEX use_by_tick ON use (tick);
                ",
            )?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        let tick: i64 =
            transaction.query_row("SELECT coalesce(max(tick), 0) FROM use", [], |row| row.get(0))?;
        transaction.commit()?;
        Ok((connection, tick.saturating_add(1)))
    }

    fn put(&mut self, thumbnails: &[Thumbnail], touched: &HashSet<i64>, cap: u64) -> rusqlite::Result<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut put = transaction.prepare_cached(
                "INSERT INTO thumbnail (key, stamp, data) VALUES (?1, ?2, ?3)
                 ON CONFLICT (key) DO UPDATE SET stamp = excluded.stamp, data = excluded.data",
            )?;
            let mut used = transaction.prepare_cached(
                "INSERT INTO use (key, tick) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET tick = excluded.tick",
            )?;
            for key in touched {
                used.execute([*key, self.tick])?;
            }
            // In the order of keys, which is the order of pages; of equal keys the last one stays.
            let by_key: BTreeMap<i64, &Thumbnail> =
                thumbnails.iter().map(|one| (key(one.sample, one.edge), one)).collect();
            for (key, thumbnail) in by_key {
                put.execute(params![key, thumbnail.stamp as i64, thumbnail.bytes])?;
                used.execute([key, self.tick])?;
            }
        }
        // Down to a little below the cap, so that not every write has to remove something. A cap that
        // was made much smaller is reached over several writes, none of which takes long.
        if used_bytes(&transaction)? > cap {
            for _ in 0..EVICTIONS {
                if used_bytes(&transaction)? <= cap / 16 * 15 {
                    break;
                }
                for table in ["thumbnail", "use"] {
                    transaction.execute(
                        &format!(
                            "DELETE FROM {table} WHERE key IN (SELECT key FROM use ORDER BY tick LIMIT ?1)"
                        ),
                        [EVICTED],
                    )?;
                }
            }
        }
        transaction.commit()?;
        self.tick = self.tick.saturating_add(1);
        // Free pages are used again by the next write; only many of them go back to the system.
        give_back_pages(connection, FREE_PAGES)
    }
}

/// Bytes of the pages that are in use.
fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
    Ok(pages.saturating_mul(number("page_size")?).max(0) as u64)
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    harden(&connection)?;
    Ok(connection)
}

/// Sizes of one sample lie beside each other.
fn key(sample: SampleId, edge: u16) -> i64 {
    i64::from(sample) << 16 | i64::from(edge)
}

/// Whether the file is not what it should be, so that another one does better.
fn is_damage(cause: &rusqlite::Error) -> bool {
    match cause.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => true,
        // "no such table" or "no such column".
        Some(ErrorCode::Unknown) => true,
        Some(_) => false,
        None => matches!(cause, rusqlite::Error::InvalidColumnType(..)),
    }
}

fn damage() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), None)
}

/// Deletes the cache in a project's folder: its thumbnails go by row numbers, which mean nothing to
/// another list of samples. Call it under the project's lock.
pub(super) fn delete_of(folder: &Path) {
    delete(&file(folder));
}

fn file(folder: &Path) -> PathBuf {
    folder.join("thumbnails.db")
}

fn delete(path: &Path) {
    for suffix in ["-wal", "-shm", ""] {
        let file = with_suffix(path, suffix);
        match std::fs::remove_file(&file) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!("{}: {cause}", file.display());
            }
            _ => {}
        }
    }
}

/// A thread that panicked left plain data behind that is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
