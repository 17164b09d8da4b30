//! Crops, pads and other sizes.

use super::super::{Build, FILL, FILL_COLOUR, Family, Grey, Operation};
use super::{FILTER, MOST_SIDE, cropped, filter, padded, ratio, shifted, side};
use crate::augment::param::{Param, Unit, flag, range, whole};
use crate::augment::stage::{Filter, Resize, Size, Stage, whole as all_of};

pub static RANDOM_CROP: Operation = Operation {
    name: "random_crop",
    title: "Random crop",
    family: Family::Geometry,
    about: "A part of this size from anywhere in the picture.",
    params: &[CROP_WIDTH, CROP_HEIGHT, PAD_IF_NEEDED, FILL, FILL_COLOUR],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let at = [build.draw().unit(), build.draw().unit()];
        let part = crop(build, at);
        build.note_rectangle(part);
    },
};

pub static CENTER_CROP: Operation = Operation {
    name: "center_crop",
    title: "Centre crop",
    family: Family::Geometry,
    about: "The middle part of this size.",
    params: &[CROP_WIDTH, CROP_HEIGHT, PAD_IF_NEEDED, FILL, FILL_COLOUR],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        crop(build, [0.5, 0.5]);
    },
};

/// The crop of C. Szegedy et al., "Going Deeper with Convolutions", CVPR 2015.
pub static RANDOM_RESIZED_CROP: Operation = Operation {
    name: "random_resized_crop",
    title: "Random resized crop",
    family: Family::Geometry,
    about: "A part of random area and proportions, at this size.",
    params: &[
        whole("width", "Width of the result; 0 for the picture's own", Unit::Pixels, [0.0, MOST_SIDE], 0.0),
        whole("height", "Height of the result; 0 for the picture's own", Unit::Pixels, [0.0, MOST_SIDE], 0.0),
        range("scale", "The part's area, of the picture's", Unit::Part, [0.001, 1.0], [0.08, 1.0]),
        range("ratio", "The part's width over its height", Unit::Plain, [0.1, 10.0], [0.75, 4.0 / 3.0]),
        FILTER,
    ],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let size = build.size();
        let area = build.number("scale") * f64::from(size[0]) * f64::from(size[1]);
        let ratio = ratio(build, "ratio");
        let part = rectangle(area, ratio, size);
        let left = build.draw().below(size[0] - part[0] + 1);
        let top = build.draw().below(size[1] - part[1] + 1);
        build.note_rectangle([left, top, part[0], part[1]].map(f64::from));
        let asked = [build.number("width"), build.number("height")];
        let to = own_or_asked(size, asked);
        resize(build, [left, top, part[0], part[1]], to);
    },
};

pub static CROP_BORDERS: Operation = Operation {
    name: "crop_borders",
    title: "Crop borders",
    family: Family::Geometry,
    about: "A part of each side is cut off.",
    params: &[
        border("left", "Cut off on the left, of the width"),
        border("top", "Cut off at the top, of the height"),
        border("right", "Cut off on the right, of the width"),
        border("bottom", "Cut off at the bottom, of the height"),
        flag("keep_size", "Whether what is left is brought to the size that it was", false),
        FILTER,
    ],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let before = build.size();
        let [left, right] = borders([build.number("left"), build.number("right")], before[0]);
        let [top, bottom] = borders([build.number("top"), build.number("bottom")], before[1]);
        let window = [left, top, before[0] - left - right, before[1] - top - bottom];
        if build.flag("keep_size") {
            resize(build, window, before);
        } else if window != all_of(before) {
            build.push(cropped(window));
        }
    },
};

