//! The binary versions of CIFAR-10 and CIFAR-100.
//!
//! A record is one label byte (CIFAR-10) or a coarse and a fine label byte (CIFAR-100), then
//! 32×32 red, green and blue bytes, plane by plane
//! (A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*).
//!
//! CIFAR-10 is `data_batch_N.bin` and `test_batch.bin`, named by `batches.meta.txt`. CIFAR-100 is
//! `train.bin` and `test.bin`: its label is the fine one, the coarse one is the attribute
//! `coarse_label`. The Python (pickle) versions are not read: a pickle is a program.

use std::sync::Arc;

use super::names::{join, split_path};
use super::packed::{self, Packed};
use super::reader::access::bytes_before;
use super::reader::{ReadAt, ReadError, RowSource};
use super::{Fit, Format, ImportError, Tree};
use crate::dataset::{Container, ContainerKind, DatasetBuilder, IssueKind, Layout, NewSample};
use crate::jobs::Control;
use crate::media::Payload;

pub const FORMAT: Format = Format {
    layout: Layout::Cifar,
    reads: "CIFAR-10 and CIFAR-100, binary versions, with their label names",
    detect,
    import,
};

/// The records of one CIFAR file.
pub fn open(bytes: Arc<dyn ReadAt>, container: &Container) -> Result<Arc<dyn RowSource>, ReadError> {
    let labels = match container.kind {
        ContainerKind::Cifar100 => Kind::Hundred.label_bytes(),
        _ => Kind::Ten.label_bytes(),
    };
    Ok(Arc::new(Records { bytes, labels }))
}

/// Reads a CIFAR file the way that opening and showing it does; for fuzzing.
pub fn fuzz(bytes: Arc<dyn ReadAt>) {
    for kind in [Kind::Ten, Kind::Hundred] {
        let records = Records { bytes: bytes.clone(), labels: kind.label_bytes() };
        let whole = bytes.size() / kind.record();
        for row in [0, whole.saturating_sub(1), whole, u64::MAX] {
            let _ = records.row(row);
        }
        let _ = labels(&*bytes, kind, 0, whole.min(64));
    }
}

const SIDE: u64 = 32;
pub(crate) const PIXELS: u64 = SIDE * SIDE * 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ten,
    Hundred,
}

impl Kind {
    fn label_bytes(self) -> u64 {
        match self {
            Self::Ten => 1,
            Self::Hundred => 2,
        }
    }

    fn record(self) -> u64 {
        self.label_bytes() + PIXELS
    }

    fn container(self) -> ContainerKind {
        match self {
            Self::Ten => ContainerKind::Cifar10,
            Self::Hundred => ContainerKind::Cifar100,
        }
    }
}

struct Records {
    bytes: Arc<dyn ReadAt>,
    labels: u64,
}

impl RowSource for Records {
    fn row(&self, row: u64) -> Result<Payload, ReadError> {
        let offset = row.checked_mul(self.labels + PIXELS).and_then(|start| start.checked_add(self.labels));
        let planar = packed::bytes_at(&*self.bytes, offset.unwrap_or(u64::MAX), PIXELS)?;
        packed::raster(SIDE, SIDE, 3, packed::interleaved(&planar, 3))
    }
}

/// The most bytes of a file of records that are looked for: one more than is taken.
const MAX_FILE_BYTES: u64 = (packed::MAX_ROWS + 1) * (PIXELS + 2);

/// Records whose labels are read in one go: 0.8 MB of file.
const BLOCK: u64 = 256;

/// The label bytes of some records: one per record, or coarse and fine.
fn labels(bytes: &dyn ReadAt, kind: Kind, first: u64, count: u64) -> Result<Vec<u8>, ReadError> {
    let block = packed::bytes_at(bytes, first * kind.record(), count * kind.record())?;
    let records = block.chunks_exact(kind.record() as usize);
    Ok(records.flat_map(|record| &record[..kind.label_bytes() as usize]).copied().collect())
}

