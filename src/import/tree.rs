//! What lies below the opened path, whether a folder, an archive or a set of shards: one list of
//! files with where each one's bytes are.
//!
//! - A folder gives the files below it. Where no image lies loose in it, the archives in it (tar,
//!   tar.gz, zip) are opened in place and their entries listed below the archive's own path.
//! - An archive gives its entries.
//! - A pattern (`data-{000..004}.tar`, `*.zip`) gives what the files and folders it names hold.
//! - Any other file is the [`Tree::focus`], with the files that it may belong with: all below its
//!   folder for a table or annotation, those in its folder for an array or image.
//!
//! It refuses to know layouts.

pub mod archive;
mod files;
pub mod pattern;
pub mod walk;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rayon::prelude::*;

use self::archive::{is_archive_name, sniff};
pub(super) use self::files::Files;
use self::walk::{Listing, Reach, modified_ms, walk};
use super::ImportError;
use super::names::is_image_name;
use super::naming::extension;
use super::reader::{ReadError, Reader};
use crate::dataset::{Container, ContainerKind, Issue, IssueKind, Origin, Place};
use crate::jobs::Control;

/// The most archives that one tree opens.
pub const MAX_ARCHIVES: usize = 50_000;

/// Files that describe others, which may lie in any folder below: opening one lists them all.
const DESCRIBING: &[&str] =
    &["csv", "tsv", "json", "jsonl", "ndjson", "xml", "yaml", "yml", "txt", "data", "names"];

/// Folders that descriptions are put in, beside the folders of images.
const DESCRIPTION_FOLDERS: &[&str] =
    &["annotations", "annotation", "annots", "labels", "label", "meta", "metadata", "splits", "imagesets"];

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
    /// The file that was opened, where it is neither a folder nor an archive.
    pub focus: Option<usize>,
    /// Whether entries' paths begin with their archive's path.
    pub prefixed: bool,
    files: Files,
    reader: Reader,
    /// Files by the hash of their path; of several, the first.
    index: OnceLock<HashMap<u64, u32>>,
}

impl Tree {
    /// Lists what a path or pattern leads to.
    pub fn open(source: &str, control: &Control) -> Result<Self, ImportError> {
        control.begin("Listing files", 0);
        let not_found = || ImportError::NotFound(PathBuf::from(source));
        let path = std::path::absolute(source).map_err(|_| not_found())?;
        match std::fs::metadata(&path) {
            Ok(about) if about.is_dir() => Self::open_folder(source, path, control),
            Ok(about) if about.is_file() => Self::open_file(source, &path, control),
            Ok(_) => Err(ImportError::Malformed {
                path,
                message: "this is a pipe or device; open a folder, an archive or a file".into(),
            }),
            Err(error) if is_absent(&error) && pattern::is_pattern(source) => {
                Self::open_pattern(source, &path, control)
            }
            Err(error) if is_absent(&error) => Err(not_found()),
            Err(source) => Err(ImportError::Unreadable { path, source }),
        }
    }

