//! Annotations as a COCO file: images, categories, and an annotation for each box.
//!
//! A label of the whole picture is an annotation without `bbox`, as in COCO Camera Traps and in iNaturalist's files;
//! who trains a detector passes over those. Boxes are in pixels, so that those in parts of a picture need its size.
//! (*COCO data format*, cocodataset.org.)

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::{
    Annotated, AnnotatedBox, AnnotationError, Annotations, Faults, Field, Format, Read, Writer, malformed,
    name_of, read_bytes, take,
};
use crate::import::coco::{Id, parse};
use crate::import::names::with_slashes;
use crate::jobs::Control;
use crate::text::counted;

pub const FORMAT: Format = Format {
    name: "coco",
    title: "COCO",
    ending: Some("json"),
    about: "one JSON file of images, categories and annotations",
    holds: &[Field::Size, Field::Labels, Field::Boxes, Field::Classes],
    read: read_file,
    write: Writer::File(write_to),
};

fn read_file(path: &Path, control: &Control) -> Result<Read, AnnotationError> {
    let content = read_bytes(path)?;
    control.checkpoint()?;
    read(&content, &name_of(path)).map_err(|message| malformed(path, message))
}

/// Reads the bytes of a file. The error is a sentence.
pub fn read(content: &[u8], file: &str) -> Result<Read, String> {
    let mut document = parse(content)?;
    if document.images.is_empty() && document.annotations.is_empty() && document.categories.is_empty() {
        return Err("the file lists no images and no categories, and is none of COCO's".to_owned());
    }
    let mut faults = Faults::default();
    document.categories.sort_by(|one, two| one.id.cmp(&two.id));
    let mut names: HashMap<Id, String> = HashMap::new();
    let (mut classes, mut seen) = (Vec::new(), HashSet::new());
    for category in document.categories {
        let name = category.name.filter(|name| !name.is_empty()).unwrap_or_else(|| category.id.to_string());
        if names.insert(category.id, name.clone()).is_none() && seen.insert(name.clone()) {
            classes.push(name);
        }
    }
    let mut drafts: Vec<Annotated> = Vec::new();
    let (mut by_id, mut by_path) = (HashMap::<Id, usize>::new(), HashMap::<String, usize>::new());
    let mut unnamed = 0u64;
    for image in document.images {
        let (id, size) = (image.id.clone(), image.size);
        let Some(path) = image.name().map(|name| with_slashes(&name)).filter(|name| !name.is_empty()) else {
            unnamed += 1;
            continue;
        };
        let at = *by_path.entry(path.clone()).or_insert(drafts.len());
        if at == drafts.len() {
            drafts.push(Annotated { path, size: Some(size), ..Annotated::default() });
        }
        if let Some(id) = id {
            by_id.insert(id, at);
        }
    }
    let (mut imageless, mut classless, mut boxless) = (0u64, 0u64, 0u64);
    for annotation in document.annotations {
        let Some(at) = annotation.image.as_ref().and_then(|id| by_id.get(id)) else {
            imageless += 1;
            continue;
        };
        let Some(class) = annotation.category.as_ref().and_then(|id| names.get(id)) else {
            classless += 1;
            continue;
        };
        match annotation.rect {
            Some(rect) => {
                let class = class.clone();
                drafts[*at].boxes.push(AnnotatedBox { class, rect, relative: false });
            }
            None => {
                boxless += u64::from(annotation.has_rect);
                drafts[*at].labels.push(class.clone());
            }
        }
    }
    for (count, what) in [
        (document.malformed as u64, "of the file's entries are not what COCO has there"),
        (unnamed, "of the images have no file_name"),
        (imageless, "of the annotations name an image that the file does not list"),
        (classless, "of the annotations have a category that the file does not list"),
        (boxless, "of the boxes are not four numbers with a size; their class is kept"),
    ] {
        if count > 0 {
            faults.add(file, None, format!("{count} {what}"));
        }
    }
    let mut samples = Vec::with_capacity(drafts.len());
    for (number, draft) in (1..).zip(drafts) {
        take(&mut samples, draft, ("image", number), file, &mut faults);
    }
    Ok(Read { annotations: Annotations { classes, samples }, proposals: Vec::new(), faults })
}

#[derive(Serialize)]
struct Image<'a> {
    id: u64,
    file_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

#[derive(Serialize)]
struct Annotation {
    id: u64,
    image_id: u64,
    category_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bbox: Option<[f32; 4]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iscrowd: Option<u8>,
}

#[derive(Serialize)]
struct Category<'a> {
    id: u64,
    name: &'a str,
}

