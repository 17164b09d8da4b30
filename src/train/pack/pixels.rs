//! The pixels of a pack, row after row: in memory, or where they are too many in a file on the disk.
//!
//! The file has no name, so that nothing of it stays once it is closed, however the run ends. It is read at
//! the places of rows, a batch at a time; what the system has memory for it keeps there. This file refuses to
//! know what is in a row.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::PackError;
use crate::export::free_bytes;
use crate::import::reader::ReadAt;
use crate::import::reader::access::FileAt;
use crate::jobs::Control;
use crate::store::Paths;

/// Bytes of pixels that are kept in memory unless a [`Room`] says otherwise, 4 GiB.
pub const IN_MEMORY: u64 = 4 << 30;

/// Where the pixels of a pack may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// So many bytes of pixels are kept in memory; more of them in a file.
    pub in_memory: u64,
    /// The folder of the file's disk.
    pub folder: PathBuf,
}

impl Room {
    /// A file on the disk of a folder, beyond what is kept in memory. The folder need not be there yet.
    pub fn in_folder(folder: &Path) -> Self {
        let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let there = whole.ancestors().find(|folder| folder.is_dir()).unwrap_or(&whole);
        Self { in_memory: IN_MEMORY, folder: there.to_owned() }
    }
}

impl Default for Room {
    /// On the disk of what this program keeps, where it keeps anything, or of temporary files that outlive the
    /// system's end: its folder for others may lie in memory. Where a person named a folder for those, it is that.
    fn default() -> Self {
        let named = std::env::var_os("TMPDIR").filter(|named| !named.is_empty()).map(PathBuf::from);
        let ours = || Paths::new().ok().map(|paths| paths.data);
        let lasting = || cfg!(unix).then(|| PathBuf::from("/var/tmp"));
        let is_there = |folder: &PathBuf| folder.is_dir();
        let folder = named.or_else(|| ours().filter(is_there)).or_else(|| lasting().filter(is_there));
        Self::in_folder(&folder.unwrap_or_else(std::env::temp_dir))
    }
}

/// Why pixels on the disk cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the prepared samples on the disk could not be {what} ({cause}): {}", .folder.display())]
pub struct CacheError {
    what: &'static str,
    cause: String,
    folder: PathBuf,
}

impl CacheError {
    fn new(what: &'static str, folder: &Path) -> impl Fn(io::Error) -> Self {
        move |cause| Self { what, cause: cause.to_string(), folder: folder.to_owned() }
    }
}

/// The pixels of a pack.
#[derive(Clone, Debug)]
pub enum Pixels {
    Memory(Vec<u8>),
    File(Arc<OnDisk>),
}

/// Pixels in a file without a name.
#[derive(Debug)]
pub struct OnDisk {
    file: FileAt,
    /// Where it lies, for errors.
    folder: PathBuf,
}

/// Pixels that are being written to the disk.
pub struct Writing {
    file: File,
    folder: PathBuf,
}

impl Writing {
    /// Begins a file for so many bytes. Where the system says that they do not fit, nothing is begun.
    pub fn begin(room: &Room, rows: usize, size: usize, bytes: u64) -> Result<Self, PackError> {
        let folder = &room.folder;
        if let Some(free) = free_bytes(folder).filter(|free| *free < bytes) {
            return Err(PackError::NoRoom { rows, size, bytes, free, folder: folder.clone() });
        }
        let file = tempfile::tempfile_in(folder).map_err(CacheError::new("written", folder))?;
        Ok(Self { file, folder: folder.clone() })
    }

    pub fn add(&mut self, pixels: &[u8]) -> Result<(), CacheError> {
        self.file.write_all(pixels).map_err(CacheError::new("written", &self.folder))
    }

    pub fn finish(self) -> Result<Pixels, CacheError> {
        let Self { file, folder } = self;
        let file = FileAt::new(file).map_err(CacheError::new("read", &folder))?;
        Ok(Pixels::File(Arc::new(OnDisk { file, folder })))
    }
}

