//! Image folders: the same paths as before, or `split/class/name` of any dataset.
//!
//! Where folders cannot say all that the dataset says (several labels, a sample without a split among
//! others with one, a single class), it is told how an importer of folders would read them.

use std::collections::HashMap;

use super::draft::{Draft, From, Output};
use super::layouts::{is_row, sample_name};
use super::names::{Taken, safe_name, safe_path};
use crate::dataset::{NO_SPLIT, SampleId};
use crate::export::ExportError;
use crate::import::Reader;
use crate::import::folder::roles;
use crate::import::manifest::columns::truth;
use crate::import::names::split_path;
use crate::jobs::Control;
use crate::text::counted;

/// Samples that are named between two questions whether to go on.
const STEP: usize = 4096;

/// The folder of samples without a split, where others have one and they have a label.
const NO_SPLIT_FOLDER: &str = "unsplit";

/// The same relative paths.
pub fn same(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    let dataset = draft.snapshot.dataset.clone();
    if draft.samples.iter().any(|sample| !dataset.places[*sample as usize].is_loose()) {
        draft.warn(
            "The images lie in archives; they are written as files, in folders of the archives' names.",
        );
    }
    for at in 0..draft.samples.len() {
        if at % STEP == 0 {
            control.checkpoint()?;
        }
        draft.same_sample(draft.samples[at]);
    }
    check_roles(draft);
    Ok(())
}

/// `split/class/name`.
pub fn image_folder(draft: &mut Draft, reader: &Reader, control: &Control) -> Result<(), ExportError> {
    let dataset = draft.snapshot.dataset.clone();
    let folders = class_folders(draft);
    let mut taken = Taken::default();
    folders.iter().for_each(|folder| taken.reserve_folder(folder));
    let (mut renamed, mut first_renamed) = (0u64, None);
    control.begin("Naming files", draft.samples.len() as u64);
    for (at, folder) in folders.iter().enumerate() {
        if at % STEP == 0 {
            control.checkpoint()?;
            control.set_done(at as u64);
        }
        let sample = draft.samples[at];
        let name = sample_name(draft, reader, sample);
        let slash = if folder.is_empty() { "" } else { "/" };
        let wanted = format!("{folder}{slash}{name}");
        let path = taken.take(&wanted);
        let own = split_path(dataset.path(sample)).1;
        if split_path(&path).1 != own && !is_row(&draft.snapshot, sample) {
            renamed += 1;
            first_renamed.get_or_insert_with(|| (dataset.path(sample).to_owned(), path.clone()));
        }
        let from = if is_row(&draft.snapshot, sample) { From::Row(sample) } else { From::Sample(sample) };
        draft.outputs.push(Output { path, raw: None, bytes: dataset.bytes[sample as usize], from });
    }
    if let Some((old, new)) = first_renamed {
        let files = match renamed {
            1 => "1 file gets".to_owned(),
            renamed => format!("{} get", counted(renamed, "file")),
        };
        draft.warn(format!(
            "{files} another name, since two would have the same or a system would not take it: {old} \
             becomes {new}."
        ));
    }
    if !draft.snapshot.boxes().is_empty() {
        draft.warn("Folders hold no boxes; choose the same layout or a manifest to keep them.");
    }
    warn_synthetic(draft);
    packed_warnings(draft);
    check_roles(draft);
    Ok(())
}

/// `split/class` of each sample, by its first label; what folders cannot say is told.
pub fn class_folders(draft: &mut Draft) -> Vec<String> {
    let dataset = draft.snapshot.dataset.clone();
    let all_labels = draft.snapshot.labels().clone();
    let has_splits = draft.samples.iter().any(|sample| dataset.splits[*sample as usize] != NO_SPLIT);
    let mut folder_names = FolderNames::default();
    let mut folders = Vec::with_capacity(draft.samples.len());
    let (mut several, mut unsplit) = (0u64, 0u64);
    for sample in &draft.samples {
        let labels = all_labels.get(*sample);
        several += u64::from(labels.len() > 1);
        let class = labels.first().map(|class| all_labels.classes[*class as usize].as_str());
        let split = dataset.split(*sample);
        let split = match (split, class) {
            (None, Some(_)) if has_splits => {
                unsplit += 1;
                Some(NO_SPLIT_FOLDER)
            }
            (split, _) => split,
        };
        folders.push(folder_names.of(split, class));
    }
    if several > 0 {
        draft.warn(format!(
            "{} more than one label; each goes to the folder of its first. Choose a manifest to keep all.",
            have(several)
        ));
    }
    if unsplit > 0 {
        draft.warn(format!(
            "{} a label but no split, and the folder {NO_SPLIT_FOLDER} takes them.",
            have(unsplit)
        ));
    }
    if folder_names.changed > 0 {
        let folders = counted(folder_names.changed, "folder");
        draft
            .warn(format!("{folders} cannot have the name of the split or class, and one like it is taken."));
    }
    folders
}

