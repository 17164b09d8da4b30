//! How well generated samples are like real ones, in any space of numbers: slices in, figures out.
//!
//! A set is `rows × numbers` values, row by row. All figures are the same on any number of threads. Thousands of
//! rows take seconds, so that each asks its [`Control`] on the way whether to go on.
//!
//! | figure | source |
//! | --- | --- |
//! | Fréchet distance | M. Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", 2017, there of Inception's features (FID) |
//! | kernel distance | M. Bińkowski et al., "Demystifying MMD GANs", 2018 (KID): the unbiased estimate |
//! | precision, recall | T. Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models", 2019 |
//! | density, coverage | M. F. Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", 2020 |
//! | copying | C. Meehan, K. Chaudhuri and S. Dasgupta, "A Non-Parametric Test to Detect Data-Copying in Generative Models", 2020 |

use rayon::prelude::*;
use serde::Serialize;

pub use super::rows::Rows;
use super::rows::squared;
use crate::jobs::{Cancelled, Control};

/// Neighbours of precision, recall, density and coverage.
pub const NEIGHBOURS: usize = 5;

/// What [`NEIGHBOURS`] nearest neighbours tell, each 0 to 1 but density, which may be more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Prdc {
    /// Generated samples within a real one's neighbourhood.
    pub precision: f64,
    /// Real samples within a generated one's neighbourhood.
    pub recall: f64,
    /// Real neighbourhoods that a generated sample is in, by those that there should be.
    pub density: f64,
    /// Real samples with a generated one in their neighbourhood.
    pub coverage: f64,
}

/// Whether generated samples are copies of those that were trained on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Copying {
    /// The chance that a generated sample is nearer to what was trained on than an unseen real one is: about
    /// a half where nothing is copied, up to 1 where everything is.
    pub nearer: f64,
    /// The part of generated samples that is nearer than 99 of 100 unseen ones: about 0.01 where nothing is
    /// copied.
    pub suspicious: f64,
    /// The middle distance of generated samples to the nearest that was trained on, by that of unseen ones.
    pub median_ratio: f64,
}

/// ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½). `None` where a set has fewer than two rows, or the sets have
/// other numbers.
pub fn frechet(real: Rows<'_>, generated: Rows<'_>, control: &Control) -> Result<Option<f64>, Cancelled> {
    if real.numbers() != generated.numbers() || real.len() < 2 || generated.len() < 2 {
        return Ok(None);
    }
    let size = real.numbers();
    let means = [real.mean(), generated.mean()];
    let shift: f64 = means[0].iter().zip(&means[1]).map(|(one, two)| (one - two).powi(2)).sum();
    let covariances =
        [sample_covariance(real, &means[0], control)?, sample_covariance(generated, &means[1], control)?];
    let trace = |matrix: &[f64]| (0..size).map(|at| matrix[at * size + at]).sum::<f64>();
    // Σ₁ Σ₂ has the eigenvalues of Lᵀ Σ₂ L with Σ₁ = L Lᵀ, which is symmetric.
    let root = cholesky(&covariances[0], size, control)?;
    let half = product(&covariances[1], &root, size, control)?;
    let whole = product(&transposed(&root, size), &half, size, control)?;
    let values = eigenvalues(whole, size, control)?;
    let common: f64 = values.into_iter().map(|value| value.max(0.0).sqrt()).sum();
    Ok(Some((shift + trace(&covariances[0]) + trace(&covariances[1]) - 2.0 * common).max(0.0)))
}

