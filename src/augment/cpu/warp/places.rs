//! Where in the window the pixels of a result come from.

use crate::augment::stage::{Between, Lattice, Map, Size};

/// The least that the divisor of a projective map counts as: what is behind the viewer is far outside.
pub const LEAST_W: f32 = 1e-6;

/// A map, ready to be asked row by row.
pub enum Places<'a> {
    Affine([[f32; 3]; 2]),
    Projective([[f32; 3]; 3]),
    Lattice(Bent<'a>),
    Radial { centre: [f32; 2], k: [f32; 2], per_square_pixel: f32 },
}

/// A lattice over a result of some size.
pub struct Bent<'a> {
    lattice: &'a Lattice,
    /// Steps between nodes in a pixel, along x and y.
    steps: [f32; 2],
    /// The first pixel of each cell in a row, and where the last one ends.
    starts: Vec<usize>,
    /// The nodes of a row between rows of nodes.
    nodes: Vec<[f32; 2]>,
}

impl<'a> Places<'a> {
    pub fn new(map: &'a Map, size: Size) -> Self {
        match map {
            Map::Projective([x, y, [0.0, 0.0, 1.0]]) => Self::Affine([*x, *y]),
            Map::Projective(rows) => Self::Projective(*rows),
            Map::Lattice(lattice) => Self::Lattice(Bent::new(lattice, size)),
            Map::Radial { centre, k } => {
                Self::Radial { centre: *centre, k: *k, per_square_pixel: per_square_pixel(size) }
            }
        }
    }

    /// The places of row `y`, whose pixels' middles are at these `x`.
    #[inline(always)]
    pub fn row(&mut self, y: u32, middles: &[f32], xs: &mut [f32], ys: &mut [f32]) {
        let y = y as f32 + 0.5;
        let places = middles.iter().zip(xs.iter_mut().zip(ys.iter_mut()));
        match self {
            Self::Affine(rows) => {
                let [[a, b, c], [d, e, f]] = *rows;
                let (c, f) = (b * y + c, e * y + f);
                for (x, (to_x, to_y)) in places {
                    *to_x = a * x + c;
                    *to_y = d * x + f;
                }
            }
            Self::Projective(rows) => {
                let [[a, b, c], [d, e, f], [g, h, i]] = *rows;
                let (c, f, i) = (b * y + c, e * y + f, h * y + i);
                for (x, (to_x, to_y)) in places {
                    let w = (g * x + i).max(LEAST_W);
                    *to_x = (a * x + c) / w;
                    *to_y = (d * x + f) / w;
                }
            }
            Self::Lattice(bent) => bent.row(y, middles, xs, ys),
            Self::Radial { centre, k, per_square_pixel } => {
                let down = y - centre[1];
                for (x, (to_x, to_y)) in places {
                    let right = x - centre[0];
                    let squared = (right * right + down * down) * *per_square_pixel;
                    let factor = 1.0 + squared * (k[0] + squared * k[1]);
                    *to_x = centre[0] + right * factor;
                    *to_y = centre[1] + down * factor;
                }
            }
        }
    }
}

/// 1 over the square of half the diagonal.
pub(crate) fn per_square_pixel([width, height]: Size) -> f32 {
    let (width, height) = (width as f32, height as f32);
    4.0 / (width * width + height * height)
}

impl<'a> Bent<'a> {
    fn new(lattice: &'a Lattice, size: Size) -> Self {
        let steps = steps(lattice, size);
        let cells = (lattice.columns as usize).saturating_sub(1).max(1);
        let mut starts = vec![0];
        for cell in 1..cells {
            let from = starts[cell - 1];
            let reached = |x: &usize| (*x as f32 + 0.5) * steps[0] >= cell as f32;
            starts.push((from..size[0] as usize).find(reached).unwrap_or(size[0] as usize));
        }
        starts.push(size[0] as usize);
        Self { lattice, steps, starts, nodes: vec![[0.0; 2]; lattice.columns as usize] }
    }

