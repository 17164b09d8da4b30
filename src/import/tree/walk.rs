//! Lists the files below a folder, many folders at a time.
//!
//! A folder is listed once, however many links lead to it: real folders first, then links in the
//! order of their paths, so that the answer does not depend on the threads. Pipes, devices and what
//! operating systems hide are left out. It refuses to know what files hold.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use rayon::Scope;

use super::Files;
use crate::dataset::{Issue, IssueKind, Origin, Place, natural};
use crate::import::names::{display_name, is_hidden_name};
use crate::import::reader::ReadError;
use crate::import::reader::access::lock;
use crate::jobs::{Cancelled, Control};

/// The most files that are listed; what comes after is left out, with an issue.
pub const MAX_FILES: u64 = 100_000_000;

/// Files whose sizes are asked for in one step.
const BATCH: usize = 512;

/// How far a listing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The folder's own files.
    Folder,
    /// Those of the folders below as well.
    Below,
}

/// What a walk found; paths are relative to the folder and in no order.
#[derive(Debug, Default)]
pub struct Listing {
    pub files: Files,
    pub issues: Vec<Issue>,
}

/// Lists a folder. What cannot be listed is an issue; the rest goes on.
pub fn walk(root: &Path, reach: Reach, control: &Control) -> Result<Listing, Cancelled> {
    // A link to a folder that the root lies in would bring the root in once more.
    let above = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let walk = Walk {
        control,
        reach,
        found: Mutex::default(),
        issues: Mutex::default(),
        links: Mutex::default(),
        seen: Mutex::new(above.ancestors().skip(1).filter_map(identity).collect()),
        follows_links: AtomicBool::new(false),
        stopped: AtomicBool::new(false),
        count: AtomicU64::new(0),
        waiting: AtomicUsize::new(0),
    };
    // Listing waits for the disk more than it computes, so it takes more threads than there are
    // cores, and its own, so that nothing else waits with it.
    let threads = std::thread::available_parallelism().map_or(4, |cores| cores.get() * 2).clamp(4, 16);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("list-{index}"))
        .build();
    let mut next = vec![(root.to_owned(), Prefix::default())];
    while !next.is_empty() {
        next.sort_by(|a, b| natural::compare(&a.1.display, &b.1.display));
        for (path, prefix) in next {
            let listed = || rayon::scope(|scope| walk.folder(scope, path, Arc::new(prefix)));
            match &pool {
                Ok(pool) => pool.install(listed),
                Err(_) => listed(),
            }
            control.checkpoint()?;
        }
        walk.follows_links.store(true, Ordering::Relaxed);
        next = std::mem::take(&mut *lock(&walk.links));
    }
    if walk.stopped.load(Ordering::Relaxed) {
        control.checkpoint()?;
        walk.issue("", format!("only the first {MAX_FILES} files were listed; open a part of the folder"));
    }
    let mut listing = Listing { issues: std::mem::take(&mut *lock(&walk.issues)), ..Listing::default() };
    listing.issues.sort_by(|a, b| natural::compare(&a.path, &b.path));
    for files in std::mem::take(&mut *lock(&walk.found)) {
        listing.files.append(files);
    }
    Ok(listing)
}

/// Milliseconds since the Unix epoch of a file's last change; 0 where unknown.
pub fn modified_ms(about: &Metadata) -> i64 {
    let Ok(time) = about.modified() else { return 0 };
    let millis = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()),
        Err(before) => i64::try_from(before.duration().as_millis()).map(|millis| -millis),
    };
    millis.unwrap_or(0)
}

/// A folder's path below the root, with its closing `/`; empty for the root.
#[derive(Clone, Debug, Default)]
struct Prefix {
    display: String,
    /// The exact bytes where they are not UTF-8.
    raw: Option<Vec<u8>>,
}

impl Prefix {
    /// The path of a name in this folder, and its exact bytes where they are not UTF-8.
    fn join(&self, name: &OsStr) -> Self {
        match name.to_str() {
            Some(name) => Self {
                display: format!("{}{name}", self.display),
                raw: self.raw.as_ref().map(|raw| [raw.as_slice(), name.as_bytes()].concat()),
            },
            None => {
                let bytes = name.as_encoded_bytes();
                let before = self.raw.as_deref().unwrap_or(self.display.as_bytes());
                Self {
                    display: format!("{}{}", self.display, display_name(bytes)),
                    raw: Some([before, bytes].concat()),
                }
            }
        }
    }

    fn closed(mut self) -> Self {
        self.display.push('/');
        if let Some(raw) = &mut self.raw {
            raw.push(b'/');
        }
        self
    }
}

