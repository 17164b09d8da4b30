//! YOLO: the images and their label files under the same names, the file of splits and classes, and
//! each split's list with the images that stay. Class numbers do not change. Where a person changed classes or
//! boxes, label files and the list of classes have what counts ([`changed`]).

mod changed;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use self::changed::{Labels, Numbers, list_text, with_count, with_names};
use super::by_hand::{ByHand, Unit};
use super::draft::Draft;
use super::layouts::{kept_paths, list_source, same_images};
use super::webdataset::Text;
use crate::export::ExportError;
use crate::import::names::{has_extension, join, split_path};
use crate::import::yolo::{
    Config, Extra, NAME_LISTS, above, find_config, label_file, label_paths, list_file, name_list,
};
use crate::import::{Reader, Tree};
use crate::jobs::Control;
use crate::text::counted;

pub fn same(draft: &mut Draft, reader: &Reader, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let kept = kept_paths(draft);
    same_images(draft);
    let by_hand = ByHand::of(draft, reader, Unit::Fractions, control)?;
    let Some(tree) = &draft.tree else { return Ok(()) };
    let found = find_config(tree);
    let changes = Changes::of(draft, tree, found.as_ref(), by_hand);
    // Two images of one name share their label file.
    let mut beside: BTreeSet<usize> = BTreeSet::new();
    let mut labels = LabelFiles::default();
    for (at, image) in tree.images().files().enumerate() {
        if at % 4096 == 0 {
            control.checkpoint()?;
        }
        let path = tree.path(image);
        if kept.contains(path) {
            let file = label_file(tree, path);
            beside.extend(file);
            if let Some(changes) = &changes {
                labels.add(path, file, changes);
            }
        }
    }
    for file in labels.made.keys() {
        beside.remove(file);
    }
    beside.extend((0..tree.len()).filter(|file| NAME_LISTS.contains(&split_path(tree.path(*file)).1)));
    let mut texts: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut warnings = Vec::new();
    let mut renamed =
        changes.as_ref().map(|changes| changes.name_files(tree, found.as_ref())).unwrap_or_default();
    if let Some((file, config)) = found {
        let told = tree.path(file);
        for (split, value) in &config.splits {
            if is_absolute(value) {
                warnings.push(format!(
                    "{told} names the images of split {split} by a whole path, which leads back to the \
                     source for other programs; change it: {value}"
                ));
            }
            if let Some(list) = list_file(tree, file, &config, value)
                && texts.iter().all(|(known, _)| *known != list)
            {
                let (text, absolute) = kept_lines(tree, list, split, &kept);
                if absolute {
                    warnings.push(format!(
                        "{} names images by their whole path, which leads back to the source for other \
                         programs; change it.",
                        tree.path(list)
                    ));
                }
                texts.push((list, text));
            }
        }
        let own = renamed.texts.remove(&file);
        let content = own.clone().unwrap_or_else(|| tree.read(file).unwrap_or_default());
        match without_base(tree, file, &config, &content, &kept, &texts) {
            Based::Nowhere => {
                beside.insert(file);
                texts.extend(own.map(|text| (file, text)));
            }
            Based::Freed(text) => {
                warnings.push(format!(
                    "The path in {told} is commented out, so that the splits are found in the new folder."
                ));
                texts.push((file, text));
            }
            Based::Kept => {
                warnings.push(format!(
                    "{told} names the dataset's folder by its path, {}; change it to the new folder for \
                     other programs.",
                    config.path
                ));
                beside.insert(file);
                texts.extend(own.map(|text| (file, text)));
            }
        }
    }
    texts.extend(renamed.texts);
    for (list, _) in &texts {
        beside.remove(list);
    }
    if let Some(changes) = &changes {
        warnings.extend(changes.notes(&labels));
        warnings.extend(renamed.warnings);
    }
    for (path, text) in renamed.new {
        draft.made(path, text.len() as u64, Text(text));
    }
    for (file, made) in labels.made {
        let bytes = draft.tree.as_ref().map_or(0, |tree| tree.bytes(file));
        draft.made_like(file, bytes, made);
    }
    for (path, made) in labels.new {
        draft.made(path, 64, made);
    }
    for (file, text) in texts {
        draft.made_like(file, text.len() as u64, Text(text));
    }
    for file in beside {
        draft.beside(file);
    }
    draft.warnings.extend(warnings);
    Ok(())
}

