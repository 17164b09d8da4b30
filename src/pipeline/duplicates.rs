//! Samples that are copies of each other, by one kind of evidence.

use rayon::prelude::*;

use super::signals::Wanted;
use crate::analysis::HashKind;
use crate::analysis::evidence::{self, By, Found};
use crate::analysis::groups::{Forest, Groups};
use crate::analysis::hamming::{Join, Pair, distinct, join, join_with};
use crate::analysis::neighbours::{Close, KEPT, NONE, Near, Neighbours, search};
use crate::analysis::outliers::{scale_free, scale_free_bound};
use crate::analysis::whiten::{SCALE, Whitened};
use crate::dataset::chunks::CHUNK;
use crate::dataset::{Kinds, SampleId, Signal, Signals};
use crate::jobs::{Cancelled, Control};
use crate::review::{Method, thousandths_below};

/// Pairs that are kept at most; where there are more the threshold becomes lower.
pub const MAX_PAIRS: usize = 20_000_000;

/// What a pass over the samples has to compute for a method.
pub fn wanted(method: Method, symmetries: bool) -> Wanted<'static> {
    let turned = if symmetries { Kinds::TURNED } else { Kinds::NONE };
    let (kinds, turned_of) = match method {
        Method::Combined => {
            (Kinds::PIXELS | Kinds::PHASH | Kinds::DESCRIBED | Kinds::SKETCH | turned, HashKind::Phash)
        }
        Method::Descriptor => (Kinds::DESCRIBED, HashKind::Phash),
        Method::File => (Kinds::NONE, HashKind::Phash),
        Method::Pixels => (Kinds::PIXELS, HashKind::Phash),
        Method::Ahash => (Kinds::AHASH | turned, HashKind::Ahash),
        Method::Dhash => (Kinds::DHASH | turned, HashKind::Dhash),
        Method::Phash => (Kinds::PHASH | turned, HashKind::Phash),
        Method::Whash => (Kinds::WHASH | turned, HashKind::Whash),
        Method::LongPhash if symmetries => (Kinds::PHASH_256 | Kinds::TURNED_256, HashKind::LongPhash),
        Method::LongPhash => (Kinds::PHASH_256, HashKind::LongPhash),
    };
    Wanted { kinds, turned: turned_of, ..Wanted::KEPT }
}

/// Words of 64 bits that the hash of a method has; 0 where it has none.
pub fn words(method: Method) -> usize {
    match method {
        Method::Ahash | Method::Dhash | Method::Phash | Method::Whash => 1,
        Method::File | Method::Pixels => 2,
        Method::LongPhash => 4,
        Method::Combined | Method::Descriptor => 0,
    }
}

/// The hash of a sample, as [words]; the others are 0.
pub fn hash(method: Method, signal: &Signal) -> Option<[u64; 4]> {
    let halves = |hash: u128| [(hash >> 64) as u64, hash as u64, 0, 0];
    let (kind, hash) = match method {
        Method::Combined | Method::Descriptor => return None,
        Method::File if signal.content == [0; 16] => return None,
        Method::File => (Kinds::NONE, halves(u128::from_be_bytes(signal.content))),
        Method::Pixels => (Kinds::PIXELS, halves(u128::from_be_bytes(signal.pixels))),
        Method::Ahash => (Kinds::AHASH, [signal.ahash, 0, 0, 0]),
        Method::Dhash => (Kinds::DHASH, [signal.dhash, 0, 0, 0]),
        Method::Phash => (Kinds::PHASH, [signal.phash, 0, 0, 0]),
        Method::Whash => (Kinds::WHASH, [signal.whash, 0, 0, 0]),
        Method::LongPhash => (Kinds::PHASH_256, signal.phash_256),
    };
    signal.has.contains(kind).then_some(hash)
}

/// What hangs together.
pub struct Duplicates {
    /// Places in the rows that were asked about, `a < b`. Of samples of one hash each is paired with the
    /// first.
    pub pairs: Vec<Pair>,
    /// What found each pair; empty where one method alone found all.
    pub by: Vec<By>,
    pub forest: Forest,
    pub groups: Groups,
    /// The threshold that is complete: lower than what was asked for where there were too many pairs.
    pub threshold: u32,
    /// Whether pairs of equal hashes or descriptions were too many, so that some are missing.
    pub is_partial: bool,
    /// The nearest neighbours by the descriptor, where the method finds them on the way.
    pub neighbours: Option<Neighbours>,
}

