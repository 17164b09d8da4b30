//! COCO: JSON files that list images, categories and annotations with boxes
//! (`[x, y, width, height]` in pixels from the image's top left corner; *COCO data format*,
//! cocodataset.org).
//!
//! Each image that a file lists is a sample, with or without annotations; its classes are its
//! annotations' categories. Splits come from the file's name (`instances_train2017.json`), else
//! from its folder. Images are looked for by the trailing parts of `file_name`, or of `coco_url` where
//! there is none, as in LVIS ([`ImageIndex`]). Where there are `instances_*.json` files, the other files that COCO's own
//! archive has beside them (captions, key points, panoptic) describe the same images and are left
//! aside. Segmentations, areas and licences are not read.

use std::collections::HashMap;

use super::image_index::ImageIndex;
use super::names::{has_extension, join, split_of_folders, split_of_path, split_path, with_slashes};
use super::{Fit, Format, ImportError, Tree, packed};
use crate::dataset::builder::NewBox;
use crate::dataset::{DatasetBuilder, IssueKind, Layout, NewSample};
use crate::jobs::Control;

mod json;

pub use json::{Annotation, Document, Id, Image, parse};
pub(crate) use json::{annotation_in, image_in};

pub const FORMAT: Format = Format {
    layout: Layout::Coco,
    reads: "images with COCO annotations (JSON): boxes, categories, splits by file name",
    detect,
    import,
};

/// JSON files whose head is looked at.
const DETECT_FILES: usize = 32;

/// Bytes of a JSON file that are looked at.
const DETECT_BYTES: u64 = 64 << 10;

fn detect(tree: &Tree) -> Option<Fit> {
    if tree.focus.is_some_and(|focus| !has_extension(tree.path(focus), &["json"])) {
        return None;
    }
    let mut files = json_files(tree);
    // Annotations lie near the top or in a folder of their own; a file per image lies deep.
    files.sort_by_key(|file| !tree.path(*file).to_ascii_lowercase().contains("annotation"));
    files.into_iter().take(DETECT_FILES).any(|file| looks_like_coco(tree, file)).then_some(Fit::Certain)
}

pub(crate) fn json_files(tree: &Tree) -> Vec<usize> {
    (0..tree.len())
        .filter(|file| tree.is_in_focus(*file) && has_extension(tree.path(*file), &["json"]))
        .collect()
}

/// Whether the head of a file has COCO's keys. Their order is free: a file may begin with its
/// annotations.
pub(crate) fn looks_like_coco(tree: &Tree, file: usize) -> bool {
    let head = packed::head(tree, file, DETECT_BYTES);
    let head = String::from_utf8_lossy(&head);
    let has = |key: &str| head.contains(&format!("\"{key}\""));
    head.trim_start_matches('\u{feff}').trim_start().starts_with('{')
        && ((has("images") && (has("file_name") || has("annotations")))
            || (has("annotations") && has("image_id"))
            || (has("categories") && has("supercategory")))
}

/// The annotation files that samples come from.
pub(crate) fn read_files(tree: &Tree) -> Vec<usize> {
    let mut files: Vec<usize> =
        json_files(tree).into_iter().filter(|file| looks_like_coco(tree, *file)).collect();
    let name = |file: usize| split_path(tree.path(file)).1;
    if files.iter().any(|file| name(*file).starts_with("instances_")) {
        files.retain(|file| !BESIDE_INSTANCES.iter().any(|prefix| name(*file).starts_with(prefix)));
    }
    files
}

/// Kinds of annotation files that COCO's archive has beside `instances_*`, for the same images.
const BESIDE_INSTANCES: [&str; 5] = ["captions_", "person_keypoints_", "stuff_", "panoptic_", "image_info_"];

/// Objects of one image that a further file's are compared with.
const MAX_COMPARED: usize = 1000;

/// An image as one or more files describe it.
struct Gathered {
    /// The file in the tree, or the path as it was named.
    file: Result<usize, String>,
    split: Option<&'static str>,
    /// Which annotation file named it first.
    source: usize,
    /// Category names (index into the names of all), box, in the files' order.
    objects: Vec<(u32, Option<[f32; 4]>)>,
    /// Key points in pixels, of all objects.
    points: Vec<[f32; 2]>,
    /// How many annotations could not be understood, and the first one's fault.
    faults: (usize, String),
}

