use super::super::{Picture, Settled};
use super::*;
use crate::augment::cpu::{Alone, run};
use crate::augment::param::Kind;
use crate::augment::random::Key;
use crate::augment::stage::{Between, Lattice};
use crate::media::Raster;

type Given = [(&'static str, Value)];

fn named(name: &str) -> &'static Operation {
    ALL.into_iter().find(|operation| operation.name == name).unwrap()
}

fn settled(name: &str, given: &[(&str, Value)], size: Size, key: Key) -> Settled {
    let operation = named(name);
    let mut values = operation.defaults();
    for (name, value) in given {
        let (at, param) = operation.param(name).unwrap();
        values[at] = param.fit(*value).unwrap();
    }
    operation.settle(&values, key, Picture { size, channels: 1 })
}

/// `10 + 25 x + 15 y + 7 x y mod 23`.
fn ramps() -> Raster {
    let value = |at: u32| 10 + 25 * (at % 7) + 15 * (at / 7) + (at % 7 * (at / 7) * 7) % 23;
    Raster::new(7, 5, 1, (0..35).map(|at| value(at) as u8).collect()).unwrap()
}

fn done(name: &str, given: &[(&str, Value)]) -> Raster {
    run(&settled(name, given, [7, 5], Key([1, 2])).stages, ramps(), &Alone)
}

#[test]
fn pads_make_no_picture_that_is_too_large() {
    let given = ["left", "right", "top", "bottom"].map(|name| (name, Value::Number(8192.0)));
    for size in [[200_000, 1000], [1000, 200_000], [1 << 28, 1], [1, 1 << 28], [16_384, 16_384], [10, 10]] {
        let [width, height] = settled("pad", &given, size, Key::new(1, 2, 3)).size;
        let pixels = u64::from(width) * u64::from(height);
        assert!(pixels <= crate::media::MAX_PIXELS, "{size:?}: {width} × {height}");
    }
}

#[test]
fn sizes_keep_proportions_and_what_is_the_picture_s_own() {
    let number = Value::Number;
    type Row<'a> = (&'a str, &'a Given, Size, Size);
    let rows: [Row<'_>; 9] = [
        ("resize_shortest", &[("size", number(224.0))], [100, 300], [224, 672]),
        // The longer side would be 44,800 pixels.
        ("resize_shortest", &[("size", number(224.0))], [100, 20_000], [82, 16_384]),
        ("resize_shortest", &[("size", number(16_384.0))], [16_384, 16_384], [16_384, 16_384]),
        ("resize_shortest", &[("size", number(1.0))], [3, 200_000], [1, 16_384]),
        ("random_resized_crop", &[], [20_000, 10], [20_000, 10]),
        ("random_resized_crop", &[], [30, 40], [30, 40]),
        ("random_resized_crop", &[("width", number(64.0))], [20_000, 30], [64, 30]),
        ("random_resized_crop", &[("height", number(64.0))], [20_000, 30], [20_000, 64]),
        // As many pixels as a picture may have.
        ("random_resized_crop", &[("height", number(16_384.0))], [1 << 20, 30], [1 << 20, 256]),
    ];
    for (name, given, before, expected) in rows {
        assert_eq!(settled(name, given, before, Key::new(1, 2, 3)).size, expected, "{name} {before:?}");
    }
}

#[test]
fn a_hole_without_a_size_is_none() {
    let hole = |width: f64, height: f64| {
        let given = [("hole_width", Value::Number(width)), ("hole_height", Value::Number(height))];
        let settled = settled("coarse_dropout", &given, [7, 5], Key::new(1, 2, 3));
        settled
            .stages
            .iter()
            .map(|stage| match stage {
                Stage::Erase(erase) => erase.parts.iter().map(|part| (part[2], part[3])).collect::<Vec<_>>(),
                other => panic!("it is no hole: {other:?}"),
            })
            .next()
    };
    assert_eq!(hole(0.0, 0.0), None);
    assert_eq!(hole(0.0, 1.0), None);
    assert!(hole(0.01, 0.01).unwrap().iter().all(|size| *size == (1, 1)));
    assert!(hole(1.0, 0.4).unwrap().iter().all(|size| *size == (7, 2)));
}

#[test]
fn what_moves_pixels_is_albumentations() {
    // python: im = np.fromfunction(lambda y, x: 10 + 25*x + 15*y + (x*y*7) % 23, (5, 7)).astype(np.uint8)
    //         A.HorizontalFlip(p=1)(image=im)["image"], A.VerticalFlip, A.Transpose, F.rot90(im, 1),
    //         A.CenterCrop(height=3, width=4), A.PadIfNeeded(7, 8, border_mode=cv2.BORDER_REFLECT_101)
    let number = Value::Number;
    let rows: [(&str, &Given, u32, &[u8]); 6] = [
        (
            "horizontal_flip",
            &[],
            7,
            &[
                160, 135, 110, 85, 60, 35, 10, 194, 162, 130, 121, 89, 57, 25, 205, 166, 150, 134, 95, 79,
                40, 216, 193, 170, 147, 124, 101, 55, 227, 197, 190, 160, 130, 100, 70,
            ],
        ),
        (
            "vertical_flip",
            &[],
            7,
            &[
                70, 100, 130, 160, 190, 197, 227, 55, 101, 124, 147, 170, 193, 216, 40, 79, 95, 134, 150,
                166, 205, 25, 57, 89, 121, 130, 162, 194, 10, 35, 60, 85, 110, 135, 160,
            ],
        ),
        (
            "transpose",
            &[],
            5,
            &[
                10, 25, 40, 55, 70, 35, 57, 79, 101, 100, 60, 89, 95, 124, 130, 85, 121, 134, 147, 160, 110,
                130, 150, 170, 190, 135, 162, 166, 193, 197, 160, 194, 205, 216, 227,
            ],
        ),
        (
            "quarter_turn",
            &[("turns", number(1.0))],
            5,
            &[
                160, 194, 205, 216, 227, 135, 162, 166, 193, 197, 110, 130, 150, 170, 190, 85, 121, 134, 147,
                160, 60, 89, 95, 124, 130, 35, 57, 79, 101, 100, 10, 25, 40, 55, 70,
            ],
        ),
        (
            "center_crop",
            &[("width", number(4.0)), ("height", number(3.0))],
            4,
            &[57, 89, 121, 130, 79, 95, 134, 150, 101, 124, 147, 170],
        ),
        (
            "pad",
            &[
                ("left", number(0.0)),
                ("top", number(0.0)),
                ("right", number(0.0)),
                ("bottom", number(0.0)),
                ("least_width", number(8.0)),
                ("least_height", number(7.0)),
                ("fill", Value::Choice(2)),
            ],
            8,
            &[
                25, 57, 89, 121, 130, 162, 194, 162, 10, 35, 60, 85, 110, 135, 160, 135, 25, 57, 89, 121,
                130, 162, 194, 162, 40, 79, 95, 134, 150, 166, 205, 166, 55, 101, 124, 147, 170, 193, 216,
                193, 70, 100, 130, 160, 190, 197, 227, 197, 55, 101, 124, 147, 170, 193, 216, 193,
            ],
        ),
    ];
    for (name, given, width, expected) in rows {
        let found = done(name, given);
        assert_eq!((found.width, &found.data[..]), (width, expected), "{name}");
    }
}

#[test]
fn what_interpolates_is_near_albumentations() {
    // python: A.Rotate(limit=(20, 20), p=1)(image=im)["image"], and with border_mode=cv2.BORDER_REPLICATE
    //         A.Affine(scale=0.9, rotate=10, translate_px={"x": 1, "y": -1}, shear={"x": 5, "y": -3}, p=1)
    let number = Value::Number;
    let rows: [(&str, &Given, [u8; 35]); 3] = [
        (
            "rotate",
            &[("angle", number(20.0))],
            [
                3, 24, 61, 105, 137, 174, 97, 24, 56, 93, 125, 145, 173, 173, 30, 67, 95, 134, 156, 182, 212,
                32, 76, 107, 138, 166, 189, 211, 26, 77, 111, 138, 131, 84, 19,
            ],
        ),
        (
            "rotate",
            &[("angle", number(20.0)), ("fill", Value::Choice(1))],
            [
                32, 55, 79, 105, 137, 174, 196, 24, 56, 93, 125, 145, 173, 206, 30, 67, 95, 134, 156, 182,
                212, 39, 76, 107, 138, 166, 189, 211, 53, 77, 111, 138, 168, 191, 201,
            ],
        ),
        (
            "affine",
            &[
                ("scale", number(0.9)),
                ("angle", number(10.0)),
                ("x", number(1.0 / 7.0)),
                ("y", number(-0.2)),
                ("shear_x", number(5.0)),
                ("shear_y", number(-3.0)),
            ],
            [
                0, 14, 46, 82, 118, 137, 172, 0, 24, 66, 92, 134, 154, 180, 0, 31, 84, 119, 146, 175, 197, 0,
                34, 88, 112, 121, 122, 102, 0, 3, 0, 0, 0, 0, 0,
            ],
        ),
    ];
    for (name, given, expected) in rows {
        let found = done(name, given).data;
        // OpenCV's places are in steps of 1/32 pixel, which is most where the fill begins.
        assert!(found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 4), "{name}: {found:?}");
    }
}

