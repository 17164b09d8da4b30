//! Image folders: the same paths as before, or `split/class/name` of any dataset.
//!
//! Where folders cannot say all that the dataset says (several labels, a sample without a split among
//! others with one, a single class), it is told how an importer of folders would read them.

use std::collections::HashMap;

use super::draft::{Draft, From, Output, unpacked};
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

/// The same relative paths, but for samples that a person gave another class: those lie in its folder.
pub fn same(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    let dataset = draft.snapshot.dataset.clone();
    if draft.samples.iter().any(|sample| !dataset.places[*sample as usize].is_loose()) {
        draft.warn(
            "The images lie in archives; they are written as files, in folders of the archives' names.",
        );
    }
    let folders = folders_by_hand(draft);
    // Those that stay where they are have their names first.
    let mut taken = Taken::default();
    let mut moved = 0u64;
    for pass in [Pass::Staying, Pass::Moving] {
        for at in 0..draft.samples.len() {
            if at % STEP == 0 {
                control.checkpoint()?;
            }
            let sample = draft.samples[at];
            match (pass, folders.get(&sample)) {
                (Pass::Staying, None) => {
                    draft.same_sample(sample);
                    if let (false, Some(output)) = (folders.is_empty(), draft.outputs.last()) {
                        taken.take(&output.path);
                        taken.reserve_folder(split_path(&output.path).0);
                    }
                }
                (Pass::Moving, Some(folder)) => {
                    let (name, bytes) = (split_path(dataset.path(sample)).1, dataset.bytes[sample as usize]);
                    let slash = if folder.is_empty() { "" } else { "/" };
                    let path = taken.take(&format!("{folder}{slash}{}", safe_name(name)));
                    draft.outputs.push(Output { path, raw: None, bytes, from: From::Sample(sample) });
                    moved += 1;
                }
                _ => {}
            }
        }
    }
    if moved > 0 {
        let samples = match moved {
            1 => "1 sample lies in the folder of the class that it was".to_owned(),
            moved => format!("{} lie in the folders of the classes that they were", counted(moved, "sample")),
        };
        draft.warn(format!("{samples} given by hand, not where the source has it."));
    }
    let several =
        draft.samples.iter().filter(|sample| draft.snapshot.labels().get(**sample).len() > 1).count() as u64;
    if several > 0 {
        draft.warn(format!(
            "{} more than one label; a folder holds one of them. Choose a manifest to keep all.",
            have(several)
        ));
    }
    if !draft.snapshot.boxes().is_empty() {
        draft.warn("Folders hold no boxes; choose a manifest to keep those that were drawn by hand.");
    }
    check_roles(draft);
    Ok(())
}

/// Whether samples are named that stay in their folders, or those that leave them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Staying,
    Moving,
}

/// The folders of samples that have another class than their folder in the source says.
fn folders_by_hand(draft: &Draft) -> HashMap<SampleId, String> {
    let snapshot = &draft.snapshot;
    let dataset = &*snapshot.dataset;
    let (labels, given) = (snapshot.labels(), &dataset.labels);
    let mut folders = HashMap::new();
    if snapshot.labelling.leaves_labels() {
        return folders;
    }
    for sample in draft.samples.iter().copied() {
        let was = given.names(sample).next();
        let now: Vec<&str> = labels.names(sample).collect();
        let stays = was.map_or(now.is_empty(), |was| now.contains(&was));
        if stays {
            continue;
        }
        let path = unpacked(dataset.path(sample), dataset.places[sample as usize].is_loose());
        let folder = split_path(&path).0;
        if let Some(folder) = folder_of_class(folder, was, now.first().copied()) {
            folders.insert(sample, folder);
        }
    }
    folders
}

/// A folder with the name of another class in the place of the one that it has, or below it where it has none; `None`
/// where the folder does not tell the class.
fn folder_of_class(folder: &str, was: Option<&str>, now: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let class = now.map(|name| match safe_path(name) {
        safe if safe.is_empty() => "_".to_owned(),
        safe => safe,
    });
    let class: Vec<&str> = class.iter().flat_map(|class| class.split('/')).collect();
    let Some(was) = was else { return Some([parts, class].concat().join("/")) };
    let old: Vec<&str> = was.split('/').collect();
    // The innermost, since a folder around all may have a class's name.
    let at = parts.windows(old.len()).rposition(|window| window == old.as_slice())?;
    Some([&parts[..at], &class[..], &parts[at + old.len()..]].concat().join("/"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_its_folder_where_the_other_had_it() {
        for (folder, was, now, expected) in [
            ("train/cat", Some("cat"), Some("dog"), Some("train/dog")),
            ("cat/train", Some("cat"), Some("dog"), Some("dog/train")),
            ("cat/train/cat", Some("cat"), Some("dog"), Some("cat/train/dog")),
            ("set/a/b/images", Some("a/b"), Some("c"), Some("set/c/images")),
            ("train/cat", Some("cat"), Some("big/dog"), Some("train/big/dog")),
            ("train/cat", Some("cat"), Some("../x:y"), Some("train/x_y")),
            ("train/cat", Some("cat"), None, Some("train")),
            ("", None, Some("dog"), Some("dog")),
            ("train", None, Some("dog"), Some("train/dog")),
            ("train/1", Some("one"), Some("dog"), None),
        ] {
            assert_eq!(folder_of_class(folder, was, now).as_deref(), expected, "{folder} {was:?} {now:?}");
        }
    }
}
