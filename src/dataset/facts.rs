//! What was measured of each sample's content, in chunks that snapshots share.
//!
//! Ingest fills these columns while views and filters read them.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use super::chunks::CHUNK;
use super::chunks::{Chunk, Chunks};
use super::{IssueKind, SampleId};

/// The encoding of an image, decided by its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum ImageFormat {
    /// Not measured yet, or not an image.
    #[default]
    Unknown = 0,
    Jpeg,
    Png,
    WebP,
    Gif,
    Bmp,
    Tiff,
    Tga,
    Qoi,
    Ico,
    Pnm,
    Farbfeld,
    Hdr,
    Exr,
    /// Pixels in an array (IDX, CIFAR, NumPy), with no encoding of their own.
    Raw,
}

impl ImageFormat {
    pub const ALL: [Self; 15] = [
        Self::Unknown,
        Self::Jpeg,
        Self::Png,
        Self::WebP,
        Self::Gif,
        Self::Bmp,
        Self::Tiff,
        Self::Tga,
        Self::Qoi,
        Self::Ico,
        Self::Pnm,
        Self::Farbfeld,
        Self::Hdr,
        Self::Exr,
        Self::Raw,
    ];

    /// The word used in queries, reports and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Tga => "tga",
            Self::Qoi => "qoi",
            Self::Ico => "ico",
            Self::Pnm => "pnm",
            Self::Farbfeld => "farbfeld",
            Self::Hdr => "hdr",
            Self::Exr => "exr",
            Self::Raw => "raw",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format of that discriminant; unknown numbers are [`Self::Unknown`].
    pub fn from_code(code: u8) -> Self {
        Self::ALL.get(code as usize).copied().unwrap_or_default()
    }
}

/// What a stored pixel is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum PixelKind {
    #[default]
    Unknown = 0,
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
    Palette,
    Cmyk,
}

impl PixelKind {
    pub const ALL: [Self; 7] =
        [Self::Unknown, Self::Grey, Self::GreyAlpha, Self::Rgb, Self::Rgba, Self::Palette, Self::Cmyk];

    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Grey => "grey",
            Self::GreyAlpha => "grey-alpha",
            Self::Rgb => "rgb",
            Self::Rgba => "rgba",
            Self::Palette => "palette",
            Self::Cmyk => "cmyk",
        }
    }

    pub fn from_code(code: u8) -> Self {
        Self::ALL.get(code as usize).copied().unwrap_or_default()
    }
}

/// What one pass over a sample's content found. A sample that could not be decoded has what was
/// still found, and its issues.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fact {
    /// Whether the sample was looked at since it last changed.
    pub measured: bool,
    pub format: ImageFormat,
    pub pixel_kind: PixelKind,
    /// Bits per channel as stored; 0 when unknown.
    pub bits: u8,
    /// EXIF orientation, 1 to 8; 1 when there is none.
    pub orientation: u8,
    /// Size in pixels after orientation is applied; 0 when unknown.
    pub width: u32,
    pub height: u32,
    /// Mean luma (Rec. 601) of the display pixels, 0 to 1; NaN when not decoded. Like the three that
    /// follow, it is of the image scaled down so that its longest side is at most 256 px, whatever
    /// its encoding.
    pub brightness: f32,
    /// Standard deviation of luma, 0 to 0.5; NaN when not decoded. Detail finer than a pixel of the
    /// scaled image does not count.
    pub contrast: f32,
    /// Mean HSV saturation, 0 to 1; NaN when not decoded.
    pub saturation: f32,
    /// Variance of the 3×3 Laplacian of luma (0 to 1); larger is sharper; NaN when not decoded.
    pub sharpness: f32,
    /// First 16 bytes of the BLAKE3 hash of the encoded bytes (of the pixels, for packed arrays).
    pub content: [u8; 16],
    /// [`IssueKind::bit`]s.
    pub issues: u16,
}

impl Fact {
    /// The facts of a sample that was not looked at yet.
    pub const UNMEASURED: Self = Self {
        measured: false,
        format: ImageFormat::Unknown,
        pixel_kind: PixelKind::Unknown,
        bits: 0,
        orientation: 1,
        width: 0,
        height: 0,
        brightness: f32::NAN,
        contrast: f32::NAN,
        saturation: f32::NAN,
        sharpness: f32::NAN,
        content: [0; 16],
        issues: 0,
    };

    pub fn has(&self, kind: IssueKind) -> bool {
        self.issues & kind.bit() != 0
    }
}

/// [`CHUNK`] rows of every column of [`Fact`].
#[derive(Clone, Debug, PartialEq)]
pub struct FactChunk {
    pub measured: Vec<bool>,
    pub format: Vec<ImageFormat>,
    pub pixel_kind: Vec<PixelKind>,
    pub bits: Vec<u8>,
    pub orientation: Vec<u8>,
    pub width: Vec<u32>,
    pub height: Vec<u32>,
    pub brightness: Vec<f32>,
    pub contrast: Vec<f32>,
    pub saturation: Vec<f32>,
    pub sharpness: Vec<f32>,
    pub content: Vec<[u8; 16]>,
    pub issues: Vec<u16>,
}

impl FactChunk {
    /// Nothing measured yet, for `rows` rows.
    pub fn new(rows: usize) -> Self {
        let none = Fact::UNMEASURED;
        Self {
            measured: vec![none.measured; rows],
            format: vec![none.format; rows],
            pixel_kind: vec![none.pixel_kind; rows],
            bits: vec![none.bits; rows],
            orientation: vec![none.orientation; rows],
            width: vec![none.width; rows],
            height: vec![none.height; rows],
            brightness: vec![none.brightness; rows],
            contrast: vec![none.contrast; rows],
            saturation: vec![none.saturation; rows],
            sharpness: vec![none.sharpness; rows],
            content: vec![none.content; rows],
            issues: vec![none.issues; rows],
        }
    }

