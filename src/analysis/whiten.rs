//! Descriptions on a common scale: principal axes of the dataset, none of them louder than it
//! deserves, as 128 small integers whose distances are exact on every machine.

use serde::{Deserialize, Serialize};

use super::rows::{Rows, always, principal_axes};

/// Integers of a whitened description.
pub const AXES: usize = 128;
/// A unit vector's coordinates are multiplied by this and rounded; what is over 127 is cut. One
/// coordinate of 128 is 0.09 in the mean, so that little is cut and little rounded away.
pub const SCALE: f32 = 360.0;
/// This part of the mean variance is added to each axis' before its root divides: axes that hardly
/// vary say little, and would be mostly noise.
const SHRINKAGE: f64 = 0.05;
/// As is this part times numbers by rows: of few rows the axes that hardly vary are those of chance.
const FEW: f64 = 0.3;

/// A whitened description.
pub type Whitened = [i8; AXES];

/// How a dataset's descriptions are whitened (A. Hyvärinen and E. Oja, "Independent component
/// analysis: algorithms and applications", 2000, on principal axes).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Whitening {
    mean: Vec<f32>,
    /// An axis after the other, each divided by its spread: [`AXES`], or as many as there are numbers
    /// where these are fewer, × the numbers of a description.
    axes: Vec<f32>,
}

impl Whitening {
    /// The whitening of descriptions of so many numbers each. Where there are fewer than two of them,
    /// nothing is turned.
    pub fn of(rows: &[Vec<f32>], numbers: usize) -> Self {
        let Ok(whitening) = Self::while_going_on(rows, numbers, &always, &always);
        whitening
    }

    /// The same, which asks on its way whether to go on and ends with the answer where that is an error: of
    /// hundreds of numbers it takes seconds. `wait` may wait; `go_on` is asked on threads that others share.
    pub fn while_going_on<E: Send>(
        rows: &[Vec<f32>],
        numbers: usize,
        wait: &impl Fn() -> Result<(), E>,
        go_on: &(impl Fn() -> Result<(), E> + Sync),
    ) -> Result<Self, E> {
        let count = rows.len().max(1) as f64;
        let flat = rows.concat();
        let (mean, covariance) = match Rows::new(&flat, numbers).filter(|rows| !rows.is_empty()) {
            Some(rows) => {
                let mean = rows.mean();
                let covariance = rows.covariance(&mean, wait, go_on)?;
                (mean, covariance)
            }
            None => (vec![0.0; numbers], vec![0.0; numbers * numbers]),
        };
        let (spreads, vectors) = principal_axes(covariance, numbers, wait)?;
        let total: f64 = spreads.iter().map(|spread| spread.max(0.0)).sum();
        let shrinkage = SHRINKAGE + FEW * numbers as f64 / count;
        let floor = (total / numbers.max(1) as f64 * shrinkage).max(1e-9);
        let mut order: Vec<usize> = (0..numbers).collect();
        order.sort_by(|one, two| spreads[*two].total_cmp(&spreads[*one]).then(one.cmp(two)));
        let axis = |at: &usize| {
            let divisor = (spreads[*at].max(0.0) + floor).sqrt();
            (0..numbers)
                .map(move |number| (number, divisor))
                .map(|(number, divisor)| (vectors[number * numbers + at] / divisor) as f32)
                .collect::<Vec<f32>>()
        };
        let axes = order.iter().take(AXES).flat_map(axis).collect();
        Ok(Self { mean: mean.into_iter().map(|mean| mean as f32).collect(), axes })
    }

    /// A description by the axes, at length 1, as integers; all 0 for the mean itself.
    pub fn apply(&self, row: &[f32]) -> Whitened {
        let centred: Vec<f32> = row.iter().zip(&self.mean).map(|(value, mean)| value - mean).collect();
        let mut values = [0.0f32; AXES];
        for (value, axis) in values.iter_mut().zip(self.axes.chunks_exact(self.mean.len().max(1))) {
            // In eight sums, which the order of adding fixes on every machine.
            let mut sums = [0.0f32; 8];
            for (at, (one, two)) in axis.iter().zip(&centred).enumerate() {
                sums[at % 8] += one * two;
            }
            *value = sums.iter().sum();
        }
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length == 0.0 {
            return [0; AXES];
        }
        // Few axes are laid out several times, each smaller by the root of that: distances are the same, and
        // a coordinate of few is not cut because it is larger than one of 128.
        let axes = (self.axes.len() / self.mean.len().max(1)).clamp(1, AXES);
        let times = AXES / axes;
        let scale = SCALE / length / (times as f32).sqrt();
        let mut whole = [0i8; AXES];
        for (at, whole) in whole.iter_mut().enumerate().take(axes * times) {
            *whole = (values[at % axes] * scale).round().clamp(-127.0, 127.0) as i8;
        }
        whole
    }
}

