//! What a target knows of the export that it holds: a file that says which one it is and whether it is
//! complete, and a list of the files that are finished, with their sizes and hashes.
//!
//! Both have names that importers pass over. The list is appended to after what it tells of is durable,
//! so that a line is never ahead of its file; a line that was cut off is no line.

use std::borrow::Cow;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::draft::Output;
use crate::export::ExportError;
use crate::files;

/// The file that says which export a folder holds.
pub const STATE_FILE: &str = ".lenslet-export.json";

/// The list of finished files, a JSON object in each line.
pub const LIST_FILE: &str = ".lenslet-export.files.jsonl";

/// The folder of files that are being written.
pub const PARTS_FOLDER: &str = ".lenslet-export.parts";

/// The form of these files; others are not understood.
const VERSION: u32 = 1;

/// Which export a folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub version: u32,
    pub program: String,
    /// What was exported, as it was opened.
    pub source: String,
    /// Hash of what decides what the files are: the chosen samples, the options, the names of all files,
    /// and what is read for them beside the samples.
    pub fingerprint: String,
    pub files: u64,
    /// Whether all of them are there and were verified.
    pub complete: bool,
}

impl State {
    pub fn new(source: &str, fingerprint: &str, files: u64) -> Self {
        let program = format!("lenslet {}", env!("CARGO_PKG_VERSION"));
        let (source, fingerprint) = (source.to_owned(), fingerprint.to_owned());
        Self { version: VERSION, program, source, fingerprint, files, complete: false }
    }

    pub fn write(&self, target: &Path) -> Result<(), ExportError> {
        let path = target.join(STATE_FILE);
        let failed = |cause| ExportError::io(&path, cause);
        files::write_whole(&path, failed, |out| {
            serde_json::to_writer_pretty(&mut *out, self).map_err(|error| failed(error.into()))?;
            out.write_all(b"\n").map_err(failed)
        })
    }
}

/// How a file came to the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    Copied,
    Cloned,
    HardLinked,
    SymLinked,
    Made,
}

/// A file that is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub bytes: u64,
    pub how: How,
    /// BLAKE3 of its content; none for links, whose content is the source's.
    pub hash: Option<blake3::Hash>,
    /// Whether no sample is missing in it. One that goes without some is not noted as finished, so that
    /// it is made again.
    pub is_whole: bool,
}

/// A line of the list.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    /// The file's number among the export's.
    file: usize,
    path: Cow<'a, str>,
    bytes: u64,
    how: How,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hash: Option<Cow<'a, str>>,
}

/// What lies in a target.
#[derive(Debug, PartialEq, Eq)]
pub enum Occupied {
    /// Nothing, or no folder is there.
    No,
    Ours(State),
    /// Something else; the name of one of its files.
    Foreign(String),
}

/// Looks what lies in a target.
pub fn occupied(target: &Path) -> Result<Occupied, ExportError> {
    let failed = |cause| ExportError::io(target, cause);
    match target.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Occupied::No),
        Err(error) => return Err(failed(error)),
        Ok(about) if !about.is_dir() => return Err(ExportError::NotAFolder(target.to_owned())),
        Ok(_) => {}
    }
    let state = std::fs::read(target.join(STATE_FILE)).ok();
    let state = state.and_then(|text| serde_json::from_slice::<State>(&text).ok());
    if let Some(state) = state.filter(|state| state.version == VERSION) {
        return Ok(Occupied::Ours(state));
    }
    match std::fs::read_dir(target).map_err(failed)?.next() {
        None => Ok(Occupied::No),
        Some(entry) => {
            Ok(Occupied::Foreign(entry.map_err(failed)?.file_name().to_string_lossy().into_owned()))
        }
    }
}

/// Removes the list of an export that nothing was written of.
pub fn remove_list(target: &Path) -> Result<(), ExportError> {
    let path = target.join(LIST_FILE);
    std::fs::remove_file(&path).map_err(|cause| ExportError::io(&path, cause))
}

/// The finished files that a list tells of, by their numbers: those that are still there.
pub fn finished(target: &Path, outputs: &[Output]) -> Vec<Option<Entry>> {
    let text = std::fs::read(target.join(LIST_FILE)).unwrap_or_default();
    parse(&text, target, outputs)
}

