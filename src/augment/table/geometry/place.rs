//! Affine and projective maps, about the middle of the picture, which keeps its size.

use super::super::{Build, FILL, FILL_COLOUR, Family, Grey, INTERPOLATION, Operation};
use super::{Matrix, looked_up, product, shifted};
use crate::augment::param::{Param, Unit, flag, range};
use crate::augment::stage::{Stage, Warp, whole};

pub static ROTATE: Operation = Operation {
    name: "rotate",
    title: "Rotate",
    family: Family::Geometry,
    about: "Turned about its middle by an angle, counterclockwise.",
    params: &[
        range("angle", "Angle, counterclockwise", Unit::Degrees, [-180.0, 180.0], [-30.0, 30.0]),
        INTERPOLATION,
        FILL,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let angle = build.number("angle");
        push(build, &rotation(angle));
    },
};

pub static SCALE: Operation = Operation {
    name: "scale",
    title: "Scale",
    family: Family::Geometry,
    about: "Larger or smaller about its middle, in a picture of the same size.",
    params: &[
        range(
            "factor",
            "How much larger; of the width alone unless proportions stay",
            Unit::Times,
            TIMES,
            [0.9, 1.1],
        ),
        KEEP_RATIO,
        range(
            "factor_y",
            "How much larger the height is, unless proportions stay",
            Unit::Times,
            TIMES,
            [0.9, 1.1],
        ),
        INTERPOLATION,
        FILL,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let scaling = scaling(build, "factor", "factor_y");
        push(build, &scaling);
    },
};

pub static TRANSLATE: Operation = Operation {
    name: "translate",
    title: "Translate",
    family: Family::Geometry,
    about: "Moved by whole pixels, so that values stay as they are.",
    params: &[
        range("x", "To the right, of the width", Unit::Part, [-1.0, 1.0], [-0.0625, 0.0625]),
        range("y", "Down, of the height", Unit::Part, [-1.0, 1.0], [-0.0625, 0.0625]),
        FILL,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let size = build.size();
        let [x, y] = translation(build).map(|pixels| pixels as i64);
        if [x, y] != [0, 0] {
            build.push(shifted(size, whole(size), [-x, -y], build.fill()));
        }
    },
};

pub static SHEAR: Operation = Operation {
    name: "shear",
    title: "Shear",
    family: Family::Geometry,
    about: "Slanted about its middle: rows are moved along x, and columns along y.",
    params: &[
        range(
            "x",
            "Slant along x: positive moves the upper half to the right",
            Unit::Degrees,
            SLANT,
            [-10.0, 10.0],
        ),
        range("y", "Slant along y: positive moves the left half down", Unit::Degrees, SLANT, [-10.0, 10.0]),
        INTERPOLATION,
        FILL,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let shear = shearing(build, "x", "y");
        push(build, &shear);
    },
};

pub static AFFINE: Operation = Operation {
    name: "affine",
    title: "Affine",
    family: Family::Geometry,
    about: "Scaled, turned, slanted and moved, in this order and in one go.",
    params: &[
        range(
            "scale",
            "How much larger; of the width alone unless proportions stay",
            Unit::Times,
            TIMES,
            [0.9, 1.1],
        ),
        KEEP_RATIO,
        range(
            "scale_y",
            "How much larger the height is, unless proportions stay",
            Unit::Times,
            TIMES,
            [0.9, 1.1],
        ),
        range("angle", "Angle, counterclockwise", Unit::Degrees, [-180.0, 180.0], [-15.0, 15.0]),
        range("shear_x", "Slant along x", Unit::Degrees, SLANT, [-5.0, 5.0]),
        range("shear_y", "Slant along y", Unit::Degrees, SLANT, [-5.0, 5.0]),
        range("x", "To the right, of the width", Unit::Part, [-1.0, 1.0], [-0.0625, 0.0625]),
        range("y", "Down, of the height", Unit::Part, [-1.0, 1.0], [-0.0625, 0.0625]),
        INTERPOLATION,
        FILL,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let scaling = scaling(build, "scale", "scale_y");
        let rotation = rotation(build.number("angle"));
        let shearing = shearing(build, "shear_x", "shear_y");
        let [x, y] = translation(build);
        let moving = [[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]];
        push(build, &product(&moving, &product(&shearing, &product(&rotation, &scaling))));
    },
};

