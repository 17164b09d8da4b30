//! IDX arrays, as the MNIST family comes: N×H×W or N×H×W×C unsigned bytes, raw or gzipped, with
//! the labels in a file beside them.
//!
//! The format: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
//! `u32`, then the values with the last dimension fastest
//! (Y. LeCun, *The MNIST database of handwritten digits*).
//!
//! A file of images is known by those four bytes, not by its name; its labels are the file whose
//! name differs in saying `labels` for `images`. Classes are named by their number, except where a
//! name is sure: a `classes.txt` has one in each line, EMNIST's mapping file gives characters, and a
//! path that says "fashion" the ten names of Fashion-MNIST. Both splits are read where both are there.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::names::{has_extension, split_of_path, split_path};
use super::packed::{self, MAX_ROWS, Packed};
use super::reader::access::bytes_before;
use super::reader::{ReadAt, ReadError, RowSource};
use super::{Fit, Format, ImportError, Tree};
use crate::dataset::{Container, ContainerKind, DatasetBuilder, IssueKind, Layout, NewSample};
use crate::jobs::{Cancelled, Control};
use crate::media::Payload;

pub const FORMAT: Format = Format {
    layout: Layout::Idx,
    reads: "MNIST family: images and labels as IDX, raw or .gz, both splits",
    detect,
    import,
};

/// The rows of an IDX file of images. `bytes` are decompressed.
pub fn open(bytes: Arc<dyn ReadAt>, _container: &Container) -> Result<Arc<dyn RowSource>, ReadError> {
    let header = header(&*bytes)?;
    let shape = header.images().ok_or_else(|| malformed("the file holds no images"))?;
    Ok(Arc::new(Images { bytes, shape }))
}

/// Reads a whole IDX file the way that opening and showing it does; for fuzzing.
pub fn fuzz(bytes: Arc<dyn ReadAt>) {
    if let Ok(header) = header(&*bytes) {
        let _ = labels(&*bytes, &header);
        if let Some(shape) = header.images() {
            let images = Images { bytes, shape };
            let rows = images.shape.rows_in(images.bytes.size()).min(images.shape.rows);
            for row in [0, rows.saturating_sub(1), rows, u64::MAX] {
                let _ = images.row(row);
            }
        }
    }
}

struct Images {
    bytes: Arc<dyn ReadAt>,
    shape: Shape,
}

impl RowSource for Images {
    fn row(&self, row: u64) -> Result<Payload, ReadError> {
        let Shape { start, height, width, channels, .. } = self.shape;
        let len = self.shape.row_bytes();
        let offset = row.checked_mul(len).and_then(|skip| skip.checked_add(start));
        let offset = offset.filter(|_| row < self.shape.rows).ok_or_else(|| ReadError {
            kind: IssueKind::Missing,
            message: format!("the file has {} images, and this is number {row}", self.shape.rows),
        })?;
        packed::raster(width, height, channels, packed::bytes_at(&*self.bytes, offset, len)?)
    }
}

/// Type code, dimensions and where the values start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub kind: u8,
    pub dims: Vec<u32>,
    pub start: u64,
}

/// A file of images: `rows` × `height` × `width` × `channels` bytes from `start` on. The product of
/// the last three fits in 64 bits and is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    start: u64,
    rows: u64,
    height: u64,
    width: u64,
    channels: u64,
}

impl Header {
    fn images(&self) -> Option<Shape> {
        let (height, width, channels) = match self.dims[..] {
            [_, height, width] => (height, width, 1),
            [_, height, width, channels] if matches!(channels, 1 | 3 | 4) => (height, width, channels),
            _ => return None,
        };
        let sane = |side: u32| (1..=u16::MAX.into()).contains(&side);
        (self.kind == UNSIGNED_BYTE && sane(height) && sane(width)).then_some(Shape {
            start: self.start,
            rows: self.dims[0].into(),
            height: height.into(),
            width: width.into(),
            channels: channels.into(),
        })
    }

