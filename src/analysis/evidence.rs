//! Near-duplicates by all that is known of two samples: the file, the pixels, the perceptual hash, the
//! descriptor and a sketch that is laid on the other. One distance for all.
//!
//! Two samples are candidates where their hashes or their descriptions are near each other; each
//! candidate is judged by [`likeness`]. What a hash or a description adds to the distance grows with
//! it, so that no pair within the radius is missed.
//!
//! Samples that are the same count once: as many identical ones as there may be are as many pairs, not
//! their square.

use std::collections::HashMap;
use std::hash::Hash;

use rayon::prelude::*;

use super::hamming::{self, Pair};
use super::likeness;
use super::neighbours::{self, KEPT, NONE, Neighbours};
use super::sketch::{self, Sketch};
use super::symmetry::Symmetry;
use super::whiten::Whitened;
use crate::jobs::{Cancelled, Control};

/// Distances of pairs that are told go up to here, in thousandths of [`likeness`]'s.
pub const RADIUS: u16 = 1500;
/// Up to here two samples are near-duplicates unless a person says otherwise.
pub const THRESHOLD: u16 = 920;

/// A picture with less contrast, in steps of 256, has nothing to compare.
const PLAIN: f32 = 1.0;
/// Candidates that a thread judges at once.
const BLOCK: usize = 1024;

/// What is known of a sample. What is missing is no evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// A hash of the file's bytes and one of the oriented pixels; all 0 where it is not known.
    pub file: [u8; 16],
    pub pixels: [u8; 16],
    pub phash: Option<u64>,
    /// The pHash under the other seven symmetries, in the order of [`Symmetry::all`]; where mirrored and
    /// turned copies are not asked for, leave it out.
    pub turned: Option<&'a [u64; 7]>,
    pub described: Option<&'a Whitened>,
    pub sketch: Option<&'a Sketch>,
}

/// What tells that two samples are alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct By(u8);

impl By {
    const FILE: u8 = 1;
    const PIXELS: u8 = 2;
    const PHASH: u8 = 4;
    const DESCRIPTOR: u8 = 8;
    const SYMMETRY: u8 = 4;

    /// The same bytes in the file.
    pub fn file(self) -> bool {
        self.0 & Self::FILE != 0
    }

    /// The same pixels, however they are stored.
    pub fn pixels(self) -> bool {
        self.0 & Self::PIXELS != 0
    }

    /// The perceptual hashes differ in few bits, under [`symmetry`](Self::symmetry).
    pub fn phash(self) -> bool {
        self.0 & Self::PHASH != 0
    }

    /// The descriptions are near each other.
    pub fn descriptor(self) -> bool {
        self.0 & Self::DESCRIPTOR != 0
    }

    /// How the second has to be laid to look like the first.
    pub fn symmetry(self) -> Symmetry {
        Symmetry::all()[usize::from(self.0 >> Self::SYMMETRY & 7)]
    }

    /// All of it in one byte, to keep.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// What [`bits`](Self::bits) gave.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// What is the same and what is near, under a symmetry of the second by its place among all.
    fn of(one: &Row, two: &Row, symmetry: usize) -> Self {
        let mut bits = (symmetry as u8) << Self::SYMMETRY;
        let mut set = |is: bool, bit: u8| bits |= if is { bit } else { 0 };
        set(is_known(one.file) && one.file == two.file, Self::FILE);
        set(is_known(one.pixels) && one.pixels == two.pixels, Self::PIXELS);
        let most = f32::from(RADIUS) / 1000.0;
        set(apart(one, two, symmetry).is_some_and(|bits| likeness::of_bits(bits) <= most), Self::PHASH);
        set(
            symmetry == 0
                && described_apart(one, two).is_some_and(|far| likeness::of_descriptions(far) <= most),
            Self::DESCRIPTOR,
        );
        Self(bits)
    }
}

/// The pairs that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Every pair within `radius`, by (distance, a, b), `a < b`. Of samples with the same file or pixels
    /// each is paired with the first, at distance 0, and only the first with others; so are those of
    /// which hash, description and sketch are the same, at distance 1.
    pub pairs: Vec<Pair>,
    /// What each pair was found by.
    pub by: Vec<By>,
    /// The largest distance up to which no pair is missing: [`RADIUS`], or less where there were too
    /// many.
    pub radius: u16,
    /// Whether so many samples have one hash or one description that they were not compared each with
    /// each but with the first of them: some pairs within `radius` are missing.
    pub is_partial: bool,
    /// Those nearest to each by the descriptor, which the same pass finds.
    pub neighbours: Neighbours,
}

