//! What several people say of the same samples, read from their files and put side by side, and which samples of a
//! dataset they differ on.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::annotating::gathered;
use crate::annotation::panel::{AgreementReport, Panel, Told};
use crate::annotation::{Annotated, AnnotationError, Annotations, Faults, MatchBy, merge, read};
use crate::dataset::SampleId;
use crate::dataset::query::Snapshot;
use crate::jobs::{Cancelled, Control};

/// What people say, side by side.
#[derive(Clone, Debug)]
pub struct Compared {
    pub report: AgreementReport,
    /// Answers without what samples meet by.
    pub left_out: u64,
    /// Answers that a person gave again: the last counts.
    pub again: u64,
    pub faults: Faults,
    /// The first that was said of each sample on which people differ.
    disputed: Vec<Annotated>,
}

/// Reads files of labels and compares what they say. `None` where only one person says anything.
pub fn compare(
    files: &[PathBuf],
    by: MatchBy,
    control: &Control,
) -> Result<Option<Compared>, AnnotationError> {
    let mut faults = Faults::default();
    let mut said: Vec<(String, Annotations)> = Vec::new();
    for file in files {
        let found = read(file, None, control)?;
        control.checkpoint()?;
        for fault in found.faults.list {
            faults.add(&fault.file, fault.at, fault.message);
        }
        faults.more += found.faults.more;
        said.push((person_of(file), found.annotations));
    }
    let told: Vec<Told<'_>> = said.iter().map(|(name, annotations)| Told { name, annotations }).collect();
    let panel = Panel::of(&told, by)?;
    if panel.people.len() < 2 {
        return Ok(None);
    }
    control.checkpoint()?;
    let report = AgreementReport::of(&panel, control)?;
    let mut paths: HashSet<&str> = report.disputes.iter().map(|row| row.path.as_str()).collect();
    let samples = said.iter().flat_map(|(_, annotations)| &annotations.samples);
    let disputed = samples.filter(|sample| paths.remove(sample.path.as_str())).cloned().collect();
    Ok(Some(Compared { left_out: panel.left_out, again: panel.again, report, faults, disputed }))
}

/// What somebody is called whom no file names: as their file or folder.
pub fn person_of(file: &Path) -> String {
    let name = if file.is_dir() { file.file_name() } else { file.file_stem() };
    name.map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into_owned())
}

impl Compared {
    /// The samples of a dataset on which people differ.
    pub fn disputed(
        &self,
        snapshot: &Snapshot,
        rows: &[SampleId],
        control: &Control,
    ) -> Result<Vec<SampleId>, Cancelled> {
        let ours = gathered(snapshot, rows, control)?;
        let theirs = Annotations::of_samples(self.disputed.clone());
        let plan = merge(&ours, &theirs, MatchBy::Either, control)?;
        Ok(plan.samples.iter().filter_map(|one| rows.get(one.ours).copied()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{DatasetBuilder, Facts, Layout, NewSample};

    #[test]
    fn samples_on_which_people_differ_are_found_in_the_dataset() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let ada = file("ada.csv", "path,label\n0.png,cat\n1.png,dog\n2.png,cat\n9.png,cat\n");
        let ben = file("ben.csv", "path,label\n0.png,cat\n1.png,cat\n2.png,dog\n9.png,dog\n");
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for row in 0..3 {
            builder.push(NewSample { path: &format!("{row}.png"), ..NewSample::default() });
        }
        let snapshot = Snapshot::new(builder.finish().0.into(), &[], Facts::new(3), Default::default());
        let control = Control::new();
        let compared = compare(&[ada.clone(), ben], MatchBy::Path, &control).unwrap().unwrap();
        let people: Vec<&str> = compared.report.people.iter().map(|row| row.name.as_str()).collect();
        assert_eq!((people, compared.report.disputes.len()), (vec!["ada", "ben"], 3));
        assert_eq!(compared.disputed(&snapshot, &[0, 1, 2], &control), Ok(vec![1, 2]));
        assert!(compare(&[ada], MatchBy::Path, &control).unwrap().is_none());
    }
}
