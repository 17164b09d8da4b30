//! What lies below the opened path, whether a folder, an archive or a set of shards: one list of
//! files with where each one's bytes are.
//!
//! - A folder gives the files below it. Where no image lies loose in it, the archives in it (tar,
//!   tar.gz, zip) are opened in place and their entries listed below the archive's own path.
//! - An archive gives its entries. Where no image is among them, the archives among them are opened
//!   in the same way, [`MAX_NESTED`] deep.
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

use self::archive::{SNIFFED_BYTES, is_archive_name, kind_of, sniff};
pub(super) use self::files::Files;
use self::walk::{Listing, Reach, modified_ms, walk};
use super::ImportError;
use super::image_index::{ImageIndex, Sorted};
use super::names::{extension, is_image_name};
use super::reader::{ReadError, Reader};
use crate::dataset::{Container, ContainerKind, Issue, IssueKind, Origin, Place, natural};
use crate::jobs::Control;

/// The most archives that one tree opens.
pub const MAX_ARCHIVES: usize = 50_000;

/// How deep archives in archives are opened: Kaggle's zips hold one for each split, ImageNet's tar one
/// for each class.
pub const MAX_NESTED: usize = 2;

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
    /// What the paths of each archive's entries begin with: the archive's own path and `/`, or
    /// nothing where that archive was opened by itself.
    prefixes: Vec<String>,
    files: Files,
    reader: Reader,
    /// Files by the hash of their path; of several, the first.
    index: OnceLock<HashMap<u64, u32>>,
    images: OnceLock<Sorted>,
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

    /// Milliseconds since the Unix epoch; of the archive for an archive's entry.
    pub fn modified_ms(&self, file: usize) -> i64 {
        self.files.modified_ms[file]
    }

    /// The path of the archive that an entry lies in, as far as [`Self::path`] begins with it, and
    /// the path within.
    pub fn split_archive(&self, file: usize) -> (Option<&str>, &str) {
        let path = self.path(file);
        let prefix = self.prefixes.get(self.place(file).container as usize);
        match prefix.and_then(|prefix| Some((prefix.strip_suffix('/')?, path.strip_prefix(prefix)?))) {
            Some((archive, within)) => (Some(archive), within),
            None => (None, path),
        }
    }

    /// Whether one archive was opened by itself: what lies beside it is not in the tree.
    pub fn is_one_archive(&self) -> bool {
        self.prefixes.first().is_some_and(String::is_empty)
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

    /// The image files, by what others call them.
    pub fn images(&self) -> ImageIndex<'_> {
        ImageIndex::new(self, self.images.get_or_init(|| Sorted::new(self)))
    }

    /// Whether a file may be what the person opened: any, where a folder was opened, else that one.
    pub fn is_in_focus(&self, file: usize) -> bool {
        self.focus.is_none_or(|focus| focus == file)
    }

    /// The whole content of a table or annotation file.
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
            parts.add_archives(vec![Archive::by_itself(name, kind, modified_ms(&about))], control)?;
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
                archives.push(Archive::within(&name, kind, modified_ms(&about)));
            } else if about.is_file() {
                let place = Place::loose(about.len());
                parts.files.push(&name, None, place, about.len(), modified_ms(&about));
            }
        }
        for path in missing {
            let error = ReadError::new(IssueKind::Missing, "the pattern names this file and it is not there");
            parts.issue(&relative(&path), &error);
        }
        parts.add_archives(archives, control)?;
        Ok(parts.into_tree(source))
    }
}

/// An archive that is to be listed.
struct Archive {
    container: Container,
    /// What its entries' paths begin with.
    prefix: String,
    modified_ms: i64,
}

impl Archive {
    /// One whose entries' paths are their own.
    fn by_itself(path: &str, kind: ContainerKind, modified_ms: i64) -> Self {
        let container = Container { path: path.to_owned(), kind, parent: None };
        Self { container, prefix: String::new(), modified_ms }
    }

    /// One whose entries lie below its own path.
    fn within(path: &str, kind: ContainerKind, modified_ms: i64) -> Self {
        Self { prefix: format!("{path}/"), ..Self::by_itself(path, kind, modified_ms) }
    }
}

/// A tree that is being put together.
struct Parts {
    root: PathBuf,
    containers: Vec<Container>,
    issues: Vec<Issue>,
    files: Files,
    focus: Option<String>,
    /// As [`Tree::prefixes`].
    prefixes: Vec<String>,
}

