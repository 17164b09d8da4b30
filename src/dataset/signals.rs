//! What was computed of each sample's pixels for analysis, in chunks that snapshots share: hashes,
//! figures of quality, a description.
//!
//! A column that nobody asked for takes no memory. All of it is plain numbers: this file refuses to
//! know how they are computed and what they mean.

use std::ops::BitOr;
use std::sync::Arc;

use super::SampleId;
use super::chunks::{CHUNK, Chunk, Chunks};

/// A set of kinds of signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kinds(u16);

impl Kinds {
    /// The stamp and the size alone.
    pub const NONE: Self = Self(0);
    pub const PIXELS: Self = Self(1);
    pub const AHASH: Self = Self(1 << 1);
    pub const DHASH: Self = Self(1 << 2);
    pub const PHASH: Self = Self(1 << 3);
    pub const WHASH: Self = Self(1 << 4);
    pub const PHASH_256: Self = Self(1 << 5);
    /// All hashes of the picture as it is.
    pub const HASHES: Self = Self(0b11_1110);
    pub const TURNED: Self = Self(1 << 6);
    pub const TURNED_256: Self = Self(1 << 7);
    pub const FIGURES: Self = Self(1 << 8);
    pub const DESCRIBED: Self = Self(1 << 9);
    pub const SKETCH: Self = Self(1 << 10);
    /// All that a project keeps.
    pub const KEPT: Self = Self(0x7FF & !Self::TURNED_256.0);

    /// Whether all of those are among these.
    pub fn contains(self, those: Self) -> bool {
        self.0 & those.0 == those.0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those among these.
    pub fn only(self, those: Self) -> Self {
        Self(self.0 & those.0)
    }

    pub fn without(self, those: Self) -> Self {
        Self(self.0 & !those.0)
    }

    /// As a number. A bit is used for one kind for ever.
    pub fn bits(self) -> u16 {
        self.0
    }

    /// Bits that this version does not know are left out.
    pub fn from_bits(bits: u16) -> Self {
        Self(bits & 0x7FF)
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, those: Self) -> Self {
        Self(self.0 | those.0)
    }
}

/// What the scores of quality are made of, see `analysis::quality`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// 5th and 99th percentile of brightness, 0 to 1.
    pub brightness_p5: f32,
    pub brightness_p99: f32,
    /// In bits.
    pub entropy: f32,
    /// Standard deviation of the small picture's edges, 0 to 255.
    pub edges: f32,
    /// Standard deviation of the counts in the small picture's histogram.
    pub spread: f32,
    /// Whether every pixel has the same red, green and blue.
    pub is_grey: bool,
}

/// What was computed of one sample. A value that it does not [have](Self::has) is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signal {
    /// [`Fact::content`](super::Fact::content) of the bytes that this is of; 0 where the sample was not looked at.
    pub content: [u8; 16],
    /// What was looked for.
    pub looked: Kinds,
    /// What was found of that: a picture of one value has no hash, and a broken one nothing.
    pub has: Kinds,
    /// Size in pixels, upright; 0 where it was not decoded.
    pub width: u32,
    pub height: u32,
    /// First half of a hash of the size and the upright pixels.
    pub pixels: [u8; 16],
    pub ahash: u64,
    pub dhash: u64,
    pub phash: u64,
    pub whash: u64,
    pub phash_256: [u64; 4],
    /// A hash of 64 bits under the seven symmetries other than none, in the order of
    /// `analysis::Symmetry::all`: of pHash, unless a pass on the command line was asked for another.
    pub turned: [u64; 7],
    /// The pHash of 256 bits under them; no project keeps it.
    pub turned_256: [[u64; 4]; 7],
    pub figures: Figures,
    /// The whitened description: a unit vector in 360ths, see `analysis::whiten`.
    pub described: [i8; 128],
    /// Which whitening it is by; those by different ones cannot be compared.
    pub described_by: u32,
    /// A very small picture that can be turned, see `analysis::sketch`.
    pub sketch: [u8; 246],
}

impl Signal {
    /// The signals of a sample that was not looked at yet.
    pub const UNSEEN: Self = Self {
        content: [0; 16],
        looked: Kinds::NONE,
        has: Kinds::NONE,
        width: 0,
        height: 0,
        pixels: [0; 16],
        ahash: 0,
        dhash: 0,
        phash: 0,
        whash: 0,
        phash_256: [0; 4],
        turned: [0; 7],
        turned_256: [[0; 4]; 7],
        figures: Figures {
            brightness_p5: 0.0,
            brightness_p99: 0.0,
            entropy: 0.0,
            edges: 0.0,
            spread: 0.0,
            is_grey: false,
        },
        described: [0; 128],
        described_by: 0,
        sketch: [0; 246],
    };
}

