//! The latent space of a trained model: where samples lie in it, what lies between them, and how it differs
//! from the prior.
//!
//! | file | what |
//! | --- | --- |
//! | [`pca`] | a plane through the space, for a map |
//! | [`walk`] | ways from latent to latent, and directions that mean something |
//! | [`mixture`] | the aggregate posterior as a mixture: density, and samples drawn from it |
//!
//! All of it goes by [`Rows`] of latent means, `rows × latent`, and is the same on any number of threads.
//! This room refuses to know models, files and samples.

pub mod mixture;
pub mod pca;
pub mod walk;

use std::collections::HashMap;
use std::ops::Range;

use rayon::prelude::*;

use crate::analysis::neighbours::{KEPT, NEAREST, Neighbours};
pub use crate::analysis::rows::Rows;
use crate::analysis::rows::squared;
use crate::analysis::whiten::{AXES, Whitened};
use crate::jobs::{Cancelled, Control};
pub use mixture::Mixture;
pub use pca::{Pca, Plane};
pub use walk::{Path, attribute, linear, spherical, walk};

/// Rows that a thread takes at once.
const BLOCK: usize = 4096;

/// The aggregate posterior q(z) = 1/N Σ q(z|xₙ) dimension by dimension, beside the prior N(0, 1).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aggregate {
    /// Of each dimension: the mean over samples of μ.
    pub means: Vec<f32>,
    /// Of each dimension: √(variance of μ + mean of σ²).
    pub deviations: Vec<f32>,
    /// Of each dimension: KL(N(mean, deviation²) ‖ N(0, 1)), in nats. Near 0 where the samples together fill
    /// the prior, whatever each says by itself.
    pub divergences: Vec<f32>,
}

impl Aggregate {
    /// Of samples' μ and ln σ², `rows × latent` each; `None` where there is no sample, or they do not go
    /// together.
    ///
    /// KL = ½ (m² + s² − 1 − ln s²) (D. P. Kingma and M. Welling, 2013, appendix B); the aggregate posterior
    /// is that of A. Makhzani et al., "Adversarial Autoencoders", 2015.
    pub fn of(
        means: Rows<'_>,
        log_variances: Rows<'_>,
        control: &Control,
    ) -> Result<Option<Self>, Cancelled> {
        let is_whole = means.numbers() == log_variances.numbers() && means.len() == log_variances.len();
        if !is_whole || means.is_empty() {
            return Ok(None);
        }
        let count = means.len() as f64;
        let centre = means.mean();
        let mut variances = vec![0.0f64; means.numbers()];
        for (at, (row, log_variance)) in means.iter().zip(log_variances.iter()).enumerate() {
            if at % BLOCK == 0 {
                control.checkpoint()?;
            }
            for (((sum, value), centre), log) in variances.iter_mut().zip(row).zip(&centre).zip(log_variance)
            {
                *sum += (f64::from(*value) - centre).powi(2) + f64::from(*log).exp();
            }
        }
        variances.iter_mut().for_each(|sum| *sum /= count);
        let divergence =
            |(mean, variance): (&f64, &f64)| 0.5 * (mean * mean + variance - 1.0 - variance.ln());
        Ok(Some(Self {
            divergences: centre.iter().zip(&variances).map(divergence).map(|nats| nats as f32).collect(),
            means: centre.iter().map(|mean| *mean as f32).collect(),
            deviations: variances.iter().map(|variance| variance.sqrt() as f32).collect(),
        }))
    }

    /// The divergence of all dimensions together, in nats: what a sample from the prior is away from where
    /// samples lie, as far as dimensions by themselves tell.
    pub fn divergence(&self) -> f64 {
        self.divergences.iter().map(|nats| f64::from(*nats)).sum()
    }
}

