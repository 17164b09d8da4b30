//! One file into the target: whole at any moment, as a copy, a link or what is written to it.
//!
//! It knows the target's folders and refuses to step out of them, be it through a link that lies
//! there. It refuses to know datasets.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use super::state::{How, PARTS_FOLDER};
use super::write::{Failure, Out};
use crate::export::ExportError;
use crate::export::target::{lies_at, whole};
use crate::import::ReadError;
use crate::import::reader::access::lock;
use crate::jobs::Control;

/// Bytes that are copied or compared at a time.
const STEP: usize = 1 << 20;

/// What is known of a file that was written.
pub struct Written {
    pub bytes: u64,
    pub how: How,
    pub hash: Option<blake3::Hash>,
    /// As [`super::state::Entry::is_whole`].
    pub is_whole: bool,
}

/// The folder that an export goes to.
#[derive(Debug)]
pub struct Folder {
    /// Links followed.
    root: PathBuf,
    /// Folders that are there and lie within.
    known: Mutex<HashSet<PathBuf>>,
}

impl Folder {
    /// Makes the folder where it is not there. What an interrupted export was writing is removed.
    pub fn open(target: &Path) -> Result<Self, ExportError> {
        let failed = |cause| ExportError::io(target, cause);
        std::fs::create_dir_all(target).map_err(failed)?;
        let root = target.canonicalize().map_err(failed)?;
        let folder = Self { root, known: Mutex::default() };
        folder.remove_parts()?;
        let parts = folder.root.join(PARTS_FOLDER);
        std::fs::create_dir(&parts).map_err(|cause| ExportError::io(&parts, cause))?;
        Ok(folder)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether capital and small letters are the same here: the folder of parts is there by either name.
    pub fn ignores_case(&self) -> bool {
        self.root.join(PARTS_FOLDER.to_uppercase()).is_dir()
    }

    /// Removes the folder of files that were being written: all in it are ours.
    pub fn remove_parts(&self) -> Result<(), ExportError> {
        let parts = self.root.join(PARTS_FOLDER);
        match std::fs::remove_dir_all(&parts) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(ExportError::io(&parts, cause)),
            _ => Ok(()),
        }
    }

    /// The place of a file, whose folder is made where it is not there.
    fn place(&self, relative: &Path) -> Result<PathBuf, ExportError> {
        let path = self.root.join(relative);
        let inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
        let folder = path.parent().filter(|_| inside && relative.file_name().is_some());
        let Some(folder) = folder else {
            let told = relative.display();
            return Err(ExportError::Refused(format!("this name leads out of the export's folder: {told}")));
        };
        if !lock(&self.known).contains(folder) {
            let failed = |cause| ExportError::io(folder, cause);
            self.refuse_links(folder)?;
            std::fs::create_dir_all(folder).map_err(failed)?;
            lock(&self.known).insert(folder.to_owned());
        }
        Ok(path)
    }

    /// A link among the folders could lead into the source.
    fn refuse_links(&self, folder: &Path) -> Result<(), ExportError> {
        let below = folder.ancestors().take_while(|above| *above != self.root);
        for above in below {
            if above.symlink_metadata().is_ok_and(|about| about.is_symlink()) {
                let told = above.display();
                return Err(ExportError::Refused(format!(
                    "a link lies where the export needs a folder; remove it or choose another folder: {told}"
                )));
            }
        }
        Ok(())
    }

    /// Puts a file in its place under a temporary name first; `number` tells it from others. What it is
    /// made of, where that is one file, is never replaced by it.
    fn put(
        &self,
        relative: &Path,
        number: usize,
        source: Option<&Path>,
        write: impl FnOnce(&Path) -> Result<Written, Failure>,
    ) -> Result<Written, Failure> {
        let path = self.place(relative)?;
        // Plans refuse such targets. This is the last guard, for a folder that changed since.
        if source.is_some_and(|source| lies_at(source) == path || whole(source) == path) {
            return Err(Failure::Target(ExportError::InDataset(path)));
        }
        let part = self.root.join(PARTS_FOLDER).join(number.to_string());
        let written = write(&part).map_err(|failure| failure.at(&path));
        let moved = written.and_then(|written| {
            std::fs::rename(&part, &path).map_err(|cause| ExportError::io(&path, cause))?;
            Ok(written)
        });
        // After an error, and where the new link and the old file are one, which makes renaming do
        // nothing.
        let _ = std::fs::remove_file(&part);
        moved
    }

