//! NumPy arrays: `.npy` files and `.npz` archives of N×H×W[×C] images with an array of labels.
//!
//! - Images are arrays of three or four dimensions: N×H×W, N×H×W×C, or N×C×H×W, with C 1, 3 or 4.
//!   Where both ends could be channels, the last is. H×W×3 and H×W×4 are one image.
//! - Values are `u8` as they are, `bool` as black and white, `u16` by their high byte. Floats are
//!   scaled by what a spread of rows holds: 0 to 1 by 255, −1 to 1 by 127.5 after adding 1, larger
//!   values are taken as 0 to 255; what lies outside is cut.
//! - Labels are the array that goes by the same name with `labels`, `y` or `targets` for `images` or
//!   `x` (`x_train` and `y_train`, `train_images` and `train_labels`, `images.npy` and `labels.npy`),
//!   else the only other array of the same length. Whole numbers and text, N or N×1, name the
//!   class; N×K zeros and ones set each class that has a one. `classes`, `class_names` or
//!   `label_names` names them.
//! - Splits come from the array's name, else from its file's or folder's.
//!
//! Arrays in Fortran order and arrays of Python objects are refused with a sentence.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::names::{has_extension, join, split_of, split_of_path, split_path, stem, with_slashes};
use super::packed::{self, MAX_CLASSES, Packed};
use super::reader::access::bytes_before;
use super::reader::{ReadAt, ReadError, RowSource};
use super::{Fit, Format, ImportError, Tree};
use crate::dataset::{Container, ContainerKind, DatasetBuilder, IssueKind, Layout, NewSample, Place};
use crate::jobs::Control;

mod header;
mod images;
mod labels;

pub use header::{Element, Header};
use images::{ImageShape, Images};
use labels::Labels;

pub const FORMAT: Format = Format {
    layout: Layout::Numpy,
    reads: "npy and npz: N×H×W[×C] images (u8, bool, u16, float) with a label array",
    detect,
    import,
};

/// The images of an array. `bytes` are the `.npy` file's.
pub fn open(bytes: Arc<dyn ReadAt>, _container: &Container) -> Result<Arc<dyn RowSource>, ReadError> {
    Ok(Arc::new(Images::open(bytes)?))
}

/// Reads a `.npy` file the way that opening and showing it does; for fuzzing.
pub fn fuzz(bytes: Arc<dyn ReadAt>) {
    let Ok(header) = Header::read(&*bytes) else { return };
    let _ = Labels::read(&*bytes, &header);
    if let Ok(images) = Images::open(bytes.clone()) {
        for row in [0, header.shape.first().copied().unwrap_or(0), u64::MAX] {
            let _ = images.row(row);
        }
    }
}

/// Files whose arrays are looked at before a tree is held to have no images in arrays.
const DETECT_FILES: usize = 32;

fn detect(tree: &Tree) -> Option<Fit> {
    let is_array = |file: &usize| has_extension(tree.path(*file), &["npy", "npz"]);
    let files = (0..tree.len()).filter(|file| tree.is_in_focus(*file)).filter(is_array);
    let files: Vec<usize> = files.take(DETECT_FILES).collect();
    if files.is_empty() {
        return None;
    }
    let (_, arrays) = list(tree, files, &mut |_, _| {}, &Control::new()).ok()?;
    let images: u64 = arrays.iter().filter_map(|array| Some(ImageShape::of(&array.header)?.rows)).sum();
    if images == 0 {
        // Who opens an array that is none of images, or is broken, is told so.
        return (tree.focus.is_some() || tree.images().is_empty()).then_some(Fit::Fallback);
    }
    // Arrays beside as many images are something of those: depth, masks, features.
    (tree.focus.is_some() || images > tree.images().len() as u64).then_some(Fit::Certain)
}

/// A `.npy` file of the tree, or an entry of one of its `.npz` files.
pub(crate) struct Array {
    /// Display path: `folder/images.npy`, `folder/data.npz/x_train.npy`.
    pub path: String,
    /// Position in the list of opened containers.
    pub at: usize,
    /// The file of the tree that it is or is in.
    pub file: usize,
    /// In an archive, its name there and whether it is compressed.
    pub entry: Option<(String, bool)>,
    modified_ms: i64,
    pub header: Header,
    key: String,
}