/// Says that folders do not tell generated samples from others.
fn warn_synthetic(draft: &mut Draft) {
    let dataset = draft.snapshot.dataset.clone();
    let Some(told) = dataset.attributes.iter().find(|attribute| attribute.name == "synthetic") else {
        return;
    };
    let is_synthetic = |sample: &&SampleId| truth(told.values.get(**sample as usize)) == Some(true);
    let count = draft.samples.iter().filter(is_synthetic).count() as u64;
    if count > 0 {
        let samples = match count {
            1 => "1 sample is".to_owned(),
            count => format!("{} are", counted(count, "sample")),
        };
        draft.warn(format!(
            "{samples} synthetic, which folders do not say; choose the same layout, a manifest or WebDataset \
             to keep it."
        ));
    }
}

/// "1 sample has", "3 samples have".
fn have(count: u64) -> String {
    format!("{} {}", counted(count, "sample"), if count == 1 { "has" } else { "have" })
}

/// Says what becomes of samples that are no files of their own.
pub fn packed_warnings(draft: &mut Draft) {
    let dataset = draft.snapshot.dataset.clone();
    let rows = draft.samples.iter().filter(|sample| is_row(&draft.snapshot, **sample)).count() as u64;
    let loose = |sample: &&SampleId| dataset.places[**sample as usize].is_loose();
    let packed = (draft.samples.len() - draft.samples.iter().filter(loose).count()) as u64;
    if rows > 0 {
        draft.warn(format!(
            "{} rows of arrays or tables; pixels are written as PNG of 8 bits, as they are shown.",
            match rows {
                1 => "1 sample is one of the".to_owned(),
                rows => format!("{} are", counted(rows, "sample")),
            }
        ));
    } else if packed > 0 {
        draft.warn(format!("{} out of archives are written as files.", counted(packed, "sample")));
    }
}

/// Folder names of splits and classes, each made once and no two alike.
#[derive(Default)]
struct FolderNames {
    known: HashMap<(String, bool), String>,
    taken: Taken,
    changed: u64,
}

impl FolderNames {
    fn of(&mut self, split: Option<&str>, class: Option<&str>) -> String {
        let split = split.map(|split| self.safe(split, false));
        let class = class.map(|class| self.safe(class, true));
        match (split, class) {
            (Some(split), Some(class)) => format!("{split}/{class}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => String::new(),
        }
    }

    fn safe(&mut self, name: &str, is_class: bool) -> String {
        let key = (name.to_owned(), is_class);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        // A class of folders in folders is written so: that is how it is read.
        let safe = if is_class { safe_path(name) } else { safe_name(name) };
        let safe = if safe.is_empty() { "_".to_owned() } else { safe };
        // Splits and classes may share names: they lie at different depths.
        let kind = if is_class { "class/" } else { "split/" };
        let folder = self.taken.take(&format!("{kind}{safe}"))[kind.len()..].to_owned();
        self.changed += u64::from(folder != name);
        self.known.insert(key, folder.clone());
        folder
    }
}

/// Says where folders would be read as another split or label than the dataset has.
fn check_roles(draft: &mut Draft) {
    let dataset = draft.snapshot.dataset.clone();
    let mut ids: HashMap<&str, usize> = HashMap::new();
    let mut folders: Vec<Vec<&str>> = Vec::new();
    let mut of_samples: Vec<(SampleId, usize)> = Vec::new();
    for output in &draft.outputs {
        let (From::Sample(sample) | From::Row(sample)) = output.from else { continue };
        let folder = split_path(&output.path).0;
        let id = *ids.entry(folder).or_insert_with(|| {
            folders.push(folder.split('/').filter(|part| !part.is_empty()).collect());
            folders.len() - 1
        });
        of_samples.push((sample, id));
    }
    let roles = roles(&folders);
    let (mut labels, mut splits) = (0u64, 0u64);
    for (sample, folder) in of_samples {
        let role = &roles[folder];
        let has_label = match (role.label.as_deref(), draft.snapshot.labels().get(sample)) {
            (None, classes) => classes.is_empty(),
            (Some(label), _) => draft.snapshot.labels().names(sample).any(|name| name == label),
        };
        labels += u64::from(!has_label);
        splits += u64::from(role.split.as_deref() != dataset.split(sample));
    }
    for (count, what) in [(labels, "label"), (splits, "split")] {
        if count > 0 {
            let samples = counted(count, "sample");
            draft.warn(format!(
                "Read as an image folder, {samples} would have another {what} or none, since the folders \
                 that stay do not tell it; choose a manifest or WebDataset to keep it."
            ));
        }
    }
}
