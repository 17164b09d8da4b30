//! A dataset's project: the folder, its database, and who may write to it.
//!
//! | file | content |
//! | --- | --- |
//! | `project.db` | everything that matters: the dataset's columns, facts, signals, issues, edits, view state |
//! | `thumbnails.db` | a cache, see [`Thumbnails`](super::Thumbnails) |
//! | `project.lock` | held by the window that writes |
//!
//! Every write is one transaction that is on the disk when the call returns. Large columns are
//! whole blobs, so that a million samples are read in a few hundred milliseconds.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::blob;
use super::catalogue::{self, Catalogue};
use super::chunk::{self, DescribedBy};
use super::database::{self, Mode};
use super::error::StoreError;
use super::journal::{Journal, OpenedJournal};
use super::model_blob;
use super::thumbnails;
use crate::dataset::edit::{History, Overlay, SampleSet};
use crate::dataset::facts::{CHUNK, FactChunk};
use crate::dataset::{
    Dataset, Fact, Facts, Issue, IssueKind, ModelColumns, Origin, SampleId, SignalChunk, Signals,
};
use crate::files::sync_folder;

/// Prefix of the dataset's columns among the parts.
const DATASET: &str = "dataset/";
/// Prefix of what can be worked out again.
pub(super) const WORKED_OUT: &str = "worked-out/";
/// What a trained model says of samples, among that.
const MODEL: &str = "model";
/// Pages (of 16 KiB) that wait in the file to be used again.
pub(super) const FREE_PAGES: i64 = 64;

/// Whether this window may change the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    ReadWrite,
    /// Nothing is kept. `reason` goes on from "because".
    ReadOnly {
        reason: String,
    },
}

impl Access {
    pub(super) fn check_writable(&self, path: &Path) -> Result<(), StoreError> {
        match self {
            Self::ReadWrite => Ok(()),
            Self::ReadOnly { reason } => {
                Err(StoreError::ReadOnly { path: path.to_owned(), reason: reason.clone() })
            }
        }
    }
}

/// An open project; shared by all threads. Dropping it gives the lock back.
#[derive(Debug)]
pub struct Project {
    folder: PathBuf,
    path: PathBuf,
    access: Access,
    mode: Mode,
    connection: Mutex<Connection>,
    /// Holds the lock for as long as it is open.
    _lock: Option<File>,
}

/// Everything that a project knew when it was opened.
#[derive(Debug)]
pub struct Loaded {
    pub dataset: Dataset,
    pub facts: Facts,
    pub overlay: Overlay,
    pub history: History,
    /// For [`super::JournalWriter::spawn`].
    pub journal: Journal,
    pub issues: Vec<Issue>,
    /// Parts that were damaged and will be found again by the next scan; sentences for the person.
    pub damaged: Vec<String>,
}

