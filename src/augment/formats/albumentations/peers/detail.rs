//! Correspondences of operations on detail.

use serde_json::{Map, Value as Json};

use super::{
    ANY, Argument, LIMIT, Peer, RANGE, SHRINKING, WHOLE_RANGE, argument, older, peer, read_only, up_from,
    whole_up_from,
};
use crate::augment::formats::albumentations::ways::{Converted, Own, Way, ends};
use crate::augment::formats::tidy;
use crate::augment::param::Value;

pub static PEERS: &[Peer] = &[
    Peer {
        arguments: &[argument("sigma_limit", "[0.5, 3.0]", &["sigma"], Way::Own(&SIGMA))],
        said: &[("blur_limit", "[0, 0]")],
        ..peer("gaussian_blur", "GaussianBlur")
    },
    Peer {
        arguments: &[argument("blur_limit", "[3, 7]", &["side"], whole_up_from(3.0)).within(3.0, 1e3)],
        ..peer("box_blur", "Blur")
    },
    Peer {
        arguments: &[
            argument("blur_limit", "[3, 7]", &["length"], whole_up_from(3.0)),
            argument("angle_range", "[0, 360]", &["angle"], RANGE),
            argument("direction_range", "[-1, 1]", &["direction"], RANGE),
        ],
        said: &[("allow_shifted", "false")],
        ..peer("motion_blur", "MotionBlur")
    },
    Peer {
        arguments: &[argument("blur_limit", "[3, 7]", &["side"], whole_up_from(3.0)).within(3.0, 1e3)],
        ..peer("median_blur", "MedianBlur")
    },
    Peer {
        arguments: &[
            argument("radius", "[3, 10]", &["radius"], whole_up_from(1.0)),
            argument("alias_blur", "[0.1, 0.5]", &["alias_blur"], up_from(0.0)),
        ],
        ..peer("defocus", "Defocus")
    },
    Peer {
        arguments: &[
            argument("alpha", "[0.2, 0.5]", &["alpha"], RANGE),
            argument("lightness", "[0.5, 1.0]", &["lightness"], RANGE),
        ],
        said: &[("method", "\"kernel\"")],
        rest: &[("kernel_size", ANY), ("sigma", ANY)],
        ..peer("sharpen", "Sharpen")
    },
    Peer {
        arguments: &[
            argument("sigma_limit", "[0.0, 0.0]", &["sigma"], Way::Own(&SIGMA)),
            argument("blur_limit", "[3, 7]", &["sigma"], Way::Own(&REACH)),
            argument("alpha", "[0.2, 0.5]", &["amount"], up_from(0.0)).within(0.0, 1.0),
            argument("threshold", "10", &["threshold"], Way::Whole),
        ],
        ..peer("unsharp_mask", "UnsharpMask")
    },
    Peer {
        arguments: &[
            argument("alpha", "[0.2, 0.5]", &["alpha"], RANGE),
            argument("strength", "[0.2, 0.7]", &["strength"], RANGE),
        ],
        ..peer("emboss", "Emboss")
    },
    Peer {
        arguments: &[
            argument("std_range", "[0.2, 0.44]", &["deviation"], LEVELS),
            argument("mean_range", "[0.0, 0.0]", &["mean"], LEVELS),
            argument("per_channel", "true", &["per_channel"], Way::Flag),
            older("var_limit", &["deviation"], Way::Own(&VARIANCE)),
            older("mean", &["mean"], Way::OneOfRange { times: 1.0, plus: 0.0, is_whole: false }),
        ],
        rest: &[("noise_scale_factor", "1.0")],
        ..peer("gaussian_noise", "GaussNoise")
    },
    Peer {
        arguments: &[
            argument("multiplier", "[0.9, 1.1]", &["factor"], RANGE),
            argument("per_channel", "false", &["per_channel"], Way::Flag),
            argument("elementwise", "false", &["per_pixel"], Way::Flag),
        ],
        ..peer("factor_noise", "MultiplicativeNoise")
    },
    Peer {
        arguments: &[argument("scale_range", "[0.1, 0.3]", &["scale"], RANGE).within(1e-6, 1e3)],
        differs: Some("There what is counted is light, and here display values."),
        ..peer("shot_noise", "ShotNoise")
    },
    Peer {
        arguments: &[
            argument("color_shift", "[0.01, 0.05]", &["colour_shift"], RANGE).within(0.0, 1.0),
            argument("intensity", "[0.1, 0.5]", &["intensity"], RANGE),
        ],
        differs: Some("There the noise of lightness brightens only, and grows with the picture's contrast."),
        ..peer("iso_noise", "ISONoise")
    },
    Peer {
        arguments: &[
            argument("amount", "[0.01, 0.06]", &["amount"], RANGE),
            argument("salt_vs_pepper", "[0.4, 0.6]", &["salt"], RANGE),
        ],
        ..peer("salt_and_pepper", "SaltAndPepper")
    },
    Peer {
        arguments: &[
            argument("dropout_prob", "0.01", &["part"], ONE_OF_RANGE),
            argument("drop_value", "0", &["colour"], Way::Colour),
        ],
        rest: &[("per_channel", "false"), ("mask_drop_value", "null")],
        ..peer("pixel_dropout", "PixelDropout")
    },
    Peer {
        arguments: JPEG,
        implied: &[("subsampled", Value::Flag(true))],
        ..peer("jpeg", "ImageCompression")
    },
    Peer { arguments: JPEG, ..read_only("jpeg", "JpegCompression") },
    Peer {
        arguments: &[
            argument("scale_range", "[0.25, 0.25]", &["scale"], RANGE).within(1e-3, 1.0),
            argument(
                "interpolation_pair",
                r#"{"upscale": 0, "downscale": 0}"#,
                &["down", "up"],
                Way::Named(&[("downscale", Way::Words(DOWN)), ("upscale", Way::Words(UP))]),
            ),
            older("scale_min", &["scale"], Way::Own(&SCALES)),
            older("scale_max", &["scale"], Way::Own(&SCALES)),
        ],
        rest: &[("interpolation", "0")],
        ..peer("downscale", "Downscale")
    },
    Peer {
        arguments: &[argument("fog_coef_range", "[0.3, 1.0]", &["density"], RANGE)],
        rest: &[("alpha_coef", ANY)],
        differs: Some("There fog is of circles that are blurred, and here of clouds."),
        ..peer("fog", "RandomFog")
    },
    Peer {
        arguments: &[
            argument("slant_range", "[-10, 10]", &["slant"], LIMIT).within(-20.0, 20.0),
            argument("drop_width", "1", &["width"], WHOLE_OF_RANGE).within(1.0, 1e3),
            argument("drop_color", "[200, 200, 200]", &["colour"], Way::Levels),
            argument("brightness_coefficient", "0.7", &["brightness"], ONE_OF_RANGE).within(0.01, 1.0),
        ],
        rest: &[("drop_length", "null"), ("rain_type", "\"default\""), ("blur_value", ANY)],
        differs: Some(
            "There number and length of the streaks follow from the height, and slant is in pixels.",
        ),
        ..peer("rain", "RandomRain")
    },
    Peer {
        arguments: &[
            argument("shadow_intensity_range", "[0.5, 0.5]", &["darkness"], RANGE),
            argument("num_shadows_limit", "[1, 2]", &["shadows"], WHOLE_RANGE),
            argument("shadow_dimension", "5", &["corners"], WHOLE_OF_RANGE),
            argument("shadow_roi", "[0.0, 0.5, 1.0, 1.0]", &["top"], Way::Own(&BELOW)),
        ],
        ..peer("shadow", "RandomShadow")
    },
    Peer {
        arguments: &[
            argument(
                "src_radius",
                "400",
                &["radius"],
                Way::OneOfRange { times: 1.0 / 512.0, plus: 0.0, is_whole: true },
            )
            .within(2.0, 1e4),
            argument("num_flare_circles_range", "[6, 10]", &["discs"], WHOLE_RANGE).within(1.0, 1e3),
            argument("flare_roi", "[0.0, 0.0, 1.0, 0.5]", &["bottom"], Way::Own(&ABOVE)),
            argument("src_color", "[255, 255, 255]", &["colour"], Way::Levels),
        ],
        rest: &[("method", ANY), ("angle_range", ANY)],
        differs: Some(
            "There the sun's radius is in pixels, taken for a side of 512, and it is painted otherwise.",
        ),
        ..peer("sun_flare", "RandomSunFlare")
    },
];