/// The rows nearest to a latent and their Euclidean distances, nearest first, at most `count` of them: what
/// lies beside a generated sample. Of equal distances the lower row is nearer.
pub fn nearest(rows: Rows<'_>, latent: &[f32], count: usize) -> Vec<(usize, f32)> {
    if rows.numbers() != latent.len() || count == 0 {
        return Vec::new();
    }
    let order = |one: &(usize, f32), two: &(usize, f32)| one.1.total_cmp(&two.1).then(one.0.cmp(&two.0));
    let of_block = |(block, values): (usize, &[f32])| {
        let distances = values.chunks_exact(rows.numbers()).map(|row| squared(row, latent));
        let mut near: Vec<(usize, f32)> =
            distances.enumerate().map(|(at, distance)| (block * BLOCK + at, distance)).collect();
        if near.len() > count {
            near.select_nth_unstable_by(count - 1, order);
            near.truncate(count);
        }
        near
    };
    let blocks = rows.values().par_chunks(BLOCK * rows.numbers()).enumerate();
    let mut near: Vec<(usize, f32)> = blocks.flat_map_iter(of_block).collect();
    near.sort_unstable_by(order);
    near.truncate(count);
    near.iter_mut().for_each(|(_, distance)| *distance = distance.sqrt());
    near
}

/// Rows of which distances are looked for between two questions whether to go on.
const STEP: usize = 8;
/// Rows at one place that are told apart again on a scale of their own, where there are more.
const CROWDED: usize = 4096;
/// Rows of a crowded place, to either side, that who comes from another one looks at.
const LOOKED_AT: usize = 1024;
/// How often a crowded place is told apart again.
const DEPTH: usize = 6;
/// So many rows that lie beyond what is told apart are compared with all.
const BEYOND: usize = 32;

/// How far each row is from the rows around it: the mean Euclidean distance to the ten nearest, or to all
/// where there are fewer; NaN where there is none, or the row is no number. Copies of a row are not among
/// its neighbours: ten copies of an odd sample are as odd as one.
///
/// Neighbours are found by the [exact search](crate::analysis::neighbours) over all pairs, on dimensions (of more
/// than 128 on principal axes) as whole numbers, in steps of a 254th of twelve standard deviations of the widest
/// as all but the outermost rows have it. Of all rows at the twenty nearest places and at its own the ten that are
/// nearest in truth count. Where thousands fall together at one place, they are told apart again on their own
/// scale, and others see those of them that are nearest in one dimension; the few that lie beyond all steps are
/// compared with all. So a few wild rows make the work for others neither worse nor longer. Progress counts blocks
/// that were compared, then rows.
pub fn neighbour_distances(rows: Rows<'_>, control: &Control) -> Result<Vec<f32>, Cancelled> {
    let is_finite = |row: &&[f32]| row.iter().all(|value| value.is_finite());
    let mut distances = vec![f32::NAN; rows.len()];
    let kept: Vec<usize> = (0..rows.len()).filter(|at| is_finite(&rows.row(*at))).collect();
    let flat: Vec<f32> = kept.iter().flat_map(|at| rows.row(*at)).copied().collect();
    let Some(rows) = Rows::new(&flat, rows.numbers()).filter(|rows| !rows.is_empty()) else {
        return Ok(distances);
    };
    let axes = match rows.numbers() > AXES {
        true => Pca::of(rows, AXES, control)?.map(Axes::Principal),
        false => None,
    };
    let axes = axes.unwrap_or_else(|| Axes::widest(rows));
    for (at, nearest) in kept.into_iter().zip(nearest_of_each(rows, &axes, DEPTH, control)?) {
        distances[at] = nearest.mean();
    }
    Ok(distances)
}