    #[inline(always)]
    fn row(&mut self, y: f32, middles: &[f32], xs: &mut [f32], ys: &mut [f32]) {
        let Lattice { columns, rows, shifts, between } = self.lattice;
        let columns = *columns as usize;
        let (cell, t) = cell(y * self.steps[1], *rows);
        let lines = neighbours(cell, *rows).map(|row| &shifts[row * columns..(row + 1) * columns]);
        let weights = weights(*between, t);
        for (column, node) in self.nodes.iter_mut().enumerate() {
            *node = std::array::from_fn(|axis| {
                (0..4).map(|line| weights[line] * lines[line][column][axis]).sum()
            });
        }
        for (cell, ends) in self.starts.windows(2).enumerate() {
            let nodes = neighbours(cell, columns as u32).map(|column| self.nodes[column]);
            let [x_curve, y_curve] = [0, 1].map(|axis| curve(*between, nodes.map(|node| node[axis])));
            let (start, end) = (ends[0], ends[1]);
            let places = xs[start..end].iter_mut().zip(&mut ys[start..end]);
            for (x, (to_x, to_y)) in middles[start..end].iter().zip(places) {
                let t = x * self.steps[0] - cell as f32;
                *to_x = x + (((x_curve[3] * t + x_curve[2]) * t + x_curve[1]) * t + x_curve[0]);
                *to_y = y + (((y_curve[3] * t + y_curve[2]) * t + y_curve[1]) * t + y_curve[0]);
            }
        }
    }
}

/// The displacement at a place of a result of this size.
pub fn shift_at(lattice: &Lattice, size: Size, [x, y]: [f32; 2]) -> [f32; 2] {
    let steps = steps(lattice, size);
    let (column, across) = cell(x * steps[0], lattice.columns);
    let (row, down) = cell(y * steps[1], lattice.rows);
    let [across, down] = [across, down].map(|t| weights(lattice.between, t.clamp(0.0, 1.0)));
    let mut shift = [0.0; 2];
    for (row, down) in neighbours(row, lattice.rows).into_iter().zip(down) {
        for (column, across) in neighbours(column, lattice.columns).into_iter().zip(across) {
            let node = lattice.shifts[row * lattice.columns as usize + column];
            shift = [0, 1].map(|axis| shift[axis] + down * across * node[axis]);
        }
    }
    shift
}

/// Steps between nodes in a pixel of a result of this size, along x and y.
pub(crate) fn steps(lattice: &Lattice, size: Size) -> [f32; 2] {
    let step = |nodes: u32, side: u32| nodes.saturating_sub(1) as f32 / side as f32;
    [step(lattice.columns, size[0]), step(lattice.rows, size[1])]
}

/// The cell that is `steps` from the first node, and where in it, 0 to 1.
fn cell(steps: f32, nodes: u32) -> (usize, f32) {
    let cell = steps.floor().clamp(0.0, nodes.saturating_sub(2) as f32);
    (cell as usize, steps - cell)
}

/// The nodes before a cell, on its ends and after it; the outer ones are repeated.
fn neighbours(cell: usize, nodes: u32) -> [usize; 4] {
    let last = nodes.saturating_sub(1) as usize;
    [cell.saturating_sub(1), cell, cell + 1, cell + 2].map(|node| node.min(last))
}

/// How much the four nodes count at `t`, 0 to 1, in the cell between the second and the third.
fn weights(between: Between, t: f32) -> [f32; 4] {
    [0, 1, 2, 3].map(|node| {
        let mut nodes = [0.0; 4];
        nodes[node] = 1.0;
        let curve = curve(between, nodes);
        ((curve[3] * t + curve[2]) * t + curve[1]) * t + curve[0]
    })
}

/// The polynomial over a cell, the constant part first.
fn curve(between: Between, [before, a, b, after]: [f32; 4]) -> [f32; 4] {
    match between {
        Between::Straight => [a, b - a, 0.0, 0.0],
        Between::Smooth => [
            (before + 4.0 * a + b) / 6.0,
            (b - before) / 2.0,
            (before - 2.0 * a + b) / 2.0,
            (3.0 * (a - b) + after - before) / 6.0,
        ],
    }
}
