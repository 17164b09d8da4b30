//! Rows of numbers, whatever they mean: their mean, what varies together in them, and along which axes.
//!
//! All of it is the same on any number of threads: sums go by blocks of rows, in the order of the rows. What
//! takes long asks on its way whether to go on, and ends with the answer where that is an error.

use std::convert::Infallible;

use rayon::prelude::*;

/// Rows of which a covariance is summed at once.
const BLOCK: usize = 1024;
/// Rows of a covariance between two questions whether to go on: of 512 numbers some hundredths of a second.
const STEP: usize = 64;
/// Blocks whose sums are there at once, so that many rows of many numbers take no more memory than few.
const BLOCKS: usize = 32;

/// The answer of who always goes on.
pub fn always() -> Result<(), Infallible> {
    Ok(())
}

/// Rows of numbers, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    values: &'a [f32],
    numbers: usize,
}

impl<'a> Rows<'a> {
    /// `None` where the values are not whole rows of at least one number.
    pub fn new(values: &'a [f32], numbers: usize) -> Option<Self> {
        (numbers > 0 && values.len().is_multiple_of(numbers)).then_some(Self { values, numbers })
    }

    pub fn len(&self) -> usize {
        self.values.len() / self.numbers
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Numbers of a row.
    pub fn numbers(&self) -> usize {
        self.numbers
    }

    /// All of them, row by row.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// The row at a place.
    ///
    /// # Panics
    /// When there is none.
    pub fn row(&self, at: usize) -> &'a [f32] {
        &self.values[at * self.numbers..][..self.numbers]
    }

    /// The rows, in their order.
    pub fn iter(&self) -> std::slice::ChunksExact<'a, f32> {
        self.values.chunks_exact(self.numbers)
    }

    /// The mean of all rows: NaN where there are none.
    pub fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.numbers];
        for row in self.iter() {
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        mean.iter_mut().for_each(|sum| *sum /= self.len() as f64);
        mean
    }

    /// What varies together around a mean, `numbers × numbers`: the mean over rows of the products, and so
    /// the covariance of these rows and not an estimate of what they were drawn from. NaN of no rows.
    ///
    /// `wait` is asked here between pieces, and may wait; `go_on` on threads that others share, and must not.
    pub fn covariance<E: Send>(
        &self,
        mean: &[f64],
        wait: &impl Fn() -> Result<(), E>,
        go_on: &(impl Fn() -> Result<(), E> + Sync),
    ) -> Result<Vec<f64>, E> {
        let numbers = self.numbers;
        let of_block = |block: &[f32]| -> Result<Vec<f64>, E> {
            let mut sum = vec![0.0f64; numbers * numbers];
            let mut centred = vec![0.0f64; numbers];
            for (at, row) in block.chunks_exact(numbers).enumerate() {
                if at % STEP == 0 {
                    go_on()?;
                }
                for ((to, value), mean) in centred.iter_mut().zip(row).zip(mean) {
                    *to = f64::from(*value) - mean;
                }
                for (line, one) in sum.chunks_exact_mut(numbers).zip(&centred) {
                    for (sum, two) in line.iter_mut().zip(&centred) {
                        *sum += one * two;
                    }
                }
            }
            Ok(sum)
        };
        let mut covariance = vec![0.0; numbers * numbers];
        for blocks in self.values.chunks(BLOCKS * BLOCK * numbers) {
            wait()?;
            let sums: Result<Vec<Vec<f64>>, E> = blocks.par_chunks(BLOCK * numbers).map(of_block).collect();
            for part in sums? {
                covariance.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            }
        }
        covariance.iter_mut().for_each(|value| *value /= self.len() as f64);
        Ok(covariance)
    }
}

/// The squared distance of two rows of as many numbers.
pub fn squared(one: &[f32], two: &[f32]) -> f32 {
    // In eight sums, so that a processor does them at once.
    let mut sums = [0.0f32; 8];
    let (one_whole, one_rest) = one.as_chunks::<8>();
    let (two_whole, two_rest) = two.as_chunks::<8>();
    for (one, two) in one_whole.iter().zip(two_whole) {
        for at in 0..8 {
            sums[at] += (one[at] - two[at]).powi(2);
        }
    }
    let rest: f32 = one_rest.iter().zip(two_rest).map(|(one, two)| (one - two).powi(2)).sum();
    sums.iter().sum::<f32>() + rest
}

