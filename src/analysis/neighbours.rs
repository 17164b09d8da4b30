//! The nearest neighbours of every description and all pairs that are near each other, exactly, in
//! one pass in which no two are compared twice.
//!
//! Distances are squared, of integers, and so the same on every machine. Of equal distances the lower
//! row is nearer. Descriptions that are equal are one thing here: each is compared once, for the first
//! row that has it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::whiten::Whitened;
use crate::jobs::{Cancelled, Control};

/// Neighbours by which a sample is called odd.
pub const NEAREST: usize = 10;
/// Neighbours of each sample to find, so that all that is asked of them can be answered: labels ask
/// for more.
pub const KEPT: usize = 20;
/// Not a row.
pub const NONE: u32 = u32::MAX;

/// Rows of a block; two blocks are compared at once.
const BLOCK: usize = 480;
/// Pairs of blocks between two moments in which a paused job may wait.
const PIECE: usize = 256;
/// Rows whose products are summed at once: with two vectors of others, as many sums as fit the
/// registers.
const TOGETHER: usize = 6;

/// What compares descriptions. The answer is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Instructions {
    /// The fastest that the machine has, found at run time.
    #[default]
    Best,
    /// Those that every machine has.
    Portable,
}

/// The nearest rows of every row, nearest first. Of rows with equal descriptions only the first is a
/// neighbour of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// How many each row has: what was asked for, or all others where there are fewer.
    pub each: usize,
    /// The place of each row's description among those that differ; [`NONE`] where it has none.
    pub place_of: Vec<u32>,
    /// The first row of each place, ascending.
    pub first: Vec<u32>,
    /// How many rows have the description of each place.
    pub copies: Vec<u32>,
    /// The first rows of the places that are near each place: `places × each`.
    pub rows: Vec<u32>,
    /// Squared distances, in the same order.
    pub distances: Vec<u32>,
}

/// Two rows whose descriptions are near each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Close {
    /// `a < b`.
    pub a: u32,
    pub b: u32,
    /// Squared.
    pub distance: u32,
}

/// What one pass finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Near {
    pub neighbours: Neighbours,
    /// Every pair within `radius` of the first rows of two places, by row.
    pub pairs: Vec<Close>,
    /// The squared distance up to which no pair is missing: less than what was asked for where there
    /// were too many pairs, and `None` where even those at the smallest distance were too many.
    pub radius: Option<u32>,
}

impl Neighbours {
    /// The `each` nearest neighbours of every row that has a description.
    pub fn of(rows: &[Option<&Whitened>], each: usize, control: &Control) -> Result<Self, Cancelled> {
        Ok(search(rows, each, 0, 0, control)?.neighbours)
    }

    /// The rows near one, and how far they are, squared. Copies of the row itself are not among them.
    pub fn near(&self, row: usize) -> impl Iterator<Item = (u32, u32)> {
        let place = self.place_of.get(row).filter(|place| **place != NONE).map(|place| *place as usize);
        let range = place.map_or(0..0, |place| place * self.each..(place + 1) * self.each);
        self.rows[range.clone()].iter().copied().zip(self.distances[range].iter().copied())
    }

    /// How many other rows have the same description as one.
    pub fn copies(&self, row: usize) -> usize {
        let place = self.place_of.get(row).and_then(|place| self.copies.get(*place as usize));
        place.map_or(0, |copies| *copies as usize - 1)
    }
}

/// Finds the `each` nearest neighbours of every row, and all pairs within a squared radius; where
/// there are more than `most` such pairs, those within the largest radius at which there are not.
/// Progress counts blocks that were compared.
///
/// It takes `each` × 8 bytes a row, 128 for its description, and 18 × `most` for pairs.
pub fn search(
    rows: &[Option<&Whitened>],
    each: usize,
    radius: u32,
    most: usize,
    control: &Control,
) -> Result<Near, Cancelled> {
    search_by(Instructions::Best, rows, each, radius, most, control)
}

