//! Correspondences of operations on where things are.

mod own;

use self::own::{BORDERS, ELASTIC, PADDING, PAINT, SCALES, SHIFTS, SIZE};
use super::{
    ANY, Argument, BORDER, INTERPOLATION, LIMIT, Peer, RANGE, SAME, SHRINKING, WHOLE_RANGE, argument, older,
    peer, read_only, up_from, whole_up_from,
};
use crate::augment::formats::albumentations::ways::Way;
use crate::augment::param::Value;

pub static PEERS: &[Peer] = &[
    peer("horizontal_flip", "HorizontalFlip"),
    peer("vertical_flip", "VerticalFlip"),
    peer("transpose", "Transpose"),
    Peer { implied: &[("turns", Value::Range([0.0, 3.0]))], ..peer("quarter_turn", "RandomRotate90") },
    peer("symmetry", "SquareSymmetry"),
    read_only("symmetry", "D4"),
    Peer {
        differs: Some("There it is one of the three flips, and here one of all eight symmetries."),
        ..read_only("symmetry", "Flip")
    },
    Peer {
        arguments: &[
            argument("limit", "[-90, 90]", &["angle"], LIMIT).within(-360.0, 360.0),
            INTERPOLATED,
            BORDERED,
            FILLED,
            VALUE,
        ],
        rest: &[("crop_border", "false"), ROTATE_METHOD, MASK_INTERPOLATION, FILL_MASK, MASK_VALUE],
        ..peer("rotate", "Rotate")
    },
    Peer {
        arguments: &[
            argument("limit", "[-90, 90]", &["angle"], LIMIT),
            INTERPOLATED,
            BORDERED,
            FILLED,
            VALUE,
        ],
        // What it is made of has arguments of its own, which say the same again.
        rest: &[
            ROTATE_METHOD,
            MASK_INTERPOLATION,
            FILL_MASK,
            MASK_VALUE,
            ("rotate", ANY),
            ("scale", ANY),
            ("shear", ANY),
            ("translate_percent", ANY),
            ("translate_px", ANY),
            ("balanced_scale", ANY),
            ("keep_ratio", ANY),
            ("fit_output", ANY),
        ],
        differs: Some(
            "There the picture is made smaller so that its corners stay in it, and here they do not.",
        ),
        ..read_only("rotate", "SafeRotate")
    },
    Peer {
        arguments: &[
            argument("shift_limit_x", "[-0.0625, 0.0625]", &["x"], LIMIT),
            argument("shift_limit_y", "[-0.0625, 0.0625]", &["y"], LIMIT),
            // Both at once, which a file that was saved does not have.
            older("shift_limit", &["x", "y"], Way::Own(&SHIFTS)),
            argument("scale_limit", "[-0.1, 0.1]", &["scale"], Way::Limit { times: 1.0, plus: 1.0 }),
            argument("rotate_limit", "[-45, 45]", &["angle"], LIMIT),
            INTERPOLATED,
            BORDERED,
            FILLED,
            VALUE,
        ],
        implied: &[
            ("keep_ratio", Value::Flag(true)),
            ("shear_x", Value::Number(0.0)),
            ("shear_y", Value::Number(0.0)),
        ],
        rest: &[ROTATE_METHOD, MASK_INTERPOLATION, FILL_MASK, MASK_VALUE],
        ..read_only("affine", "ShiftScaleRotate")
    },
    Peer {
        arguments: &[
            argument("scale", ONE, &["factor", "factor_y", "keep_ratio"], Way::Own(&SCALES)),
            argument("keep_ratio", "false", &["keep_ratio"], Way::Flag),
            INTERPOLATED,
            BORDERED,
            FILLED,
            CVAL,
            MODE,
        ],
        fixed: &[("rotate", "[0.0, 0.0]"), ("shear", ZERO), ("translate_percent", ZERO), NO_PIXELS],
        rest: AFFINE_REST,
        ..peer("scale", "Affine")
    },
    Peer {
        arguments: &[argument("translate_percent", "null", &["x", "y"], XY), BORDERED, FILLED, CVAL, MODE],
        fixed: &[("rotate", "[0.0, 0.0]"), ("shear", ZERO), ("scale", ONE), NO_PIXELS],
        rest: &[
            ("interpolation", ANY),
            ("keep_ratio", ANY),
            ROTATE_METHOD,
            MASK_INTERPOLATION,
            FILL_MASK,
            ("balanced_scale", "false"),
            ("fit_output", "false"),
        ],
        ..peer("translate", "Affine")
    },
    Peer {
        arguments: &[
            argument("shear", ZERO, &["x", "y"], SLANTS),
            INTERPOLATED,
            BORDERED,
            FILLED,
            CVAL,
            MODE,
        ],
        fixed: &[("rotate", "[0.0, 0.0]"), ("scale", ONE), ("translate_percent", ZERO), NO_PIXELS],
        rest: AFFINE_REST,
        ..peer("shear", "Affine")
    },
    Peer {
        arguments: &[
            argument("scale", ONE, &["scale", "scale_y", "keep_ratio"], Way::Own(&SCALES)),
            argument("keep_ratio", "false", &["keep_ratio"], Way::Flag),
            argument("rotate", "[0, 0]", &["angle"], RANGE),
            argument("shear", ZERO, &["shear_x", "shear_y"], SLANTS),
            argument("translate_percent", "null", &["x", "y"], XY),
            INTERPOLATED,
            BORDERED,
            FILLED,
            CVAL,
            MODE,
        ],
        fixed: &[NO_PIXELS],
        rest: AFFINE_REST,
        ..peer("affine", "Affine")
    },
    Peer {
        arguments: &[
            argument("scale", "[0.05, 0.1]", &["strength"], up_from(0.0)),
            INTERPOLATED,
            BORDERED,
            FILLED,
            older("pad_val", &["fill_colour"], Way::Colour),
            older("pad_mode", &["fill"], Way::Words(BORDER)),
        ],
        rest: &[
            ("keep_size", "true"),
            ("fit_output", "false"),
            MASK_INTERPOLATION,
            FILL_MASK,
            ("mask_pad_val", "0"),
        ],
        ..peer("perspective", "Perspective")
    },
    Peer {
        arguments: &[
            argument("alpha", "1.0", &["alpha", "sigma"], Way::Own(&ELASTIC)),
            argument("sigma", "50.0", &["sigma"], SAME),
            INTERPOLATED,
            BORDERED,
            FILLED,
            VALUE,
        ],
        rest: &[
            MASK_INTERPOLATION,
            FILL_MASK,
            MASK_VALUE,
            REMAPPING,
            ("approximate", ANY),
            ("same_dxdy", "false"),
            ("noise_distribution", "\"gaussian\""),
        ],
        differs: Some(
            "How far places move depends on the picture's size there; alpha is that of 512 by 512 pixels.",
        ),
        ..peer("elastic", "ElasticTransform")
    },
    Peer {
        arguments: &[
            argument("num_steps", "5", &["cells"], Way::Whole),
            argument("distort_limit", "[-0.3, 0.3]", &["strength"], Way::Symmetric).within(-0.99, 0.99),
            INTERPOLATED,
            BORDERED,
            FILLED,
            VALUE,
        ],
        rest: &[MASK_INTERPOLATION, FILL_MASK, MASK_VALUE, REMAPPING, ("normalized", "true")],
        ..peer("grid_distortion", "GridDistortion")
    },
    Peer {
        arguments: &[
            // Both coefficients there, at the corners of a square picture, half a unit squared from the middle.
            argument("distort_limit", "[-0.05, 0.05]", &["strength"], Way::Limit { times: 0.75, plus: 0.0 }),
            INTERPOLATED,
            BORDERED,
            FILLED,
            VALUE,
        ],
        rest: &[
            MASK_INTERPOLATION,
            FILL_MASK,
            MASK_VALUE,
            REMAPPING,
            ("mode", "\"camera\""),
            ("shift_limit", "[0.0, 0.0]"),
        ],
        ..peer("optical_distortion", "OpticalDistortion")
    },
    Peer { arguments: CROP, rest: CROP_REST, ..peer("random_crop", "RandomCrop") },
    Peer { arguments: CROP, rest: CROP_REST, ..peer("center_crop", "CenterCrop") },
    Peer {
        arguments: &[
            argument("size", "null", &["height", "width"], Way::Own(&SIZE)).needed(),
            argument("scale", "[0.08, 1.0]", &["scale"], RANGE),
            argument("ratio", "[0.75, 1.3333333333333333]", &["ratio"], RANGE),
            FILTERED,
        ],
        rest: &[MASK_INTERPOLATION, DOWNSCALE],
        ..peer("random_resized_crop", "RandomResizedCrop")
    },
    Peer {
        arguments: &[
            argument("percent", "null", &["top", "right", "bottom", "left"], Way::Own(&BORDERS)).needed(),
            argument("keep_size", "true", &["keep_size"], Way::Flag),
            FILTERED,
        ],
        fixed: &[("px", "null")],
        rest: &[
            MASK_INTERPOLATION,
            ("border_mode", ANY),
            ("fill", ANY),
            ("fill_mask", ANY),
            ("pad_mode", ANY),
            ("pad_cval", ANY),
            ("pad_cval_mask", ANY),
            ("sample_independently", "true"),
        ],
        ..peer("crop_borders", "CropAndPad")
    },
    Peer {
        arguments: &[
            argument("crop_left", "0.1", &["left"], Way::UpTo),
            argument("crop_top", "0.1", &["top"], Way::UpTo),
            argument("crop_right", "0.1", &["right"], Way::UpTo),
            argument("crop_bottom", "0.1", &["bottom"], Way::UpTo),
        ],
        implied: &[("keep_size", Value::Flag(false))],
        ..read_only("crop_borders", "RandomCropFromBorders")
    },
    Peer {
        arguments: &[
            argument("padding", "0", &["left", "top", "right", "bottom"], Way::Own(&PADDING)).needed(),
            BORDERED,
            FILLED,
        ],
        implied: &[("least_width", Value::Number(0.0)), ("least_height", Value::Number(0.0))],
        rest: &[FILL_MASK],
        ..peer("pad", "Pad")
    },
    Peer {
        arguments: &[
            argument("min_height", "1024", &["least_height"], Way::Whole).needed(),
            argument("min_width", "1024", &["least_width"], Way::Whole).needed(),
            BORDERED,
            FILLED,
            VALUE,
        ],
        implied: &[
            ("left", Value::Number(0.0)),
            ("top", Value::Number(0.0)),
            ("right", Value::Number(0.0)),
            ("bottom", Value::Number(0.0)),
        ],
        rest: &[
            FILL_MASK,
            MASK_VALUE,
            ("padding", ANY),
            ("position", "\"center\""),
            ("pad_height_divisor", "null"),
            ("pad_width_divisor", "null"),
        ],
        ..peer("pad", "PadIfNeeded")
    },
    Peer {
        arguments: &[
            argument("height", "null", &["height"], Way::Whole).needed(),
            argument("width", "null", &["width"], Way::Whole).needed(),
            FILTERED,
        ],
        rest: &[MASK_INTERPOLATION, DOWNSCALE],
        ..peer("resize", "Resize")
    },
    Peer {
        arguments: &[argument("max_size", "null", &["size"], Way::Whole).needed(), FILTERED],
        rest: &[MASK_INTERPOLATION, DOWNSCALE, ("max_size_hw", "null")],
        ..peer("resize_longest", "LongestMaxSize")
    },
    Peer {
        arguments: &[argument("max_size", "null", &["size"], Way::Whole).needed(), FILTERED],
        rest: &[MASK_INTERPOLATION, DOWNSCALE, ("max_size_hw", "null")],
        ..peer("resize_shortest", "SmallestMaxSize")
    },
    Peer {
        arguments: &[
            argument("num_holes_range", "[1, 2]", &["holes"], WHOLE_RANGE),
            argument("hole_width_range", "[0.1, 0.2]", &["hole_width"], Way::Parts).needed(),
            argument("hole_height_range", "[0.1, 0.2]", &["hole_height"], Way::Parts).needed(),
            PAINTED,
            older("max_width", &[], Way::Never).needed(),
        ],
        rest: &[("fill_mask", "null")],
        ..peer("coarse_dropout", "CoarseDropout")
    },
    Peer {
        arguments: &[
            argument("scale", "[0.02, 0.33]", &["scale"], RANGE),
            argument("ratio", "[0.3, 3.3]", &["ratio"], RANGE),
            PAINTED,
        ],
        rest: &[("fill_mask", "null")],
        ..peer("random_erasing", "Erasing")
    },
    Peer {
        arguments: &[
            argument("unit_size_range", "null", &["unit_size"], WHOLE_RANGE),
            argument("ratio", "0.5", &["ratio"], SAME),
            argument(
                "random_offset",
                "true",
                &["random_offset"],
                Way::FlagUnless {
                    same: false,
                    text: "There every hole is anywhere in its cell, and here the whole grid begins anywhere.",
                },
            ),
            PAINTED,
            older("fill_value", &["paint", "fill_colour"], Way::Own(&PAINT)),
        ],
        rest: &[
            ("fill_mask", "null"),
            ("mask_fill_value", "null"),
            ("holes_number_xy", "null"),
            ("shift_xy", "[0, 0]"),
        ],
        ..peer("grid_dropout", "GridDropout")
    },
    Peer { arguments: MASKING, rest: MASKING_REST, ..peer("xy_masking", "XYMasking") },
    // What these two say beside says the same again.
    Peer { arguments: MASKING, rest: MASKING_REST, ..read_only("xy_masking", "TimeMasking") },
    Peer { arguments: MASKING, rest: MASKING_REST, ..read_only("xy_masking", "FrequencyMasking") },
];

