//! One sample's signals: its bytes are read and decoded once, and everything that is wanted is computed
//! of the same pixels, one thing after the other.
//!
//! Beside the picture itself at most a third of it is taken at once, or as much again where it is grey.

use super::Wanted;
use super::fitted::Fitted;
use crate::analysis::encoder::Encoder;
use crate::analysis::sketch::sketch;
use crate::analysis::{HashKind, Hashable, Picture, Plane, Symmetry};
use crate::dataset::query::Snapshot;
use crate::dataset::{Figures, Issue, IssueKind, Kinds, Origin, SampleId, Signal};
use crate::import::Reader;
use crate::media::{self, Held, Payload, Raster};

/// A description before it is whitened: as many numbers as the encoder gives.
pub type Raw = Vec<f32>;

/// Pixels that are hashed at once.
const PIECE: usize = 16_384;

/// What a thread found since it last handed over.
#[derive(Debug, Default)]
pub struct Found {
    pub signals: Vec<(SampleId, Signal)>,
    pub issues: Vec<Issue>,
}

/// How to look at samples.
pub struct Look<'a> {
    pub snapshot: &'a Snapshot,
    pub reader: &'a Reader,
    pub wanted: Wanted<'a>,
    /// What whitens descriptions; without it they are handed back as they are.
    pub fitted: Option<&'a Fitted>,
}

impl Look<'_> {
    /// Looks at a sample for what is wanted and not `known` of the same content, and adds what it is.
    /// A sample that cannot be read stays as it was known.
    pub fn at(&self, sample: SampleId, known: &Signal, found: &mut Found) -> Option<Raw> {
        let payload = match self.reader.sample(&self.snapshot.dataset, sample) {
            Ok(payload) => payload,
            Err(error) => {
                self.tell(sample, error.kind, error.message, found);
                return None;
            }
        };
        let content = content_of(&payload);
        let mut signal = match known.content == content {
            true => *known,
            false => Signal { content, ..Signal::UNSEEN },
        };
        let missing = self.wanted.kinds.without(signal.looked);
        // Without a whitening a description is not there yet.
        let is_whitened = missing.contains(Kinds::DESCRIBED) && self.fitted.is_some();
        signal.looked = match is_whitened {
            true => signal.looked | missing,
            false => signal.looked | missing.without(Kinds::DESCRIBED),
        };
        if is_whitened {
            signal.described_by = self.fitted.map_or(0, |fitted| fitted.id);
        }
        let mut raw = None;
        if !missing.is_empty() {
            match media::decode_held(payload) {
                Ok(held) => {
                    if let Some(damage) = &held.decoded.damage {
                        self.tell(sample, damage.kind, damage.message.clone(), found);
                    }
                    raw = compute(held, missing, self.wanted.turned, self.wanted.encoder, &mut signal);
                }
                Err(error) => self.tell(sample, error.kind, error.message, found),
            }
        }
        if let (Some(fitted), Some(raw)) = (self.fitted, raw.take_if(|_| is_whitened)) {
            signal.described = fitted.apply(&raw);
            signal.has = signal.has | Kinds::DESCRIBED;
        }
        found.signals.push((sample, signal));
        raw
    }

    /// What listing and measuring told already is not told twice.
    fn tell(&self, sample: SampleId, kind: IssueKind, message: String, found: &mut Found) {
        if self.snapshot.issues(sample) & kind.bit() == 0 {
            let path = self.snapshot.dataset.path(sample).to_owned();
            found.issues.push(Issue { sample: Some(sample), path, kind, origin: Origin::Content, message });
        }
    }
}

/// What [`Fact::content`](crate::dataset::Fact::content) is of it.
fn content_of(payload: &Payload) -> [u8; 16] {
    let bytes = match payload {
        Payload::Encoded(bytes) => bytes,
        Payload::Raster(raster) => &raster.data,
    };
    half(blake3::hash(bytes))
}

fn half(hash: blake3::Hash) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash.as_bytes()[..16]);
    half
}

/// Computes these kinds of a picture, which keeps its share of the memory until it is done with.
fn compute(
    held: Held,
    kinds: Kinds,
    turned: HashKind,
    encoder: &dyn Encoder,
    signal: &mut Signal,
) -> Option<Raw> {
    // The rest of it, and the share with it, is dropped at the end.
    let raster = held.decoded.raster;
    (signal.width, signal.height) = (raster.width, raster.height);
    let mut has = Kinds::NONE;
    if kinds.contains(Kinds::PIXELS) {
        signal.pixels = pixel_hash(&raster);
        has = has | Kinds::PIXELS;
    }
    let raster = raster.opaque();
    let (width, height, channels) =
        (raster.width as usize, raster.height as usize, usize::from(raster.channels));
    if kinds.contains(Kinds::FIGURES)
        && let Some(figures) = Figures::of(width, height, channels, &raster.data)
    {
        signal.figures = figures;
        has = has | Kinds::FIGURES;
    }
    let picture = Picture::new(width, height, channels, &raster.data);
    let raw = picture.as_ref().filter(|_| kinds.contains(Kinds::DESCRIBED));
    let raw = raw.and_then(|picture| encoder.encode(picture));
    if kinds.contains(Kinds::SKETCH)
        && let Some(sketch) = picture.as_ref().and_then(sketch)
    {
        signal.sketch = sketch;
        has = has | Kinds::SKETCH;
    }
    drop(picture);
    if !kinds.only(Kinds::HASHES | Kinds::TURNED | Kinds::TURNED_256).is_empty() {
        let grey = Plane::new(width, height, raster.into_luma());
        let picture = grey.as_ref().and_then(Hashable::of);
        drop(grey);
        if let Some(picture) = picture {
            has = has | hashes(&picture, kinds, turned, signal);
        }
    }
    signal.has = signal.has | has;
    raw
}

