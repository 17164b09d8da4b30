//! Operations on where things are: flips and turns, moves and bends, other sizes, and parts painted over.

mod bend;
mod erase;
mod flip;
mod place;
mod size;

use super::{Build, Operation};
use crate::augment::param::{Param, Value};
use crate::augment::random::Draw;
use crate::augment::stage::{Fill, Filter, Interpolation, Map, Size, Stage, Warp, whole};

pub const ALL: [&Operation; 27] = [
    &flip::HORIZONTAL_FLIP,
    &flip::VERTICAL_FLIP,
    &flip::TRANSPOSE,
    &flip::QUARTER_TURN,
    &flip::SYMMETRY,
    &place::ROTATE,
    &place::SCALE,
    &place::TRANSLATE,
    &place::SHEAR,
    &place::AFFINE,
    &place::PERSPECTIVE,
    &bend::ELASTIC,
    &bend::GRID_DISTORTION,
    &bend::OPTICAL_DISTORTION,
    &size::RANDOM_CROP,
    &size::CENTER_CROP,
    &size::RANDOM_RESIZED_CROP,
    &size::CROP_BORDERS,
    &size::PAD,
    &size::RESIZE,
    &size::RESIZE_LONGEST,
    &size::RESIZE_SHORTEST,
    &size::LETTERBOX,
    &erase::COARSE_DROPOUT,
    &erase::RANDOM_ERASING,
    &erase::GRID_DROPOUT,
    &erase::XY_MASKING,
];

/// The longest side that an operation makes. Two of them are as many pixels as a picture may have.
const MOST_SIDE: f64 = 16_384.0;

/// A side in pixels, as near to this as there is.
fn side(pixels: f64) -> u32 {
    pixels.round().clamp(1.0, MOST_SIDE) as u32
}

type Matrix = [[f64; 3]; 3];

/// Rows of `a · b`: first `b`, then `a`.
fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let entry = |row: usize, column: usize| (0..3).map(|at| a[row][at] * b[at][column]).sum();
    std::array::from_fn(|row| std::array::from_fn(|column| entry(row, column)))
}

/// The map of a warp that brings a place of the source to where this says. `None` where it brings several to
/// the same one.
fn looked_up(forward: &Matrix) -> Option<Map> {
    let [[a, b, c], [d, e, f], [g, h, i]] = *forward;
    let cofactors = [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ];
    let determinant = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0];
    // The last entry is 1, so that affine maps are seen to be such.
    let last = cofactors[2][2];
    (determinant.abs() > 1e-9 && last.abs() > 1e-9)
        .then(|| of_matrix(&cofactors.map(|row| row.map(|n| n / last))))
}

fn of_matrix(rows: &Matrix) -> Map {
    Map::Projective(rows.map(|row| row.map(|number| number as f32)))
}

/// Pixels as they are, at another place. `left` and `top` are where the upper left corner of the result is in
/// the window.
fn shifted(size: Size, window: [u32; 4], [left, top]: [i64; 2], fill: Fill) -> Stage {
    let map = Map::Projective([[1.0, 0.0, left as f32], [0.0, 1.0, top as f32], [0.0, 0.0, 1.0]]);
    Stage::Warp(Warp { size, window, map, interpolation: Interpolation::Nearest, fill })
}

/// The part of the picture in this rectangle, which must be inside.
fn cropped([left, top, width, height]: [u32; 4]) -> Stage {
    shifted([width, height], [left, top, width, height], [0, 0], Fill::Edge)
}

/// The picture with this much to the left and above of it, in a picture of this size.
fn padded(before: Size, size: Size, [left, top]: [u32; 2], fill: Fill) -> Stage {
    shifted(size, whole(before), [-i64::from(left), -i64::from(top)], fill)
}

/// The ends of a range parameter.
fn ends(build: &Build<'_>, name: &str) -> [f64; 2] {
    match build.value(name) {
        Value::Range(ends) => ends,
        Value::Number(number) => [number; 2],
        other => panic!("{name} is no range: {other:?}"),
    }
}

/// Another number of a range parameter, where a variant takes several.
fn another(param: &Param, value: Value, draw: &mut Draw) -> f64 {
    param.at(value, draw.unit()).expect("this parameter is a number")
}

/// The number of a range parameter as [`Build::number`], but even in its logarithm: a half is as likely as a
/// double.
fn ratio(build: &mut Build<'_>, name: &'static str) -> f64 {
    let [low, high] = ends(build, name);
    let (at, _) = build.operation.param(name).expect("an operation names its own parameters");
    let unit = build.key.child(at as u32).draw().unit();
    let ratio = low * libm::pow(high / low, unit);
    build.note(name, ratio);
    ratio
}

/// How the values of another size are found.
const FILTER: Param = super::choice(
    "filter",
    "How the values of another size are found",
    &["bilinear", "nearest", "bicubic", "lanczos", "box"],
);

fn filter(build: &Build<'_>) -> Filter {
    match build.word(FILTER.name) {
        0 => Filter::Bilinear,
        1 => Filter::Nearest,
        2 => Filter::Bicubic,
        3 => Filter::Lanczos,
        _ => Filter::Box,
    }
}

#[cfg(test)]
mod tests;