impl Project {
    /// Opens the project in this folder, made when it is not there. While another window has it
    /// open, or where nothing can be written, it is [read-only](Access::ReadOnly), and an error where
    /// there is no project yet.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("project.db");
        let (access, lock) = lock(folder)?;
        let is_new = !path.exists();
        let (connection, mode) = match &access {
            Access::ReadOnly { reason } if is_new => {
                return Err(StoreError::NotBegun { folder: folder.to_owned(), reason: reason.clone() });
            }
            Access::ReadWrite => {
                if is_new {
                    thumbnails::delete_of(folder);
                }
                let connection = database::open_writable(&path)?;
                sync_folder(folder);
                (connection, Mode::ReadWrite)
            }
            Access::ReadOnly { .. } => database::open_readable(&path)?,
        };
        let connection = Mutex::new(connection);
        Ok(Self { folder: folder.to_owned(), path, access, mode, connection, _lock: lock })
    }

    /// Moves a damaged database of this folder out of the way, so that [`Self::open`] starts anew.
    /// Gives the name that it has now; nothing of it is deleted but the cache of thumbnails.
    pub fn set_aside(folder: &Path) -> Result<PathBuf, StoreError> {
        let path = folder.join("project.db");
        let (access, _lock) = lock(folder)?;
        if let Access::ReadOnly { reason } = access {
            return Err(StoreError::ReadOnly { path, reason });
        }
        thumbnails::delete_of(folder);
        let aside = unused_name(&path);
        // The write-ahead log first: a database without its log opens, a log without its database
        // would be taken for the new one's.
        for suffix in ["-wal", "-shm", ""] {
            let (from, to) = (with_suffix(&path, suffix), with_suffix(&aside, suffix));
            match std::fs::rename(&from, &to) {
                Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::io(&from, cause));
                }
                _ => {}
            }
        }
        sync_folder(folder);
        Ok(aside)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Everything, or `None` for a project that has no dataset yet.
    pub fn load(&self) -> Result<Option<Loaded>, StoreError> {
        // Reading is one copy after the other, so two connections keep two cores busy.
        let second = database::connect(&self.path, self.mode)?;
        let (catalogue, facts) = rayon::join(
            || self.load_catalogue(),
            move || chunk::sealed(&second, chunk::FACTS).map_err(|cause| self.told(cause)),
        );
        let Some(Catalogue { dataset, damaged }) = catalogue? else { return Ok(None) };
        let (chunks, damaged_chunks) = chunk::join(facts?, dataset.len());
        let facts = Facts::from_chunks(chunks);
        let OpenedJournal { journal, overlay, history, damaged: damaged_edits } =
            Journal::open(self, dataset.len())?;

        let mut notes: Vec<String> =
            damaged.iter().map(|what| format!("The project's record of {what} was damaged.")).collect();
        if damaged_chunks > 0 {
            let rows = damaged_chunks * CHUNK;
            notes.push(format!("What was measured of up to {rows} samples was damaged."));
        }
        if damaged_edits > 0 {
            notes.push(format!(
                "{damaged_edits} entries of the journal of edits were damaged and are left out."
            ));
        }
        let issues = self.load_issues()?;
        Ok(Some(Loaded { dataset, facts, overlay, history, journal, issues, damaged: notes }))
    }

    /// The dataset, or `None` when none was kept yet. An error when the list of samples itself is
    /// damaged: marks belong to row numbers, and those are lost with it.
    pub fn load_catalogue(&self) -> Result<Option<Catalogue>, StoreError> {
        let columns = {
            let connection = self.connection();
            database::columns(&connection, DATASET).map_err(|cause| self.told(cause))?
        };
        if columns.is_empty() {
            return Ok(None);
        }
        let raw: Vec<_> = columns
            .into_par_iter()
            .map(|(name, parts)| (name, parts.and_then(|parts| blob::unseal_column(&parts))))
            .collect();
        let catalogue = catalogue::decode(raw.into_iter().collect()).map_err(|damage| {
            tracing::error!("the list of samples: {damage}");
            StoreError::Damaged { path: self.path.clone(), what: "the project's list of samples".to_owned() }
        })?;
        Ok(Some(catalogue))
    }

    /// Keeps the dataset. Edits name row numbers: keep a dataset before edits of it are taken.
    pub fn save_catalogue(&self, dataset: &Dataset) -> Result<(), StoreError> {
        self.save_scan(dataset, &[], None)
    }

    /// Keeps what a scan found, whole or not at all: the dataset, that the `changed` samples are to
    /// be measured again, and the listing's issues in place of those of the scan before. The issues
    /// of samples that are gone are forgotten.
    pub fn save_scan(
        &self,
        dataset: &Dataset,
        changed: &[SampleId],
        issues: Option<&[Issue]>,
    ) -> Result<(), StoreError> {
        self.save_rescan(dataset, changed, &[], issues)
    }

    /// [`Project::save_scan`] of a source that was listed before. The samples that `arrived` since come to those
    /// that did before and that nothing was followed to yet, see [`Project::arrived`].
    pub fn save_rescan(
        &self,
        dataset: &Dataset,
        changed: &[SampleId],
        arrived: &[SampleId],
        issues: Option<&[Issue]>,
    ) -> Result<(), StoreError> {
        self.check_writable()?;
        let raw = catalogue::encode(dataset);
        if let Some((name, _)) = raw.iter().find(|(_, raw)| raw.len() as u64 > blob::MAX_COLUMN) {
            return Err(StoreError::TooLarge {
                path: self.path.clone(),
                what: format!("the column “{name}”"),
            });
        }
        let columns: Vec<(String, Vec<Vec<u8>>)> = raw
            .into_par_iter()
            .map(|(name, raw)| (format!("{DATASET}{name}"), blob::seal_column(&raw)))
            .collect();
        let gone = (0..dataset.len() as SampleId).filter(|sample| dataset.gone[*sample as usize]);
        let forgotten: Vec<SampleId> = changed.iter().copied().chain(gone).collect();
        self.write(|transaction| {
            for (name, parts) in &columns {
                database::put_column(transaction, name, parts)?;
            }
            let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
            database::retain_columns(transaction, DATASET, &names)?;
            forget_facts(transaction, changed)?;
            delete_measured_issues(transaction, &forgotten)?;
            if !arrived.is_empty() {
                let known = arrived_in(transaction, dataset.len())?;
                let all = SampleSet::from_rows(known.iter().chain(arrived.iter().copied()));
                put_value(transaction, ARRIVED, &serde_json::json!(all))?;
            }
            if let Some(issues) = issues {
                transaction.execute("DELETE FROM issue WHERE measured = 0", [])?;
                insert_issues(transaction, issues)?;
            }
            Ok(())
        })?;
        // A list that became much shorter leaves many pages. The scan is kept, whatever becomes of them.
        if let Err(cause) = database::give_back_pages(&self.connection(), FREE_PAGES) {
            tracing::warn!("{}: {cause}", self.path.display());
        }
        Ok(())
    }

    /// Keeps chunks of facts that were measured since, and the issues found while measuring
    /// `samples` in place of those they had. Chunks are numbered in row order.
    pub fn save_measured(
        &self,
        chunks: &[(usize, Arc<FactChunk>)],
        samples: &[SampleId],
        issues: &[Issue],
    ) -> Result<(), StoreError> {
        self.check_writable()?;
        let sealed = chunk::seal(chunks);
        self.write(|transaction| {
            for (number, data) in &sealed {
                chunk::put(transaction, chunk::FACTS, *number, data)?;
            }
            delete_measured_issues(transaction, samples)?;
            insert_issues(transaction, issues)
        })
    }

    /// What was measured of a dataset of `samples` rows, and how many chunks were damaged and are
    /// unmeasured again.
    pub fn load_facts(&self, samples: usize) -> Result<(Facts, usize), StoreError> {
        let sealed = chunk::sealed(&self.connection(), chunk::FACTS).map_err(|cause| self.told(cause))?;
        let (chunks, damaged) = chunk::join(sealed, samples);
        Ok((Facts::from_chunks(chunks), damaged))
    }

    /// Keeps chunks of signals that were computed since. Chunks are numbered in row order.
    pub fn save_signals(
        &self,
        by: DescribedBy,
        chunks: &[(usize, Arc<SignalChunk>)],
    ) -> Result<(), StoreError> {
        self.check_writable()?;
        let sealed = chunk::seal(chunks);
        self.write(|transaction| {
            sealed.iter().try_for_each(|(number, data)| chunk::put(transaction, by.table(), *number, data))
        })
    }

    /// What was computed for analysis of a dataset of `samples` rows, and how many chunks were damaged
    /// and have to be looked at again.
    pub fn load_signals(&self, by: DescribedBy, samples: usize) -> Result<(Signals, usize), StoreError> {
        let sealed = chunk::sealed(&self.connection(), by.table()).map_err(|cause| self.told(cause))?;
        let (chunks, damaged) = chunk::join(sealed, samples);
        Ok((Signals::from_chunks(chunks), damaged))
    }

    /// Keeps bytes that can be worked out again, under a name.
    pub fn save_part(&self, name: &str, raw: &[u8]) -> Result<(), StoreError> {
        self.check_writable()?;
        let parts = blob::seal_column(raw);
        self.write(|transaction| database::put_column(transaction, &format!("{WORKED_OUT}{name}"), &parts))
    }

    /// The bytes under that name; `None` where there are none, or damaged ones.
    pub fn load_part(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let name = format!("{WORKED_OUT}{name}");
        let columns = database::columns(&self.connection(), &name).map_err(|cause| self.told(cause))?;
        // The rest of the name is empty where it is that one.
        let parts = columns.into_iter().find(|(rest, _)| rest.is_empty()).map(|(_, parts)| parts);
        let raw = parts.map(|parts| parts.and_then(|parts| blob::unseal_column(&parts))).transpose();
        Ok(raw.unwrap_or_else(|damage| {
            tracing::warn!("{name} in {}: {damage}", self.path.display());
            None
        }))
    }

    /// Keeps what a model says of the samples of a dataset.
    pub fn save_model(&self, columns: &ModelColumns, dataset: &Dataset) -> Result<(), StoreError> {
        self.save_part(MODEL, &model_blob::encode(columns, dataset))
    }

    /// What a model said of the samples of a dataset, without those that changed since; `None` where none
    /// did, or the record was damaged.
    pub fn load_model(&self, dataset: &Dataset) -> Result<Option<ModelColumns>, StoreError> {
        let raw = self.load_part(MODEL)?;
        let decoded = raw.map(|raw| model_blob::decode(&raw, dataset)).transpose();
        Ok(decoded.unwrap_or_else(|damage| {
            tracing::warn!("what a model said in {}: {damage}", self.path.display());
            None
        }))
    }

    /// All issues: those of the import, then those of measuring, each in the order of samples.
    pub fn load_issues(&self) -> Result<Vec<Issue>, StoreError> {
        let connection = self.connection();
        let read = || {
            let mut select = connection.prepare(
                "SELECT sample, kind, path, message, measured FROM issue ORDER BY measured, sample, id",
            )?;
            let mut rows = select.query([])?;
            let mut issues = Vec::new();
            while let Some(row) = rows.next()? {
                let sample: Option<i64> = row.get(0)?;
                // An unknown kind or row number can only come from damage: it is found again.
                let Some(kind) = row.get_ref(1)?.as_str().ok().and_then(IssueKind::from_name) else {
                    continue;
                };
                let Ok(sample) = sample.map(SampleId::try_from).transpose() else { continue };
                let origin = if row.get::<_, i64>(4)? == 0 { Origin::Listing } else { Origin::Content };
                issues.push(Issue { sample, kind, origin, path: row.get(2)?, message: row.get(3)? });
            }
            Ok(issues)
        };
        read().map_err(|cause| self.told(cause))
    }

    /// A value of this project by its name: view state, layout, table columns.
    pub fn get_value(&self, key: &str) -> Result<Option<serde_json::Value>, StoreError> {
        value(&self.connection(), key).map_err(|cause| self.told(cause))
    }

    /// The samples that came with a new listing, and of which it is not settled yet whether they are samples that were
    /// moved: they stay arrived, whoever measures them, until somebody follows them and keeps the rest under
    /// [`ARRIVED`]. `samples` is how many the dataset has: a damaged project may name others.
    pub fn arrived(&self, samples: usize) -> Result<SampleSet, StoreError> {
        arrived_in(&self.connection(), samples).map_err(|cause| self.told(cause))
    }

    /// Keeps a value under a name. The interface submits [`super::JournalOp::SetValue`] instead,
    /// which does not wait.
    pub fn set_value(&self, key: &str, value: &serde_json::Value) -> Result<(), StoreError> {
        self.write(|transaction| put_value(transaction, key, value))
    }

    /// A connection of its own for another thread.
    pub(super) fn connect(&self) -> Result<Connection, StoreError> {
        database::connect(&self.path, self.mode)
    }

    pub(super) fn check_writable(&self) -> Result<(), StoreError> {
        self.access.check_writable(&self.path)
    }

    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.check_writable()?;
        let mut connection = self.connection();
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|cause| self.told(cause))
    }

    /// A thread that panicked in a transaction dropped it, which took it back.
    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self, cause: rusqlite::Error) -> StoreError {
        StoreError::database(&self.path, cause)
    }
}

