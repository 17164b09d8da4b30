//! The aggregate posterior as a mixture of normal distributions.
//!
//! ```text
//! p(z)  = Σ wₖ N(z; mₖ, diag vₖ)
//! E:      rₙₖ = wₖ N(μₙ; mₖ, vₖ) / Σⱼ wⱼ N(μₙ; mⱼ, vⱼ)
//! M:      wₖ = Σₙ rₙₖ / N,  mₖ = Σₙ rₙₖ μₙ / Σₙ rₙₖ,  vₖ = Σₙ rₙₖ (μₙ − mₖ)² / Σₙ rₙₖ
//! ```
//!
//! by expectation and maximisation (C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, 9.2), begun
//! as k-means++ does (D. Arthur and S. Vassilvitskii, 2007). Fitted to samples' means after training, it is
//! where samples lie and the prior need not (P. Ghosh et al., "From Variational to Deterministic
//! Autoencoders", 2020, with ten of them).
//!
//! The aggregate posterior q(z) = 1/N Σ N(μₙ, σₙ²) (A. Makhzani et al., "Adversarial Autoencoders", 2015) is
//! wider than the means are, by what each posterior says of itself: each vₖ and the mean of σₙ² of its
//! samples, weighted by rₙₖ, which is the variance of the component's part of q.

use std::f64::consts::TAU;

use rayon::prelude::*;

use super::Rows;
use crate::jobs::{Cancelled, Control};
use crate::train::random::{Purpose, Stream};

/// Components of a mixture unless a person says otherwise.
pub const COMPONENTS: usize = 10;
/// The most components that can be asked for.
pub const MOST_COMPONENTS: usize = 256;
/// Rows, from all over, that a mixture is fitted to at most.
const FITTED_TO: usize = 1 << 16;
/// Rows whose sums one thread makes at once.
const BLOCK: usize = 1024;
/// Blocks whose sums are there at once.
const BLOCKS: usize = 32;
/// Rows between two questions whether to go on: of as many components and dimensions as there may be, some
/// hundredths of a second.
const ASKED: usize = 32;
/// Steps at most, and what a step has to better the mean log density by to be followed by another, in nats.
const STEPS: usize = 200;
const LEAST_GAIN: f64 = 1e-5;
/// The least variance of a component, by that of all rows: so that no component ends as a point.
const LEAST_PART: f64 = 1e-4;
/// And where rows do not vary at all.
const LEAST_VARIANCE: f64 = 1e-8;

/// A mixture of normal distributions whose dimensions are independent within each.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    latent: usize,
    /// Of each component; together 1.
    weights: Vec<f64>,
    /// `components × latent`.
    means: Vec<f64>,
    /// `components × latent`, over 0.
    variances: Vec<f64>,
}

impl Mixture {
    /// Fits at most so many components, 1 to [`MOST_COMPONENTS`], to rows; fewer where fewer rows differ. Of
    /// many rows, some from all over count, and of these all that are numbers: `None` where none is. The same
    /// rows and seed give the same mixture. Progress counts steps.
    pub fn fit(
        rows: Rows<'_>,
        components: usize,
        seed: u64,
        control: &Control,
    ) -> Result<Option<Self>, Cancelled> {
        control.begin("Fitting a mixture", STEPS as u64);
        let latent = rows.numbers();
        let step = rows.len().div_ceil(FITTED_TO).max(1);
        let is_finite = |row: &&[f32]| row.iter().all(|value| value.is_finite());
        let spread: Vec<f32> = rows.iter().step_by(step).filter(is_finite).flatten().copied().collect();
        let Some(rows) = Rows::new(&spread, latent).filter(|rows| !rows.is_empty()) else { return Ok(None) };
        let all = |_: &[f32], parts: &mut [f64]| {
            parts[0] = 1.0;
            0.0
        };
        let whole = Sums::of(rows, 1, all, control)?;
        let least: Vec<f64> =
            whole.variances(0).iter().map(|all| (all * LEAST_PART).max(LEAST_VARIANCE)).collect();
        let centres = begin(rows, components.clamp(1, MOST_COMPONENTS), seed, control)?;
        let count = centres.len() / latent;
        let nearest = |row: &[f32], parts: &mut [f64]| {
            let distances = centres.chunks_exact(latent).map(|centre| apart(row, centre));
            let nearest = distances.enumerate().min_by(|one, two| one.1.total_cmp(&two.1));
            parts[nearest.map_or(0, |(at, _)| at)] = 1.0;
            0.0
        };
        let mut mixture = Self::of(&Sums::of(rows, count, nearest, control)?, &least, rows.len());
        let mut before = f64::NEG_INFINITY;
        for _ in 0..STEPS {
            control.checkpoint()?;
            let terms = mixture.terms();
            let responsible = |row: &[f32], parts: &mut [f64]| terms.responsibilities(row, parts);
            let sums = Sums::of(rows, count, responsible, control)?;
            let density = sums.density / rows.len() as f64;
            mixture = Self::of(&sums, &least, rows.len());
            control.add(1);
            if density - before < LEAST_GAIN {
                break;
            }
            before = density;
        }
        Ok(Some(mixture))
    }

