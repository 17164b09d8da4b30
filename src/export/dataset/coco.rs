//! COCO: the images under the same names, and each annotation file with the images that stay and their
//! annotations. All else in it stays as it is, to the digit, fields that no importer reads included. Where a
//! person changed classes, labels or boxes, the files that an importer reads have what counts ([`changed`]).
//!
//! Panoptic masks come along: they have their images' names, in a folder that has the annotation file's
//! (`panoptic_val2017.json` and `panoptic_val2017/000000000139.png`).

mod changed;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::Write;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use self::changed::{Categories, Held, Share, number_of, shares, with_member, write_annotations};
use super::by_hand::{ByHand, Unit};
use super::draft::{Draft, Make, Told, Work};
use super::layouts::{kept_paths, list_source, same_images, warn_left_out};
use super::write::{Failure, Out};
use crate::export::ExportError;
use crate::import::coco::{
    Id, annotation_in, image_in, json_files, looks_like_coco, read_files, sample_path,
};
use crate::import::names::{split_path, stem};
use crate::import::reader::access::lock;
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
    let by_hand = ByHand::of(draft, reader, Unit::Pixels, control)?;
    let part = draft.samples.len() as f64 / draft.snapshot.dataset.present().max(1) as f64;
    let Some(tree) = &draft.tree else { return Ok(()) };
    let files = json_files(tree).into_iter().filter(|file| looks_like_coco(tree, *file));
    let files: Vec<(usize, u64)> =
        files.map(|file| (file, (tree.bytes(file) as f64 * part) as u64)).collect();
    let masks = masks(draft, tree, files.iter().map(|(file, _)| tree.path(*file)));
    let read = read_files(tree);
    let is_read: HashSet<usize> = read.iter().copied().collect();
    let notes =
        notes(tree, &by_hand, files.iter().map(|(file, _)| *file).filter(|file| !is_read.contains(file)));
    let spoken = (!by_hand.is_empty()).then(|| Arc::new(Changes { by_hand, read, shares: Mutex::default() }));
    for (file, bytes) in files {
        let changes = spoken.clone().filter(|_| is_read.contains(&file));
        draft.made_like(file, bytes, Annotations { file, kept: kept.clone(), changes });
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

/// What a person changed, and the files that have it: all that an importer reads.
#[derive(Debug)]
struct Changes {
    by_hand: ByHand,
    /// In the order in which they are read.
    read: Vec<usize>,
    /// What becomes of each file's annotations; worked out by the first that is written.
    shares: Mutex<Option<Arc<HashMap<usize, Share>>>>,
}

impl Changes {
    fn shares(&self, tree: &Tree, out: &Out<'_>) -> Result<Arc<HashMap<usize, Share>>, Failure> {
        let mut known = lock(&self.shares);
        if let Some(shares) = known.as_ref() {
            return Ok(shares.clone());
        }
        let by_hand = &self.by_hand;
        let mut files: Vec<(usize, Held)> = Vec::new();
        // Without such samples there is nothing to deal out.
        for file in self.read.iter().filter(|_| !by_hand.samples.is_empty()) {
            // One that cannot be read has no samples; that is told where it is written.
            let Ok(content) = tree.read(*file) else { continue };
            let Ok(text) = text_of(&content) else { continue };
            let lists = lists_of(text);
            let (mut listed, mut ids) = (HashSet::new(), HashMap::new());
            each_image(tree, *file, text, &lists, out, |_, id, sample| {
                if by_hand.samples.contains_key(&sample) {
                    listed.insert(sample.clone());
                    ids.extend(id.map(|id| (id, sample)));
                }
            })?;
            let categories =
                Categories::new(text, list_of(&lists, "categories"), by_hand, std::iter::empty());
            let annotations = list_of(&lists, "annotations");
            files.push((*file, Held::of(text, annotations, listed, &ids, &categories, out)?));
        }
        Ok(known.insert(Arc::new(shares(by_hand, &files))).clone())
    }
}

/// An annotation file's text, where it is JSON.
fn text_of(content: &[u8]) -> Result<&[u8], serde_json::Error> {
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    serde_json::from_slice::<serde::de::IgnoredAny>(text).map(|_| text)
}

/// Where the values of the outermost object lie.
fn lists_of(text: &[u8]) -> Vec<(String, Range<usize>)> {
    members(text, skip(text, 0, b" \t\r\n")).collect()
}

fn list_of(lists: &[(String, Range<usize>)], wanted: &str) -> Option<Range<usize>> {
    lists.iter().find(|(name, _)| name == wanted).map(|(_, list)| list.clone())
}

/// Gives each image that a file lists: where it lies in the text, its id, and the path of the sample that it is.
fn each_image(
    tree: &Tree,
    file: usize,
    text: &[u8],
    lists: &[(String, Range<usize>)],
    out: &Out<'_>,
    mut each: impl FnMut(Range<usize>, Option<Id>, String),
) -> Result<(), Failure> {
    let path = tree.path(file);
    let all = list_of(lists, "images").into_iter().flat_map(|list| elements(text, list.start));
    for (at, span) in all.enumerate() {
        if at % STEP == 0 {
            out.checkpoint()?;
        }
        let Some(image) = image_in(&text[span.clone()]) else { continue };
        let id = image.id.clone();
        let Some(name) = image.name().filter(|name| !name.is_empty()) else { continue };
        each(span, id, sample_path(tree, path, &name));
    }
    Ok(())
}

/// An annotation file with the images that stay.
#[derive(Debug)]
struct Annotations {
    file: usize,
    /// Paths of the samples that stay.
    kept: Arc<HashSet<String>>,
    /// What a person changed, where they did.
    changes: Option<Arc<Changes>>,
}

impl Make for Annotations {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        told.file(draft, self.file);
        if let Some(changes) = &self.changes {
            changes.by_hand.tell(told);
        }
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let tree = work.tree()?;
        let shares = self.changes.as_ref().map(|changes| changes.shares(tree, out)).transpose()?;
        let content = tree.read(self.file)?;
        let text = text_of(&content)
            .map_err(|error| Failure::source(format!("the annotation file cannot be understood: {error}")))?;
        let lists = lists_of(text);
        let list = |wanted: &str| list_of(&lists, wanted);

        let untouched = Share::default();
        let share = shares.as_ref().and_then(|shares| shares.get(&self.file)).unwrap_or(&untouched);
        // Which ids stay has to be known before the annotations, which may come first.
        let mut images: Vec<Cow<'_, [u8]>> = Vec::new();
        let mut ids: HashMap<Id, String> = HashMap::new();
        let (mut highest, mut without_id) = (0, Vec::new());
        each_image(tree, self.file, text, &lists, out, |span, id, sample| {
            highest = id.as_ref().and_then(number_of).map_or(highest, |id| id.max(highest));
            if !self.kept.contains(&sample) {
                return;
            }
            match id {
                Some(id) => drop(ids.insert(id, sample)),
                None if share.has_new_of(&sample) => without_id.push((images.len(), sample)),
                None => {}
            }
            images.push(Cow::Borrowed(&text[span]));
        })?;
        if !without_id.is_empty()
            && let Some(list) = list("annotations")
        {
            // An id that an annotation names is no picture's but its own.
            let named = elements(text, list.start).filter_map(|span| annotation_in(&text[span])?.image);
            highest = named.filter_map(|id| number_of(&id)).fold(highest, i64::max);
        }
        // What is new names its image by an id.
        for (at, sample) in without_id {
            highest = highest.saturating_add(1);
            images[at] = Cow::Owned(with_member(&images[at], "id", &highest.into()));
            ids.insert(Id::Number(highest), sample);
        }
        let categories = self.changes.as_ref().map(|changes| {
            let added = changes.by_hand.added.iter().map(String::as_str);
            Categories::new(text, list("categories"), &changes.by_hand, added.chain(share.classes()))
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
                write_list(images.iter().map(AsRef::as_ref), out)?;
                continue;
            }
            match &categories {
                Some(categories) if name == "categories" => {
                    write_list(categories.entries.iter().map(Vec::as_slice), out)?;
                }
                Some(categories) => {
                    write_annotations(text, Some(value.clone()), &ids, share, categories, out)?;
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
        let Some(categories) = &categories else {
            return Ok(out.write_all(&text[written..])?);
        };
        // A file of images alone gets the lists that it lacks.
        let end = text.iter().rposition(|byte| *byte == b'}').unwrap_or(text.len()).max(written);
        out.write_all(&text[written..end])?;
        if list("categories").is_none() && !categories.entries.is_empty() {
            out.write_all(b",\n\"categories\": ")?;
            write_list(categories.entries.iter().map(Vec::as_slice), out)?;
        }
        if list("annotations").is_none() && share.has_new() {
            out.write_all(b",\n\"annotations\": ")?;
            write_annotations(text, None, &ids, share, categories, out)?;
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