pub static PAD: Operation = Operation {
    name: "pad",
    title: "Pad",
    family: Family::Geometry,
    about: "Space around the picture, and as much more on both sides as a least size needs.",
    params: &[
        space("left", "Space on the left"),
        space("top", "Space at the top"),
        space("right", "Space on the right"),
        space("bottom", "Space at the bottom"),
        whole("least_width", "The result is at least this wide", Unit::Pixels, [0.0, MOST_SIDE], 0.0),
        whole("least_height", "The result is at least this high", Unit::Pixels, [0.0, MOST_SIDE], 0.0),
        FILL,
        FILL_COLOUR,
    ],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let before = build.size();
        let most =
            |other: u32| (crate::media::MAX_PIXELS / u64::from(other.max(1))).min(MOST_SIDE as u64) as u32;
        let (left, width) = spaces(build, ["left", "right", "least_width"], before[0], most(before[1]));
        let (top, height) = spaces(build, ["top", "bottom", "least_height"], before[1], most(width));
        if [width, height] != before {
            build.push(padded(before, [width, height], [left, top], build.fill()));
        }
    },
};

pub static RESIZE: Operation = Operation {
    name: "resize",
    title: "Resize",
    family: Family::Geometry,
    about: "All of the picture at this size, whatever its proportions.",
    params: &[
        whole("width", "Width of the result", Unit::Pixels, [1.0, MOST_SIDE], 224.0),
        whole("height", "Height of the result", Unit::Pixels, [1.0, MOST_SIDE], 224.0),
        FILTER,
    ],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let to = [build.number("width"), build.number("height")].map(side);
        resize(build, all_of(build.size()), to);
    },
};

pub static RESIZE_LONGEST: Operation = Operation {
    name: "resize_longest",
    title: "Resize longest side",
    family: Family::Geometry,
    about: "The longer side at this length, with proportions kept.",
    params: &[LENGTH, FILTER],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let before = build.size();
        let to = scaled(before, build.number("size") / f64::from(before[0].max(before[1])));
        resize(build, all_of(before), to);
    },
};

pub static RESIZE_SHORTEST: Operation = Operation {
    name: "resize_shortest",
    title: "Resize shortest side",
    family: Family::Geometry,
    about: "The shorter side at this length, with proportions kept; shorter where the longer one would be over 16384 \
            pixels.",
    params: &[LENGTH, FILTER],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let before = build.size();
        let [shorter, longer] = [before[0].min(before[1]), before[0].max(before[1])].map(f64::from);
        let to = scaled(before, (build.number("size") / shorter).min(MOST_SIDE / longer));
        resize(build, all_of(before), to);
    },
};

pub static LETTERBOX: Operation = Operation {
    name: "letterbox",
    title: "Letterbox",
    family: Family::Geometry,
    about: "In a square of this side: as large as fits, in the middle, with the rest filled.",
    params: &[LENGTH, FILTER, FILL, FILL_COLOUR],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let before = build.size();
        let length = side(build.number("size"));
        let to = scaled(before, f64::from(length) / f64::from(before[0].max(before[1])));
        resize(build, all_of(before), to);
        if to != [length; 2] {
            build.push(padded(to, [length; 2], to.map(|side| (length - side) / 2), build.fill()));
        }
    },
};

const CROP_WIDTH: Param = whole("width", "Width of the part", Unit::Pixels, [1.0, MOST_SIDE], 224.0);
const CROP_HEIGHT: Param = whole("height", "Height of the part", Unit::Pixels, [1.0, MOST_SIDE], 224.0);
const LENGTH: Param = whole("size", "Length of the side", Unit::Pixels, [1.0, MOST_SIDE], 224.0);

const PAD_IF_NEEDED: Param = flag(
    "pad_if_needed",
    "Whether a smaller picture gets space around it; the part is smaller otherwise",
    false,
);

const fn border(name: &'static str, about: &'static str) -> Param {
    range(name, about, Unit::Part, [0.0, 0.49], [0.0, 0.1])
}

const fn space(name: &'static str, about: &'static str) -> Param {
    whole(name, about, Unit::Pixels, [0.0, 8192.0], 16.0)
}

