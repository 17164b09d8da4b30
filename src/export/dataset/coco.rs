//! COCO: the images under the same names, and each annotation file with the images that stay and their
//! annotations. All else in it stays as it is, to the digit, fields that no importer reads included.
//!
//! Panoptic masks come along: they have their images' names, in a folder that has the annotation file's
//! (`panoptic_val2017.json` and `panoptic_val2017/000000000139.png`).

use std::collections::{BTreeSet, HashSet};
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use super::draft::{Draft, Make, Told, Work};
use super::layouts::{kept_paths, list_source, same_images, warn_left_out};
use super::write::{Failure, Out};
use crate::export::ExportError;
use crate::import::Tree;
use crate::import::coco::{Id, annotation_in, image_in, json_files, looks_like_coco, sample_path};
use crate::import::names::{split_path, stem};
use crate::import::spans::{elements, members, skip};
use crate::jobs::Control;

/// Entries that are looked at between two questions whether to go on.
const STEP: usize = 4096;

pub fn same(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let kept = Arc::new(kept_paths(draft));
    same_images(draft);
    let part = draft.samples.len() as f64 / draft.snapshot.dataset.present().max(1) as f64;
    let Some(tree) = &draft.tree else { return Ok(()) };
    let files = json_files(tree).into_iter().filter(|file| looks_like_coco(tree, *file));
    let files: Vec<(usize, u64)> =
        files.map(|file| (file, (tree.bytes(file) as f64 * part) as u64)).collect();
    let masks = masks(draft, tree, files.iter().map(|(file, _)| tree.path(*file)));
    for (file, bytes) in files {
        draft.made_like(file, bytes, Annotations { file, kept: kept.clone() });
    }
    masks.iter().for_each(|mask| draft.beside(*mask));
    warn_left_out(draft, &masks);
    Ok(())
}

/// The masks of the images that stay, for these annotation files.
fn masks<'a>(draft: &Draft, tree: &'a Tree, files: impl Iterator<Item = &'a str>) -> BTreeSet<usize> {
    let dataset = &draft.snapshot.dataset;
    let folders: HashSet<&str> = files.map(stem).collect();
    let kept: HashSet<&str> = draft.samples.iter().map(|sample| stem(dataset.path(*sample))).collect();
    let is_mask = |file: &usize| {
        let path = tree.path(*file);
        folders.contains(split_path(split_path(path).0).1) && kept.contains(stem(path))
    };
    let masks: BTreeSet<usize> = tree.images().files().filter(is_mask).collect();
    if masks.is_empty() {
        return masks;
    }
    // A folder of images may have an annotation file's name.
    let samples: HashSet<&str> = dataset.paths.iter().collect();
    masks.into_iter().filter(|mask| !samples.contains(tree.path(*mask))).collect()
}

/// An annotation file with the images that stay.
#[derive(Debug)]
struct Annotations {
    file: usize,
    /// Paths of the samples that stay.
    kept: Arc<HashSet<String>>,
}

impl Make for Annotations {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        told.file(draft, self.file);
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let tree = work.tree()?;
        let path = tree.path(self.file);
        let content = tree.read(self.file)?;
        let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&content);
        if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(text) {
            return Err(Failure::source(format!("the annotation file cannot be understood: {error}")));
        }
        let lists: Vec<(String, Range<usize>)> = members(text, skip(text, 0, b" \t\r\n")).collect();
        let list = |wanted: &str| lists.iter().find(|(name, _)| name == wanted).map(|(_, list)| list.clone());

        // Which ids stay has to be known before the annotations, which may come first.
        let mut images: Vec<Range<usize>> = Vec::new();
        let mut ids: HashSet<Id> = HashSet::new();
        let all = list("images").into_iter().flat_map(|list| elements(text, list.start));
        for (at, span) in all.enumerate() {
            if at % STEP == 0 {
                out.checkpoint()?;
            }
            let Some(image) = image_in(&text[span.clone()]) else { continue };
            let id = image.id.clone();
            let Some(name) = image.name().filter(|name| !name.is_empty()) else { continue };
            if self.kept.contains(&sample_path(tree, path, &name)) {
                images.push(span);
                ids.extend(id);
            }
        }
        let mut written = 0;
        for (name, value) in &lists {
            if !matches!(name.as_str(), "images" | "annotations") || text.get(value.start) != Some(&b'[') {
                continue;
            }
            out.write_all(&text[written..value.start])?;
            written = value.end;
            if name == "images" {
                write_list(text, images.iter().cloned(), out)?;
                continue;
            }
            let stays = |span: &Range<usize>| {
                let image = annotation_in(&text[span.clone()]).and_then(|annotation| annotation.image);
                image.is_some_and(|image| ids.contains(&image))
            };
            write_list(text, elements(text, value.start).filter(stays), out)?;
        }
        Ok(out.write_all(&text[written..])?)
    }
}

fn write_list(
    text: &[u8],
    values: impl Iterator<Item = Range<usize>>,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    out.write_all(b"[")?;
    for (at, value) in values.enumerate() {
        if at % STEP == 0 {
            out.checkpoint()?;
        }
        if at > 0 {
            out.write_all(b",\n")?;
        }
        out.write_all(&text[value])?;
    }
    Ok(out.write_all(b"]")?)
}
