//! Opening files whose rows are samples, for the importers that read their headers and labels.
//!
//! It knows [`ReadAt`] and trees. It refuses to know what any format's rows look like.

use std::io::Read;
use std::sync::Arc;

use super::reader::access::read_range;
use super::reader::{GZIP_MAGIC, ReadAt, ReadError};
use super::{Reader, Tree};
use crate::dataset::{Container, ContainerKind, DatasetBuilder, IssueKind, Place};
use crate::media::{Payload, Raster};

/// Most rows that are taken from one file: a small compressed file may hold any number of tiny
/// ones. The 8.1 million digits of infinite MNIST fit.
pub const MAX_ROWS: u64 = 10_000_000;

/// Most bytes of one row: a row is held in memory whole.
pub const MAX_ROW_BYTES: u64 = 1 << 30;

/// Most classes that a list of names may have; longer lists are cut.
pub const MAX_CLASSES: usize = 100_000;

/// Files of a tree opened as containers, behind one reader, so that what it decompresses is shared.
pub struct Packed {
    reader: Reader,
    containers: Vec<Container>,
    first: usize,
}

impl Packed {
    /// Makes each file of the tree a container of that kind. Nothing is opened yet.
    pub fn new(tree: &Tree, files: impl IntoIterator<Item = (usize, ContainerKind)>) -> Self {
        let added = files.into_iter().map(|(file, kind)| container_of(tree, file, kind));
        Self::with(tree, added)
    }

    /// As [`Self::new`], for containers whose place is known.
    pub fn with(tree: &Tree, added: impl IntoIterator<Item = Container>) -> Self {
        let mut containers = tree.containers.clone();
        let first = containers.len();
        containers.extend(added);
        let reader = Reader::new(tree.root.clone(), containers.clone());
        Self { reader, containers, first }
    }

    /// The bytes of the container at that position of the list.
    pub fn open(&self, at: usize) -> Result<Arc<dyn ReadAt>, ReadError> {
        self.reader.container((self.first + at) as u32)
    }

    /// The container's number in the dataset that is being built; what it lies in is added too.
    pub fn register(&self, builder: &mut DatasetBuilder, at: usize) -> u32 {
        register(&self.containers, builder, self.first + at)
    }

    /// The reader that opens them.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The number of a container of this list among all that the reader knows, for a place in it.
    pub fn number(&self, at: usize) -> u32 {
        (self.first + at) as u32
    }
}

fn register(containers: &[Container], builder: &mut DatasetBuilder, at: usize) -> u32 {
    let mut container = containers[at].clone();
    if let Some(place) = &mut container.parent
        && !place.is_loose()
        // A container lies in one that was listed before it, so this ends.
        && (place.container as usize) < at
    {
        place.container = register(containers, builder, place.container as usize);
    }
    builder.container(container)
}

/// How many rows of a file are taken: of those that it promises the ones that are there, at most
/// [`MAX_ROWS`]. What is left out is reported.
pub fn rows_taken(builder: &mut DatasetBuilder, path: &str, promised: u64, there: u64) -> u64 {
    if there < promised {
        let message = format!(
            "the file promises {promised} images and holds {there}; it was cut short, so get it again"
        );
        builder.issue(None, path, IssueKind::Truncated, message);
    }
    if there > MAX_ROWS {
        let message = format!("only the first {MAX_ROWS} of its {there} images are shown; split the file");
        builder.issue(None, path, IssueKind::Oversized, message);
    }
    there.min(promised).min(MAX_ROWS)
}

/// Reports labels that are more or fewer than the images of `images`.
pub fn check_label_count(builder: &mut DatasetBuilder, path: &str, labels: usize, images: (&str, u64)) {
    let (images, count) = images;
    if labels as u64 != count.min(MAX_ROWS) {
        let message = format!("{labels} labels for the {count} images of {images}");
        builder.issue(None, path, IssueKind::Annotation, message);
    }
}

/// Says how many images of the tree are no samples: they are not part of the dataset as annotated.
/// `why` goes before "this image".
pub fn report_left_out(
    tree: &Tree,
    builder: &mut DatasetBuilder,
    is_shown: impl Fn(usize) -> bool,
    why: &str,
) {
    let mut left_out = tree.images().files().filter(|file| !is_shown(*file));
    let Some(first) = left_out.next() else { return };
    let message = match left_out.count() {
        0 => format!("{why} this image, so it was left out"),
        others => format!("{why} {} images, this one first, so they were left out", others + 1),
    };
    builder.issue(None, tree.path(first), IssueKind::Annotation, message);
}

/// A file of the tree as a container.
pub fn container_of(tree: &Tree, file: usize, kind: ContainerKind) -> Container {
    let place = tree.place(file);
    Container { path: tree.path(file).to_owned(), kind, parent: (!place.is_loose()).then_some(place) }
}