/// The name under which a project keeps the samples that [arrived](Project::arrived).
pub const ARRIVED: &str = "arrived";

fn arrived_in(connection: &Connection, samples: usize) -> rusqlite::Result<SampleSet> {
    let kept = value(connection, ARRIVED)?.and_then(|kept| serde_json::from_value(kept).ok());
    let kept: SampleSet = kept.unwrap_or_default();
    Ok(SampleSet::from_rows(kept.iter().take_while(|row| (*row as usize) < samples)))
}

/// The value under a name. One that is no JSON any more is as good as none: its reader has a default.
fn value(connection: &Connection, key: &str) -> rusqlite::Result<Option<serde_json::Value>> {
    let json: Option<String> =
        connection.query_row("SELECT json FROM value WHERE key = ?1", [key], |row| row.get(0)).optional()?;
    Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
}

/// Keeps a value under a name.
pub(super) fn put_value(
    connection: &Connection,
    key: &str,
    value: &serde_json::Value,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO value (key, json) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET json = excluded.json",
        )?
        .execute(params![key, value.to_string()])?;
    Ok(())
}

fn insert_issues(connection: &Connection, issues: &[Issue]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO issue (measured, sample, kind, path, message) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for issue in issues {
        let Issue { sample, path, kind, origin, message } = issue;
        insert.execute(params![*origin as i64, sample, kind.name(), path, message])?;
    }
    Ok(())
}