#[test]
fn every_operation_works_on_every_picture() {
    for operation in ALL {
        for size in [[1, 1], [1, 9], [9, 1], [7, 5], [33, 20]] {
            for (channels, seed) in (1..=4u8).flat_map(|channels| (0..6u32).map(move |seed| (channels, seed)))
            {
                let settle = || {
                    let key = Key([seed, 7]);
                    operation.settle(&operation.defaults(), key, Picture { size, channels })
                };
                let settled = settle();
                assert_eq!(settled, settle());
                let count = (size[0] * size[1]) as usize * usize::from(channels);
                let data = (0..count).map(|at| (at * 89 % 256) as u8).collect();
                let picture = Raster::new(size[0], size[1], channels, data).unwrap();
                let found = run(&settled.stages, picture, &Alone);
                assert_eq!([found.width, found.height], settled.size, "{operation:?} {size:?}");
                assert!(Raster::new(found.width, found.height, found.channels, found.data).is_some());
            }
        }
    }
}

#[test]
fn parameters_at_their_limits_make_stages_that_can_be_carried_out() {
    for operation in ALL {
        for size in [[1, 1], [3, 16_384], [16_384, 16_384], [300, 200]] {
            for (seed, is_most) in (0..8u32).flat_map(|seed| [(seed, false), (seed, true)]) {
                let limit = |kind: Kind| match kind {
                    Kind::Range { least, most, .. } => Value::Range([if is_most { most } else { least }; 2]),
                    Kind::Number { least, most, .. } => Value::Number(if is_most { most } else { least }),
                    Kind::Choice { words, .. } => Value::Choice(if is_most { words.len() - 1 } else { 0 }),
                    Kind::Flag { .. } => Value::Flag(is_most),
                    Kind::Colour { default } => Value::Colour(default),
                };
                let values: Vec<Value> = operation.params.iter().map(|param| limit(param.kind)).collect();
                let settled = operation.settle(&values, Key([seed, 3]), Picture { size, channels: 3 });
                let mut before = size;
                for stage in &settled.stages {
                    check(stage, before);
                    before = stage.size(before);
                    assert!(
                        before.iter().all(|side| (1..=16_384).contains(side)),
                        "{operation:?} {before:?}"
                    );
                }
            }
        }
    }
}