impl Parts {
    fn new(root: PathBuf) -> Self {
        Self {
            root,
            containers: Vec::new(),
            issues: Vec::new(),
            files: Files::default(),
            focus: None,
            prefixes: Vec::new(),
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
        // Names that are not UTF-8 cannot be a container's path.
        let named = self.files.paths.iter().enumerate();
        let named =
            named.filter(|(file, path)| is_archive_name(path) && !self.files.raw_paths.contains_key(file));
        let mut named: Vec<(usize, &str)> = named.collect();
        // Folders are listed by several threads, in no order.
        named.sort_by(|a, b| natural::compare(a.1, b.1));
        if let (Some((_, first)), true) = (named.first(), self.has_images()) {
            let others = match named.len() - 1 {
                0 => String::new(),
                count => format!(" (nor {count} more here)"),
            };
            let message = format!(
                "this archive was not opened{others}, since images lie loose beside it that may come from \
                 it; open it by itself to see what it holds"
            );
            let (path, error) = ((*first).to_owned(), ReadError::new(IssueKind::Unsupported, message));
            self.issue(&path, &error);
            return Ok(());
        }
        let mut archives = Vec::new();
        for (file, path) in named {
            control.checkpoint()?;
            // One that cannot be read is reported when it is listed.
            let by_name = if path.to_ascii_lowercase().ends_with(".zip") {
                ContainerKind::Zip
            } else {
                ContainerKind::Tar
            };
            if let Some(kind) = sniff(&self.root.join(path)).unwrap_or(Some(by_name)) {
                archives.push(Archive::within(path, kind, self.files.modified_ms[file]));
            }
        }
        self.add_archives(archives, control)
    }

    /// Lists archives side by side, and then those in them.
    fn add_archives(&mut self, archives: Vec<Archive>, control: &Control) -> Result<(), ImportError> {
        let mut next = archives;
        for depth in 0..=MAX_NESTED {
            let before = self.files.len();
            let reader = self.list_archives(next, control)?;
            if depth == MAX_NESTED || self.has_images() {
                break;
            }
            next = self.nested_archives(before, &reader, control)?;
            if next.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Lists archives and gives the reader that knows them.
    fn list_archives(
        &mut self,
        mut archives: Vec<Archive>,
        control: &Control,
    ) -> Result<Reader, ImportError> {
        // Of entries of one path the last counts, as everywhere.
        let offset = |archive: &Archive| archive.container.parent.map_or(0, |place| place.offset);
        archives
            .sort_by(|a, b| natural::compare(&a.prefix, &b.prefix).then_with(|| offset(b).cmp(&offset(a))));
        archives.dedup_by(|a, b| a.prefix == b.prefix);
        if self.containers.len() + archives.len() > MAX_ARCHIVES {
            return Err(ImportError::Malformed {
                path: self.root.clone(),
                message: format!("there are more than {MAX_ARCHIVES} archives here; open a part of them"),
            });
        }
        if let [one] = &archives[..] {
            control.begin(format!("Listing {}", one.container.path), 0);
        } else if !archives.is_empty() {
            control.begin(format!("Listing {} archives", archives.len()), 0);
        }
        let first = self.containers.len();
        self.containers.extend(archives.iter().map(|archive| archive.container.clone()));
        self.prefixes.extend(archives.iter().map(|archive| archive.prefix.clone()));
        let reader = Reader::new(self.root.clone(), self.containers.clone());
        let listings: Result<Vec<Listing>, _> = archives
            .par_iter()
            .enumerate()
            .map(|(at, Archive { container, prefix, modified_ms })| {
                let path = prefix.strip_suffix('/').unwrap_or(&container.path);
                let told = (path, prefix.as_str(), *modified_ms);
                archive::list(&reader, (first + at) as u32, container.kind, told, control)
            })
            .collect();
        for Listing { files, issues } in listings? {
            self.files.append(files);
            self.issues.extend(issues);
        }
        Ok(reader)
    }

    /// The archives among the entries from `first` on.
    fn nested_archives(
        &self,
        first: usize,
        reader: &Reader,
        control: &Control,
    ) -> Result<Vec<Archive>, ImportError> {
        let mut archives = Vec::new();
        for file in first..self.files.len() {
            let (path, place) = (self.files.paths.get(file), self.files.places[file]);
            if !is_archive_name(path) {
                continue;
            }
            control.checkpoint()?;
            let head = reader.start(path, None, place, SNIFFED_BYTES).unwrap_or_default();
            if let Some(kind) = kind_of(&head) {
                let within = path.strip_prefix(self.prefixes[place.container as usize].as_str());
                archives.push(Archive {
                    container: Container {
                        path: within.unwrap_or(path).to_owned(),
                        kind,
                        parent: Some(place),
                    },
                    prefix: format!("{path}/"),
                    modified_ms: self.files.modified_ms[file],
                });
            }
        }
        Ok(archives)
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
            prefixes: self.prefixes,
            files,
            index: OnceLock::new(),
            images: OnceLock::new(),
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
            names.sort_by(|a, b| natural::compare(a, b));
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

/// A hash by which texts are told apart before they are compared.
pub(super) fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