    /// The aggregate posterior of samples' μ and ln σ², `rows × latent` each: a mixture that is fitted to the
    /// means, and as much wider as the posteriors are. `None` as of [`fit`](Self::fit), or where the two do
    /// not go together.
    pub fn aggregate(
        means: Rows<'_>,
        log_variances: Rows<'_>,
        components: usize,
        seed: u64,
        control: &Control,
    ) -> Result<Option<Self>, Cancelled> {
        if means.numbers() != log_variances.numbers() || means.len() != log_variances.len() {
            return Ok(None);
        }
        let Some(mut mixture) = Self::fit(means, components, seed, control)? else { return Ok(None) };
        let (latent, count) = (mixture.latent, mixture.weights.len());
        let terms = mixture.terms();
        // Of each component, and at the end of all: how many rows it is responsible for, and their σ².
        let of_block = |(means, logs): (&[f32], &[f32])| -> Result<Vec<f64>, Cancelled> {
            let mut sums = vec![0.0f64; (count + 1) * (1 + latent)];
            let mut parts = vec![0.0f64; count + 1];
            for (at, (row, log)) in means.chunks_exact(latent).zip(logs.chunks_exact(latent)).enumerate() {
                if at % ASKED == 0 {
                    control.go_on()?;
                }
                if !terms.responsibilities(row, &mut parts[..count]).is_finite() {
                    continue;
                }
                parts[count] = 1.0;
                for (sums, part) in sums.chunks_exact_mut(1 + latent).zip(&parts) {
                    sums[0] += part;
                    sums[1..].iter_mut().zip(log).for_each(|(sum, log)| *sum += part * f64::from(*log).exp());
                }
            }
            Ok(sums)
        };
        let mut sums = vec![0.0f64; (count + 1) * (1 + latent)];
        let pieces = means.values().chunks(BLOCK * BLOCKS * latent);
        for (means, logs) in pieces.zip(log_variances.values().chunks(BLOCK * BLOCKS * latent)) {
            control.checkpoint()?;
            let blocks = means.par_chunks(BLOCK * latent).zip(logs.par_chunks(BLOCK * latent));
            let blocks: Result<Vec<Vec<f64>>, Cancelled> = blocks.map(of_block).collect();
            for block in blocks? {
                sums.iter_mut().zip(block).for_each(|(sum, part)| *sum += part);
            }
        }
        let (of, all) = sums.split_at(count * (1 + latent));
        for (variances, sums) in mixture.variances.chunks_exact_mut(latent).zip(of.chunks_exact(1 + latent)) {
            // A component that no row belongs to is as wide as all are.
            let sums = if sums[0] > f64::EPSILON { sums } else { all };
            variances.iter_mut().zip(&sums[1..]).for_each(|(variance, sum)| *variance += sum / sums[0]);
        }
        Ok(Some(mixture))
    }

    /// A mixture of these weights, means and variances, `components`, `components × latent` and as many; `None`
    /// where they are those of none.
    pub fn of_parts(latent: usize, parts: [Vec<f64>; 3]) -> Option<Self> {
        let [weights, means, variances] = parts;
        let is_whole = (1..=MOST_COMPONENTS).contains(&weights.len())
            && Some(means.len()) == weights.len().checked_mul(latent)
            && variances.len() == means.len();
        let is_sound = weights.iter().all(|weight| (0.0..=1.0 + 1e-9).contains(weight))
            && means.iter().all(|mean| mean.is_finite())
            && variances.iter().all(|variance| variance.is_finite() && *variance > 0.0);
        (latent > 0 && is_whole && is_sound).then_some(Self { latent, weights, means, variances })
    }

    /// Its weights, means and variances.
    pub fn parts(&self) -> [&[f64]; 3] {
        [&self.weights, &self.means, &self.variances]
    }

