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
    pub fn of(means: Rows<'_>, log_variances: Rows<'_>) -> Option<Self> {
        let is_whole = means.numbers() == log_variances.numbers() && means.len() == log_variances.len();
        if !is_whole || means.is_empty() {
            return None;
        }
        let count = means.len() as f64;
        let centre = means.mean();
        let mut variances = vec![0.0f64; means.numbers()];
        for (row, log_variance) in means.iter().zip(log_variances.iter()) {
            for (((sum, value), centre), log) in variances.iter_mut().zip(row).zip(&centre).zip(log_variance)
            {
                *sum += (f64::from(*value) - centre).powi(2) + f64::from(*log).exp();
            }
        }
        variances.iter_mut().for_each(|sum| *sum /= count);
        let divergence =
            |(mean, variance): (&f64, &f64)| 0.5 * (mean * mean + variance - 1.0 - variance.ln());
        Some(Self {
            divergences: centre.iter().zip(&variances).map(divergence).map(|nats| nats as f32).collect(),
            means: centre.iter().map(|mean| *mean as f32).collect(),
            deviations: variances.iter().map(|variance| variance.sqrt() as f32).collect(),
        })
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

/// How far each row is from the rows around it: the mean Euclidean distance to the ten nearest, or to all
/// where there are fewer; NaN where there is none, or the row is no number. Copies of a row are not among
/// its neighbours: ten copies of an odd sample are as odd as one.
///
/// Neighbours are found by the [exact search](crate::analysis::neighbours) over all pairs, on the principal
/// axes as whole numbers, in steps of a 254th of twelve standard deviations of the widest; of the rows at the
/// twenty nearest places the ten that are nearest in truth count. Progress counts blocks that were compared.
pub fn neighbour_distances(rows: Rows<'_>, control: &Control) -> Result<Vec<f32>, Cancelled> {
    /// Standard deviations of the widest axis that are told apart; beyond, rows are as far as they are.
    const REACH: f32 = 6.0;
    let is_finite = |row: &&[f32]| row.iter().all(|value| value.is_finite());
    let mut distances = vec![f32::NAN; rows.len()];
    let kept: Vec<usize> = (0..rows.len()).filter(|at| is_finite(&rows.row(*at))).collect();
    let flat: Vec<f32> = kept.iter().flat_map(|at| rows.row(*at)).copied().collect();
    let Some(pca) = Rows::new(&flat, rows.numbers()).and_then(|rows| Pca::of(rows, AXES)) else {
        return Ok(distances);
    };
    let widest = pca.variances.first().map_or(0.0, |variance| variance.max(0.0).sqrt());
    let step = 127.0 / (REACH * widest).max(f32::MIN_POSITIVE);
    let whole = |row: &usize| -> Whitened {
        let mut out = [0; AXES];
        for (to, place) in out.iter_mut().zip(pca.project(rows.row(*row))) {
            *to = (place * step).round().clamp(-127.0, 127.0) as i8;
        }
        out
    };
    let wholes: Vec<Whitened> = kept.par_iter().map(whole).collect();
    let found = Neighbours::of(&wholes.iter().map(Some).collect::<Vec<_>>(), KEPT, control)?;
    drop(wholes);
    let together = Together::of(&found);
    let mean = |at: usize| {
        let row = rows.row(kept[at]);
        let firsts = std::iter::once(at as u32).chain(found.near(at).map(|(first, _)| first));
        let others = firsts.flat_map(|first| together.with(found.place_of[first as usize]));
        let mut near: Vec<f32> = others.map(|other| squared(row, rows.row(kept[*other as usize]))).collect();
        near.retain(|squared| *squared > 0.0);
        near.sort_unstable_by(f32::total_cmp);
        near.truncate(NEAREST);
        near.iter().map(|squared| squared.sqrt()).sum::<f32>() / near.len() as f32
    };
    let means: Vec<f32> = (0..kept.len()).into_par_iter().map(mean).collect();
    for (at, mean) in kept.into_iter().zip(means) {
        distances[at] = mean;
    }
    Ok(distances)
}

/// The rows that fall together as whole numbers, of each place one after the other.
struct Together {
    rows: Vec<u32>,
    ends: Vec<usize>,
}

impl Together {
    /// Rows of one place that are looked at: where more fall together, all are about as far.
    const MOST: usize = 64;

    fn of(found: &Neighbours) -> Self {
        let mut rows: Vec<u32> = (0..found.place_of.len() as u32).collect();
        rows.sort_by_key(|row| found.place_of[*row as usize]);
        let mut end = 0;
        let ends = found.copies.iter().map(|copies| {
            end += *copies as usize;
            end
        });
        Self { ends: ends.collect(), rows }
    }

    fn with(&self, place: u32) -> &[u32] {
        let place = place as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        let rows = &self.rows[start..self.ends[place]];
        &rows[..rows.len().min(Self::MOST)]
    }
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
        let rows = |values| Rows::new(values, 3).unwrap();
        let found = Aggregate::of(rows(&means), rows(&log_variances)).unwrap();
        assert!(found.means.iter().all(|mean| mean.abs() < 0.03), "{found:?}");
        assert!(found.deviations.iter().all(|deviation| (deviation - 1.0).abs() < 0.02), "{found:?}");
        assert!(found.divergence() < 0.01, "{found:?}");
        // By hand: mean 2, deviation 1, one sample.
        let found = Aggregate::of(rows(&[2.0; 3]), rows(&[0.0; 3])).unwrap();
        assert_eq!((found.means[0], found.deviations[0], found.divergences[0]), (2.0, 1.0, 2.0));
        assert!(Aggregate::of(rows(&[]), rows(&[])).is_none());
        assert!(Aggregate::of(rows(&[0.0; 6]), rows(&[0.0; 3])).is_none());
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