/// Which CIFAR file a file is by its name, and its split.
fn role_of(tree: &Tree, file: usize) -> Option<(Kind, &'static str)> {
    let (folder, name) = split_path(tree.path(file));
    let batch = name.strip_prefix("data_batch_").and_then(|rest| rest.strip_suffix(".bin"));
    if batch.is_some_and(|number| number.parse::<u32>().is_ok()) {
        return Some((Kind::Ten, "train"));
    }
    // "train.bin" may be anything: the names beside it, or whole records, tell.
    let whole = tree.bytes(file) > 0 && tree.bytes(file).is_multiple_of(Kind::Hundred.record());
    let hundred = || whole || tree.find(&join(folder, FINE_NAMES)).is_some();
    match name {
        "test_batch.bin" => Some((Kind::Ten, "test")),
        "train.bin" if hundred() => Some((Kind::Hundred, "train")),
        "test.bin" if hundred() => Some((Kind::Hundred, "test")),
        _ => None,
    }
}

pub(crate) const TEN_NAMES: &str = "batches.meta.txt";
pub(crate) const FINE_NAMES: &str = "fine_label_names.txt";
pub(crate) const COARSE_NAMES: &str = "coarse_label_names.txt";

fn detect(tree: &Tree) -> Option<Fit> {
    let found = (0..tree.len())
        .filter(|file| tree.is_in_focus(*file))
        .find_map(|file| role_of(tree, file).map(|(kind, _)| (file, kind)));
    let Some((file, kind)) = found else {
        // Its error says more than "nothing found".
        return python_version(tree).map(|_| Fit::Fallback);
    };
    let folder = split_path(tree.path(file)).0;
    let named = match kind {
        Kind::Ten => tree.find(&join(folder, TEN_NAMES)).is_some(),
        Kind::Hundred => tree.find(&join(folder, FINE_NAMES)).is_some(),
    };
    // The first record's labels have to be possible.
    let head = packed::head(tree, file, 2);
    let possible = match (kind, &head[..]) {
        (Kind::Ten, [label, ..]) => *label < 10,
        (Kind::Hundred, [coarse, fine, ..]) => *coarse < 20 && *fine < 100,
        _ => false,
    };
    let whole = tree.bytes(file).is_multiple_of(kind.record());
    match (named, possible && whole, kind) {
        (true, _, _) | (_, true, Kind::Ten) => Some(Fit::Certain),
        // A cut batch has a telling name still.
        (false, true, Kind::Hundred) | (false, false, Kind::Ten) => Some(Fit::Likely),
        (false, false, Kind::Hundred) => None,
    }
}

/// A batch of the Python version, known by its name and by what lies beside it.
fn python_version(tree: &Tree) -> Option<usize> {
    let beside = |file: usize, name: &str| tree.find(&join(split_path(tree.path(file)).0, name)).is_some();
    (0..tree.len()).find(|file| match split_path(tree.path(*file)).1 {
        "data_batch_1" => beside(*file, "batches.meta"),
        "train" => beside(*file, "meta") && beside(*file, "test"),
        _ => false,
    })
}