impl Array {
    /// Images in the array, where it is one of images.
    pub fn images(&self) -> Option<u64> {
        ImageShape::of(&self.header).map(|shape| shape.rows)
    }
}

fn import(tree: &Tree, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
    control.begin("Reading array headers", 0);
    let files: Vec<usize> = (0..tree.len()).collect();
    let mut report = |path: &str, error: ReadError| builder.issue(None, path, error.kind, error.message);
    let (packed, arrays) = list(tree, files, &mut report, control)?;

    // Which array holds the labels of which.
    let is_image = |array: &Array| ImageShape::of(&array.header).is_some();
    let focus = tree.focus.map(|focus| tree.path(focus));
    let mut taken = HashSet::new();
    let mut pairs: Vec<(&Array, Option<&Array>)> = Vec::new();
    for images in arrays.iter().filter(|array| is_image(array)) {
        let labels = labels_of(images, &arrays);
        // A person who opens one array wants that one, be it images or labels.
        let wanted = |array: &Array| {
            focus.is_none_or(|focus| array.path == focus || array.path.starts_with(&format!("{focus}/")))
        };
        if wanted(images) || labels.is_some_and(wanted) {
            taken.extend(labels.map(|labels| labels.path.as_str()));
            pairs.push((images, labels));
        }
    }
    let mut read = Vec::new();
    for (images, labels) in &pairs {
        control.checkpoint()?;
        let Some(labels) = labels else {
            let message = "no array of labels was found for these images";
            builder.issue(None, &images.path, IssueKind::Annotation, message);
            read.push(None);
            continue;
        };
        match packed.open(labels.at).and_then(|bytes| Labels::read(&*bytes, &labels.header)) {
            Ok(labels) => read.push(Some(labels)),
            Err(error) => {
                builder.issue(None, &labels.path, error.kind, error.message);
                read.push(None);
            }
        }
    }
    let names = class_names(&arrays, &taken, &packed);
    let classes: BTreeSet<labels::Value> = read.iter().flatten().flat_map(Labels::classes).collect();
    for class in &classes {
        builder.class(&class.name(&names));
    }
    for ((images, label_array), labels) in pairs.iter().zip(&read) {
        push_rows(builder, &packed, images, *label_array, labels.as_ref(), &names, control)?;
    }
    Ok(())
}

fn push_rows(
    builder: &mut DatasetBuilder,
    packed: &Packed,
    images: &Array,
    label_array: Option<&Array>,
    labels: Option<&Labels>,
    names: &[String],
    control: &Control,
) -> Result<(), ImportError> {
    let Some(shape) = ImageShape::of(&images.header) else { return Ok(()) };
    control.begin(format!("Reading {}", images.path), 0);
    let row_bytes = shape.row_values() * images.header.element.bytes();
    let end = shape.rows.saturating_mul(row_bytes).saturating_add(images.header.start);
    let there = match packed.open(images.at) {
        Ok(bytes) => bytes_before(&*bytes, 0, end, control)?.saturating_sub(images.header.start) / row_bytes,
        Err(error) => {
            builder.issue(None, &images.path, error.kind, error.message);
            return Ok(());
        }
    };
    let rows = packed::rows_taken(builder, &images.path, shape.rows, there);
    if let (Some(labels), Some(label_array)) = (labels, label_array) {
        packed::check_label_count(builder, &label_array.path, labels.len(), (&images.path, shape.rows));
    }
    let split = split_of_path(&images.path);
    let container = packed.register(builder, images.at);
    control.begin(format!("Reading {}", images.path), rows);
    for row in 0..rows {
        if row % 4096 == 0 {
            control.checkpoint()?;
            control.set_done(row);
        }
        let classes = labels.map(|labels| labels.get(row as usize)).unwrap_or_default();
        let classes: Vec<String> = classes.iter().map(|class| class.name(names)).collect();
        let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
        builder.push(NewSample {
            path: &format!("{}#{row}", images.path),
            place: Some(packed::row_place(container, row, row_bytes)),
            bytes: row_bytes,
            modified_ms: images.modified_ms,
            split,
            labels: &classes,
            ..Default::default()
        });
    }
    Ok(())
}

/// An entry of a `.npz` archive, be it an array or not.
pub(crate) struct Entry {
    /// As in [`Array::entry`].
    pub name: String,
    pub is_compressed: bool,
    pub bytes: u64,
    /// Where the files of [`entries`] have it.
    pub place: Place,
}