    fn is_labels(&self) -> bool {
        matches!(self.dims.len(), 1 | 2) && value_bytes(self.kind).is_some()
    }
}

impl Shape {
    fn row_bytes(&self) -> u64 {
        // Sides are at most 65,535 and channels at most 4.
        self.height * self.width * self.channels
    }

    /// The size of a file that holds all the rows that its header promises.
    fn end(&self) -> u64 {
        // Fewer than 2³² rows of fewer than 2³⁴ bytes may be more than fits.
        self.rows
            .checked_mul(self.row_bytes())
            .and_then(|len| len.checked_add(self.start))
            .unwrap_or(u64::MAX)
    }

    /// How many rows are there whole in a file of that size.
    fn rows_in(&self, size: u64) -> u64 {
        size.saturating_sub(self.start) / self.row_bytes()
    }
}

pub(crate) const UNSIGNED_BYTE: u8 = 0x08;

/// Bytes of one value of an integer type code.
pub(crate) fn value_bytes(kind: u8) -> Option<u64> {
    match kind {
        0x08 | 0x09 => Some(1),
        0x0b => Some(2),
        0x0c => Some(4),
        _ => None,
    }
}

pub(crate) fn header(bytes: &dyn ReadAt) -> Result<Header, ReadError> {
    let head = packed::bytes_up_to(bytes, 0, HEAD)?;
    header_of(&head).ok_or_else(|| malformed("the file is no IDX array"))
}

/// Longest header that is read: four dimensions.
const HEAD: u64 = 20;

fn header_of(head: &[u8]) -> Option<Header> {
    let (&[0, 0, kind, count @ 1..=4], rest) = head.split_first_chunk()? else { return None };
    let dims = rest.get(..4 * count as usize)?;
    let dims = dims.chunks_exact(4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
    Some(Header { kind, dims: dims.collect(), start: 4 + 4 * u64::from(count) })
}

/// The labels of a file: the first column where it has several, as QMNIST's files do.
fn labels(bytes: &dyn ReadAt, header: &Header) -> Result<Vec<i64>, ReadError> {
    let value = value_bytes(header.kind).filter(|_| header.is_labels());
    let value = value.ok_or_else(|| malformed("the file holds no whole numbers in one or two dimensions"))?;
    let columns = header.dims.get(1).copied().unwrap_or(1).max(1);
    let stride = value * u64::from(columns);
    // At most ten million rows of four billion columns of four bytes fit in 64 bits.
    let promised = u64::from(header.dims[0]).min(MAX_ROWS) * stride;
    let block = packed::bytes_up_to(bytes, header.start, promised)?;
    let number = |row: &[u8]| match header.kind {
        0x09 => i64::from(row[0] as i8),
        0x0b => i64::from(i16::from_be_bytes([row[0], row[1]])),
        0x0c => i64::from(i32::from_be_bytes([row[0], row[1], row[2], row[3]])),
        _ => i64::from(row[0]),
    };
    Ok(block.chunks_exact(stride as usize).map(number).collect())
}

fn malformed(message: &str) -> ReadError {
    ReadError { kind: IssueKind::Corrupt, message: message.to_owned() }
}

/// What an IDX file is by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Images,
    Labels,
}

fn role_of(tree: &Tree, file: usize) -> Option<Role> {
    let header = header_of(&packed::plain_head(tree, file, HEAD))?;
    match header.images() {
        Some(_) => Some(Role::Images),
        None => header.is_labels().then_some(Role::Labels),
    }
}

/// Files that may be IDX by their name: those that say so, then those that say nothing.
fn candidates(tree: &Tree) -> impl Iterator<Item = usize> {
    let (mut told, mut silent) = (Vec::new(), Vec::new());
    for file in 0..tree.len() {
        let (_, name) = split_path(tree.path(file));
        if name.contains("idx") || name.contains("ubyte") {
            told.push(file);
        } else if has_extension(name, &["", "gz", "bin", "dat"]) {
            silent.push(file);
        }
    }
    told.into_iter().chain(silent)
}