/// The squared distance of means in the space of the kernel (x·y/d + 1)³, estimated without bias: it may be
/// a little under 0. `None` where a set has fewer than two rows, or the sets have other numbers.
pub fn kernel_distance(
    real: Rows<'_>,
    generated: Rows<'_>,
    control: &Control,
) -> Result<Option<f64>, Cancelled> {
    if real.numbers() != generated.numbers() || real.len() < 2 || generated.len() < 2 {
        return Ok(None);
    }
    let kernel = |one: &[f32], two: &[f32]| {
        let dot: f64 = one.iter().zip(two).map(|(one, two)| f64::from(*one) * f64::from(*two)).sum();
        (dot / one.len() as f64 + 1.0).powi(3)
    };
    // A sum for each row, and those in their order.
    let within = |set: Rows<'_>| -> Result<f64, Cancelled> {
        let row = |at: usize| -> f64 {
            (0..set.len()).filter(|other| *other != at).map(|other| kernel(set.row(at), set.row(other))).sum()
        };
        let sums = of_each(set.len(), row, control)?;
        Ok(sums.iter().sum::<f64>() / (set.len() * (set.len() - 1)) as f64)
    };
    let row = |at: usize| -> f64 {
        (0..generated.len()).map(|other| kernel(real.row(at), generated.row(other))).sum()
    };
    let sums = of_each(real.len(), row, control)?;
    let between = sums.iter().sum::<f64>() / (real.len() * generated.len()) as f64;
    Ok(Some(within(real)? + within(generated)? - 2.0 * between))
}

/// Precision, recall, density and coverage. `None` where a set has no more than [`NEIGHBOURS`] rows, or the
/// sets have other numbers.
pub fn prdc(real: Rows<'_>, generated: Rows<'_>, control: &Control) -> Result<Option<Prdc>, Cancelled> {
    if real.numbers() != generated.numbers() || real.len().min(generated.len()) <= NEIGHBOURS {
        return Ok(None);
    }
    let (real_radii, generated_radii) = (radii(real, control)?, radii(generated, control)?);
    // Of each generated sample: real neighbourhoods that it is in.
    let inside = |at: usize| {
        let row = generated.row(at);
        (0..real.len()).filter(|one| squared(row, real.row(*one)) <= real_radii[*one]).count()
    };
    let inside: Vec<usize> = of_each(generated.len(), inside, control)?;
    // Of each real sample: whether it is in a generated neighbourhood, and has a generated one in its own.
    let met = |at: usize| {
        let row = real.row(at);
        let distances = (0..generated.len()).map(|other| (other, squared(row, generated.row(other))));
        distances.fold((false, false), |(recalled, covered), (other, distance)| {
            (recalled || distance <= generated_radii[other], covered || distance <= real_radii[at])
        })
    };
    let met: Vec<(bool, bool)> = of_each(real.len(), met, control)?;
    let part = |count: usize, of: usize| count as f64 / of as f64;
    Ok(Some(Prdc {
        precision: part(inside.iter().filter(|count| **count > 0).count(), generated.len()),
        recall: part(met.iter().filter(|(recalled, _)| *recalled).count(), real.len()),
        density: part(inside.iter().sum(), NEIGHBOURS * generated.len()),
        coverage: part(met.iter().filter(|(_, covered)| *covered).count(), real.len()),
    }))
}

/// Compares how near generated and unseen real samples are to what was trained on. `None` where a set is
/// empty, or the sets have other numbers.
pub fn copying(
    trained_on: Rows<'_>,
    unseen: Rows<'_>,
    generated: Rows<'_>,
    control: &Control,
) -> Result<Option<Copying>, Cancelled> {
    let is_fit = |rows: &Rows<'_>| rows.numbers() == trained_on.numbers() && !rows.is_empty();
    if ![trained_on, unseen, generated].iter().all(is_fit) {
        return Ok(None);
    }
    let distances = |rows: Rows<'_>| -> Result<Vec<f32>, Cancelled> {
        let near = nearest(rows, trained_on, control)?;
        let mut distances: Vec<f32> = near.into_iter().map(|(_, distance)| distance).collect();
        distances.sort_by(f32::total_cmp);
        Ok(distances)
    };
    let (unseen, generated) = (distances(unseen)?, distances(generated)?);
    let nearer: f64 = generated
        .iter()
        .map(|distance| {
            let under = unseen.partition_point(|other| other < distance);
            let upto = unseen.partition_point(|other| other <= distance);
            // Of equal distances, half are counted.
            1.0 - (under + upto) as f64 / (2 * unseen.len()) as f64
        })
        .sum();
    let first = unseen[unseen.len() / 100];
    let suspicious = generated.partition_point(|distance| *distance < first);
    let middle = |sorted: &[f32]| f64::from(sorted[sorted.len() / 2]);
    Ok(Some(Copying {
        nearer: nearer / generated.len() as f64,
        suspicious: suspicious as f64 / generated.len() as f64,
        median_ratio: middle(&generated) / middle(&unseen).max(f64::MIN_POSITIVE),
    }))
}

