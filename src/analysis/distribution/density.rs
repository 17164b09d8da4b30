//! Two columns against each other: how many samples fall into each cell of a grid, so that a million points are
//! drawn as fast as a thousand.

use rayon::prelude::*;

use super::histogram::{Axis, Bins, Edges};

/// Rows that a thread counts at once.
const PART: usize = 65_536;

/// The counts of a grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Density {
    pub x: Edges,
    pub y: Edges,
    /// Line by line from the least `y`: `y.len() × x.len()`.
    pub counts: Vec<u64>,
    /// Rows of which a number is not known, or has no place on its axis.
    pub left_out: u64,
}

impl Density {
    /// The grid of two columns of as many rows, in so many cells across and down.
    pub fn of(x: &[f64], y: &[f64], axes: [Axis; 2], cells: [usize; 2]) -> Self {
        let edges = |values, axis: usize| Edges::of(values, axes[axis], Bins::Count(cells[axis]));
        Self::in_edges(x, y, edges(x, 0), edges(y, 1))
    }

    /// The same in cells that are given.
    pub fn in_edges(x: &[f64], y: &[f64], x_edges: Edges, y_edges: Edges) -> Self {
        let (across, down) = (x_edges.len(), y_edges.len());
        let part = |(x, y): (&[f64], &[f64])| {
            let mut counts = vec![0u64; across * down];
            for (x, y) in x.iter().zip(y) {
                if let (Some(column), Some(line)) = (x_edges.bin(*x), y_edges.bin(*y)) {
                    counts[line * across + column] += 1;
                }
            }
            counts
        };
        let add = |mut one: Vec<u64>, two: Vec<u64>| {
            one.iter_mut().zip(two).for_each(|(one, two)| *one += two);
            one
        };
        let counts = x.par_chunks(PART).zip(y.par_chunks(PART)).map(part).reduce_with(add);
        let counts = counts.unwrap_or_else(|| vec![0; across * down]);
        let left_out = x.len().min(y.len()) as u64 - counts.iter().sum::<u64>();
        Self { x: x_edges, y: y_edges, counts, left_out }
    }

    /// Samples of a cell.
    pub fn count(&self, column: usize, line: usize) -> u64 {
        self.counts.get(line * self.x.len() + column).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_what_both_columns_say() {
        let x = [0.5, 0.5, 9.5, f64::NAN, 100.5];
        let y = [1.0, 10.0, 100.0, 1.0, 0.0];
        let found = Density::of(&x, &y, [Axis::Linear, Axis::Log], [2, 2]);
        assert_eq!((found.x.len(), found.y.len(), found.left_out), (2, 2, 2));
        assert_eq!((found.count(0, 0), found.count(0, 1), found.count(1, 1)), (1, 2, 0));
        let none = Density::of(&[], &[], [Axis::Linear; 2], [4, 4]);
        assert_eq!((none.counts.len(), none.left_out), (0, 0));
    }

    #[test]
    fn many_rows_come_to_the_same_on_any_number_of_threads() {
        let x: Vec<f64> = (0..200_000u64).map(|at| (at * at % 977) as f64).collect();
        let y: Vec<f64> = x.iter().rev().map(|x| x / 3.0).collect();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Density::of(&x, &y, [Axis::Linear; 2], [60, 40]))
        };
        let found = on(1);
        assert_eq!(found, on(3));
        assert_eq!(found.counts.iter().sum::<u64>(), 200_000);
    }
}