/// Candidates whose first bytes are looked at before a tree is held to have no IDX files.
const DETECT_FILES: usize = 32;

fn detect(tree: &Tree) -> Option<Fit> {
    if let Some(focus) = tree.focus {
        return role_of(tree, focus).map(|_| Fit::Certain);
    }
    candidates(tree)
        .take(DETECT_FILES)
        .any(|file| role_of(tree, file) == Some(Role::Images))
        .then_some(Fit::Certain)
}

/// What an images file and its labels file have in common: the path without the words in which
/// they differ. `train-images-idx3-ubyte.gz` and `train-labels.idx1-ubyte` are both `train`.
fn pair_key(path: &str) -> String {
    let telling = |word: &&str| {
        let idx = word.strip_prefix("idx").is_some_and(|dims| dims.bytes().all(|b| b.is_ascii_digit()));
        let role = matches!(*word, "images" | "image" | "labels" | "label");
        !(idx || role || matches!(*word, "" | "ubyte" | "int" | "byte" | "gz"))
    };
    let key = |part: &str| {
        let words = part.split(|c: char| !c.is_ascii_alphanumeric()).filter(telling);
        words.collect::<Vec<_>>().join("-")
    };
    path.to_ascii_lowercase().split('/').map(key).collect::<Vec<_>>().join("/")
}

/// The files of images of a tree, each with its file of labels.
pub(crate) fn pairs(tree: &Tree, control: &Control) -> Result<Vec<(usize, Option<usize>)>, Cancelled> {
    // Where one file was opened, its pair is meant.
    let focus = tree.focus.map(|focus| pair_key(tree.path(focus)));
    let paths: BTreeSet<&str> = candidates(tree).map(|file| tree.path(file)).collect();
    let mut images = Vec::new();
    let mut label_files = HashMap::new();
    for file in candidates(tree) {
        control.checkpoint()?;
        // Downloaders leave the archive beside what they unpacked from it.
        let unpacked = tree.path(file).strip_suffix(".gz").is_some_and(|plain| paths.contains(plain));
        if unpacked || focus.as_ref().is_some_and(|key| *key != pair_key(tree.path(file))) {
            continue;
        }
        match role_of(tree, file) {
            Some(Role::Images) => images.push(file),
            Some(Role::Labels) => {
                label_files.insert(pair_key(tree.path(file)), file);
            }
            None => {}
        }
    }
    images.sort_unstable();
    let label_of = |file: &usize| label_files.get(&pair_key(tree.path(*file))).copied();
    Ok(images.iter().map(|file| (*file, label_of(file))).collect())
}