/// The nearest of `others` to each row, and its distance. There is at least one of them.
pub fn nearest(rows: Rows<'_>, others: Rows<'_>, control: &Control) -> Result<Vec<(usize, f32)>, Cancelled> {
    let of = |at: usize| {
        let row = rows.row(at);
        let distances = (0..others.len()).map(|other| (other, squared(row, others.row(other))));
        let least = distances.min_by(|one, two| one.1.total_cmp(&two.1));
        least.map_or((0, f32::INFINITY), |(other, distance)| (other, distance.sqrt()))
    };
    of_each(rows.len(), of, control)
}

/// What follows of each of so many rows, in their order.
fn of_each<T: Send>(
    rows: usize,
    of: impl Fn(usize) -> T + Sync + Send,
    control: &Control,
) -> Result<Vec<T>, Cancelled> {
    /// Rows between two moments in which a paused job may wait.
    const PIECE: usize = 256;
    let one = |at: usize| -> Result<T, Cancelled> {
        control.go_on()?;
        Ok(of(at))
    };
    let mut all = Vec::with_capacity(rows);
    for start in (0..rows).step_by(PIECE) {
        control.checkpoint()?;
        let piece: Result<Vec<T>, Cancelled> =
            (start..rows.min(start + PIECE)).into_par_iter().map(one).collect();
        all.extend(piece?);
    }
    Ok(all)
}

/// The squared distance of each row to its [`NEIGHBOURS`]-th neighbour.
fn radii(rows: Rows<'_>, control: &Control) -> Result<Vec<f32>, Cancelled> {
    let radius = |at: usize| {
        let row = rows.row(at);
        let mut distances: Vec<f32> =
            (0..rows.len()).filter(|other| *other != at).map(|other| squared(row, rows.row(other))).collect();
        *distances.select_nth_unstable_by(NEIGHBOURS - 1, f32::total_cmp).1
    };
    of_each(rows.len(), radius, control)
}

/// The covariance that a sample is an unbiased estimate of.
fn sample_covariance(rows: Rows<'_>, mean: &[f64], control: &Control) -> Result<Vec<f64>, Cancelled> {
    let unbiased = rows.len() as f64 / (rows.len() - 1) as f64;
    let covariance = rows.covariance(mean, &|| control.checkpoint(), &|| control.go_on())?;
    Ok(covariance.into_iter().map(|value| value * unbiased).collect())
}

/// The lower triangle L of a symmetric matrix L Lᵀ without negative eigenvalues; directions that it has not
/// are 0.
fn cholesky(matrix: &[f64], size: usize, control: &Control) -> Result<Vec<f64>, Cancelled> {
    let scale = (0..size).map(|at| matrix[at * size + at]).fold(0.0, f64::max);
    let mut root = vec![0.0; size * size];
    for column in 0..size {
        control.checkpoint()?;
        let left = |row: usize, root: &[f64]| {
            let known: f64 = (0..column).map(|at| root[row * size + at] * root[column * size + at]).sum();
            matrix[row * size + column] - known
        };
        let pivot = left(column, &root);
        if pivot <= scale * 1e-12 {
            continue;
        }
        let pivot = pivot.sqrt();
        root[column * size + column] = pivot;
        for row in column + 1..size {
            root[row * size + column] = left(row, &root) / pivot;
        }
    }
    Ok(root)
}

