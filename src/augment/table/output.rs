//! What is told to whoever learns from the pictures.

use super::{Family, Grey, Operation};
use crate::augment::param::{Param, Unit, choice, number};

pub const ALL: [&Operation; 1] = [&NORMALIZE];

/// The operation by its name, and the word of its `by` that stands for the dataset's own mean and deviation.
pub const NAME: &str = "normalize";
pub const BY_DATASET: usize = 1;

static NORMALIZE: Operation = Operation {
    name: NAME,
    title: "Normalize",
    family: Family::Output,
    about: "Mean 0 and deviation 1 in each channel, for code that trains; the picture is shown as it was before.",
    params: &[
        choice("by", "Whose mean and deviation", &["imagenet", "dataset", "custom"]),
        part("mean_r", "Mean of red, of 1", 0.485),
        part("mean_g", "Mean of green, of 1", 0.456),
        part("mean_b", "Mean of blue, of 1", 0.406),
        deviation("deviation_r", "Deviation of red, of 1", 0.229),
        deviation("deviation_g", "Deviation of green, of 1", 0.224),
        deviation("deviation_b", "Deviation of blue, of 1", 0.225),
    ],
    grey: Grey::AsColour,
    probability: 1.0,
    // Pixels are 8-bit until code that trains has them: what is shown is the normalised picture put back.
    build: |_| {},
};

/// The mean and deviation of ImageNet's training pictures, each channel of 1, as torchvision's models have them.
pub const IMAGENET: [[f64; 3]; 2] = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]];

/// Whether a mean is one that was set: of the dataset's own it says whether that was measured.
pub fn is_set(mean: [f64; 3]) -> bool {
    mean != IMAGENET[0]
}

/// What is divided by is not 0.
const fn deviation(name: &'static str, about: &'static str, default: f64) -> Param {
    number(name, about, Unit::Plain, [0.001, 1.0], default)
}

const fn part(name: &'static str, about: &'static str, default: f64) -> Param {
    number(name, about, Unit::Plain, [0.0, 1.0], default)
}