/// What a person changed, and the numbers that classes have for it.
struct Changes {
    by_hand: ByHand,
    numbers: Arc<Numbers>,
    /// The names that the source lists.
    listed: Vec<String>,
    extra: Extra,
}

impl Changes {
    /// `None` where the source's files hold all that counts.
    fn of(draft: &Draft, tree: &Tree, found: Option<&(usize, Config)>, by_hand: ByHand) -> Option<Self> {
        if by_hand.is_empty() {
            return None;
        }
        let config = found.map(|(_, config)| config);
        let listed = match config.filter(|config| !config.names.is_empty()) {
            Some(config) => config.names.clone(),
            None => name_list(tree).map(|(_, names)| names).unwrap_or_default(),
        };
        let given = draft.snapshot.dataset.labels.classes.iter().map(String::as_str);
        let numbers = Arc::new(Numbers::new(&listed, given, &by_hand));
        let extra = config.map(|config| config.extra).unwrap_or_default();
        Some(Self { by_hand, numbers, listed, extra })
    }

    /// The files that list classes, where their names changed.
    fn name_files(&self, tree: &Tree, found: Option<&(usize, Config)>) -> NameFiles {
        let mut files = NameFiles::default();
        let names = &self.numbers.names;
        if *names == self.listed {
            return files;
        }
        let mut is_written = false;
        let as_list = list_text(names).map(String::into_bytes);
        if let Some((file, config)) = found {
            let content = tree.read(*file).unwrap_or_default();
            let text = String::from_utf8_lossy(&content);
            let is_darknet = has_extension(tree.path(*file), &["data"]);
            let is_said_there = !config.names.is_empty() || name_list(tree).is_none();
            if is_darknet {
                files.texts.insert(*file, with_count(&text, names.len()).into_bytes());
            } else if is_said_there && let Some(text) = with_names(&text, names) {
                files.texts.insert(*file, text.into_bytes());
                is_written = true;
            }
        }
        if let Some((file, old)) = name_list(tree)
            && (old == self.listed || !is_written)
            && let Some(text) = &as_list
        {
            files.texts.insert(file, text.clone());
            is_written |= found.is_none_or(|(_, config)| config.names.is_empty());
        } else if !is_written
            && found.is_none_or(|(_, config)| config.names.is_empty())
            && let Some(text) = as_list
        {
            files.new.push((NAME_LISTS[0].to_owned(), text));
            is_written = true;
        }
        if !is_written {
            let listed: Vec<String> =
                names.iter().enumerate().map(|(number, name)| format!("{number} {name}")).collect();
            let told = found.map_or("The list of classes", |(file, _)| tree.path(*file));
            files.warnings.push(format!(
                "{told} is written in a way that Lenslet cannot change; write the names of the classes into it by hand: \
                 {}.",
                listed.join(", ")
            ));
        }
        files
    }

    fn notes(&self, labels: &LabelFiles) -> Vec<String> {
        let mut notes = self.by_hand.notes("label files");
        let loose =
            self.by_hand.samples.values().filter(|spoken| spoken.loose().next().is_some()).count() as u64;
        if loose > 0 {
            let verb = if loose == 1 { "has a label" } else { "have labels" };
            notes.push(format!(
                "{} {verb} without a box, which YOLO's files cannot hold; choose a manifest or image-folder to keep it.",
                counted(loose, "sample")
            ));
        }
        if labels.shared > 0 {
            notes.push(format!(
                "{} share a label file with another image; it has the boxes of one of them.",
                counted(labels.shared, "image")
            ));
        }
        if let [first, ..] = &self.numbers.idle[..] {
            notes.push(format!(
                "Classes keep their numbers, so that {first}{} stays listed although no box is of it.",
                match self.numbers.idle.len() {
                    1 => String::new(),
                    more => format!(" (and {} more)", more - 1),
                }
            ));
        }
        if let [first, ..] = &self.numbers.unnamed[..] {
            notes.push(format!(
                "The number of the class {first}{} is above what a list of classes has room for, so that it has no name in \
                 data.yaml; give classes numbers from 0 on without gaps.",
                match self.numbers.unnamed.len() {
                    1 => String::new(),
                    more => format!(" (and {} more)", more - 1),
                }
            ));
        }
        if !self.by_hand.samples.is_empty() {
            notes.push(
                "Boxes that were moved or resized have no outline and no key points any more; lines that were left alone \
                 stay as they are."
                    .to_owned(),
            );
        }
        notes
    }
}

