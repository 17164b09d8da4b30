//! Light and weather. Sizes are parts of the picture, so that it looks the same at any number of pixels.

use super::detail;
use crate::augment::param::{Unit, colour, number, range, whole_range};
use crate::augment::stage::{Stage, Veil};
use crate::augment::table::{Build, Operation};

pub static FOG: Operation = detail(
    "fog",
    "Fog",
    "White clouds over the picture.",
    &[
        range("density", "How white the thickest fog is", Unit::Part, [0.0, 1.0], [0.3, 0.8]),
        range(
            "scale",
            "The size of the clouds, as a part of the longer side",
            Unit::Part,
            [0.01, 2.0],
            [0.2, 0.6],
        ),
    ],
    |build| {
        let (density, scale) = (build.number("density") as f32, build.number("scale"));
        let key = build.key(0);
        let scale = (scale * longer_side(build)) as f32;
        build.push(Stage::Veil(Veil::Fog { key, density, scale }));
    },
);

pub static RAIN: Operation = detail(
    "rain",
    "Rain",
    "Streaks of rain, and the darker light that comes with it.",
    &[
        whole_range("drops", "How many streaks there are", Unit::Plain, [0.0, 2000.0], [100.0, 250.0]),
        range("slant", "How far the streaks lean to the right", Unit::Degrees, [-60.0, 60.0], [-10.0, 10.0]),
        range("length", "Their length, as a part of the height", Unit::Part, [0.001, 1.0], [0.05, 0.15]),
        range("width", "Their width", Unit::Pixels, [0.1, 20.0], [1.0, 2.0]),
        range("opacity", "How opaque they are", Unit::Part, [0.0, 1.0], [0.3, 0.6]),
        range("brightness", "What is left of the light", Unit::Times, [0.0, 1.0], [0.7, 0.9]),
        colour("colour", "The colour of the streaks", [200; 3]),
    ],
    |build| {
        let brightness = build.number("brightness");
        let table = std::array::from_fn(|level| (level as f64 * brightness + 0.5) as u8);
        build.push(Stage::Lut(Box::new([table; 3])));
        let (drops, slant) = (build.number("drops") as usize, build.number("slant").to_radians());
        let [width, height] = build.size().map(f64::from);
        let length = build.number("length") * height;
        let [right, down] = [libm::sin(slant) * length, libm::cos(slant) * length];
        build.note_draw();
        // Some begin above the picture and some beside it, so that there are as many everywhere.
        let mut line = || {
            let x = build.draw().between(-right.max(0.0), width - right.min(0.0));
            let y = build.draw().between(-down, height);
            [x, y, x + right, y + down].map(|place| place as f32)
        };
        let lines = (0..drops).map(|_| line()).collect();
        let (width, opacity) = (build.number("width") as f32, build.number("opacity") as f32);
        let colour = build.colour("colour");
        build.push(Stage::Veil(Veil::Streaks { lines, width, colour, opacity }));
    },
);

pub static SHADOW: Operation = detail(
    "shadow",
    "Shadow",
    "The shadows of things outside of the picture: polygons that are darker.",
    &[
        range("darkness", "How much of the light they take", Unit::Part, [0.0, 1.0], [0.3, 0.6]),
        whole_range("shadows", "How many there are", Unit::Plain, [1.0, 8.0], [1.0, 2.0]),
        whole_range("corners", "How many corners each of them has", Unit::Plain, [3.0, 16.0], [5.0, 5.0]),
        number("top", "The height above which there are none", Unit::Part, [0.0, 0.95], 0.0),
    ],
    |build| {
        let part = 1.0 - build.number("darkness") as f32;
        let (shadows, count, top) =
            (build.number("shadows") as u32, build.number("corners") as u32, build.number("top"));
        for _ in 0..shadows {
            let corners = polygon(build, count, top);
            build.push(Stage::Veil(Veil::Shadow { corners, part }));
        }
    },
);