fn import(tree: &Tree, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
    let pairs = pairs(tree, control)?;
    let all = pairs.iter().flat_map(|(images, labels)| [Some(*images), *labels]).flatten();
    let all: BTreeSet<usize> = all.collect();
    let packed = Packed::new(tree, all.iter().map(|file| (*file, ContainerKind::Idx)));
    let position: HashMap<usize, usize> = all.iter().enumerate().map(|(at, file)| (*file, at)).collect();

    // Labels first: classes get their ids in the order of their numbers, not of appearance.
    let mut sets = Vec::new();
    for (file, label_file) in &pairs {
        control.checkpoint()?;
        let read = label_file.map(|file| {
            let bytes = packed.open(position[&file])?;
            labels(&*bytes, &header(&*bytes)?)
        });
        sets.push(match (read, label_file) {
            (Some(Ok(read)), _) => Some(read),
            (Some(Err(error)), Some(label_file)) => {
                builder.issue(None, tree.path(*label_file), error.kind, error.message);
                None
            }
            _ => {
                let message = "no file of labels was found beside these images, so they have none";
                builder.issue(None, tree.path(*file), IssueKind::Annotation, message);
                None
            }
        });
    }
    let numbers: BTreeSet<i64> = sets.iter().flatten().flatten().copied().collect();
    let names = class_names(tree, &numbers);
    for number in &numbers {
        builder.class(&names[number]);
    }

    for ((file, label_file), labels) in pairs.iter().zip(&sets) {
        let path = tree.path(*file);
        control.begin(format!("Reading {path}"), 0);
        let opened = packed.open(position[file]).and_then(|bytes| {
            let shape = header(&*bytes)?.images().ok_or_else(|| malformed("the file holds no images"))?;
            Ok((bytes, shape))
        });
        let (bytes, shape) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                builder.issue(None, path, error.kind, error.message);
                continue;
            }
        };
        let size = bytes_before(&*bytes, 0, shape.end(), control)?;
        let rows = packed::rows_taken(builder, path, shape.rows, shape.rows_in(size));
        if let (Some(labels), Some(label_file)) = (labels, label_file) {
            packed::check_label_count(builder, tree.path(*label_file), labels.len(), (path, shape.rows));
        }
        let split = split_of_path(path);
        let container = packed.register(builder, position[file]);
        control.begin(format!("Reading {path}"), rows);
        for row in 0..rows {
            if row % 4096 == 0 {
                control.checkpoint()?;
                control.set_done(row);
            }
            let label = labels.as_ref().and_then(|labels| labels.get(row as usize));
            let label = label.map(|number| names[number].as_str());
            builder.push(NewSample {
                path: &format!("{path}#{row}"),
                place: Some(packed::row_place(container, row, shape.row_bytes())),
                bytes: shape.row_bytes(),
                modified_ms: tree.modified_ms(*file),
                split,
                labels: label.as_slice(),
                ..Default::default()
            });
        }
    }
    Ok(())
}

/// The classes of Fashion-MNIST (H. Xiao et al., *Fashion-MNIST*, table 2).
pub(crate) const FASHION: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

/// The file that names the classes, one in each line, by their numbers.
pub(crate) const NAMES_FILE: &str = "classes.txt";

/// A name for each label number.
fn class_names(tree: &Tree, numbers: &BTreeSet<i64>) -> HashMap<i64, String> {
    let fashion = tree.source.to_ascii_lowercase().contains("fashion")
        || (0..tree.len()).take(8).any(|file| tree.path(file).to_ascii_lowercase().contains("fashion"));
    let mapping = (0..tree.len()).find(|file| tree.path(*file).ends_with("-mapping.txt"));
    let mapping = mapping.and_then(|file| tree.read(file).ok()).map(|text| emnist_mapping(&text));
    let listed = (0..tree.len()).find(|file| split_path(tree.path(*file)).1 == NAMES_FILE);
    let listed = listed.and_then(|file| tree.read(file).ok()).unwrap_or_default();
    let listed = String::from_utf8_lossy(&listed);
    let listed: Vec<&str> = listed.lines().map(str::trim).take(packed::MAX_CLASSES).collect();
    let name = |number: &i64| {
        let at = usize::try_from(*number).ok();
        let listed = at.and_then(|at| listed.get(at)).filter(|name| !name.is_empty());
        let listed = listed.map(|name| (*name).to_owned());
        let mapped = listed.or_else(|| mapping.as_ref().and_then(|names| names.get(number).cloned()));
        let known = at.filter(|_| fashion).and_then(|at| FASHION.get(at)).map(|name| (*name).to_owned());
        mapped.or(known).unwrap_or_else(|| number.to_string())
    };
    numbers.iter().map(|number| (*number, name(number))).collect()
}