    /// Numbers of a latent.
    pub fn latent(&self) -> usize {
        self.latent
    }

    /// The weight of each component, 0 to 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The mean of a component and its variance by dimension.
    ///
    /// # Panics
    /// When there is none at that place.
    pub fn component(&self, at: usize) -> (&[f64], &[f64]) {
        let range = at * self.latent..(at + 1) * self.latent;
        (&self.means[range.clone()], &self.variances[range])
    }

    /// ln p(z) of a latent, in nats.
    pub fn log_density(&self, latent: &[f32]) -> f64 {
        let mut parts = vec![0.0; self.weights.len()];
        self.terms().responsibilities(latent, &mut parts)
    }

    /// ln p(z) of each row, in nats.
    pub fn log_densities(&self, rows: Rows<'_>, control: &Control) -> Result<Vec<f32>, Cancelled> {
        let terms = self.terms();
        let of_rows = |rows: &[f32]| -> Result<Vec<f32>, Cancelled> {
            control.go_on()?;
            let mut parts = vec![0.0; self.weights.len()];
            let rows = rows.chunks_exact(self.latent);
            Ok(rows.map(|row| terms.responsibilities(row, &mut parts) as f32).collect())
        };
        let mut densities = Vec::with_capacity(rows.len());
        for piece in rows.values().chunks(BLOCK * BLOCKS * self.latent) {
            control.checkpoint()?;
            let blocks = piece.par_chunks(ASKED * self.latent).map(of_rows);
            densities.extend(blocks.collect::<Result<Vec<_>, _>>()?.concat());
        }
        Ok(densities)
    }

    /// So many latents, one after the other: a component of each by its weight, and a draw from that. Each
    /// follows from seed and place, whatever is drawn beside it.
    pub fn sample(&self, count: usize, seed: u64) -> Vec<f32> {
        (0..count as u64).flat_map(|at| self.sample_at(at, seed)).collect()
    }

    /// The latent at a place of [`sample`](Self::sample).
    pub fn sample_at(&self, at: u64, seed: u64) -> Vec<f32> {
        let mut stream = Stream::new(seed, at, Purpose::Posterior);
        let component = chosen(&self.weights, share(&mut stream)).unwrap_or(0);
        let (mean, variance) = self.component(component);
        let normal = stream.normal_vec(self.latent);
        let value = |((mean, variance), normal): ((&f64, &f64), f32)| {
            (mean + variance.sqrt() * f64::from(normal)) as f32
        };
        mean.iter().zip(variance).zip(normal).map(value).collect()
    }

    /// What the sums of a step make of the components.
    fn of(sums: &Sums, least: &[f64], rows: usize) -> Self {
        let latent = least.len();
        let mut mixture = Self { latent, weights: Vec::new(), means: Vec::new(), variances: Vec::new() };
        for at in 0..sums.count {
            mixture.weights.push(sums.weight(at) / rows as f64);
            mixture.means.extend(sums.means(at));
            let variances = sums.variances(at);
            mixture
                .variances
                .extend(variances.iter().zip(least).map(|(variance, least)| variance.max(*least)));
        }
        mixture
    }

    fn terms(&self) -> Terms<'_> {
        let constant = |(weight, variances): (&f64, &[f64])| {
            weight.ln() - 0.5 * variances.iter().map(|variance| (TAU * variance).ln()).sum::<f64>()
        };
        Terms {
            constants: self
                .weights
                .iter()
                .zip(self.variances.chunks_exact(self.latent))
                .map(constant)
                .collect(),
            means: &self.means,
            precisions: self.variances.iter().map(|variance| 1.0 / variance).collect(),
        }
    }
}

/// What densities are made of, worked out once.
struct Terms<'a> {
    /// ln w − ½ Σ ln 2πv of each component.
    constants: Vec<f64>,
    means: &'a [f64],
    /// 1/v.
    precisions: Vec<f64>,
}

impl Terms<'_> {
    /// What part of a row each component is responsible for; gives ln p of the row.
    fn responsibilities(&self, row: &[f32], parts: &mut [f64]) -> f64 {
        let components = self.means.chunks_exact(row.len()).zip(self.precisions.chunks_exact(row.len()));
        for ((part, constant), (means, precisions)) in parts.iter_mut().zip(&self.constants).zip(components) {
            let apart = row.iter().zip(means).zip(precisions);
            let squared: f64 =
                apart.map(|((value, mean), precision)| (f64::from(*value) - mean).powi(2) * precision).sum();
            *part = constant - 0.5 * squared;
        }
        let most = parts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = parts.iter().map(|part| (part - most).exp()).sum();
        let density = most + sum.ln();
        parts.iter_mut().for_each(|part| *part = (*part - density).exp());
        density
    }
}

