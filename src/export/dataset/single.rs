//! A table of samples as one file that a person named, of the same columns and by the same code as the table of an
//! export. The images stay where they are, and the table names them there.

use std::path::Path;

use super::draft::{Draft, Work};
use super::ground;
use super::table::manifest;
use super::write::{Failure, Out};
use super::{Kind, Linking, Options, Planned, Table};
use crate::dataset::SampleId;
use crate::dataset::query::Snapshot;
use crate::export::{ExportError, check_target, write_whole};
use crate::import::Reader;
use crate::jobs::Control;

impl Table {
    /// The form that the ending of a file's name stands for: `.csv`, `.jsonl` or `.parquet`.
    pub fn of(path: &Path) -> Result<Self, ExportError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("jsonl") => Ok(Self::JsonLines),
            Some("parquet") => Ok(Self::Parquet),
            _ => Err(ExportError::Refused(format!(
                "a table is .csv, .jsonl or .parquet; give the file such a name: {}",
                path.display()
            ))),
        }
    }
}

/// Writes a table of these samples, in the dataset's order, with what a plan says of them. Gives sentences on what a
/// reader of the table should know.
pub fn write_manifest(
    snapshot: &Snapshot,
    samples: &[SampleId],
    reader: &Reader,
    path: &Path,
    planned: Planned,
    control: &Control,
) -> Result<Vec<String>, ExportError> {
    let form = Table::of(path)?;
    check_target(path, Path::new(&snapshot.dataset.root))?;
    let mut samples = samples.to_vec();
    samples.sort_unstable();
    let mut draft = Draft::new(snapshot.clone(), samples);
    if let Some(refusal) = ground::of_samples(&snapshot.dataset, reader, path, control)? {
        return Err(ExportError::Refused(refusal));
    }
    let (kind, linking) = (Kind::Manifest(form), Linking::ManifestOnly);
    let options = Options { kind, linking, planned, ..Options::new(path.to_owned()) };
    manifest(&mut draft, reader, &options, form, control)?;
    control.begin("Writing the table", 0);
    let work = Work { snapshot, samples: &draft.samples, reader, tree: None, making: None };
    write_whole(path, |file| {
        let mut out = Out::new(file.get_ref(), control);
        let made = draft.made.iter().try_for_each(|make| make.write(&work, &mut out));
        made.and_then(|()| Ok(out.finish().map(drop)?)).map_err(|failure| match failure.at(path) {
            Failure::Cancelled => crate::jobs::Cancelled.into(),
            Failure::Target(error) => error,
            Failure::Source(error) => ExportError::Refused(error.message),
            Failure::Io(cause) => ExportError::io(path, cause),
        })
    })?;
    Ok(draft.warnings)
}