/// [`search`] by these instructions.
pub fn search_by(
    instructions: Instructions,
    rows: &[Option<&Whitened>],
    each: usize,
    radius: u32,
    most: usize,
    control: &Control,
) -> Result<Near, Cancelled> {
    let (mut neighbours, vectors) = distinct(rows, control)?;
    let count = vectors.len();
    neighbours.each = each.min(count.saturating_sub(1));
    let blocks = count.div_ceil(BLOCK);
    control.begin("Finding neighbours", (blocks * (blocks + 1) / 2) as u64);
    let pass = Pass {
        vectors: &vectors,
        axes: axes_of(&vectors),
        lengths: vectors.iter().map(|vector| dot(vector, vector) as f32).collect(),
        nearest: (0..blocks)
            .map(|block| {
                let rows = count.min((block + 1) * BLOCK) - block * BLOCK;
                Mutex::new(vec![Nearest::new(neighbours.each); rows])
            })
            .collect(),
        close: Mutex::new(Collected::new(radius, most)),
        radius: AtomicU32::new(if most > 0 { radius + 1 } else { 0 }),
    };
    let simd = match instructions {
        Instructions::Best => pulp::Arch::new(),
        Instructions::Portable => pulp::Arch::Scalar,
    };
    let compare = |left: usize, right: usize| -> Result<(), Cancelled> {
        control.go_on()?;
        simd.dispatch(Task { pass: &pass, left, right });
        control.add(1);
        Ok(())
    };
    let alone: Vec<(usize, usize)> = (0..blocks).map(|block| (block, block)).collect();
    let rounds = (0..rounds(blocks)).map(|round| meetings(blocks, round));
    for meetings in std::iter::once(alone).chain(rounds) {
        for meetings in meetings.chunks(PIECE) {
            control.checkpoint()?;
            meetings.par_iter().try_for_each(|(left, right)| compare(*left, *right))?;
        }
    }
    let Pass { nearest, close, .. } = pass;
    neighbours.rows.reserve_exact(count * neighbours.each);
    neighbours.distances.reserve_exact(count * neighbours.each);
    for nearest in nearest.into_iter().flat_map(|block| block.into_inner().unwrap_or_default()) {
        for (distance, place) in nearest.0 {
            neighbours.rows.push(neighbours.first[place as usize]);
            neighbours.distances.push(distance);
        }
    }
    let (mut pairs, radius) = close.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
    for pair in &mut pairs {
        (pair.a, pair.b) = (neighbours.first[pair.a as usize], neighbours.first[pair.b as usize]);
    }
    pairs.par_sort_unstable();
    Ok(Near { neighbours, pairs, radius })
}

/// The squared distance of two descriptions.
pub fn distance(one: &Whitened, two: &Whitened) -> u32 {
    one.iter().zip(two).map(|(one, two)| (i32::from(*one) - i32::from(*two)).pow(2) as u32).sum()
}

fn dot(one: &Whitened, two: &Whitened) -> i32 {
    one.iter().zip(two).map(|(one, two)| i32::from(*one) * i32::from(*two)).sum()
}

/// The descriptions that differ, in the order of the first rows that have them.
fn distinct(rows: &[Option<&Whitened>], control: &Control) -> Result<(Neighbours, Vec<Whitened>), Cancelled> {
    let mut places: HashMap<&Whitened, u32> = HashMap::new();
    let (mut found, mut vectors) = (Neighbours::default(), Vec::new());
    found.place_of.reserve_exact(rows.len());
    for (row, vector) in rows.iter().enumerate() {
        if row % BLOCK == 0 {
            control.checkpoint()?;
        }
        let Some(vector) = vector else {
            found.place_of.push(NONE);
            continue;
        };
        let place = *places.entry(vector).or_insert(vectors.len() as u32);
        found.place_of.push(place);
        if place as usize == vectors.len() {
            vectors.push(**vector);
            found.first.push(row as u32);
            found.copies.push(0);
        }
        found.copies[place as usize] += 1;
    }
    Ok((found, vectors))
}