/// Up to [`CHUNK`] rows of every column of [`Signal`]. Those after `height` are
/// empty while no row has a value there.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalChunk {
    pub content: Vec<[u8; 16]>,
    pub looked: Vec<Kinds>,
    pub has: Vec<Kinds>,
    pub width: Vec<u32>,
    pub height: Vec<u32>,
    pub pixels: Vec<[u8; 16]>,
    pub ahash: Vec<u64>,
    pub dhash: Vec<u64>,
    pub phash: Vec<u64>,
    pub whash: Vec<u64>,
    pub phash_256: Vec<[u64; 4]>,
    pub turned: Vec<[u64; 7]>,
    pub turned_256: Vec<[[u64; 4]; 7]>,
    pub figures: Vec<Figures>,
    pub described: Vec<[i8; 128]>,
    pub described_by: Vec<u32>,
    pub sketch: Vec<[u8; 246]>,
}

impl SignalChunk {
    /// Nothing looked at yet, for `rows` rows.
    pub fn new(rows: usize) -> Self {
        Self {
            content: vec![[0; 16]; rows],
            looked: vec![Kinds::NONE; rows],
            has: vec![Kinds::NONE; rows],
            width: vec![0; rows],
            height: vec![0; rows],
            pixels: Vec::new(),
            ahash: Vec::new(),
            dhash: Vec::new(),
            phash: Vec::new(),
            whash: Vec::new(),
            phash_256: Vec::new(),
            turned: Vec::new(),
            turned_256: Vec::new(),
            figures: Vec::new(),
            described: Vec::new(),
            described_by: Vec::new(),
            sketch: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.content.len()
    }

    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    pub fn get(&self, row: usize) -> Signal {
        let none = Signal::UNSEEN;
        Signal {
            content: self.content[row],
            looked: self.looked[row],
            has: self.has[row],
            width: self.width[row],
            height: self.height[row],
            pixels: value(&self.pixels, row, none.pixels),
            ahash: value(&self.ahash, row, none.ahash),
            dhash: value(&self.dhash, row, none.dhash),
            phash: value(&self.phash, row, none.phash),
            whash: value(&self.whash, row, none.whash),
            phash_256: value(&self.phash_256, row, none.phash_256),
            turned: value(&self.turned, row, none.turned),
            turned_256: value(&self.turned_256, row, none.turned_256),
            figures: value(&self.figures, row, none.figures),
            described: value(&self.described, row, none.described),
            described_by: value(&self.described_by, row, none.described_by),
            sketch: value(&self.sketch, row, none.sketch),
        }
    }

    pub fn set(&mut self, row: usize, signal: &Signal) {
        let (rows, none) = (self.len(), Signal::UNSEEN);
        self.content[row] = signal.content;
        self.looked[row] = signal.looked;
        self.has[row] = signal.has;
        self.width[row] = signal.width;
        self.height[row] = signal.height;
        put(&mut self.pixels, rows, row, signal.pixels, none.pixels);
        put(&mut self.ahash, rows, row, signal.ahash, none.ahash);
        put(&mut self.dhash, rows, row, signal.dhash, none.dhash);
        put(&mut self.phash, rows, row, signal.phash, none.phash);
        put(&mut self.whash, rows, row, signal.whash, none.whash);
        put(&mut self.phash_256, rows, row, signal.phash_256, none.phash_256);
        put(&mut self.turned, rows, row, signal.turned, none.turned);
        put(&mut self.turned_256, rows, row, signal.turned_256, none.turned_256);
        put(&mut self.figures, rows, row, signal.figures, none.figures);
        put(&mut self.described, rows, row, signal.described, none.described);
        put(&mut self.described_by, rows, row, signal.described_by, none.described_by);
        put(&mut self.sketch, rows, row, signal.sketch, none.sketch);
    }
}

fn value<T: Copy>(column: &[T], row: usize, none: T) -> T {
    column.get(row).copied().unwrap_or(none)
}

/// A column comes to be with its first value.
fn put<T: Copy + PartialEq>(column: &mut Vec<T>, rows: usize, row: usize, value: T, none: T) {
    if column.is_empty() && value != none {
        *column = vec![none; rows];
    }
    if let Some(cell) = column.get_mut(row) {
        *cell = value;
    }
}

impl Chunk for SignalChunk {
    type Row = Signal;

    fn of_rows(rows: usize) -> Self {
        Self::new(rows)
    }

    fn rows(&self) -> usize {
        self.len()
    }

    fn row(&self, row: usize) -> Signal {
        self.get(row)
    }

    fn set_row(&mut self, row: usize, signal: &Signal) {
        self.set(row, signal);
    }
}

/// The signals of a whole dataset. Cloning shares the chunks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals(Chunks<SignalChunk>);

impl Signals {
    /// Nothing looked at yet, for `samples` rows.
    pub fn new(samples: usize) -> Self {
        let mut signals = Self::default();
        signals.grow(samples);
        signals
    }

