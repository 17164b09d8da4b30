//! Annotations as a folder of Pascal VOC files: `Annotations/a.xml` with the objects of `a.jpg`.
//!
//! VOC counts whole pixels from 1, the last one included (*The PASCAL VOC Challenge 2012 Development Kit*, section 5),
//! and has objects with boxes alone: a label of the whole picture has no place. Its files lie in `Annotations`, here in
//! the folders that the pictures lie in; `ImageSets/Main` lists the pictures of each split.
//!
//! A folder with pictures in it is opened as a dataset; one of XML files alone is read for itself.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::folder::{faults_of, read_dataset};
use super::write::put_file;
use super::{
    Annotated, AnnotatedBox, AnnotationError, Annotations, Faults, Field, Format, Read, Writer, malformed,
    name_of, read_bytes, take,
};
use crate::import::Tree;
use crate::import::names::{has_extension, join, split_of, split_path, stem, with_slashes};
use crate::import::voc::{Annotation, MAX_XML_BYTES, parse};
use crate::jobs::Control;
use crate::markup::Safe;
use crate::text::counted;

/// The folder of the XML files.
pub const FOLDER: &str = "Annotations";

pub const FORMAT: Format = Format {
    name: "voc",
    title: "Pascal VOC",
    ending: None,
    about: "a folder of XML files, one for each picture, and lists of the splits",
    holds: &[Field::Size, Field::Labels, Field::Boxes, Field::Split],
    read: read_folder,
    write: Writer::Folder(write_to),
};

fn read_folder(path: &Path, control: &Control) -> Result<Read, AnnotationError> {
    if path.is_file() {
        let annotation = parse(&read_bytes(path)?).map_err(|message| malformed(path, message))?;
        let (mut samples, mut faults) = (Vec::new(), Faults::default());
        let sample = sample_of(&name_of(path), annotation);
        take(&mut samples, sample, ("file", 1), &name_of(path), &mut faults);
        return Ok(Read { annotations: Annotations::of_samples(samples), proposals: Vec::new(), faults });
    }
    let source = path.to_str().ok_or_else(|| malformed(path, "the path is not UTF-8; rename it"))?;
    let tree = Tree::open(source, control)?;
    if !tree.images().is_empty() {
        return read_dataset(path, control);
    }
    let mut faults = faults_of(tree.issues.clone());
    let files: Vec<usize> =
        (0..tree.len()).filter(|file| has_extension(tree.path(*file), &["xml"])).collect();
    if files.is_empty() {
        return Err(malformed(path, "there are no XML files in this folder"));
    }
    let splits = splits_in(&tree);
    let mut samples = Vec::with_capacity(files.len());
    control.begin("Reading annotations", files.len() as u64);
    for (number, file) in (1..).zip(files) {
        control.checkpoint()?;
        control.set_done(number);
        let name = tree.path(file);
        let read = match tree.bytes(file) {
            ..=MAX_XML_BYTES => {
                tree.read(file).map_err(|error| error.message).and_then(|bytes| parse(&bytes))
            }
            _ => Err(format!("the annotation file is larger than {MAX_XML_BYTES} bytes")),
        };
        match read {
            Ok(annotation) => {
                let mut sample = sample_of(name, annotation);
                sample.split = splits.get(without_ending(&sample.path)).cloned();
                take(&mut samples, sample, ("file", number), name, &mut faults);
            }
            Err(message) => faults.add(name, None, message),
        }
    }
    Ok(Read { annotations: Annotations::of_samples(samples), proposals: Vec::new(), faults })
}

/// What the file of that path says of its picture, which lies where the file does below `Annotations`.
fn sample_of(path: &str, annotation: Annotation) -> Annotated {
    let folder = split_path(path).0;
    let below = match folder.split_once(FOLDER) {
        Some((before, below)) if before.is_empty() || before.ends_with('/') => below.trim_start_matches('/'),
        _ => folder,
    };
    let told = with_slashes(&annotation.filename);
    let name = if told.is_empty() { stem(path) } else { split_path(&told).1 };
    let mut sample =
        Annotated { path: join(below, name), size: Some(annotation.size), ..Annotated::default() };
    for object in annotation.objects {
        match object.rect() {
            Some(rect) => sample.boxes.push(AnnotatedBox { class: object.name, rect, relative: false }),
            None => sample.labels.push(object.name),
        }
    }
    sample
}

/// The split of each picture, by its path without an ending.
fn splits_in(tree: &Tree) -> BTreeMap<String, String> {
    let mut splits = BTreeMap::new();
    for file in (0..tree.len()).filter(|file| has_extension(tree.path(*file), &["txt"])) {
        let path = tree.path(file);
        let in_sets = split_path(path).0.ends_with("ImageSets/Main");
        let Some(split) = split_of(stem(path)).filter(|_| in_sets) else { continue };
        let Ok(text) = tree.read(file) else { continue };
        for line in String::from_utf8_lossy(&text).lines().map(str::trim).filter(|line| !line.is_empty()) {
            splits.entry(line.to_owned()).or_insert_with(|| split.to_owned());
        }
    }
    splits
}

fn without_ending(path: &str) -> &str {
    let name = split_path(path).1;
    &path[..path.len() - (name.len() - stem(name).len())]
}

