//! What is lost where pictures are stored small.

use super::detail;
use crate::augment::param::{Unit, choice, flag, range, whole_range};
use crate::augment::stage::{Filter, Resize, Stage, whole};
use crate::augment::table::Operation;

pub static JPEG: Operation = detail(
    "jpeg",
    "JPEG compression",
    "What storing it as a JPEG does to the picture.",
    &[
        whole_range("quality", "As encoders have it, 100 the best", Unit::Plain, [1.0, 100.0], [40.0, 95.0]),
        flag("subsampled", "Whether colour has half the width and height, as is usual", true),
    ],
    |build| {
        let quality = build.number("quality") as u32;
        let subsampled = build.flag("subsampled");
        build.push(Stage::Jpeg { quality, subsampled });
    },
);

pub static DOWNSCALE: Operation = detail(
    "downscale",
    "Downscale",
    "Made smaller and as large as before again, so that detail is lost.",
    &[
        range("scale", "The part of the width and height in between", Unit::Part, [0.01, 1.0], [0.25, 0.5]),
        choice("down", "How it is made smaller", &["box", "nearest", "bilinear", "bicubic", "lanczos"]),
        choice("up", "How it is made larger again", &["nearest", "bilinear", "bicubic", "lanczos"]),
    ],
    |build| {
        let scale = build.number("scale");
        let before = build.size();
        let small = before.map(|side| ((f64::from(side) * scale).round() as u32).max(1));
        let down = [Filter::Box, Filter::Nearest, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos]
            [build.word("down")];
        let up = [Filter::Nearest, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos][build.word("up")];
        build.push(Stage::Resize(Resize { size: small, window: whole(before), filter: down }));
        build.push(Stage::Resize(Resize { size: before, window: whole(small), filter: up }));
    },
);