/// Finds all pairs within [`RADIUS`]; where there are more than `most`, within the largest radius at
/// which there are not. Pairs of samples that are the same are always told: they are fewer than rows.
///
/// Beside what [`neighbours::search`] takes, this takes some 100 bytes a row and 40 × `most`.
pub fn find(rows: &[Row], most: usize, control: &Control) -> Result<Found, Cancelled> {
    let described: Vec<Option<&Whitened>> = rows.iter().map(|row| row.described).collect();
    let limit = f32::from(RADIUS) / 1000.0;
    let reach = likeness::descriptions_within(limit);
    let near = neighbours::search(&described, KEPT, reach, most, control)?;

    let same = Same::of(rows, control)?;
    let (candidates, complete, is_partial) = {
        let by_hash = by_hash(rows, &same, likeness::bits_within(limit), most, control)?;
        let by_symmetry = by_symmetry(rows, &same, likeness::bits_within(limit), most, control)?;
        let by_description = by_description(rows, &same, &near, most);
        // The distance from which pairs are missing; where even equal ones are too many the others are
        // still told.
        let beyond = [
            by_hash.within.map(|within| likeness::of_bits(within + 1)),
            by_symmetry.within.map(|within| likeness::of_bits(within + 1)),
            by_description.within.map(|within| likeness::of_descriptions(within + 1)),
        ];
        let is_partial = beyond.contains(&None);
        let beyond = beyond.into_iter().flatten().fold(f32::INFINITY, f32::min);
        let mut pairs = by_hash.pairs;
        pairs.extend(by_symmetry.pairs);
        pairs.extend(by_description.pairs);
        pairs.par_sort_unstable();
        pairs.dedup();
        (pairs, thousandths(beyond).saturating_sub(1).min(RADIUS), is_partial)
    };
    let mut pairs = same.pairs;
    let judged = judge(rows, &candidates, limit, control)?;
    drop(candidates);
    let radius = largest(&judged, complete, most);
    pairs.extend(judged.into_iter().filter(|(pair, _)| pair.distance <= radius));
    pairs.par_sort_unstable_by_key(|(pair, _)| (pair.distance, pair.a, pair.b));
    let (pairs, by) = pairs.into_iter().unzip();
    Ok(Found { pairs, by, radius, is_partial, neighbours: near.neighbours })
}

fn is_known(stamp: [u8; 16]) -> bool {
    stamp != [0; 16]
}

/// A distance of [`likeness`] as it is told: rounded up, and never 0, which is the same content.
fn thousandths(distance: f32) -> u16 {
    (distance * 1000.0).ceil().clamp(1.0, f32::from(u16::MAX)) as u16
}

/// Samples that are the same as an earlier one.
struct Same {
    /// An earlier one that each is the same as, or itself.
    first: Vec<u32>,
    pairs: Vec<(Pair, By)>,
}

impl Same {
    fn of(rows: &[Row], control: &Control) -> Result<Self, Cancelled> {
        control.begin("Looking for the same", 3);
        let mut same = Self { first: (0..rows.len() as u32).collect(), pairs: Vec::new() };
        same.join(rows, 0, |row| is_known(row.file).then_some(row.file));
        control.checkpoint()?;
        control.add(1);
        same.join(rows, 0, |row| is_known(row.pixels).then_some(row.pixels));
        control.checkpoint()?;
        control.add(1);
        same.join(rows, 1, |row| Some((row.phash?, row.described?, row.sketch?)));
        control.checkpoint()?;
        control.add(1);
        Ok(same)
    }

