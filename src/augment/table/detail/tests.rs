use super::*;
use crate::augment::cpu::{Alone, run};
use crate::augment::param::Value;
use crate::augment::random::Key;
use crate::augment::stage::{Convolve, NoiseKind, Stage, Veil};
use crate::augment::table::{Picture, Settled, operation};
use crate::media::Raster;

fn settled(name: &str, given: &[(&str, Value)], variant: u32, size: [u32; 2], channels: u8) -> Settled {
    let operation = operation(name).unwrap();
    let mut values = operation.defaults();
    for (name, value) in given {
        let (at, param) = operation.param(name).unwrap();
        values[at] = param.fit(*value).unwrap();
    }
    operation.settle(&values, Key::new(7, 8, variant), Picture { size, channels })
}

#[test]
fn every_operation_keeps_size_and_alpha_and_comes_again() {
    for operation in ALL {
        for (size, channels) in [([1, 1], 3), ([1, 9], 4), ([13, 1], 2), ([20, 15], 1), ([33, 40], 4)] {
            let [width, height] = size;
            let bytes = width * height * u32::from(channels);
            let data = (0..bytes).map(|at| (at * 97 % 253) as u8).collect();
            let picture = Raster::new(width, height, channels, data).unwrap();
            for variant in 0..3 {
                let settled = settled(operation.name, &[], variant, size, channels);
                let found = run(&settled.stages, picture.clone(), &Alone);
                assert_eq!([found.width, found.height], size, "{operation:?}");
                assert_eq!(found, run(&settled.stages, picture.clone(), &Alone), "{operation:?}");
                if picture.has_alpha() && operation.name != "downscale" {
                    let alpha = |picture: &Raster| {
                        let channels = usize::from(picture.channels);
                        picture.data.iter().skip(channels - 1).step_by(channels).copied().collect::<Vec<_>>()
                    };
                    assert_eq!(alpha(&found), alpha(&picture), "{operation:?}");
                }
            }
        }
    }
}

#[test]
fn what_changes_nothing_changes_nothing() {
    let rows: [(&str, &[(&str, Value)]); 14] = [
        ("gaussian_blur", &[("sigma", Value::Number(0.1))]),
        ("box_blur", &[("side", Value::Number(1.0))]),
        ("median_blur", &[("side", Value::Number(1.0))]),
        ("sharpen", &[("alpha", Value::Number(0.0))]),
        ("sharpness", &[("factor", Value::Number(1.0))]),
        ("unsharp_mask", &[("threshold", Value::Number(255.0))]),
        ("emboss", &[("alpha", Value::Number(0.0))]),
        ("gaussian_noise", &[("deviation", Value::Number(0.0))]),
        ("factor_noise", &[("factor", Value::Number(1.0)), ("per_pixel", Value::Flag(false))]),
        ("salt_and_pepper", &[("amount", Value::Number(0.0))]),
        ("downscale", &[("scale", Value::Number(1.0))]),
        ("fog", &[("density", Value::Number(0.0))]),
        ("rain", &[("drops", Value::Number(0.0)), ("brightness", Value::Number(1.0))]),
        ("vignette", &[("strength", Value::Number(0.0))]),
    ];
    let data = (0..20u32 * 15 * 3).map(|at| (at * 97 % 253) as u8).collect();
    let picture = Raster::new(20, 15, 3, data).unwrap();
    for (name, given) in rows {
        let settled = settled(name, given, 1, [20, 15], 3);
        assert_eq!(run(&settled.stages, picture.clone(), &Alone), picture, "{name}");
    }
}

#[test]
fn blurs_keep_the_mean() {
    for name in ["gaussian_blur", "box_blur", "motion_blur", "defocus"] {
        for variant in 0..20 {
            let settled = settled(name, &[], variant, [20, 15], 3);
            let Stage::Convolve(blur) = &settled.stages[0] else { panic!("{name} is a weighted sum") };
            let (weights, total) = match blur {
                Convolve::Separable(weights) => (weights, weights.iter().sum::<f32>()),
                Convolve::Full { side, weights, .. } => {
                    assert_eq!(weights.len() as u32, side * side, "{name}");
                    (weights, weights.iter().sum::<f32>())
                }
            };
            assert!(
                (total - 1.0).abs() < 1e-5 && weights.iter().all(|weight| *weight >= 0.0),
                "{name}: {total}"
            );
        }
    }
}

#[test]
fn factors_are_of_pixels_or_of_the_picture() {
    let ends = [("factor", Value::Range([0.8, 1.3]))];
    let pixels = settled("factor_noise", &ends, 1, [4, 4], 3);
    let Stage::Noise(noise) = &pixels.stages[0] else { panic!("it is noise") };
    assert_eq!(noise.kind, NoiseKind::Factor { low: 0.8, high: 1.3, per_channel: false });
    for (per_channel, taken) in [(false, 1), (true, 3)] {
        let given = [ends[0], ("per_pixel", Value::Flag(false)), ("per_channel", Value::Flag(per_channel))];
        let whole = settled("factor_noise", &given, 1, [4, 4], 3);
        assert_eq!(whole.taken.len(), taken);
        let Stage::Lut(tables) = &whole.stages[0] else { panic!("it is a table") };
        assert_eq!(tables[0] == tables[1], !per_channel);
    }
}

#[test]
fn weather_is_where_it_should_be() {
    for variant in 0..30 {
        let below =
            [("top", Value::Number(0.5)), ("shadows", Value::Number(3.0)), ("corners", Value::Number(7.0))];
        let shadow = settled("shadow", &below, variant, [100, 60], 3);
        assert_eq!(shadow.stages.len(), 3);
        for stage in &shadow.stages {
            let Stage::Veil(Veil::Shadow { corners, .. }) = stage else { panic!("it is a shadow") };
            assert!(corners.len() == 7 && corners.iter().all(|corner| (30.0..=60.0).contains(&corner[1])));
        }
        let sun = settled("sun_flare", &[("discs", Value::Number(4.0))], variant, [100, 60], 3);
        let Stage::Veil(Veil::Flare { discs, .. }) = &sun.stages[0] else { panic!("it is a flare") };
        assert!(discs.len() == 5 && discs[4][1] <= 30.0);
        let rain = settled("rain", &[("drops", Value::Number(50.0))], variant, [100, 60], 3);
        let Stage::Veil(Veil::Streaks { lines, .. }) = &rain.stages[1] else { panic!("it is streaks") };
        assert!(lines.len() == 50 && lines.iter().all(|line| line[1] < line[3]));
    }
}