/// The eigenvalues of a symmetric matrix and its eigenvectors as columns, by Jacobi's rotations (G. H.
/// Golub and C. F. Van Loan, "Matrix Computations", 8.5).
pub fn principal_axes<E>(
    mut matrix: Vec<f64>,
    size: usize,
    go_on: &impl Fn() -> Result<(), E>,
) -> Result<(Vec<f64>, Vec<f64>), E> {
    let mut vectors = vec![0.0; size * size];
    (0..size).for_each(|at| vectors[at * size + at] = 1.0);
    let scale: f64 = matrix.iter().map(|value| value * value).sum();
    for _sweep in 0..30 {
        let off: f64 = (0..size)
            .flat_map(|row| (row + 1..size).map(move |column| (row, column)))
            .map(|(row, column)| matrix[row * size + column].powi(2))
            .sum();
        if off <= scale * 1e-18 {
            break;
        }
        for p in 0..size {
            go_on()?;
            for q in p + 1..size {
                let between = matrix[p * size + q];
                if between.abs() <= f64::MIN_POSITIVE {
                    continue;
                }
                let theta = (matrix[q * size + q] - matrix[p * size + p]) / (2.0 * between);
                let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
                let sine = tangent * cosine;
                for at in 0..size {
                    let (one, two) = (matrix[at * size + p], matrix[at * size + q]);
                    matrix[at * size + p] = cosine * one - sine * two;
                    matrix[at * size + q] = sine * one + cosine * two;
                }
                for at in 0..size {
                    let (one, two) = (matrix[p * size + at], matrix[q * size + at]);
                    matrix[p * size + at] = cosine * one - sine * two;
                    matrix[q * size + at] = sine * one + cosine * two;
                }
                for at in 0..size {
                    let (one, two) = (vectors[at * size + p], vectors[at * size + q]);
                    vectors[at * size + p] = cosine * one - sine * two;
                    vectors[at * size + q] = sine * one + cosine * two;
                }
            }
        }
    }
    Ok(((0..size).map(|at| matrix[at * size + at]).collect(), vectors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_covariance_is_the_mean_of_products_whatever_the_blocks() {
        let count = BLOCK * (BLOCKS + 1) + 7;
        let values: Vec<f32> = (0..count * 3).map(|at| ((at * 37) % 101) as f32 / 101.0).collect();
        let rows = Rows::new(&values, 3).unwrap();
        let mean = rows.mean();
        let Ok(found) = rows.covariance(&mean, &always, &always);
        for one in 0..3 {
            for two in 0..3 {
                let of = |row: &[f32], at: usize| f64::from(row[at]) - mean[at];
                let sum: f64 = rows.iter().map(|row| of(row, one) * of(row, two)).sum();
                assert!((found[one * 3 + two] - sum / count as f64).abs() < 1e-9);
            }
        }
        assert!(Rows::new(&values, 0).is_none() && Rows::new(&values[1..], 3).is_none());
    }

    #[test]
    fn axes_make_a_matrix_what_it_is() {
        for size in [1, 2, 5, 33] {
            let values: Vec<f32> =
                (0..size * size * 3).map(|at| ((at * at * 7) % 97) as f32 / 97.0).collect();
            let rows = Rows::new(&values, size).unwrap();
            let Ok(matrix) = rows.covariance(&rows.mean(), &always, &always);
            let Ok((spreads, vectors)) = principal_axes(matrix.clone(), size, &always);
            for one in 0..size {
                for two in 0..size {
                    let again: f64 = (0..size)
                        .map(|at| spreads[at] * vectors[one * size + at] * vectors[two * size + at])
                        .sum();
                    assert!((again - matrix[one * size + two]).abs() < 1e-9, "{size}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_to_go_on_ends_soon() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let values: Vec<f32> = (0..4 * BLOCK * 8).map(|at| ((at * 37) % 101) as f32).collect();
        let rows = Rows::new(&values, 8).unwrap();
        let Ok(matrix) = rows.covariance(&rows.mean(), &always, &always);
        let always_on = || Ok(());
        for after in [0, 3] {
            let asked = AtomicUsize::new(0);
            let go_on = || if asked.fetch_add(1, Ordering::Relaxed) < after { Ok(()) } else { Err("stop") };
            assert_eq!(rows.covariance(&rows.mean(), &always_on, &go_on), Err("stop"), "{after}");
            asked.store(0, Ordering::Relaxed);
            assert_eq!(principal_axes(matrix.clone(), 8, &go_on), Err("stop"), "{after}");
            assert_eq!(rows.covariance(&rows.mean(), &|| Err("wait"), &|| Ok(())), Err("wait"));
        }
    }
}
