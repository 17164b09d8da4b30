//! Pascal VOC: one XML file of objects per image, and lists of the images of each split.
//!
//! VOC counts pixels from 1 and its boxes include their last pixel (*The PASCAL VOC Challenge 2012
//! Development Kit*, section 5): `xmin` 1 and `xmax` 10 are the first ten columns. A box here is
//! `[xmin − 1, ymin − 1, xmax − xmin + 1, ymax − ymin + 1]`. Writers that count from 0 are a pixel
//! off by that, and a left edge of 0 stays 0.
//!
//! The image is the one that `<filename>` names, else the one with the XML file's own name. Splits
//! are `ImageSets/Main/{train,val,trainval,test}.txt`, else the folders' names. `difficult` is kept
//! as the number of objects so marked. Parts, poses and segmentations are not read.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::names::{has_extension, join, split_of_folders, split_path, stem, with_slashes};
use super::{Fit, Format, ImportError, ReadError, Tree, packed};
use crate::dataset::builder::NewBox;
use crate::dataset::{DatasetBuilder, IssueKind, Layout, NewSample};
use crate::jobs::{Cancelled, Control};

mod spans;
mod xml;

pub(crate) use spans::spans;
pub use xml::{Annotation, Object, parse};

pub const FORMAT: Format = Format {
    layout: Layout::Voc,
    reads: "images with Pascal VOC annotations (XML) and ImageSets splits",
    detect,
    import,
};

/// XML files whose head is looked at.
const DETECT_FILES: usize = 8;

/// Larger annotation files are reported and not read.
pub(crate) const MAX_XML_BYTES: u64 = 16 << 20;

fn detect(tree: &Tree) -> Option<Fit> {
    if tree.focus.is_some_and(|focus| !has_extension(tree.path(focus), &["xml"])) {
        return None;
    }
    let mut files =
        (0..tree.len()).filter(|file| has_extension(tree.path(*file), &["xml"])).take(DETECT_FILES);
    let annotated = files.any(|file| {
        let head = packed::head(tree, file, 4096);
        String::from_utf8_lossy(&head).contains("<annotation")
    });
    annotated.then_some(Fit::Certain)
}

/// One annotation file with the image that it means.
struct Annotated {
    xml: usize,
    image: Option<usize>,
    annotation: Annotation,
}

/// The annotation files of a tree.
#[derive(Default)]
struct Annotations<'a> {
    samples: Vec<Annotated>,
    /// Those that cannot be used, the image beside them and why.
    broken: Vec<(usize, Option<usize>, String)>,
    /// Images that a sample has.
    taken: HashSet<usize>,
    /// Folders of the images.
    folders: HashSet<&'a str>,
}

/// Reads the annotation files and finds their images.
fn annotations<'a>(tree: &'a Tree, control: &Control) -> Result<Annotations<'a>, Cancelled> {
    let files: Vec<usize> =
        (0..tree.len()).filter(|file| has_extension(tree.path(*file), &["xml"])).collect();
    let index = tree.images();
    control.begin("Reading annotations", files.len() as u64);
    let Annotations { mut samples, mut broken, mut taken, mut folders } = Annotations::default();
    for files in files.chunks(1024) {
        control.checkpoint()?;
        let read: Vec<Result<Annotation, String>> =
            files.par_iter().map(|file| read(tree, *file).map_err(|error| error.message)).collect();
        for (xml, annotation) in files.iter().zip(read) {
            let path = tree.path(*xml);
            let folder = split_path(path).0;
            let split = split_of_folders(path);
            let own = index.twin(&path[..path.len() - ".xml".len()], split);
            let told = annotation.as_ref().ok().map(|annotation| annotation.filename.as_str());
            let told = told.filter(|name| !name.is_empty());
            // Where images of one name lie in many folders, the file's own twin is meant.
            let agrees = |image: &usize| {
                let (name, told) = (split_path(tree.path(*image)).1, told.map(|told| split_path(told).1));
                told.is_some_and(|told| told == name || told == stem(name))
            };
            let named = || told.and_then(|name| index.find(name, folder, split));
            // Copied annotations keep the name of the image they were copied from.
            let named = || named().filter(|image| !taken.contains(image));
            let image = own.filter(agrees).or_else(named).or(own);
            if let Some(image) = image {
                folders.insert(split_path(tree.path(image)).0);
            }
            match annotation {
                Ok(_) if image.is_some_and(|image| taken.contains(&image)) => {
                    let message = "another annotation file describes the same image".to_owned();
                    broken.push((*xml, image, message));
                }
                Ok(annotation) => {
                    taken.extend(image);
                    samples.push(Annotated { xml: *xml, image, annotation });
                }
                Err(message) => broken.push((*xml, image, message)),
            }
        }
        control.add(files.len() as u64);
    }
    Ok(Annotations { samples, broken, taken, folders })
}