/// Rounds in which every block meets every other once, and none two at a time (the circle method of
/// round-robin tournaments).
fn rounds(blocks: usize) -> usize {
    blocks.next_multiple_of(2).saturating_sub(1)
}

/// Which blocks meet in a round.
fn meetings(blocks: usize, round: usize) -> Vec<(usize, usize)> {
    let others = rounds(blocks);
    let turned = |step: usize| ((round + step) % others, (round + others - step) % others);
    std::iter::once((round, others))
        .chain((1..others.div_ceil(2)).map(turned))
        .map(|(one, two)| (one.min(two), one.max(two)))
        .filter(|(_, last)| *last < blocks)
        .collect()
}

/// The nearest so far, nearest first: squared distance and place.
#[derive(Clone, Debug)]
struct Nearest(Vec<(u32, u32)>);

impl Nearest {
    fn new(each: usize) -> Self {
        Self(vec![(NONE, NONE); each])
    }

    /// The distance beyond which nothing is near enough.
    fn limit(&self) -> f32 {
        self.0.last().map_or(-1.0, |last| last.0 as f32)
    }

    fn add(&mut self, distance: u32, place: u32) {
        let Some(last) = self.0.last_mut() else { return };
        if (distance, place) >= *last {
            return;
        }
        *last = (distance, place);
        let mut at = self.0.len() - 1;
        while at > 0 && self.0[at] < self.0[at - 1] {
            self.0.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// The close pairs so far, and how many there are at each distance: where they become too many, the
/// radius shrinks.
struct Collected {
    most: usize,
    counts: Vec<u64>,
    /// Pairs below `end`.
    total: u64,
    /// Squared distances below this are collected.
    end: u32,
    pairs: Vec<Close>,
}

impl Collected {
    fn new(radius: u32, most: usize) -> Self {
        let end = if most > 0 { radius + 1 } else { 0 };
        Self { most, counts: vec![0; end as usize], total: 0, end, pairs: Vec::new() }
    }

    fn add(&mut self, pairs: &[Close]) {
        for pair in pairs.iter().filter(|pair| pair.distance < self.end) {
            self.counts[pair.distance as usize] += 1;
            self.total += 1;
            self.pairs.push(*pair);
        }
        while self.total > self.most as u64 && self.end > 0 {
            self.end -= 1;
            self.total -= self.counts[self.end as usize];
        }
        // Not every time: then each pair is looked at twice at most, however often the radius shrinks.
        if self.pairs.len() > self.most + self.most / 2 {
            self.pairs.retain(|pair| pair.distance < self.end);
        }
    }

    fn finish(mut self) -> (Vec<Close>, Option<u32>) {
        self.pairs.retain(|pair| pair.distance < self.end);
        (self.pairs, self.end.checked_sub(1))
    }
}

/// What all blocks share.
struct Pass<'a> {
    vectors: &'a [Whitened],
    /// The axes that any of them has a number on: the others, last of all, need no comparing.
    axes: usize,
    lengths: Vec<f32>,
    nearest: Vec<Mutex<Vec<Nearest>>>,
    close: Mutex<Collected>,
    /// [`Collected::end`], to look at without waiting.
    radius: AtomicU32,
}

/// Two blocks to compare, or one with itself.
struct Task<'a> {
    pass: &'a Pass<'a>,
    left: usize,
    right: usize,
}

impl WithSimd for Task<'_> {
    type Output = ();