    /// Writes a file that is made.
    pub fn make(
        &self,
        relative: &Path,
        number: usize,
        control: &Control,
        write: impl FnOnce(&mut Out<'_>) -> Result<(), Failure>,
    ) -> Result<Written, Failure> {
        self.put(relative, number, None, |part| {
            let file = File::create_new(part)?;
            let mut out = Out::new(&file, control);
            write(&mut out)?;
            let (bytes, hash) = out.finish()?;
            sync_one(&file)?;
            Ok(Written { bytes, how: How::Made, hash: Some(hash), is_whole: true })
        })
    }

    /// Copies a file and keeps its time of change.
    pub fn copy(
        &self,
        relative: &Path,
        number: usize,
        source: &Path,
        control: &Control,
    ) -> Result<Written, Failure> {
        let (mut from, about) = open(source)?;
        self.put(relative, number, Some(source), |part| {
            let file = File::create_new(part)?;
            let how = if cloned(&from, &file) { How::Cloned } else { How::Copied };
            let mut hash = blake3::Hasher::new();
            let mut bytes = 0;
            let mut buffer = vec![0; STEP.min(about.len().max(1) as usize)];
            loop {
                control.checkpoint()?;
                let read = match from.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(read) => read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(ReadError::from_io(&error).into()),
                };
                hash.update(&buffer[..read]);
                if how == How::Copied {
                    (&file).write_all(&buffer[..read])?;
                }
                bytes += read as u64;
                control.add(read as u64);
            }
            if let Ok(modified) = about.modified() {
                // A copy without its time is a copy still.
                let _ = file.set_modified(modified);
            }
            sync_one(&file)?;
            Ok(Written { bytes, how, hash: Some(hash.finalize()), is_whole: true })
        })
    }

    /// Links a file: `how` says in which of the two ways.
    pub fn link(&self, relative: &Path, number: usize, source: &Path, how: How) -> Result<Written, Failure> {
        let (_, about) = open(source)?;
        let named = source;
        // A hard link of a link would lead to where that one lies.
        let source = source.canonicalize().map_err(|error| ReadError::from_io(&error))?;
        self.put(relative, number, Some(named), |part| {
            let linked = match how {
                How::HardLinked => std::fs::hard_link(&source, part),
                _ => sym_link(&source, part),
            };
            linked.map_err(|cause| ExportError::Refused(why_no_link(how, &cause, &source)))?;
            Ok(Written { bytes: about.len(), how, hash: None, is_whole: true })
        })
    }
}

/// Opens a regular file of the source; a pipe would make the reader wait for ever.
fn open(source: &Path) -> Result<(File, std::fs::Metadata), Failure> {
    let failed = |error: io::Error| ReadError::from_io(&error);
    let about = source.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(Failure::source("no regular file is where a file was listed; rescan the dataset"));
    }
    Ok((File::open(source).map_err(failed)?, about))
}

fn why_no_link(how: How, cause: &io::Error, source: &Path) -> String {
    let kind = if how == How::HardLinked { "hard links" } else { "symbolic links" };
    let why = match cause.kind() {
        io::ErrorKind::CrossesDevices => {
            "the dataset and the export lie on different file systems, which hard links cannot span"
                .to_owned()
        }
        io::ErrorKind::PermissionDenied => format!("the system does not permit {kind} here"),
        _ => format!("{kind} cannot be made here ({cause})"),
    };
    format!("{why}; choose copies: {}", source.display())
}

#[cfg(unix)]
fn sym_link(source: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(source, link)
}

#[cfg(windows)]
fn sym_link(source: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(source, link)
}

/// Makes the new file share the blocks of the old one, where the file system can do that.
fn cloned(from: &File, to: &File) -> bool {
    #[cfg(all(target_os = "linux", not(any(target_arch = "sparc", target_arch = "sparc64"))))]
    {
        rustix::fs::ioctl_ficlone(to, from).is_ok()
    }
    #[cfg(not(all(target_os = "linux", not(any(target_arch = "sparc", target_arch = "sparc64")))))]
    {
        let _ = (from, to);
        false
    }
}

/// Makes one file durable where that cannot be done for a batch of them together.
fn sync_one(file: &File) -> io::Result<()> {
    if cfg!(target_os = "linux") { Ok(()) } else { file.sync_all() }
}