/// Cuts a part out. `at` is where it is, from 0 at the left and top to 1. Gives its left, top, width and height,
/// which reach beyond the picture where there is space around it.
fn crop(build: &mut Build<'_>, at: [f64; 2]) -> [f64; 4] {
    let before = build.size();
    let asked = [side(build.number("width")), side(build.number("height"))];
    let is_padded = build.flag(PAD_IF_NEEDED.name);
    let mut size = asked;
    let mut corner = [0i64; 2];
    for axis in [0, 1] {
        let (has, wants) = (i64::from(before[axis]), i64::from(asked[axis]));
        if wants <= has {
            let places = (has - wants + 1) as f64;
            // In the middle, where an odd number of pixels is left, the one more is behind the part.
            corner[axis] = if at[axis] == 0.5 { (has - wants) / 2 } else { (at[axis] * places) as i64 };
        } else if is_padded {
            corner[axis] = -((wants - has) / 2);
        } else {
            size[axis] = side(f64::from(before[axis]));
        }
    }
    let part = [corner[0] as f64, corner[1] as f64, f64::from(size[0]), f64::from(size[1])];
    if size == before && corner == [0, 0] {
        return part;
    }
    let is_inside = corner.iter().all(|&at| at >= 0) && size[0] <= before[0] && size[1] <= before[1];
    build.push(match corner.map(|at| at as u32) {
        [left, top] if is_inside => cropped([left, top, size[0], size[1]]),
        _ => shifted(size, all_of(before), corner, build.fill()),
    });
    part
}

/// Brings a part to a size, if that changes anything.
fn resize(build: &mut Build<'_>, window: [u32; 4], size: Size) {
    let before = build.size();
    if window == all_of(before) && size == before {
        return;
    }
    let filter: Filter = filter(build);
    build.push(Stage::Resize(Resize { size, window, filter }));
}

/// The rectangle of this area and proportions, width over height, inside of a picture: what does not fit is
/// made up for along the other side.
pub(super) fn rectangle(area: f64, ratio: f64, [most_width, most_height]: Size) -> Size {
    let (most_width, most_height) = (f64::from(most_width), f64::from(most_height));
    let mut width = libm::sqrt(area * ratio).clamp(1.0, most_width);
    let height = (area / width).clamp(1.0, most_height);
    width = (area / height).clamp(1.0, most_width);
    [width.round() as u32, height.round() as u32]
}

/// The sides that are asked for; 0 is the picture's own, beside which another one is no longer than a picture may
/// be.
fn own_or_asked(own: Size, asked: [f64; 2]) -> Size {
    let is_own = asked.map(|length| length == 0.0);
    std::array::from_fn(|axis| {
        let most =
            |other: u32| u32::try_from(crate::media::MAX_PIXELS / u64::from(other)).unwrap_or(u32::MAX);
        match (is_own[axis], is_own[1 - axis]) {
            (true, _) => own[axis],
            (false, true) => side(asked[axis]).min(most(own[1 - axis]).max(1)),
            (false, false) => side(asked[axis]),
        }
    })
}

fn scaled(size: Size, factor: f64) -> Size {
    size.map(|length| side(f64::from(length) * factor))
}

/// What is cut off of the two ends of a side, so that something is left.
fn borders(parts: [f64; 2], length: u32) -> [u32; 2] {
    let [first, second] = parts.map(|part| (part * f64::from(length)).floor() as u32);
    let first = first.min(length - 1);
    [first, second.min(length - 1 - first)]
}

/// The space before a side and the length of the result, from the parameters for both spaces and the least
/// length; `most` is how long it may become.
fn spaces(build: &mut Build<'_>, names: [&'static str; 3], length: u32, most: u32) -> (u32, u32) {
    let [before, after, least] = names.map(|name| build.number(name) as u32);
    // Space is made where there is any left to be made, so that a long picture is not made longer than may
    // be.
    let most = most.max(length);
    let before = before.min(most - length);
    let after = after.min(most - length - before);
    let missing = least.min(most).saturating_sub(length + before + after);
    (before + missing / 2, length + before + after + missing)
}
