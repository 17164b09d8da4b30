//! Class folders, and every other layout that a dataset is opened from: what their files say is read by the importers.
//!
//! Class folders hold pictures and not labels, so that no file of labels is written: [`plan`] says which folder each
//! sample goes to, and an export puts the pictures there.

use std::path::Path;

use super::field::left_out;
use super::{AnnotationError, Annotations, Faults, Field, Format, Read, Writer, malformed};
use crate::dataset::Issue;
use crate::import::{self, Imported};
use crate::jobs::Control;
use crate::text::counted;

pub const FORMAT: Format = Format {
    name: "folder",
    title: "class folder",
    ending: None,
    about: "pictures in a folder for each class, below one for each split; written by an export",
    holds: &[Field::Labels, Field::Split],
    read: read_dataset,
    write: Writer::Export,
};

/// Opens a folder, archive or file as a dataset and takes its labels, boxes and splits.
pub fn read_dataset(path: &Path, control: &Control) -> Result<Read, AnnotationError> {
    let source = path.to_str().ok_or_else(|| malformed(path, "the path is not UTF-8; rename it"))?;
    let Imported { dataset, issues } = import::open(source, control)?;
    Ok(Read {
        annotations: Annotations::of_dataset(&dataset),
        proposals: Vec::new(),
        faults: faults_of(issues),
    })
}

/// The issues of an import as faults.
pub(super) fn faults_of(issues: Vec<Issue>) -> Faults {
    let mut faults = Faults::default();
    for issue in issues {
        faults.add(&issue.path, None, issue.message);
    }
    faults
}

/// Which folder each sample goes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderPlan {
    /// A sample's place among the annotations and its class, `None` for one without a label.
    pub samples: Vec<(usize, Option<String>)>,
    /// Sentences on what folders do not hold.
    pub left_out: Vec<String>,
}

/// The class folder of each sample: that of its first label. The names are classes as they are; the exporter makes
/// names of folders of them.
pub fn plan(annotations: &Annotations) -> FolderPlan {
    let samples = annotations.samples.iter().enumerate();
    let samples = samples.map(|(at, sample)| (at, sample.labels.first().cloned())).collect();
    let mut told = left_out(annotations, FORMAT.holds, FORMAT.title);
    let further: u64 =
        annotations.samples.iter().map(|sample| sample.labels.len().saturating_sub(1) as u64).sum();
    if further > 0 {
        let labels = counted(further, "label");
        told.push(format!("{labels} beyond the first of a sample: each picture goes to one folder."));
    }
    FolderPlan { samples, left_out: told }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::Annotated;

    #[test]
    fn each_sample_goes_to_the_folder_of_its_first_label() {
        let sample = |path: &str, labels: &[&str]| Annotated {
            path: path.into(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            note: path.into(),
            ..Annotated::default()
        };
        let all = [sample("a", &["cat"]), sample("b", &[]), sample("c", &["dog", "cat"])];
        let plan = plan(&Annotations::of_samples(all.to_vec()));
        let folders: Vec<Option<&str>> = plan.samples.iter().map(|(_, class)| class.as_deref()).collect();
        assert_eq!(folders, [Some("cat"), None, Some("dog")]);
        assert_eq!(plan.left_out.len(), 2, "{:?}", plan.left_out);
        assert!(plan.left_out[0].starts_with("3 notes are not in"), "{:?}", plan.left_out);
    }
}