const JPEG: &[Argument] = &[
    argument("quality_range", "[99, 100]", &["quality"], WHOLE_RANGE),
    argument("compression_type", "\"jpeg\"", &[], Way::Is(&["\"jpeg\"", "0"])).needed(),
    older("quality_lower", &["quality"], Way::Own(&QUALITIES)),
    older("quality_upper", &["quality"], Way::Own(&QUALITIES)),
];

/// A part there, levels here.
const LEVELS: Way = Way::Range { times: 255.0, plus: 0.0 };

const ONE_OF_RANGE: Way = Way::OneOfRange { times: 1.0, plus: 0.0, is_whole: false };
const WHOLE_OF_RANGE: Way = Way::OneOfRange { times: 1.0, plus: 0.0, is_whole: true };

/// OpenCV's interpolations, where a picture shrinks.
const DOWN: &[(&str, &str, Option<&str>)] = &[
    ("box", "3", None),
    ("nearest", "0", None),
    ("bilinear", "1", SHRINKING),
    ("bicubic", "2", SHRINKING),
    ("lanczos", "4", SHRINKING),
];

/// And where it grows.
const UP: &[(&str, &str, Option<&str>)] = &[
    ("nearest", "0", None),
    ("bilinear", "1", None),
    ("bicubic", "2", None),
    ("lanczos", "4", None),
    ("bilinear", "3", None),
];