fn parse(text: &[u8], target: &Path, outputs: &[Output]) -> Vec<Option<Entry>> {
    let mut found = vec![None; outputs.len()];
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let Ok(line) = serde_json::from_slice::<Line<'_>>(line) else { continue };
        let Some(output) = outputs.get(line.file).filter(|output| output.path == line.path) else { continue };
        let about = target.join(path_of(output)).symlink_metadata();
        let is_there = about.is_ok_and(|about| match line.how {
            How::SymLinked => about.is_symlink(),
            _ => about.is_file() && about.len() == line.bytes,
        });
        let hash = line.hash.as_deref().and_then(|hash| blake3::Hash::from_hex(hash).ok());
        found[line.file] =
            is_there.then_some(Entry { bytes: line.bytes, how: line.how, hash, is_whole: true });
    }
    found
}

/// Where an output lies, relative to the target.
pub fn path_of(output: &Output) -> PathBuf {
    #[cfg(unix)]
    if let Some(raw) = &output.raw {
        use std::os::unix::ffi::OsStrExt;
        return PathBuf::from(std::ffi::OsStr::from_bytes(raw));
    }
    PathBuf::from(&output.path)
}

/// The list of a target, held by one program at a time.
#[derive(Debug)]
pub struct List {
    file: File,
    path: PathBuf,
}

impl List {
    /// Takes the list of a target, and what it tells of; an empty one `anew`.
    pub fn open(
        target: &Path,
        outputs: &[Output],
        anew: bool,
    ) -> Result<(Self, Vec<Option<Entry>>), ExportError> {
        let path = target.join(LIST_FILE);
        let failed = |cause| ExportError::io(&path, cause);
        let mut text = Vec::new();
        // Another name of a file elsewhere, as in a copy of an export made of links: what was written
        // here would be read there. The name gets a file of its own.
        let is_shared = path.symlink_metadata().is_ok_and(|about| is_shared(&about));
        if is_shared {
            if !anew {
                text = std::fs::read(&path).unwrap_or_default();
            }
            std::fs::remove_file(&path).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ExportError::InUse(target.to_owned())),
            // Some network file systems have no locks: go on without.
            Err(TryLockError::Error(cause)) => tracing::warn!("{}: {cause}", path.display()),
        }
        if !anew && !is_shared {
            file.read_to_end(&mut text).map_err(failed)?;
        }
        let found = parse(&text, target, outputs);
        let mut list = Self { file, path };
        list.replace(outputs, &found)?;
        Ok((list, found))
    }

    /// Makes these the files that are finished.
    pub fn replace(&mut self, outputs: &[Output], entries: &[Option<Entry>]) -> Result<(), ExportError> {
        let entries = entries.iter().enumerate().filter_map(|(at, entry)| Some((at, (*entry)?)));
        let text = lines(outputs, entries);
        let written = self.file.set_len(0).and_then(|()| self.file.rewind());
        let written = written.and_then(|()| self.file.write_all(&text)).and_then(|()| self.file.sync_data());
        written.map_err(|cause| ExportError::io(&self.path, cause))
    }

    /// Notes more finished files, whose content is durable.
    pub fn append(
        &mut self,
        outputs: &[Output],
        entries: impl Iterator<Item = (usize, Entry)>,
    ) -> Result<(), ExportError> {
        let written = self.file.write_all(&lines(outputs, entries)).and_then(|()| self.file.sync_data());
        written.map_err(|cause| ExportError::io(&self.path, cause))
    }
}

/// Whether a name leads to a file that has others, too.
fn is_shared(about: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        about.is_symlink() || (about.is_file() && about.nlink() > 1)
    }
    #[cfg(not(unix))]
    {
        about.is_symlink()
    }
}