/// Finds the duplicates among these samples within a number of bits; exact, no pair is missed. The
/// signals are what the method [wants](wanted).
pub fn duplicates(
    signals: &Signals,
    samples: &[SampleId],
    method: Method,
    symmetries: bool,
    threshold: u32,
    control: &Control,
) -> Result<Duplicates, Cancelled> {
    match method {
        Method::Combined => return combined(signals, samples, symmetries, threshold, control),
        Method::Descriptor => return by_descriptor(&described(signals, samples), threshold, control),
        _ => {}
    }
    let mut hashed = Hashed { rows: Vec::new(), hashes: Vec::new(), turned: Vec::new() };
    for (row, sample) in samples.iter().enumerate() {
        let signal = signals.get(*sample);
        let Some(hash) = hash(method, &signal) else { continue };
        hashed.rows.push(row as u32);
        hashed.hashes.push(hash);
        if symmetries {
            hashed.turned.push(match method {
                Method::LongPhash => signal.turned_256,
                _ => signal.turned.map(|hash| [hash, 0, 0, 0]),
            });
        }
    }
    let (mut pairs, reached, is_partial) = match method {
        Method::File | Method::Pixels => (hashed.equal(), threshold, false),
        Method::LongPhash => hashed.near::<4, 32>(threshold, MAX_PAIRS, control)?,
        _ => hashed.near::<1, 8>(threshold, MAX_PAIRS, control)?,
    };
    pairs.sort_unstable();
    pairs.dedup_by_key(|pair| (pair.a, pair.b));
    pairs.retain(|pair| u32::from(pair.distance) <= reached);
    let found = Duplicates::new(samples.len(), pairs, Vec::new(), reached, None);
    Ok(Duplicates { is_partial, ..found })
}

/// The duplicates by all evidence together.
fn combined(
    signals: &Signals,
    samples: &[SampleId],
    symmetries: bool,
    threshold: u32,
    control: &Control,
) -> Result<Duplicates, Cancelled> {
    let row = |sample: &SampleId| {
        let (chunk, row) = (&signals.chunks()[*sample as usize / CHUNK], *sample as usize % CHUNK);
        let has = |kind: Kinds| chunk.has[row].contains(kind);
        evidence::Row {
            // Files that show nothing are issues, whatever they have in common.
            file: if chunk.width[row] > 0 { chunk.content[row] } else { [0; 16] },
            pixels: chunk.pixels.get(row).copied().unwrap_or_default(),
            phash: chunk.phash.get(row).copied().filter(|_| has(Kinds::PHASH)),
            turned: chunk.turned.get(row).filter(|_| symmetries && has(Kinds::TURNED)),
            described: chunk.described.get(row).filter(|_| has(Kinds::DESCRIBED)),
            sketch: chunk.sketch.get(row).filter(|_| has(Kinds::SKETCH)),
        }
    };
    let rows: Vec<evidence::Row<'_>> = samples.iter().map(row).collect();
    let Found { pairs, by, radius, is_partial, neighbours } = evidence::find(&rows, MAX_PAIRS, control)?;
    drop(rows);
    let threshold = threshold.min(radius.into());
    let near = pairs.partition_point(|pair| u32::from(pair.distance) <= threshold);
    let mut both: Vec<(Pair, By)> = pairs.into_iter().zip(by).take(near).collect();
    both.par_sort_unstable_by_key(|(pair, _)| *pair);
    let (pairs, by): (Vec<Pair>, Vec<By>) = both.into_iter().unzip();
    let found = Duplicates::new(samples.len(), pairs, by, threshold, Some(neighbours));
    Ok(Duplicates { is_partial, ..found })
}

