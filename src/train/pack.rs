//! The samples of a view as pixels, row after row: decoded and brought to squares once, read a batch at a
//! time as often as an epoch asks.
//!
//! A pack takes `samples × size² × channels` bytes: in memory up to what a [`Room`] says, beyond in a file on
//! its disk. What does not fit there is refused before anything is decoded. This file refuses to know tensors.

mod pixels;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::config::{Channels, Config, Fit, HeldOut};
use super::random::mix;
use crate::augment::random::sample_key;
use crate::dataset::query::Snapshot;
use crate::dataset::{SampleId, Verdict};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};
use crate::media::Raster;
use crate::pipeline::pass::each_batch;
use crate::text::{bytes_text, grouped};

use pixels::Writing;
pub use pixels::{CacheError, IN_MEMORY, Pixels, Room};

/// Bytes of pixels that are decoded before they are written to a file.
const CHUNK_BYTES: usize = 64 << 20;

/// The class of a sample that has none, or none that is known.
pub const NO_CLASS: u32 = u32::MAX;

/// Samples as pixels.
#[derive(Clone, Debug)]
pub struct Pack {
    /// Side of each square, in pixels.
    pub size: usize,
    pub channels: Channels,
    /// `size × size × channels` bytes of each row.
    pixels: Pixels,
    /// The sample of each row, in the order that was asked for.
    pub samples: Vec<SampleId>,
    /// Says of each row which sample it is, by its path: what its variants follow from, here as in a preview
    /// and an export. Of pixels that have no path it is the row.
    pub keys: Vec<u64>,
    /// The class of each row: a place in `class_names`, or [`NO_CLASS`]. Of several the first.
    pub classes: Vec<u32>,
    pub class_names: Vec<String>,
    /// Rows to train on.
    pub training: Vec<u32>,
    /// Rows that are not trained on.
    pub held_out: Vec<u32>,
    /// Samples that are broken, and why, in the order of their rows.
    pub left_out: Vec<(SampleId, String)>,
    /// BLAKE3 of what a run can see: size, channels, class names, every row's pixels and class, and which
    /// rows are held out, in hexadecimal.
    pub fingerprint: String,
}

/// Why there is nothing to train on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PackError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(
        "{} samples of {size} px take {}, and {} are free on the disk; free some space, take fewer samples or a \
         smaller size: {}",
        grouped(*.rows as u64), bytes_text(*.bytes), bytes_text(*.free), .folder.display()
    )]
    NoRoom { rows: usize, size: usize, bytes: u64, free: u64, folder: PathBuf },
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error("there is no sample to train on: none fits the filter, or all are pruned")]
    Nothing,
    /// All samples, and why each cannot be read.
    #[error(
        "none of the {} can be read; the first: {}",
        crate::text::counted(.0.len() as u64, "sample"), .0.first().map_or("", |(_, why)| why.as_str())
    )]
    AllBroken(Vec<(SampleId, String)>),
    #[error("no sample is in the split “{0}”")]
    NoSplit(String),
    #[error("all samples are held out, and none is left to train on")]
    AllHeldOut,
}

/// What to make of the samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub size: usize,
    pub channels: Channels,
    pub fit: Fit,
    pub held_out: HeldOut,
    pub seed: u64,
    /// Names that classes are numbered by, those of a trained model; without them those of the samples.
    pub class_names: Option<Vec<String>>,
}

impl Wanted {
    /// What a run asks for.
    pub fn of(config: &Config) -> Self {
        Self {
            size: config.shape.size,
            channels: config.shape.channels,
            fit: config.fit,
            held_out: config.held_out.clone(),
            seed: config.seed,
            class_names: None,
        }
    }

    /// Bytes of a square.
    pub fn row_bytes(&self) -> usize {
        self.size * self.size * self.channels.count()
    }
}

/// The samples that can be trained on: pruned ones and those that are gone are not among them.
pub fn chosen(snapshot: &Snapshot, rows: &[SampleId]) -> Vec<SampleId> {
    let stays = |sample: &SampleId| {
        !snapshot.dataset.gone[*sample as usize] && snapshot.decision(*sample).verdict != Verdict::Prune
    };
    rows.iter().copied().filter(stays).collect()
}

/// Whether any of the samples has colours, as far as a few of them tell: the first that can be read of
/// some spread all over.
pub fn has_colour(snapshot: &Snapshot, reader: &Reader, samples: &[SampleId]) -> bool {
    /// Samples that are looked at.
    const LOOKED_AT: usize = 16;
    let step = samples.len().div_ceil(LOOKED_AT).max(1);
    samples.iter().step_by(step).any(|sample| {
        let picture = reader.picture(&snapshot.dataset, *sample).map(Raster::opaque);
        picture.is_ok_and(|picture| {
            picture.channels == 3 && picture.data.as_chunks::<3>().0.iter().any(|[r, g, b]| r != g || g != b)
        })
    })
}