    /// Pairs each row with the first that has the same key, of those that are not paired already.
    fn join<'a, K: Hash + Eq>(
        &mut self,
        rows: &[Row<'a>],
        distance: u16,
        key: impl Fn(Row<'a>) -> Option<K>,
    ) {
        let mut firsts: HashMap<K, u32> = HashMap::new();
        for (at, row) in rows.iter().enumerate() {
            if self.first[at] != at as u32 {
                continue;
            }
            let Some(key) = key(*row) else { continue };
            let first = *firsts.entry(key).or_insert(at as u32);
            if first != at as u32 {
                self.first[at] = first;
                let pair = Pair { a: first, b: at as u32, distance };
                self.pairs.push((pair, By::of(&rows[first as usize], row, 0)));
            }
        }
    }

    /// The rows that stand for themselves and have something to compare.
    fn compared<'a>(&'a self, rows: &'a [Row]) -> impl Iterator<Item = usize> + 'a {
        let is_compared = |row: &Row| row.sketch.is_some_and(|sketch| likeness::contrast(sketch) >= PLAIN);
        (0..rows.len()).filter(move |row| self.first[*row] == *row as u32 && is_compared(&rows[*row]))
    }
}

/// Pairs to judge.
struct Candidates {
    /// `a < b`.
    pairs: Vec<(u32, u32)>,
    /// No pair within this distance is missing. `None` where even those at 0 are too many: of those
    /// each is with the first alone.
    within: Option<u32>,
}

/// Rows by what they have in common.
struct Buckets {
    /// One bucket after another.
    rows: Vec<u32>,
    starts: Vec<usize>,
}

impl Buckets {
    /// Of rows and the bucket of each.
    fn new(buckets: usize, rows: &[(u32, u32)]) -> Self {
        let mut starts = vec![0; buckets + 1];
        rows.iter().for_each(|(_, bucket)| starts[*bucket as usize + 1] += 1);
        for bucket in 0..buckets {
            starts[bucket + 1] += starts[bucket];
        }
        let mut next = starts.clone();
        let mut sorted = vec![0; rows.len()];
        for (row, bucket) in rows {
            sorted[next[*bucket as usize]] = *row;
            next[*bucket as usize] += 1;
        }
        Self { rows: sorted, starts }
    }

    fn of(&self, bucket: u32) -> &[u32] {
        &self.rows[self.starts[bucket as usize]..self.starts[bucket as usize + 1]]
    }