/// The first `len` bytes of a file, fewer where it is shorter; none where it cannot be read.
pub fn head(tree: &Tree, file: usize, len: u64) -> Vec<u8> {
    tree.start(file, len).unwrap_or_default()
}

/// The first `len` bytes of a file, decompressed when it is gzipped.
pub fn plain_head(tree: &Tree, file: usize, len: u64) -> Vec<u8> {
    let stored = head(tree, file, len + 4096);
    let mut plain = Vec::new();
    // The head of a gzip stream ends in the middle: what came out before that is what is wanted.
    let _ = match stored.starts_with(&GZIP_MAGIC) {
        true => flate2::read::GzDecoder::new(&stored[..]).take(len).read_to_end(&mut plain),
        false => (&stored[..]).take(len).read_to_end(&mut plain),
    };
    plain
}

/// `len` bytes from `offset` on. No memory to speak of is taken when they are not there.
pub fn bytes_at(bytes: &dyn ReadAt, offset: u64, len: u64) -> Result<Vec<u8>, ReadError> {
    if len > MAX_ROW_BYTES {
        let message = format!("one row has {len} bytes, more than the {MAX_ROW_BYTES} that are held");
        return Err(ReadError::new(IssueKind::Oversized, message));
    }
    read_range(bytes, offset, len).map_err(|error| ReadError::from_io(&error))
}

/// The bytes from `offset` on, at most `most` and at most [`MAX_ROW_BYTES`] of them.
pub fn bytes_up_to(bytes: &dyn ReadAt, offset: u64, most: u64) -> Result<Vec<u8>, ReadError> {
    let most = most.min(MAX_ROW_BYTES);
    match bytes_at(bytes, offset, most) {
        // They end before that, and so their size is no work to know.
        Err(error) if error.kind == IssueKind::Truncated => {
            bytes_at(bytes, offset, bytes.size().saturating_sub(offset).min(most))
        }
        read => read,
    }
}

/// The place of a row.
pub fn row_place(container: u32, row: u64, len: u64) -> Place {
    Place { container, offset: row, len }
}

/// Interleaved pixels as a payload.
pub fn raster(width: u64, height: u64, channels: u64, data: Vec<u8>) -> Result<Payload, ReadError> {
    let fits =
        width.checked_mul(height).and_then(|area| area.checked_mul(channels)) == Some(data.len() as u64);
    match (u32::try_from(width), u32::try_from(height), u8::try_from(channels)) {
        (Ok(width), Ok(height), Ok(channels)) if fits && (1..=4).contains(&channels) => {
            Ok(Payload::Raster(Raster { width, height, channels, data }))
        }
        _ => Err(ReadError {
            kind: IssueKind::Unsupported,
            message: format!("a row of {height} by {width} pixels with {channels} channels is no image"),
        }),
    }
}

/// Planar pixels (all red, all green, …) made interleaved.
pub fn interleaved(planar: &[u8], channels: usize) -> Vec<u8> {
    if channels < 2 {
        return planar.to_vec();
    }
    let area = planar.len() / channels;
    let mut pixels = vec![0; area * channels];
    for (channel, plane) in planar.chunks_exact(area.max(1)).take(channels).enumerate() {
        for (pixel, value) in plane.iter().enumerate() {
            pixels[pixel * channels + channel] = *value;
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::super::reader::access::MemoryAt;
    use super::*;

    #[test]
    fn rows_that_are_not_there_take_no_memory() {
        let bytes = MemoryAt(vec![7; 10]);
        for (offset, len, fits) in
            [(0, 10, true), (10, 0, true), (4, 7, false), (u64::MAX, 2, false), (0, u64::MAX, false)]
        {
            assert_eq!(bytes_at(&bytes, offset, len).is_ok(), fits, "{offset} {len}");
        }
    }

    #[test]
    fn rows_that_are_left_out_are_told() {
        for (promised, there, taken, faults) in [
            (3, 3, 3, 0),
            (3, 2, 2, 1),
            (u64::MAX, 0, 0, 1),
            (MAX_ROWS + 5, MAX_ROWS + 5, MAX_ROWS, 1),
            (MAX_ROWS + 5, MAX_ROWS + 1, MAX_ROWS, 2),
        ] {
            let mut builder = DatasetBuilder::new("", "", crate::dataset::Layout::Idx);
            assert_eq!(rows_taken(&mut builder, "x", promised, there), taken);
            assert_eq!(builder.issues().len(), faults, "{promised} {there}");
        }
    }

    #[test]
    fn planes_become_pixels() {
        assert_eq!(interleaved(&[1, 2, 3, 4, 5, 6], 3), [1, 3, 5, 2, 4, 6]);
        assert_eq!(interleaved(&[1, 2], 1), [1, 2]);
        assert!(raster(2, 1, 3, vec![0; 6]).is_ok());
        assert!(raster(2, 1, 3, vec![0; 5]).is_err());
        assert!(raster(u64::MAX, 2, 3, vec![0; 6]).is_err());
    }
}
