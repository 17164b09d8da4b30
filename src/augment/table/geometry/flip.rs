//! Flips and quarter turns: the eight symmetries of the square. Pixels stay as they are.

use super::super::{Build, Family, Grey, Operation};
use crate::augment::param::{Unit, whole_range};
use crate::augment::stage::{Fill, Interpolation, Map, Stage, Warp, whole};

pub static HORIZONTAL_FLIP: Operation = Operation {
    name: "horizontal_flip",
    title: "Horizontal flip",
    family: Family::Geometry,
    about: "Left and right change places.",
    params: &[],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| push(build, Symmetry::Mirrored),
};

pub static VERTICAL_FLIP: Operation = Operation {
    name: "vertical_flip",
    title: "Vertical flip",
    family: Family::Geometry,
    about: "Top and bottom change places.",
    params: &[],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| push(build, Symmetry::UpsideDown),
};

pub static TRANSPOSE: Operation = Operation {
    name: "transpose",
    title: "Transpose",
    family: Family::Geometry,
    about: "Rows become columns: mirrored about the diagonal from the upper left corner.",
    params: &[],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| push(build, Symmetry::Transposed),
};

pub static QUARTER_TURN: Operation = Operation {
    name: "quarter_turn",
    title: "Quarter turn",
    family: Family::Geometry,
    about: "Turned by a number of quarter turns counterclockwise.",
    params: &[whole_range("turns", "Quarter turns counterclockwise", Unit::Plain, [0.0, 3.0], [0.0, 3.0])],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let turns = build.number("turns") as usize;
        push(build, SYMMETRIES[turns.min(3)].1);
    },
};

pub static SYMMETRY: Operation = Operation {
    name: "symmetry",
    title: "Symmetry",
    family: Family::Geometry,
    about: "One of the eight symmetries of the square, all equally often: turned, mirrored or both.",
    params: &[],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let (word, symmetry) = SYMMETRIES[build.draw().below(8) as usize];
        build.note_word("symmetry", word);
        push(build, symmetry);
    },
};

/// What can be done to a square so that it is the same square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symmetry {
    Same,
    QuarterTurn,
    HalfTurn,
    ThreeQuarterTurn,
    Mirrored,
    UpsideDown,
    Transposed,
    /// Mirrored about the diagonal from the lower left corner.
    Transversed,
}

/// All of them; the first four are turns.
const SYMMETRIES: [(&str, Symmetry); 8] = [
    ("none", Symmetry::Same),
    ("quarter turn", Symmetry::QuarterTurn),
    ("half turn", Symmetry::HalfTurn),
    ("three quarter turns", Symmetry::ThreeQuarterTurn),
    ("horizontal flip", Symmetry::Mirrored),
    ("vertical flip", Symmetry::UpsideDown),
    ("transpose", Symmetry::Transposed),
    ("transverse", Symmetry::Transversed),
];

fn push(build: &mut Build<'_>, symmetry: Symmetry) {
    let before = build.size();
    let [width, height] = before.map(|side| side as f32);
    let (is_turned, rows) = match symmetry {
        Symmetry::Same => return,
        Symmetry::QuarterTurn => (true, [[0.0, -1.0, width], [1.0, 0.0, 0.0]]),
        Symmetry::HalfTurn => (false, [[-1.0, 0.0, width], [0.0, -1.0, height]]),
        Symmetry::ThreeQuarterTurn => (true, [[0.0, 1.0, 0.0], [-1.0, 0.0, height]]),
        Symmetry::Mirrored => (false, [[-1.0, 0.0, width], [0.0, 1.0, 0.0]]),
        Symmetry::UpsideDown => (false, [[1.0, 0.0, 0.0], [0.0, -1.0, height]]),
        Symmetry::Transposed => (true, [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
        Symmetry::Transversed => (true, [[0.0, -1.0, width], [-1.0, 0.0, height]]),
    };
    build.push(Stage::Warp(Warp {
        size: if is_turned { [before[1], before[0]] } else { before },
        window: whole(before),
        map: Map::Projective([rows[0], rows[1], [0.0, 0.0, 1.0]]),
        interpolation: Interpolation::Nearest,
        // Nothing is outside.
        fill: Fill::Edge,
    }));
}