    /// The pairs of rows of one bucket, and those of two buckets that are near each other, up to the
    /// largest distance at which there are no more than `most`.
    fn pairs(
        &self,
        near: impl Iterator<Item = (u32, u32, u32)> + Clone,
        within: Option<u32>,
        most: usize,
    ) -> Candidates {
        let buckets = 0..self.starts.len() as u32 - 1;
        let mut counts = vec![0u64; within.unwrap_or(0) as usize + 1];
        let size = |bucket: u32| self.of(bucket).len() as u64;
        counts[0] = buckets.clone().map(|bucket| size(bucket) * size(bucket).saturating_sub(1) / 2).sum();
        for (one, two, distance) in near.clone() {
            counts[distance as usize] += size(one) * size(two);
        }
        let mut sum = 0;
        let fit = counts.iter().take_while(|count| {
            sum += **count;
            sum <= most as u64
        });
        let Some(within) = within.and(fit.count().checked_sub(1)) else {
            let with_first = |bucket| {
                let (first, others) = self.of(bucket).split_first()?;
                Some(others.iter().map(|row| (*first.min(row), *first.max(row))))
            };
            return Candidates { pairs: buckets.filter_map(with_first).flatten().collect(), within: None };
        };
        let mut pairs = Vec::new();
        for bucket in buckets {
            let rows = self.of(bucket);
            for (at, one) in rows.iter().enumerate() {
                pairs.extend(rows[at + 1..].iter().map(|two| (*one.min(two), *one.max(two))));
            }
        }
        for (one, two, _) in near.filter(|(.., distance)| *distance as usize <= within) {
            for one in self.of(one) {
                pairs.extend(self.of(two).iter().map(|two| (*one.min(two), *one.max(two))));
            }
        }
        Candidates { pairs, within: Some(within as u32) }
    }
}

fn by_hash(
    rows: &[Row],
    same: &Same,
    radius: u32,
    most: usize,
    control: &Control,
) -> Result<Candidates, Cancelled> {
    let hashed = same.compared(rows).filter_map(|row| Some((row as u32, [rows[row].phash?])));
    let (hashed, hashes): (Vec<u32>, Vec<[u64; 1]>) = hashed.unzip();
    let (once, place_of) = hamming::distinct(&hashes);
    let found = hamming::join(&once, radius, most, control)?;
    let placed: Vec<(u32, u32)> = hashed.into_iter().zip(place_of).collect();
    let near = found.pairs.iter().map(|pair| (pair.a, pair.b, u32::from(pair.distance)));
    let within = found.is_complete.then_some(found.radius);
    Ok(Buckets::new(once.len(), &placed).pairs(near, within, most))
}

fn by_symmetry(
    rows: &[Row],
    same: &Same,
    radius: u32,
    most: usize,
    control: &Control,
) -> Result<Candidates, Cancelled> {
    let known = |row: usize| Some((row as u32, [rows[row].phash?], rows[row].turned?));
    let turned: Vec<_> = same.compared(rows).filter_map(known).collect();
    if turned.is_empty() {
        return Ok(Candidates { pairs: Vec::new(), within: Some(radius) });
    }
    let hashes: Vec<[u64; 1]> = turned.iter().map(|(_, hash, _)| *hash).collect();
    let others: Vec<[u64; 1]> =
        (0..7).flat_map(|at| turned.iter().map(move |(_, _, turned)| [turned[at]])).collect();
    let found = hamming::join_with(&hashes, &others, radius, most, control)?;
    let row = |place: u32| turned[place as usize].0;
    let pairs = found.pairs.iter().map(|pair| (row(pair.a), row(pair.b))).collect();
    Ok(Candidates { pairs, within: found.is_complete.then_some(found.radius) })
}

fn by_description(rows: &[Row], same: &Same, near: &neighbours::Near, most: usize) -> Candidates {
    let place_of = &near.neighbours.place_of;
    let placed: Vec<(u32, u32)> = same
        .compared(rows)
        .map(|row| (row as u32, place_of[row]))
        .filter(|(_, place)| *place != NONE)
        .collect();
    let pairs =
        near.pairs.iter().map(|pair| (place_of[pair.a as usize], place_of[pair.b as usize], pair.distance));
    Buckets::new(near.neighbours.first.len(), &placed).pairs(pairs, near.radius, most)
}

/// Those candidates that are within a distance, with it.
fn judge(
    rows: &[Row],
    candidates: &[(u32, u32)],
    limit: f32,
    control: &Control,
) -> Result<Vec<(Pair, By)>, Cancelled> {
    control.begin("Comparing candidates", candidates.len() as u64);
    /// Blocks between two moments in which a paused job may wait.
    const PIECE: usize = 64;
    let of_block = |candidates: &[(u32, u32)]| -> Result<Vec<(Pair, By)>, Cancelled> {
        control.go_on()?;
        let judged = candidates.iter().filter_map(|(a, b)| {
            let (one, two) = (&rows[*a as usize], &rows[*b as usize]);
            let (distance, symmetry) = distance(one, two, limit)?;
            let pair = Pair { a: *a, b: *b, distance: thousandths(distance) };
            Some((pair, By::of(one, two, symmetry)))
        });
        let judged: Vec<(Pair, By)> = judged.collect();
        control.add(candidates.len() as u64);
        Ok(judged)
    };
    let mut all = Vec::new();
    for piece in candidates.chunks(PIECE * BLOCK) {
        control.checkpoint()?;
        let blocks = piece.par_chunks(BLOCK).map(of_block);
        all.extend(blocks.collect::<Result<Vec<_>, Cancelled>>()?.into_iter().flatten());
    }
    Ok(all)
}

/// The distance of two samples and the symmetry of the second at which it is that small; `None` where
/// it is larger than `limit`.
fn distance(one: &Row, two: &Row, limit: f32) -> Option<(f32, usize)> {
    let (light, other) = (one.sketch?, two.sketch?);
    let mut best: Option<(f32, usize)> = None;
    for symmetry in 0..8 {
        let bits = apart(one, two, symmetry);
        let far = described_apart(one, two).filter(|_| symmetry == 0).map(likeness::of_descriptions);
        let agreed = bits.map_or(f32::INFINITY, likeness::of_bits).min(far.unwrap_or(f32::INFINITY));
        let doubt = agreed + bits.map_or(0.0, likeness::of_strange_bits);
        let left = best.map_or(limit, |(distance, _)| distance) - doubt;
        if left < 0.0 {
            continue;
        }
        let rest = if symmetry == 0 {
            likeness::of_sketches(light, other, left)
        } else {
            likeness::of_sketches(light, &sketch::turned(other, Symmetry::all()[symmetry]), left)
        };
        let Some(distance) = rest.map(|rest| doubt + rest) else { continue };
        if best.is_none_or(|(best, _)| distance < best) {
            best = Some((distance, symmetry));
        }
    }
    best
}

/// Bits by which the hashes of the first and of the second under a symmetry differ.
fn apart(one: &Row, two: &Row, symmetry: usize) -> Option<u32> {
    let (first, second) = (one.phash?, two.phash?);
    if symmetry == 0 {
        return Some((first ^ second).count_ones());
    }
    // A turn back is a turn of the other; a mirror image mirrored is the picture again.
    let inverse = if (1..4).contains(&symmetry) { 4 - symmetry } else { symmetry };
    let there = (first ^ two.turned?[symmetry - 1]).count_ones();
    let back = (one.turned?[inverse - 1] ^ second).count_ones();
    Some(there.min(back))
}

fn described_apart(one: &Row, two: &Row) -> Option<u32> {
    Some(neighbours::distance(one.described?, two.described?))
}

/// The largest distance at which there are no more than `most` pairs.
fn largest(judged: &[(Pair, By)], complete: u16, most: usize) -> u16 {
    let mut counts = vec![0usize; usize::from(RADIUS) + 1];
    for (pair, _) in judged {
        counts[usize::from(pair.distance)] += 1;
    }
    let mut sum = 0;
    let fit = counts.iter().take_while(|count| {
        sum += **count;
        sum <= most
    });
    complete.min(fit.count().saturating_sub(1) as u16)
}

#[cfg(test)]
mod tests {
    use super::super::descriptor::{NUMBERS, describe};
    use super::super::hash::Hashes;
    use super::super::picture::Picture as Shown;
    use super::super::resize::Plane;
    use super::super::symmetry::laid;
    use super::super::whiten::{AXES, SCALE};
    use super::*;