fn transposed(matrix: &[f64], size: usize) -> Vec<f64> {
    (0..size * size).map(|at| matrix[at % size * size + at / size]).collect()
}

fn product(one: &[f64], two: &[f64], size: usize, control: &Control) -> Result<Vec<f64>, Cancelled> {
    let line = |row: usize| {
        let mut line = vec![0.0; size];
        for (at, weight) in one[row * size..][..size].iter().enumerate() {
            line.iter_mut().zip(&two[at * size..][..size]).for_each(|(sum, value)| *sum += weight * value);
        }
        line
    };
    Ok(of_each(size, line, control)?.concat())
}

/// The eigenvalues of a symmetric matrix: to three diagonals by Householder's reflections, and those by QL
/// with implicit shifts (J. H. Wilkinson and C. Reinsch, "Linear Algebra", 1971, contributions II/2 and
/// II/3).
fn eigenvalues(mut matrix: Vec<f64>, size: usize, control: &Control) -> Result<Vec<f64>, Cancelled> {
    let mut beside = vec![0.0; size];
    for row in (2..size).rev() {
        control.checkpoint()?;
        let scale: f64 = (0..row).map(|at| matrix[row * size + at].abs()).sum();
        if scale == 0.0 {
            continue;
        }
        let mut axis: Vec<f64> = (0..row).map(|at| matrix[row * size + at] / scale).collect();
        let length = axis.iter().map(|value| value * value).sum::<f64>();
        let last = axis[row - 1];
        let signed = if last >= 0.0 { -length.sqrt() } else { length.sqrt() };
        beside[row] = scale * signed;
        axis[row - 1] = last - signed;
        let half = length - last * signed;
        let image: Vec<f64> = (0..row)
            .map(|one| (0..row).map(|two| matrix[one * size + two] * axis[two]).sum::<f64>() / half)
            .collect();
        let along = image.iter().zip(&axis).map(|(one, two)| one * two).sum::<f64>() / (2.0 * half);
        let image: Vec<f64> = image.iter().zip(&axis).map(|(image, axis)| image - along * axis).collect();
        for one in 0..row {
            for two in 0..row {
                matrix[one * size + two] -= axis[one] * image[two] + image[one] * axis[two];
            }
        }
        matrix[row * size + row - 1] = beside[row];
    }
    if size > 1 {
        beside[1] = matrix[size];
    }
    let mut values: Vec<f64> = (0..size).map(|at| matrix[at * size + at]).collect();
    beside.rotate_left(1);
    if let Some(last) = beside.last_mut() {
        *last = 0.0;
    }
    /// Each value takes two or three.
    const STEPS: usize = 60;
    for first in 0..size {
        control.checkpoint()?;
        for _ in 0..STEPS {
            let is_small =
                |at: &usize| beside[*at].abs() <= f64::EPSILON * (values[*at].abs() + values[*at + 1].abs());
            let last = (first..size.saturating_sub(1)).find(is_small).unwrap_or(size - 1);
            if last == first {
                break;
            }
            let slope = (values[first + 1] - values[first]) / (2.0 * beside[first]);
            let long = slope.hypot(1.0).copysign(slope);
            let mut shifted = values[last] - values[first] + beside[first] / (slope + long);
            let (mut sine, mut cosine, mut carried) = (1.0, 1.0, 0.0);
            let mut is_split = false;
            for at in (first..last).rev() {
                let (one, two) = (sine * beside[at], cosine * beside[at]);
                let length = one.hypot(shifted);
                beside[at + 1] = length;
                if length == 0.0 {
                    values[at + 1] -= carried;
                    beside[last] = 0.0;
                    is_split = true;
                    break;
                }
                (sine, cosine) = (one / length, shifted / length);
                let moved = values[at + 1] - carried;
                let turned = (values[at] - moved) * sine + 2.0 * cosine * two;
                carried = sine * turned;
                values[at + 1] = moved + carried;
                shifted = cosine * turned - two;
            }
            if !is_split {
                values[first] -= carried;
                beside[first] = shifted;
                beside[last] = 0.0;
            }
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random, uniform from −1 to 1.
    fn numbers(count: usize, mut seed: u64) -> Vec<f32> {
        let next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    #[test]
    fn what_is_paused_leaves_the_shared_threads_to_others() {
        use std::time::Duration;
        let values = numbers(600 * 4, 1);
        let rows = Rows::new(&values, 4).unwrap();
        let control = Control::new();
        control.set_paused(true);
        std::thread::scope(|scope| {
            let paused = scope.spawn(|| kernel_distance(rows, rows, &control));
            std::thread::sleep(Duration::from_millis(100));
            let (send, done) = std::sync::mpsc::channel();
            rayon::spawn_broadcast(move |_| {
                let _ = send.send(());
            });
            let is_free =
                (0..rayon::current_num_threads()).all(|_| done.recv_timeout(Duration::from_secs(60)).is_ok());
            control.cancel();
            assert_eq!(paused.join().unwrap(), Err(Cancelled));
            assert!(is_free, "every one of them");
        });
    }

    /// Of who goes on.
    fn on<T>(made: impl FnOnce(&Control) -> Result<T, Cancelled>) -> T {
        made(&Control::new()).unwrap()
    }

    fn rows(values: &[f32], numbers: usize) -> Rows<'_> {
        Rows::new(values, numbers).unwrap()
    }

    #[test]
    fn eigenvalues_are_those_of_the_matrix() {
        // 2 − 2 cos(kπ/(n+1)) are those of the second difference.
        for size in [1usize, 2, 3, 8, 40] {
            let matrix = (0..size * size).map(|at| match (at / size).abs_diff(at % size) {
                0 => 2.0,
                1 => -1.0,
                _ => 0.0,
            });
            let mut found = on(|control| eigenvalues(matrix.collect(), size, control));
            found.sort_by(f64::total_cmp);
            for (at, found) in found.iter().enumerate() {
                let angle = (at + 1) as f64 * std::f64::consts::PI / (size + 1) as f64;
                assert!((found - (2.0 - 2.0 * angle.cos())).abs() < 1e-9, "{size}: {found}");
            }
        }
        // Sums of powers are traces of powers, whatever the matrix.
        let size = 9;
        let half: Vec<f64> = numbers(size * size, 3).into_iter().map(f64::from).collect();
        let product = |one: &[f64], two: &[f64]| on(|control| product(one, two, size, control));
        let matrix = product(&half, &transposed(&half, size));
        let square = product(&matrix, &matrix);
        let trace = |matrix: &[f64]| (0..size).map(|at| matrix[at * size + at]).sum::<f64>();
        let found = on(|control| eigenvalues(matrix.clone(), size, control));
        assert!((found.iter().sum::<f64>() - trace(&matrix)).abs() < 1e-9);
        assert!((found.iter().map(|value| value * value).sum::<f64>() - trace(&square)).abs() < 1e-9);
        let root = on(|control| cholesky(&matrix, size, control));
        let again = product(&root, &transposed(&root, size));
        assert!(matrix.iter().zip(again).all(|(one, two)| (one - two).abs() < 1e-9));
    }

    #[test]
    fn the_frechet_distance_is_the_closed_form() {
        let distance = |one, two| on(|control| frechet(one, two, control));
        let one = numbers(400 * 6, 1);
        let same = distance(rows(&one, 6), rows(&one, 6)).unwrap();
        assert!(same < 1e-6, "{same}");
        // Moved by 1 in each of six, and stretched to twice: 6 + tr Σ (1 + 4 − 2 · 2).
        let mean = rows(&one, 6).mean();
        let two: Vec<f32> = one
            .iter()
            .enumerate()
            .map(|(at, value)| (value - mean[at % 6] as f32) * 2.0 + mean[at % 6] as f32 + 1.0)
            .collect();
        let covariance = on(|control| sample_covariance(rows(&one, 6), &mean, control));
        let trace: f64 = (0..6).map(|at| covariance[at * 7]).sum();
        let found = distance(rows(&one, 6), rows(&two, 6)).unwrap();
        assert!((found - (6.0 + trace)).abs() < 1e-3, "{found} {trace}");
        assert!(distance(rows(&one[..6], 6), rows(&one, 6)).is_none());
        // Fewer rows than numbers: some directions are not there.
        let few = distance(rows(&one[..120], 40), rows(&one[..120], 40)).unwrap();
        assert!(few < 1e-6, "{few}");
    }

    #[test]
    fn the_kernel_distance_is_0_of_the_same_and_more_of_others() {
        let (one, two) = (numbers(200 * 4, 1), numbers(200 * 4, 2));
        let moved: Vec<f32> = two.iter().map(|value| value + 0.5).collect();
        let of = |set: &[f32]| on(|control| kernel_distance(rows(&one, 4), rows(set, 4), control)).unwrap();
        let (same, other) = (of(&two), of(&moved));
        assert!(same.abs() < 0.02 && other > 0.1, "{same} {other}");
    }

    #[test]
    fn neighbours_tell_fidelity_from_diversity() {
        let real = numbers(300 * 2, 1);
        let alike = numbers(300 * 2, 2);
        // All in one corner; and a grid far away.
        let narrow: Vec<f32> = alike.iter().map(|value| value * 0.1 + 0.5).collect();
        let far: Vec<f32> = alike.iter().map(|value| value + 100.0).collect();
        let of = |set: &[f32]| on(|control| prdc(rows(&real, 2), rows(set, 2), control)).unwrap();
        let (alike, narrow, far) = (of(&alike), of(&narrow), of(&far));
        assert!(alike.precision > 0.9 && alike.recall > 0.9 && alike.coverage > 0.9, "{alike:?}");
        assert!((alike.density - 1.0).abs() < 0.2, "{alike:?}");
        assert!(narrow.precision > 0.9 && narrow.recall < 0.2 && narrow.coverage < 0.2, "{narrow:?}");
        assert_eq!(far, Prdc { precision: 0.0, recall: 0.0, density: 0.0, coverage: 0.0 });
        assert!(on(|control| prdc(rows(&real[..10], 2), rows(&real, 2), control)).is_none());
    }

    #[test]
    fn copies_are_nearer_than_what_was_not_seen() {
        let (seen, unseen, fresh) = (numbers(300 * 3, 1), numbers(300 * 3, 2), numbers(300 * 3, 3));
        let copies: Vec<f32> = seen.iter().map(|value| value + 1e-4).collect();
        let of = |set: &[f32]| {
            on(|control| copying(rows(&seen, 3), rows(&unseen, 3), rows(set, 3), control)).unwrap()
        };
        let (honest, copied) = (of(&fresh), of(&copies));
        assert!((honest.nearer - 0.5).abs() < 0.07 && honest.suspicious < 0.05, "{honest:?}");
        assert!(copied.nearer > 0.99 && copied.suspicious > 0.9 && copied.median_ratio < 0.05, "{copied:?}");
        assert_eq!(on(|control| nearest(rows(&copies, 3), rows(&seen, 3), control))[7].0, 7);
    }

    #[test]
    fn no_figure_is_made_once_it_was_cancelled() {
        let values = numbers(40 * 3, 1);
        let (set, control) = (rows(&values, 3), Control::new());
        control.cancel();
        assert_eq!(frechet(set, set, &control), Err(Cancelled));
        assert_eq!(kernel_distance(set, set, &control), Err(Cancelled));
        assert_eq!(prdc(set, set, &control), Err(Cancelled));
        assert_eq!(copying(set, set, set, &control), Err(Cancelled));
    }
}