/// The duplicates by the descriptor alone, within the [scale](scale_free) of the dataset itself, and what
/// that is, in thousandths: the same as [`duplicates`] within it, in one search of all pairs instead of one
/// for the scale and another within it.
pub fn by_scale(
    signals: &Signals,
    samples: &[SampleId],
    control: &Control,
) -> Result<(Duplicates, u32), Cancelled> {
    let rows = described(signals, samples);
    let bound = thousandths_below(scale_free_bound(&rows, control)?);
    let near = search(&rows, KEPT, squared(bound), MAX_PAIRS, control)?;
    let threshold = thousandths_below(scale_free(&near.neighbours));
    match threshold <= bound {
        true => Ok((within(near, rows.len(), threshold), threshold)),
        // The few that the bound is of were not like the others.
        false => Ok((by_descriptor(&rows, threshold, control)?, threshold)),
    }
}

/// The duplicates by the descriptor alone: distances are thousandths of those of unit vectors.
fn by_descriptor(
    rows: &[Option<&Whitened>],
    threshold: u32,
    control: &Control,
) -> Result<Duplicates, Cancelled> {
    Ok(within(search(rows, KEPT, squared(threshold), MAX_PAIRS, control)?, rows.len(), threshold))
}

/// Thousandths as a squared distance of whole numbers, rounded so that what is told as the threshold is
/// within it.
fn squared(thousandths: u32) -> u32 {
    ((f64::from(thousandths) + 0.5) / 1000.0 * f64::from(SCALE)).powi(2) as u32
}

/// What of a search by the descriptor is within a threshold.
fn within(found: Near, rows: usize, threshold: u32) -> Duplicates {
    let thousandths = |squared: u32| (f64::from(squared).sqrt() / f64::from(SCALE) * 1000.0).round();
    let near = |close: &Close| Pair {
        a: close.a,
        b: close.b,
        distance: thousandths(close.distance).min(65_535.0) as u16,
    };
    let mut pairs: Vec<Pair> = found.pairs.iter().map(near).collect();
    // Rows of one description are no pairs of the search: each belongs to the first.
    for (row, place) in found.neighbours.place_of.iter().enumerate().filter(|(_, place)| **place != NONE) {
        let first = found.neighbours.first[*place as usize];
        if first as usize != row {
            pairs.push(Pair { a: first, b: row as u32, distance: 0 });
        }
    }
    let complete = found.radius.map_or(0, |radius| (thousandths(radius) as u32).saturating_sub(1));
    let is_whole = found.radius.is_some_and(|radius| radius >= squared(threshold));
    let reached = if is_whole { threshold } else { complete.min(threshold) };
    pairs.retain(|pair| u32::from(pair.distance) <= reached);
    pairs.par_sort_unstable();
    Duplicates::new(rows, pairs, Vec::new(), reached, Some(found.neighbours))
}

/// The description of each of these samples.
pub fn described<'a>(signals: &'a Signals, samples: &[SampleId]) -> Vec<Option<&'a Whitened>> {
    let of = |sample: &SampleId| {
        let (chunk, row) = (&signals.chunks()[*sample as usize / CHUNK], *sample as usize % CHUNK);
        chunk.described.get(row).filter(|_| chunk.has[row].contains(Kinds::DESCRIBED))
    };
    samples.iter().map(of).collect()
}

impl Duplicates {
    fn new(
        rows: usize,
        pairs: Vec<Pair>,
        by: Vec<By>,
        threshold: u32,
        neighbours: Option<Neighbours>,
    ) -> Self {
        let forest = Forest::new(rows, &pairs);
        let groups = forest.groups(threshold);
        Self { pairs, by, forest, groups, threshold, is_partial: false, neighbours }
    }
}

/// Rows that have a hash.
struct Hashed {
    rows: Vec<u32>,
    hashes: Vec<[u64; 4]>,
    /// The hashes under the other seven symmetries; none where they are not asked for.
    turned: Vec<[[u64; 4]; 7]>,
}

impl Hashed {
    /// Pairs of rows of one hash: each with the first.
    fn equal(&self) -> Vec<Pair> {
        let (_, place_of) = distinct(&self.hashes);
        let first = self.first_of(&place_of);
        let pair = |(row, place): (&u32, &u32)| Pair { a: first[*place as usize], b: *row, distance: 0 };
        self.rows.iter().zip(&place_of).map(pair).filter(|pair| pair.a != pair.b).collect()
    }