fn import(tree: &Tree, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
    let files = read_files(tree);
    let mut all = Collection::default();
    let mut broken = Vec::new();
    for (source, file) in files.iter().enumerate() {
        control.checkpoint()?;
        let path = tree.path(*file);
        control.begin(format!("Reading {path}"), 0);
        let document = tree.read(*file).map_err(|error| error.message).and_then(|bytes| parse(&bytes));
        match document {
            Ok(document) => all.add(tree.images(), builder, path, source, document, control)?,
            Err(message) => broken.push((path, message)),
        }
    }
    if let (true, Some((path, message))) = (broken.len() == files.len(), broken.first()) {
        return Err(ImportError::Malformed { path: tree.root.join(path), message: message.clone() });
    }
    for (path, message) in broken {
        builder.issue(None, path, IssueKind::Annotation, message);
    }
    all.push(tree, builder, &files, control)?;
    let is_listed = |file: usize| all.by_file.contains_key(&file);
    packed::report_left_out(tree, builder, is_listed, "no annotation file lists");
    Ok(())
}

/// The path of the sample that an annotation file means by a name.
pub(crate) fn sample_path(tree: &Tree, annotations: &str, name: &str) -> String {
    let folder = split_path(annotations).0;
    let found = tree.images().find(name, folder, split_of_path(annotations));
    found.map_or_else(|| join(folder, &with_slashes(name)), |file| tree.path(file).to_owned())
}

/// The images of all annotation files.
#[derive(Default)]
struct Collection {
    images: Vec<Gathered>,
    by_file: HashMap<usize, usize>,
    by_name: HashMap<String, usize>,
    /// Category names in the order of their ids, file by file.
    names: Vec<String>,
    name_ids: HashMap<String, u32>,
}

impl Collection {
    fn add(
        &mut self,
        index: ImageIndex<'_>,
        builder: &mut DatasetBuilder,
        path: &str,
        source: usize,
        mut document: Document,
        control: &Control,
    ) -> Result<(), ImportError> {
        let folder = split_path(path).0;
        let split = split_of_path(path);
        document.categories.sort_by(|a, b| a.id.cmp(&b.id));
        let mut categories: HashMap<Id, u32> = HashMap::new();
        for category in document.categories {
            let name = category.name.unwrap_or_else(|| category.id.to_string());
            let id = self.name(&name);
            categories.insert(category.id, id);
        }

        let mut images: HashMap<Id, usize> = HashMap::with_capacity(document.images.len());
        let mut unnamed = 0;
        for (number, image) in document.images.into_iter().enumerate() {
            if number % 4096 == 0 {
                control.checkpoint()?;
            }
            let id = image.id.clone();
            let Some(name) = image.name().filter(|name| !name.is_empty()) else {
                unnamed += 1;
                continue;
            };
            let at = self.image(index.find(&name, folder, split), &name, folder, split, source);
            if let Some(id) = id {
                images.insert(id, at);
            }
        }
        let mut lost = (0, 0);
        for (number, annotation) in document.annotations.into_iter().enumerate() {
            if number % 65_536 == 0 {
                control.checkpoint()?;
            }
            let Some(at) = annotation.image.and_then(|id| images.get(&id)).copied() else {
                lost.0 += 1;
                continue;
            };
            let image = &mut self.images[at];
            let Some(category) = annotation.category.and_then(|id| categories.get(&id)).copied() else {
                lost.1 += 1;
                continue;
            };
            // The same image may be listed by an overall file and by its split's: once is enough.
            let again = image.source != source && image.objects.len() < MAX_COMPARED;
            if again && image.objects.contains(&(category, annotation.rect)) {
                continue;
            }
            let faults = [
                (annotation.rect.is_none() && annotation.has_rect, "box", "is not four numbers with a size"),
                (annotation.has_wrong_points, "key points", "are not x, y and visibility of each"),
            ];
            for (_, what, fault) in faults.into_iter().filter(|(is_wrong, ..)| *is_wrong) {
                image.faults.0 += 1;
                if image.faults.1.is_empty() {
                    let name = &self.names[category as usize];
                    image.faults.1 = format!("the {what} of a \"{name}\" {fault}");
                }
            }
            image.points.extend_from_slice(&annotation.points);
            image.objects.push((category, annotation.rect));
        }
        for (count, what) in [
            (document.malformed, "entries are not what COCO has there and were left out"),
            (unnamed, "images have no file_name and were left out"),
            (lost.0, "annotations name an image that the file does not list"),
            (lost.1, "annotations have a category that the file does not list"),
        ] {
            if count > 0 {
                builder.issue(None, path, IssueKind::Annotation, format!("{count} {what}"));
            }
        }
        Ok(())
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(id) = self.name_ids.get(name) {
            return *id;
        }
        let id = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.name_ids.insert(name.to_owned(), id);
        id
    }