/// The nearest of each row that is a number; crowded places are told apart so often.
fn nearest_of_each(
    rows: Rows<'_>,
    axes: &Axes,
    depth: usize,
    control: &Control,
) -> Result<Vec<Nearest>, Cancelled> {
    let wholes = placed(rows, axes, control)?;
    let is_beyond = |whole: &Whitened| whole.iter().any(|number| number.abs() == i8::MAX);
    let beyond = wholes.iter().enumerate().filter(|(_, whole)| is_beyond(whole)).map(|(row, _)| row as u32);
    let beyond: Vec<u32> = beyond.take(BEYOND + 1).collect();
    let beyond = if beyond.len() > BEYOND { Vec::new() } else { beyond };
    let found = Neighbours::of(&wholes.iter().map(Some).collect::<Vec<_>>(), KEPT, control)?;
    drop(wholes);
    let mut together = Together::of(rows, &found, control)?;
    // What falls together on its own scale does so again.
    if depth == DEPTH || together.ends.len() > 1 {
        together.tell_apart(depth, control)?;
    }
    let measure = |(at, nearest): (usize, &mut Nearest)| {
        let row = together.rows[at];
        if beyond.binary_search(&row).is_ok() {
            return together.look_at_all(row, nearest);
        }
        let place = found.place_of[row as usize];
        match together.apart.get(&place) {
            Some(apart) => *nearest = apart[at - together.range(place).start],
            None => together.look(place, row, nearest),
        }
        for (first, _) in found.near(row as usize) {
            together.look(found.place_of[first as usize], row, nearest);
        }
    };
    let mut all = vec![Nearest::default(); together.rows.len()];
    control.begin("Measuring distances", all.len() as u64);
    for (piece, all) in all.chunks_mut(BLOCK).enumerate() {
        control.checkpoint()?;
        let steps = all.par_chunks_mut(STEP).enumerate();
        steps.try_for_each(|(step, some)| -> Result<(), Cancelled> {
            control.go_on()?;
            let first = piece * BLOCK + step * STEP;
            some.iter_mut().enumerate().for_each(|(at, nearest)| measure((first + at, nearest)));
            control.add(some.len() as u64);
            Ok(())
        })?;
    }
    Ok(together.one_of.iter().map(|one| all[*one as usize]).collect())
}

/// What rows are told apart by: no more than [`AXES`] numbers.
enum Axes {
    Principal(Pca),
    Dimensions(Vec<usize>),
}

impl Axes {
    /// The dimensions in which rows differ most, the widest first.
    fn widest(rows: Rows<'_>) -> Self {
        let all = Self::Dimensions((0..rows.numbers()).collect());
        let ranges = all.ranges(rows);
        let mut dimensions: Vec<usize> = (0..rows.numbers()).collect();
        let width = |at: &usize| ranges[*at].1 - ranges[*at].0;
        dimensions.sort_by(|one, two| width(two).total_cmp(&width(one)).then(one.cmp(two)));
        dimensions.truncate(AXES);
        Self::Dimensions(dimensions)
    }

    /// Where a row lies.
    fn places(&self, row: &[f32]) -> Vec<f32> {
        match self {
            Self::Principal(pca) => pca.project(row),
            Self::Dimensions(dimensions) => dimensions.iter().map(|at| row[*at]).collect(),
        }
    }

    /// Along each axis, from where to where all but a hundredth of rows to either side lie: by some from all over.
    fn ranges(&self, rows: Rows<'_>) -> Vec<(f32, f32)> {
        /// Rows that are looked at at most.
        const SOME: usize = 4096;
        let step = rows.len().div_ceil(SOME).max(1);
        let places: Vec<Vec<f32>> = rows.iter().step_by(step).map(|row| self.places(row)).collect();
        let range = |axis: usize| {
            let mut along: Vec<f32> = places.iter().map(|places| places[axis]).collect();
            along.sort_unstable_by(f32::total_cmp);
            let outermost = along.len().saturating_sub(1) / 100;
            match (along.get(outermost), along.iter().nth_back(outermost)) {
                (Some(low), Some(high)) => (*low, *high),
                _ => (0.0, 0.0),
            }
        };
        (0..places.first().map_or(0, Vec::len)).map(range).collect()
    }
}