/// Every file in a `.npz` archive; of several of one name the first.
pub(crate) fn entries(tree: &Tree, file: usize) -> Result<(Packed, Vec<Entry>), ReadError> {
    let zips = Packed::new(tree, [(file, ContainerKind::Zip)]);
    let contents = zips.reader().zip_contents(zips.number(0))?;
    let mut names = HashSet::new();
    let mut found = Vec::new();
    for index in 0..contents.len() {
        let entry = contents.entry(index).map_err(|error| {
            ReadError::new(IssueKind::Corrupt, format!("the archive cannot be listed: {error}"))
        })?;
        let raw = with_slashes(&String::from_utf8_lossy(entry.name_raw()));
        let name = join("", &raw);
        if raw.ends_with('/') || !names.insert(name.clone()) {
            continue;
        }
        let place = Place { container: zips.number(0), offset: index as u64, len: entry.size() };
        let is_compressed = entry.compression() != zip::CompressionMethod::Stored;
        found.push(Entry { name, is_compressed, bytes: entry.size(), place });
    }
    Ok((zips, found))
}

/// Entries of one archive that are looked at.
const MAX_ENTRIES: usize = 4096;

/// Every array in these files, with its header. What cannot be read is reported, with its path.
pub(crate) fn list(
    tree: &Tree,
    files: impl IntoIterator<Item = usize>,
    report: &mut dyn FnMut(&str, ReadError),
    control: &Control,
) -> Result<(Packed, Vec<Array>), ImportError> {
    let (archives, others): (Vec<usize>, Vec<usize>) =
        files.into_iter().partition(|file| has_extension(tree.path(*file), &["npz"]));
    let zips = Packed::new(tree, archives.iter().map(|file| (*file, ContainerKind::Zip)));
    // The zips keep their numbers when the arrays within them come after them.
    let mut containers: Vec<Container> =
        archives.iter().map(|file| packed::container_of(tree, *file, ContainerKind::Zip)).collect();
    let mut found = Vec::new();
    for (at, file) in archives.iter().enumerate() {
        control.checkpoint()?;
        let path = tree.path(*file);
        let contents = match zips.reader().zip_contents(zips.number(at)) {
            Ok(contents) => contents,
            Err(error) => {
                report(path, error);
                continue;
            }
        };
        let mut names = HashSet::new();
        for index in 0..contents.len().min(MAX_ENTRIES) {
            let Ok(entry) = contents.entry(index) else { continue };
            let name = join("", &with_slashes(&String::from_utf8_lossy(entry.name_raw())));
            if !has_extension(&name, &["npy"]) || !names.insert(name.clone()) {
                continue;
            }
            let place = Place { container: zips.number(at), offset: index as u64, len: entry.size() };
            let is_compressed = entry.compression() != zip::CompressionMethod::Stored;
            let entry = Some((name.clone(), is_compressed));
            found.push((format!("{path}/{name}"), containers.len(), *file, entry));
            containers.push(Container { path: name, kind: ContainerKind::Npy, parent: Some(place) });
        }
    }
    for file in others.into_iter().filter(|file| has_extension(tree.path(*file), &["npy"])) {
        found.push((tree.path(file).to_owned(), containers.len(), file, None));
        containers.push(packed::container_of(tree, file, ContainerKind::Npy));
    }
    let packed = Packed::with(tree, containers);
    let mut arrays = Vec::new();
    for (path, at, file, entry) in found {
        control.checkpoint()?;
        match packed.open(at).and_then(|bytes| Header::read(&*bytes)) {
            Ok(header) => {
                let key = pair_key(&path);
                let modified_ms = tree.modified_ms(file);
                arrays.push(Array { path, at, file, entry, modified_ms, header, key });
            }
            Err(error) => report(&path, error),
        }
    }
    Ok((packed, arrays))
}

/// Words that say that an array holds images, or their labels.
const ROLE_WORDS: [&str; 20] = [
    "images",
    "image",
    "imgs",
    "img",
    "x",
    "data",
    "features",
    "inputs",
    "pixels",
    "samples",
    "labels",
    "label",
    "lbls",
    "y",
    "targets",
    "target",
    "classes",
    "class",
    "annotations",
    "gt",
];