/// A number beside, if there is one.
fn beside(given: &Map<String, Json>, name: &str) -> Option<f64> {
    given.get(name).and_then(Json::as_f64)
}

/// Both of what 1.x has as two arguments; what is missing of them is the least or the most.
fn both(given: &Map<String, Json>, names: [&str; 2], ends: [f64; 2]) -> Option<Converted> {
    let [low, high] = [0, 1].map(|at| beside(given, names[at]).unwrap_or(ends[at]));
    Some(Converted::of(vec![Value::Range([low.min(high), low.max(high)])]))
}

const QUALITIES: Own =
    Own { read: |_, given| both(given, ["quality_lower", "quality_upper"], [99.0, 100.0]), write: |_| None };

const SCALES: Own =
    Own { read: |_, given| both(given, ["scale_min", "scale_max"], [0.25, 0.25]), write: |_| None };

/// Variances of levels, as 1.x has them.
const VARIANCE: Own = Own {
    read: |json, _| match json {
        Json::Array(ends) if ends.len() == 2 => {
            let root = |json: &Json| json.as_f64().map(|variance| tidy(variance.max(0.0).sqrt()));
            Some(Converted::of(vec![Value::Range([root(&ends[0])?, root(&ends[1])?])]))
        }
        _ => None,
    },
    write: |_| None,
};

/// A deviation; where it is 0, OpenCV takes the one that suits the size of the neighbourhood.
const SIGMA: Own = Own {
    read: |json, given| {
        let sigma = ends(json, |most| [0.0, most])?;
        if sigma[1] > 0.0 {
            return Some(Converted::of(vec![Value::Range(sigma)]));
        }
        let sides = given.get("blur_limit").and_then(|json| ends(json, |most| [3.0, most]));
        let sides = sides.unwrap_or([3.0, 7.0]);
        let suits = |side: f64| tidy(0.3 * ((side - 1.0) * 0.5 - 1.0) + 0.8);
        Some(Converted::of(vec![Value::Range(sides.map(suits))]))
    },
    write: |values| match values {
        [Value::Range(ends)] => Some((ends.to_vec().into(), None)),
        _ => None,
    },
};

/// The size of a neighbourhood, which follows from the deviation here.
const REACH: Own = Own {
    read: |_, _| Some(Converted::of(Vec::new())),
    write: |values| match values {
        [Value::Range([_, most])] => Some((vec![((most * 3.5) as i64 * 2 + 1).max(3); 2].into(), None)),
        _ => None,
    },
};

/// Left, top, right and bottom of where it may be, of the picture.
fn region(json: &Json) -> Option<[f64; 4]> {
    let sides = json.as_array()?.iter().map(Json::as_f64).collect::<Option<Vec<f64>>>()?;
    sides.try_into().ok()
}

/// All of the picture below a height.
const BELOW: Own = Own {
    read: |json, _| {
        let [left, top, right, bottom] = region(json)?;
        let differs =
            ([left, right, bottom] != [0.0, 1.0, 1.0]).then(|| "here it is all below the top.".to_owned());
        Some(Converted { values: vec![Value::Number(top)], differs })
    },
    write: |values| match values {
        [Value::Number(top)] => Some((vec![0.0, *top, 1.0, 1.0].into(), None)),
        _ => None,
    },
};

/// All of the picture above a height.
const ABOVE: Own = Own {
    read: |json, _| {
        let [left, top, right, bottom] = region(json)?;
        let differs =
            ([left, top, right] != [0.0, 0.0, 1.0]).then(|| "here it is all above the bottom.".to_owned());
        Some(Converted { values: vec![Value::Number(bottom)], differs })
    },
    write: |values| match values {
        [Value::Number(bottom)] => Some((vec![0.0, 0.0, 1.0, bottom.max(0.01)].into(), None)),
        _ => None,
    },
};