    /// The entry of an image, made when no file named it before.
    fn image(
        &mut self,
        file: Option<usize>,
        name: &str,
        folder: &str,
        split: Option<&'static str>,
        source: usize,
    ) -> usize {
        let next = self.images.len();
        let expected = join(folder, &with_slashes(name));
        let at = match file {
            Some(file) => *self.by_file.entry(file).or_insert(next),
            None => *self.by_name.entry(expected.clone()).or_insert(next),
        };
        if at == next {
            let file = file.ok_or(expected);
            self.images.push(Gathered {
                file,
                split,
                source,
                objects: Vec::new(),
                points: Vec::new(),
                faults: Default::default(),
            });
        } else if self.images[at].split.is_none() {
            self.images[at].split = split;
        }
        at
    }

    /// Hands the images over, in the order of the tree, absent ones last.
    fn push(
        &self,
        tree: &Tree,
        builder: &mut DatasetBuilder,
        sources: &[usize],
        control: &Control,
    ) -> Result<(), ImportError> {
        for name in &self.names {
            builder.class(name);
        }
        let mut order: Vec<&Gathered> = self.images.iter().collect();
        order.sort_by_key(|image| image.file.as_ref().map_or(usize::MAX, |file| *file));
        control.begin("Putting images and annotations together", order.len() as u64);
        for (number, image) in order.into_iter().enumerate() {
            if number % 4096 == 0 {
                control.checkpoint()?;
                control.set_done(number as u64);
            }
            let class = |id: u32| self.names[id as usize].as_str();
            let labels: Vec<&str> = image.objects.iter().map(|(id, _)| class(*id)).collect();
            let boxes = image
                .objects
                .iter()
                .filter_map(|(id, rect)| Some(NewBox { class: class(*id), rect: (*rect)?, relative: false }));
            let boxes = boxes.collect();
            let file = image.file.as_ref().ok().copied();
            let path = image.file.as_ref().map_or_else(|name| name.as_str(), |file| tree.path(*file));
            let source = sources.get(image.source).map_or("", |file| tree.path(*file));
            let sample = builder.push(NewSample {
                path,
                raw_path: file.and_then(|file| tree.raw_path(file)).map(<[u8]>::to_vec),
                place: file.map(|file| tree.place(file)),
                bytes: file.map_or(0, |file| tree.bytes(file)),
                modified_ms: file.map_or(0, |file| tree.modified_ms(file)),
                split: image.split.or_else(|| split_of_folders(path)),
                labels: &labels,
                boxes,
                attributes: &[],
            });
            builder.points(sample, &image.points, false);
            if file.is_none() {
                let message = format!("{source} lists this image, and it is not there");
                builder.issue(Some(sample), path, IssueKind::Missing, message);
            }
            if let (count @ 1.., fault) = &image.faults {
                let more = if *count > 1 { format!(" ({count} such faults)") } else { String::new() };
                let message = format!("{source}: {fault}{more}");
                builder.issue(Some(sample), path, IssueKind::Annotation, message);
            }
        }
        Ok(())
    }
}