/// The typical side of the samples in pixels, as far as a few of them tell: the middle one of the longer
/// sides. `None` where none can be read.
pub fn typical_side(snapshot: &Snapshot, reader: &Reader, samples: &[SampleId]) -> Option<u32> {
    /// Samples that are looked at.
    const LOOKED_AT: usize = 16;
    let step = samples.len().div_ceil(LOOKED_AT).max(1);
    let side = |sample: &SampleId| {
        let picture = reader.picture(&snapshot.dataset, *sample).ok()?;
        Some(picture.width.max(picture.height))
    };
    let mut sides: Vec<u32> = samples.iter().step_by(step).filter_map(side).collect();
    sides.sort_unstable();
    sides.get(sides.len() / 2).copied()
}

/// Decodes the samples on `threads` threads and packs them, into memory or a file. Progress counts samples.
pub fn pack(
    snapshot: &Snapshot,
    reader: &Reader,
    samples: &[SampleId],
    wanted: &Wanted,
    room: &Room,
    threads: usize,
    control: &Control,
) -> Result<Pack, PackError> {
    let rows = samples.len();
    let bytes = rows as u64 * wanted.row_bytes() as u64;
    if rows == 0 {
        return Err(PackError::Nothing);
    }
    // What cannot be held out, or does not fit, is told before the long part of the work.
    apart(snapshot, samples, wanted)?;
    let writing = match bytes > room.in_memory {
        true => Some(Writing::begin(room, rows, wanted.size, bytes)?),
        false => None,
    };
    control.begin("Preparing samples", rows as u64);
    let (pixels, kept, left_out) = match writing {
        None => {
            let Squares { pixels, samples, left_out } =
                squares(snapshot, reader, samples, wanted, threads, control)?;
            (Pixels::Memory(pixels), samples, left_out)
        }
        Some(mut writing) => {
            let (mut kept, mut left_out) = (Vec::with_capacity(rows), Vec::new());
            for chunk in samples.chunks((CHUNK_BYTES / wanted.row_bytes().max(1)).max(1)) {
                let found = squares(snapshot, reader, chunk, wanted, threads, control)?;
                writing.add(&found.pixels)?;
                kept.extend(found.samples);
                left_out.extend(found.left_out);
            }
            (writing.finish()?, kept, left_out)
        }
    };
    if kept.is_empty() {
        return Err(PackError::AllBroken(left_out));
    }
    let samples = kept;
    let (classes, class_names) = classes(snapshot, &samples, wanted.class_names.clone());
    let (training, held_out) = apart(snapshot, &samples, wanted)?;
    let pack = Pack {
        size: wanted.size,
        channels: wanted.channels,
        pixels,
        keys: samples.iter().map(|sample| sample_key(snapshot.dataset.path(*sample))).collect(),
        samples,
        classes,
        class_names,
        training,
        held_out,
        left_out,
        fingerprint: String::new(),
    };
    pack.fingerprinted(control)
}

/// Samples brought to squares.
pub(super) struct Squares {
    /// Of each sample that could be read.
    pub pixels: Vec<u8>,
    /// Those, in the order that was asked for.
    pub samples: Vec<SampleId>,
    /// The others, and why.
    pub left_out: Vec<(SampleId, String)>,
}

/// Decodes samples on `threads` threads and brings them to squares. Progress counts samples.
pub(super) fn squares(
    snapshot: &Snapshot,
    reader: &Reader,
    samples: &[SampleId],
    wanted: &Wanted,
    threads: usize,
    control: &Control,
) -> Result<Squares, Cancelled> {
    let (rows, row) = (samples.len(), wanted.row_bytes());
    let packed = Mutex::new((vec![0u8; rows * row], Vec::<(u32, String)>::new()));
    let places: Vec<u32> = (0..rows as u32).collect();
    let one = |place: u32, found: &mut Vec<(u32, Result<Vec<u8>, String>)>| {
        let square = reader
            .picture(&snapshot.dataset, samples[place as usize])
            .map_err(|error| error.message)
            .and_then(|picture| square(picture, wanted.size, wanted.channels, wanted.fit));
        found.push((place, square));
    };
    each_batch("pack", &places, threads, control, &one, &|found: Vec<_>| {
        let mut packed = packed.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, square) in found {
            match square {
                Ok(square) => packed.0[place as usize * row..][..row].copy_from_slice(&square),
                Err(message) => packed.1.push((place, message)),
            }
        }
    })?;
    let (mut pixels, mut broken) = packed.into_inner().unwrap_or_else(PoisonError::into_inner);
    broken.sort();
    let kept = without(&broken, rows);
    // Rows that stay move up over those that do not.
    for (to, from) in kept.iter().enumerate() {
        pixels.copy_within(from * row..(from + 1) * row, to * row);
    }
    pixels.truncate(kept.len() * row);
    let left_out = broken.into_iter().map(|(place, message)| (samples[place as usize], message)).collect();
    let samples = kept.into_iter().map(|place| samples[place]).collect();
    Ok(Squares { pixels, samples, left_out })
}

