//! Points in a plane, with an index that finds the nearest one and those within an outline: what a map of a
//! million samples answers a pointer with.
//!
//! The plane is cut into square cells, each of which knows its points: a question looks at few of them. This
//! file refuses to know what the points are of.

use rayon::prelude::*;

/// Points that a cell has on average.
const PER_CELL: usize = 4;
/// Cells along a side at most.
const MOST_CELLS: usize = 1024;

/// Points in a scatter. A point whose numbers are none is found by nothing.
#[derive(Clone, Debug, Default)]
pub struct Scatter {
    points: Vec<[f32; 2]>,
    bounds: Bounds,
    cells: usize,
    /// Where the points of each cell begin in `order`, and the end: `cells² + 1` numbers.
    starts: Vec<u32>,
    order: Vec<u32>,
}

/// A rectangle, from its lower to its upper corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    pub low: [f32; 2],
    pub high: [f32; 2],
}

impl Bounds {
    /// The smallest that holds all points; a square of side 2 around 0 for no points.
    pub fn of(points: &[[f32; 2]]) -> Self {
        let numbers = points.iter().filter(|point| is_number(point));
        let first = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        let (low, high) = numbers.fold(first, |(low, high), point| {
            let pick =
                |pick: fn(f32, f32) -> f32, one: [f32; 2]| [pick(one[0], point[0]), pick(one[1], point[1])];
            (pick(f32::min, low), pick(f32::max, high))
        });
        if low[0] > high[0] { Self { low: [-1.0; 2], high: [1.0; 2] } } else { Self { low, high } }
    }

    pub fn size(&self) -> [f32; 2] {
        [self.high[0] - self.low[0], self.high[1] - self.low[1]]
    }

    pub fn centre(&self) -> [f32; 2] {
        [(self.low[0] + self.high[0]) / 2.0, (self.low[1] + self.high[1]) / 2.0]
    }
}

fn is_number(point: &[f32; 2]) -> bool {
    point[0].is_finite() && point[1].is_finite()
}

impl Scatter {
    pub fn new(points: Vec<[f32; 2]>) -> Self {
        let bounds = Bounds::of(&points);
        let cells = ((points.len() / PER_CELL) as f64).sqrt().ceil() as usize;
        let cells = cells.clamp(1, MOST_CELLS);
        let mut scatter =
            Self { points, bounds, cells, starts: vec![0; cells * cells + 1], order: Vec::new() };
        let cell_of: Vec<Option<usize>> = scatter
            .points
            .par_iter()
            .map(|point| is_number(point).then(|| scatter.cell_of(*point)))
            .collect();
        for cell in cell_of.iter().flatten() {
            scatter.starts[cell + 1] += 1;
        }
        for at in 1..scatter.starts.len() {
            scatter.starts[at] += scatter.starts[at - 1];
        }
        let mut next = scatter.starts.clone();
        scatter.order = vec![0; scatter.starts[cells * cells] as usize];
        for (row, cell) in cell_of.iter().enumerate() {
            if let Some(cell) = cell {
                scatter.order[next[*cell] as usize] = row as u32;
                next[*cell] += 1;
            }
        }
        scatter
    }

    pub fn points(&self) -> &[[f32; 2]] {
        &self.points
    }

    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The point nearest to a place, no further than `within`; the first of those that are as near.
    pub fn nearest(&self, at: [f32; 2], within: f32) -> Option<u32> {
        let mut best: Option<(f32, u32)> = None;
        self.each_near(at.map(|one| one - within), at.map(|one| one + within), |row, point| {
            let apart = (point[0] - at[0]).powi(2) + (point[1] - at[1]).powi(2);
            if apart <= within * within && best.is_none_or(|known| (apart, row) < known) {
                best = Some((apart, row));
            }
        });
        best.map(|(_, row)| row)
    }

    /// The point nearest to a place of those that are asked for, no further than `reach` to a side and no further up or
    /// down: for a plane that is drawn wider than high. The first of those that are as near.
    pub fn nearest_of(&self, at: [f32; 2], reach: [f32; 2], is_asked: impl Fn(u32) -> bool) -> Option<u32> {
        let mut best: Option<(f32, u32)> = None;
        let corner = |sign: f32| std::array::from_fn(|axis| at[axis] + sign * reach[axis]);
        self.each_near(corner(-1.0), corner(1.0), |row, point| {
            let part = |axis: usize| ((point[axis] - at[axis]) / reach[axis]).powi(2);
            let apart = part(0) + part(1);
            if apart <= 1.0 && best.is_none_or(|known| (apart, row) < known) && is_asked(row) {
                best = Some((apart, row));
            }
        });
        best.map(|(_, row)| row)
    }