const MASKING: &[Argument] = &[
    argument("num_masks_x", "0", &["masks_x"], whole_up_from(0.0)),
    argument("mask_x_length", "0", &["length_x"], whole_up_from(0.0)),
    argument("num_masks_y", "0", &["masks_y"], whole_up_from(0.0)),
    argument("mask_y_length", "0", &["length_y"], whole_up_from(0.0)),
    PAINTED,
    older("fill_value", &["paint", "fill_colour"], Way::Own(&PAINT)),
];

const MASKING_REST: &[(&str, &str)] =
    &[("fill_mask", ANY), ("mask_fill_value", ANY), ("time_mask_param", ANY), ("freq_mask_param", ANY)];

const CROP: &[Argument] = &[
    argument("height", "null", &["height"], Way::Whole).needed(),
    argument("width", "null", &["width"], Way::Whole).needed(),
    argument(
        "pad_if_needed",
        "false",
        &["pad_if_needed"],
        Way::FlagUnless {
            same: true,
            text: "There a smaller picture is an error, and here it is left smaller.",
        },
    ),
    BORDERED,
    FILLED,
];
const CROP_REST: &[(&str, &str)] = &[FILL_MASK, ("pad_position", "\"center\"")];

const AFFINE_REST: &[(&str, &str)] = &[
    ROTATE_METHOD,
    MASK_INTERPOLATION,
    FILL_MASK,
    ("cval_mask", "0"),
    ("keep_ratio", ANY),
    ("balanced_scale", "false"),
    ("fit_output", "false"),
];