impl Pack {
    /// A pack of pixels that are there already, `size × size × channels` bytes of each row; all rows are
    /// trained on. `None` where the numbers of pixels and classes do not fit.
    pub fn of_pixels(
        size: usize,
        channels: Channels,
        pixels: Vec<u8>,
        classes: Vec<u32>,
        class_names: Vec<String>,
    ) -> Option<Self> {
        let rows = classes.len();
        if pixels.len() != rows * size * size * channels.count() || rows == 0 {
            return None;
        }
        let (training, held_out) = ((0..rows as u32).collect(), Vec::new());
        let samples = (0..rows as SampleId).collect();
        let (left_out, fingerprint) = (Vec::new(), String::new());
        let pack = Self {
            size,
            channels,
            pixels: Pixels::Memory(pixels),
            samples,
            keys: (0..rows as u64).collect(),
            classes,
            class_names,
            training,
            held_out,
            left_out,
            fingerprint,
        };
        pack.fingerprinted(&Control::new()).ok()
    }

    /// The same pack with these rows held out.
    pub fn holding_out(mut self, held_out: Vec<u32>) -> Result<Self, PackError> {
        self.training = (0..self.len() as u32).filter(|row| !held_out.contains(row)).collect();
        self.held_out = held_out;
        self.fingerprinted(&Control::new())
    }

    /// The same pack with its pixels in a file, as many as they are.
    #[cfg(test)]
    pub fn on_disk(mut self, room: &Room) -> Result<Self, PackError> {
        self.pixels = self.pixels.on_disk(room)?;
        self.fingerprinted(&Control::new())
    }

    /// The same pack whose rows from a number on can no longer be read.
    #[cfg(test)]
    pub fn cut_to(mut self, rows: usize, room: &Room) -> Result<Self, PackError> {
        self.pixels = self.pixels.cut_to(rows * self.row_bytes(), room)?;
        Ok(self)
    }

    fn fingerprinted(mut self, control: &Control) -> Result<Self, PackError> {
        self.fingerprint = fingerprint(&self, control)?;
        Ok(self)
    }