    /// Products are summed as `f32`, which is exact: no sum comes near 2²⁴.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { pass, left, right } = self;
        let count = pass.vectors.len();
        let range = |block: usize| block * BLOCK..count.min((block + 1) * BLOCK);
        let (from, to) = (range(left), range(right));
        let mut nearest = Both {
            left: lock(&pass.nearest[left]),
            right: (left != right).then(|| lock(&pass.nearest[right])),
        };
        let end = pass.radius.load(Ordering::Relaxed);
        let mut close = Vec::new();
        let axes = pass.axes;
        let groups = grouped(&pass.vectors[from.clone()], axes);
        let lanes = 2 * S::F32_LANES;
        let mut panel = vec![0.0f32; axes * lanes];
        let mut lengths = vec![0.0f32; lanes];
        let mut limits = vec![0.0f32; lanes];
        let mut distances = vec![0.0f32; lanes];
        let reach = end as f32 - 1.0;
        for start in to.clone().step_by(lanes) {
            let others = start..to.end.min(start + lanes);
            lengths.fill(0.0);
            // What is beyond the end is never near.
            limits.fill(f32::NEG_INFINITY);
            for (lane, other) in others.clone().enumerate() {
                for (axis, value) in pass.vectors[other][..axes].iter().enumerate() {
                    panel[axis * lanes + lane] = f32::from(*value);
                }
                lengths[lane] = pass.lengths[other];
                limits[lane] = reach.max(nearest.right()[other - to.start].limit());
            }
            for lane in others.len()..lanes {
                (0..axes).for_each(|axis| panel[axis * lanes + lane] = 0.0);
            }
            for (group, values) in groups.chunks_exact(axes * TOGETHER).enumerate() {
                let sums = products(simd, values, &panel);
                for (at, sums) in sums.iter().enumerate() {
                    let row = from.start + group * TOGETHER + at;
                    if row >= from.end || (left == right && row + 1 >= others.end) {
                        continue;
                    }
                    let limit = reach.max(nearest.left[row - from.start].limit());
                    let length = simd.splat_f32s(pass.lengths[row]);
                    let far = simd.splat_f32s(limit);
                    let mut any = false;
                    let (out, _) = S::as_mut_simd_f32s(&mut distances);
                    let (known, _) = S::as_simd_f32s(&lengths);
                    let (least, _) = S::as_simd_f32s(&limits);
                    for half in 0..2 {
                        let both = simd.add_f32s(length, known[half]);
                        let distance = simd.mul_add_e_f32s(simd.splat_f32s(-2.0), sums[half], both);
                        // Where the lane's own limit is at −∞ there is no row.
                        let limit = simd.max_f32s(far, least[half]);
                        any |= simd.first_true_m32s(simd.less_than_or_equal_f32s(distance, limit))
                            < S::F32_LANES;
                        out[half] = distance;
                    }
                    if !any {
                        continue;
                    }
                    for (lane, other) in others.clone().enumerate() {
                        let distance = distances[lane];
                        if distance > limit.max(limits[lane]) || (left == right && other <= row) {
                            continue;
                        }
                        let (distance, a, b) = (distance as u32, row as u32, other as u32);
                        nearest.left[row - from.start].add(distance, b);
                        nearest.right()[other - to.start].add(distance, a);
                        limits[lane] = reach.max(nearest.right()[other - to.start].limit());
                        if distance < end {
                            close.push(Close { a, b, distance });
                        }
                    }
                }
            }
        }
        drop(nearest);
        if !close.is_empty() {
            let mut collected = lock(&pass.close);
            collected.add(&close);
            pass.radius.store(collected.end, Ordering::Relaxed);
        }
    }
}

/// The nearest of the rows of two blocks, which may be one.
struct Both<'a> {
    left: MutexGuard<'a, Vec<Nearest>>,
    right: Option<MutexGuard<'a, Vec<Nearest>>>,
}

