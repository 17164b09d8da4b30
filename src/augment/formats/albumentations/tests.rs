//! Albumentations' form, both ways, and the table of correspondences.

use serde_json::json;

use super::super::{NoteKind, tests::SAVED};
use super::peers::peers;
use super::*;
use crate::augment::formats;
use crate::augment::param::Value;
use crate::augment::pipeline::{Order, Settings};
use crate::augment::table::{operation, operations};

/// Operations that Albumentations has nothing for.
const ALONE: &[&str] =
    &["mixup", "cutmix", "rand_augment", "trivial_augment", "aug_mix", "sharpness", "vignette"];

fn one(settings: Settings) -> Pipeline {
    Pipeline { name: String::new(), steps: vec![Step { probability: 0.5, ..Step::new(0, settings) }] }
}

fn read_again(pipeline: &Pipeline, format: Format) -> Read {
    let (text, _) = formats::write(pipeline, format);
    formats::read(&text, None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The transforms of a file, each in a file of its own.
fn read_one(transform: Json) -> Read {
    let file =
        json!({"__version__": "2.0.8", "transform": {CLASS: "Compose", "p": 1.0, "transforms": [transform]}});
    formats::read(&file.to_string(), None).unwrap()
}

#[test]
fn the_table_names_what_there_is() {
    for peer in peers() {
        let operation = operation(peer.operation).unwrap_or_else(|| panic!("there is no {}", peer.operation));
        let covered = peer.arguments.iter().flat_map(|argument| argument.params.iter().copied());
        for name in covered.chain(peer.implied.iter().map(|(name, _)| *name)) {
            assert!(operation.param(name).is_some(), "{} has no {name}", peer.operation);
        }
        for (name, value) in peer.implied {
            let (_, param) = operation.param(name).unwrap();
            assert!(param.fit(*value).is_some(), "{}.{name}", peer.operation);
        }
        let texts = peer.fixed.iter().chain(peer.said).chain(peer.rest).map(|(_, text)| *text);
        for text in texts.chain(peer.arguments.iter().map(|argument| argument.default)) {
            assert!(serde_json::from_str::<Json>(text).is_ok(), "{}: {text}", peer.operation);
        }
        // Each word of a choice that is written has something that is written for it, or says so.
        for argument in peer.arguments {
            let found = argument.way.read(&argument.default(), &Map::new(), argument.params, operation);
            let is_given_else = argument.is_older || argument.is_needed || argument.default == "null";
            assert!(found.is_some() || is_given_else, "{}.{}", peer.class, argument.name);
        }
    }
    for operation in operations() {
        let is_there = peers().any(|peer| peer.is_written && peer.operation == operation.name);
        let is_alone = ALONE.contains(&operation.name);
        assert!(is_there != is_alone || operation.name == letterbox::NAME, "{}", operation.name);
    }
}

#[test]
fn operations_come_back_from_albumentations_form() {
    // What has no default there that is the same, or is one number there: it comes back near.
    const NEAR: &[&str] = &["random_resized_crop", "elastic", "rain", "sun_flare"];
    for operation in operations().filter(|operation| !ALONE.contains(&operation.name)) {
        let pipeline = one(Settings::new(operation));
        for format in [Format::AlbumentationsJson, Format::AlbumentationsYaml] {
            let read = read_again(&pipeline, format);
            assert_eq!(read.format, format);
            assert!(!read.notes.iter().any(|note| note.kind == NoteKind::Unknown), "{:?}", read.notes);
            if NEAR.contains(&operation.name) {
                let What::Operation(settings) = &read.pipeline.steps[0].what else {
                    panic!("{}", operation.name)
                };
                assert_eq!(settings.operation, operation);
            } else {
                assert_eq!(read.pipeline, pipeline, "{}", formats::write(&pipeline, format).0);
            }
        }
    }
}

/// Whatever the values: what is read of what was written is written in the same way.
#[test]
fn what_was_written_stays_as_it_is() {
    for operation in operations().filter(|operation| !ALONE.contains(&operation.name)) {
        let mut draw = crate::augment::random::Key::new(7, 7, 7).draw();
        for _ in 0..100 {
            let mut settings = Settings::new(operation);
            for (param, value) in operation.params.iter().zip(&mut settings.values) {
                // So many digits are known where numbers are converted.
                let short = |number: f64| super::super::rounded(number, 6);
                let any = match super::super::tests::any_value(&mut draw, param) {
                    Value::Range(ends) => Value::Range(ends.map(short)),
                    Value::Number(number) => Value::Number(short(number)),
                    other => other,
                };
                *value = param.fit(any).unwrap();
            }
            let pipeline = one(settings);
            let (first, _) = write(&pipeline);
            let read = read_again(&pipeline, Format::AlbumentationsYaml);
            let (second, _) = write(&read.pipeline);
            assert_eq!(first.json(), second.json(), "{:?}", pipeline.steps[0].what);
        }
    }
}

#[test]
fn values_are_converted() {
    let range = |low: f64, high: f64| Value::Range([low, high]);
    let rows = [
        (
            json!({CLASS: "Rotate", "limit": [-10, 20], "border_mode": 4}),
            "rotate",
            vec![("angle", range(-10.0, 20.0)), ("fill", Value::Choice(2))],
        ),
        (
            json!({CLASS: "Rotate", "limit": 5.0, "interpolation": 0, "fill": [1, 2, 3]}),
            "rotate",
            vec![
                ("angle", range(-5.0, 5.0)),
                ("interpolation", Value::Choice(1)),
                ("fill_colour", Value::Colour([1, 2, 3])),
            ],
        ),
        (
            json!({CLASS: "ShiftScaleRotate", "scale_limit": [-0.09999999999999998, 0.10000000000000009]}),
            "affine",
            vec![
                ("scale", range(0.9, 1.1)),
                ("angle", range(-45.0, 45.0)),
                ("keep_ratio", Value::Flag(true)),
                ("shear_x", range(0.0, 0.0)),
            ],
        ),
        // A slant is to the other side there.
        (
            json!({CLASS: "Affine", "scale": {"x": [1, 1], "y": [1.0, 1]}, "shear": {"x": [-5, 10], "y": [0, 0]}}),
            "shear",
            vec![("x", range(-10.0, 5.0)), ("y", range(0.0, 0.0))],
        ),
        (
            json!({CLASS: "Affine", "scale": {"x": [1, 1], "y": [1, 1]}, "translate_percent": {"x": [0.1, 0.1], "y": [0, 0.2]}, "translate_px": null}),
            "translate",
            vec![("x", range(0.1, 0.1)), ("y", range(0.0, 0.2))],
        ),
        (
            json!({CLASS: "Affine", "rotate": [5, 5], "scale": {"x": [0.8, 1.2], "y": [1, 1]}, "keep_ratio": true}),
            "affine",
            vec![("angle", range(5.0, 5.0)), ("scale", range(0.8, 1.2)), ("keep_ratio", Value::Flag(true))],
        ),
        (
            json!({CLASS: "RandomGamma", "gamma_limit": [80.0, 120.0]}),
            "gamma",
            vec![("exponent", range(0.8, 1.2))],
        ),
        (
            json!({CLASS: "HueSaturationValue", "hue_shift_limit": [-20, 20]}),
            "hsv_shift",
            vec![("hue", range(-40.0, 40.0))],
        ),
        (
            json!({CLASS: "ColorJitter", "hue": [-0.05, 0.05], "brightness": [1, 1], "contrast": [1, 1], "saturation": [1, 1]}),
            "hue",
            vec![("degrees", range(-18.0, 18.0))],
        ),
        (
            json!({CLASS: "Solarize", "threshold_range": [0.2, 1.0]}),
            "solarize",
            vec![("threshold", range(51.0, 255.0))],
        ),
        (
            json!({CLASS: "RandomCropFromBorders", "crop_left": 0.2}),
            "crop_borders",
            vec![("left", range(0.0, 0.2)), ("top", range(0.0, 0.1)), ("keep_size", Value::Flag(false))],
        ),
        (
            json!({CLASS: "CropAndPad", "percent": -0.1, "px": null}),
            "crop_borders",
            vec![("left", range(0.1, 0.1)), ("keep_size", Value::Flag(true))],
        ),
        (
            json!({CLASS: "Pad", "padding": [1, 2]}),
            "pad",
            vec![
                ("left", Value::Number(1.0)),
                ("bottom", Value::Number(2.0)),
                ("least_width", Value::Number(0.0)),
            ],
        ),
        (
            json!({CLASS: "PadIfNeeded", "min_height": 5, "min_width": 6}),
            "pad",
            vec![
                ("left", Value::Number(0.0)),
                ("least_width", Value::Number(6.0)),
                ("least_height", Value::Number(5.0)),
            ],
        ),
        (
            json!({CLASS: "CoarseDropout", "fill": "random"}),
            "coarse_dropout",
            vec![("paint", Value::Choice(1)), ("hole_width", range(0.1, 0.2))],
        ),
        (
            json!({CLASS: "Normalize", "mean": [0.5, 0.5, 0.5], "std": [0.1, 0.2, 0.3]}),
            "normalize",
            vec![("by", Value::Choice(2)), ("deviation_g", Value::Number(0.2))],
        ),
        (
            json!({CLASS: "albumentations.augmentations.transforms.RandomResizedCrop", "size": [5, 6]}),
            "random_resized_crop",
            vec![("width", Value::Number(6.0)), ("height", Value::Number(5.0))],
        ),
    ];
    for (transform, name, expected) in rows {
        let read = read_one(transform.clone());
        let What::Operation(settings) = &read.pipeline.steps[0].what else {
            panic!("{transform}: {:?}", read.notes)
        };
        assert_eq!(settings.operation.name, name, "{transform}");
        for (param, value) in expected {
            let (at, _) = settings.operation.param(param).unwrap();
            assert_eq!(settings.values[at], value, "{transform}: {param}");
        }
    }
}

#[test]
fn one_number_stands_for_the_range_that_it_does_there() {
    // python: A.from_dict({"__version__": "2.0.8", "transform": {"__class_fullname__": class, "p": 1.0, name: number}})
    //         .to_dict()["transform"][name]
    let range = |low: f64, high: f64| Value::Range([low, high]);
    let rows = [
        ("ColorJitter", json!({"brightness": 0.2}), "brightness", range(0.8, 1.2)),
        ("ColorJitter", json!({"brightness": 0}), "brightness", range(1.0, 1.0)),
        ("ColorJitter", json!({"contrast": 1.5}), "contrast", range(0.0, 2.5)),
        ("ColorJitter", json!({"saturation": 0.3}), "saturation", range(0.7, 1.3)),
        ("ColorJitter", json!({"hue": 0.1}), "hue", range(-36.0, 36.0)),
        ("ColorJitter", json!({"brightness": [0.2, 0.3]}), "brightness", range(0.2, 0.3)),
        ("RandomBrightnessContrast", json!({"brightness_limit": 0.3}), "brightness", range(-0.3, 0.3)),
        ("RandomBrightnessContrast", json!({"contrast_limit": 0.1}), "contrast", range(-0.1, 0.1)),
        ("HueSaturationValue", json!({"hue_shift_limit": 5}), "hue", range(-10.0, 10.0)),
        ("HueSaturationValue", json!({"val_shift_limit": 7}), "value", range(-7.0, 7.0)),
        ("RGBShift", json!({"r_shift_limit": 5}), "red", range(-5.0, 5.0)),
        // From a hundredth there, which is less than there is here.
        ("RandomGamma", json!({"gamma_limit": 90}), "exponent", range(0.1, 0.9)),
        ("Posterize", json!({"num_bits": 3}), "bits", range(3.0, 3.0)),
        ("CLAHE", json!({"clip_limit": 3.0}), "clip", range(1.0, 3.0)),
        ("Blur", json!({"blur_limit": 7}), "side", range(3.0, 7.0)),
        ("MedianBlur", json!({"blur_limit": 9}), "side", range(3.0, 9.0)),
        ("MotionBlur", json!({"blur_limit": 9}), "length", range(3.0, 9.0)),
        // From 0 there: no blur.
        ("GaussianBlur", json!({"sigma_limit": 2.0}), "sigma", range(0.1, 2.0)),
        ("Defocus", json!({"radius": 5}), "radius", range(1.0, 5.0)),
        ("Defocus", json!({"alias_blur": 0.3}), "alias_blur", range(0.0, 0.3)),
        ("UnsharpMask", json!({"sigma_limit": 2.0}), "sigma", range(0.1, 2.0)),
        ("UnsharpMask", json!({"blur_limit": 5}), "sigma", range(0.8, 1.1)),
        ("UnsharpMask", json!({"alpha": 0.3}), "amount", range(0.0, 0.3)),
        ("Rotate", json!({"limit": 20}), "angle", range(-20.0, 20.0)),
        ("SafeRotate", json!({"limit": 20}), "angle", range(-20.0, 20.0)),
        ("ShiftScaleRotate", json!({"shift_limit": 0.1}), "x", range(-0.1, 0.1)),
        ("ShiftScaleRotate", json!({"shift_limit": [0.0, 0.2]}), "y", range(0.0, 0.2)),
        ("ShiftScaleRotate", json!({"shift_limit": null}), "y", range(-0.0625, 0.0625)),
        ("ShiftScaleRotate", json!({"shift_limit_x": 0.2}), "x", range(-0.2, 0.2)),
        ("ShiftScaleRotate", json!({"scale_limit": 0.2}), "scale", range(0.8, 1.2)),
        ("ShiftScaleRotate", json!({"rotate_limit": 30}), "angle", range(-30.0, 30.0)),
        ("Affine", json!({"rotate": 20, "scale": [0.5, 2]}), "angle", range(20.0, 20.0)),
        ("Affine", json!({"scale": 1.5, "rotate": 1}), "scale", range(1.5, 1.5)),
        ("Affine", json!({"shear": 10, "rotate": 1}), "shear_y", range(-10.0, -10.0)),
        ("Affine", json!({"shear": {"x": 10, "y": [1, 2]}, "rotate": 1}), "shear_x", range(-10.0, -10.0)),
        ("Affine", json!({"translate_percent": 0.1, "rotate": 1}), "y", range(0.1, 0.1)),
        ("Perspective", json!({"scale": 0.1}), "strength", range(0.0, 0.1)),
        ("GridDistortion", json!({"distort_limit": 0.2}), "strength", Value::Number(0.2)),
        ("OpticalDistortion", json!({"distort_limit": 0.2}), "strength", range(-0.15, 0.15)),
        ("CropAndPad", json!({"percent": -0.1}), "left", range(0.1, 0.1)),
        ("CropAndPad", json!({"percent": [-0.1, -0.2]}), "left", range(0.1, 0.2)),
        ("CropAndPad", json!({"percent": [-0.1, -0.2, -0.3, -0.4]}), "left", range(0.4, 0.4)),
        ("XYMasking", json!({"num_masks_x": 3}), "masks_x", range(0.0, 3.0)),
        // No stripe there, where one of a pixel is the least here.
        ("XYMasking", json!({"mask_y_length": 10}), "length_y", range(1.0, 10.0)),
    ];
    for (class, given, param, expected) in rows {
        let mut transform = json!({CLASS: class, "p": 1.0});
        transform.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        let read = read_one(transform);
        let What::Operation(settings) = &read.pipeline.steps[0].what else {
            panic!("{class} {given}: {:?}", read.notes)
        };
        let (at, _) = settings.operation.param(param).unwrap_or_else(|| panic!("{class} {given}: {param}"));
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        let is_near = match (settings.values[at], expected) {
            (Value::Range(a), Value::Range(b)) => near(a[0], b[0]) && near(a[1], b[1]),
            (a, b) => a == b,
        };
        assert!(is_near, "{class} {given}: {:?} for {expected:?}", settings.values[at]);
    }
}

#[test]
fn what_has_no_peer_is_kept_noted_and_written_again() {
    let rows = [
        (
            json!({CLASS: "FancyPCA", "p": 0.5, "alpha": 0.1}),
            "transform.transforms[0].FancyPCA",
            "no peer here",
        ),
        (
            json!({CLASS: "my.Own", "p": 0.25, "a": {"b": [1]}}),
            "transform.transforms[0].my.Own",
            "no peer here",
        ),
        // In pixels: how large a part that is, nobody knows here.
        (
            json!({CLASS: "CoarseDropout", "p": 0.5, "hole_width_range": [8, 8]}),
            "transform.transforms[0].CoarseDropout",
            "no peer",
        ),
        (
            json!({CLASS: "Affine", "p": 0.5, "translate_px": {"x": [1, 2], "y": [0, 0]}}),
            "transform.transforms[0].Affine",
            "no peer",
        ),
        (
            json!({CLASS: "Rotate", "p": 0.5, "crop_border": true}),
            "transform.transforms[0].Rotate.crop_border",
            "no peer",
        ),
        (
            json!({CLASS: "Rotate", "p": 0.5, "wobble": 3}),
            "transform.transforms[0].Rotate.wobble",
            "not known",
        ),
        (
            json!({CLASS: "CoarseDropout", "p": 0.5, "fill": "inpaint_ns"}),
            "transform.transforms[0].CoarseDropout.fill",
            "no peer",
        ),
    ];
    for (transform, path, text) in rows {
        let read = read_one(transform.clone());
        let note =
            read.notes.iter().find(|note| note.path == path).unwrap_or_else(|| panic!("{:?}", read.notes));
        assert!(note.text.contains(text), "{note}");
        // By way of a file of our own as well.
        let own = read_again(&read.pipeline, Format::Lenslet);
        assert_eq!(own.pipeline, read.pipeline);
        let (tree, _) = write(&own.pipeline);
        let written: Json = serde_json::from_str(&tree.json()).unwrap();
        for (name, value) in transform.as_object().unwrap() {
            let there = &written["transform"]["transforms"][0][name];
            assert!(ways::is_same(there, value), "{name}: {there} for {value}");
        }
    }
}

#[test]
fn groups_keep_their_meaning() {
    let flip = |p: f64| json!({CLASS: "HorizontalFlip", "p": p});
    let group = |class: &str, p: f64, more: Json, members: Vec<Json>| {
        let mut group = json!({CLASS: class, "p": p, "transforms": members});
        group.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        group
    };
    /// Order, probability, and the members' probabilities, as text.
    fn said(step: &Step) -> String {
        let What::Group(group) = &step.what else { return format!("{}", step.probability) };
        let members: Vec<String> = group.steps.iter().map(said).collect();
        format!("{:?} {} [{}]", group.order, step.probability, members.join(" "))
    }
    let n = |n: u32| json!({"n": n, "replace": false});
    let rows = [
        (group("OneOf", 0.3, json!({}), vec![flip(1.0), flip(0.5)]), "OneOf 0.3 [1 0.5]", true),
        (group("Sequential", 0.4, json!({}), vec![flip(0.5)]), "InTurn 0.4 [0.5]", true),
        (
            group("SomeOf", 1.0, n(1), vec![flip(1.0), flip(1.0)]),
            "SomeOf { least: 1, most: 1 } 1 [1 1]",
            true,
        ),
        (
            group("SomeOf", 1.0, n(2), vec![flip(0.5), flip(1.0), flip(0.2)]),
            "SomeOf { least: 2, most: 2 } 1 [InTurn 1 [0.5] 1 InTurn 1 [0.2]]",
            true,
        ),
        (group("RandomOrder", 0.4, n(2), vec![flip(0.5), flip(0.2)]), "Shuffled 0.4 [0.5 0.2]", true),
        (group("OneOrOther", 0.4, json!({}), vec![flip(0.5), flip(0.2)]), "OneOf 1 [0.4 0.6]", false),
        (
            group("RandomOrder", 1.0, n(1), vec![flip(1.0), flip(1.0)]),
            "SomeOf { least: 1, most: 1 } 1 [1 1]",
            false,
        ),
    ];
    for (transform, expected, is_same_again) in rows {
        let read = read_one(transform.clone());
        assert_eq!(said(&read.pipeline.steps[0]), expected);
        assert_eq!(read.notes, []);
        let (tree, notes) = write(&read.pipeline);
        assert_eq!(notes, []);
        let written: Json = serde_json::from_str(&tree.json()).unwrap();
        let again = read_again(&read.pipeline, Format::AlbumentationsYaml);
        assert_eq!(again.pipeline, read.pipeline);
        let there = &written["transform"]["transforms"][0];
        assert_eq!(ways::is_same(there, &transform), is_same_again, "{there}");
    }
    // Before 2.0 the probabilities in SomeOf were weights.
    let old = json!({"__version__": "1.3.1", "transform": {CLASS: "Compose", "transforms": [
        group("SomeOf", 1.0, n(1), vec![flip(0.2), flip(0.8)]),
    ]}});
    let read = formats::read(&old.to_string(), None).unwrap();
    assert_eq!(said(&read.pipeline.steps[0]), "SomeOf { least: 1, most: 1 } 1 [0.2 0.8]");
}

#[test]
fn what_cannot_be_said_there_is_noted() {
    let step = |id, name: &str, probability| Step {
        probability,
        ..Step::new(id, Settings::with(name, &[]).unwrap())
    };
    let mut off = step(0, "invert", 0.5);
    off.is_on = false;
    let some = |least, most, steps| Step::group(9, Order::SomeOf { least, most }, steps);
    let rows = [
        (step(0, "mixup", 0.5), "steps[0].mixup: Albumentations has nothing like it."),
        (off, "steps[0]: It is off: its p is written as 0."),
        (Step::group(0, Order::OneOf, vec![]), "steps[0].steps: It is empty."),
        (
            some(1, 2, vec![step(1, "invert", 1.0); 3]),
            "steps[0].steps: SomeOf has one number of steps, and here it is 1 to 2.",
        ),
        (
            some(2, 2, vec![step(1, "invert", 1.0), step(2, "grey", 0.5)]),
            "steps[0].steps: The steps are drawn by weight; SomeOf draws all of its transforms alike.",
        ),
    ];
    for (step, expected) in rows {
        let (_, notes) = write(&Pipeline { name: String::new(), steps: vec![step] });
        let notes: Vec<String> = notes.iter().map(Note::to_string).collect();
        assert_eq!(notes, [expected]);
    }
}

#[test]
fn saved_files_are_read() {
    let read = |name: &str| {
        let (_, text) = SAVED.iter().find(|(saved, _)| *saved == name).unwrap();
        formats::read(text, Some(name)).unwrap()
    };
    let (json, yaml) = (read("mixed.json"), read("mixed.yaml"));
    assert_eq!((&json.pipeline, &json.notes), (&yaml.pipeline, &yaml.notes));
    let notes: Vec<String> = json.notes.iter().map(Note::to_string).collect();
    for expected in [
        "transform.bbox_params: It is of no use here and not kept.",
        "transform.transforms[0].OneOf.transforms[1].Rotate.crop_border: true has no peer here; it is kept and does nothing.",
        "transform.transforms[1].SomeOf.transforms[2].FancyPCA: This class has no peer here; it is kept and does nothing.",
    ] {
        assert!(notes.iter().any(|note| note == expected), "{notes:#?}");
    }
    // Each class with its defaults has a peer, or is kept: which ones, a person has looked through.
    let defaults = read("defaults.json");
    let unknown: Vec<&str> = defaults
        .pipeline
        .steps
        .iter()
        .filter_map(|step| match &step.what {
            What::Unknown(unknown) => Some(unknown.name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(unknown, WITHOUT_PEER);
    // 1.x.
    let older = read("older.json");
    let names: Vec<String> = older.pipeline.steps.iter().map(|step| format!("{:?}", step.what)).collect();
    for (what, name) in names.iter().zip(["symmetry", "affine", "Group", "CoarseDropout", "jpeg", "resize"]) {
        assert!(what.contains(name), "{what}");
    }
}

/// An argument that is not given is at the default of 2.0.8, which has written all of them.
#[test]
fn defaults_are_those_of_albumentations() {
    let (_, text) = SAVED.iter().find(|(saved, _)| *saved == "defaults.json").unwrap();
    let file: Json = serde_json::from_str(text).unwrap();
    for transform in file["transform"]["transforms"].as_array().unwrap() {
        let whole = read_one(transform.clone());
        let What::Operation(_) = &whole.pipeline.steps[0].what else { continue };
        let given = transform.as_object().unwrap();
        let (peer, _) = peers::of_class(class_of(given), given).unwrap();
        // These have the arguments of XYMasking and defaults of their own.
        if ["TimeMasking", "FrequencyMasking"].contains(&peer.class) {
            continue;
        }
        for argument in peer.arguments.iter().filter(|argument| argument.default != "null") {
            let mut less = given.clone();
            if less.remove(argument.name).is_some() {
                let read = read_one(Json::Object(less));
                assert_eq!(read.pipeline, whole.pipeline, "{}.{}", peer.class, argument.name);
            }
        }
    }
}

/// Classes of 2.0.8 that no operation does the like of.
const WITHOUT_PEER: &[&str] = &[
    "AdditiveNoise",
    "AdvancedBlur",
    "AtLeastOneBBoxRandomCrop",
    "BBoxSafeRandomCrop",
    "ChromaticAberration",
    "ConstrainedCoarseDropout",
    "Crop",
    "CropNonEmptyMaskIfExists",
    "CubicSymmetry",
    "FancyPCA",
    "FromFloat",
    "GlassBlur",
    "GridElasticDeform",
    "HEStain",
    "Illumination",
    "MaskDropout",
    "Morphological",
    "Mosaic",
    "OverlayElements",
    "PiecewiseAffine",
    "PlasmaBrightnessContrast",
    "PlasmaShadow",
    "RandomCropNearBBox",
    "RandomGravel",
    "RandomGridShuffle",
    "RandomScale",
    "RandomSizedBBoxSafeCrop",
    "RandomSizedCrop",
    "RandomSnow",
    "RingingOvershoot",
    "Spatter",
    "Superpixels",
    "ThinPlateSpline",
    "TimeReverse",
    "ToFloat",
    "ToRGB",
    "ToTensorV2",
    "ZoomBlur",
];