fn lines(outputs: &[Output], entries: impl Iterator<Item = (usize, Entry)>) -> Vec<u8> {
    let mut text = Vec::new();
    for (file, Entry { bytes, how, hash, .. }) in entries.filter(|(_, entry)| entry.is_whole) {
        let path = Cow::from(outputs[file].path.as_str());
        let line = Line { file, path, bytes, how, hash: hash.map(|hash| hash.to_hex().to_string().into()) };
        // Plain values are written to memory: this cannot fail.
        if serde_json::to_writer(&mut text, &line).is_ok() {
            text.push(b'\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::draft::From;
    use super::*;

    #[test]
    fn a_list_keeps_what_is_whole_and_there() {
        let target = tempfile::tempdir().unwrap();
        let output = |path: &str| Output { path: path.into(), raw: None, bytes: 3, from: From::Sample(0) };
        let outputs: Vec<Output> = ["a", "b", "c", "d"].map(output).into();
        for (path, content) in [("a", "abc"), ("b", "short by none"), ("d", "abc")] {
            std::fs::write(target.path().join(path), content).unwrap();
        }
        let entry = Entry { bytes: 3, how: How::Copied, hash: Some(blake3::hash(b"abc")), is_whole: true };
        let (mut list, found) = List::open(target.path(), &outputs, true).unwrap();
        assert_eq!(found, [None, None, None, None]);
        assert!(matches!(List::open(target.path(), &outputs, false), Err(ExportError::InUse(_))));
        list.append(&outputs, (0..4).map(|file| (file, entry))).unwrap();
        drop(list);
        // The last line was being written when the machine stopped.
        let path = target.path().join(LIST_FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 9]).unwrap();
        let expected = [Some(entry), None, None, None];
        assert_eq!(finished(target.path(), &outputs), expected);
        let (mut list, found) = List::open(target.path(), &outputs, false).unwrap();
        assert_eq!(found, expected);
        list.append(&outputs, [(3, Entry { is_whole: false, ..entry })].into_iter()).unwrap();
        assert_eq!(finished(target.path(), &outputs)[3], None);
        list.append(&outputs, [(3, entry)].into_iter()).unwrap();
        assert_eq!(finished(target.path(), &outputs)[3], Some(entry));
    }

    #[test]
    fn a_list_that_is_a_link_is_not_written_through() {
        for (is_symbolic, anew) in [(false, false), (false, true), (true, false), (true, true)] {
            let place = tempfile::tempdir().unwrap();
            let [old, new] = ["old", "new"].map(|name| place.path().join(name));
            let output = Output { path: "a".into(), raw: None, bytes: 3, from: From::Sample(0) };
            let entry = Entry { bytes: 3, how: How::Copied, hash: None, is_whole: true };
            let outputs = [output];
            for folder in [&old, &new] {
                std::fs::create_dir(folder).unwrap();
                std::fs::write(folder.join("a"), "abc").unwrap();
            }
            let (mut list, _) = List::open(&old, &outputs, true).unwrap();
            list.append(&outputs, [(0, entry)].into_iter()).unwrap();
            drop(list);
            let before = std::fs::read(old.join(LIST_FILE)).unwrap();
            if is_symbolic {
                #[cfg(unix)]
                std::os::unix::fs::symlink(old.join(LIST_FILE), new.join(LIST_FILE)).unwrap();
                if cfg!(not(unix)) {
                    continue;
                }
            } else {
                std::fs::hard_link(old.join(LIST_FILE), new.join(LIST_FILE)).unwrap();
                if cfg!(not(unix)) {
                    continue; // The system does not tell how many names a file has.
                }
            }
            let (mut list, found) = List::open(&new, &outputs, anew).unwrap();
            assert_eq!(found, [(!anew).then_some(entry)], "{is_symbolic} {anew}");
            list.append(&outputs, [(0, Entry { how: How::Cloned, ..entry })].into_iter()).unwrap();
            assert_eq!(std::fs::read(old.join(LIST_FILE)).unwrap(), before, "{is_symbolic} {anew}");
            assert_eq!(finished(&new, &outputs)[0].map(|entry| entry.how), Some(How::Cloned));
        }
    }

    #[test]
    fn a_target_is_free_ours_or_foreign() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("new");
        assert_eq!(occupied(&target).unwrap(), Occupied::No);
        std::fs::create_dir(&target).unwrap();
        assert_eq!(occupied(&target).unwrap(), Occupied::No);
        std::fs::write(target.join("x.txt"), "x").unwrap();
        assert_eq!(occupied(&target).unwrap(), Occupied::Foreign("x.txt".into()));
        assert!(matches!(occupied(&target.join("x.txt")), Err(ExportError::NotAFolder(_))));
        let state = State::new("/data", "0f", 7);
        state.write(&target).unwrap();
        assert_eq!(occupied(&target).unwrap(), Occupied::Ours(state));
        std::fs::write(target.join(STATE_FILE), "{}").unwrap();
        assert!(matches!(occupied(&target).unwrap(), Occupied::Foreign(_)));
    }
}