/// Rows as whole numbers along axes; what lies beyond the last step is at the last one.
fn placed(rows: Rows<'_>, axes: &Axes, control: &Control) -> Result<Vec<Whitened>, Cancelled> {
    /// Standard deviations of the widest axis that are told apart; beyond, rows are as far as they are.
    const REACH: f32 = 6.0;
    /// The range of all but a hundredth to either side, of a normal distribution.
    const RANGE: f32 = 4.652;
    let numbers = rows.numbers();
    let ranges = axes.ranges(rows);
    let middles: Vec<f32> = ranges.iter().map(|(low, high)| low / 2.0 + high / 2.0).collect();
    let widest = ranges.iter().map(|(low, high)| high - low).fold(0.0, f32::max);
    let mut reach = REACH / RANGE * widest;
    if reach == 0.0 {
        // Nearly all are the same: those that are not have to be told apart.
        let far = |row: &[f32]| {
            let places = axes.places(row).into_iter().zip(&middles);
            places.map(|(place, middle)| (place - middle).abs()).fold(0.0, f32::max)
        };
        for piece in rows.values().chunks(BLOCK * numbers) {
            control.checkpoint()?;
            reach = piece.par_chunks(numbers).map(far).reduce(|| reach, f32::max);
        }
    }
    let step = 127.0 / reach.max(f32::MIN_POSITIVE);
    let mut wholes: Vec<Whitened> = vec![[0; AXES]; rows.len()];
    let place = |(wholes, rows): (&mut [Whitened], &[f32])| -> Result<(), Cancelled> {
        control.go_on()?;
        for (whole, row) in wholes.iter_mut().zip(rows.chunks_exact(numbers)) {
            for ((to, place), middle) in whole.iter_mut().zip(axes.places(row)).zip(&middles) {
                *to = ((place - middle) * step).round().clamp(-127.0, 127.0) as i8;
            }
        }
        Ok(())
    };
    for (wholes, rows) in wholes.chunks_mut(BLOCK).zip(rows.values().chunks(BLOCK * numbers)) {
        control.checkpoint()?;
        wholes.par_chunks_mut(STEP).zip(rows.par_chunks(STEP * numbers)).try_for_each(place)?;
    }
    Ok(wholes)
}

/// Squared distances to the nearest so far, nearest first.
#[derive(Clone, Copy, Default)]
struct Nearest {
    squared: [f32; NEAREST],
    count: usize,
}

impl Nearest {
    /// What is farther is not among them.
    fn limit(&self) -> f32 {
        if self.count < NEAREST { f32::INFINITY } else { self.squared[NEAREST - 1] }
    }

    /// Takes so many rows at a distance.
    fn add(&mut self, squared: f32, copies: u32) {
        for _ in 0..copies.min(NEAREST as u32) {
            if self.count == NEAREST && squared >= self.limit() {
                return;
            }
            let at = self.squared[..self.count].partition_point(|known| *known <= squared);
            self.count = (self.count + 1).min(NEAREST);
            self.squared[at..self.count].rotate_right(1);
            self.squared[at] = squared;
        }
    }

    /// The mean distance; NaN of none.
    fn mean(&self) -> f32 {
        let near = &self.squared[..self.count];
        near.iter().map(|squared| squared.sqrt()).sum::<f32>() / near.len() as f32
    }
}

/// The rows that fall together as whole numbers. Those at one place are in the order of their numbers in the
/// dimension in which they differ most: who looks for what is near looks from its own number on, to where
/// that dimension alone is too far. So nothing near is missed, and of many few are compared; a crowded place is
/// told apart by itself.
struct Together<'a> {
    values: Rows<'a>,
    /// One row of those that are equal, of each place one after the other.
    rows: Vec<u32>,
    /// How many are equal to each of these.
    copies: Vec<u32>,
    /// Of each row, the place in `rows` of the one that is equal to it.
    one_of: Vec<u32>,
    /// Of each place, where its rows end.
    ends: Vec<usize>,
    /// Of each place, the dimension that its rows are sorted by.
    dimensions: Vec<usize>,
    /// By the crowded places that were told apart: of each of their rows, what is nearest of the others.
    apart: HashMap<u32, Vec<Nearest>>,
}

impl<'a> Together<'a> {
    fn of(values: Rows<'a>, found: &Neighbours, control: &Control) -> Result<Self, Cancelled> {
        let count = found.place_of.len();
        let places = found.copies.len();
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.par_sort_unstable_by_key(|row| (found.place_of[*row as usize], *row));
        let mut together = Self {
            values,
            rows: Vec::with_capacity(count),
            copies: Vec::with_capacity(count),
            one_of: vec![0; count],
            ends: Vec::with_capacity(places),
            dimensions: Vec::with_capacity(places),
            apart: HashMap::new(),
        };
        let mut rest = order.as_mut_slice();
        let mut looked_at = 0;
        for copies in &found.copies {
            looked_at += *copies as usize;
            if looked_at >= BLOCK {
                looked_at = 0;
                control.checkpoint()?;
            }
            let (here, others) = std::mem::take(&mut rest).split_at_mut(*copies as usize);
            together.add(here);
            rest = others;
        }
        Ok(together)
    }

