//! Noise: random changes of pixels by themselves.

use super::detail;
use crate::augment::param::{Unit, Value, colour, flag, range};
use crate::augment::stage::{Noise, NoiseKind, Stage};
use crate::augment::table::{Build, Operation};

pub static GAUSSIAN_NOISE: Operation = detail(
    "gaussian_noise",
    "Gaussian noise",
    "Adds a number from a normal distribution to every value.",
    &[
        range("deviation", "The distribution's standard deviation", Unit::Levels, [0.0, 255.0], [5.0, 30.0]),
        range("mean", "The distribution's mean", Unit::Levels, [-255.0, 255.0], [0.0, 0.0]),
        flag("per_channel", "Whether each channel has noise of its own", true),
    ],
    |build| {
        let (deviation, mean) = (build.number("deviation") as f32, build.number("mean") as f32);
        let per_channel = build.flag("per_channel");
        noise(build, NoiseKind::Normal { mean, deviation, per_channel });
    },
);

pub static FACTOR_NOISE: Operation = detail(
    "factor_noise",
    "Multiplicative noise",
    "Multiplies every value with a number from a range.",
    &[
        range("factor", "The least and the greatest factor", Unit::Times, [0.0, 4.0], [0.9, 1.1]),
        flag("per_channel", "Whether each channel has factors of its own", false),
        flag("per_pixel", "Whether each pixel has factors of its own", true),
    ],
    |build| {
        let per_channel = build.flag("per_channel");
        if build.flag("per_pixel") {
            // The range is that of the pixels, and not of what the variants draw.
            let (low, high) = match build.value("factor") {
                Value::Range([low, high]) => (low as f32, high as f32),
                _ => unreachable!("the factor is a range"),
            };
            noise(build, NoiseKind::Factor { low, high, per_channel });
            return;
        }
        let mut factors = [build.number("factor"); 3];
        if let (true, Value::Range([low, high])) = (per_channel, build.value("factor")) {
            for (name, factor) in ["green_factor", "blue_factor"].into_iter().zip(&mut factors[1..]) {
                *factor = build.draw().between(low, high);
                build.note(name, *factor);
            }
        }
        let table = |factor: f64| std::array::from_fn(|level| (level as f64 * factor + 0.5) as u8);
        build.push(Stage::Lut(Box::new(factors.map(table))));
    },
);

pub static SHOT_NOISE: Operation = detail(
    "shot_noise",
    "Shot noise",
    "What counting photons does: noise that grows with the root of the value.",
    &[range("scale", "What one photon counts for, as a part of white", Unit::Part, [0.0, 1.0], [0.01, 0.1])],
    |build| {
        let scale = 255.0 * build.number("scale") as f32;
        noise(build, NoiseKind::Shot { scale });
    },
);

pub static ISO_NOISE: Operation = detail(
    "iso_noise",
    "ISO noise",
    "A sensor's noise at high ISO: of hue, and of lightness.",
    &[
        range(
            "colour_shift",
            "Standard deviation of the hue, as a part of a turn",
            Unit::Part,
            [0.0, 0.5],
            [0.01, 0.05],
        ),
        range(
            "intensity",
            "Standard deviation of the lightness, as a part of it",
            Unit::Part,
            [0.0, 1.0],
            [0.05, 0.2],
        ),
    ],
    |build| {
        let (colour, intensity) = (build.number("colour_shift") as f32, build.number("intensity") as f32);
        noise(build, NoiseKind::Iso { colour, intensity });
    },
);

pub static SALT_AND_PEPPER: Operation = detail(
    "salt_and_pepper",
    "Salt and pepper",
    "Some pixels become white or black.",
    &[
        range("amount", "The part of the pixels", Unit::Part, [0.0, 1.0], [0.01, 0.06]),
        range("salt", "The part of these that become white", Unit::Part, [0.0, 1.0], [0.4, 0.6]),
    ],
    |build| {
        let (amount, salt) = (build.number("amount"), build.number("salt"));
        let (salt, pepper) = ((amount * salt) as f32, (amount * (1.0 - salt)) as f32);
        noise(build, NoiseKind::SaltAndPepper { salt, pepper });
    },
);

pub static PIXEL_DROPOUT: Operation = detail(
    "pixel_dropout",
    "Pixel dropout",
    "Some pixels become one colour.",
    &[
        range("part", "The part of the pixels", Unit::Part, [0.0, 1.0], [0.01, 0.01]),
        colour("colour", "What they become", [0; 3]),
    ],
    |build| {
        let part = build.number("part") as f32;
        let colour = build.colour("colour");
        noise(build, NoiseKind::Dropout { part, colour });
    },
);

fn noise(build: &mut Build<'_>, kind: NoiseKind) {
    let key = build.key(0);
    build.push(Stage::Noise(Noise { key, kind }));
}
