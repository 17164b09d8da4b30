//! COCO: the images under the same names, and each annotation file with the images that stay and their
//! annotations. All else in it stays as it is, to the digit, fields that no importer reads included. Where a
//! person changed classes, labels or boxes, the files that an importer reads have what counts ([`changed`]).
//!
//! Panoptic masks come along: they have their images' names, in a folder that has the annotation file's
//! (`panoptic_val2017.json` and `panoptic_val2017/000000000139.png`).

mod changed;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use self::changed::{Categories, write_annotations};
use super::by_hand::{ByHand, Unit};
use super::draft::{Draft, Make, Told, Work};
use super::layouts::{kept_paths, list_source, same_images, warn_left_out};
use super::write::{Failure, Out};
use crate::export::ExportError;
use crate::import::coco::{
    Id, annotation_in, image_in, json_files, looks_like_coco, read_files, sample_path,
};
use crate::import::names::{split_path, stem};
use crate::import::spans::{elements, members, skip};
use crate::import::{Reader, Tree};
use crate::jobs::Control;
use crate::text::counted;

/// Entries that are looked at between two questions whether to go on.
const STEP: usize = 4096;

pub fn same(draft: &mut Draft, reader: &Reader, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let kept = Arc::new(kept_paths(draft));
    same_images(draft);
    let by_hand = Arc::new(ByHand::of(draft, reader, Unit::Pixels, control)?);
    let part = draft.samples.len() as f64 / draft.snapshot.dataset.present().max(1) as f64;
    let Some(tree) = &draft.tree else { return Ok(()) };
    let files = json_files(tree).into_iter().filter(|file| looks_like_coco(tree, *file));
    let files: Vec<(usize, u64)> =
        files.map(|file| (file, (tree.bytes(file) as f64 * part) as u64)).collect();
    let masks = masks(draft, tree, files.iter().map(|(file, _)| tree.path(*file)));
    let read: HashSet<usize> = read_files(tree).into_iter().collect();
    let notes =
        notes(tree, &by_hand, files.iter().map(|(file, _)| *file).filter(|file| !read.contains(file)));
    for (file, bytes) in files {
        let by_hand = (!by_hand.is_empty() && read.contains(&file)).then(|| by_hand.clone());
        draft.made_like(file, bytes, Annotations { file, kept: kept.clone(), by_hand });
    }
    draft.warnings.extend(notes);
    masks.iter().for_each(|mask| draft.beside(*mask));
    warn_left_out(draft, &masks);
    Ok(())
}

/// What to know of annotations that a person changed, where some files are only copied.
fn notes(tree: &Tree, by_hand: &ByHand, copied: impl Iterator<Item = usize>) -> Vec<String> {
    if by_hand.is_empty() {
        return Vec::new();
    }
    let mut notes = by_hand.notes("annotations");
    let loose = by_hand.samples.values().map(|spoken| spoken.loose().count() as u64).sum::<u64>();
    if loose > 0 {
        notes.push(format!(
            "{} of whole images have no box; each is an annotation without a bbox, which programs that look for \
             boxes may refuse.",
            counted(loose, "label")
        ));
    }
    if !by_hand.samples.is_empty() {
        notes.push(
            "Boxes that were moved or resized have no outline, mask or key points any more; boxes that were left \
             alone keep theirs."
                .to_owned(),
        );
    }
    let mut copied = copied.map(|file| tree.path(file));
    if let Some(first) = copied.next() {
        let others = match copied.count() {
            0 => String::new(),
            others => format!(" (and {others} more)"),
        };
        notes.push(format!("{first}{others} is not read by Lenslet and keeps the source's annotations."));
    }
    notes
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
    /// What a person changed, where they did.
    by_hand: Option<Arc<ByHand>>,
}

impl Make for Annotations {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        told.file(draft, self.file);
        if let Some(by_hand) = &self.by_hand {
            by_hand.tell(told);
        }
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
        let mut ids: HashMap<Id, String> = HashMap::new();
        let all = list("images").into_iter().flat_map(|list| elements(text, list.start));
        for (at, span) in all.enumerate() {
            if at % STEP == 0 {
                out.checkpoint()?;
            }
            let Some(image) = image_in(&text[span.clone()]) else { continue };
            let id = image.id.clone();
            let Some(name) = image.name().filter(|name| !name.is_empty()) else { continue };
            let sample = sample_path(tree, path, &name);
            if self.kept.contains(&sample) {
                images.push(span);
                ids.extend(id.map(|id| (id, sample)));
            }
        }
        let categories = self.by_hand.as_ref().map(|by_hand| {
            let spoken = ids.values().filter_map(|path| by_hand.samples.get(path));
            // In one order every time, whatever that of a hash table is.
            let needed: BTreeSet<&str> =
                spoken.flat_map(|spoken| &spoken.labels).map(String::as_str).collect();
            let added = by_hand.added.iter().map(String::as_str);
            Categories::new(text, list("categories"), by_hand, added.chain(needed))
        });
        let mut written = 0;
        for (name, value) in &lists {
            let is_made = match name.as_str() {
                "images" | "annotations" => true,
                "categories" => categories.is_some(),
                _ => false,
            };
            if !is_made || text.get(value.start) != Some(&b'[') {
                continue;
            }
            out.write_all(&text[written..value.start])?;
            written = value.end;
            if name == "images" {
                write_list(images.iter().map(|span| &text[span.clone()]), out)?;
                continue;
            }
            match (&categories, &self.by_hand) {
                (Some(categories), _) if name == "categories" => {
                    write_list(categories.entries.iter().map(Vec::as_slice), out)?;
                }
                (Some(categories), Some(by_hand)) => {
                    write_annotations(text, Some(value.clone()), &ids, by_hand, categories, out)?;
                }
                _ => {
                    let stays = |span: &Range<usize>| {
                        let image =
                            annotation_in(&text[span.clone()]).and_then(|annotation| annotation.image);
                        image.is_some_and(|image| ids.contains_key(&image))
                    };
                    let stay = elements(text, value.start).filter(stays);
                    write_list(stay.map(|span| &text[span]), out)?;
                }
            }
        }
        let (Some(categories), Some(by_hand)) = (&categories, &self.by_hand) else {
            return Ok(out.write_all(&text[written..])?);
        };
        // A file of images alone gets the lists that it lacks.
        let end = text.iter().rposition(|byte| *byte == b'}').unwrap_or(text.len()).max(written);
        out.write_all(&text[written..end])?;
        if list("categories").is_none() && !categories.entries.is_empty() {
            out.write_all(b",\n\"categories\": ")?;
            write_list(categories.entries.iter().map(Vec::as_slice), out)?;
        }
        if list("annotations").is_none() && ids.values().any(|path| by_hand.samples.contains_key(path)) {
            out.write_all(b",\n\"annotations\": ")?;
            write_annotations(text, None, &ids, by_hand, categories, out)?;
        }
        Ok(out.write_all(&text[end..])?)
    }
}

fn write_list<'a>(values: impl Iterator<Item = &'a [u8]>, out: &mut Out<'_>) -> Result<(), Failure> {
    out.write_all(b"[")?;
    for (at, value) in values.enumerate() {
        if at % STEP == 0 {
            out.checkpoint()?;
        }
        if at > 0 {
            out.write_all(b",\n")?;
        }
        out.write_all(value)?;
    }
    Ok(out.write_all(b"]")?)
}