    pub fn len(&self) -> usize {
        self.measured.len()
    }

    pub fn is_empty(&self) -> bool {
        self.measured.is_empty()
    }

    pub fn get(&self, row: usize) -> Fact {
        Fact {
            measured: self.measured[row],
            format: self.format[row],
            pixel_kind: self.pixel_kind[row],
            bits: self.bits[row],
            orientation: self.orientation[row],
            width: self.width[row],
            height: self.height[row],
            brightness: self.brightness[row],
            contrast: self.contrast[row],
            saturation: self.saturation[row],
            sharpness: self.sharpness[row],
            content: self.content[row],
            issues: self.issues[row],
        }
    }

    pub fn set(&mut self, row: usize, fact: &Fact) {
        self.measured[row] = fact.measured;
        self.format[row] = fact.format;
        self.pixel_kind[row] = fact.pixel_kind;
        self.bits[row] = fact.bits;
        self.orientation[row] = fact.orientation;
        self.width[row] = fact.width;
        self.height[row] = fact.height;
        self.brightness[row] = fact.brightness;
        self.contrast[row] = fact.contrast;
        self.saturation[row] = fact.saturation;
        self.sharpness[row] = fact.sharpness;
        self.content[row] = fact.content;
        self.issues[row] = fact.issues;
    }
}

impl Chunk for FactChunk {
    type Row = Fact;

    fn of_rows(rows: usize) -> Self {
        Self::new(rows)
    }

    fn rows(&self) -> usize {
        self.len()
    }

    fn row(&self, row: usize) -> Fact {
        self.get(row)
    }

    fn set_row(&mut self, row: usize, fact: &Fact) {
        self.set(row, fact);
    }
}

/// The measured columns of a whole dataset. Cloning shares the chunks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    chunks: Chunks<FactChunk>,
    measured: usize,
}

impl Facts {
    /// Nothing measured yet, for `samples` rows.
    pub fn new(samples: usize) -> Self {
        let mut facts = Self::default();
        facts.grow(samples);
        facts
    }

    /// Puts columns together from their chunks.
    pub fn from_chunks(chunks: Chunks<FactChunk>) -> Self {
        let count = |chunk: &Arc<FactChunk>| chunk.measured.iter().filter(|measured| **measured).count();
        let measured = chunks.chunks().iter().map(count).sum();
        Self { chunks, measured }
    }

    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// How many rows were measured.
    pub fn measured(&self) -> usize {
        self.measured
    }

    /// Appends unmeasured rows up to `samples` rows.
    pub fn grow(&mut self, samples: usize) {
        self.chunks.grow(samples);
    }

    pub fn get(&self, sample: SampleId) -> Fact {
        self.chunks.get(sample)
    }

    pub fn set(&mut self, sample: SampleId, fact: &Fact) {
        let at = sample as usize;
        let chunk = self.chunks.chunk_mut(at / CHUNK);
        self.measured -= usize::from(chunk.measured[at % CHUNK]);
        self.measured += usize::from(fact.measured);
        chunk.set(at % CHUNK, fact);
    }

    /// Takes in what was measured. Gives the samples of which an issue was known before: they were
    /// measured again. Samples that there is no row for are left out.
    pub fn learn(&mut self, measured: &[(SampleId, Fact)]) -> HashSet<SampleId> {
        let mut again = HashSet::new();
        let samples = self.len();
        for (sample, fact) in measured.iter().filter(|(sample, _)| (*sample as usize) < samples) {
            if self.get(*sample).issues != 0 {
                again.insert(*sample);
            }
            self.set(*sample, fact);
        }
        again
    }

    /// The chunks in row order; all but the last have [`CHUNK`] rows.
    pub fn chunks(&self) -> &[Arc<FactChunk>] {
        self.chunks.chunks()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_does_not_see_later_writes() {
        let mut facts = Facts::new(CHUNK + 3);
        let snapshot = facts.clone();
        let fact = Fact { measured: true, width: 7, ..Fact::UNMEASURED };
        facts.set(CHUNK as u32 + 1, &fact);
        assert_eq!(facts.get(CHUNK as u32 + 1).width, 7);
        assert_eq!(facts.measured(), 1);
        assert_eq!(snapshot.measured(), 0);
        assert_eq!(snapshot.get(CHUNK as u32 + 1).width, 0);
        assert!(Arc::ptr_eq(&facts.chunks()[0], &snapshot.chunks()[0]), "untouched chunks stay shared");
    }

    #[test]
    fn growing_keeps_what_was_there() {
        let mut facts = Facts::new(2);
        facts.set(1, &Fact { measured: true, height: 5, ..Fact::UNMEASURED });
        facts.grow(2 * CHUNK + 1);
        assert_eq!(facts.len(), 2 * CHUNK + 1);
        assert_eq!(facts.get(1).height, 5);
        assert_eq!(facts.chunks().iter().map(|chunk| chunk.len()).collect::<Vec<_>>(), [CHUNK, CHUNK, 1]);
    }

    #[test]
    fn names_and_codes_come_back() {
        for format in ImageFormat::ALL {
            assert_eq!(ImageFormat::from_name(format.name()), Some(format));
            assert_eq!(ImageFormat::from_code(format as u8), format);
        }
        for kind in PixelKind::ALL {
            assert_eq!(PixelKind::from_code(kind as u8), kind);
        }
        for kind in IssueKind::ALL {
            assert_eq!(IssueKind::from_name(kind.name()), Some(kind));
        }
    }
}
