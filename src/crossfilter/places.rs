//! Where each sample lies in two columns against each other, as parts of the axes that the grid of their counts has.

use rayon::prelude::*;

use super::card::{Kind, Options};
use super::coded::{plane_edges, reading_of};
use crate::analysis::distribution::Edges;
use crate::dataset::query::{Reading, Snapshot};

/// Samples in a plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// Across and up.
    pub edges: [Edges; 2],
    /// By row: 0 at the left and at the bottom, 1 at the right and at the top; no numbers where a sample is gone or has
    /// no place on an axis.
    pub of: Vec<[f32; 2]>,
}

impl Places {
    /// The samples by the two columns of a card; `None` of a card of another kind or without numbers.
    pub fn of(snapshot: &Snapshot, kind: &Kind, options: &Options) -> Option<Self> {
        let Kind::Scatter { x, y } = kind else { return None };
        let [across, up] = plane_edges(snapshot, [x, y], [options.axis(0), options.axis(1)]).ok()?;
        let of = (0..snapshot.len()).into_par_iter().with_min_len(4096);
        let of = of.map(|row| [part(&across.0, across.1[row]), part(&up.0, up.1[row])]).collect();
        Some(Self { edges: [across.0, up.0], of })
    }
}

/// What the places of a card are read from: while it is equal, so are they.
pub fn places_reading(snapshot: &Snapshot, kind: &Kind) -> Vec<Reading> {
    match kind {
        Kind::Scatter { x, y } => reading_of(snapshot, &[x, y]),
        _ => Vec::new(),
    }
}

/// Where a number lies between the ends of an axis.
fn part(edges: &Edges, value: f64) -> f32 {
    let (Some(low), Some(high)) = (edges.values.first(), edges.values.last()) else { return f32::NAN };
    let [low, high, at] = [*low, *high, value].map(|value| edges.axis.place(value));
    ((at - low) / (high - low)).clamp(0.0, 1.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::distribution::Axis;

    #[test]
    fn a_number_lies_between_the_ends_of_its_axis() {
        let linear = Edges { axis: Axis::Linear, values: vec![10.0, 15.0, 30.0] };
        let log = Edges { axis: Axis::Log, values: vec![1.0, 10.0, 100.0] };
        for (edges, value, expected) in [
            (&linear, 10.0, 0.0),
            (&linear, 15.0, 0.25),
            (&linear, 30.0, 1.0),
            (&log, 10.0, 0.5),
            (&log, 100.0, 1.0),
        ] {
            assert!((part(edges, value) - expected).abs() < 1e-6, "{value}");
        }
        assert!(part(&log, 0.0).is_nan() && part(&linear, f64::NAN).is_nan());
        assert!(part(&Edges { axis: Axis::Linear, values: Vec::new() }, 1.0).is_nan());
    }
}