fn write_to(annotations: &Annotations, folder: &Path) -> io::Result<Vec<String>> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut lists: BTreeMap<&str, String> = BTreeMap::new();
    let (mut repeated, mut boxless, mut unsized_boxes, mut rounded, mut splitless) =
        (0u64, 0u64, 0u64, 0u64, 0u64);
    for sample in &annotations.samples {
        let path = join("", &sample.path);
        let key = without_ending(&path);
        // Two pictures that differ in their ending share a file, and so do two people's answers.
        if path.is_empty() || !taken.insert(key.to_lowercase()) {
            repeated += 1;
            continue;
        }
        match sample.split.as_deref().map(split_of) {
            Some(Some(split)) => {
                let list = lists.entry(split).or_default();
                list.push_str(key);
                list.push('\n');
            }
            Some(None) => splitless += 1,
            None => {}
        }
        let mut xml = String::from("<annotation>\n");
        let (above, name) = split_path(&path);
        // Writing to a string cannot fail.
        let _ = writeln!(xml, "  <folder>{}</folder>\n  <filename>{}</filename>", Safe(above), Safe(name));
        if let Some([width, height]) = sample.size {
            let _ = writeln!(
                xml,
                "  <size>\n    <width>{width}</width>\n    <height>{height}</height>\n    <depth>3</depth>\n  </size>"
            );
        }
        for one in &sample.boxes {
            let Some(rect) = one.in_pixels(sample.size) else {
                unsized_boxes += 1;
                continue;
            };
            let (bounds, is_exact) = bounds_of(rect);
            rounded += u64::from(!is_exact);
            put_object(&mut xml, &one.class, bounds);
        }
        boxless += sample.boxless_labels().count() as u64;
        xml.push_str("</annotation>\n");
        put_file(folder, &format!("{FOLDER}/{key}.xml"), &xml)?;
    }
    for (split, list) in &lists {
        put_file(folder, &format!("ImageSets/Main/{split}.txt"), list)?;
    }
    let mut told = Vec::new();
    let mut tell = |count: u64, thing: &str, words: &str| {
        if count > 0 {
            told.push(format!("{} {words}", counted(count, thing)));
        }
    };
    tell(boxless, "label", "of whole pictures are left out: Pascal VOC has objects with boxes alone.");
    tell(
        unsized_boxes,
        "box",
        "in parts of pictures whose size is not known are left out. Measure the dataset first.",
    );
    tell(rounded, "box", "are rounded: Pascal VOC counts whole pixels.");
    tell(splitless, "split", "of samples other than train, val and test are left out.");
    tell(repeated, "answer", "share the name of another's file and are left out.");
    Ok(told)
}

/// The first and last pixel of a box counted from 1, as xmin, ymin, xmax and ymax; and whether that is the very box.
fn bounds_of([left, top, width, height]: [f32; 4]) -> ([i64; 4], bool) {
    let whole = |number: f32| number.round() as i64;
    let first = [whole(left) + 1, whole(top) + 1];
    let last = [whole(left + width).max(first[0]), whole(top + height).max(first[1])];
    let is_exact =
        [left, top, width, height].iter().all(|side| side.fract() == 0.0) && left >= 0.0 && top >= 0.0;
    ([first[0].max(1), first[1].max(1), last[0].max(1), last[1].max(1)], is_exact)
}

fn put_object(xml: &mut String, class: &str, [xmin, ymin, xmax, ymax]: [i64; 4]) {
    let _ = writeln!(
        xml,
        "  <object>\n    <name>{}</name>\n    <difficult>0</difficult>\n    <bndbox>\n      <xmin>{xmin}</xmin>\n      \
         <ymin>{ymin}</ymin>\n      <xmax>{xmax}</xmax>\n      <ymax>{ymax}</ymax>\n    </bndbox>\n  </object>",
        Safe(class)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_become_whole_pixels_counted_from_one() {
        for (rect, bounds, is_exact) in [
            ([0.0, 0.0, 10.0, 20.0], [1, 1, 10, 20], true),
            ([4.0, 5.0, 1.0, 1.0], [5, 6, 5, 6], true),
            ([4.4, 5.0, 1.0, 1.0], [5, 6, 5, 6], false),
            ([1.0, 1.0, 0.2, 0.2], [2, 2, 2, 2], false),
            ([-3.0, 0.0, 5.0, 2.0], [1, 1, 2, 2], false),
        ] {
            assert_eq!(bounds_of(rect), (bounds, is_exact), "{rect:?}");
        }
    }

    #[test]
    fn a_file_tells_its_picture_by_where_it_lies() {
        let named = |filename: &str| Annotation { filename: filename.into(), ..Annotation::default() };
        for (path, filename, expected) in [
            ("Annotations/train/a.xml", "a.jpg", "train/a.jpg"),
            ("VOC2007/Annotations/a.xml", "C:\\x\\a.jpg", "a.jpg"),
            ("a.xml", "", "a"),
            ("x/My Annotations/a.xml", "a.png", "x/My Annotations/a.png"),
        ] {
            assert_eq!(sample_of(path, named(filename)).path, expected);
        }
    }
}
