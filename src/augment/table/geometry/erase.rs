//! Parts painted over.

use super::super::{Build, FILL_COLOUR, Family, Grey, Operation};
use super::size::rectangle;
use super::{another, ratio};
use crate::augment::param::{Param, Unit, choice, flag, number, range, whole_range};
use crate::augment::stage::{Erase, Paint, Stage};

/// T. DeVries and G. W. Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout", 2017,
/// with several holes.
pub static COARSE_DROPOUT: Operation = Operation {
    name: "coarse_dropout",
    title: "Coarse dropout",
    family: Family::Geometry,
    about: "Some rectangles are painted over.",
    params: &[
        whole_range("holes", "Rectangles", Unit::Plain, [1.0, 256.0], [1.0, 2.0]),
        range("hole_width", "Width of a rectangle", Unit::Part, [0.0, 1.0], [0.1, 0.2]),
        range("hole_height", "Height of a rectangle", Unit::Part, [0.0, 1.0], [0.1, 0.2]),
        PAINT,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let holes = build.number("holes") as u32;
        let size = build.size();
        let parts = (0..holes).map(|_| {
            let [width, height] = [(0, "hole_width"), (1, "hole_height")].map(|(axis, name)| {
                let part = each(build, name);
                // What has a size is a pixel at least.
                let least = u32::from(part > 0.0);
                ((part * f64::from(size[axis])).round() as u32).clamp(least, size[axis])
            });
            [build.draw().below(size[0] - width + 1), build.draw().below(size[1] - height + 1), width, height]
        });
        let parts: Vec<[u32; 4]> = parts.filter(|&[_, _, width, height]| width > 0 && height > 0).collect();
        note(build, &parts);
        push(build, parts);
    },
};

/// Z. Zhong et al., "Random Erasing Data Augmentation", AAAI 2020.
pub static RANDOM_ERASING: Operation = Operation {
    name: "random_erasing",
    title: "Random erasing",
    family: Family::Geometry,
    about: "One rectangle of random area and proportions is painted over.",
    params: &[
        range("scale", "The rectangle's area, of the picture's", Unit::Part, [0.001, 1.0], [0.02, 0.33]),
        range("ratio", "The rectangle's width over its height", Unit::Plain, [0.1, 10.0], [0.3, 3.3]),
        PAINT,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let size = build.size();
        let area = build.number("scale") * f64::from(size[0]) * f64::from(size[1]);
        let ratio = ratio(build, "ratio");
        let [width, height] = rectangle(area, ratio, size);
        let left = build.draw().below(size[0] - width + 1);
        let top = build.draw().below(size[1] - height + 1);
        build.note_rectangle([left, top, width, height].map(f64::from));
        push(build, vec![[left, top, width, height]]);
    },
};

/// P. Chen et al., "GridMask Data Augmentation", 2020.
pub static GRID_DROPOUT: Operation = Operation {
    name: "grid_dropout",
    title: "Grid dropout",
    family: Family::Geometry,
    about: "A square in each cell of a grid is painted over.",
    params: &[
        whole_range("unit_size", "Side of a cell", Unit::Pixels, [2.0, 4096.0], [32.0, 64.0]),
        number("ratio", "Side of the square, of the cell's", Unit::Part, [0.01, 0.99], 0.5),
        flag("random_offset", "Whether the grid begins anywhere", true),
        PAINT,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let size = build.size();
        // No more cells than this along a side.
        let least = size[0].max(size[1]).div_ceil(128);
        let unit = (build.number("unit_size") as u32).max(least);
        let hole = ((f64::from(unit) * build.number("ratio")).round() as u32).clamp(1, unit);
        let is_random = build.flag("random_offset");
        let [x, y] = [0, 1].map(|_| if is_random { build.draw().below(unit) } else { 0 });
        if is_random {
            build.note("x", f64::from(x));
            build.note("y", f64::from(y));
        }
        let across = || stripes(x, unit, hole, size[0]);
        let down = stripes(y, unit, hole, size[1]);
        let parts =
            down.flat_map(|(top, height)| across().map(move |(left, width)| [left, top, width, height]));
        push(build, parts.collect());
    },
};

/// The masks of D. S. Park et al., "SpecAugment", Interspeech 2019, for pictures of sounds, where x is time.
pub static XY_MASKING: Operation = Operation {
    name: "xy_masking",
    title: "XY masking",
    family: Family::Geometry,
    about: "Stripes from top to bottom and from left to right are painted over.",
    params: &[
        whole_range("masks_x", "Stripes from top to bottom", Unit::Plain, [0.0, 64.0], [1.0, 2.0]),
        whole_range(
            "length_x",
            "Width of a stripe from top to bottom",
            Unit::Pixels,
            [1.0, 4096.0],
            [8.0, 32.0],
        ),
        whole_range("masks_y", "Stripes from left to right", Unit::Plain, [0.0, 64.0], [1.0, 2.0]),
        whole_range(
            "length_y",
            "Height of a stripe from left to right",
            Unit::Pixels,
            [1.0, 4096.0],
            [8.0, 32.0],
        ),
        PAINT,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let [width, height] = build.size();
        let mut parts = Vec::new();
        for _ in 0..build.number("masks_x") as u32 {
            let length = (each(build, "length_x") as u32).min(width);
            parts.push([build.draw().below(width - length + 1), 0, length, height]);
        }
        for _ in 0..build.number("masks_y") as u32 {
            let length = (each(build, "length_y") as u32).min(height);
            parts.push([0, build.draw().below(height - length + 1), width, length]);
        }
        note(build, &parts);
        push(build, parts);
    },
};

/// What is painted over it.
const PAINT: Param = choice("paint", "What it is painted over with", &["colour", "noise", "mean"]);

/// Notes where the rectangles are.
fn note(build: &mut Build<'_>, parts: &[[u32; 4]]) {
    let parts: Vec<[f64; 4]> = parts.iter().map(|part| part.map(f64::from)).collect();
    build.note_places("parts", &parts);
}

fn push(build: &mut Build<'_>, parts: Vec<[u32; 4]>) {
    if parts.is_empty() {
        return;
    }
    let with = match build.word(PAINT.name) {
        0 => Paint::Colour(build.colour(FILL_COLOUR.name)),
        1 => Paint::Noise(build.key(0)),
        _ => Paint::Mean,
    };
    build.push(Stage::Erase(Erase { parts, with }));
}

/// A number of its own from a range, for each of several.
fn each(build: &mut Build<'_>, name: &str) -> f64 {
    let value = build.value(name);
    let (_, param) = build.operation.param(name).expect("an operation names its own parameters");
    another(param, value, build.draw())
}

/// Where the first `hole` pixels of every `unit` are, from and how many, if one begins at `offset`.
fn stripes(offset: u32, unit: u32, hole: u32, side: u32) -> impl Iterator<Item = (u32, u32)> {
    let first = i64::from(offset) - i64::from(unit);
    (0..)
        .map(move |cell| first + cell * i64::from(unit))
        .take_while(move |&from| from < i64::from(side))
        .filter_map(move |from| {
            let (start, end) = (from.max(0), (from + i64::from(hole)).min(i64::from(side)));
            (start < end).then_some((start as u32, (end - start) as u32))
        })
}