pub static VIGNETTE: Operation = detail(
    "vignette",
    "Vignette",
    "Darker towards the corners, as many lenses have it.",
    &[
        range("strength", "How much of the light is gone in a corner", Unit::Part, [0.0, 1.0], [0.3, 0.7]),
        range("shift", "How far the brightest place is from the middle", Unit::Part, [0.0, 0.5], [0.0, 0.1]),
    ],
    |build| {
        let (strength, shift) = (build.number("strength") as f32, build.number("shift"));
        let turn = std::f64::consts::TAU * build.draw().unit();
        let [width, height] = build.size().map(f64::from);
        let centre = [width * (0.5 + shift * libm::cos(turn)), height * (0.5 + shift * libm::sin(turn))];
        build.note("centre_x", centre[0]);
        build.note("centre_y", centre[1]);
        build.push(Stage::Veil(Veil::Vignette { centre: centre.map(|place| place as f32), strength }));
    },
);

pub static SUN_FLARE: Operation = detail(
    "sun_flare",
    "Sun flare",
    "The sun in the picture, and discs of its light in the lens.",
    &[
        range("radius", "The sun's, as a part of the longer side", Unit::Part, [0.01, 2.0], [0.2, 0.4]),
        range("opacity", "How opaque the sun's middle is", Unit::Part, [0.0, 1.0], [0.6, 1.0]),
        whole_range("discs", "How many discs there are beside", Unit::Plain, [0.0, 32.0], [6.0, 10.0]),
        number("bottom", "The height below which there is no sun", Unit::Part, [0.0, 1.0], 0.5),
        colour("colour", "The colour of the light", [255; 3]),
    ],
    |build| {
        let side = longer_side(build);
        let (radius, opacity) = (build.number("radius") * side, build.number("opacity"));
        let (count, bottom) = (build.number("discs") as usize, build.number("bottom"));
        let [width, height] = build.size().map(f64::from);
        let [x, y] = [build.draw().between(0.0, width), build.draw().between(0.0, bottom * height)];
        build.note("sun_x", x);
        build.note("sun_y", y);
        // Reflections in a lens lie on the line from the light through the middle, on either side of that.
        let mut disc = || {
            let along = build.draw().between(0.2, 2.0);
            let [radius, opacity] =
                [build.draw().between(0.01, 0.06) * side, build.draw().between(0.05, 0.2)];
            [x + along * (width / 2.0 - x), y + along * (height / 2.0 - y), radius, opacity]
        };
        let mut discs: Vec<[f64; 4]> = (0..count).map(|_| disc()).collect();
        build.note_places("disc_places", &discs);
        discs.push([x, y, radius, opacity]);
        let discs = discs.iter().map(|disc| disc.map(|number| number as f32)).collect();
        let colour = build.colour("colour");
        build.push(Stage::Veil(Veil::Flare { discs, colour }));
    },
);

fn longer_side(build: &Build<'_>) -> f64 {
    let [width, height] = build.size();
    f64::from(width.max(height))
}

/// Corners anywhere below `top`, in the order in which they are seen from their middle, so that edges do not
/// cross.
fn polygon(build: &mut Build<'_>, count: u32, top: f64) -> Vec<[f32; 2]> {
    let [width, height] = build.size().map(f64::from);
    let mut corner = || [build.draw().between(0.0, width), build.draw().between(top * height, height)];
    let mut corners: Vec<[f64; 2]> = (0..count).map(|_| corner()).collect();
    let mean = |axis: usize| corners.iter().map(|corner| corner[axis]).sum::<f64>() / f64::from(count);
    let [x, y] = [mean(0), mean(1)];
    corners.sort_by(|a, b| {
        let angle = |corner: &[f64; 2]| libm::atan2(corner[1] - y, corner[0] - x);
        angle(a).total_cmp(&angle(b))
    });
    build.note_places("polygon", &corners);
    corners.iter().map(|corner| corner.map(|place| place as f32)).collect()
}