/// Files that list classes, as they are to be.
#[derive(Default)]
struct NameFiles {
    /// By the file of the source that each takes the place of.
    texts: BTreeMap<usize, Vec<u8>>,
    /// Path and text of one that the source does not have.
    new: Vec<(String, Vec<u8>)>,
    warnings: Vec<String>,
}

/// Label files that are written anew.
#[derive(Default)]
struct LabelFiles {
    made: BTreeMap<usize, Labels>,
    new: Vec<(String, Labels)>,
    /// Images whose label file is another image's, too, where something was said of one of them.
    shared: u64,
    /// Label files of images that stay, and whether something was said of one of their images.
    of: HashMap<usize, bool>,
}

impl LabelFiles {
    fn add(&mut self, image: &str, file: Option<usize>, changes: &Changes) {
        let spoken = changes.by_hand.samples.get(image);
        let labels = |file| Labels {
            file,
            spoken: spoken.cloned(),
            numbers: changes.numbers.clone(),
            extra: changes.extra,
        };
        let Some(file) = file else {
            if spoken.is_some_and(|spoken| !spoken.boxes.is_empty()) {
                let (twin, beside) = label_paths(image);
                let path = twin.unwrap_or(beside);
                match self.new.iter().any(|(other, _)| *other == path) {
                    true => self.shared += 1,
                    false => self.new.push((path, labels(None))),
                }
            }
            return;
        };
        let was_spoken_of = self.of.get(&file).copied();
        if was_spoken_of.is_some() && (spoken.is_some() || was_spoken_of == Some(true)) {
            self.shared += 1;
        }
        self.of.insert(file, spoken.is_some() || was_spoken_of == Some(true));
        if spoken.is_some() || (changes.numbers.moves() && !self.made.contains_key(&file)) {
            self.made.insert(file, labels(Some(file)));
        }
    }
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.get(1..3) == Some(":/")
}

/// The lines of a split's list that name images that stay, and whether any is a whole path.
fn kept_lines(tree: &Tree, list: usize, split: &str, kept: &HashSet<String>) -> (Vec<u8>, bool) {
    let content = tree.read(list).unwrap_or_default();
    let content = String::from_utf8_lossy(&content);
    let folder = split_path(tree.path(list)).0;
    let (mut text, mut absolute) = (Vec::new(), false);
    for line in content.lines().filter(|line| !line.trim().is_empty()) {
        let file = tree.images().find(line.trim(), folder, Some(split));
        if file.is_some_and(|file| kept.contains(tree.path(file))) {
            absolute |= is_absolute(line.trim());
            text.extend(line.as_bytes());
            text.push(b'\n');
        }
    }
    (text, absolute)
}

/// What becomes of the path that a YAML file says the splits start from.
enum Based {
    /// It says none, or its own folder.
    Nowhere,
    /// The text without it: the splits are found from the file's own folder.
    Freed(Vec<u8>),
    /// The splits are not found without it.
    Kept,
}

fn without_base(
    tree: &Tree,
    file: usize,
    config: &Config,
    content: &[u8],
    kept: &HashSet<String>,
    lists: &[(usize, Vec<u8>)],
) -> Based {
    let own = split_path(tree.path(file)).0;
    if matches!(config.path.as_str(), "" | "." | "./") || has_extension(tree.path(file), &["data"]) {
        return Based::Nowhere;
    }
    let folders: HashSet<&str> = kept.iter().flat_map(|path| above(path)).collect();
    let is_there = |(_, value): &(&str, String)| {
        let place = join(own, value);
        let is_list = || lists.iter().any(|(list, _)| tree.path(*list) == place);
        place.is_empty() || folders.contains(place.as_str()) || is_list()
    };
    let Ok(text) = std::str::from_utf8(content) else { return Based::Kept };
    let freed: String = text
        .split_inclusive('\n')
        .map(|line| if line.starts_with("path:") { format!("# {line}") } else { line.to_owned() })
        .collect();
    // The file may have other names of classes already.
    let mut plain = Config::parse(text).unwrap_or_default();
    plain.path.clear();
    let is_same = Config::parse(&freed).is_ok_and(|parsed| parsed == plain);
    if is_same && config.splits.iter().any(is_there) { Based::Freed(freed.into_bytes()) } else { Based::Kept }
}
