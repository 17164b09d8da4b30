//! Curved maps: elastic deformation, distorted grids, lenses.

use super::super::{FILL, FILL_COLOUR, Family, Grey, INTERPOLATION, Operation};
use crate::augment::param::{Unit, number, range, whole};
use crate::augment::stage::{Between, Lattice, Map, Stage, Warp};

/// The most cells of a lattice along a side.
const MOST_CELLS: u32 = 256;

/// Displacements as P. Y. Simard et al., "Best Practices for Convolutional Neural Networks", ICDAR 2003,
/// which are white noise under a Gaussian. Here they are a B-spline with random control points, which is the
/// same but for how the bell is made: a cubic B-spline on nodes that are `s` apart is a bell of deviation `s
/// / √3`.
pub static ELASTIC: Operation = Operation {
    name: "elastic",
    title: "Elastic",
    family: Family::Geometry,
    about: "Bent as if it were of rubber, by displacements that change smoothly from place to place.",
    params: &[
        range("alpha", "Deviation of the displacements", Unit::Pixels, [0.0, 200.0], [2.0, 8.0]),
        number(
            "sigma",
            "How far a displacement reaches: deviation of the bell",
            Unit::Pixels,
            [2.0, 500.0],
            30.0,
        ),
        INTERPOLATION,
        FILL,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let alpha = build.number("alpha");
        let spacing = build.number("sigma") * 3f64.sqrt();
        let size = build.size();
        let nodes =
            |side: u32| (f64::from(side) / spacing).round().clamp(1.0, f64::from(MOST_CELLS)) as u32 + 1;
        let (columns, rows) = (nodes(size[0]), nodes(size[1]));
        // Between nodes, the mean square of a cubic B-spline is 151 ⁄ 315 along either axis: so much of the
        // deviation of its control points is left.
        let deviation = alpha / (151.0 / 315.0);
        build.note_draw();
        let mut displacement = || (build.draw().normal() * deviation) as f32;
        let shifts = (0..columns * rows).map(|_| [displacement(), displacement()]).collect();
        let map = Map::Lattice(Lattice { columns, rows, shifts, between: Between::Smooth });
        build.push(Stage::Warp(Warp::of(size, map, build.interpolation(), build.fill())));
    },
};

pub static GRID_DISTORTION: Operation = Operation {
    name: "grid_distortion",
    title: "Grid distortion",
    family: Family::Geometry,
    about: "Columns and rows of a grid become wider and narrower, while the whole keeps its size.",
    params: &[
        whole("cells", "Cells along a side", Unit::Plain, [1.0, 64.0], 5.0),
        number("strength", "How much wider or narrower a cell is at most", Unit::Part, [0.0, 0.9], 0.3),
        INTERPOLATION,
        FILL,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let cells = build.number("cells") as u32;
        let strength = build.number("strength");
        let size = build.size();
        let mut moved = |name: &'static str, side: u32| {
            let widths: Vec<f64> =
                (0..cells).map(|_| 1.0 + build.draw().between(-strength, strength)).collect();
            build.note_numbers(name, widths.iter().copied());
            line_shifts(&widths, side)
        };
        let (across, down) = (moved("widths", size[0]), moved("heights", size[1]));
        let shifts = down.iter().flat_map(|y| across.iter().map(move |x| [*x, *y])).collect();
        let lattice = Lattice { columns: cells + 1, rows: cells + 1, shifts, between: Between::Straight };
        build.push(Stage::Warp(Warp::of(size, Map::Lattice(lattice), build.interpolation(), build.fill())));
    },
};

pub static OPTICAL_DISTORTION: Operation = Operation {
    name: "optical_distortion",
    title: "Optical distortion",
    family: Family::Geometry,
    about: "As through a lens that bends straight lines: a barrel where positive, a pincushion where negative.",
    params: &[
        range(
            "strength",
            "How much further out the corners come from",
            Unit::Part,
            [-0.25, 1.0],
            [-0.05, 0.05],
        ),
        INTERPOLATION,
        FILL,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let strength = build.number("strength") as f32;
        let size = build.size();
        let centre = size.map(|side| side as f32 / 2.0);
        // Two thirds and one third are what a camera with k₁ = k₂ has in the corners of a square picture.
        let map = Map::Radial { centre, k: [strength * 2.0 / 3.0, strength / 3.0] };
        build.push(Stage::Warp(Warp::of(size, map, build.interpolation(), build.fill())));
    },
};

/// How far the lines of a grid are moved when its cells get these widths, of which the sum is the side.
fn line_shifts(widths: &[f64], side: u32) -> Vec<f32> {
    let unit = f64::from(side) / widths.iter().sum::<f64>();
    let even = f64::from(side) / widths.len() as f64;
    let mut reached = 0.0;
    let mut shifts = vec![0.0];
    for (before, width) in widths.iter().enumerate() {
        reached += width * unit;
        shifts.push((reached - even * (before + 1) as f64) as f32);
    }
    shifts
}