/// Sums over rows by component: responsibilities, and with them the numbers and their squares, from the mean
/// of all rows on, so that little is lost in differences.
struct Sums {
    count: usize,
    latent: usize,
    centre: Vec<f64>,
    /// Of each component: 1, `latent` and `latent` numbers.
    sums: Vec<f64>,
    /// ln p of all rows together.
    density: f64,
}

impl Sums {
    /// Of rows, with what `responsible` says of each: it gets zeros, and gives ln p.
    fn of(
        rows: Rows<'_>,
        count: usize,
        responsible: impl Fn(&[f32], &mut [f64]) -> f64 + Sync,
        control: &Control,
    ) -> Result<Self, Cancelled> {
        let (latent, centre) = (rows.numbers(), rows.mean());
        let of_block = |rows: &[f32]| -> Result<(Vec<f64>, f64), Cancelled> {
            let mut sums = vec![0.0f64; count * (1 + 2 * latent)];
            let mut parts = vec![0.0f64; count];
            let mut centred = vec![0.0f64; latent];
            let mut density = 0.0;
            for (at, row) in rows.chunks_exact(latent).enumerate() {
                if at % ASKED == 0 {
                    control.go_on()?;
                }
                parts.fill(0.0);
                density += responsible(row, &mut parts);
                for ((to, value), centre) in centred.iter_mut().zip(row).zip(&centre) {
                    *to = f64::from(*value) - centre;
                }
                for (sums, part) in sums.chunks_exact_mut(1 + 2 * latent).zip(&parts) {
                    if *part == 0.0 {
                        continue;
                    }
                    sums[0] += part;
                    let (first, second) = sums[1..].split_at_mut(latent);
                    for ((first, second), value) in first.iter_mut().zip(second).zip(&centred) {
                        *first += part * value;
                        *second += part * value * value;
                    }
                }
            }
            Ok((sums, density))
        };
        let mut all = Self {
            count,
            latent,
            sums: vec![0.0; count * (1 + 2 * latent)],
            density: 0.0,
            centre: Vec::new(),
        };
        for rows in rows.values().chunks(BLOCK * BLOCKS * latent) {
            control.checkpoint()?;
            let blocks: Result<Vec<_>, Cancelled> = rows.par_chunks(BLOCK * latent).map(of_block).collect();
            for (sums, density) in blocks? {
                all.sums.iter_mut().zip(sums).for_each(|(sum, part)| *sum += part);
                all.density += density;
            }
        }
        all.centre = centre;
        Ok(all)
    }

    fn part(&self, at: usize) -> &[f64] {
        &self.sums[at * (1 + 2 * self.latent)..][..1 + 2 * self.latent]
    }

    fn weight(&self, at: usize) -> f64 {
        self.part(at)[0]
    }

    fn means(&self, at: usize) -> Vec<f64> {
        let part = self.part(at);
        let weight = part[0].max(f64::MIN_POSITIVE);
        self.centre.iter().zip(&part[1..]).map(|(centre, sum)| centre + sum / weight).collect()
    }

    fn variances(&self, at: usize) -> Vec<f64> {
        let part = self.part(at);
        let weight = part[0].max(f64::MIN_POSITIVE);
        let (first, second) = part[1..].split_at(self.latent);
        first.iter().zip(second).map(|(first, second)| second / weight - (first / weight).powi(2)).collect()
    }
}

/// Rows to begin with, each drawn by its squared distance to those before it: `components × latent`, or
/// fewer where fewer rows differ.
fn begin(rows: Rows<'_>, components: usize, seed: u64, control: &Control) -> Result<Vec<f64>, Cancelled> {
    let mut stream = Stream::new(seed, 0, Purpose::Mixture);
    let row = |at: usize| -> Vec<f64> { rows.row(at).iter().map(|value| f64::from(*value)).collect() };
    let mut centres = row(stream.below(rows.len()));
    let mut distances = vec![f64::INFINITY; rows.len()];
    for _ in 1..components {
        control.checkpoint()?;
        let latest = &centres[centres.len() - rows.numbers()..];
        let nearer =
            |(at, distance): (usize, &mut f64)| *distance = distance.min(apart(rows.row(at), latest));
        distances.par_iter_mut().with_min_len(BLOCK).enumerate().for_each(nearer);
        let Some(next) = chosen(&distances, share(&mut stream)) else { break };
        centres.extend(row(next));
    }
    Ok(centres)
}