/// Each annotation file that is read or broken, with the path of the sample that it is about.
pub(crate) fn annotation_files(tree: &Tree, control: &Control) -> Result<Vec<(usize, String)>, Cancelled> {
    let Annotations { samples, broken, .. } = annotations(tree, control)?;
    let read = samples.iter().map(|sample| (sample.xml, sample_path(tree, sample.image, Some(sample))));
    let broken = broken.iter().filter_map(|(xml, image, _)| Some((*xml, tree.path((*image)?).to_owned())));
    Ok(read.chain(broken).collect())
}

fn import(tree: &Tree, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
    let index = tree.images();
    let splits = listed_splits(tree);
    let Annotations { samples, broken, taken, folders } = annotations(tree, control)?;
    // Images without annotations: VOC's own test images, or those whose XML is broken.
    let alone = index.files().filter(|image| !taken.contains(image));
    let alone = alone.filter(|image| folders.contains(split_path(tree.path(*image)).0));
    let mut entries: Vec<(usize, Option<Annotated>)> = alone.map(|image| (image, None)).collect();
    let mut lost = Vec::new();
    for sample in samples {
        match sample.image {
            Some(image) => entries.push((image, Some(sample))),
            None => lost.push(sample),
        }
    }
    entries.sort_by_key(|(image, _)| *image);

    // Classes in alphabetical order: a first-come order would depend on the files' names.
    let all = entries.iter().filter_map(|(_, sample)| sample.as_ref()).chain(&lost);
    let mut names: Vec<&str> =
        all.flat_map(|sample| &sample.annotation.objects).map(|object| object.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        builder.class(name);
    }
    let mut ids = HashMap::new();
    for (image, sample) in &entries {
        ids.insert(*image, push(tree, builder, &splits, Some(*image), sample.as_ref()));
    }
    for sample in &lost {
        push(tree, builder, &splits, None, Some(sample));
    }
    let is_shown = |file: usize| ids.contains_key(&file);
    packed::report_left_out(tree, builder, is_shown, "no annotation file lies beside");
    for (xml, image, message) in broken {
        let sample = image.and_then(|image| ids.get(&image)).copied();
        builder.issue(sample, tree.path(xml), IssueKind::Annotation, message);
    }
    Ok(())
}

fn read(tree: &Tree, file: usize) -> Result<Annotation, ReadError> {
    let refuse = |message: String| ReadError { kind: IssueKind::Annotation, message };
    if tree.bytes(file) > MAX_XML_BYTES {
        return Err(refuse(format!("the annotation file is larger than {MAX_XML_BYTES} bytes")));
    }
    parse(&tree.read(file)?).map_err(refuse)
}