fn write_to(annotations: &Annotations, out: &mut (dyn Write + Send)) -> io::Result<Vec<String>> {
    let classes = annotations.all_classes();
    let ids: HashMap<&str, u64> = classes.iter().map(String::as_str).zip(1..).collect();
    let id_of = |class: &str| ids.get(class).copied().unwrap_or(0);
    // Several people's answers to one picture are one image.
    let mut image_ids: HashMap<&str, u64> = HashMap::new();
    let mut repeated = 0u64;
    let mut list = List::begin(out, "{\"images\": [")?;
    for sample in &annotations.samples {
        let next = image_ids.len() as u64 + 1;
        let id = *image_ids.entry(&sample.path).or_insert(next);
        if id < next {
            repeated += 1;
            continue;
        }
        let [width, height] = sample.size.map_or([None; 2], |size| size.map(Some));
        list.put(&Image { id, file_name: &sample.path, width, height })?;
    }
    list.end("],\n\"annotations\": [")?;
    let (mut id, mut unsized_boxes, mut of_no_box) = (0u64, 0u64, 0u64);
    for sample in &annotations.samples {
        let image_id = image_ids.get(sample.path.as_str()).copied().unwrap_or(0);
        for one in &sample.boxes {
            let rect = one.in_pixels(sample.size);
            unsized_boxes += u64::from(rect.is_none());
            id += 1;
            let area = rect.map(|[_, _, width, height]| width * height).filter(|area| area.is_finite());
            let category_id = id_of(&one.class);
            list.put(&Annotation { id, image_id, category_id, bbox: rect, area, iscrowd: rect.map(|_| 0) })?;
        }
        for label in sample.boxless_labels() {
            id += 1;
            of_no_box += 1;
            let category_id = id_of(label);
            list.put(&Annotation { id, image_id, category_id, bbox: None, area: None, iscrowd: None })?;
        }
    }
    list.end("],\n\"categories\": [")?;
    for (name, id) in classes.iter().zip(1..) {
        list.put(&Category { id, name })?;
    }
    list.end("]}\n")?;
    let mut told = Vec::new();
    if of_no_box > 0 {
        let labels = counted(of_no_box, "label");
        told.push(format!(
            "{labels} of whole pictures are annotations without a box, which programs that train detectors pass over."
        ));
    }
    if unsized_boxes > 0 {
        let boxes = counted(unsized_boxes, "box");
        told.push(format!(
            "{boxes} in parts of pictures whose size is not known: only their classes are in the file. Measure the \
             dataset first."
        ));
    }
    if repeated > 0 {
        told.push(format!(
            "{} of pictures that somebody else answered, too, are put together with the others.",
            counted(repeated, "answer")
        ));
    }
    Ok(told)
}

/// A JSON list that is written element by element.
struct List<'a> {
    out: &'a mut (dyn Write + Send),
    is_first: bool,
}

impl<'a> List<'a> {
    fn begin(out: &'a mut (dyn Write + Send), text: &str) -> io::Result<Self> {
        out.write_all(text.as_bytes())?;
        Ok(Self { out, is_first: true })
    }

    fn put(&mut self, element: &impl Serialize) -> io::Result<()> {
        let before: &[u8] = if self.is_first { b"\n" } else { b",\n" };
        self.is_first = false;
        self.out.write_all(before)?;
        Ok(serde_json::to_writer(&mut *self.out, element)?)
    }

    /// Ends this list with that text, which begins the next.
    fn end(&mut self, text: &str) -> io::Result<()> {
        self.is_first = true;
        self.out.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_and_labels_of_whole_pictures_are_read() {
        let text = r#"{"images": [{"id": 3, "file_name": "x\\a.jpg", "width": 40, "height": 30},
            {"id": 4, "file_name": "b.jpg"}, {"id": 5}],
            "annotations": [{"image_id": 3, "category_id": 2, "bbox": [1, 2, 3, 4]},
            {"image_id": 3, "category_id": 1}, {"image_id": 4, "category_id": 2, "bbox": [1, 2, 0, 4]},
            {"image_id": 9, "category_id": 1}, {"image_id": 4, "category_id": 7}],
            "categories": [{"id": 2, "name": "dog"}, {"id": 1, "name": "cat"}]}"#;
        let read = read(text.as_bytes(), "a.json").unwrap();
        let Annotations { classes, samples } = &read.annotations;
        assert_eq!(classes, &["cat", "dog"]);
        assert_eq!((samples[0].path.as_str(), samples[0].size), ("x/a.jpg", Some([40, 30])));
        assert_eq!(samples[0].labels, ["cat", "dog"]);
        assert_eq!(samples[0].boxes[0].rect, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!((samples[1].labels.len(), samples[1].size, read.faults.count()), (1, None, 4));
        assert!(super::read(b"{}", "a.json").is_err());
    }
}