    const EDGE: usize = 48;

    /// A picture of a few waves, red, green and blue.
    type Picture = Vec<[u8; 3]>;

    fn picture(seed: u32, shift: f32, light: f32) -> Picture {
        let part = |at: u32| ((seed * 7919 + at * 104_729) % 1000) as f32 / 1000.0;
        let pixel = |at: usize| {
            let (x, y) = ((at % EDGE) as f32 / EDGE as f32 + shift, (at / EDGE) as f32 / EDGE as f32);
            let wave = ((2.0 + 6.0 * part(1)) * x + 3.0 * part(2)).sin() * ((1.0 + 7.0 * part(3)) * y).cos();
            let other = ((5.0 * part(4) * x - 6.0 * y * part(5)) * 2.0).sin();
            let base = [part(6), part(7), part(8)];
            base.map(|base| {
                ((0.3 + 0.4 * base + 0.15 * wave + 0.1 * other) * light * 255.0).clamp(0.0, 255.0) as u8
            })
        };
        (0..EDGE * EDGE).map(pixel).collect()
    }

    /// What is known of some pictures.
    struct Known {
        hashes: Vec<Option<[Hashes; 8]>>,
        turned: Vec<[u64; 7]>,
        described: Vec<Whitened>,
        sketches: Vec<Sketch>,
        stamps: Vec<[u8; 16]>,
    }

    impl Known {
        fn of(pictures: &[Picture]) -> Self {
            let grey = |picture: &Picture| {
                let values = picture
                    .iter()
                    .map(|[r, g, b]| ((u16::from(*r) + u16::from(*g) + u16::from(*b)) / 3) as u8);
                Plane::new(EDGE, EDGE, values.collect()).unwrap()
            };
            let hashes: Vec<Option<[Hashes; 8]>> =
                pictures.iter().map(|picture| Hashes::of_all(&grey(picture))).collect();
            let shown: Vec<Shown<'_>> = pictures
                .iter()
                .map(|picture| Shown::new(EDGE, EDGE, 3, picture.as_flattened()).unwrap())
                .collect();
            let raw: Vec<[f32; NUMBERS]> = shown.iter().map(|picture| describe(picture).unwrap()).collect();
            // Centred and brought to one length, which is all of whitening that matters here.
            let mean = |number: usize| raw.iter().map(|raw| raw[number]).sum::<f32>() / raw.len() as f32;
            let means: Vec<f32> = (0..NUMBERS).map(mean).collect();
            let whitened = |raw: &[f32; NUMBERS]| -> Whitened {
                let centred: [f32; AXES] = std::array::from_fn(|at| raw[at] - means[at]);
                let length = centred.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-9);
                centred.map(|value| (value / length * SCALE) as i8)
            };
            let stamp = |picture: &Picture| {
                let mut stamp = [0; 16];
                stamp.copy_from_slice(&blake3::hash(picture.as_flattened()).as_bytes()[..16]);
                stamp
            };
            Self {
                turned: hashes
                    .iter()
                    .map(|hashes| std::array::from_fn(|at| hashes.map_or(0, |hashes| hashes[at + 1].phash)))
                    .collect(),
                hashes,
                described: raw.iter().map(whitened).collect(),
                sketches: shown.iter().map(|picture| sketch::sketch(picture).unwrap()).collect(),
                stamps: pictures.iter().map(stamp).collect(),
            }
        }

