//! Correspondences of operations on values by themselves.

use serde_json::Value as Json;

use super::{ANY, LIMIT, Peer, RANGE, SAME, WHOLE_RANGE, argument, older, peer, up_from};
use crate::augment::formats::UNMEASURED;
use crate::augment::formats::albumentations::ways::{Converted, Own, Way};
use crate::augment::param::Value;
use crate::augment::table::output::{BY_DATASET, is_set};

pub static PEERS: &[Peer] = &[
    Peer {
        arguments: &[argument("brightness", "[0.8, 1.2]", &["factor"], Way::Factors)],
        fixed: &[("contrast", "[1.0, 1.0]"), ("saturation", "[1.0, 1.0]"), ("hue", "[0.0, 0.0]")],
        ..peer("brightness", "ColorJitter")
    },
    Peer {
        arguments: &[argument("contrast", "[0.8, 1.2]", &["factor"], Way::Factors)],
        fixed: &[("brightness", "[1.0, 1.0]"), ("saturation", "[1.0, 1.0]"), ("hue", "[0.0, 0.0]")],
        ..peer("contrast", "ColorJitter")
    },
    Peer {
        arguments: &[argument("saturation", "[0.8, 1.2]", &["factor"], Way::Factors)],
        fixed: &[("brightness", "[1.0, 1.0]"), ("contrast", "[1.0, 1.0]"), ("hue", "[0.0, 0.0]")],
        ..peer("saturation", "ColorJitter")
    },
    Peer {
        arguments: &[argument("hue", "[-0.5, 0.5]", &["degrees"], TURNS).within(-0.5, 0.5)],
        fixed: &[("brightness", "[1.0, 1.0]"), ("contrast", "[1.0, 1.0]"), ("saturation", "[1.0, 1.0]")],
        ..peer("hue", "ColorJitter")
    },
    Peer {
        arguments: &[
            argument("brightness", "[0.8, 1.2]", &["brightness"], Way::Factors),
            argument("contrast", "[0.8, 1.2]", &["contrast"], Way::Factors),
            argument("saturation", "[0.8, 1.2]", &["saturation"], Way::Factors),
            argument("hue", "[-0.5, 0.5]", &["hue"], TURNS).within(-0.5, 0.5),
        ],
        ..peer("colour_jitter", "ColorJitter")
    },
    Peer {
        arguments: &[
            argument("brightness_limit", "[-0.2, 0.2]", &["brightness"], LIMIT),
            argument("contrast_limit", "[-0.2, 0.2]", &["contrast"], LIMIT),
            argument("brightness_by_max", "true", &["by_max"], BY_MAX),
        ],
        rest: &[("ensure_safe_range", "false")],
        ..peer("brightness_contrast", "RandomBrightnessContrast")
    },
    Peer {
        arguments: &[
            // OpenCV has a hue of 180 steps.
            argument("hue_shift_limit", "[-20, 20]", &["hue"], Way::Limit { times: 2.0, plus: 0.0 }),
            argument("sat_shift_limit", "[-30, 30]", &["saturation"], LIMIT),
            argument("val_shift_limit", "[-20, 20]", &["value"], LIMIT),
        ],
        ..peer("hsv_shift", "HueSaturationValue")
    },
    Peer {
        arguments: &[argument(
            "gamma_limit",
            "[80, 120]",
            &["exponent"],
            Way::UpFrom { least: 1.0, times: 0.01, is_whole: false },
        )],
        rest: &[("eps", ANY)],
        ..peer("gamma", "RandomGamma")
    },
    Peer {
        arguments: &[
            argument("r_shift_limit", "[-20, 20]", &["red"], LIMIT),
            argument("g_shift_limit", "[-20, 20]", &["green"], LIMIT),
            argument("b_shift_limit", "[-20, 20]", &["blue"], LIMIT),
        ],
        // The limits again, as what RGBShift is made of has them.
        rest: &[
            ("noise_params", ANY),
            ("noise_type", "\"uniform\""),
            ("spatial_mode", "\"constant\""),
            ("approximation", "1.0"),
        ],
        ..peer("rgb_shift", "RGBShift")
    },
    peer("channel_shuffle", "ChannelShuffle"),
    Peer {
        arguments: &[
            argument("channel_drop_range", "[1, 1]", &["channels"], WHOLE_RANGE),
            argument("fill", "0", &["fill"], SAME),
            older("fill_value", &["fill"], SAME),
        ],
        ..peer("channel_dropout", "ChannelDropout")
    },
    Peer {
        rest: &[("num_output_channels", "3"), ("method", "\"weighted_average\"")],
        ..peer("grey", "ToGray")
    },
    peer("sepia", "ToSepia"),
    peer("invert", "InvertImg"),
    Peer {
        arguments: &[
            argument("threshold_range", "[0.5, 0.5]", &["threshold"], LEVELS).within(0.0, 1.0),
            older("threshold", &["threshold"], RANGE),
        ],
        ..peer("solarize", "Solarize")
    },
    Peer {
        arguments: &[argument("num_bits", "[4, 4]", &["bits"], WHOLE_RANGE).within(1.0, 7.0)],
        ..peer("posterize", "Posterize")
    },
    Peer {
        said: &[("mode", "\"pil\"")],
        rest: &[("by_channels", "true"), ("mask", "null"), ("mask_params", "[]")],
        ..peer("equalize", "Equalize")
    },
    Peer {
        arguments: &[argument("cutoff", "0", &["cutoff"], PERCENT)],
        said: &[("method", "\"pil\"")],
        rest: &[("ignore", "null")],
        ..peer("autocontrast", "AutoContrast")
    },
    Peer {
        arguments: &[
            argument("clip_limit", "[1, 4]", &["clip"], up_from(1.0)),
            argument("tile_grid_size", "[8, 8]", &["tiles"], BOTH),
        ],
        ..peer("clahe", "CLAHE")
    },
    Peer {
        arguments: &[
            argument("scale", "0.1", &["scale"], SAME),
            argument("per_channel", "false", &["per_channel"], Way::Flag),
        ],
        ..peer("tone_curve", "RandomToneCurve")
    },
    Peer {
        arguments: &[
            argument("temperature_limit", "[3000, 15000]", &["kelvin"], Way::Own(&KELVIN)).within(3e3, 15e3)
        ],
        rest: &[("mode", "\"blackbody\""), ("sampling_method", "\"uniform\"")],
        differs: Some("There display values are scaled by a table of colours, and here light is."),
        ..peer("temperature", "PlanckianJitter")
    },
    Peer {
        fixed: &[("mean", "[0.485, 0.456, 0.406]"), ("std", "[0.229, 0.224, 0.225]")],
        implied: &[("by", Value::Choice(0))],
        rest: NORMALIZE_REST,
        ..peer("normalize", "Normalize")
    },
    Peer {
        arguments: &[
            argument("mean", "[0.485, 0.456, 0.406]", &["mean_r", "mean_g", "mean_b"], Way::List(&[SAME; 3]))
                .needed(),
            argument(
                "std",
                "[0.229, 0.224, 0.225]",
                &["deviation_r", "deviation_g", "deviation_b"],
                Way::List(&[SAME; 3]),
            )
            .needed(),
        ],
        implied: &[("by", Value::Choice(2))],
        rest: NORMALIZE_REST,
        ..peer("normalize", "Normalize")
    },
    Peer {
        arguments: &[
            argument("mean", "null", &["mean_r", "mean_g", "mean_b"], Way::Own(&MEASURED)).needed(),
            argument("std", "null", &["deviation_r", "deviation_g", "deviation_b"], Way::List(&[SAME; 3])),
        ],
        implied: &[("by", Value::Choice(BY_DATASET))],
        rest: NORMALIZE_REST,
        ..peer("normalize", "Normalize")
    },
];