    /// Takes the rows of the next place.
    fn add(&mut self, here: &mut [u32]) {
        let values = self.values;
        let of = |row: &u32| values.row(*row as usize);
        let dimension = if here.len() > 1 { widest(values, here) } else { 0 };
        let by_number = |one: &[f32], two: &[f32]| one[dimension].total_cmp(&two[dimension]);
        let by_all = |one: &[f32], two: &[f32]| {
            let all = one.iter().zip(two).map(|(one, two)| one.total_cmp(two));
            all.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        };
        here.par_sort_unstable_by(|one, two| {
            by_number(of(one), of(two)).then_with(|| by_all(of(one), of(two))).then(one.cmp(two))
        });
        let first = self.rows.len();
        for row in here.iter() {
            match self.rows[first..].last().filter(|last| of(last) == of(row)) {
                Some(_) => {
                    if let Some(copies) = self.copies.last_mut() {
                        *copies += 1;
                    }
                }
                None => {
                    self.rows.push(*row);
                    self.copies.push(1);
                }
            }
            self.one_of[*row as usize] = self.rows.len() as u32 - 1;
        }
        self.ends.push(self.rows.len());
        self.dimensions.push(dimension);
    }

    /// The rows of a place, in `rows`.
    fn range(&self, place: u32) -> Range<usize> {
        let place = place as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        start..self.ends[place]
    }

    /// Looks for what is nearest to each row of a crowded place among the others there.
    fn tell_apart(&mut self, depth: usize, control: &Control) -> Result<(), Cancelled> {
        for place in 0..self.ends.len() as u32 {
            let range = self.range(place);
            if range.len() <= CROWDED || depth == 0 {
                continue;
            }
            let (mut flat, mut firsts) = (Vec::new(), Vec::with_capacity(range.len()));
            for at in range {
                firsts.push(flat.len() / self.values.numbers());
                // More copies of one than are counted are none the nearer.
                for _ in 0..self.copies[at].min(NEAREST as u32) {
                    flat.extend_from_slice(self.values.row(self.rows[at] as usize));
                }
            }
            let Some(rows) = Rows::new(&flat, self.values.numbers()) else { continue };
            let nearest = nearest_of_each(rows, &Axes::widest(rows), depth - 1, control)?;
            self.apart.insert(place, firsts.into_iter().map(|first| nearest[first]).collect());
        }
        Ok(())
    }

    /// Looks for what is near a row among all.
    fn look_at_all(&self, row: u32, nearest: &mut Nearest) {
        let own = self.values.row(row as usize);
        for (other, copies) in self.rows.iter().zip(&self.copies) {
            let squared = squared(own, self.values.row(*other as usize));
            if squared > 0.0 {
                nearest.add(squared, *copies);
            }
        }
    }

    /// Looks for what is near a row among those of a place, of a crowded one among some. What is equal to it is
    /// not near, but itself.
    fn look(&self, place: u32, row: u32, nearest: &mut Nearest) {
        let Range { start, end } = self.range(place);
        let most = if end - start > CROWDED { LOOKED_AT } else { usize::MAX };
        let dimension = self.dimensions[place as usize];
        let own = self.values.row(row as usize);
        let other = |at: usize| self.values.row(self.rows[at] as usize);
        let below = |row: &u32| self.values.row(*row as usize)[dimension] < own[dimension];
        let middle = start + self.rows[start..end].partition_point(below);
        let mut is_near = |at: usize| {
            let other = other(at);
            // As it is summed up there, so that rounding does not part the two.
            if (own[dimension] - other[dimension]).powi(2) > nearest.limit() {
                return false;
            }
            let squared = squared(own, other);
            if squared > 0.0 {
                nearest.add(squared, self.copies[at]);
            }
            true
        };
        let _ = (middle..end).take(most).all(&mut is_near);
        let _ = (start..middle).rev().take(most).all(&mut is_near);
    }
}