pub static PERSPECTIVE: Operation = Operation {
    name: "perspective",
    title: "Perspective",
    family: Family::Geometry,
    about: "Seen from another point: each corner is drawn in by some of the sides, and what is between them fills \
            the picture.",
    params: &[
        range("strength", "Deviation of the corners, of the sides", Unit::Part, [0.0, 0.3], [0.05, 0.1]),
        INTERPOLATION,
        FILL,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let strength = build.number("strength");
        let [width, height] = build.size().map(f64::from);
        // A corner is never drawn in by more than this, so that the four of them stay in their order.
        let mut inward = || (build.draw().normal().abs() * strength) % 0.32;
        let corners = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].map(|corner: [f64; 2]| {
            let [x, y] = corner.map(|at| if at == 0.0 { inward() } else { 1.0 - inward() });
            [x * width, y * height]
        });
        build.note_places("corners", &corners);
        let size = build.size();
        let map = super::of_matrix(&onto(corners, [width, height]));
        build.push(Stage::Warp(Warp::of(size, map, build.interpolation(), build.fill())));
    },
};

const TIMES: [f64; 2] = [0.1, 10.0];

/// Slants beyond would, with one along the other axis, press the picture into a line.
const SLANT: [f64; 2] = [-40.0, 40.0];

const KEEP_RATIO: Param = flag("keep_ratio", "Whether proportions stay", true);

/// Pushes a warp that does this about the middle.
fn push(build: &mut Build<'_>, about_middle: &Matrix) {
    let size = build.size();
    let [x, y] = size.map(|side| f64::from(side) / 2.0);
    let back = [[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]];
    let there = [[1.0, 0.0, -x], [0.0, 1.0, -y], [0.0, 0.0, 1.0]];
    let forward = product(&back, &product(about_middle, &there));
    let Some(map) = looked_up(&forward) else { return };
    build.push(Stage::Warp(Warp::of(size, map, build.interpolation(), build.fill())));
}

/// `y` is down, so that counterclockwise is from the right to the top.
fn rotation(degrees: f64) -> Matrix {
    let quarters = degrees / 90.0;
    // Quarter turns are exact, whatever a sine of π is.
    let (sin, cos) = if quarters.fract() == 0.0 {
        [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0)][(quarters as i64).rem_euclid(4) as usize]
    } else {
        (libm::sin(degrees.to_radians()), libm::cos(degrees.to_radians()))
    };
    [[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]]
}

fn scaling(build: &mut Build<'_>, both: &'static str, height: &'static str) -> Matrix {
    let x = build.number(both);
    let y = if build.flag(KEEP_RATIO.name) { x } else { build.number(height) };
    [[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, 1.0]]
}

fn shearing(build: &mut Build<'_>, x: &'static str, y: &'static str) -> Matrix {
    let [x, y] = [x, y].map(|name| libm::tan(build.number(name).to_radians()));
    // The sign is Albumentations'.
    [[1.0, -x, 0.0], [-y, 1.0, 0.0], [0.0, 0.0, 1.0]]
}

/// To the right and down, in whole pixels.
fn translation(build: &mut Build<'_>) -> [f64; 2] {
    let [width, height] = build.size().map(f64::from);
    [(build.number("x") * width).round(), (build.number("y") * height).round()]
}

/// The map from a rectangle of this size to the quadrilateral with these corners, clockwise from the upper
/// left: P. S. Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3.
fn onto(corners: [[f64; 2]; 4], [width, height]: [f64; 2]) -> Matrix {
    let [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = corners;
    let (dx1, dx2, sum_x) = (x1 - x2, x3 - x2, x0 - x1 + x2 - x3);
    let (dy1, dy2, sum_y) = (y1 - y2, y3 - y2, y0 - y1 + y2 - y3);
    let area = dx1 * dy2 - dx2 * dy1;
    let g = (sum_x * dy2 - dx2 * sum_y) / area;
    let h = (dx1 * sum_y - sum_x * dy1) / area;
    let unit =
        [[x1 - x0 + g * x1, x3 - x0 + h * x3, x0], [y1 - y0 + g * y1, y3 - y0 + h * y3, y0], [g, h, 1.0]];
    unit.map(|[a, b, c]| [a / width, b / height, c])
}