fn check(stage: &Stage, before: Size) {
    let is_inside = |[left, top, width, height]: [u32; 4]| {
        width > 0 && height > 0 && left + width <= before[0] && top + height <= before[1]
    };
    match stage {
        Stage::Warp(warp) => {
            assert!(is_inside(warp.window), "{stage:?}");
            match &warp.map {
                Map::Projective(rows) => assert!(rows.iter().flatten().all(|number| number.is_finite())),
                Map::Lattice(Lattice { columns, rows, shifts, between }) => {
                    assert!(
                        shifts.len() == (columns * rows) as usize && (*columns).min(*rows) > 1,
                        "{between:?}"
                    );
                    assert!(*between == Between::Smooth || *columns <= 65);
                }
                Map::Radial { .. } => {}
            }
        }
        Stage::Resize(resize) => assert!(is_inside(resize.window), "{stage:?}"),
        Stage::Erase(erase) => assert!(erase.parts.iter().all(|&part| is_inside(part)), "{stage:?}"),
        other => panic!("geometry has no such stage: {other:?}"),
    }
}

#[test]
fn elastic_displacements_have_the_deviation_that_was_asked_for() {
    let given = [("alpha", Value::Number(5.0)), ("sigma", Value::Number(6.0))];
    let settled = settled("elastic", &given, [512, 512], Key([3, 4]));
    let [Stage::Warp(warp)] = &settled.stages[..] else { panic!("it is one warp") };
    let Map::Lattice(lattice) = &warp.map else { panic!("it is a lattice") };
    let shift_at = crate::augment::cpu::warp::places::shift_at;
    let places = (0..100 * 100).map(|at| [(at % 100) as f32 * 5.0 + 8.0, (at / 100) as f32 * 5.0 + 8.0]);
    let sum: f64 = places.map(|place| f64::from(shift_at(lattice, [512, 512], place)[0]).powi(2)).sum();
    let deviation = (sum / 10_000.0).sqrt();
    assert!((4.5..5.5).contains(&deviation), "{deviation}");
}

#[test]
fn parts_have_the_area_and_proportions_that_they_can_have() {
    let rows = [
        (24.0, 1.5, [10, 10], [6, 4]),
        // Too wide, and too high.
        (40.0, 10.0, [10, 10], [10, 4]),
        (40.0, 0.1, [10, 10], [4, 10]),
        (0.001, 1.0, [10, 10], [1, 1]),
        (9.0, 1.0, [3, 3], [3, 3]),
    ];
    for (area, ratio, most, expected) in rows {
        assert_eq!(size::rectangle(area, ratio, most), expected, "{area} {ratio}");
    }
}
