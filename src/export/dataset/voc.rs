//! Pascal VOC: the images, their XML files and masks under the same names, and the lists in `ImageSets`
//! with the images that stay.

use std::collections::HashSet;

use super::draft::Draft;
use super::layouts::{kept_paths, list_source, same_images};
use super::webdataset::Text;
use crate::export::ExportError;
use crate::import::Tree;
use crate::import::names::{has_extension, join, split_path, stem};
use crate::import::voc::{annotation_files, list_key};
use crate::jobs::Control;

/// Folders beside the images' of pictures that say what is where in an image of the same name.
const MASK_FOLDERS: [&str; 2] = ["SegmentationClass", "SegmentationObject"];

pub fn same(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let kept = kept_paths(draft);
    same_images(draft);
    let Some(tree) = &draft.tree else { return Ok(()) };
    let mut beside = Vec::new();
    for (xml, path) in annotation_files(tree, control)? {
        if kept.contains(&path) {
            beside.push(xml);
        }
    }
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
    for file in (0..tree.len()).filter(|file| has_extension(tree.path(*file), &["txt"])) {
        let Some(base) = sets_base(tree.path(file)) else { continue };
        control.checkpoint()?;
        lists.push((file, kept_lines(tree, file, base, &keys)));
    }
    for file in beside {
        draft.beside(file);
    }
    for (file, text) in lists {
        draft.made_like(file, text.len() as u64, Text(text));
    }
    Ok(())
}

/// What comes before `ImageSets` in the path of a list.
fn sets_base(path: &str) -> Option<&str> {
    let at = if path.starts_with("ImageSets/") { 0 } else { path.find("/ImageSets/")? + 1 };
    Some(&path[..at])
}

/// The lines that begin with the name of an image that stays.
fn kept_lines(tree: &Tree, list: usize, base: &str, keys: &HashSet<String>) -> Vec<u8> {
    let content = tree.read(list).unwrap_or_default();
    let mut text = Vec::new();
    for line in String::from_utf8_lossy(&content).lines() {
        let name = line.split_whitespace().next();
        if name.is_some_and(|name| keys.contains(&format!("{base}{name}"))) {
            text.extend(line.as_bytes());
            text.push(b'\n');
        }
    }
    text
}
