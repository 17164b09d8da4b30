use std::collections::BTreeSet;

use super::super::{Picture, Settled, Taken, operation};
use super::*;
use crate::augment::param::Value;
use crate::augment::pipeline::Settings;
use crate::augment::random::Key;

fn settled(name: &str, given: &[(&str, Value)], variant: u32, channels: u8) -> Settled {
    let settings = Settings::with(name, given).unwrap();
    settings.operation.settle(&settings.values, Key::new(3, 4, variant), Picture { size: [8, 6], channels })
}

fn word(settled: &Settled, name: &str) -> String {
    settled.taken.iter().find(|(taken, _)| *taken == name).unwrap().1.to_string()
}

#[test]
fn what_is_about_channels_leaves_a_grey_picture() {
    for operation in ALL {
        let stages = |channels| settled(operation.name, &[], 0, channels).stages.len();
        let of_grey = operation.grey == Grey::AsColour;
        assert_eq!([1, 2].map(|channels| stages(channels) > 0), [of_grey; 2], "{operation:?}");
        assert!(stages(3) > 0 && stages(4) > 0, "{operation:?}");
    }
}

#[test]
fn values_by_themselves_are_tables() {
    let tables = [
        "brightness",
        "brightness_contrast",
        "gamma",
        "rgb_shift",
        "channel_dropout",
        "invert",
        "solarize",
        "posterize",
        "tone_curve",
        "temperature",
    ];
    for name in tables {
        assert!(matches!(settled(name, &[], 1, 3).stages[..], [Stage::Lut(_)]), "{name}");
    }
}

#[test]
fn numbers_go_where_they_should() {
    let table = |at: &str, given: &[(&str, Value)]| match &settled(at, given, 0, 3).stages[..] {
        [Stage::Lut(tables)] => tables.map(|table| table[100]),
        other => panic!("{other:?}"),
    };
    let number = Value::Number;
    type Row<'a> = (&'a str, &'a [(&'a str, Value)], [u8; 3]);
    let rows: [Row<'_>; 10] = [
        ("brightness", &[("factor", number(0.5))], [50; 3]),
        ("brightness_contrast", &[("brightness", number(0.2)), ("contrast", number(-0.1))], [141; 3]),
        (
            "brightness_contrast",
            &[("brightness", number(0.2)), ("contrast", number(-0.1)), ("by_max", Value::Flag(false))],
            [110; 3],
        ),
        ("gamma", &[("exponent", number(2.0))], [39; 3]),
        (
            "rgb_shift",
            &[("red", number(7.0)), ("green", number(-8.0)), ("blue", number(200.0))],
            [107, 92, 255],
        ),
        ("solarize", &[("threshold", number(100.0))], [155; 3]),
        ("posterize", &[("bits", number(2.0))], [64; 3]),
        ("invert", &[], [155; 3]),
        ("tone_curve", &[("scale", number(0.0))], [97; 3]),
        ("temperature", &[("kelvin", number(6500.0))], [100; 3]),
    ];
    for (name, given, expected) in rows {
        assert_eq!(table(name, given), expected, "{name}");
    }
    let [red, green, blue] = table("temperature", &[("kelvin", number(3000.0))]);
    assert!(red > 130 && green == 100 && blue < 70, "{red} {blue}");
    let hsv = |name: &str, given: &[(&str, Value)]| settled(name, given, 0, 3).stages;
    let expected = Stage::Hsv { hue: 0.25, saturation: [1.0, 0.0], value: [1.0, 0.0] };
    assert_eq!(hsv("hue", &[("degrees", number(90.0))]), [expected]);
    let given = [("hue", number(-36.0)), ("saturation", number(51.0)), ("value", number(-102.0))];
    let expected = Stage::Hsv { hue: -0.1, saturation: [1.0, 0.2], value: [1.0, -0.4] };
    assert_eq!(hsv("hsv_shift", &given), [expected]);
}

#[test]
fn what_is_drawn_is_drawn_from_all() {
    // How many outcomes there are.
    let rows =
        [("colour_jitter", "order", 24), ("channel_shuffle", "order", 6), ("channel_dropout", "dropped", 3)];
    for (name, noted, count) in rows {
        let outcomes: BTreeSet<String> =
            (0..400).map(|variant| word(&settled(name, &[], variant, 3), noted)).collect();
        assert_eq!(outcomes.len(), count, "{name}: {outcomes:?}");
    }
    for variant in 0..50 {
        let stages = settled("colour_jitter", &[], variant, 3).stages;
        assert_eq!(stages.len(), 4);
        let two = settled("channel_dropout", &[("channels", Value::Number(2.0))], variant, 3);
        let [Stage::Lut(tables)] = &two.stages[..] else { panic!("it is a table") };
        assert_eq!(tables.iter().filter(|table| **table == [0; 256]).count(), 2);
        assert_eq!(word(&two, "dropped").len(), 2);
    }
}

#[test]
fn curves_are_of_each_channel_or_the_same() {
    for (per_channel, names) in [(false, 2), (true, 6)] {
        let curves = settled("tone_curve", &[("per_channel", Value::Flag(per_channel))], 5, 3);
        let [Stage::Lut(tables)] = &curves.stages[..] else { panic!("it is a table") };
        assert_eq!(tables[0] != tables[1] && tables[1] != tables[2], per_channel);
        assert_eq!(curves.taken.len(), names);
        assert!(curves.taken.iter().all(|(_, taken)| matches!(taken, Taken::Number(0.0..=1.0))));
    }
}

#[test]
fn factors_of_one_change_no_colour() {
    let one = [("factor", Value::Number(1.0))];
    let same = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
    assert_eq!(settled("saturation", &one, 0, 3).stages, [Stage::Matrix(same)]);
    let [Stage::Matrix(rows)] = settled("grey", &[], 0, 3).stages[..] else { panic!("it is a matrix") };
    assert_eq!(rows, [[0.299, 0.587, 0.114, 0.0]; 3]);
    assert_eq!(operation("grey").unwrap().title, "Grey");
}