/// White, 6000 kelvin there, must be in the range there.
const KELVIN: Own = Own {
    read: |json, _| match json.as_array()?.as_slice() {
        [low, high] => Some(Converted::of(vec![Value::Range([low.as_f64()?, high.as_f64()?])])),
        _ => None,
    },
    write: |values| {
        let [Value::Range([low, high])] = values else { return None };
        let wide = [low.min(6000.0), high.max(6000.0)];
        let differs =
            (wide != [*low, *high]).then(|| "There the range must have 6000 kelvin in it.".to_owned());
        Some((wide.map(|end| end.round() as i64).to_vec().into(), differs))
    },
};

/// The dataset's own mean, which may not have been measured.
const MEASURED: Own = Own {
    read: |json, _| {
        let numbers = json.as_array()?.iter().map(Json::as_f64).collect::<Option<Vec<f64>>>()?;
        let numbers: [f64; 3] = numbers.try_into().ok()?;
        Some(Converted::of(numbers.map(Value::Number).to_vec()))
    },
    write: |values| {
        let [Value::Number(red), Value::Number(green), Value::Number(blue)] = values else { return None };
        let mean = [*red, *green, *blue];
        Some((mean.to_vec().into(), (!is_set(mean)).then(|| UNMEASURED.to_owned())))
    },
};

const NORMALIZE_REST: &[(&str, &str)] = &[("max_pixel_value", "255"), ("normalization", "\"standard\"")];

/// Turns there, degrees here.
const TURNS: Way = Way::Limit { times: 360.0, plus: 0.0 };

/// A part there, levels here.
const LEVELS: Way = Way::Range { times: 255.0, plus: 0.0 };

const PERCENT: Way = Way::OneOfRange { times: 0.01, plus: 0.0, is_whole: false };

/// The same whole number along both sides there.
const BOTH: Way = Way::RangeOfOne { times: 1.0, plus: 0.0, is_whole: true };

const BY_MAX: Way =
    Way::FlagUnless { same: true, text: "There it is a part of the picture's mean, and here of each value." };
