//! Annotations as a folder of YOLO's label files: `labels/a.txt` with a line for each box of `images/a.jpg`, `data.yaml`
//! with the classes, and a list of the pictures of each split.
//!
//! Boxes are in parts of the picture, so that those in pixels need its size. Labels of whole pictures have no place:
//! YOLO trains classifiers from class folders. (Format: Ultralytics' documentation, *Object Detection Datasets
//! Overview*.)
//!
//! A folder with pictures in it is opened as a dataset; one of label files alone is read for itself, with the pictures
//! named by the lists, or without an ending where none lists them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::folder::{faults_of, read_dataset};
use super::write::put_file;
use super::{
    Annotated, AnnotatedBox, AnnotationError, Annotations, Faults, Field, Format, Read, Writer, malformed,
    take,
};
use crate::import::Tree;
use crate::import::names::{has_extension, join, split_of, split_path, stem, with_slashes};
use crate::import::yolo::{
    Config, MAX_LABEL_BYTES, NAME_LISTS, above, find_config, list_file, name_list, parse_labels,
};
use crate::jobs::Control;
use crate::text::counted;

pub const FORMAT: Format = Format {
    name: "yolo",
    title: "YOLO",
    ending: None,
    about: "a folder of text files, one for each picture, with data.yaml",
    holds: &[Field::Labels, Field::Boxes, Field::Split, Field::Classes],
    read: read_folder,
    write: Writer::Folder(write_to),
};

/// The most bytes of lists of pictures together.
const MAX_LIST_BYTES: u64 = 1 << 30;

fn read_folder(path: &Path, control: &Control) -> Result<Read, AnnotationError> {
    let source = path.to_str().ok_or_else(|| malformed(path, "the path is not UTF-8; rename it"))?;
    let tree = Tree::open(source, control)?;
    if !tree.images().is_empty() {
        return read_dataset(path, control);
    }
    let mut faults = faults_of(tree.issues.clone());
    let found = find_config(&tree);
    let config = found.as_ref().map(|(_, config)| config);
    let names = match config.filter(|config| !config.names.is_empty()) {
        Some(config) => config.names.clone(),
        None => name_list(&tree).map(|(_, names)| names).unwrap_or_default(),
    };
    let extra = config.map(|config| config.extra).unwrap_or_default();
    let Listed { mut pictures, bare, lists } = listed(&tree, found.as_ref(), &mut faults);
    let is_labels = |file: &usize| {
        let (path, name) = (tree.path(*file), split_path(tree.path(*file)).1);
        has_extension(path, &["txt"]) && !NAME_LISTS.contains(&name) && !lists.contains(file)
    };
    let files: Vec<usize> = (0..tree.len()).filter(is_labels).collect();
    if files.is_empty() && bare.is_empty() {
        return Err(malformed(path, "there are no label files in this folder, and no pictures"));
    }
    let mut samples = Vec::new();
    control.begin("Reading label files", files.len() as u64);
    for (number, file) in (1..).zip(files) {
        control.checkpoint()?;
        control.set_done(number);
        let name = tree.path(file);
        if tree.bytes(file) > MAX_LABEL_BYTES {
            faults.add(name, None, format!("the label file is larger than {} MiB", MAX_LABEL_BYTES >> 20));
            continue;
        }
        let text = match tree.read(file) {
            Ok(text) => text,
            Err(error) => {
                faults.add(name, None, error.message);
                continue;
            }
        };
        let (lines, wrong) = parse_labels(&String::from_utf8_lossy(&text), extra);
        for (line, message) in wrong {
            faults.add(name, Some(("line", line as u64)), message);
        }
        let (path, split) = pictures.remove(&file).unwrap_or_else(|| (path_of_labels(name), None));
        let boxes = lines.iter().map(|line| AnnotatedBox {
            class: names.get(line.class as usize).cloned().unwrap_or_else(|| line.class.to_string()),
            rect: line.rect,
            relative: true,
        });
        let sample = Annotated { path, split, boxes: boxes.collect(), ..Annotated::default() };
        take(&mut samples, sample, ("file", number), name, &mut faults);
    }
    // A picture that is listed and has no label file shows background alone.
    for (path, split) in bare {
        let sample = Annotated { path, split, ..Annotated::default() };
        take(&mut samples, sample, ("file", 0), FORMAT.title, &mut faults);
    }
    let mut annotations = Annotations::of_samples(samples);
    if !names.is_empty() {
        annotations.classes = names;
    }
    Ok(Read { annotations, proposals: Vec::new(), faults })
}