    /// The points within an outline, in their order: those that a line to the right crosses the outline an
    /// odd number of times from.
    pub fn within(&self, outline: &[[f32; 2]]) -> Vec<u32> {
        if outline.len() < 3 {
            return Vec::new();
        }
        let bounds = Bounds::of(outline);
        let mut candidates = Vec::new();
        self.each_near(bounds.low, bounds.high, |row, _| candidates.push(row));
        let mut found: Vec<u32> =
            candidates.into_par_iter().filter(|row| is_inside(self.points[*row as usize], outline)).collect();
        found.sort_unstable();
        found
    }

    /// Looks at all points of the cells that a rectangle touches.
    fn each_near(&self, low: [f32; 2], high: [f32; 2], mut look: impl FnMut(u32, [f32; 2])) {
        if self.order.is_empty() {
            return;
        }
        let ([left, bottom], [right, top]) = (self.column_and_line(low), self.column_and_line(high));
        for line in bottom..=top {
            let cells = line * self.cells + left..=line * self.cells + right;
            let (start, end) = (self.starts[*cells.start()], self.starts[*cells.end() + 1]);
            for row in &self.order[start as usize..end as usize] {
                look(*row, self.points[*row as usize]);
            }
        }
    }

    fn cell_of(&self, point: [f32; 2]) -> usize {
        let [column, line] = self.column_and_line(point);
        line * self.cells + column
    }

    /// The cell that a place is in, or the one nearest to it.
    fn column_and_line(&self, at: [f32; 2]) -> [usize; 2] {
        let size = self.bounds.size();
        std::array::from_fn(|axis| {
            let part = (at[axis] - self.bounds.low[axis]) / size[axis].max(f32::MIN_POSITIVE);
            // What is no number becomes 0.
            ((part * self.cells as f32) as usize).min(self.cells - 1)
        })
    }
}

fn is_inside([x, y]: [f32; 2], outline: &[[f32; 2]]) -> bool {
    let mut inside = false;
    let mut before = outline[outline.len() - 1];
    for &corner in outline {
        let crosses = (corner[1] > y) != (before[1] > y);
        if crosses && x < (before[0] - corner[0]) * (y - corner[1]) / (before[1] - corner[1]) + corner[0] {
            inside = !inside;
        }
        before = corner;
    }
    inside
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_index_finds_what_a_look_at_all_points_does(
            points in prop::collection::vec([-5f32..5.0, -2f32..2.0], 0..200),
            at in [-6f32..6.0, -3f32..3.0],
            within in 0f32..4.0,
            outline in prop::collection::vec([-6f32..6.0, -3f32..3.0], 3..9),
        ) {
            let scatter = Scatter::new(points.clone());
            let apart = |point: &[f32; 2]| (point[0] - at[0]).powi(2) + (point[1] - at[1]).powi(2);
            let nearest = (0..points.len() as u32)
                .filter(|row| apart(&points[*row as usize]) <= within * within)
                .min_by(|one, two| apart(&points[*one as usize]).total_cmp(&apart(&points[*two as usize])));
            prop_assert_eq!(scatter.nearest(at, within), nearest);
            let inside: Vec<u32> =
                (0..points.len() as u32).filter(|row| is_inside(points[*row as usize], &outline)).collect();
            prop_assert_eq!(scatter.within(&outline), inside);
        }
    }

    #[test]
    fn the_nearest_of_some_is_by_a_reach_for_each_side() {
        let scatter = Scatter::new(vec![[0.0, 0.0], [0.3, 0.0], [0.0, 0.1], [f32::NAN, 0.0]]);
        let nearest =
            |reach, asked: &[u32]| scatter.nearest_of([0.2, 0.0], reach, |row| asked.contains(&row));
        assert_eq!(nearest([0.25, 0.25], &[0, 1, 2, 3]), Some(1));
        assert_eq!(nearest([0.25, 0.25], &[0, 2]), Some(0));
        assert_eq!(nearest([0.05, 0.25], &[0, 1, 2]), None);
        assert_eq!(nearest([0.25, 0.05], &[2]), None);
    }

    #[test]
    fn no_points_alike_points_and_what_is_no_number_are_borne() {
        assert_eq!(Scatter::default().nearest([0.0, 0.0], 1.0), None);
        assert_eq!(Scatter::new(Vec::new()).within(&[[-1.0, -1.0], [1.0, -1.0], [0.0, 1.0]]), [0u32; 0]);
        let alike = Scatter::new(vec![[0.5, 0.5]; 100]);
        assert_eq!(alike.nearest([0.4, 0.5], 0.2), Some(0));
        assert_eq!(alike.within(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]).len(), 100);
        let odd = Scatter::new(vec![[f32::NAN, 0.0], [f32::INFINITY, 1.0], [2.0, 3.0]]);
        assert_eq!(odd.bounds(), Bounds { low: [2.0, 3.0], high: [2.0, 3.0] });
        assert_eq!(odd.nearest([2.0, 3.0], 0.1), Some(2));
        assert_eq!(odd.within(&[[-9e9, -9e9], [9e9, -9e9], [0.0, 9e9]]), [2]);
    }
}
