//! Annotations to a place that a person named: a file is whole at any moment, and a folder appears with all of its
//! files or not at all. The dataset's own folder is never written to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::field::left_out;
use super::{AnnotationError, Annotations, Format, Writer};
use crate::export::{ExportError, check_file, check_target};
use crate::files::{sync_folder, write_whole};

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    #[default]
    Keep,
    Replace,
}

/// Where annotations go.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// A file, or for formats of many files a folder that is not there yet or is empty.
    pub path: &'a Path,
    /// The folder of the dataset that they are of, where it is known: nothing is written in it.
    pub dataset: Option<&'a Path>,
    pub existing: Existing,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The file or folder.
    pub path: PathBuf,
    pub samples: u64,
    /// Sentences on what the format does not hold.
    pub left_out: Vec<String>,
}

/// Refuses a place where annotations cannot be written, as far as that shows without writing. Cheap: call it before
/// the work whose result goes there.
pub fn check(format: &Format, target: &Target<'_>) -> Result<(), AnnotationError> {
    let path = target.path;
    if let Some(dataset) = target.dataset {
        check_target(path, dataset)?;
    }
    match format.write {
        Writer::Export => Err(AnnotationError::NeedsPictures(path.to_owned())),
        Writer::File(_) => {
            check_file(path)?;
            let is_kept = target.existing == Existing::Keep && path.symlink_metadata().is_ok();
            if is_kept { Err(AnnotationError::Exists(path.to_owned())) } else { Ok(()) }
        }
        Writer::Folder(_) => check_folder(path),
    }
}

fn check_folder(path: &Path) -> Result<(), AnnotationError> {
    if path.file_name().is_none() {
        return Err(ExportError::NoName(path.to_owned()).into());
    }
    let above = folder_above(path);
    if !above.is_dir() {
        return Err(ExportError::NoFolder(above.to_owned()).into());
    }
    match fs::read_dir(path).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(AnnotationError::NotEmpty(path.to_owned())),
        Ok(false) => Ok(()),
        Err(_) if path.symlink_metadata().is_ok() => Err(ExportError::NotAFolder(path.to_owned()).into()),
        Err(_) => Ok(()),
    }
}

fn folder_above(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Writes annotations in a format.
pub fn write(
    annotations: &Annotations,
    format: &Format,
    target: &Target<'_>,
) -> Result<Written, AnnotationError> {
    check(format, target)?;
    let path = target.path;
    let mut told = left_out(annotations, format.holds, format.title);
    let failed = |cause| AnnotationError::from(ExportError::io(path, cause));
    match format.write {
        Writer::File(write) => {
            let mut more = Vec::new();
            write_whole(path, failed, |out| {
                more = write(annotations, out).map_err(failed)?;
                Ok(())
            })?;
            told.extend(more);
        }
        Writer::Folder(write) => {
            let above = folder_above(path);
            // Dropping it on an early return removes it.
            let made = tempfile::Builder::new().prefix(".labels").tempdir_in(above).map_err(failed)?;
            told.extend(write(annotations, made.path()).map_err(failed)?);
            open_to_all(made.path()).map_err(failed)?;
            put(made.path(), path).map_err(failed)?;
            // It has moved: there is nothing left to remove.
            let _ = made.keep();
            sync_folder(above);
        }
        Writer::Export => return Err(AnnotationError::NeedsPictures(path.to_owned())),
    }
    Ok(Written { path: path.to_owned(), samples: annotations.samples.len() as u64, left_out: told })
}

/// Moves a folder to a place where there is none or an empty one.
fn put(made: &Path, path: &Path) -> io::Result<()> {
    if path.is_dir() {
        fs::remove_dir(path)?;
    }
    fs::rename(made, path)
}

/// Gives a temporary folder, which is the owner's alone, the rights of any new one.
fn open_to_all(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What the mask of the process takes from a new folder shows in one that is made in it.
        let probe = folder.join(".new");
        fs::create_dir(&probe)?;
        let mode = fs::metadata(&probe)?.permissions().mode();
        fs::remove_dir(&probe)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Writes a file of a folder that is made, with the folders above it.
pub(super) fn put_file(folder: &Path, name: &str, content: &str) -> io::Result<()> {
    let path = folder.join(name);
    if let Some(above) = path.parent() {
        fs::create_dir_all(above)?;
    }
    let mut file = fs::File::create_new(path)?;
    io::Write::write_all(&mut file, content.as_bytes())?;
    file.sync_all()
}