impl Whitening {
    /// All that it is, as numbers to keep.
    pub fn numbers(&self) -> impl Iterator<Item = f32> + '_ {
        self.mean.iter().chain(&self.axes).copied()
    }

    /// The whitening of descriptions of `length` numbers that these numbers are; `None` where there are
    /// too many or too few.
    pub fn from_numbers(length: usize, numbers: &[f32]) -> Option<Self> {
        let (mean, axes) = numbers.split_at_checked(length)?;
        let is_whole = Some(axes.len()) == length.checked_mul(length.min(AXES));
        is_whole.then(|| Self { mean: mean.to_vec(), axes: axes.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More than there are axes.
    const NUMBERS: usize = 150;

    /// Rows that vary much along one direction and a little along all.
    fn rows(count: usize, numbers: usize) -> Vec<Vec<f32>> {
        let mut state = 7u64;
        let mut noise = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        };
        (0..count)
            .map(|_| {
                let loud = noise() * 3.0;
                (0..numbers).map(|at| loud * (at as f32).sin() + noise()).collect()
            })
            .collect()
    }

    #[test]
    fn axes_are_at_right_angles_and_the_widest_come_first() {
        let rows = rows(400, NUMBERS);
        let whitening = Whitening::of(&rows, NUMBERS);
        let axes: Vec<&[f32]> = whitening.axes.chunks_exact(NUMBERS).collect();
        let dot = |one: &[f32], two: &[f32]| -> f64 {
            one.iter().zip(two).map(|(one, two)| f64::from(*one) * f64::from(*two)).sum()
        };
        for one in 0..AXES {
            for two in 0..one {
                let cosine = dot(axes[one], axes[two])
                    / (dot(axes[one], axes[one]) * dot(axes[two], axes[two])).sqrt();
                assert!(cosine.abs() < 1e-4, "{one} {two}: {cosine}");
            }
            // Wider axes are divided by more.
            assert!(one == 0 || dot(axes[one], axes[one]) >= dot(axes[one - 1], axes[one - 1]) * 0.999);
        }
    }

    #[test]
    fn few_numbers_keep_their_distances() {
        for numbers in [1, 2, 3, 16, 100] {
            let rows = rows(500, numbers);
            let whitening = Whitening::of(&rows, numbers);
            let wholes: Vec<Whitened> = rows.iter().map(|row| whitening.apply(row)).collect();
            for whole in &wholes {
                let length = whole.iter().map(|value| f32::from(*value).powi(2)).sum::<f32>().sqrt();
                assert!((length / SCALE - 1.0).abs() < 0.06, "{numbers}: {length}");
            }
            // Directions that differ stay apart: of one number there are two, of more about as many as rows.
            let mut apart = wholes.clone();
            apart.sort_unstable();
            apart.dedup();
            let least = [2, 60, 300][numbers.min(3) - 1];
            assert!(apart.len() >= least, "{numbers}: {}", apart.len());
        }
    }

    #[test]
    fn whitened_rows_have_one_length_and_no_loud_axis() {
        let rows = rows(400, NUMBERS);
        let whitening = Whitening::of(&rows, NUMBERS);
        let whitened: Vec<Whitened> = rows.iter().map(|row| whitening.apply(row)).collect();
        for row in &whitened {
            let length: i32 = row.iter().map(|value| i32::from(*value).pow(2)).sum();
            assert!((f64::from(length).sqrt() - f64::from(SCALE)).abs() < 30.0, "{length}");
        }
        // The first direction held nearly all of the variance, now hardly more than the second.
        let spread = |axis: usize| -> f64 {
            whitened.iter().map(|row| f64::from(row[axis]).powi(2)).sum::<f64>() / whitened.len() as f64
        };
        assert!(spread(0) < spread(1) * 3.0, "{} {}", spread(0), spread(1));
    }

    #[test]
    fn few_rows_are_whitened_without_a_fault() {
        for (count, numbers) in [(0, NUMBERS), (1, NUMBERS), (2, NUMBERS), (40, 5), (2, 1), (3, 0)] {
            let rows = rows(count, numbers);
            let whitening = Whitening::of(&rows, numbers);
            let whitened: Vec<Whitened> = rows.iter().map(|row| whitening.apply(row)).collect();
            assert_eq!(whitened.len(), count);
            // Few axes are laid out several times, as often as the whole of them has room.
            let axes = numbers.clamp(1, AXES);
            let laid = axes * (AXES / axes);
            for row in &whitened {
                assert!((0..laid).all(|at| row[at] == row[at % axes]), "{count} {numbers}");
                assert!((laid..AXES).all(|at| row[at] == 0), "{count} {numbers}");
            }
            let kept: Vec<f32> = whitening.numbers().collect();
            assert_eq!(Whitening::from_numbers(numbers, &kept), Some(whitening), "{count} {numbers}");
            assert_eq!(Whitening::from_numbers(numbers + 1, &kept), None, "{count} {numbers}");
        }
        let same = vec![vec![0.5; NUMBERS]; 9];
        assert_eq!(Whitening::of(&same, NUMBERS).apply(&same[0]), [0; AXES]);
    }
}