/// The place that a part of all weight falls on; `None` where there is no weight.
fn chosen(weights: &[f64], part: f64) -> Option<usize> {
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let mut left = part * total;
    let falls = |weight: &f64| {
        left -= weight;
        left < 0.0
    };
    // Rounding may leave a little beyond the last.
    weights.iter().position(falls).or_else(|| weights.iter().rposition(|weight| *weight > 0.0))
}

/// Uniform from 0 to 1, without 1, in double precision.
fn share(stream: &mut Stream) -> f64 {
    (stream.bits() >> 11) as f64 / (1u64 << 53) as f64
}

fn apart(row: &[f32], centre: &[f64]) -> f64 {
    row.iter().zip(centre).map(|(value, centre)| (f64::from(*value) - centre).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::normal;
    use super::*;
    use crate::analysis::rows::always;

    /// Rows around three places, of the parts ½, ¼ and ¼.
    fn three(count: usize) -> Vec<f32> {
        const PLACES: [([f32; 2], f32); 4] =
            [([0.0, 0.0], 0.5), ([6.0, 1.0], 1.0), ([0.0, 0.0], 0.5), ([-4.0, 7.0], 0.25)];
        let mut values = normal(count, 2, 9);
        for (at, row) in values.chunks_exact_mut(2).enumerate() {
            let (place, deviation) = PLACES[at % 4];
            row.iter_mut().zip(place).for_each(|(value, place)| *value = *value * deviation + place);
        }
        values
    }

    fn fit(values: &[f32], latent: usize, components: usize, seed: u64) -> Mixture {
        let rows = Rows::new(values, latent).unwrap();
        Mixture::fit(rows, components, seed, &Control::new()).unwrap().unwrap()
    }

    #[test]
    fn a_mixture_is_its_parts_and_what_is_none_is_refused() {
        let mixture = fit(&normal(300, 3, 5), 3, 4, 1);
        let parts = || mixture.parts().map(<[f64]>::to_vec);
        assert_eq!(Mixture::of_parts(3, parts()), Some(mixture.clone()));
        for (latent, at, value) in
            [(2, 0, 0.1), (0, 0, 0.1), (3, 0, -0.1), (3, 1, f64::NAN), (3, 2, 0.0), (3, 2, f64::INFINITY)]
        {
            let mut parts = parts();
            parts[at][0] = value;
            assert_eq!(Mixture::of_parts(latent, parts), None, "{latent}: {value} in {at}");
        }
        assert_eq!(Mixture::of_parts(3, [Vec::new(), Vec::new(), Vec::new()]), None);
    }

    #[test]
    fn places_that_are_apart_are_found_whatever_the_seed() {
        let values = three(8000);
        for seed in 0..4 {
            let found = fit(&values, 2, 3, seed);
            let mut parts: Vec<_> = (0..3).map(|at| (found.weights[at], found.component(at))).collect();
            parts.sort_by(|one, two| one.1.0[0].total_cmp(&two.1.0[0]));
            let expected = [(0.25, [-4.0, 7.0], 0.25f64), (0.5, [0.0, 0.0], 0.5), (0.25, [6.0, 1.0], 1.0)];
            for ((weight, (mean, variance)), (part, place, deviation)) in parts.into_iter().zip(expected) {
                assert!((weight - part).abs() < 0.01, "{seed} {found:?}");
                for at in 0..2 {
                    assert!((mean[at] - place[at]).abs() < 0.1, "{seed} {found:?}");
                    assert!((variance[at].sqrt() - deviation).abs() < 0.05, "{seed} {found:?}");
                }
            }
        }
    }

    #[test]
    fn samples_are_where_the_density_is_and_densities_add_up_to_1() {
        let mixture = fit(&three(4000), 2, 3, 1);
        // Numerically, on a grid around all of it.
        let places = (0..400).flat_map(|x| (0..400).map(move |y| [x, y]));
        let grid: Vec<f32> = places.flatten().map(|at| at as f32 * 0.06 - 11.0).collect();
        let densities = mixture.log_densities(Rows::new(&grid, 2).unwrap(), &Control::new()).unwrap();
        let whole: f64 = densities.iter().map(|nats| f64::from(*nats).exp()).sum::<f64>() * 0.06 * 0.06;
        assert!((whole - 1.0).abs() < 1e-3, "{whole}");
        let drawn = mixture.sample(4000, 3);
        let rows = Rows::new(&drawn, 2).unwrap();
        let again = fit(&drawn, 2, 3, 1);
        let entropy = |of: &Mixture| {
            let densities = of.log_densities(rows, &Control::new()).unwrap();
            densities.iter().map(|nats| f64::from(*nats)).sum::<f64>() / rows.len() as f64
        };
        assert!((entropy(&mixture) - entropy(&again)).abs() < 0.02);
        assert_eq!(&drawn[2 * 17..2 * 18], mixture.sample_at(17, 3), "whatever is drawn beside it");
        assert_ne!(drawn, mixture.sample(4000, 4));
        let middle = mixture.log_densities(Rows::new(&[0.0; 2], 2).unwrap(), &Control::new()).unwrap()[0];
        assert!((mixture.log_density(&[0.0, 0.0]) - f64::from(middle)).abs() < 1e-5);
        let stopped = Control::new();
        stopped.cancel();
        assert_eq!(mixture.log_densities(rows, &stopped), Err(Cancelled));
    }

    #[test]
    fn the_aggregate_posterior_is_as_wide_as_the_posteriors_make_it() {
        let values = three(4000);
        let rows = Rows::new(&values, 2).unwrap();
        let narrow = fit(&values, 2, 3, 1);
        let log_variances = [0.09f32.ln(), 4.0f32.ln()].repeat(4000);
        let logs = Rows::new(&log_variances, 2).unwrap();
        let wide = Mixture::aggregate(rows, logs, 3, 1, &Control::new()).unwrap().unwrap();
        assert_eq!(wide.means, narrow.means);
        for (wide, narrow) in wide.variances.chunks_exact(2).zip(narrow.variances.chunks_exact(2)) {
            assert!((wide[0] - narrow[0] - 0.09).abs() < 1e-6 && (wide[1] - narrow[1] - 4.0).abs() < 1e-6);
        }
        // Drawn of it, samples vary as the aggregate posterior does.
        let drawn = wide.sample(20_000, 5);
        let drawn = Rows::new(&drawn, 2).unwrap();
        let (mean, own) = (drawn.mean(), rows.mean());
        let (Ok(covariance), Ok(of_means)) =
            (drawn.covariance(&mean, &always, &always), rows.covariance(&own, &always, &always));
        assert!((covariance[0] / (of_means[0] + 0.09) - 1.0).abs() < 0.03);
        assert!((covariance[3] / (of_means[3] + 4.0) - 1.0).abs() < 0.03);
        let few = Rows::new(&log_variances[..2], 2).unwrap();
        assert_eq!(Mixture::aggregate(rows, few, 3, 1, &Control::new()), Ok(None));
    }

    #[test]
    fn it_is_the_same_on_any_number_of_threads() {
        let values = three(10_000);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| fit(&values, 2, 5, 2))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn few_rows_and_copies_are_fitted_without_a_fault() {
        for (values, components) in
            [(vec![1.0, 2.0], 1), ([1.0, 2.0].repeat(9), 1), (vec![0.0, 0.0, 5.0, 5.0], 2)]
        {
            let mixture = fit(&values, 2, 4, 1);
            assert_eq!(mixture.weights.len(), components);
            assert!(mixture.variances.iter().all(|variance| *variance > 0.0));
            assert!(mixture.log_density(&values[..2]).is_finite());
        }
        let none = |values: &[f32]| Mixture::fit(Rows::new(values, 1).unwrap(), 3, 1, &Control::new());
        assert_eq!(none(&[]), Ok(None));
        assert_eq!(none(&[f32::NAN, f32::INFINITY]), Ok(None));
        assert_eq!(none(&[1.0, f32::INFINITY]), none(&[1.0]));
        let control = Control::new();
        control.cancel();
        assert_eq!(Mixture::fit(Rows::new(&[1.0, 2.0], 1).unwrap(), 2, 1, &control), Err(Cancelled));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..Default::default() })]

        #[test]
        fn weights_add_up_and_all_is_finite(
            values in prop::collection::vec(-3i8..=3, 1..60), components in 0usize..9, seed in 0u64..9,
        ) {
            let values: Vec<f32> = values.into_iter().map(f32::from).collect();
            let mixture = fit(&values, 1, components, seed);
            prop_assert!((mixture.weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(mixture.means.iter().chain(&mixture.variances).all(|value| value.is_finite()));
            prop_assert!(mixture.sample(20, seed).iter().all(|value| value.is_finite()));
        }
    }
}