        fn rows(&self, symmetries: bool) -> Vec<Row<'_>> {
            (0..self.hashes.len())
                .map(|at| Row {
                    file: self.stamps[at],
                    pixels: self.stamps[at],
                    phash: self.hashes[at].map(|hashes| hashes[0].phash),
                    turned: (symmetries && self.hashes[at].is_some()).then_some(&self.turned[at]),
                    described: Some(&self.described[at]),
                    sketch: Some(&self.sketches[at]),
                })
                .collect()
        }
    }

    /// Scenes with near-copies, mirror images, turned, plain and equal ones among them.
    fn pictures() -> Vec<Picture> {
        let mut pictures: Vec<Picture> = (0..40).map(|seed| picture(seed, 0.0, 1.0)).collect();
        for seed in 0..12 {
            pictures.push(picture(seed, 0.02, 1.0));
            pictures.push(picture(seed, 0.0, 0.8));
            let mirrored = Symmetry { mirrored: true, turns: 0 };
            pictures.push(laid(&picture(seed, 0.0, 1.0), EDGE, EDGE, mirrored));
            pictures.push(laid(&picture(seed, 0.0, 1.0), EDGE, EDGE, Symmetry { mirrored: false, turns: 1 }));
        }
        pictures.extend((0..4).map(|tone| vec![[tone * 60; 3]; EDGE * EDGE]));
        pictures.push(picture(3, 0.0, 1.0));
        pictures
    }

    fn brute(rows: &[Row], radius: u16) -> Vec<Pair> {
        let mut pairs = Vec::new();
        let same = Same::of(rows, &Control::new()).unwrap();
        pairs.extend(same.pairs.iter().map(|(pair, _)| *pair));
        let compared: Vec<usize> = same.compared(rows).collect();
        for (at, a) in compared.iter().enumerate() {
            for b in &compared[at + 1..] {
                if let Some((distance, _)) = distance(&rows[*a], &rows[*b], f32::from(RADIUS) / 1000.0) {
                    let distance = thousandths(distance);
                    pairs.push(Pair { a: *a as u32, b: *b as u32, distance });
                }
            }
        }
        pairs.retain(|pair| pair.distance <= radius);
        pairs.sort_unstable_by_key(|pair| (pair.distance, pair.a, pair.b));
        pairs
    }

    #[test]
    fn no_pair_is_missed() {
        let known = Known::of(&pictures());
        for symmetries in [false, true] {
            let rows = known.rows(symmetries);
            let found = find(&rows, 100_000, &Control::new()).unwrap();
            assert_eq!((&found.pairs, found.radius), (&brute(&rows, RADIUS), RADIUS));
            assert_eq!(found.by.len(), found.pairs.len());
            assert!(found.pairs.len() > 30);
            for most in [0, 1, 5, found.pairs.len() / 2] {
                let few = find(&rows, most, &Control::new()).unwrap();
                assert!(few.radius <= RADIUS && few.pairs.len() <= most + 1, "{most}: {few:?}");
                let all = brute(&rows, few.radius);
                assert!(few.pairs.iter().all(|pair| all.contains(pair)), "{most}");
                assert!(few.is_partial || few.pairs == all, "{most}");
            }
        }
    }

    #[test]
    fn copies_are_near_and_say_why() {
        let known = Known::of(&pictures());
        let found = find(&known.rows(true), 100_000, &Control::new()).unwrap();
        let by = |a: u32, b: u32| {
            let at = found.pairs.iter().position(|pair| (pair.a, pair.b) == (a, b));
            at.map(|at| (found.pairs[at].distance, found.by[at]))
        };
        for seed in 0..12 {
            for (copy, symmetry) in [
                (0, Symmetry::NONE),
                (1, Symmetry::NONE),
                (2, Symmetry { mirrored: true, turns: 0 }),
                // The second was turned to the right: to the left it looks like the first.
                (3, Symmetry { mirrored: false, turns: 3 }),
            ] {
                let (distance, by) = by(seed, 40 + 4 * seed + copy).unwrap();
                assert!((1..=THRESHOLD).contains(&distance), "{seed}, {copy}: {distance}");
                assert!(by.phash() || by.descriptor());
                assert!(!by.file() && !by.pixels());
                assert_eq!(by.symmetry(), symmetry, "{seed}, {copy}");
                assert_eq!(By::from_bits(by.bits()), by);
            }
        }
        let last = pictures().len() as u32 - 1;
        let (distance, same) = by(3, last).unwrap();
        assert_eq!((distance, same.file(), same.pixels()), (0, true, true));
        // Plain pictures are near nothing.
        let plain = last - 4..last;
        assert!(found.pairs.iter().all(|pair| !plain.contains(&pair.a) && !plain.contains(&pair.b)));
    }

    #[test]
    fn what_is_not_known_is_no_evidence() {
        let known = Known::of(&pictures());
        let rows = known.rows(false);
        for (name, strip) in [
            ("nothing", (|_| Row::default()) as fn(Row) -> Row),
            ("no sketch", |row| Row { sketch: None, file: [0; 16], pixels: [0; 16], ..row }),
            ("no fingerprint", |row| Row {
                phash: None,
                described: None,
                file: [0; 16],
                pixels: [0; 16],
                ..row
            }),
        ] {
            let rows: Vec<Row> = rows.iter().map(|row| strip(*row)).collect();
            let found = find(&rows, 1000, &Control::new()).unwrap();
            assert_eq!((found.pairs, found.radius), (Vec::new(), RADIUS), "{name}");
        }
        let hashes: Vec<Row> = rows.iter().map(|row| Row { described: None, ..*row }).collect();
        let found = find(&hashes, 1000, &Control::new()).unwrap();
        assert_eq!(found.pairs, brute(&hashes, RADIUS));
        assert_eq!(find(&[], 10, &Control::new()).unwrap().pairs, []);
    }

    #[test]
    fn as_many_copies_as_there_may_be_end() {
        let known = Known::of(&pictures()[..2]);
        let rows = known.rows(true);
        for (name, copy, distance) in [
            ("the same file", rows[0], 0),
            ("the same looks", Row { file: [0; 16], pixels: [0; 16], ..rows[0] }, 1),
        ] {
            let mut rows = vec![copy; 200_000];
            rows.push(known.rows(true)[1]);
            let found = find(&rows, 10, &Control::new()).unwrap();
            assert_eq!(found.pairs.len(), 199_999, "{name}");
            assert!(found.pairs.iter().all(|pair| (pair.a, pair.distance) == (0, distance)), "{name}");
        }
    }

    #[test]
    fn hashes_that_are_all_alike_end() {
        // Pictures that differ, with one hash: too many candidates for it, not for the description.
        let known = Known::of(&pictures()[..40]);
        let mut rows = known.rows(false);
        rows.iter_mut().for_each(|row| row.phash = Some(7));
        let found = find(&rows, 20, &Control::new()).unwrap();
        assert!(found.is_partial && found.pairs.len() <= 20);
    }

    #[test]
    fn scenes_of_many_frames_are_found_though_each_has_one_hash() {
        // Twenty scenes of six frames that are nearly the same: 300 pairs of equal hashes.
        let frames: Vec<Picture> = (0..120).map(|at| picture(at / 6, 0.002 * (at % 6) as f32, 1.0)).collect();
        let known = Known::of(&frames);
        let mut rows = known.rows(false);
        for (at, row) in rows.iter_mut().enumerate() {
            row.phash = known.hashes[at / 6 * 6].map(|hashes| hashes[0].phash);
            row.described = None;
        }
        let found = find(&rows, 250, &Control::new()).unwrap();
        assert!(found.is_partial && found.pairs.len() <= 250);
        // Of 100 frames that are not the first of their scene, those of the palest show too little.
        let is_first = |pair: &&Pair| pair.a.is_multiple_of(6) && pair.b < pair.a + 6;
        assert!(found.pairs.iter().filter(is_first).count() > 90);
        let whole = find(&rows, 5000, &Control::new()).unwrap();
        assert!(!whole.is_partial && whole.pairs.len() >= 280);
    }

    #[test]
    fn it_can_be_cancelled() {
        let control = Control::new();
        control.cancel();
        assert_eq!(find(&[Row::default(); 3], 10, &control), Err(Cancelled));
    }
}
