//! Descriptions of all rows as one matrix, which can be smoothed over the neighbour graph.

use rayon::prelude::*;

use super::graph::Graph;
use crate::analysis::neighbours::NONE;
use crate::analysis::whiten::{AXES, Whitened};
use crate::jobs::{Cancelled, Control};

/// Numbers of a row at most, so that what a refit takes is bounded.
pub const MOST_NUMBERS: usize = 256;

/// A row of numbers at length 1 for each row of the dataset; 0 where it has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    numbers: usize,
    values: Vec<f32>,
    is_known: Vec<bool>,
}

impl Features {
    /// Those of whitened descriptions, of which each takes 512 bytes.
    pub fn of(rows: &[Option<&Whitened>]) -> Self {
        let mut values = vec![0.0; rows.len() * AXES];
        for (values, row) in values.chunks_exact_mut(AXES).zip(rows) {
            if let Some(row) = row {
                values.iter_mut().zip(row.iter()).for_each(|(value, whole)| *value = f32::from(*whole));
            }
        }
        let is_known = rows.iter().map(Option::is_some).collect();
        let mut features = Self { numbers: AXES, values, is_known };
        features.normalise();
        features
    }

    /// Those of any encoder: rows of `numbers` each. A row that has a number which is not finite is left out. `None`
    /// where these are not whole rows of 1 to [`MOST_NUMBERS`] numbers.
    pub fn from_values(values: Vec<f32>, numbers: usize) -> Option<Self> {
        let is_whole = (1..=MOST_NUMBERS).contains(&numbers) && values.len().is_multiple_of(numbers);
        if !is_whole {
            return None;
        }
        let is_known =
            values.chunks_exact(numbers).map(|row| row.iter().all(|value| value.is_finite())).collect();
        let mut features = Self { numbers, values, is_known };
        for (row, is_known) in features.values.chunks_exact_mut(numbers).zip(&features.is_known) {
            if !is_known {
                row.fill(0.0);
            }
        }
        features.normalise();
        Some(features)
    }

    /// Rows of the dataset, with and without numbers.
    pub fn len(&self) -> usize {
        self.is_known.len()
    }

    pub fn is_empty(&self) -> bool {
        self.is_known.is_empty()
    }

    /// Numbers of a row.
    pub fn numbers(&self) -> usize {
        self.numbers
    }

    /// Whether a row has numbers: others have no proposals.
    pub fn is_known(&self, row: usize) -> bool {
        self.is_known.get(row).copied().unwrap_or(false)
    }

    /// All of them, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// # Panics
    /// When there is no such row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.numbers..][..self.numbers]
    }

    /// Each row brought nearer to its neighbours, eight times over: `Z ← 0.9 D⁻¹ A Z + 0.1 X`, to length 1 at the end
    /// (J. Gasteiger, A. Bojchevski and S. Günnemann, "Predict then Propagate", ICLR 2019, on the features as
    /// F. Wu et al., "Simplifying Graph Convolutional Networks", ICML 2019). What hangs together in the graph comes to
    /// lie together. It takes twice the memory of the features for a while, and is done once.
    pub fn smoothed(&self, graph: &Graph, control: &Control) -> Result<Self, Cancelled> {
        const STEPS: u64 = 8;
        const KEPT: f32 = 0.1;
        const BLOCK: usize = 256;
        let (numbers, first) = (self.numbers, graph.first());
        control.begin("Smoothing over neighbours", STEPS);
        let mut before: Vec<f32> = first.iter().flat_map(|row| self.row(*row as usize)).copied().collect();
        let mut after = vec![0.0f32; before.len()];
        for _ in 0..STEPS {
            control.checkpoint()?;
            after.par_chunks_mut(BLOCK * numbers).enumerate().for_each(|(block, out)| {
                for (at, out) in out.chunks_exact_mut(numbers).enumerate() {
                    let place = block * BLOCK + at;
                    out.fill(0.0);
                    let whole = graph.degree(place).max(1.0);
                    for (to, weight) in graph.edges(place) {
                        let part = (1.0 - KEPT) * weight / whole;
                        let near = &before[*to as usize * numbers..][..numbers];
                        out.iter_mut().zip(near).for_each(|(sum, value)| *sum += part * value);
                    }
                    let own = self.row(first[place] as usize);
                    out.iter_mut().zip(own).for_each(|(sum, value)| *sum += KEPT * value);
                }
            });
            std::mem::swap(&mut before, &mut after);
            control.add(1);
        }
        drop(after);
        let mut smoothed = self.clone();
        let of_rows = smoothed.values.chunks_exact_mut(numbers.max(1)).zip(graph.place_of());
        for (row, place) in of_rows.filter(|(_, place)| **place != NONE) {
            row.copy_from_slice(&before[*place as usize * numbers..][..numbers]);
        }
        smoothed.normalise();
        Ok(smoothed)
    }

    fn normalise(&mut self) {
        self.values.par_chunks_exact_mut(self.numbers.max(1)).for_each(|row| {
            let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            if length > 0.0 {
                row.iter_mut().for_each(|value| *value /= length);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::simulate::tests::crowds;
    use super::*;

    #[test]
    fn rows_are_of_length_1_and_those_without_are_0() {
        let whole: Whitened = std::array::from_fn(|axis| if axis < 4 { 50 } else { 0 });
        let features = Features::of(&[Some(&whole), None]);
        assert_eq!(features.row(0)[..5], [0.5, 0.5, 0.5, 0.5, 0.0]);
        assert!(features.is_known(0) && !features.is_known(1) && !features.is_known(2));
        assert!(features.row(1).iter().all(|value| *value == 0.0));
        let odd = Features::from_values(vec![3.0, 4.0, f32::NAN, 1.0], 2).unwrap();
        assert_eq!((odd.values(), odd.is_known(1)), (&[0.6, 0.8, 0.0, 0.0][..], false));
        for (count, numbers) in [(3, 2), (4, 0), (2000, 1000)] {
            assert_eq!(Features::from_values(vec![1.0; count], numbers), None);
        }
    }

    #[test]
    fn smoothing_brings_a_class_together() {
        let crowds = crowds(3, 40, 60);
        let spread = |features: &Features| {
            let dot = |one: usize, two: usize| -> f32 {
                features.row(one).iter().zip(features.row(two)).map(|(one, two)| one * two).sum()
            };
            (3..60).map(|row| 1.0 - dot(row, row % 3)).sum::<f32>()
        };
        let smoothed = crowds.raw.smoothed(&crowds.graph, &Control::new()).unwrap();
        assert!(spread(&smoothed) * 4.0 < spread(&crowds.raw));
        let control = Control::new();
        control.cancel();
        assert_eq!(crowds.raw.smoothed(&crowds.graph, &control), Err(Cancelled));
    }
}