struct Walk<'a> {
    control: &'a Control,
    reach: Reach,
    found: Mutex<Vec<Files>>,
    issues: Mutex<Vec<Issue>>,
    /// Links to folders, to be followed when all real folders are known.
    links: Mutex<Vec<(PathBuf, Prefix)>>,
    seen: Mutex<HashSet<Identity>>,
    follows_links: AtomicBool,
    stopped: AtomicBool,
    count: AtomicU64,
    /// Batches that wait for a thread.
    waiting: AtomicUsize,
}

impl Walk<'_> {
    fn folder<'s>(&'s self, scope: &Scope<'s>, path: PathBuf, prefix: Arc<Prefix>) {
        if self.should_stop() {
            return;
        }
        if let Some(identity) = identity(&path) {
            let first = lock(&self.seen).insert(identity);
            // A real folder has one path only; that is not left to the numbers that some network
            // file systems make up.
            if !first && self.follows_links.load(Ordering::Relaxed) {
                return;
            }
        }
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) => return self.unlisted(&prefix, &error),
        };
        let mut batch = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => batch.push(entry),
                Err(error) => {
                    self.unlisted(&prefix, &error);
                    break;
                }
            }
            if batch.len() == BATCH {
                if self.should_stop() {
                    return;
                }
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                // Names come faster than sizes: what waits is bounded, the rest is done here.
                if self.waiting.load(Ordering::Relaxed) < 64 {
                    self.waiting.fetch_add(1, Ordering::Relaxed);
                    let prefix = prefix.clone();
                    scope.spawn(move |scope| {
                        self.waiting.fetch_sub(1, Ordering::Relaxed);
                        self.entries(scope, full, &prefix);
                    });
                } else {
                    self.entries(scope, full, &prefix);
                }
            }
        }
        self.entries(scope, batch, &prefix);
    }

    fn entries<'s>(&'s self, scope: &Scope<'s>, entries: Vec<DirEntry>, prefix: &Prefix) {
        let mut files = Files::default();
        for entry in entries {
            let name = entry.file_name();
            if name.to_str().is_some_and(is_hidden_name) || name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = prefix.join(&name);
            let kind = entry.file_type();
            // What a link leads to counts; a file that will not say its size is listed all the
            // same, and reading it will tell why.
            let about = match &kind {
                Ok(kind) if kind.is_dir() => {
                    self.enter(scope, &entry, path);
                    continue;
                }
                Ok(kind) if kind.is_symlink() => fs::metadata(entry.path()),
                _ => entry.metadata(),
            };
            match about {
                Ok(about) if about.is_dir() => {
                    if self.reach == Reach::Below {
                        lock(&self.links).push((entry.path(), path.closed()));
                    }
                }
                Ok(about) if !about.is_file() => {}
                about => {
                    let (bytes, modified) = about.map_or((0, 0), |about| (about.len(), modified_ms(&about)));
                    files.push(&path.display, path.raw, Place::loose(bytes), bytes, modified);
                }
            }
        }
        let listed = files.len() as u64;
        self.count.fetch_add(listed, Ordering::Relaxed);
        self.control.add(listed);
        if listed > 0 {
            lock(&self.found).push(files);
        }
    }

    fn enter<'s>(&'s self, scope: &Scope<'s>, entry: &DirEntry, path: Prefix) {
        if self.reach == Reach::Below {
            let (below, prefix) = (entry.path(), Arc::new(path.closed()));
            scope.spawn(move |scope| self.folder(scope, below, prefix));
        }
    }

    fn should_stop(&self) -> bool {
        let stop = self.control.checkpoint().is_err() || self.count.load(Ordering::Relaxed) >= MAX_FILES;
        if stop {
            self.stopped.store(true, Ordering::Relaxed);
        }
        self.stopped.load(Ordering::Relaxed)
    }

    fn unlisted(&self, prefix: &Prefix, error: &io::Error) {
        let why = ReadError::from_io(error).message.replace("the file", "the folder");
        self.issue(prefix.display.trim_end_matches('/'), format!("the folder was left out: {why}"));
    }

    fn issue(&self, path: &str, message: String) {
        let path = if path.is_empty() { "." } else { path };
        lock(&self.issues).push(Issue {
            sample: None,
            path: path.into(),
            kind: IssueKind::Unreadable,
            origin: Origin::Listing,
            message,
        });
    }
}

/// What tells one folder from another, whatever path leads to it.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(folder: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(folder).ok().map(|about| (about.dev(), about.ino()))
}

#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(not(unix))]
fn identity(folder: &Path) -> Option<Identity> {
    fs::canonicalize(folder).ok()
}