fn delete_measured_issues(connection: &Connection, samples: &[SampleId]) -> rusqlite::Result<()> {
    let (Some(first), Some(last)) = (samples.iter().min(), samples.iter().max()) else { return Ok(()) };
    // Few samples have issues, and at a first scan every sample is among those that changed.
    let wanted: HashSet<i64> = samples.iter().map(|sample| i64::from(*sample)).collect();
    let known: Vec<i64> = connection
        .prepare_cached("SELECT DISTINCT sample FROM issue WHERE measured = 1 AND sample BETWEEN ?1 AND ?2")?
        .query_map([first, last], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut delete = connection.prepare_cached("DELETE FROM issue WHERE measured = 1 AND sample = ?1")?;
    for sample in known.iter().filter(|sample| wanted.contains(sample)) {
        delete.execute([sample])?;
    }
    Ok(())
}

/// Makes these rows unmeasured in the chunks that are kept.
fn forget_facts(connection: &Connection, samples: &[SampleId]) -> rusqlite::Result<()> {
    let mut samples = samples.to_vec();
    samples.sort_unstable();
    for rows in samples.chunk_by(|a, b| *a as usize / CHUNK == *b as usize / CHUNK) {
        let number = rows[0] as usize / CHUNK;
        let kept: Option<Vec<u8>> = connection
            .prepare_cached("SELECT data FROM fact WHERE chunk = ?1")?
            .query_row([number as i64], |row| row.get(0))
            .optional()?;
        // A damaged chunk is unmeasured anyway.
        let chunk = kept.and_then(|data| chunk::unseal(&data).ok());
        let Some(mut chunk): Option<FactChunk> = chunk else { continue };
        for row in rows.iter().map(|row| *row as usize % CHUNK) {
            if row < chunk.len() {
                chunk.set(row, &Fact::UNMEASURED);
            }
        }
        for (number, data) in chunk::seal(&[(number, Arc::new(chunk))]) {
            chunk::put(connection, chunk::FACTS, number, &data)?;
        }
    }
    Ok(())
}

/// Takes the lock of the folder, made when it is not there.
fn lock(folder: &Path) -> Result<(Access, Option<File>), StoreError> {
    let path = folder.join("project.lock");
    let made = std::fs::create_dir_all(folder)
        .and_then(|()| File::options().create(true).truncate(false).write(true).open(&path));
    let file = match made {
        Ok(file) => file,
        Err(cause) => match StoreError::io(folder, cause) {
            StoreError::Denied(_) if folder.join("project.db").exists() => {
                let reason = "the project's folder cannot be written to".to_owned();
                return Ok((Access::ReadOnly { reason }, None));
            }
            other => return Err(other),
        },
    };
    let access = access_of(file.try_lock());
    let held = access == Access::ReadWrite;
    Ok((access, held.then_some(file)))
}

/// What may be done with a project after this try for its lock.
fn access_of(tried: Result<(), TryLockError>) -> Access {
    let reason = match tried {
        Ok(()) => return Access::ReadWrite,
        Err(TryLockError::WouldBlock) => "another Lenslet window has this project open",
        Err(TryLockError::Error(cause)) => {
            tracing::warn!("the lock of a project: {cause}");
            "the project's folder is on a file system without locks; choose another with --project"
        }
    };
    Access::ReadOnly { reason: reason.to_owned() }
}

/// `project.db.damaged-1`, or the first number that is free.
pub(super) fn unused_name(path: &Path) -> PathBuf {
    let mut number = 1u64;
    loop {
        let name = with_suffix(path, &format!(".damaged-{number}"));
        if !name.exists() && !with_suffix(&name, "-wal").exists() {
            return name;
        }
        number += 1;
    }
}

/// The file of that name with something after it.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_lock_says_what_may_be_done() {
        let rows = [
            (Ok(()), None),
            (Err(TryLockError::WouldBlock), Some("another Lenslet window")),
            (
                Err(TryLockError::Error(std::io::ErrorKind::Unsupported.into())),
                Some("without locks; choose another with --project"),
            ),
        ];
        for (tried, expected) in rows {
            match (access_of(tried), expected) {
                (Access::ReadWrite, None) => {}
                (Access::ReadOnly { reason }, Some(part)) => assert!(reason.contains(part), "{reason}"),
                (access, expected) => panic!("{access:?} for {expected:?}"),
            }
        }
    }
}