/// The hashes of these kinds; gives those that there are.
fn hashes(picture: &Hashable, kinds: Kinds, turned: HashKind, signal: &mut Signal) -> Kinds {
    let mut has = Kinds::NONE;
    for (kind, bit) in [
        (HashKind::Ahash, Kinds::AHASH),
        (HashKind::Dhash, Kinds::DHASH),
        (HashKind::Phash, Kinds::PHASH),
        (HashKind::Whash, Kinds::WHASH),
        (HashKind::LongPhash, Kinds::PHASH_256),
    ] {
        if kinds.contains(bit)
            && let Some(hash) = picture.hash(kind, Symmetry::NONE)
        {
            match kind {
                HashKind::Ahash => signal.ahash = hash[0],
                HashKind::Dhash => signal.dhash = hash[0],
                HashKind::Phash => signal.phash = hash[0],
                HashKind::Whash => signal.whash = hash[0],
                HashKind::LongPhash => signal.phash_256 = hash,
            }
            has = has | bit;
        }
    }
    let all_turned = |kind| {
        let mut turned = [[0; 4]; 7];
        for (hash, symmetry) in turned.iter_mut().zip(Symmetry::all().into_iter().skip(1)) {
            *hash = picture.hash(kind, symmetry)?;
        }
        Some(turned)
    };
    if kinds.contains(Kinds::TURNED)
        && let Some(turned) = all_turned(turned)
    {
        signal.turned = turned.map(|hash| hash[0]);
        has = has | Kinds::TURNED;
    }
    if kinds.contains(Kinds::TURNED_256)
        && let Some(turned) = all_turned(HashKind::LongPhash)
    {
        signal.turned_256 = turned;
        has = has | Kinds::TURNED_256;
    }
    has
}

/// First half of BLAKE3 of the size and of the upright pixels as red, green, blue and alpha: the same
/// for the same picture, however it is stored.
fn pixel_hash(raster: &Raster) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&raster.width.to_le_bytes());
    hasher.update(&raster.height.to_le_bytes());
    let channels = usize::from(raster.channels);
    let mut buffer = vec![255; PIECE.min(raster.pixels()) * 4];
    for piece in raster.data.chunks(PIECE * channels) {
        let rgba = &mut buffer[..piece.len() / channels * 4];
        let pixels = rgba.as_chunks_mut::<4>().0.iter_mut();
        match channels {
            1 => pixels.zip(piece).for_each(|(to, &v)| *to = [v, v, v, 255]),
            2 => pixels.zip(piece.as_chunks::<2>().0).for_each(|(to, &[v, a])| *to = [v, v, v, a]),
            3 => pixels.zip(piece.as_chunks::<3>().0).for_each(|(to, &[r, g, b])| *to = [r, g, b, 255]),
            _ => rgba.copy_from_slice(piece),
        }
        hasher.update(rgba);
    }
    half(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::encoder::HandMade;

    #[test]
    fn the_same_picture_has_the_same_pixels_however_it_is_stored() {
        // More pixels than a piece, and no whole number of pieces.
        let (width, height) = (301, 211);
        let grey: Vec<u8> = (0..width * height).map(|at| (at * 31 % 256) as u8).collect();
        let stored = |channels: u8, pixel: fn(u8) -> Vec<u8>| {
            let data = grey.iter().flat_map(|value| pixel(*value)).collect();
            Raster::new(width, height, channels, data).unwrap()
        };
        let rasters = [
            stored(1, |v| vec![v]),
            stored(2, |v| vec![v, 255]),
            stored(3, |v| vec![v; 3]),
            stored(4, |v| vec![v, v, v, 255]),
        ];
        let mut whole = blake3::Hasher::new();
        whole.update(&width.to_le_bytes()).update(&height.to_le_bytes()).update(&rasters[0].to_rgba());
        for raster in &rasters {
            assert_eq!(pixel_hash(raster), half(whole.finalize()), "{}", raster.channels);
        }
        let see_through = stored(2, |v| vec![v, 254]);
        let on_side = Raster::new(height, width, 1, grey.clone()).unwrap();
        for other in [see_through, on_side] {
            assert_ne!(pixel_hash(&other), pixel_hash(&rasters[0]));
        }
    }

    #[test]
    fn only_what_is_wanted_is_computed() {
        let data: Vec<u8> = (0..40 * 30 * 4).map(|at| (at * at % 251) as u8).collect();
        let raster = Raster::new(40, 30, 4, data).unwrap();
        let all = Kinds::KEPT | Kinds::TURNED_256;
        for kinds in [
            Kinds::PIXELS,
            Kinds::FIGURES,
            Kinds::PHASH,
            Kinds::AHASH | Kinds::TURNED,
            Kinds::TURNED_256,
            all,
        ] {
            let held = media::decode_held(Payload::Raster(raster.clone())).unwrap();
            let mut signal = Signal::UNSEEN;
            let raw = compute(held, kinds, HashKind::Phash, &HandMade, &mut signal);
            assert_eq!(signal.has, kinds.without(Kinds::DESCRIBED));
            assert_eq!(raw.is_some(), kinds.contains(Kinds::DESCRIBED));
            let is_there = [
                signal.pixels != [0; 16],
                signal.figures != Figures::default(),
                signal.phash != 0,
                signal.ahash != 0,
                signal.turned != [0; 7],
                signal.turned_256 != [[0; 4]; 7],
            ];
            let parts =
                [Kinds::PIXELS, Kinds::FIGURES, Kinds::PHASH, Kinds::AHASH, Kinds::TURNED, Kinds::TURNED_256];
            assert_eq!(is_there, parts.map(|part| kinds.contains(part)));
        }
    }
}