    /// Pairs of rows within a threshold, the threshold that is complete, and whether even at 0 some
    /// are missing. `W` is the words of a hash and `ALL` those of all eight; as they
    /// are and turned, at most `most` pairs each are found.
    fn near<const W: usize, const ALL: usize>(
        &self,
        threshold: u32,
        most: usize,
        control: &Control,
    ) -> Result<(Vec<Pair>, u32, bool), Cancelled> {
        let mut pairs = self.equal();
        let (mut reached, mut is_partial) = (threshold, false);
        let mut add = |found: Join, first: &[u32]| {
            reached = reached.min(found.radius);
            is_partial |= !found.is_complete;
            pairs.extend(found.pairs.into_iter().map(|pair| {
                let (a, b) = (first[pair.a as usize], first[pair.b as usize]);
                Pair { a: a.min(b), b: a.max(b), distance: pair.distance }
            }));
        };
        let cut = |hash: &[u64; 4]| -> [u64; W] { std::array::from_fn(|word| hash[word]) };
        // The first row of each hash stands for all of them.
        let (once, place_of) = distinct(&self.hashes);
        let once: Vec<[u64; W]> = once.iter().map(cut).collect();
        add(join(&once, threshold, most, control)?, &self.first_of(&place_of));
        if !self.turned.is_empty() {
            // Pictures of one hash can have different ones when they are turned: here the first row of
            // all eight stands for those that have the same.
            let eight = |(hash, turned): (&[u64; 4], &[[u64; 4]; 7])| -> [u64; ALL] {
                std::array::from_fn(|at| match at / W {
                    0 => hash[at],
                    symmetry => turned[symmetry - 1][at % W],
                })
            };
            let all: Vec<[u64; ALL]> = self.hashes.iter().zip(&self.turned).map(eight).collect();
            let (once, place_of) = distinct(&all);
            let under = |symmetry: usize| {
                let word = move |hashes: &[u64; ALL]| -> [u64; W] {
                    std::array::from_fn(|word| hashes[symmetry * W + word])
                };
                once.iter().map(word).collect::<Vec<[u64; W]>>()
            };
            let others: Vec<[u64; W]> = (1..8).flat_map(under).collect();
            add(join_with(&under(0), &others, threshold, most, control)?, &self.first_of(&place_of));
        }
        Ok((pairs, reached, is_partial))
    }