fn import(tree: &Tree, builder: &mut DatasetBuilder, control: &Control) -> Result<(), ImportError> {
    let files: Vec<(usize, Kind, &str)> = (0..tree.len())
        .filter(|file| tree.is_in_focus(*file))
        .filter_map(|file| role_of(tree, file).map(|(kind, split)| (file, kind, split)))
        .collect();
    if let (true, Some(file)) = (files.is_empty(), python_version(tree)) {
        return Err(ImportError::Malformed {
            path: tree.root.join(tree.path(file)),
            message: "this is the Python version of CIFAR, whose files are programs (pickles) and are not \
                      run; get the binary version of the same images"
                .into(),
        });
    }
    let packed = Packed::new(tree, files.iter().map(|(file, kind, _)| (*file, kind.container())));
    for (at, (file, kind, split)) in files.iter().enumerate() {
        let path = tree.path(*file);
        control.begin(format!("Reading {path}"), 0);
        let bytes = match packed.open(at) {
            Ok(bytes) => bytes,
            Err(error) => {
                builder.issue(None, path, error.kind, error.message);
                continue;
            }
        };
        let folder = split_path(path).0;
        let (names, coarse_names) = match kind {
            Kind::Ten => (names(tree, folder, TEN_NAMES).unwrap_or_else(known_ten), Vec::new()),
            Kind::Hundred => (
                names(tree, folder, FINE_NAMES).unwrap_or_else(|| numbers(100)),
                names(tree, folder, COARSE_NAMES).unwrap_or_else(|| numbers(20)),
            ),
        };
        for name in &names {
            builder.class(name);
        }
        // A file that is longer than that holds something else.
        let size = bytes_before(&*bytes, 0, MAX_FILE_BYTES, control)?;
        let (whole, rest) = (size / kind.record(), size % kind.record());
        if rest > 0 {
            let message =
                format!("the file ends {rest} bytes into record {whole}; it was cut short, so get it again");
            builder.issue(None, path, IssueKind::Truncated, message);
        }
        let rows = packed::rows_taken(builder, path, whole, whole);
        let container = packed.register(builder, at);
        control.begin(format!("Reading {path}"), rows);
        for first in (0..rows).step_by(BLOCK as usize) {
            control.checkpoint()?;
            control.set_done(first);
            let count = BLOCK.min(rows - first);
            let labels = match labels(&*bytes, *kind, first, count) {
                Ok(labels) => labels,
                Err(error) => {
                    builder.issue(None, path, error.kind, error.message);
                    break;
                }
            };
            for (row, label) in (first..).zip(labels.chunks_exact(kind.label_bytes() as usize)) {
                let (coarse, fine) = match label {
                    [coarse, fine] => (Some(*coarse), *fine),
                    _ => (None, label[0]),
                };
                let class = names.get(usize::from(fine)).map(String::as_str);
                let coarse = coarse.and_then(|coarse| coarse_names.get(usize::from(coarse)));
                let coarse = coarse.map(|name| ("coarse_label", name.as_str()));
                let row_path = format!("{path}#{row}");
                let sample = builder.push(NewSample {
                    path: &row_path,
                    place: Some(packed::row_place(container, row, PIXELS)),
                    bytes: PIXELS,
                    modified_ms: tree.modified_ms(*file),
                    split: Some(split),
                    labels: class.as_slice(),
                    attributes: coarse.as_slice(),
                    ..Default::default()
                });
                if class.is_none() {
                    let message = format!("its label is {fine}, and there are {} class names", names.len());
                    builder.issue(Some(sample), &row_path, IssueKind::Annotation, message);
                }
            }
        }
    }
    Ok(())
}

/// The lines of a file of names beside the records, or `None` where there is none.
fn names(tree: &Tree, folder: &str, name: &str) -> Option<Vec<String>> {
    let file = tree.find(&join(folder, name))?;
    let text = tree.read(file).ok()?;
    let text = String::from_utf8_lossy(&text);
    let names = text.lines().map(str::trim).filter(|line| !line.is_empty());
    // A label is one byte.
    let names: Vec<String> = names.take(256).map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

/// CIFAR-10's classes, for copies that come without `batches.meta.txt`.
fn known_ten() -> Vec<String> {
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
        .map(str::to_owned)
        .to_vec()
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::reader::access::MemoryAt;
    use super::*;

    fn records(kind: Kind, labels: &[[u8; 2]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (row, label) in labels.iter().enumerate() {
            bytes.extend(&label[2 - kind.label_bytes() as usize..]);
            for plane in 0..3 {
                bytes.extend([row as u8 * 10 + plane; 1024]);
            }
        }
        bytes
    }

    #[test]
    fn records_come_back_as_colour_pictures() {
        for (kind, container) in
            [(Kind::Ten, ContainerKind::Cifar10), (Kind::Hundred, ContainerKind::Cifar100)]
        {
            let memory: Arc<dyn ReadAt> = Arc::new(MemoryAt(records(kind, &[[3, 4], [5, 6]])));
            let container = Container { path: "x".into(), kind: container, parent: None };
            let rows = open(memory.clone(), &container).unwrap();
            let Ok(Payload::Raster(raster)) = rows.row(1) else { panic!("a raster") };
            assert_eq!((raster.width, raster.height, &raster.data[..4]), (32, 32, &[10, 11, 12, 10][..]));
            assert!(rows.row(2).is_err() && rows.row(u64::MAX).is_err());
            let expected: &[u8] = if kind == Kind::Ten { &[4, 6] } else { &[3, 4, 5, 6] };
            assert_eq!(labels(&*memory, kind, 0, 2).unwrap(), expected);
        }
        for len in [0, 1, 3072, 3073, 3074, 7000] {
            fuzz(Arc::new(MemoryAt(vec![255; len])));
        }
    }
}