    pub fn from_chunks(chunks: Chunks<SignalChunk>) -> Self {
        Self(chunks)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends rows that were not looked at, up to `samples` rows.
    pub fn grow(&mut self, samples: usize) {
        self.0.grow(samples);
    }

    pub fn get(&self, sample: SampleId) -> Signal {
        self.0.get(sample)
    }

    pub fn set(&mut self, sample: SampleId, signal: &Signal) {
        self.0.set(sample, signal);
    }

    /// The chunks in row order; all but the last have [`CHUNK`] rows.
    pub fn chunks(&self) -> &[Arc<SignalChunk>] {
        self.0.chunks()
    }

    /// Whether a sample of that [`Fact::content`](super::Fact::content) was looked at for all that is wanted.
    pub fn is_current(&self, sample: SampleId, content: &[u8; 16], wanted: Kinds) -> bool {
        let (chunk, row) = (&self.chunks()[sample as usize / CHUNK], sample as usize % CHUNK);
        chunk.content[row] != [0; 16] && chunk.content[row] == *content && chunk.looked[row].contains(wanted)
    }

    /// Forgets the descriptions by every whitening but this one: they are looked for again.
    pub fn keep_described_by(&mut self, whitening: u32) {
        for number in 0..self.chunks().len() {
            let chunk = &self.chunks()[number];
            let is_other = |row: &usize| {
                chunk.looked[*row].contains(Kinds::DESCRIBED)
                    && value(&chunk.described_by, *row, 0) != whitening
            };
            let rows: Vec<usize> = (0..chunk.len()).filter(is_other).collect();
            if rows.is_empty() {
                continue;
            }
            let chunk = self.0.chunk_mut(number);
            for row in rows {
                let mut signal = chunk.get(row);
                signal.looked = signal.looked.without(Kinds::DESCRIBED);
                signal.has = signal.has.without(Kinds::DESCRIBED);
                (signal.described, signal.described_by) = ([0; 128], 0);
                chunk.set(row, &signal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_take_memory_only_where_there_are_values() {
        let mut signals = Signals::new(CHUNK + 2);
        let shared = signals.clone();
        let signal = Signal {
            content: [7; 16],
            looked: Kinds::PHASH | Kinds::PIXELS,
            has: Kinds::PHASH,
            phash: 9,
            ..Signal::UNSEEN
        };
        signals.set(CHUNK as SampleId, &signal);
        assert_eq!(signals.get(CHUNK as SampleId), signal);
        assert_eq!(signals.get(CHUNK as SampleId + 1), Signal::UNSEEN);
        assert_eq!(shared.get(CHUNK as SampleId), Signal::UNSEEN);
        assert!(Arc::ptr_eq(&shared.chunks()[0], &signals.chunks()[0]), "untouched chunks stay shared");
        let chunk = &signals.chunks()[1];
        assert_eq!((chunk.phash.len(), chunk.ahash.len(), chunk.described.len()), (2, 0, 0));
        signals.grow(CHUNK + 5);
        assert_eq!(signals.get(CHUNK as SampleId), signal);
        assert_eq!((signals.len(), signals.chunks()[1].phash.len()), (CHUNK + 5, 5));
    }

    #[test]
    fn a_row_is_current_for_what_was_looked_for_in_the_content_that_there_is() {
        let looked = Kinds::PHASH | Kinds::FIGURES;
        for (stamp, content, wanted, expected) in [
            (3, 3, looked, true),
            (3, 3, Kinds::PHASH, true),
            (3, 4, looked, false),
            (3, 3, Kinds::KEPT, false),
            (0, 0, Kinds::NONE, false),
        ] {
            let mut signals = Signals::new(1);
            signals.set(0, &Signal { content: [stamp; 16], looked, ..Signal::UNSEEN });
            assert_eq!(signals.is_current(0, &[content; 16], wanted), expected, "{stamp} {content}");
        }
    }

    #[test]
    fn descriptions_by_another_whitening_are_forgotten() {
        let by = |whitening| Signal {
            content: [1; 16],
            looked: Kinds::KEPT,
            has: Kinds::KEPT,
            phash: 5,
            described: [3; 128],
            described_by: whitening,
            ..Signal::UNSEEN
        };
        let mut signals = Signals::new(3);
        // One that has no description was looked at for it all the same.
        let without = Signal { has: Kinds::NONE, described: [0; 128], ..by(4) };
        [by(4), by(9), without].iter().enumerate().for_each(|(at, signal)| signals.set(at as u32, signal));
        signals.keep_described_by(4);
        assert_eq!((signals.get(0), signals.get(2)), (by(4), without));
        let forgotten = signals.get(1);
        assert!(!forgotten.looked.contains(Kinds::DESCRIBED) && !forgotten.has.contains(Kinds::DESCRIBED));
        assert_eq!((forgotten.phash, forgotten.described[0]), (5, 0));
    }
}