/// The dimension in which rows differ most, the first of equal ones.
fn widest(values: Rows<'_>, rows: &[u32]) -> usize {
    let mut range = vec![(f32::INFINITY, f32::NEG_INFINITY); values.numbers()];
    for row in rows {
        for ((least, most), value) in range.iter_mut().zip(values.row(*row as usize)) {
            (*least, *most) = (least.min(*value), most.max(*value));
        }
    }
    let widths = range.iter().map(|(least, most)| most - least).enumerate();
    widths.fold((0, -1.0f32), |best, (at, width)| if width > best.1 { (at, width) } else { best }).0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::train::random::{Purpose, Stream};

    pub(super) fn normal(rows: usize, latent: usize, seed: u64) -> Vec<f32> {
        Stream::new(seed, 0, Purpose::Noise).normal_vec(rows * latent)
    }

    #[test]
    fn the_aggregate_posterior_of_a_perfect_encoder_is_the_prior() {
        // Means of variance ¾ and posteriors of variance ¼.
        let means: Vec<f32> = normal(20_000, 3, 1).into_iter().map(|value| value * 0.75f32.sqrt()).collect();
        let log_variances = vec![0.25f32.ln(); means.len()];
        fn rows(values: &[f32]) -> Rows<'_> {
            Rows::new(values, 3).unwrap()
        }
        let of =
            |means: &[f32], logs: &[f32]| Aggregate::of(rows(means), rows(logs), &Control::new()).unwrap();
        let found = of(&means, &log_variances).unwrap();
        assert!(found.means.iter().all(|mean| mean.abs() < 0.03), "{found:?}");
        assert!(found.deviations.iter().all(|deviation| (deviation - 1.0).abs() < 0.02), "{found:?}");
        assert!(found.divergence() < 0.01, "{found:?}");
        // By hand: mean 2, deviation 1, one sample.
        let found = of(&[2.0; 3], &[0.0; 3]).unwrap();
        assert_eq!((found.means[0], found.deviations[0], found.divergences[0]), (2.0, 1.0, 2.0));
        assert!(of(&[], &[]).is_none());
        assert!(of(&[0.0; 6], &[0.0; 3]).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..Default::default() })]

        #[test]
        fn the_nearest_are_those_of_all_distances(
            values in prop::collection::vec(-2i8..=2, 0..90), latent in 1usize..4, count in 0usize..8,
        ) {
            let mut values: Vec<f32> = values.into_iter().map(f32::from).collect();
            values.truncate(values.len() / latent * latent);
            let rows = Rows::new(&values, latent).unwrap();
            let point = vec![0.5; latent];
            let mut all: Vec<(usize, f32)> =
                rows.iter().enumerate().map(|(at, row)| (at, squared(row, &point).sqrt())).collect();
            all.sort_by(|one, two| one.1.total_cmp(&two.1));
            all.truncate(count);
            prop_assert_eq!(nearest(rows, &point, count), all);
        }
    }

    #[test]
    fn the_nearest_are_found_across_blocks() {
        let values = normal(2 * BLOCK + 5, 2, 4);
        let rows = Rows::new(&values, 2).unwrap();
        let near = nearest(rows, rows.row(BLOCK + 1), 3);
        assert_eq!(near[0], (BLOCK + 1, 0.0));
        assert!(near.is_sorted_by(|one, two| one.1 <= two.1) && near.len() == 3);
        assert!(nearest(rows, &[0.0; 3], 3).is_empty());
    }

    #[test]
    fn distances_to_neighbours_are_nearly_those_of_all_pairs() {
        for latent in [1, 2, 16, 140] {
            let mut values = normal(700, latent, latent as u64);
            // One far out, and one that is no number.
            values[..latent].fill(30.0);
            values[latent] = f32::NAN;
            let rows = Rows::new(&values, latent).unwrap();
            let found = neighbour_distances(rows, &Control::new()).unwrap();
            assert!(found[1].is_nan());
            for (at, found) in found.iter().enumerate().filter(|(at, _)| *at != 1) {
                let others = (0..rows.len()).filter(|other| *other != at && *other != 1);
                let mut all: Vec<f32> =
                    others.map(|other| squared(rows.row(at), rows.row(other)).sqrt()).collect();
                all.sort_by(f32::total_cmp);
                let expected = all[..NEAREST].iter().sum::<f32>() / NEAREST as f32;
                assert!((found / expected - 1.0).abs() < 0.01, "{latent} {at}: {found} {expected}");
            }
            assert!(found[0] > found[2..].iter().copied().fold(0.0, f32::max));
        }
    }

    #[test]
    fn of_many_rows_near_together_the_nearest_count_whichever_they_are() {
        for (latent, count) in [(1, 3000), (2, 3000), (7, 900)] {
            // All near together but one, which is far out; and some of them twice or more.
            let mut values: Vec<f32> =
                normal(count, latent, 3).into_iter().map(|value| value * 1e-3).collect();
            values[..latent].fill(500.0);
            values.copy_within(5 * latent..25 * latent, 40 * latent);
            values.copy_within(5 * latent..9 * latent, 80 * latent);
            let rows = Rows::new(&values, latent).unwrap();
            let found = neighbour_distances(rows, &Control::new()).unwrap();
            for (at, found) in found.iter().enumerate() {
                let mut all: Vec<f32> =
                    rows.iter().map(|other| squared(rows.row(at), other)).filter(|far| *far > 0.0).collect();
                all.sort_by(f32::total_cmp);
                let expected = all[..NEAREST].iter().map(|far| far.sqrt()).sum::<f32>() / NEAREST as f32;
                assert!((found / expected - 1.0).abs() < 0.01, "{latent} {at}: {found} {expected}");
            }
        }
    }

    #[test]
    fn wild_rows_and_crowded_places_take_nothing_from_the_others() {
        let checked = |values: &[f32], latent: usize, every: usize| {
            let rows = Rows::new(values, latent).unwrap();
            let found = neighbour_distances(rows, &Control::new()).unwrap();
            for (at, found) in found.iter().enumerate().step_by(every) {
                let mut all: Vec<f32> =
                    rows.iter().map(|other| squared(rows.row(at), other)).filter(|far| *far > 0.0).collect();
                all.sort_by(f32::total_cmp);
                let expected = all[..NEAREST].iter().map(|far| far.sqrt()).sum::<f32>() / NEAREST as f32;
                assert!((found / expected - 1.0).abs() < 0.01, "{latent} {at}: {found} {expected}");
            }
        };
        for latent in [2, 3] {
            // A few are a thousand million times as far out as the others.
            let mut wild = normal(2000, latent, 5);
            wild[..5 * latent].iter_mut().for_each(|value| *value *= 1e9);
            checked(&wild, latent, 1);
            // Most lie so near together that the others' scale does not tell them apart: some of them at a place
            // that is as near together again, and some twice.
            let mut crowded = normal(3 * CROWDED, latent, 6);
            let (near, nearer) = crowded[CROWDED * latent..].split_at_mut(CROWDED / 2 * latent);
            near.iter_mut().for_each(|value| *value = *value * 1e-4 + 0.3);
            nearer.iter_mut().for_each(|value| *value = *value * 1e-6 + 0.3);
            let last = crowded.len() - 40 * latent;
            crowded.copy_within(last + 20 * latent.., last);
            checked(&crowded, latent, 61);
        }
    }

    #[test]
    fn few_rows_and_copies_are_no_fault() {
        for (values, expected) in [
            (vec![], vec![]),
            (vec![1.0, 2.0], vec![f32::NAN]),
            (vec![1.0, 2.0, 1.0, 2.0], vec![f32::NAN; 2]),
            (vec![0.0, 0.0, 3.0, 4.0, 0.0, 0.0], vec![5.0; 3]),
        ] {
            let rows = Rows::new(&values, 2).unwrap();
            let found = neighbour_distances(rows, &Control::new()).unwrap();
            let is_same = |(one, two): (&f32, &f32)| one == two || one.is_nan() && two.is_nan();
            assert!(found.len() == expected.len() && found.iter().zip(&expected).all(is_same), "{found:?}");
        }
        let control = Control::new();
        control.cancel();
        assert_eq!(neighbour_distances(Rows::new(&[0.0, 1.0], 1).unwrap(), &control), Err(Cancelled));
    }
}