fn push(
    tree: &Tree,
    builder: &mut DatasetBuilder,
    splits: &HashMap<String, &'static str>,
    image: Option<usize>,
    sample: Option<&Annotated>,
) -> u32 {
    let objects = sample.map_or(&[][..], |sample| &sample.annotation.objects);
    let boxes = objects
        .iter()
        .filter_map(|object| Some(NewBox { class: &object.name, rect: object.rect()?, relative: false }));
    // An object without a box that can be drawn still says what is in the image.
    let labels: Vec<&str> = objects.iter().map(|object| object.name.as_str()).collect();
    let difficult = objects.iter().filter(|object| object.difficult).count().to_string();
    let attributes = [("difficult", difficult.as_str())];
    let path = sample_path(tree, image, sample);
    let listed = splits.get(&list_key(&path)).copied();
    let in_xml = || sample.and_then(|sample| split_of_folders(tree.path(sample.xml)));
    let split = listed.or_else(|| split_of_folders(&path)).or_else(in_xml);
    let id = builder.push(NewSample {
        path: &path,
        raw_path: image.and_then(|image| tree.raw_path(image)).map(<[u8]>::to_vec),
        place: image.map(|image| tree.place(image)),
        bytes: image.map_or(0, |image| tree.bytes(image)),
        modified_ms: image.map_or(0, |image| tree.modified_ms(image)),
        split,
        labels: &labels,
        boxes: boxes.collect(),
        attributes: if sample.is_some() { &attributes } else { &[] },
    });
    if let (None, Some(sample)) = (image, sample) {
        let message = format!("{} describes this image, which is not there", tree.path(sample.xml));
        builder.issue(Some(id), &path, IssueKind::Missing, message);
    }
    if let Some(sample) = sample
        && let Some(object) = objects.iter().find(|object| object.rect().is_none())
    {
        let message = match object.bounds {
            Some([left, top, right, bottom]) => format!(
                "the box of \"{}\" goes from {left}, {top} to {right}, {bottom}, which is no box",
                object.name
            ),
            None => format!("\"{}\" has no box", object.name),
        };
        builder.issue(Some(id), tree.path(sample.xml), IssueKind::Annotation, message);
    }
    id
}

/// The path of a sample: its image's, or where that should be.
fn sample_path(tree: &Tree, image: Option<usize>, sample: Option<&Annotated>) -> String {
    match (image, sample) {
        (Some(image), _) => tree.path(image).to_owned(),
        (None, Some(sample)) => {
            let told = &sample.annotation.filename;
            let name =
                if told.is_empty() { stem(tree.path(sample.xml)).to_owned() } else { with_slashes(told) };
            join(split_path(tree.path(sample.xml)).0, &name)
        }
        (None, None) => String::new(),
    }
}

/// The split of each image by [`list_key`], from `ImageSets/Main`. An image in `train` and in
/// `trainval` is in `train`.
fn listed_splits(tree: &Tree) -> HashMap<String, &'static str> {
    let mut splits = HashMap::new();
    for split in ["train", "val", "test", "trainval"] {
        let suffix = format!("ImageSets/Main/{split}.txt");
        for file in 0..tree.len() {
            let Some(base) = tree.path(file).strip_suffix(&suffix) else { continue };
            if !(base.is_empty() || base.ends_with('/')) {
                continue;
            }
            let text = tree.read(file).unwrap_or_default();
            for line in String::from_utf8_lossy(&text).lines() {
                let Some(name) = line.split_whitespace().next() else { continue };
                splits.entry(format!("{base}{name}")).or_insert(split);
            }
        }
    }
    splits
}

/// What a list in `ImageSets` calls an image: its name without extension, below the folder that
/// holds both `ImageSets` and the images' folder.
pub(crate) fn list_key(path: &str) -> String {
    let (folder, _) = split_path(path);
    join(split_path(folder).0, stem(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_images_meet_at_the_same_key() {
        for (path, key) in [
            ("VOC2007/JPEGImages/000001.jpg", "VOC2007/000001"),
            ("JPEGImages/000001.jpg", "000001"),
            ("000001.jpg", "000001"),
        ] {
            assert_eq!(list_key(path), key);
        }
    }
}
