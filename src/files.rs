//! Files that are whole at any moment: written beside their place, forced to the disk, and moved
//! there in one step. Whoever looks sees the old file or the new one, and what fails leaves the old.
//!
//! This file refuses to know what is written.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Characters of a file's name that its temporary neighbour has, too.
const NAME_KEPT: usize = 32;

/// Writes a whole new file at `path`, or leaves what is there. Its folder must exist. `failed` makes
/// the caller's error of the system's.
pub fn write_whole<E>(
    path: &Path,
    failed: impl Fn(io::Error) -> E,
    write: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
) -> Result<(), E> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
    // Dropping it on an early return removes it.
    let temporary = temporary_beside(folder, name).map_err(&failed)?;
    let mut out = BufWriter::new(temporary.as_file());
    write(&mut out)?;
    out.flush().map_err(&failed)?;
    drop(out);
    temporary.as_file().sync_all().map_err(&failed)?;
    temporary.persist(path).map_err(|cause| failed(cause.error))?;
    sync_folder(folder);
    Ok(())
}

/// Makes new names in a folder durable, where the operating system has that. Files are whole either
/// way, so a failure is only noted.
pub fn sync_folder(folder: &Path) {
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        if let Err(cause) = synced {
            tracing::warn!("{}: {cause}", folder.display());
        }
    }
}

fn temporary_beside(folder: &Path, name: &OsStr) -> io::Result<tempfile::NamedTempFile> {
    let mut prefix = OsStr::new(".").to_owned();
    prefix.push(name.to_string_lossy().chars().take(NAME_KEPT).collect::<String>());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    {
        // What any new file gets; the default is a file for the owner alone.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        for (text, fails, expected) in [("old", false, "old"), ("half", true, "old"), ("new", false, "new")] {
            let written = write_whole(
                &path,
                |cause| cause,
                |out| {
                    out.write_all(text.as_bytes())?;
                    if fails { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
                },
            );
            assert_eq!(written.is_err(), fails);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        }
        assert!(write_whole(Path::new("/"), |cause| cause, |_| Ok(())).is_err());
    }
}
