//! YOLO: the images and their label files under the same names, the file of splits and classes, and
//! each split's list with the images that stay. Class numbers do not change.

use std::collections::{BTreeSet, HashSet};

use super::draft::Draft;
use super::layouts::{kept_paths, list_source, same_images};
use super::webdataset::Text;
use crate::export::ExportError;
use crate::import::Tree;
use crate::import::names::{has_extension, join, split_path};
use crate::import::yolo::{Config, NAME_LISTS, above, find_config, label_file, list_file};
use crate::jobs::Control;

pub fn same(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let kept = kept_paths(draft);
    same_images(draft);
    let Some(tree) = &draft.tree else { return Ok(()) };
    // Two images of one name share their label file.
    let mut beside: BTreeSet<usize> = BTreeSet::new();
    for (at, image) in tree.images().files().enumerate() {
        if at % 4096 == 0 {
            control.checkpoint()?;
        }
        if kept.contains(tree.path(image)) {
            beside.extend(label_file(tree, tree.path(image)));
        }
    }
    beside.extend((0..tree.len()).filter(|file| NAME_LISTS.contains(&split_path(tree.path(*file)).1)));
    let mut texts: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut warnings = Vec::new();
    if let Some((file, config)) = find_config(tree) {
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
        match without_base(tree, file, &config, &kept, &texts) {
            Based::Nowhere => {
                beside.insert(file);
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
            }
        }
        for (list, _) in &texts {
            beside.remove(list);
        }
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
    let content = tree.read(file).unwrap_or_default();
    let Ok(text) = std::str::from_utf8(&content) else { return Based::Kept };
    let freed: String = text
        .split_inclusive('\n')
        .map(|line| if line.starts_with("path:") { format!("# {line}") } else { line.to_owned() })
        .collect();
    let mut plain = config.clone();
    plain.path.clear();
    let is_same = Config::parse(&freed).is_ok_and(|parsed| parsed == plain);
    if is_same && config.splits.iter().any(is_there) { Based::Freed(freed.into_bytes()) } else { Based::Kept }
}