/// Size and hash of a file as it is on the disk.
pub fn hash_of(path: &Path, control: &Control) -> Result<(u64, blake3::Hash), Failure> {
    let (mut file, about) = open(path)?;
    let mut hash = blake3::Hasher::new();
    let mut bytes = 0;
    let mut buffer = vec![0; STEP.min(about.len().max(1) as usize)];
    loop {
        control.checkpoint()?;
        let read = match file.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hash.finalize())),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ReadError::from_io(&error).into()),
        };
        hash.update(&buffer[..read]);
        bytes += read as u64;
        control.add(read as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::target::{ignores_case, is_same_file};

    fn copy(folder: &Folder, name: &str, source: &Path) -> Result<Written, Failure> {
        folder.copy(Path::new(name), 0, source, &Control::new())
    }

    #[test]
    fn files_stay_within_the_folder() {
        let place = tempfile::tempdir().unwrap();
        let source = place.path().join("source.png");
        std::fs::write(&source, "pixels").unwrap();
        let folder = Folder::open(&place.path().join("out")).unwrap();
        for name in ["../x", "a/../../x", "/x", "", ".", "a/.."] {
            assert!(matches!(copy(&folder, name, &source), Err(Failure::Target(_))), "{name}");
        }
        assert!(copy(&folder, "a/b/x.png", &source).is_ok());
        let folded = folder.root().join("A/B/X.png").exists();
        assert_eq!((folder.ignores_case(), ignores_case(folder.root())), (folded, Some(folded)));
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 2);
        #[cfg(unix)]
        {
            std::fs::create_dir(place.path().join("else")).unwrap();
            std::os::unix::fs::symlink(place.path().join("else"), folder.root().join("link")).unwrap();
            assert!(matches!(copy(&folder, "link/x.png", &source), Err(Failure::Target(_))));
            assert!(matches!(copy(&folder, "link/deep/x.png", &source), Err(Failure::Target(_))));
            assert_eq!(std::fs::read_dir(place.path().join("else")).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_file_replaces_another_and_never_writes_through_it() {
        let place = tempfile::tempdir().unwrap();
        let (old, new) = (place.path().join("old"), place.path().join("new"));
        std::fs::write(&old, "old").unwrap();
        std::fs::write(&new, "new").unwrap();
        let folder = Folder::open(&place.path().join("out")).unwrap();
        let at = folder.root().join("x");
        for (how, content) in [(How::HardLinked, "old"), (How::SymLinked, "old")] {
            if cfg!(windows) && how == How::SymLinked {
                continue; // Needs a right that not every account has.
            }
            folder.link(Path::new("x"), 1, &old, how).ok().unwrap();
            folder.link(Path::new("x"), 2, &old, how).ok().unwrap();
            assert!(is_same_file(&at, &old) && !is_same_file(&at, &new));
            assert_eq!(std::fs::read_to_string(&at).unwrap(), content);
            let written = copy(&folder, "x", &new).ok().unwrap();
            assert_eq!((written.bytes, written.hash), (3, Some(blake3::hash(b"new"))));
            assert_eq!(std::fs::read_to_string(&at).unwrap(), "new");
            assert_eq!(std::fs::read_to_string(&old).unwrap(), "old");
        }
        // Its own source it does not replace, be it named by a link.
        for name in ["x", "led to"] {
            let source = folder.root().join("x");
            #[cfg(unix)]
            if name == "led to" {
                std::os::unix::fs::symlink(&source, place.path().join(name)).unwrap();
            }
            let source = if name == "x" { source } else { place.path().join(name) };
            if !source.exists() {
                continue; // Links need a right that not every account has.
            }
            assert!(matches!(copy(&folder, "x", &source), Err(Failure::Target(_))), "{name}");
            for how in [How::HardLinked, How::SymLinked] {
                let linked = folder.link(Path::new("x"), 3, &source, how);
                assert!(matches!(linked, Err(Failure::Target(_))), "{name} {how:?}");
            }
            assert_eq!(std::fs::read_to_string(folder.root().join("x")).unwrap(), "new", "{name}");
        }
        let parts = folder.root().join(PARTS_FOLDER);
        assert_eq!(std::fs::read_dir(&parts).unwrap().count(), 0, "nothing is left half written");
        assert!(matches!(copy(&folder, "y", &place.path().join("gone")), Err(Failure::Source(_))));
        assert!(!folder.root().join("y").exists());
    }
}