    /// The first row of each of the places.
    fn first_of(&self, place_of: &[u32]) -> Vec<u32> {
        let places = place_of.iter().max().map_or(0, |last| *last as usize + 1);
        let mut first = vec![u32::MAX; places];
        for (row, place) in self.rows.iter().zip(place_of).rev() {
            first[*place as usize] = *row;
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pairs among samples of these hashes and of that hash when mirrored.
    fn found(hashes: &[(u64, u64)], symmetries: bool, threshold: u32) -> Vec<(u32, u32, u16)> {
        let mut signals = Signals::new(hashes.len());
        for (sample, (dhash, mirrored)) in hashes.iter().enumerate() {
            let mut turned: [u64; 7] = std::array::from_fn(|at| !0 << (8 * at) ^ dhash.rotate_left(31));
            turned[3] = *mirrored;
            let has = Kinds::DHASH | Kinds::TURNED;
            signals.set(sample as u32, &Signal { has, dhash: *dhash, turned, ..Signal::UNSEEN });
        }
        let samples: Vec<SampleId> = (0..hashes.len() as u32).collect();
        let found =
            duplicates(&signals, &samples, Method::Dhash, symmetries, threshold, &Control::new()).unwrap();
        found.pairs.iter().map(|pair| (pair.a, pair.b, pair.distance)).collect()
    }

    #[test]
    fn pictures_of_one_hash_are_told_apart_by_what_they_are_when_turned() {
        let (x, y, far) = (0x0F0F_1234_5678_9ABC, 0xC0FF_EE00_1234_5678, 0x5555_AAAA_5555_AAAA);
        // The second has the hash of the first, and it alone is the third when mirrored.
        let hashes = [(x, far), (x, y), (y, !x)];
        assert_eq!(found(&hashes, false, 2), [(0, 1, 0)]);
        assert_eq!(found(&hashes, true, 2), [(0, 1, 0), (1, 2, 0)]);
    }

    #[test]
    fn more_equal_turned_pictures_than_there_is_room_for_are_told() {
        // All have one hash and are told apart by one of the turned ones: every two are a pair at 0.
        let turned = |at: u64| std::array::from_fn(|symmetry| [if symmetry == 0 { at } else { 7 }, 0, 0, 0]);
        let hashed = Hashed {
            rows: (0..6).collect(),
            hashes: vec![[7, 0, 0, 0]; 6],
            turned: (0..6).map(|at| turned(at << 20)).collect(),
        };
        for (most, is_partial) in [(15, false), (14, true)] {
            let (_, reached, partial) = hashed.near::<1, 8>(3, most, &Control::new()).unwrap();
            assert_eq!(partial, is_partial, "{most}");
            assert!(reached == 3 || is_partial);
        }
    }

    #[test]
    fn a_broken_file_is_no_copy_by_all_evidence_and_one_by_its_bytes() {
        let mut signals = Signals::new(3);
        for sample in 0..3 {
            // The last could be decoded.
            let width = u32::from(sample == 2);
            signals.set(sample, &Signal { content: [5; 16], width, height: width, ..Signal::UNSEEN });
        }
        for (method, pairs) in [(Method::Combined, 0), (Method::File, 2)] {
            let found = duplicates(&signals, &[0, 1, 2], method, false, 0, &Control::new()).unwrap();
            assert_eq!(found.pairs.len(), pairs, "{method:?}");
        }
    }

    #[test]
    fn a_sample_without_a_hash_is_like_nothing() {
        let mut signals = Signals::new(3);
        signals.set(1, &Signal { has: Kinds::DHASH, ..Signal::UNSEEN });
        for method in [Method::File, Method::Pixels, Method::Dhash, Method::LongPhash] {
            let found = duplicates(&signals, &[0, 1, 2], method, false, 10, &Control::new()).unwrap();
            assert_eq!((found.pairs.len(), found.groups.len()), (0, 0), "{method:?}");
        }
    }
    #[test]
    fn one_search_within_the_scale_finds_what_two_find() {
        // Any descriptions, some of them near each other and some the same: more than the bound looks at.
        let described = |row: u32| -> Whitened {
            let (kind, jitter) = match row % 10 {
                0 => (row / 10 % 12, row % 3),
                1 => (row / 100, 0),
                _ => (row + 1000, 0),
            };
            let number = |at: usize, seed: u32| {
                let mixed =
                    (at as u32 + 1).wrapping_mul(2_654_435_761).wrapping_add(seed.wrapping_mul(40_503_551));
                (mixed ^ mixed >> 15).wrapping_mul(2_246_822_519) >> 26
            };
            std::array::from_fn(|at| {
                let near = if at == 5 { jitter as i8 } else { 0 };
                number(at, kind) as i8 - 32 + near
            })
        };
        for (rows, equal) in [(0u32, false), (1, false), (40, false), (700, false), (30, true)] {
            let mut signals = Signals::new(rows as usize);
            for row in 0..rows {
                let described = described(if equal { 3 } else { row });
                signals.set(row, &Signal { has: Kinds::DESCRIBED, described, ..Signal::UNSEEN });
            }
            let samples: Vec<u32> = (0..rows).collect();
            let control = Control::new();
            let (found, threshold) = by_scale(&signals, &samples, &control).unwrap();
            let expected =
                duplicates(&signals, &samples, Method::Descriptor, false, threshold, &control).unwrap();
            assert_eq!(found.pairs, expected.pairs, "{rows} {equal}");
            assert_eq!((found.threshold, found.is_partial), (expected.threshold, expected.is_partial));
            let (found, expected) = (found.neighbours.unwrap(), expected.neighbours.unwrap());
            assert_eq!(threshold, thousandths_below(scale_free(&expected)));
            assert_eq!(found, expected);
            assert!(rows < 700 || !found.rows.is_empty() && threshold > 0);
        }
    }
}