/// EMNIST's mapping: a label and the code points of the characters that it stands for, per line.
fn emnist_mapping(text: &[u8]) -> HashMap<i64, String> {
    let text = String::from_utf8_lossy(text);
    let line = |line: &str| {
        let mut numbers = line.split_whitespace();
        let label = numbers.next()?.parse().ok()?;
        let character = char::from_u32(numbers.next()?.parse().ok()?)?;
        (!character.is_control()).then(|| (label, character.to_string()))
    };
    text.lines().take(packed::MAX_CLASSES).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::reader::access::MemoryAt;
    use super::*;

    fn idx(kind: u8, dims: &[u32], values: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, kind, dims.len() as u8];
        dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
        bytes.extend(values);
        bytes
    }

    fn container() -> Container {
        Container { path: "x".into(), kind: ContainerKind::Idx, parent: None }
    }

    #[test]
    fn rows_come_back_as_pictures() {
        let file = idx(8, &[2, 1, 2], &[1, 2, 3, 4]);
        let rows = open(Arc::new(MemoryAt(file)), &container()).unwrap();
        let Ok(Payload::Raster(raster)) = rows.row(1) else { panic!("a raster") };
        assert_eq!((raster.width, raster.height, raster.channels), (2, 1, 1));
        assert_eq!(raster.data, [3, 4]);
        assert!(rows.row(2).is_err());
        let colour = open(Arc::new(MemoryAt(idx(8, &[1, 1, 1, 3], &[1, 2, 3]))), &container()).unwrap();
        assert!(matches!(colour.row(0), Ok(Payload::Raster(raster)) if raster.channels == 3));
    }

    #[test]
    fn headers_that_lie_are_refused_or_cut() {
        for (name, bytes, whole) in [
            ("empty", vec![], None),
            ("wrong magic", b"\x89PNG\r\n\x1a\n0123456789".to_vec(), None),
            ("floats", idx(0x0d, &[1, 1, 1], &[0; 4]), None),
            ("no height", idx(8, &[1, 0, 5], &[]), None),
            ("huge sides", idx(8, &[1, u32::MAX, u32::MAX], &[]), None),
            ("cut header", vec![0, 0, 8, 3, 0, 0], None),
            ("five dims", idx(8, &[1, 1, 1, 1, 1], &[0]), None),
            ("two channels", idx(8, &[1, 1, 1, 2], &[0; 2]), None),
            ("count lies", idx(8, &[u32::MAX, 2, 2], &[0; 9]), Some(2)),
            ("all lies", idx(8, &[u32::MAX, 65535, 65535, 4], &[0; 9]), Some(0)),
            ("nothing", idx(8, &[3, 65535, 65535], &[0; 9]), Some(0)),
        ] {
            let memory: Arc<dyn ReadAt> = Arc::new(MemoryAt(bytes));
            let shape = header(&*memory).ok().and_then(|header| header.images());
            let there = |shape: Shape| shape.rows_in(shape.end().min(memory.size()));
            assert_eq!(shape.map(there), whole, "{name}");
            fuzz(memory);
        }
    }

    #[test]
    fn labels_of_every_width_are_read() {
        for (file, expected) in [
            (idx(8, &[3], &[0, 9, 200]), vec![0, 9, 200]),
            (idx(9, &[2], &[255, 1]), vec![-1, 1]),
            (idx(0x0c, &[2, 2], &[0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 1, 0, 0, 0, 0, 0]), vec![5, 256]),
            (idx(8, &[u32::MAX], &[4]), vec![4]),
            (idx(8, &[1, u32::MAX], &[4]), vec![]),
        ] {
            let memory = MemoryAt(file);
            let header = header(&memory).unwrap();
            assert_eq!(labels(&memory, &header).unwrap(), expected);
        }
    }

    #[test]
    fn an_images_file_knows_its_labels_file() {
        for (images, labels, pair) in [
            ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", true),
            ("train-images-idx3-ubyte", "train-labels.idx1-ubyte", true),
            ("raw/t10k-images.idx3-ubyte", "raw/t10k-labels-idx1-ubyte.gz", true),
            ("qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int", true),
            ("emnist-letters-test-images-idx3-ubyte", "emnist-letters-test-labels-idx1-ubyte", true),
            ("images/train.idx", "labels/train.idx", true),
            ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte", false),
            ("a/train-images-idx3-ubyte", "b/train-labels-idx1-ubyte", false),
        ] {
            assert_eq!(pair_key(images) == pair_key(labels), pair, "{images} {labels}");
        }
        assert_eq!(emnist_mapping(b"1 65 97\nx\n2 66\n3 99999999")[&1], "A");
    }
}
