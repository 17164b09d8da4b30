//! Pascal VOC: the images, their XML files and masks under the same names, and the lists in `ImageSets`
//! with the images that stay. Where a person changed classes, labels or boxes, XML files have what counts
//! ([`changed`]).

mod changed;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use self::changed::Changed;
use super::by_hand::{ByHand, Unit};
use super::draft::Draft;
use super::layouts::{kept_paths, list_source, same_images};
use super::webdataset::Text;
use crate::export::ExportError;
use crate::import::names::{has_extension, join, split_path, stem};
use crate::import::voc::{annotation_files, list_key};
use crate::import::{Reader, Tree};
use crate::jobs::Control;
use crate::text::counted;

/// Folders beside the images' of pictures that say what is where in an image of the same name.
const MASK_FOLDERS: [&str; 2] = ["SegmentationClass", "SegmentationObject"];

/// The folder of the XML files of images in `JPEGImages`.
const ANNOTATIONS: &str = "Annotations";

pub fn same(draft: &mut Draft, reader: &Reader, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let kept = kept_paths(draft);
    same_images(draft);
    let by_hand = Arc::new(ByHand::of(draft, reader, Unit::Pixels, control)?);
    let Some(tree) = &draft.tree else { return Ok(()) };
    let mut beside = Vec::new();
    let mut made: Vec<(usize, Changed)> = Vec::new();
    // Where the XML files of a folder's images lie.
    let mut folders: HashMap<String, String> = HashMap::new();
    let mut without: BTreeSet<&str> = by_hand.samples.keys().map(String::as_str).collect();
    for (xml, path) in annotation_files(tree, control)? {
        let (images, xmls) = (split_path(&path).0, split_path(tree.path(xml)).0);
        folders.entry(images.to_owned()).or_insert_with(|| xmls.to_owned());
        if !kept.contains(&path) {
            continue;
        }
        let is_first = without.remove(path.as_str());
        if is_first || (by_hand.changes_classes() && !by_hand.samples.contains_key(&path)) {
            made.push((xml, Changed { file: Some(xml), path, by_hand: by_hand.clone() }));
        } else {
            beside.push(xml);
        }
    }
    let new = new_files(tree, &folders, without.into_iter(), &by_hand);
    for path in &kept {
        let base = split_path(split_path(path).0).0;
        let mask = |folder: &&str| tree.find(&join(base, &format!("{folder}/{}.png", stem(path))));
        beside.extend(MASK_FOLDERS.iter().filter_map(mask));
    }
    beside.sort_unstable();
    beside.dedup();
    // Masks may be shown as images of their own.
    beside.retain(|file| !kept.contains(tree.path(*file)));

    let keys: HashSet<String> = kept.iter().map(|path| list_key(path)).collect();
    let mut lists = Vec::new();
    let spoken: HashMap<String, &[String]> =
        by_hand.samples.iter().map(|(path, spoken)| (list_key(path), spoken.labels.as_slice())).collect();
    for file in (0..tree.len()).filter(|file| has_extension(tree.path(*file), &["txt"])) {
        let Some(base) = sets_base(tree.path(file)) else { continue };
        control.checkpoint()?;
        lists.push((file, kept_lines(tree, file, base, &keys, &spoken, &by_hand)));
    }
    let mut notes = if by_hand.is_empty() { Vec::new() } else { by_hand.notes("XML files") };
    let loose = by_hand.samples.values().map(|spoken| spoken.loose().count() as u64).sum::<u64>();
    if loose > 0 {
        notes.push(format!(
            "{} of whole images have no box; each is an object without a bndbox, which programs that look for boxes may \
             refuse.",
            counted(loose, "label")
        ));
    }
    if by_hand.changes_classes() || !by_hand.added.is_empty() {
        notes.push(
            "Lists in ImageSets that are of one class keep the names of the source's classes; new classes have none."
                .to_owned(),
        );
    }
    draft.warnings.extend(notes);
    for file in beside {
        draft.beside(file);
    }
    for (file, changed) in made {
        let bytes = draft.tree.as_ref().map_or(0, |tree| tree.bytes(file));
        draft.made_like(file, bytes, changed);
    }
    for (path, changed) in new {
        draft.made(path, 512, changed);
    }
    for (file, text) in lists {
        draft.made_like(file, text.len() as u64, Text(text));
    }
    Ok(())
}

/// Annotation files for images that have none: beside those of their folder's other images.
fn new_files<'a>(
    tree: &Tree,
    folders: &HashMap<String, String>,
    images: impl Iterator<Item = &'a str>,
    by_hand: &Arc<ByHand>,
) -> Vec<(String, Changed)> {
    let file_of = |image: &str| {
        let (folder, name) = split_path(image);
        let twin = match split_path(folder) {
            (above, "JPEGImages") => join(above, ANNOTATIONS),
            _ => folder.to_owned(),
        };
        let folder = folders.get(folder).map_or(twin.as_str(), String::as_str);
        let slash = if folder.is_empty() { "" } else { "/" };
        let path = format!("{folder}{slash}{}.xml", stem(image));
        // One that another image has cannot be this one's.
        if tree.find(&path).is_some() { format!("{folder}{slash}{name}.xml") } else { path }
    };
    let new = |path: &'a str| {
        let spoken = by_hand.samples.get(path)?;
        let is_needed = !spoken.boxes.is_empty() || !spoken.labels.is_empty();
        let changed = Changed { file: None, path: path.to_owned(), by_hand: by_hand.clone() };
        is_needed.then(|| (file_of(path), changed))
    };
    images.filter_map(new).collect()
}

/// What comes before `ImageSets` in the path of a list.
fn sets_base(path: &str) -> Option<&str> {
    let at = if path.starts_with("ImageSets/") { 0 } else { path.find("/ImageSets/")? + 1 };
    Some(&path[..at])
}

/// The lines that begin with the name of an image that stays. In a list of a class, `cat_train.txt`, each says after
/// that whether the class is there: 1, or else -1; of images that were `spoken` of it says what counts now.
fn kept_lines(
    tree: &Tree,
    list: usize,
    base: &str,
    keys: &HashSet<String>,
    spoken: &HashMap<String, &[String]>,
    by_hand: &ByHand,
) -> Vec<u8> {
    let content = tree.read(list).unwrap_or_default();
    // What the class of the list is called now; lines of a class that is no more stay.
    let class = stem(tree.path(list)).rsplit_once('_').and_then(|(class, _)| by_hand.now(class));
    let mut text = Vec::new();
    for line in String::from_utf8_lossy(&content).lines() {
        let mut words = line.split_whitespace();
        let Some(key) = words.next().map(|name| format!("{base}{name}")) else { continue };
        if !keys.contains(&key) {
            continue;
        }
        let flag = words.next().filter(|flag| matches!(*flag, "1" | "-1" | "0"));
        let is_there = class.and_then(|class| Some(spoken.get(&key)?.iter().any(|label| label == class)));
        match (flag, is_there) {
            (Some(old), Some(is_there)) if is_there != (old != "-1") => {
                let flag = if is_there { " 1" } else { "-1" };
                let name = line.split_whitespace().next().unwrap_or_default();
                text.extend(format!("{name} {flag}").as_bytes());
            }
            _ => text.extend(line.as_bytes()),
        }
        text.push(b'\n');
    }
    text
}