impl Pixels {
    /// Bytes from a place on.
    ///
    /// # Panics
    /// When they are in memory, and there are not so many.
    pub fn at(&self, start: usize, bytes: usize) -> Result<Cow<'_, [u8]>, CacheError> {
        match self {
            Self::Memory(pixels) => Ok(Cow::Borrowed(&pixels[start..][..bytes])),
            Self::File(_) => {
                let mut out = vec![0; bytes];
                self.read(start, &mut out)?;
                Ok(Cow::Owned(out))
            }
        }
    }

    /// The bytes from a place on, to somewhere else.
    ///
    /// # Panics
    /// When they are in memory, and there are not so many.
    pub fn read(&self, start: usize, out: &mut [u8]) -> Result<(), CacheError> {
        match self {
            Self::Memory(pixels) => {
                out.copy_from_slice(&pixels[start..][..out.len()]);
                Ok(())
            }
            Self::File(on_disk) => {
                let read = on_disk.file.read_at(out, start as u64);
                read.map_err(CacheError::new("read", &on_disk.folder))
            }
        }
    }

    /// All of them in their order, some at a time.
    pub fn each(&self, control: &Control, mut take: impl FnMut(&[u8])) -> Result<(), PackError> {
        const PIECE: usize = 4 << 20;
        match self {
            Self::Memory(pixels) => {
                for piece in pixels.chunks(PIECE) {
                    control.checkpoint()?;
                    take(piece);
                }
            }
            Self::File(on_disk) => {
                let size = on_disk.file.size() as usize;
                let mut piece = vec![0; PIECE.min(size)];
                control.begin("Reading what was prepared", size.div_ceil(PIECE) as u64);
                for start in (0..size).step_by(PIECE) {
                    control.checkpoint()?;
                    let piece = &mut piece[..PIECE.min(size - start)];
                    self.read(start, piece)?;
                    take(piece);
                    control.add(1);
                }
            }
        }
        Ok(())
    }

    /// The first bytes of them in a file: of those behind, reading fails.
    #[cfg(test)]
    pub fn cut_to(&self, bytes: usize, room: &Room) -> Result<Self, PackError> {
        let mut writing = Writing::begin(room, 0, 0, 0)?;
        writing.add(&self.at(0, bytes)?)?;
        Ok(writing.finish()?)
    }

    /// The same pixels in a file.
    #[cfg(test)]
    pub fn on_disk(&self, room: &Room) -> Result<Self, PackError> {
        let mut writing = Writing::begin(room, 0, 0, 0)?;
        let mut pieces = Vec::new();
        self.each(&Control::new(), |piece| pieces.push(piece.to_vec()))?;
        pieces.iter().try_for_each(|piece| writing.add(piece))?;
        Ok(writing.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::Cancelled;

    #[test]
    fn pixels_are_the_same_wherever_they_are_and_leave_nothing_on_the_disk() {
        let home = tempfile::tempdir().unwrap();
        let room = Room { in_memory: 0, ..Room::in_folder(&home.path().join("not/there/yet")) };
        assert_eq!(room.folder, home.path());
        let bytes: Vec<u8> = (0..100_000u32).map(|at| (at * 7 % 251) as u8).collect();
        let memory = Pixels::Memory(bytes.clone());
        let file = memory.on_disk(&room).unwrap();
        for pixels in [&memory, &file, &file.clone()] {
            assert_eq!(pixels.at(777, 1000).unwrap(), &bytes[777..1777]);
            let mut all = Vec::new();
            pixels.each(&Control::new(), |piece| all.extend_from_slice(piece)).unwrap();
            assert_eq!(all, bytes);
            let control = Control::new();
            control.cancel();
            assert_eq!(pixels.each(&control, |_| {}), Err(PackError::Cancelled(Cancelled)));
        }
        let beyond = file.at(99_999, 2).unwrap_err().to_string();
        assert!(beyond.contains("could not be read"), "{beyond}");
        if cfg!(unix) {
            assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "it has no name");
        }
    }

    #[test]
    fn what_does_not_fit_on_the_disk_is_told_before() {
        let room = Room::default();
        if free_bytes(&room.folder).is_none() {
            return eprintln!("skipped: this system does not say what is free");
        }
        let refused = Writing::begin(&room, 9, 64, u64::MAX).err().map(|error| error.to_string());
        let refused = refused.expect("so much is nowhere free");
        assert!(refused.contains("9 samples of 64 px") && refused.contains("free"), "{refused}");
        let gone = Room { folder: room.folder.join("no such folder"), ..room };
        assert!(matches!(Writing::begin(&gone, 9, 64, 0), Err(PackError::Cache(_))));
    }
}