    /// A tree of these loose files, whether they exist or not: sizes are 0. For tests of what
    /// paths alone tell.
    pub fn from_paths<'a>(root: &Path, paths: impl IntoIterator<Item = &'a str>) -> Self {
        let mut files = Files::default();
        for path in paths {
            files.push(path, None, Place::loose(0), 0, 0);
        }
        let source = root.to_string_lossy().into_owned();
        Parts { files, ..Parts::new(root.to_owned()) }.into_tree(&source)
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Path of a file relative to the root, `/`-separated. An archive's entry is relative to the
    /// archive when that was opened itself, else below the archive's path. Bytes that are not
    /// UTF-8 are written `\xE9`.
    pub fn path(&self, file: usize) -> &str {
        self.files.paths.get(file)
    }

    /// The exact path where it is not UTF-8.
    pub fn raw_path(&self, file: usize) -> Option<&[u8]> {
        self.files.raw_paths.get(&file).map(Vec::as_slice)
    }

    pub fn place(&self, file: usize) -> Place {
        self.files.places[file]
    }

    /// Size in bytes, uncompressed.
    pub fn bytes(&self, file: usize) -> u64 {
        self.files.bytes[file]
    }

    /// Milliseconds since the Unix epoch; of the archive for an archive's entry without its own.
    pub fn modified_ms(&self, file: usize) -> i64 {
        self.files.modified_ms[file]
    }

    /// The path of the archive that an entry lies in, as far as [`Self::path`] begins with it, and
    /// the path within.
    pub fn split_archive(&self, file: usize) -> (Option<&str>, &str) {
        let (path, place) = (self.path(file), self.place(file));
        if !self.prefixed || place.is_loose() {
            return (None, path);
        }
        let archive = self.containers[place.container as usize].path.as_str();
        match path.strip_prefix(archive).and_then(|rest| rest.strip_prefix('/')) {
            Some(within) => (Some(archive), within),
            None => (None, path),
        }
    }

    /// The file of that path, if there is one.
    pub fn find(&self, path: &str) -> Option<usize> {
        let index = self.index.get_or_init(|| {
            let mut index = HashMap::with_capacity(self.len());
            for (file, path) in self.files.paths.iter().enumerate() {
                index.entry(hash_of(path)).or_insert(file as u32);
            }
            index
        });
        let file = *index.get(&hash_of(path))? as usize;
        if self.path(file) == path {
            return Some(file);
        }
        // Two paths of one hash: rare enough to look through the list.
        self.files.position(path)
    }

    /// The whole content of a file.
    pub fn read(&self, file: usize) -> Result<Vec<u8>, ReadError> {
        self.reader.bytes(self.path(file), self.raw_path(file), self.place(file))
    }

    /// The first `len` bytes of a file; fewer where it is shorter.
    pub fn start(&self, file: usize, len: u64) -> Result<Vec<u8>, ReadError> {
        self.reader.start(self.path(file), self.raw_path(file), self.place(file), len)
    }

    /// The reader over this tree's containers.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The path on disk of a loose file.
    pub fn path_on_disk(&self, file: usize) -> PathBuf {
        self.reader.path_on_disk(self.path(file), self.raw_path(file))
    }

    fn open_folder(source: &str, root: PathBuf, control: &Control) -> Result<Self, ImportError> {
        // A folder below that cannot be listed is an issue; this one is the whole answer.
        if let Err(source) = std::fs::read_dir(&root) {
            return Err(ImportError::Unreadable { path: root, source });
        }
        let mut parts = Parts::new(root);
        parts.add_folder(Reach::Below, control)?;
        parts.add_archives_within(control)?;
        Ok(parts.into_tree(source))
    }

    fn open_file(source: &str, path: &Path, control: &Control) -> Result<Self, ImportError> {
        let (Some(mut folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str()))
        else {
            let message = "the file's name is not UTF-8; rename it or open its folder".into();
            return Err(ImportError::Malformed { path: path.to_owned(), message });
        };
        let unreadable = |source| ImportError::Unreadable { path: path.to_owned(), source };
        let ending = extension(name).to_ascii_lowercase();
        let kind = sniff(path).map_err(unreadable)?.filter(|_| ending != "npz");
        let mut parts = Parts::new(folder.to_owned());
        if let Some(kind) = kind {
            let about = path.metadata().map_err(unreadable)?;
            parts.add_archives(vec![(name.to_owned(), kind, modified_ms(&about))], "", control)?;
            if let (true, Some(issue)) = (parts.files.is_empty(), parts.issues.first()) {
                return Err(ImportError::Malformed { path: path.to_owned(), message: issue.message.clone() });
            }
            // An archive of arrays only is NumPy's .npz under another name.
            let arrays = parts.files.paths.iter().all(|path| extension(path) == "npy");
            if parts.files.is_empty() || !arrays {
                return Ok(parts.into_tree(source));
            }
            parts = Parts::new(folder.to_owned());
        }
        if !DESCRIBING.contains(&ending.as_str()) {
            parts.add_folder(Reach::Folder, control)?;
            return Ok(parts.focused(name).into_tree(source));
        }
        parts.add_folder(Reach::Below, control)?;
        let mut focus = name.to_owned();
        let own_name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !parts.has_images()
            && DESCRIPTION_FOLDERS.contains(&own_name.to_ascii_lowercase().as_str())
            && let Some(above) = folder.parent()
        {
            focus = format!("{own_name}/{name}");
            folder = above;
            parts = Parts::new(folder.to_owned());
            parts.add_folder(Reach::Below, control)?;
        }
        parts.add_archives_within(control)?;
        Ok(parts.focused(&focus).into_tree(source))
    }

    /// `absolute` is the pattern with the folder it starts from.
    fn open_pattern(source: &str, absolute: &Path, control: &Control) -> Result<Self, ImportError> {
        let malformed = |message: String| ImportError::Malformed { path: PathBuf::from(source), message };
        let Some(text) = absolute.to_str() else {
            return Err(malformed("the folder's name is not UTF-8; rename it".into()));
        };
        let mut matched: Vec<PathBuf> = Vec::new();
        let mut missing: Vec<PathBuf> = Vec::new();
        for text in pattern::expand(text).map_err(|error| malformed(error.to_string()))? {
            control.checkpoint()?;
            if pattern::is_glob(&text) && !Path::new(&text).exists() {
                matched.extend(glob(Path::new(&text)));
            } else if Path::new(&text).exists() {
                matched.push(PathBuf::from(text));
            } else {
                missing.push(PathBuf::from(text));
            }
            if matched.len() > pattern::MAX_EXPANDED {
                return Err(malformed(pattern::PatternError::TooMany.to_string()));
            }
        }
        let Some(root) = common_folder(&matched) else {
            return Err(ImportError::NotFound(PathBuf::from(source)));
        };
        let relative =
            |path: &Path| path.strip_prefix(&root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let mut parts = Parts::new(root.clone());
        let mut archives = Vec::new();
        for path in &matched {
            let name = relative(path);
            let about = match path.metadata() {
                Ok(about) => about,
                Err(error) => {
                    parts.issue(&name, &ReadError::from_io(&error));
                    continue;
                }
            };
            if about.is_dir() {
                parts.add_folder_at(path, &format!("{name}/"), Reach::Below, control)?;
            } else if let Some(kind) = sniff(path).ok().flatten().filter(|_| extension(&name) != "npz") {
                archives.push((name, kind, modified_ms(&about)));
            } else if about.is_file() {
                let place = Place::loose(about.len());
                parts.files.push(&name, None, place, about.len(), modified_ms(&about));
            }
        }
        for path in missing {
            let error = ReadError::new(IssueKind::Missing, "the pattern names this file and it is not there");
            parts.issue(&relative(&path), &error);
        }
        parts.add_archives(archives, "/", control)?;
        Ok(parts.into_tree(source))
    }
}

/// A tree that is being put together.
struct Parts {
    root: PathBuf,
    containers: Vec<Container>,
    issues: Vec<Issue>,
    files: Files,
    focus: Option<String>,
    prefixed: bool,
}

impl Parts {
    fn new(root: PathBuf) -> Self {
        Self {
            root,
            containers: Vec::new(),
            issues: Vec::new(),
            files: Files::default(),
            focus: None,
            prefixed: false,
        }
    }

    fn focused(mut self, path: &str) -> Self {
        self.focus = Some(path.to_owned());
        self
    }

    fn issue(&mut self, path: &str, error: &ReadError) {
        let (kind, message) = (error.kind, error.message.clone());
        self.issues.push(Issue {
            sample: None,
            path: path.to_owned(),
            kind,
            origin: Origin::Listing,
            message,
        });
    }

    fn has_images(&self) -> bool {
        self.files.paths.iter().any(is_image_name)
    }

    fn add_folder(&mut self, reach: Reach, control: &Control) -> Result<(), ImportError> {
        let root = self.root.clone();
        self.add_folder_at(&root, "", reach, control)
    }

    fn add_folder_at(
        &mut self,
        folder: &Path,
        prefix: &str,
        reach: Reach,
        control: &Control,
    ) -> Result<(), ImportError> {
        let Listing { files, issues } = walk(folder, reach, control)?;
        self.issues.extend(issues);
        if prefix.is_empty() && self.files.is_empty() {
            self.files = files;
        } else {
            self.files.append_below(prefix, files);
        }
        Ok(())
    }

    /// Opens the archives among the files, unless images lie beside them: then they are most
    /// likely what those were unpacked from.
    fn add_archives_within(&mut self, control: &Control) -> Result<(), ImportError> {
        if self.has_images() {
            return Ok(());
        }
        let mut archives = Vec::new();
        for (file, path) in self.files.paths.iter().enumerate() {
            // Names that are not UTF-8 cannot be a container's path.
            if !is_archive_name(path) || self.files.raw_paths.contains_key(&file) {
                continue;
            }
            control.checkpoint()?;
            // One that cannot be read is reported when it is listed.
            let named = if path.to_ascii_lowercase().ends_with(".zip") {
                ContainerKind::Zip
            } else {
                ContainerKind::Tar
            };
            match sniff(&self.root.join(path)) {
                Ok(None) => {}
                Ok(Some(kind)) => archives.push((path.to_owned(), kind, self.files.modified_ms[file])),
                Err(_) => archives.push((path.to_owned(), named, 0)),
            }
        }
        self.add_archives(archives, "/", control)
    }

    /// Lists archives side by side. `joint` goes between an archive's path and its entries' paths;
    /// without one, entries stand alone.
    fn add_archives(
        &mut self,
        mut archives: Vec<(String, ContainerKind, i64)>,
        joint: &str,
        control: &Control,
    ) -> Result<(), ImportError> {
        archives.sort_by(|a, b| crate::dataset::natural::compare(&a.0, &b.0));
        archives.dedup_by(|a, b| a.0 == b.0);
        if archives.len() > MAX_ARCHIVES {
            return Err(ImportError::Malformed {
                path: self.root.clone(),
                message: format!("there are more than {MAX_ARCHIVES} archives here; open a part of them"),
            });
        }
        if let [(name, ..)] = &archives[..] {
            control.begin(format!("Listing {name}"), 0);
        } else if !archives.is_empty() {
            control.begin(format!("Listing {} archives", archives.len()), 0);
        }
        self.prefixed |= !joint.is_empty();
        self.containers = archives
            .iter()
            .map(|(path, kind, _)| Container { path: path.clone(), kind: *kind, parent: None })
            .collect();
        let reader = Reader::new(self.root.clone(), self.containers.clone());
        let listings: Result<Vec<Listing>, _> = archives
            .par_iter()
            .enumerate()
            .map(|(index, (path, kind, modified))| {
                let prefix = if joint.is_empty() { String::new() } else { format!("{path}{joint}") };
                archive::list(&reader, index as u32, *kind, (path, &prefix, *modified), control)
            })
            .collect();
        for Listing { files, issues } in listings? {
            self.files.append(files);
            self.issues.extend(issues);
        }
        Ok(())
    }

    fn into_tree(self, source: &str) -> Tree {
        let files = self.files.sorted();
        let focus = self.focus.and_then(|path| files.position(&path));
        Tree {
            source: source.to_owned(),
            reader: Reader::new(self.root.clone(), self.containers.clone()),
            root: self.root,
            containers: self.containers,
            issues: self.issues,
            focus,
            prefixed: self.prefixed,
            files,
            index: OnceLock::new(),
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    // What is no path on this system is not there either: Windows refuses `*` in names.
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}

/// The files and folders that a path with `*`, `?` or `[…]` in some of its parts stands for, in
/// natural order and at most [`pattern::MAX_EXPANDED`] and one.
fn glob(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in path.components() {
        let text = part.as_os_str().to_string_lossy();
        if !pattern::is_glob(&text) {
            for path in &mut found {
                path.push(part);
            }
            continue;
        }
        let mut next = Vec::new();
        for folder in &found {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            let mut names: Vec<String> = entries
                .flatten()
                .filter_map(|entry| entry.file_name().into_string().ok())
                .filter(|name| {
                    (text.starts_with('.') || !name.starts_with('.')) && pattern::matches(&text, name)
                })
                .collect();
            names.sort_by(|a, b| crate::dataset::natural::compare(a, b));
            next.extend(names.into_iter().map(|name| folder.join(name)));
            if next.len() > pattern::MAX_EXPANDED {
                next.truncate(pattern::MAX_EXPANDED + 1);
                break;
            }
        }
        found = next;
    }
    found.retain(|path| path.exists());
    found
}

/// The deepest folder that all paths lie in; `None` for no paths.
fn common_folder(paths: &[PathBuf]) -> Option<PathBuf> {
    let mut folder = paths.first()?.parent()?.to_owned();
    for path in paths {
        while !path.parent()?.starts_with(&folder) {
            folder = folder.parent()?.to_owned();
        }
    }
    Some(folder)
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