/// What an array of images and its labels have in common: their path without the words that say
/// which of the two they are, and without the names that NumPy gives where none is told (`arr_0`).
fn pair_key(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let mut key = Vec::new();
    let mut after_arr = false;
    for word in words.filter(|word| !word.is_empty()) {
        let numbered = after_arr && word.bytes().all(|byte| byte.is_ascii_digit());
        after_arr = word == "arr";
        // "xtrain" and "ytrain" differ in their first letter only.
        let word = match word.split_at_checked(1) {
            Some(("x" | "y", rest)) if split_of(rest).is_some() => rest,
            _ => word,
        };
        if !(numbered || after_arr || ROLE_WORDS.contains(&word)) {
            key.push(word);
        }
    }
    key.join(" ")
}

/// The array of labels of an array of images.
pub(crate) fn labels_of<'a>(images: &Array, arrays: &'a [Array]) -> Option<&'a Array> {
    let rows = ImageShape::of(&images.header)?.rows;
    let fits = |array: &&Array| {
        Labels::can_be(&array.header)
            && array.header.shape.first() == Some(&rows)
            && array.path != images.path
    };
    let same_key = |array: &&Array| Labels::can_be(&array.header) && array.key == images.key;
    let (folder, _) = split_path(&images.path);
    let beside = |array: &&Array| fits(array) && split_path(&array.path).0 == folder;
    let mut lone = arrays.iter().filter(beside);
    let lone = match (lone.next(), lone.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    };
    // Of the same name and length, else the only one of that length, else of the same name.
    let named = |array: &&Array| same_key(array) && fits(array);
    arrays.iter().find(named).or(lone).or_else(|| {
        arrays.iter().find(|array| same_key(array) && array.path != images.path && !is_names(array))
    })
}

pub(crate) fn is_names(array: &Array) -> bool {
    matches!(stem(&array.path), "classes" | "class_names" | "label_names" | "names" | "categories")
        && matches!(array.header.element, Element::Bytes { .. } | Element::Unicode { .. })
}

/// Class names by label number; none where no array names them.
fn class_names(arrays: &[Array], taken: &HashSet<&str>, packed: &Packed) -> Vec<String> {
    let mut candidates =
        arrays.iter().filter(|array| is_names(array) && !taken.contains(array.path.as_str()));
    let Some(array) = candidates.next() else { return Vec::new() };
    let labels = packed.open(array.at).and_then(|bytes| Labels::read(&*bytes, &array.header));
    let Ok(labels) = labels else { return Vec::new() };
    (0..labels.len().min(MAX_CLASSES))
        .map(|at| labels.get(at).first().map_or_else(String::new, |value| value.name(&[])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::reader::access::MemoryAt;
    use super::*;

    #[test]
    fn images_know_their_labels() {
        for (images, labels, pair) in [
            ("x_train.npy", "y_train.npy", true),
            ("data.npz/train_images.npy", "data.npz/train_labels.npy", true),
            ("images.npy", "labels.npy", true),
            ("a.npz/arr_0.npy", "a.npz/arr_1.npy", true),
            ("kmnist-train-imgs.npz/arr_0.npy", "kmnist-train-labels.npz/arr_0.npy", true),
            ("XTrain.npy", "yTrain.npy", true),
            ("x_train.npy", "y_test.npy", false),
        ] {
            assert_eq!(pair_key(images) == pair_key(labels), pair, "{images} {labels}");
        }
    }

    #[test]
    fn hostile_arrays_neither_panic_nor_grow() {
        let npy = |header: &str, values: &[u8]| {
            let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
            bytes.extend((header.len() as u16).to_le_bytes());
            bytes.extend(header.as_bytes());
            bytes.extend(values);
            bytes
        };
        for shape in [
            "(4294967295, 4294967295, 4294967295)",
            "(18446744073709551615, 2, 2)",
            "(1, 0, 0)",
            "(3, 2, 2, 3)",
            "()",
            "(9,)",
            "(2, 1)",
            "(2, 70000, 70000, 4)",
        ] {
            for kind in ["|u1", "<f4", ">f8", "<i8", "<U3", "|S0", "<u2", "|b1"] {
                let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
                fuzz(Arc::new(MemoryAt(npy(&text, &[255; 37]))));
            }
        }
    }
}