const INTERPOLATED: Argument = argument("interpolation", "1", &["interpolation"], Way::Words(INTERPOLATION));
const BORDERED: Argument = argument("border_mode", "0", &["fill"], Way::Words(BORDER));
const FILLED: Argument = argument("fill", "0", &["fill_colour"], Way::Colour);
const PAINTED: Argument = argument("fill", "0", &["paint", "fill_colour"], Way::Own(&PAINT));
const FILTERED: Argument = argument("interpolation", "1", &["filter"], Way::Words(FILTERS));
const VALUE: Argument = older("value", &["fill_colour"], Way::Colour);
const CVAL: Argument = older("cval", &["fill_colour"], Way::Colour);
const MODE: Argument = older("mode", &["fill"], Way::Words(BORDER));

/// What is done with masks, boxes and points has no parameters here.
const FILL_MASK: (&str, &str) = ("fill_mask", "0");
const MASK_VALUE: (&str, &str) = ("mask_value", "null");
const MASK_INTERPOLATION: (&str, &str) = ("mask_interpolation", "0");
const ROTATE_METHOD: (&str, &str) = ("rotate_method", "\"largest_box\"");
const REMAPPING: (&str, &str) = ("keypoint_remapping_method", "\"mask\"");
const DOWNSCALE: (&str, &str) = ("area_for_downscale", "null");
const NO_PIXELS: (&str, &str) = ("translate_px", "null");

const ZERO: &str = r#"{"x": [0.0, 0.0], "y": [0.0, 0.0]}"#;
const ONE: &str = r#"{"x": [1.0, 1.0], "y": [1.0, 1.0]}"#;

const XY: Way = Way::Named(&[("x", RANGE), ("y", RANGE)]);

/// There a slant is to the other side.
const SLANTS: Way =
    Way::Named(&[("x", Way::Range { times: -1.0, plus: 0.0 }), ("y", Way::Range { times: -1.0, plus: 0.0 })]);

/// OpenCV's interpolations as filters.
const FILTERS: &[(&str, &str, Option<&str>)] = &[
    ("bilinear", "1", SHRINKING),
    ("nearest", "0", None),
    ("bicubic", "2", SHRINKING),
    ("lanczos", "4", SHRINKING),
    ("box", "3", None),
    ("nearest", "6", None),
    ("bilinear", "5", SHRINKING),
];
