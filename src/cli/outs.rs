//! Where a command may write: never over a sample, over what it reads, or over what it writes itself.

use std::path::Path;

use super::Usage;
use super::trained::check_is_no_sample;
use crate::dataset::query::Snapshot;
use crate::export::dataset::check_ground;
use crate::export::{check_target, is_inside, is_one_file};
use crate::import::Reader;
use crate::jobs::Control;

/// A file with the option that names it.
pub type Named<'a> = (&'static str, &'a Path);

/// Refuses files that are one of the others, lie in the folder of an export, or are read for what is written. Cheap:
/// nothing is opened for it.
pub fn check_apart(folder: Option<&Path>, files: &[Named<'_>], inputs: &[Named<'_>]) -> Result<(), Usage> {
    for (at, (option, file)) in files.iter().enumerate() {
        let is_it = |other: &&Named<'_>| is_one_file(file, other.1);
        let why = if let Some((other, _)) = files[..at].iter().find(is_it) {
            format!("{other} and {option} would be one file; give them different names")
        } else if let Some((input, _)) = inputs.iter().find(is_it) {
            format!("{option} would replace the file of {input}; choose another name")
        } else if folder.is_some_and(|folder| is_inside(file, folder)) {
            format!(
                "{option} is in the folder of --export, which has files of the export alone; choose another place"
            )
        } else {
            continue;
        };
        return Err(Usage(format!("{why}: {}", file.display())));
    }
    let Some(folder) = folder else { return Ok(()) };
    match inputs.iter().find(|(_, input)| is_inside(input, folder)) {
        Some((input, _)) => Err(Usage(format!(
            "the file of {input} is in the folder of --export, whose files may be replaced; choose another folder: {}",
            folder.display()
        ))),
        None => Ok(()),
    }
}

/// Refuses files that are samples, or lie in a folder of the dataset, wherever it leads.
pub fn check_grounds<'a>(
    files: impl IntoIterator<Item = &'a Path>,
    snapshot: &Snapshot,
    reader: &Reader,
    control: &Control,
) -> anyhow::Result<()> {
    for file in files {
        check_target(file, Path::new(&snapshot.dataset.root))?;
        check_is_no_sample(file, snapshot, reader)?;
        check_ground(file, &snapshot.dataset, reader, control)?;
    }
    Ok(())
}