    /// BLAKE3 of the keys of the rows that are trained on, in their order, in hexadecimal: what their variants
    /// follow from, and the [`fingerprint`](Self::fingerprint) does not tell.
    pub fn keys_hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for row in &self.training {
            hasher.update(&self.keys[*row as usize].to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Whether the pixels are in a file, and not in memory.
    pub fn is_on_disk(&self) -> bool {
        matches!(self.pixels, Pixels::File(_))
    }

    pub fn len(&self) -> usize {
        self.samples.len()
    }

    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// A row's pixels: `size × size × channels` bytes.
    pub fn row(&self, row: u32) -> Result<Cow<'_, [u8]>, CacheError> {
        let bytes = self.row_bytes();
        self.pixels.at(row as usize * bytes, bytes)
    }

    pub fn row_bytes(&self) -> usize {
        self.size * self.size * self.channels.count()
    }

    /// The pixels of some rows, one after the other.
    pub fn gathered(&self, rows: &[u32]) -> Result<Vec<u8>, CacheError> {
        let bytes = self.row_bytes();
        let mut out = vec![0; rows.len() * bytes];
        for (row, out) in rows.iter().zip(out.chunks_exact_mut(bytes)) {
            self.pixels.read(*row as usize * bytes, out)?;
        }
        Ok(out)
    }

    /// The classes of some rows.
    pub fn classes_of(&self, rows: &[u32]) -> Vec<u32> {
        rows.iter().map(|row| self.classes[*row as usize]).collect()
    }
}

/// A picture as a square of `size × size × channels` bytes. Between pixels, values are means weighted by a
/// triangle as wide as what a pixel covers.
pub fn square(picture: Raster, size: usize, channels: Channels, fit: Fit) -> Result<Vec<u8>, String> {
    let (width, height) = (picture.width, picture.height);
    let data = match channels {
        Channels::Grey => picture.into_luma(),
        Channels::Colour => {
            let picture = picture.opaque();
            match picture.channels {
                1 => picture.data.iter().flat_map(|value| [*value; 3]).collect(),
                _ => picture.data,
            }
        }
    };
    let side = size as u32;
    if (width, height) == (side, side) {
        return Ok(data);
    }
    let failed = |error: &dyn std::fmt::Display| format!("The picture cannot be resized: {error}.");
    let kind = match channels {
        Channels::Grey => PixelType::U8,
        Channels::Colour => PixelType::U8x3,
    };
    let from = ImageRef::new(width, height, &data, kind).map_err(|error| failed(&error))?;
    let (to_width, to_height) = match fit {
        Fit::Letterbox => {
            let scaled = |one: u32| (u64::from(one) * size as u64 / u64::from(width.max(height))).max(1);
            (scaled(width) as u32, scaled(height) as u32)
        }
        Fit::Crop | Fit::Stretch => (side, side),
    };
    let mut options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    if fit == Fit::Crop {
        options = options.fit_into_destination(None);
    }
    let mut to = Image::new(to_width, to_height, kind);
    Resizer::new().resize(&from, &mut to, &options).map_err(|error| failed(&error))?;
    let to = to.into_vec();
    if (to_width, to_height) == (side, side) {
        return Ok(to);
    }
    let values = channels.count();
    let mut out = vec![0u8; size * size * values];
    let (left, top) = ((size - to_width as usize) / 2, (size - to_height as usize) / 2);
    let line = to_width as usize * values;
    for (row, from) in to.chunks_exact(line).enumerate() {
        out[((top + row) * size + left) * values..][..line].copy_from_slice(from);
    }
    Ok(out)
}

/// The places that are not among the broken ones.
fn without(broken: &[(u32, String)], rows: usize) -> Vec<usize> {
    let mut next = broken.iter().map(|(place, _)| *place as usize).peekable();
    (0..rows).filter(|place| next.next_if_eq(place).is_none()).collect()
}

/// The class of each sample and their names; names that are given are kept, those of the samples go by
/// class number.
pub fn classes(
    snapshot: &Snapshot,
    samples: &[SampleId],
    names: Option<Vec<String>>,
) -> (Vec<u32>, Vec<String>) {
    let labels = &**snapshot.labels();
    let first = |sample: &SampleId| labels.get(*sample).first().copied();
    let mut numbers = vec![NO_CLASS; labels.classes.len()];
    let names = names.unwrap_or_else(|| {
        let mut seen = vec![false; labels.classes.len()];
        samples.iter().filter_map(first).for_each(|class| seen[class as usize] = true);
        let seen = labels.classes.iter().zip(seen).filter(|(_, seen)| *seen);
        seen.map(|(name, _)| name.clone()).collect()
    });
    for (number, name) in numbers.iter_mut().zip(&labels.classes) {
        if let Some(at) = names.iter().position(|one| one == name) {
            *number = at as u32;
        }
    }
    let classes =
        samples.iter().map(|sample| first(sample).map_or(NO_CLASS, |class| numbers[class as usize]));
    (classes.collect(), names)
}

/// Rows to train on, and those that are held out.
fn apart(
    snapshot: &Snapshot,
    samples: &[SampleId],
    wanted: &Wanted,
) -> Result<(Vec<u32>, Vec<u32>), PackError> {
    let dataset = &snapshot.dataset;
    let mut is_held_out = vec![false; samples.len()];
    match &wanted.held_out {
        HeldOut::Splits(names) => {
            for name in names {
                let mut found = false;
                for (row, sample) in samples.iter().enumerate() {
                    if dataset.split(*sample) == Some(name) {
                        is_held_out[row] = true;
                        found = true;
                    }
                }
                if !found {
                    return Err(PackError::NoSplit(name.clone()));
                }
            }
        }
        HeldOut::Share(share) => {
            // By path, so that a sample stays on its side when others come and go.
            let rank = |row: u32| {
                let path = blake3::hash(dataset.path(samples[row as usize]).as_bytes());
                let path = path.as_bytes().first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
                (mix(path ^ mix(wanted.seed)), row)
            };
            let mut ranked: Vec<_> = (0..samples.len() as u32).map(rank).collect();
            ranked.sort_unstable();
            let count = (f64::from(*share) * samples.len() as f64).round() as usize;
            ranked.iter().take(count).for_each(|(_, row)| is_held_out[*row as usize] = true);
        }
    }
    let (held_out, training): (Vec<u32>, Vec<u32>) =
        (0..samples.len() as u32).partition(|row| is_held_out[*row as usize]);
    if training.is_empty() { Err(PackError::AllHeldOut) } else { Ok((training, held_out)) }
}

fn fingerprint(pack: &Pack, control: &Control) -> Result<String, PackError> {
    let mut hasher = blake3::Hasher::new();
    for number in [pack.size, pack.channels.count(), pack.len(), pack.class_names.len(), pack.held_out.len()]
    {
        hasher.update(&(number as u64).to_le_bytes());
    }
    for name in &pack.class_names {
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
    }
    for number in pack.classes.iter().chain(&pack.held_out) {
        hasher.update(&number.to_le_bytes());
    }
    pack.pixels.each(control, |pixels| {
        hasher.update(pixels);
    })?;
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture whose left half is white, of `channels` values.
    fn half_white(width: u32, height: u32, channels: u8) -> Raster {
        let value = |at: u32| if at % width < width / 2 { 255 } else { 0 };
        let data = (0..width * height).flat_map(|at| vec![value(at); usize::from(channels)]).collect();
        Raster { width, height, channels, data }
    }

    #[test]
    fn pictures_come_to_squares_as_is_stated() {
        for (width, height, fit, corner, middle_left, middle_right) in [
            (16, 16, Fit::Letterbox, 255, 255, 0),
            (64, 32, Fit::Letterbox, 0, 255, 0),
            (64, 32, Fit::Stretch, 255, 255, 0),
            (64, 32, Fit::Crop, 255, 255, 0),
            (8, 4, Fit::Letterbox, 0, 255, 0),
            (1000, 1, Fit::Letterbox, 0, 255, 0),
        ] {
            for channels in [Channels::Grey, Channels::Colour] {
                for stored in 1..=4 {
                    let out = square(half_white(width, height, stored), 16, channels, fit).unwrap();
                    let values = channels.count();
                    assert_eq!(out.len(), 16 * 16 * values);
                    let at = |x: usize, y: usize| out[(y * 16 + x) * values];
                    let y = if height == 1 { 7 } else { 8 };
                    let found = (at(0, 0), at(1, y), at(14, y));
                    assert_eq!(
                        found,
                        (corner, middle_left, middle_right),
                        "{width}×{height} {fit:?} {stored}"
                    );
                }
            }
        }
    }

    #[test]
    fn where_all_are_broken_each_says_why_and_the_first_is_told() {
        let error = PackError::AllBroken(vec![(3, "It is cut short.".into()), (5, "It is empty.".into())]);
        assert_eq!(error.to_string(), "none of the 2 samples can be read; the first: It is cut short.");
    }

    #[test]
    fn broken_rows_are_left_out() {
        let broken = |places: &[u32]| places.iter().map(|place| (*place, String::new())).collect::<Vec<_>>();
        assert_eq!(without(&broken(&[0, 3]), 5), [1, 2, 4]);
        assert_eq!(without(&[], 2), [0, 1]);
    }

    #[test]
    fn a_fingerprint_is_of_all_that_a_run_sees() {
        let pack = |pixel: u8, class: u32, name: &str| {
            let mut pixels = vec![0; 2 * 16 * 16];
            pixels[300] = pixel;
            Pack::of_pixels(16, Channels::Grey, pixels, vec![class, 0], vec![name.into()]).unwrap()
        };
        let base = pack(1, 0, "a");
        assert_eq!(base.fingerprint, pack(1, 0, "a").fingerprint);
        for other in [
            pack(2, 0, "a"),
            pack(1, NO_CLASS, "a"),
            pack(1, 0, "b"),
            base.clone().holding_out(vec![1]).unwrap(),
        ] {
            assert_ne!(base.fingerprint, other.fingerprint);
        }
        assert!(Pack::of_pixels(16, Channels::Grey, vec![0; 10], vec![0], vec![]).is_none());
    }

    #[test]
    fn a_pack_on_the_disk_is_the_same_pack() {
        let pixels: Vec<u8> = (0..5 * 16 * 16).map(|at| (at % 253) as u8).collect();
        let memory = Pack::of_pixels(16, Channels::Grey, pixels, vec![0; 5], vec!["a".into()]).unwrap();
        let file = memory.clone().on_disk(&Room::default()).unwrap();
        assert_eq!((memory.is_on_disk(), file.is_on_disk()), (false, true));
        assert_eq!(memory.fingerprint, file.fingerprint);
        assert_eq!(memory.gathered(&[4, 0, 4]), file.gathered(&[4, 0, 4]));
        for row in 0..5 {
            assert_eq!(memory.row(row), file.row(row));
        }
        assert!(file.row(5).is_err(), "there is none");
    }
}
