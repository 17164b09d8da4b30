//! Operations on values by themselves: light, contrast, colour.
//!
//! What comes to a table of each channel's values is one ([`Stage::Lut`]), so that chains of them are one
//! pass.

mod curves;
#[cfg(test)]
mod tests;

use self::curves::Table;
use super::{Build, Family, Grey, Operation};
use crate::augment::param::{Param, Unit, flag, number, range, whole, whole_range};
use crate::augment::stage::{Stage, Tone};

pub const ALL: [&Operation; 21] = [
    &BRIGHTNESS,
    &CONTRAST,
    &BRIGHTNESS_CONTRAST,
    &SATURATION,
    &HUE,
    &HSV_SHIFT,
    &GAMMA,
    &COLOUR_JITTER,
    &RGB_SHIFT,
    &CHANNEL_SHUFFLE,
    &CHANNEL_DROPOUT,
    &GREY,
    &SEPIA,
    &INVERT,
    &SOLARIZE,
    &POSTERIZE,
    &EQUALIZE,
    &AUTOCONTRAST,
    &CLAHE,
    &TONE_CURVE,
    &TEMPERATURE,
];

/// An operation of this family that is done half of the time.
const fn colour(
    name: &'static str,
    title: &'static str,
    about: &'static str,
    params: &'static [Param],
    build: fn(&mut Build<'_>),
) -> Operation {
    Operation {
        name,
        title,
        family: Family::Colour,
        about,
        params,
        grey: Grey::AsColour,
        probability: 0.5,
        build,
    }
}

/// One that is about how channels differ, and leaves a grey picture.
const fn of_channels(
    name: &'static str,
    title: &'static str,
    about: &'static str,
    params: &'static [Param],
    build: fn(&mut Build<'_>),
) -> Operation {
    Operation { grey: Grey::Nothing, ..colour(name, title, about, params, build) }
}

/// A parameter that is a factor: 1 leaves things as they are.
const fn factor(name: &'static str, about: &'static str) -> Param {
    range(name, about, Unit::Times, [0.0, 4.0], [0.8, 1.2])
}

/// A parameter in levels to either side.
const fn levels(name: &'static str, about: &'static str, most: f64) -> Param {
    range(name, about, Unit::Levels, [-255.0, 255.0], [-most, most])
}

/// A parameter that turns hues.
const fn turn(name: &'static str, most: f64) -> Param {
    range(name, "How far hues are turned", Unit::Degrees, [-180.0, 180.0], [-most, most])
}

static BRIGHTNESS: Operation = colour(
    "brightness",
    "Brightness",
    "Every value times a factor: darker below 1, brighter above.",
    &[factor("factor", "What values are multiplied by")],
    |build| {
        let factor = build.number("factor");
        brightness(build, factor);
    },
);

static CONTRAST: Operation = colour(
    "contrast",
    "Contrast",
    "Every value away from the picture's mean luma by a factor, or towards it.",
    &[factor("factor", "What distances from the mean are multiplied by")],
    |build| {
        let factor = build.number("factor");
        contrast(build, factor);
    },
);

static BRIGHTNESS_CONTRAST: Operation = colour(
    "brightness_contrast",
    "Brightness and contrast",
    "Every value times one plus contrast, and brightness is added.",
    &[
        range("brightness", "What is added, as a part of the whole", Unit::Part, [-1.0, 1.0], [-0.2, 0.2]),
        range("contrast", "What is added to a factor of one", Unit::Part, [-1.0, 1.0], [-0.2, 0.2]),
        flag("by_max", "Whether brightness is a part of 255, or else of the value itself", true),
    ],
    |build| {
        let (brightness, contrast) = (build.number("brightness"), build.number("contrast"));
        let table = if build.flag("by_max") {
            curves::straight(1.0 + contrast, brightness * 255.0)
        } else {
            curves::straight(1.0 + contrast + brightness, 0.0)
        };
        table_for_all(build, table);
    },
);

static SATURATION: Operation = of_channels(
    "saturation",
    "Saturation",
    "Colours away from the grey of the same luma by a factor, or towards it.",
    &[factor("factor", "What distances from grey are multiplied by")],
    |build| {
        let factor = build.number("factor");
        saturation(build, factor);
    },
);

static HUE: Operation =
    of_channels("hue", "Hue", "Hues are turned in the HSV cone.", &[turn("degrees", 18.0)], |build| {
        let degrees = build.number("degrees");
        hue(build, degrees);
    });

static HSV_SHIFT: Operation = colour(
    "hsv_shift",
    "HSV shift",
    "Hue, saturation and value are shifted in the HSV cone.",
    &[
        turn("hue", 40.0),
        levels("saturation", "What is added to saturation", 30.0),
        levels("value", "What is added to the greatest of a pixel's values", 20.0),
    ],
    |build| {
        let (hue, saturation, value) =
            (build.number("hue"), build.number("saturation"), build.number("value"));
        let part = |levels: f64| [1.0, (levels / 255.0) as f32];
        let hue = (hue / 360.0) as f32;
        build.push(Stage::Hsv { hue, saturation: part(saturation), value: part(value) });
    },
);

static GAMMA: Operation = colour(
    "gamma",
    "Gamma",
    "Every value, as a part of 255, to the power of an exponent: darker above 1, brighter below.",
    &[range("exponent", "The power", Unit::Plain, [0.1, 10.0], [0.8, 1.2])],
    |build| {
        let table = curves::gamma(build.number("exponent"));
        table_for_all(build, table);
    },
);

static COLOUR_JITTER: Operation = colour(
    "colour_jitter",
    "Colour jitter",
    "Brightness, contrast, saturation and hue are changed in any order.",
    &[
        factor("brightness", "What values are multiplied by"),
        factor("contrast", "What distances from the mean are multiplied by"),
        factor("saturation", "What distances from grey are multiplied by"),
        turn("hue", 18.0),
    ],
    |build| {
        type Change = (&'static str, fn(&mut Build<'_>, f64));
        let mut changes: [Change; 4] =
            [("brightness", brightness), ("contrast", contrast), ("saturation", saturation), ("hue", hue)];
        let numbers = changes.map(|(name, _)| (name, build.number(name)));
        build.draw().shuffle(&mut changes);
        build.note_word("order", changes.map(|(name, _)| name).join(", "));
        for (name, change) in changes {
            let (_, number) = numbers.iter().find(|(other, _)| *other == name).expect("each has its number");
            change(build, *number);
        }
    },
);

static RGB_SHIFT: Operation = of_channels(
    "rgb_shift",
    "RGB shift",
    "Red, green and blue are brightened or darkened, each by its own.",
    &[
        levels("red", "What is added to red", 20.0),
        levels("green", "What is added to green", 20.0),
        levels("blue", "What is added to blue", 20.0),
    ],
    |build| {
        let tables = ["red", "green", "blue"].map(|name| curves::straight(1.0, build.number(name)));
        tables_of_channels(build, tables);
    },
);

static CHANNEL_SHUFFLE: Operation = of_channels(
    "channel_shuffle",
    "Channel shuffle",
    "Red, green and blue change places, or stay, all orders being equally likely.",
    &[],
    |build| {
        let mut order = [0, 1, 2];
        build.draw().shuffle(&mut order);
        build.note_word("order", order.map(|channel| ["R", "G", "B"][channel]).concat());
        matrix(build, order.map(|from| std::array::from_fn(|at| f32::from(u8::from(at == from)))));
    },
);

static CHANNEL_DROPOUT: Operation = of_channels(
    "channel_dropout",
    "Channel dropout",
    "One or two of red, green and blue become the same everywhere.",
    &[
        whole_range("channels", "How many", Unit::Plain, [1.0, 2.0], [1.0, 1.0]),
        number("fill", "What they become", Unit::Levels, [0.0, 255.0], 0.0),
    ],
    |build| {
        let count = build.number("channels") as usize;
        let fill = build.number("fill").round() as u8;
        let mut order = [0, 1, 2];
        build.draw().shuffle(&mut order);
        let mut tables = [curves::straight(1.0, 0.0); 3];
        let mut dropped = order[..count].to_vec();
        dropped.sort_unstable();
        dropped.iter().for_each(|channel| tables[*channel] = [fill; 256]);
        build.note_word(
            "dropped",
            dropped.iter().map(|channel| ["R", "G", "B"][*channel]).collect::<String>(),
        );
        tables_of_channels(build, tables);
    },
);

static GREY: Operation = Operation {
    probability: 0.1,
    ..of_channels("grey", "Grey", "Red, green and blue all become the luma of Rec. 601.", &[], |build| {
        saturation(build, 0.0);
    })
};

static SEPIA: Operation = of_channels(
    "sepia",
    "Sepia",
    "The brown of old photographs, by fixed weights of the channels.",
    &[],
    |build| {
        // The weights that are used everywhere.
        matrix(build, [[0.393, 0.769, 0.189, 0.0], [0.349, 0.686, 0.168, 0.0], [0.272, 0.534, 0.131, 0.0]]);
    },
);

static INVERT: Operation =
    colour("invert", "Invert", "Every value becomes 255 less itself, as a negative.", &[], |build| {
        table_for_all(build, curves::inverted());
    });

static SOLARIZE: Operation = colour(
    "solarize",
    "Solarize",
    "Values from a threshold on are inverted.",
    &[range("threshold", "The least value that is inverted", Unit::Levels, [0.0, 256.0], [128.0, 128.0])],
    |build| {
        let table = curves::solarized(build.number("threshold"));
        table_for_all(build, table);
    },
);

static POSTERIZE: Operation = colour(
    "posterize",
    "Posterize",
    "Values keep their upper bits alone, which leaves few of them.",
    &[whole_range("bits", "How many bits are kept", Unit::Plain, [1.0, 8.0], [4.0, 4.0])],
    |build| {
        let table = curves::posterized(build.number("bits") as u32);
        table_for_all(build, table);
    },
);

static EQUALIZE: Operation =
    colour("equalize", "Equalize", "Every channel's values become about equally frequent.", &[], |build| {
        build.push(Stage::Tone(Tone::Equalize))
    });

static AUTOCONTRAST: Operation = colour(
    "autocontrast",
    "Autocontrast",
    "Every channel's values are stretched to reach from 0 to 255.",
    &[range("cutoff", "The part of the pixels left out at either end", Unit::Part, [0.0, 0.49], [0.0, 0.0])],
    |build| {
        let cutoff = build.number("cutoff") as f32;
        build.push(Stage::Tone(Tone::Autocontrast { cutoff }));
    },
);

static CLAHE: Operation = colour(
    "clahe",
    "CLAHE",
    "Contrast is raised tile by tile, with a limit: contrast-limited adaptive histogram equalization.",
    &[
        range(
            "clip",
            "The most pixels of a value, in times of the mean",
            Unit::Times,
            [1.0, 40.0],
            [1.0, 4.0],
        ),
        whole("tiles", "Tiles along either side", Unit::Plain, [1.0, 64.0], 8.0),
    ],
    |build| {
        let (clip, tiles) = (build.number("clip") as f32, build.number("tiles") as u32);
        build.push(Stage::Clahe { clip, tiles: [tiles; 2] });
    },
);

static TONE_CURVE: Operation = colour(
    "tone_curve",
    "Tone curve",
    "Values go along a curve whose darker and lighter part are drawn up or down.",
    &[
        number("scale", "The deviation by which both are drawn", Unit::Part, [0.0, 1.0], 0.1),
        flag("per_channel", "Whether red, green and blue have curves of their own", false),
    ],
    |build| {
        let scale = build.number("scale");
        let first = tone_curve(build, scale, ["low", "high"]);
        let tables = if build.flag("per_channel") && !build.is_grey() {
            let second = tone_curve(build, scale, ["green_low", "green_high"]);
            [first, second, tone_curve(build, scale, ["blue_low", "blue_high"])]
        } else {
            [first; 3]
        };
        build.push(Stage::Lut(Box::new(tables)));
    },
);

static TEMPERATURE: Operation = of_channels(
    "temperature",
    "Colour temperature",
    "As if the light had another temperature: redder below 6500 kelvin, bluer above.",
    &[range(
        "kelvin",
        "Of a black body that gives the light",
        Unit::Plain,
        [2000.0, 20_000.0],
        [4000.0, 12_000.0],
    )],
    |build| {
        let light = curves::black_body(build.number("kelvin"));
        let white = curves::black_body(WHITE);
        tables_of_channels(build, std::array::from_fn(|at| curves::lit(light[at] / white[at])));
    },
);

/// The temperature in kelvin of light that changes nothing.
const WHITE: f64 = 6500.0;

/// Luma of red, green and blue: Rec. 601.
const LUMA: [f64; 3] = [0.299, 0.587, 0.114];

fn brightness(build: &mut Build<'_>, factor: f64) {
    table_for_all(build, curves::scaled(factor));
}

fn contrast(build: &mut Build<'_>, factor: f64) {
    build.push(Stage::Tone(Tone::Contrast { factor: factor as f32 }));
}

fn saturation(build: &mut Build<'_>, factor: f64) {
    matrix(
        build,
        std::array::from_fn(|to| {
            let own = |from: usize| if from == to { factor } else { 0.0 };
            let [red, green, blue] =
                std::array::from_fn(|from| (LUMA[from] * (1.0 - factor) + own(from)) as f32);
            [red, green, blue, 0.0]
        }),
    );
}

fn hue(build: &mut Build<'_>, degrees: f64) {
    if !build.is_grey() {
        let hue = (degrees / 360.0) as f32;
        build.push(Stage::Hsv { hue, saturation: [1.0, 0.0], value: [1.0, 0.0] });
    }
}

/// A curve whose inner control points are drawn around those of almost no change, and noted by these names.
fn tone_curve(build: &mut Build<'_>, scale: f64, names: [&'static str; 2]) -> Table {
    let [low, high] = [0.25, 0.75].map(|middle| (middle + scale * build.draw().normal()).clamp(0.0, 1.0));
    build.note(names[0], low);
    build.note(names[1], high);
    curves::bezier(low, high)
}

fn matrix(build: &mut Build<'_>, rows: [[f32; 4]; 3]) {
    if !build.is_grey() {
        build.push(Stage::Matrix(rows));
    }
}

fn table_for_all(build: &mut Build<'_>, table: Table) {
    build.push(Stage::Lut(Box::new([table; 3])));
}

fn tables_of_channels(build: &mut Build<'_>, tables: [Table; 3]) {
    if !build.is_grey() {
        build.push(Stage::Lut(Box::new(tables)));
    }
}