impl Both<'_> {
    fn right(&mut self) -> &mut Vec<Nearest> {
        self.right.as_mut().unwrap_or(&mut self.left)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The axes up to the last on which a vector is not 0; at least one.
fn axes_of(vectors: &[Whitened]) -> usize {
    let last = |vector: &Whitened| vector.iter().rposition(|value| *value != 0).map_or(1, |last| last + 1);
    vectors.iter().map(last).max().unwrap_or(1)
}

/// Rows in groups of [`TOGETHER`], an axis of all of them after another; the last filled up with 0.
fn grouped(rows: &[Whitened], axes: usize) -> Vec<f32> {
    let mut out = vec![0.0; rows.len().div_ceil(TOGETHER) * TOGETHER * axes];
    for (group, rows) in out.chunks_exact_mut(TOGETHER * axes).zip(rows.chunks(TOGETHER)) {
        for (at, row) in rows.iter().enumerate() {
            for (axis, value) in row[..axes].iter().enumerate() {
                group[axis * TOGETHER + at] = f32::from(*value);
            }
        }
    }
    out
}

/// The products of a group of rows with two vectors of others.
#[inline(always)]
fn products<S: Simd>(simd: S, group: &[f32], panel: &[f32]) -> [[S::f32s; 2]; TOGETHER] {
    let mut sums = [[simd.splat_f32s(0.0); 2]; TOGETHER];
    let (vectors, _) = S::as_simd_f32s(panel);
    for (values, others) in group.as_chunks::<TOGETHER>().0.iter().zip(vectors.as_chunks::<2>().0) {
        for at in 0..TOGETHER {
            let value = simd.splat_f32s(values[at]);
            sums[at][0] = simd.mul_add_e_f32s(value, others[0], sums[at][0]);
            sums[at][1] = simd.mul_add_e_f32s(value, others[1], sums[at][1]);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::whiten::AXES;
    use super::*;

    fn row() -> impl Strategy<Value = Option<Whitened>> {
        // Few values, so that distances and rows are often equal.
        prop::option::weighted(0.95, prop::collection::vec(-1i8..=1, 3)).prop_map(|values| {
            let values = values?;
            Some(std::array::from_fn(|at| values.get(at).map_or(0, |value| *value * 50)))
        })
    }

    fn references(rows: &[Option<Whitened>]) -> Vec<Option<&Whitened>> {
        rows.iter().map(Option::as_ref).collect()
    }

    /// Rows that hardly repeat, more than a few blocks of them.
    fn many(count: usize) -> Vec<Option<Whitened>> {
        let mut state = 9u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as i8
        };
        (0..count).map(|_| Some(std::array::from_fn(|at| if at < 6 { next() / 8 } else { 0 }))).collect()
    }

    /// The answer by comparing all.
    fn check(rows: &[Option<Whitened>], each: usize, radius: u32) {
        let [found, portable] = [Instructions::Best, Instructions::Portable].map(|instructions| {
            let (most, control) = (usize::MAX / 2, Control::new());
            search_by(instructions, &references(rows), each, radius, most, &control).unwrap()
        });
        assert_eq!(found, portable);
        let first = |row: usize| rows.iter().position(|other| *other == rows[row]) == Some(row);
        let firsts: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].is_some() && first(*row)).collect();
        let neighbours = &found.neighbours;
        assert_eq!(neighbours.first, firsts.iter().map(|row| *row as u32).collect::<Vec<_>>());
        assert_eq!(neighbours.each, each.min(firsts.len().saturating_sub(1)));
        let mut pairs = Vec::new();
        for (row, one) in rows.iter().enumerate() {
            let Some(one) = one else {
                assert_eq!((neighbours.near(row).count(), neighbours.copies(row)), (0, 0));
                continue;
            };
            let others = firsts.iter().filter(|other| rows[**other] != Some(*one));
            let mut expected: Vec<(u32, u32)> = others
                .filter_map(|other| Some((distance(one, rows[*other].as_ref()?), *other as u32)))
                .collect();
            if first(row) {
                let near = expected.iter().filter(|(distance, b)| *distance <= radius && *b > row as u32);
                pairs.extend(near.map(|(distance, b)| Close { a: row as u32, b: *b, distance: *distance }));
            }
            expected.sort_unstable();
            expected.truncate(neighbours.each);
            let near: Vec<(u32, u32)> = neighbours.near(row).map(|(row, distance)| (distance, row)).collect();
            assert_eq!(near, expected);
            assert_eq!(neighbours.copies(row) + 1, rows.iter().filter(|row| **row == Some(*one)).count());
        }
        pairs.sort_unstable();
        assert_eq!((found.pairs, found.radius), (pairs, Some(radius)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..Default::default() })]

        #[test]
        fn the_nearest_and_the_close_are_found(
            rows in prop::collection::vec(row(), 0..90),
            each in 0usize..12,
            radius in 0u32..20_000,
        ) {
            check(&rows, each, radius);
        }
    }

    #[test]
    fn they_are_found_across_blocks() {
        for count in [BLOCK - 1, BLOCK, 2 * BLOCK + 7] {
            check(&many(count), 3, 40);
        }
    }

    #[test]
    fn every_block_meets_every_other_once() {
        for blocks in 0..9 {
            let mut all: Vec<(usize, usize)> = Vec::new();
            for round in 0..rounds(blocks) {
                let meetings = meetings(blocks, round);
                let mut busy: Vec<usize> = meetings.iter().flat_map(|(one, two)| [*one, *two]).collect();
                busy.sort_unstable();
                busy.dedup();
                assert_eq!(busy.len(), 2 * meetings.len(), "one is at two places");
                all.extend(meetings);
            }
            all.sort_unstable();
            let expected: Vec<_> =
                (0..blocks).flat_map(|one| (one + 1..blocks).map(move |two| (one, two))).collect();
            assert_eq!(all, expected);
        }
    }

    #[test]
    fn too_many_pairs_make_the_radius_smaller() {
        let rows = many(2 * BLOCK);
        let rows = references(&rows);
        let all = search(&rows, 0, 400, usize::MAX / 2, &Control::new()).unwrap();
        for most in [0, 1, 7, 100, 1000, all.pairs.len() - 1, all.pairs.len()] {
            let few = search(&rows, 0, 400, most, &Control::new()).unwrap();
            // The largest radius with so many: one more would be too many.
            let within = |radius: u32| all.pairs.iter().filter(|pair| pair.distance <= radius).count();
            let radius =
                if most == 0 { None } else { (0..=400).rev().find(|radius| within(*radius) <= most) };
            let expected: Vec<Close> =
                all.pairs.iter().filter(|pair| Some(pair.distance) <= radius).copied().collect();
            assert_eq!((few.radius, few.pairs), (radius, expected), "{most}");
        }
    }

    #[test]
    fn a_million_copies_end() {
        let (one, two) = ([5; AXES], [7; AXES]);
        let mut rows = vec![Some(&one); 1_000_000];
        rows.push(Some(&two));
        let found = search(&rows, NEAREST, 1000, 10, &Control::new()).unwrap();
        assert_eq!(found.neighbours.copies, [1_000_000, 1]);
        assert_eq!(found.neighbours.near(999_999).collect::<Vec<_>>(), [(1_000_000, 512)]);
        assert_eq!(found.pairs, [Close { a: 0, b: 1_000_000, distance: 512 }]);
    }

    #[test]
    fn it_can_be_cancelled() {
        let control = Control::new();
        control.cancel();
        assert_eq!(Neighbours::of(&[Some(&[0; AXES]); 3], 1, &control), Err(Cancelled));
    }

    #[test]
    fn the_farthest_fit_a_number() {
        let (low, high) = ([-128; AXES], [127; AXES]);
        assert_eq!(distance(&low, &high), 128 * 255 * 255);
        let found = Neighbours::of(&[Some(&low), Some(&high)], NEAREST, &Control::new()).unwrap();
        assert_eq!(found.distances, [128 * 255 * 255; 2]);
    }
}
