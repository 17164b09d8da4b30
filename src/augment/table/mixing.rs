//! Operations that take another picture of the dataset. See [`Mix`].

use super::{Build, Family, Grey, Operation};
use crate::augment::param::{Unit, number, range};
use crate::augment::stage::{How, Mix, Stage};

pub const ALL: [&Operation; 2] = [&MIXUP, &CUTMIX];

static MIXUP: Operation = Operation {
    name: "mixup",
    title: "MixUp",
    family: Family::Mixing,
    about: "The weighted mean with another picture; its label counts by the rest of the weight.",
    params: &[number(
        "alpha",
        "Both parameters of the beta distribution that the weight is from",
        Unit::Plain,
        [0.01, 10.0],
        0.4,
    )],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let alpha = build.number("alpha");
        let weight = build.draw().beta(alpha);
        // The picture stays what it is most of: its label is its own.
        let own = weight.max(1.0 - weight);
        mix(build, own, How::Weighted { own: own as f32 });
    },
};

static CUTMIX: Operation = Operation {
    name: "cutmix",
    title: "CutMix",
    family: Family::Mixing,
    about: "A rectangle of another picture in its place; its label counts by the rectangle's area.",
    params: &[range("area", "The rectangle's part of the picture", Unit::Part, [0.01, 0.5], [0.1, 0.5])],
    grey: Grey::AsColour,
    probability: 0.5,
    build: |build| {
        let side = libm::sqrt(build.number("area"));
        let [width, height] = build.size();
        let part = |whole: u32| ((f64::from(whole) * side).round() as u32).clamp(1, whole);
        let (part_width, part_height) = (part(width), part(height));
        let left = build.draw().below(width - part_width + 1);
        let top = build.draw().below(height - part_height + 1);
        let covered = f64::from(part_width) * f64::from(part_height) / (f64::from(width) * f64::from(height));
        if covered > 0.5 {
            // Of a few pixels no part is small enough.
            return;
        }
        build.note_rectangle([left, top, part_width, part_height].map(f64::from));
        mix(build, 1.0 - covered, How::Pasted([left, top, part_width, part_height]));
    },
};

/// Mixes with a partner that is drawn; notes the part that is the picture's own.
fn mix(build: &mut Build<'_>, own: f64, how: How) {
    let partner = (build.draw().bits() >> 32) as u32;
    build.note(OWN, own);
    build.note(PARTNER, f64::from(partner));
    build.push(Stage::Mix(Mix { partner, how }));
}

/// How a mix is noted: the part of the label that stays, and the number of the other picture.
pub const OWN: &str = "own";
pub const PARTNER: &str = "partner";