/// Path and split of a picture.
type Picture = (String, Option<String>);

/// The pictures that the lists of splits name.
#[derive(Default)]
struct Listed {
    /// By the tree's number of their label file.
    pictures: HashMap<usize, Picture>,
    /// Those that have none.
    bare: Vec<Picture>,
    /// The lists' own files.
    lists: HashSet<usize>,
}

fn listed(tree: &Tree, found: Option<&(usize, Config)>, faults: &mut Faults) -> Listed {
    let mut listed = Listed::default();
    let Some((file, config)) = found else { return listed };
    let mut bytes = 0;
    for (split, value) in &config.splits {
        let Some(list) = list_file(tree, *file, config, value) else { continue };
        bytes += tree.bytes(list);
        if !listed.lists.insert(list) || bytes > MAX_LIST_BYTES {
            continue;
        }
        let text = match tree.read(list) {
            Ok(text) => text,
            Err(error) => {
                faults.add(tree.path(list), None, error.message);
                continue;
            }
        };
        let folder = split_path(tree.path(list)).0;
        for line in String::from_utf8_lossy(&text).lines().map(str::trim).filter(|line| !line.is_empty()) {
            let line = with_slashes(line);
            let split = Some((*split).to_owned());
            match labels_of_line(tree, folder, &line) {
                Some((labels, picture)) => {
                    listed.pictures.entry(labels).or_insert_with(|| (path_of_picture(&picture), split));
                }
                None => listed.bare.push((path_of_picture(&join("", &line)), split)),
            }
        }
    }
    listed
}

/// The most parts of a listed path that are looked at.
const MAX_PARTS: usize = 64;

/// The label file of a picture that a list names, and the picture's path in the tree: as it is written, or by its last
/// parts where that path is one of another machine.
fn labels_of_line(tree: &Tree, folder: &str, line: &str) -> Option<(usize, String)> {
    let whole = join("", line);
    let parts: Vec<&str> = whole.split('/').collect();
    let skipped = 0..parts.len().min(MAX_PARTS);
    let tails = skipped.map(|from| parts[from..].join("/"));
    std::iter::once(join(folder, line)).chain(tails).find_map(|picture| {
        let labels = tree.find(&format!("{}.txt", without_ending(&twin(&picture, "images", "labels"))))?;
        Some((labels, picture))
    })
}

/// A path with the nearest folder of one name called by the other, as YOLO's loaders find label files.
fn twin(path: &str, from: &str, to: &str) -> String {
    match above(path).find(|folder| split_path(folder).1.eq_ignore_ascii_case(from)) {
        Some(folder) => join(&join(split_path(folder).0, to), &path[folder.len()..]),
        None => path.to_owned(),
    }
}

/// Where a sample's picture is to lie: below a folder `images`.
fn picture_of(path: &str) -> String {
    let is_below = above(path).any(|folder| split_path(folder).1.eq_ignore_ascii_case("images"));
    if is_below { path.to_owned() } else { format!("images/{path}") }
}

/// The sample of a picture: without the topmost folder where that is the one `images`.
fn path_of_picture(picture: &str) -> String {
    match picture.strip_prefix("images/") {
        Some(path) if picture_of(path) == picture => path.to_owned(),
        _ => picture.to_owned(),
    }
}

/// The sample of a label file, without the ending of its picture, which is not known.
fn path_of_labels(labels: &str) -> String {
    path_of_picture(&twin(without_ending(labels), "labels", "images"))
}

fn without_ending(path: &str) -> &str {
    let name = split_path(path).1;
    &path[..path.len() - (name.len() - stem(name).len())]
}

fn write_to(annotations: &Annotations, folder: &Path) -> io::Result<Vec<String>> {
    let classes = annotations.all_classes();
    let numbers: HashMap<&str, usize> = classes.iter().map(String::as_str).zip(0..).collect();
    let mut lists: BTreeMap<&str, String> = BTreeMap::new();
    let mut taken: HashSet<String> = HashSet::new();
    let (mut repeated, mut boxless, mut unsized_boxes, mut splitless) = (0u64, 0u64, 0u64, 0u64);
    for sample in &annotations.samples {
        let path = join("", &sample.path);
        let picture = picture_of(&path);
        let labels = format!("{}.txt", without_ending(&twin(&picture, "images", "labels")));
        // Two pictures may lead to one label file: by another ending, or with and without the folder `images`.
        if path.is_empty() || !taken.insert(labels.to_lowercase()) {
            repeated += 1;
            continue;
        }
        let split = sample.split.as_deref().and_then(split_of);
        splitless += u64::from(split.is_none());
        let _ = writeln!(lists.entry(split.unwrap_or("train")).or_default(), "./{picture}");
        boxless += sample.boxless_labels().count() as u64;
        let mut text = String::new();
        for one in &sample.boxes {
            let Some([left, top, width, height]) = one.in_parts(sample.size) else {
                unsized_boxes += 1;
                continue;
            };
            let number = numbers.get(one.class.as_str()).copied().unwrap_or(0);
            let (x, y) = (left + width / 2.0, top + height / 2.0);
            let _ = writeln!(text, "{number} {x} {y} {width} {height}");
        }
        put_file(folder, &labels, &text)?;
    }
    let mut yaml = String::from("path: .\n");
    for (split, list) in &lists {
        put_file(folder, &format!("{split}.txt"), list)?;
        let _ = writeln!(yaml, "{split}: {split}.txt");
    }
    yaml.push_str("names:\n");
    for (number, class) in classes.iter().enumerate() {
        // A text of JSON is one of YAML.
        let _ = writeln!(yaml, "  {number}: {}", serde_json::to_string(class)?);
    }
    put_file(folder, "data.yaml", &yaml)?;
    let mut told = Vec::new();
    let mut tell = |count: u64, thing: &str, words: &str| {
        if count > 0 {
            told.push(format!("{} {words}", counted(count, thing)));
        }
    };
    tell(
        boxless,
        "label",
        "of whole pictures are left out: YOLO has those as class folders; export the pictures.",
    );
    tell(
        unsized_boxes,
        "box",
        "in pixels of pictures whose size is not known are left out. Measure the dataset first.",
    );
    tell(
        splitless,
        "sample",
        "with no split, or one other than train, val and test, are listed under train.",
    );
    tell(repeated, "answer", "share the name of another's file and are left out.");
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_pictures_and_label_files_lead_to_each_other() {
        for (path, picture, labels) in [
            ("train/a.jpg", "images/train/a.jpg", "labels/train/a"),
            ("train/images/a.jpg", "train/images/a.jpg", "train/labels/a"),
            ("images/a.jpg", "images/a.jpg", "labels/a"),
            ("a.jpg", "images/a.jpg", "labels/a"),
        ] {
            assert_eq!(picture_of(path), picture);
            assert_eq!(without_ending(&twin(picture, "images", "labels")), labels);
            let found = path_of_picture(picture);
            // What lies in `images` at the top may have been called so or not.
            assert!(found == path || format!("images/{found}") == path, "{found}");
            assert!(path_of_labels(&format!("{labels}.txt")) == without_ending(&found));
        }
    }

    #[test]
    fn a_listed_picture_leads_to_its_label_file() {
        let tree = Tree::from_paths(Path::new("/d"), ["labels/train/a.txt", "x/val/labels/b.txt"]);
        for (folder, line, expected) in [
            ("", "./images/train/a.jpg", Some((0, "images/train/a.jpg"))),
            ("", "/home/u/data/images/train/a.png", Some((0, "images/train/a.png"))),
            ("x", "val/images/b.jpg", Some((1, "x/val/images/b.jpg"))),
            ("", "images/c.jpg", None),
        ] {
            let found = labels_of_line(&tree, folder, line);
            assert_eq!(found.as_ref().map(|(file, picture)| (*file, picture.as_str())), expected, "{line}");
        }
    }

    #[test]
    fn of_two_pictures_with_one_label_file_the_first_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let sample = |path: &str| Annotated { path: path.into(), ..Annotated::default() };
        let samples = ["a.jpg", "images/a.jpg", "a.png", "b.jpg"].map(sample).to_vec();
        let told = write_to(&Annotations::of_samples(samples), folder.path()).unwrap();
        assert!(told.iter().any(|text| text.starts_with("2 answers share the name")), "{told:?}");
        assert!(folder.path().join("labels/a.txt").is_file() && folder.path().join("labels/b.txt").is_file());
    }
}
